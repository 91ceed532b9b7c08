//! Claims in aligned columns, with where each was set and why it is missing.

use std::collections::HashSet;
use std::io;

use postlogin_core::Trigger;
use postlogin_core::location::Location;
use postlogin_core::outcome::{LedgerEntry, Verdict};

use super::claim_rules;
use super::page::{Page, Span, span};
use super::style::Role;
use super::text;

/// The widest column of names; a longer name has a line of its own.
const NAME_COLUMN: usize = 40;
/// Two spaces, a mark, a space.
const MARK_COLUMN: usize = 4;
/// Where the lines below a claim begin.
const BELOW: usize = 6;

/// One claim.
pub(super) struct Row<'a> {
    pub(super) mark: &'static str,
    pub(super) role: Role,
    pub(super) name: String,
    pub(super) value: String,
    /// The call that set it; standard claims have none.
    pub(super) entry: Option<&'a LedgerEntry>,
    /// The call that set it again, when it was overwritten.
    pub(super) later: Option<&'a LedgerEntry>,
    /// Whether there is such a token.
    pub(super) is_issued: bool,
}

/// Writes the claims of one token. `told` are the pages of the documentation that were named before.
pub(super) fn write_rows(
    page: &mut Page<'_>,
    rows: &[Row<'_>],
    verbose: bool,
    trigger: Trigger,
    told: &mut HashSet<&'static str>,
) -> io::Result<()> {
    let names = rows
        .iter()
        .map(|row| text::width(&row.name))
        .filter(|name| *name <= NAME_COLUMN)
        .max();
    let names = names.unwrap_or(0);
    let value_column = MARK_COLUMN + names + 2;
    let room = page.width().saturating_sub(value_column);
    // Beside the values if all origins fit there, else below: one layout for the whole token.
    let with_origin = || rows.iter().filter(|row| row.entry.is_some());
    let values = with_origin()
        .map(|row| text::width(&row.value))
        .max()
        .unwrap_or(0);
    let origins = with_origin()
        .map(|row| origin_width(row))
        .max()
        .unwrap_or(0);
    let beside =
        values + 2 + origins <= room && rows.iter().all(|row| text::width(&row.name) <= names);

    for row in rows {
        let (name_role, value_role) = match row.entry.map(|entry| entry.verdict) {
            None => (Role::Dim, Role::Dim),
            Some(Verdict::Kept) => (Role::Strong, Role::Plain),
            Some(Verdict::Dropped | Verdict::Overwritten) => (Role::Plain, Role::Dim),
        };
        let mark = [
            span(Role::Plain, "  "),
            span(row.role, row.mark),
            span(Role::Plain, " "),
        ];
        let mut line = Vec::from(mark);
        let value = text::shorten(&row.value, room);
        if text::width(&row.name) <= names {
            line.push(span(name_role, text::pad(&row.name, names + 2)));
        } else {
            let whole_line = page.width().saturating_sub(MARK_COLUMN);
            line.push(span(name_role, text::shorten(&row.name, whole_line)));
            page.line(0, &line)?;
            line = vec![span(Role::Plain, " ".repeat(value_column))];
        }
        match row.entry {
            Some(entry) if beside => {
                line.push(span(value_role, text::pad(&value, values + 2)));
                line.extend(origin(entry));
                page.line(0, &line)?;
            }
            _ => {
                line.push(span(value_role, value));
                page.line(0, &line)?;
            }
        }
        if let Some(entry) = row.entry {
            write_below(page, row, entry, beside, verbose, trigger, told)?;
        }
    }
    Ok(())
}

/// Writes the parts that do not fit into the row: the origin, the reason, further sources.
fn write_below(
    page: &mut Page<'_>,
    row: &Row<'_>,
    entry: &LedgerEntry,
    beside: bool,
    verbose: bool,
    trigger: Trigger,
    told: &mut HashSet<&'static str>,
) -> io::Result<()> {
    if !beside {
        if BELOW + origin_width(row) <= page.width() || entry.sources.is_empty() {
            page.line(BELOW, &origin(entry))?;
        } else {
            page.line(BELOW, &[place(entry)])?;
            page.line(BELOW, &source(entry))?;
        }
    }
    if verbose {
        for other in entry.sources.iter().skip(1) {
            page.line(BELOW, &[span(Role::Dim, format!("or ← {other}"))])?;
        }
    }
    match entry.verdict {
        Verdict::Kept => {}
        Verdict::Dropped => match entry.rule {
            None => page.line(BELOW, &[span(Role::Bad, "dropped")])?,
            Some(rule) => {
                page.paragraph(
                    BELOW,
                    Role::Bad,
                    &match row.is_issued {
                        true => format!("dropped: {}", claim_rules::sentence(rule, trigger)),
                        false => format!("dropped: {}", claim_rules::NO_ID_TOKEN),
                    },
                )?;
                let source = claim_rules::page(rule);
                if told.insert(source) {
                    page.line(BELOW, &[span(Role::Dim, source)])?;
                }
            }
        },
        Verdict::Overwritten => {
            let by = match row.later {
                Some(later) => format!("overwritten by {}", place_text(later)),
                None => "overwritten by a later call".to_owned(),
            };
            page.line(BELOW, &[span(Role::Warn, by)])?;
        }
    }
    Ok(())
}

/// `file:line:column`, a form that terminals and editors can follow.
pub(super) fn at(location: &Location) -> String {
    format!("{}:{}:{}", location.file, location.line, location.column)
}

fn place_text(entry: &LedgerEntry) -> String {
    entry
        .location
        .as_ref()
        .map_or_else(|| format!("Action {}", entry.action), at)
}

fn place(entry: &LedgerEntry) -> Span {
    span(Role::Dim, place_text(entry))
}

fn source(entry: &LedgerEntry) -> Vec<Span> {
    match entry.sources.first() {
        None => Vec::new(),
        Some(source) => vec![span(Role::Source, format!("← {source}"))],
    }
}

fn origin(entry: &LedgerEntry) -> Vec<Span> {
    let mut spans = vec![place(entry)];
    if !entry.sources.is_empty() {
        spans.push(span(Role::Plain, "  "));
    }
    spans.extend(source(entry));
    spans
}

fn origin_width(row: &Row<'_>) -> usize {
    let Some(entry) = row.entry else { return 0 };
    let place = text::width(&text::clean(&place_text(entry)));
    let source = entry
        .sources
        .first()
        .map_or(0, |source| 4 + text::width(&text::clean(source)));
    place + source
}
