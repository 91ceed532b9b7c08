//! Which file, folder or Action an argument means.

use std::path::{Path, PathBuf};

use postlogin_core::event::suggest::closest;

use super::{Error, NamedBy, Result};
use crate::door::{admit_argument, are_arguments_distrusted};
use crate::files::{entries, extension, file_name, file_stem, normalize};
use crate::keywords::KeywordMappings;
use crate::project::rules::Rule;
use crate::project::{Action, Project, load_action};

/// The meaning of an argument, not read yet.
pub(super) enum Found {
    /// An Action with a configuration. `root` is the folder that the configuration's paths are relative to.
    Declared { action: Action, root: PathBuf },
    /// A Rule of the configuration. `root` is the configuration's folder.
    Rule { rule: Rule, root: PathBuf },
    /// A file without a configuration.
    File { path: PathBuf, name: String },
    /// A folder with a `Cargo.toml`.
    CargoPackage {
        dir: PathBuf,
        action: Option<Action>,
        named_by: NamedBy,
    },
}

/// The extensions of scripts.
pub(crate) const SCRIPTS: &[&str] = &["js", "cjs", "mjs", "ts", "cts", "mts"];

const FORMS: &str = "give a .js, .ts or .wasm file, a folder of an Action, the name of an Action of the project, or a Cargo package";

pub(super) fn find(
    argument: &str,
    working_folder: &Path,
    project: Option<&Project>,
    named_by: NamedBy,
) -> Result<Found> {
    if argument.trim().is_empty() {
        return Err(Error::new("the Action name is empty").with_hint(FORMS));
    }
    let path = normalize(&working_folder.join(argument));
    admit_argument(&path, argument)?;
    if path.is_file() {
        return file(&path, argument, project);
    }
    // A word is the name of an Action before it is the folder of that name, and never enough to start Cargo: a pull request
    // can add such a folder.
    let is_word = !argument.contains(['/', '\\', '.']);
    if is_word
        && let Some(project) = project
        && let Some(found) = named(argument, project)?
    {
        return Ok(found);
    }
    let named_by = match is_word || are_arguments_distrusted() {
        true => NamedBy::Project,
        false => named_by,
    };
    if path.is_dir()
        && let Some(found) = folder(&path, project, named_by)?
    {
        return Ok(found);
    }
    if let Some(project) = project
        && let Some(found) = named(argument, project)?
    {
        return Ok(found);
    }
    if path.is_dir() {
        let error = Error::new(format!("no Action is in the folder `{argument}`"));
        return Err(error.with_hint(match path.join("actions").is_dir() {
            true => {
                "no file says which of its actions/ a login runs: `postlogin init` writes a postlogin.toml with `binding`; or name one of them"
            }
            false => "the folder of an Action has a code.js; that of a Rust Action has a Cargo.toml",
        }));
    }
    Err(missing(argument, &path, working_folder, project))
}

fn file(path: &Path, argument: &str, project: Option<&Project>) -> Result<Found> {
    let extension = extension(path);
    if let Some(found) = rule_of(path, project) {
        return Ok(found);
    }
    if extension == "json" {
        let root = configuration_root(path);
        let mappings =
            project.map_or_else(KeywordMappings::default, |project| project.mappings.clone());
        return match load_action(path, &root, &mappings, &mut Vec::new())? {
            Some(action) => Ok(with_package(action, root)),
            None => Err(
                Error::new(format!("`{argument}` does not describe an Action"))
                    .with_hint("the file of an Action has `name`, `code` and `supported_triggers`"),
            ),
        };
    }
    if extension != "wasm" && !SCRIPTS.contains(&extension.as_str()) {
        return Err(Error::new(format!("`{argument}` is not an Action")).with_hint(FORMS));
    }
    if let Some(found) = declared_by_code(path, project)? {
        return Ok(found);
    }
    // `loyalty/code.js` is the Action `loyalty`; `loyalty.js` too.
    let stem = file_stem(path);
    let name = match path.parent().map(file_name) {
        Some(folder) if matches!(stem.as_str(), "code" | "index") && !folder.is_empty() => folder,
        _ => stem,
    };
    Ok(Found::File {
        path: path.to_owned(),
        name,
    })
}

/// The Rule whose configuration or script a file is.
fn rule_of(path: &Path, project: Option<&Project>) -> Option<Found> {
    let project = project?;
    let is_meant =
        |rule: &&Rule| same_file(&rule.script, path) || same_file(&rule.declared_in, path);
    let rule = project
        .rules
        .iter()
        .filter(|_| extension(path) != "yaml")
        .find(is_meant)?;
    Some(Found::Rule {
        rule: rule.clone(),
        root: project.root.clone(),
    })
}

/// The Action whose configuration names this code.
fn declared_by_code(code: &Path, project: Option<&Project>) -> Result<Option<Found>> {
    if let Some(project) = project
        && let Some(action) = project
            .actions
            .iter()
            .find(|action| same_file(&action.code, code))
    {
        return Ok(Some(Found::Declared {
            action: action.clone(),
            root: project.root.clone(),
        }));
    }
    let Some(folder) = code.parent() else {
        return Ok(None);
    };
    match beside(folder, project)? {
        Some((action, root)) if same_file(&action.code, code) => {
            Ok(Some(Found::Declared { action, root }))
        }
        _ => Ok(None),
    }
}

pub(super) fn is_action_folder(path: &Path) -> Result<bool> {
    Ok(folder(path, None, NamedBy::User)?.is_some())
}

fn folder(folder: &Path, project: Option<&Project>, named_by: NamedBy) -> Result<Option<Found>> {
    let declared = match project.and_then(|project| Some((project, in_folder(project, folder)?))) {
        Some((project, action)) => Some((action.clone(), project.root.clone())),
        None => beside(folder, project)?,
    };
    let code = SCRIPTS
        .iter()
        .map(|extension| folder.join(format!("code.{extension}")))
        .find(|path| path.is_file());
    let has_code = declared
        .as_ref()
        .is_some_and(|(action, _)| action.code.is_file());
    if folder.join("Cargo.toml").is_file() && code.is_none() && !has_code {
        return Ok(Some(Found::CargoPackage {
            dir: folder.to_owned(),
            action: declared.map(|(action, _)| action),
            named_by,
        }));
    }
    if let Some((action, root)) = declared {
        return Ok(Some(Found::Declared { action, root }));
    }
    Ok(code.map(|path| Found::File {
        path,
        name: file_name(folder),
    }))
}

/// The project's Action whose code is in the folder, or whose file has the folder's name.
fn in_folder<'a>(project: &'a Project, folder: &Path) -> Option<&'a Action> {
    let holds_code = |action: &&Action| {
        action
            .code
            .parent()
            .is_some_and(|parent| same_file(parent, folder))
    };
    let has_name = |action: &&Action| {
        action
            .declared_in
            .parent()
            .zip(folder.parent())
            .is_some_and(|(a, b)| same_file(a, b))
            && file_stem(&action.declared_in) == file_name(folder)
    };
    project
        .actions
        .iter()
        .find(holds_code)
        .or_else(|| project.actions.iter().find(has_name))
}

/// The configuration beside the folder of an Action (`<folder>.json`) or in it (`current.json`).
fn beside(folder: &Path, project: Option<&Project>) -> Result<Option<(Action, PathBuf)>> {
    let sibling = folder.with_file_name(format!("{}.json", file_name(folder)));
    let Some(path) = [sibling, folder.join("current.json")]
        .into_iter()
        .find(|path| path.is_file())
    else {
        return Ok(None);
    };
    let root = configuration_root(&path);
    let mappings =
        project.map_or_else(KeywordMappings::default, |project| project.mappings.clone());
    let action = load_action(&path, &root, &mappings, &mut Vec::new())?;
    Ok(action.map(|action| (action, root)))
}

/// The folder above `actions/`, which the paths in a configuration are relative to.
fn configuration_root(manifest: &Path) -> PathBuf {
    let above = |depth| manifest.ancestors().nth(depth).map(Path::to_owned);
    let depth = if file_name(manifest) == "current.json" {
        3
    } else {
        2
    };
    above(depth).or_else(|| above(1)).unwrap_or_default()
}

/// By the name in the configuration, by the name of its file, or by the name of a folder in `actions/`.
fn named(name: &str, project: &Project) -> Result<Option<Found>> {
    let by_file = || {
        project
            .actions
            .iter()
            .find(|action| file_stem(&action.declared_in) == name)
    };
    if let Some(action) = project.action(name).or_else(by_file) {
        return Ok(Some(with_package(action.clone(), project.root.clone())));
    }
    if let Some(error) = project.remarks.broken_action(name) {
        return Err(error.clone());
    }
    if let Some(rule) = project.rules.iter().find(|rule| rule.name == name) {
        return Ok(Some(Found::Rule {
            rule: rule.clone(),
            root: project.root.clone(),
        }));
    }
    let mut undescribed = project.remarks.undescribed.iter();
    if let Some(one) = undescribed.find(|one| one.name == name) {
        return Ok(Some(Found::File {
            path: one.code.clone(),
            name: one.name.clone(),
        }));
    }
    let is_name = !name.contains(['/', '\\']) && name != "." && name != "..";
    let path = project.root.join("actions").join(name);
    if is_name && path.is_dir() {
        folder(&path, Some(project), NamedBy::Project)
    } else {
        Ok(None)
    }
}

/// An Action written in Rust may have a configuration, whose code is made by the build.
fn with_package(action: Action, root: PathBuf) -> Found {
    let package = action
        .code
        .parent()
        .filter(|folder| folder.join("Cargo.toml").is_file() && !action.code.is_file());
    match package.map(Path::to_owned) {
        Some(dir) => Found::CargoPackage {
            dir,
            action: Some(action),
            named_by: NamedBy::Project,
        },
        None => Found::Declared { action, root },
    }
}

fn same_file(a: &Path, b: &Path) -> bool {
    normalize(a) == normalize(b)
        || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn missing(argument: &str, path: &Path, working_folder: &Path, project: Option<&Project>) -> Error {
    let is_path = argument.contains(['/', '\\']) || path.extension().is_some();
    let parent = path.parent().unwrap_or(working_folder);
    let prefix = argument
        .rfind(['/', '\\'])
        .and_then(|end| argument.get(..=end))
        .unwrap_or_default();
    let is_action_file = |path: &PathBuf| {
        path.is_dir() || extension(path) == "wasm" || SCRIPTS.contains(&extension(path).as_str())
    };
    let files: Vec<_> = entries(parent)
        .into_iter()
        .filter(is_action_file)
        .map(|path| file_name(&path))
        .collect();
    let names: Vec<_> = project
        .into_iter()
        .flat_map(|project| {
            let undescribed = project.remarks.undescribed.iter();
            let undescribed = undescribed.map(|one| one.name.as_str());
            project.action_names().chain(undescribed)
        })
        .collect();
    // A link that leads nowhere, a pipe: something is there, but no file.
    let what = match (path.symlink_metadata(), path.exists()) {
        (Ok(meta), false) if meta.is_symlink() => Some("is a link that leads nowhere"),
        (Ok(_), true) if !path.is_dir() && !path.is_file() => Some("is not a regular file"),
        _ => None,
    };
    if let Some(what) = what {
        return Error::new(format!("`{argument}` {what}"));
    }
    let near_file = closest(&file_name(path), files.iter().map(String::as_str))
        .map(|file| format!("{prefix}{file}"));
    let near_name = closest(argument, names.iter().copied()).map(str::to_owned);
    let near = if is_path {
        near_file.or(near_name)
    } else {
        near_name.or(near_file)
    };

    let error = Error::new(if is_path {
        format!("no such file: `{argument}`")
    } else if project.is_some() {
        format!("no such file, folder or Action: `{argument}`")
    } else {
        format!("no such file or folder: `{argument}`, and no project with an Action of this name")
    });
    match near {
        Some(near) => error.with_hint(format!("did you mean `{near}`?")),
        None if !is_path && !names.is_empty() => error.with_hint(format!(
            "the Actions of the project are {}",
            names.join(", ")
        )),
        None => error.with_hint(FORMS),
    }
}
