//! Files that cases name: events, users, clients, mocks. Each is read once, and all of them have a limit together.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use postlogin_core::ceilings::value_bytes;
use postlogin_host::Mock;
use postlogin_project::Error;
use serde_json::Value;

/// Bytes of memory that they take, about.
const MOST: usize = 128 << 20;

/// The files that were read.
pub(super) struct NamedFiles {
    pub(super) values: HashMap<PathBuf, Arc<Value>>,
    mocks: HashMap<PathBuf, Arc<Vec<Mock>>>,
    left: usize,
}

impl Default for NamedFiles {
    fn default() -> Self {
        Self {
            values: HashMap::new(),
            mocks: HashMap::new(),
            left: MOST,
        }
    }
}

impl NamedFiles {
    /// Counts what a file has. Later ones are refused once it was too much.
    ///
    /// # Errors
    /// When that is more than is left.
    pub(super) fn count(&mut self, value: &Value, shown: &str) -> Result<(), Error> {
        match self.left.checked_sub(value_bytes(value)) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                self.left = 0;
                Err(too_much(shown))
            }
        }
    }

    /// Refuses a file before it is read once there was too much.
    ///
    /// # Errors
    /// When nothing is left.
    pub(super) fn admit(&self, shown: &str) -> Result<(), Error> {
        match self.left {
            0 => Err(too_much(shown)),
            _ => Ok(()),
        }
    }

    /// Returns the mocks of a file, which `read` reads.
    ///
    /// # Errors
    /// Those of `read`.
    pub(super) fn mocks(
        &mut self,
        path: &Path,
        read: impl FnOnce(&mut Self) -> Result<Vec<Mock>, Error>,
    ) -> Result<Arc<Vec<Mock>>, Error> {
        if let Some(known) = self.mocks.get(path) {
            return Ok(Arc::clone(known));
        }
        let mocks = Arc::new(read(self)?);
        self.mocks.insert(path.to_owned(), Arc::clone(&mocks));
        Ok(mocks)
    }
}

fn too_much(shown: &str) -> Error {
    let message = format!(
        "the events, users, clients and mocks that cases name take more than {} MiB with this one",
        MOST >> 20
    );
    Error::new(message)
        .in_file(shown)
        .with_hint("run fewer files of cases at once")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_files_count_together() {
        let mut files = NamedFiles::default();
        assert!(files.admit("a.json").is_ok());
        let half = Value::from("x".repeat(MOST / 2));
        assert!(files.count(&half, "a.json").is_ok());
        let error = files.count(&half, "b.json").expect_err("it is too much");
        assert_eq!(error.file.as_deref(), Some("b.json"));
        assert!(files.count(&Value::Null, "c.json").is_err());
        assert!(files.admit("c.json").is_err());
    }
}
