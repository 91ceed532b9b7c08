//! The page for people at `/_postlogin/`, and what it asks for: a login with the account of its claims, the sources, a run again.
//!
//! Only this machine may open it, with a link that works once ([`access`]). Its requests are those of the control API, which
//! accepts the page's cookie in place of the control token.

pub(crate) mod access;
mod generated;
pub(crate) mod kept;
mod run;
pub(crate) mod sessions;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::Response;
use maud::html;
use postlogin_core::Trigger;
use postlogin_core::event::{
    Finding, Path, Problem, Segment, check_paths, check_user, json_schema,
};
use postlogin_core::outcome::Outcome;
use postlogin_page::{Entry, Kind};
use serde_json::{Map, Value, json};

use self::kept::{Ended, KeptLogin};
use crate::clock::iso;
use crate::control::refuse;
use crate::http::{Call, answer, page as html_page, redirect, set, text};
use crate::oauth::signing;
use crate::pages::layout;
use crate::pipeline::PipelineError;
use crate::state::Tenant;
use crate::trouble::aside;

/// The path of the page, which is that of its cookie, too.
pub(crate) const PATH: &str = "/_postlogin/";

/// `GET /_postlogin/`: the page itself. A link with a token gives the browser its cookie first.
pub(crate) async fn page(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    if call.path != PATH {
        let query = call.query.get("token");
        return redirect(&query.map_or_else(
            || PATH.to_owned(),
            |token| format!("{PATH}?token={}", encoded(token)),
        ));
    }
    if !access::is_near(&call) {
        return closed(
            StatusCode::FORBIDDEN,
            "This page is for the machine that the tenant runs on. Open it there.",
        );
    }
    if let Some(token) = call.query.get("token") {
        if let Some(cookie) = tenant.page.open(&tenant, token) {
            let mut response = redirect(PATH);
            if let Ok(cookie) = cookie.parse() {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            return response;
        }
        if tenant.page.knows(&tenant, &call) {
            return redirect(PATH);
        }
    }
    if !tenant.page.knows(&tenant, &call) {
        return closed(
            StatusCode::UNAUTHORIZED,
            "Open the page with the link that the tenant printed when it started. A link works once; each use prints a new one.",
        );
    }
    tenant.page.watch();
    let nonce = tenant.randomness.token();
    let mut response = Response::new(Body::from(postlogin_page::live(&nonce, &tenant.name)));
    set(&mut response, "content-type", "text/html; charset=utf-8");
    set(
        &mut response,
        "content-security-policy",
        &postlogin_page::live_policy(&nonce),
    );
    guarded(response)
}

/// The headers of everything that a browser shows: nothing frames it, and no other type is guessed.
fn guarded(mut response: Response) -> Response {
    set(&mut response, "x-frame-options", "DENY");
    set(&mut response, "x-content-type-options", "nosniff");
    set(&mut response, "referrer-policy", "no-referrer");
    set(&mut response, "cross-origin-resource-policy", "same-origin");
    set(&mut response, "cache-control", "no-store");
    response
}

fn closed(status: StatusCode, sentence: &str) -> Response {
    let body = html! {
        h1 { "Logins" }
        p { (sentence) }
        p { a href="/" { "The tenant's applications" } }
    };
    html_page(status, layout("Logins", &body))
}

fn encoded(token: &str) -> String {
    url::form_urlencoded::byte_serialize(token.as_bytes()).collect()
}

/// `GET /_postlogin/page.js`.
pub(crate) async fn script() -> Response {
    asset(postlogin_page::script(), "text/javascript; charset=utf-8")
}

/// `GET /_postlogin/page.css`.
pub(crate) async fn style() -> Response {
    asset(postlogin_page::style(), "text/css; charset=utf-8")
}

fn asset(found: Result<&'static str, postlogin_page::AssetError>, kind: &'static str) -> Response {
    match found {
        Ok(text) => {
            let mut response = Response::new(Body::from(text));
            set(&mut response, "content-type", kind);
            guarded(response)
        }
        Err(error) => refuse(500, error.to_string()),
    }
}

/// `GET /_postlogin/sources`: the sources of the project's Actions and Rules, and of the files that they import.
pub(crate) fn sources(tenant: &Arc<Tenant>) -> Response {
    match aside(|| tenant.pipeline.sources()) {
        Ok(sources) => answer(StatusCode::OK, &json!(sources)),
        Err(error) => broken(&error),
    }
}

/// `GET /_postlogin/source?file=…`: one of them. A name is compared with theirs; it opens no file.
pub(crate) fn source(tenant: &Arc<Tenant>, call: &Call) -> Response {
    let Some(file) = call.query.get("file") else {
        return refuse(400, "name the file: ?file=actions/NAME/code.js");
    };
    let sources = match aside(|| tenant.pipeline.sources()) {
        Ok(sources) => sources,
        Err(error) => return broken(&error),
    };
    match sources.into_iter().find(|source| source.file == file) {
        Some(source) => answer(StatusCode::OK, &json!(source)),
        None => refuse(404, "no Action of the project has a file of this name"),
    }
}

/// `GET /_postlogin/event-schema`: the JSON Schema of the event of post-login, for the editor.
pub(crate) fn schema() -> Response {
    answer(StatusCode::OK, &json_schema(Trigger::PostLogin))
}

/// `POST /_postlogin/event-problems`: what of an event the trigger post-login never sends, for the editor; in the words with which
/// `run --event` warns of it.
pub(crate) fn problems(body: &Map<String, Value>) -> Response {
    let Some(event) = body.get("event") else {
        return refuse(400, "give the event: {\"event\": {…}}");
    };
    let wrong = check_paths(Trigger::PostLogin, event);
    let unusual = check_user(Trigger::PostLogin, event);
    let found: Value = wrong.iter().chain(&unusual).map(problem).collect();
    answer(StatusCode::OK, &found)
}

fn problem(finding: &Finding) -> Value {
    let path = Path::parse(&finding.path).ok();
    let path = path.iter().flat_map(Path::segments);
    let path: Vec<Value> = path
        .map(|segment| match segment {
            Segment::Key(key) => json!(key),
            Segment::Index(index) => json!(index),
        })
        .collect();
    let hint = match &finding.suggestion {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => String::new(),
    };
    let is_unknown = matches!(
        finding.problem,
        Problem::UnknownProperty | Problem::UnusualProperty
    );
    json!({"path": path, "message": finding.message(), "hint": hint, "unknown": is_unknown})
}

/// `GET /_postlogin/logins/{id}`.
pub(crate) async fn login(tenant: &Arc<Tenant>, id: &str) -> Response {
    run::look_closer(tenant, id).await;
    match tenant.page.kept.get(id) {
        Some(login) => {
            let entry = aside(|| entry(tenant, &login, &[], Kind::Login));
            answer(StatusCode::OK, &json!(entry))
        }
        None => refuse(
            404,
            "the tenant does not keep this login: it has the latest ones, as far as they fit into its memory",
        ),
    }
}

/// `POST /_postlogin/runs`.
pub(crate) async fn run(tenant: &Arc<Tenant>, body: &Map<String, Value>) -> Response {
    run::run(tenant, body).await
}

/// `POST /_postlogin/generated`.
pub(crate) async fn generated(tenant: &Arc<Tenant>, body: &Map<String, Value>) -> Response {
    generated::run(tenant, body).await
}

/// `POST /_postlogin/cases`: a login as a file of the project; with `write: false` only its text.
pub(crate) fn save(tenant: &Arc<Tenant>, body: &Map<String, Value>) -> Response {
    let part = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
    let writes = body.get("write").and_then(Value::as_bool) == Some(true);
    let Some(login) = tenant.page.kept.get(part("id")) else {
        return refuse(404, "the tenant does not keep this login");
    };
    let Some(Ended::Finished(outcome, _, seen)) = &login.ended else {
        return refuse(409, "this login did not run, so it cannot be a case");
    };
    let case = crate::pipeline::SavedCase {
        name: part("name").to_owned(),
        event: login.event(),
        outcome: (**outcome).clone(),
        steps: login.steps.clone(),
        seed: login.head.seed,
        now_ms: login.head.now_ms,
        issuer: login.head.issuer.clone(),
        domain: login.head.domain.clone(),
        requested_scopes: login.head.requested_scopes.clone(),
        requests: match seen {
            Some(seen) => seen.requests.clone(),
            None => login.requests.clone().unwrap_or_default(),
        },
        had_cache: !login.head.cache.is_empty(),
    };
    match aside(|| tenant.pipeline.save_case(&case, writes)) {
        Ok((file, text)) => answer(StatusCode::OK, &json!({"file": file, "text": text})),
        Err(reason) => refuse(409, reason),
    }
}

/// `POST /_postlogin/tests`: runs the cases of the project, one request at a time.
pub(crate) async fn tests(tenant: &Arc<Tenant>) -> Response {
    let Ok(alone) = tenant.page.testing.try_lock() else {
        return refuse(409, "the cases are running already");
    };
    let pipeline = Arc::clone(&tenant.pipeline);
    let ran = tokio::task::spawn_blocking(move || pipeline.run_cases()).await;
    drop(alone);
    match ran {
        Ok(Ok(report)) => answer(StatusCode::OK, &json!(report)),
        Ok(Err(reason)) => refuse(409, reason),
        Err(_) => refuse(500, "the cases ended without a result"),
    }
}

/// The answer when the pipeline cannot do what was asked.
fn broken(error: &PipelineError) -> Response {
    match error {
        PipelineError::Unloadable(reason) | PipelineError::Stale(reason) => {
            refuse(409, reason.clone())
        }
        PipelineError::Broken(reason) => {
            crate::trouble::tell(&format!("the login pipeline: {reason}"));
            refuse(500, reason.clone())
        }
    }
}

/// Returns a login as the page shows it: with the account of its claims, and without secrets.
fn entry(tenant: &Tenant, login: &KeptLogin, why: &[String], kind: Kind) -> Entry {
    let mut event = login.event();
    tenant.pipeline.hide(&mut event);
    let mut entry = Entry {
        id: login.id.clone(),
        kind,
        name: name_of(event.get("user").unwrap_or(&Value::Null)),
        date: iso(login.head.now_ms),
        client: part_of(&event, "/client/name"),
        steps: run::steps_json(&login.steps),
        seed: login.head.seed.to_string(),
        arguments: arguments(tenant, login),
        requests: login.requests.clone(),
        event,
        ..Entry::default()
    };
    match &login.ended {
        Some(Ended::Finished(outcome, record, seen)) => {
            entry.duration_us = wall_us(outcome);
            let mut sites = None;
            if let Some(seen) = seen {
                entry.coverage.clone_from(&seen.coverage);
                entry.requests = Some(seen.requests.clone());
                sites = seen.sites.as_ref();
            }
            let (outcome, record) = ((**outcome).clone(), (**record).clone());
            let mut explanation = tenant.pipeline.explain(outcome, record, why, sites);
            sign(tenant, &mut explanation.outcome);
            entry.explanation = Some(explanation);
        }
        Some(Ended::Error(reason)) => entry.failures.push(reason.clone()),
        None => entry
            .failures
            .push("The login waits for its user.".to_owned()),
    }
    entry
}

/// Returns the arguments with which the login runs again from a shell.
fn arguments(tenant: &Tenant, login: &KeptLogin) -> Vec<String> {
    let mut arguments = tenant.pipeline.arguments();
    if !arguments.is_empty() {
        arguments.extend(["--issuer".to_owned(), login.head.issuer.clone()]);
    }
    arguments
}

/// Adds the signed tokens, for who wants to send one somewhere. Secrets are out of their claims.
fn sign(tenant: &Tenant, outcome: &mut Outcome) {
    let audience = |claims: &Map<String, Value>| {
        let audience = claims.get("aud")?;
        let first = audience.as_str().or_else(|| audience.get(0)?.as_str());
        first.map(str::to_owned)
    };
    let claims = &outcome.id_token.claims;
    outcome.id_token.jwt = audience(claims)
        .and_then(|client| signing::id_token(tenant, &client, claims.clone(), &[]).ok());
    let claims = &outcome.access_token.claims;
    outcome.access_token.jwt = audience(claims)
        .and_then(|audience| signing::access_token(tenant, Some(&audience), "JWT", claims).ok());
}

fn wall_us(outcome: &Outcome) -> u64 {
    let actions = outcome.usage.actions.iter();
    actions.fold(0, |sum, it| sum.saturating_add(it.wall_us))
}

fn part_of(event: &Value, pointer: &str) -> String {
    let found = event.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_default().to_owned()
}

/// Returns the name of a user for people: the e-mail address, else a name, else the id.
pub(crate) fn name_of(user: &Value) -> String {
    let keys = ["email", "name", "nickname", "user_id"];
    let mut found = keys.iter().filter_map(|key| text(user, key));
    found
        .find(|name| !name.is_empty())
        .unwrap_or_default()
        .to_owned()
}
