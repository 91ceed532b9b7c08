//! Hides in JSON whose names are values: `[["token", "…"]]`, `{"columns": ["password"], "rows": [["…"]]}`.

use std::ops::Range;

use serde_json::Value;

use super::{Credential, Medium, Walk, credential, is_one_word};

/// Members that list the names of columns.
const COLUMNS: &[&str] = &[
    "columns",
    "cols",
    "fields",
    "header",
    "headers",
    "columnnames",
    "column_names",
];

/// Members that hold the rows.
const ROWS: &[&str] = &["rows", "data", "values", "records", "results", "items"];

/// A longer list of names is not one of columns.
const LONGEST_COLUMNS: usize = 64 << 10;

/// The columns and the rows of an object, where it has them.
#[derive(Default)]
pub(super) struct Table {
    columns: Vec<String>,
    rows: Option<Range<usize>>,
}

impl Table {
    pub(super) fn note(&mut self, name: &str, range: &Range<usize>, raw: &str) {
        if !raw.starts_with('[') {
            return;
        }
        if COLUMNS.contains(&name) && raw.len() <= LONGEST_COLUMNS && self.columns.is_empty() {
            let columns: Vec<Value> = serde_json::from_str(raw).unwrap_or_default();
            self.columns = columns.iter().map(column).collect();
        } else if ROWS.contains(&name) {
            self.rows = Some(range.clone());
        }
    }
}

fn column(column: &Value) -> String {
    let named = || {
        ["name", "Name", "key", "field", "label", "id"]
            .iter()
            .find_map(|name| column.get(name)?.as_str())
    };
    column
        .as_str()
        .or_else(named)
        .unwrap_or_default()
        .to_owned()
}

fn names_credential(name: &str) -> bool {
    credential(name, Medium::Json) >= Credential::Scalar
}

impl Walk<'_, '_, '_> {
    /// Hides in the columns of a table that have the name of a credential.
    pub(super) fn table(&mut self, table: Table) {
        let Some(rows) = table.rows else {
            return;
        };
        if table.columns.iter().any(|name| names_credential(name)) {
            for row in self.elements(&rows) {
                self.row(&table.columns, &row);
            }
        }
    }

    /// Hides in a list of lists: pairs of a name and a value, or rows below a row of names.
    pub(super) fn lists(&mut self, list: Range<usize>) {
        let rows = self.elements(&list);
        let Some(first) = rows.first() else {
            return;
        };
        let names: Vec<Option<String>> = self
            .elements(first)
            .iter()
            .map(|cell| self.text_of(cell))
            .collect();
        let is_name = |name: &Option<String>| name.as_deref().is_some_and(names_credential);
        let heads_a_column =
            matches!(names.as_slice(), [one, other] if !is_name(one) && is_name(other));
        let pairs = names.len() == 2 && (rows.len() == 1 || !heads_a_column);
        if pairs {
            for row in rows {
                self.pair(&row);
            }
        } else if names.iter().any(is_name) && names.iter().all(Option::is_some) {
            let names: Vec<String> = names.into_iter().flatten().collect();
            let is_column = |(index, name): (usize, &String)| {
                names_credential(name)
                    && rows.iter().skip(1).all(|row| {
                        let cells = self.elements(row);
                        cells.len() == names.len() && !self.is_name_or_sentence(&cells[index])
                    })
            };
            let columns: Vec<bool> = names.iter().enumerate().map(is_column).collect();
            let named: Vec<String> = names
                .into_iter()
                .zip(columns)
                .map(|(name, is_column)| if is_column { name } else { String::new() })
                .collect();
            for row in rows.iter().skip(1) {
                self.row(&named, row);
            }
        }
    }

    fn pair(&mut self, row: &Range<usize>) {
        let [name, value] = self.elements(row).try_into().unwrap_or_default();
        let Some(name) = self.text_of(&name).filter(|name| names_credential(name)) else {
            return;
        };
        if !self.is_name_or_sentence(&value) {
            self.again(&name, value);
        }
    }

    /// Lists of names, such as translations: what is beside a name is one as well, or a sentence.
    fn is_name_or_sentence(&self, value: &Range<usize>) -> bool {
        self.text_of(value)
            .is_some_and(|value| names_credential(&value) || !is_one_word(&value))
    }

    fn row(&mut self, names: &[String], row: &Range<usize>) {
        let cells = self.elements(row);
        if cells.len() != names.len() {
            return;
        }
        for (name, cell) in names.iter().zip(cells) {
            if names_credential(name) {
                self.again(name, cell);
            }
        }
    }

    fn again(&mut self, name: &str, range: Range<usize>) {
        let end = std::mem::replace(&mut self.at, range.start);
        self.hider.enter(name);
        self.value(Credential::Deep, name);
        self.hider.leave();
        self.at = end;
    }

    fn text_of(&self, range: &Range<usize>) -> Option<String> {
        serde_json::from_str(self.raw(range)).ok()
    }

    /// Where the elements of a list are; nothing if it is not a list.
    fn elements(&self, list: &Range<usize>) -> Vec<Range<usize>> {
        let bytes = self.text.as_bytes().get(list.clone()).unwrap_or_default();
        let mut found = Vec::new();
        let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
        let mut start = None;
        if bytes.first() != Some(&b'[') {
            return found;
        }
        for (at, byte) in bytes.iter().enumerate() {
            let inside = in_string;
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_string => escaped = true,
                b'"' => in_string = !in_string,
                b'[' | b'{' if !in_string => depth += 1,
                b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
                _ => {}
            }
            let ends = !inside && ((depth == 1 && *byte == b',') || depth == 0);
            if ends {
                if let Some(start) = start.take() {
                    found.push(list.start + start..list.start + at);
                }
            } else if at > 0 && start.is_none() && !byte.is_ascii_whitespace() {
                start = Some(at);
            }
        }
        found
    }
}
