//! Users with something in common: a difference, an error, a request, a reason why a line is no user.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bounded::{Bounded, Merge, hash};

/// The number of users that are named for a group.
const SAMPLES: usize = 3;
/// The number of properties of values at one path.
const MOST_PROPERTIES: usize = 256;

/// Why lines are no users.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The number of lines.
    pub lines: u64,
    /// The first of them, by their number.
    pub first: Vec<u64>,
}

impl Merge for Problem {
    fn merge(&mut self, other: Self) {
        self.lines += other.lines;
        self.first.extend(other.first);
        self.first.sort_unstable();
        self.first.truncate(SAMPLES);
    }
}

/// Calls of one URL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// The number of calls.
    pub calls: u64,
    /// The number of users whose login makes them.
    pub users: u64,
}

impl Merge for Requests {
    fn merge(&mut self, other: Self) {
        self.calls += other.calls;
        self.users += other.users;
    }
}

/// Users with the same difference, or the same error.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The part of the outcome, or the side of an error.
    pub what: String,
    /// The claim, the key, the message of the error.
    pub name: Option<String>,
    /// The state before, in a word or two.
    pub before: String,
    /// The state after; of an error, its place.
    pub after: String,
    /// The number of users.
    pub users: u64,
    /// A few of them, as [`crate::Privacy`] shows them, with the hashes by which they were chosen.
    pub samples: Vec<(u64, String)>,
    /// Where it was set before, by the number of users.
    pub places_before: Option<Bounded<u64>>,
    /// The same after.
    pub places_after: Option<Bounded<u64>>,
    /// The number of users with each property, by path.
    pub features: BTreeMap<String, Bounded<u64>>,
}

impl Group {
    /// Counts one user.
    pub(crate) fn add(&mut self, user: &str, features: &[(&str, String)]) {
        self.users += 1;
        let hash = hash(user);
        let is_sample = self.samples.len() < SAMPLES
            || self.samples.last().is_some_and(|(last, _)| hash < *last);
        if is_sample {
            self.samples.push((hash, user.to_owned()));
            self.samples.sort();
            self.samples.dedup();
            self.samples.truncate(SAMPLES);
        }
        count(&mut self.features, features);
    }
}

impl Merge for Group {
    fn merge(&mut self, other: Self) {
        self.what = other.what;
        self.name = other.name;
        self.before = other.before;
        self.after = other.after;
        self.users += other.users;
        self.samples.extend(other.samples);
        self.samples.sort();
        self.samples.dedup();
        self.samples.truncate(SAMPLES);
        for (own, other) in [
            (&mut self.places_before, other.places_before),
            (&mut self.places_after, other.places_after),
        ] {
            match (own.as_mut(), other) {
                (Some(own), Some(other)) => own.merge(other),
                (None, other) => *own = other,
                (Some(_), None) => {}
            }
        }
        merge_counts(&mut self.features, other.features);
    }
}

/// Counts the properties of one user.
pub(crate) fn count(counts: &mut BTreeMap<String, Bounded<u64>>, features: &[(&str, String)]) {
    for (path, property) in features {
        if !counts.contains_key(*path) {
            counts.insert((*path).to_owned(), Bounded::new(MOST_PROPERTIES));
        }
        if let Some(count) = counts
            .get_mut(*path)
            .and_then(|counts| counts.value(property))
        {
            *count += 1;
        }
    }
}

/// Adds the counts of another part.
pub(crate) fn merge_counts(
    own: &mut BTreeMap<String, Bounded<u64>>,
    other: BTreeMap<String, Bounded<u64>>,
) {
    for (path, counts) in other {
        match own.get_mut(&path) {
            Some(known) => known.merge(counts),
            None => {
                own.insert(path, counts);
            }
        }
    }
}
