//! A finding of generated events, for people: where, for which event, and how to see it again.

use postlogin_core::location::Location;
use postlogin_generate::Change;
use serde_json::Value;

use super::lines::{Line, Role, shortened, thrown};
use crate::fuzz::{Fault, Finding};

/// A longer value is cut.
const LONGEST: usize = 90;

pub(super) fn lines(finding: &Finding) -> Vec<Line> {
    let mut lines = match &finding.fault {
        Fault::Throws(error) => thrown(error),
        Fault::LosesClaim(entry) => {
            let at = entry.location.as_ref().map_or(String::new(), |at| {
                let Location { file, line, column } = at;
                format!(" at {file}:{line}:{column}")
            });
            let text = format!("{} = {}{at}", entry.name, short(&entry.value));
            vec![Line::of(Role::Dim, "   claim  ").and(Role::Plain, text)]
        }
        Fault::ExceedsLimit(notice) => notice
            .source
            .iter()
            .map(|page| Line::of(Role::Dim, "   limit  ").and(Role::Plain, page))
            .collect(),
    };
    lines.extend(changes(&finding.changes));
    let Finding {
        logins, of, first, ..
    } = finding;
    lines.push(Line::of(Role::Dim, "  logins  ").and(
        Role::Plain,
        format!("{logins} of {of}, first number {first}"),
    ));
    if let Some((file, is_new)) = &finding.case_file {
        let known = if *is_new {
            ""
        } else {
            " (it was there already)"
        };
        lines.push(Line::of(Role::Dim, "    case  ").and(Role::Plain, format!("{file}{known}")));
    }
    lines.push(Line::of(Role::Dim, "   again  ").and(Role::Strong, &finding.command));
    lines
}

/// Returns the differences of an event to the built-in sample, one line for each place.
pub(crate) fn changes(changes: &[Change]) -> Vec<Line> {
    if changes.is_empty() {
        return vec![Line::of(Role::Dim, "   event  ").and(Role::Plain, "the built-in sample")];
    }
    let label = |index| {
        if index == 0 {
            "   event  "
        } else {
            "          "
        }
    };
    let line = |(index, change): (usize, &Change)| {
        let line = Line::of(Role::Dim, label(index)).and(Role::Strong, &change.path);
        let was = change.before.as_ref().map(short);
        match (&change.after, was) {
            (Some(is), Some(was)) => line
                .and(Role::Plain, format!(" = {}", short(is)))
                .and(Role::Dim, format!("  instead of {was}")),
            (Some(is), None) => line.and(Role::Plain, format!(" = {}", short(is))),
            (None, _) => line.and(Role::Plain, " is not there"),
        }
    };
    changes.iter().enumerate().map(line).collect()
}

fn short(value: &Value) -> String {
    shortened(&value.to_string(), LONGEST).into_owned()
}
