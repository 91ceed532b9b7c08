//! Why what a login runs cannot be loaded.

use std::fmt;

use crate::LoadError;

/// Why the Rules and Actions of a project cannot be loaded.
#[derive(Debug)]
pub enum ProgramError {
    /// Its files cannot be read.
    Project(postlogin_project::Error),
    /// Its files are gone.
    Gone,
    /// A Rule or an Action does not load.
    Load(LoadError),
    /// The engine cannot be started.
    Engine(anyhow::Error),
}

/// One sentence, which logins fail with.
impl fmt::Display for ProgramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Project(error) => f.write_str(&error.sentence()),
            Self::Gone => f.write_str("the project's files are gone"),
            Self::Load(error) => f.write_str(&error.message),
            Self::Engine(error) => write!(f, "{error:#}"),
        }
    }
}

impl std::error::Error for ProgramError {}

impl From<postlogin_project::Error> for ProgramError {
    fn from(error: postlogin_project::Error) -> Self {
        Self::Project(error)
    }
}

impl From<LoadError> for ProgramError {
    fn from(error: LoadError) -> Self {
        Self::Load(error)
    }
}
