//! A file that is there as a whole or not at all.

use std::cell::RefCell;
use std::io::{self, Write};
use std::path::PathBuf;
use std::rc::Rc;

use crate::snapshot::write_whole;

/// Collects a report and writes the file at once. Clones write to the same file.
#[derive(Clone)]
pub struct ReportFile {
    path: PathBuf,
    text: Rc<RefCell<Vec<u8>>>,
}

impl ReportFile {
    /// A report that goes to this file.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            text: Rc::default(),
        }
    }

    /// The file.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Writes the file, and begins anew.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn store(&self) -> io::Result<()> {
        let text = self.text.take();
        write_whole(&self.path, &text)
    }
}

impl Write for ReportFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
