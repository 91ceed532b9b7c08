//! The event of the post-login trigger, from what the tenant knows at the moment.
//!
//! <https://auth0.com/docs/actions/reference/post-login/post-login-event-object>

use postlogin_core::{Trigger, complete_event};
use serde_json::{Map, Value, json};

use super::extra::Extra;
use super::{OAuthError, Result};
use crate::clock::iso;
use crate::http::{Call, text};
use crate::records::{Method, Session as SessionRecord};
use crate::state::Tenant;

/// The request of a login and its user.
#[derive(Debug, Clone, Default)]
pub(crate) struct Occasion {
    pub(crate) client: Value,
    pub(crate) user_id: String,
    /// The profile, if it was read already.
    pub(crate) user: Option<Value>,
    pub(crate) protocol: &'static str,
    pub(crate) scope: Vec<String>,
    pub(crate) audience: Option<String>,
    /// The id.
    pub(crate) organization: Option<String>,
    pub(crate) query: Map<String, Value>,
    pub(crate) body: Map<String, Value>,
    /// More members of `event.transaction`.
    pub(crate) transaction: Map<String, Value>,
    pub(crate) session: Option<SessionRecord>,
    /// The connection of a login without a session.
    pub(crate) connection: Option<String>,
    /// The hash of the session's cookie.
    pub(crate) session_key: Option<String>,
    /// `event.refresh_token`.
    pub(crate) refresh_token: Option<Value>,
    /// The refresh token that is exchanged.
    pub(crate) exchanged: Option<super::refresh::Exchanged>,
    /// The ways in which the user signed in.
    pub(crate) methods: Vec<Method>,
    /// The claims that the login page was given.
    pub(crate) extra: Extra,
    /// Attributes of the provider that are not stored.
    pub(crate) passing: Map<String, Value>,
}

impl Occasion {
    /// The connection by which the user came, if it is known.
    pub(crate) fn arrived_by(&self) -> Option<&str> {
        let session = self.session.as_ref();
        let of_session = session.and_then(|session| session.connection.as_deref());
        of_session.or(self.connection.as_deref())
    }
}

/// The parameters of a request's body that must not reach an Action.
pub(crate) const CREDENTIALS: &[&str] = &[
    "password",
    "client_secret",
    "client_assertion",
    "refresh_token",
    "auth_session",
    "authn_response",
    "code",
    "code_verifier",
    "mfa_token",
    "otp",
    "device_code",
];

/// Returns the event of a login of a stored user.
pub(crate) fn event(
    tenant: &Tenant,
    occasion: &Occasion,
    mut user: Value,
    call: &Call,
) -> Result<Value> {
    let logins = user
        .get("logins_count")
        .cloned()
        .unwrap_or_else(|| json!(0));
    let arrived_by = occasion.arrived_by();
    let connection = connection(tenant, &user, arrived_by);
    if text(&connection, "strategy") == Some("auth0")
        && !allows_user(tenant, &connection, &occasion.client)
    {
        return Err(OAuthError::new(
            403,
            "access_denied",
            "the connection is not enabled for the client",
        ));
    }
    // A refresh goes by the login that it continues.
    if occasion.exchanged.is_none() {
        super::enabled::require(tenant, occasion.organization.as_deref(), &connection)?;
    }
    of_user(&mut user);
    if let Some(user) = user.as_object_mut() {
        user.extend(occasion.passing.clone());
    }
    let query = occasion.query.clone();
    let mut body = occasion.body.clone();
    body.retain(|key, _| !CREDENTIALS.contains(&key.as_str()));
    let transaction = transaction(tenant, occasion, call);
    let client_metadata = occasion
        .client
        .get("client_metadata")
        .cloned()
        .unwrap_or_else(|| json!({}));
    let mut request = request(tenant, call);
    if let Some(request) = request.as_object_mut() {
        request.insert("query".into(), Value::Object(query));
        request.insert("body".into(), Value::Object(body));
    }
    let mut event = json!({
        "authentication": {"methods": occasion.methods},
        "authorization": {"roles": tenant.role_names(&occasion.user_id, occasion.organization.as_deref())?},
        "client": {
            "client_id": text(&occasion.client, "client_id"), "name": text(&occasion.client, "name"), "metadata": client_metadata,
        },
        "connection": {
            "id": text(&connection, "id"), "name": text(&connection, "name"), "strategy": text(&connection, "strategy"),
            "metadata": connection.get("metadata").cloned().unwrap_or_else(|| json!({})),
        },
        "request": request,
        "secrets": {},
        "stats": {"logins_count": logins},
        "tenant": {"id": tenant.name},
        "transaction": transaction,
        "user": user,
    });
    let mut put = |key: &str, value: Option<Value>| {
        if let (Some(value), Some(event)) = (value, event.as_object_mut()) {
            event.insert(key.to_owned(), value);
        }
    };
    put(
        "resource_server",
        occasion
            .audience
            .as_ref()
            .map(|audience| json!({"identifier": audience})),
    );
    let session = occasion.session.as_ref();
    put(
        "session",
        session.map(|session| session_of(tenant, session)),
    );
    put("refresh_token", occasion.refresh_token.clone());
    if let Some(found) = occasion
        .organization
        .as_deref()
        .and_then(|id| tenant.catalog.organization(id))
    {
        put(
            "organization",
            Some(json!({
                "id": text(found, "id"), "name": text(found, "name"), "display_name": text(found, "display_name"),
                "metadata": found.get("metadata").cloned().unwrap_or_else(|| json!({})),
            })),
        );
    }
    complete_event(Trigger::PostLogin, &mut event);
    Ok(event)
}

/// Protocols whose transaction has nothing but its protocol: their scopes are those of `event.request.body` and
/// `event.refresh_token`. Sources: the knowledge base, "Find Requested Scopes in Actions for Refresh token, Client Credential
/// Exchange or Resource Owner Password Grant"; <https://community.auth0.com/t/129557>.
const WITHOUT_DETAILS: &[&str] = &["oauth2-password", "oauth2-refresh-token"];

/// Returns `event.transaction`.
fn transaction(tenant: &Tenant, occasion: &Occasion, call: &Call) -> Map<String, Value> {
    let mut transaction = Map::new();
    transaction.insert("protocol".into(), occasion.protocol.into());
    transaction.insert("metadata".into(), json!({}));
    if !WITHOUT_DETAILS.contains(&occasion.protocol) {
        transaction.insert("requested_scopes".into(), json!(occasion.scope));
        let asked = occasion.transaction.get("ui_locales");
        let asked = asked.and_then(Value::as_array).into_iter().flatten();
        let locale = locale(tenant, asked.filter_map(Value::as_str), Some(call));
        transaction.insert("locale".into(), locale.into());
        for list in ["acr_values", "ui_locales", "prompt"] {
            transaction.insert(list.into(), json!([]));
        }
    }
    transaction.extend(occasion.transaction.clone());
    transaction
}

/// The value of `multifactor` of a profile: `guardian` for a user who has enrolled a factor, whatever it is. An address alone
/// is none.
///
/// Sources: <https://community.auth0.com/t/115069>, <https://community.auth0.com/t/136610>.
pub(crate) fn multifactor(user: &Value) -> Value {
    let list = |key: &str| user.get(key).and_then(Value::as_array);
    let factors = list("enrolledFactors");
    let counts = |factor: &Value| {
        text(factor, "type").is_some_and(|kind| !matches!(kind, "email" | "recovery-code"))
    };
    let mut known = list("multifactor").cloned().unwrap_or_default();
    if let Some(factors) = factors {
        known.retain(|provider| provider != "guardian");
        if factors.iter().any(counts) {
            known.insert(0, "guardian".into());
        }
    }
    Value::Array(known)
}

/// Makes `event.user` of a stored profile.
pub(crate) fn of_user(user: &mut Value) {
    let multifactor = multifactor(user);
    let Some(user) = user.as_object_mut() else {
        return;
    };
    for key in [
        "logins_count",
        "last_ip",
        "last_login",
        "blocked",
        "multifactor_last_modified",
    ] {
        user.shift_remove(key);
    }
    user.insert("multifactor".into(), multifactor);
    user.entry("enrolledFactors").or_insert_with(|| json!([]));
}

/// `event.transaction.locale`: the first language that is asked for (`ui_locales`, then the browser's by their weights) and that
/// the tenant has; else the tenant's default, the first of its `enabled_locales`.
///
/// Source: <https://auth0.com/docs/customize/internationalization-and-localization/universal-login-internationalization>.
pub(crate) fn locale<'a>(
    tenant: &Tenant,
    mut asked: impl Iterator<Item = &'a str>,
    call: Option<&Call>,
) -> String {
    let enabled = tenant.catalog.settings.get("enabled_locales");
    let enabled = enabled.and_then(Value::as_array).into_iter().flatten();
    let enabled: Vec<&str> = enabled.filter_map(Value::as_str).collect();
    let header = call.and_then(|call| call.header("accept-language"));
    let by_browser = || {
        let mut listed = weighted(header.unwrap_or_default()).into_iter();
        listed.find_map(|language| closest(&enabled, language))
    };
    let found = asked.find_map(|language| closest(&enabled, language));
    let default = || enabled.first().copied().unwrap_or("en");
    found.or_else(by_browser).unwrap_or_else(default).to_owned()
}

/// The enabled language that serves an asked one: itself, its base (`de` for `de-AT`), or else one of the same base.
fn closest<'a>(enabled: &[&'a str], asked: &str) -> Option<&'a str> {
    let base = |tag: &str| {
        tag.split(['-', '_'])
            .next()
            .unwrap_or_default()
            .to_lowercase()
    };
    let is = |wanted: &str| {
        let found = enabled.iter().find(|it| it.eq_ignore_ascii_case(wanted));
        found.copied()
    };
    let wanted = base(asked);
    let same_base = || enabled.iter().find(|it| base(it) == wanted).copied();
    is(asked).or_else(|| is(&wanted)).or_else(same_base)
}

/// The languages of an `Accept-Language` header, the most wanted first (RFC 9110, section 12.5.4).
fn weighted(header: &str) -> Vec<&str> {
    let mut listed: Vec<(&str, u32)> = Vec::new();
    for part in header.split(',').take(50) {
        let (tag, parameters) = part.split_once(';').unwrap_or((part, ""));
        let weight = parameters.trim().strip_prefix("q=");
        let weight = weight.map_or(Some(1.0), |text| text.trim().parse::<f64>().ok());
        let weight = weight.filter(|weight| (0.0..=1.0).contains(weight));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to 1,000"
        )]
        let weight = (weight.unwrap_or_default() * 1000.0) as u32;
        if weight > 0 && !tag.trim().is_empty() {
            listed.push((tag.trim(), weight));
        }
    }
    listed.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    listed.into_iter().map(|(tag, _)| tag).collect()
}

/// Returns the `request` of an event, without its parameters.
pub(crate) fn request(tenant: &Tenant, call: &Call) -> Value {
    let language = call
        .header("accept-language")
        .and_then(|list| list.split([',', ';', '-']).next())
        // `*` is what clients send that do not care.
        .filter(|language| language.bytes().all(|byte| byte.is_ascii_alphabetic()));
    json!({
        "ip": call.ip, "method": call.method.as_str(), "geoip": {},
        "hostname": tenant.site.authority, "language": language.unwrap_or("en"),
        "user_agent": call.header("user-agent").unwrap_or_default(),
    })
}

/// The connection that a user came by, else that of the first identity.
pub(crate) fn connection(tenant: &Tenant, user: &Value, arrived_by: Option<&str>) -> Value {
    let identities = user.get("identities").and_then(Value::as_array);
    let mut identities = identities.into_iter().flatten();
    let first = identities.clone().next();
    let came = arrived_by
        .and_then(|name| identities.find(|identity| text(identity, "connection") == Some(name)));
    let identity = came.or(first).cloned().unwrap_or_default();
    let name = text(&identity, "connection").unwrap_or_default();
    let provider = text(&identity, "provider").unwrap_or("auth0");
    let unknown = || json!({"id": format!("con_{name}"), "name": name, "strategy": provider});
    tenant
        .catalog
        .connection(name)
        .cloned()
        .unwrap_or_else(unknown)
}

fn allows_user(tenant: &Tenant, connection: &Value, client: &Value) -> bool {
    let known = text(connection, "name").and_then(|name| tenant.catalog.connection(name));
    known.is_none_or(|known| crate::catalog::is_enabled(known, client))
}

/// Returns `event.session` of a session.
fn session_of(tenant: &Tenant, session: &SessionRecord) -> Value {
    json!({
        "id": session.id, "user_id": session.user_id, "created_at": iso(session.created_at),
        "updated_at": iso(session.updated_at), "authenticated_at": iso(session.authenticated_at),
        "expires_at": iso(session.expires_at), "idle_expires_at": iso(session.idle_expires_at),
        "last_interacted_at": iso(session.last_interacted_at), "clients": session.clients,
        "device": session.device, "cookie": {"mode": super::session::cookie_mode(tenant, session)},
        "metadata": session.metadata,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{closest, multifactor, weighted};

    #[test]
    fn a_user_with_a_factor_has_guardian_and_an_address_is_none() {
        for (user, expected) in [
            (json!({}), json!([])),
            (json!({"enrolledFactors": []}), json!([])),
            (
                json!({"enrolledFactors": [{"type": "otp"}, {"type": "phone"}]}),
                json!(["guardian"]),
            ),
            (
                json!({"enrolledFactors": [{"type": "email"}, {"type": "recovery-code"}]}),
                json!([]),
            ),
            (json!({"multifactor": ["guardian"]}), json!(["guardian"])),
            (
                json!({"multifactor": ["guardian", "duo"], "enrolledFactors": []}),
                json!(["duo"]),
            ),
            (
                json!({"multifactor": ["guardian"], "enrolledFactors": [{"type": "otp"}]}),
                json!(["guardian"]),
            ),
        ] {
            assert_eq!(multifactor(&user), expected, "{user}");
        }
    }

    #[test]
    fn languages_come_by_their_weights() {
        for (header, expected) in [
            ("", vec![]),
            ("de", vec!["de"]),
            ("fr;q=0.5, de-AT, en;q=0.8", vec!["de-AT", "en", "fr"]),
            ("de;q=0, fr;q=x, en;q=2", vec![]),
        ] {
            assert_eq!(weighted(header), expected, "{header}");
        }
    }

    #[test]
    fn the_closest_language_that_is_enabled_counts() {
        let enabled = ["fr", "de", "pt-BR", "zh-TW"];
        for (asked, expected) in [
            ("DE", Some("de")),
            ("de-AT", Some("de")),
            ("pt", Some("pt-BR")),
            ("zh-tw", Some("zh-TW")),
            ("es", None),
            ("", None),
        ] {
            assert_eq!(closest(&enabled, asked), expected, "{asked}");
        }
    }
}
