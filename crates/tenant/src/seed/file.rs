//! A seed file: users, applications, APIs, roles and organizations of a tenant together, as JSON or YAML.
//!
//! Its sections have the names and the shapes of the Deploy CLI's `tenant.yaml`, and `users` is in the vendor's import or export
//! format: <https://auth0.com/docs/deploy-monitor/deploy-cli-tool/available-resource-configuration-formats>.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use postlogin_core::event::suggest::closest;
use postlogin_project::document::node::{Entry, Node, NodeValue, Place, Source};
use postlogin_project::document::parse_placed;
use postlogin_project::{Error, Format, TenantData};
use serde_json::Value;

use crate::http::text as http_text;
use crate::import::SeedUser;
use crate::{unhonoured, urls};

/// The content of a seed file.
#[derive(Debug, Default)]
pub struct SeedFile {
    /// The users, each with its place.
    pub users: Vec<SeedUser>,
    /// Everything else.
    pub data: TenantData,
}

/// A section: its name, what its items are called, the key that names one, and the keys that count.
struct Section {
    name: &'static str,
    item: &'static str,
    id: &'static str,
    keys: &'static [&'static str],
}

const SECTIONS: &[Section] = &[
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

/// Reads a seed file. `shown` is its name in errors; what it refers to is in it or in `base`, the rest of the tenant.
///
/// # Errors
/// For each mistake, with its place: never empty.
pub fn read_seed(
    shown: &str,
    text: &str,
    format: Format,
    base: &TenantData,
) -> Result<SeedFile, Vec<Error>> {
    let source = Arc::new(Source {
        path: PathBuf::new(),
        shown: shown.to_owned(),
    });
    let format = match format {
        Format::Unknown if text.trim_start().starts_with('{') => Format::Json,
        known => known,
    };
    let root = parse_placed(text, format, &source).map_err(|error| vec![error])?;
    let mut reader = Reader::default();
    let seed = reader.seed(root, base);
    match reader.errors.is_empty() {
        true => Ok(seed),
        false => Err(reader.errors),
    }
}

#[derive(Default)]
struct Reader {
    errors: Vec<Error>,
}

impl Reader {
    fn refuse(&mut self, error: Error) {
        // Further ones of one file say little.
        if self.errors.len() < 100 {
            self.errors.push(error);
        }
    }

    fn seed(&mut self, root: Node, base: &TenantData) -> SeedFile {
        let mut seed = SeedFile::default();
        let mut placed: Vec<(&'static str, Vec<Node>)> = Vec::new();
        let NodeValue::Object(sections) = root.value else {
            let kind = root.kind();
            let error = root
                .place
                .error(format!("a seed must be an object; this is {kind}"))
                .with_hint("write users, clients, resourceServers, roles or organizations; a list of users alone is for --users");
            self.refuse(error);
            return seed;
        };
        for Entry { key, place, value } in sections {
            let section = SECTIONS.iter().find(|section| section.name == key);
            match (key.as_str(), section) {
                ("users", _) => {
                    if let Some(users) = self.items(value, "users", "a user") {
                        seed.users = SeedUser::placed(users);
                    }
                }
                ("tenant", _) => {
                    match &value.value {
                        NodeValue::Object(entries) => {
                            self.near(entries, unhonoured::SETTINGS, "the tenant");
                        }
                        _ => self.refuse(value.place.error("`tenant` must be an object")),
                    }
                    if let Value::Object(settings) = value.to_value() {
                        seed.data.settings = settings;
                    }
                }
                (_, Some(section)) => {
                    let items = self.section(section, value);
                    *list(&mut seed.data, section.name) =
                        items.iter().map(Node::to_value).collect();
                    placed.push((section.name, items));
                }
                (_, None) => {
                    let known = SECTIONS.iter().map(|it| it.name).chain(["users", "tenant"]);
                    let known: Vec<&str> = known.collect();
                    let hint = match closest(&key, known.iter().copied()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("there are {}", known.join(", ")),
                    };
                    let error = place.error(format!("unknown key `{key}` of a seed"));
                    self.refuse(error.with_hint(hint));
                }
            }
        }
        let mut all = base.clone();
        all.extend(&seed.data);
        for (section, items) in &placed {
            for item in items {
                self.references(section, item, &all);
            }
        }
        seed
    }

    /// Refuses permissions and grants of APIs, scopes and applications that there are not.
    fn references(&mut self, section: &str, item: &Node, all: &TenantData) {
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
                    self.refuse(unknown(place, "client", &client, &all.clients, "name"));
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
            return self.refuse(unknown(
                &node.place,
                "resource server",
                api,
                apis,
                "identifier",
            ));
        };
        let scopes = found.get("scopes").and_then(Value::as_array);
        let scopes = scopes.map(Vec::as_slice).unwrap_or_default();
        if !scopes
            .iter()
            .any(|scope| http_text(scope, "value") == Some(name))
        {
            self.refuse(unknown(
                &node.place,
                &format!("scope of {api}"),
                name,
                scopes,
                "value",
            ));
        }
    }

    /// The items of a list, all of which are objects.
    fn items(&mut self, value: Node, name: &str, item: &str) -> Option<Vec<Node>> {
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

    fn section(&mut self, section: &Section, value: Node) -> Vec<Node> {
        let mut seen: HashMap<String, u32> = HashMap::new();
        let Some(items) = self.items(value, section.name, section.item) else {
            return Vec::new();
        };
        for item in &items {
            let NodeValue::Object(entries) = &item.value else {
                continue;
            };
            self.near(entries, section.keys, section.item);
            self.shapes(entries);
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
                && let Some(line) = seen.insert(name.to_owned(), item.place.line)
            {
                let error = item.place.error(format!(
                    "the {} `{name}` is that of another one, at line {line}",
                    section.id
                ));
                self.refuse(error);
            }
        }
        items
    }

    /// Refuses keys that are nearly known: those are misspelt. What else does not count is listed at the start, by name.
    fn near(&mut self, entries: &[Entry], known: &[&str], what: &str) {
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
                let Some::<Vec<&str>>(texts) = texts else {
                    let error = entry
                        .value
                        .place
                        .error(format!("`{key}` must be a list of strings"));
                    self.refuse(error);
                    continue;
                };
                if key == "callbacks" {
                    for problem in texts.iter().filter_map(|it| urls::callback_problem(it)) {
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

/// The list of a section.
fn list<'d>(data: &'d mut TenantData, section: &str) -> &'d mut Vec<Value> {
    match section {
        "clients" => &mut data.clients,
        "resourceServers" => &mut data.resource_servers,
        "clientGrants" => &mut data.client_grants,
        "roles" => &mut data.roles,
        "organizations" => &mut data.organizations,
        _ => &mut data.connections,
    }
}

#[cfg(test)]
mod tests;
