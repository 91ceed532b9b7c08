//! Findings as one JSON object, the public format `postlogin.check/1`.

use std::io::{self, Write};

use postlogin_core::{Location, escape};
use postlogin_js::check::Severity;
use serde::Serialize;

use super::Report;

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    actions: Vec<Action<'a>>,
    findings: Vec<Found<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Action<'a> {
    /// `action` or `rule`.
    kind: &'static str,
    name: &'a str,
    file: &'a str,
}

#[derive(Serialize)]
struct Found<'a> {
    code: &'static str,
    severity: &'static str,
    message: &'a str,
    hint: Option<&'a str>,
    /// Absent for a finding about the project's configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'a str>,
    location: &'a Location,
    /// UTF-16 units; 0 when it is not known how much is meant.
    length: u32,
    source: Option<&'static str>,
}

#[derive(Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
    /// The number of findings that are not listed; absent when all are.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<usize>,
}

/// Writes the object, indented, with a final newline.
pub(crate) fn json(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let actions = report.actions.iter().map(|action| Action {
        name: &action.name,
        kind: if action.is_rule { "rule" } else { "action" },
        file: &action.file,
    });
    let findings = report.listed().map(|(action, finding)| Found {
        code: finding.rule.code,
        severity: finding.rule.severity.word(),
        message: &finding.message,
        hint: finding.hint.as_deref(),
        action: action.map(|action| action.name.as_str()),
        location: &finding.location,
        length: finding.length,
        source: finding.page,
    });
    let document = Document {
        format: "postlogin.check/1",
        actions: actions.collect(),
        findings: findings.collect(),
        summary: Summary {
            errors: report.count(Severity::Error),
            warnings: report.count(Severity::Warning),
            left_out: Some(report.unlisted()).filter(|count| *count > 0),
        },
    };
    let text = serde_json::to_string_pretty(&document)?;
    writeln!(out, "{}", escape::json(&text))
}
