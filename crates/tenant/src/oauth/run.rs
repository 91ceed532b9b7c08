//! One run of the post-login trigger, and what becomes of it.

use std::sync::Arc;
use std::time::Instant;

use postlogin_core::outcome::{Outcome, Status, StoredMetadata};
use postlogin_core::{Finished, Trigger};
use postlogin_page::RequestEntry;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::changes;
use super::event::{Occasion, event};
use super::extra::Extra;
use super::issue::{Grant, grant};
use super::membership;
use super::mfa;
use super::request::AuthRequest;
use super::waiting::{Waiting, log_entry};
use super::{OAuthError, Result};
use crate::http::Call;
use crate::management::happenings;
use crate::pipeline::{Advanced, LoginPipeline, LoginRequest, PipelineError};
use crate::randomness::digest;
use crate::state::Tenant;
use crate::store::Entry;

/// A login in a browser: what was asked for, and how far it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct LoginDoc {
    /// The secret of the login page.
    pub(crate) id: String,
    /// The hash of the browser's cookie.
    pub(crate) browser: String,
    pub(crate) request: AuthRequest,
    /// The hash of the session's cookie.
    pub(crate) session_key: Option<String>,
    /// The hash of the device code, for a login that lets a device in.
    pub(crate) device: Option<String>,
    /// The grant of a login that a challenge of the tenant itself holds up.
    pub(crate) granted: Option<Grant>,
    /// The code that such a challenge asks for.
    pub(crate) otp: Option<String>,
    pub(crate) attempts: u32,
    /// The claims that the page was given.
    #[serde(default)]
    pub(crate) extra: Extra,
    /// Attributes of the provider that are not stored.
    #[serde(skip)]
    pub(crate) passing: Map<String, Value>,
}

/// The state of a run that its end needs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Flow {
    pub(crate) about: Grant,
    pub(crate) protocol: String,
    /// The metadata as stored when it was last looked at.
    pub(crate) before: StoredMetadata,
    /// Whether an Action switched to another user.
    pub(crate) switched: bool,
    /// The browser's login; `None` for a grant of the token endpoint.
    pub(crate) login: Option<LoginDoc>,
    /// The code that a challenge asks for.
    pub(crate) otp: String,
    pub(crate) attempts: u32,
    /// The hash of the session's cookie, for a login in a browser.
    #[serde(default)]
    pub(crate) session_key: Option<String>,
    /// For a refresh: the token that is used up when the login is allowed.
    pub(crate) refresh: Option<super::refresh::Exchanged>,
    /// `event.request` without its parameters, for the messages of the login.
    #[serde(default)]
    pub(crate) asked: Value,
    /// The user, for the log; `None` where it is to be looked up.
    #[serde(default)]
    pub(crate) shown: Option<Shown>,
    /// The id under which the page finds it.
    #[serde(default)]
    pub(crate) id: String,
    /// The factor that the user has just enrolled by the MFA API, of those that were asked for.
    #[serde(default)]
    pub(crate) enrolled: Option<String>,
    /// Whether the request had `prompt=none`.
    #[serde(default)]
    pub(crate) is_silent: bool,
    /// The prints of its Actions that the log has from when it was suspended.
    #[serde(default)]
    pub(crate) logged_prints: usize,
    /// The claims that the login page was given.
    #[serde(default)]
    pub(crate) extra: Extra,
}

/// The parts of a profile that the log shows.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Shown {
    /// The user's name for people, as the page has it.
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) connection: String,
}

impl Shown {
    pub(crate) fn of(user: &Value) -> Self {
        let connection = user.pointer("/identities/0/connection");
        let own =
            |part: Option<&Value>| part.and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            name: crate::page::name_of(user),
            email: own(user.get("email")),
            connection: own(connection),
        }
    }
}

/// The state of a run.
pub(crate) enum Ran {
    /// To its end.
    Granted(Box<Grant>, Box<Flow>),
    /// To where the user is needed.
    Waits(Box<Waiting>),
}

/// Runs the trigger up to its end or its first suspension.
pub(crate) async fn start(
    tenant: &Arc<Tenant>,
    mut occasion: Occasion,
    call: &Call,
) -> Result<Ran> {
    // Before the first look at the project's files, which is for its profiles.
    let asked = Instant::now();
    if let Some(error) = tenant.control.take_failure() {
        return Err(error);
    }
    let gone = || OAuthError::new(403, "access_denied", "The user does not exist.");
    let user = match occasion.user.take() {
        Some(user) => user,
        None => tenant.store.user(&occasion.user_id)?.ok_or_else(gone)?,
    };
    if user.get("blocked") == Some(&Value::Bool(true)) {
        return Err(OAuthError::new(403, "unauthorized", "user is blocked"));
    }
    membership::invited(tenant, occasion.organization.as_deref(), &occasion, &user)?;
    if let Some(organization) = &occasion.organization
        && !tenant.is_member(organization, &occasion.user_id)?
        && !membership::assigned(tenant, organization, &occasion, &user)?
    {
        let description = format!(
            "user {} is not part of the {organization} organization",
            occasion.user_id
        );
        return Err(OAuthError::new(403, "access_denied", description));
    }
    // An invitation brings metadata along.
    let user = match occasion.organization {
        Some(_) => tenant.store.user(&occasion.user_id)?.ok_or_else(gone)?,
        None => user,
    };
    let before = metadata(&user);
    let shown = Shown::of(&user);
    let event = event(tenant, &occasion, user, call)?;
    let users = others(tenant, &occasion.user_id)?.unwrap_or_default();
    let request = LoginRequest {
        users,
        asked,
        // Those for the MFA API are good for ten minutes, and nothing changes that.
        access_token_lifetime_s: mfa::is_api(tenant, occasion.audience.as_deref())
            .then_some(mfa::API_TOKEN_S),
        requested_scopes: Some(occasion.scope.clone()),
        ..LoginRequest::of(tenant, Trigger::PostLogin, event)
    };
    let id = tenant.page.kept.begin(&request);
    let about = Grant {
        client_id: crate::http::text(&occasion.client, "client_id")
            .unwrap_or_default()
            .to_owned(),
        user_id: occasion.user_id,
        session_id: occasion.session.as_ref().map(|session| session.id.clone()),
        organization: occasion.organization,
        audience: occasion.audience,
        requested: occasion.scope,
        ..Grant::default()
    };
    let asked = occasion.transaction.get("prompt").and_then(Value::as_array);
    let flow = Flow {
        about,
        protocol: occasion.protocol.to_owned(),
        before,
        session_key: occasion.session_key,
        refresh: occasion.exchanged,
        asked: super::event::request(tenant, call),
        shown: Some(shown),
        id,
        extra: occasion.extra,
        is_silent: asked.is_some_and(|words| words.iter().any(|it| it == "none")),
        ..Flow::default()
    };
    let advanced = run_blocking(tenant, Trigger::PostLogin, move |pipeline| {
        pipeline.start(request)
    })
    .await;
    follow(tenant, advanced, flow)
}

/// Lets the pipeline work where it keeps no other request waiting.
pub(crate) async fn run_blocking(
    tenant: &Arc<Tenant>,
    trigger: Trigger,
    work: impl FnOnce(&dyn LoginPipeline) -> std::result::Result<Advanced, PipelineError>
    + Send
    + 'static,
) -> std::result::Result<Advanced, PipelineError> {
    let pipeline = Arc::clone(&tenant.pipeline);
    let work = move || work(&*pipeline);
    let worked = match trigger.is_delivery() {
        // However long a delivery takes, it takes no place of a login.
        true => tokio::task::spawn_blocking(work).await.ok(),
        false => tenant.workers.run(work).await,
    };
    worked.unwrap_or_else(|| {
        let reason = "the login ended without an outcome".to_owned();
        Err(PipelineError::Broken(reason))
    })
}

/// Stores what a login has changed by now, and returns what comes next.
pub(crate) fn follow(
    tenant: &Tenant,
    advanced: std::result::Result<Advanced, PipelineError>,
    mut flow: Flow,
) -> Result<Ran> {
    match advanced {
        Ok(Advanced::Waits {
            pause,
            stored,
            requests,
        }) => {
            hear(tenant, &flow, requests);
            go_on_as(tenant, &mut flow, &pause.user_id)?;
            store_metadata(tenant, &mut flow, pause.stored)?;
            changes::enrolled(tenant, &mut flow, &pause.changes.enrolled)?;
            Ok(Ran::Waits(Box::new(Waiting {
                suspension: pause.suspension,
                flow,
                stored,
            })))
        }
        Ok(Advanced::Ended { finished, requests }) => {
            hear(tenant, &flow, requests);
            let grant = conclude(tenant, Ok(*finished), &mut flow)?;
            Ok(Ran::Granted(Box::new(grant), Box::new(flow)))
        }
        Err(error) => {
            let grant = conclude(tenant, Err(error), &mut flow)?;
            Ok(Ran::Granted(Box::new(grant), Box::new(flow)))
        }
    }
}

/// Takes down requests that no closer look may make again.
fn hear(tenant: &Tenant, flow: &Flow, requests: Vec<RequestEntry>) {
    if !tenant.pipeline.is_repeatable() {
        tenant.page.kept.hear(&flow.id, requests);
    }
}

/// Stores what the login changed, logs it, and says what it permits.
pub(crate) fn conclude(
    tenant: &Tenant,
    ended: std::result::Result<Finished, PipelineError>,
    flow: &mut Flow,
) -> Result<Grant> {
    let told = |tenant: &Tenant, flow: &Flow, key: &str, value: Value| {
        let mut entry = log_entry(tenant, flow);
        if flow.logged_prints > 0 {
            entry.insert("logged_prints".into(), flow.logged_prints.into());
        }
        entry.insert(key.to_owned(), value);
        tenant.control.log(Value::Object(entry));
    };
    let Finished {
        outcome,
        record,
        user_id,
        changes,
        ..
    } = match ended {
        Ok(ended) => ended,
        Err(error) => {
            let error = could_not_run(error);
            tenant.page.kept.fail(&flow.id, &error.description);
            told(tenant, flow, "error", error.description.clone().into());
            return Err(OAuthError {
                is_logged: true,
                ..error
            });
        }
    };
    let outcome = Arc::new(outcome);
    tenant.page.kept.finish(&flow.id, &outcome, record);
    let known = go_on_as(tenant, flow, &user_id);
    if known.is_ok() {
        store_metadata(tenant, flow, outcome.user.clone())?;
        changes::apply(tenant, flow, &changes)?;
    }
    told(
        tenant,
        flow,
        "outcome",
        json!(tenant.pipeline.redacted(&outcome)),
    );
    known?;
    let refused = outcome
        .reason
        .clone()
        .unwrap_or_else(|| "The login failed.".to_owned());
    let is_allowed = outcome.status == Status::Allowed;
    happenings::login(tenant, flow, (!is_allowed).then_some(refused.as_str()));
    match outcome.status {
        Status::Allowed => {
            let about = Grant {
                refresh: changes.refresh_token,
                ..flow.about.clone()
            };
            grant(tenant, &outcome, about, &flow.extra)
        }
        _ => Err(OAuthError {
            is_logged: true,
            ..refusal(&outcome, changes.refresh_token.revoked)
        }),
    }
}

/// The answer for a login that could not run.
pub(crate) fn could_not_run(error: PipelineError) -> OAuthError {
    match error {
        PipelineError::Unloadable(reason) => OAuthError::new(403, "access_denied", reason),
        PipelineError::Stale(reason) => OAuthError::invalid_request(format!(
            "{reason}. Go back to the application and sign in again."
        )),
        PipelineError::Broken(reason) => {
            crate::trouble::tell(&format!("the login pipeline: {reason}"));
            let description = format!("The login could not run: {reason}");
            OAuthError::new(500, "server_error", description)
        }
    }
}

/// The documented answer for a login that ended without tokens. At the token endpoint a denial has the status 500, a revoked
/// refresh token 403.
///
/// Sources: <https://community.auth0.com/t/124708>, <https://github.com/auth0/nextjs-auth0/issues/2512>; for a revoked token
/// <https://auth0.com/docs/secure/tokens/refresh-tokens/manage-refresh-tokens-actions>. For an exception none was found.
fn refusal(outcome: &Outcome, is_token_revoked: bool) -> OAuthError {
    let reason = outcome.reason.clone().unwrap_or_default();
    match outcome.status {
        Status::Redirected | Status::Prompted | Status::Challenged => {
            OAuthError::new(403, "interaction_required", "External interaction required")
        }
        _ => {
            let error = outcome.error.as_ref().map(|error| error.name.as_str());
            match error.filter(|_| outcome.status == Status::Failed) {
                // What the platform refuses because nothing may be shown.
                Some(name @ ("interaction_required" | "login_required")) => {
                    OAuthError::new(403, name, reason)
                }
                _ => {
                    let status = if is_token_revoked { 403 } else { 500 };
                    OAuthError::new(status, "access_denied", reason)
                }
            }
        }
    }
}

fn object(value: Option<&Value>) -> Map<String, Value> {
    value
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}

fn metadata(user: &Value) -> StoredMetadata {
    StoredMetadata {
        user_metadata: object(user.get("user_metadata")),
        app_metadata: object(user.get("app_metadata")),
    }
}

/// All profiles but that of the user; `None` when nothing can ask for one.
pub(crate) fn others(tenant: &Tenant, user_id: &str) -> Result<Option<Vec<Value>>> {
    if !tenant.pipeline.switches_users() {
        return Ok(None);
    }
    let mut users = Vec::new();
    tenant.store.each_user(|_, user| {
        if crate::http::text(&user, "user_id") != Some(user_id) {
            users.push(user);
        }
    })?;
    Ok(Some(users))
}

/// Continues the login as the user that an Action switched to.
fn go_on_as(tenant: &Tenant, flow: &mut Flow, user_id: &str) -> Result<()> {
    if user_id == flow.about.user_id || user_id.is_empty() {
        return Ok(());
    }
    let unknown = || {
        let description = format!("The primary user {user_id} does not exist.");
        OAuthError::new(403, "access_denied", description)
    };
    let user = tenant.store.user(user_id)?.ok_or_else(unknown)?;
    flow.before = metadata(&user);
    flow.shown = Some(Shown::of(&user));
    user_id.clone_into(&mut flow.about.user_id);
    flow.switched = true;
    Ok(())
}

/// Changes the keys that the login changed, and no other: another request may have changed the profile meanwhile.
fn store_metadata(tenant: &Tenant, flow: &mut Flow, after: StoredMetadata) -> Result<()> {
    if flow.before == after {
        return Ok(());
    }
    let changes = [
        (
            "user_metadata",
            &flow.before.user_metadata,
            &after.user_metadata,
        ),
        (
            "app_metadata",
            &flow.before.app_metadata,
            &after.app_metadata,
        ),
    ];
    let now = crate::clock::iso(tenant.now_ms());
    let _ = tenant.change_user::<()>(&flow.about.user_id, |profile| {
        for (key, before, after) in changes {
            let mut stored = object(profile.get(key));
            for name in before.keys().filter(|name| !after.contains_key(*name)) {
                stored.shift_remove(name);
            }
            for (name, value) in after
                .iter()
                .filter(|(name, value)| before.get(*name) != Some(value))
            {
                stored.insert(name.clone(), value.clone());
            }
            if let Some(profile) = profile.as_object_mut() {
                profile.insert(key.into(), Value::Object(stored));
                profile.insert("updated_at".into(), now.clone().into());
            }
        }
        Ok(None)
    })?;
    flow.before = after;
    Ok(())
}

/// Takes down that a user has signed in.
pub(crate) fn mark_login(tenant: &Tenant, user_id: &str, ip: &str) -> Result<()> {
    let now = crate::clock::iso(tenant.now_ms());
    let _ = tenant.change_user::<()>(user_id, |profile| {
        let count = profile
            .get("logins_count")
            .and_then(Value::as_i64)
            .unwrap_or_default();
        if let Some(profile) = profile.as_object_mut() {
            profile.insert("logins_count".into(), count.saturating_add(1).into());
            profile.insert("last_login".into(), now.into());
            profile.insert("last_ip".into(), ip.into());
        }
        Ok(None)
    })?;
    Ok(())
}

/// Keeps a login for the page, or the token, with this secret.
pub(crate) fn keep_open(
    tenant: &Tenant,
    secret: &str,
    login: &LoginDoc,
    lifetime_ms: i64,
) -> Result<()> {
    let now = tenant.now_ms();
    let key = digest(secret);
    let entry = Entry::until(&key, now + lifetime_ms);
    Ok(tenant.store.put(entry, login, now)?)
}

/// The six digits that a challenge asks for.
pub(crate) fn one_time_code(tenant: &Tenant) -> String {
    format!("{:06}", tenant.randomness.below(1_000_000))
}
