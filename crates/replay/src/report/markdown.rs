//! The report in Markdown, for a comment at a pull request. It is also what people read on a terminal.

use std::fmt::Write as _;

use super::json::{missed, most, per_thousand, sorted};
use super::{Report, counted, percent};
use crate::claims::State;
use crate::segments::segments;

/// So many differences, errors, claims and requests are shown.
const SHOWN: usize = 10;

/// The report in Markdown. What comes from users and Actions stands in code spans without backquotes, pipes and line ends.
#[must_use]
pub fn markdown(report: &Report<'_>) -> String {
    let summary = report.summary;
    let mut text = String::new();
    let mut line = |args: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{args}");
    };
    line(format_args!("**{}**", report.verdict()));
    line(format_args!(""));
    if let Some(before) = &report.before {
        line(format_args!(
            "{} → {} over {}",
            code(&before.name),
            code(&report.after.name),
            code(&report.input)
        ));
    } else {
        line(format_args!(
            "{} over {}",
            code(&report.after.name),
            code(&report.input)
        ));
    }
    for (limit, is_exceeded) in &report.limits {
        let sign = if *is_exceeded { "✗" } else { "✓" };
        line(format_args!(
            "{sign} {}: {} users",
            code(limit.text()),
            limit.metric().of(summary)
        ));
    }
    line(format_args!(""));
    line(format_args!(
        "| lines | same | different | failed before | failed after | unreadable |"
    ));
    line(format_args!("| ---: | ---: | ---: | ---: | ---: | ---: |"));
    line(format_args!(
        "| {} | {} | {} | {} | {} | {} |",
        summary.lines,
        summary.same,
        summary.different,
        summary.failed_before,
        summary.failed_after,
        summary.unreadable
    ));
    for warning in report.warnings() {
        line(format_args!("\n> {}", plain(&warning)));
    }
    let groups = sorted(&summary.groups);
    if !groups.is_empty() {
        line(format_args!("\n### Differences\n"));
    }
    for group in groups.iter().take(SHOWN) {
        let name = group
            .name
            .as_deref()
            .map(|name| format!(" {}", code(name)))
            .unwrap_or_default();
        line(format_args!(
            "- {}{name}: {} → {}: {} ({})",
            group.what.replace('_', " "),
            group.before,
            group.after,
            counted(group.users, "user", "users"),
            percent(group.users, summary.compared())
        ));
        for segment in segments(summary, group).iter().take(2) {
            line(format_args!(
                "  - {} of them: {} {} (of all users: {})",
                percent(segment.in_group, group.users),
                code(&segment.path),
                code(&segment.property),
                percent(segment.in_all, summary.compared())
            ));
        }
        for (when, places) in [
            ("before", &group.places_before),
            ("after", &group.places_after),
        ] {
            if let Some((place, _)) = places
                .as_ref()
                .and_then(|places| most(places).into_iter().next())
            {
                line(format_args!("  - set {when} at {}", code(place)));
            }
        }
    }
    more(&mut line, groups.len());
    let errors = sorted(&summary.errors);
    if !errors.is_empty() {
        line(format_args!("\n### Errors\n"));
    }
    for group in errors.iter().take(SHOWN) {
        let message = group.name.as_deref().unwrap_or_default();
        let place = Some(&group.after).filter(|place| !place.is_empty());
        let place = place
            .map(|place| format!(" at {}", code(place)))
            .unwrap_or_default();
        line(format_args!(
            "- {}: {}{place}: {}",
            group.what,
            code(message),
            counted(group.users, "user", "users")
        ));
    }
    more(&mut line, errors.len());
    claims(report, &mut line);
    sizes(report, &mut line);
    requests(report, &mut line);
    coverage(report, &mut line);
    text
}

fn more(line: &mut dyn FnMut(std::fmt::Arguments<'_>), count: usize) {
    if count > SHOWN {
        line(format_args!("- … {} more in summary.json", count - SHOWN));
    }
}

fn claims(report: &Report<'_>, line: &mut dyn FnMut(std::fmt::Arguments<'_>)) {
    let summary = report.summary;
    for (token, claims) in &summary.claims {
        line(format_args!(
            "\n### Claims of the {} token\n",
            token.trim_end_matches("_token")
        ));
        line(format_args!(
            "| claim | kept before | kept after | dropped before | dropped after | value changed |"
        ));
        line(format_args!("| --- | ---: | ---: | ---: | ---: | ---: |"));
        let all: Vec<_> = claims.iter().collect();
        for (name, claim) in all.iter().take(SHOWN) {
            let row = |state: State| {
                State::ALL
                    .iter()
                    .map(|after| claim.cell(state, *after))
                    .sum::<u64>()
            };
            let column = |state: State| {
                State::ALL
                    .iter()
                    .map(|before| claim.cell(*before, state))
                    .sum::<u64>()
            };
            line(format_args!(
                "| {} | {} | {} | {} | {} | {} |",
                code(name),
                row(State::Kept),
                column(State::Kept),
                row(State::Dropped),
                column(State::Dropped),
                claim.value_changed
            ));
        }
        more(line, all.len());
    }
}

fn sizes(report: &Report<'_>, line: &mut dyn FnMut(std::fmt::Arguments<'_>)) {
    let summary = report.summary;
    if summary.bytes.is_empty() {
        return;
    }
    line(format_args!("\n### Bytes of signed tokens\n"));
    line(format_args!(
        "| token | p50 | p95 | p99 | max | over 4,096 | over 8,192 |"
    ));
    line(format_args!(
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    ));
    for (key, sizes) in &summary.bytes {
        let [over_cookie, over_header] = summary.too_long.get(key).copied().unwrap_or_default();
        line(format_args!(
            "| {} | {} | {} | {} | {} | {over_cookie} | {over_header} |",
            key.replace('_', " "),
            sizes.percentile(50),
            sizes.percentile(95),
            sizes.percentile(99),
            sizes.largest()
        ));
    }
}

fn requests(report: &Report<'_>, line: &mut dyn FnMut(std::fmt::Arguments<'_>)) {
    let mut requests: Vec<_> = report.summary.requests.iter().collect();
    if requests.is_empty() {
        return;
    }
    requests.sort_by_key(|(_, requests)| std::cmp::Reverse(requests.calls));
    line(format_args!("\n### Requests\n"));
    for (key, found) in requests.iter().take(SHOWN) {
        let (side, url) = key.split_once(' ').unwrap_or(("", key));
        line(format_args!(
            "- {side}: {}: {} calls per 1,000 logins",
            code(url),
            per_thousand(found.calls, report.summary.compared())
        ));
    }
    more(line, requests.len());
}

fn coverage(report: &Report<'_>, line: &mut dyn FnMut(std::fmt::Arguments<'_>)) {
    let files = || report.summary.reached.iter();
    if files().next().is_none() {
        return;
    }
    line(format_args!("\n### Lines that no user reaches\n"));
    for (key, reached) in files().take(SHOWN) {
        let (side, file) = key.split_once(' ').unwrap_or(("", key));
        let missed = missed(reached);
        let shown = match missed.len() {
            0 => "none".to_owned(),
            count if count > SHOWN => format!("{}, …", missed[..SHOWN].join(", ")),
            _ => missed.join(", "),
        };
        line(format_args!("- {side}: {}: {shown}", code(file)));
    }
    more(line, files().count());
}

/// Text as code that cannot end its span, its table or its line.
fn code(text: &str) -> String {
    format!("`{}`", plain(text).replace('`', "'"))
}

fn plain(text: &str) -> String {
    let text = postlogin_core::escape::inline(text).into_owned();
    text.replace('|', "\\|")
}
