//! Coverage as one HTML page that needs no other file.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postlogin_core::escape::html as escaped;
use sha2::{Digest as _, Sha256};

use super::FileCoverage;
use super::report::{Share, branches, functions, lines, uncovered_ranges};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// So many stretches of uncovered lines are linked in the table.
const MOST_LINKS: usize = 30;

/// A file with more lines is not shown.
const MOST_LINES: usize = 20_000;
/// So many bytes of files, with their marks, are shown.
const MOST_BYTES: usize = 16 << 20;
/// The marks of a line take up to so many bytes.
const OF_LINE: usize = 80;

/// Returns the policy of the page: it loads nothing; its style and its script are in it, and no other script runs.
fn policy() -> String {
    let hash = STANDARD.encode(Sha256::digest(SCRIPT));
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
    )
}

/// The page: a summary, a table that can be sorted and filtered, then every file with its lines coloured.
pub fn html(files: &[FileCoverage]) -> String {
    let mut rows = String::new();
    let mut sources = String::new();
    for (index, file) in files.iter().enumerate() {
        let count = file.text.lines().count();
        // Writing to a string does not fail.
        let _ = write_row(&mut rows, index, file);
        let is_long = count > MOST_LINES
            || sources.len() + shown_bytes(&file.text) + count * OF_LINE > MOST_BYTES;
        if is_long {
            let _ = write!(
                sources,
                "<section id=\"s{index}\"><h2 id=\"f{index}\">{}</h2><p>The {count} lines of this file are too many to be shown.</p></section>",
                escaped(&file.file)
            );
            continue;
        }
        let _ = write!(
            sources,
            "<section id=\"s{index}\"><h2 id=\"f{index}\">{}</h2><pre>{}</pre></section>",
            escaped(&file.file),
            source(index, file)
        );
    }
    let policy = policy();
    let summary = summary(files);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Coverage</title><style>{STYLE}</style></head><body>\
         <h1>Coverage</h1>{summary}\
         <form hidden><input type=\"search\" aria-label=\"Files\" placeholder=\"part of a file's name\">\
         <label><input type=\"checkbox\"> only files that are not covered completely</label><output></output></form>\
         <table><thead><tr><th>file</th><th>lines</th><th>branches</th><th>functions</th><th>uncovered lines</th></tr></thead>\
         <tbody>{rows}</tbody></table>{sources}<script>{SCRIPT}</script></body></html>\n"
    )
}

/// The shares of all files together.
fn summary(files: &[FileCoverage]) -> String {
    let all = |share: fn(&FileCoverage) -> Share| {
        files.iter().map(share).fold(Share::default(), Share::add)
    };
    let mut out = String::from("<dl>");
    for (name, share) in [
        ("lines", all(lines)),
        ("branches", all(branches)),
        ("functions", all(functions)),
    ] {
        let _ = write!(
            out,
            "<div><dt>{name}</dt><dd class=\"{}\">{}</dd></div>",
            class(share),
            share.text()
        );
    }
    let _ = write!(
        out,
        "<div><dt>files</dt><dd>{}</dd></div></dl>",
        files.len()
    );
    out
}

fn write_row(out: &mut String, index: usize, file: &FileCoverage) -> std::fmt::Result {
    let shares = [lines(file), branches(file), functions(file)];
    let is_complete = shares.iter().all(|share| share.is_complete());
    write!(
        out,
        "<tr data-index=\"{index}\" data-complete=\"{}\"><td><a href=\"#f{index}\">{}</a></td>",
        if is_complete { "yes" } else { "no" },
        escaped(&file.file)
    )?;
    for share in shares {
        let tenths = share.tenths();
        write!(
            out,
            "<td data-value=\"{tenths}\" class=\"{}\"><meter max=\"1000\" low=\"500\" high=\"900\" optimum=\"1000\" value=\"{tenths}\"></meter> {}</td>",
            class(share),
            share.text()
        )?;
    }
    let ranges = uncovered_ranges(file);
    let count: u32 = ranges.iter().map(|(first, last)| last - first + 1).sum();
    write!(out, "<td data-value=\"{count}\">")?;
    for (number, (first, last)) in ranges.iter().take(MOST_LINKS).enumerate() {
        let comma = if number == 0 { "" } else { ", " };
        let text = if first == last {
            first.to_string()
        } else {
            format!("{first}-{last}")
        };
        write!(out, "{comma}<a href=\"#f{index}L{first}\">{text}</a>")?;
    }
    if ranges.len() > MOST_LINKS {
        write!(out, ", …")?;
    }
    write!(out, "</td></tr>")
}

fn class(share: Share) -> &'static str {
    match share.tenths() {
        900.. => "good",
        500.. => "some",
        _ => "bad",
    }
}

/// Returns the most bytes that a text takes when it is escaped.
fn shown_bytes(text: &str) -> usize {
    let escaped = text.bytes().filter(|byte| b"&<>\"'".contains(byte));
    text.len() + 5 * escaped.count()
}

/// The lines of a file, each with its count.
fn source(index: usize, file: &FileCoverage) -> String {
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
            "<span id=\"f{index}L{number}\" class=\"{class}\"><b>{number:>4} {times}</b>{}</span>",
            escaped(line)
        );
    }
    out
}
