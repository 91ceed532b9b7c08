//! The first page: the tenant, its applications and APIs.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use maud::html;
use serde_json::Value;

use super::wide;
use crate::http::{page, set, text, texts};
use crate::state::Tenant;

pub(crate) async fn index(State(tenant): State<Arc<Tenant>>) -> Response {
    let clients = tenant.catalog.clients.iter();
    let body = html! {
        h1 { "Local tenant " code { (tenant.name) } }
        p { "Issuer: " code { (tenant.site.issuer) } }
        h2 { "Applications" }
        table {
            tr { th { "Name" } th { "Client ID" } th { "Type" } th { "Callback URLs" } }
            @for client in clients {
                tr {
                    td { (part(client, "name")) }
                    td { code { (part(client, "client_id")) } }
                    td { (part(client, "app_type")) }
                    td {
                        @for (index, callback) in texts(client, "callbacks").enumerate() {
                            @if index > 0 { br; }
                            (callback)
                        }
                    }
                }
            }
        }
        h2 { "APIs" }
        ul {
            @for api in &tenant.catalog.apis {
                li { code { (part(api, "identifier")) } }
            }
            li { code { (tenant.management_audience()) } " (Management API)" }
        }
        p {
            @for name in ["Logins", "Users", "Sessions", "Applications", "Outbox"] {
                a href={ "/_postlogin/#" (name) } { (name) }
                " · "
            }
            a href="/.well-known/openid-configuration" { "Discovery" }
        }
    };
    page(StatusCode::OK, wide("Local tenant", &body))
}

fn part<'a>(value: &'a Value, key: &str) -> &'a str {
    text(value, key).unwrap_or_default()
}

/// The icon, for browsers that ask for it by this address.
pub(crate) async fn icon() -> Response {
    let mut response = Response::new(Body::from(super::icon()));
    set(&mut response, "content-type", "image/svg+xml");
    set(&mut response, "cache-control", "public, max-age=86400");
    response
}

/// Whether the tenant can do its work: its database stores changes.
pub(crate) async fn ready(State(tenant): State<Arc<Tenant>>) -> Response {
    match tenant.store.probe() {
        Ok(_) => crate::http::answer(StatusCode::OK, &serde_json::json!({"status": "ready"})),
        Err(error) => crate::oauth::OAuthError::from(error).response(),
    }
}

/// Whether the process answers.
pub(crate) async fn health() -> Response {
    crate::http::answer(StatusCode::OK, &serde_json::json!({"status": "ok"}))
}
