//! The first page: what this tenant is, and what an application has to be told.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::wide;
use crate::http::{escape, page, text, texts};
use crate::state::Tenant;

pub(crate) async fn index(State(tenant): State<Arc<Tenant>>) -> Response {
    let mut body = format!(
        "<h1>Local tenant <code>{}</code></h1><p>Issuer: <code>{}</code></p><h2>Applications</h2><table><tr><th>Name</th><th>Client ID</th><th>Type</th><th>Callback URLs</th></tr>",
        escape(&tenant.name),
        escape(&tenant.issuer)
    );
    for client in &tenant.catalog.clients {
        let part = |key: &str| escape(text(client, key).unwrap_or_default());
        let callbacks: Vec<String> = texts(client, "callbacks").map(escape).collect();
        let _ = write!(
            body,
            "<tr><td>{}</td><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
            part("name"),
            part("client_id"),
            part("app_type"),
            callbacks.join("<br>")
        );
    }
    body.push_str("</table><h2>APIs</h2><ul>");
    for api in &tenant.catalog.apis {
        let _ = write!(
            body,
            "<li><code>{}</code></li>",
            escape(text(api, "identifier").unwrap_or_default())
        );
    }
    let _ = write!(
        body,
        "<li><code>{}</code> (Management API)</li></ul><p><a href=\"/.well-known/openid-configuration\">Discovery</a> · <a href=\"/_postlogin/outbox\">Outbox</a></p>",
        escape(&tenant.management_audience())
    );
    page(StatusCode::OK, wide("Local tenant", &body))
}

pub(crate) async fn health() -> Response {
    crate::http::answer(StatusCode::OK, &serde_json::json!({"status": "ok"}))
}
