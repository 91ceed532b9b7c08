//! The folder form of a configuration: `actions/<name>.json`, `actions/<name>/code.js`, `triggers/triggers.json`.

use std::path::{Path, PathBuf};

use super::manifest::Manifest;
use super::remarks::{Part, Remarks};
use super::{
    Action, Project, TestConfiguration, exported, mapping_files, modules, read_configuration,
    read_triggers, rules, tenant,
};
use crate::door::Boundary;
use crate::files::{display_path, end_of, entries, extension, file_name, file_stem};
use crate::keywords::KeywordMappings;
use crate::{Error, Result};

/// A folder with a file of an Action in `actions/`.
pub(super) fn is_root(folder: &Path) -> bool {
    // By the text, not by parsing: a broken file should be reported, not make the project vanish.
    manifest_paths(folder)
        .iter()
        .any(|path| Boundary::around(folder).mentions(path, "\"supported_triggers\""))
}

pub(super) fn load(root: &Path, mappings: KeywordMappings) -> Result<Project> {
    let mut configuration_files = manifest_paths(root);
    let mut remarks = Remarks::default();
    let mut actions = Vec::new();
    for path in manifest_paths(root) {
        let mut notices = Vec::new();
        let read = load_action(&path, root, &mappings, &mut notices);
        remarks.notices.append(&mut notices);
        let name = name_of(&path);
        actions.extend(
            remarks
                .keep_named(Part::Action, name, &path, read)
                .flatten(),
        );
    }
    let triggers_file = entries(&root.join("triggers"))
        .into_iter()
        .find(|path| extension(path) == "json");
    configuration_files.extend(triggers_file.clone());
    configuration_files.extend(mapping_files(root));
    let triggers = match triggers_file {
        Some(path) => read_triggers(
            &read_configuration(&path, root, &mappings)?,
            &display_path(&path, root),
        )?,
        None => Vec::new(),
    };
    let modules = modules::in_folder(root, &mappings, &mut remarks);
    configuration_files.extend(modules.iter().map(|module| module.declared_in.clone()));
    let rules = rules::in_folder(root, &mappings, &mut configuration_files, &mut remarks);
    let rules_configs =
        rules::configs_in_folder(root, &mappings, &mut configuration_files, &mut remarks);
    let tenant = tenant::of_directory(root, &mappings, &mut configuration_files, &mut remarks);
    Ok(Project {
        root: root.to_owned(),
        modules,
        mappings,
        actions,
        rules,
        rules_configs,
        triggers,
        tenant,
        test: TestConfiguration::default(),
        home: root.to_owned(),
        configuration_files,
        remarks,
    })
}

/// The name of an Action whose file cannot be read.
fn name_of(path: &Path) -> String {
    match path.parent() {
        Some(folder) if file_name(path) == "current.json" => file_name(folder),
        _ => file_stem(path),
    }
}

/// Reads the file of an Action; `None` if it is a JSON file of something else. `notices` gets what users should know about it.
pub(crate) fn load_action(
    path: &Path,
    root: &Path,
    mappings: &KeywordMappings,
    notices: &mut Vec<Error>,
) -> Result<Option<Action>> {
    // Other JSON (tsconfig.json, with its comments) may stand in the folder: it is not even parsed. Beside a folder
    // with the code of an Action it is that Action's, whatever is in it.
    let within = Boundary::of_file(path, root);
    let says_so =
        within.mentions(path, "\"supported_triggers\"") || within.mentions(path, "\"code\"");
    if !says_so && !default_code(path).is_file() {
        return Ok(None);
    }
    let shown = display_path(path, root);
    let value = read_configuration(path, root, mappings)?;
    let text = within.read_text(path, &shown)?;
    let manifest = Manifest::read(value, &shown, &|key| place_of_key(&text, key))?;
    let (code, notice) = match &manifest.code {
        Some(code) => exported::located(root, code, "actions", path),
        None => (default_code(path), None),
    };
    // Older layouts keep the file in the Action's own folder and give a path relative to it.
    let beside = path.with_file_name(manifest.code.as_deref().map_or("code.js", last_part));
    let code = if !code.exists() && beside.exists() {
        beside
    } else {
        notices.extend(notice);
        code
    };
    Ok(Some(Action {
        manifest,
        declared_in: path.to_owned(),
        code,
        inline: None,
        declared: true,
    }))
}

/// The line and column of a key of the outermost object of a JSON text; of the first letter for an empty key. By the
/// text alone, because it may hold markers that make it no JSON.
fn place_of_key(text: &str, key: &str) -> Option<(u32, u32)> {
    let start = text.len() - text.trim_start().len();
    let mut depth = 0_u32;
    let mut at = start;
    while !key.is_empty() {
        let rest = text.get(at..)?;
        let letter = rest.chars().next()?;
        at += letter.len_utf8();
        match letter {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            '"' => {
                let end = end_of_string(rest)?;
                let (string, after) = rest.split_at(end);
                let is_key = after.trim_start().starts_with(':');
                if depth == 1 && is_key && string.trim_matches('"') == key {
                    return Some(end_of(text.get(..at - 1)?));
                }
                at += end - 1;
            }
            _ => {}
        }
    }
    Some(end_of(text.get(..start)?))
}

/// The length of the JSON string at the beginning of a text, quotes included.
fn end_of_string(text: &str) -> Option<usize> {
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some(at + 1),
            '\\' => {
                letters.next();
            }
            _ => {}
        }
    }
    None
}

fn last_part(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Without `code`, an export keeps it in the folder of the same name.
fn default_code(manifest: &Path) -> PathBuf {
    if file_name(manifest) == "current.json" {
        return manifest.with_file_name("code.js");
    }
    manifest.with_file_name(file_stem(manifest)).join("code.js")
}

/// `actions/*.json`, and `actions/<name>/current.json` of older layouts.
fn manifest_paths(root: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for path in entries(&root.join("actions")) {
        let nested = path.join("current.json");
        let current = path.with_file_name(format!("{}.json", file_name(&path)));
        if extension(&path) == "json" && path.is_file() {
            paths.push(path);
        } else if nested.is_file() && !current.is_file() {
            paths.push(nested);
        }
    }
    paths
}
