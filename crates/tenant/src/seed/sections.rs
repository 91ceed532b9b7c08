//! The parts of a tenant's configuration as users write them: what is misspelt, of the wrong kind or out of range, and what refers
//! to something that there is not. A seed is refused for it; `check` reports it of an export.

use std::collections::HashMap;

use postlogin_core::event::suggest::closest;
use postlogin_project::document::node::{Entry, Node, NodeValue, Place};
use postlogin_project::{Error, TenantData, leftover};
use serde_json::Value;

use crate::http::text as http_text;
use crate::management::clients::checks::GRANTS;
use crate::management::schema::{keys_of, problem_of, words_of};
use crate::{unhonoured, urls};

/// A mistake.
#[derive(Debug)]
pub struct Mistake {
    /// A mistake, with its place.
    pub error: Error,
    /// Whether it names something that is not there. An export may have left it out.
    pub is_reference: bool,
}

/// Returns the mistakes in the parts of an export, each with its items. What they refer to is in `all`.
pub fn mistakes(parts: &[(&str, Vec<Node>)], all: &TenantData) -> Vec<Mistake> {
    let mut reader = Reader::default();
    for (name, items) in parts {
        let Some(section) = SECTIONS.iter().find(|section| section.name == *name) else {
            continue;
        };
        reader.judge(section, items);
        for item in items {
            reader.references(section.name, item, all);
        }
    }
    reader.errors
}

/// A section: its name, what its items are called, the key that names one, and the keys that count.
pub(super) struct Section {
    pub(super) name: &'static str,
    item: &'static str,
    id: &'static str,
    keys: &'static [&'static str],
}

pub(super) const SECTIONS: &[Section] = &[
    Section {
        name: "clients",
        item: "a client",
        id: "name",
        keys: unhonoured::CLIENTS,
    },
    Section {
        name: "resourceServers",
        item: "a resource server",
        id: "identifier",
        keys: unhonoured::APIS,
    },
    Section {
        name: "clientGrants",
        item: "a client grant",
        id: "audience",
        keys: unhonoured::GRANTS,
    },
    Section {
        name: "roles",
        item: "a role",
        id: "name",
        keys: &["name", "id", "description", "permissions"],
    },
    Section {
        name: "organizations",
        item: "an organization",
        id: "name",
        keys: unhonoured::ORGANIZATIONS,
    },
    Section {
        name: "connections",
        item: "a connection",
        id: "name",
        keys: unhonoured::CONNECTIONS,
    },
];

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

/// Properties whose form [`Reader::shapes`] checks.
const SHAPED: &[&str] = &[
    "name",
    "identifier",
    "client_id",
    "client_secret",
    "permissions",
    "scopes",
];

/// Words of members of an application's objects.
const WORDS: &[(&str, &str, &[&str])] = &[
    (
        "refresh_token",
        "rotation_type",
        &["rotating", "non-rotating"],
    ),
    (
        "refresh_token",
        "expiration_type",
        &["expiring", "non-expiring"],
    ),
    (
        "jwt_configuration",
        "alg",
        &["HS256", "RS256", "RS512", "PS256"],
    ),
];

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

#[derive(Default)]
pub(super) struct Reader {
    pub(super) errors: Vec<Mistake>,
}

impl Reader {
    fn add(&mut self, error: Error, is_reference: bool) {
        // Further ones say little.
        if self.errors.len() < 100 {
            self.errors.push(Mistake {
                error,
                is_reference,
            });
        }
    }

    pub(super) fn refuse(&mut self, error: Error) {
        self.add(error, false);
    }

    /// Refuses permissions and grants of APIs, scopes and applications that there are not.
    pub(super) fn references(&mut self, section: &str, item: &Node, all: &TenantData) {
        let text =
            |node: Option<&Node>| node.and_then(Node::as_text).unwrap_or_default().to_owned();
        match section {
            "roles" => {
                let permissions = item.get("permissions").map(|it| &it.value);
                let Some(NodeValue::List(permissions)) = permissions else {
                    return;
                };
                for permission in permissions {
                    let api = text(permission.get("resource_server_identifier"));
                    let name = text(permission.get("permission_name"));
                    // What is missing is reported with the shape.
                    if !api.is_empty() && !name.is_empty() {
                        self.scope_of(permission, &api, &name, all);
                    }
                }
            }
            "clientGrants" => {
                let named = item.get("client_id").or(item.get("client_name"));
                let client = text(named);
                let is_it = |known: &&Value| {
                    ["client_id", "name"]
                        .iter()
                        .any(|key| http_text(known, key) == Some(client.as_str()))
                };
                if let Some(place) = named.map(|it| &it.place)
                    && !all.clients.iter().any(|known| is_it(&known))
                {
                    let error = unknown(place, "client", &client, &all.clients, "name");
                    self.add(error, true);
                }
                let api = text(item.get("audience"));
                let scopes = item.get("scope").map(|it| &it.value);
                if let Some(NodeValue::List(scopes)) = scopes
                    // That of the Management API is the tenant's own.
                    && !api.ends_with("/api/v2/")
                {
                    for scope in scopes {
                        self.scope_of(scope, &api, &text(Some(scope)), all);
                    }
                }
            }
            _ => {}
        }
    }

    /// Refuses a scope that no API of this identifier has.
    fn scope_of(&mut self, node: &Node, api: &str, name: &str, all: &TenantData) {
        let apis = &all.resource_servers;
        let found = apis
            .iter()
            .find(|known| http_text(known, "identifier") == Some(api));
        let Some(found) = found else {
            let error = unknown(&node.place, "resource server", api, apis, "identifier");
            return self.add(error, true);
        };
        let scopes = found.get("scopes").and_then(Value::as_array);
        let scopes = scopes.map(Vec::as_slice).unwrap_or_default();
        if !scopes
            .iter()
            .any(|scope| http_text(scope, "value") == Some(name))
        {
            let what = format!("scope of {api}");
            self.add(unknown(&node.place, &what, name, scopes, "value"), true);
        }
    }

    /// The items of a list, all of which are objects.
    pub(super) fn items(&mut self, value: Node, name: &str, item: &str) -> Option<Vec<Node>> {
        let kind = value.kind();
        let NodeValue::List(items) = value.value else {
            let message = format!("`{name}` must be a list; this is {kind}");
            self.refuse(value.place.error(message));
            return None;
        };
        let wrong = items
            .iter()
            .filter(|it| !matches!(it.value, NodeValue::Object(_)));
        let wrong: Vec<Error> = wrong
            .map(|it| {
                it.place
                    .error(format!("{item} must be an object; this is {}", it.kind()))
            })
            .collect();
        let is_sound = wrong.is_empty();
        wrong.into_iter().for_each(|error| self.refuse(error));
        is_sound.then_some(items)
    }

    /// The items of a section, judged.
    pub(super) fn section(&mut self, section: &Section, value: Node) -> Vec<Node> {
        let items = self.items(value, section.name, section.item);
        let items = items.unwrap_or_default();
        self.judge(section, &items);
        items
    }

    fn judge(&mut self, section: &Section, items: &[Node]) {
        let mut seen: HashMap<String, Place> = HashMap::new();
        for item in items {
            let NodeValue::Object(entries) = &item.value else {
                let message = format!(
                    "{} must be an object; this is {}",
                    section.item,
                    item.kind()
                );
                self.refuse(item.place.error(message));
                continue;
            };
            let known: Vec<&str> = section
                .keys
                .iter()
                .copied()
                .chain(keys_of(section.name))
                .collect();
            self.near(entries, &known, section.item);
            self.shapes(entries);
            self.kinds(section, entries);
            let named = item
                .get(section.id)
                .and_then(Node::as_text)
                .filter(|it| !it.is_empty());
            let Some(name) = named else {
                let error = item
                    .place
                    .error(format!("{} needs `{}`", section.item, section.id));
                self.refuse(error);
                continue;
            };
            // An application may have several grants at one API.
            if section.name != "clientGrants"
                && let Some(other) = seen.insert(name.to_owned(), item.place.clone())
            {
                let at = match other.source == item.place.source {
                    true => format!("at line {}", other.line),
                    false => format!("in {}", other.source.shown),
                };
                let error = item.place.error(format!(
                    "the {} `{name}` is that of another one, {at}",
                    section.id
                ));
                self.refuse(error);
            }
        }
    }

    /// Refuses values that the Management API refuses for a property.
    fn kinds(&mut self, section: &Section, entries: &[Entry]) {
        for entry in entries {
            let key = entry.key.as_str();
            let value = entry.value.to_value();
            if SHAPED.contains(&key) || LISTS.contains(&key) || is_open(&value) {
                continue;
            }
            for (outer, inner, words) in WORDS {
                if section.name == "clients"
                    && *outer == key
                    && let Some(entry) = entry.value.entry(inner)
                {
                    self.word(entry, words);
                }
            }
            match words_of(section.name, key) {
                Some(words) => self.word(entry, words),
                None => {
                    if let Some(problem) = problem_of(section.name, key, &value) {
                        let error = entry.value.place.error(format!("`{key}`: {problem}"));
                        self.refuse(error);
                    }
                }
            }
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

    /// Refuses keys that are nearly known: those are misspelt. What else does not count is listed at the start, by name.
    pub(super) fn near(&mut self, entries: &[Entry], known: &[&str], what: &str) {
        for entry in entries {
            if known.contains(&entry.key.as_str()) {
                continue;
            }
            if let Some(near) = closest(&entry.key, known.iter().copied()) {
                let error = entry
                    .place
                    .error(format!("unknown key `{}` of {what}", entry.key));
                self.refuse(error.with_hint(format!("did you mean `{near}`?")));
            }
        }
    }

    fn shapes(&mut self, entries: &[Entry]) {
        for entry in entries {
            let key = entry.key.as_str();
            if LISTS.contains(&key) {
                let texts = match &entry.value.value {
                    NodeValue::List(items) => items.iter().map(Node::as_text).collect(),
                    _ => None,
                };
                // A marker of the Deploy CLI may stand for the whole list.
                if entry
                    .value
                    .as_text()
                    .is_some_and(|text| leftover(text).is_some())
                {
                    continue;
                }
                let Some::<Vec<&str>>(texts) = texts else {
                    let error = entry
                        .value
                        .place
                        .error(format!("`{key}` must be a list of strings"));
                    self.refuse(error);
                    continue;
                };
                if key == "grant_types" {
                    self.grants(entry, &texts);
                }
                if key == "callbacks" {
                    let texts = texts.iter().filter(|text| leftover(text).is_none());
                    for problem in texts.filter_map(|it| urls::callback_problem(it)) {
                        self.refuse(entry.value.place.error(problem));
                    }
                }
            }
            if ["name", "identifier", "client_id", "client_secret"].contains(&key)
                && entry.value.as_text().is_none()
            {
                let error = entry.value.place.error(format!("`{key}` must be a string"));
                self.refuse(error);
            }
            if key == "permissions" {
                self.pairs(
                    &entry.value,
                    key,
                    &["permission_name", "resource_server_identifier"],
                );
            }
            if key == "scopes" {
                self.pairs(&entry.value, key, &["value"]);
            }
        }
    }

    /// Refuses grants that are nearly known; an export may have newer ones than are known here.
    fn grants(&mut self, entry: &Entry, grants: &[&str]) {
        for grant in grants.iter().filter(|grant| !GRANTS.contains(*grant)) {
            if let Some(near) = closest(grant, GRANTS.iter().copied()) {
                let error = entry
                    .value
                    .place
                    .error(format!("`grant_types` has the unknown value `{grant}`"));
                self.refuse(error.with_hint(format!("did you mean `{near}`?")));
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

fn unknown(place: &Place, what: &str, name: &str, all: &[Value], key: &str) -> Error {
    let known: Vec<&str> = all.iter().filter_map(|one| http_text(one, key)).collect();
    let error = place.error(format!("unknown {what} `{name}`"));
    match closest(name, known.iter().copied()) {
        Some(near) => error.with_hint(format!("did you mean `{near}`?")),
        None if known.is_empty() => error.with_hint("there is none"),
        None => {
            let shown: Vec<&str> = known.into_iter().take(20).collect();
            error.with_hint(format!("there are {}", shown.join(", ")))
        }
    }
}
