//! Errors as the user sees them, with the exit code that scripts rely on.

use std::{
    fmt::Display,
    fs,
    path::{Path, PathBuf},
};

use postlogin_core::event::suggest::closest;

pub(crate) const SUCCESS: u8 = 0;
pub(crate) const INTERNAL: u8 = 1;
pub(crate) const USAGE: u8 = 2;
pub(crate) const DENIED: u8 = 3;
pub(crate) const NO_CASES: u8 = 4;
pub(crate) const EXPECTATION_FAILED: u8 = 100;
pub(crate) const UNLOADABLE: u8 = 101;
pub(crate) const UNEXPECTED: u8 = 102;
pub(crate) const UNWRITABLE: u8 = 110;

/// An error: the message, its place, and the remedy.
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

    /// Our own fault, unless the process may not have the addresses that a sandbox takes.
    pub(crate) fn internal(error: &anyhow::Error) -> Self {
        let message = format!("{error:#}");
        let hint = match postlogin_engine::lacks_addresses(&message) {
            true => postlogin_engine::MORE_ADDRESSES,
            false => "this is a bug of postlogin; please report it with the command and the Action",
        };
        Self {
            message,
            hint: Some(hint.into()),
            code: INTERNAL,
        }
    }

    pub(crate) fn unwritable(what: impl Display, error: impl Display) -> Self {
        Self {
            message: format!("cannot write {what}: {error}"),
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
        let message = error.sentence();
        let file = error.file.map(PathBuf::from);
        let missing = file.filter(|file| error.line.is_none() && is_missing(file));
        Self {
            message,
            hint: error
                .hint
                .or_else(|| missing.map(|file| hint_on_missing(&file))),
            code: USAGE,
        }
    }
}

fn is_missing(file: &Path) -> bool {
    // `<stdin>` is no file that could be there.
    !file.to_string_lossy().starts_with('<') && file.try_exists().is_ok_and(|exists| !exists)
}

/// Returns the hint for a missing file: the one beside it with nearly the same name.
pub(crate) fn hint_on_missing(file: &Path) -> String {
    match nearest_file(file) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "a path is relative to the working folder".into(),
    }
}

fn nearest_file(missing: &Path) -> Option<String> {
    let folder = missing
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let entries = fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    // The order of a folder is the file system's.
    names.sort();
    let near = closest(
        missing.file_name()?.to_str()?,
        names.iter().map(String::as_str),
    )?;
    Some(missing.with_file_name(near).to_string_lossy().into_owned())
}
