//! `/api/v2/clients/{id}/credentials`: the public keys of an application.
//!
//! A credential counts once `client_authentication_methods.private_key_jwt.credentials` of the application names it by its id,
//! as in production. Those that an export has with their key in that list are listed as well.
//!
//! <https://auth0.com/docs/get-started/applications/credentials>,
//! <https://auth0.com/docs/api/management/v2/clients/post-credentials>

use axum::http::StatusCode;
use postlogin_token::PublicKey;
use serde_json::{Map, Value, json};

use super::clients::KIND;
use super::query::only;
use super::resources::{letters, named, new_id};
use super::schema::{self, Is, Properties, refuse};
use super::{Answered, ApiError, Caller, Result, object, ok};
use crate::catalog::changes::{Edit, Section};
use crate::clock::{iso, parse_iso};
use crate::http::{Call, text};
use crate::oauth::assertion::{ALGORITHMS, OWN, listed, own};
use crate::randomness::digest;
use crate::state::Tenant;

/// The most credentials of an application.
const MOST: usize = 20;

const PROPERTIES: Properties = &[
    (
        "credential_type",
        Is::One(&["public_key", "cert_subject_dn", "x509_cert"]),
    ),
    ("name", Is::Text(0, 128)),
    ("pem", Is::Text(1, 4_096)),
    ("alg", Is::One(ALGORITHMS)),
    ("kid", Is::Text(10, 64)),
    ("expires_at", Is::Text(1, 64)),
    ("parse_expiry_from_cert", Is::Bool),
    ("subject_dn", Is::Text(1, 256)),
];

const CHANGES: Properties = &[("expires_at", Is::Text(1, 64))];

fn not_found() -> ApiError {
    let message = "The credential does not exist.";
    ApiError::new(404, message, "inexistent_credential")
}

/// The id of a credential; one of an export has none of its own.
fn id_of(credential: &Value) -> String {
    match text(credential, "id") {
        Some(id) => id.to_owned(),
        None => {
            let key = digest(text(credential, "pem").unwrap_or_default());
            let letters = key.chars().filter(char::is_ascii_alphanumeric);
            format!("cred_{}", letters.take(16).collect::<String>())
        }
    }
}

/// All credentials of an application: its own, and those that its list has with their keys.
fn all(client: &Value) -> Vec<&Value> {
    let inline = listed(client).filter(|credential| credential.get("pem").is_some());
    own(client).chain(inline).collect()
}

/// A credential as the API shows it: never with its key.
fn shown(credential: &Value) -> Value {
    let mut shown = Map::new();
    shown.insert("id".into(), id_of(credential).into());
    for key in [
        "name",
        "kid",
        "alg",
        "credential_type",
        "subject_dn",
        "thumbprint_sha256",
        "created_at",
        "updated_at",
        "expires_at",
    ] {
        if let Some(value) = credential.get(key).filter(|value| !value.is_null()) {
            shown.insert(key.to_owned(), value.clone());
        }
    }
    shown
        .entry("credential_type")
        .or_insert_with(|| "public_key".into());
    Value::Object(shown)
}

const LIST: &str = "/client_authentication_methods/private_key_jwt/credentials";

/// Shows of an application's credentials their ids alone, as production does.
pub(super) fn hide(client: &mut Value) {
    let ids: Vec<Value> = listed(client).map(|it| json!({"id": id_of(it)})).collect();
    if let Some(list @ Value::Array(_)) = client.pointer_mut(LIST) {
        *list = ids.into();
    }
    if let Some(client) = client.as_object_mut() {
        client.shift_remove(OWN);
    }
}

/// Gives the credentials that new values of an application name by their ids their keys, where the application's list has them.
///
/// # Errors
/// For a credential that the application does not have.
pub(super) fn resolve(client: &Value, values: &mut Map<String, Value>) -> Result<()> {
    let methods = values.get_mut("client_authentication_methods");
    let list = methods.and_then(|it| it.pointer_mut("/private_key_jwt/credentials"));
    for named in list.and_then(Value::as_array_mut).into_iter().flatten() {
        if named.get("pem").is_some() {
            continue;
        }
        let id = text(named, "id").unwrap_or_default();
        if own(client).any(|it| text(it, "id") == Some(id)) {
            continue;
        }
        let mut inline = listed(client).filter(|it| it.get("pem").is_some());
        match inline.find(|it| id_of(it) == id) {
            Some(known) => *named = known.clone(),
            None => {
                let message = format!("The credential {id} does not exist.");
                return Err(ApiError::new(400, message, "invalid_body"));
            }
        }
    }
    Ok(())
}

fn find<'a>(client: &'a Value, credential: &str) -> Result<&'a Value> {
    let mut all = all(client).into_iter();
    all.find(|known| id_of(known) == credential)
        .ok_or_else(not_found)
}

/// `GET /clients/{id}/credentials`
pub(super) fn list(tenant: &Tenant, call: &Call, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["read:client_credentials"], None)?;
    only(call, &[])?;
    let client = KIND.find(&tenant.catalog, id)?;
    ok(all(client).into_iter().map(shown).collect())
}

/// `GET /clients/{id}/credentials/{credential}`
pub(super) fn get(
    tenant: &Tenant,
    caller: &Caller,
    (id, credential): (&str, &str),
) -> Result<Answered> {
    caller.require(&["read:client_credentials"], None)?;
    let client = KIND.find(&tenant.catalog, id)?;
    ok(shown(find(client, credential)?))
}

/// The time of a body, as it is stored.
fn time(body: &Map<String, Value>) -> Result<Value> {
    match body.get("expires_at") {
        None | Some(Value::Null) => Ok(Value::Null),
        Some(at) => match at.as_str().and_then(parse_iso) {
            Some(ms) => Ok(iso(ms).into()),
            None => Err(refuse(
                "Object didn't pass validation for format date-time",
                Some("expires_at"),
            )),
        },
    }
}

/// `POST /clients/{id}/credentials`
pub(super) fn create(tenant: &Tenant, call: &Call, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["create:client_credentials"], None)?;
    let body = object(call)?;
    schema::check(body, &[PROPERTIES], &["credential_type"])?;
    if named(body, "credential_type") != "public_key" {
        let message = "The local tenant has no mTLS: credential_type must be public_key.";
        return Err(ApiError::new(400, message, "invalid_body"));
    }
    if body.get("parse_expiry_from_cert") == Some(&Value::Bool(true)) {
        let message = "The local tenant reads public keys, not certificates: write expires_at instead of parse_expiry_from_cert.";
        return Err(ApiError::new(400, message, "invalid_body"));
    }
    let Some(pem) = body.get("pem").and_then(Value::as_str) else {
        return Err(refuse("Missing required property: pem", None));
    };
    let key = PublicKey::from_pem(pem).map_err(|error| {
        let message = format!("The pem is not a public key: {error}.");
        ApiError::new(400, message, "invalid_body")
    })?;
    let kid = match body.get("kid").and_then(Value::as_str) {
        Some(kid)
            if kid
                .bytes()
                .all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it)) =>
        {
            kid
        }
        Some(kid) => {
            let text = format!("String does not match pattern ^([0-9a-zA-Z-_]{{10,64}})$: {kid}");
            return Err(refuse(&text, Some("kid")));
        }
        None => key.kid(),
    };
    let now = iso(tenant.now_ms());
    let alg = body.get("alg").and_then(Value::as_str).unwrap_or("RS256");
    let made = json!({
        "id": new_id(tenant, "cred_") + &letters(tenant, 6), "name": named(body, "name"), "kid": kid, "alg": alg,
        "credential_type": "public_key", "pem": pem, "created_at": now, "updated_at": now, "expires_at": time(body)?,
    });
    tenant.configure(|catalog| {
        let client = KIND.find(catalog, id)?;
        let mut credentials: Vec<Value> = own(client).cloned().collect();
        if credentials.len() >= MOST {
            let message = format!(
                "The local tenant keeps no more than {MOST} credentials of an application."
            );
            return Err(ApiError::new(403, message, "too_many_entities"));
        }
        credentials.push(made.clone());
        Ok::<_, ApiError>(vec![edit(client, OWN, credentials.into())])
    })?;
    Ok(Answered::Body(StatusCode::CREATED, shown(&made)))
}

fn edit(client: &Value, key: &str, value: Value) -> Edit {
    let id = text(client, "client_id").unwrap_or_default();
    Edit::set(
        Section::Clients,
        id,
        Map::from_iter([(key.to_owned(), value)]),
    )
}

/// The edits that change the credentials with an id, wherever they are; `None` removes one.
fn changed(
    client: &Value,
    credential: &str,
    change: impl Fn(&Value) -> Option<Value>,
) -> Vec<Edit> {
    let each = |known: &Value| match id_of(known) == credential {
        true => change(known),
        false => Some(known.clone()),
    };
    let mut edits = Vec::new();
    if own(client).any(|known| id_of(known) == credential) {
        let left: Vec<Value> = own(client).filter_map(each).collect();
        edits.push(edit(client, OWN, left.into()));
    }
    if listed(client).any(|known| id_of(known) == credential) {
        let left: Vec<Value> = listed(client)
            .filter_map(|known| match known.get("pem") {
                Some(_) => each(known),
                // A reference: it goes with what it refers to.
                None => each(known).map(|_| known.clone()),
            })
            .collect();
        let mut methods = client
            .get("client_authentication_methods")
            .cloned()
            .unwrap_or_default();
        if let Some(list) = methods.pointer_mut("/private_key_jwt/credentials") {
            *list = left.into();
        }
        edits.push(edit(client, "client_authentication_methods", methods));
    }
    edits
}

/// `PATCH /clients/{id}/credentials/{credential}`: its end alone.
pub(super) fn update(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
    (id, credential): (&str, &str),
) -> Result<Answered> {
    caller.require(&["update:client_credentials"], None)?;
    let body = object(call)?;
    schema::check(body, &[CHANGES], &[])?;
    schema::not_empty(body)?;
    let ends = time(body)?;
    let now = iso(tenant.now_ms());
    let after = tenant.configure(|catalog| {
        let client = KIND.find(catalog, id)?;
        find(client, credential)?;
        Ok::<_, ApiError>(changed(client, credential, |known| {
            let mut known = known.clone();
            if let Some(known) = known.as_object_mut() {
                known.insert("expires_at".into(), ends.clone());
                known.insert("updated_at".into(), now.clone().into());
            }
            Some(known)
        }))
    })?;
    ok(shown(find(KIND.find(&after, id)?, credential)?))
}

/// `DELETE /clients/{id}/credentials/{credential}`
pub(super) fn delete(
    tenant: &Tenant,
    caller: &Caller,
    (id, credential): (&str, &str),
) -> Result<Answered> {
    caller.require(&["delete:client_credentials"], None)?;
    tenant.configure(|catalog| {
        let client = KIND.find(catalog, id)?;
        find(client, credential)?;
        Ok::<_, ApiError>(changed(client, credential, |_| None))
    })?;
    Ok(Answered::Nothing)
}
