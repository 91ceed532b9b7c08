//! The facts that `package.json` files state about the files around them.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value;

use super::door::{Door, read_plain};
use crate::source::package::PackageText;

/// The manifests that were read so far.
#[derive(Debug)]
pub(super) struct Manifests {
    door: Door,
    known: Mutex<HashMap<PathBuf, Option<Arc<Value>>>>,
}

impl Manifests {
    pub(super) fn new(door: Door) -> Self {
        Self {
            door,
            known: Mutex::default(),
        }
    }

    /// The manifest of a package, by its folder, if there is one that can be read.
    pub(super) fn in_folder(&self, folder: &Path) -> Option<Arc<Value>> {
        let file = folder.join("package.json");
        self.read(&file, |file| self.door.read(file))
    }

    /// The manifest of the project beside a `node_modules` folder.
    pub(super) fn beside(&self, root: &Path) -> Option<Arc<Value>> {
        self.read(&root.with_file_name("package.json"), |file| {
            self.door.note(file);
            read_plain(file)
        })
    }

    fn read(
        &self,
        file: &Path,
        bytes: impl Fn(&Path) -> io::Result<Vec<u8>>,
    ) -> Option<Arc<Value>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(manifest) = known.get(file) {
            return manifest.clone();
        }
        let bytes = bytes(file).ok();
        let manifest = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok().map(Arc::new));
        known.insert(file.to_owned(), manifest.clone());
        manifest
    }

    /// Returns the language of a package's file, by its name and the nearest manifest above it.
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
