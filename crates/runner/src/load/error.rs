//! Why an Action could not be loaded.

use std::fmt;

use postlogin_core::{Fault, Location, Trigger, trigger::is_without_contract};
use postlogin_engine::NotAnAction;

use super::ALLOW_CARGO_BUILD;

/// Why an Action could not be built or loaded, as a user reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    /// `file:line:column: sentence`, or only the sentence.
    pub message: String,
    /// The way to fix it.
    pub hint: Option<String>,
    /// Whose fault it is.
    pub problem: LoadProblem,
}

/// Whose fault it is that an Action could not be loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadProblem {
    /// The Action cannot be built or is none.
    Unloadable,
    /// Ours.
    Internal,
}

impl LoadError {
    pub(crate) fn unloadable(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            problem: LoadProblem::Unloadable,
        }
    }

    pub(crate) fn no_rule(file: &str) -> Self {
        Self::unloadable(format!(
            "{file}: configured as a Rule, but the file does not contain one"
        ))
        .with_hint("a Rule is one function: function (user, context, callback) { … }")
    }

    pub(crate) fn other_trigger(file: &str, id: &str) -> Self {
        let why = match is_without_contract(id) {
            true => "which has no public contract and does not run here",
            false => "which is not a known trigger",
        };
        Self::unloadable(format!("{file}: the Action is for the trigger {id}, {why}"))
            .with_hint(triggers_that_run())
    }

    /// The source exports a handler of a trigger that is known and does not run here.
    pub(crate) fn handler_without_contract(file: &str, name: &str, id: &str) -> Self {
        Self::unloadable(format!(
            "{file}: the Action exports `{name}`, a handler of the trigger {id}, which has no public contract and does not run here"
        ))
        .with_hint(triggers_that_run())
    }

    /// The source exports what has the form of a handler, and nothing else that runs.
    pub(crate) fn unknown_handler(file: &str, name: &str) -> Self {
        let handlers = Trigger::ALL.iter().map(|trigger| trigger.table().execute);
        let handlers: Vec<&str> = handlers.collect();
        Self::unloadable(format!(
            "{file}: the Action exports `{name}`, which is not a handler of a known trigger"
        ))
        .with_hint(format!("handlers are {}", handlers.join(", ")))
    }

    pub(crate) fn mixed_triggers(one: (&str, Trigger), other: (&str, Trigger)) -> Self {
        Self::unloadable(format!(
            "{} is an Action of {} and {} one of {}; one run is of one trigger",
            one.0, one.1, other.0, other.1
        ))
        .with_hint("run them in separate commands or cases")
    }

    pub(crate) fn cargo_not_allowed(shown: &str) -> Self {
        Self::unloadable(format!(
            "{shown}: the project names a Cargo package, and building it runs its build scripts outside of the sandbox"
        ))
        .with_hint(format!(
            "set {ALLOW_CARGO_BUILD}=1 if you trust the package, or name a built .wasm component"
        ))
    }

    /// An Action whose files cannot be read.
    pub(crate) fn unreadable(error: &postlogin_project::Error) -> Self {
        Self {
            hint: error.hint.clone(),
            ..Self::unloadable(error.sentence())
        }
    }

    /// An Action that no case of a run needs.
    pub fn not_loaded(name: &str) -> Self {
        Self::unloadable(format!("the Action `{name}` was not loaded"))
    }

    pub(crate) fn internal(error: &anyhow::Error) -> Self {
        Self {
            message: format!("{error:#}"),
            hint: None,
            problem: LoadProblem::Internal,
        }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn syntax(error: &postlogin_js::source::SyntaxError) -> Self {
        Self {
            hint: error.hint.clone(),
            ..Self::unloadable(error.to_string())
        }
    }

    pub(crate) fn not_an_action(shown: &str, error: &NotAnAction) -> Self {
        Self {
            hint: error.hint(),
            ..Self::unloadable(format!("{shown}: {error}"))
        }
    }

    /// The error that production would report at the first login.
    pub(crate) fn refused(fault: &Fault) -> Self {
        let place = fault.location.as_ref().map(|place| {
            let Location { file, line, column } = place;
            format!("{file}:{line}:{column}: ")
        });
        // A plain Error whose message begins with the class of the error that it wraps.
        let class = match fault.name.as_str() {
            "Error" => String::new(),
            name => format!("{name}: "),
        };
        let place = place.unwrap_or_default();
        Self::unloadable(format!("{place}{class}{}", fault.message))
    }
}

fn triggers_that_run() -> String {
    let known: Vec<&str> = Trigger::ALL.iter().map(|trigger| trigger.id()).collect();
    format!("triggers that run are {}", known.join(", "))
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for LoadError {}
