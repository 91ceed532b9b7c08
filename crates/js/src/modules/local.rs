//! Files of the project that an Action in TypeScript imports.
//!
//! Production takes one file, so teams that write several bundle them before they deploy. Here the files are run as they are,
//! each as a module of its own, so that places stay those of the files. Who finds them is the runner.

use std::collections::HashMap;
use std::sync::Arc;

use postlogin_engine::{ModuleFile, ModuleFormat};

use crate::engine::LOCAL_WRAPPER;
use crate::errors::LoadedText;
use crate::source::{Prepared, SyntaxError, prepare_local};

/// The beginning of the names of local files inside the sandbox.
const SCHEME: &str = "local:";

/// A file that an Action imports, itself or through others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocalFile {
    /// The file that stands in messages.
    pub file: String,
    /// Its text.
    pub text: Arc<str>,
    /// The specifiers by which it imports the other files, and their indices.
    pub imports: Imports,
}

/// The specifiers that a file writes for other files, and their indices in [`Dependencies::local`](super::Dependencies::local).
pub type Imports = HashMap<String, usize>;

/// The local files of an Action, ready for the engine.
#[derive(Default)]
pub(super) struct Local {
    own: Imports,
    files: Vec<Ready>,
}

struct Ready {
    path: String,
    imports: Imports,
    format: ModuleFormat,
    text: Arc<str>,
    prepared: Option<Prepared>,
}

impl Local {
    pub(super) fn new(own: Imports, files: Vec<LocalFile>) -> Self {
        let files = files.into_iter().map(|file| {
            let is_json = file.file.ends_with(".json");
            Ready {
                path: format!("{SCHEME}{}", file.file),
                imports: file.imports,
                prepared: match is_json {
                    true => None,
                    false => prepare_local(&file.file, Arc::clone(&file.text)).ok(),
                },
                format: match is_json {
                    true => ModuleFormat::Json,
                    false => ModuleFormat::CommonJs,
                },
                text: file.text,
            }
        });
        Self {
            own,
            files: files.collect(),
        }
    }

    /// Whether the Action imports no local file.
    pub(super) fn is_empty(&self) -> bool {
        self.own.is_empty() && self.files.is_empty()
    }

    /// Whether a name inside the sandbox is that of a local file.
    pub(super) fn is_name(path: &str) -> bool {
        path.starts_with(SCHEME)
    }

    /// Returns the name of the local file that a file asks for; the Action has no name.
    pub(super) fn resolve(&self, importer: &str, specifier: &str) -> Option<&str> {
        let imports = match importer {
            "" => &self.own,
            path => &self.at(path)?.imports,
        };
        let index = imports.get(specifier)?;
        self.files.get(*index).map(|file| file.path.as_str())
    }

    /// Returns the file of a name. One that does not compile is passed on as it is: the engine says what is wrong.
    pub(super) fn load(&self, path: &str) -> Option<ModuleFile> {
        let file = self.at(path)?;
        let code = file.prepared.as_ref().map(|prepared| &prepared.code);
        Some(ModuleFile {
            format: file.format,
            code: code.unwrap_or(&file.text).clone(),
        })
    }

    /// The texts that the engine may name in stacks.
    pub(super) fn texts(&self) -> impl Iterator<Item = LoadedText<'_>> {
        let prefix_bytes = u32::try_from(LOCAL_WRAPPER.len()).unwrap_or(u32::MAX);
        self.files.iter().filter_map(move |file| {
            Some(LoadedText {
                engine_name: &file.path,
                prefix_bytes,
                prepared: file.prepared.as_ref()?,
            })
        })
    }

    /// Returns the specifiers that the Action writes for them, and all files with their names, texts and specifiers.
    pub(super) fn files(&self) -> (&Imports, impl Iterator<Item = (&str, &str, &Imports)>) {
        let files = self.files.iter().map(|file| {
            let name = file.path.strip_prefix(SCHEME).unwrap_or(&file.path);
            (name, &*file.text, &file.imports)
        });
        (&self.own, files)
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.at(path).is_some()
    }

    fn at(&self, path: &str) -> Option<&Ready> {
        self.files.iter().find(|file| file.path == path)
    }
}

/// Returns the literal names that a file asks for when it runs, types aside. Empty for one that does not compile.
#[must_use]
pub fn specifiers(file: &str, text: &str) -> Vec<String> {
    if file.ends_with(".json") {
        return Vec::new();
    }
    let Ok(prepared) = prepare_local(file, text) else {
        return Vec::new();
    };
    let requests = super::closure::requests(&prepared.code).into_iter();
    requests.map(|(specifier, _)| specifier).collect()
}

/// Says what is wrong with a local file, if it does not compile.
///
/// # Errors
/// The first mistake.
pub fn check_local(file: &str, text: &str) -> Result<(), SyntaxError> {
    match file.ends_with(".json") {
        true => Ok(()),
        false => prepare_local(file, text).map(drop),
    }
}
