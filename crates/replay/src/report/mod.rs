//! The report on a replay: JSON for machines, a page and Markdown for people.

mod html;
mod json;
mod markdown;

use serde_json::Value;

pub use html::html;
pub use json::json;
pub use markdown::markdown;

use crate::fail_if::FailIf;
use crate::input::Line;
use crate::summary::Summary;

/// The name and version of the serialised form.
pub const REPLAY_FORMAT: &str = "postlogin.replay/1";

/// One of the versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The name as the user gave it.
    pub name: String,
    /// Names of the Actions in their order, with the fingerprints of their code.
    pub actions: Vec<(String, String)>,
}

/// Everything that a report says.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    /// The version before; `None` when one version alone runs.
    pub before: Option<Version>,
    /// The version after, or the only one.
    pub after: Version,
    /// The name of the file of users.
    pub input: String,
    /// The names of the files of users, in the order in which they were read.
    pub files: Vec<String>,
    /// The form in which the users are written: `ndjson`, `json`, `csv`; several with commas between them.
    pub form: String,
    /// The version of postlogin and of its engine.
    pub engine: String,
    /// The seed.
    pub seed: u64,
    /// When each login starts, RFC 3339.
    pub now: String,
    /// The Actions of either version that do not load, and so run on neither side, by name.
    pub left_out: Vec<String>,
    /// Users that are there more than once, counted without the first.
    pub duplicates: u64,
    /// Paths that the Actions read and that come from the template of the event: no export has them.
    pub not_exported: Vec<String>,
    /// Columns of a table that are no attribute of a user.
    pub unknown_columns: Vec<String>,
    /// Paths of the user that the Actions read and that no column of a table has.
    pub missing_columns: Vec<String>,
    /// The reads of the user by the Actions: the attribute, and the path.
    pub read_of_user: Vec<(String, String)>,
    /// The options that named files of users beside the export.
    pub joined: Vec<&'static str>,
    /// The limits, with whether each is passed.
    pub limits: Vec<(FailIf, bool)>,
    /// The summary of the logins.
    pub summary: &'a Summary,
}

impl Report<'_> {
    /// Sentences about how far the report can be trusted.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let summary = self.summary;
        let users = summary.compared();
        let mut warnings = Vec::new();
        if !self.left_out.is_empty() {
            warnings.push(format!(
                "not loaded, so nothing is known about what changes with it: {}",
                self.left_out.join(", ")
            ));
        }
        for name in ["app_metadata", "user_metadata"] {
            if users > 0 && summary.roots.of(name) == 0 {
                warnings.push(format!(
                    "no user has `{name}`: the export lacks it, and every Action saw an empty object"
                ));
            }
        }
        if !self.missing_columns.is_empty() {
            warnings.push(format!(
                "the Actions read what the table has no column for, so no user has it: {}",
                self.missing_columns.join(", ")
            ));
        }
        if users > 0 && summary.roots.of("identities") == 0 {
            warnings.push(
                "no user has `identities`: every login has the connection of the event".into(),
            );
        }
        warnings.extend(self.not_there(users));
        if summary.unreadable > 0 {
            warnings.push(format!(
                "{} could not be read: {}",
                counted(summary.unreadable, "line", "lines"),
                problems(summary, &self.files)
            ));
        }
        if self.duplicates > 0 {
            warnings.push(format!(
                "{} a `user_id`: each was counted",
                counted(self.duplicates, "line repeats", "lines repeat")
            ));
        }
        if summary.blocked > 0 {
            let users = counted(summary.blocked, "user is", "users are");
            warnings.push(format!(
                "{users} blocked: production stops their logins before any Action"
            ));
        }
        if let Some(logged) = summary.logged
            && logged < users
        {
            warnings.push(format!(
                "{logged} of {} have a login in the logs; the others got the event without one",
                counted(users, "user", "users")
            ));
        }
        let [before, after] = summary.unanswered;
        if before + after > 0 {
            let what = match self.before {
                Some(_) => format!(
                    "{} before and {after} after",
                    counted(before, "login", "logins")
                ),
                None => counted(after, "login", "logins"),
            };
            warnings.push(format!(
                "{what} made requests that no mock answers (--http)"
            ));
        }
        if !self.not_exported.is_empty() {
            warnings.push(format!(
                "the Actions read what no export has; all users got the value of the event: {}",
                self.not_exported.join(", ")
            ));
        }
        let unknown: Vec<&str> = summary.unknown.iter().map(|(name, _)| name).collect();
        let unknown: Vec<&str> = self
            .unknown_columns
            .iter()
            .map(String::as_str)
            .chain(unknown)
            .collect();
        if !unknown.is_empty() {
            warnings.push(format!(
                "not used, because they are not attributes of an export (--map): {}",
                unknown
                    .iter()
                    .take(20)
                    .copied()
                    .collect::<Vec<_>>()
                    .join(", ")
            ));
        }
        warnings
    }

    /// Sentences about what no user has, and what users have otherwise than in production.
    fn not_there(&self, users: u64) -> Vec<String> {
        let summary = self.summary;
        let mut warnings = Vec::new();
        if users == 0 {
            return warnings;
        }
        // These have sentences of their own.
        let others = ["app_metadata", "user_metadata", "identities"];
        let missing = self.read_of_user.iter().filter(|(attribute, path)| {
            summary.roots.of(attribute) == 0
                && !others.contains(&attribute.as_str())
                && !self.missing_columns.contains(path)
        });
        let (of_user, of_event): (Vec<&str>, Vec<&str>) = missing
            .map(|(_, path)| path.as_str())
            .partition(|path| path.starts_with("event.user."));
        if !of_user.is_empty() {
            warnings.push(format!(
                "the Actions read what no user has: {}",
                of_user.join(", ")
            ));
        }
        if !of_event.is_empty() {
            warnings.push(format!(
                "no user has `logins_count`: all of them got the value of the event for {}",
                of_event.join(", ")
            ));
        }
        for option in &self.joined {
            if summary.joined.of(option) == 0 {
                warnings.push(format!(
                    "{option} has none of the users: are its ids those of the export, such as auth0|123?"
                ));
            }
        }
        for (attribute, count) in &summary.texts.0 {
            warnings.push(format!(
                "`{attribute}` is a string for {}, and a boolean in production",
                counted(*count, "user", "users")
            ));
        }
        warnings
    }

    /// The answer in one sentence.
    #[must_use]
    pub fn verdict(&self) -> String {
        match self.left_out.as_slice() {
            [] => self.of_loaded(),
            [one] => format!("without {one}, which was not loaded: {}", self.of_loaded()),
            more => format!(
                "without {} Actions, which were not loaded: {}",
                more.len(),
                self.of_loaded()
            ),
        }
    }

    /// The answer about the Actions that were loaded.
    fn of_loaded(&self) -> String {
        let summary = self.summary;
        let users = counted(summary.compared(), "user", "users");
        if self.before.is_none() {
            return format!(
                "{users}, {} of them with a login that fails",
                summary.failed_after
            );
        }
        match summary.different + summary.failed_after + summary.failed_before - summary.failed_both
        {
            0 if summary.compared() == 0 => "no user was compared".into(),
            0 => format!("nothing changes for {users}"),
            changed => format!(
                "{changed} of {users} change ({})",
                percent(changed, summary.compared())
            ),
        }
    }

    /// Whether both sides do the same for all users.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        let summary = self.summary;
        summary.different + summary.failed_after + summary.failed_before - summary.failed_both == 0
    }
}

/// So many reasons are named, with so many lines each.
const REASONS: usize = 5;
const FIRST_LINES: usize = 3;

/// Why lines are no users, and which: `not JSON (line 3), no `user_id` (lines 4, 5, …)`. The most frequent reasons come first.
#[must_use]
pub fn problems(summary: &Summary, files: &[String]) -> String {
    let mut all: Vec<_> = summary.problems.iter().collect();
    all.sort_by_key(|(_, problem)| std::cmp::Reverse(problem.lines));
    let reasons = all.iter().take(REASONS).map(|(why, problem)| {
        let first: Vec<String> = problem
            .first
            .iter()
            .take(FIRST_LINES)
            .map(|line| Line::of(*line).shown(files))
            .collect();
        let more = if problem.lines > first.len() as u64 {
            ", …"
        } else {
            ""
        };
        if first.is_empty() {
            return format!("{why} ({})", counted(problem.lines, "line", "lines"));
        }
        let word = if problem.lines == 1 { "line" } else { "lines" };
        format!("{why} ({word} {}{more})", first.join(", "))
    });
    let mut reasons: Vec<String> = reasons.collect();
    if all.len() > REASONS {
        reasons.push("…".into());
    }
    reasons.join(", ")
}

/// `1 user`, `5 users`.
fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A share in percent, to two digits behind the point.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    let hundredths = u128::from(part) * 10_000 / u128::from(whole.max(1));
    if hundredths == 0 && part > 0 {
        return "less than 0.01 %".into();
    }
    match hundredths % 100 {
        0 => format!("{} %", hundredths / 100),
        rest => format!("{}.{rest:02} %", hundredths / 100),
    }
}

/// A number to one digit behind the point.
fn rounded(number: f64) -> Value {
    Value::from((number * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests;
