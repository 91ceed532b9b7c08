//! The output of the Actions, and the notices for the user although the login continued.

use std::io;

use postlogin_core::outcome::Outcome;

use super::page::{Page, span};
use super::style::Role;
use super::text;

/// The notices that are shown.
const MOST_NOTICES: usize = 100;
/// The lines of a notice that are shown: mocks are printed to be copied.
const NOTICE_LINES: usize = 100;
/// The log lines that a screen has room for.
const LOG_LINES: usize = 20;

pub(super) fn write_logs(page: &mut Page<'_>, outcome: &Outcome, verbose: bool) -> io::Result<()> {
    if outcome.logs.is_empty() {
        return Ok(());
    }
    page.heading("Logs", "")?;
    let names = outcome
        .logs
        .iter()
        .map(|log| text::width(&text::clean(&log.action)))
        .max();
    let names = names.unwrap_or(0).min(page.width() / 3);
    let levels = outcome
        .logs
        .iter()
        .map(|log| text::width(&text::clean(&log.level)))
        .max()
        .unwrap_or(0);
    let room = page
        .width()
        .saturating_sub(2 + names + 2 + levels + 2)
        .max(20);
    let mut lines = outcome.logs.iter().flat_map(|log| {
        // A tab would be shown as a control character.
        let lines = log
            .message
            .lines()
            .map(|line| text::clean(&line.replace('\t', "    ")));
        let mut parts: Vec<String> = lines.flat_map(|line| text::fold(&line, room)).collect();
        // An empty message is still a line.
        if parts.is_empty() {
            parts.push(String::new());
        }
        parts
            .into_iter()
            .enumerate()
            .map(move |(index, line)| (log, index == 0, line))
    });
    for (log, first, message) in lines
        .by_ref()
        .take(if verbose { usize::MAX } else { LOG_LINES })
    {
        let action = text::pad(&text::shorten(&text::clean(&log.action), names), names);
        let level = text::pad(&text::clean(&log.level), levels);
        let role = match log.level.as_str() {
            "error" => Role::Bad,
            "warn" => Role::Warn,
            "debug" | "trace" => Role::Dim,
            _ => Role::Plain,
        };
        let (action, level) = if first {
            (action, level)
        } else {
            (" ".repeat(names), " ".repeat(levels))
        };
        page.line(
            2,
            &[
                span(Role::Dim, action),
                span(Role::Plain, "  "),
                span(role, level),
                span(Role::Plain, "  "),
                span(Role::Plain, message),
            ],
        )?;
    }
    match lines.count() {
        0 => Ok(()),
        more => {
            let remark = format!(
                "… and {} more in `--format json`",
                text::counted(more, "line")
            );
            page.line(2, &[span(Role::Dim, remark)])
        }
    }
}

pub(super) fn write_notices(page: &mut Page<'_>, outcome: &Outcome) -> io::Result<()> {
    if outcome.notices.is_empty() {
        return Ok(());
    }
    page.heading("Notices", "")?;
    for notice in outcome.notices.iter().take(MOST_NOTICES) {
        page.line(
            2,
            &[
                match notice.is_error() {
                    true => span(Role::Bad, "✗"),
                    false => span(Role::Warn, "⚠"),
                },
                span(Role::Plain, " "),
                span(Role::Strong, &notice.code),
            ],
        )?;
        let mut lines = notice.message.lines();
        for line in lines.by_ref().take(NOTICE_LINES) {
            let line = &*text::shorten(line, page.width() * 40);
            // What is meant to be pasted keeps its form.
            if line.starts_with(' ') || line.starts_with("- ") {
                page.line(6, &[span(Role::Plain, text::clean(line))])?;
            } else {
                page.paragraph(4, Role::Plain, line)?;
            }
        }
        page.left_out(4, lines.count(), "line")?;
        if let Some(source) = &notice.source {
            page.line(4, &[span(Role::Dim, source)])?;
        }
    }
    page.left_out(
        2,
        outcome.notices.len().saturating_sub(MOST_NOTICES),
        "notice",
    )
}
