//! The amount of a project: what all of its files have together. Each file has a limit of its own; without one for all of them, a few
//! kilobytes of links to one large file take gigabytes.
//!
//! The files are read in many places, so they are counted where all of them pass: at the [`Boundary`](crate::Boundary), and where
//! documents are parsed. Outside of [`counted`] nothing is.

use std::cell::RefCell;

use crate::{Error, Result};

/// Bytes of files that are kept as texts: documents, e-mail templates, inline code. Exports of large tenants have some 20 MiB.
const KEPT: u64 = 96 << 20;
/// Bytes of files that are read, those included in which only a word is looked for.
const READ: u64 = 512 << 20;
/// Values of documents, of some 70 bytes each.
const VALUES: u64 = 2_000_000;

/// The rest of what a project may have.
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
    LEFT.with_borrow_mut(|left| {
        *left = Some(Left {
            kept: KEPT,
            read: READ,
            values: VALUES,
            last: None,
        });
    });
    let end = End;
    let result = work();
    let last = LEFT.with_borrow_mut(|left| left.as_mut().and_then(|left| left.last.take()));
    drop(end);
    match last {
        Some(file) => Err(too_much(&file)),
        None => result,
    }
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
