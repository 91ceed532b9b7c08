//! Where a text sets claims, and which conditions stand around each place: for `postlogin explain`.
//!
//! Only what can be read off is told: a condition in the caller of a helper is not seen, and a name that is put
//! together at run time is known in parts.

mod conditions;
mod definitions;
#[cfg(test)]
mod tests;

use oxc::ast_visit::Visit;
use oxc::span::Span;
use postlogin_core::Location;
use postlogin_core::explanation::{ClaimSite, ClaimSites, Condition, Region};

use super::resolve::Resolver;
use crate::source_map::SourceMap;
use crate::text::Text;
use conditions::{Finder, Guard, Site};
use definitions::Definitions;

/// The places in the text of an Action or a Rule that set claims, in the files that it was built from if it has a map. A text that does
/// not parse has none.
pub fn claim_sites(
    action: &str,
    file_name: &str,
    text: &str,
    sources: Option<&SourceMap>,
) -> ClaimSites {
    let found = Text::read(file_name, text, |text| text.claim_sites(action));
    let mut found = found.unwrap_or_default();
    if let Some(sources) = sources {
        found
            .sites
            .iter_mut()
            .for_each(|site| lead_back(site, sources));
    }
    found
}

/// Leads all places of a site back to the files that the text was built from.
fn lead_back(site: &mut ClaimSite, sources: &SourceMap) {
    let back = |place: &mut Location| {
        if let Some(found) = sources.original(place.line, place.column) {
            *place = found;
        }
    };
    back(&mut site.location);
    for condition in &mut site.conditions {
        back(&mut condition.location);
        for region in &mut condition.regions {
            // The place after the last one belongs to what follows; the last one itself leads to where the region ends.
            let last = region.end_column.saturating_sub(1).max(1);
            let end = sources.original(region.end_line, last);
            back(&mut region.start);
            if let Some(end) = end.filter(|end| end.file == region.start.file) {
                (region.end_line, region.end_column) = (end.line, end.column.saturating_add(1));
            }
        }
    }
}

pub(crate) fn of(text: &Text<'_>, action: &str) -> ClaimSites {
    let resolver = Resolver::of(text);
    let definitions = Definitions::of(text.program(), resolver.scoping);
    let mut finder = Finder::new(&resolver);
    finder.visit_program(text.program());

    let place = |offset: u32| text.place(offset);
    let region = |span: &Span| {
        let end = place(span.end);
        Region {
            start: place(span.start),
            end_line: end.line,
            end_column: end.column,
        }
    };
    let condition = |guard: &Guard| Condition {
        text: one_line(text.part(guard.span)),
        must_be: guard.must_be,
        location: place(guard.span.start),
        regions: definitions.regions(guard.span).iter().map(region).collect(),
    };
    let omitted = |site: &Site| {
        let (_, inner) = &site.guards;
        let first = inner.first().filter(|_| site.omitted > 0)?;
        Some(Condition {
            text: format!("({} more conditions)", site.omitted),
            must_be: true,
            location: place(first.span.start),
            regions: Vec::new(),
        })
    };
    let sites = finder.found.iter().map(|site| {
        let (outer, inner) = &site.guards;
        let conditions = outer.iter().map(condition);
        let conditions = conditions.chain(omitted(site));
        ClaimSite {
            action: action.to_owned(),
            method: site.setting.method(),
            name: site.setting.name.clone(),
            location: place(site.setting.offset),
            conditions: conditions.chain(inner.iter().map(condition)).collect(),
        }
    });
    ClaimSites {
        sites: sites.collect(),
        omitted: finder.omitted,
    }
}

/// The longest text of a condition, in bytes.
const LONGEST: usize = 240;

/// The text of a condition without its layout, with a mark when it is not written in full.
fn one_line(text: &str) -> String {
    // Layout in it is not counted, so look at more than is kept.
    let begin = text
        .get(..text.floor_char_boundary(8 * LONGEST))
        .unwrap_or_default();
    let mut line = begin.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() > LONGEST || begin.len() < text.len() {
        line.truncate(line.floor_char_boundary(LONGEST));
        line.push('…');
    }
    line
}
