//! The parts of a configuration that could not be read, and those that were read in another way than they are written.
//!
//! One broken file does not hide the others: it is left out with its error, which is reported, and which whoever needs the
//! thing itself gets instead of it.

use std::path::{Path, PathBuf};

use crate::files::file_stem;
use crate::{Error, Result};

/// The kind of a part of a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// An Action.
    Action,
    /// A Rule.
    Rule,
    /// Anything else: an application, a connection, an Action Module.
    Other,
}

/// A part of the configuration that is left out because it cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The kind of part.
    pub part: Part,
    /// The name, if it could be read, else the file's name without its extension.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// Why it cannot be read.
    pub error: Error,
}

/// A script with a handler in `actions/` of an export that does not describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undescribed {
    /// The name by its file or folder.
    pub name: String,
    /// The file.
    pub code: PathBuf,
}

/// Remarks for users about a configuration that was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remarks {
    /// The omitted parts.
    pub broken: Vec<Broken>,
    /// The parts that were read in another way than they are written, each with its place.
    pub notices: Vec<Error>,
    /// Entries of bindings whose Action is not known, each with the trigger, if that is known. Who runs the binding gets the error.
    pub unresolved: Vec<(Option<String>, Error)>,
    /// Scripts that are no Actions of the project, because nothing describes them; `notices` has a warning for each.
    pub undescribed: Vec<Undescribed>,
}

impl Remarks {
    /// Returns what was read; what cannot be read is left out with its error.
    pub(crate) fn keep<T>(&mut self, part: Part, path: &Path, read: Result<T>) -> Option<T> {
        self.keep_named(part, file_stem(path), path, read)
    }

    /// As [`Remarks::keep`], for one of several things in a file.
    pub(crate) fn keep_named<T>(
        &mut self,
        part: Part,
        name: String,
        path: &Path,
        read: Result<T>,
    ) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(error) => {
                self.broken.push(Broken {
                    part,
                    name,
                    path: path.to_owned(),
                    error,
                });
                None
            }
        }
    }

    /// Returns why there is no Action of this name, if one of this name could not be read.
    pub(crate) fn broken_action(&self, name: &str) -> Option<&Error> {
        let is_meant = |broken: &&Broken| broken.part == Part::Action && broken.name == name;
        self.broken
            .iter()
            .find(is_meant)
            .map(|broken| &broken.error)
    }
}
