//! Coverage as a table for people, and as LCOV.

use std::fmt::Write as _;

use postlogin_core::escape::{lcov as record, line};

use super::FileCoverage;

/// The size of something, and the part of it that ran.
#[derive(Clone, Copy, Default)]
pub(super) struct Share {
    hit: usize,
    all: usize,
}

impl Share {
    fn of(counts: impl Iterator<Item = u32>) -> Self {
        counts.fold(Self::default(), |share, count| Self {
            hit: share.hit + usize::from(count > 0),
            all: share.all + 1,
        })
    }

    pub(super) fn add(self, other: Self) -> Self {
        Self {
            hit: self.hit + other.hit,
            all: self.all + other.all,
        }
    }

    /// Tenths of a percent, rounded down; nothing to run is all of it.
    pub(super) fn tenths(self) -> usize {
        (self.hit * 1000).checked_div(self.all).unwrap_or(1000)
    }

    pub(super) fn is_complete(self) -> bool {
        self.hit == self.all
    }

    /// `87.5 % 7/8`; nothing to run is all of it. Rounded down: only what is complete has 100 %.
    pub(super) fn text(self) -> String {
        let tenths = self.tenths();
        format!(
            "{}.{} % {}/{}",
            tenths / 10,
            tenths % 10,
            self.hit,
            self.all
        )
    }
}

pub(super) fn lines(file: &FileCoverage) -> Share {
    Share::of(file.lines.iter().map(|(_, count)| *count))
}

pub(super) fn branches(file: &FileCoverage) -> Share {
    Share::of(
        file.branches
            .iter()
            .flat_map(|(_, ways)| ways.iter().copied()),
    )
}

pub(super) fn functions(file: &FileCoverage) -> Share {
    Share::of(file.functions.iter().map(|(.., count)| *count))
}

/// Lines that did not run, neighbours together: `3, 7-9`. Lines without code between two of them do not part them.
fn uncovered(file: &FileCoverage) -> String {
    let ranges = uncovered_ranges(file).into_iter().map(|(first, last)| {
        if first == last {
            first.to_string()
        } else {
            format!("{first}-{last}")
        }
    });
    ranges.collect::<Vec<_>>().join(", ")
}

/// The first and the last line of each stretch that did not run.
pub(super) fn uncovered_ranges(file: &FileCoverage) -> Vec<(u32, u32)> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    let mut open = false;
    for (line, count) in &file.lines {
        match ranges.last_mut() {
            Some((_, last)) if open && *count == 0 => *last = *line,
            _ if *count == 0 => ranges.push((*line, *line)),
            _ => {}
        }
        open = *count == 0;
    }
    ranges
}

/// A table with a row for each file, and one for all of them when there are several.
pub fn text(files: &[FileCoverage]) -> String {
    let head = ["coverage", "lines", "branches", "uncovered lines"].map(str::to_owned);
    let mut rows = vec![head];
    let (mut all_lines, mut all_branches) = (Share::default(), Share::default());
    for file in files {
        let (lines, branches) = (lines(file), branches(file));
        (all_lines, all_branches) = (all_lines.add(lines), all_branches.add(branches));
        rows.push([
            line(&file.file),
            lines.text(),
            branches.text(),
            uncovered(file),
        ]);
    }
    if files.len() > 1 {
        rows.push([
            "all files".to_owned(),
            all_lines.text(),
            all_branches.text(),
            String::new(),
        ]);
    }
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2), 0];
    let mut table = String::new();
    for row in &rows {
        let cells = row.iter().zip(widths);
        let line: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        table.push_str(line.join("  ").trim_end());
        table.push('\n');
    }
    table
}

/// A tracefile as `genhtml` and coverage services read it.
///
/// <https://manpages.debian.org/bookworm/lcov/geninfo.1.en.html#FILES>
pub fn lcov(files: &[FileCoverage]) -> String {
    let mut out = String::new();
    for file in files {
        // Writing to a string does not fail.
        let _ = write_record(&mut out, file);
    }
    out
}

fn write_record(out: &mut String, file: &FileCoverage) -> std::fmt::Result {
    writeln!(out, "TN:\nSF:{}", record(&file.file))?;
    for (name, line, _) in &file.functions {
        writeln!(out, "FN:{line},{}", record(name))?;
    }
    for (name, _, count) in &file.functions {
        writeln!(out, "FNDA:{count},{}", record(name))?;
    }
    let functions = functions(file);
    writeln!(out, "FNF:{}\nFNH:{}", functions.all, functions.hit)?;
    for (block, (line, ways)) in file.branches.iter().enumerate() {
        let is_reached = ways.iter().any(|count| *count > 0);
        for (way, count) in ways.iter().enumerate() {
            let taken = if is_reached {
                count.to_string()
            } else {
                "-".to_owned()
            };
            writeln!(out, "BRDA:{line},{block},{way},{taken}")?;
        }
    }
    let branches = branches(file);
    writeln!(out, "BRF:{}\nBRH:{}", branches.all, branches.hit)?;
    for (line, count) in &file.lines {
        writeln!(out, "DA:{line},{count}")?;
    }
    let lines = lines(file);
    writeln!(out, "LF:{}\nLH:{}\nend_of_record", lines.all, lines.hit)
}
