//! The token of a machine: how a credentials-exchange ends.
//!
//! Source: <https://auth0.com/docs/customize/actions/explore-triggers/machine-to-machine-trigger>.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::api::target_scopes;
use crate::derive::hex_id;
use crate::login::TokenDialect;
use crate::login::transaction::state::Flow;
use crate::outcome::AccessToken;
use crate::tokens::Request;
use crate::trigger::credentials_exchange::API_PAGE;

/// Returns the access token of an exchange that was allowed.
pub(super) fn access_token(
    flow: &Flow,
    request: &Request,
    custom: &Map<String, Value>,
) -> AccessToken {
    let tenant = &flow.input.tenant;
    let event = &flow.input.event;
    let now_s = flow.now_ms.div_euclid(1000);
    let scopes = granted(flow);
    let client = request.client_id();
    let mut claims = Map::new();
    let mut put = |name: &str, value: Value| {
        claims.insert(name.to_owned(), value);
    };
    put("iss", json!(request.issuer()));
    put("sub", json!(format!("{client}@clients")));
    put("aud", json!(request.audience));
    put("iat", json!(now_s));
    put(
        "exp",
        json!(now_s.saturating_add(tenant.access_token_lifetime_s)),
    );
    if !scopes.is_empty() {
        put("scope", json!(scopes.join(" ")));
    }
    if let Some(id) = crate::json::text_at(event, &["organization", "id"]) {
        put("org_id", json!(id));
        let name = crate::json::text_at(event, &["organization", "name"]);
        if let Some(name) = name.filter(|_| tenant.org_name_in_tokens) {
            put("org_name", json!(name));
        }
    }
    match tenant.token_dialect {
        TokenDialect::Auth0 => {
            put("gty", json!("client-credentials"));
            put("azp", json!(client));
        }
        TokenDialect::Rfc9068 => {
            put("jti", json!(hex_id(flow.input.seed, "jti", 32)));
            put("client_id", json!(client));
        }
    }
    if tenant.rbac && tenant.permissions_in_token {
        put("permissions", json!(scopes));
    }
    // What the platform has put there before the Actions ran; they may replace it.
    claims.extend(crate::json::object_at(
        event,
        &["accessToken", "customClaims"],
    ));
    claims.extend(custom.clone());
    AccessToken {
        claims,
        opaque: false,
        scopes,
        expires_in: Some(tenant.access_token_lifetime_s),
        jwt: None,
    }
}

/// Reports scopes that Actions have added and whose fate is not known here: production drops what the client grant lacks
/// without a word.
pub(super) fn tell_about_scopes(flow: &mut Flow, _: &Request) {
    let before = crate::json::texts_at(&flow.input.event, &["accessToken", "scope"]);
    let target = target_scopes::current(&flow.input.event);
    let message = match &flow.input.tenant.granted_scopes {
        None => {
            let before: HashSet<&String> = before.iter().collect();
            let added = listed(target.iter().filter(|scope| !before.contains(scope)));
            added.map(|added| {
                format!(
                    "Actions added the scopes {added}; production keeps those that the client grant has, which is not known here (setting `granted_scopes`)."
                )
            })
        }
        Some(grant) => {
            let grant: HashSet<&String> = grant.iter().collect();
            let dropped = listed(target.iter().filter(|scope| !grant.contains(scope)));
            dropped.map(|dropped| {
                format!("The client grant does not have the scopes {dropped}: they are dropped.")
            })
        }
    };
    if let Some(message) = message {
        flow.warn("target-scope-grant", message, API_PAGE);
    }
}

fn listed<'s>(scopes: impl Iterator<Item = &'s String>) -> Option<String> {
    const SHOWN: usize = 20;
    let mut scopes = scopes;
    let shown: Vec<String> = scopes
        .by_ref()
        .take(SHOWN)
        .map(|scope| format!("`{scope}`"))
        .collect();
    let more = match scopes.count() {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    (!shown.is_empty()).then(|| format!("{}{more}", shown.join(", ")))
}

/// The target scopes, as far as the client grant has them.
fn granted(flow: &Flow) -> Vec<String> {
    let mut scopes = target_scopes::current(&flow.input.event);
    if let Some(grant) = &flow.input.tenant.granted_scopes {
        let grant: HashSet<&String> = grant.iter().collect();
        scopes.retain(|scope| grant.contains(scope));
    }
    scopes
}
