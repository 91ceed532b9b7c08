//! A matrix: one case for each combination of values.

use postlogin_core::event::suggest::closest;
use serde_json::Value;

use crate::Error;
use crate::document::node::{Node, NodeValue, Place};
use crate::shapes::Shapes;

/// More rows than this are a slip.
const MOST_ROWS: usize = 10_000;

/// The most memory that the cases of all files of a run take, roughly, in bytes: a row repeats its case, and a case its defaults.
pub const CASES_BYTES: usize = 128 << 20;

/// The memory of a case beside its own text, in bytes.
pub(super) const CASE_BYTES: usize = 3 << 10;

/// One combination.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Paths of the event, with the value of each.
    pub(super) cells: Vec<(String, Node)>,
}

/// The rows of a matrix; one empty row without a matrix. `left` is the memory that is left for cases, in bytes.
pub(super) fn rows(matrix: Option<&Node>, left: usize, shapes: &mut Shapes) -> Vec<Row> {
    let mut rows = vec![Row { cells: Vec::new() }];
    let Some(matrix) = matrix else {
        return rows;
    };
    let mut weight = 0_usize;
    for entry in shapes.object(matrix, "`matrix`").unwrap_or_default() {
        let what = format!("`{}` of the matrix", entry.key);
        let Some(values) = shapes.list(&entry.value, &what) else {
            continue;
        };
        if values.is_empty() {
            let error = entry.value.place.error(format!("{what} has no values"));
            shapes.refuse(error.with_hint("a case without a row never runs"));
        }
        if rows.len().saturating_mul(values.len()) > MOST_ROWS {
            let message = format!("the matrix has more than {MOST_ROWS} combinations");
            shapes.refuse(entry.place.error(message));
            return Vec::new();
        }
        let added: usize = values.iter().map(Node::weight).sum();
        weight = weight
            .saturating_mul(values.len())
            .saturating_add(added.saturating_mul(rows.len()));
        // Each of them becomes a case.
        let cases = rows.len().saturating_mul(values.len());
        let cases = cases.saturating_mul(CASE_BYTES);
        if weight.saturating_add(cases) > left {
            shapes.refuse(too_heavy(&entry.place));
            return Vec::new();
        }
        let with = |row: &Row, value: &Node| {
            let mut row = row.clone();
            row.cells.push((entry.key.clone(), value.clone()));
            row
        };
        rows = rows
            .iter()
            .flat_map(|row| values.iter().map(move |value| with(row, value)))
            .collect();
    }
    rows
}

/// The last part of a path.
pub(super) fn short(path: &str) -> String {
    path.rsplit('.').next().unwrap_or(path).to_owned()
}

impl Row {
    /// ` [lang=de, plan=pro]`; nothing without cells.
    pub(super) fn suffix(&self) -> String {
        if self.cells.is_empty() {
            return String::new();
        }
        let names: Vec<String> = self.cells.iter().map(|(path, _)| short(path)).collect();
        let cell = |(path, value): &(String, Node)| {
            let name = short(path);
            let alone = names.iter().filter(|other| **other == name).count() == 1;
            let name = if alone { name } else { path.clone() };
            format!("{name}={}", plain(&value.to_value()))
        };
        let cells: Vec<String> = self.cells.iter().map(cell).collect();
        format!(" [{}]", cells.join(", "))
    }

    /// Puts the row's values in the place of `${path}`: the value itself where it is the whole text.
    /// Nothing is put there any more when `left`, in bytes, is used up.
    pub(super) fn fill(&self, node: &mut Node, left: &mut usize, shapes: &mut Shapes) {
        if self.cells.is_empty() {
            return;
        }
        node.for_each_text(&mut |value, place| {
            let NodeValue::Text(text) = value else {
                return;
            };
            match self.filled(text, left) {
                Ok(Some(filled)) => *value = filled,
                Ok(None) => {}
                Err(unknown) => {
                    let known = self.cells.iter().map(|(path, _)| path.as_str());
                    let error = place.error(format!("unknown matrix key `${{{unknown}}}`"));
                    shapes.refuse(match closest(&unknown, known) {
                        Some(near) => error.with_hint(format!("did you mean `${{{near}}}`?")),
                        None => error.with_hint("its keys are written out: ${user.email}"),
                    });
                }
            }
        });
    }

    /// The text with its references replaced; `None` when it has none, or when nothing is left.
    fn filled(&self, text: &str, left: &mut usize) -> Result<Option<NodeValue>, String> {
        if !text.contains("${") {
            return Ok(None);
        }
        let cell = |name: &str| self.cells.iter().find(|(path, _)| path == name);
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, after)) = after.split_once('}') else {
                break;
            };
            let (_, value) = cell(name).ok_or_else(|| name.to_owned())?;
            *left = left.saturating_sub(value.weight());
            if *left == 0 {
                return Ok(None);
            }
            if before.is_empty() && after.is_empty() && filled.is_empty() {
                return Ok(Some(value.value.clone()));
            }
            filled.push_str(before);
            filled.push_str(&plain(&value.to_value()));
            rest = after;
        }
        filled.push_str(rest);
        Ok(Some(NodeValue::Text(filled)))
    }
}

/// Returns the error of the case that exceeds the limit.
pub(super) fn too_heavy(place: &Place) -> Error {
    let message = format!("the cases take more than {} MiB", CASES_BYTES >> 20);
    place
        .error(message)
        .with_hint("put what many cases repeat into a file, and name it: `event: big.json`")
}

/// A value in a name: a text without its quotes.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
