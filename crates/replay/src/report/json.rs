//! `postlogin.replay/1`.

use serde_json::{Map, Value, json};

use super::{REPLAY_FORMAT, Report, Version, rounded};
use crate::bounded::Bounded;
use crate::claims::State;
use crate::group::Group;
use crate::input::Line;
use crate::reached::Reached;
use crate::segments::segments;

/// The report as JSON. It depends on nothing but the users, the versions and the options: neither on threads and shards nor on
/// the order of parts.
#[must_use]
pub fn json(report: &Report<'_>) -> Value {
    let summary = report.summary;
    json!({
        "format": REPLAY_FORMAT,
        "engine": report.engine,
        "before": report.before.as_ref().map(version),
        "after": version(&report.after),
        "input": { "name": report.input, "form": report.form, "hash": summary.input.hex() },
        "seed": report.seed,
        "now": report.now,
        "lines": summary.lines,
        "same": summary.same,
        "different": summary.different,
        "failed_before": summary.failed_before,
        "failed_after": summary.failed_after,
        "unreadable": summary.unreadable,
        "failed_both": summary.failed_both,
        "blocked": summary.blocked,
        "logged": summary.logged,
        "duplicates": report.duplicates,
        "verdict": report.verdict(),
        "left_out": report.left_out,
        "warnings": report.warnings(),
        "limits": report.limits.iter().map(|(limit, is_exceeded)| json!({
            "fail_if": limit.text(), "users": limit.metric().of(summary), "exceeded": is_exceeded,
        })).collect::<Vec<_>>(),
        "status": summary.endings,
        "differences": groups(report),
        "claims": claims(report),
        "errors": errors(report),
        "requests": requests(report),
        "token_bytes": bytes(report),
        "coverage": coverage(report),
        "unanswered": { "before": summary.unanswered[0], "after": summary.unanswered[1] },
        "attributes": summary.roots,
        "unknown_attributes": named(&summary.unknown),
        "not_exported": report.not_exported,
        "problems": summary.problems.iter().map(|(why, problem)| json!({
            "why": why, "lines": problem.lines,
            "first": problem.first.iter().map(|line| first(*line, &report.files)).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "incomplete": incomplete(report),
    })
}

fn version(version: &Version) -> Value {
    let actions = version.actions.iter().map(|(name, fingerprint)| {
        let fingerprint: String = fingerprint.chars().take(16).collect();
        json!({ "name": name, "fingerprint": fingerprint })
    });
    json!({ "name": version.name, "actions": actions.collect::<Vec<_>>() })
}

/// The number of a line; of one of several files, its name and the number.
fn first(line: u64, files: &[String]) -> Value {
    match files.len() {
        0 | 1 => line.into(),
        _ => Line::of(line).shown(files).into(),
    }
}

/// The groups with most users first; of equal ones, in the order of their names.
pub(super) fn sorted(groups: &Bounded<Group>) -> Vec<&Group> {
    let mut groups: Vec<&Group> = groups.iter().map(|(_, group)| group).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.users));
    groups
}

fn groups(report: &Report<'_>) -> Vec<Value> {
    let groups = sorted(&report.summary.groups).into_iter().map(|group| {
        let segments = segments(report.summary, group).into_iter().map(|segment| {
            json!({
                "path": segment.path,
                "property": segment.property,
                "users": segment.in_group,
                "of_all_users": segment.in_all,
                "lift": rounded(segment.lift),
            })
        });
        json!({
            "what": group.what,
            "name": group.name,
            "before": group.before,
            "after": group.after,
            "users": group.users,
            "samples": group.samples.iter().map(|(_, user)| user).collect::<Vec<_>>(),
            "places_before": group.places_before.as_ref().map(named),
            "places_after": group.places_after.as_ref().map(named),
            "segments": segments.collect::<Vec<_>>(),
        })
    });
    groups.collect()
}

fn errors(report: &Report<'_>) -> Vec<Value> {
    let groups = sorted(&report.summary.errors).into_iter().map(|group| {
        json!({
            "side": group.what,
            "message": group.name,
            "place": Some(&group.after).filter(|place| !place.is_empty()),
            "users": group.users,
            "samples": group.samples.iter().map(|(_, user)| user).collect::<Vec<_>>(),
            "segments": segments(report.summary, group).into_iter().map(|segment| json!({
                "path": segment.path, "property": segment.property, "users": segment.in_group,
                "of_all_users": segment.in_all, "lift": rounded(segment.lift),
            })).collect::<Vec<_>>(),
        })
    });
    groups.collect()
}

fn claims(report: &Report<'_>) -> Value {
    let compared = report.summary.compared();
    let mut tokens = Map::new();
    for (token, claims) in &report.summary.claims {
        let mut shown = Map::new();
        for (name, claim) in claims.iter() {
            let mut matrix = Map::new();
            for before in State::ALL {
                for after in State::ALL {
                    let count = match (before, after) {
                        (State::Absent, State::Absent) => compared - claim.users(),
                        _ => claim.cell(before, after),
                    };
                    if count > 0 {
                        matrix.insert(
                            format!("{} → {}", before.name(), after.name()),
                            count.into(),
                        );
                    }
                }
            }
            let transitions = most(&claim.transitions).into_iter().take(20);
            shown.insert(
                name.to_owned(),
                json!({
                    "users": matrix,
                    "value_changed": claim.value_changed,
                    "type_changed": claim.type_changed,
                    "dropped_before": named(&claim.rules_before),
                    "dropped_after": named(&claim.rules_after),
                    "transitions": transitions.map(|(change, users)| json!({ "change": change, "users": users }))
                        .collect::<Vec<_>>(),
                }),
            );
        }
        tokens.insert(token.clone(), Value::Object(shown));
    }
    Value::Object(tokens)
}

/// Names with most users first.
pub(super) fn most(counts: &Bounded<u64>) -> Vec<(&str, u64)> {
    let mut counts: Vec<(&str, u64)> = counts.iter().map(|(name, count)| (name, *count)).collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

fn named(counts: &Bounded<u64>) -> Map<String, Value> {
    let counts = counts.iter();
    counts
        .map(|(name, count)| (name.to_owned(), Value::from(*count)))
        .collect()
}

fn requests(report: &Report<'_>) -> Vec<Value> {
    let requests = report.summary.requests.iter().map(|(key, requests)| {
        let (side, url) = key.split_once(' ').unwrap_or(("", key));
        json!({
            "side": side,
            "request": url,
            "users": requests.users,
            "calls": requests.calls,
            "calls_per_1000_logins": per_thousand(requests.calls, report.summary.compared()),
        })
    });
    requests.collect()
}

/// Calls of 1,000 logins, rounded up.
pub(super) fn per_thousand(calls: u64, logins: u64) -> u64 {
    (calls * 1000).div_ceil(logins.max(1))
}

fn bytes(report: &Report<'_>) -> Value {
    let mut shown = Map::new();
    for (key, sizes) in &report.summary.bytes {
        let [over_cookie, over_header] = report
            .summary
            .too_long
            .get(key)
            .copied()
            .unwrap_or_default();
        shown.insert(
            key.replace(' ', "_"),
            json!({
                "tokens": sizes.count(),
                "p50": sizes.percentile(50),
                "p95": sizes.percentile(95),
                "p99": sizes.percentile(99),
                "max": sizes.largest(),
                "over_4096": over_cookie,
                "over_8192": over_header,
            }),
        );
    }
    Value::Object(shown)
}

/// The lines of Actions that were reached and those that were not; null unless they were counted.
fn coverage(report: &Report<'_>) -> Value {
    if report.summary.reached.is_empty() {
        return Value::Null;
    }
    let files = report.summary.reached.iter().map(|(key, reached)| {
        let (side, file) = key.split_once(' ').unwrap_or(("", key));
        json!({
            "side": side,
            "file": file,
            "lines": reached.0.len(),
            "reached": reached.count(),
            "missed": missed(reached),
        })
    });
    files.collect()
}

/// Lines that no login reached: `7`, `9-12`.
pub(super) fn missed(reached: &Reached) -> Vec<String> {
    let ranges = reached.missed().into_iter();
    let ranges = ranges.map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    ranges.collect()
}

/// Which lists have more items than are kept. Those that are listed are complete in themselves.
fn incomplete(report: &Report<'_>) -> Vec<&'static str> {
    let summary = report.summary;
    let claims = summary.claims.values().any(Bounded::is_full);
    let transitions = summary
        .claims
        .values()
        .flat_map(|claims| claims.iter().map(|(_, claim)| claim));
    let transitions = transitions
        .into_iter()
        .any(|claim| claim.transitions.is_full());
    [
        ("differences", summary.groups.is_full()),
        ("errors", summary.errors.is_full()),
        ("requests", summary.requests.is_full()),
        ("claims", claims),
        ("transitions", transitions),
        ("unknown_attributes", summary.unknown.is_full()),
    ]
    .into_iter()
    .filter(|(_, is_full)| *is_full)
    .map(|(name, _)| name)
    .collect()
}
