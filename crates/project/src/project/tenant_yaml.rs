//! The YAML form of a configuration: everything in one `tenant.yaml`, code in files beside it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::manifest::Manifest;
use super::remarks::{Part, Remarks};
use super::{
    Action, Project, TestConfiguration, exported, mapping_files, modules, read_configuration,
    read_triggers, rules, tenant,
};
use crate::files::display_path;
use crate::keywords::KeywordMappings;
use crate::{Error, Result};

/// The configuration file in this folder.
pub(super) fn find(folder: &Path) -> Option<PathBuf> {
    ["tenant.yaml", "tenant.yml"]
        .into_iter()
        .map(|name| folder.join(name))
        .find(|path| path.is_file())
}

pub(super) fn load(root: &Path, file: &Path, mappings: KeywordMappings) -> Result<Project> {
    let shown = display_path(file, root);
    let mut configuration = read_configuration(file, root, &mappings)?;
    let items = match configuration.get_mut("actions").map(Value::take) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(Error::new("`actions` must be a list").in_file(&shown)),
    };
    let mut remarks = Remarks::default();
    let mut actions = Vec::new();
    for item in items {
        let name = item.get("name").and_then(Value::as_str);
        let name = name.unwrap_or_default().to_owned();
        let read = Manifest::read(item, &shown, &|_| None);
        let Some(manifest) = remarks.keep_named(Part::Action, name, file, read) else {
            continue;
        };
        let default = format!("actions/{}/code.js", manifest.name);
        let written = manifest.code.as_deref().unwrap_or(&default);
        let (code, notice) = exported::located(root, written, "actions", file);
        remarks.notices.extend(notice);
        actions.push(Action {
            manifest,
            declared_in: file.to_owned(),
            code,
            inline: None,
            declared: true,
        });
    }
    let triggers = read_triggers(
        configuration.get("triggers").unwrap_or(&Value::Null),
        &shown,
    )?;
    let modules = configuration.get_mut("actionModules").map(Value::take);
    let mut configuration_files = vec![file.to_owned()];
    configuration_files.extend(mapping_files(root));
    let tenant = tenant::of_yaml(&configuration, root, &mappings, &mut remarks);
    Ok(Project {
        root: root.to_owned(),
        modules: modules::in_list(modules, file, root, &mut remarks)?,
        mappings,
        actions,
        rules: rules::in_list(configuration.get("rules"), file, root, &mut remarks)?,
        rules_configs: rules::configs_in_list(
            configuration.get("rulesConfigs"),
            &shown,
            &mut remarks,
        )?,
        triggers,
        tenant,
        test: TestConfiguration::default(),
        home: root.to_owned(),
        configuration_files,
        remarks,
    })
}
