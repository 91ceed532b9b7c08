//! Reads what was found.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::find::{Found, SCRIPTS};
use super::{ActionKind, ActionSource, Error, NamedBy, Result, Role, Surroundings, modules};
use crate::door::{Boundary, LARGEST_COMPONENT, LARGEST_FILE, read_named};
use crate::files::{decode, display_path, extension, file_name, normalize};
use crate::keywords::KeywordMappings;
use crate::project::rules::missing_script;
use crate::project::{Action, terraform};

pub(super) fn load(found: Found, surroundings: &Surroundings<'_>) -> Result<ActionSource> {
    match found {
        Found::CargoPackage {
            dir,
            action,
            named_by,
        } => Ok(ActionSource {
            name: action
                .as_ref()
                .map_or_else(|| file_name(&dir), |action| action.manifest.name.clone()),
            display_path: surroundings.display(&dir),
            declared_in: action
                .as_ref()
                .filter(|action| action.declared)
                .map(|action| surroundings.display(&action.declared_in)),
            declared: action
                .filter(|action| action.declared)
                .map(|action| action.manifest),
            root: dir.clone(),
            kind: ActionKind::CargoPackage {
                dir,
                // A build runs scripts natively: what a file of the project names is not what the user named.
                named_by: match surroundings.within {
                    Some(_) => NamedBy::Project,
                    None => named_by,
                },
            },
            modules: Vec::new(),
            mocks: Vec::new(),
            role: Role::ByText,
            configuration: Map::new(),
        }),
        Found::File { path, name } => {
            let (kind, root) = read(&path, surroundings, surroundings.within)?;
            Ok(ActionSource {
                name,
                kind,
                display_path: surroundings.display(&path),
                declared: None,
                declared_in: None,
                root,
                modules: modules::of_action(None, surroundings)?,
                mocks: Vec::new(),
                role: Role::ByText,
                configuration: surroundings.rules_configs(),
            })
        }
        Found::Rule { rule, root } => {
            // Before `is_file`, which would reveal whether a file outside of the project exists.
            Boundary::around(&root).admit(&rule.script, &surroundings.display(&rule.script))?;
            if !rule.script.is_file() {
                return Err(missing_script(&rule, &root));
            }
            let within = Boundary::around(&root);
            let (kind, search) = match rule.inline {
                Some(text) => inline(rule.script.clone(), text),
                None => read(&rule.script, surroundings, Some(&within))?,
            };
            Ok(ActionSource {
                display_path: surroundings.display(&rule.script),
                name: rule.name,
                kind,
                declared: None,
                declared_in: None,
                root: search,
                modules: Vec::new(),
                mocks: Vec::new(),
                role: Role::Rule,
                configuration: surroundings.rules_configs(),
            })
        }
        Found::Declared { action, root } => declared(action, &root, surroundings),
    }
}

fn declared(action: Action, root: &Path, surroundings: &Surroundings<'_>) -> Result<ActionSource> {
    let Action {
        manifest,
        declared_in,
        code,
        inline: text,
        declared,
    } = action;
    let within = Boundary::of_file(&declared_in, root);
    within.admit(&code, &surroundings.display(&code))?;
    if !code.is_file() {
        let hint = if terraform::is_file(&declared_in) {
            "the path is the one that the resource gives to `file`, relative to the folder in which Terraform runs".to_owned()
        } else {
            let written = manifest.code.as_deref().unwrap_or("code.js");
            format!("`code` is {written:?}, relative to the folder of the configuration")
        };
        return Err(Error::new(format!(
            "the code of the Action `{}` does not exist: {}",
            manifest.name,
            display_path(&code, root)
        ))
        .in_file(&surroundings.display(&declared_in))
        .with_hint(hint));
    }
    let (kind, search) = match text {
        Some(text) => inline(code.clone(), text),
        None => read(&code, surroundings, Some(&within))?,
    };
    let display_path = surroundings.display(&code);
    Ok(ActionSource {
        name: manifest.name.clone(),
        kind,
        display_path,
        modules: modules::of_action(declared.then_some(&manifest), surroundings)?,
        mocks: Vec::new(),
        declared_in: declared.then(|| surroundings.display(&declared_in)),
        declared: declared.then_some(manifest),
        root: search,
        role: Role::ByText,
        configuration: Map::new(),
    })
}

/// Code that is a part of a file, and the folder where a search for `node_modules` starts.
fn inline(path: PathBuf, text: Arc<str>) -> (ActionKind, PathBuf) {
    let root = path.parent().map(Path::to_owned).unwrap_or_default();
    (ActionKind::Script { path, text }, root)
}

/// The code, and the folder where a search for `node_modules` starts.
fn read(
    path: &Path,
    surroundings: &Surroundings<'_>,
    within: Option<&Boundary>,
) -> Result<(ActionKind, PathBuf)> {
    let shown = surroundings.display(path);
    let bytes = match within {
        Some(within) => within.read(path, &shown)?,
        None if extension(path) == "wasm" => read_named(path, &shown, LARGEST_COMPONENT)?,
        None => read_named(path, &shown, LARGEST_FILE)?,
    };
    let root = path.parent().map(Path::to_owned).unwrap_or_default();
    let extension = extension(path);
    if extension == "wasm" {
        check_component(&bytes).map_err(|error| error.in_file(&shown))?;
        return Ok((
            ActionKind::Component {
                path: path.to_owned(),
                bytes,
            },
            root,
        ));
    }
    if !SCRIPTS.contains(&extension.as_str()) {
        return Err(
            Error::new("the code of an Action is a .js, .ts or .wasm file").in_file(&shown),
        );
    }
    let text = decode(bytes, &shown)?;
    let text = surroundings.mappings(path).replace(&text, &shown)?;
    Ok((
        ActionKind::Script {
            path: path.to_owned(),
            text: text.into(),
        },
        root,
    ))
}

/// By the first eight bytes: the magic number, then the version and the layer.
fn check_component(bytes: &[u8]) -> Result<()> {
    match bytes.first_chunk::<8>() {
        Some([b'\0', b'a', b's', b'm', _, _, 1, 0]) => Ok(()),
        Some([b'\0', b'a', b's', b'm', ..]) => {
            Err(Error::new("this is a WebAssembly module, not a component")
                .with_hint("build it for wasm32-wasip2, or give the source to `postlogin build`"))
        }
        _ => Err(Error::new("this is not WebAssembly")),
    }
}

impl Surroundings<'_> {
    /// Relative to the working folder if the file is below it, else to the project.
    pub(super) fn display(&self, path: &Path) -> String {
        let path = normalize(path);
        match self.project {
            Some(project) if !path.starts_with(normalize(self.working_folder)) => {
                display_path(&path, &project.root)
            }
            _ => display_path(&path, self.working_folder),
        }
    }

    fn rules_configs(&self) -> Map<String, Value> {
        self.project
            .map_or_else(Map::new, |project| project.rules_configs.clone())
    }

    /// The Deploy CLI replaces keywords in the files of a configuration, and nowhere else.
    fn mappings(&self, path: &Path) -> KeywordMappings {
        self.project
            .filter(|project| normalize(path).starts_with(normalize(&project.root)))
            .map_or_else(KeywordMappings::default, |project| project.mappings.clone())
    }
}
