//! The counts of a login at the places of a source: for the conditions of `postlogin explain --why`.

use std::collections::HashMap;

use oxc::ast::ast::{Expression, LogicalOperator};
use oxc::span::{GetSpan, Span};

use super::points::Kind;
use super::{Coverage, Detail, Hit};

/// A place that is counted, by its offset in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// A statement.
    Statement(u32),
    /// A function that begins here.
    Function(u32),
    /// A case of a `switch`.
    Way(u32),
    /// The body of a loop or of a `catch`.
    Entry(u32),
    /// A value that is true, or that is there; its start and end.
    True(u32, u32),
    /// The same, false or missing.
    False(u32, u32),
}

/// Which of the two values a condition had.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) yes: bool,
    pub(crate) no: bool,
}

/// The most parts of one condition that are looked at.
const MOST_LEAVES: usize = 64;

/// The counts of a source that ran, by place. Offsets are those of the source.
#[derive(Debug, Default)]
pub(crate) struct Trace(HashMap<Place, Hit>);

impl Trace {
    /// Returns the counts of a source; `None` for one whose conditions were not followed.
    pub(super) fn of(coverage: &Coverage) -> Option<Self> {
        if coverage.detail != Detail::Conditions {
            return None;
        }
        let mut hits = HashMap::with_capacity(coverage.points.len());
        for (point, hit) in coverage.points.iter().zip(coverage.hits()) {
            let place = match &point.kind {
                Kind::Statement => Place::Statement(point.offset),
                Kind::Function { .. } => Place::Function(point.offset),
                Kind::Way { .. } => Place::Way(point.offset),
                Kind::Entry => Place::Entry(point.offset),
                Kind::True { end } => Place::True(point.offset, *end),
                Kind::False { end } => Place::False(point.offset, *end),
            };
            hits.insert(place, hit);
        }
        Some(Self(hits))
    }

    /// Returns whether a place was reached.
    pub(crate) fn has(&self, place: Place) -> bool {
        self.0.get(&place).is_some_and(|hit| hit.count > 0)
    }

    /// As [`Trace::has`]; `None` for a place that has no counter.
    pub(crate) fn counted(&self, place: Place) -> Option<bool> {
        self.0.get(&place).map(|hit| hit.count > 0)
    }

    /// Returns the number of a place in the order in which places were first reached, from 1; `None` for one that was not.
    pub(crate) fn order(&self, place: Place) -> Option<u32> {
        let hit = self.0.get(&place).filter(|hit| hit.count > 0)?;
        Some(hit.last)
    }

    /// Returns which values a counted expression had. `offset` leads from the program to the source.
    pub(crate) fn value(&self, span: Span, offset: impl Fn(u32) -> u32) -> Seen {
        let (start, end) = (offset(span.start), offset(span.end));
        Seen {
            yes: self.has(Place::True(start, end)),
            no: self.has(Place::False(start, end)),
        }
    }

    /// Returns which values a condition had, put together from those of its parts. `None` when it has too many.
    pub(crate) fn condition(
        &self,
        condition: &Expression<'_>,
        offset: impl Fn(u32) -> u32 + Copy,
    ) -> Option<Seen> {
        let mut left = MOST_LEAVES;
        self.part(condition, offset, &mut left)
    }

    fn part(
        &self,
        part: &Expression<'_>,
        offset: impl Fn(u32) -> u32 + Copy,
        left: &mut usize,
    ) -> Option<Seen> {
        let part = part.get_inner_expression();
        if let Expression::LogicalExpression(logical) = part
            && logical.operator != LogicalOperator::Coalesce
        {
            let second = self.part(&logical.right, offset, left)?;
            let first = self.part(&logical.left, offset, left)?;
            // The second part was evaluated only where the first did not decide.
            return Some(match logical.operator {
                LogicalOperator::And => Seen {
                    yes: second.yes,
                    no: first.no || second.no,
                },
                _ => Seen {
                    yes: first.yes || second.yes,
                    no: second.no,
                },
            });
        }
        *left = left.checked_sub(1)?;
        Some(self.value(part.span(), offset))
    }
}

/// Returns the parts of a condition that `&&` and `||` connect, at most [`MOST_LEAVES`], from the last on: the first ones are parts
/// of a condition of their own.
pub(super) fn leaves<'c, 'a>(condition: &'c Expression<'a>) -> Vec<&'c Expression<'a>> {
    let mut waiting = vec![condition];
    let mut leaves = Vec::new();
    while let Some(part) = waiting.pop() {
        let part = part.get_inner_expression();
        match part {
            Expression::LogicalExpression(logical)
                if logical.operator != LogicalOperator::Coalesce =>
            {
                waiting.extend([&logical.left, &logical.right]);
            }
            _ if leaves.len() < MOST_LEAVES => leaves.push(part),
            _ => break,
        }
    }
    leaves
}
