//! The network of a case.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use postlogin_host::{Mock, record::HEADER};
use postlogin_project::cases::Case;
use postlogin_project::document::{
    node::{Node, NodeValue},
    reword,
};
use postlogin_project::{Boundary, Error, Format, display_path, parse_document};
use serde_json::Value;

use super::named::NamedFiles;

/// The mocks of a case: a list in it, or the path of a file with one.
pub(super) fn mocks(
    case: &Case,
    working_folder: &Path,
    read: &mut NamedFiles,
    files: &mut Vec<PathBuf>,
) -> Result<Arc<Vec<Mock>>, Error> {
    let Some(node) = &case.http else {
        return Ok(Arc::default());
    };
    match &node.value {
        NodeValue::List(items) => items
            .iter()
            .map(mock)
            .collect::<Result<_, _>>()
            .map(Arc::new),
        NodeValue::Text(path) => {
            let folder = node.place.source.path.parent().unwrap_or(Path::new(""));
            let written = path;
            let path = folder.join(path);
            if let Err(error) = case.within.admit(&path, written) {
                let message = format!("`{written}`: {}", error.message);
                return Err(Error {
                    hint: error.hint,
                    ..node.place.error(message)
                });
            }
            if !path.is_file() {
                let message = format!("no such file: `{}`", display_path(&path, folder));
                return Err(node.place.error(message));
            }
            files.push(path.clone());
            read.mocks(&path, |read| {
                from_file(&path, working_folder, &case.within, read)
            })
        }
        _ => Err(node
            .place
            .error(format!(
                "`http` is a list of exchanges; this is {}",
                node.kind()
            ))
            .with_hint("write - request: { url: \"https://api.example.com/*\" } and its response")),
    }
}

fn mock(item: &Node) -> Result<Mock, Error> {
    serde_json::from_value(item.to_value())
        .map_err(|error| reword(item.place.error(error.to_string())))
        .map_err(|error| Error {
            message: format!("an exchange of `http`: {}", error.message),
            ..error
        })
}

fn from_file(
    path: &Path,
    working_folder: &Path,
    within: &Boundary,
    read: &mut NamedFiles,
) -> Result<Vec<Mock>, Error> {
    let shown = display_path(path, working_folder);
    read.admit(&shown)?;
    let text = within.read_text(path, &shown)?;
    let recorded = text.starts_with(HEADER);
    let value = parse_document(&text, Format::of(path), &shown)?;
    read.count(&value, &shown)?;
    // As the files of `postlogin run --http`.
    let list = match value {
        Value::Object(mut object) => object.remove("http").unwrap_or_default(),
        other => other,
    };
    let Value::Array(items) = list else {
        let message = "a file of exchanges is a list, or an object with the list `http`";
        return Err(Error::new(message).in_file(&shown));
    };
    let read = |(index, item): (usize, Value)| {
        let mock: serde_json::Result<Mock> = serde_json::from_value(item);
        mock.map(|mock| Mock { recorded, ..mock })
            .map_err(|error| Error::new(format!("exchange {}: {error}", index + 1)).in_file(&shown))
    };
    items.into_iter().enumerate().map(read).collect()
}
