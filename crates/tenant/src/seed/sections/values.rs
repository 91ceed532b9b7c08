//! The values of a configuration: their types, words and ranges, down to the objects inside of an item.

use postlogin_core::event::suggest::closest;
use postlogin_project::document::node::{Entry, Node, NodeValue};
use postlogin_project::leftover;
use serde_json::Value;

use super::Reader;
use crate::management::schema::{
    form_problem, misspelt_grant, object_at, objection, problem_of, words_in, words_of,
};
use crate::{unhonoured, urls};

/// Lists of strings, wherever they are.
const LISTS: &[&str] = &[
    "callbacks",
    "allowed_logout_urls",
    "web_origins",
    "allowed_origins",
    "grant_types",
    "enabled_clients",
    "scope",
];

/// Properties that are always strings.
const STRINGS: &[&str] = &["name", "identifier", "client_id", "client_secret"];

/// So deep objects are judged; none that the tenant reads is deeper.
const MOST_LEVELS: usize = 6;

/// Policies of multi-factor authentication, as the Deploy CLI has them.
const POLICIES: &[&str] = &["all-applications", "confidence-score"];

/// Whether a value is empty, or has a marker of the Deploy CLI that was not replaced.
fn is_open(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => leftover(text).is_some(),
        Value::Array(items) => items.iter().any(|item| !item.is_null() && is_open(item)),
        Value::Object(members) => members.values().any(|it| !it.is_null() && is_open(it)),
        _ => false,
    }
}

/// The path of an item for [`object_at`]: databases are connections with options of their own.
pub(super) fn path_of(section: &str, item: &Node) -> String {
    let strategy = item.get("strategy").and_then(Node::as_text);
    match section {
        "connections" if strategy.unwrap_or("auth0") == "auth0" => "databases".to_owned(),
        other => other.to_owned(),
    }
}

impl Reader {
    /// Checks the settings of the tenant.
    pub(in crate::seed) fn settings(&mut self, settings: &Node) {
        let NodeValue::Object(entries) = &settings.value else {
            return self.refuse(settings.place.error("`tenant` must be an object"));
        };
        // Those that the schema lacks.
        let schema = object_at("tenant").map_or(&[][..], |it| it.properties);
        let known = schema.iter().map(|(key, _)| *key);
        let known: Vec<&str> = known.chain(unhonoured::SETTINGS.iter().copied()).collect();
        self.near(entries, &known, "the tenant");
        self.inside("tenant", settings);
        let urls = settings.get("allowed_logout_urls").map(|it| &it.value);
        if let Some(NodeValue::List(urls)) = urls {
            self.forms("allowed_logout_urls", urls);
        }
    }

    /// Checks the policies of multi-factor authentication.
    pub(super) fn policies(&mut self, items: &[Node]) {
        for item in items {
            let entry = Entry {
                key: "policies".to_owned(),
                place: item.place.clone(),
                value: item.clone(),
            };
            self.word(&entry, POLICIES);
        }
    }

    /// Refuses values that the Management API refuses for a property.
    pub(super) fn kinds(&mut self, section: &str, entries: &[Entry]) {
        for entry in entries {
            let key = entry.key.as_str();
            let value = entry.value.to_value();
            if ["permissions", "scopes"].contains(&key) || LISTS.contains(&key) || is_open(&value) {
                continue;
            }
            if STRINGS.contains(&key) && !value.is_string() {
                // It is reported with the shapes.
                continue;
            }
            match words_of(section, key) {
                Some(words) => self.word(entry, words),
                None => {
                    let form = value.as_str().filter(|_| section == "clients");
                    let problem = problem_of(section, key, &value);
                    if let Some(problem) =
                        problem.or_else(|| form.and_then(|it| form_problem(key, it)))
                    {
                        let error = entry.value.place.error(format!("`{key}`: {problem}"));
                        self.refuse(error);
                    }
                }
            }
        }
    }

    /// Checks the objects inside of a value, by its path: `clients`, `databases/options`.
    pub(super) fn inside(&mut self, path: &str, node: &Node) {
        if let (Some(object), NodeValue::Object(entries)) = (object_at(path), &node.value) {
            let what = path.replace("/[]", "");
            let what = what
                .split_once('/')
                .map_or("the tenant".to_owned(), |(_, inner)| {
                    format!("`{}`", inner.replace('/', "."))
                });
            for entry in entries {
                let key = entry.key.as_str();
                let known = object.properties.iter().find(|(known, _)| *known == key);
                let value = entry.value.to_value();
                match known {
                    _ if is_open(&value) => {}
                    Some((_, is)) => match words_in(*is) {
                        Some(words) => self.word(entry, words),
                        None => {
                            if let Some(problem) = objection(*is, &value) {
                                let message = format!("`{key}`: {problem}");
                                self.refuse(entry.value.place.error(message));
                            }
                        }
                    },
                    None => {
                        let keys = object.properties.iter().map(|(key, _)| *key);
                        let near = closest(key, keys.clone());
                        // That of the tenant was looked at with the keys that count.
                        if path != "tenant" && (object.is_closed || near.is_some()) {
                            let error = entry.place.error(format!("unknown key `{key}` of {what}"));
                            self.refuse(match near {
                                Some(near) => error.with_hint(format!("did you mean `{near}`?")),
                                None => {
                                    let keys: Vec<&str> = keys.collect();
                                    error.with_hint(format!("there are {}", keys.join(", ")))
                                }
                            });
                        }
                    }
                }
            }
            let missing = object.required.iter().find(|key| node.get(key).is_none());
            if let Some(missing) = missing {
                self.refuse(node.place.error(format!("{what} needs `{missing}`")));
            }
        }
        if path == "clients/refresh_token" {
            self.rotation(node);
        }
        if path.split('/').count() >= MOST_LEVELS {
            return;
        }
        match &node.value {
            NodeValue::Object(entries) => {
                for entry in entries {
                    self.inside(&format!("{path}/{}", entry.key), &entry.value);
                }
            }
            NodeValue::List(items) => {
                for item in items {
                    self.inside(&format!("{path}/[]"), item);
                }
            }
            _ => {}
        }
    }

    /// Refuses refresh tokens that rotate and never expire.
    ///
    /// Source: <https://auth0.com/docs/secure/tokens/refresh-tokens/configure-refresh-token-rotation>.
    fn rotation(&mut self, settings: &Node) {
        let is = |key: &str, value: &str| settings.get(key).and_then(Node::as_text) == Some(value);
        if is("rotation_type", "rotating")
            && is("expiration_type", "non-expiring")
            && let Some(entry) = settings.entry("expiration_type")
        {
            let error = entry.value.place.error(
                "refresh tokens that rotate must expire: `expiration_type` is `non-expiring`",
            );
            self.refuse(error.with_hint("write expiration_type: expiring"));
        }
    }

    /// Refuses what is none of these words.
    fn word(&mut self, entry: &Entry, words: &[&str]) {
        let (key, place) = (&entry.key, &entry.value.place);
        let error = match &entry.value.value {
            NodeValue::Null => return,
            NodeValue::Text(text) if words.contains(&text.as_str()) || leftover(text).is_some() => {
                return;
            }
            NodeValue::Text(text) => match closest(text, words.iter().copied()) {
                Some(near) => place
                    .error(format!("`{key}` has the unknown value `{text}`"))
                    .with_hint(format!("did you mean `{near}`?")),
                None => place
                    .error(format!("`{key}` has the unknown value `{text}`"))
                    .with_hint(format!("there are {}", words.join(", "))),
            },
            _ => place.error(format!("`{key}` must be a string")),
        };
        self.refuse(error);
    }

    /// Checks the form of each string of a list.
    fn forms(&mut self, key: &str, items: &[Node]) {
        for item in items {
            let text = item.as_text().filter(|text| leftover(text).is_none());
            let Some(text) = text else {
                continue;
            };
            let error = match key {
                "callbacks" => urls::callback_problem(text).map(|it| item.place.error(it)),
                "grant_types" => misspelt_grant(text).map(|near| {
                    let error = item.place.error(format!("unknown grant type `{text}`"));
                    match near {
                        Some(near) => error.with_hint(format!("did you mean `{near}`?")),
                        None => error,
                    }
                }),
                _ => form_problem(key, text).map(|it| item.place.error(format!("`{key}`: {it}"))),
            };
            if let Some(error) = error {
                self.refuse(error);
            }
        }
    }

    pub(super) fn shapes(&mut self, entries: &[Entry]) {
        for entry in entries {
            let key = entry.key.as_str();
            let place = &entry.value.place;
            if LISTS.contains(&key) {
                let texts = match &entry.value.value {
                    NodeValue::List(items) => items.iter().all(|it| it.as_text().is_some()),
                    // A marker of the Deploy CLI may stand for the whole list.
                    NodeValue::Text(text) if leftover(text).is_some() => continue,
                    _ => false,
                };
                match &entry.value.value {
                    NodeValue::List(items) if texts => self.forms(key, items),
                    _ => self.refuse(place.error(format!("`{key}` must be a list of strings"))),
                }
            }
            if STRINGS.contains(&key) && entry.value.as_text().is_none() {
                self.refuse(place.error(format!("`{key}` must be a string")));
            }
            if key == "permissions" {
                let strings = ["permission_name", "resource_server_identifier"];
                self.pairs(&entry.value, key, &strings);
            }
            if key == "scopes" {
                self.pairs(&entry.value, key, &["value"]);
            }
        }
    }

    /// Checks a list of objects with these strings.
    fn pairs(&mut self, list: &Node, key: &str, strings: &[&str]) {
        let NodeValue::List(items) = &list.value else {
            self.refuse(
                list.place
                    .error(format!("`{key}` must be a list of objects")),
            );
            return;
        };
        for item in items {
            let lacking = strings
                .iter()
                .find(|it| item.get(it).and_then(Node::as_text).is_none());
            if let Some(lacking) = lacking {
                let error = item
                    .place
                    .error(format!("an item of `{key}` needs the string `{lacking}`"));
                let sample: Vec<String> = strings.iter().map(|it| format!("{it}: …")).collect();
                self.refuse(error.with_hint(format!("write {{{}}}", sample.join(", "))));
            }
        }
    }
}
