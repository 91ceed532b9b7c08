//! Which property of users explains a difference.

use crate::group::Group;
use crate::summary::Summary;

/// A property that users of a group have more often than others.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// The path of the event.
    pub path: String,
    /// The property of its value: `is "legacy-db"`.
    pub property: String,
    /// The users of the group that have it.
    pub in_group: u64,
    /// All users that have it.
    pub in_all: u64,
    /// The factor by which it is more frequent among them than among all users, at least 1.
    pub lift: f64,
}

/// A property that fewer of a group's users have explains nothing.
const LEAST_SHARE: f64 = 0.3;
/// Nor does one that is hardly more frequent than among all users.
const LEAST_LIFT: f64 = 1.2;
/// So many are named.
const NAMED: usize = 3;

/// Returns the properties that explain a group best: most of its users have them, and few others.
#[must_use]
pub fn segments(summary: &Summary, group: &Group) -> Vec<Segment> {
    let compared = summary.compared();
    let mut found: Vec<(f64, Segment)> = Vec::new();
    for (path, properties) in &group.features {
        let Some(all) = summary.features.get(path) else {
            continue;
        };
        for (property, in_group) in properties.iter() {
            let in_all = all.get(property).copied().unwrap_or_default();
            if in_all == 0 || group.users == 0 {
                continue;
            }
            let share = ratio(*in_group, group.users);
            let lift = share / ratio(in_all, compared);
            if share < LEAST_SHARE || lift < LEAST_LIFT {
                continue;
            }
            // The harmonic mean of both shares: of the group that has it, and of those who have it that are in the group.
            let score = 2.0 * ratio(*in_group, group.users + in_all);
            found.push((
                score,
                Segment {
                    path: path.clone(),
                    property: property.to_owned(),
                    in_group: *in_group,
                    in_all,
                    lift,
                },
            ));
        }
    }
    // Equal scores stay in the order of their paths.
    found.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    found
        .into_iter()
        .take(NAMED)
        .map(|(_, segment)| segment)
        .collect()
}

fn ratio(part: u64, whole: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "shares are shown to a few digits"
    )]
    let ratio = part as f64 / whole.max(1) as f64;
    ratio
}
