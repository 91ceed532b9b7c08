//! The tiers by their points.

use serde::Serialize;

/// A tier of the loyalty programme; as a claim, its name in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tier {
    Bronze,
    Silver,
    Gold,
}

impl Tier {
    pub(crate) fn of_points(points: u64) -> Tier {
        match points {
            0..1_000 => Tier::Bronze,
            1_000..5_000 => Tier::Silver,
            _ => Tier::Gold,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_begin_where_they_say() {
        #[track_caller]
        fn check(points: u64, tier: Tier) {
            assert_eq!(Tier::of_points(points), tier, "{points}");
        }
        check(0, Tier::Bronze);
        check(999, Tier::Bronze);
        check(1_000, Tier::Silver);
        check(4_999, Tier::Silver);
        check(5_000, Tier::Gold);
        check(u64::MAX, Tier::Gold);
    }
}
