//! Stored outcomes: compared with those of a run, pending until they are accepted.
//!
//! `hobby.case.yaml` has `hobby.snap`, with one section for each of its cases. What a run finds different goes to
//! `hobby.snap.new`; nothing is ever written when [`Mode::ReadOnly`] says so.

mod file;
pub mod review;
mod text;

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use postlogin_core::outcome::Outcome;
use postlogin_project::display_path;

use crate::plan::Plan;
use crate::run_event::{SnapshotFailure, SnapshotSummary};
use file::Sections;
pub use file::pending_file;
pub(crate) use file::read as read_sections;
pub use text::snapshot_text;

/// The changes that a run may make to snapshots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Differences go to pending files.
    Pending,
    /// Differences are stored at once.
    Update,
    /// Nothing is written: in CI.
    ReadOnly,
}

/// The snapshots of a run.
pub struct Snapshots {
    mode: Mode,
    working_folder: PathBuf,
    /// The names of all cases of a file, in order, whether they run or not.
    order: HashMap<PathBuf, Vec<String>>,
    files: Mutex<Files>,
}

#[derive(Default)]
struct Files {
    by_path: HashMap<PathBuf, File>,
    /// Bytes of the outcomes that differ, of all files.
    bytes: usize,
    /// Why nothing can be written.
    problem: Option<String>,
}

/// Bytes of the outcomes that differ, of all files of a run: they are in memory until the run ends.
const MOST_BYTES: usize = 128 << 20;

/// One snapshot file of the run.
#[derive(Default)]
struct File {
    stored: Sections,
    /// The cases of this run.
    ran: HashSet<String>,
    /// Those whose outcome is not as stored, with it.
    differ: HashMap<String, String>,
}

impl Snapshots {
    /// Snapshots for the cases of a plan, before any filter.
    pub fn new(mode: Mode, plan: &Plan, working_folder: &Path) -> Self {
        let mut order: HashMap<PathBuf, Vec<String>> = HashMap::new();
        for planned in plan.cases.iter().filter(|planned| planned.case.snapshot) {
            let names = order.entry(planned.snapshot_file.clone()).or_default();
            names.push(planned.case.name.clone());
        }
        Self {
            mode,
            working_folder: working_folder.to_owned(),
            order,
            files: Mutex::default(),
        }
    }

    /// Compares an outcome, secrets hidden, with the stored one.
    pub(crate) fn compare(
        &self,
        file: &Path,
        case: &str,
        outcome: &Outcome,
    ) -> Option<SnapshotFailure> {
        let current = snapshot_text(outcome);
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let Files {
            by_path,
            bytes,
            problem,
        } = &mut *files;
        let entry = by_path.entry(file.to_owned()).or_insert_with(|| {
            // The plan has read the file; here it can only have changed since.
            let stored = file::read(file, &display_path(file, &self.working_folder));
            let stored = stored.unwrap_or_else(|error| {
                problem.get_or_insert(error.to_string());
                Sections::default()
            });
            File {
                stored,
                ..File::default()
            }
        });
        let stored = entry.stored.get(case).map(str::to_owned);
        entry.ran.insert(case.to_owned());
        if stored
            .as_deref()
            .is_some_and(|stored| same(stored, &current))
        {
            return None;
        }
        if self.mode != Mode::ReadOnly {
            *bytes += current.len();
            match *bytes > MOST_BYTES {
                true => {
                    let most = MOST_BYTES >> 20;
                    problem.get_or_insert(format!(
                        "the outcomes that differ from the stored ones have more than {most} MiB; run fewer cases at once, with --filter or --shard"
                    ));
                }
                false => {
                    entry.differ.insert(case.to_owned(), current.clone());
                }
            }
        }
        match self.mode {
            Mode::Update => None,
            Mode::Pending | Mode::ReadOnly => Some(SnapshotFailure {
                stored,
                current,
                file: display_path(file, &self.working_folder),
                pending: self.mode == Mode::Pending,
            }),
        }
    }

    /// Writes what there is to write, and returns what became of all snapshots.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn finish(self, plan: &Plan) -> io::Result<SnapshotSummary> {
        let mut summary = SnapshotSummary::default();
        let files = std::mem::take(&mut *self.files.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(problem) = files.problem {
            return Err(io::Error::other(problem));
        }
        let mut files: Vec<(PathBuf, File)> = files.by_path.into_iter().collect();
        files.sort_by(|one, other| one.0.cmp(&other.0));
        for (path, file) in &files {
            let order = self.order.get(path).map(Vec::as_slice).unwrap_or_default();
            match self.mode {
                Mode::ReadOnly => {}
                Mode::Update => summary.written += store(path, file, order)?,
                Mode::Pending => {
                    let shown = display_path(&pending_file(path), &self.working_folder);
                    summary.pending += wait(path, file, order, &shown)?;
                }
            }
        }
        self.find_unused(plan, &mut summary.unused)?;
        Ok(summary)
    }

    /// Sections without a case, and files without cases.
    fn find_unused(&self, plan: &Plan, unused: &mut Vec<(String, String)>) -> io::Result<()> {
        let mut paths = plan.snapshots.clone();
        paths.retain(|path| file::is_stored(path));
        paths.extend(self.order.keys().filter(|path| path.is_file()).cloned());
        paths.sort();
        paths.dedup();
        for path in paths {
            let known = self.order.get(&path);
            let shown = display_path(&path, &self.working_folder);
            let stored = file::read(&path, &shown).map_err(io::Error::other)?;
            for name in stored.names() {
                if !known.is_some_and(|known| known.iter().any(|case| case == name)) {
                    unused.push((shown.clone(), name.to_owned()));
                }
            }
        }
        Ok(())
    }
}

/// The same JSON however it is laid out: a file may have been edited by hand.
fn same(stored: &str, current: &str) -> bool {
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    stored == current || value(stored).is_some_and(|stored| Some(stored) == value(current))
}

/// Stores what differs; what has no case any more goes.
fn store(path: &Path, file: &File, order: &[String]) -> io::Result<usize> {
    let mut sections = Sections::default();
    for name in order {
        let differs = file.differ.get(name).map(String::as_str);
        let text = differs.or_else(|| file.stored.get(name));
        if let Some(text) = text {
            sections.set(name, text);
        }
    }
    if sections != file.stored {
        file::write(path, &sections)?;
    }
    file::remove(&pending_file(path))?;
    Ok(file.differ.len())
}

/// Puts what differs into the pending file; what was pending and was not run stays.
fn wait(path: &Path, file: &File, order: &[String], shown: &str) -> io::Result<usize> {
    let pending = pending_file(path);
    let before = file::read(&pending, shown).map_err(io::Error::other)?;
    let mut sections = Sections::default();
    for name in order {
        let text = match file.ran.contains(name) {
            true => file.differ.get(name).map(String::as_str),
            false => before.get(name),
        };
        if let Some(text) = text {
            sections.set(name, text);
        }
    }
    match sections.is_empty() {
        true => file::remove(&pending)?,
        false if sections == before => {}
        false => file::write(&pending, &sections)?,
    }
    Ok(file.differ.len())
}

#[cfg(test)]
mod tests;
