//! ICU for engines that have no `Intl` of their own: a component without imports, in a store of its own for each sandbox.
//!
//! It is compiled when the first guest asks. Its answers depend on the request alone, and a guest's time budget is also that of
//! its requests.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use wasmtime::{
    Config, ResourceLimiter, Store, UpdateDeadline,
    component::{Component, InstancePre, Linker, TypedFunc},
};

use crate::{
    CompileNotice,
    apart::{Helper, NotKept, Part, in_helper},
    cache::{self, Found, find},
    config::without_unwind_tables,
    memory::restrict_addresses,
    program::{Announcer, announce},
    progress::reporting,
    sandbox::TimedOut,
    watchdog::Watchdog,
};

/// The answer when ICU itself fails, as the component words it.
const ICU_ERROR: &str = r#"{"error":"icu"}"#;

/// The native stack of ICU, in bytes. It runs on the guest's fiber above what the guest itself may use.
const STACK: usize = 512 << 10;

/// The most memory of one sandbox's ICU, in bytes; its data are about 26 MB of it. Together with a full sandbox of 128 MiB
/// and the program itself it stays far below 400 MiB.
const MEMORY: usize = 96 << 20;

/// Where ICU comes from.
#[derive(Clone, Copy)]
pub struct IntlSource {
    /// Stands for the content: a hash of it.
    pub name: &'static str,
    /// Gives the component, whose world is that of `crates/js/intl/intl.wit`.
    pub unpack: fn() -> Result<Vec<u8>, String>,
}

impl fmt::Debug for IntlSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntlSource")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// ICU, compiled at its first use.
pub(crate) struct Intl {
    source: IntlSource,
    cache: Option<PathBuf>,
    /// Compiles in another process.
    helper: Arc<OnceLock<Arc<dyn Helper>>>,
    announcer: Arc<OnceLock<Announcer>>,
    ready: OnceLock<Result<Ready, String>>,
}

struct Ready {
    pre: InstancePre<State>,
    /// Ticks while ICU works.
    _watchdog: Watchdog,
}

struct State {
    deadline: Instant,
    limiter: Limiter,
}

struct Limiter;

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= MEMORY)
    }

    // It has one table, of its functions.
    fn table_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= 10_000)
    }
}

type Answer = TypedFunc<(String,), (String,)>;

/// Where the result is kept, or why it is not.
type Kept = Result<PathBuf, String>;

/// The ICU of one sandbox.
pub(crate) struct Icu {
    intl: Arc<Intl>,
    running: Option<(Store<State>, Answer)>,
}

impl Intl {
    pub(crate) fn new(
        source: IntlSource,
        cache: Option<PathBuf>,
        helper: Arc<OnceLock<Arc<dyn Helper>>>,
        announcer: Arc<OnceLock<Announcer>>,
    ) -> Self {
        Self {
            source,
            cache,
            helper,
            announcer,
            ready: OnceLock::new(),
        }
    }

    fn ready(&self) -> Result<&Ready, String> {
        let ready = self
            .ready
            .get_or_init(|| self.compile().map_err(|error| format!("{error:#}")));
        ready.as_ref().map_err(Clone::clone)
    }

    fn key(&self, engine: &wasmtime::Engine) -> String {
        cache::file_name(engine, self.source.name.as_bytes())
    }

    /// Compiles in another process; `None` when this one must.
    fn compile_apart(
        &self,
        engine: &wasmtime::Engine,
        file: Option<&Path>,
        key: &str,
        lock: Option<&fs::File>,
    ) -> anyhow::Result<Option<(Component, Kept)>> {
        let Some(helper) = self.helper.get() else {
            return Ok(None);
        };
        let Some(made) = in_helper(helper.as_ref(), Part::Intl, file, key, lock)? else {
            return Ok(None);
        };
        Ok(match cache::load(engine, &made.file) {
            Found::Component(component) => Some((component, made.kept)),
            Found::Nothing(_) => None,
        })
    }

    /// Compiles in this process.
    fn compile_here(
        &self,
        engine: &wasmtime::Engine,
        file: Option<&Path>,
    ) -> anyhow::Result<(Component, Kept)> {
        let bytes = (self.source.unpack)().map_err(anyhow::Error::msg)?;
        let component = cache::compile(engine, &bytes)?;
        let kept = match file {
            Some(file) => cache::store(&component, file).map(|()| file.to_owned()),
            None => Err("there is no cache folder".to_owned()),
        };
        Ok((component, kept))
    }

    /// Compiles for another process, which holds the lock.
    ///
    /// # Errors
    /// When it cannot be compiled or kept.
    pub(crate) fn compile_and_keep(&self) -> anyhow::Result<()> {
        let engine = wasmtime::Engine::new(&configuration()).map_err(anyhow::Error::from)?;
        let key = self.key(&engine);
        let file = self.cache.as_ref().map(|folder| folder.join(key));
        let (_, kept) = self.compile_here(&engine, file.as_deref())?;
        kept.map_err(NotKept)?;
        Ok(())
    }

    fn compile(&self) -> anyhow::Result<Ready> {
        let engine = wasmtime::Engine::new(&configuration()).map_err(anyhow::Error::from)?;
        let key = self.key(&engine);
        let file = self.cache.as_ref().map(|folder| folder.join(&key));
        let announce = |notice| announce(&self.announcer, Part::Intl, &notice);
        let (found, lock) = find(&engine, file.as_deref(), &mut |notice| announce(notice));
        let component = match found {
            Found::Component(component) => component,
            Found::Nothing(refused) => {
                announce(CompileNotice::Begins);
                let started = Instant::now();
                let file = file.as_deref();
                let (component, kept) = reporting(
                    |took| announce(CompileNotice::Continues { took }),
                    || match self.compile_apart(&engine, file, &key, lock.as_ref())? {
                        Some(compiled) => Ok(compiled),
                        None => self.compile_here(&engine, file),
                    },
                )?;
                announce(CompileNotice::compiled(started.elapsed(), kept, refused));
                component
            }
        };
        let pre = Linker::new(&engine).instantiate_pre(&component);
        Ok(Ready {
            pre: pre.map_err(anyhow::Error::from)?,
            _watchdog: Watchdog::start(engine.weak())?,
        })
    }
}

impl Icu {
    pub(crate) fn new(intl: Arc<Intl>) -> Self {
        Self {
            intl,
            running: None,
        }
    }

    /// Returns how long it took to get ICU ready, which is no computing of the guest's.
    ///
    /// # Errors
    /// When the component is damaged, or this machine cannot run it.
    pub(crate) fn prepare(&mut self) -> wasmtime::Result<Duration> {
        if self.running.is_some() {
            return Ok(Duration::ZERO);
        }
        let started = Instant::now();
        let intl = Arc::clone(&self.intl);
        let ready = intl.ready().map_err(wasmtime::Error::msg)?;
        let took = started.elapsed();
        self.running = Some(ready.start()?);
        Ok(took)
    }

    /// Answers one request within `time`.
    ///
    /// # Errors
    /// [`TimedOut`] when the time is over.
    pub(crate) fn answer(&mut self, request: String, time: Duration) -> wasmtime::Result<String> {
        let Some((store, answer)) = &mut self.running else {
            return Ok(ICU_ERROR.to_owned());
        };
        store.data_mut().deadline = Instant::now() + time;
        store.set_epoch_deadline(1);
        match answer.call(store, (request,)) {
            Ok((text,)) => Ok(text),
            // What trapped is not used again.
            Err(error) => {
                self.running = None;
                if error.is::<TimedOut>() {
                    return Err(TimedOut.into());
                }
                tracing::debug!(%error, "ICU trapped");
                Ok(ICU_ERROR.to_owned())
            }
        }
    }
}

impl Ready {
    fn start(&self) -> wasmtime::Result<(Store<State>, Answer)> {
        let state = State {
            deadline: Instant::now(),
            limiter: Limiter,
        };
        let mut store = Store::new(self.pre.engine(), state);
        store.limiter(|state| &mut state.limiter);
        store.epoch_deadline_callback(|cx| {
            if Instant::now() >= cx.data().deadline {
                return Err(TimedOut.into());
            }
            Ok(UpdateDeadline::Continue(1))
        });
        store.set_epoch_deadline(1_000_000);
        let instance = self.pre.instantiate(&mut store)?;
        let answer = instance.get_typed_func(&mut store, "answer")?;
        Ok((store, answer))
    }
}

fn configuration() -> Config {
    let mut config = Config::new();
    config.wasm_component_model(true);
    config.epoch_interruption(true);
    config.cranelift_nan_canonicalization(true);
    config.wasm_relaxed_simd(false);
    config.wasm_backtrace_max_frames(None);
    config.generate_address_map(false);
    without_unwind_tables(&mut config);
    config.concurrency_support(false);
    config.max_wasm_stack(STACK);
    config.memory_init_cow(true);
    // Its data are one dense image.
    config.memory_guaranteed_dense_image_size(64 << 20);
    restrict_addresses(&mut config);
    config
}
