//! `context`: the same facts as in the event, under the names of Rules.
//!
//! Source: <https://auth0.com/docs/customize/rules/context-object> and
//! <https://auth0.com/docs/customize/actions/migrate/migrate-from-rules-to-actions>.

use serde_json::{Map, Value, json};

use crate::json;
use crate::time::{iso_text, parse_iso};

/// The parts with the same form on both sides: the path in `context` and the one in the event.
pub(super) const SAME: &[(&[&str], &[&str])] = &[
    (&["tenant"], &["tenant", "id"]),
    (&["clientID"], &["client", "client_id"]),
    (&["clientName"], &["client", "name"]),
    (&["clientMetadata"], &["client", "metadata"]),
    (&["connectionID"], &["connection", "id"]),
    (&["connection"], &["connection", "name"]),
    (&["connectionStrategy"], &["connection", "strategy"]),
    (&["connectionMetadata"], &["connection", "metadata"]),
    (&["protocol"], &["transaction", "protocol"]),
    (&["stats", "loginsCount"], &["stats", "logins_count"]),
    (&["sessionID"], &["session", "id"]),
    (&["request", "ip"], &["request", "ip"]),
    (&["request", "hostname"], &["request", "hostname"]),
    (&["request", "userAgent"], &["request", "user_agent"]),
    (&["request", "query"], &["request", "query"]),
    (&["request", "body"], &["request", "body"]),
    (&["authorization", "roles"], &["authorization", "roles"]),
    (&["organization", "id"], &["organization", "id"]),
    (&["organization", "name"], &["organization", "name"]),
    (&["organization", "metadata"], &["organization", "metadata"]),
    (&["riskAssessment"], &["authentication", "riskAssessment"]),
];

/// Names of `context.request.geoip` and of `event.request.geoip`.
pub(super) const GEOIP: &[(&str, &str)] = &[
    ("country_code", "countryCode"),
    ("country_code3", "countryCode3"),
    ("country_name", "countryName"),
    ("city_name", "cityName"),
    ("latitude", "latitude"),
    ("longitude", "longitude"),
    ("time_zone", "timeZone"),
    ("continent_code", "continentCode"),
    ("subdivision_code", "subdivisionCode"),
    ("subdivision_name", "subdivisionName"),
];

/// The protocol of the second run, after a redirect.
pub(crate) const REDIRECT_CALLBACK: &str = "redirect-callback";

/// The `context` of a login with this event. `given` replaces what is made from the event, key by key.
pub fn context_of(event: &Value, given: &Map<String, Value>) -> Value {
    let mut context = json!({
        "clientMetadata": {},
        "connectionOptions": {},
        "connectionMetadata": {},
    });
    for (there, here) in SAME {
        if let Some(value) = json::at(event, here) {
            put(&mut context, there, value.clone());
        }
    }
    geoip(event, &mut context);
    put(&mut context, &["stats", "loginsCount"], logins(event));
    let clients = json::at(event, &["session", "clients"]).and_then(Value::as_array);
    let clients = clients.into_iter().flatten();
    let clients: Vec<Value> = clients
        .filter_map(|client| client.get("client_id").cloned())
        .collect();
    put(
        &mut context,
        &["sso"],
        json!({"with_auth0": false, "with_dbconn": false, "current_clients": clients}),
    );
    if let Some(methods) = methods(event, &in_milliseconds) {
        put(&mut context, &["authentication", "methods"], methods);
    }
    let is_saml = matches!(
        json::text_at(&context, &["protocol"]),
        Some("samlp" | "wsfed")
    );
    if is_saml {
        put(&mut context, &["samlConfiguration"], json!({}));
    }
    for key in ["jwtConfiguration", "accessToken", "idToken"] {
        put(&mut context, &[key], json!({}));
    }
    for (key, value) in given {
        put(&mut context, &[key], value.clone());
    }
    context
}

/// Takes a `context` that stands in an event out of it; the event then says the same ([`spread_given`]).
pub fn take_given(event: &mut Value) -> Map<String, Value> {
    spread_given(event);
    match event.as_object_mut() {
        Some(object) if object.get("context").is_some_and(Value::is_object) => {
            match object.shift_remove("context") {
                Some(Value::Object(given)) => given,
                _ => Map::new(),
            }
        }
        _ => Map::new(),
    }
}

/// Puts into an event what a `context` in it says, so that an event may be given in the words of Rules:
/// `{"user": …, "context": …}`.
pub fn spread_given(event: &mut Value) {
    let Some(context @ Value::Object(_)) = event.get("context").cloned() else {
        return;
    };
    for (here, there) in SAME {
        let value = json::at(&context, here);
        let value = value.filter(|value| value.as_str() != Some(REDIRECT_CALLBACK));
        if let Some(value) = value {
            put(event, there, value.clone());
        }
    }
    for (here, there) in GEOIP {
        if let Some(value) = json::at(&context, &["request", "geoip", here]) {
            put(event, &["request", "geoip", there], value.clone());
        }
    }
    if let Some(methods) = methods(&context, &in_iso_text) {
        put(event, &["authentication", "methods"], methods);
    }
}

fn geoip(event: &Value, context: &mut Value) {
    for (there, here) in GEOIP {
        if let Some(value) = json::at(event, &["request", "geoip", here]) {
            put(context, &["request", "geoip", there], value.clone());
        }
    }
}

fn logins(event: &Value) -> Value {
    let count = json::at(event, &["stats", "logins_count"]);
    count.cloned().unwrap_or_else(|| json!(1))
}

/// The methods of an event or of a context, with the time in the other form.
fn methods(from: &Value, time: &dyn Fn(&Value) -> Option<Value>) -> Option<Value> {
    let methods = json::at(from, &["authentication", "methods"])?.as_array()?;
    let changed = methods.iter().map(|method| {
        let mut method = method.clone();
        if let Some(timestamp) = method.get("timestamp").and_then(time) {
            put(&mut method, &["timestamp"], timestamp);
        }
        method
    });
    Some(Value::Array(changed.collect()))
}

fn in_milliseconds(time: &Value) -> Option<Value> {
    parse_iso(time.as_str()?).map(Value::from)
}

fn in_iso_text(time: &Value) -> Option<Value> {
    time.as_i64().map(|ms| Value::from(iso_text(ms)))
}

/// Puts a value at a path and makes the objects above it.
pub(super) fn put(value: &mut Value, path: &[&str], new: Value) {
    let Some((first, rest)) = path.split_first() else {
        *value = new;
        return;
    };
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    if let Value::Object(object) = value {
        let inner = object.entry(*first).or_insert(Value::Null);
        put(inner, rest, new);
    }
}
