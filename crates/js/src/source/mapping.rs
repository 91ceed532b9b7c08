//! From places in the text that the engine runs to places in the text that the user wrote.

use std::sync::Arc;

use postlogin_core::location::Location;

use super::text::Position;
use crate::source_map::SourceMap;

/// A stretch of generated text and where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Where the stretch begins in the generated text.
    pub generated: Position,
    /// Where it came from.
    pub original: Position,
    /// For how many columns the generated text is the original's; behind them every column is that place.
    pub same: u32,
}

/// The way back from the generated text, step by step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    file: String,
    /// In the order in which the text was rewritten. None: nothing was moved.
    steps: Vec<Vec<Segment>>,
    /// The map of the file, if it was built from others.
    sources: Option<Arc<SourceMap>>,
}

impl Mapping {
    /// The mapping of a text that was not rewritten.
    pub fn identity(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            steps: Vec::new(),
            sources: None,
        }
    }

    /// Adds the last rewriting; its segments are in the order of the generated text.
    pub(crate) fn push(&mut self, step: Vec<Segment>) {
        self.steps.push(step);
    }

    /// Adds the rewritings of another mapping, which begin where those of this one end.
    pub(crate) fn extend(&mut self, later: Mapping) {
        self.steps.extend(later.steps);
    }

    /// Leads places on to the files that this one was built from.
    pub(crate) fn lead_to(&mut self, sources: Option<Arc<SourceMap>>) {
        self.sources = sources;
    }

    /// The file that the user wrote.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Whether places are the same on both sides.
    pub fn is_identity(&self) -> bool {
        self.steps.is_empty() && self.sources.is_none()
    }

    /// Where a place of the generated text (from 1, UTF-16 columns) was written: in the file, or in one that it was built from.
    pub fn original(&self, line: u32, column: u32) -> Location {
        let start = Position {
            line: line.max(1),
            column: column.max(1),
        };
        let Position { line, column } = self
            .steps
            .iter()
            .rev()
            .fold(start, |place, step| back(place, step));
        let sources = self.sources.as_ref();
        let found = sources.and_then(|sources| sources.original(line, column));
        found.unwrap_or_else(|| Location {
            file: self.file.clone(),
            line,
            column,
        })
    }
}

/// One step back.
fn back(place: Position, step: &[Segment]) -> Position {
    let after = step.partition_point(|segment| segment.generated <= place);
    let Some(segment) = after.checked_sub(1).and_then(|index| step.get(index)) else {
        return step
            .first()
            .map_or(Position::START, |segment| segment.original);
    };
    if segment.generated.line != place.line {
        // The rest of a rewritten stretch that runs over several lines.
        return segment.original;
    }
    let moved = (place.column - segment.generated.column).min(segment.same);
    Position {
        line: segment.original.line,
        column: segment.original.column.saturating_add(moved),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(line: u32, column: u32) -> Position {
        Position { line, column }
    }

    #[test]
    fn identity_maps_to_itself() {
        let mapping = Mapping::identity("code.js");
        let location = mapping.original(3, 9);
        assert_eq!(
            (location.file.as_str(), location.line, location.column),
            ("code.js", 3, 9)
        );
    }

    #[test]
    fn steps_are_undone_last_first() {
        let mut mapping = Mapping::identity("code.ts");
        // First: line 1 moved to line 2. Then: ten columns put before it.
        mapping.push(vec![Segment {
            generated: position(2, 1),
            original: position(1, 1),
            same: 5,
        }]);
        mapping.push(vec![
            Segment {
                generated: position(1, 1),
                original: position(1, 1),
                same: u32::MAX,
            },
            Segment {
                generated: position(2, 1),
                original: position(2, 1),
                same: 0,
            },
            Segment {
                generated: position(2, 11),
                original: position(2, 1),
                same: u32::MAX,
            },
        ]);
        let check = |from: (u32, u32), to: (u32, u32)| {
            let location = mapping.original(from.0, from.1);
            assert_eq!((location.line, location.column), to, "{from:?}");
        };
        check((2, 13), (1, 3));
        check((2, 5), (1, 1));
        check((2, 40), (1, 6));
        check((1, 1), (1, 1));
        check((9, 9), (1, 1));
    }
}
