//! Rules and Actions of a login that do not load: they are left out and named, and the others run.

use std::path::PathBuf;
use std::time::Duration;

use postlogin_core::event::sample;
use postlogin_core::outcome::{Outcome, Status};
use postlogin_core::{Fault, FaultKind, HandlerKind, Location, Trigger};
use postlogin_engine::BoundAction;
use postlogin_host::Budget;
use postlogin_project::{ActionSource, Error, NotRead, TenantData};

use super::{Compiler, LoadError, LoadProblem, Loaded, kind_of, trigger_of};
use crate::case::unloadable;
use crate::lab::{Setting, placeholders, seen_by};

/// A Rule or an Action that does not load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: HandlerKind,
    /// The reason, with the place.
    pub error: LoadError,
    /// Whether it cannot be read at all.
    pub is_unread: bool,
    /// Its code, which may not be there, as far as that is known.
    pub path: Option<PathBuf>,
    /// The file that the error is about, as far as it is known.
    pub file: String,
    /// The place, if a line is known, which is then in the error's message, too.
    pub location: Option<Location>,
}

/// The time that an Action that is tried may compute. One that computes longer has been loaded.
const TRIED_FOR: Duration = Duration::from_secs(2);

impl LeftOut {
    fn of(source: &ActionSource, error: LoadError) -> Self {
        Self {
            name: source.name.clone(),
            kind: kind_of(source),
            error,
            is_unread: false,
            path: None,
            file: source.display_path.clone(),
            location: None,
        }
    }

    /// Returns what takes its place in a login: the login says that it is missing, and does not end well.
    #[must_use]
    pub fn bound(&self) -> BoundAction {
        let LoadError { message, .. } = &self.error;
        // The place is not told twice.
        let place = self.location.as_ref();
        let place = place.map(|at| format!("{}:{}:{}: ", at.file, at.line, at.column));
        let message = place.and_then(|place| message.strip_prefix(&place).map(str::to_owned));
        let fault = Fault {
            kind: FaultKind::Load,
            name: "Error".to_owned(),
            message: message.unwrap_or_else(|| self.error.message.clone()),
            stack: String::new(),
            location: self.location.clone(),
        };
        BoundAction::broken(&self.name, self.kind, fault)
    }
}

impl From<NotRead> for LeftOut {
    fn from(part: NotRead) -> Self {
        let Error {
            file, line, column, ..
        } = &part.error;
        let location = file.clone().zip(*line).map(|(file, line)| Location {
            file,
            line,
            column: column.unwrap_or(1),
        });
        Self {
            name: part.name,
            kind: match part.is_rule {
                true => HandlerKind::Rule,
                false => HandlerKind::Action,
            },
            is_unread: true,
            path: part.path,
            file: file.clone().unwrap_or_default(),
            error: LoadError::unreadable(&part.error),
            location,
        }
    }
}

/// Returns what of a binding is there, and what is left out because it cannot be read or is for no trigger that runs here.
#[must_use]
pub fn sort_parts(parts: Vec<Result<ActionSource, NotRead>>) -> Vec<Result<ActionSource, LeftOut>> {
    let parts = parts.into_iter();
    parts
        .map(|part| {
            let source = part.map_err(LeftOut::from)?;
            match trigger_of(&source) {
                Ok(_) => Ok(source),
                Err(error) => Err(LeftOut::of(&source, error)),
            }
        })
        .collect()
}

/// Returns whether a handler of a login did not load, so that not everything of it ran.
#[must_use]
pub fn is_incomplete(outcome: &Outcome) -> bool {
    outcome.not_loaded().next().is_some()
}

impl Compiler<'_> {
    /// As [`Compiler::bind`]; what does not load is left out.
    ///
    /// # Errors
    /// When the engine itself is broken.
    pub fn bind_or_leave_out(
        &mut self,
        source: &ActionSource,
        given: &[postlogin_project::Secret],
        trigger: Trigger,
    ) -> Result<Result<BoundAction, LeftOut>, LoadError> {
        match self.bind(source, given, trigger) {
            Err(error) if error.problem == LoadProblem::Unloadable => {
                Ok(Err(LeftOut::of(source, error)))
            }
            bound => bound.map(Ok),
        }
    }

    /// Loads an Action and tries it once, alone and with the built-in event: what does not compile, exports no handler or misses
    /// a package when it is loaded is left out.
    ///
    /// # Errors
    /// When the engine itself is broken.
    ///
    /// # Panics
    /// Inside a tokio runtime: call it from a blocking thread there.
    pub fn try_action(
        &mut self,
        source: &ActionSource,
        trigger: Trigger,
    ) -> Result<Result<Loaded, LeftOut>, LoadError> {
        let loaded = match self.action(source) {
            Ok(loaded) => loaded,
            Err(error) if error.problem == LoadProblem::Unloadable => {
                return Ok(Err(LeftOut::of(source, error)));
            }
            Err(error) => return Err(error),
        };
        let secrets = placeholders(std::iter::once(source));
        let bound = loaded.bound(source, &seen_by(source, &[], &secrets), trigger);
        let nothing = TenantData::default();
        let mut setting = Setting::of(trigger, None, &nothing);
        setting.budget = Budget {
            time: TRIED_FOR,
            ..setting.budget
        };
        let ran = setting.run(&[bound], sample(trigger));
        let outcome = ran.map_err(|error| LoadError::internal(&error))?.outcome;
        Ok(match not_loaded(&outcome) {
            Some(error) => Err(LeftOut::of(source, error)),
            None => Ok(loaded),
        })
    }
}

/// Returns why the only Action of a login did not load.
fn not_loaded(outcome: &Outcome) -> Option<LoadError> {
    let misses_package = outcome.status == Status::Failed
        && outcome
            .notices
            .iter()
            .any(|notice| notice.code == "module-not-found");
    let error = outcome
        .error
        .as_ref()
        .filter(|error| misses_package && error.message.starts_with("Cannot find module '"));
    let missing = error.map(|error| {
        let place = error.location.as_ref();
        let place = place.map(|at| format!("{}:{}:{}: ", at.file, at.line, at.column));
        let place = place.unwrap_or_default();
        LoadError::unloadable(format!("{place}{}", error.message))
            .with_hint("`postlogin install` installs the packages that Actions declare")
    });
    unloadable(outcome).or(missing)
}
