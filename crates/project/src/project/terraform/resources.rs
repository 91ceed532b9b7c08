//! From resources to a project.

use serde_json::{Map, Value};

use super::budget::Budget;
use super::evaluate::{Scope, text_of};
use super::reader::Reader;
use super::{Module, PROVIDER, Resource, instances, relations, tenant};
use crate::project::manifest::{Dependency, Manifest, ModuleReference, SupportedTrigger};
use crate::project::modules::Module as ActionModule;
use crate::project::remarks::{Broken, Part};
use crate::project::rules::Rule;
use crate::project::{Action, Binding, Project};

/// Adds what the resources of a module describe: those that stand alone, or those that are about another one, which may be written
/// anywhere.
pub(super) fn add<'m>(
    configuration: Configuration<'m>,
    index: usize,
    relations: bool,
    bound: &mut Bound,
    project: &mut Project,
) {
    let Configuration {
        modules,
        root,
        budget,
    } = configuration;
    let Some(module) = modules.get(index) else {
        return;
    };
    for resource in &module.resources {
        let is_ours = resource.kind.starts_with(PROVIDER);
        if !is_ours || relations::is_one(&resource.kind) != relations {
            continue;
        }
        let scope = Scope::new(modules, index, resource.file, root, budget);
        for scope in instances(resource, &scope, &mut project.remarks) {
            if budget.is_spent() || !budget.resource() {
                return too_much(resource, &scope, project);
            }
            let mut reader = Reader {
                scope,
                resource,
                stopped: Vec::new(),
            };
            one(&mut reader, bound, project);
            reader.report(project);
        }
    }
}

/// All that is read.
#[derive(Clone, Copy)]
pub(super) struct Configuration<'m> {
    pub(super) modules: &'m [Module],
    pub(super) root: &'m std::path::Path,
    pub(super) budget: &'m Budget,
}

/// The triggers whose binding was set as a whole.
#[derive(Default)]
pub(super) struct Bound(Vec<String>);

/// Leaves out a resource and all that come after it. One error says so: what else they say is not known.
fn too_much(resource: &Resource, scope: &Scope<'_>, project: &mut Project) {
    let what = format!("{}.{}", resource.kind, resource.label);
    let is_known = |known: &Broken| known.name == TOO_MUCH;
    if project.remarks.broken.iter().any(is_known) {
        return;
    }
    let stop = scope.stop_at(
        resource.at,
        "the configuration computes too much, and nothing from here on is read",
    );
    let error = stop
        .about(&what)
        .with_hint("name the Actions to run, or run in an export of the Deploy CLI");
    let path = scope
        .own()
        .and_then(|module| module.files.get(resource.file));
    project.remarks.unresolved.push((None, error.clone()));
    project.remarks.broken.push(Broken {
        part: Part::Rule,
        name: TOO_MUCH.to_owned(),
        path: path.map(|file| file.path.clone()).unwrap_or_default(),
        error,
    });
}

/// The name of what is left out because there is too much. Whether there are Rules in it is not known.
const TOO_MUCH: &str = "everything that is not read";

fn one(reader: &mut Reader<'_, '_>, bound: &mut Bound, project: &mut Project) {
    match reader.resource.kind.as_str() {
        "auth0_action" => action(reader, project),
        "auth0_action_module" => action_module(reader, project),
        "auth0_trigger_actions" | "auth0_trigger_binding" => binding(reader, bound, project),
        "auth0_trigger_action" => {
            let trigger = reader.string("trigger");
            let action = reader.string("action_id");
            unresolved(reader, project, trigger.as_deref());
            if let (Some(trigger), Some(action)) = (trigger, action) {
                bind(reader, bound, project, (trigger, vec![action]));
            }
        }
        "auth0_rule" => rule(reader, project),
        "auth0_rule_config" => {
            let (key, value) = (reader.string("key"), reader.string("value"));
            if let (Some(key), Some(value)) = (key, value) {
                project.rules_configs.insert(key, value.into());
            }
        }
        kind if relations::is_one(kind) => relations::add(reader, project),
        _ => tenant::add(reader, &mut project.tenant),
    }
}

fn manifest(reader: &mut Reader<'_, '_>) -> Manifest {
    let label = reader.resource.label.clone();
    let text = |item: &Map<String, Value>, key: &str| item.get(key).map(text_of);
    let named = |items: Vec<Map<String, Value>>| -> Vec<(String, Option<String>)> {
        let items = items.iter();
        items
            .filter_map(|item| Some((text(item, "name")?, text(item, "version"))))
            .collect()
    };
    Manifest {
        name: reader.string("name").unwrap_or(label),
        code: None,
        runtime: reader.optional("runtime"),
        dependencies: named(reader.blocks("dependencies"))
            .into_iter()
            .map(|(name, version)| Dependency { name, version })
            .collect(),
        // Values are never read.
        secret_names: reader
            .blocks_of("secrets", &["name"])
            .iter()
            .filter_map(|item| text(item, "name"))
            .collect(),
        modules: reader
            .blocks_of("modules", &["module_id", "module_name"])
            .iter()
            .filter_map(|item| text(item, "module_name").or_else(|| text(item, "module_id")))
            .map(|name| ModuleReference {
                name,
                version: None,
            })
            .collect(),
        supported_triggers: reader
            .blocks("supported_triggers")
            .iter()
            .filter_map(|item| {
                Some(SupportedTrigger {
                    id: text(item, "id")?,
                    version: text(item, "version"),
                })
            })
            .collect(),
        other: Map::new(),
    }
}

fn action(reader: &mut Reader<'_, '_>, project: &mut Project) {
    let mut manifest = manifest(reader);
    // The provider's default is `false`; what is not resolved is left open.
    let deploy = match reader.resource.argument("deploy").is_some() {
        true => reader.value("deploy"),
        false => Some(Value::Bool(false)),
    };
    if deploy == Some(Value::Bool(false)) {
        manifest.leave_undeployed();
    }
    if project.action(&manifest.name).is_some() {
        let why = format!(
            "another Action is called `{}`, and production refuses a second one",
            manifest.name
        );
        return reader.remark("name", "is left out", why, project);
    }
    if let Some(code) = reader.code("code", Part::Action, &manifest.name, project) {
        project.actions.push(Action {
            manifest,
            declared_in: reader.path(),
            code: code.path,
            inline: code.text.map(Into::into),
            declared: true,
        });
    }
}

fn action_module(reader: &mut Reader<'_, '_>, project: &mut Project) {
    let manifest = manifest(reader);
    if let Some(code) = reader.code("code", Part::Other, &manifest.name, project) {
        project.modules.push(ActionModule {
            manifest,
            declared_in: reader.path(),
            code: code.path,
            inline: code.text.map(Into::into),
        });
    }
}

fn rule(reader: &mut Reader<'_, '_>, project: &mut Project) {
    let label = reader.resource.label.clone();
    let name = reader.string("name").unwrap_or(label);
    let Some(code) = reader.code("script", Part::Rule, &name, project) else {
        return;
    };
    let value = |reader: &mut Reader<'_, '_>, key: &str| reader.value(key);
    project.rules.push(Rule {
        order: value(reader, "order").and_then(|order| order.as_i64()),
        enabled: value(reader, "enabled").is_none_or(|enabled| enabled != Value::Bool(false)),
        stage: "login_success".to_owned(),
        script: code.path,
        inline: code.text.map(Into::into),
        declared_in: reader.path(),
        name,
    });
}

fn binding(reader: &mut Reader<'_, '_>, bound: &mut Bound, project: &mut Project) {
    let trigger = reader.string("trigger");
    let items = reader.blocks_of("actions", &["id"]);
    let count = items.len();
    let names = items.iter().filter_map(|item| item.get("id")?.as_str());
    let names: Vec<String> = names.map(str::to_owned).collect();
    if names.len() < count && reader.stopped.is_empty() {
        let stop = reader.scope.stop_at(reader.resource.at, "it is not a text");
        reader.stopped.push(("actions.id".to_owned(), stop));
    }
    unresolved(reader, project, trigger.as_deref());
    if let Some(trigger) = trigger {
        bind(reader, bound, project, (trigger, names));
    }
}

/// Notes what of a binding is not resolved: without it, the Actions that run are not those of production.
fn unresolved(reader: &mut Reader<'_, '_>, project: &mut Project, trigger: Option<&str>) {
    let resource = format!("{}.{}", reader.resource.kind, reader.resource.label);
    for (what, stop) in std::mem::take(&mut reader.stopped) {
        let error = stop.about(&format!("`{what}` of {resource}"));
        let error = error.with_hint(
            "list the Actions of the trigger under `bindings` in postlogin.toml, or name the Actions to run",
        );
        let entry = (trigger.map(str::to_owned), error);
        if !project.remarks.unresolved.contains(&entry) {
            project.remarks.unresolved.push(entry);
        }
    }
}

/// Adds Actions to a binding. The resource for one Action appends it; the one for all of them replaces what is there.
/// Source: <https://registry.terraform.io/providers/auth0/auth0/latest/docs/resources/trigger_actions>.
fn bind(
    reader: &Reader<'_, '_>,
    bound: &mut Bound,
    project: &mut Project,
    (trigger, names): (String, Vec<String>),
) {
    let is_whole = reader.resource.kind != "auth0_trigger_action";
    let was_whole = bound.0.contains(&trigger);
    let is_known = |binding: &Binding| binding.id == trigger;
    if project.triggers.iter().any(is_known) && (is_whole || was_whole) {
        let why = "production runs the Actions of the resource that is applied last, which replaces the whole binding; here those of both run";
        let what = format!("binds {trigger}, which another resource binds as well");
        reader.remark("", &what, why.to_owned(), project);
    }
    if is_whole && !was_whole {
        bound.0.push(trigger.clone());
    }
    let mut known = project.triggers.iter_mut();
    match known.find(|binding| binding.id == trigger) {
        Some(binding) => binding.action_names.extend(names),
        None => project.triggers.push(Binding {
            id: trigger,
            action_names: names,
            declared_in: reader.shown(),
        }),
    }
}
