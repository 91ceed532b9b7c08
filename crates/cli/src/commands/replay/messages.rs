//! The messages of `postlogin replay` when there is nothing to compare, or not everything was compared.

use postlogin_replay::{
    Summary,
    profile::NO_ID,
    report::{Report, problems},
};

use crate::error::{CliError, UNEXPECTED};

/// Without a project there is nothing that `--after` could mean by itself.
pub(super) fn no_version() -> CliError {
    CliError::usage("there is no project here, and no --after says what users log in with")
        .with_hint("add --after actions/roles.js, or start it in the folder of a project")
}

/// Why the exit code is 102.
pub(super) fn not_compared(report: &Report<'_>, summary: &Summary) -> String {
    let mut parts = Vec::new();
    if summary.unreadable > 0 {
        parts.push(match summary.unreadable {
            1 => "1 line could not be read".to_owned(),
            count => format!("{count} lines could not be read"),
        });
    }
    match &report.before {
        Some(_) if summary.failed_both > 0 => parts.push(match summary.failed_both {
            1 => "1 login fails on both sides".to_owned(),
            count => format!("{count} logins fail on both sides"),
        }),
        None if summary.failed_after > 0 => parts.push(match summary.failed_after {
            1 => "1 login fails".to_owned(),
            count => format!("{count} logins fail"),
        }),
        _ => {}
    }
    format!(
        "exit code {UNEXPECTED}: {}; --fail-if says what counts instead",
        parts.join(", and ")
    )
}

/// A file without a single user: the names of its attributes are not those of an export.
pub(super) fn no_users(summary: &Summary, name: &str, files: &[String]) -> CliError {
    if summary.lines == 0 {
        return CliError::usage(format!("{name}: it has no users"));
    }
    if !summary.problems.iter().any(|(why, _)| why == NO_ID) {
        // The names of its attributes are not what is wrong.
        let why = problems(summary, files);
        return CliError::usage(format!("{name}: no line is a user: {why}"))
            .with_hint("an export has a JSON object a line, a JSON array, or CSV with a heading");
    }
    let mut missing = ["user_id", "identities", "app_metadata", "user_metadata"].to_vec();
    missing.retain(|root| summary.roots.of(root) + summary.roots_without_id.of(root) == 0);
    let message = format!(
        "{name}: no line is a user; what no line has: {}",
        missing.join(", ")
    );
    CliError::usage(message)
        .with_hint(
        "export with `user_id`; where it has another name, say so: --map NAME=user_id; a file for an import may lack it: add it to each user, as in \"user_id\": \"auth0|1\"",
    )
}
