//! The fault that ended the login: where, the code around it, the stack.

use std::io;

use postlogin_core::outcome::Outcome;

use super::claim_table::at;
use super::code_frame;
use super::human::HumanOptions;
use super::page::{Page, span};
use super::style::Role;
use super::text;

/// The frames of a stack that a screen has room for.
const STACK_LINES: usize = 12;
/// The lines of a message that a screen has room for.
const MESSAGE_LINES: usize = 10;

pub(super) fn write(
    page: &mut Page<'_>,
    outcome: &Outcome,
    options: &HumanOptions<'_>,
) -> io::Result<()> {
    let Some(error) = &outcome.error else {
        return Ok(());
    };
    let remark = match &error.location {
        Some(location) => format!("in {} at {}", error.action, at(location)),
        None => format!("in {}", error.action),
    };
    page.heading("Error", &remark)?;

    let frame = error.location.as_ref().and_then(|location| {
        let source = options.source?(&location.file)?;
        let lines: Vec<&str> = source.lines().collect();
        code_frame::code_frame(&lines, location, page.width().saturating_sub(2))
    });
    if let Some(frame) = frame {
        code_frame::write(page, &frame, Role::Bad)?;
    }

    let message = format!("{}: {}", error.name, error.message);
    // The headline has told a message that fits there.
    if message.contains('\n') || text::width(&message) + text::width("✗ failed: ") > page.width()
    {
        let mut lines = message.lines();
        for line in lines.by_ref().take(MESSAGE_LINES) {
            page.paragraph(
                2,
                Role::Plain,
                &text::shorten(&text::clean(line), page.width() * 3),
            )?;
        }
        page.left_out(2, lines.count(), "line")?;
    }
    // Engines begin the stack with the message.
    let stack = error.stack.trim_end();
    let frames = stack.strip_prefix(message.as_str()).unwrap_or(stack);
    let mut lines = frames
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let most = if options.verbose {
        usize::MAX
    } else {
        STACK_LINES
    };
    for line in lines.by_ref().take(most) {
        let line = text::shorten(&text::clean(line), page.width() * 3);
        page.line(4, &[span(Role::Dim, line)])?;
    }
    match lines.count() {
        0 => Ok(()),
        more => page.line(4, &[span(Role::Dim, format!("… {more} more"))]),
    }
}
