//! `GET export` and `POST import`: everything that a tenant remembers, as one JSON value.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};
use std::sync::atomic::Ordering;

use super::{failed, refuse};
use crate::clock::TenantClock;
use crate::http::answer;
use crate::state::Tenant;
use crate::store::Contents;

/// The name and version of the form.
const FORMAT: &str = "postlogin.tenant/1";

/// Returns all that is stored, the clock and the settings of the control API. Logins that wait for their user and the log are not in it.
pub(super) fn export(tenant: &Tenant) -> Response {
    let mut export = Map::new();
    export.insert("format".into(), FORMAT.into());
    export.insert("issuer".into(), tenant.site.issuer.clone().into());
    export.insert("kid".into(), tenant.key.kid().into());
    export.insert("clock".into(), tenant.clock.export());
    export.insert("force_mfa".into(), tenant.control.forces_mfa().into());
    match tenant.store.export(tenant.now_ms()) {
        Ok(contents) => export.extend(contents),
        Err(error) => return failed(&error),
    }
    answer(StatusCode::OK, &Value::Object(export))
}

/// Puts an export in place of all that the tenant remembers.
pub(super) fn import(tenant: &Tenant, export: &Map<String, Value>) -> Response {
    let part = |key: &str| export.get(key).and_then(Value::as_str);
    if part("format") != Some(FORMAT) {
        return refuse(
            400,
            format!("the body must be what GET export gave: its `format` is {FORMAT}"),
        );
    }
    let clock = export.get("clock").cloned().unwrap_or_default();
    if let Err(wrong) = TenantClock::check(&clock) {
        return refuse(400, wrong);
    }
    let forces = match export.get("force_mfa") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(forces)) => *forces,
        Some(_) => return refuse(400, "`force_mfa` must be true or false"),
    };
    let contents = match Contents::read(export) {
        Ok(contents) => contents,
        Err(wrong) => return refuse(400, wrong),
    };
    match tenant.store.replace(&contents) {
        Ok(Ok(())) => {}
        Ok(Err(id)) => {
            return refuse(
                409,
                format!(
                    "the user {id} has the id, e-mail or user name of another one; nothing was changed"
                ),
            );
        }
        Err(error) => return failed(&error),
    }
    if let Err(error) = tenant.reloaded() {
        return failed(&error);
    }
    tenant.clock.import(&clock);
    tenant.control.forces_mfa.store(forces, Ordering::Relaxed);
    let mut notes = Vec::new();
    if part("issuer") != Some(&tenant.site.issuer) {
        notes.push("the export is of another issuer: signed tokens of it are not accepted here");
    }
    if part("kid") != Some(tenant.key.kid()) {
        notes.push("the export is of another key: signed tokens of it are not accepted here, and derived client secrets differ (copy .postlogin/signing-key.pem)");
    }
    answer(
        StatusCode::OK,
        &json!({"users": contents.users.len(), "entries": contents.entry_count(), "notes": notes}),
    )
}
