//! The first line: how the login ended.

use std::io;

use postlogin_core::outcome::{Outcome, Status};

use super::page::{Page, span};
use super::style::Role;
use super::text;

/// The lines that a reason may take.
const REASON_LINES: usize = 5;

/// The mark of a status, with the role that colours it.
pub(super) fn mark(status: Status) -> (&'static str, Role) {
    match status {
        Status::Allowed => ("✓", Role::Good),
        Status::Denied | Status::Failed => ("✗", Role::Bad),
        Status::Redirected => ("→", Role::Warn),
        Status::Prompted | Status::Challenged => ("⏸", Role::Warn),
    }
}

pub(super) fn write(page: &mut Page<'_>, outcome: &Outcome) -> io::Result<()> {
    let (mark, role) = mark(outcome.status);
    let (what, detail) = match outcome.status {
        Status::Allowed => ("allowed", None),
        Status::Denied => ("denied", outcome.reason.clone()),
        Status::Failed => ("failed", failure(outcome)),
        Status::Redirected => (
            "redirected",
            outcome
                .redirect
                .as_ref()
                .map(|redirect| redirect.url.clone()),
        ),
        Status::Prompted => (
            "waiting",
            Some("a form is shown to the user (api.prompt.render)".to_owned()),
        ),
        Status::Challenged => (
            "waiting",
            Some("the user is asked for another factor".to_owned()),
        ),
    };
    let Some(detail) = detail else {
        return page.line(0, &[span(role, format!("{mark} {what}"))]);
    };
    let detail = text::clean(&detail);
    let joint = if outcome.status == Status::Redirected {
        " to"
    } else {
        ":"
    };
    let start = [
        span(role, format!("{mark} {what}")),
        span(Role::Plain, format!("{joint} ")),
    ];
    let room = page
        .width()
        .saturating_sub(text::width(&format!("{mark} {what}{joint} ")));
    let fits = text::width(&detail) <= room;
    match outcome.status {
        // Nobody can follow half a URL, or act on half a reason.
        Status::Redirected if !fits => {
            page.line(0, &start)?;
            page.line(2, &[span(Role::Strong, detail)])
        }
        Status::Denied if !fits => {
            page.line(0, &start)?;
            page.paragraph(
                2,
                Role::Strong,
                &text::shorten(&detail, page.width() * REASON_LINES),
            )
        }
        // The whole message of a fault is in its own section.
        _ => {
            let [start, joint] = start;
            page.line(
                0,
                &[
                    start,
                    joint,
                    span(Role::Strong, text::beginning(&detail, room)),
                ],
            )
        }
    }
}

fn failure(outcome: &Outcome) -> Option<String> {
    match &outcome.error {
        Some(error) => match error.message.lines().next() {
            Some(first) => Some(format!("{}: {first}", error.name)),
            None => Some(error.name.clone()),
        },
        None => outcome.reason.clone(),
    }
}
