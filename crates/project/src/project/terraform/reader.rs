//! Reads the attributes and blocks of a resource.

use hcl_edit::expr::{Expression, Object, ObjectKey};
use hcl_edit::structure::{BlockLabel, Body};
use serde_json::{Map, Value};

use super::evaluate::{Scope, Stop, text_of};
use super::shapes::{add_block, attribute};
use super::{Resource, code};
use crate::files::clamp;
use crate::project::Project;
use crate::project::remarks::{Broken, Part};

/// Reads one instance of a resource, and collects what it cannot resolve.
pub(super) struct Reader<'r, 'm> {
    pub(super) scope: Scope<'m>,
    pub(super) resource: &'r Resource,
    pub(super) stopped: Vec<(String, Stop)>,
}

/// Either form of a block: `actions { … }`, or `actions = [{ … }]` of the JSON form.
enum Form<'b> {
    Body(&'b Body),
    Object(&'b Object),
}

impl Reader<'_, '_> {
    pub(super) fn path(&self) -> std::path::PathBuf {
        let file = self.scope.own();
        let file = file.and_then(|module| module.files.get(self.resource.file));
        file.map(|file| file.path.clone()).unwrap_or_default()
    }

    pub(super) fn shown(&self) -> String {
        let file = self.scope.own();
        let file = file.and_then(|module| module.files.get(self.resource.file));
        file.map(|file| file.shown.clone()).unwrap_or_default()
    }

    /// Remarks on the resource, at one of its attributes.
    pub(super) fn remark(&self, key: &str, what: &str, why: String, project: &mut Project) {
        let stop = match self.resource.argument(key) {
            Some((file, attribute)) => self.scope.in_file(file).stop(&attribute.value, why),
            None => self.scope.stop_at(self.resource.at, why),
        };
        let Resource { kind, label, .. } = self.resource;
        let remark = stop.remark(&format!("{kind}.{label} {what}"));
        project.remarks.notices.push(remark);
    }

    /// The value of an attribute; `None` when there is none, or when it is not resolved.
    pub(super) fn value(&mut self, key: &str) -> Option<Value> {
        let (file, attribute) = self.resource.argument(key)?;
        match self.scope.in_file(file).value(&attribute.value) {
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
        if self.resource.argument(key).is_none() {
            let stop = self.scope.stop_at(self.resource.at, "it is missing");
            self.stopped.push((key.to_owned(), stop));
            return None;
        }
        self.optional(key)
    }

    pub(super) fn code(
        &mut self,
        key: &str,
        part: Part,
        name: &str,
        project: &mut Project,
    ) -> Option<code::Code> {
        let what = format!("`{key}` of {}.{}", self.resource.kind, self.resource.label);
        let found = match self.resource.argument(key) {
            Some((file, attribute)) => code::of(&self.scope.in_file(file), &attribute.value),
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
        for (file, body) in resource.parts() {
            let scope = self.scope.in_file(file);
            for block in body.blocks() {
                if block.ident.as_str() == name {
                    found.push(self.members(&scope, &Form::Body(&block.body), name, only));
                }
                let label = block.labels.first().map(BlockLabel::as_str);
                if block.ident.as_str() == "dynamic" && label == Some(name) {
                    found.extend(self.dynamic(&scope, &block.body, name, only));
                }
            }
        }
        let Some((file, attribute)) = resource.argument(name) else {
            return found;
        };
        let scope = self.scope.in_file(file);
        let items: Vec<&Expression> = match &attribute.value {
            Expression::Array(items) => items.iter().collect(),
            one => vec![one],
        };
        for item in items {
            if let Expression::Object(object) = item {
                found.push(self.members(&scope, &Form::Object(object), name, only));
            }
        }
        found
    }

    /// `dynamic "secrets" { for_each = …, content { … } }`
    fn dynamic(
        &mut self,
        scope: &Scope<'_>,
        body: &Body,
        name: &str,
        only: &[&str],
    ) -> Vec<Map<String, Value>> {
        let argument = |key: &str| body.get_attribute(key).map(|attribute| &attribute.value);
        let iterator = match argument("iterator") {
            Some(Expression::Variable(iterator)) => iterator.as_str(),
            _ => name,
        };
        let Some(content) = body.get_blocks("content").next() else {
            return Vec::new();
        };
        let items = match argument("for_each").map(|each| scope.value(each)) {
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
            let scope = scope.with(iterator, item);
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
                Ok(value) => {
                    let value = attribute(&key, value);
                    members.insert(key, value);
                }
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
                    let label = block.labels.first().map(BlockLabel::as_str);
                    if let ("dynamic", Some(name)) = (key.as_str(), label) {
                        for one in self.dynamic(scope, &block.body, name, &[]) {
                            add_block(&mut members, name.to_owned(), Value::Object(one));
                        }
                        continue;
                    }
                    let inner = self.members(scope, &Form::Body(&block.body), &key, &[]);
                    add_block(&mut members, key, Value::Object(inner));
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

    /// Everything that the resource says; blocks become objects, several of a name a list of them.
    pub(super) fn all(&mut self) -> Map<String, Value> {
        let resource = self.resource;
        let mut all = Map::new();
        for (file, body) in resource.parts() {
            let scope = self.scope.in_file(file);
            all.extend(self.members(&scope, &Form::Body(body), &resource.kind, &[]));
        }
        all
    }

    /// One notice for all that was not resolved: its first place, and the names of the rest.
    pub(super) fn report(self, project: &mut Project) {
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
