//! From resources to a project.

use hcl_edit::expr::{Expression, Object, ObjectKey};
use hcl_edit::structure::Body;
use serde_json::{Map, Value};

use super::budget::Budget;
use super::evaluate::{Scope, Stop, text_of};
use super::{Module, PROVIDER, Resource, code, instances, tenant};
use crate::files::clamp;
use crate::project::manifest::{Dependency, Manifest, ModuleReference, SupportedTrigger};
use crate::project::modules::Module as ActionModule;
use crate::project::remarks::{Broken, Part};
use crate::project::rules::Rule;
use crate::project::{Action, Binding, Project};

/// Adds what the resources of a module describe.
pub(super) fn add<'m>(
    modules: &'m [Module],
    index: usize,
    root: &'m std::path::Path,
    budget: &'m Budget,
    project: &mut Project,
) {
    let Some(module) = modules.get(index) else {
        return;
    };
    for resource in &module.resources {
        if !resource.kind.starts_with(PROVIDER) {
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
            one(&mut reader, project);
            reader.report(project);
        }
    }
}

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

/// Reads one instance of a resource, and collects what it cannot resolve.
pub(super) struct Reader<'r, 'm> {
    pub(super) scope: Scope<'m>,
    pub(super) resource: &'r Resource,
    stopped: Vec<(String, Stop)>,
}

/// Either form of a block: `actions { … }`, or `actions = [{ … }]` of the JSON form.
enum Form<'b> {
    Body(&'b Body),
    Object(&'b Object),
}

fn one(reader: &mut Reader<'_, '_>, project: &mut Project) {
    match reader.resource.kind.as_str() {
        "auth0_action" => action(reader, project),
        "auth0_action_module" => action_module(reader, project),
        "auth0_trigger_actions" | "auth0_trigger_binding" => binding(reader, project),
        "auth0_trigger_action" => {
            let trigger = reader.string("trigger");
            let action = reader.string("action_id");
            unresolved(reader, project, trigger.as_deref());
            if let (Some(trigger), Some(action)) = (trigger, action) {
                bind(reader, project, trigger, vec![action]);
            }
        }
        "auth0_rule" => rule(reader, project),
        "auth0_rule_config" => {
            let (key, value) = (reader.string("key"), reader.string("value"));
            if let (Some(key), Some(value)) = (key, value) {
                project.rules_configs.insert(key, value.into());
            }
        }
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
    let manifest = manifest(reader);
    if let Some(code) = reader.code("code", Part::Action, &manifest.name, project) {
        project.actions.push(Action {
            manifest,
            declared_in: reader.path(),
            code: code.path,
            inline: code.text,
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
            inline: code.text,
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
        inline: code.text,
        declared_in: reader.path(),
        name,
    });
}

fn binding(reader: &mut Reader<'_, '_>, project: &mut Project) {
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
        bind(reader, project, trigger, names);
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

fn bind(reader: &Reader<'_, '_>, project: &mut Project, trigger: String, names: Vec<String>) {
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

impl Reader<'_, '_> {
    fn path(&self) -> std::path::PathBuf {
        let file = self.scope.own();
        let file = file.and_then(|module| module.files.get(self.resource.file));
        file.map(|file| file.path.clone()).unwrap_or_default()
    }

    fn shown(&self) -> String {
        let file = self.scope.own();
        let file = file.and_then(|module| module.files.get(self.resource.file));
        file.map(|file| file.shown.clone()).unwrap_or_default()
    }

    /// The value of an attribute; `None` when there is none, or when it is not resolved.
    pub(super) fn value(&mut self, key: &str) -> Option<Value> {
        let attribute = self.resource.body.get_attribute(key)?;
        match self.scope.value(&attribute.value) {
            Ok(value) => Some(value),
            Err(stop) => {
                self.stopped.push((key.to_owned(), stop));
                None
            }
        }
    }

    /// A text that may be missing.
    pub(super) fn optional(&mut self, key: &str) -> Option<String> {
        let value = self.value(key)?;
        value.as_str().map(str::to_owned)
    }

    /// A text that has to be there.
    pub(super) fn string(&mut self, key: &str) -> Option<String> {
        if self.resource.body.get_attribute(key).is_none() {
            let stop = self.scope.stop_at(self.resource.at, "it is missing");
            self.stopped.push((key.to_owned(), stop));
            return None;
        }
        self.optional(key)
    }

    fn code(
        &mut self,
        key: &str,
        part: Part,
        name: &str,
        project: &mut Project,
    ) -> Option<code::Code> {
        let what = format!("`{key}` of {}.{}", self.resource.kind, self.resource.label);
        let found = match self.resource.body.get_attribute(key) {
            Some(attribute) => code::of(&self.scope, &attribute.value),
            None => Err(self.scope.stop_at(self.resource.at, "it is missing")),
        };
        match found {
            Ok(code) => Some(code),
            Err(stop) => {
                project.remarks.broken.push(Broken {
                    part,
                    name: name.to_owned(),
                    path: self.path(),
                    error: stop.about(&what),
                });
                None
            }
        }
    }

    /// All members of the blocks of a name.
    pub(super) fn blocks(&mut self, name: &str) -> Vec<Map<String, Value>> {
        self.blocks_of(name, &[])
    }

    /// The blocks of a name, dynamic ones included; `only` these members of them, unless it is empty.
    pub(super) fn blocks_of(&mut self, name: &str, only: &[&str]) -> Vec<Map<String, Value>> {
        let resource = self.resource;
        let mut found = Vec::new();
        for block in resource.body.blocks() {
            if block.ident.as_str() == name {
                let scope = self.scope.clone();
                found.push(self.members(&scope, &Form::Body(&block.body), name, only));
            }
            let label = block
                .labels
                .first()
                .map(hcl_edit::structure::BlockLabel::as_str);
            if block.ident.as_str() == "dynamic" && label == Some(name) {
                found.extend(self.dynamic(&block.body, name, only));
            }
        }
        let Some(attribute) = resource.body.get_attribute(name) else {
            return found;
        };
        let items: Vec<&Expression> = match &attribute.value {
            Expression::Array(items) => items.iter().collect(),
            one => vec![one],
        };
        for item in items {
            if let Expression::Object(object) = item {
                let scope = self.scope.clone();
                found.push(self.members(&scope, &Form::Object(object), name, only));
            }
        }
        found
    }

    /// `dynamic "secrets" { for_each = …, content { … } }`
    fn dynamic(&mut self, body: &Body, name: &str, only: &[&str]) -> Vec<Map<String, Value>> {
        let argument = |key: &str| body.get_attribute(key).map(|attribute| &attribute.value);
        let iterator = match argument("iterator") {
            Some(Expression::Variable(iterator)) => iterator.as_str(),
            _ => name,
        };
        let Some(content) = body.get_blocks("content").next() else {
            return Vec::new();
        };
        let items = match argument("for_each").map(|each| self.scope.value(each)) {
            Some(Ok(items)) => items,
            Some(Err(stop)) => {
                self.stopped.push((name.to_owned(), stop));
                return Vec::new();
            }
            None => return Vec::new(),
        };
        let items: Vec<(Value, Value)> = match items {
            Value::Object(items) => items
                .into_iter()
                .map(|(key, value)| (key.into(), value))
                .collect(),
            Value::Array(items) => items.into_iter().map(|item| (item.clone(), item)).collect(),
            _ => Vec::new(),
        };
        let items = items.into_iter().map(|(key, value)| {
            let item = serde_json::json!({ "key": key, "value": value });
            let scope = self.scope.with(iterator, item);
            self.members(&scope, &Form::Body(&content.body), name, only)
        });
        items.collect()
    }

    /// The attributes of a block, and the blocks in it.
    fn members(
        &mut self,
        scope: &Scope<'_>,
        part: &Form<'_>,
        what: &str,
        only: &[&str],
    ) -> Map<String, Value> {
        let mut members = Map::new();
        let mut keep = |key: String, value: &Expression, stopped: &mut Vec<(String, Stop)>| {
            if !only.is_empty() && !only.contains(&key.as_str()) {
                return;
            }
            match scope.value(value) {
                Ok(value) => drop(members.insert(key, value)),
                Err(stop) => stopped.push((format!("{what}.{key}"), stop)),
            }
        };
        match part {
            Form::Body(body) => {
                for attribute in body.attributes() {
                    let key = attribute.key.as_str().to_owned();
                    keep(key, &attribute.value, &mut self.stopped);
                }
                for block in body.blocks() {
                    let key = block.ident.as_str().to_owned();
                    let inner = self.members(scope, &Form::Body(&block.body), &key, &[]);
                    members.insert(key, Value::Object(inner));
                }
            }
            Form::Object(object) => {
                for (key, value) in object.iter() {
                    let key = match key {
                        ObjectKey::Ident(ident) => ident.as_str().to_owned(),
                        ObjectKey::Expression(key) => match scope.value(key) {
                            Ok(key) => text_of(&key),
                            Err(_) => continue,
                        },
                    };
                    keep(key, value.expr(), &mut self.stopped);
                }
            }
        }
        members
    }

    /// Everything that the resource says; blocks become objects.
    pub(super) fn all(&mut self) -> Map<String, Value> {
        let scope = self.scope.clone();
        let resource = self.resource;
        self.members(&scope, &Form::Body(&resource.body), &resource.kind, &[])
    }

    /// One notice for all that was not resolved: its first place, and the names of the rest.
    fn report(self, project: &mut Project) {
        let Some((first, stop)) = self.stopped.first() else {
            return;
        };
        let resource = format!("{}.{}", self.resource.kind, self.resource.label);
        let more = clamp(self.stopped.len()).saturating_sub(1);
        let mut notice = stop.about(&format!("`{first}` of {resource}"));
        if more > 0 {
            notice.message = format!("{}, and {more} more of it", notice.message);
        }
        project.remarks.notices.push(notice);
    }
}
