//! Compiling in another process. The compiler takes some 300 MB, which the process that runs logins would keep for as long as it
//! lives, beside the memory of its guests.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{
    cache::{self, make_private_folder},
    contract::NotAnAction,
};

/// The parts that are compiled once per machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The language engine.
    Engine,
    /// ICU, for `Intl`.
    Intl,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Engine, Self::Intl];

    /// Returns its name, by which the other process knows what to do.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Intl => "intl",
        }
    }

    /// Returns the part with a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }
}

/// Why another process has compiled nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HelperError {
    /// None could be started; this one compiles.
    Unavailable(String),
    /// It has compiled and could not write the result, so this one compiles once more.
    NotKept(String),
    /// It began and failed. One sentence without a full stop.
    Failed(String),
}

/// The compiled code could not be written: the disk is full, or the folder is gone. The text has the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotKept(pub String);

/// Compiles in another process, which is the same program.
pub trait Helper: Send + Sync {
    /// Compiles a part, and keeps it in `folder` as [`Engine::for_helper`](crate::Engine::for_helper) does. The other process must
    /// hold `lock` open as long as it works: on Unix, a lock belongs to all who have the opened file, so it stays when this process
    /// is killed, and the next one waits instead of compiling the same beside it.
    ///
    /// # Errors
    /// When no other process can be started, or the one that was started fails.
    fn compile(
        &self,
        part: Part,
        folder: &Path,
        lock: Option<&fs::File>,
    ) -> Result<(), HelperError>;
}

/// A folder for what cannot be kept in the cache. It is removed with this value; what is mapped stays.
pub(crate) struct Passing(PathBuf);

impl Passing {
    /// Makes a folder that only this user can look into.
    pub(crate) fn new() -> Option<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("postlogin-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        make_private_folder(&folder).ok()?;
        Some(Self(folder))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        // What is left behind is only litter.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Where another process has put what it compiled.
pub(crate) struct Made {
    pub(crate) file: PathBuf,
    /// Whether it is kept there, or why not.
    pub(crate) kept: Result<PathBuf, String>,
    /// Holds the file where it is not kept.
    _passing: Option<Passing>,
}

/// Lets another process compile a part into the cache, or where it cannot be kept into a folder for the moment. `None` when
/// this process must compile.
///
/// # Errors
/// When the other process began and failed.
pub(crate) fn in_helper(
    helper: &dyn Helper,
    part: Part,
    file: Option<&Path>,
    name: &str,
    lock: Option<&fs::File>,
) -> Result<Option<Made>, NotAnAction> {
    let kept = match file {
        Some(file) => cache::can_keep(file).map(|()| file.to_owned()),
        None => Err("there is no cache folder".into()),
    };
    let (file, passing) = match &kept {
        Ok(file) => (file.clone(), None),
        Err(_) => {
            let Some(passing) = Passing::new() else {
                return Ok(None);
            };
            (passing.path().join(name), Some(passing))
        }
    };
    let folder = file.parent().unwrap_or(Path::new("."));
    match helper.compile(part, folder, lock) {
        Ok(()) => Ok(Some(Made {
            file,
            kept,
            _passing: passing,
        })),
        Err(HelperError::Unavailable(reason) | HelperError::NotKept(reason)) => {
            tracing::debug!(part = part.name(), %reason, "no other process compiles");
            Ok(None)
        }
        Err(HelperError::Failed(reason)) => Err(NotAnAction::NotCompiled(reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, Passing};

    #[test]
    fn parts_are_known_by_their_names() {
        for part in Part::ALL {
            assert_eq!(Part::of_name(part.name()), Some(part));
        }
        assert_eq!(Part::of_name("Engine"), None);
        assert_eq!(Part::of_name(""), None);
    }

    #[test]
    fn a_passing_folder_is_private_and_goes() {
        let (one, other) = (Passing::new().unwrap(), Passing::new().unwrap());
        assert_ne!(one.path(), other.path());
        let path = one.path().to_owned();
        assert!(path.is_dir());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
        }
        std::fs::write(path.join("a"), "b").unwrap();
        drop(one);
        assert!(!path.exists());
    }
}
