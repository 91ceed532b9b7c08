//! The control API for tests, below `/_postlogin` and behind a token of its own.

mod transfer;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value, json};
use tokio::sync::broadcast;

use crate::clock::{iso, parse_iso};
use crate::http::{Call, Content, answer, json_text, no_content, set, text};
use crate::import::new_user;
use crate::oauth::OAuthError;
use crate::randomness::same_secret;
use crate::state::Tenant;

/// How many entries the log keeps.
const LOG: usize = 1_000;

/// An entry of the log as text: a tenth of what an outcome takes as a tree.
#[derive(Debug, Clone)]
struct Entry {
    kind: Arc<str>,
    json: Arc<str>,
}

/// What tests have asked for, and the log.
#[derive(Debug)]
pub(crate) struct Control {
    token: String,
    failures: Mutex<VecDeque<OAuthError>>,
    forces_mfa: AtomicBool,
    log: Mutex<VecDeque<Entry>>,
    listeners: broadcast::Sender<Entry>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Control {
    pub(crate) fn new(token: String) -> Self {
        Self {
            token,
            failures: Mutex::default(),
            forces_mfa: AtomicBool::new(false),
            log: Mutex::default(),
            listeners: broadcast::channel(256).0,
        }
    }

    pub(crate) fn reset(&self) {
        locked(&self.failures).clear();
        locked(&self.log).clear();
        self.forces_mfa.store(false, Ordering::Relaxed);
    }

    /// Whether a request shows the token.
    pub(crate) fn accepts(&self, call: &Call) -> bool {
        !self.token.is_empty()
            && call
                .bearer()
                .is_some_and(|token| same_secret(token, &self.token))
    }

    /// Adds an entry to the log. Secrets are out of it already.
    pub(crate) fn log(&self, entry: Value) {
        let entry = Entry {
            kind: text(&entry, "type").unwrap_or("message").into(),
            json: entry.to_string().into(),
        };
        let mut log = locked(&self.log);
        if log.len() >= LOG {
            log.pop_front();
        }
        log.push_back(entry.clone());
        // Nobody may be listening.
        let _ = self.listeners.send(entry);
    }

    /// The error with which the next login is to fail.
    pub(crate) fn take_failure(&self) -> Option<OAuthError> {
        locked(&self.failures).pop_front()
    }

    pub(crate) fn forces_mfa(&self) -> bool {
        self.forces_mfa.load(Ordering::Relaxed)
    }
}

fn refuse(status: u16, message: impl Into<String>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    answer(status, &json!({"error": message.into()}))
}

pub(crate) async fn control(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    if !tenant.control.accepts(&call) {
        return refuse(401, "the control token is missing or wrong");
    }
    let body = match &call.content {
        Content::Json(Value::Object(body)) => body.clone(),
        Content::Empty | Content::Json(_) => Map::new(),
        Content::Form(_) | Content::Bad(_) => return refuse(400, "the body must be JSON"),
    };
    let segments = call.segments("/_postlogin");
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    let failed = |error: &dyn std::fmt::Display| refuse(500, error.to_string());
    match (call.method.clone(), parts.as_slice()) {
        (Method::POST, ["reset"]) => match tenant.reset() {
            Ok(()) => no_content(),
            Err(error) => failed(&error),
        },
        (Method::GET, ["users"]) => match tenant.store.users() {
            Ok(users) => answer(StatusCode::OK, &Value::Array(users)),
            Err(error) => failed(&error),
        },
        (Method::POST, ["users"]) => add_users(&tenant, &call.content).await,
        (Method::GET, ["clock"]) => clock(&tenant),
        (Method::POST, ["clock"]) => set_clock(&tenant, &body),
        (Method::POST, ["fail-next"]) => fail_next(&tenant, &body),
        (Method::PUT | Method::POST, ["mfa"]) => match body.get("force").and_then(Value::as_bool) {
            Some(force) => {
                tenant.control.forces_mfa.store(force, Ordering::Relaxed);
                answer(StatusCode::OK, &json!({"force": force}))
            }
            None => refuse(400, "write {\"force\": true} or {\"force\": false}"),
        },
        (Method::GET, ["log"]) => log(&tenant),
        (Method::GET, ["events"]) => events(&tenant),
        (Method::GET, ["export"]) => transfer::export(&tenant),
        (Method::POST, ["import"]) => transfer::import(&tenant, &body),
        (Method::GET, ["emails"]) => match crate::email::list(&tenant) {
            Ok(mails) => answer(StatusCode::OK, &Value::Array(mails)),
            Err(error) => failed(&error),
        },
        (Method::GET, ["clients"]) => answer(
            StatusCode::OK,
            &Value::Array(tenant.catalog.clients.clone()),
        ),
        _ => refuse(404, "there is no such endpoint; docs/tenant.md lists them"),
    }
}

async fn add_users(tenant: &Arc<Tenant>, content: &Content) -> Response {
    let users = match content {
        Content::Json(Value::Array(users)) => users.clone(),
        Content::Json(single @ Value::Object(_)) => vec![single.clone()],
        _ => return refuse(400, "the body must be a user or a list of users"),
    };
    let for_hash = Arc::clone(tenant);
    let made = tokio::task::spawn_blocking(move || {
        let now = for_hash.now_ms();
        let users = users.into_iter().enumerate();
        let made = users.map(|(index, user)| match user.is_object() {
            true => new_user(index + 1, user, &for_hash.randomness, now)
                .map_err(|error| error.to_string()),
            false => Err(format!("user {}: a user must be a JSON object", index + 1)),
        });
        made.collect::<Result<Vec<_>, _>>()
    });
    let users = match made.await {
        Ok(Ok(users)) => users,
        Ok(Err(problem)) => return refuse(400, problem),
        Err(_) => return refuse(500, "the users could not be read"),
    };
    let mut ids = Vec::new();
    for user in users {
        let id = text(&user.profile, "user_id")
            .unwrap_or_default()
            .to_owned();
        match tenant.store.insert_user(&user) {
            Ok(Ok(())) => ids.push(id),
            Ok(Err(_)) => {
                return refuse(
                    409,
                    format!(
                        "the user {id}, or one with the same e-mail or user name, is there already"
                    ),
                );
            }
            Err(error) => return refuse(500, error.to_string()),
        }
    }
    answer(StatusCode::CREATED, &json!({"user_ids": ids}))
}

fn clock(tenant: &Tenant) -> Response {
    answer(
        StatusCode::OK,
        &json!({"now": iso(tenant.now_ms()), "frozen": tenant.clock.is_frozen()}),
    )
}

fn set_clock(tenant: &Tenant, body: &Map<String, Value>) -> Response {
    for (key, value) in body {
        match (key.as_str(), value) {
            ("freeze", Value::Bool(true)) => tenant.clock.freeze(None),
            ("freeze", Value::Bool(false)) => tenant.clock.reset(),
            ("freeze", Value::String(time)) => match parse_iso(time) {
                Some(ms) => tenant.clock.freeze(Some(ms)),
                None => return refuse(400, "write the time as 2026-11-22T10:00:00Z"),
            },
            ("advance_s", Value::Number(seconds)) if seconds.is_i64() => {
                tenant
                    .clock
                    .advance(seconds.as_i64().unwrap_or_default().saturating_mul(1000));
            }
            ("reset", Value::Bool(true)) => tenant.clock.reset(),
            _ => {
                return refuse(
                    400,
                    "write {\"freeze\": true|false|\"2026-11-22T10:00:00Z\"}, {\"advance_s\": 60} or {\"reset\": true}",
                );
            }
        }
    }
    clock(tenant)
}

fn fail_next(tenant: &Tenant, body: &Map<String, Value>) -> Response {
    let part = |key: &str, default: &str| {
        body.get(key)
            .and_then(Value::as_str)
            .unwrap_or(default)
            .to_owned()
    };
    let status = body
        .get("status")
        .and_then(Value::as_u64)
        .and_then(|status| u16::try_from(status).ok());
    let status = status
        .filter(|status| (400..600).contains(status))
        .unwrap_or(503);
    let error = OAuthError::new(
        status,
        &part("error", "temporarily_unavailable"),
        part("error_description", "A test asked for this failure."),
    );
    let times = body
        .get("times")
        .and_then(Value::as_u64)
        .unwrap_or(1)
        .min(100);
    let mut failures = locked(&tenant.control.failures);
    (0..times).for_each(|_| failures.push_back(error.clone()));
    no_content()
}

fn log(tenant: &Tenant) -> Response {
    let log = locked(&tenant.control.log);
    let entries: Vec<&str> = log.iter().map(|entry| &*entry.json).collect();
    json_text(format!("[{}]", entries.join(",")))
}

/// The log as server-sent events: what is there, then what comes.
fn events(tenant: &Tenant) -> Response {
    let mut listener = tenant.control.listeners.subscribe();
    let (sender, receiver) = tokio::sync::mpsc::channel::<Bytes>(64);
    let past: Vec<Entry> = locked(&tenant.control.log).iter().cloned().collect();
    tokio::spawn(async move {
        for entry in past {
            if sender.send(event(&entry)).await.is_err() {
                return;
            }
        }
        loop {
            let next = match tokio::time::timeout(Duration::from_secs(15), listener.recv()).await {
                Ok(Ok(entry)) => event(&entry),
                Ok(Err(broadcast::error::RecvError::Lagged(_))) => continue,
                Ok(Err(broadcast::error::RecvError::Closed)) => return,
                // Keeps the connection open, and notices when it is not.
                Err(_) => Bytes::from_static(b": \n\n"),
            };
            if sender.send(next).await.is_err() {
                return;
            }
        }
    });
    let mut response = Response::new(Body::new(EventBody(receiver)));
    set(&mut response, "content-type", "text/event-stream");
    set(&mut response, "cache-control", "no-store");
    response
}

fn event(entry: &Entry) -> Bytes {
    Bytes::from(format!("event: {}\ndata: {}\n\n", entry.kind, entry.json))
}

/// A body that ends when its sender goes.
struct EventBody(tokio::sync::mpsc::Receiver<Bytes>);

impl axum::body::HttpBody for EventBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        self.0
            .poll_recv(context)
            .map(|next| next.map(|bytes| Ok(http_body::Frame::data(bytes))))
    }
}
