//! Where a text sets claims, and which conditions stand around each place: for `postlogin explain`.
//!
//! Only what can be read off is told: a condition in the caller of a helper is not seen, and a name that is put
//! together at run time is known in parts.

mod conditions;
mod names;
#[cfg(test)]
mod tests;

use oxc::allocator::Allocator;
use oxc::ast_visit::Visit;
use oxc::semantic::SemanticBuilder;
use oxc::span::Span;
use postlogin_core::explanation::{ClaimSite, Condition, Region};
use postlogin_core::location::Location;

use super::rule::{AS_EXPRESSION, is_rule};
use super::text::LineIndex;
use super::{Language, parse, text};
use conditions::{Definitions, Finder, Guard, Site};

/// The places in the text of an Action or a Rule that set claims, in the order of the text. A text that does not parse has none.
pub fn claim_sites(action: &str, file_name: &str, text: &str) -> Vec<ClaimSite> {
    let text = text::without_mark(text);
    let text = text.as_ref();
    let found = parse::on_deep_stack(text, || find(action, file_name, text));
    found.unwrap_or_default()
}

fn find(action: &str, file_name: &str, text: &str) -> Vec<ClaimSite> {
    let language = Language::of(file_name);
    let allocator = Allocator::default();
    let mut parsed = parse::parse(&allocator, text, language.source_type());
    // A Rule is a function without a name, which is an expression only.
    let expression = format!("{AS_EXPRESSION}{text}");
    let (mut code, mut shift) = (text, 0);
    if (parsed.panicked || parsed.diagnostics.has_errors()) && is_rule(file_name, text) {
        (code, shift) = (&expression, AS_EXPRESSION.len());
        parsed = parse::parse(&allocator, code, language.source_type());
    }
    if parsed.panicked || parsed.diagnostics.has_errors() {
        return Vec::new();
    }
    let program = parsed.program;
    let scoping = SemanticBuilder::new()
        .build(&program)
        .semantic
        .into_scoping();
    let mut definitions = Definitions::new(&scoping);
    definitions.read(&program);
    let mut finder = Finder::new(&definitions);
    finder.visit_program(&program);

    let lines = LineIndex::new(text);
    let place = |offset: u32| {
        let position = lines.position(text, (offset as usize).saturating_sub(shift));
        Location {
            file: file_name.to_owned(),
            line: position.line,
            column: position.column,
        }
    };
    let region = |span: &Span| {
        let end = place(span.end);
        Region {
            start: place(span.start),
            end_line: end.line,
            end_column: end.column,
        }
    };
    let condition = |guard: &Guard| Condition {
        text: one_line(guard.span.source_text(code)),
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
            method: site.method.clone(),
            name: site.name.clone(),
            location: place(site.offset),
            conditions: conditions.chain(inner.iter().map(condition)).collect(),
        }
    });
    sites.collect()
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
