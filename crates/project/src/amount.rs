//! The amount of a project: what all of its files have together. Each file has a limit of its own; without one for all of them, a few
//! kilobytes of links to one large file take gigabytes.
//!
//! The files are read in many places, so they are counted where all of them pass: at the [`Boundary`](crate::Boundary), and where
//! documents are parsed. Outside of [`counted`] nothing is.

use std::cell::RefCell;
use std::path::Path;

use crate::{Error, Project, Result};

/// Bytes of files that are kept as texts: documents, e-mail templates, inline code. Exports of large tenants have some 20 MiB.
const KEPT: u64 = 96 << 20;
/// Bytes of files that are read, those included in which only a word is looked for.
const READ: u64 = 512 << 20;
/// Values of documents, of some 70 bytes each.
const VALUES: u64 = 2_000_000;

/// The rest of what a project may have.
#[derive(Debug, Clone)]
struct Left {
    kept: u64,
    read: u64,
    values: u64,
    /// The file with which it was too much.
    last: Option<String>,
}

thread_local! {
    static LEFT: RefCell<Option<Left>> = const { RefCell::new(None) };
}

impl Default for Left {
    fn default() -> Self {
        Self {
            kept: KEPT,
            read: READ,
            values: VALUES,
            last: None,
        }
    }
}

/// The rest that all projects of one run may still have together: as much as one alone.
#[derive(Debug, Clone, Default)]
pub struct Amount(Left);

impl Amount {
    /// As [`Project::discover`], for one of several projects.
    ///
    /// # Errors
    /// As [`Project::discover`]; when the projects so far have too much together.
    pub fn discover(&mut self, folder: &Path) -> Result<Option<Project>> {
        let (left, result) = counted_from(self.0.clone(), || Project::discover(folder));
        self.0 = left;
        result
    }
}

/// Ends the count, whatever happens.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        LEFT.with_borrow_mut(|left| *left = None);
    }
}

/// Counts what `work` reads on this thread. Within another count, it is a part of that.
///
/// # Errors
/// Those of `work`; when it reads too much, and then whatever it returns.
pub(crate) fn counted<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    if LEFT.with_borrow(Option::is_some) {
        return work();
    }
    counted_from(Left::default(), work).1
}

/// As [`counted`], with what is left of a larger count. Returns what is left then.
fn counted_from<T>(from: Left, work: impl FnOnce() -> Result<T>) -> (Left, Result<T>) {
    LEFT.set(Some(from));
    let end = End;
    let result = work();
    let left = LEFT.take().unwrap_or_default();
    drop(end);
    let result = match &left.last {
        Some(file) => Err(too_much(file)),
        None => result,
    };
    (left, result)
}

/// Counts a file that was read. Files after the one with which it was too much are refused as well, and should not be opened: [`admit`].
pub(crate) fn read(bytes: usize, shown: &str) -> Result<()> {
    take(shown, bytes, |left| &mut left.read)
}

/// Counts a text that is kept.
pub(crate) fn kept(bytes: usize, shown: &str) -> Result<()> {
    take(shown, bytes, |left| &mut left.kept)
}

/// Counts values of a document.
pub(crate) fn values(count: usize, shown: &str) -> Result<()> {
    take(shown, count, |left| &mut left.values)
}

/// Refuses a file, whatever it has, once there is too much.
pub(crate) fn admit(shown: &str) -> Result<()> {
    read(0, shown)
}

fn take(shown: &str, amount: usize, part: fn(&mut Left) -> &mut u64) -> Result<()> {
    LEFT.with_borrow_mut(|left| {
        let Some(left) = left else {
            return Ok(());
        };
        if let Some(last) = &left.last {
            return Err(too_much(last));
        }
        let rest = part(left);
        match rest.checked_sub(u64::try_from(amount).unwrap_or(u64::MAX)) {
            Some(less) => {
                *rest = less;
                Ok(())
            }
            None => {
                left.last = Some(shown.to_owned());
                Err(too_much(shown))
            }
        }
    })
}

fn too_much(file: &str) -> Error {
    let message = format!(
        "the files of the project are too large up to this one: together more than {} MiB of texts, {VALUES} values, or {} MiB that are looked through",
        KEPT >> 20,
        READ >> 20
    );
    let hint = "name the folder of the project with `-C`, or the files of Actions; links to one file count as a file each";
    Error::new(message).in_file(file).with_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: usize = 48 << 20;

    #[test]
    fn all_files_of_a_project_count_together() {
        let read = counted(|| {
            kept(HALF, "a")?;
            counted(|| kept(HALF, "b"))?;
            admit("c")?;
            kept(1, "d")
        });
        let error = read.expect_err("it is too much");
        assert_eq!(error.file.as_deref(), Some("d"));
    }

    #[test]
    fn several_projects_have_the_limits_of_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let values = format!("[{}0]", "0,".repeat(300_000));
        for name in ["a", "b", "c", "d", "e", "f", "g"] {
            let project = folder.path().join(name);
            std::fs::create_dir_all(project.join("clients")).expect("a folder");
            let client = format!("{{\"name\": \"c\", \"app_type\": \"spa\", \"x\": {values}}}");
            std::fs::write(project.join("clients/c.json"), client).expect("a file");
            std::fs::create_dir_all(project.join("actions")).expect("a folder");
            std::fs::write(
                project.join("actions/a.js"),
                "exports.onExecutePostLogin = 1;",
            )
            .expect("a file");
        }
        let at = |name: &str| folder.path().join(name);
        let mut amount = Amount::default();
        for name in ["a", "b", "c", "d", "e", "f"] {
            let found = amount.discover(&at(name)).expect("there is room");
            assert!(found.is_some(), "{name}");
        }
        let error = amount.discover(&at("g")).expect_err("it is too much");
        assert!(error.message.contains("values"), "{}", error.message);
        assert!(amount.discover(&at("a")).is_err());
        assert!(Project::discover(&at("g")).is_ok());
    }

    #[test]
    fn an_error_that_is_kept_aside_is_not_lost() {
        let read = counted(|| {
            let left_out = kept(2 * HALF + 1, "a");
            assert!(left_out.is_err() && admit("b").is_err());
            Ok(())
        });
        let error = read.expect_err("it is too much");
        assert_eq!(error.file.as_deref(), Some("a"));
        // The next count begins anew, and outside of one there is none.
        assert!(counted(|| values(2_000_000, "a")).is_ok());
        assert!(counted(|| values(2_000_001, "a")).is_err());
        assert!(values(usize::MAX, "a").is_ok());
    }
}
