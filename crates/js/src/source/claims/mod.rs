//! The places where a text sets claims, and the conditions around each: for `postlogin explain`.
//!
//! Only what can be read off the text is known: a name that is put together at run time is known in parts. Calls of helpers are
//! followed through functions that have a name in the text, and through methods of objects and classes that have one, not through other
//! values. Whether a condition was met is known from a
//! trace of the login (`coverage::trace`).

mod conditions;
mod definitions;
mod guard;
mod helpers;
mod routes;
#[cfg(test)]
mod tests;
mod walk;

use oxc::ast_visit::Visit;
use oxc::span::Span;
use postlogin_core::Location;
use postlogin_core::explanation::{
    ClaimSite, ClaimSites, Condition, EarlyEnd, GivenValue, HelperCall, Region, Route,
};

use super::resolve::Resolver;
use super::resolve::claims::Given;
use crate::coverage::trace::Trace;
use crate::source_map::SourceMap;
use crate::text::Text;
use conditions::{Around, Finder, Position};
use definitions::Definitions;
use guard::{Guard, Guards};
use helpers::Helpers;
use routes::{Ends, Router, Way};

/// The places in the text of an Action or a Rule that set claims, in the files that it was built from if it has a map. A text that does
/// not parse has none.
pub fn claim_sites(
    action: &str,
    file_name: &str,
    text: &str,
    sources: Option<&SourceMap>,
) -> ClaimSites {
    traced_sites(action, file_name, text, sources, None)
}

/// As [`claim_sites`], with what was seen of the conditions in a login: `trace` is of the same text.
pub(crate) fn traced_sites(
    action: &str,
    file_name: &str,
    text: &str,
    sources: Option<&SourceMap>,
    trace: Option<&Trace>,
) -> ClaimSites {
    let found = Text::read(file_name, text, |text| of(text, action, trace));
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
    let region_back = |region: &mut Region| {
        // The place after the last one belongs to what follows; the last one itself leads to where the region ends.
        let last = region.end_column.saturating_sub(1).max(1);
        let end = sources.original(region.end_line, last);
        back(&mut region.start);
        if let Some(end) = end.filter(|end| end.file == region.start.file) {
            (region.end_line, region.end_column) = (end.line, end.column.saturating_add(1));
        }
    };
    back(&mut site.location);
    let calls = site.routes.iter_mut().flat_map(|route| &mut route.calls);
    calls.for_each(|call| back(&mut call.location));
    let ends = site.routes.iter_mut().map(|route| &mut route.end);
    for end in ends.chain([&mut site.end]).flatten() {
        match end {
            EarlyEnd::Caught { thrown, caught } => {
                back(thrown);
                back(caught);
            }
            EarlyEnd::Returned { location }
            | EarlyEnd::Left { location }
            | EarlyEnd::Thrown { location } => back(location),
        }
    }
    let of_routes = site
        .routes
        .iter_mut()
        .flat_map(|route| &mut route.conditions);
    let of_conditions = site.conditions.iter_mut().chain(of_routes);
    for condition in of_conditions {
        back(&mut condition.location);
        condition.regions.iter_mut().for_each(&region_back);
    }
    let values = site.routes.iter_mut().map(|route| &mut route.value);
    for value in values.chain([&mut site.value]).flatten() {
        if let GivenValue::Regions(regions) = value {
            regions.iter_mut().for_each(&region_back);
        }
    }
}

/// Returns the places of a text. With a `trace`, each condition carries whether it was met.
pub(crate) fn of(text: &Text<'_>, action: &str, trace: Option<&Trace>) -> ClaimSites {
    let resolver = Resolver::of(text);
    let make = Guards { text, trace };
    let helpers = Helpers::of(text.program(), &resolver);
    let mut finder = Finder::new(&resolver, &helpers, make);
    finder.visit_program(text.program());
    let writer = Writer {
        text,
        definitions: Definitions::of(text.program(), resolver.scoping),
        ends: Ends::of(&finder, make),
        helpers: &helpers,
        resolver: &resolver,
    };
    let mut router = Router::new(&resolver, &helpers, &finder.calls);
    let sites = finder.found.iter().map(|site| {
        let (routes, omitted_routes) =
            router.routes(&site.position, &site.setting.name, site.setting.value);
        ClaimSite {
            action: action.to_owned(),
            method: site.setting.method(),
            name: site.setting.name.parts.clone(),
            location: text.place(site.setting.offset),
            conditions: writer.conditions(&site.around),
            routes: routes.iter().map(|way| writer.route(way)).collect(),
            omitted_routes,
            end: writer.end(&site.position),
            begun: writer
                .ends
                .as_ref()
                .and_then(|ends| ends.begun(&site.position)),
            idle_handler: writer.idle_handler(&site.position),
            value: writer.value(site.setting.value),
        }
    });
    ClaimSites {
        sites: sites.collect(),
        omitted: finder.omitted,
    }
}

/// Writes down what was found.
struct Writer<'t> {
    text: &'t Text<'t>,
    definitions: Definitions<'t>,
    ends: Option<Ends<'t>>,
    helpers: &'t Helpers<'t>,
    resolver: &'t Resolver<'t>,
}

impl Writer<'_> {
    fn conditions(&self, around: &Around) -> Vec<Condition> {
        let outer = around.outer.iter().map(|guard| self.condition(guard));
        let omitted = around.inner.first().filter(|_| around.omitted > 0);
        let omitted = omitted.map(|first| Condition {
            text: format!("({} more conditions)", around.omitted),
            must_be: true,
            location: self.text.place(first.span.start),
            regions: Vec::new(),
            met: None,
            list: None,
        });
        let inner = around.inner.iter().map(|guard| self.condition(guard));
        outer.chain(omitted).chain(inner).collect()
    }

    fn condition(&self, guard: &Guard) -> Condition {
        let text = match &guard.text {
            Some(text) => text,
            None => self.text.part(guard.span),
        };
        let mut regions = self.definitions.regions(guard.span);
        for also in guard
            .also
            .iter()
            .flat_map(|also| self.definitions.regions(*also))
        {
            if !regions.contains(&also) {
                regions.push(also);
            }
        }
        Condition {
            text: one_line(text),
            must_be: guard.must_be,
            location: self.text.place(guard.span.start),
            regions: regions.iter().map(|span| self.region(*span)).collect(),
            met: guard.met,
            list: guard.list,
        }
    }

    fn region(&self, span: Span) -> Region {
        let end = self.text.place(span.end);
        Region {
            start: self.text.place(span.start),
            end_line: end.line,
            end_column: end.column,
        }
    }

    fn route(&self, way: &Way<'_>) -> Route {
        let calls = way.calls.iter();
        Route {
            calls: calls
                .clone()
                .map(|call| HelperCall {
                    function: self
                        .helpers
                        .get(call.helper)
                        .map_or_else(String::new, |helper| helper.name.clone()),
                    location: self.text.place(call.position.offset),
                })
                .collect(),
            name: way.name.parts.clone(),
            conditions: calls
                .clone()
                .flat_map(|call| self.conditions(&call.around))
                .collect(),
            end: calls.clone().find_map(|call| self.end(&call.position)),
            idle_handler: way
                .calls
                .first()
                .and_then(|call| self.idle_handler(&call.position)),
            value: self.value(way.value),
        }
    }

    fn idle_handler(&self, position: &Position) -> Option<String> {
        self.ends.as_ref()?.idle_handler(position, self.helpers)
    }

    /// Returns the source of a claim's value; `None` when a call that is not known passes it.
    fn value(&self, given: Option<Given>) -> Option<GivenValue> {
        let given = given?;
        if given.is_literal {
            return Some(GivenValue::Literal);
        }
        let is_known = |variable| self.resolver.known.is_root(variable);
        let regions = self.definitions.closed_regions(given.span, is_known)?;
        let regions = regions.iter().map(|span| self.region(*span));
        Some(GivenValue::Regions(regions.collect()))
    }

    fn end(&self, position: &Position) -> Option<EarlyEnd> {
        let ends = self.ends.as_ref()?;
        ends.before(position).filter(|_| ends.has_begun(position))
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
