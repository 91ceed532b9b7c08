//! Where an expected claim would be set, and what stood in the way.

use std::io;

use postlogin_core::explanation::{
    ConditionAccount, EarlyEnd, ExpectedClaim, ListState, Met, Reached, RouteAccount, SiteAccount,
};
use postlogin_core::outcome::NoValue;

use super::claim_table::at;
use super::explanation::BELOW;
use super::page::{Page, span};
use super::style::Role;
use super::text;

/// The most places, conditions and reads that are shown each.
const MOST_SHOWN: usize = 40;
/// The most calls of a helper that are shown.
const MOST_ROUTES: usize = 8;

pub(super) fn write(page: &mut Page<'_>, claim: &ExpectedClaim) -> io::Result<()> {
    for one in &claim.not_loaded {
        let (action, error) = (text::clean(&one.action), text::clean(&one.error));
        let sentence = format!("{action} was not loaded, and may set it: {error}");
        page.paragraph(BELOW, Role::Bad, &sentence)?;
    }
    let never_reached = !claim.sites.iter().any(was_reached);
    if claim.sites.is_empty() {
        let none = "no call in the source of the Actions names it";
        page.line(BELOW, &[span(Role::Dim, none)])?;
        return not_analysed(page, BELOW, claim.omitted_sites, "claim site");
    }
    // Where one call was made, the others are of no interest.
    let sites = claim.sites.iter();
    let mut sites = sites.filter(|site| never_reached || was_reached(site));
    for site in sites.by_ref().take(MOST_SHOWN) {
        write_site(page, site)?;
    }
    page.left_out(BELOW, sites.count(), "place")?;
    not_analysed(page, BELOW, claim.omitted_sites, "claim site")
}

fn was_reached(site: &SiteAccount) -> bool {
    matches!(
        site.reached,
        Reached::Yes | Reached::NoValue | Reached::Discarded
    )
}

/// Reports what was not looked at because there is too much of it.
pub(super) fn not_analysed(
    page: &mut Page<'_>,
    indent: usize,
    count: usize,
    noun: &str,
) -> io::Result<()> {
    let verb = match count {
        0 => return Ok(()),
        1 => "was",
        _ => "were",
    };
    let further = text::counted(count, &format!("further {noun}"));
    page.line(
        indent,
        &[span(Role::Warn, format!("{further} {verb} not analysed"))],
    )
}

fn write_site(page: &mut Page<'_>, site: &SiteAccount) -> io::Result<()> {
    let what = if site.certain {
        "sets it"
    } else {
        "may set it"
    };
    let end = match site.reached {
        Reached::Yes => "and was reached".to_owned(),
        Reached::NoValue => {
            let given = site.no_value.unwrap_or(NoValue::Undefined).called();
            format!("and was reached, but the value was {given}: no claim is set")
        }
        Reached::OtherNames => {
            let names = site.other_names.iter().map(|name| text::clean(name));
            let names: Vec<_> = names.collect();
            format!("and was reached for other names: {}", names.join(", "))
        }
        Reached::No => "and was not reached".to_owned(),
        Reached::NotRun => "and did not run: the flow ended before it".to_owned(),
        Reached::NotContinued => {
            "and did not run: its handler runs when the user comes back (`--continue`)".to_owned()
        }
        Reached::NotLoaded => "and did not run: the Action was not loaded".to_owned(),
        Reached::Failed => "and was not reached: the Action failed before it".to_owned(),
        Reached::Discarded => {
            "and was reached, but the Action failed after it: nothing that it asked for counts"
                .to_owned()
        }
    };
    page.line(
        BELOW,
        &[
            span(Role::Dim, at(&site.location)),
            span(Role::Plain, format!(" {what} ({}), {end}", site.method)),
        ],
    )?;
    for route in site.routes.iter().take(MOST_ROUTES) {
        write_route(page, route)?;
    }
    let more = site.routes.len().saturating_sub(MOST_ROUTES) + site.omitted_routes;
    page.left_out(BELOW + 2, more, "call")?;
    if !site.routes.is_empty() && !site.conditions.is_empty() {
        let inside = "in the helper:";
        page.line(BELOW + 2, &[span(Role::Dim, inside)])?;
    }
    write_conditions(page, &site.conditions)?;
    write_end(page, site.end.as_ref())
}

/// A way on which the helper that has the place is called.
fn write_route(page: &mut Page<'_>, route: &RouteAccount) -> io::Result<()> {
    let purpose = if route.certain { " for it" } else { "" };
    // From the helper out: `set is called for it at a.js:9:5, in decorate, which is called at a.js:18:3`.
    let mut sentence = String::new();
    for (number, call) in route.calls.iter().rev().enumerate() {
        let (name, place) = (text::clean(&call.function), at(&call.location));
        sentence += &match number {
            0 => format!("{name} is called{purpose} at {place}"),
            _ => format!(", in {name}, which is called at {place}"),
        };
    }
    page.paragraph(BELOW + 2, Role::Plain, &sentence)?;
    write_conditions(page, &route.conditions)?;
    write_end(page, route.end.as_ref())
}

fn write_conditions(page: &mut Page<'_>, conditions: &[ConditionAccount]) -> io::Result<()> {
    // Without a mark, a condition for which nothing was read says little; with none at all, all are shown.
    let matters =
        |condition: &ConditionAccount| condition.met.is_some() || !condition.reads.is_empty();
    let some_matter = conditions.iter().any(matters);
    let conditions = conditions.iter();
    let mut conditions = conditions.filter(|condition| matters(condition) || !some_matter);
    for condition in conditions.by_ref().take(MOST_SHOWN) {
        write_condition(page, condition)?;
    }
    page.left_out(BELOW + 2, conditions.count(), "condition")
}

/// Writes the early end of a function before the place.
fn write_end(page: &mut Page<'_>, end: Option<&EarlyEnd>) -> io::Result<()> {
    let sentence = match end {
        None => return Ok(()),
        Some(EarlyEnd::Caught { thrown, caught }) => format!(
            "an exception was thrown before it, at {}, and caught at {}",
            at(thrown),
            at(caught)
        ),
        Some(EarlyEnd::Returned { location }) => {
            format!("the function returned before it, at {}", at(location))
        }
        Some(EarlyEnd::Left { location }) => {
            format!("it was left out by the jump at {}", at(location))
        }
        Some(EarlyEnd::Thrown { location }) => format!("it failed at {}", at(location)),
    };
    page.paragraph(BELOW + 2, Role::Warn, &sentence)
}

/// The mark before a condition and the words after it.
fn met(condition: &ConditionAccount) -> (&'static str, &'static str, Role) {
    match condition.met {
        None => ("", "", Role::Plain),
        Some(Met::Yes) => ("✓ ", ": met", Role::Good),
        Some(Met::No) => match condition.list {
            Some(ListState::Empty) => ("✗ ", ": the list was empty", Role::Bad),
            Some(ListState::Missing) => ("✗ ", ": there was no list", Role::Bad),
            None => ("✗ ", ": not met", Role::Bad),
        },
        Some(Met::Sometimes) => ("~ ", ": met at some times, not met at others", Role::Warn),
        Some(Met::NotEvaluated) => ("- ", ": not evaluated", Role::Dim),
    }
}

fn write_condition(page: &mut Page<'_>, condition: &ConditionAccount) -> io::Result<()> {
    let must = if condition.must_be {
        "only if"
    } else {
        "only if not"
    };
    let (mark, state, role) = met(condition);
    let before = BELOW + 2 + text::width(mark) + must.len() + 1;
    let room = page.width().saturating_sub(before);
    let place = format!("  line {}{state}", condition.location.line);
    let whole = text::clean(&condition.text);
    // `not a && b` would read as another condition.
    let is_compound = !condition.must_be && whole.contains(char::is_whitespace);
    let parentheses = if is_compound { ("(", ")") } else { ("", "") };
    let room = room.saturating_sub(place.len() + parentheses.0.len() + parentheses.1.len());
    let text = format!(
        "{}{}{}",
        parentheses.0,
        text::shorten(&whole, room),
        parentheses.1
    );
    page.line(
        BELOW + 2,
        &[
            span(role, mark),
            span(Role::Plain, format!("{must} ")),
            span(Role::Strong, text),
            span(Role::Dim, place),
        ],
    )?;
    for read in condition.reads.iter().take(MOST_SHOWN) {
        let found = if read.present {
            format!(" is {}", text::clean(&read.value.to_string()))
        } else {
            " is not there".to_owned()
        };
        let room = page
            .width()
            .saturating_sub(BELOW + 4 + text::width(&read.path));
        page.line(
            BELOW + 4,
            &[
                span(Role::Source, &read.path),
                span(
                    if read.present {
                        Role::Plain
                    } else {
                        Role::Warn
                    },
                    text::shorten(&found, room.max(20)),
                ),
            ],
        )?;
    }
    page.left_out(
        BELOW + 4,
        condition.reads.len().saturating_sub(MOST_SHOWN),
        "read",
    )?;
    not_analysed(page, BELOW + 4, condition.omitted_reads, "read")
}
