//! Kinds of logins, as merge patches over the sample: what goes together in production stays together.

use postlogin_core::event::merge_patch;
use serde_json::{Value, json};

use crate::random::Random;

/// Lays one kind of login, or several that go together, over an event.
pub(crate) fn choose(event: &mut Value, random: &mut Random) {
    if random.chance(50) {
        apply(event, random, PROTOCOLS);
    }
    if random.chance(25) {
        apply(event, random, IDENTITIES);
    }
    if random.chance(20) {
        apply(event, random, CIRCUMSTANCES);
    }
}

type Flow = fn() -> Value;

fn apply(event: &mut Value, random: &mut Random, flows: &[Flow]) {
    if let Some(flow) = random.pick(flows) {
        merge_patch(event, &flow());
    }
}

/// The grant by which the application asks for tokens.
const PROTOCOLS: &[Flow] = &[
    no_audience,
    silent,
    refresh_token,
    password,
    device_code,
    saml,
    ws_federation,
    token_exchange,
    backchannel,
    machine,
    implicit,
];

/// Who the user is.
const IDENTITIES: &[Flow] = &[social, enterprise, passwordless_sms, passwordless_email];

/// The special property of this login.
const CIRCUMSTANCES: &[Flow] = &[organization, first_login, second_factor, unverified];

fn no_audience() -> Value {
    json!({
        "resource_server": null,
        "authorization": null,
        "request": {"query": {"audience": null}},
    })
}

fn silent() -> Value {
    json!({
        "request": {"query": {"prompt": "none"}},
        "transaction": {"prompt": ["none"], "response_mode": "web_message"},
    })
}

/// A request to the token endpoint: no browser, no session, nothing in the query.
fn at_the_token_endpoint(protocol: &str, body: Value) -> Value {
    let mut patch = json!({
        "session": null,
        "authentication": null,
        "request": {
            "method": "POST",
            "query": {
                "client_id": null, "response_type": null, "redirect_uri": null,
                "scope": null, "audience": null, "state": null,
            },
            "language": null,
            "user_agent": "example-cli/1.8",
        },
        "transaction": {
            "id": null, "acr_values": null, "prompt": null, "redirect_uri": null,
            "response_type": null, "state": null, "ui_locales": null,
        },
    });
    merge_patch(
        &mut patch,
        &json!({"request": {"body": body}, "transaction": {"protocol": protocol}}),
    );
    patch
}

/// The same, without what the transaction of a password grant and of a refresh does not have.
fn without_details(protocol: &str, body: Value) -> Value {
    let mut patch = at_the_token_endpoint(protocol, body);
    for key in ["locale", "requested_scopes"] {
        patch["transaction"][key] = Value::Null;
    }
    patch
}

fn refresh_token() -> Value {
    let mut patch = without_details(
        "oauth2-refresh-token",
        json!({"grant_type": "refresh_token", "scope": "openid profile"}),
    );
    merge_patch(
        &mut patch,
        &json!({"refresh_token": {
            "id": "rt_5fKq2Lm9Xs7Hd3Vb",
            "client_id": "Tq3fJ8mWb1XzR6yKc9LpVn2HdSg5AoEu",
            "user_id": "auth0|6731f2a9c4b8e05d17f3a9c2",
            "session_id": "vJ3kQ9sLx7Rw2TzYb5Nc8MpGd4HfUa1E",
            "created_at": "2026-11-01T07:15:00.000Z",
            "expires_at": "2027-01-30T07:15:00.000Z",
            "rotating": true,
        }}),
    );
    patch
}

fn password() -> Value {
    let body =
        json!({"grant_type": "password", "username": "jane.doe@example.com", "scope": "openid"});
    without_details("oauth2-password", body)
}

fn token_exchange() -> Value {
    let body = json!({"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange"});
    let mut patch = at_the_token_endpoint("oauth2-token-exchange", body);
    merge_patch(
        &mut patch,
        &json!({"transaction": {"subject_token_type": "urn:example:legacy-token"}}),
    );
    patch
}

fn backchannel() -> Value {
    let body = json!({"grant_type": "urn:openid:params:grant-type:ciba"});
    at_the_token_endpoint("oidc-ciba", body)
}

fn device_code() -> Value {
    json!({
        "transaction": {"protocol": "oauth2-device-code", "redirect_uri": null, "response_type": null},
        "request": {"query": {"response_type": null, "redirect_uri": null, "user_code": "BCDF-GHJK"}},
    })
}

fn saml() -> Value {
    json!({
        "transaction": {
            "protocol": "samlp", "requested_scopes": [], "response_type": [], "redirect_uri": null, "state": null,
        },
        "request": {"query": {
            "response_type": null, "redirect_uri": null, "scope": null, "audience": null, "state": null,
            "SAMLRequest": "fZJNT8JAEIb", "RelayState": "r",
        }},
        "resource_server": null,
    })
}

fn ws_federation() -> Value {
    json!({
        "transaction": {"protocol": "wsfed", "requested_scopes": [], "response_type": [], "redirect_uri": null},
        "request": {"query": {
            "response_type": null, "redirect_uri": null, "scope": null, "audience": null, "wtrealm": "urn:app",
        }},
        "resource_server": null,
    })
}

fn implicit() -> Value {
    json!({
        "transaction": {"protocol": "oidc-implicit-profile", "response_type": ["id_token"], "response_mode": "fragment"},
        "request": {"query": {"response_type": "id_token", "nonce": "n-0S6_WzA2Mj"}},
    })
}

fn machine() -> Value {
    json!({"transaction": null, "session": null, "authentication": null})
}

fn social() -> Value {
    json!({
        "connection": {"id": "con_G00gle", "name": "google-oauth2", "strategy": "google-oauth2"},
        "authentication": {"methods": [{
            "name": "federated", "timestamp": "2026-11-20T08:30:00.000Z", "connection": "google-oauth2",
        }]},
        "user": {
            "user_id": "google-oauth2|104512345678901234567",
            "last_password_reset": null,
            "locale": "en",
            "identities": [{
                "connection": "google-oauth2", "provider": "google-oauth2",
                "user_id": "104512345678901234567", "isSocial": true,
            }],
        },
    })
}

fn enterprise() -> Value {
    json!({
        "connection": {"id": "con_C0rp", "name": "corp", "strategy": "samlp"},
        "authentication": {"methods": [{
            "name": "federated", "timestamp": "2026-11-20T08:30:00.000Z", "connection": "corp",
        }]},
        "user": {
            "user_id": "samlp|corp|jane@example.com",
            "last_password_reset": null,
            "picture": null,
            "groups": ["Everyone", "Finance"],
            "identities": [{
                "connection": "corp", "provider": "samlp", "user_id": "corp|jane@example.com", "isSocial": false,
            }],
        },
    })
}

fn passwordless_sms() -> Value {
    json!({
        "connection": {"id": "con_5ms", "name": "sms", "strategy": "sms"},
        "user": {
            "user_id": "sms|6731f2a9c4b8e05d17f3a9c2",
            "email": null, "email_verified": false, "given_name": null, "family_name": null,
            "name": "+41791234567", "nickname": null, "last_password_reset": null,
            "phone_number": "+41791234567", "phone_verified": true,
            "identities": [{
                "connection": "sms", "provider": "sms", "user_id": "6731f2a9c4b8e05d17f3a9c2", "isSocial": false,
            }],
        },
    })
}

fn passwordless_email() -> Value {
    json!({
        "connection": {"id": "con_Ma1l", "name": "email", "strategy": "email"},
        "user": {
            "user_id": "email|6731f2a9c4b8e05d17f3a9c2",
            "given_name": null, "family_name": null, "last_password_reset": null,
            "identities": [{
                "connection": "email", "provider": "email", "user_id": "6731f2a9c4b8e05d17f3a9c2", "isSocial": false,
            }],
        },
    })
}

fn organization() -> Value {
    json!({
        "organization": {
            "id": "org_Xk9mP2vQ7rT4", "name": "acme", "display_name": "Acme Inc.", "metadata": {"plan": "gold"},
        },
        "request": {"query": {"organization": "org_Xk9mP2vQ7rT4"}},
    })
}

fn first_login() -> Value {
    json!({
        "stats": {"logins_count": 1},
        "user": {"created_at": "2026-11-20T08:29:58.000Z", "last_password_reset": null,
                 "user_metadata": {"hobby": null, "lang": null}, "app_metadata": {"plan": null, "roles": null}},
    })
}

fn second_factor() -> Value {
    json!({
        "authentication": {"methods": [
            {"name": "pwd", "timestamp": "2026-11-20T08:29:00.000Z"},
            {"name": "mfa", "timestamp": "2026-11-20T08:30:00.000Z", "type": "otp"},
        ]},
        "user": {"multifactor": ["google-authenticator"], "enrolledFactors": [{"type": "otp"}]},
    })
}

fn unverified() -> Value {
    json!({"user": {"email_verified": false}})
}

#[cfg(test)]
mod tests {
    use postlogin_core::event::{check_paths, merge_patch, post_login_sample};

    use super::*;
    use crate::is_plausible;

    #[test]
    fn every_kind_of_login_could_come_from_production() {
        let all = PROTOCOLS.iter().chain(IDENTITIES).chain(CIRCUMSTANCES);
        for (index, flow) in all.enumerate() {
            let mut event = post_login_sample();
            merge_patch(&mut event, &flow());
            assert_eq!(
                check_paths(postlogin_core::Trigger::PostLogin, &event),
                [],
                "{index}"
            );
            assert!(
                is_plausible(postlogin_core::Trigger::PostLogin, &event),
                "{index}: {event:#}"
            );
        }
    }

    #[test]
    fn a_refresh_has_no_browser() {
        let mut event = post_login_sample();
        merge_patch(&mut event, &refresh_token());
        assert_eq!(event["transaction"]["protocol"], "oauth2-refresh-token");
        assert_eq!(event.get("session"), None);
        assert_eq!(event["request"]["query"], json!({}));
        assert_eq!(event["request"]["body"]["grant_type"], "refresh_token");
        assert_eq!(event["refresh_token"]["rotating"], true);
        let details = json!({"protocol": "oauth2-refresh-token", "metadata": {}});
        assert_eq!(event["transaction"], details);
    }
}
