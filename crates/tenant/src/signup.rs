//! `/dbconnections/signup`.
//!
//! <https://auth0.com/docs/api/authentication/signup/create-a-new-user>

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::email::{Cause, Template, is_on, send};
use crate::http::{Call, Content, answer, text};
use crate::import::complete;
use crate::management::{body, happenings};
use crate::oauth::{OAuthError, Result};
use crate::password::{self, MAX_PASSWORD};
use crate::state::Tenant;
use crate::store::{NewUser, UserConflict};
use crate::triggers::registration::{self, Creation};
use crate::triggers::streams::{self, Happened};
use identifiers::{ATTRIBUTES, AtSignup, at_signup};

pub(crate) mod change_password;
pub(crate) mod history;
pub(crate) mod identifiers;
pub(crate) mod strength;
pub(crate) mod username;

pub(crate) use change_password::change_password;

/// Fields of `user_metadata` at a sign-up.
const METADATA_FIELDS: usize = 10;
/// Characters of the name of such a field.
const METADATA_NAME: usize = 100;
/// Characters of its value.
const METADATA_VALUE: usize = 500;

/// The refusal of a sign-up: the documented body, status 400.
#[derive(Debug, Clone)]
pub(crate) struct Refusal(pub(crate) Value);

impl Refusal {
    fn named(code: &str, description: &str) -> Self {
        Self(
            json!({"name": "BadRequestError", "code": code, "description": description, "statusCode": 400}),
        )
    }

    fn plain(error: impl Into<String>) -> Self {
        Self(json!({"error": error.into()}))
    }

    /// One sentence for the page.
    pub(crate) fn for_people(&self) -> String {
        let part = |key: &str| text(&self.0, key);
        if part("code") == Some("extensibility_error") {
            // The reason of an Action is for the application; the user reads the message for them, if there is one.
            return part("friendly_message")
                .unwrap_or("Something went wrong, please try again later.")
                .to_owned();
        }
        let shown = part("message")
            .or_else(|| part("description"))
            .or_else(|| part("error"));
        shown.unwrap_or("Something went wrong.").to_owned()
    }
}

fn fields_of(call: &Call) -> std::result::Result<Map<String, Value>, Refusal> {
    match &call.content {
        Content::Json(Value::Object(map)) => Ok(map.clone()),
        Content::Form(form) => Ok(form.to_map()),
        Content::Bad(reason) => Err(Refusal::plain(reason.clone())),
        _ => Err(Refusal::plain("the body must be an object")),
    }
}

pub(crate) async fn sign_up(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    if call.method != Method::POST {
        return OAuthError::new(405, "invalid_request", "Sign-up accepts POST").response();
    }
    let fields = match fields_of(&call) {
        Ok(fields) => fields,
        Err(refusal) => return answer(StatusCode::BAD_REQUEST, &refusal.0),
    };
    match create(&tenant, &call, &fields, None).await {
        Ok(Ok(user)) => answer(StatusCode::OK, &shown(&user)),
        Ok(Err(refusal)) => answer(StatusCode::BAD_REQUEST, &refusal.0),
        Err(error) => error.response(),
    }
}

/// Returns the answer of a sign-up: the id is without its provider.
fn shown(user: &Value) -> Value {
    let id = text(user, "user_id").unwrap_or_default();
    let mut body = Map::new();
    body.insert(
        "_id".into(),
        id.split_once('|').map_or(id, |(_, bare)| bare).into(),
    );
    body.insert(
        "email_verified".into(),
        user.get("email_verified")
            .cloned()
            .unwrap_or_else(|| false.into()),
    );
    for key in [
        "email",
        "username",
        "given_name",
        "family_name",
        "name",
        "nickname",
        "picture",
        "user_metadata",
    ] {
        if let Some(value) = user.get(key) {
            body.insert(key.into(), value.clone());
        }
    }
    Value::Object(body)
}

/// Attributes of the profile's root that a sign-up may give, all texts.
const ROOT: &[&str] = &[
    "email",
    "username",
    "phone_number",
    "given_name",
    "family_name",
    "name",
    "nickname",
    "picture",
];

/// Creates a user of a database connection, as a sign-up does. `transaction` is that of a sign-up in the browser.
pub(crate) async fn create(
    tenant: &Arc<Tenant>,
    call: &Call,
    fields: &Map<String, Value>,
    transaction: Option<Value>,
) -> Result<std::result::Result<Value, Refusal>> {
    let mut user = match checked(tenant, fields)? {
        Ok(user) => user,
        Err(refusal) => {
            happenings::refused_sign_up(tenant, call, fields, &refusal.for_people());
            return Ok(Err(refusal));
        }
    };
    let part = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default();
    let (connection, secret) = (part("connection").to_owned(), part("password").to_owned());
    let client = tenant.client(part("client_id"))?;
    let found = tenant.catalog.connection(&connection).cloned();
    let found = found.unwrap_or_default();
    let creation = Creation {
        call,
        connection: &found,
        client: client.as_ref(),
        transaction: transaction.as_ref(),
    };
    let chosen = match registration::before(tenant, &creation, &mut user).await? {
        Ok(chosen) => chosen,
        Err(denied) => return Ok(Err(Refusal(denied.body()))),
    };
    let for_hash = Arc::clone(tenant);
    let hash = tokio::task::spawn_blocking(move || password::hash(&secret, &for_hash.randomness))
        .await
        .ok()
        .flatten();
    let bare = chosen.unwrap_or_else(|| tenant.randomness.hex_id());
    let id = format!("auth0|{bare}");
    complete(&mut user, &id, &connection, "auth0", tenant.now_ms());
    let new = NewUser {
        connection,
        password: hash,
        profile: user.clone(),
    };
    let conflict = match tenant.store.insert_user(&new)? {
        Ok(()) => {
            let cause = Cause {
                client_id: Some(part("client_id")),
                call: Some(call),
                ..Cause::default()
            };
            // The welcome follows the verification of the address, or the sign-up where no address is verified:
            // https://auth0.com/docs/customize/email/email-templates/email-template-descriptions.
            send(tenant, Template::VerifyEmail, &user, cause).await;
            if !is_on(tenant, Template::VerifyEmail) {
                send(tenant, Template::Welcome, &user, cause).await;
            }
            registration::after(tenant, &creation, &user);
            streams::publish(tenant, Happened::Created, &user);
            happenings::of_user(tenant, call, "ss", &user);
            return Ok(Ok(user));
        }
        Err(conflict) => conflict,
    };
    happenings::refused_sign_up(tenant, call, fields, "The user already exists.");
    let tells = tenant
        .catalog
        .settings
        .get("flags")
        .and_then(|flags| flags.get("enable_public_signup_user_exists_error"));
    if tells != Some(&Value::Bool(true)) {
        return Ok(Err(Refusal::named("invalid_signup", "Invalid sign up")));
    }
    Ok(Err(match conflict {
        UserConflict::Username => Refusal::named("username_exists", "The username already exists."),
        UserConflict::Id | UserConflict::Email => {
            Refusal::named("user_exists", "The user already exists.")
        }
    }))
}

/// The refusal of a sign-up without an attribute that it needs.
fn lacking(attribute: &str) -> Refusal {
    Refusal::plain(match attribute {
        "username" => "missing username parameter".to_owned(),
        other => format!("{other} is required"),
    })
}

fn checked(
    tenant: &Tenant,
    fields: &Map<String, Value>,
) -> Result<std::result::Result<Value, Refusal>> {
    let refuse = |refusal: Refusal| Ok(Err(refusal));
    let texts = ["client_id", "password", "connection"];
    for key in texts.iter().chain(ROOT) {
        if fields
            .get(*key)
            .is_some_and(|value| !value.is_string() && !value.is_null())
        {
            return refuse(Refusal::plain(format!(
                "invalid {key} type (expected string)"
            )));
        }
    }
    let part = |key: &str| {
        fields
            .get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    if let Some(id) = part("client_id")
        && tenant.client(id)?.is_none()
    {
        return refuse(Refusal::plain("client_id is invalid"));
    }
    let client = match part("client_id") {
        Some(id) => tenant.client(id)?.unwrap_or_default(),
        None => Value::Null,
    };
    let Some(name) = part("connection") else {
        return refuse(Refusal::plain("missing connection parameter"));
    };
    let connection = tenant.catalog.connection(name).filter(|found| {
        text(found, "strategy") == Some("auth0")
            && (client.is_null() || crate::catalog::is_enabled(found, &client))
    });
    let Some(connection) = connection else {
        return refuse(Refusal::plain(
            "connection does not exist or is not enabled for the client",
        ));
    };
    let options = connection.get("options").cloned().unwrap_or_default();
    if options.get("disable_signup") == Some(&Value::Bool(true)) {
        return refuse(Refusal::named(
            "public_signup_disabled",
            "Public signup is disabled",
        ));
    }
    for attribute in ATTRIBUTES {
        let lacks = match (at_signup(connection, attribute), part(attribute)) {
            (AtSignup::Off, Some(_)) => {
                let message = format!("{attribute} is not allowed at a sign-up to this connection");
                return refuse(Refusal::plain(message));
            }
            (AtSignup::Required, None) => Some(*attribute),
            _ => None,
        };
        if let Some(lacks) = lacks {
            return refuse(lacking(lacks));
        }
    }
    if let Some(lacks) = identifiers::missing(connection, fields) {
        return refuse(lacking(lacks));
    }
    if part("email").is_some_and(|email| !is_email(email)) {
        return refuse(Refusal::plain("email format validation failed"));
    }
    let has_names = identifiers::are_flexible(connection) || username::are_used(connection);
    if part("username").is_some() && !has_names {
        return refuse(Refusal::plain(username::UNUSED));
    }
    if let Some(name) = part("username").filter(|_| username::are_used(connection))
        && let Some(problem) = username::problem(connection, name)
    {
        return refuse(Refusal::plain(format!("invalid username: {problem}")));
    }
    if identifiers::is_phone_taken(tenant, connection, part("phone_number"), None)? {
        return refuse(Refusal::named("user_exists", "The user already exists."));
    }
    for key in ROOT {
        let value = fields.get(*key).filter(|value| !value.is_null());
        // An empty field of a form is one that was left out.
        let is_left_out =
            matches!(*key, "email" | "username" | "phone_number") && part(key).is_none();
        if let Some(value) = value.filter(|_| !is_left_out)
            && let Some(problem) = body::problem_of(key, value)
        {
            return refuse(Refusal::plain(format!("invalid {key}: {problem}")));
        }
    }
    let Some(secret) = part("password") else {
        return refuse(Refusal::plain("password is required"));
    };
    if secret.chars().count() > MAX_PASSWORD {
        return refuse(Refusal::plain("password is too long"));
    }
    let profile = Value::Object(fields.clone());
    if let Some(refused) = strength::refusal(connection, secret, &profile) {
        return refuse(Refusal(refused));
    }
    let mut user = Map::new();
    for key in ROOT {
        if let Some(value) = part(key) {
            user.insert((*key).into(), value.into());
        }
    }
    if let Some(metadata) = fields
        .get("user_metadata")
        .filter(|metadata| !metadata.is_null())
    {
        if let Some(problem) = metadata_problem(metadata) {
            return refuse(Refusal::plain(problem));
        }
        user.insert("user_metadata".into(), metadata.clone());
    }
    Ok(Ok(Value::Object(user)))
}

/// Returns the requirements of a database for passwords, one line for each rule; `None` where it has none.
pub(crate) fn policy(connection: &Value) -> Option<String> {
    let weak = strength::weakness(connection.get("options")?, "")?;
    text(&weak, "policy").map(str::to_owned)
}

pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let printable = text.chars().all(|letter| {
        !letter.is_whitespace() && !letter.is_control() && !"<>()[]\\,;:\"".contains(letter)
    });
    printable
        && text.len() <= 254
        && !local.is_empty()
        && !local.contains('@')
        && !domain.is_empty()
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && domain
            .chars()
            .all(|it| it.is_alphanumeric() || ".-_".contains(it))
}

/// Returns the problem of a sign-up's metadata.
fn metadata_problem(metadata: &Value) -> Option<String> {
    let Value::Object(fields) = metadata else {
        return Some("invalid user_metadata type (expected object)".into());
    };
    if fields.len() > METADATA_FIELDS {
        return Some(format!(
            "user_metadata must not have more than {METADATA_FIELDS} properties"
        ));
    }
    fields.iter().find_map(|(name, value)| match value {
        Value::String(value) if value.chars().count() > METADATA_VALUE => Some(format!(
            "user_metadata.{name} must not be longer than {METADATA_VALUE} characters"
        )),
        _ if name.chars().count() > METADATA_NAME => Some(format!(
            "the names of user_metadata must not be longer than {METADATA_NAME} characters"
        )),
        _ if name.contains(['.', '$']) => Some(format!("invalid user_metadata field name {name}")),
        Value::String(_) => None,
        _ => Some(format!(
            "invalid user_metadata.{name} type (only strings are allowed)"
        )),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{is_email, metadata_problem};

    #[test]
    fn metadata_of_a_sign_up_is_ten_short_texts() {
        let check = |metadata: Value, expected: Option<&str>| {
            let problem = metadata_problem(&metadata);
            assert_eq!(problem.is_some(), expected.is_some(), "{metadata}");
            assert!(
                problem
                    .unwrap_or_default()
                    .contains(expected.unwrap_or_default())
            );
        };
        let many = |count: usize| {
            Value::Object(
                (0..count)
                    .map(|index| (format!("k{index}"), json!("v")))
                    .collect(),
            )
        };
        check(json!({"hobby": "x".repeat(500)}), None);
        check(json!({"hobby": "x".repeat(501)}), Some("longer than 500"));
        check(
            json!({"hobby": 1}),
            Some("invalid user_metadata.hobby type (only strings are allowed)"),
        );
        check(
            json!([]),
            Some("invalid user_metadata type (expected object)"),
        );
        check(many(10), None);
        check(many(11), Some("more than 10"));
        check(json!({"x".repeat(101): "v"}), Some("longer than 100"));
    }

    #[test]
    fn addresses_are_told_from_texts() {
        for (text, expected) in [
            ("a@example.com", true),
            ("a@b", true),
            ("a", false),
            ("@b", false),
            ("a b@c", false),
            ("a@<b>", false),
            ("a@.b", false),
        ] {
            assert_eq!(is_email(text), expected, "{text}");
        }
    }
}
