//! The requests of Lock and auth0.js before they show anything: an application's connections, and whether a captcha is due.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::http::{Call, answer, set, text};
use crate::oauth::OAuthError;
use crate::state::Tenant;

/// Options of a database connection that decide what Lock shows.
const SHOWN: &[&str] = &[
    "passwordPolicy",
    "password_complexity_options",
    "requires_username",
    "validation",
];

/// `/client/{client_id}.js`: a script that hands the application's settings to Lock. In production it comes from a content
/// network; Lock's option `configurationBaseUrl` says where from.
///
/// <https://auth0.com/docs/libraries/lock/lock-configuration>
pub(crate) async fn client(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let segments = call.segments("/client/");
    let id = segments.first().and_then(|name| name.strip_suffix(".js"));
    let client = match id.map(|id| tenant.client(id)).transpose() {
        Ok(client) => client.flatten(),
        Err(error) => return OAuthError::from(error).response(),
    };
    let Some(client) = client.filter(|_| segments.len() == 1) else {
        return answer(
            StatusCode::NOT_FOUND,
            &json!({"statusCode": 404, "error": "Not Found", "message": "The application does not exist."}),
        );
    };
    let connections: Vec<Value> = tenant.catalog.databases(&client).map(connection).collect();
    let mut strategies = vec![json!({"name": "auth0", "connections": connections})];
    let others = tenant.catalog.providers(&client);
    for provider in others.chain(tenant.catalog.passwordless(&client)) {
        let mut shown =
            json!({"name": text(provider, "name"), "display_name": text(provider, "display_name")});
        // By these, Lock finds the connection of an address.
        for key in ["domain", "domain_aliases"] {
            if let Some(value) = provider.pointer(&format!("/options/{key}")) {
                shown[key] = value.clone();
            }
        }
        let name = text(provider, "strategy");
        let known = strategies.iter_mut().find(|it| text(it, "name") == name);
        let known = known.and_then(|known| known.get_mut("connections")?.as_array_mut());
        match known {
            Some(connections) => connections.push(shown),
            None => strategies.push(json!({"name": name, "connections": [shown]})),
        }
    }
    let settings = json!({
        "id": text(&client, "client_id"), "tenant": tenant.name, "callback": client.pointer("/callbacks/0"),
        "strategies": strategies,
    });
    let mut response = Response::new(Body::from(format!(
        "Auth0.setClient({});",
        for_script(&settings)
    )));
    set(
        &mut response,
        "content-type",
        "application/javascript; charset=utf-8",
    );
    set(&mut response, "cache-control", "no-store");
    set(&mut response, "x-content-type-options", "nosniff");
    response
}

/// Returns a database connection as Lock knows it.
fn connection(found: &Value) -> Value {
    let mut shown = Map::new();
    shown.insert(
        "name".into(),
        found.get("name").cloned().unwrap_or_default(),
    );
    let options = found.get("options");
    for key in SHOWN {
        if let Some(value) = options
            .and_then(|options| options.get(key))
            .filter(|value| !value.is_null())
        {
            shown.insert((*key).to_owned(), value.clone());
        }
    }
    let disabled = options
        .and_then(|options| options.get("disable_signup"))
        .and_then(Value::as_bool);
    shown.insert("showSignup".into(), (disabled != Some(true)).into());
    shown.insert("showForgot".into(), true.into());
    Value::Object(shown)
}

/// JSON that can be embedded in a script: no tag can end it, and no line ends inside of a text.
pub(crate) fn for_script(value: &Value) -> String {
    value
        .to_string()
        .replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

/// Nobody has to solve a captcha here.
pub(crate) async fn challenge() -> Response {
    answer(StatusCode::OK, &json!({"required": false}))
}
