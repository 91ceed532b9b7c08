//! A seed file: users, applications, APIs, roles and organizations of a tenant together, as JSON or YAML.
//!
//! Its sections have the names and the shapes of the Deploy CLI's `tenant.yaml`, and `users` is in the vendor's import or export
//! format: <https://auth0.com/docs/deploy-monitor/deploy-cli-tool/available-resource-configuration-formats>.

use std::path::PathBuf;
use std::sync::Arc;

use postlogin_core::event::suggest::closest;
use postlogin_project::document::node::{Entry, Node, NodeValue, Source};
use postlogin_project::document::parse_placed;
use postlogin_project::{Error, Format, TenantData};
use serde_json::Value;

use super::sections::{Reader, SECTIONS};
use crate::import::SeedUser;

/// The content of a seed file.
#[derive(Debug, Default)]
pub struct SeedFile {
    /// The users, each with its place.
    pub users: Vec<SeedUser>,
    /// Everything else.
    pub data: TenantData,
}

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
        false => Err(reader.errors.into_iter().map(|it| it.error).collect()),
    }
}

impl Reader {
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
                    self.settings(&value);
                    if let Value::Object(settings) = value.to_value() {
                        seed.data.settings = settings;
                    }
                    placed.push(("tenant", vec![value]));
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
                        _ if key == "databases" => {
                            "databases are `connections` with `strategy: auth0`".to_owned()
                        }
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
