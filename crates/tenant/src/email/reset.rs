//! A password reset, from the link of its mail on: the Actions of password-reset-post-challenge, then the new password.
//!
//! <https://auth0.com/docs/customize/actions/explore-triggers/password-reset-post-challenge>

mod event;

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use axum::response::Response;
use maud::html;
use postlogin_core::outcome::Status;
use postlogin_core::{Finished, ResumeStep, Suspension, Trigger};
use serde_json::{Map, Value, json};

use event::event;

use super::result::{CHANGED, back, succeeded};
use crate::clock::iso;
use crate::http::csp::leave;
use crate::http::{Call, add_cookie, page};
use crate::identities::Linked;
use crate::oauth::mfa::ATTEMPTS;
use crate::oauth::run::{could_not_run, one_time_code, run_blocking};
use crate::oauth::waiting::state_of;
use crate::oauth::{OAuthError, Result};
use crate::pages::{hidden, layout, problem};
use crate::password::{self, MAX_PASSWORD};
use crate::phone;
use crate::pipeline::{Advanced, Answer, LoginRequest, PipelineError};
use crate::randomness::{digest, same_secret};
use crate::records::{Reset, Session, Ticket, WaitingReset};
use crate::signup::history::Earlier;
use crate::signup::strength;
use crate::state::Tenant;
use crate::store::Entry;
use crate::triggers::events;

const TRIGGER: Trigger = Trigger::PasswordResetPostChallenge;

/// The cookie of a browser that an Action has sent to another site.
const COOKIE: &str = "reset";

/// Milliseconds for which a reset waits for its user.
const PATIENCE_MS: i64 = 15 * 60 * 1000;

/// The prefix of a form's field names, so that none is taken for `ticket`.
const FIELD: &str = "field.";

fn gone() -> OAuthError {
    OAuthError::invalid_request("This link has expired or was used already.")
}

/// Answers a request with the ticket of a reset: the page that comes next, or the end of the reset.
pub(super) async fn used(
    tenant: &Arc<Tenant>,
    call: &Call,
    token: &str,
    ticket: Ticket,
) -> Result<Response> {
    let posts = call.method == Method::POST;
    match ticket.reset.clone() {
        Reset::New if tenant.pipeline.binds(TRIGGER) => {
            let event = event(tenant, call, &ticket)?;
            let request = LoginRequest::of(tenant, TRIGGER, event);
            let started =
                run_blocking(tenant, TRIGGER, move |pipeline| pipeline.start(request)).await;
            follow(tenant, call, token, ticket, started).await
        }
        Reset::New => password_page(tenant, call, token, &ticket, None).await,
        Reset::Permitted { result_url } => {
            password_page(tenant, call, token, &ticket, result_url).await
        }
        Reset::Waits(waiting) => match (&waiting.suspension, posts) {
            (Suspension::Challenge { .. } | Suspension::Enroll { .. }, true) => {
                challenged(tenant, call, token, ticket, *waiting).await
            }
            (Suspension::Prompt { .. }, true) => {
                let filled = call.body_map().into_iter().filter_map(|(name, value)| {
                    let name = name.strip_prefix(FIELD)?;
                    Some((name.to_owned(), value))
                });
                let step = ResumeStep::Continue {
                    query: Map::new(),
                    body: filled.collect(),
                };
                resumed(tenant, call, token, ticket, *waiting, step).await
            }
            _ => Ok(shown(token, &waiting, None)),
        },
    }
}

/// Continues a reset whose user comes back from another site with this `state`; `None` when there is no such reset.
pub(crate) async fn come_back(
    tenant: &Arc<Tenant>,
    call: &Call,
    state: &str,
) -> Result<Option<Response>> {
    let key = digest(state);
    let now = tenant.now_ms();
    let Some(ticket) = tenant.store.get::<Ticket>(&key, now)? else {
        return Ok(None);
    };
    let Reset::Waits(waiting) = ticket.reset.clone() else {
        return Ok(None);
    };
    if !matches!(waiting.suspension, Suspension::Redirect { .. }) {
        return Ok(None);
    }
    // The other site knows the state, too: only the browser that was sent there continues.
    let is_same = |cookie: &str| same_secret(&digest(cookie), &waiting.browser);
    if !call.cookie(COOKIE).is_some_and(is_same) {
        return Err(OAuthError::invalid_request(
            "This reset belongs to another browser, or cookies are blocked.",
        ));
    }
    tenant.store.take::<Ticket>(&key, now)?.ok_or_else(gone)?;
    let step = ResumeStep::Continue {
        query: call.query.to_map(),
        body: call.body_map(),
    };
    // The state was known to others: what follows has a new secret.
    let token = tenant.randomness.token();
    resumed(tenant, call, &token, ticket, *waiting, step)
        .await
        .map(Some)
}

async fn challenged(
    tenant: &Arc<Tenant>,
    call: &Call,
    token: &str,
    ticket: Ticket,
    mut waiting: WaitingReset,
) -> Result<Response> {
    let code = call.body_field("code").map(str::trim);
    let fits = code.is_some_and(|code| same_secret(code, &waiting.otp));
    waiting.attempts = waiting.attempts.saturating_add(1);
    if !fits && waiting.attempts < ATTEMPTS {
        keep(
            tenant,
            token,
            &ticket,
            Reset::Waits(Box::new(waiting.clone())),
        )?;
        return Ok(shown(
            token,
            &waiting,
            Some("The code you entered is invalid"),
        ));
    }
    let step = match fits {
        true => ResumeStep::ChallengeSucceeded,
        false => ResumeStep::ChallengeFailed,
    };
    resumed(tenant, call, token, ticket, waiting, step).await
}

async fn resumed(
    tenant: &Arc<Tenant>,
    call: &Call,
    token: &str,
    ticket: Ticket,
    waiting: WaitingReset,
    step: ResumeStep,
) -> Result<Response> {
    let answer = Answer {
        step,
        users: Vec::new(),
        now_ms: tenant.now_ms(),
        is_frozen: tenant.clock.is_frozen(),
    };
    let stored = waiting.stored;
    let advanced = run_blocking(tenant, TRIGGER, move |pipeline| {
        pipeline.resume(&stored, answer)
    })
    .await;
    follow(tenant, call, token, ticket, advanced).await
}

/// Stores how far a reset is, and returns the page that comes next.
async fn follow(
    tenant: &Arc<Tenant>,
    call: &Call,
    token: &str,
    ticket: Ticket,
    advanced: std::result::Result<Advanced, PipelineError>,
) -> Result<Response> {
    let log = |key: &str, value: Value| {
        tenant.control.log(json!({
            "type": TRIGGER.id(), "date": iso(tenant.now_ms()), "user_id": ticket.user_id, key: value,
        }));
    };
    let (pause, stored) = match advanced {
        Ok(Advanced::Waits { pause, stored, .. }) => (pause, stored),
        Ok(Advanced::Ended { finished, .. }) => {
            let Finished { outcome, .. } = *finished;
            let mut shown = outcome.clone();
            tenant.pipeline.redact(&mut shown);
            log("outcome", json!(shown));
            if outcome.status != Status::Allowed {
                tenant.store.remove::<Ticket>(&digest(token))?;
                let reason = outcome.reason.unwrap_or_default();
                return Err(OAuthError::new(403, "access_denied", reason));
            }
            let result_url = outcome.effects.result_url;
            keep(tenant, token, &ticket, Reset::Permitted { result_url })?;
            return Ok(form(token, policy(tenant, &ticket)?.as_deref(), None));
        }
        Err(error) => {
            let error = could_not_run(error);
            log("error", error.description.clone().into());
            return Err(error);
        }
    };
    let mut waiting = WaitingReset {
        suspension: pause.suspension,
        stored,
        otp: one_time_code(tenant),
        attempts: 0,
        browser: String::new(),
    };
    if let Suspension::Redirect { url } = &waiting.suspension {
        let (url, secret) = (url.clone(), tenant.randomness.token());
        let state = state_of(&url).unwrap_or_else(|| tenant.randomness.token());
        waiting.browser = digest(&secret);
        tenant.store.remove::<Ticket>(&digest(token))?;
        keep(tenant, &state, &ticket, Reset::Waits(Box::new(waiting)))?;
        let mut response = leave(&url);
        add_cookie(&mut response, COOKIE, &secret, PATIENCE_MS / 1000);
        return Ok(response);
    }
    let (user_id, client_id) = (&ticket.user_id, ticket.client_id.as_deref());
    let request = events::request(tenant, call);
    phone::challenge_of(
        tenant,
        &waiting.suspension,
        (user_id, client_id, None),
        &waiting.otp,
        request,
    )
    .await;
    keep(
        tenant,
        token,
        &ticket,
        Reset::Waits(Box::new(waiting.clone())),
    )?;
    Ok(shown(token, &waiting, None))
}

fn keep(tenant: &Tenant, token: &str, ticket: &Ticket, reset: Reset) -> Result<()> {
    let now = tenant.now_ms();
    let key = digest(token);
    let entry = Entry::until(&key, now.saturating_add(PATIENCE_MS)).of(&ticket.user_id);
    let ticket = Ticket {
        reset,
        ..ticket.clone()
    };
    Ok(tenant.store.put(entry, &ticket, now)?)
}

/// The page of a challenge or of a form.
fn shown(token: &str, waiting: &WaitingReset, wrong: Option<&str>) -> Response {
    let body = match &waiting.suspension {
        Suspension::Prompt { id, fields, .. } => html! {
            h1 { "Form " code { (id) } }
            p.note { "The form's design is not part of an export. These are the fields that the Action gave." }
            form method="post" action="/u/ticket" {
                (hidden("ticket", token))
                @for (name, value) in fields {
                    label {
                        (name)
                        input name={ (FIELD) (name) } value=(value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                    }
                }
                button { "Continue" }
            }
        },
        _ => html! {
            h1 { "Verify Your Identity" }
            p.note { "In this local tenant no device is asked. The code is " code #otp { (waiting.otp) } "." }
            (problem(wrong))
            form method="post" action="/u/ticket" {
                (hidden("ticket", token))
                label {
                    "Code"
                    input name="code" inputmode="numeric" autocomplete="one-time-code" autofocus;
                }
                button { "Continue" }
            }
        },
    };
    page(StatusCode::OK, layout("Reset your password", &body))
}

fn form(token: &str, policy: Option<&str>, wrong: Option<&str>) -> Response {
    let body = html! {
        h1 { "Change Your Password" }
        (problem(wrong))
        form method="post" action="/u/ticket" {
            (hidden("ticket", token))
            label {
                "New password"
                input type="password" name="password" autocomplete="new-password" required autofocus;
            }
            @if let Some(policy) = policy { p.note.policy { (policy) } }
            button { "Reset password" }
        }
    };
    page(StatusCode::OK, layout("Change Your Password", &body))
}

/// Returns the password policy of the user's database.
fn policy(tenant: &Tenant, ticket: &Ticket) -> Result<Option<String>> {
    let user = tenant.store.user(&ticket.user_id)?.ok_or_else(gone)?;
    let linked = linked(&user, ticket)?;
    Ok(crate::signup::policy(&connection(tenant, &user, linked)))
}

/// Returns the linked identity whose password a ticket changes; `None` for the user's own.
///
/// # Errors
/// When it is linked no more.
fn linked(user: &Value, ticket: &Ticket) -> Result<Option<Linked>> {
    match ticket.identity.as_deref() {
        None => Ok(None),
        Some(id) => Linked::by_id(user, id).ok_or_else(gone).map(Some),
    }
}

fn connection(tenant: &Tenant, user: &Value, linked: Option<Linked>) -> Value {
    let named = linked.map(|linked| linked.connection(user));
    crate::oauth::event::connection(tenant, user, named)
}

async fn password_page(
    tenant: &Arc<Tenant>,
    call: &Call,
    token: &str,
    ticket: &Ticket,
    result_url: Option<String>,
) -> Result<Response> {
    let user = tenant.store.user(&ticket.user_id)?.ok_or_else(gone)?;
    let linked = linked(&user, ticket)?;
    let connection = connection(tenant, &user, linked);
    let policy = crate::signup::policy(&connection);
    let again = |wrong| Ok(form(token, policy.as_deref(), wrong));
    let given = call.body_field("password");
    let Some(secret) = given.filter(|_| call.method == Method::POST) else {
        return again(None);
    };
    if secret.chars().count() > MAX_PASSWORD {
        return again(Some("The password is too long."));
    }
    let profile = linked.map_or_else(|| user.clone(), |linked| linked.profile(&user));
    if let Some(refused) = strength::refusal(&connection, secret, &profile) {
        let message = crate::http::text(&refused, "message").unwrap_or_default();
        return again(Some(&format!("{message}.")));
    }
    let earlier = Earlier::of(tenant, &connection, &user, linked)?;
    if let Some(earlier) = &earlier
        && earlier.has(secret).await
    {
        return again(Some("Password has previously been used."));
    }
    let (secret, for_hash) = (secret.to_owned(), Arc::clone(tenant));
    let hash = tokio::task::spawn_blocking(move || password::hash(&secret, &for_hash.randomness))
        .await
        .ok()
        .flatten();
    let now = tenant.now_ms();
    let user_id = ticket.user_id.as_str();
    let key = digest(token);
    tenant.store.take::<Ticket>(&key, now)?.ok_or_else(gone)?;
    if let Some(earlier) = &earlier {
        tenant.store.at_once(now, |store| earlier.keep(store))?;
    }
    let changed = match linked {
        None => tenant.change_user::<()>(user_id, |profile| {
            if let Some(profile) = profile.as_object_mut() {
                profile.insert("last_password_reset".into(), iso(now).into());
                profile.insert("updated_at".into(), iso(now).into());
            }
            Ok(hash)
        })?,
        Some(linked) => {
            let (profile, name) = (linked.profile(&user), linked.connection(&user));
            tenant.store.at_once(now, |store| {
                store.change_linked_login(user_id, name, (&profile, &profile), hash)
            })?;
            Some(Ok(user.clone()))
        }
    };
    // Whoever knew the old password is out.
    tenant.store.remove_owned::<Session>(user_id)?;
    if let Some(Ok(user)) = changed {
        let named = linked.map(|linked| linked.connection(&user));
        crate::triggers::password::changed(tenant, call, &user, named);
    }
    let is_web = |url: &String| url.starts_with("https://") || url.starts_with("http://");
    // That of an Action is the later word.
    let of_ticket = || {
        let url = ticket.result_url.as_ref().and_then(Value::as_str);
        url.and_then(|url| succeeded(url, CHANGED))
    };
    if let Some(url) = result_url.filter(is_web).or_else(of_ticket) {
        return Ok(leave(&url));
    }
    let body = html! {
        h1 { "Password Changed!" }
        p { "Your password has been changed successfully." }
        (back(tenant, ticket))
    };
    Ok(page(StatusCode::OK, layout("Password Changed", &body)))
}
