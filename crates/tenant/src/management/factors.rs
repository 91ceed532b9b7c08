//! The second factors of a user.
//!
//! <https://auth0.com/docs/secure/multi-factor-authentication/manage-mfa-auth0-apis/manage-authentication-methods-with-management-api>

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::query::{only, paged};
use super::schema::{self, Is, Properties, refuse};
use super::users::inexistent;
use super::{Answered, ApiError, Caller, Result, object, ok};
use crate::clock::iso;
use crate::http::{Call, text};
use crate::randomness::digest;
use crate::records::Authenticator;
use crate::state::Tenant;
use crate::store::{ChangeError, Entry};
use crate::triggers::streams::{self, Happened};

/// The types of the API beside those of `event.user.enrolledFactors`.
const TYPES: &[(&str, &str)] = &[
    ("totp", "otp"),
    ("phone", "phone"),
    ("email", "email"),
    ("guardian", "push-notification"),
    ("recovery-code", "recovery-code"),
    ("webauthn-roaming", "webauthn-roaming"),
    ("webauthn-platform", "webauthn-platform"),
];

fn of_api(factor: &str) -> &str {
    let mut types = TYPES.iter();
    types
        .find(|(_, own)| *own == factor)
        .map_or(factor, |(api, _)| api)
}

/// The id of a factor that only the profile knows: always the same for one user and factor.
fn id_of(user_id: &str, factor: &Value) -> String {
    let kind = text(factor, "type").unwrap_or_default();
    let value = text(factor, "value").unwrap_or_default();
    let hash = digest(&format!("{user_id} {kind} {value}"));
    let letters: String = hash
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(16)
        .collect();
    format!("{}|dev_{letters}", of_api(kind))
}

fn enrolled(user: &Value) -> impl Iterator<Item = &Value> {
    let factors = user.get("enrolledFactors").and_then(Value::as_array);
    factors
        .into_iter()
        .flatten()
        .filter(|factor| text(factor, "type").is_some())
}

/// All methods of a user: confirmed apps by their own record, the others by the profile.
fn methods(tenant: &Tenant, user_id: &str) -> Result<Vec<Value>> {
    let user = tenant.store.user(user_id)?.ok_or_else(inexistent)?;
    let apps = tenant
        .store
        .list::<Authenticator>(Some(user_id), tenant.now_ms())?;
    let mut shown: Vec<Value> = Vec::new();
    for (id, app) in &apps {
        shown.push(json!({"id": id, "type": "totp", "confirmed": app.active, "created_at": app.created_at}));
    }
    let has_app = apps.iter().any(|(_, app)| app.active);
    for factor in enrolled(&user).filter(|it| !(has_app && text(it, "type") == Some("otp"))) {
        let kind = text(factor, "type").unwrap_or_default();
        let created = factor.get("created_at").or_else(|| user.get("created_at"));
        let mut method = json!({
            "id": id_of(user_id, factor), "type": of_api(kind), "confirmed": true, "created_at": created,
        });
        let value = match kind {
            "phone" => Some("phone_number"),
            "email" => Some("email"),
            _ => None,
        };
        if let (Some(key), Some(value)) = (value, text(factor, "value")) {
            method[key] = value.into();
        }
        if let Some(preferred) = factor.pointer("/options/preferredMethod") {
            method["preferred_authentication_method"] = preferred.clone();
        }
        shown.push(method);
    }
    Ok(shown)
}

/// `GET /users/{id}/authentication-methods`
pub(super) fn list(tenant: &Tenant, call: &Call, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["read:authentication_methods"], None)?;
    only(call, &[])?;
    ok(paged(call, "authenticators", methods(tenant, id)?)?)
}

fn unknown() -> ApiError {
    let message = "The authentication method does not exist.";
    ApiError::new(404, message, "inexistent_authentication_method")
}

/// `GET /users/{id}/authentication-methods/{method}`
pub(super) fn get(
    tenant: &Tenant,
    caller: &Caller,
    (id, method): (&str, &str),
) -> Result<Answered> {
    caller.require(&["read:authentication_methods"], None)?;
    let mut all = methods(tenant, id)?.into_iter();
    ok(all
        .find(|it| text(it, "id") == Some(method))
        .ok_or_else(unknown)?)
}

/// `GET /users/{id}/enrollments`
pub(super) fn enrollments(tenant: &Tenant, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["read:users"], None)?;
    let shown = methods(tenant, id)?.into_iter().map(|method| {
        let kind = text(&method, "type").unwrap_or_default();
        let confirmed = method.get("confirmed") == Some(&Value::Bool(true));
        let auth_method = match kind {
            "totp" => "authenticator",
            "phone" => "sms",
            "guardian" => "guardian",
            other => other,
        };
        json!({
            "id": method.get("id"), "status": if confirmed { "confirmed" } else { "pending" }, "type": kind, "auth_method": auth_method,
            "enrolled_at": method.get("created_at"), "phone_number": method.get("phone_number"),
        })
    });
    ok(Value::Array(shown.collect()))
}

/// Changes the factors of a profile, and the apps beside them.
fn change(
    tenant: &Tenant,
    user_id: &str,
    apps: impl FnOnce(&crate::store::Change<'_>) -> Result<()>,
    factors: impl FnOnce(&mut Vec<Value>),
) -> Result<()> {
    let now = iso(tenant.now_ms());
    let user = tenant.store.at_once(tenant.now_ms(), |store| {
        let changed = store.change_user::<()>(user_id, |profile| {
            if let Some(profile) = profile.as_object_mut() {
                let known = profile
                    .entry("enrolledFactors")
                    .or_insert_with(|| json!([]));
                if !known.is_array() {
                    *known = json!([]);
                }
                if let Some(known) = known.as_array_mut() {
                    factors(known);
                }
                profile.insert("multifactor_last_modified".into(), now.into());
            }
            Ok(None)
        })?;
        apps(store)?;
        match changed.ok_or_else(inexistent)? {
            Ok(user) => Ok(user),
            // Neither an e-mail nor a user name is changed.
            Err(ChangeError::Conflict | ChangeError::Refused(())) => Err(inexistent()),
        }
    })?;
    streams::publish(tenant, Happened::Updated, &user);
    Ok(())
}

/// `DELETE /users/{id}/authentication-methods` and `/users/{id}/authenticators`: all of them.
pub(super) fn delete_all(
    tenant: &Tenant,
    caller: &Caller,
    scope: &str,
    id: &str,
) -> Result<Answered> {
    caller.require(&[scope], None)?;
    let apps = |store: &crate::store::Change<'_>| Ok(store.remove_owned::<Authenticator>(id)?);
    change(tenant, id, apps, Vec::clear)?;
    Ok(Answered::Nothing)
}

/// `DELETE /users/{id}/authentication-methods/{method}`
pub(super) fn delete(
    tenant: &Tenant,
    caller: &Caller,
    (id, method): (&str, &str),
) -> Result<Answered> {
    caller.require(&["delete:authentication_methods"], None)?;
    let listed = methods(tenant, id)?;
    let found = listed
        .iter()
        .find(|it| text(it, "id") == Some(method))
        .ok_or_else(unknown)?;
    let is_app = text(found, "type") == Some("totp");
    let apps = |store: &crate::store::Change<'_>| match is_app {
        true => Ok(store.remove_owned::<Authenticator>(id)?),
        false => Ok(()),
    };
    change(tenant, id, apps, |known| {
        known.retain(|factor| match is_app {
            true => text(factor, "type") != Some("otp"),
            false => id_of(id, factor) != method,
        });
    })?;
    Ok(Answered::Nothing)
}

const METHOD: Properties = &[
    ("type", Is::One(&["phone", "email", "totp"])),
    ("name", Is::Text(0, 300)),
    ("phone_number", Is::Text(2, 30)),
    ("email", Is::Text(3, 300)),
    ("totp_secret", Is::Text(16, 300)),
    (
        "preferred_authentication_method",
        Is::One(&["sms", "voice"]),
    ),
];

/// `POST /users/{id}/authentication-methods`: a phone, an address or an app. Of each type a user has one.
pub(super) fn create(tenant: &Tenant, call: &Call, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["create:authentication_methods"], None)?;
    let body = object(call)?;
    schema::check(body, &[METHOD], &["type"])?;
    let part = |key: &str| {
        let value = body.get(key).and_then(Value::as_str);
        value.ok_or_else(|| refuse(&format!("Missing required property: {key}"), None))
    };
    let now = tenant.now_ms();
    let mut factor = Map::new();
    let kind = part("type")?;
    let own = TYPES
        .iter()
        .find(|(api, _)| *api == kind)
        .map_or(kind, |(_, own)| own);
    factor.insert("type".into(), own.into());
    factor.insert("created_at".into(), iso(now).into());
    let mut secret = None;
    match kind {
        "phone" => {
            factor.insert("value".into(), part("phone_number")?.into());
            let preferred = body.get("preferred_authentication_method").cloned();
            let preferred = preferred.unwrap_or_else(|| "sms".into());
            factor.insert("options".into(), json!({"preferredMethod": preferred}));
        }
        "email" => {
            factor.insert("value".into(), part("email")?.into());
        }
        _ => {
            let decoded = decoded(part("totp_secret")?);
            let wrong = || refuse("The secret is not Base32", Some("totp_secret"));
            secret = Some(decoded.ok_or_else(wrong)?);
        }
    }
    let factor = Value::Object(factor);
    let known = methods(tenant, id)?;
    if known.iter().any(|it| text(it, "type") == Some(kind)) {
        let message = "The user has an authentication method of this type already.";
        return Err(ApiError::new(409, message, "conflict"));
    }
    let app = format!("totp|dev_{}", tenant.randomness.hex_id());
    let apps = |store: &crate::store::Change<'_>| {
        if let Some(secret) = secret {
            let record = Authenticator {
                secret,
                active: true,
                created_at: iso(now),
                ..Authenticator::default()
            };
            store.put(Entry::lasting(&app).of(id), &record)?;
        }
        Ok(())
    };
    change(tenant, id, apps, |known| known.push(factor))?;
    let made = methods(tenant, id)?
        .into_iter()
        .find(|it| text(it, "type") == Some(kind));
    Ok(Answered::Body(
        StatusCode::CREATED,
        made.ok_or_else(unknown)?,
    ))
}

/// The bytes of Base32 (RFC 4648), with or without its padding.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let (mut bits, mut count, mut bytes) = (0_u32, 0_u32, Vec::new());
    for letter in text.trim_end_matches('=').chars() {
        let value = match letter.to_ascii_uppercase() {
            letter @ 'A'..='Z' => u32::from(letter) - u32::from('A'),
            digit @ '2'..='7' => u32::from(digit) - u32::from('2') + 26,
            _ => return None,
        };
        bits = ((bits << 5) | value) & 0xfff;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    Some(bytes).filter(|bytes| !bytes.is_empty())
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn base32_is_that_of_the_rfc() {
        // RFC 4648, section 10.
        for (text, bytes) in [
            ("MY======", "f"),
            ("MZXW6===", "foo"),
            ("MZXW6YTBOI======", "foobar"),
            ("mzxw6ytb", "fooba"),
        ] {
            assert_eq!(decoded(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        for wrong in ["", "M1", "MZ XW", "ü"] {
            assert_eq!(decoded(wrong), None, "{wrong}");
        }
    }
}
