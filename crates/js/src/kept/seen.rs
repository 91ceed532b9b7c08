//! Whether packages are the same as when they were read, by what the file system knows of them.

use std::path::{Path, PathBuf};

use postlogin_engine::{read_own, write_own};
use serde::{Deserialize, Serialize};

use crate::modules::{Modules, Sight};

/// The state of everything that decides about packages, as it was when they were read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Seen {
    /// Everything that decides beside the file system.
    surroundings: String,
    sight: Sight,
}

/// A file of the cache, beside the index.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    specifiers: Vec<String>,
    /// SHA-256 of the delta, in hexadecimal digits; `None` when each login has to load the packages.
    delta: Option<String>,
    seen: Seen,
}

impl Seen {
    /// Returns what was there for `modules`, which have read all packages; `None` when a change of it may not be noticed.
    pub(super) fn of(modules: &Modules) -> Option<Self> {
        Some(Self {
            surroundings: modules.surroundings()?,
            sight: modules.sight()?,
        })
    }

    /// Whether the same is there.
    pub(super) fn holds(&self, modules: &Modules) -> bool {
        modules.surroundings().as_ref() == Some(&self.surroundings) && self.sight.holds()
    }

    /// Stores it beside an index.
    ///
    /// # Errors
    /// When the cache cannot be written. The text says why.
    pub(super) fn store(
        &self,
        index: &Path,
        specifiers: &[String],
        delta: Option<&str>,
    ) -> Result<(), String> {
        let stored = Stored {
            specifiers: specifiers.to_owned(),
            delta: delta.map(str::to_owned),
            seen: self.clone(),
        };
        let text = serde_json::to_vec(&stored).map_err(|error| error.to_string())?;
        write_own(&file(index), &text)
    }
}

/// Returns what was there when these packages were read, and the hash of their delta.
pub(super) fn stored(index: &Path, specifiers: &[String]) -> Option<(Seen, Option<String>)> {
    let text = read_own(&file(index))?;
    // What is not readable is as if it were not there.
    let stored: Stored = serde_json::from_slice(&text).ok()?;
    // The file may have been put in the place of another one.
    (stored.specifiers == specifiers).then_some((stored.seen, stored.delta))
}

fn file(index: &Path) -> PathBuf {
    index.with_extension("seen")
}
