//! Programs from the cache, from another process, or compiled here.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use wasmtime::component::Component;

use super::{Engine, Loader, Program};
use crate::{
    CompileNotice,
    apart::{Made, Part, in_helper},
    cache::{
        self, Found, find,
        images::{self, FoundImage},
    },
    compile_cost,
    contract::{self, NotAnAction},
    globals,
    memory::{Image, strip},
    progress::reporting,
};

/// A component of so many bytes takes seconds to compile: its reader hears of it before, not only afterwards.
const LONG: usize = 1 << 20;

/// The initial state of a component.
struct Initial {
    memory: Vec<u8>,
    /// In how many other places its code can keep something.
    other_state: u64,
}

impl Engine {
    /// `packed` is the name of the file for what another process can compile, which knows it.
    pub(super) fn load_or_compile<B: AsRef<[u8]> + Send>(
        &self,
        packed: Option<String>,
        file: Option<PathBuf>,
        size: usize,
        bytes: impl FnOnce() -> Result<B, NotAnAction>,
        mut notice: impl FnMut(CompileNotice),
    ) -> Result<Program, NotAnAction> {
        let engine = &self.inner.wasmtime;
        let is_engine = packed.is_some();
        let (found, lock) = match self.inner.is_helper {
            true => (Found::Nothing(None), None),
            false => find(engine, file.as_deref(), &mut notice),
        };
        let refused = match found {
            Found::Component(component) => match self.image_beside(file.as_deref()) {
                FoundImage::Image(image, other_state) => {
                    let program = self.link(&component, size)?;
                    return Ok(program.with_image(image, other_state));
                }
                FoundImage::None => return self.link(&component, size),
                FoundImage::Missing => None,
            },
            Found::Nothing(refused) => refused,
        };
        if let (Some(name), Some(helper)) = (packed, self.inner.helper.get()) {
            notice(CompileNotice::Begins);
            let started = Instant::now();
            let made = reporting(
                |took| notice(CompileNotice::Continues { took }),
                || {
                    let helper = helper.as_ref();
                    in_helper(helper, Part::Engine, file.as_deref(), &name, lock.as_ref())
                },
            )?;
            if let Some(made) = made {
                let program = self.made_apart(&made, size)?;
                if let Some(program) = program {
                    let took = started.elapsed();
                    notice(CompileNotice::compiled(took, made.kept, refused));
                    return Ok(program);
                }
            }
            // Announced already: this process compiles.
            let quiet = |it: CompileNotice| match it {
                CompileNotice::Begins => {}
                it => notice(it),
            };
            return self.compile_here(bytes()?, is_engine, file, refused, quiet);
        }
        self.compile_here(bytes()?, is_engine, file, refused, notice)
    }

    /// Returns what another process has compiled; `None` when it is not there.
    fn made_apart(&self, made: &Made, size: usize) -> Result<Option<Program>, NotAnAction> {
        let Found::Component(component) = cache::load(&self.inner.wasmtime, &made.file) else {
            return Ok(None);
        };
        let program = self.link(&component, size)?;
        Ok(match self.image_beside(Some(&made.file)) {
            FoundImage::Image(image, other_state) => Some(program.with_image(image, other_state)),
            FoundImage::None => Some(program),
            FoundImage::Missing => None,
        })
    }

    fn compile_here<B: AsRef<[u8]> + Send>(
        &self,
        bytes: B,
        is_engine: bool,
        file: Option<PathBuf>,
        refused: Option<String>,
        mut notice: impl FnMut(CompileNotice),
    ) -> Result<Program, NotAnAction> {
        if bytes.as_ref().len() >= LONG {
            notice(CompileNotice::Begins);
        }
        if let Some(excess) = compile_cost::excess(bytes.as_ref()) {
            return Err(NotAnAction::TooCostly(excess));
        }
        let started = Instant::now();
        let size = bytes.as_ref().len();
        let (component, memory) = reporting(
            |took| notice(CompileNotice::Continues { took }),
            || self.compile(bytes, is_engine),
        )?;
        // What is not an Action is not kept.
        let program = self.link(&component, size)?;
        let took = started.elapsed();
        let kept = match file {
            Some(file) => self.keep(&component, memory.as_ref(), &file).map(|()| file),
            None => Err("there is no cache folder".into()),
        };
        let program = match memory {
            Some(memory) => {
                let image = self.image(&memory, kept.as_deref().ok())?;
                program.with_image(image, memory.other_state)
            }
            None => program,
        };
        notice(CompileNotice::compiled(took, kept, refused));
        Ok(program)
    }

    /// Compiles a component. Where memory is our own, its initial data are taken out and returned beside it, if that is possible; and the
    /// globals of a language engine can be read.
    fn compile<B: AsRef<[u8]>>(
        &self,
        bytes: B,
        is_engine: bool,
    ) -> Result<(Component, Option<Initial>), NotAnAction> {
        let engine = &self.inner.wasmtime;
        // What cannot be read is refused by the compiler, which knows better what is wrong.
        let stripped = match &self.inner.memory {
            Some(_) => {
                let readable = is_engine.then(|| globals::readable(bytes.as_ref()).ok());
                let readable = readable.flatten();
                let bytes = readable.as_deref().unwrap_or(bytes.as_ref());
                strip::strip(bytes).unwrap_or_default()
            }
            None => None,
        };
        let Some(stripped) = stripped else {
            return Ok((cache::compile(engine, bytes.as_ref())?, None));
        };
        drop(bytes);
        let component = cache::compile(engine, &stripped.component)?;
        let initial = Initial {
            memory: stripped.memory,
            other_state: stripped.other_state,
        };
        Ok((component, Some(initial)))
    }

    /// Keeps machine code and, where memory is our own, what that begins with.
    fn keep(
        &self,
        component: &Component,
        initial: Option<&Initial>,
        file: &Path,
    ) -> Result<(), String> {
        // First, as it is looked for where there is machine code.
        match (&self.inner.memory, initial) {
            (Some(_), Some(initial)) => {
                images::store(file, &initial.memory, initial.other_state)?;
            }
            (Some(_), None) => images::store(file, &[], 0)?,
            (None, _) => {}
        }
        cache::store(component, file)
    }

    /// Returns what the cache has beside machine code. Where memory is wasmtime's own, nothing is needed.
    fn image_beside(&self, code: Option<&Path>) -> FoundImage {
        match (&self.inner.memory, code) {
            (Some(_), Some(code)) => images::load(code),
            (None, _) => FoundImage::None,
            (Some(_), None) => FoundImage::Missing,
        }
    }

    /// Returns an image of a memory: the file beside the machine code that was kept, or one in memory.
    fn image(&self, initial: &Initial, kept: Option<&Path>) -> Result<Arc<Image>, NotAnAction> {
        if let FoundImage::Image(image, _) = self.image_beside(kept) {
            return Ok(image);
        }
        let image = Image::of_bytes(&initial.memory);
        let image = image.map_err(|error| NotAnAction::Unreadable(error.to_string()))?;
        Ok(Arc::new(image))
    }

    fn link(&self, component: &Component, size: usize) -> Result<Program, NotAnAction> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let offer = contract::check_world(component)?;
        let pre = self.inner.linker.instantiate_pre(component);
        let pre =
            pre.map_err(|error| NotAnAction::Unlinkable(format!("{error:#}").replace('\n', " ")))?;
        Ok(Program {
            pre,
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            image: None,
            can_rest: false,
            globals: None,
            loader: Loader::of(component),
            offer,
            engine: self.clone(),
            size,
        })
    }
}
