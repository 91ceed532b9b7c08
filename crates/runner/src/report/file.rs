//! A file that is there as a whole or not at all.

use std::cell::RefCell;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::rc::Rc;

use crate::output::{NewFile, refuse_detour};

/// Writes a report beside its place, and puts it there when it is whole: it may be larger than memory. Clones write to
/// the same file.
#[derive(Clone)]
pub struct ReportFile {
    path: PathBuf,
    new: Rc<RefCell<Option<BufWriter<NewFile>>>>,
}

impl ReportFile {
    /// A report that goes to this file.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            new: Rc::default(),
        }
    }

    /// The file.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    fn begin(&self) -> io::Result<NewFile> {
        refuse_detour(&self.path)?;
        NewFile::beside(&self.path)
    }

    /// Puts the file in its place. What is written from then on begins a new one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn store(&self) -> io::Result<()> {
        let new = match self.new.take() {
            Some(new) => new.into_inner().map_err(io::IntoInnerError::into_error)?,
            // A report may be empty.
            None => self.begin()?,
        };
        new.store()
    }
}

impl Write for ReportFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut new = self.new.borrow_mut();
        let new = match &mut *new {
            Some(new) => new,
            none => none.insert(BufWriter::new(self.begin()?)),
        };
        new.write(bytes)
    }

    /// No reader sees the file before it is in its place.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
