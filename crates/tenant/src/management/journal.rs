//! The tenant's log events, as the Management API lists them.
//!
//! They are in memory: the last [`KEPT`] of them, until the process ends or the tenant is reset. The log of the control API is
//! another one, with the outcomes of logins.
//!
//! <https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes>

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use super::query::{chosen, only, paged};
use super::search::Query;
use super::{Answered, ApiError, Caller, Result, ok};
use crate::clock::iso;
use crate::http::{Call, text};
use crate::state::Tenant;

/// The number of events that are kept.
const KEPT: usize = 1_000;
/// The most characters of a text of an event.
const LENGTH: usize = 500;

/// One event, before it is a log entry.
#[derive(Debug, Default)]
pub(crate) struct Happening<'a> {
    /// The vendor's code: `s`, `fp`, `slo`, ….
    pub(crate) kind: &'static str,
    pub(crate) description: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) user_id: &'a str,
    /// The name of the user in the request, where it has one.
    pub(crate) user_name: &'a str,
    /// The name of the connection.
    pub(crate) connection: &'a str,
    pub(crate) audience: &'a str,
    /// Words.
    pub(crate) scope: &'a str,
    pub(crate) ip: &'a str,
    pub(crate) user_agent: &'a str,
}

#[derive(Debug, Default)]
struct Kept {
    /// The number of events that there have been.
    count: u64,
    /// The oldest first, as JSON.
    events: VecDeque<Box<str>>,
}

/// The events.
#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<Kept>);

impl Journal {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn clear(&self) {
        self.kept().events.clear();
    }

    fn add(&self, now_ms: i64, mut event: Map<String, Value>) {
        let mut kept = self.kept();
        kept.count += 1;
        // In the order in which they came, also where the clock was put back.
        let id = format!("9002{:016}{now_ms:013}", kept.count);
        event.insert("log_id".into(), id.as_str().into());
        event.insert("_id".into(), id.into());
        if kept.events.len() >= KEPT {
            kept.events.pop_front();
        }
        kept.events
            .push_back(Value::Object(event).to_string().into());
    }

    /// All events, the oldest first.
    fn all(&self) -> Vec<Value> {
        let kept = self.kept();
        let events: Vec<Box<str>> = kept.events.iter().cloned().collect();
        drop(kept);
        let events = events.iter().map(|event| serde_json::from_str(event));
        events.filter_map(std::result::Result::ok).collect()
    }
}

impl Tenant {
    /// Adds an event to the log. What is empty is left out.
    pub(crate) fn record(&self, happening: &Happening<'_>) {
        let now = self.now_ms();
        let client = super::tokens::client_name(&self.catalog, happening.client_id);
        let connection = self.catalog.connection(happening.connection);
        let part = |key: &str| connection.and_then(|it| text(it, key)).unwrap_or_default();
        let strategy = part("strategy");
        let mut event = Map::from_iter([
            ("date".to_owned(), json!(iso(now))),
            ("type".to_owned(), json!(happening.kind)),
        ]);
        for (key, value) in [
            ("description", happening.description),
            ("connection", happening.connection),
            ("connection_id", part("id")),
            ("client_id", happening.client_id),
            ("client_name", client.unwrap_or_default()),
            ("ip", happening.ip),
            ("user_agent", happening.user_agent),
            ("hostname", &self.site.domain),
            ("user_id", happening.user_id),
            ("user_name", happening.user_name),
            ("audience", happening.audience),
            ("scope", happening.scope),
            ("strategy", strategy),
            (
                "strategy_type",
                if strategy == "auth0" { "database" } else { "" },
            ),
        ] {
            if !value.is_empty() {
                let short: String = value.chars().take(LENGTH).collect();
                event.insert(key.to_owned(), short.into());
            }
        }
        self.journal.add(now, event);
    }

    /// The same, with where a request came from.
    pub(crate) fn record_of(&self, call: &Call, happening: &Happening<'_>) {
        self.record(&Happening {
            ip: &call.ip,
            user_agent: call.header("user-agent").unwrap_or_default(),
            kind: happening.kind,
            ..*happening
        });
    }
}

fn wrong(message: String) -> ApiError {
    ApiError::new(400, message, "invalid_query_string")
}

/// Whether an event fits what a request searches for: `q`, and `search`, which may be the beginning of a name.
fn fits(call: &Call) -> Result<impl Fn(&Value) -> bool> {
    let parsed = |text: &str| Query::parse(text).map_err(wrong);
    let q = call.query.get("q").map(parsed).transpose()?;
    let search = call.query.get("search");
    let (fields, beginning) = match search {
        Some(search) if search.contains(':') => (Some(parsed(search)?), None),
        search => (None, search.map(str::to_lowercase)),
    };
    Ok(move |event: &Value| {
        let begins = |beginning: &str| {
            let mut names = ["client_name", "connection", "user_name"].iter();
            names.any(|key| {
                text(event, key).is_some_and(|it| it.to_lowercase().starts_with(beginning))
            })
        };
        q.as_ref().is_none_or(|q| q.matches_log(event))
            && fields
                .as_ref()
                .is_none_or(|fields| fields.matches_log(event))
            && beginning.as_deref().is_none_or(begins)
    })
}

/// The events of a request in the order that it asks for: by checkpoint the oldest first, else the newest.
fn found(tenant: &Tenant, call: &Call, user_id: Option<&str>) -> Result<Answered> {
    let fits = fits(call)?;
    let events = tenant.journal.all().into_iter();
    let events = events.filter(|event| user_id.is_none_or(|id| text(event, "user_id") == Some(id)));
    let mut events: Vec<Value> = events.filter(fits).collect();
    if call.query.get("from").is_some() || call.query.get("take").is_some() {
        return after(call, events);
    }
    let sort = call.query.get("sort");
    match sort.map(|sort| sort.rsplit_once(':')) {
        None => events.reverse(),
        Some(Some((key, direction @ ("1" | "-1")))) if !key.is_empty() => {
            events.sort_by_key(|event| event.get(key).map(ToString::to_string));
            if direction == "-1" {
                events.reverse();
            }
        }
        Some(_) => {
            let message = "Query validation error: 'String does not match pattern ^[^:]+:(1|-1)$' on property sort.";
            return Err(wrong(message.to_owned()));
        }
    }
    let events = events.into_iter().map(|event| chosen(call, event));
    ok(paged(call, "logs", events.collect())?)
}

/// The events after the one whose id is `from`: the checkpoint of logs is the id of an event.
fn after(call: &Call, events: Vec<Value>) -> Result<Answered> {
    let take = match call.query.get("take") {
        None => 50,
        Some(text) => match text.parse::<usize>() {
            Ok(take) if (1..=100).contains(&take) => take,
            _ => {
                let message =
                    "Query validation error: 'Expected an integer from 1 to 100' on property take.";
                return Err(wrong(message.to_owned()));
            }
        },
    };
    let from = call.query.get("from");
    let later = events
        .into_iter()
        .filter(|event| from.is_none_or(|from| text(event, "log_id") > Some(from)));
    let later = later.take(take).map(|event| chosen(call, event));
    ok(Value::Array(later.collect()))
}

/// `GET /logs`
pub(super) fn list(tenant: &Tenant, call: &Call, caller: &Caller) -> Result<Answered> {
    caller.require(&["read:logs", "read:logs_users"], None)?;
    only(call, &["q", "search", "sort"])?;
    found(tenant, call, None)
}

/// `GET /users/{id}/logs`
pub(super) fn of_user(tenant: &Tenant, call: &Call, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["read:logs", "read:logs_users"], None)?;
    only(call, &["sort"])?;
    tenant
        .store
        .user(id)?
        .ok_or_else(super::users::inexistent)?;
    found(tenant, call, Some(id))
}

/// `GET /logs/{id}`
pub(super) fn get(tenant: &Tenant, caller: &Caller, id: &str) -> Result<Answered> {
    caller.require(&["read:logs", "read:logs_users"], None)?;
    let mut events = tenant.journal.all().into_iter();
    let found = events.find(|event| text(event, "log_id") == Some(id));
    ok(found.ok_or_else(|| ApiError::new(404, "The log does not exist.", "inexistent_log"))?)
}
