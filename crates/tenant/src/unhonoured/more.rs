//! Event streams, and connections by which no user can sign in.

use std::collections::BTreeMap;

use postlogin_project::TenantData;
use serde_json::Value;

use super::line;
use crate::catalog::{Catalog, is_enabled};
use crate::http::{text, texts};
use crate::triggers::configured::{OF_CONFIGURATION, OF_MEMBERS};

/// Events of users that are delivered.
const OF_USERS: &[&str] = &["user.created", "user.deleted", "user.updated"];

fn is_delivered(event: &str) -> bool {
    let mut known = [OF_USERS, OF_CONFIGURATION, OF_MEMBERS].into_iter();
    known.any(|events| events.contains(&event))
}

/// Adds lines for the events of streams that are not delivered, and for the destinations to which nothing is.
pub(super) fn streams(data: &TenantData, lines: &mut Vec<String>) {
    let mut events: BTreeMap<String, usize> = BTreeMap::new();
    let mut destinations: BTreeMap<String, usize> = BTreeMap::new();
    for stream in &data.event_streams {
        if text(stream, "status") == Some("disabled") {
            continue;
        }
        let kind = stream.pointer("/destination/type").and_then(Value::as_str);
        if let Some(kind) = kind.filter(|kind| *kind != "action") {
            *destinations.entry(kind.to_owned()).or_default() += 1;
            continue;
        }
        let listed = stream.get("subscriptions").and_then(Value::as_array);
        for listed in listed.into_iter().flatten() {
            let event = text(listed, "event_type").or(listed.as_str());
            if let Some(event) = event.filter(|event| !is_delivered(event)) {
                *events.entry(event.to_owned()).or_default() += 1;
            }
        }
    }
    for (part, found) in [
        ("events of event streams", &events),
        ("destinations of event streams", &destinations),
    ] {
        if !found.is_empty() {
            lines.push(line(part, found));
        }
    }
}

/// Returns a line for each application whose `default_organization` is not one of the export: production's ids are not in one.
pub(super) fn without_organization(catalog: &Catalog) -> Vec<String> {
    let lines = catalog.clients.iter().filter_map(|client| {
        let named = client.pointer("/default_organization/organization_id")?;
        let named = named.as_str()?;
        catalog.organization(named).is_none().then(|| {
            format!(
                "the `default_organization` of {} has no effect: the export has no organization `{named}`",
                text(client, "name").unwrap_or_default()
            )
        })
    });
    lines.collect()
}

/// Returns a line for each connection of the export that lists applications of which there is none: no user can sign in by it.
pub(super) fn closed(catalog: &Catalog) -> Vec<String> {
    let is_closed = |connection: &&Value| {
        let mut clients = catalog.clients.iter();
        texts(connection, "enabled_clients").next().is_some()
            && !clients.any(|client| is_enabled(connection, client))
    };
    let closed = catalog.connections.iter().filter(is_closed);
    let shown = closed.map(|connection| {
        let listed: Vec<&str> = texts(connection, "enabled_clients").take(5).collect();
        format!(
            "no user can sign in by the connection {}: its `enabled_clients` are not applications of the export: {}",
            text(connection, "name").unwrap_or_default(),
            listed.join(", ")
        )
    });
    shown.collect()
}
