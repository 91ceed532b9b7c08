//! The file of users.

use std::{
    collections::HashSet,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
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
use crate::{
    error::{CliError, hint_on_missing},
    streams,
};

/// Users that are being read.
pub(super) struct Input {
    pub(super) users: Users,
    /// The number of bytes of the file that were read.
    pub(super) position: Arc<AtomicU64>,
    /// Its size, if it is known.
    pub(super) size: Option<u64>,
}

/// A file that is named again.
pub(super) fn named_twice(paths: &[PathBuf]) -> Option<&PathBuf> {
    let mut before = HashSet::new();
    paths.iter().find(|path| {
        let real = path.canonicalize();
        !before.insert(real.unwrap_or_else(|_| (*path).clone()))
    })
}

/// Opens files that are read one after the other.
pub(super) fn open(paths: &[PathBuf], columns: &Columns) -> Result<Input, CliError> {
    let position = Arc::new(AtomicU64::new(0));
    let opened = paths.iter().map(|path| open_at(path, columns, &position));
    let mut opened = opened.collect::<Result<Vec<_>, _>>()?.into_iter();
    let Some(first) = opened.next() else {
        return Err(CliError::usage("no file of users is named"));
    };
    Ok(opened.fold(first, |all, next| Input {
        users: all.users.followed_by([next.users]),
        position: all.position,
        size: all.size.zip(next.size).map(|(one, other)| one + other),
    }))
}

/// Opens a file.
pub(super) fn open_one(path: &Path, columns: &Columns) -> Result<Input, CliError> {
    open_at(path, columns, &Arc::new(AtomicU64::new(0)))
}

fn open_at(path: &Path, columns: &Columns, position: &Arc<AtomicU64>) -> Result<Input, CliError> {
    let shown = path.display();
    let counted = |reader: Box<dyn Read + Send>| Counted {
        reader,
        position: Arc::clone(position),
    };
    let (source, size) = if path == Path::new("-") {
        (counted(Box::new(Waiting::of(streams::stdin()))), None)
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
        position: Arc::clone(position),
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
