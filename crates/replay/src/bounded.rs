//! Counters under names of which there may be too many.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Something that is counted, and that two parts merge.
pub trait Merge {
    /// Adds the other part.
    fn merge(&mut self, other: Self);
}

impl Merge for u64 {
    fn merge(&mut self, other: Self) {
        *self += other;
    }
}

/// Values by name, at most `limit` of them: those with the smallest hashes.
///
/// A name that was left out never comes back, because names that are kept are only ever replaced by such with smaller hashes. So
/// the values of the names that are kept are complete, and neither the order nor the parts in which names come change the result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bounded<V> {
    limit: usize,
    /// Whether a name was left out.
    is_full: bool,
    values: BTreeMap<String, V>,
}

impl<V: Merge + Default> Bounded<V> {
    /// With room for so many names.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            is_full: false,
            values: BTreeMap::new(),
        }
    }

    /// The value of a name; `None` when there is no room for it.
    pub fn value(&mut self, name: &str) -> Option<&mut V> {
        if !self.values.contains_key(name) {
            self.values.insert(name.to_owned(), V::default());
            self.shrink();
        }
        self.values.get_mut(name)
    }

    /// Adds another part.
    pub fn merge(&mut self, other: Self) {
        self.is_full |= other.is_full;
        for (name, value) in other.values {
            match self.values.get_mut(&name) {
                Some(known) => known.merge(value),
                None => {
                    self.values.insert(name, value);
                }
            }
        }
        self.shrink();
    }

    fn shrink(&mut self) {
        while self.values.len() > self.limit {
            self.is_full = true;
            let largest = self
                .values
                .keys()
                .max_by_key(|name| (hash(name), (*name).clone()));
            let Some(largest) = largest.cloned() else {
                return;
            };
            self.values.remove(&largest);
        }
    }

    /// Whether there were more names than these.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// The names that are kept, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.values
            .iter()
            .map(|(name, value)| (name.as_str(), value))
    }

    /// The value of a name that is kept.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&V> {
        self.values.get(name)
    }
}

/// FNV-1a with the last step of SplitMix64: the same on every machine, and good enough to choose by.
pub(crate) fn hash(text: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Bounded;

    fn counted<'a>(names: impl Iterator<Item = &'a String>) -> Bounded<u64> {
        let mut counts = Bounded::new(8);
        for name in names {
            if let Some(count) = counts.value(name) {
                *count += 1;
            }
        }
        counts
    }

    proptest! {
        /// Parts in any order give what all names in one go give, and every count that is kept is complete.
        #[test]
        fn parts_and_their_order_change_nothing(names in prop::collection::vec("[a-f]{1,2}", 0..200), cut in 0usize..200) {
            let whole = counted(names.iter());
            let cut = cut.min(names.len());
            let (first, second) = names.split_at(cut);
            for (one, other) in [(first, second), (second, first)] {
                let mut merged = counted(one.iter());
                merged.merge(counted(other.iter().rev()));
                prop_assert_eq!(&merged, &whole);
            }
            for (name, count) in whole.iter() {
                let expected = names.iter().filter(|one| *one == name).count() as u64;
                prop_assert_eq!(*count, expected);
            }
        }
    }
}
