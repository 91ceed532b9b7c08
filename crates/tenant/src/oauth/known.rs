//! The parameters of requests. One that no endpoint of the vendor has is ignored there, and one that only this tenant ignores is a
//! difference: both are in the log by name, and none is an error.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use axum::http::Method;
use postlogin_core::event::suggest::closest;
use serde_json::{Value, json};

use super::api::takes_resource;
use super::token::{DEVICE_GRANT, OOB_GRANT, OTP_GRANT, REALM_GRANT, RECOVERY_GRANT};
use crate::clock::iso;
use crate::http::{Call, Content};
use crate::state::Tenant;

/// So many names are remembered, and logged once each.
const MOST: usize = 1_000;
/// So many of one request are named.
const MOST_NAMES: usize = 20;
/// So many characters of a name are.
const LONGEST: usize = 80;

/// The parameters of an endpoint.
struct Known {
    /// The parameters that count here.
    counts: &'static [&'static str],
    /// The parameters that count in production alone.
    elsewhere: &'static [&'static str],
}

/// The parameters with which an application authenticates.
const CLIENT: &[&str] = &[
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
];

/// <https://auth0.com/docs/api/authentication/authorization-code-flow/authorize-application>
const AUTHORIZE: Known = Known {
    counts: &[
        "acr_values",
        "audience",
        "authorization_details",
        // Which SDK asks; nothing depends on it.
        "auth0Client",
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "connection",
        "dpop_jkt",
        "invitation",
        "login_hint",
        "login_ticket",
        "max_age",
        "nonce",
        "organization",
        "organization_name",
        "prompt",
        "redirect_uri",
        "request",
        "request_uri",
        "response_mode",
        "response_type",
        "scope",
        "screen_hint",
        "state",
        "ui_locales",
    ],
    elsewhere: &[
        "access_type",
        "claims",
        "connection_scope",
        "device",
        "display",
        "id_token_hint",
        "realm",
        "requested_connection",
        "requested_connection_scope",
        "session_transfer_token",
    ],
};

const NOTHING: &[&str] = &[];

/// The parameters of a request, and whether the credentials of an application belong to them.
fn known(call: &Call) -> Option<(Known, bool)> {
    let plain = |counts| {
        let known = Known {
            counts,
            elsewhere: NOTHING,
        };
        Some((known, true))
    };
    match call.path.as_str() {
        "/authorize" => Some((AUTHORIZE, false)),
        "/oauth/par" => Some((AUTHORIZE, true)),
        "/oauth/token" => plain(of_grant(call.body_field("grant_type").unwrap_or_default())?),
        "/oauth/revoke" => plain(&["token", "token_type_hint"]),
        "/oauth/device/code" => plain(&["audience", "scope"]),
        "/userinfo" => plain(&["access_token"]),
        "/mfa/challenge" => plain(&["mfa_token", "challenge_type", "authenticator_id"]),
        "/mfa/associate" => plain(&[
            "authenticator_types",
            "oob_channels",
            "phone_number",
            "email",
        ]),
        "/passwordless/start" => {
            let counts = &["connection", "email", "phone_number", "send", "authParams"];
            let elsewhere = &["captcha"];
            Some((Known { counts, elsewhere }, true))
        }
        "/dbconnections/signup" => plain(&[
            "connection",
            "email",
            "password",
            "username",
            "phone_number",
            "given_name",
            "family_name",
            "name",
            "nickname",
            "picture",
            "user_metadata",
        ]),
        "/dbconnections/change_password" => {
            plain(&["connection", "email", "username", "organization"])
        }
        "/co/authenticate" => plain(&["credential_type", "username", "password", "realm", "otp"]),
        "/v2/logout" => {
            let counts = &["returnTo", "auth0Client"];
            let elsewhere = &["federated"];
            Some((Known { counts, elsewhere }, true))
        }
        "/oidc/logout" => {
            let counts = &[
                "id_token_hint",
                "logout_hint",
                "post_logout_redirect_uri",
                "state",
                "auth0Client",
            ];
            let elsewhere = &["federated", "ui_locales"];
            Some((Known { counts, elsewhere }, true))
        }
        _ => None,
    }
}

fn of_grant(grant: &str) -> Option<&'static [&'static str]> {
    Some(match grant {
        "authorization_code" => &["grant_type", "code", "redirect_uri", "code_verifier"],
        "refresh_token" => &["grant_type", "refresh_token", "scope", "audience"],
        "password" | REALM_GRANT => &[
            "grant_type",
            "username",
            "password",
            "scope",
            "audience",
            "realm",
            "organization",
        ],
        "client_credentials" => &["grant_type", "audience", "scope", "organization"],
        DEVICE_GRANT => &["grant_type", "device_code"],
        OTP_GRANT => &["grant_type", "mfa_token", "otp"],
        OOB_GRANT => &["grant_type", "mfa_token", "oob_code", "binding_code"],
        RECOVERY_GRANT => &["grant_type", "mfa_token", "recovery_code"],
        super::passwordless::PASSWORDLESS_GRANT => &[
            "grant_type",
            "username",
            "otp",
            "realm",
            "scope",
            "audience",
            "organization",
        ],
        // A token exchange has the parameters of its profile.
        _ => return None,
    })
}

/// The names that the log has already.
#[derive(Debug, Default)]
pub(crate) struct Noticed(Mutex<BTreeSet<String>>);

impl Noticed {
    /// Whether a name is new, and remembers it.
    fn is_new(&self, name: &str) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.len() < MOST && known.insert(name.to_owned())
    }

    /// Forgets all of them.
    pub(crate) fn clear(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

/// Logs the parameters of a request that do not count, each once for each endpoint.
pub(crate) fn note(tenant: &Tenant, call: &Call) {
    let Some((known, with_client)) = known(call) else {
        return;
    };
    let is_known = |name: &str| {
        known.counts.contains(&name)
            || (with_client && CLIENT.contains(&name))
            // Parameters of an application's own, for its Actions.
            || name.starts_with("ext-")
            || (name == "resource" && takes_resource(tenant))
    };
    let mut unknown: Vec<String> = Vec::new();
    for name in names(call) {
        if is_known(name) || unknown.len() >= MOST_NAMES {
            continue;
        }
        let name: String = name.chars().take(LONGEST).collect();
        if tenant
            .control
            .noticed
            .is_new(&format!("{} {name}", call.path))
        {
            unknown.push(name);
        }
    }
    for name in unknown {
        let all = known.counts.iter().chain(known.elsewhere).copied();
        let message = match known.elsewhere.contains(&name.as_str()) {
            true => format!(
                "{}: the local tenant ignores `{name}`, which counts in production",
                call.path
            ),
            false => match closest(&name, all) {
                Some(near) => format!(
                    "{}: `{name}` is not a parameter of it and is ignored, as in production; did you mean `{near}`?",
                    call.path
                ),
                None => format!(
                    "{}: `{name}` is not a parameter of it; Actions see it, and nothing else does",
                    call.path
                ),
            },
        };
        tenant.control.log(json!({
            "type": "notice", "date": iso(tenant.now_ms()), "code": "unknown-parameter", "path": call.path,
            "parameter": name, "message": message,
        }));
    }
}

/// The names of a request's parameters.
fn names(call: &Call) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    // A query counts where a request has no body, and for `access_token`.
    if call.method == Method::GET || call.path == "/userinfo" {
        names.extend(call.query.0.iter().map(|(name, _)| name.as_str()));
    }
    match &call.content {
        Content::Form(form) => names.extend(form.0.iter().map(|(name, _)| name.as_str())),
        Content::Json(Value::Object(body)) => names.extend(body.keys().map(String::as_str)),
        _ => {}
    }
    names
}
