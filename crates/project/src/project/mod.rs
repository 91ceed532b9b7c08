//! A configuration as the Auth0 Deploy CLI exports it: a folder, or one `tenant.yaml`.
//!
//! <https://auth0.com/docs/deploy-monitor/deploy-cli-tool/available-resource-configuration-formats>

mod below;
mod bindings;
pub mod configuration;
mod directory;
mod exported;
pub mod manifest;
pub mod modules;
mod parts;
mod placed;
mod plain;
mod problems;
pub mod remarks;
pub mod rules;
pub mod sections;
pub mod tenant;
mod tenant_yaml;
pub(crate) mod terraform;
mod undescribed;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use postlogin_core::Trigger;
use postlogin_core::event::suggest::closest;
use serde_json::{Map, Value};

use crate::amount;
use crate::document::{Format, parse_document};
use crate::door::Boundary;
use crate::files::{absolute, display_path};
use crate::keywords::{KeywordMappings, leftover};
use crate::{Error, Result};
pub use bindings::{MissingAction, NotRead};
pub(crate) use directory::load_action;
use manifest::Manifest;
pub use parts::login_set;
pub use placed::PlacedParts;
pub use problems::{BindingProblem, ProblemKind};
use remarks::Remarks;
use tenant::TenantData;

/// The configuration that a team keeps in its repository.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder that the paths in the configuration are relative to.
    pub root: PathBuf,
    /// The values of the keyword markers.
    pub mappings: KeywordMappings,
    /// Every Action of the configuration, bound or not, by file name or in the order of `tenant.yaml`.
    pub actions: Vec<Action>,
    /// The Action Modules of the configuration.
    pub modules: Vec<modules::Module>,
    /// The Rules of the configuration, enabled or not.
    pub rules: Vec<rules::Rule>,
    /// The `configuration` of Rules.
    pub rules_configs: Map<String, Value>,
    /// The bindings of the triggers, in the order of the file.
    pub triggers: Vec<Binding>,
    /// Everything else that a login depends on: APIs, applications, roles, settings.
    pub tenant: TenantData,
    /// The settings of tests in `postlogin.toml`.
    pub test: TestConfiguration,
    /// The folder of the `postlogin.toml`, or the root.
    pub home: PathBuf,
    /// The files that say what the project is.
    pub configuration_files: Vec<PathBuf>,
    /// The omitted parts of this, and those that were read in another way than they are written.
    pub remarks: Remarks,
}

/// The settings of tests in `postlogin.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestConfiguration {
    /// Where cases are, when no path is given; empty for the whole project.
    pub paths: Vec<PathBuf>,
    /// The number of cases that run at once.
    pub jobs: Option<usize>,
}

/// An Action of the configuration.
#[derive(Debug, Clone)]
pub struct Action {
    /// Its entry in the configuration.
    pub manifest: Manifest,
    /// The file that says it.
    pub declared_in: PathBuf,
    /// The file with its code. It need not exist.
    pub code: PathBuf,
    /// The code, when it is a part of that file: its lines are those of the file.
    pub inline: Option<Arc<str>>,
    /// Whether a configuration describes it. One that nothing describes sees every secret and may require anything.
    pub declared: bool,
}

/// The Actions of one trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// `post-login`, `credentials-exchange`, …
    pub id: String,
    /// The names of the Actions in the order in which they run.
    pub action_names: Vec<String>,
    /// The file that says so, relative to the root.
    pub declared_in: String,
}

impl Project {
    /// Finds the configuration that `folder` is in: the nearest folder upwards with a `postlogin.toml`, with
    /// `actions/*.json` of Actions, `rules/*.json` of Rules or other parts of an export, with a `tenant.yaml`, with Terraform files for the tenant, or with plain Actions `actions/*.js` or
    /// Rules `rules/*.js`. A folder with a `.git`
    /// is the last one that is looked at.
    ///
    /// A file of the configuration that is broken is left out (see [`Remarks`]). Fails if nothing can be told without it, such
    /// as without the bindings.
    pub fn discover(folder: &Path) -> Result<Option<Project>> {
        amount::counted(|| Project::discover_upwards(folder))
    }

    fn discover_upwards(folder: &Path) -> Result<Option<Project>> {
        // The ancestors of `.` end at once.
        let folder = absolute(folder);
        for root in folder.ancestors() {
            let found = match configuration::load(root)? {
                Some(project) => Some(project),
                None => Project::load_export(root, None)?,
            };
            if let Some(mut project) = found {
                // Only now it is known what a `postlogin.toml` describes.
                undescribed::remark(&mut project);
                project.remark_left_out();
                return Ok(Some(project));
            }
            if root.join(".git").exists() {
                break;
            }
        }
        Ok(None)
    }

    /// The export or the plain Actions in this folder; `mappings` stand for those of `config.json`.
    pub(crate) fn load_export(
        root: &Path,
        mappings: Option<KeywordMappings>,
    ) -> Result<Option<Project>> {
        if is_folder(root) {
            let mappings = mappings.map_or_else(|| read_mappings(root), Ok)?;
            return directory::load(root, mappings).map(Some);
        }
        if let Some(file) = tenant_yaml::find(root) {
            let mappings = mappings.map_or_else(|| read_mappings(root), Ok)?;
            return tenant_yaml::load(root, &file, mappings).map(Some);
        }
        if terraform::is_root(root) {
            let mappings = mappings.unwrap_or_default();
            return Ok(Some(terraform::load(root, mappings)));
        }
        Ok(plain::load(root))
    }

    /// Returns the Actions that token exchange profiles and event streams name, each with its trigger and once.
    ///
    /// # Errors
    /// When an entity names an Action that the configuration does not have, or a token exchange profile names none.
    pub fn entity_actions(&self) -> Result<Vec<(Trigger, &Action)>> {
        let each = self.entity_actions_each().into_iter();
        each.map(|(trigger, action)| Ok((trigger, action.map_err(|it| it.error)?)))
            .collect()
    }

    /// As [`entity_actions`](Self::entity_actions), with each Action that is not there in its place.
    pub(crate) fn entity_actions_each(&self) -> Vec<(Trigger, Result<&Action, NotRead>)> {
        let mut found: Vec<(Trigger, Result<&Action, NotRead>)> = Vec::new();
        let entities = [
            (
                Trigger::CustomTokenExchange,
                "token exchange profile",
                &self.tenant.token_exchange_profiles,
            ),
            (
                Trigger::EventStream,
                "event stream",
                &self.tenant.event_streams,
            ),
        ];
        for (trigger, what, entities) in entities {
            for entity in entities {
                let called = entity.get("name").and_then(Value::as_str);
                let called = called.unwrap_or("without a name");
                let Some(name) = TenantData::action_of(entity) else {
                    if trigger == Trigger::EventStream {
                        // Its destination is none of ours.
                        continue;
                    }
                    let message = format!("the {what} `{called}` names no Action");
                    let error = Error::new(message)
                        .with_hint("give it the name of an Action as its `action_id`");
                    found.push((trigger, Err(NotRead::action(called, error))));
                    continue;
                };
                let Some(action) = self.action(name) else {
                    let error = self.remarks.broken_action(name).cloned();
                    let error = error.unwrap_or_else(|| self.not_in_entity(what, called, name));
                    found.push((trigger, Err(NotRead::action(name, error))));
                    continue;
                };
                let is_known = found.iter().any(|(_, known)| {
                    let known = known.as_ref();
                    known.is_ok_and(|known| known.manifest.name == action.manifest.name)
                });
                if !is_known {
                    found.push((trigger, Ok(action)));
                }
            }
        }
        found
    }

    /// Returns the error of an entity that names an Action which does not exist.
    fn not_in_entity(&self, what: &str, called: &str, name: &str) -> Error {
        let message =
            format!("the {what} `{called}` names the Action `{name}`, which does not exist");
        let error = Error::new(message);
        match closest(name, self.action_names()) {
            Some(near) => error.with_hint(format!("did you mean `{near}`?")),
            None => error.with_hint("export the Action together with it"),
        }
    }

    /// The Action of this name.
    pub fn action(&self, name: &str) -> Option<&Action> {
        self.actions
            .iter()
            .find(|action| action.manifest.name == name)
    }

    /// The names of all Actions.
    pub fn action_names(&self) -> impl Iterator<Item = &str> {
        self.actions
            .iter()
            .map(|action| action.manifest.name.as_str())
    }
}

/// Whether a folder is an export in the form of folders.
fn is_folder(root: &Path) -> bool {
    directory::is_root(root) || rules::is_root(root) || exported::is_root(root)
}

/// The bindings in `triggers.json` or under `triggers:`, in the order of the file.
fn read_triggers(value: &Value, shown: &str) -> Result<Vec<Binding>> {
    let refuse = |message: String| Error::new(message).in_file(shown);
    let Value::Object(triggers) = value else {
        return match value {
            Value::Null => Ok(Vec::new()),
            _ => Err(refuse(
                "the triggers must be an object of trigger and list of Actions".to_owned(),
            )),
        };
    };
    let mut bindings = Vec::new();
    for (id, actions) in triggers {
        let actions = actions
            .as_array()
            .ok_or_else(|| refuse(format!("the trigger `{id}` must be a list of Actions")))?;
        let action_names = actions
            .iter()
            .enumerate()
            .map(|(index, action)| {
                let name = action
                    .get("action_name")
                    .and_then(Value::as_str)
                    .map(str::to_owned);
                name.ok_or_else(|| {
                    refuse(format!(
                        "item {} of the trigger `{id}` lacks its `action_name`",
                        index + 1
                    ))
                })
            })
            .collect::<Result<_>>()?;
        bindings.push(Binding {
            id: id.clone(),
            action_names,
            declared_in: shown.to_owned(),
        });
    }
    Ok(bindings)
}

/// Reads a file of the configuration: keywords first, then JSON or YAML.
pub(crate) fn read_configuration(
    path: &Path,
    root: &Path,
    mappings: &KeywordMappings,
) -> Result<Value> {
    let shown = display_path(path, root);
    let text = Boundary::of_file(path, root).read_text(path, &shown)?;
    let text = mappings.replace(&text, &shown)?;
    parse_document(&text, Format::of(path), &shown).map_err(|error| {
        let line = error.line.and_then(|line| {
            text.lines()
                .nth(usize::try_from(line).ok()?.checked_sub(1)?)
        });
        match line.and_then(leftover) {
            Some(marker) => error.with_hint(format!(
                "`{marker}` is not replaced; give it a value in {} of config.json",
                KeywordMappings::CONFIG_KEY
            )),
            None => error,
        }
    })
}

/// The mappings of the `config.json` at the root or in the folder above it, where teams keep it beside their export.
pub(crate) fn read_mappings(root: &Path) -> Result<KeywordMappings> {
    for path in mapping_files(root) {
        let shown = display_path(&path, root);
        // The folder above an export need not be in a project, but its file is where it seems to be.
        let folder = path.parent().unwrap_or(root);
        let text = Boundary::around(folder).read_text(&path, &shown)?;
        // The name is common: only a file that names the key is the Deploy CLI's.
        if !text.contains(KeywordMappings::CONFIG_KEY) {
            continue;
        }
        return mappings_in(parse_document(&text, Format::Json, &shown)?, &shown);
    }
    Ok(KeywordMappings::default())
}

/// The files that may hold keyword mappings.
pub(crate) fn mapping_files(root: &Path) -> Vec<PathBuf> {
    let candidates = root.ancestors().take(2);
    let candidates = candidates.map(|folder| folder.join("config.json"));
    candidates.filter(|path| path.is_file()).collect()
}

/// The mappings that a parsed `config.json` holds.
pub(crate) fn mappings_in(mut configuration: Value, shown: &str) -> Result<KeywordMappings> {
    match configuration
        .get_mut(KeywordMappings::CONFIG_KEY)
        .map(Value::take)
    {
        Some(Value::Object(mappings)) => Ok(KeywordMappings::new(mappings)),
        Some(Value::Null) | None => Ok(KeywordMappings::default()),
        Some(_) => Err(
            Error::new(format!("{} must be an object", KeywordMappings::CONFIG_KEY)).in_file(shown),
        ),
    }
}

#[cfg(test)]
mod tests;
