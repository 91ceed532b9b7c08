//! The differences of all logins: each once, as the smallest login that shows it.
//!
//! Any login may show thousands of differences that no other has. So the work has a ceiling, and so have the memory and the
//! report; what is beyond is counted.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::report::bytes_of;
use super::work::{Group, SHRINKING, Shown, Work};
use super::{CompareOptions, Found};
use crate::endless::Endless;
use crate::numbered::{Numbers, each};

/// So many events are tried to make one smaller.
const ATTEMPTS: usize = 300;
/// So many are tried to make all of them smaller.
const ATTEMPTS_IN_ALL: usize = 6_000;
/// The events of further differences are reported as they are.
const MOST_SMALL: usize = 40;
/// Further differences are counted.
const MOST_FOUND: usize = 1_000;
/// The number of kinds of differences that are distinguished.
const MOST_GROUPS: usize = 50_000;
/// The bytes of the reported differences as JSON, after which further ones are counted.
const MOST_BYTES: usize = 6 << 20;
/// So many differences are looked at before their bytes are counted.
const STEP: usize = 50;

/// Returns the differences in the order of the logins that show them first, and how many more there are.
pub(super) fn found(
    work: &Work<'_>,
    shown: &[Shown],
    options: &CompareOptions<'_>,
) -> anyhow::Result<(Vec<Found>, u64)> {
    let (groups, mut further) = groups(shown);
    let listed = groups.get(..MOST_FOUND).unwrap_or(&groups);
    let small = groups.get(..MOST_SMALL).unwrap_or(&groups).len();
    let attempts = |index: usize, first: Option<&Shown>| match first {
        Some(first) if index < small => attempts(small, first.took),
        _ => 0,
    };
    let smallest = |index: usize, may_shrink: bool| {
        let group = listed.get(index)?;
        let first = usize::try_from(group.first).ok();
        let first = first.and_then(|first| shown.get(first));
        let attempts = if may_shrink {
            attempts(index, first)
        } else {
            0
        };
        Some(work.smallest(group, first, attempts))
    };
    let stop = AtomicBool::new(false);
    let no_tick = &mut |_| Ok::<(), anyhow::Error>(());
    let limit = options.budget.time.min(SHRINKING);
    // Smaller events may lead to code that never ends, in every group.
    let endless = Endless::default();
    let numbers = Numbers::up_to(small as u64, None, &stop);
    let shrunk = each(options.jobs, &numbers, no_tick, |number| {
        let found = smallest(usize::try_from(number).ok()?, true);
        if let Some(Ok((_, met))) = &found {
            for _ in 0..*met {
                endless.note(number, limit, &numbers);
            }
        }
        found
    })?;
    let mut found = Vec::new();
    let mut bytes = 0;
    let mut done = shrunk.len();
    let mut step = shrunk;
    loop {
        for one in step.into_iter().flatten() {
            let (Some(one), _) = one? else {
                continue;
            };
            bytes += bytes_of(&one);
            if bytes <= MOST_BYTES || found.is_empty() {
                found.push(one);
            } else {
                further += 1;
            }
        }
        if done >= listed.len() || bytes > MOST_BYTES {
            break;
        }
        // The events of the groups that are left stay as they are: they are known to end.
        let end = (done + STEP).min(listed.len());
        let numbers = Numbers::up_to((end - done) as u64, None, &stop);
        step = each(options.jobs, &numbers, no_tick, |number| {
            smallest(done + usize::try_from(number).ok()?, false)
        })?;
        done = end;
    }
    further += groups.len().saturating_sub(done) as u64;
    Ok((found, further))
}

/// The logins by what they show, in order, and how many differences beyond the ceilings there are.
fn groups(shown: &[Shown]) -> (Vec<Group>, u64) {
    let mut groups: Vec<Group> = Vec::new();
    let mut by_key = HashMap::new();
    let mut further = 0;
    for (number, shown) in shown.iter().enumerate() {
        further += shown.further;
        for key in &shown.keys {
            let is_full = groups.len() >= MOST_GROUPS;
            match by_key.entry(*key) {
                Entry::Occupied(known) => {
                    let index: usize = *known.get();
                    if let Some(group) = groups.get_mut(index) {
                        group.logins += 1;
                    }
                }
                Entry::Vacant(_) if is_full => further += 1,
                Entry::Vacant(new) => {
                    new.insert(groups.len());
                    groups.push(Group {
                        key: *key,
                        first: number as u64,
                        logins: 1,
                    });
                }
            }
        }
    }
    (groups, further)
}

/// The events that are tried for each of so many differences, of logins that take so long.
fn attempts(differences: usize, took: Duration) -> usize {
    let of_all = ATTEMPTS_IN_ALL / differences.max(1);
    // Steps, so that the same login has the same number whenever it runs.
    let slower = match took.as_millis() {
        0..200 => 1,
        200..2_000 => 10,
        _ => 100,
    };
    (of_all.min(ATTEMPTS) / slower).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_for_all_differences_has_a_ceiling() {
        let fast = Duration::from_millis(2);
        assert_eq!(attempts(1, fast), 300);
        assert_eq!(attempts(20, fast), 300);
        assert_eq!(attempts(MOST_SMALL, fast), 150);
        assert_eq!(attempts(1, Duration::from_millis(500)), 30);
        assert_eq!(attempts(MOST_SMALL, Duration::from_secs(10)), 1);
    }
}
