//! Events of streams about organizations, their members and connections, and about connections.
//!
//! Types: <https://auth0.github.io/node-auth0/variables/index.Management.EventStreamEventTypeEnum.html>, each with its page below
//! <https://auth0.com/docs/events>. Groups and their roles are not here: the tenant has no groups.

use serde_json::{Map, Value, json};

use super::streams::{publish_data, wants};
use crate::catalog::Catalog;
use crate::http::text;
use crate::oauth::enabled::is_of;
use crate::state::Tenant;

/// The parts of an organization in its events.
const OF_ORGANIZATION: &[&str] = &["id", "name", "display_name", "metadata", "branding"];
/// The parts of an organization's connection in its events, beside the two.
const OF_ENABLED: &[&str] = &[
    "assign_membership_on_login",
    "show_as_button",
    "is_signup_enabled",
    "is_enabled",
];
/// The parts of a connection in its events. Its options have secrets, and its applications have endpoints of their own.
const OF_CONNECTION: &[&str] = &[
    "id",
    "name",
    "display_name",
    "strategy",
    "realms",
    "is_domain_connection",
    "show_as_button",
    "metadata",
];

/// Types of events that a change of the configuration causes.
pub(crate) const OF_CONFIGURATION: &[&str] = &[
    "connection.created",
    "connection.deleted",
    "connection.updated",
    "organization.connection.added",
    "organization.connection.removed",
    "organization.connection.updated",
    "organization.created",
    "organization.deleted",
    "organization.updated",
];

/// Types of events of members.
pub(crate) const OF_MEMBERS: &[&str] = &[
    "organization.member.added",
    "organization.member.deleted",
    "organization.member.role.assigned",
    "organization.member.role.deleted",
];

/// Notes the events of a change of the configuration.
pub(crate) fn publish_changes(tenant: &Tenant, before: &Catalog, after: &Catalog) {
    if !OF_CONFIGURATION.iter().any(|kind| wants(tenant, kind)) {
        return;
    }
    let parts = |catalog: &Catalog| (catalog.organizations.clone(), catalog.connections.clone());
    for (kind, data) in changes(&parts(before), &parts(after)) {
        let of = match kind.starts_with("connection") {
            true => "connections",
            false => "organizations",
        };
        publish_data(tenant, kind, of, || data.clone());
    }
}

/// The change of a member.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Membership<'a> {
    Added,
    Deleted,
    /// A role, by its id.
    Assigned(&'a str),
    Unassigned(&'a str),
}

/// Notes the event of a member of an organization, by their ids.
pub(crate) fn publish_member(
    tenant: &Tenant,
    organization: &str,
    user_id: &str,
    change: Membership<'_>,
) {
    let (kind, role) = match change {
        Membership::Added => ("organization.member.added", None),
        Membership::Deleted => ("organization.member.deleted", None),
        Membership::Assigned(role) => ("organization.member.role.assigned", Some(role)),
        Membership::Unassigned(role) => ("organization.member.role.deleted", Some(role)),
    };
    publish_data(tenant, kind, "organizations", || {
        let known = tenant.catalog.organization(organization);
        let mut object = json!({
            "organization": known.map(|known| parts(known, &["id", "name"])),
            "user": {"user_id": user_id},
        });
        if let Some(role) = role {
            let known = tenant.catalog.role(role);
            object["role"] = json!(known.map(|known| parts(known, &["id", "name"])));
        }
        json!({"object": object})
    });
}

fn parts(of: &Value, keys: &[&str]) -> Map<String, Value> {
    let parts = keys
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), of.get(*key)?.clone())));
    parts.filter(|(_, value)| !value.is_null()).collect()
}

/// Organizations and connections.
type Both = (Vec<Value>, Vec<Value>);

/// Returns the events of a change, each with its data.
fn changes(before: &Both, after: &Both) -> Vec<(&'static str, Value)> {
    let mut events = Vec::new();
    compare(
        (&before.0, &after.0),
        OF_ORGANIZATION,
        [
            "organization.created",
            "organization.updated",
            "organization.deleted",
        ],
        &mut events,
    );
    compare(
        (&before.1, &after.1),
        OF_CONNECTION,
        [
            "connection.created",
            "connection.updated",
            "connection.deleted",
        ],
        &mut events,
    );
    for organization in &after.0 {
        let id = text(organization, "id");
        let mut known = before.0.iter();
        let known = known.find(|it| text(it, "id") == id);
        if known == Some(organization) {
            continue;
        }
        let was = known.map_or_else(Vec::new, |known| enabled(&before.1, known));
        compare(
            (&was, &enabled(&after.1, organization)),
            &[&["organization", "connection"], OF_ENABLED].concat(),
            [
                "organization.connection.added",
                "organization.connection.updated",
                "organization.connection.removed",
            ],
            &mut events,
        );
    }
    events
}

/// Adds the events of a list whose items have an `id`: of new items, of those that changed in these parts, of those that are gone.
fn compare(
    (before, after): (&[Value], &[Value]),
    keys: &[&str],
    [created, updated, deleted]: [&'static str; 3],
    events: &mut Vec<(&'static str, Value)>,
) {
    let find = |list: &[Value], id: Option<&str>| -> Option<Map<String, Value>> {
        let mut items = list.iter();
        items
            .find(|it| text(it, "id") == id)
            .map(|it| parts(it, keys))
    };
    for item in after {
        let is = parts(item, keys);
        match find(before, text(item, "id")) {
            None => events.push((created, json!({"object": is}))),
            Some(was) if was != is => {
                events.push((updated, json!({"object": is, "previous_object": was})));
            }
            Some(_) => {}
        }
    }
    for item in before {
        if find(after, text(item, "id")).is_none() {
            events.push((deleted, json!({"object": parts(item, keys)})));
        }
    }
}

/// Returns the connections of an organization with the parts of their events, and the connection's id as `id`.
fn enabled(connections: &[Value], organization: &Value) -> Vec<Value> {
    let listed = organization.get("connections").and_then(Value::as_array);
    let entries = listed.into_iter().flatten();
    let shown = entries.filter_map(|entry| {
        let mut known = connections.iter();
        let connection = known.find(|connection| is_of(entry, connection))?;
        let mut shown = parts(entry, OF_ENABLED);
        shown.insert("id".into(), connection.get("id")?.clone());
        let both = [
            ("organization", parts(organization, &["id", "name"])),
            ("connection", parts(connection, &["id", "name", "strategy"])),
        ];
        for (key, value) in both {
            shown.insert(key.into(), value.into());
        }
        Some(Value::Object(shown))
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Both, changes};

    fn catalog(organizations: Value, connections: Value) -> Both {
        let list = |value: Value| value.as_array().cloned().unwrap_or_default();
        (list(organizations), list(connections))
    }

    fn kinds(before: &Both, after: &Both) -> Vec<&'static str> {
        let changes = changes(before, after).into_iter();
        changes.map(|(kind, _)| kind).collect()
    }

    #[test]
    fn a_change_is_the_events_of_what_it_touched() {
        let db = json!({"id": "con_1", "name": "db", "strategy": "auth0", "options": {"passwordPolicy": "good"}});
        let org = |more: Value| {
            let mut org = json!({"id": "org_1", "name": "acme", "display_name": "Acme"});
            for (key, value) in more.as_object().into_iter().flatten() {
                org[key] = value.clone();
            }
            org
        };
        let none = catalog(json!([]), json!([db]));
        let plain = catalog(json!([org(json!({}))]), json!([db]));
        let with = |entry: Value| {
            catalog(
                json!([org(json!({"connections": [entry]}))]),
                json!([db.clone()]),
            )
        };
        let on = with(json!({"connection_id": "con_1", "assign_membership_on_login": false}));
        let assigns = with(json!({"connection_id": "con_1", "assign_membership_on_login": true}));
        let renamed = catalog(json!([org(json!({"display_name": "ACME"}))]), json!([db]));
        let other = catalog(
            json!([org(json!({}))]),
            json!([{"id": "con_1", "name": "db", "strategy": "auth0", "options": {}, "display_name": "DB"}]),
        );
        for (before, after, expected) in [
            (&none, &plain, vec!["organization.created"]),
            (&plain, &renamed, vec!["organization.updated"]),
            (&plain, &none, vec!["organization.deleted"]),
            (&plain, &on, vec!["organization.connection.added"]),
            (&on, &assigns, vec!["organization.connection.updated"]),
            (&assigns, &plain, vec!["organization.connection.removed"]),
            (&plain, &other, vec!["connection.updated"]),
            (&plain, &plain, vec![]),
        ] {
            assert_eq!(kinds(before, after), expected);
        }
        let (_, data) = changes(&plain, &on).remove(0);
        assert_eq!(
            data,
            json!({"object": {"organization": {"id": "org_1", "name": "acme"}, "assign_membership_on_login": false,
                "connection": {"id": "con_1", "name": "db", "strategy": "auth0"}}})
        );
        let (_, data) = changes(&plain, &renamed).remove(0);
        assert_eq!(
            data,
            json!({"object": {"id": "org_1", "name": "acme", "display_name": "ACME"},
                "previous_object": {"id": "org_1", "name": "acme", "display_name": "Acme"}})
        );
    }
}
