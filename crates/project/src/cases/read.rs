//! From the text of a file to its cases.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::each::EACH;
use super::keys::{self, CASES};
use super::matrix::CASES_BYTES;
use super::reader::Reader;
use super::{Case, CaseFile, Mistakes, find, layers};
use crate::Result;
use crate::document::node::{Entry, Node, NodeValue, Source};
use crate::document::{Format, parse_placed};
use crate::door::Boundary;
use crate::files::{absolute, display_path, file_name};
use crate::shapes::Shapes;

/// Reads a file of cases. Defaults come from the folders from `top` down; names are relative to `working_folder`. What the
/// cases take of memory is taken off `left`, which begins with [`CASES_BYTES`] for all files of a run.
///
/// # Errors
/// All mistakes of the file and of its defaults, in the order of their places.
pub fn read_case_file(
    path: &Path,
    top: &Path,
    working_folder: &Path,
    left: &mut usize,
) -> Result<CaseFile, Mistakes> {
    let working_folder = absolute(working_folder);
    let folder = path.parent().unwrap_or(top);
    let within = Arc::new(Boundary::of_cases(folder, top, &working_folder));
    let mut shapes = Shapes::default();
    let mut files = vec![path.to_owned()];
    let mut below: Vec<Entry> = Vec::new();
    for defaults in find::defaults_of(path, top) {
        match parse(&defaults, &working_folder, &within) {
            Ok(node) => {
                let over = shapes.object(&node, "defaults").unwrap_or_default();
                shapes.only(over, &keys::names_of_defaults(), "the defaults of a folder");
                below = layers::over(&below, over);
            }
            Err(error) => shapes.refuse(error),
        }
        files.push(defaults);
    }
    let root = parse(path, &working_folder, &within).map_err(|error| vec![error])?;
    let shown = root.place.source.shown.clone();
    let mut reader = Reader {
        shapes,
        files,
        stem: find::stem(path),
        full_stem: full_stem(&shown, path),
        within,
        left: *left,
        secrets_files: HashMap::new(),
        module_files: HashMap::new(),
    };
    let cases = reader.cases(&root, &below);
    *left = reader.left;
    Ok(CaseFile {
        path: path.to_owned(),
        shown,
        cases: reader.finish(cases)?,
    })
}

/// The key of a request that comes back with its answer.
const ID: &str = "id";
/// The key of a request whose answer shows the values of its secrets.
const REVEAL: &str = "reveal_secrets";

/// One login that a program asks for.
#[derive(Debug, Clone)]
pub struct Request {
    /// Comes back with the answer; null when the request has none.
    pub id: Value,
    /// Whether the values of secrets appear in the answer. Whoever asks has given them; without this they are `***`, as in
    /// every other output.
    pub reveals_secrets: bool,
    /// The login, and what is expected of it.
    pub case: Case,
}

/// Reads one case that a program wrote, as JSON on one line; `number` counts the lines. Paths are relative to
/// `working_folder`.
///
/// # Errors
/// All mistakes.
pub fn read_request(text: &str, number: usize, working_folder: &Path) -> Result<Request, Mistakes> {
    let shown = format!("<stdin {number}>");
    let source = Arc::new(Source {
        path: absolute(working_folder).join(&shown),
        shown,
    });
    let mut root = parse_placed(text, Format::Json, &source).map_err(|error| vec![error])?;
    let mut id = Value::Null;
    let mut reveal = None;
    if let NodeValue::Object(entries) = &mut root.value {
        entries.retain(|entry| match entry.key.as_str() {
            ID => {
                id = entry.value.to_value();
                false
            }
            REVEAL => {
                reveal = Some(entry.value.clone());
                false
            }
            _ => true,
        });
    }
    let stem = format!("request {number}");
    let mut reader = Reader {
        shapes: Shapes::default(),
        files: Vec::new(),
        full_stem: stem.clone(),
        within: Arc::new(Boundary::around(working_folder)),
        left: CASES_BYTES,
        stem,
        secrets_files: HashMap::new(),
        module_files: HashMap::new(),
    };
    let reveals_secrets = reveal
        .and_then(|node| reader.shapes.boolean(&node, "`reveal_secrets`"))
        .unwrap_or(false);
    for key in [CASES, "matrix", EACH] {
        if let Some(entry) = root.entry(key) {
            let error = entry
                .place
                .error(format!("a request is one case: no `{key}`"));
            reader.shapes.refuse(error);
        }
    }
    let cases = reader.cases(&root, &[]);
    let mut cases = reader.finish(cases)?;
    match cases.pop() {
        Some(case) => Ok(Request {
            id,
            reveals_secrets,
            case,
        }),
        None => Err(vec![
            root.place
                .error("a request is an object with the keys of a case"),
        ]),
    }
}

fn parse(path: &Path, working_folder: &Path, within: &Boundary) -> Result<Node> {
    let shown = display_path(path, working_folder);
    let text = within.read_text(path, &shown)?;
    let source = Arc::new(Source {
        path: path.to_owned(),
        shown,
    });
    parse_placed(&text, Format::of(path), &source)
}

/// The name of the file without its ending, with its folder.
fn full_stem(shown: &str, path: &Path) -> String {
    let folder = shown.strip_suffix(&file_name(path)).unwrap_or_default();
    format!("{folder}{}", find::stem(path))
}
