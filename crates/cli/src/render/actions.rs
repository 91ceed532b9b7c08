//! The Actions that ran, what they called and what they cost.

use std::io;

use postlogin_core::outcome::{ActionUsage, Outcome, Status};
use postlogin_host::COMPUTING;

use super::headline;
use super::human::HumanOptions;
use super::page::{Page, span};
use super::style::Role;
use super::text;

/// Names up to this width are shown whole before anything else.
const NAME_COLUMN: usize = 30;

/// One row for each handler that ran.
pub(super) fn write(page: &mut Page<'_>, outcome: &Outcome) -> io::Result<()> {
    let usages = &outcome.usage.actions;
    if usages.is_empty() {
        return Ok(());
    }
    page.heading("Actions", "")?;
    let rows: Vec<[String; 4]> = usages.iter().map(|usage| row(usage, outcome)).collect();
    let column = |index: usize| {
        rows.iter()
            .filter_map(|row| row.get(index))
            .map(|cell| text::width(cell))
            .max()
            .unwrap_or(0)
    };
    let (times, sizes, calls) = (column(1), column(2), column(3));
    let room = |calls: usize| {
        page.width()
            .saturating_sub(4 + 2 + times + 2 + sizes + 2 + calls)
    };
    // The counts give way to the names.
    let (names, with_calls) = match room(calls) {
        room if room >= column(0).min(NAME_COLUMN) => (room, true),
        _ => (room(0).max(8), false),
    };
    let names = column(0).min(names);
    let missing: Vec<&str> = outcome.not_loaded().collect();
    let error = outcome.error.as_ref();
    let went_through = error.is_some_and(|error| missing.contains(&error.action.as_str()));
    for (index, ([name, time, size, calls], usage)) in rows.iter().zip(usages).enumerate() {
        // The flow ended or paused at the last handler, unless it failed for one that did not load; all others went through.
        let last = index + 1 == rows.len();
        let (mark, role) = match () {
            () if missing.contains(&usage.action.as_str()) => headline::mark(Status::Failed),
            () if last && !went_through => headline::mark(outcome.status),
            () => ("✓", Role::Good),
        };
        let name = text::pad(&text::shorten(name, names), names);
        let cost = format!(
            "  {}  {}",
            text::pad(time, times),
            text::pad_left(size, sizes)
        );
        let calls = if with_calls {
            format!("  {calls}")
        } else {
            String::new()
        };
        let row = [
            span(role, mark),
            span(Role::Plain, format!(" {name}{cost}")),
            span(Role::Dim, calls),
        ];
        page.line(2, &row)?;
    }
    Ok(())
}

fn row(usage: &ActionUsage, outcome: &Outcome) -> [String; 4] {
    let calls = outcome
        .commands
        .iter()
        .filter(|command| command.action == usage.action)
        .count();
    // An Action that was continued has two rows, and the calls do not say to which of them they belong.
    let once = outcome
        .usage
        .actions
        .iter()
        .filter(|other| other.action == usage.action)
        .count()
        == 1;
    [
        text::clean(&usage.action),
        time(usage.wall_us, "", usage.virtual_ms),
        text::bytes(usage.memory_bytes),
        if once {
            text::counted(calls, "call")
        } else {
            String::new()
        },
    ]
}

/// Computing, what is said of it, and waiting.
fn time(wall_us: u64, remark: &str, virtual_ms: u64) -> String {
    match virtual_ms {
        0 => format!("{}{remark}", text::duration(wall_us)),
        waited => format!(
            "{}{remark} + {} waited",
            text::duration(wall_us),
            text::duration(waited.saturating_mul(1_000))
        ),
    }
}

/// Every call of an `api` method, in call order.
pub(super) fn write_calls(page: &mut Page<'_>, outcome: &Outcome) -> io::Result<()> {
    if outcome.commands.is_empty() {
        return Ok(());
    }
    page.heading("Calls", "")?;
    let names = outcome
        .commands
        .iter()
        .map(|command| text::width(&text::clean(&command.action)))
        .max();
    let names = names.unwrap_or(0).min(page.width() / 3);
    for command in &outcome.commands {
        let action = text::shorten(&text::clean(&command.action), names);
        let arguments: Vec<String> = command
            .args
            .iter()
            .map(|argument| argument.to_string())
            .collect();
        let arguments = text::clean(&format!("({})", arguments.join(", ")));
        let method = format!("api.{}", text::clean(&command.method));
        let room = page
            .width()
            .saturating_sub(2 + names + 2 + text::width(&method));
        page.line(
            2,
            &[
                span(Role::Dim, text::pad(&action, names)),
                span(Role::Plain, "  "),
                span(Role::Strong, method),
                span(Role::Plain, text::shorten(&arguments, room)),
            ],
        )?;
    }
    Ok(())
}

/// From so many microseconds of computing on, the footer shows what they count as.
const SHOWN_AS_COUNTED: u64 = 1_000_000;

/// The cost of the whole login beside its limits.
pub(super) fn write_footer(
    page: &mut Page<'_>,
    outcome: &Outcome,
    options: &HumanOptions<'_>,
) -> io::Result<()> {
    let usages = &outcome.usage.actions;
    if usages.is_empty() {
        return Ok(());
    }
    let wall_us = usages
        .iter()
        .fold(0u64, |sum, usage| sum.saturating_add(usage.wall_us));
    let virtual_ms = usages
        .iter()
        .fold(0u64, |sum, usage| sum.saturating_add(usage.virtual_ms));
    let memory = usages
        .iter()
        .map(|usage| usage.memory_bytes)
        .max()
        .unwrap_or(0);
    let limit_us = u64::try_from(options.time_limit.as_micros()).unwrap_or(u64::MAX);
    let counted_us = wall_us / u64::from(COMPUTING);
    let used_us = counted_us.saturating_add(virtual_ms.saturating_mul(1_000));

    page.blank()?;
    let (time_role, time_share) = share(used_us, limit_us);
    let (memory_role, memory_share) = share(memory, options.memory_limit);
    let time = format!(
        "time {} of {}{time_share}",
        match wall_us {
            SHOWN_AS_COUNTED.. => {
                let counted = format!(" (as {})", text::duration(counted_us));
                time(wall_us, &counted, virtual_ms)
            }
            _ => time(wall_us, "", virtual_ms),
        },
        text::duration(limit_us)
    );
    let memory = format!(
        "memory {} of {}{memory_share}",
        text::bytes(memory),
        text::bytes(options.memory_limit)
    );
    if text::width(&time) + 3 + text::width(&memory) > page.width() {
        page.line(0, &[span(time_role, time)])?;
        return page.line(0, &[span(memory_role, memory)]);
    }
    let joint = span(Role::Dim, " · ");
    page.line(
        0,
        &[span(time_role, time), joint, span(memory_role, memory)],
    )
}

/// From half of a limit on, the share is told.
fn share(used: u64, limit: u64) -> (Role, String) {
    let percent = u128::from(used) * 100 / u128::from(limit.max(1));
    match percent {
        0..50 => (Role::Dim, String::new()),
        50..100 => (Role::Warn, format!(" ({percent} %)")),
        _ => (Role::Bad, format!(" ({percent} %)")),
    }
}
