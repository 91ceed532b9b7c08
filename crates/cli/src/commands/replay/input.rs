//! The file of users.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use postlogin_replay::{
    input::{Users, of_reader},
    profile::Columns,
};

use super::{
    interrupt,
    obedient::{Direct, Waiting},
};
use crate::error::{CliError, hint_on_missing};

/// Users that are being read.
pub(super) struct Input {
    pub(super) users: Users,
    /// The number of bytes of the file that were read.
    pub(super) position: Arc<AtomicU64>,
    /// Its size, if it is known.
    pub(super) size: Option<u64>,
}

pub(super) fn open(path: &Path, columns: &Columns) -> Result<Input, CliError> {
    let shown = path.display();
    let position = Arc::new(AtomicU64::new(0));
    let counted = |reader: Box<dyn Read + Send>| Counted {
        reader,
        position: Arc::clone(&position),
    };
    let (source, size) = if path == Path::new("-") {
        (counted(Box::new(Waiting::of(io::stdin()))), None)
    } else {
        let file = File::open(path).map_err(|error| {
            let shown = CliError::usage(format!("cannot read {shown}: {error}"));
            match error.kind() {
                io::ErrorKind::NotFound => shown.with_hint(hint_on_missing(path)),
                _ => shown,
            }
        })?;
        let found = file.metadata().ok();
        if found.as_ref().is_some_and(std::fs::Metadata::is_dir) {
            return Err(CliError::usage(format!("{shown} is a folder"))
                .with_hint("name the file of users that the export is"));
        }
        let size = found
            .filter(std::fs::Metadata::is_file)
            .map(|found| found.len());
        match size {
            Some(_) => (counted(Box::new(Direct(file))), size),
            None => (counted(Box::new(Waiting::of(file))), size),
        }
    };
    let users = Users::until(of_reader(source), columns, interrupt::came);
    let users = users.map_err(|error| CliError::usage(format!("{shown}: {error}")))?;
    Ok(Input {
        users,
        position,
        size,
    })
}

struct Counted {
    reader: Box<dyn Read + Send>,
    position: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(bytes)?;
        self.position.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
