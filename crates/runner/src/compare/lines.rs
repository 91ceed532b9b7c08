//! A comparison for people.

use postlogin_core::escape::inline;
use postlogin_core::location::Location;
use serde_json::json;

use super::report::{title, word};
use super::{Comparison, Endings, Found, Origin, Part};
use crate::report::{Line, Role, changes};

/// The number of differences that are printed.
const MOST_FOUND: usize = 100;

/// The number of errors of both sides that are printed.
const SHOWN_FAULTS: usize = 5;

/// A longer value is cut.
const LONGEST: usize = 160;

impl Comparison {
    /// Everything, line by line.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for found in self.found.iter().take(MOST_FOUND) {
            lines.push(Line::default());
            lines.push(Line::of(Role::Bad, "  DIFF ").and(Role::Strong, title(found)));
            lines.push(side("    left  ", Role::Bad, &found.difference.left));
            lines.push(side("   right  ", Role::Good, &found.difference.right));
            lines.extend(self.example(found));
        }
        let listed = self.found.len().saturating_sub(MOST_FOUND) as u64;
        let more = listed.saturating_add(self.further);
        if more > 0 {
            let lists = match (listed, self.further) {
                (0, _) => String::new(),
                (_, 0) => "; `--format json` lists all".to_owned(),
                (listed, _) => format!("; `--format json` lists {listed} of them"),
            };
            let s = if more == 1 { "" } else { "s" };
            let text = format!("  … {more} more difference{s}{lists}");
            lines.push(Line::default());
            lines.push(Line::of(Role::Warn, text));
        }
        lines.push(Line::of(Role::Dim, "─".repeat(12)));
        lines.extend(self.compared());
        lines
    }

    fn example(&self, found: &Found) -> Vec<Line> {
        let mut place = place(&found.first);
        let mut lines = Vec::new();
        if matches!(found.first, Origin::Generated(_)) {
            lines = changes(&found.changes);
            if found.is_small {
                place.push_str(", made smaller");
            }
        }
        let logins = format!("{} of {}, first {place}", found.logins, self.compared);
        lines.push(Line::of(Role::Dim, "  logins  ").and(Role::Plain, logins));
        lines
    }

    fn compared(&self) -> Vec<Line> {
        let (events, cases, generated) = self.logins;
        let kinds = [
            (events, "event", "events"),
            (cases, "case", "cases"),
            (generated, "generated event", "generated events"),
        ];
        let kinds: Vec<String> = kinds
            .iter()
            .filter(|(count, _, _)| *count > 0)
            .map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many }))
            .collect();
        let seed = match generated {
            0 => String::new(),
            _ => format!(" (seed {})", self.seed),
        };
        let over = format!(" over {}{seed}", kinds.join(" and "));
        let all = self.planned();
        let verdict =
            match self.found.len() {
                count if self.further > 0 => Line::of(Role::Bad, "   Different")
                    .and(Role::Strong, format!(" in more than {count} points")),
                0 if self.is_all_failed() => Line::of(Role::Bad, "Not compared").and(
                    Role::Strong,
                    match self.compared {
                        1 => ": the login failed on both sides,".to_owned(),
                        count => format!(": all {count} logins failed on both sides,"),
                    },
                ),
                0 if self.is_cut_short() => Line::of(Role::Bad, "Not finished").and(
                    Role::Strong,
                    format!(" after {} of {all} logins", self.compared),
                ),
                0 if !self.left_out.is_empty() => Line::of(Role::Warn, "       Equal")
                    .and(Role::Strong, " but for what is left out"),
                0 => Line::of(Role::Good, "       Equal"),
                1 => Line::of(Role::Bad, "   Different").and(Role::Strong, " in 1 point"),
                count => Line::of(Role::Bad, "   Different")
                    .and(Role::Strong, format!(" in {count} points")),
            };
        let mut verdict = verdict.and(Role::Plain, over);
        if self.failures_on_both > 0 && !self.is_all_failed() {
            let text = format!(", but {} failed on both sides", self.failures_on_both);
            verdict = verdict.and(Role::Warn, text);
        }
        let mut lines = vec![verdict];
        for (label, name, endings) in [
            ("        left", &self.left.0, &self.left_endings),
            ("       right", &self.right.0, &self.right_endings),
        ] {
            let text = format!(" {name}: {}", ended(endings));
            lines.push(Line::of(Role::Dim, label).and(Role::Plain, text));
        }
        lines.extend(self.failures());
        if self.unanswered > 0 {
            let text = format!(
                "{} logins asked the network for what no exchange answers (--http)",
                self.unanswered
            );
            lines.push(Line::of(Role::Warn, format!("{:>13}{text}", "")));
        }
        lines
    }
}

impl Comparison {
    /// Returns the failures on both sides, and the logins that were left out.
    fn failures(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut warn = |text: String| {
            lines.push(Line::of(Role::Warn, format!("{:>13}{text}", "")));
        };
        for failed in self.failed_on_both.iter().take(SHOWN_FAULTS) {
            warn(format!(
                "{} failed on both sides, first {}: {}",
                failed.logins,
                place(&failed.first),
                short(&inline(&failed.error))
            ));
        }
        let listed = self.failed_on_both.iter().take(SHOWN_FAULTS);
        let listed: u64 = listed.map(|failed| failed.logins).sum();
        if let Some(more @ 1..) = self.failures_on_both.checked_sub(listed) {
            warn(format!("{more} failed on both sides with other errors"));
        }
        for part in &self.left_out {
            warn(format!(
                "`{}` does not load, and is left out on both sides",
                part.name
            ));
        }
        if self.is_cut_short() {
            warn(format!(
                "only {} of {} logins {} compared: some compute until their time is over (--timeout)",
                self.compared,
                self.planned(),
                if self.compared == 1 { "was" } else { "were" }
            ));
        }
        lines
    }
}

fn place(origin: &Origin) -> String {
    match origin {
        Origin::Event(file) => file.clone(),
        Origin::Case(name) => format!("the case {name}"),
        Origin::Generated(number) => format!("generated event {number}"),
    }
}

/// `940 allowed, 60 denied`
fn ended(endings: &Endings) -> String {
    let words = endings.iter();
    let words = words.map(|(status, count)| format!("{count} {}", word(&json!(status))));
    words.collect::<Vec<_>>().join(", ")
}

fn side(label: &str, role: Role, part: &Part) -> Line {
    let line = Line::of(Role::Dim, label);
    let line = match &part.value {
        Some(value) => line.and(role, short(&value.to_string())),
        None => line.and(role, "nothing"),
    };
    let mut told = String::new();
    if let Some(rule) = part.rule.filter(|_| part.value.is_none()) {
        told.push_str(&format!("  dropped by {}", word(&json!(rule))));
    }
    if let Some(Location { file, line, column }) = &part.location {
        told.push_str(&format!("  {file}:{line}:{column}"));
    } else if let Some(action) = &part.action {
        told.push_str(&format!("  {action}"));
    }
    if let Some(source) = part.sources.first() {
        told.push_str(&format!("  from {source}"));
    }
    line.and(Role::Dim, told)
}

fn short(text: &str) -> String {
    match text.chars().count() > LONGEST {
        true => {
            let begin: String = text.chars().take(LONGEST).collect();
            format!("{begin}… ({} bytes)", text.len())
        }
        false => text.to_owned(),
    }
}
