//! `modules`: what a case gives in place of modules that its Actions, and the packages of those, require.

use std::path::Path;
use std::sync::Arc;

use super::reader::Reader;
use super::values::{beside, missing};
use crate::Error;
use crate::action::ModuleMock;
use crate::document::node::{Entry, Node, NodeValue, Place};
use crate::files::{display_path, extension, normalize};

/// The most modules that one case replaces.
const MOST: usize = 100;
/// The extensions of files that can take a module's place.
const EXTENSIONS: &[&str] = &["js", "cjs", "mjs", "ts", "json"];
/// The keys of a module that is written into the case.
pub(super) const INLINE: &[&str] = &["code", "json"];

/// Reads `modules`; mistakes go to the reader.
pub(super) fn modules(node: &Node, reader: &mut Reader) -> Vec<(ModuleMock, Place)> {
    let Some(node) = node.get("modules") else {
        return Vec::new();
    };
    let entries = reader.shapes.object(node, "`modules`").unwrap_or_default();
    if entries.len() > MOST {
        let message = format!("`modules` replaces at most {MOST} modules");
        reader.shapes.refuse(node.place.error(message));
        return Vec::new();
    }
    let mut mocks = Vec::new();
    for entry in entries {
        if entry.key.is_empty() || entry.key.starts_with(['.', '/', '#']) {
            let message = format!("`{}` is not the name of a module", entry.key);
            let error = entry.place.error(message);
            reader.shapes.refuse(error.with_hint(
                "name it as it is required: `auth0`, `@scope/package/file.js`, `actions:name`",
            ));
            continue;
        }
        match mock(entry, reader) {
            Ok(mock) => mocks.push((mock, entry.place.clone())),
            Err(error) => reader.shapes.refuse(error),
        }
    }
    mocks
}

fn mock(entry: &Entry, reader: &mut Reader) -> Result<ModuleMock, Error> {
    let node = &entry.value;
    match &node.value {
        NodeValue::Text(path) => from_file(&entry.key, path, node, reader),
        NodeValue::Object(_) => inline(&entry.key, node),
        _ => Err(wrong(node)),
    }
}

fn wrong(node: &Node) -> Error {
    let error = node.place.error(format!(
        "a module is a path, or an object with `code` or `json`; this is {}",
        node.kind()
    ));
    error.with_hint(
        "write { auth0: ./fakes/auth0.js }, or { auth0: { code: \"module.exports = {}\" } }",
    )
}

fn inline(specifier: &str, node: &Node) -> Result<ModuleMock, Error> {
    let (text, is_json) = match (node.get("code"), node.get("json")) {
        (Some(code), None) => match code.as_text() {
            Some(code) => (code.to_owned(), false),
            None => return Err(code.place.error("`code` must be a text")),
        },
        (None, Some(json)) => (json.to_value().to_string(), true),
        _ => return Err(node.place.error("a module has either `code` or `json`")),
    };
    if let NodeValue::Object(entries) = &node.value
        && let Some(unknown) = entries
            .iter()
            .find(|entry| !INLINE.contains(&entry.key.as_str()))
    {
        let message = format!("unknown key `{}` in a module", unknown.key);
        return Err(unknown.place.error(message));
    }
    Ok(ModuleMock {
        specifier: specifier.to_owned(),
        display_path: format!("modules[{specifier}]"),
        text: text.into(),
        is_json,
    })
}

fn from_file(
    specifier: &str,
    written: &str,
    node: &Node,
    reader: &mut Reader,
) -> Result<ModuleMock, Error> {
    let path = beside(written, &node.place);
    let within = Arc::clone(&reader.within);
    if let Some(error) = missing(&path, &node.place, |shown: &str| within.admit(&path, shown)) {
        return Err(error);
    }
    let kind = extension(&path);
    if !EXTENSIONS.contains(&kind.as_str()) {
        let message = format!("`{written}` is neither JavaScript, TypeScript nor JSON");
        let known = EXTENSIONS.join(", ");
        return Err(node
            .place
            .error(message)
            .with_hint(format!("a module's file ends in one of {known}")));
    }
    let display_path = shown(&path, &node.place);
    let is_json = kind == "json";
    let text = match reader.module_files.get(&path) {
        Some(known) => Arc::clone(known),
        None => {
            let text: Arc<str> = within.read_text(&path, &display_path)?.into();
            if is_json && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&text) {
                let message = format!("`{written}` is not valid JSON: {error}");
                return Err(node.place.error(message));
            }
            reader.files.push(path.clone());
            reader.module_files.insert(path, Arc::clone(&text));
            text
        }
    };
    Ok(ModuleMock {
        specifier: specifier.to_owned(),
        display_path,
        text,
        is_json,
    })
}

/// A path as the file that names it is shown: relative to the same folder.
fn shown(path: &Path, place: &Place) -> String {
    let base = place.source.path.parent().unwrap_or(Path::new(""));
    let relative = display_path(path, base);
    let around = Path::new(&place.source.shown).parent();
    match around {
        Some(around) if !Path::new(&relative).is_absolute() => normalize(&around.join(&relative))
            .to_string_lossy()
            .replace('\\', "/"),
        _ => relative,
    }
}
