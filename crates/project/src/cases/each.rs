//! Rows: a case once for each, with the row's own values and expectations.

use std::collections::HashMap;

use super::keys;
use super::layers;
use super::matrix::{CASE_BYTES, short, too_heavy};
use crate::document::node::{Entry, Node, NodeValue};
use crate::shapes::Shapes;

/// The key of the rows.
pub(super) const EACH: &str = "each";
/// More rows than this are a slip.
const MOST_ROWS: usize = 10_000;
/// So many values of a row are in its name.
const MOST_NAMED: usize = 3;
/// The keys that a row cannot have.
const NOT_IN_ROWS: &[&str] = &[EACH, "matrix", "only"];

/// A case with the values of one row.
pub(super) struct Variant {
    /// The keys of the case, those of the row over them.
    pub(super) node: Node,
    /// The end of the case's name; empty for a case without rows.
    pub(super) label: String,
}

/// The variants of a case: itself, without rows. `left` is the memory that is left for cases, in bytes.
pub(super) fn variants(joined: Node, left: usize, shapes: &mut Shapes) -> Vec<Variant> {
    let Some(entry) = joined.entry(EACH).cloned() else {
        let label = String::new();
        return vec![Variant {
            node: joined,
            label,
        }];
    };
    let case: Vec<Entry> = match joined.value {
        NodeValue::Object(entries) => {
            let entries = entries.into_iter();
            entries.filter(|entry| entry.key != EACH).collect()
        }
        _ => Vec::new(),
    };
    let rows = shapes.list(&entry.value, "`each`").unwrap_or_default();
    if rows.is_empty() && matches!(entry.value.value, NodeValue::List(_)) {
        let error = entry.value.place.error("`each` has no rows");
        shapes.refuse(error.with_hint("a case without a row never runs"));
    }
    if rows.len() > MOST_ROWS {
        let message = format!("`each` has more than {MOST_ROWS} rows");
        shapes.refuse(entry.place.error(message));
        return Vec::new();
    }
    // Before they are made: each row repeats the case, with its matrix.
    let weight: usize = case.iter().map(|entry| entry.value.weight()).sum();
    let each = weight.saturating_add(CASE_BYTES);
    if each.saturating_mul(rows.len()) > left {
        shapes.refuse(too_heavy(&entry.place));
        return Vec::new();
    }
    let known = keys::names().into_iter();
    let known: Vec<&str> = known.filter(|key| !NOT_IN_ROWS.contains(key)).collect();
    let mut variants = Vec::new();
    for row in rows {
        let Some(entries) = shapes.object(row, "a row of `each`") else {
            continue;
        };
        shapes.only(entries, &known, "a row of `each`");
        let own: Vec<Entry> = entries
            .iter()
            .filter(|entry| entry.key != "description")
            .cloned()
            .collect();
        let label = match row.get("description").and_then(Node::as_text) {
            Some(text) => format!(" {text}"),
            None => values(&own),
        };
        variants.push(Variant {
            node: layers::node(layers::over(&case, &own), row),
            label,
        });
    }
    number(&mut variants);
    variants
}

/// ` [points=99, plan=pro]`: the first values of a row, by the last parts of their paths.
fn values(entries: &[Entry]) -> String {
    let mut leaves = Vec::new();
    for key in ["set", "with", "secrets", "challenge", "trigger"] {
        for entry in entries.iter().filter(|entry| entry.key == key) {
            match key {
                // A value of a secret is printed nowhere.
                "secrets" => {}
                _ => collect(key, &entry.value, &mut leaves),
            }
        }
    }
    match leaves.is_empty() {
        true => String::new(),
        false => format!(" [{}]", leaves.join(", ")),
    }
}

fn collect(path: &str, node: &Node, leaves: &mut Vec<String>) {
    if leaves.len() >= MOST_NAMED {
        return;
    }
    match &node.value {
        NodeValue::Object(entries) => {
            for entry in entries {
                collect(&entry.key, &entry.value, leaves);
            }
        }
        _ => leaves.push(format!(
            "{}={}",
            short(path),
            super::matrix::plain(&node.to_value())
        )),
    }
}

/// Names of cases are distinct: rows that read alike, or say nothing, are numbered.
fn number(variants: &mut [Variant]) {
    let mut count: HashMap<String, usize> = HashMap::new();
    for variant in variants.iter() {
        *count.entry(variant.label.clone()).or_default() += 1;
    }
    for (index, variant) in variants.iter_mut().enumerate() {
        if variant.label.is_empty() || count.get(&variant.label).is_some_and(|count| *count > 1) {
            variant.label = format!("{} #{}", variant.label, index + 1);
        }
    }
}
