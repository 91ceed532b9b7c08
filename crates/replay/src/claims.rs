//! The changes of one claim, over all users.

use serde::{Deserialize, Serialize};

use crate::bounded::{Bounded, Merge};

/// The state of a claim in one login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// No Action set it.
    Absent,
    /// It stands in the token.
    Kept,
    /// A rule removed it.
    Dropped,
    /// A later call took it away.
    Overwritten,
}

impl State {
    /// All, in the order of the matrix.
    pub const ALL: [State; 4] = [
        State::Absent,
        State::Kept,
        State::Dropped,
        State::Overwritten,
    ];

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            State::Absent => "absent",
            State::Kept => "kept",
            State::Dropped => "dropped",
            State::Overwritten => "overwritten",
        }
    }
}

/// The number of different changes of a value that are counted for a claim.
const MOST_TRANSITIONS: usize = 200;

/// The states of a claim before and after, by the number of users.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimCount {
    /// Users by what became of it before (rows) and after (columns), in the order of [`State::ALL`]. Those of whom neither side
    /// set the claim are not in here.
    pub cells: [[u64; 4]; 4],
    /// Users for whom both tokens have it, with different values.
    pub value_changed: u64,
    /// Those of them for whom the values have different types.
    pub type_changed: u64,
    /// The rules that dropped it before, by the number of users.
    pub rules_before: Bounded<u64>,
    /// The same after.
    pub rules_after: Bounded<u64>,
    /// Changes of the value, `a → b`, by the number of users.
    pub transitions: Bounded<u64>,
}

impl Default for ClaimCount {
    fn default() -> Self {
        Self {
            cells: [[0; 4]; 4],
            value_changed: 0,
            type_changed: 0,
            rules_before: Bounded::new(16),
            rules_after: Bounded::new(16),
            transitions: Bounded::new(MOST_TRANSITIONS),
        }
    }
}

impl ClaimCount {
    /// Counts one user.
    pub(crate) fn add(&mut self, before: State, after: State) {
        if let Some(cell) = self
            .cells
            .get_mut(before as usize)
            .and_then(|row| row.get_mut(after as usize))
        {
            *cell += 1;
        }
    }

    /// The number of users of whom a side set the claim.
    #[must_use]
    pub fn users(&self) -> u64 {
        self.cells.iter().flatten().sum()
    }

    /// The number of users for whom this became of it.
    #[must_use]
    pub fn cell(&self, before: State, after: State) -> u64 {
        let row = self.cells.get(before as usize);
        row.and_then(|row| row.get(after as usize))
            .copied()
            .unwrap_or_default()
    }
}

impl Merge for ClaimCount {
    fn merge(&mut self, other: Self) {
        for (row, other) in self.cells.iter_mut().zip(other.cells) {
            for (cell, other) in row.iter_mut().zip(other) {
                *cell += other;
            }
        }
        self.value_changed += other.value_changed;
        self.type_changed += other.type_changed;
        self.rules_before.merge(other.rules_before);
        self.rules_after.merge(other.rules_after);
        self.transitions.merge(other.transitions);
    }
}
