//! From an Action's text to something that runs, or to a component that others can run.

use std::{fmt, sync::Arc};

use postlogin_core::{Fault, FaultKind, HandlerKind, Location};
use postlogin_engine::{
    ActionPre, CompileNotice, Engine, NotAnAction, NotKept, Part, Program, Script, SnapshotError,
    StackMapper, Stage, snapshot,
};

use crate::{
    coverage::{self, Coverage, Detail, RuleCounters},
    engine::{self, WRAPPER},
    errors::{self, EngineError, LoadedText},
    kept::{Packages, Shelf},
    modules::{Modules, closure},
    provenance,
    source::{Prepared, SyntaxError, prepare, rule::prepare_rule},
};

/// The JavaScript engine, compiled for this machine. Cheap to clone.
#[derive(Clone)]
pub struct JavaScript {
    engine: Engine,
    program: Program,
    /// Packages that are loaded beforehand; `None` when each login loads its own.
    packages: Option<Arc<Shelf>>,
    /// The counters of the Rules that were loaded with coverage.
    rule_counters: Arc<RuleCounters>,
}

/// Why a component could not be built.
#[derive(Debug)]
pub enum BuildError {
    /// The text does not compile.
    Syntax(SyntaxError),
    /// The Action's packages are too large for one component.
    TooLarge,
    /// The engine refused the text although the parser did not.
    Refused(Box<Fault>),
    /// Our own fault.
    Internal(anyhow::Error),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(error) => error.fmt(f),
            Self::TooLarge => {
                f.write_str("the packages of the Action are too large for one component")
            }
            Self::Refused(fault) => match &fault.location {
                Some(Location { file, line, column }) => {
                    write!(
                        f,
                        "{file}:{line}:{column}: {}: {}",
                        fault.name, fault.message
                    )
                }
                None => write!(f, "{}: {}", fault.name, fault.message),
            },
            Self::Internal(error) => write!(f, "{error:#}"),
        }
    }
}

impl std::error::Error for BuildError {}

impl JavaScript {
    /// The engine, from the cache or compiled now; `notice` is called when it was compiled.
    ///
    /// # Errors
    /// When the committed engine is damaged.
    pub fn new(engine: &Engine, notice: impl FnMut(CompileNotice)) -> Result<Self, NotAnAction> {
        let unpack = || engine::unpack().map_err(NotAnAction::Unreadable);
        engine.provide_intl(crate::intl::source());
        let program = engine.packed_program(engine::hash(), unpack, notice)?;
        Ok(Self {
            engine: engine.clone(),
            program,
            packages: None,
            rule_counters: Arc::default(),
        })
    }

    /// Compiles a part of the program into the cache of `engine`, for another process.
    ///
    /// # Errors
    /// When it cannot be compiled or kept.
    pub fn compile_part(engine: &Engine, part: Part) -> anyhow::Result<()> {
        engine.provide_intl(crate::intl::source());
        if part == Part::Intl {
            return engine.compile_intl();
        }
        let mut result = Err(anyhow::anyhow!("nothing was compiled"));
        let unpack = || engine::unpack().map_err(NotAnAction::Unreadable);
        engine.packed_program(engine::hash(), unpack, |notice| {
            if let CompileNotice::Compiled { kept, .. } = notice {
                result = kept.map(drop).map_err(|reason| NotKept(reason).into());
            }
        })?;
        result
    }

    /// Returns the engine without any package.
    pub(crate) fn program(&self) -> Program {
        self.program.clone()
    }

    /// An Action from the text of `file`, the name that stands in messages. A shared text is not copied.
    ///
    /// # Errors
    /// When the text certainly does not compile. Plain JavaScript that only the parser dislikes is left to the
    /// engine, whose verdict is then a fault of the run.
    pub fn action(&self, file: &str, text: impl Into<Arc<str>>) -> Result<ActionPre, SyntaxError> {
        let prepared = prepare(file, text)?;
        let script = script(HandlerKind::Action, &prepared, file);
        Ok(self
            .program
            .clone()
            .script(script, Arc::new(Mapper::new(file, prepared))))
    }

    /// As [`JavaScript::action`], for one that requires packages or Action Modules.
    ///
    /// # Errors
    /// As [`JavaScript::action`].
    pub fn action_with(
        &self,
        file: &str,
        text: impl Into<Arc<str>>,
        modules: Arc<Modules>,
    ) -> Result<ActionPre, SyntaxError> {
        let prepared = prepare(file, text)?.built_from(modules.source_map());
        Ok(self.prepared(file, prepared, modules))
    }

    /// Like [`action_with`](Self::action_with), with counters in the text. The runs of the Action are counted in the
    /// [`Coverage`] that comes with it.
    ///
    /// # Errors
    /// As without counters.
    pub fn action_with_coverage(
        &self,
        file: &str,
        text: &str,
        modules: Arc<Modules>,
        detail: Detail,
    ) -> Result<(ActionPre, Arc<Coverage>), SyntaxError> {
        let sources = modules.source_map();
        let (prepared, coverage) = coverage::instrumented(file, text, sources, detail)?;
        let coverage = Arc::new(coverage);
        let action = self.prepared(file, prepared, modules);
        Ok((action.with_probe(Arc::clone(&coverage) as _), coverage))
    }

    /// From now on, packages are loaded once, before the first login that needs them.
    #[must_use]
    pub fn with_kept_packages(mut self) -> Self {
        self.packages = Some(Arc::default());
        self
    }

    /// Returns the packages that were loaded since, for [`Packages::store`].
    #[must_use]
    pub fn take_packages(&self) -> Vec<Packages> {
        let shelf = self.packages.as_ref();
        shelf.map_or_else(Vec::new, |shelf| shelf.take_fresh())
    }

    /// The engine for a text: one in which its packages have run, if there is one.
    fn program_for(&self, code: &str, modules: &Arc<Modules>) -> Program {
        match &self.packages {
            Some(shelf) => shelf.program(&self.engine, &self.program, code, modules),
            None => self.program.clone(),
        }
    }

    /// A Rule, or a script of a connection, from the text of `file`; `None` when the text is none. `kind` is which of them.
    ///
    /// # Errors
    /// When the text does not compile.
    pub fn rule(
        &self,
        kind: HandlerKind,
        file: &str,
        text: &str,
        modules: Arc<Modules>,
    ) -> Option<Result<ActionPre, SyntaxError>> {
        let prepared = prepare_rule(file, text)?;
        Some(prepared.map(|prepared| {
            let prepared = prepared.built_from(modules.source_map());
            self.prepared_rule(kind, file, prepared, modules)
        }))
    }

    /// As [`rule`](Self::rule), with counters for what runs of it.
    ///
    /// # Errors
    /// As `rule`.
    pub fn rule_with_coverage(
        &self,
        kind: HandlerKind,
        file: &str,
        text: &str,
        modules: Arc<Modules>,
        detail: Detail,
    ) -> Option<Result<(ActionPre, Arc<Coverage>), SyntaxError>> {
        let counted = self
            .rule_counters
            .instrumented(file, text, modules.source_map(), detail)?;
        Some(counted.map(|(prepared, coverage)| {
            let action = self.prepared_rule(kind, file, prepared, modules);
            // One probe for all Rules of a login: they share a sandbox.
            let probe = Arc::clone(&self.rule_counters);
            (action.with_probe(probe as _), coverage)
        }))
    }

    fn prepared_rule(
        &self,
        kind: HandlerKind,
        file: &str,
        prepared: Prepared,
        modules: Arc<Modules>,
    ) -> ActionPre {
        let script = script(kind, &prepared, file);
        let mapper = Mapper {
            modules: Some(Arc::clone(&modules)),
            prefix_bytes: 0,
            ..Mapper::new(file, prepared)
        };
        let action = self.program.clone().script(script, Arc::new(mapper));
        action.with_modules(modules)
    }

    fn prepared(&self, file: &str, prepared: Prepared, modules: Arc<Modules>) -> ActionPre {
        let script = script(HandlerKind::Action, &prepared, file);
        let mapper = Mapper {
            modules: Some(Arc::clone(&modules)),
            ..Mapper::new(file, prepared)
        };
        let program = self.program_for(&script.source, &modules);
        let action = program.script(script, Arc::new(mapper));
        action.with_modules(modules)
    }

    /// A self-contained component that holds the Action and what it requires. The same texts give the same bytes.
    ///
    /// # Errors
    /// When the text does not compile.
    pub fn component(
        &self,
        file: &str,
        text: &str,
        modules: &Modules,
    ) -> Result<Vec<u8>, BuildError> {
        let prepared = prepare(file, text).map_err(BuildError::Syntax)?;
        let provided = closure::of(&prepared.code, modules).map_err(|_| BuildError::TooLarge)?;
        let script = script(HandlerKind::Action, &prepared, file);
        let engine =
            engine::unpack().map_err(|error| BuildError::Internal(anyhow::anyhow!(error)))?;
        match snapshot(&self.engine, &engine, Stage::Loaded(&script, &provided)) {
            Ok(component) => Ok(provenance::add(component, file, &prepared.original)),
            Err(SnapshotError::Broken(error)) => Err(BuildError::Internal(error)),
            Err(SnapshotError::Source(fault)) => Err(BuildError::Refused(Box::new(
                Mapper::new(file, prepared).fault(fault),
            ))),
        }
    }
}

/// Returns the mapper from the stacks of a built component back to its source; `None` for one that was not built here.
#[must_use]
pub fn mapper_of_component(component: &[u8]) -> Option<Arc<dyn StackMapper>> {
    let (file, text) = provenance::read(component)?;
    let prepared = prepare(&file, text).ok()?;
    Some(Arc::new(Mapper::new(&file, prepared)))
}

/// The name and the text of the source that a component was built from; `None` for one that was not built here.
#[must_use]
pub fn source_of_component(component: &[u8]) -> Option<(String, Arc<str>)> {
    provenance::read(component)
}

fn script(kind: HandlerKind, prepared: &Prepared, file: &str) -> Script {
    Script {
        kind,
        name: file.to_owned(),
        source: Arc::clone(&prepared.code),
    }
}

/// Leads from the engine's places to the user's.
struct Mapper {
    file: String,
    prepared: Prepared,
    /// The number of bytes that the engine puts before the text.
    prefix_bytes: u32,
    modules: Option<Arc<Modules>>,
}

impl Mapper {
    fn new(file: &str, prepared: Prepared) -> Self {
        Self {
            file: file.to_owned(),
            prepared,
            prefix_bytes: u32::try_from(WRAPPER.len()).unwrap_or(u32::MAX),
            modules: None,
        }
    }

    fn texts(&self) -> Vec<LoadedText<'_>> {
        let own = LoadedText {
            engine_name: &self.file,
            prefix_bytes: self.prefix_bytes,
            prepared: &self.prepared,
        };
        let modules = self.modules.iter().flat_map(|modules| modules.texts());
        std::iter::once(own).chain(modules).collect()
    }
}

impl StackMapper for Mapper {
    fn place(&self, stack: &str) -> Option<Location> {
        errors::innermost_place(stack, &self.texts())
    }

    fn fault(&self, fault: Fault) -> Fault {
        let Fault {
            kind,
            name,
            message,
            stack,
            location,
        } = fault;
        if let (FaultKind::Load, Some(suspected)) = (kind, &self.prepared.suspected) {
            // Production reports a text that does not compile as a plain Error.
            let message = format!("SyntaxError: {}", suspected.message);
            return Fault {
                kind,
                name: "Error".into(),
                message,
                stack: String::new(),
                location: Some(suspected.location.clone()),
            };
        }
        let explained = errors::explain(
            EngineError {
                name: &name,
                message: &message,
                stack: &stack,
            },
            &self.texts(),
        );
        Fault {
            kind,
            name: explained.name,
            message: explained.message,
            stack: explained.stack,
            location: explained.location.or(location),
        }
    }
}
