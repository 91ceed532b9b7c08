//! `postlogin.toml`: what an export does not say.
//!
//! ```toml
//! export = "auth0"                     # where the export is: a folder, or a tenant.yaml
//! mappings = "config.prod.json"        # keyword mappings: the Deploy CLI's file, or only the object
//! binding = ["deny", "copy"]           # the post-login binding, where no triggers.json says it
//!
//! [actions.deny]                       # Actions that no export describes: plain files, sources managed by Terraform
//! code = "terraform/actions/deny.js"
//! secrets = ["API_KEY"]
//! dependencies = { lodash = "4.17.21" }
//! modules = ["audit"]
//!
//! [tenant]                             # settings of the tenant, as in `tenant:` of a case
//! rbac = true
//!
//! [test]
//! paths = ["tests"]
//! jobs = 4
//! ```

mod schema;

use std::path::Path;
use std::sync::Arc;

use serde_json::Map;

use super::manifest::{Dependency, Manifest, ModuleReference};
use super::remarks::Remarks;
use super::tenant::{self, TenantData};
use super::{Action, Binding, Project, TestConfiguration, mappings_in};
use postlogin_core::Trigger;

use crate::document::node::{Entry, Node, NodeValue, Source, to_map};
use crate::document::{Format, parse_document, parse_toml};
use crate::door::Boundary;
use crate::files::{configured_path, display_path};
use crate::keywords::KeywordMappings;
use crate::shapes::Shapes;
use crate::{Error, Result};

pub use schema::configuration_schema;

/// The name of the file.
pub const CONFIGURATION_FILE: &str = "postlogin.toml";

/// The longest configuration, in bytes; every command reads it.
const LONGEST: usize = 256 << 10;

const KEYS: &[&str] = &[
    "export", "mappings", "binding", "bindings", "actions", "tenant", "test",
];
const ACTION_KEYS: &[&str] = &["code", "secrets", "dependencies", "modules", "runtime"];
const TEST_KEYS: &[&str] = &["paths", "jobs"];

/// Reads the configuration of a folder and the export that it names; `None` without one.
pub(super) fn load(home: &Path) -> Result<Option<Project>> {
    let path = home.join(CONFIGURATION_FILE);
    if !path.is_file() {
        return Ok(None);
    }
    let shown = display_path(&path, home);
    let within = Boundary::around(home);
    let text = within.read_text(&path, &shown)?;
    if text.len() > LONGEST {
        let error = Error::new(format!("the file has more than {} KiB", LONGEST >> 10));
        return Err(error.in_file(&shown));
    }
    let source = Arc::new(Source {
        path: path.clone(),
        shown,
    });
    let node = parse_toml(&text, &source)?;
    let mut shapes = Shapes::default();
    let project = read(&node, home, &mut shapes);
    if let Some(first) = shapes.errors.into_iter().next() {
        return Err(first);
    }
    let mut project = project?;
    project.home = home.to_owned();
    project.configuration_files.push(path);
    Ok(Some(project))
}

fn read(node: &Node, home: &Path, shapes: &mut Shapes) -> Result<Project> {
    let entries = shapes.object(node, "postlogin.toml").unwrap_or_default();
    shapes.only(entries, KEYS, "postlogin.toml");
    let mappings = match node.get("mappings") {
        Some(node) => mappings(node, home, shapes)?,
        None => None,
    };
    let mut project = match node.get("export") {
        Some(node) => {
            let named = shapes.text(node, "`export`").unwrap_or_default();
            let path = configured_path(home, &named);
            inside(&path, home, node, &named)?;
            // `export: tenant.yaml` means the folder around it.
            let root = match path.is_file() {
                true => path.parent().unwrap_or(home).to_owned(),
                false => path,
            };
            Project::load_export(&root, mappings)?.ok_or_else(|| {
                let error = node.place.error(format!("no export in `{named}`"));
                error.with_hint("an export has a tenant.yaml, or actions/*.json")
            })?
        }
        None => {
            let given = mappings.clone();
            Project::load_export(home, mappings)?.unwrap_or_else(|| empty(home, given))
        }
    };
    if let Some(node) = node.get("actions") {
        for entry in shapes.object(node, "`actions`").unwrap_or_default() {
            if let Some(action) = action(entry, home, shapes) {
                let name = &action.manifest.name;
                // The file is the team's own, so it wins over the export.
                project.actions.retain(|known| known.manifest.name != *name);
                project.actions.push(action);
            }
        }
    }
    let node_of_binding = node.entry("binding");
    if let Some(entry) = node_of_binding {
        let names = texts(&entry.value, "`binding`", shapes);
        project
            .triggers
            .retain(|trigger| trigger.id != "post-login");
        project.triggers.push(Binding {
            id: "post-login".into(),
            action_names: names,
            declared_in: entry.place.source.shown.clone(),
        });
    }
    if let Some(node) = node.get("bindings") {
        for entry in shapes.object(node, "`bindings`").unwrap_or_default() {
            let what = format!("`{}` of `bindings`", entry.key);
            if Trigger::of_id(&entry.key).is_none() {
                let known = Trigger::ALL.iter().map(|trigger| trigger.id());
                let known: Vec<&str> = known.collect();
                let error = entry.place.error(format!(
                    "{what}: this trigger is unknown, or does not run here"
                ));
                return Err(error.with_hint(format!("triggers are {}", known.join(", "))));
            }
            if entry.key == "post-login" && node_of_binding.is_some() {
                let error = entry
                    .place
                    .error(format!("{what}: `binding` binds this trigger, too"));
                shapes.refuse(error.with_hint("keep one of the two"));
            }
            let names = texts(&entry.value, &what, shapes);
            project.triggers.retain(|trigger| trigger.id != entry.key);
            project.triggers.push(Binding {
                id: entry.key.clone(),
                action_names: names,
                declared_in: entry.place.source.shown.clone(),
            });
        }
    }
    if let Some(node) = node.get("tenant") {
        tenant::check(node, "`tenant`", shapes);
        if let NodeValue::Object(entries) = &node.value {
            project.tenant.overrides = to_map(entries);
        }
    }
    if let Some(node) = node.get("test") {
        project.test = test(node, home, shapes);
    }
    Ok(project)
}

/// Refuses a path of the file that leads out of the project.
fn inside(path: &Path, home: &Path, node: &Node, written: &str) -> Result<()> {
    let admitted = Boundary::around(home).admit(path, written);
    admitted.map_err(|error| Error {
        hint: error.hint,
        ..node.place.error(format!("`{written}`: {}", error.message))
    })
}

fn empty(home: &Path, mappings: Option<KeywordMappings>) -> Project {
    Project {
        modules: Vec::new(),
        rules: Vec::new(),
        rules_configs: Map::new(),
        root: home.to_owned(),
        mappings: mappings.unwrap_or_default(),
        actions: Vec::new(),
        triggers: Vec::new(),
        tenant: TenantData::default(),
        test: TestConfiguration::default(),
        home: home.to_owned(),
        configuration_files: Vec::new(),
        remarks: Remarks::default(),
    }
}

/// A file of mappings: the Deploy CLI's configuration, or only the object.
fn mappings(node: &Node, home: &Path, shapes: &mut Shapes) -> Result<Option<KeywordMappings>> {
    let Some(named) = shapes.text(node, "`mappings`") else {
        return Ok(None);
    };
    let path = configured_path(home, &named);
    if !path.is_file() {
        let error = node.place.error(format!("no such file: `{named}`"));
        return Err(error.with_hint("a path is relative to postlogin.toml"));
    }
    inside(&path, home, node, &named)?;
    let shown = display_path(&path, home);
    let text = Boundary::around(home).read_text(&path, &shown)?;
    let value = parse_document(&text, Format::of(&path), &shown)?;
    if value.get(KeywordMappings::CONFIG_KEY).is_some() {
        return mappings_in(value, &shown).map(Some);
    }
    match value {
        serde_json::Value::Object(mappings) => Ok(Some(KeywordMappings::new(mappings))),
        _ => Err(Error::new("keyword mappings must be an object").in_file(&shown)),
    }
}

fn action(entry: &Entry, home: &Path, shapes: &mut Shapes) -> Option<Action> {
    let what = format!("the Action `{}`", entry.key);
    let entries = shapes.object(&entry.value, &what)?;
    shapes.only(entries, ACTION_KEYS, &what);
    let Some(code) = entry.value.get("code") else {
        let error = entry.place.error(format!("{what} has no `code`"));
        shapes.refuse(error.with_hint("name its file: code = \"actions/my-action.js\""));
        return None;
    };
    let written = shapes.text(code, "`code`")?;
    let path = configured_path(home, &written);
    if let Err(error) = inside(&path, home, code, &written) {
        shapes.refuse(error);
    } else if !path.exists() {
        let error = code.place.error(format!("no such file: `{written}`"));
        shapes.refuse(error.with_hint("a path is relative to postlogin.toml"));
    }
    let mut list = |key: &str| match entry.value.get(key) {
        Some(node) => texts(node, &format!("`{key}`"), shapes),
        None => Vec::new(),
    };
    let (secret_names, modules) = (list("secrets"), list("modules"));
    let mut dependencies = Vec::new();
    if let Some(node) = entry.value.get("dependencies") {
        for entry in shapes.object(node, "`dependencies`").unwrap_or_default() {
            dependencies.push(Dependency {
                name: entry.key.clone(),
                version: shapes.text(&entry.value, "a version"),
            });
        }
    }
    let runtime = entry.value.get("runtime");
    let module = |name: String| ModuleReference {
        name,
        version: None,
    };
    // Nothing is declared where only the file is named: then the Action sees every secret, as a plain file does.
    let declared = entries.iter().any(|entry| entry.key != "code");
    Some(Action {
        manifest: Manifest {
            name: entry.key.clone(),
            code: Some(written),
            runtime: runtime.and_then(|node| shapes.text(node, "`runtime`")),
            dependencies,
            secret_names,
            modules: modules.into_iter().map(module).collect(),
            ..Manifest::default()
        },
        declared_in: entry.place.source.path.clone(),
        code: path,
        inline: None,
        declared,
    })
}

fn test(node: &Node, home: &Path, shapes: &mut Shapes) -> TestConfiguration {
    let entries = shapes.object(node, "`test`").unwrap_or_default();
    shapes.only(entries, TEST_KEYS, "`test`");
    let paths = match node.get("paths") {
        Some(node) => texts(node, "`paths`", shapes),
        None => Vec::new(),
    };
    for (path, node) in paths.iter().zip(node.get("paths").into_iter().cycle()) {
        if let Err(error) = inside(&configured_path(home, path), home, node, path) {
            shapes.refuse(error);
        }
    }
    let jobs = node.get("jobs").and_then(|node| {
        let jobs = shapes.whole(node, "`jobs`")?;
        if jobs == 0 {
            shapes.refuse(node.place.error("no case could run with 0 jobs"));
        }
        usize::try_from(jobs).ok()
    });
    TestConfiguration {
        paths: paths
            .iter()
            .map(|path| configured_path(home, path))
            .collect(),
        jobs,
    }
}

fn texts(node: &Node, what: &str, shapes: &mut Shapes) -> Vec<String> {
    let items = shapes.list(node, what).unwrap_or_default();
    items
        .iter()
        .filter_map(|item| shapes.text(item, &format!("an item of {what}")))
        .collect()
}

#[cfg(test)]
mod tests;
