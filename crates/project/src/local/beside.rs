//! Files that a document beside a script names.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::door::Boundary;
use crate::files::{decode, normalize};

/// Files that a document of the project names beside a script, such as those of its source map. All of them together have limits,
/// those that cannot be read as well: asking for one costs time, too.
pub struct Beside<'a> {
    folder: &'a Path,
    within: Boundary,
    /// The texts by their paths.
    known: HashMap<PathBuf, Option<Rc<str>>>,
    /// So many files may still be looked for.
    files: usize,
    /// So many bytes may still be returned.
    bytes: usize,
    /// So many were read.
    read: usize,
    is_cut_off: bool,
}

impl<'a> Beside<'a> {
    /// Begins at the script at `path`, with limits for the number and the bytes of files.
    #[must_use]
    pub fn of(path: &'a Path, files: usize, bytes: usize) -> Self {
        let folder = path.parent().unwrap_or(Path::new(""));
        Self {
            folder,
            within: Boundary::around(folder),
            known: HashMap::new(),
            files,
            bytes,
            read: 0,
            is_cut_off: false,
        }
    }

    /// Returns the text of a file by its path relative to the script. `None` when it cannot be read, or a limit was reached.
    pub fn text(&mut self, relative: &str) -> Option<String> {
        if Path::new(relative).is_absolute() {
            return None;
        }
        let file = normalize(&self.folder.join(relative));
        let known = match self.known.get(&file) {
            Some(known) => known.clone(),
            None => {
                let read = self.open(&file, relative);
                self.known.insert(file, read.clone());
                read
            }
        };
        // A file that is named twice is kept twice.
        let text = known?;
        self.take(text.len()).then(|| text.to_string())
    }

    fn open(&mut self, file: &Path, shown: &str) -> Option<Rc<str>> {
        if self.files == 0 || self.bytes == 0 {
            self.is_cut_off = true;
            return None;
        }
        self.files -= 1;
        let bytes = self.within.read(file, shown).ok()?;
        let size = bytes.len();
        self.read = self.read.saturating_add(size);
        match decode(bytes, shown) {
            Ok(text) => Some(Rc::from(text)),
            Err(_) => {
                self.take(size);
                None
            }
        }
    }

    /// Takes bytes off, all that are left if they are not enough.
    fn take(&mut self, bytes: usize) -> bool {
        let left = self.bytes.checked_sub(bytes);
        self.is_cut_off |= left.is_none();
        self.bytes = left.unwrap_or(0);
        left.is_some()
    }

    /// Returns the number of bytes that were read.
    #[must_use]
    pub fn read(&self) -> usize {
        self.read
    }

    /// Whether a limit kept a file from being read.
    #[must_use]
    pub fn is_cut_off(&self) -> bool {
        self.is_cut_off
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn files_that_cannot_be_read_count_as_well() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, bytes: &[u8]| {
            fs::write(folder.path().join(name), bytes).expect("a file");
        };
        write("a.ts", b"0123456789");
        write("broken.ts", &[0xff; 60]);
        let script = folder.path().join("a.js");
        let beside = |files, bytes| Beside::of(&script, files, bytes);

        // A file is read once, and counts each time that its text is returned.
        let mut all = beside(2, 30);
        for _ in 0..3 {
            assert_eq!(all.text("a.ts").as_deref(), Some("0123456789"));
        }
        assert!(!all.is_cut_off());
        assert_eq!(all.text("./a.ts"), None);
        assert_eq!((all.read(), all.is_cut_off()), (10, true));

        // What is not UTF-8 counts once, and nothing is read any more when there is no room.
        let mut all = beside(9, 100);
        for _ in 0..3 {
            assert_eq!(all.text("broken.ts"), None);
        }
        assert_eq!((all.read(), all.is_cut_off()), (60, false));
        write("other.ts", &[0xff; 60]);
        write("third.ts", b"x");
        assert_eq!(all.text("other.ts"), None);
        assert_eq!(all.text("third.ts"), None);
        assert_eq!((all.read(), all.is_cut_off()), (120, true));

        // So does what is not there, or outside.
        let mut all = beside(2, 100);
        assert_eq!(all.text("none.ts"), None);
        assert_eq!(all.text("../../../etc/passwd"), None);
        assert_eq!(all.text("/etc/passwd"), None);
        assert!(!all.is_cut_off());
        assert_eq!(all.text("a.ts"), None);
        assert_eq!((all.read(), all.is_cut_off()), (0, true));
    }
}
