//! Real logins, from the tenant's logs: what an export of users lacks.
//!
//! Entries are those of `GET /api/v2/logs` or of a log stream (<https://auth0.com/docs/deploy-monitor/logs>,
//! <https://github.com/auth0/auth0-log-schemas>).

use std::collections::HashMap;

use postlogin_core::event::merge_patch;
use serde_json::{Map, Value, json};

/// The types of entries that stand for a run of post-login Actions, with the protocol of the transaction where the type says it:
/// a login, a silent one, and the exchanges of a code, a password, a refresh token and a device's code.
const TYPES: &[(&str, Option<&str>)] = &[
    ("s", None),
    ("ssa", None),
    ("seacft", None),
    ("sepft", Some("oauth2-password")),
    ("sertft", Some("oauth2-refresh-token")),
    ("sede", Some("oauth2-device-code")),
];

/// The keys of an entry that are kept.
const KEPT: &[&str] = &[
    "audience",
    "client_id",
    "client_name",
    "connection",
    "connection_id",
    "hostname",
    "ip",
    "location_info",
    "scope",
    "security_context",
    "strategy",
    "type",
    "user_agent",
];

/// Names of a place in an entry and in `event.request.geoip`.
const GEOIP: &[(&str, &str)] = &[
    ("city_name", "cityName"),
    ("continent_code", "continentCode"),
    ("country_code", "countryCode"),
    ("country_code3", "countryCode3"),
    ("country_name", "countryName"),
    ("time_zone", "timeZone"),
];

/// The longest texts that are kept together, in bytes: a gigabyte, some millions of logins.
const MOST_BYTES: usize = 1 << 30;

/// The last login of each user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Logged {
    /// When, and what of the entry is kept as JSON.
    by_user: HashMap<String, (String, Box<str>)>,
    bytes: usize,
    /// The number of entries that are logins.
    pub entries: u64,
}

impl Logged {
    /// Adds an entry. What is no login of a user is passed over.
    ///
    /// # Errors
    /// In words, when it is no entry of a log, or there are too many.
    pub fn add(&mut self, entry: &Value) -> Result<(), &'static str> {
        // A log stream wraps each entry.
        let entry = entry
            .get("data")
            .filter(|data| data.is_object())
            .unwrap_or(entry);
        let kind = entry.get("type").and_then(Value::as_str);
        let kind = kind.ok_or("there is no `type`: is this a log of a tenant?")?;
        let user = entry.get("user_id").and_then(Value::as_str);
        let Some(user) = user.filter(|user| !user.is_empty()) else {
            return Ok(());
        };
        if !TYPES.iter().any(|(name, _)| *name == kind) {
            return Ok(());
        }
        self.entries += 1;
        let date = entry.get("date").and_then(Value::as_str).unwrap_or("");
        // Times are in UTC with a `Z`. Of two at the same time, the later line counts.
        let known = self.by_user.get(user);
        if known.is_some_and(|(known, _)| known.as_str() > date) {
            return Ok(());
        }
        let kept = KEPT.iter().filter_map(|name| {
            let value = entry.get(name).filter(|value| !value.is_null())?;
            Some(((*name).to_owned(), value.clone()))
        });
        let text = Value::Object(kept.collect()).to_string().into_boxed_str();
        self.bytes += text.len() + user.len() + date.len();
        let replaced = self
            .by_user
            .insert(user.to_owned(), (date.to_owned(), text));
        if let Some((date, text)) = replaced {
            self.bytes = self
                .bytes
                .saturating_sub(text.len() + user.len() + date.len());
        }
        match self.bytes > MOST_BYTES {
            true => Err("the logins have more than 1 GiB: split users and logs by user"),
            false => Ok(()),
        }
    }

    /// Returns the number of users with a login.
    #[must_use]
    pub fn users(&self) -> usize {
        self.by_user.len()
    }

    /// Returns all logins in the order of the users, for a fingerprint.
    #[must_use]
    pub fn sorted(&self) -> Vec<(&str, &str)> {
        let all = self.by_user.iter();
        let mut all: Vec<(&str, &str)> = all
            .map(|(user, (_, text))| (user.as_str(), &**text))
            .collect();
        all.sort_unstable();
        all
    }

    /// Makes an event that of the user's login. Returns whether there is one.
    pub(crate) fn apply(&self, user: &str, event: &mut Map<String, Value>) -> bool {
        let Some((_, text)) = self.by_user.get(user) else {
            return false;
        };
        let Ok(Value::Object(entry)) = serde_json::from_str(text) else {
            return false;
        };
        let text = |name: &str| {
            let value = entry.get(name)?;
            value.as_str().filter(|text| !text.is_empty())
        };
        // What the template says of another application or connection is not so of this one.
        replace(
            event,
            "client",
            &[
                ("client_id", text("client_id")),
                ("name", text("client_name")),
            ],
            "client_id",
            &["metadata"],
        );
        if let Some(Value::Object(client)) = event.get_mut("client") {
            client.entry("metadata").or_insert_with(|| json!({}));
        }
        replace(
            event,
            "connection",
            &[
                ("id", text("connection_id")),
                ("name", text("connection")),
                ("strategy", text("strategy")),
            ],
            "name",
            &["id", "metadata"],
        );
        put(event, "request", "ip", text("ip"));
        put(event, "request", "user_agent", text("user_agent"));
        put(event, "request", "hostname", text("hostname"));
        if let Some(Value::Object(place)) = entry.get("location_info")
            && let Some(Value::Object(request)) = event.get_mut("request")
        {
            request.insert("geoip".into(), geoip(place));
        }
        if let Some(Value::Object(security)) = entry.get("security_context") {
            let security: Map<String, Value> = ["ja3", "ja4"]
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), security.get(*name)?.clone())))
                .collect();
            event.insert("security_context".into(), Value::Object(security));
        }
        if let Some(audience) = first(entry.get("audience")) {
            event.insert("resource_server".into(), json!({ "identifier": audience }));
        }
        put_transaction(event, text("type"), &scopes(entry.get("scope")));
        true
    }
}

/// Sets the protocol, where the type of the entry says it, and the scopes: those of a password grant and of a refresh are in the
/// body of the request, and their transaction has nothing else.
fn put_transaction(event: &mut Map<String, Value>, kind: Option<&str>, scopes: &[&str]) {
    let Some(Value::Object(transaction)) = event.get_mut("transaction") else {
        return;
    };
    let known = TYPES.iter().find(|(name, _)| Some(*name) == kind);
    if let Some((_, Some(protocol))) = known {
        transaction.insert("protocol".into(), json!(protocol));
    }
    let protocol = transaction.get("protocol").and_then(Value::as_str);
    if !matches!(protocol, Some("oauth2-password" | "oauth2-refresh-token")) {
        if !scopes.is_empty() {
            transaction.insert("requested_scopes".into(), json!(scopes));
        }
        return;
    }
    transaction.retain(|key, _| matches!(key.as_str(), "protocol" | "metadata"));
    if !scopes.is_empty()
        && let Some(request) = event.get_mut("request")
    {
        let asked = json!({"query": {"scope": null}, "body": {"scope": scopes.join(" ")}});
        merge_patch(request, &asked);
    }
}

/// Sets texts of an object. If `key` changes, the `foreign` members are those of another object and go.
fn replace(
    event: &mut Map<String, Value>,
    name: &str,
    members: &[(&str, Option<&str>)],
    key: &str,
    foreign: &[&str],
) {
    let Some(Value::Object(object)) = event.get_mut(name) else {
        return;
    };
    let found = members.iter().find(|(member, _)| *member == key);
    if let Some((_, Some(value))) = found
        && object.get(key).and_then(Value::as_str) != Some(*value)
    {
        for member in foreign {
            object.shift_remove(*member);
        }
    }
    for (member, value) in members {
        if let Some(value) = value {
            object.insert((*member).to_owned(), json!(value));
        }
    }
}

fn put(event: &mut Map<String, Value>, name: &str, member: &str, value: Option<&str>) {
    if let (Some(Value::Object(object)), Some(value)) = (event.get_mut(name), value) {
        object.insert(member.to_owned(), json!(value));
    }
}

fn geoip(place: &Map<String, Value>) -> Value {
    let mut geoip = Map::new();
    for (from, to) in GEOIP {
        if let Some(value @ Value::String(_)) = place.get(*from) {
            geoip.insert((*to).to_owned(), value.clone());
        }
    }
    // Logs have coordinates as texts, events as numbers.
    for name in ["latitude", "longitude"] {
        let number = match place.get(name) {
            Some(Value::String(text)) => text.parse::<f64>().ok().map(Value::from),
            Some(number @ Value::Number(_)) => Some(number.clone()),
            _ => None,
        };
        geoip.extend(number.map(|number| (name.to_owned(), number)));
    }
    Value::Object(geoip)
}

/// An audience is a text or a list; the first that is no endpoint of the tenant is the API.
fn first(audience: Option<&Value>) -> Option<&str> {
    let is_api = |audience: &&str| !audience.is_empty() && !audience.ends_with("/userinfo");
    match audience? {
        Value::String(text) => Some(text.as_str()).filter(is_api),
        Value::Array(list) => list.iter().filter_map(Value::as_str).find(is_api),
        _ => None,
    }
}

fn scopes(scope: Option<&Value>) -> Vec<&str> {
    match scope {
        Some(Value::String(text)) => text.split_whitespace().collect(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Map<String, Value> {
        let event = json!({
            "client": {"client_id": "c0", "name": "Template", "metadata": {"tier": "gold"}},
            "connection": {"id": "con_0", "name": "main-db", "strategy": "auth0", "metadata": {"a": "b"}},
            "request": {"ip": "198.51.100.1", "geoip": {"cityName": "Template"}, "query": {}},
            "transaction": {"protocol": "oidc-basic-profile", "requested_scopes": ["openid"]},
        });
        event.as_object().cloned().unwrap_or_default()
    }

    fn entry(date: &str, kind: &str) -> Value {
        json!({
            "date": date, "type": kind, "user_id": "auth0|1", "client_id": "c1", "client_name": "Shop",
            "connection": "google-oauth2", "connection_id": "con_1", "strategy": "google-oauth2", "ip": "203.0.113.7",
            "user_agent": "Firefox", "audience": ["https://t.example/userinfo", "https://api.example/"], "scope": "openid email",
            "location_info": {"country_code": "DE", "city_name": "Köln", "latitude": "50.9", "longitude": 6.9},
            "security_context": {"ja3": "abc", "other": 1},
        })
    }

    #[test]
    fn the_last_login_becomes_the_event() {
        let mut logged = Logged::default();
        logged
            .add(&entry("2026-11-01T10:00:00.000Z", "s"))
            .expect("it is a login");
        let mut last = entry("2026-11-02T10:00:00.000Z", "sertft");
        last["client_name"] = json!("App");
        logged
            .add(&json!({"log_id": "1", "data": last}))
            .expect("a stream wraps it");
        logged
            .add(&entry("2026-11-01T11:00:00.000Z", "s"))
            .expect("it is a login");
        assert_eq!((logged.entries, logged.users()), (3, 1));
        let mut event = event();
        assert!(logged.apply("auth0|1", &mut event));
        let expected = json!({
            "client": {"client_id": "c1", "name": "App", "metadata": {}},
            "connection": {"name": "google-oauth2", "strategy": "google-oauth2", "id": "con_1"},
            "request": {
                "ip": "203.0.113.7", "query": {}, "user_agent": "Firefox", "body": {"scope": "openid email"},
                "geoip": {"cityName": "Köln", "countryCode": "DE", "latitude": 50.9, "longitude": 6.9},
            },
            "transaction": {"protocol": "oauth2-refresh-token"},
            "security_context": {"ja3": "abc"},
            "resource_server": {"identifier": "https://api.example/"},
        });
        assert_eq!(Value::Object(event), expected);
    }

    #[test]
    fn what_is_no_login_changes_nothing() {
        let mut logged = Logged::default();
        for kind in ["f", "fp", "slo", "sapi", "seccft", "fertft"] {
            logged
                .add(&entry("2026-11-01T10:00:00.000Z", kind))
                .expect("it is an entry");
        }
        let mut nobody = entry("2026-11-01T10:00:00.000Z", "s");
        nobody["user_id"] = json!("");
        logged.add(&nobody).expect("it is an entry");
        assert_eq!((logged.entries, logged.users()), (0, 0));
        let mut event = event();
        assert!(!logged.apply("auth0|1", &mut event));
        assert_eq!(event, self::event());
        assert!(logged.add(&json!({"user_id": "auth0|1"})).is_err());
        // The same application keeps its metadata; what the entry lacks stays as it is.
        let bare = json!({"type": "s", "user_id": "auth0|1", "client_id": "c0", "scope": ["openid"], "audience": 7, "location_info": "x"});
        logged.add(&bare).expect("it is a login");
        assert!(logged.apply("auth0|1", &mut event));
        assert_eq!(event, self::event());
    }
}
