//! The references of a part of a configuration: applications, APIs, scopes and connections that there are not.

use postlogin_core::event::suggest::closest;
use postlogin_project::document::node::{Node, NodeValue, Place};
use postlogin_project::{Error, TenantData, leftover};
use serde_json::Value;

use super::Reader;
use crate::http::text as http_text;

impl Reader {
    /// Refuses permissions and grants of APIs, scopes and applications that there are not.
    pub(in crate::seed) fn references(&mut self, section: &str, item: &Node, all: &TenantData) {
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
                if let Some(named) = named {
                    self.client(named, all);
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
            "clients" => {
                let policies = item.get("refresh_token").and_then(|it| it.get("policies"));
                for policy in items_of(policies) {
                    if let Some(api) = policy.get("audience") {
                        self.api(api, all);
                    }
                }
            }
            "connections" if !all.clients.is_empty() => {
                for client in items_of(item.get("enabled_clients")) {
                    self.client(client, all);
                }
            }
            "organizations" => {
                for connection in items_of(item.get("connections")) {
                    // An id of production says nothing here unless the export has ids.
                    if let Some(name) = connection.get("name") {
                        self.connection(name, all);
                    }
                }
                for grant in items_of(item.get("client_grants")) {
                    if let Some(client) = grant.get("client_id") {
                        self.client(client, all);
                    }
                }
            }
            "tenant" => {
                if let Some(api) = item.get("default_audience") {
                    self.api(api, all);
                }
                if let Some(name) = item.get("default_directory")
                    // Without any connection there is the usual one.
                    && !all.connections.is_empty()
                {
                    self.connection(name, all);
                }
            }
            _ => {}
        }
    }

    /// Refuses the name or the id of an application that there is not.
    fn client(&mut self, node: &Node, all: &TenantData) {
        self.known(node, "client", &all.clients, &["name", "client_id"]);
    }

    fn connection(&mut self, node: &Node, all: &TenantData) {
        self.known(node, "connection", &all.connections, &["name"]);
    }

    /// Refuses the identifier of an API that there is not. Those of the tenant itself are none of an export.
    fn api(&mut self, node: &Node, all: &TenantData) {
        let own = ["/api/v2/", "/userinfo", "/me/", "/my-org/"];
        let is_own = |text: &str| own.iter().any(|end| text.ends_with(end));
        if !node.as_text().is_some_and(is_own) {
            self.known(
                node,
                "resource server",
                &all.resource_servers,
                &["identifier"],
            );
        }
    }

    /// Refuses a text that none of `all` has as one of these keys. An empty one names nothing.
    fn known(&mut self, node: &Node, what: &str, all: &[Value], keys: &[&str]) {
        let text = node
            .as_text()
            .filter(|it| !it.is_empty() && leftover(it).is_none());
        let (Some(text), Some(key)) = (text, keys.first()) else {
            return;
        };
        let is_it = |known: &Value| keys.iter().any(|key| http_text(known, key) == Some(text));
        if !all.iter().any(is_it) {
            let error = unknown(&node.place, what, text, all, key);
            self.add(error, true);
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
}

/// The items of a list; none of anything else.
fn items_of(node: Option<&Node>) -> &[Node] {
    match node.map(|it| &it.value) {
        Some(NodeValue::List(items)) => items,
        _ => &[],
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
