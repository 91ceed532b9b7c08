//! The latest logins, as the page needs them to explain one and to run it again. In memory only, and bounded.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use postlogin_core::ResumeStep;
use postlogin_core::outcome::{Outcome, RequestEnd, RequestRecord};
use postlogin_core::reads::Record;
use postlogin_page::RequestEntry;
use serde_json::Value;

use crate::pipeline::{LoginRequest, Seen};

/// The most logins.
const MOST: usize = 1_000;
/// The most memory that they take together, in bytes, as estimated by [`weight`].
const MOST_BYTES: usize = 64 << 20;
/// The most steps of one login.
pub(super) const MOST_STEPS: usize = 50;
/// The size of a value of JSON as a tree, in bytes, besides its text.
const NODE: usize = 64;
/// The size of a read, in bytes, besides its value.
const READ: usize = 400;

/// The end of a login.
#[derive(Debug, Clone)]
pub(crate) enum Ended {
    /// With an outcome, and what a closer look has shown if there was one. Secrets are in it.
    Finished(Arc<Outcome>, Box<Record>, Option<Box<Seen>>),
    /// It could not run, for this reason.
    Error(String),
}

/// The event of a login, as text: that is a tenth of what it takes as a tree, and is made faster. Few of them are ever read.
#[derive(Debug, Clone)]
enum KeptEvent {
    Text(Box<str>),
    /// Nested deeper than texts are read.
    Tree(Box<Value>),
}

/// The most levels of a text; `serde_json` reads 127.
const MOST_LEVELS: u32 = 100;

impl KeptEvent {
    fn of(event: &Value) -> Self {
        match has_more_levels(event, MOST_LEVELS) {
            true => Self::Tree(Box::new(event.clone())),
            false => Self::Text(event.to_string().into()),
        }
    }

    fn value(&self) -> Value {
        match self {
            Self::Text(text) => serde_json::from_str(text).unwrap_or_default(),
            Self::Tree(event) => (**event).clone(),
        }
    }

    fn weight(&self) -> usize {
        match self {
            Self::Text(text) => NODE + text.len(),
            Self::Tree(event) => weight(event),
        }
    }
}

/// Whether a value has arrays and objects in each other beyond so many levels.
fn has_more_levels(value: &Value, levels: u32) -> bool {
    let below = |value: &Value| levels == 0 || has_more_levels(value, levels - 1);
    match value {
        Value::Array(items) => items.iter().any(below),
        Value::Object(members) => members.values().any(below),
        _ => false,
    }
}

/// A login that is kept.
#[derive(Debug, Clone)]
pub(crate) struct KeptLogin {
    pub(crate) id: String,
    /// The request without its event and without the other profiles of the tenant, which are read anew.
    pub(crate) head: LoginRequest,
    event: KeptEvent,
    pub(crate) steps: Vec<ResumeStep>,
    /// The requests of its Actions, if they were listened to; else a closer look knows them.
    pub(crate) requests: Option<Vec<RequestEntry>>,
    /// `None` while it waits for its user.
    pub(crate) ended: Option<Ended>,
    bytes: usize,
}

impl KeptLogin {
    /// Returns the event before any Action ran.
    pub(crate) fn event(&self) -> Value {
        self.event.value()
    }

    /// Returns the request, without the other profiles of the tenant.
    pub(crate) fn request(&self) -> LoginRequest {
        LoginRequest {
            event: self.event(),
            ..self.head.clone()
        }
    }
}

#[derive(Debug, Default)]
struct Logins {
    all: VecDeque<Arc<KeptLogin>>,
    bytes: usize,
    count: u64,
}

/// The logins that are kept, the oldest first.
#[derive(Debug)]
pub(crate) struct Kept {
    /// The beginning of every id: ids of a tenant that was started again are others.
    prefix: String,
    logins: Mutex<Logins>,
}

impl Kept {
    pub(super) fn new(now_ms: i64) -> Self {
        Self {
            prefix: format!("{now_ms:x}"),
            logins: Mutex::default(),
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Logins> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets all of them.
    pub(crate) fn clear(&self) {
        let mut logins = self.locked();
        logins.all.clear();
        logins.bytes = 0;
    }

    /// Keeps a login that begins, and returns its id.
    pub(crate) fn begin(&self, request: &LoginRequest) -> String {
        let head = LoginRequest {
            users: Vec::new(),
            event: Value::Null,
            domain: request.domain.clone(),
            issuer: request.issuer.clone(),
            granted_scopes: request.granted_scopes.clone(),
            requested_scopes: request.requested_scopes.clone(),
            permissions: request.permissions.clone(),
            // Made anew where it is run again: it may be large.
            configured: None,
            action: request.action.clone(),
            cache: request.cache.clone(),
            ..*request
        };
        let event = KeptEvent::of(&request.event);
        self.add(head, event, Vec::new(), None)
    }

    /// Keeps a login, and returns its id. Those that have no room any more are forgotten, the oldest first.
    pub(super) fn keep(
        &self,
        request: LoginRequest,
        steps: Vec<ResumeStep>,
        ended: Option<Ended>,
    ) -> String {
        let event = KeptEvent::of(&request.event);
        let head = LoginRequest {
            event: Value::Null,
            configured: None,
            ..request
        };
        self.add(head, event, steps, ended)
    }

    fn add(
        &self,
        head: LoginRequest,
        event: KeptEvent,
        steps: Vec<ResumeStep>,
        ended: Option<Ended>,
    ) -> String {
        let bytes = event.weight() + head.cache.bytes() + ended.as_ref().map_or(0, weight_of_end);
        let mut logins = self.locked();
        logins.count += 1;
        let id = format!("{}-{}", self.prefix, logins.count);
        logins.bytes = logins.bytes.saturating_add(bytes);
        logins.all.push_back(Arc::new(KeptLogin {
            id: id.clone(),
            head,
            event,
            steps,
            requests: None,
            ended,
            bytes,
        }));
        logins.shrink();
        id
    }

    /// Takes down the step of the user of a login that waits.
    pub(crate) fn step(&self, id: &str, step: &ResumeStep) {
        self.locked().change(id, |login| {
            if login.steps.len() < MOST_STEPS {
                login.steps.push(step.clone());
            }
        });
    }

    /// Takes down requests that its Actions have made by now.
    pub(crate) fn hear(&self, id: &str, requests: Vec<RequestEntry>) {
        let more = requests.iter().map(weight_of_request).sum::<usize>();
        let mut logins = self.locked();
        if logins.change(id, |login| {
            login.requests.get_or_insert_default().extend(requests);
            login.bytes = login.bytes.saturating_add(more);
        }) {
            logins.bytes = logins.bytes.saturating_add(more);
            logins.shrink();
        }
    }

    /// Takes down how a login ended.
    pub(crate) fn finish(&self, id: &str, outcome: &Arc<Outcome>, record: Record) {
        let ended = Ended::Finished(Arc::clone(outcome), Box::new(record), None);
        self.end(id, ended);
    }

    /// Takes down that a login could not run.
    pub(crate) fn fail(&self, id: &str, reason: &str) {
        self.end(id, Ended::Error(reason.to_owned()));
    }

    /// Takes down what a closer look at a login has shown, and where it read the event; not of one that has resumed meanwhile.
    pub(super) fn look(&self, id: &str, of: &Arc<Outcome>, record: Record, seen: Seen) {
        let more = weight_of_seen(&seen);
        let mut logins = self.locked();
        if logins.change(id, |login| {
            if let Some(Ended::Finished(outcome, known, look)) = &mut login.ended
                && Arc::ptr_eq(outcome, of)
            {
                **known = record;
                *look = Some(Box::new(seen));
                login.bytes = login.bytes.saturating_add(more);
            }
        }) {
            logins.bytes = logins.bytes.saturating_add(more);
            logins.shrink();
        }
    }

    fn end(&self, id: &str, ended: Ended) {
        let bytes = weight_of_end(&ended);
        let mut before = 0;
        let mut logins = self.locked();
        if logins.change(id, |login| {
            // A login that waited has the outcome of its suspension.
            before = login.ended.replace(ended).as_ref().map_or(0, weight_of_end);
            login.bytes = login.bytes.saturating_add(bytes).saturating_sub(before);
        }) {
            logins.bytes = logins.bytes.saturating_add(bytes).saturating_sub(before);
            logins.shrink();
        }
    }

    /// Returns the login with an id.
    pub(crate) fn get(&self, id: &str) -> Option<Arc<KeptLogin>> {
        let logins = self.locked();
        logins.all.iter().rfind(|login| login.id == id).cloned()
    }
}

impl Logins {
    fn change(&mut self, id: &str, change: impl FnOnce(&mut KeptLogin)) -> bool {
        match self.all.iter_mut().rfind(|login| login.id == id) {
            Some(login) => {
                change(Arc::make_mut(login));
                true
            }
            None => false,
        }
    }

    fn shrink(&mut self) {
        while self.all.len() > MOST || (self.bytes > MOST_BYTES && self.all.len() > 1) {
            if let Some(oldest) = self.all.pop_front() {
                self.bytes = self.bytes.saturating_sub(oldest.bytes);
            }
        }
    }
}

/// Returns about what a value takes in memory, in bytes.
fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => NODE,
        Value::String(text) => NODE + text.len(),
        Value::Array(items) => items.iter().map(weight).fold(NODE, usize::saturating_add),
        Value::Object(members) => members
            .iter()
            .map(|(key, member)| NODE + key.len() + weight(member))
            .fold(NODE, usize::saturating_add),
    }
}

fn weight_of_request(it: &RequestEntry) -> usize {
    READ + it.url.len() + it.body.len() + it.response_body.len() + NODE * it.headers.len()
}

fn weight_of_seen(seen: &Seen) -> usize {
    let lines = seen.coverage.iter();
    let lines = lines.map(|file| READ + 8 * (file.lines.len() + file.functions.len()));
    let requests = seen.requests.iter().map(weight_of_request);
    let sites = seen.sites.iter().flat_map(|all| &all.sites);
    let sites = sites.map(|site| READ * (1 + site.conditions.len() + site.routes.len()));
    lines.chain(requests).chain(sites).sum()
}

fn weight_of_end(ended: &Ended) -> usize {
    let (outcome, record) = match ended {
        Ended::Finished(outcome, record, _) => (outcome, record),
        Ended::Error(reason) => return reason.len(),
    };
    let map = |map: &serde_json::Map<String, Value>| {
        map.iter()
            .map(|(key, member)| NODE + key.len() + weight(member))
            .sum::<usize>()
    };
    let claims = [
        &outcome.id_token.claims,
        &outcome.access_token.claims,
        &outcome.userinfo,
        &outcome.user.user_metadata,
        &outcome.user.app_metadata,
    ];
    let rules = outcome.rules.iter();
    let rules = rules.map(|rules| weight(&rules.user) + weight(&rules.context));
    let requests = outcome.requests.iter();
    let requests = requests.map(weight_of_record);
    let calls = outcome.commands.iter();
    let calls = calls.map(|call| READ + call.args.iter().map(weight).sum::<usize>());
    let ledger = outcome.ledger.iter();
    let ledger = ledger.map(|entry| READ + entry.name.len() + weight(&entry.value));
    let reads = record.reads.iter();
    let reads = reads.map(|read| READ + read.path.len() + weight(&read.value));
    let logs = outcome.logs.iter().map(|log| READ + log.message.len());
    let seen = match ended {
        Ended::Finished(.., Some(seen)) => weight_of_seen(seen),
        _ => 0,
    };
    seen + claims.into_iter().map(map).sum::<usize>()
        + calls
            .chain(ledger)
            .chain(reads)
            .chain(logs)
            .chain(requests)
            .chain(rules)
            .sum::<usize>()
}

fn weight_of_record(request: &RequestRecord) -> usize {
    let answer = match &request.response {
        RequestEnd::Answered { body, .. } => weight(body),
        RequestEnd::Failed { .. } | RequestEnd::Refused { .. } => NODE,
    };
    READ + request.url.len() + weight(&request.body) + answer
}

#[cfg(test)]
mod tests {
    use postlogin_core::{CacheEntries, Trigger};
    use serde_json::{Value, json};

    use super::{Kept, MOST, MOST_BYTES, weight};
    use crate::pipeline::LoginRequest;

    fn request(event: Value) -> LoginRequest {
        LoginRequest {
            trigger: Trigger::PostLogin,
            event,
            domain: String::new(),
            issuer: String::new(),
            configured: None,
            permissions: Vec::new(),
            access_token_lifetime_s: None,
            granted_scopes: None,
            requested_scopes: None,
            seed: 1,
            now_ms: 0,
            is_frozen: true,
            users: vec![json!({"user_id": "other"})],
            action: None,
            cache: CacheEntries::default(),
            is_watched: false,
            asked: std::time::Instant::now(),
        }
    }

    #[test]
    fn the_oldest_logins_go_when_there_are_many() {
        let kept = Kept::new(0);
        let first = kept.begin(&request(json!({})));
        assert!(kept.get(&first).is_some());
        let last = (0..MOST).map(|_| kept.begin(&request(json!({})))).last();
        assert!(kept.get(&first).is_none());
        let last = kept.get(&last.expect("an id")).expect("the last one");
        assert!(last.request().users.is_empty(), "profiles are read anew");
    }

    #[test]
    fn events_are_what_they_were() {
        let mut deep = json!(-0.0);
        for _ in 0..200 {
            deep = json!({ "in": [deep] });
        }
        for event in [
            json!({"z": 1, "a": [0.1, -1e300, 1.7976931348623157e308, u64::MAX, i64::MIN, null, "\u{0}\u{2028}😀\\"]}),
            deep,
        ] {
            let kept = Kept::new(0);
            let id = kept.begin(&request(event.clone()));
            let login = kept.get(&id).expect("it is kept");
            assert_eq!(login.request().event.to_string(), event.to_string());
        }
    }

    #[test]
    fn large_events_leave_room_for_few() {
        let kept = Kept::new(0);
        let large = json!({"text": "x".repeat(MOST_BYTES / 4)});
        let ids: Vec<String> = (0..6)
            .map(|_| kept.begin(&request(large.clone())))
            .collect();
        let left = ids.iter().filter(|id| kept.get(id).is_some()).count();
        assert_eq!(left, 3);
        // One that is larger than all room is kept until the next comes.
        let huge = kept.begin(&request(json!("x".repeat(MOST_BYTES + 1))));
        assert!(kept.get(&huge).is_some());
        kept.begin(&request(json!({})));
        assert!(kept.get(&huge).is_none());
    }

    #[test]
    fn ids_are_unique_across_starts_and_clearing() {
        let (one, other) = (Kept::new(1), Kept::new(2));
        let id = one.begin(&request(json!({})));
        assert_ne!(id, other.begin(&request(json!({}))));
        one.clear();
        assert!(one.get(&id).is_none());
        assert_ne!(one.begin(&request(json!({}))), id);
    }

    #[test]
    fn a_value_weighs_at_least_its_text() {
        for (value, least) in [
            (json!(null), 1),
            (json!("abc"), 3),
            (json!({"abc": "def"}), 6),
            (json!(["abc", ["def"]]), 6),
        ] {
            assert!(weight(&value) >= least, "{value}");
        }
    }
}
