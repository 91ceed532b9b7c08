//! The values of names with dots: locals, variables, outputs of modules, attributes of other resources.

use hcl_edit::expr::{Expression, Traversal, TraversalOperator};
use serde_json::{Value, json};

use super::evaluate::{Evaluated, Scope, text_of};
use super::{Resource, Written};

impl<'m> Scope<'m> {
    pub(super) fn traversal(&self, expression: &Expression, traversal: &Traversal) -> Evaluated {
        let operators: Vec<&TraversalOperator> =
            traversal.operators.iter().map(|one| &**one).collect();
        let attribute = |index: usize| match operators.get(index) {
            Some(TraversalOperator::GetAttr(name)) => Some(name.as_str()),
            _ => None,
        };
        let Expression::Variable(first) = &traversal.expr else {
            let value = self.value(&traversal.expr)?;
            return self.steps(expression, value, &operators);
        };
        let first = first.as_str();
        let rest = |count: usize| operators.get(count..).unwrap_or_default();
        if self.names.iter().any(|(known, _)| known == first) {
            let value = self.named(expression, first)?;
            return self.steps(expression, value, &operators);
        }
        match (first, attribute(0)) {
            ("path", Some("module")) => Ok(self.folder()),
            ("path", Some(_)) => Ok(self.root.to_string_lossy().into()),
            ("terraform", Some("workspace")) => Ok("default".into()),
            ("local", Some(name)) => {
                let local = self.own().and_then(|module| module.locals.get(name));
                let local = local.ok_or_else(|| self.stop(expression, unknown("local", name)))?;
                let value = self.written(self.module, local)?;
                self.steps(expression, value, rest(1))
            }
            ("var", Some(name)) => {
                let value = self.variable(expression, name)?;
                self.steps(expression, value, rest(1))
            }
            ("module", Some(name)) => {
                let child = self.own().and_then(|module| module.children.get(name));
                let output = child.and_then(|child| {
                    let output = self.modules.get(*child)?.outputs.get(attribute(1)?)?;
                    Some((*child, output))
                });
                let (child, output) =
                    output.ok_or_else(|| self.stop(expression, unknown("module", name)))?;
                let value = self.written(child, output)?;
                self.steps(expression, value, rest(2))
            }
            ("data", _) => Err(self.stop(expression, "data sources are not read")),
            (kind, Some(label)) => self.resource(expression, kind, label, rest(1)),
            _ => Err(self.stop(expression, format!("`{first}` is unknown"))),
        }
    }

    fn folder(&self) -> Value {
        self.own()
            .map_or(Value::Null, |module| module.folder.to_string_lossy().into())
    }

    fn written(&self, module: usize, written: &Written) -> Evaluated {
        self.elsewhere(module, written.file)
            .value(&written.expression)
    }

    fn variable(&self, expression: &Expression, name: &str) -> Evaluated {
        if let Some((scope, given)) = self.argument(name) {
            return scope.value(given);
        }
        match self.own().and_then(|module| module.variables.get(name)) {
            Some(Some(default)) => self.written(self.module, default),
            Some(None) => Err(self.stop(expression, format!("var.{name} has no default"))),
            None => Err(self.stop(expression, unknown("var", name))),
        }
    }

    /// Returns the value that the call of this module gives for a variable, and where that is written.
    pub(super) fn argument(&self, name: &str) -> Option<(Scope<'m>, &'m Expression)> {
        let (caller, call) = self.own()?.given.as_ref()?;
        let (file, given) = call.argument(name)?;
        Some((self.elsewhere(*caller, file), &given.value))
    }

    /// An attribute of another resource. Ids are the tenant's: in their place is the name, which cases and exports have as well.
    fn resource(
        &self,
        expression: &Expression,
        kind: &str,
        label: &str,
        operators: &[&TraversalOperator],
    ) -> Evaluated {
        let is_meant = |one: &&Resource| one.kind == kind && one.label == label;
        let found = self
            .own()
            .and_then(|module| module.resources.iter().find(is_meant));
        let Some(resource) = found else {
            return Err(self.stop(expression, format!("{kind}.{label} is unknown")));
        };
        let mut scope = self.elsewhere(self.module, resource.file);
        let mut operators = operators;
        let is_whole = !matches!(
            operators.first(),
            Some(TraversalOperator::GetAttr(_) | TraversalOperator::Index(_))
        );
        if is_whole {
            let instances = self.instances(resource, &scope)?;
            let instances = instances
                .ok_or_else(|| self.stop(expression, format!("{kind}.{label} is not one value")))?;
            return self.steps(expression, instances, operators);
        }
        if let Some((TraversalOperator::Index(index), rest)) = operators.split_first() {
            let key = self.value(index)?;
            scope = match resource.argument("for_each") {
                Some((file, attribute)) => {
                    let items = scope.in_file(file).value(&attribute.value)?;
                    let item = items.get(text_of(&key)).cloned();
                    scope.with_each(&text_of(&key), item.unwrap_or(key))
                }
                None => {
                    if let Some((file, attribute)) = resource.argument("count")
                        && let Ok(count) = scope.in_file(file).value(&attribute.value)
                        && key.as_u64() >= count.as_u64()
                    {
                        let why = format!("{kind}.{label} has the count {count}, and no [{key}]");
                        return Err(self.stop(expression, why));
                    }
                    scope.with("count", json!({ "index": key }))
                }
            };
            operators = rest;
        }
        let Some((TraversalOperator::GetAttr(name), rest)) = operators.split_first() else {
            return Err(self.stop(expression, format!("{kind}.{label} is not one value")));
        };
        let attribute = |name: &str| resource.argument(name);
        let found = match name.as_str() {
            name @ ("id" | "client_id") => attribute(name).or_else(|| {
                let is_api = kind == "auth0_resource_server";
                attribute(if is_api { "identifier" } else { "name" })
            }),
            name => attribute(name),
        };
        let Some((file, found)) = found else {
            let why = format!(
                "{kind}.{label}.{} is known to the tenant only",
                name.as_str()
            );
            return Err(self.stop(expression, why));
        };
        let value = scope.in_file(file).value(&found.value)?;
        self.steps(expression, value, rest)
    }

    /// All instances of a resource with `for_each` or `count`, each with what refers to it: its name, and its name as its id.
    fn instances(
        &self,
        resource: &Resource,
        scope: &Scope<'m>,
    ) -> Result<Option<Value>, super::evaluate::Stop> {
        let attribute = |name: &str| resource.argument(name);
        let one = |scope: &Scope<'m>| -> Evaluated {
            let named = attribute("name").or_else(|| attribute("identifier"));
            let name = match named {
                Some((file, named)) => scope.in_file(file).value(&named.value)?,
                None => Value::Null,
            };
            Ok(json!({ "id": name, "client_id": name, "name": name, "identifier": name }))
        };
        if let Some((file, each)) = attribute("for_each") {
            let items = scope.in_file(file).value(&each.value)?;
            let items: Vec<(String, Value)> = match items {
                Value::Object(items) => items.into_iter().collect(),
                Value::Array(items) => items.into_iter().map(|it| (text_of(&it), it)).collect(),
                _ => Vec::new(),
            };
            let items = items.into_iter().map(|(key, value)| {
                let scope = scope.with_each(&key, value);
                Ok((key, one(&scope)?))
            });
            let items: Result<_, _> = items.collect();
            return Ok(Some(Value::Object(items?)));
        }
        let Some((file, count)) = attribute("count") else {
            return Ok(None);
        };
        let count = scope
            .in_file(file)
            .value(&count.value)?
            .as_u64()
            .unwrap_or_default();
        let indexes = 0..count.min(super::budget::MOST_INSTANCES);
        let items = indexes.map(|index| one(&scope.with("count", json!({ "index": index }))));
        let items: Result<_, _> = items.collect();
        Ok(Some(Value::Array(items?)))
    }

    fn steps(
        &self,
        expression: &Expression,
        mut value: Value,
        operators: &[&TraversalOperator],
    ) -> Evaluated {
        for (at, operator) in operators.iter().enumerate() {
            let next = match operator {
                TraversalOperator::GetAttr(name) => value.get(name.as_str()).cloned(),
                TraversalOperator::LegacyIndex(index) => usize::try_from(**index)
                    .ok()
                    .and_then(|at| value.get(at))
                    .cloned(),
                TraversalOperator::Index(index) => match self.value(index)? {
                    Value::String(key) => value.get(&key).cloned(),
                    key => key
                        .as_u64()
                        .and_then(|at| value.get(usize::try_from(at).ok()?))
                        .cloned(),
                },
                // What is not a list counts as one with that value alone.
                TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => {
                    let items = match value {
                        Value::Array(items) => items,
                        Value::Null => Vec::new(),
                        one => vec![one],
                    };
                    let rest = operators.get(at + 1..).unwrap_or_default();
                    let items = items
                        .into_iter()
                        .map(|item| self.steps(expression, item, rest));
                    return items.collect();
                }
            };
            value = next.ok_or_else(|| self.stop(expression, "unknown member"))?;
        }
        Ok(value)
    }
}

fn unknown(kind: &str, name: &str) -> String {
    format!("{kind}.{name} is unknown")
}
