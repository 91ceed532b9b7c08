//! Coverage as a table for people, as LCOV, and as one HTML page.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use postlogin_core::escape::{html as escaped, lcov as record, line};

use super::FileCoverage;

/// How much of something there is, and how much of it ran.
#[derive(Clone, Copy, Default)]
struct Share {
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

    fn add(self, other: Self) -> Self {
        Self {
            hit: self.hit + other.hit,
            all: self.all + other.all,
        }
    }

    /// `87.5 % 7/8`; nothing to run is all of it. Rounded down: only what is complete has 100 %.
    fn text(self) -> String {
        let tenths = (self.hit * 1000).checked_div(self.all).unwrap_or(1000);
        format!(
            "{}.{} % {}/{}",
            tenths / 10,
            tenths % 10,
            self.hit,
            self.all
        )
    }
}

fn lines(file: &FileCoverage) -> Share {
    Share::of(file.lines.iter().map(|(_, count)| *count))
}

fn branches(file: &FileCoverage) -> Share {
    Share::of(
        file.branches
            .iter()
            .flat_map(|(_, ways)| ways.iter().copied()),
    )
}

/// Lines that did not run, neighbours together: `3, 7-9`. Lines without code between two of them do not part them.
fn uncovered(file: &FileCoverage) -> String {
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
    let ranges = ranges.into_iter().map(|(first, last)| {
        if first == last {
            first.to_string()
        } else {
            format!("{first}-{last}")
        }
    });
    ranges.collect::<Vec<_>>().join(", ")
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
    let functions = Share::of(file.functions.iter().map(|(.., count)| *count));
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

const STYLE: &str = "body{font:14px/1.5 system-ui,sans-serif;margin:2rem;color:#222;background:#fff}\
    table{border-collapse:collapse}td,th{padding:.1rem .8rem;text-align:left}\
    pre{font:13px/1.45 ui-monospace,monospace;border:1px solid #ddd;overflow-x:auto}\
    .l{display:block;padding:0 .6rem}.l b{display:inline-block;width:7rem;color:#777;font-weight:normal}\
    .hit{background:#e7f7e7}.miss{background:#fbe3e3}.part{background:#fff4d6}";

/// What the page may load: nothing; its style is in it.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// One page that needs no other file: the table, then every file with its lines coloured.
pub fn html(files: &[FileCoverage]) -> String {
    let mut rows = String::new();
    let mut sources = String::new();
    for (index, file) in files.iter().enumerate() {
        let name = escaped(&file.file);
        let _ = write!(
            rows,
            "<tr><td><a href=\"#f{index}\">{name}</a></td><td>{}</td><td>{}</td></tr>",
            lines(file).text(),
            branches(file).text()
        );
        let _ = write!(
            sources,
            "<h2 id=\"f{index}\">{name}</h2><pre>{}</pre>",
            source(file)
        );
    }
    format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\"><title>Coverage</title><style>{STYLE}</style>\
         <h1>Coverage</h1><table><tr><th>file</th><th>lines</th><th>branches</th></tr>{rows}</table>{sources}</html>\n"
    )
}

fn source(file: &FileCoverage) -> String {
    let mut out = String::new();
    let counts: HashMap<u32, u32> = file.lines.iter().copied().collect();
    let partial = file.branches.iter().filter(|(_, ways)| ways.contains(&0));
    let partial: HashSet<u32> = partial.map(|(at, _)| *at).collect();
    for (number, line) in (1_u32..).zip(file.text.lines()) {
        let count = counts.get(&number);
        let is_partial = partial.contains(&number);
        let class = match count {
            Some(0) => "l miss",
            Some(_) if is_partial => "l part",
            Some(_) => "l hit",
            None => "l",
        };
        let times = count.map_or(String::new(), |count| format!("{count}×"));
        let _ = write!(
            out,
            "<span class=\"{class}\"><b>{number:>4} {times}</b>{}</span>",
            escaped(line)
        );
    }
    out
}
