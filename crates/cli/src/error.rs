//! Errors as the user sees them, with the exit code that scripts rely on.

use std::fmt::Display;

pub(crate) const SUCCESS: u8 = 0;
pub(crate) const INTERNAL: u8 = 1;
pub(crate) const USAGE: u8 = 2;
pub(crate) const DENIED: u8 = 3;
pub(crate) const UNLOADABLE: u8 = 101;
pub(crate) const UNWRITABLE: u8 = 110;

/// What happened, where, and what to do about it.
#[derive(Debug)]
pub(crate) struct CliError {
    /// `file:line:column: sentence` or only the sentence.
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) code: u8,
}

impl CliError {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            code: USAGE,
        }
    }

    /// An Action that could not be built or loaded.
    pub(crate) fn unloadable(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            code: UNLOADABLE,
        }
    }

    /// Our own fault.
    pub(crate) fn internal(error: &anyhow::Error) -> Self {
        Self {
            message: format!("{error:#}"),
            hint: Some(
                "this is a bug of postlogin; please report it with the command and the Action"
                    .into(),
            ),
            code: INTERNAL,
        }
    }

    pub(crate) fn unwritable(what: impl Display, error: impl Display) -> Self {
        Self {
            message: format!("can't write {what}: {error}"),
            hint: None,
            code: UNWRITABLE,
        }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<postlogin_project::Error> for CliError {
    fn from(error: postlogin_project::Error) -> Self {
        Self {
            message: error.to_string(),
            hint: error.hint,
            code: USAGE,
        }
    }
}
