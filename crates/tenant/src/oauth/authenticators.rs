//! `/mfa/associate` and `/mfa/authenticators`: the second factors of a user are enrolled, listed and deleted, with the token of a login
//! that waits for one or with an access token for the MFA API.
//!
//! <https://auth0.com/docs/secure/multi-factor-authentication/authenticate-using-ropg-flow-with-mfa>,
//! <https://auth0.com/docs/secure/multi-factor-authentication/manage-mfa-auth0-apis/manage-authenticator-factors-mfa-api>

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use postlogin_token::{TOTP_PERIOD_S, base32, totp};
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use super::asked::Asked;
use super::factors::{self, Kind};
use super::mfa::pending;
use super::{OAuthError, Result, userinfo};
use crate::http::{Call, Content, answer, no_content, text, texts};
use crate::randomness::same_secret;
use crate::records::Authenticator;
use crate::signup::is_email;
use crate::state::Tenant;

/// Bytes of a secret (RFC 4226, section 4).
const SECRET_BYTES: usize = 20;

pub(crate) async fn associate(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    if call.method != Method::POST {
        return OAuthError::new(405, "invalid_request", "/mfa/associate accepts POST").response();
    }
    match enrol(&tenant, &call).await {
        Ok(body) => answer(StatusCode::OK, &body),
        Err(error) => error.response(),
    }
}

/// Judges a request by its head: who shows no token has nothing read.
pub(crate) fn judge(tenant: &Tenant, call: &Call) -> std::result::Result<(), Box<Response>> {
    match user_of(tenant, call, None) {
        Ok(_) => Ok(()),
        Err(error) => Err(Box::new(error.response())),
    }
}

pub(crate) async fn list(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let listed = user_of(&tenant, &call, Some("read:authenticators"))
        .and_then(|owner| factors::of(&tenant, &owner.user_id));
    match listed {
        Ok(all) => {
            let shown = all.iter().map(factors::Factor::shown);
            answer(StatusCode::OK, &Value::Array(shown.collect()))
        }
        Err(error) => error.response(),
    }
}

/// `DELETE /mfa/authenticators/{id}`.
pub(crate) async fn remove(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    if call.method != Method::DELETE {
        return OAuthError::new(
            405,
            "invalid_request",
            "/mfa/authenticators/{id} accepts DELETE",
        )
        .response();
    }
    let removed = user_of(&tenant, &call, Some("remove:authenticators")).and_then(|owner| {
        let id = call.segments("/mfa/authenticators").concat();
        factors::remove(&tenant, &owner.user_id, &id)
    });
    match removed {
        Ok(true) => no_content(),
        Ok(false) => OAuthError::new(404, "invalid_request", "Authenticator not found").response(),
        Err(error) => error.response(),
    }
}

/// Whose factors a request is about.
struct Owner {
    user_id: String,
    client_id: String,
    token: String,
    /// The factors that a login waits for; `None` for an access token.
    waits: Option<Asked>,
}

/// The user of the bearer token: of a login that waits for a second factor, or of an access token with a scope. `None` for a
/// scope asks for any.
fn user_of(tenant: &Tenant, call: &Call, scope: Option<&str>) -> Result<Owner> {
    let malformed = || OAuthError::new(401, "invalid_token", "Malformed mfa_token");
    let token = call
        .bearer()
        .filter(|token| !token.is_empty())
        .ok_or_else(malformed)?;
    if let Some(pending) = pending(tenant, token)? {
        // A token of a login lists and enrols; to delete one, the user has to have passed another.
        if scope == Some("remove:authenticators") {
            return Err(malformed());
        }
        return Ok(Owner {
            user_id: pending.user_id,
            client_id: pending.client_id,
            token: token.to_owned(),
            waits: Some(pending.asked),
        });
    }
    let access = userinfo::verify(tenant, token).ok_or_else(malformed)?;
    let is_for_it = |known: &String| super::mfa::is_api(tenant, Some(known));
    if !access.audiences.iter().any(is_for_it) || access.jkt.is_some() {
        return Err(malformed());
    }
    if let Some(scope) = scope
        && !access.scope.iter().any(|known| known == scope)
    {
        let description = format!("Insufficient scope, expected: {scope}");
        return Err(OAuthError::new(403, "insufficient_scope", description));
    }
    Ok(Owner {
        user_id: access.sub,
        client_id: access.client_id,
        token: token.to_owned(),
        waits: None,
    })
}

async fn enrol(tenant: &Arc<Tenant>, call: &Call) -> Result<Value> {
    let owner = user_of(tenant, call, Some("enroll"))?;
    let Content::Json(body) = &call.content else {
        return Err(OAuthError::invalid_request(
            "The body must be a JSON object",
        ));
    };
    if body.get("authenticator_types").is_none() {
        return Err(OAuthError::missing("authenticator_types"));
    }
    let kinds: Vec<&str> = texts(body, "authenticator_types").collect();
    let user = tenant.store.user(&owner.user_id)?.unwrap_or_default();
    let (kind, to) = match kinds.as_slice() {
        ["otp"] => (Kind::Otp, None),
        ["oob"] => recipient(body, &user)?,
        _ => {
            return Err(OAuthError::invalid_request(
                "authenticator_types must be [\"otp\"] or [\"oob\"]",
            ));
        }
    };
    let known = factors::of(tenant, &owner.user_id)?;
    let is_enrolled = known.iter().any(factors::Factor::is_enrolled);
    // An Action names the factors that it accepts.
    if let Some(asked) = &owner.waits
        && !asked.accepts(kind.enrolled())
    {
        let asked = asked.types().join(", ");
        let description = format!("The login does not accept this factor; it asks for: {asked}.");
        return Err(OAuthError::new(
            400,
            "unsupported_challenge_type",
            description,
        ));
    }
    // A user who has one has to pass it before another one is added; an Action that asks to enrol has seen to that.
    if is_enrolled
        && owner
            .waits
            .as_ref()
            .is_some_and(|asked| !matches!(asked, Asked::Enrolment(_)))
    {
        return Err(OAuthError::new(
            403,
            "access_denied",
            "User is already enrolled.",
        ));
    }
    factors::forget_unconfirmed(tenant, &known)?;
    let bytes = tenant.randomness.bytes();
    let secret = bytes.get(..SECRET_BYTES).unwrap_or(&bytes);
    let record = Authenticator {
        secret: match kind {
            Kind::Otp => secret.to_vec(),
            _ => Vec::new(),
        },
        to,
        ..Authenticator::default()
    };
    let factor = factors::add(tenant, &owner.user_id, kind, &record)?;
    let mut answer = match kind {
        Kind::Otp => {
            let (label, issuer) = (text(&user, "email"), &tenant.name);
            let (label, issuer) = (encoded(label.unwrap_or(&owner.user_id)), encoded(issuer));
            let shown = base32(secret);
            json!({
                "authenticator_type": "otp", "secret": shown,
                "barcode_uri": format!("otpauth://totp/{issuer}:{label}?secret={shown}&issuer={issuer}&algorithm=SHA1&digits=6&period={TOTP_PERIOD_S}"),
            })
        }
        _ => {
            let about = (owner.user_id.as_str(), owner.client_id.as_str());
            let oob_code = factors::send_code(tenant, call, about, &owner.token, &factor).await?;
            json!({
                "authenticator_type": "oob", "oob_channel": kind.stored(), "oob_code": oob_code, "binding_method": "prompt",
            })
        }
    };
    // The first one brings a recovery code.
    if !is_enrolled {
        let code = factors::new_recovery_code(tenant, &owner.user_id)?;
        if let Some(answer) = answer.as_object_mut() {
            answer.insert("recovery_codes".into(), json!([code]));
        }
    }
    Ok(answer)
}

/// Where the messages of a new factor go.
fn recipient(body: &Value, user: &Value) -> Result<(Kind, Option<String>)> {
    let channels: Vec<&str> = texts(body, "oob_channels").collect();
    let Some(channel) = channels.first() else {
        return Err(OAuthError::missing("oob_channels"));
    };
    let kind = Kind::of_channel(channel).ok_or_else(|| {
        OAuthError::new(
            400,
            "unsupported_challenge_type",
            format!("The local tenant sends no messages by {channel}; oob_channels may have sms, voice and email"),
        )
    })?;
    if kind == Kind::Email {
        let given = text(body, "email").or_else(|| text(user, "email"));
        let address = given.ok_or_else(|| OAuthError::missing("email"))?;
        return match is_email(address) {
            true => Ok((kind, Some(address.to_owned()))),
            false => Err(OAuthError::invalid_request("The email is invalid.")),
        };
    }
    let number = text(body, "phone_number").ok_or_else(|| OAuthError::missing("phone_number"))?;
    let digits = number.strip_prefix('+').unwrap_or_default();
    let fits =
        (4..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    match fits {
        true => Ok((kind, Some(number.to_owned()))),
        false => Err(OAuthError::invalid_request("The phone number is invalid.")),
    }
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

/// Whether a code is that of the user's app, now or half a minute before or after, and was not used before (RFC 6238,
/// section 5.2). The first one confirms the app.
pub(crate) fn accepts(tenant: &Tenant, user_id: &str, code: &str) -> Result<bool> {
    let now = tenant.now_ms();
    for (id, known) in tenant.store.list::<Authenticator>(Some(user_id), now)? {
        if !known.kind.is_empty() || step_of(&known, code, now).is_none() {
            continue;
        }
        // Of two requests with one code, one is first.
        let used = tenant.store.change(&id, now, |known: &mut Authenticator| {
            known.last_step = Some(step_of(known, code, now)?);
            Some(known.active)
        })?;
        match used.flatten() {
            Some(false) => drop(factors::confirm(tenant, user_id, &id)?),
            Some(true) => {}
            None => continue,
        }
        return Ok(true);
    }
    Ok(false)
}

/// The step of time for which the app shows a code, if no code of this step or a later one was used.
fn step_of(known: &Authenticator, code: &str, now_ms: i64) -> Option<i64> {
    let now = now_ms.div_euclid(1000).div_euclid(TOTP_PERIOD_S);
    // A step that is still to come was used before the tenant's clock was put back.
    let last = known
        .last_step
        .filter(|last| *last <= now.saturating_add(1));
    [now - 1, now, now + 1].into_iter().find(|step| {
        last.is_none_or(|last| *step > last)
            && same_secret(code, &totp(&known.secret, step * TOTP_PERIOD_S))
    })
}
