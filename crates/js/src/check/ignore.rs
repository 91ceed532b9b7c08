//! Comments that say that a finding is known: `// postlogin-ignore unknown-event-path`.

use postlogin_core::event::suggest::closest;
use postlogin_core::location::Location;

use super::{Finding, Rule, Severity, Source, rules};
use crate::source::text::utf16_length;

pub(super) const RULES: &[Rule] = &[UNKNOWN];

const WORD: &str = "postlogin-ignore";

const UNKNOWN: Rule = Rule {
    code: "unknown-rule",
    severity: Severity::Warning,
    summary: "A `postlogin-ignore` comment names no rule, or one that there is not",
    source: None,
};

/// A comment, and the line that it speaks of.
struct Comment {
    line: u32,
    /// The codes, each with its place.
    codes: Vec<(String, Location)>,
    location: Location,
}

/// Leaves out what a comment on the same line, or alone on the line above, names.
pub(super) fn apply(source: &Source<'_>, mut findings: Vec<Finding>) -> Vec<Finding> {
    let comments = comments(source);
    findings.retain(|finding| {
        let Location { file, line, .. } = &finding.location;
        // At most two comments speak of a line: its own, and the one above. They are in the order of the text.
        let first = comments.partition_point(|comment| comment.line < *line);
        let of_line = comments.iter().skip(first);
        !of_line
            .take_while(|comment| comment.line == *line)
            .any(|comment| {
                let mut codes = comment.codes.iter();
                file == source.file && codes.any(|(code, _)| code == finding.rule.code)
            })
    });
    for comment in &comments {
        if comment.codes.is_empty() {
            let message = format!("`{WORD}` names no rule");
            findings.push(Finding::new(&UNKNOWN, &comment.location, message).spanning(WORD));
        }
        for (code, location) in &comment.codes {
            if rules().all(|rule| rule.code != code) {
                let found = Finding::new(&UNKNOWN, location, format!("unknown rule `{code}`"));
                let near = closest(code, rules().map(|rule| rule.code));
                findings.push(match near {
                    Some(near) => found
                        .spanning(code)
                        .with_hint(format!("did you mean `{near}`?")),
                    None => found.spanning(code),
                });
            }
        }
    }
    findings
}

/// By the lines of the text: it also has to work where the text does not parse.
fn comments(source: &Source<'_>) -> Vec<Comment> {
    let lines = (1..).zip(source.text.lines());
    lines
        .filter_map(|(number, line)| comment(source.file, number, line))
        .collect()
}

fn comment(file: &str, number: u32, line: &str) -> Option<Comment> {
    let at = line.find(WORD)?;
    let before = line.get(..at)?.trim_end();
    let code = before
        .strip_suffix("//")
        .or_else(|| before.strip_suffix("/*"))?;
    let rest = line.get(at + WORD.len()..)?;
    let rest = rest.split("*/").next().unwrap_or(rest);
    // What stands behind `--` is the reason.
    let named = rest.split("--").next().unwrap_or(rest);
    let place = |offset: usize| Location {
        file: file.to_owned(),
        line: number,
        column: utf16_length(line.get(..offset).unwrap_or(line)).saturating_add(1),
    };
    let mut codes = Vec::new();
    let mut offset = at + WORD.len();
    for piece in named.split_inclusive([',', ' ', '\t']) {
        let code = piece.trim_matches([',', ' ', '\t']);
        if !code.is_empty() {
            codes.push((code.to_owned(), place(offset)));
        }
        offset += piece.len();
    }
    Some(Comment {
        line: if code.trim().is_empty() {
            number + 1
        } else {
            number
        },
        codes,
        location: place(at),
    })
}
