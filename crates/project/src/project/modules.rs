//! Action Modules of a configuration: `action-modules/<name>.json` with `action-modules/<name>/code.js`, or the items of
//! `actionModules:` in `tenant.yaml`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::manifest::Manifest;
use super::remarks::{Part, Remarks};
use super::{exported, read_configuration};
use crate::files::{display_path, entries, extension, file_stem};
use crate::keywords::KeywordMappings;
use crate::{Error, Result};

/// A module of the configuration.
#[derive(Debug, Clone)]
pub struct Module {
    /// Its entry in the configuration: its name, packages and secrets.
    pub manifest: Manifest,
    /// The file that says it.
    pub declared_in: PathBuf,
    /// The file with its code. It need not exist.
    pub code: PathBuf,
    /// The code, when it is a part of that file: its lines are those of the file.
    pub inline: Option<Arc<str>>,
}

pub(super) fn in_folder(
    root: &Path,
    mappings: &KeywordMappings,
    remarks: &mut Remarks,
) -> Vec<Module> {
    let files = entries(&root.join("action-modules"));
    let files = files.into_iter().filter(|path| extension(path) == "json");
    files
        .filter_map(|path| {
            let value = read_configuration(&path, root, mappings);
            let module = value.and_then(|value| {
                read(value, &path, root, &file_stem(&path), &mut remarks.notices)
            });
            remarks.keep(Part::Other, &path, module)
        })
        .collect()
}

/// The modules under `actionModules:`.
pub(super) fn in_list(
    items: Option<Value>,
    file: &Path,
    root: &Path,
    remarks: &mut Remarks,
) -> Result<Vec<Module>> {
    let items = match items {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items,
        Some(_) => {
            let error = Error::new("`actionModules` must be a list");
            return Err(error.in_file(&display_path(file, root)));
        }
    };
    let folder = |item: &Value| item.get("name").and_then(Value::as_str).map(str::to_owned);
    let modules = items.into_iter().filter_map(|item| {
        let folder = folder(&item).unwrap_or_default();
        let module = read(item, file, root, &folder, &mut remarks.notices);
        remarks.keep_named(Part::Other, folder, file, module)
    });
    Ok(modules.collect())
}

fn read(
    value: Value,
    declared_in: &Path,
    root: &Path,
    folder: &str,
    notices: &mut Vec<Error>,
) -> Result<Module> {
    let manifest = Manifest::read(value, &display_path(declared_in, root), &|_| None)?;
    let code = match &manifest.code {
        Some(code) => {
            let (path, notice) = exported::located(root, code, "action-modules", declared_in);
            notices.extend(notice);
            path
        }
        None => root.join("action-modules").join(folder).join("code.js"),
    };
    Ok(Module {
        manifest,
        declared_in: declared_in.to_owned(),
        code,
        inline: None,
    })
}
