//! The report as one page without anything from outside: it opens from a disk and in a CI artefact.

use std::fmt::Write as _;

use maud::{DOCTYPE, Markup, PreEscaped, html as page};

use postlogin_core::escape::{command_marks, inline, is_hostile};

use super::json::{missed, most, per_thousand, sorted};
use super::{Report, counted, percent};
use crate::claims::{ClaimCount, State};
use crate::group::Group;
use crate::histogram::Histogram;
use crate::input::Line;
use crate::segments::segments;
use crate::summary::{COOKIE, HEADER};

const STYLE: &str = include_str!("style.css");

/// So many groups are shown.
const SHOWN: usize = 100;

/// The report as a page.
#[must_use]
pub fn html(report: &Report<'_>) -> String {
    let summary = report.summary;
    let groups = sorted(&summary.groups);
    let errors = sorted(&summary.errors);
    let markup = page! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { "Replay: " (report.verdict()) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (report.verdict()) }
                    p {
                        @if let Some(before) = &report.before { code { (before.name) } " → " }
                        code { (report.after.name) } " over " code { (report.input) }
                        ", seed " (report.seed) ", each login at " (report.now)
                    }
                    (bar(report))
                    @for warning in report.warnings() { p.warning { (warning) } }
                    @for (limit, is_exceeded) in &report.limits {
                        p.limit.exceeded[*is_exceeded] {
                            @if *is_exceeded { "✗ " } @else { "✓ " }
                            code { (limit.text()) } ": " (limit.metric().of(summary)) " users"
                        }
                    }
                }
                main {
                    section {
                        h2 { "How logins end" }
                        table {
                            thead { tr { th { @if report.before.is_some() { "before → after" } @else { "end" } } th.number { "users" } th { } } }
                            tbody { @for (ending, count) in &summary.endings {
                                tr { td { (ending) } td.number { (count) } td { (share(*count, summary.compared())) } }
                            } }
                        }
                    }
                    @if !groups.is_empty() {
                        section {
                            h2 { "Differences" }
                            @for group in groups.iter().take(SHOWN) { (difference(report, group)) }
                            (more(groups.len()))
                        }
                    }
                    @if !errors.is_empty() {
                        section {
                            h2 { "Errors" }
                            @for group in errors.iter().take(SHOWN) { (error(report, group)) }
                            (more(errors.len()))
                        }
                    }
                    @for (token, claims) in &summary.claims {
                        section {
                            h2 { "Claims of the " (token.trim_end_matches("_token")) " token" }
                            @for (name, claim) in claims.iter() { (matrix(name, claim, summary.compared())) }
                        }
                    }
                    @if !summary.bytes.is_empty() {
                        section {
                            h2 { "Bytes of signed tokens" }
                            @for (key, sizes) in &summary.bytes {
                                (chart(key, sizes, summary.too_long.get(key).copied().unwrap_or_default()))
                            }
                        }
                    }
                    @if summary.requests.iter().next().is_some() {
                        section {
                            h2 { "Requests" }
                            table {
                                thead { tr { th { "side" } th { "request" } th.number { "calls" } th.number { "per 1,000 logins" } } }
                                tbody { @for (key, found) in summary.requests.iter() {
                                    @let (side, url) = key.split_once(' ').unwrap_or(("", key));
                                    tr {
                                        td { (side) } td { code { (url) } } td.number { (found.calls) }
                                        td.number { (per_thousand(found.calls, summary.compared())) }
                                    }
                                } }
                            }
                        }
                    }
                    @if !summary.reached.is_empty() {
                        section {
                            h2 { "Lines that no user reaches" }
                            table {
                                thead { tr { th { "side" } th { "file" } th.number { "lines" } th.number { "reached" } th { "not reached" } } }
                                tbody { @for (key, reached) in &summary.reached {
                                    @let (side, file) = key.split_once(' ').unwrap_or(("", key));
                                    tr {
                                        td { (side) } td { code { (file) } } td.number { (reached.0.len()) } td.number { (reached.count()) }
                                        td { (missed(reached).join(", ")) }
                                    }
                                } }
                            }
                        }
                    }
                    @if summary.unreadable > 0 {
                        section {
                            h2 { "Lines that are not users" }
                            ul { @for (why, problem) in summary.problems.iter() {
                                li {
                                    (why) ": " (counted(problem.lines, "line", "lines"))
                                    @if !problem.first.is_empty() { ", first " (listed(&problem.first, &report.files)) }
                                }
                            } }
                        }
                    }
                }
                footer { p { "postlogin " (report.engine) " · input " code { (summary.input.hex()) } } }
            }
        }
    };
    harmless(&markup.into_string())
}

/// Values of users are in the page, and a page may be printed: no line of it is a command of a CI system, and nothing steers a terminal.
fn harmless(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    for line in page.split_inclusive('\n') {
        let marks = command_marks(line);
        for (at, letter) in line.char_indices() {
            match letter {
                '\n' | '\t' => out.push(letter),
                _ if marks.contains(&at) => {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "&#{};", u32::from(letter));
                }
                _ if is_hostile(letter) => out.push_str(&inline(letter.encode_utf8(&mut [0; 4]))),
                _ => out.push(letter),
            }
        }
    }
    out
}

fn listed(lines: &[u64], files: &[String]) -> String {
    lines
        .iter()
        .map(|line| Line::of(*line).shown(files))
        .collect::<Vec<_>>()
        .join(", ")
}

fn more(count: usize) -> Markup {
    page! { @if count > SHOWN { p.warning { (count - SHOWN) " more in summary.json" } } }
}

/// All users in one bar, by what became of them.
fn bar(report: &Report<'_>) -> Markup {
    let summary = report.summary;
    let parts = [
        ("same", summary.same),
        ("different", summary.different),
        ("failed before", summary.failed_before),
        ("failed after", summary.failed_after),
        ("unreadable", summary.unreadable),
    ];
    page! {
        div.bar role="img" aria-label=(parts.map(|(name, count)| format!("{name}: {count}")).join(", ")) {
            @for (name, count) in parts {
                @if count > 0 {
                    span class=(name.replace(' ', "-")) style=(format!("flex-grow:{count}")) title=(format!("{name}: {count}")) {}
                }
            }
        }
        dl.legend { @for (name, count) in parts {
            div { dt class=(name.replace(' ', "-")) { (name) } dd { (count) " · " (percent(count, summary.lines)) } }
        } }
    }
}

fn share(part: u64, whole: u64) -> Markup {
    let width = part.saturating_mul(1000) / whole.max(1);
    page! {
        span.share { span style=(format!("width:{}.{}%", width / 10, width % 10)) {} }
        " " (percent(part, whole))
    }
}

fn difference(report: &Report<'_>, group: &Group) -> Markup {
    page! {
        article {
            h3 {
                (group.what.replace('_', " "))
                @if let Some(name) = &group.name { " " code { (name) } }
                ": " (group.before) " → " (group.after)
            }
            p { (group.users) " users " (share(group.users, report.summary.compared())) }
            (explanation(report, group))
            @for (when, places) in [("before", &group.places_before), ("after", &group.places_after)] {
                @if let Some(places) = places {
                    p { "set " (when) " at " @for (place, count) in most(places) { code { (place) } " (" (count) ") " } }
                }
            }
            (samples(group))
        }
    }
}

fn error(report: &Report<'_>, group: &Group) -> Markup {
    page! {
        article {
            h3 { (group.what) ": " code { (group.name.as_deref().unwrap_or_default()) } }
            p {
                (group.users) " users"
                @if !group.after.is_empty() { " at " code { (group.after) } }
                " " (share(group.users, report.summary.compared()))
            }
            (explanation(report, group))
            (samples(group))
        }
    }
}

fn explanation(report: &Report<'_>, group: &Group) -> Markup {
    page! {
        @for segment in segments(report.summary, group) {
            p.segment {
                b { (percent(segment.in_group, group.users)) } " of them: " code { (segment.path) } " " (segment.property)
                ", " (format!("{:.1}", segment.lift)) " times the share of all users; "
                (percent(segment.in_group, segment.in_all)) " of all such users are in this group"
            }
        }
    }
}

fn samples(group: &Group) -> Markup {
    page! { p.samples { "for example " @for (_, user) in &group.samples { code { (user) } " " } } }
}

fn matrix(name: &str, claim: &ClaimCount, compared: u64) -> Markup {
    let cell = |before: State, after: State| match (before, after) {
        (State::Absent, State::Absent) => compared - claim.users(),
        _ => claim.cell(before, after),
    };
    page! {
        details {
            summary { code { (name) } " " (claim.value_changed) " values changed, " (claim.type_changed) " with another type" }
            table.matrix {
                thead { tr { th { "before ↓ after →" } @for after in State::ALL { th.number { (after.name()) } } } }
                tbody { @for before in State::ALL { tr {
                    th { (before.name()) }
                    @for after in State::ALL {
                        td.number.equal[before == after].zero[cell(before, after) == 0] { (cell(before, after)) }
                    }
                } } }
            }
            @for (when, rules) in [("before", &claim.rules_before), ("after", &claim.rules_after)] {
                @for (rule, users) in rules.iter() { p { "dropped " (when) " by " code { (rule) } ": " (users) " users" } }
            }
            @if claim.value_changed > 0 {
                table {
                    thead { tr { th { "change" } th.number { "users" } } }
                    tbody { @for (change, users) in most(&claim.transitions).into_iter().take(20) {
                        tr { td { code { (change) } } td.number { (users) } }
                    } }
                }
            }
        }
    }
}

/// Bars for sizes, with marks where cookies and headers end.
fn chart(key: &str, sizes: &Histogram, too_long: [u64; 2]) -> Markup {
    const BARS: u64 = 60;
    let step = (sizes.largest() / BARS + 1).max(Histogram::STEP);
    let mut bars = vec![0_u64; usize::try_from(BARS).unwrap_or_default() + 1];
    for (size, count) in sizes.buckets() {
        if let Some(bar) = usize::try_from(size / step)
            .ok()
            .and_then(|index| bars.get_mut(index))
        {
            *bar += count;
        }
    }
    let highest = bars.iter().copied().max().unwrap_or_default().max(1);
    let place = |size: u64| size / step * 10;
    let label = format!(
        "{}: half of all have up to {} bytes, the largest {}",
        key.replace('_', " "),
        sizes.percentile(50),
        sizes.largest()
    );
    page! {
        figure {
            figcaption {
                (key.replace('_', " ")) ": p50 " (sizes.percentile(50)) ", p95 " (sizes.percentile(95)) ", p99 "
                (sizes.percentile(99)) ", max " (sizes.largest()) " bytes; " (too_long[0]) " over 4,096, " (too_long[1]) " over 8,192"
            }
            svg viewBox="0 0 610 80" role="img" aria-label=(label) {
                @for (index, count) in bars.iter().enumerate() {
                    @let height = (count * 70).div_ceil(highest);
                    rect x=(index * 10) y=(75 - height) width="8" height=(height) { title { (count) " tokens" } }
                }
                @for limit in [COOKIE, HEADER] {
                    @if limit < sizes.largest() {
                        line x1=(place(limit)) x2=(place(limit)) y1="0" y2="75" {}
                    }
                }
            }
        }
    }
}
