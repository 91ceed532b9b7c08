//! The memory that the files of all Actions of a run have together: each Action has a limit of its own, and there are any number.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Deref;
use std::sync::{
    Arc, Mutex, PoisonError, Weak,
    atomic::{AtomicUsize, Ordering},
};

/// Bytes of the files that all Actions require.
const REQUIRED: usize = 128 << 20;
/// Bytes of the project's files that all Actions import. Prepared, they take some five times as much.
const IMPORTED: usize = 24 << 20;

/// The room that the Actions of one run share. Give the same to each of them; a clone is the same one.
#[derive(Debug, Clone, Default)]
pub struct Room(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    required: Arc<AtomicUsize>,
    imported: Arc<AtomicUsize>,
    /// The texts of required files by their hashes: Actions that require one package have it once.
    texts: Mutex<HashMap<u64, Vec<Weak<Kept>>>>,
}

/// A part of the room, until it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    bytes: usize,
    of: Arc<AtomicUsize>,
}

/// The text of a file, and its part of the room.
#[derive(Debug)]
pub(super) struct Kept {
    text: Arc<str>,
    _share: Share,
}

impl Kept {
    /// Returns the text itself, shared.
    pub(super) fn text(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }
}

impl Deref for Kept {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.of.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Takes a part of a whole that has at most `most` bytes.
fn take(of: &Arc<AtomicUsize>, bytes: usize, most: usize) -> Option<Share> {
    let more = |taken: usize| taken.checked_add(bytes).filter(|taken| *taken <= most);
    let taken = of.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    taken.is_ok().then(|| Share {
        bytes,
        of: Arc::clone(of),
    })
}

impl Room {
    /// Returns room for the files of the project that an Action imports; an error text when there is none.
    pub(super) fn for_imports(&self, bytes: usize) -> Result<Share, String> {
        take(&self.0.imported, bytes, IMPORTED).ok_or_else(|| {
            format!(
                "this run has too much code: the files that its Actions import have more than {} MiB together",
                IMPORTED >> 20
            )
        })
    }

    /// Keeps the text of a file that an Action requires; an error text when there is no room.
    pub(super) fn keep(&self, text: &Arc<str>) -> Result<Arc<Kept>, String> {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let mut texts = self.0.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = texts.entry(hasher.finish()).or_default();
        known.retain(|text| text.strong_count() > 0);
        let mut equal = known.iter().filter_map(Weak::upgrade);
        if let Some(equal) = equal.find(|known| known.text == *text) {
            return Ok(equal);
        }
        let share = take(&self.0.required, text.len(), REQUIRED).ok_or_else(|| {
            format!(
                "the files that the Actions of this run require have more than {} MiB together",
                REQUIRED >> 20
            )
        })?;
        let kept = Arc::new(Kept {
            text: Arc::clone(text),
            _share: share,
        });
        known.push(Arc::downgrade(&kept));
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_kept_once_and_all_have_a_limit() {
        let room = Room::default();
        let text = |letter: &str| -> Arc<str> { letter.repeat(REQUIRED / 2).into() };
        let a = room.keep(&text("a")).expect("there is room");
        let again = room.clone().keep(&text("a")).expect("it is kept already");
        assert!(Arc::ptr_eq(&a, &again));
        let b = room.keep(&text("b")).expect("there is room");
        assert!(room.keep(&"c".into()).is_err());
        drop(b);
        assert!(room.keep(&"c".into()).is_ok());
        drop((a, again));
        assert_eq!(room.0.required.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn imports_give_their_room_back() {
        let room = Room::default();
        let half = room.for_imports(IMPORTED / 2).expect("there is room");
        assert!(room.for_imports(IMPORTED / 2 + 1).is_err());
        drop(half);
        assert!(room.for_imports(IMPORTED).is_ok());
    }
}
