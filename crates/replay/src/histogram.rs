//! Sizes of many things, with percentiles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bounded::Merge;

/// The number of things of each size. Percentiles are right to [`Histogram::STEP`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    /// The number of things by size, divided by the step.
    counts: BTreeMap<u64, u64>,
    largest: u64,
}

impl Histogram {
    /// The width of a bucket.
    pub const STEP: u64 = 16;

    /// Adds one thing.
    pub fn add(&mut self, size: u64) {
        *self.counts.entry(size / Self::STEP).or_default() += 1;
        self.largest = self.largest.max(size);
    }

    /// The number of things.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.values().sum()
    }

    /// The largest size.
    #[must_use]
    pub fn largest(&self) -> u64 {
        self.largest
    }

    /// The largest size of the bucket below which `percent` of all things are; 0 when there is none.
    #[must_use]
    pub fn percentile(&self, percent: u64) -> u64 {
        let rank = (self.count() * percent).div_ceil(100);
        let mut seen = 0;
        for (bucket, count) in &self.counts {
            seen += count;
            if seen >= rank {
                return (bucket * Self::STEP + Self::STEP - 1).min(self.largest);
            }
        }
        self.largest
    }

    /// Sizes, divided by the step, with the number of things.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> {
        self.counts
            .iter()
            .map(|(bucket, count)| (bucket * Self::STEP, *count))
    }
}

impl Merge for Histogram {
    fn merge(&mut self, other: Self) {
        for (bucket, count) in other.counts {
            *self.counts.entry(bucket).or_default() += count;
        }
        self.largest = self.largest.max(other.largest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_to_a_step() {
        let mut sizes = Histogram::default();
        assert_eq!(sizes.percentile(50), 0);
        (1..=1000).for_each(|size| sizes.add(size));
        assert_eq!(sizes.count(), 1000);
        for (percent, exact) in [(50, 500), (95, 950), (99, 990)] {
            let found = sizes.percentile(percent);
            assert!(
                (exact..exact + Histogram::STEP).contains(&found),
                "{percent}: {found}"
            );
        }
        assert_eq!((sizes.percentile(100), sizes.largest()), (1000, 1000));
    }
}
