//! The entry of an Action in a configuration: `actions/<name>.json`, or an item of `actions:` in `tenant.yaml`.

use serde_json::{Map, Value};

use crate::{Error, Result};

/// The entry of an Action in a configuration. Unknown keys are kept in `other`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Manifest {
    /// The name.
    pub name: String,
    /// The path of the code relative to the root of the configuration, as written.
    pub code: Option<String>,
    /// `node18`, `node22`, …
    pub runtime: Option<String>,
    /// The npm packages that the code may require.
    pub dependencies: Vec<Dependency>,
    /// The names of the secrets. Values are never read from a configuration.
    pub secret_names: Vec<String>,
    /// The Action Modules that the code may require.
    pub modules: Vec<ModuleReference>,
    /// The triggers that it can be bound to.
    pub supported_triggers: Vec<SupportedTrigger>,
    /// Everything else, as written.
    pub other: Map<String, Value>,
}

/// An npm package of an Action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The name of the package.
    pub name: String,
    /// The version; `None` when it is left to the vendor.
    pub version: Option<String>,
}

/// An Action Module that an Action uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleReference {
    /// The name of the module, as in `require('actions:NAME')`.
    pub name: String,
    /// The number of its version.
    pub version: Option<u64>,
}

/// A trigger that an Action can be bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportedTrigger {
    /// `post-login`
    pub id: String,
    /// `v3`
    pub version: Option<String>,
}

impl Manifest {
    /// Returns whether the configuration says that the Action is not deployed; one that says nothing leaves it open.
    #[must_use]
    pub fn is_undeployed(&self) -> bool {
        self.other.get("deployed") == Some(&Value::Bool(false))
    }

    /// Says that the Action is not deployed.
    pub(crate) fn leave_undeployed(&mut self) {
        self.other.insert("deployed".to_owned(), Value::Bool(false));
    }

    /// Reads the object of an Action; `shown` is the file's name in errors, and `place` the line and column of one of
    /// the object's keys, if known; of the object itself, for an empty key.
    pub(crate) fn read(
        value: Value,
        shown: &str,
        place: &dyn Fn(&str) -> Place,
    ) -> Result<Manifest> {
        let refuse = |key: &str, problem: &str| placed(Error::new(problem), place(key), shown);
        let Value::Object(mut object) = value else {
            return Err(refuse("", "an Action must be an object"));
        };
        let name = match object.shift_remove("name") {
            Some(Value::String(name)) if !name.is_empty() => name,
            Some(_) => return Err(refuse("name", "the `name` of an Action must be a text")),
            None => return Err(refuse("", "the Action has no `name`")),
        };
        let mut reader = Reader {
            object: &mut object,
            action: &name,
            shown,
            place,
        };
        let mut manifest = Manifest {
            code: reader.text("code")?,
            runtime: reader.text("runtime")?,
            dependencies: reader.list("dependencies", |item| {
                Some(Dependency {
                    name: text(item, "name")?,
                    version: version(item),
                })
            })?,
            secret_names: reader.list("secrets", |item| text(item, "name"))?,
            modules: reader.list("modules", |item| {
                let version = item.get("module_version_number").and_then(Value::as_u64);
                Some(ModuleReference {
                    name: text(item, "module_name")?,
                    version,
                })
            })?,
            supported_triggers: reader.list("supported_triggers", |item| {
                Some(SupportedTrigger {
                    id: text(item, "id")?,
                    version: version(item),
                })
            })?,
            name: String::new(),
            other: Map::new(),
        };
        manifest.name = name;
        manifest.other = object;
        Ok(manifest)
    }
}

fn text(item: &Value, key: &str) -> Option<String> {
    item.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// YAML reads `version: 9.0` as a number.
fn version(item: &Value) -> Option<String> {
    let number = || {
        item.get("version")
            .filter(|version| version.is_number())
            .map(Value::to_string)
    };
    text(item, "version").or_else(number)
}

/// A line and a column, both from 1.
pub(crate) type Place = Option<(u32, u32)>;

fn placed(error: Error, place: Place, shown: &str) -> Error {
    let error = error.in_file(shown);
    match place {
        Some((line, column)) => error.at(line, column),
        None => error,
    }
}

struct Reader<'a> {
    object: &'a mut Map<String, Value>,
    action: &'a str,
    shown: &'a str,
    place: &'a dyn Fn(&str) -> Place,
}

impl Reader<'_> {
    fn text(&mut self, key: &str) -> Result<Option<String>> {
        match self.object.shift_remove(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.refuse(key, format!("must be a text: `{key}`"))),
        }
    }

    /// A list under `key`; a text in its place is a keyword marker without a value: it counts as an empty list, and stays
    /// among what is not known.
    fn list<T>(&mut self, key: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Vec<T>> {
        match self.object.shift_remove(key) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(marker @ Value::String(_)) => {
                self.object.insert(key.to_owned(), marker);
                Ok(Vec::new())
            }
            Some(Value::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(index, item)| {
                    read(item).ok_or_else(|| {
                        self.refuse(key, format!("item {} lacks its name: `{key}`", index + 1))
                    })
                })
                .collect(),
            Some(_) => Err(self.refuse(key, format!("must be a list: `{key}`"))),
        }
    }

    fn refuse(&self, key: &str, problem: String) -> Error {
        let error = Error::new(format!(
            "the Action `{}` cannot be read: {problem}",
            self.action
        ));
        placed(error, (self.place)(key), self.shown)
    }
}
