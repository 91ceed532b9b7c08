//! The tokens of an allowed login, and what `/userinfo` answers.
//!
//! Sources: <https://auth0.com/docs/secure/tokens/id-tokens/id-token-structure>,
//! <https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles>,
//! <https://auth0.com/docs/get-started/apis/scopes/openid-connect-scopes>.

mod facts;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::claim_rules::STANDARD_CLAIMS;
use crate::json::{self, text_at, texts_at};
use crate::login::LoginInput;
pub(crate) use facts::Facts;

/// The protocol of a refresh.
pub(crate) const REFRESH_TOKEN: &str = "oauth2-refresh-token";
/// The protocol of a custom token exchange.
pub(crate) const TOKEN_EXCHANGE: &str = "oauth2-token-exchange";
/// The request at the start of the login.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Request {
    /// The scopes, in order.
    pub scopes: Vec<String>,
    /// The API.
    pub audience: Option<String>,
    /// The tenant's host name.
    pub domain: String,
    /// The issuer of tokens, with `/` at its end.
    issuer: String,
    client_id: String,
    nonce: Option<String>,
    wants_auth_time: bool,
    acr_values: Vec<String>,
    protocol: String,
}

impl Request {
    /// Reads the event of a login that starts.
    pub fn of(input: &LoginInput) -> Request {
        let event = &input.event;
        let parameter = |name: &str| {
            text_at(event, &["request", "query", name])
                .or_else(|| text_at(event, &["request", "body", name]))
        };
        let mut scopes = texts_at(event, &["transaction", "requested_scopes"]);
        if scopes.is_empty() {
            let of_tenant = input.tenant.requested_scopes.clone();
            scopes = of_tenant.unwrap_or_else(|| asked(event, parameter("scope")));
        }
        let audience =
            text_at(event, &["resource_server", "identifier"]).or_else(|| parameter("audience"));
        let client_id = text_at(event, &["client", "client_id"]).or_else(|| parameter("client_id"));
        let prompts = texts_at(event, &["transaction", "prompt"]);
        let prompt_login =
            parameter("prompt") == Some("login") || prompts.iter().any(|prompt| prompt == "login");
        let max_age = ["query", "body"]
            .iter()
            .any(|part| json::at(event, &["request", part, "max_age"]).is_some());
        let domain = domain(input, event);
        Request {
            scopes,
            audience: audience.map(str::to_owned),
            issuer: issuer(input, &domain),
            domain,
            client_id: client_id.unwrap_or_default().to_owned(),
            nonce: parameter("nonce").map(str::to_owned),
            wants_auth_time: max_age || prompt_login,
            acr_values: texts_at(event, &["transaction", "acr_values"]),
            protocol: text_at(event, &["transaction", "protocol"])
                .unwrap_or_default()
                .to_owned(),
        }
    }

    /// Whether a scope was asked for.
    pub fn wants(&self, scope: &str) -> bool {
        self.scopes.iter().any(|wanted| wanted == scope)
    }

    /// Whether the access token is opaque: no API was asked for, or `/userinfo` alone.
    pub fn is_opaque(&self) -> bool {
        self.audience
            .as_ref()
            .is_none_or(|audience| *audience == self.userinfo_url())
    }

    /// The issuer of tokens, with `/` at its end.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The application.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The protocol of the login, empty when it is not known.
    pub fn protocol(&self) -> &str {
        &self.protocol
    }

    fn userinfo_url(&self) -> String {
        format!("{}userinfo", self.issuer)
    }
}

/// The scopes of a request that no list has: its parameter, and at a refresh not more than the token has, which is all that is
/// known where the parameter is left out.
fn asked(event: &Value, parameter: Option<&str>) -> Vec<String> {
    let words =
        |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
    let asked = parameter.map(words);
    let mut granted: Vec<String> = Vec::new();
    let servers = json::at(event, &["refresh_token", "resource_servers"]);
    let servers = servers.and_then(Value::as_array).into_iter().flatten();
    let api = text_at(event, &["resource_server", "identifier"]);
    let of_api = |server: &&Value| api.is_none() || text_at(server, &["audience"]) == api;
    for server in servers.filter(of_api) {
        granted.extend(words(text_at(server, &["scopes"]).unwrap_or_default()));
    }
    match asked {
        None => granted,
        Some(asked) if granted.is_empty() => asked,
        Some(asked) => asked
            .into_iter()
            .filter(|scope| granted.contains(scope))
            .collect(),
    }
}

fn domain(input: &LoginInput, event: &Value) -> String {
    let tenant = || text_at(event, &["tenant", "id"]).unwrap_or("tenant");
    let hostname = text_at(event, &["request", "hostname"]);
    match (&input.tenant.domain, hostname) {
        (Some(domain), _) => domain.clone(),
        (None, Some(hostname)) => hostname.to_owned(),
        (None, None) => format!("{}.auth0.com", tenant()),
    }
}

fn issuer(input: &LoginInput, domain: &str) -> String {
    match &input.tenant.issuer {
        Some(issuer) => format!("{}/", issuer.trim_end_matches('/')),
        None => format!("https://{domain}/"),
    }
}

/// Returns what `/userinfo` answers to an access token: the claims of `profile` that its `scopes` release, and the
/// custom claims of the ID token.
///
/// Empty without the scope `openid`. A custom claim that has the name of a standard claim needs that claim's scope,
/// whoever set it.
///
/// Source: <https://auth0.com/docs/api/authentication/user-profile/get-user-info>.
pub fn userinfo(
    profile: &Value,
    sub: &str,
    scopes: &[String],
    custom: &Map<String, Value>,
) -> Map<String, Value> {
    let has = |scope: &str| scopes.iter().any(|granted| granted == scope);
    let mut claims = Map::new();
    if !has("openid") {
        return claims;
    }
    claims.insert("sub".to_owned(), json!(sub));
    claims.extend(standard_claims(profile, scopes));
    let released = custom.iter().filter(|(name, _)| {
        let known = STANDARD_CLAIMS.iter().find(|(claim, _)| claim == name);
        known.is_none_or(|(_, scope)| has(scope))
    });
    claims.extend(released.map(|(name, value)| (name.clone(), value.clone())));
    claims
}

/// Returns the claims of the profile that some scopes release.
fn standard_claims(profile: &Value, scopes: &[String]) -> impl Iterator<Item = (String, Value)> {
    let released = STANDARD_CLAIMS
        .iter()
        .filter(|(_, scope)| scopes.iter().any(|granted| granted == scope));
    released.filter_map(move |(claim, _)| {
        // The profile calls this one differently.
        let attribute = if *claim == "phone_number_verified" {
            "phone_verified"
        } else {
            claim
        };
        let value = profile.get(attribute).filter(|value| !value.is_null())?;
        Some(((*claim).to_owned(), value.clone()))
    })
}

/// Scopes with changes in order: what is added (`true`) comes last, what is removed or added again leaves its place.
pub(crate) fn with_changes(
    scopes: Vec<String>,
    changes: impl Iterator<Item = (String, bool)>,
) -> Vec<String> {
    // The place of each scope. A request may name one several times, which a change removes altogether.
    let mut places: HashMap<String, Vec<usize>> = HashMap::new();
    let mut all: Vec<Option<String>> = Vec::new();
    let started = scopes.into_iter().map(|scope| (scope, None));
    let changed = changes.map(|(scope, add)| (scope, Some(add)));
    for (scope, change) in started.chain(changed) {
        let known = places.entry(scope.clone()).or_default();
        if change.is_some() {
            for place in known.drain(..) {
                if let Some(earlier) = all.get_mut(place) {
                    *earlier = None;
                }
            }
        }
        if change != Some(false) {
            known.push(all.len());
            all.push(Some(scope));
        }
    }
    all.into_iter().flatten().collect()
}
