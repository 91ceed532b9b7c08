//! Which files of a plan have changed.
//!
//! Modification times are asked for, some twenty times a second: a few dozen files cost less than a millisecond, and no
//! editor, network drive or container is a special case.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::plan::{Plan, PlannedCase};

/// The interval at which files are looked at.
pub const POLL: Duration = Duration::from_millis(50);

/// The state of a file; `None` when it was missing.
type Stamp = Option<(SystemTime, u64)>;

/// Remembers what files were like.
#[derive(Debug, Default)]
pub struct Watcher {
    seen: HashMap<PathBuf, Stamp>,
}

impl Watcher {
    /// Watches the files of a plan, and these.
    pub fn new(plan: &Plan, more: &[PathBuf]) -> Self {
        let of_cases = plan.cases.iter().flat_map(files_of);
        let of_plan = of_cases.chain(&plan.files);
        let seen = of_plan
            .chain(more)
            .map(|path| (path.clone(), stamp(path)))
            .collect();
        Self { seen }
    }

    /// The files that are not as they were; from now on, they are as they are.
    pub fn changed(&mut self) -> HashSet<PathBuf> {
        let mut changed = HashSet::new();
        for (path, seen) in &mut self.seen {
            let now = stamp(path);
            if now != *seen {
                *seen = now;
                changed.insert(path.clone());
            }
        }
        changed
    }
}

/// Remembers what a few files were like, for a host that looks at them itself.
#[derive(Debug, Default)]
pub struct Stamps(Vec<(PathBuf, Stamp)>);

impl Stamps {
    /// Returns the state of these files now.
    pub fn of(files: impl IntoIterator<Item = PathBuf>) -> Self {
        let stamped = files.into_iter().map(|path| {
            let now = stamp(&path);
            (path, now)
        });
        Self(stamped.collect())
    }

    /// From now on, the files are as they are.
    pub fn look_again(&mut self) {
        for (path, seen) in &mut self.0 {
            *seen = stamp(path);
        }
    }

    /// Whether a file is not as it was.
    pub fn are_old(&self) -> bool {
        self.0.iter().any(|(path, seen)| stamp(path) != *seen)
    }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn files_of(planned: &PlannedCase) -> impl Iterator<Item = &PathBuf> {
    planned.case.files.iter().chain(planned.other_files())
}

/// The cases that a change of these files touches, as indices; those that are new, too.
pub fn touched(plan: &Plan, before: &HashSet<String>, changed: &HashSet<PathBuf>) -> Vec<usize> {
    let is_touched = |planned: &PlannedCase| {
        files_of(planned).any(|file| changed.contains(file))
            || !before.contains(&planned.case.full_name)
    };
    let cases = plan.cases.iter().enumerate();
    let ours = cases.filter(|(_, planned)| is_touched(planned));
    ours.map(|(index, _)| index).collect()
}

/// The full names of all cases of a plan.
pub fn names(plan: &Plan) -> HashSet<String> {
    let cases = plan.cases.iter();
    cases
        .map(|planned| planned.case.full_name.clone())
        .collect()
}
