//! What the `package.json` files say about the files around them.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value;

use crate::source::package::PackageText;

/// The manifests that were read so far.
#[derive(Debug, Default)]
pub(super) struct Manifests {
    known: Mutex<HashMap<PathBuf, Option<Arc<Value>>>>,
}

impl Manifests {
    /// The manifest in a folder, if there is one that can be read.
    pub(super) fn in_folder(&self, folder: &Path) -> Option<Arc<Value>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(manifest) = known.get(folder) {
            return manifest.clone();
        }
        let text = fs::read_to_string(folder.join("package.json")).ok();
        let manifest = text.and_then(|text| serde_json::from_str(&text).ok().map(Arc::new));
        known.insert(folder.to_owned(), manifest.clone());
        manifest
    }

    /// How a file of a package is to be read, by its name and the nearest manifest above it.
    pub(super) fn language(&self, file: &Path) -> PackageText {
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("cjs") => return PackageText::CommonJs,
            Some("mjs") => return PackageText::Module,
            _ => {}
        }
        let is_boundary =
            |folder: &&Path| folder.file_name().is_none_or(|name| name != "node_modules");
        let mut folders = file.ancestors().skip(1).take_while(is_boundary);
        let nearest = folders.find_map(|folder| self.in_folder(folder));
        match nearest
            .as_ref()
            .and_then(|manifest| manifest.get("type"))
            .and_then(Value::as_str)
        {
            Some("module") => PackageText::Module,
            Some("commonjs") => PackageText::CommonJs,
            _ => PackageText::Unsaid,
        }
    }
}
