//! Action Modules of a configuration: `action-modules/<name>.json` with `action-modules/<name>/code.js`, or the items of
//! `actionModules:` in `tenant.yaml`.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::manifest::Manifest;
use super::read_configuration;
use crate::files::{configured_path, display_path, entries, extension, file_stem};
use crate::keywords::KeywordMappings;
use crate::{Error, Result};

/// A module of the configuration.
#[derive(Debug, Clone)]
pub struct Module {
    /// Its entry in the configuration: its name, packages and secrets.
    pub manifest: Manifest,
    /// The file that says it.
    pub declared_in: PathBuf,
    /// Its code. The file need not exist.
    pub code: PathBuf,
}

pub(super) fn in_folder(root: &Path, mappings: &KeywordMappings) -> Result<Vec<Module>> {
    let files = entries(&root.join("action-modules"));
    let files = files.into_iter().filter(|path| extension(path) == "json");
    files
        .map(|path| {
            let value = read_configuration(&path, root, mappings)?;
            read(value, &path, root, &file_stem(&path))
        })
        .collect()
}

/// The modules under `actionModules:`.
pub(super) fn in_list(items: Option<Value>, file: &Path, root: &Path) -> Result<Vec<Module>> {
    let items = match items {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items,
        Some(_) => {
            let error = Error::new("`actionModules` must be a list");
            return Err(error.in_file(&display_path(file, root)));
        }
    };
    let folder = |item: &Value| item.get("name").and_then(Value::as_str).map(str::to_owned);
    items
        .into_iter()
        .map(|item| {
            let folder = folder(&item).unwrap_or_default();
            read(item, file, root, &folder)
        })
        .collect()
}

fn read(value: Value, declared_in: &Path, root: &Path, folder: &str) -> Result<Module> {
    let manifest = Manifest::read(value, &display_path(declared_in, root), &|_| None)?;
    let code = match &manifest.code {
        Some(code) => configured_path(root, code),
        None => root.join("action-modules").join(folder).join("code.js"),
    };
    Ok(Module {
        manifest,
        declared_in: declared_in.to_owned(),
        code,
    })
}
