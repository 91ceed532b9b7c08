//! From an Action's source to something that runs: the one place where Actions are loaded.

mod cargo;
pub(crate) mod dependencies;
mod error;
mod fingerprint;
mod left_out;
mod loaded;
mod source_map;
mod trigger;

use std::{fs, path::Path, sync::Arc};

use postlogin_core::{HandlerKind, Trigger};
use postlogin_engine::{ActionPre, BoundAction, CompileNotice, Engine, NotAnAction};
use postlogin_js::{
    JavaScript, Modules, Packages, Room,
    coverage::{Coverage, Detail, FileCoverage},
    mapper_of_component,
    source::rule::is_rule,
    source_map::SourceMap,
};
use postlogin_project::{ActionKind, ActionSource, NamedBy, Role, Secret};

pub use error::{LoadError, LoadProblem};
pub use fingerprint::fingerprint;
pub use left_out::{LeftOut, is_incomplete, sort_parts};
pub use loaded::{Loaded, kind_of};
pub use source_map::{FoundMap, SourceMaps};
pub use trigger::{trigger_of, trigger_of_all};

/// The environment variable by which a user allows [`Compiler::allow_cargo_builds`].
pub const ALLOW_CARGO_BUILD: &str = "POSTLOGIN_ALLOW_CARGO_BUILD";

/// Something that a user may want to know while Actions are loaded.
#[derive(Debug)]
pub enum LoadNotice<'a> {
    /// A program was compiled for this machine.
    Compiled {
        /// `the JavaScript engine`, or the component's file.
        what: &'a str,
        /// The time that it took and where it is kept.
        notice: &'a CompileNotice,
    },
    /// The output of Cargo while it built an Action in Rust.
    Cargo {
        /// Its messages, with line ends.
        text: &'a str,
    },
}

/// Compiles Actions; starts the JavaScript engine only when one needs it.
pub struct Compiler<'a> {
    engine: Engine,
    javascript: Option<JavaScript>,
    notices: Box<dyn Fn(LoadNotice<'_>) + Send + 'a>,
    /// The counters of the scripts that were loaded, when they are to be counted.
    coverage: Option<Vec<Arc<Coverage>>>,
    /// The detail of their counts.
    detail: Detail,
    /// Whether a Cargo package that a file of the project names may be built.
    builds_cargo_packages: bool,
    /// The source maps of the scripts that were loaded.
    maps: SourceMaps,
    /// The memory that their files have together.
    room: Room,
}

/// The longest source that is built into a component, in bytes. A longer one is not parsed either.
const LONGEST_SOURCE: usize = 4 << 20;

impl<'a> Compiler<'a> {
    /// Returns a compiler for this engine; `notices` hears of what takes time.
    pub fn new(engine: Engine, notices: impl Fn(LoadNotice<'_>) + Send + 'a) -> Self {
        Self {
            engine,
            javascript: None,
            notices: Box::new(notices),
            coverage: None,
            detail: Detail::Coverage,
            builds_cargo_packages: false,
            maps: SourceMaps::default(),
            room: Room::default(),
        }
    }

    /// Allows building Cargo packages that the project or a case names, which runs their build scripts natively. Those
    /// that the user names are built in any case.
    pub fn allow_cargo_builds(&mut self) {
        self.builds_cargo_packages = true;
    }

    /// From now on, what runs of every script that is loaded is counted.
    pub fn count_coverage(&mut self) {
        self.coverage.get_or_insert_default();
    }

    /// Lets `work` load scripts with counters, those of conditions included, and returns its result with them. What is loaded
    /// otherwise has none.
    pub(crate) fn counted<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> T,
    ) -> (T, Vec<Arc<Coverage>>) {
        let before = self.coverage.replace(Vec::new());
        let detail = std::mem::replace(&mut self.detail, Detail::Conditions);
        let result = work(self);
        self.detail = detail;
        let counters = std::mem::replace(&mut self.coverage, before);
        (result, counters.unwrap_or_default())
    }

    /// From now on, the values of conditions of every script that is loaded are counted as well.
    pub fn follow_conditions(&mut self) {
        self.detail = Detail::Conditions;
        self.count_coverage();
    }

    /// Returns the counters of the scripts that were loaded since the last call, in that order.
    pub fn take_counters(&mut self) -> Vec<Arc<Coverage>> {
        let counters = self.coverage.as_mut().map(std::mem::take);
        counters.unwrap_or_default()
    }

    /// Returns the counts by file, in the order of their names. Scripts that are loaded later begin anew.
    pub fn take_coverage(&mut self) -> Vec<FileCoverage> {
        let mut files: Vec<FileCoverage> = Vec::new();
        for counters in self.take_counters() {
            for counted in counters.files() {
                match files.iter_mut().find(|known| known.file == counted.file) {
                    Some(known) => known.merge(&counted),
                    None => files.push(counted),
                }
            }
        }
        files.sort_by(|a, b| a.file.cmp(&b.file));
        files
    }

    /// An Action at its place in a run of a trigger, with the secrets that it sees.
    ///
    /// # Errors
    /// When it cannot be built or loaded.
    pub fn bind(
        &mut self,
        source: &ActionSource,
        given: &[Secret],
        trigger: Trigger,
    ) -> Result<BoundAction, LoadError> {
        Ok(self.action(source)?.bound(source, given, trigger))
    }

    /// The script of a connection, which gives the user of the login.
    ///
    /// # Errors
    /// When it cannot be loaded.
    pub fn bind_connection(
        &mut self,
        source: &ActionSource,
        given: &[Secret],
    ) -> Result<BoundAction, LoadError> {
        let action = self.action(source)?;
        let mut bound = action.bound(source, given, Trigger::PostLogin);
        bound.info.kind = HandlerKind::Connection;
        Ok(bound)
    }

    /// An Action that is ready to run.
    ///
    /// # Errors
    /// When it cannot be built or loaded.
    pub fn action(&mut self, source: &ActionSource) -> Result<Loaded, LoadError> {
        let map = self.maps.of(source);
        let (action, modules) = self.runnable(source, map.map.clone())?;
        Ok(Loaded::new(source, action, modules, &map))
    }

    /// Returns an Action, with the modules of a script that is not counted.
    fn runnable(
        &mut self,
        source: &ActionSource,
        map: Option<Arc<SourceMap>>,
    ) -> Result<(ActionPre, Option<Arc<Modules>>), LoadError> {
        // What belongs to no trigger that runs here is not loaded as an Action of another one.
        trigger_of(source)?;
        match &source.kind {
            ActionKind::Script { text, .. } => {
                let modules = dependencies::of(source, map, &self.room)?;
                let is_counted = self.coverage.is_some();
                let detail = self.detail;
                let javascript = self.javascript()?;
                let file = &source.display_path;
                let kind = match source.role {
                    Role::Connection => HandlerKind::Connection,
                    Role::ByText | Role::Rule => HandlerKind::Rule,
                };
                let own = Arc::clone(&modules);
                if is_counted
                    && let Some(rule) = javascript.rule_with_coverage(kind, file, text, own, detail)
                {
                    let (action, counters) = rule.map_err(|error| LoadError::syntax(&error))?;
                    self.coverage.get_or_insert_default().push(counters);
                    return Ok((action, None));
                }
                if let Some(rule) = javascript.rule(kind, file, text, Arc::clone(&modules)) {
                    let rule = rule.map_err(|error| LoadError::syntax(&error))?;
                    return Ok((rule, None));
                }
                if source.role != Role::ByText {
                    return Err(LoadError::no_rule(file));
                }
                if !is_counted {
                    let action =
                        javascript.action_with(file, Arc::clone(text), Arc::clone(&modules));
                    let action = action.map_err(|error| LoadError::syntax(&error))?;
                    return Ok((action, Some(modules)));
                }
                let counted = javascript.action_with_coverage(file, text, modules, detail);
                let (action, counters) = counted.map_err(|error| LoadError::syntax(&error))?;
                self.coverage.get_or_insert_default().push(counters);
                Ok((action, None))
            }
            ActionKind::Component { bytes, .. } => {
                Ok((self.component(bytes, &source.display_path)?, None))
            }
            ActionKind::CargoPackage { dir, named_by } => {
                let bytes = self.cargo_package(dir, *named_by, &source.display_path)?;
                Ok((self.component(&bytes, &source.display_path)?, None))
            }
        }
    }

    /// The bytes of a self-contained component.
    ///
    /// # Errors
    /// When it cannot be built.
    pub fn build(&mut self, source: &ActionSource) -> Result<Vec<u8>, LoadError> {
        trigger_of(source)?;
        let bytes = match &source.kind {
            ActionKind::Script { text, .. } if is_rule(&source.display_path, text) => {
                let name = portable(&source.display_path);
                return Err(LoadError::unloadable(format!(
                    "{name} is a Rule, and only Actions can be built into a component"
                ))
                .with_hint("`postlogin run` takes Rules as they are"));
            }
            ActionKind::Script { text, .. } if text.len() > LONGEST_SOURCE => {
                let name = portable(&source.display_path);
                let most = LONGEST_SOURCE >> 20;
                return Err(LoadError::unloadable(format!(
                    "{name}: the source has more than {most} MiB"
                ))
                .with_hint("production accepts Actions of at most 100 kB"));
            }
            ActionKind::Script { text, .. } => {
                let name = portable(&source.display_path);
                let map = self.maps.of(source).map;
                let modules = dependencies::of(source, map, &self.room)?;
                let built = self.javascript()?.component(name, text, &modules);
                return built.map_err(|error| match error {
                    postlogin_js::BuildError::Syntax(error) => LoadError::syntax(&error),
                    postlogin_js::BuildError::TooLarge => {
                        LoadError::unloadable(format!("{name}: {error}"))
                    }
                    postlogin_js::BuildError::Internal(error) => LoadError::internal(&error),
                    postlogin_js::BuildError::Refused(fault) => LoadError::refused(&fault),
                });
            }
            ActionKind::Component { bytes, .. } => bytes.clone(),
            ActionKind::CargoPackage { dir, named_by } => {
                self.cargo_package(dir, *named_by, &source.display_path)?
            }
        };
        // What is not an Action is not passed on as one.
        self.component(&bytes, &source.display_path)?;
        Ok(bytes)
    }

    fn component(&self, bytes: &[u8], shown: &str) -> Result<ActionPre, LoadError> {
        let notice = |notice: CompileNotice| {
            (self.notices)(LoadNotice::Compiled {
                what: shown,
                notice: &notice,
            });
        };
        let program = self
            .engine
            .program(bytes, notice)
            .map_err(|error| LoadError::not_an_action(shown, &error))?;
        Ok(program.action(mapper_of_component(bytes)))
    }

    fn cargo_package(
        &self,
        folder: &Path,
        named_by: NamedBy,
        shown: &str,
    ) -> Result<Vec<u8>, LoadError> {
        // Build scripts and procedural macros run natively: what a fork wrote into a case must not start them.
        if named_by == NamedBy::Project && !self.builds_cargo_packages {
            return Err(LoadError::cargo_not_allowed(shown));
        }
        let says = |text: &str| (self.notices)(LoadNotice::Cargo { text });
        let file = cargo::build(folder, shown, &says)?;
        fs::read(&file).map_err(|error| {
            LoadError::unloadable(format!(
                "cannot read what Cargo built, {}: {error}",
                file.display()
            ))
        })
    }

    /// Returns the packages that were loaded for the Actions so far and that the cache does not have, once.
    #[must_use]
    pub fn take_packages(&self) -> Vec<Packages> {
        self.javascript
            .as_ref()
            .map_or_else(Vec::new, JavaScript::take_packages)
    }

    /// Returns the JavaScript engine; the first call starts it.
    ///
    /// # Errors
    /// When the embedded engine is damaged.
    pub fn javascript(&mut self) -> Result<&JavaScript, LoadError> {
        if self.javascript.is_none() {
            let notice = |notice: CompileNotice| {
                (self.notices)(LoadNotice::Compiled {
                    what: "the JavaScript engine",
                    notice: &notice,
                });
            };
            let javascript =
                JavaScript::new(&self.engine, notice).map_err(|error| match &error {
                    NotAnAction::NotCompiled(reason) => LoadError {
                        hint: error.hint(),
                        ..LoadError::unloadable(format!(
                            "the JavaScript engine could not be compiled: {reason}"
                        ))
                    },
                    _ => LoadError::internal(&anyhow::anyhow!("the JavaScript engine: {error}")),
                })?;
            self.javascript = Some(javascript.with_kept_packages());
        }
        self.javascript
            .as_ref()
            .ok_or_else(|| LoadError::internal(&anyhow::anyhow!("no JavaScript engine")))
    }
}

/// The name that a component carries for its source. A file outside the project and the working folder is shown by
/// its whole path, which is private.
fn portable(display_path: &str) -> &str {
    if Path::new(display_path).is_absolute() {
        display_path
            .rsplit(['/', '\\'])
            .next()
            .unwrap_or(display_path)
    } else {
        display_path
    }
}
