//! The control API for tests, below `/_postlogin` and behind a token of its own.

mod settings;
mod stream;
mod transfer;
mod users;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value, json};
use tokio::sync::{broadcast, watch};

pub(crate) use self::stream::Streamed;
use crate::clock::iso;
use crate::http::intake::is_json;
use crate::http::{Call, Content, answer, json_text, no_content, set, text};
use crate::oauth::extra::{self, Rule};
use crate::oauth::known::Noticed;
use crate::oauth::{OAuthError, RETRY_AFTER_S};
use crate::page;
use crate::randomness::same_secret;
use crate::state::Tenant;
use crate::store::StoreError;
use crate::trouble::{aside, tell};

/// The number of entries that the log keeps.
const LOG: usize = 1_000;
/// Bytes of the entries that it keeps.
const LOG_BYTES: usize = 64 << 20;

/// An entry of the log as text: a tenth of what an outcome takes as a tree.
#[derive(Debug, Clone)]
struct Entry {
    kind: Arc<str>,
    json: Arc<str>,
}

/// The latest entries: outcomes with large requests or values would take gigabytes.
#[derive(Debug, Default)]
struct Log {
    entries: VecDeque<Entry>,
    bytes: usize,
}

impl Log {
    fn push(&mut self, entry: Entry) {
        self.bytes += entry.json.len();
        self.entries.push_back(entry);
        while self.entries.len() > LOG || (self.bytes > LOG_BYTES && self.entries.len() > 1) {
            if let Some(oldest) = self.entries.pop_front() {
                self.bytes = self.bytes.saturating_sub(oldest.json.len());
            }
        }
    }
}

/// The receiver of each entry of the log.
pub(crate) struct Watcher(Box<dyn Fn(&Value) + Send + Sync>);

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watcher")
    }
}

/// The settings that tests have made, and the log.
#[derive(Debug)]
pub(crate) struct Control {
    token: String,
    failures: Mutex<VecDeque<OAuthError>>,
    forces_mfa: AtomicBool,
    /// The claims that tests give logins.
    rules: Mutex<VecDeque<Rule>>,
    /// The parameters that the log has already.
    pub(crate) noticed: Noticed,
    log: Mutex<Log>,
    listeners: broadcast::Sender<Entry>,
    watcher: OnceLock<Watcher>,
    /// Whether the server stops.
    closed: watch::Sender<bool>,
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
            rules: Mutex::default(),
            noticed: Noticed::default(),
            log: Mutex::default(),
            listeners: broadcast::channel(256).0,
            watcher: OnceLock::new(),
            closed: watch::channel(false).0,
        }
    }

    /// Has each entry of the log shown to `watcher`, before anything else sees it.
    pub(crate) fn watch(&self, watcher: Box<dyn Fn(&Value) + Send + Sync>) {
        // The first one stays.
        let _ = self.watcher.set(Watcher(watcher));
    }

    /// Ends the streams of events: the server stops.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }

    pub(crate) fn reset(&self) {
        locked(&self.failures).clear();
        *locked(&self.log) = Log::default();
        self.forces_mfa.store(false, Ordering::Relaxed);
        locked(&self.rules).clear();
        self.noticed.clear();
    }

    /// Gives the claims of tests to `act`.
    pub(crate) fn with_rules<T>(&self, act: impl FnOnce(&mut VecDeque<Rule>) -> T) -> T {
        act(&mut locked(&self.rules))
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
        if let Some(Watcher(watcher)) = self.watcher.get() {
            watcher(&entry);
        }
        let entry = Entry {
            kind: text(&entry, "type").unwrap_or("message").into(),
            json: entry.to_string().into(),
        };
        locked(&self.log).push(entry.clone());
        // There may be no listener.
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

pub(crate) fn refuse(status: u16, message: impl Into<String>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    answer(status, &json!({"error": message.into()}))
}

/// The answer when the database does not do what was asked.
pub(crate) fn failed(error: &StoreError) -> Response {
    tell(error);
    match error.passing().is_some() {
        true => {
            let mut response = refuse(503, error.to_string());
            set(&mut response, "retry-after", RETRY_AFTER_S);
            response
        }
        false => refuse(500, error.to_string()),
    }
}

/// Judges a request by its head: before anything of its body is read it shows the token, comes from no page of another site,
/// and is JSON, which no form of another site can be.
pub(crate) fn judge(tenant: &Tenant, call: &Call, has_body: bool) -> Result<(), Box<Response>> {
    if is_of_another_site(tenant, call) {
        return Err(Box::new(refuse(
            403,
            "requests of other sites are refused: this API is for tests and tools",
        )));
    }
    if !tenant.control.accepts(call) && !tenant.page.accepts(tenant, call) {
        return Err(Box::new(refuse(
            401,
            "the control token is missing or wrong",
        )));
    }
    if has_body && !is_json(call) {
        return Err(Box::new(refuse(
            415,
            "the body must be JSON; send `content-type: application/json`",
        )));
    }
    Ok(())
}

/// Whether a page of another site sent a request, by what a browser says of it.
fn is_of_another_site(tenant: &Tenant, call: &Call) -> bool {
    let site = call.headers.get("sec-fetch-site");
    if site.is_some_and(|site| !matches!(site.as_bytes(), b"same-origin" | b"none")) {
        return true;
    }
    let host = call.header("host").unwrap_or(&tenant.site.authority);
    let own = [
        tenant.site.issuer.trim_end_matches('/').to_owned(),
        format!("http://{host}"),
        format!("https://{host}"),
    ];
    let mut origins = call.headers.get_all("origin").iter();
    origins.any(|origin| !own.iter().any(|own| own.as_bytes() == origin.as_bytes()))
}

pub(crate) async fn control(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let body = match &call.content {
        Content::Json(Value::Object(body)) => body.clone(),
        Content::Empty | Content::Json(Value::Null) => Map::new(),
        // Users may be a list.
        Content::Json(Value::Array(_)) if call.path == "/_postlogin/users" => Map::new(),
        Content::Json(_) => return refuse(400, "the body must be a JSON object"),
        Content::Form(_) | Content::Multipart(_) => return refuse(400, "the body must be JSON"),
        Content::Bad(why) => return refuse(400, why.clone()),
    };
    let segments = call.segments("/_postlogin");
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    match (call.method.clone(), parts.as_slice()) {
        (Method::POST, ["reset"]) => match tenant.reset() {
            Ok(()) => no_content(),
            Err(error) => failed(&error),
        },
        (Method::GET, ["users"]) => aside(|| users::list(&tenant, &call)),
        (Method::POST, ["users"]) => users::add(&tenant, &call.content).await,
        (Method::GET, ["clock"]) => clock(&tenant),
        (Method::POST, ["clock"]) => settings::set_clock(&tenant, &body),
        (Method::POST, ["fail-next"]) => settings::fail_next(&tenant, &body),
        (Method::PUT | Method::POST, ["mfa"]) => match body.get("force").and_then(Value::as_bool) {
            Some(force) => {
                tenant.control.forces_mfa.store(force, Ordering::Relaxed);
                answer(StatusCode::OK, &json!({"force": force}))
            }
            None => refuse(400, "write {\"force\": true} or {\"force\": false}"),
        },
        (method, ["claims"]) => claims(&tenant, &method, &body),
        (Method::GET, ["log"]) => log(&tenant),
        (Method::GET, ["events"]) => events(&tenant),
        (Method::GET, ["export"]) => aside(|| transfer::export(&tenant)),
        (Method::POST, ["import"]) => aside(|| transfer::import(&tenant, &body)),
        (Method::GET, ["emails"]) => match crate::email::list(&tenant) {
            Ok(mails) => answer(StatusCode::OK, &json!(mails)),
            Err(error) => failed(&error),
        },
        (Method::GET, ["texts"]) => match crate::email::list_texts(&tenant) {
            Ok(texts) => answer(StatusCode::OK, &json!(texts)),
            Err(error) => failed(&error),
        },
        (Method::POST, ["runs"]) => page::run(&tenant, &body).await,
        (Method::POST, ["generated"]) => page::generated(&tenant, &body).await,
        (Method::GET, ["sessions"]) => aside(|| page::sessions::list(&tenant)),
        (Method::DELETE, ["sessions", id]) => aside(|| page::sessions::end(&tenant, id)),
        (Method::POST, ["cases"]) => page::save(&tenant, &body),
        (Method::POST, ["tests"]) => page::tests(&tenant).await,
        (Method::GET, ["logins", id]) => page::login(&tenant, id).await,
        (Method::GET, ["sources"]) => page::sources(&tenant),
        (Method::GET, ["source"]) => page::source(&tenant, &call),
        (Method::GET, ["event-schema"]) => page::schema(),
        (Method::POST, ["event-problems"]) => page::problems(&body),
        (Method::GET, ["clients"]) => answer(
            StatusCode::OK,
            &Value::Array(tenant.catalog.clients.clone()),
        ),
        _ => refuse(
            404,
            "unknown endpoint; see https://github.com/postlogin/postlogin/blob/main/docs/book/src/reference/tenant.md",
        ),
    }
}

fn clock(tenant: &Tenant) -> Response {
    answer(
        StatusCode::OK,
        &json!({"now": iso(tenant.now_ms()), "frozen": tenant.clock.is_frozen()}),
    )
}

/// `POST claims`: claims and permissions of logins to come; `GET` lists them, `DELETE` removes them all.
fn claims(tenant: &Tenant, method: &Method, body: &Map<String, Value>) -> Response {
    let shown = |rules: &VecDeque<Rule>| Value::Array(rules.iter().map(Rule::shown).collect());
    match *method {
        Method::GET => answer(
            StatusCode::OK,
            &tenant.control.with_rules(|rules| shown(rules)),
        ),
        Method::DELETE => {
            tenant.control.with_rules(VecDeque::clear);
            no_content()
        }
        Method::POST => {
            let rule = match Rule::read(body) {
                Ok(rule) => rule,
                Err(wrong) => return refuse(400, wrong),
            };
            match rule.unknown(tenant) {
                Ok(None) => {}
                Ok(Some(unknown)) => {
                    let body = json!({"error": unknown.what, "hint": unknown.hint});
                    return answer(StatusCode::NOT_FOUND, &body);
                }
                Err(error) => return failed(&error),
            }
            match tenant.control.with_rules(|rules| extra::add(rules, rule)) {
                Ok(()) => no_content(),
                Err(wrong) => refuse(400, wrong),
            }
        }
        _ => refuse(405, "/_postlogin/claims accepts GET, POST and DELETE"),
    }
}

fn log(tenant: &Tenant) -> Response {
    let log = locked(&tenant.control.log);
    let entries: Vec<&str> = log.entries.iter().map(|entry| &*entry.json).collect();
    json_text(format!("[{}]", entries.join(",")))
}

/// The log as server-sent events: what is there, then what comes.
fn events(tenant: &Tenant) -> Response {
    let mut listener = tenant.control.listeners.subscribe();
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, Infallible>>(64);
    let past: Vec<Entry> = locked(&tenant.control.log)
        .entries
        .iter()
        .cloned()
        .collect();
    let mut closed = tenant.control.closed.subscribe();
    let told = async move {
        for entry in past {
            if sender.send(Ok(event(&entry))).await.is_err() {
                return;
            }
        }
        loop {
            let next = match tokio::time::timeout(Duration::from_secs(15), listener.recv()).await {
                Ok(Ok(entry)) => event(&entry),
                Ok(Err(broadcast::error::RecvError::Lagged(missed))) => lagged(missed),
                Ok(Err(broadcast::error::RecvError::Closed)) => return,
                // Keeps the connection open, and notices when it is not.
                Err(_) => Bytes::from_static(b": \n\n"),
            };
            if sender.send(Ok(next)).await.is_err() {
                return;
            }
        }
    };
    tokio::spawn(async move {
        tokio::select! {
            () = told => {}
            _ = closed.wait_for(|closed| *closed) => {}
        }
    });
    let mut response = Response::new(Body::new(Streamed(receiver)));
    set(&mut response, "content-type", "text/event-stream");
    set(&mut response, "cache-control", "no-store");
    response
}

fn event(entry: &Entry) -> Bytes {
    Bytes::from(format!("event: {}\ndata: {}\n\n", entry.kind, entry.json))
}

/// Reports to a listener that is too slow how many entries it missed.
fn lagged(missed: u64) -> Bytes {
    Bytes::from(format!(
        "event: missed\ndata: {{\"type\":\"missed\",\"entries\":{missed}}}\n\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::{Entry, LOG, LOG_BYTES, Log};

    fn entry(bytes: usize) -> Entry {
        Entry {
            kind: "login".into(),
            json: "x".repeat(bytes).into(),
        }
    }

    #[test]
    fn the_log_keeps_the_latest_entries_within_a_number_and_bytes() {
        let mut log = Log::default();
        for bytes in 0..LOG + 5 {
            log.push(entry(bytes));
        }
        assert_eq!(log.entries.len(), LOG);
        assert_eq!(log.entries.front().map(|entry| entry.json.len()), Some(5));
        let large = LOG_BYTES / 4;
        for _ in 0..10 {
            log.push(entry(large));
        }
        assert_eq!(log.entries.len(), 4);
        assert_eq!(log.bytes, 4 * large);
        // One is kept whatever its size is.
        log.push(entry(LOG_BYTES + 1));
        assert_eq!(log.entries.len(), 1);
    }
}
