//! The faults of logins, each once.

use std::collections::HashMap;

use crate::load::LoadError;
use crate::run_event::Failure;

/// The number of different messages that are reported at one place of the source.
const MOST_AT_A_PLACE: usize = 3;

/// The faults of one login: the key and the place of each.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) faults: Vec<(String, String)>,
    /// It computed until its time was over: [`crate::endless`].
    pub(super) endless: bool,
    pub(super) set_aside: bool,
    pub(super) broken: Option<String>,
    pub(super) unloadable: Option<LoadError>,
}

/// A fault that some logins showed.
pub(super) struct Known {
    pub(super) key: String,
    pub(super) bench: usize,
    /// The number of the first login that showed it, among those of its target.
    pub(super) event: u64,
    /// Its number among all.
    pub(super) first: u64,
    pub(super) logins: u64,
    pub(super) endless: bool,
    /// Ours, or a text that does not load: nothing to make small.
    pub(super) broken: Option<Failure>,
}

/// Faults in the order of the logins that showed them first.
pub(super) fn group(shown: &[Shown], benches: usize) -> Vec<Known> {
    let mut known: Vec<Known> = Vec::new();
    let mut by_key: HashMap<(usize, String), usize> = HashMap::new();
    let mut at_place: HashMap<(usize, String), Vec<usize>> = HashMap::new();
    let all = benches.max(1);
    for (number, shown) in shown.iter().enumerate() {
        let bench = number % all;
        let mut add = |key: &str, place: &str, broken: Option<Failure>| {
            let id = (bench, key.to_owned());
            if let Some(known) = by_key.get(&id).and_then(|index| known.get_mut(*index)) {
                known.logins += 1;
                return;
            }
            let here = at_place.entry((bench, place.to_owned())).or_default();
            if here.len() >= MOST_AT_A_PLACE
                && let Some(first) = here.first().copied()
            {
                // One place that says something else each time is one finding.
                if let Some(known) = known.get_mut(first) {
                    known.logins += 1;
                }
                by_key.insert(id, first);
                return;
            }
            here.push(known.len());
            by_key.insert(id, known.len());
            known.push(Known {
                key: key.to_owned(),
                bench,
                event: (number / all) as u64,
                first: number as u64,
                logins: 1,
                endless: shown.endless,
                broken,
            });
        };
        // A login may show the same fault twice, in a loop.
        let mut seen: Vec<&str> = Vec::new();
        for (key, place) in &shown.faults {
            if !seen.contains(&key.as_str()) {
                seen.push(key);
                add(key, place, None);
            }
        }
        if let Some(broken) = &shown.broken {
            add(broken, broken, Some(Failure::Internal(broken.clone())));
        }
        if let Some(error) = &shown.unloadable {
            let failure = Failure::Load(error.clone());
            add(&error.message, &error.message, Some(failure));
        }
    }
    known
}
