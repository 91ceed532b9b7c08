//! The engine and the programs that it has compiled.

mod load;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Instant,
};

use postlogin_abi::import_name;
use postlogin_core::Trigger;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};

use crate::{
    CompileNotice, Part,
    action::ActionPre,
    apart::Helper,
    api,
    cache::{self, Found, find},
    config::{Allocation, configuration},
    contract::{self, NotAnAction, Offer},
    globals::Globals,
    guest::{Script, StackMapper},
    intl::{Icu, Intl, IntlSource},
    memory::{Image, Memory},
    progress::reporting,
    resting::Resting,
    sandbox::Sandbox,
    wasi,
    watchdog::Watchdog,
};

/// Compiles components and holds what their sandboxes share. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    wasmtime: wasmtime::Engine,
    linker: Linker<Sandbox>,
    cache: Option<PathBuf>,
    intl: OnceLock<Arc<Intl>>,
    /// Reports on what is compiled while a login or a build waits for it.
    announcer: Arc<OnceLock<Announcer>>,
    /// Compiles in another process.
    helper: Arc<OnceLock<Arc<dyn Helper>>>,
    /// Whether this is that process: the one that waits for it holds the locks.
    is_helper: bool,
    /// `None` where sandboxes have wasmtime's own memories.
    memory: Option<Memory>,
    /// The sandboxes that wait for their next login.
    resting: Resting,
    /// Stops when the last clone is dropped.
    _watchdog: Watchdog,
}

/// A component, compiled and linked to the host. Cheap to clone.
#[derive(Clone)]
pub struct Program {
    pub(crate) pre: InstancePre<Sandbox>,
    /// Distinguishes programs of this process. Clones are the same program.
    pub(crate) id: u64,
    /// The initial memory of a sandbox; `None` where the machine code writes that.
    pub(crate) image: Option<Arc<Image>>,
    /// Whether an instance whose memory was put back is as good as a new one: its code is a language engine's of ours, which writes to
    /// no table, and it has no globals but the stack pointer.
    pub(crate) can_rest: bool,
    /// The globals of such an instance, which are verified beside its memory.
    pub(crate) globals: Option<Arc<Globals>>,
    /// The functions `load` and `run` of a language engine.
    pub(crate) loader: Option<Loader>,
    pub(crate) offer: Offer,
    /// Keeps the watchdog alive for as long as something can run.
    pub(crate) engine: Engine,
    /// The bytes of the component, for reports.
    pub size: usize,
}

/// Where the functions of a language engine are that each login calls.
#[derive(Clone)]
pub(crate) struct Loader {
    pub(crate) load: ComponentExportIndex,
    pub(crate) run: ComponentExportIndex,
}

impl Loader {
    fn of(component: &Component) -> Option<Self> {
        let interface = component.get_export_index(None, import_name("loader"))?;
        let function = |name| component.get_export_index(Some(&interface), name);
        Some(Self {
            load: function("load")?,
            run: function("run")?,
        })
    }
}

/// Called with what is compiled, and how far that is.
pub(crate) type Announcer = Box<dyn Fn(Part, &CompileNotice) + Send + Sync>;

/// Reports to the announcer, if there is one.
pub(crate) fn announce(announcer: &OnceLock<Announcer>, part: Part, notice: &CompileNotice) {
    if let Some(announce) = announcer.get() {
        announce(part, notice);
    }
}

impl Program {
    /// The program whose sandboxes begin with this memory.
    fn with_image(self, image: Arc<Image>, other_state: u64) -> Self {
        let can_rest = other_state <= 1;
        Self {
            can_rest,
            globals: can_rest.then(|| Arc::new(Globals::new(other_state))),
            image: Some(image),
            ..self
        }
    }

    /// Returns the triggers whose handlers the component exports; `None` for a language engine, whose source has them.
    #[must_use]
    pub fn triggers(&self) -> Option<&[Trigger]> {
        match &self.offer {
            Offer::Handlers(triggers) => Some(triggers),
            Offer::Loader => None,
        }
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine that keeps machine code in `cache`, if one is given.
    ///
    /// # Errors
    /// When this machine cannot run the sandbox at all (no address space, no compiler for its processor).
    pub fn new(allocation: Allocation, cache: Option<PathBuf>) -> anyhow::Result<Self> {
        Self::with_memory(allocation, cache, Memory::for_this_machine(), false)
    }

    /// As [`Engine::new`], in a process that compiles for another one into `folder`. Nothing else may run in it.
    ///
    /// # Errors
    /// As [`Engine::new`].
    pub fn for_helper(folder: PathBuf) -> anyhow::Result<Self> {
        let memory = Memory::for_this_machine();
        Self::with_memory(Allocation::OnDemand, Some(folder), memory, true)
    }

    /// From now on, what takes long to compile is compiled in another process. The first helper stays.
    pub fn compile_apart(&self, helper: Arc<dyn Helper>) {
        self.inner.helper.get_or_init(|| helper);
    }

    /// From now on, what is compiled without a function's `notice` is reported here: ICU, when the first login asks for it, and the
    /// engine, when it is compiled once more to be frozen with an Action. Called by any thread. The first announcer stays.
    pub fn announce(&self, announcer: impl Fn(Part, &CompileNotice) + Send + Sync + 'static) {
        self.inner.announcer.get_or_init(|| Box::new(announcer));
    }

    /// As [`Engine::new`], with the memories of wasmtime, as on machines on which ours do not work. Outcomes are the same.
    ///
    /// # Errors
    /// As [`Engine::new`].
    pub fn without_images(allocation: Allocation, cache: Option<PathBuf>) -> anyhow::Result<Self> {
        Self::with_memory(allocation, cache, None, false)
    }

    fn with_memory(
        allocation: Allocation,
        cache: Option<PathBuf>,
        memory: Option<Memory>,
        is_helper: bool,
    ) -> anyhow::Result<Self> {
        let configuration = configuration(allocation, memory.as_ref());
        let wasmtime = wasmtime::Engine::new(&configuration).map_err(anyhow::Error::from)?;
        let mut linker = Linker::new(&wasmtime);
        wasi::link(&mut linker).map_err(anyhow::Error::from)?;
        api::link(&mut linker).map_err(anyhow::Error::from)?;
        let watchdog = Watchdog::start(wasmtime.weak())?;
        Ok(Self {
            inner: Arc::new(Inner {
                wasmtime,
                linker,
                cache,
                intl: OnceLock::new(),
                announcer: Arc::default(),
                helper: Arc::default(),
                is_helper,
                memory,
                resting: Resting::new(allocation),
                _watchdog: watchdog,
            }),
        })
    }

    /// The program in `bytes`, from the cache if it was compiled before. `notice` is called when it was not: when
    /// another process compiles it already, and when it was compiled here.
    ///
    /// # Errors
    /// When the bytes are not an Action of this contract.
    pub fn program(
        &self,
        bytes: &[u8],
        notice: impl FnMut(CompileNotice),
    ) -> Result<Program, NotAnAction> {
        contract::check_header(bytes)?;
        let file = self
            .inner
            .cache
            .as_ref()
            .map(|folder| folder.join(cache::file_name(&self.inner.wasmtime, bytes)));
        let program = self.load_or_compile(None, file, bytes.len(), || Ok(bytes), notice)?;
        Ok(Program {
            // A component of somebody else's may keep anything anywhere.
            can_rest: false,
            globals: None,
            ..program
        })
    }

    /// As [`Engine::program`] for a language engine of ours, known by a name (a hash of its bytes) and costly to unpack: `unpack` is
    /// only called when the machine code is not in the cache. Its instances are used again once their memory was put back, so
    /// it must keep nothing from one call to the next in its globals, of which it may have one: the stack pointer.
    ///
    /// # Errors
    /// When the bytes are not an Action of this contract.
    pub fn packed_program<B: AsRef<[u8]> + Send>(
        &self,
        name: &str,
        unpack: impl FnOnce() -> Result<B, NotAnAction>,
        notice: impl FnMut(CompileNotice),
    ) -> Result<Program, NotAnAction> {
        let key = cache::file_name_as(&self.inner.wasmtime, "readable", name.as_bytes());
        let file = self.inner.cache.as_ref().map(|folder| folder.join(&key));
        self.load_or_compile(Some(key), file, 0, unpack, notice)
    }

    /// A component with its data, compiled or from the cache.
    pub(crate) fn compiled(&self, bytes: &[u8]) -> anyhow::Result<Component> {
        let engine = &self.inner.wasmtime;
        let file = self
            .inner
            .cache
            .as_ref()
            .map(|folder| folder.join(cache::file_name_as(engine, "whole", bytes)));
        let announce = |notice| announce(&self.inner.announcer, Part::Engine, &notice);
        let (found, _lock) = find(engine, file.as_deref(), &mut |notice| announce(notice));
        let refused = match found {
            Found::Component(component) => return Ok(component),
            Found::Nothing(refused) => refused,
        };
        announce(CompileNotice::Begins);
        let started = Instant::now();
        let component = reporting(
            |took| announce(CompileNotice::Continues { took }),
            || cache::compile(engine, bytes),
        )?;
        let kept = match file {
            Some(file) => cache::store(&component, &file).map(|()| file),
            None => Err("there is no cache folder".into()),
        };
        announce(CompileNotice::compiled(started.elapsed(), kept, refused));
        Ok(component)
    }

    /// Gives engines an `Intl`, from this component. The first one stays.
    pub fn provide_intl(&self, source: IntlSource) {
        let inner = &self.inner;
        let make = || {
            Arc::new(Intl::new(
                source,
                inner.cache.clone(),
                Arc::clone(&inner.helper),
                Arc::clone(&inner.announcer),
            ))
        };
        self.inner.intl.get_or_init(make);
    }

    /// Compiles ICU into the cache, for another process.
    ///
    /// # Errors
    /// When there is no ICU, or it cannot be compiled or kept.
    pub fn compile_intl(&self) -> anyhow::Result<()> {
        let intl = self
            .inner
            .intl
            .get()
            .ok_or_else(|| anyhow::anyhow!("there is no ICU"))?;
        intl.compile_and_keep()
    }

    /// ICU for one sandbox, if there is one.
    pub(crate) fn icu(&self) -> Option<Icu> {
        self.inner.intl.get().cloned().map(Icu::new)
    }

    /// Where machine code is kept, if it is.
    #[must_use]
    pub fn cache(&self) -> Option<&Path> {
        self.inner.cache.as_deref()
    }

    pub(crate) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.inner.wasmtime
    }

    pub(crate) fn resting(&self) -> &Resting {
        &self.inner.resting
    }

    pub(crate) fn linker(&self) -> &Linker<Sandbox> {
        &self.inner.linker
    }
}

impl Program {
    /// An Action that is this program. `mapper` is for one that was made from a source.
    #[must_use]
    pub fn action(self, mapper: Option<Arc<dyn StackMapper>>) -> ActionPre {
        ActionPre::new(self, None, mapper)
    }

    /// An Action whose source this program (a language engine) loads. `mapper` turns the engine's stacks into the
    /// user's places.
    #[must_use]
    pub fn script(self, script: Script, mapper: Arc<dyn StackMapper>) -> ActionPre {
        ActionPre::new(self, Some(script), Some(mapper))
    }
}

#[cfg(test)]
mod tests;
