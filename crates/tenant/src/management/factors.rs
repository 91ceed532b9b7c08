//! The second factors of a user.
//!
//! <https://auth0.com/docs/secure/multi-factor-authentication/manage-mfa-auth0-apis/manage-authentication-methods-with-management-api>

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::query::{only, paged};
use super::schema::{self, Is, Properties, refuse};
use super::users::inexistent;
use super::{Answered, ApiError, Caller, Result, object, ok};
use crate::clock::iso;
use crate::http::{Call, text};
use crate::randomness::digest;
use crate::records::Authenticator;
use crate::state::Tenant;
use crate::store::{Change, ChangeError, Entry};
use crate::triggers::streams;

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

/// The type that the API has for an authenticator of our own, and that of `event.user.enrolledFactors`.
fn types(record: &Authenticator) -> (&'static str, &'static str) {
    match record.kind.as_str() {
        "" => ("totp", "otp"),
        "email" => ("email", "email"),
        "recovery-code" => ("recovery-code", "recovery-code"),
        _ => ("phone", "phone"),
    }
}

/// The method that an authenticator of our own is.
fn of_record(id: &str, record: &Authenticator) -> Value {
    let (kind, _) = types(record);
    let mut method = json!({
        "id": id, "type": kind, "confirmed": record.active, "created_at": record.created_at,
    });
    match (kind, &record.to) {
        ("phone", Some(to)) => {
            method["phone_number"] = to.as_str().into();
            method["preferred_authentication_method"] = record.kind.as_str().into();
        }
        ("email", Some(to)) => method["email"] = to.as_str().into(),
        _ => {}
    }
    method
}

/// The method that only the profile of a user knows.
fn of_profile(user_id: &str, user: &Value, factor: &Value) -> Value {
    let kind = text(factor, "type").unwrap_or_default();
    let created = factor.get("created_at").or_else(|| user.get("created_at"));
    json!({
        "id": id_of(user_id, factor), "type": of_api(kind), "confirmed": true, "created_at": created,
    })
}

/// All methods of a user: authenticators of our own by their records, the others by the profile.
fn methods(tenant: &Tenant, user_id: &str) -> Result<Vec<Value>> {
    let user = tenant.store.user(user_id)?.ok_or_else(inexistent)?;
    let now = tenant.now_ms();
    let records = tenant.store.list::<Authenticator>(Some(user_id), now)?;
    let is_known = |factor: &&Value| {
        let mut active = records.iter().filter(|(_, record)| record.active);
        active.any(|(_, record)| text(factor, "type") == Some(types(record).1))
    };
    let by_profile = enrolled(&user).filter(|factor| !is_known(factor));
    let by_profile = by_profile.map(|factor| of_profile(user_id, &user, factor));
    let mut shown: Vec<Value> = (records.iter())
        .map(|(id, record)| of_record(id, record))
        .collect();
    shown.extend(by_profile);
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
pub(super) fn enrollments(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    id: &str,
) -> Result<Answered> {
    caller.require(&["read:users"], None)?;
    only(call, &[])?;
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
    apps: impl FnOnce(&Change<'_>) -> Result<()>,
    factors: impl FnOnce(&mut Vec<Value>),
) -> Result<()> {
    let now = iso(tenant.now_ms());
    let mut before = Value::Null;
    let user = tenant.store.at_once(tenant.now_ms(), |store| {
        let changed = store.change_user::<()>(user_id, |profile| {
            before.clone_from(profile);
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
    streams::publish_update(tenant, &before, &user);
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
    let apps = |store: &Change<'_>| Ok(store.remove_owned::<Authenticator>(id)?);
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
    if !listed.iter().any(|it| text(it, "id") == Some(method)) {
        return Err(unknown());
    }
    let records = tenant
        .store
        .list::<Authenticator>(Some(id), tenant.now_ms())?;
    let record = records.iter().find(|(known, _)| known == method);
    let kind = record.map(|(_, record)| types(record).1);
    let apps = |store: &Change<'_>| match kind {
        Some(_) => Ok(store.remove::<Authenticator>(method)?),
        None => Ok(()),
    };
    change(tenant, id, apps, |known| {
        known.retain(|factor| match kind {
            Some(kind) => text(factor, "type") != Some(kind),
            None => id_of(id, factor) != method,
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
    let kind = part("type")?;
    let mut record = Authenticator {
        active: true,
        created_at: iso(now),
        ..Authenticator::default()
    };
    match kind {
        "phone" => {
            let preferred = body.get("preferred_authentication_method");
            record.to = Some(part("phone_number")?.to_owned());
            record.kind = preferred
                .and_then(Value::as_str)
                .unwrap_or("sms")
                .to_owned();
        }
        "email" => {
            record.to = Some(part("email")?.to_owned());
            "email".clone_into(&mut record.kind);
        }
        _ => {
            let wrong = || refuse("The secret is not Base32", Some("totp_secret"));
            record.secret = decoded(part("totp_secret")?).ok_or_else(wrong)?;
        }
    }
    let known = methods(tenant, id)?;
    if known.iter().any(|it| text(it, "type") == Some(kind)) {
        let message = "The user has an authentication method of this type already.";
        return Err(ApiError::new(409, message, "conflict"));
    }
    let prefix = match record.kind.as_str() {
        "" => "totp",
        kind => kind,
    };
    let key = format!("{prefix}|dev_{}", tenant.randomness.hex_id());
    let enrolled = match types(&record).1 {
        "phone" => json!({"type": "phone", "options": {"preferredMethod": record.kind}}),
        kind => json!({"type": kind}),
    };
    let apps = |store: &Change<'_>| Ok(store.put(Entry::lasting(&key).of(id), &record)?);
    change(tenant, id, apps, |known| known.push(enrolled))?;
    Ok(Answered::Body(
        StatusCode::CREATED,
        of_record(&key, &record),
    ))
}

/// The bytes of Base32 (RFC 4648), with or without its padding.
pub(crate) fn decoded(text: &str) -> Option<Vec<u8>> {
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
