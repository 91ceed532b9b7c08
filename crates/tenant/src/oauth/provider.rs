//! Social and enterprise connections: the way to the built-in identity provider and back by `/login/callback`, where the
//! profile that the connection's `fetchUserProfile` gives makes or updates the user.
//!
//! <https://auth0.com/docs/authenticate/identity-providers/social-identity-providers/oauth2>

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use postlogin_core::rules::ProviderProfile;
use serde_json::{Map, Value, json};
use url::form_urlencoded::Serializer;

use super::authorize::refused;
use super::finish::error_page;
use super::run::{LoginDoc, could_not_run};
use super::session::Arrival;
use super::{OAuthError, Result};
use crate::clock::iso;
use crate::http::{Call, text};
use crate::import::complete;
use crate::pages::login::{open_login, proceed};
use crate::pipeline::{PipelineError, ProviderVisit};
use crate::randomness::digest;
use crate::records::{Identity, ProviderCode};
use crate::state::Tenant;
use crate::store::{Entry, NewUser};
use crate::triggers::streams::{self, Happened};

/// Milliseconds for which a code of the built-in identity provider can be used.
const CODE_MS: i64 = 600_000;

/// The attributes of a profile that the tenant keeps by itself, whatever a provider answers.
const OWN_ATTRIBUTES: &[&str] = &[
    "blocked",
    "created_at",
    "last_ip",
    "last_login",
    "logins_count",
    "multifactor",
];

/// Where the browser is sent to sign in by a connection.
pub(crate) fn address(tenant: &Tenant, state: &str, connection: &str) -> String {
    let mut query = Serializer::new(String::new());
    query
        .append_pair("state", state)
        .append_pair("connection", connection);
    tenant.url(&format!("u/provider?{}", query.finish()))
}

/// The way back from the built-in identity provider with a code for this identity; `None` leaves the answers to mocked
/// exchanges.
pub(crate) fn way_back(
    tenant: &Tenant,
    login: &LoginDoc,
    connection: &str,
    identity: Option<&Value>,
) -> Result<String> {
    let code = tenant.randomness.token();
    let now = tenant.now_ms();
    let key = digest(&code);
    let record = ProviderCode {
        login: digest(&login.id),
        connection: connection.to_owned(),
        identity: identity.cloned(),
    };
    let entry = Entry::until(&key, now + CODE_MS);
    tenant.store.put(entry, &record, now)?;
    Ok(callback_url(
        tenant,
        &[("code", &code), ("state", &login.id)],
    ))
}

/// `/login/callback` with parameters.
pub(crate) fn callback_url(tenant: &Tenant, parameters: &[(&str, &str)]) -> String {
    let query = Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    tenant.url(&format!("login/callback?{query}"))
}

pub(crate) async fn callback(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let login = match open_login(&tenant, &call) {
        Ok(login) => login,
        Err(error) => return error_page(&error),
    };
    match come_back(&tenant, &call, login.clone()).await {
        Ok(response) => response,
        Err(error) => {
            // The login is over; the application may begin another one.
            let _ = tenant.store.remove::<LoginDoc>(&digest(&login.id));
            refused(&tenant, &login, &login.request.way_back(), &error)
        }
    }
}

async fn come_back(tenant: &Arc<Tenant>, call: &Call, login: LoginDoc) -> Result<Response> {
    if let Some(error) = call.field("error") {
        let description = call.field("error_description").unwrap_or(error);
        return Err(OAuthError::new(403, error, description));
    }
    let code = call
        .field("code")
        .ok_or_else(|| OAuthError::missing("code"))?;
    let invalid = || OAuthError::invalid_request("The identity provider's code is invalid.");
    let given = tenant
        .store
        .take::<ProviderCode>(&digest(code), tenant.now_ms())?
        .filter(|given| given.login == digest(&login.id))
        .ok_or_else(invalid)?;
    let name = given.connection.as_str();
    let connection = tenant.catalog.connection(name).ok_or_else(invalid)?;
    let identity = given.identity;
    let profile = match has_script(connection) {
        true => fetched(tenant, connection, code, identity.clone()).await?,
        false => typed(connection, identity.clone())?,
    };
    let strategy = text(connection, "strategy").unwrap_or_default();
    let denied = |reason| OAuthError::new(403, "access_denied", reason);
    let profile = ProviderProfile::new(strategy, name, &profile).map_err(denied)?;
    let passing = passing(connection, &profile);
    let user_id = keep(tenant, connection, profile)?;
    let login = LoginDoc { passing, ..login };
    if let Some(mut identity) = identity {
        without_denied(connection, &mut identity);
        let id = format!("{name}/{user_id}");
        let entry = Entry::lasting(&id).of(&user_id);
        tenant
            .store
            .put(entry, &Identity(identity), tenant.now_ms())?;
    }
    let client = tenant.client(&login.request.client_id)?.unwrap_or_default();
    let arrival = Arrival {
        user_id: &user_id,
        method: "federated",
        connection: Some(name),
    };
    proceed(tenant, call, &client, login, arrival).await
}

/// Whether a connection has a script that gives the profile.
pub(crate) fn has_script(connection: &Value) -> bool {
    connection
        .pointer("/options/scripts/fetchUserProfile")
        .and_then(Value::as_str)
        .is_some_and(|script| !script.trim().is_empty())
}

/// Without a script, a custom connection has an empty profile; what others have is what was typed.
fn typed(connection: &Value, identity: Option<Value>) -> Result<Value> {
    let name = text(connection, "name").unwrap_or_default();
    if text(connection, "strategy") == Some("oauth2") {
        let description = format!(
            "The connection {name} has no fetchUserProfile, so that its profile is empty: it has no user_id."
        );
        return Err(OAuthError::new(403, "access_denied", description));
    }
    let mut identity = identity.unwrap_or_default();
    let id = ["user_id", "sub", "id"]
        .into_iter()
        .find_map(|key| identity.get(key).cloned());
    if let (Some(id), Some(identity)) = (id, identity.as_object_mut()) {
        identity.insert("user_id".into(), id);
        identity.shift_remove("sub");
        identity.shift_remove("id");
    }
    Ok(identity)
}

/// Runs the script, and logs what it did.
async fn fetched(
    tenant: &Arc<Tenant>,
    connection: &Value,
    code: &str,
    identity: Option<Value>,
) -> Result<Value> {
    let option = |key: &str| {
        let value = connection.pointer(&format!("/options/{key}"));
        value.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let now_ms = tenant.now_ms();
    let visit = ProviderVisit {
        connection: connection.clone(),
        token_request: vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", tenant.url("login/callback")),
            ("client_id", option("client_id")),
            ("client_secret", option("client_secret")),
        ],
        token_response: token_response(tenant, identity.as_ref(), option("client_id")),
        identity,
        seed: tenant.randomness.seed(),
        now_ms,
        is_frozen: tenant.clock.is_frozen(),
    };
    let pipeline = Arc::clone(&tenant.pipeline);
    let fetched = tokio::task::spawn_blocking(move || pipeline.fetch_profile(visit)).await;
    let fetched = fetched
        .map_err(|error| could_not_run(PipelineError::Broken(error.to_string())))?
        .map_err(could_not_run)?;
    if let Some(mut outcome) = fetched.outcome {
        tenant.pipeline.redact(&mut outcome);
        tenant.control.log(json!({
            "type": "fetch_profile", "date": iso(now_ms), "connection": text(connection, "name"), "outcome": outcome,
        }));
    }
    fetched
        .profile
        .map_err(|reason| OAuthError::new(403, "access_denied", reason))
}

/// Returns the answer of the built-in identity provider to the code: tokens, among them an ID token with the identity in it.
fn token_response(
    tenant: &Tenant,
    identity: Option<&Value>,
    audience: String,
) -> Map<String, Value> {
    const LIFETIME_S: i64 = 3600;
    let now_s = tenant.now_ms().div_euclid(1000);
    let mut claims = identity
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    claims.insert("iss".into(), tenant.url("u/provider").into());
    claims.insert("aud".into(), audience.into());
    claims.insert("iat".into(), now_s.into());
    claims.insert("exp".into(), now_s.saturating_add(LIFETIME_S).into());
    let mut response = Map::new();
    response.insert("access_token".into(), tenant.randomness.token().into());
    response.insert("token_type".into(), "Bearer".into());
    response.insert("expires_in".into(), LIFETIME_S.into());
    match tenant.key.sign("JWT", &claims) {
        Ok(token) => {
            response.insert("id_token".into(), token.into());
        }
        // A script that needs it will say so.
        Err(error) => crate::trouble::tell(&error),
    }
    response
}

/// Makes the user of a profile, or brings the stored one up to date, and gives the id.
///
/// <https://auth0.com/docs/manage-users/user-accounts/user-profiles/configure-connection-sync-with-auth0>
fn keep(tenant: &Tenant, connection: &Value, mut profile: ProviderProfile) -> Result<String> {
    let now_ms = tenant.now_ms();
    let user_id = profile.user_id.clone();
    if tenant.store.user(&user_id)?.is_some() {
        let sync = connection.pointer("/options/set_user_root_attributes");
        if matches!(
            sync.and_then(Value::as_str),
            Some("on_first_login" | "never_on_login")
        ) {
            profile.without_root_attributes();
        }
        let _ = tenant.change_user::<()>(&user_id, |stored| {
            let before = stored.as_object().cloned().unwrap_or_default();
            let mut user = profile.over(before.clone(), now_ms);
            own_attributes_from(&before, &mut user);
            *stored = Value::Object(user);
            without_denied(connection, stored);
            Ok(None)
        })?;
        return Ok(user_id);
    }
    let (provider, id) = profile.identity();
    if let Some(primary) = tenant.store.user_by_identity(provider, id)? {
        return linked(tenant, connection, &primary, &profile);
    }
    let mut user = profile.over(Map::new(), now_ms);
    own_attributes_from(&Map::new(), &mut user);
    let name = text(connection, "name").unwrap_or_default();
    let mut user = Value::Object(user);
    complete(&mut user, &user_id, name, provider, now_ms);
    without_denied(connection, &mut user);
    let new = NewUser {
        connection: name.to_owned(),
        password: None,
        profile: user,
    };
    match tenant.store.insert_user(&new)? {
        Ok(()) => {
            streams::publish(tenant, Happened::Created, &new.profile);
            Ok(user_id)
        }
        Err(_) => Err(OAuthError::new(
            403,
            "access_denied",
            "The user could not be stored.",
        )),
    }
}

/// The attributes of a profile that the tenant does not store, for the login in which the provider sends them: Actions and tokens have
/// them there, without `name` and `nickname`.
///
/// <https://auth0.com/docs/secure/security-guidance/data-security/denylist>
fn passing(connection: &Value, profile: &ProviderProfile) -> Map<String, Value> {
    let denied = texts_at(connection, "/options/non_persistent_attrs");
    let given = profile.given();
    let passing = denied.filter_map(|key| Some((key.to_owned(), given.get(key)?.clone())));
    passing
        .filter(|(key, _)| !matches!(key.as_str(), "name" | "nickname" | "user_id"))
        .collect()
}

/// Takes what a connection denies out of a profile: fields of the root alone.
fn without_denied(connection: &Value, profile: &mut Value) {
    let Some(profile) = profile.as_object_mut() else {
        return;
    };
    for key in texts_at(connection, "/options/non_persistent_attrs") {
        if !matches!(key, "user_id" | "identities" | "sub" | "id") {
            profile.shift_remove(key);
        }
    }
}

fn texts_at<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a str> {
    let listed = value.pointer(pointer).and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(Value::as_str)
}

/// Returns the enterprise connection whose users have e-mail addresses of a domain, of those that a login may use.
///
/// <https://auth0.com/docs/authenticate/login/auth0-universal-login/identifier-first>
pub(crate) fn of_domain<'a>(
    tenant: &'a Tenant,
    client: &'a Value,
    login: &LoginDoc,
    username: &str,
) -> Option<&'a Value> {
    let (_, domain) = username.trim().rsplit_once('@')?;
    let organization = login.request.organization.as_deref();
    let asked = login.request.connection.as_deref();
    let has_it = |connection: &&Value| {
        let mut aliases = texts_at(connection, "/options/domain_aliases");
        asked.is_none_or(|asked| text(connection, "name") == Some(asked))
            && aliases.any(|alias| alias.eq_ignore_ascii_case(domain))
            && super::enabled::enabled(tenant, organization, connection).signs_in()
    };
    tenant.catalog.providers(client).find(has_it)
}

/// Whether any connection of an application takes users by the domain of their address.
pub(crate) fn has_domains(tenant: &Tenant, client: &Value) -> bool {
    let mut providers = tenant.catalog.providers(client);
    providers.any(|it| texts_at(it, "/options/domain_aliases").next().is_some())
}

fn own_attributes_from(before: &Map<String, Value>, user: &mut Map<String, Value>) {
    for key in OWN_ATTRIBUTES {
        match before.get(*key) {
            Some(value) => user.insert((*key).to_owned(), value.clone()),
            None => user.shift_remove(*key),
        };
    }
    user.retain(|_, value| !value.is_null());
}

/// Signs the primary user in: this identity was linked, and its attributes are kept beside it.
fn linked(
    tenant: &Tenant,
    connection: &Value,
    primary: &Value,
    profile: &ProviderProfile,
) -> Result<String> {
    let user_id = text(primary, "user_id").unwrap_or_default().to_owned();
    let _ = tenant.change_user::<()>(&user_id, |stored| {
        let identities = stored.get_mut("identities").and_then(Value::as_array_mut);
        for identity in identities.into_iter().flatten() {
            let is_it = {
                let part = |key| text(identity, key).unwrap_or_default();
                (part("provider"), part("user_id")) == profile.identity()
            };
            if let Some(identity) = identity.as_object_mut().filter(|_| is_it) {
                let mut data = profile.given().clone();
                for key in ["user_id", "user_metadata", "app_metadata"] {
                    data.shift_remove(key);
                }
                let mut data = Value::Object(data);
                without_denied(connection, &mut data);
                identity.insert("profileData".into(), data);
            }
        }
        Ok(None)
    })?;
    Ok(user_id)
}
