//! Lines of code that logins reached.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bounded::Merge;

/// The lines with code of a file, from 1, and whether any login reached them.
///
/// A part has at least what its own users reached, and nothing that no user of the export reaches. So all parts together have the same
/// lines, whichever process counted them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached(pub BTreeMap<u32, bool>);

impl Reached {
    /// Returns the lines that no login reached, as ranges with their first and last line.
    #[must_use]
    pub fn missed(&self) -> Vec<(u32, u32)> {
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        let mut is_open = false;
        for (line, is_reached) in &self.0 {
            match ranges.last_mut().filter(|_| is_open) {
                _ if *is_reached => is_open = false,
                // Lines without code between two missed ones belong to them.
                Some((_, last)) => *last = *line,
                None => {
                    ranges.push((*line, *line));
                    is_open = true;
                }
            }
        }
        ranges
    }

    /// Returns the number of lines that were reached.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.values().filter(|is_reached| **is_reached).count()
    }
}

impl Merge for Reached {
    fn merge(&mut self, other: Self) {
        for (line, is_reached) in other.0 {
            *self.0.entry(line).or_default() |= is_reached;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[(u32, bool)]) -> Reached {
        Reached(lines.iter().copied().collect())
    }

    #[test]
    fn missed_lines_are_ranges_and_parts_add_up() {
        let mut one = of(&[(1, true), (3, false), (6, false), (7, true), (9, false)]);
        assert_eq!(one.missed(), [(3, 6), (9, 9)]);
        assert_eq!(one.count(), 2);
        one.merge(of(&[
            (1, false),
            (3, true),
            (6, false),
            (7, false),
            (9, false),
        ]));
        assert_eq!(one.missed(), [(6, 6), (9, 9)]);
        assert_eq!(one.count(), 3);
        assert!(Reached::default().missed().is_empty());
    }
}
