//! Findings for a person, each with the code around it.

use std::io::{self, Write};

use postlogin_js::check::{Finding, Severity};

use super::{Checked, Report};
use crate::render::claim_table::at;
use crate::render::code_frame;
use crate::render::page::{Page, span};
use crate::render::style::Role;
use crate::render::text::counted;

/// The most findings that are shown; the others are counted.
const MOST_FINDINGS: usize = 200;

/// Writes the findings and how many there are.
pub(crate) fn human(
    report: &Report,
    color: bool,
    width: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let page = &mut Page::new(out, color, width);
    let mut room = MOST_FINDINGS;
    for action in &report.actions {
        let lines: Vec<&str> = action.text.lines().collect();
        for finding in action.findings.iter().take(room) {
            write(page, Some(action), &lines, finding)?;
            page.blank()?;
        }
        room = room.saturating_sub(action.findings.len());
    }
    for finding in report.configuration.iter().take(room) {
        write(page, None, &[], finding)?;
        page.blank()?;
    }
    let left_out = report.findings().count().saturating_sub(MOST_FINDINGS);
    page.left_out(0, left_out, "finding")?;
    summary(page, report)
}

fn role_of(severity: Severity) -> Role {
    match severity {
        Severity::Error => Role::Bad,
        Severity::Warning => Role::Warn,
    }
}

fn write(
    page: &mut Page<'_>,
    action: Option<&Checked>,
    lines: &[&str],
    finding: &Finding,
) -> io::Result<()> {
    let rule = finding.rule;
    let label = format!("{}[{}]", rule.severity.word(), rule.code);
    page.line(
        0,
        &[
            span(role_of(rule.severity), label),
            span(Role::Plain, "  "),
            span(Role::Dim, at(&finding.location)),
        ],
    )?;
    page.paragraph(2, Role::Strong, &finding.message)?;
    // A finding about the file as a whole has no line to show.
    let has_place = action.is_some_and(|action| finding.location.file == action.file)
        && rule.code != "code-too-large";
    if has_place
        && let Some(mut frame) =
            code_frame::code_frame(lines, &finding.location, page.width().saturating_sub(2))
    {
        frame.underline(finding.length);
        code_frame::write(page, &frame, role_of(rule.severity))?;
    }
    if let Some(hint) = &finding.hint {
        page.paragraph(2, Role::Source, &format!("hint: {hint}"))?;
    }
    match finding.page {
        Some(source) => page.line(2, &[span(Role::Dim, source)]),
        None => Ok(()),
    }
}

fn summary(page: &mut Page<'_>, report: &Report) -> io::Result<()> {
    let count = |severity: Severity| report.count(severity);
    let counts: Vec<String> = [Severity::Error, Severity::Warning]
        .into_iter()
        .filter(|severity| count(*severity) > 0)
        .map(|severity| counted(count(severity), severity.word()))
        .collect();
    let rules = report.actions.iter().filter(|checked| checked.is_rule);
    let rules = rules.count();
    let actions = counted(report.actions.len() - rules, "Action");
    let checked = match (report.actions.len(), rules) {
        (_, 0) => actions,
        (all, rules) if all == rules => counted(rules, "Rule"),
        (_, rules) => format!("{actions} and {}", counted(rules, "Rule")),
    };
    let (role, mark, found) = if count(Severity::Error) > 0 {
        (Role::Bad, "✗", counts.join(", "))
    } else if counts.is_empty() {
        (Role::Good, "✓", "nothing found".to_owned())
    } else {
        (Role::Warn, "!", counts.join(", "))
    };
    let checked = match &report.read {
        Some(read) if report.actions.is_empty() => {
            format!(": the project has no Actions and no Rules; it has {read}")
        }
        _ => format!(" in {checked}"),
    };
    page.line(
        0,
        &[
            span(role, format!("{mark} {found}")),
            span(Role::Plain, checked),
        ],
    )
}
