//! Where an expected claim would be set, and what stood in the way.

use std::io;

use postlogin_core::explanation::{ConditionAccount, ExpectedClaim, Reached, SiteAccount};
use postlogin_core::outcome::NoValue;

use super::claim_table::at;
use super::explanation::BELOW;
use super::page::{Page, span};
use super::style::Role;
use super::text;

/// How many places, conditions and reads are shown each.
const MOST_SHOWN: usize = 40;

pub(super) fn write(page: &mut Page<'_>, claim: &ExpectedClaim) -> io::Result<()> {
    let never_reached = !claim.sites.iter().any(was_reached);
    if claim.sites.is_empty() {
        let told = "no call in the Actions' texts names it";
        page.line(BELOW, &[span(Role::Dim, told)])?;
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
    matches!(site.reached, Reached::Yes | Reached::NoValue)
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
        Reached::Failed => "and the Action failed".to_owned(),
    };
    page.line(
        BELOW,
        &[
            span(Role::Dim, at(&site.location)),
            span(Role::Plain, format!(" {what} ({}), {end}", site.method)),
        ],
    )?;
    // A condition for which nothing was read says little; with none at all, all are told.
    let tells = |condition: &ConditionAccount| !condition.reads.is_empty();
    let some_tell = site.conditions.iter().any(tells);
    let conditions = site.conditions.iter();
    let mut conditions = conditions.filter(|condition| tells(condition) || !some_tell);
    for condition in conditions.by_ref().take(MOST_SHOWN) {
        write_condition(page, condition)?;
    }
    page.left_out(BELOW + 2, conditions.count(), "condition")
}

fn write_condition(page: &mut Page<'_>, condition: &ConditionAccount) -> io::Result<()> {
    let must = if condition.must_be {
        "only if"
    } else {
        "only without"
    };
    let room = page.width().saturating_sub(BELOW + 2 + must.len() + 1);
    let place = format!("  line {}", condition.location.line);
    let text = text::shorten(
        &text::clean(&condition.text),
        room.saturating_sub(place.len()),
    );
    page.line(
        BELOW + 2,
        &[
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
