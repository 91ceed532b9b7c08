//! Findings as SARIF 2.1.0, which code scanning services read.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use std::io::{self, Write};

use postlogin_core::escape;
use postlogin_js::check::{Finding, Rule, rules};
use serde_json::{Value, json};

use postlogin_runner::report::Below;

use super::Report;
use crate::render::text::counted;

/// Writes one log with one run.
pub(crate) fn sarif(report: &Report, below: &Below, out: &mut dyn Write) -> io::Result<()> {
    let mut log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "postlogin",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules().map(descriptor).collect::<Vec<_>>(),
                },
            },
            "columnKind": "utf16CodeUnits",
            "results": report.listed().map(|(_, finding)| result(finding, below)).collect::<Vec<_>>(),
        }],
    });
    if report.unlisted() > 0
        && let Some(run) = log.pointer_mut("/runs/0").and_then(Value::as_object_mut)
    {
        let message = format!("{} left out", counted(report.unlisted(), "more finding"));
        let notification = json!({"level": "warning", "message": {"text": message}});
        run.insert(
            "invocations".to_owned(),
            json!([{"executionSuccessful": true, "toolExecutionNotifications": [notification]}]),
        );
    }
    let text = serde_json::to_string_pretty(&log)?;
    writeln!(out, "{}", escape::json(&text))
}

fn descriptor(rule: &Rule) -> Value {
    let mut descriptor = json!({
        "id": rule.code,
        "shortDescription": {"text": rule.summary},
        "defaultConfiguration": {"level": rule.severity.word()},
    });
    if let (Some(source), Some(object)) = (rule.source, descriptor.as_object_mut()) {
        object.insert("helpUri".to_owned(), source.into());
    }
    descriptor
}

fn result(finding: &Finding, below: &Below) -> Value {
    let place = &finding.location;
    let mut region = json!({"startLine": place.line, "startColumn": place.column});
    if finding.length > 0
        && let Some(region) = region.as_object_mut()
    {
        let end = place.column.saturating_add(finding.length);
        region.insert("endColumn".to_owned(), end.into());
    }
    let mut message = match &finding.hint {
        Some(hint) => format!("{}; {hint}", finding.message),
        None => finding.message.clone(),
    };
    // The format has a page for each rule only, and that of another trigger's finding is another one.
    if let Some(page) = finding.page.filter(|_| finding.page != finding.rule.source) {
        message.push_str(&format!("; {page}"));
    }
    json!({
        "ruleId": finding.rule.code,
        "ruleIndex": rules().position(|rule| rule == finding.rule),
        "level": finding.rule.severity.word(),
        "message": {"text": message},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": uri(&below.name(&place.file))},
                "region": region,
            },
        }],
    })
}

/// A path as a URI: relative to the top of the repository, or a `file:` URI when it is absolute.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    let is_absolute = path.starts_with('/');
    if is_absolute {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
