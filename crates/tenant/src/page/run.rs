//! A run that the page asks for: of a login that was, of an event, of another user. Nothing of it is stored, and no token is issued.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use postlogin_core::event::merge_patch;
use postlogin_core::event::sample;
use postlogin_core::outcome::Outcome;
use postlogin_core::{ResumeStep, Trigger, complete_event};
use postlogin_page::{Entry, Kind};
use serde_json::{Map, Value, json};

use super::kept::{Ended, MOST_STEPS};
use super::{broken, entry};
use crate::control::{failed, refuse};
use crate::http::{answer, text};
use crate::oauth::event::of_user;
use crate::oauth::run::others;
use crate::pipeline::{Inspection, LoginRequest};
use crate::state::Tenant;
use crate::store::StoreError;

/// The keys of a request.
const KEYS: &[&str] = &[
    "login", "event", "patch", "user_id", "why", "steps", "seed", "now",
];
/// The message about an invalid seed.
pub(super) const SEED: &str = "`seed` must be a whole number from 0";
/// The most claims that a request asks about.
const MOST_ASKED: usize = 100;

/// Why a request is not a run.
pub(super) enum Refused {
    Wrong(String),
    Missing(String),
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Refused {
    pub(super) fn response(self) -> Response {
        match self {
            Self::Wrong(why) => refuse(400, why),
            Self::Missing(why) => refuse(404, why),
            Self::Store(error) => failed(&error),
        }
    }
}

pub(super) async fn run(tenant: &Arc<Tenant>, body: &Map<String, Value>) -> Response {
    let (request, steps, why) = match asked(tenant, body, KEYS) {
        Ok(asked) => asked,
        Err(refused) => return refused.response(),
    };
    match inspected(tenant, request, steps, &why, Kind::Run).await {
        Ok(entry) => answer(StatusCode::OK, &json!(entry)),
        Err(response) => *response,
    }
}

/// Runs a login for the page, and keeps it among those that can be opened and run again.
pub(super) async fn inspected(
    tenant: &Arc<Tenant>,
    request: LoginRequest,
    steps: Vec<ResumeStep>,
    why: &[String],
    kind: Kind,
) -> Result<Entry, Box<Response>> {
    let request = LoginRequest {
        configured: tenant.catalog.configured(),
        ..request
    };
    let (pipeline, run, given) = (Arc::clone(&tenant.pipeline), request.clone(), steps.clone());
    let ran = tokio::task::spawn_blocking(move || pipeline.inspect(run, given)).await;
    let Inspection { finished, seen } = match ran {
        Ok(Ok(inspection)) => inspection,
        Ok(Err(error)) => return Err(Box::new(broken(&error))),
        Err(_) => return Err(Box::new(refuse(500, "the run ended without an outcome"))),
    };
    let ended = Ended::Finished(
        Arc::new(finished.outcome),
        Box::new(finished.record),
        Some(Box::new(seen)),
    );
    let request = LoginRequest {
        users: Vec::new(),
        ..request
    };
    let id = tenant.page.kept.keep(request, steps, Some(ended));
    match tenant.page.kept.get(&id) {
        Some(kept) => Ok(entry(tenant, &kept, why, kind)),
        None => Err(Box::new(refuse(500, "the run is not kept"))),
    }
}

/// Runs a login of the log once more, for what was not watched at the time: where it read the event, and the lines that ran. What
/// does not end in the same way, or would reach other machines again, is left as it is.
pub(super) async fn look_closer(tenant: &Arc<Tenant>, id: &str) {
    let Some(kept) = tenant.page.kept.get(id) else {
        return;
    };
    let known = match &kept.ended {
        Some(Ended::Finished(outcome, _, None)) => outcome,
        _ => return,
    };
    if !tenant.pipeline.is_repeatable() {
        return;
    }
    let request = kept.request();
    let user_id = text(request.event.get("user").unwrap_or(&Value::Null), "user_id");
    let request = LoginRequest {
        users: others(tenant, user_id.unwrap_or_default())
            .ok()
            .flatten()
            .unwrap_or_default(),
        is_frozen: true,
        configured: tenant.catalog.configured(),
        ..request
    };
    let (pipeline, steps) = (Arc::clone(&tenant.pipeline), kept.steps.clone());
    let ran = tokio::task::spawn_blocking(move || pipeline.inspect(request, steps)).await;
    if let Ok(Ok(Inspection { finished, seen })) = ran
        && is_same(known, &finished.outcome)
    {
        tenant.page.kept.look(id, known, finished.record, seen);
    }
}

/// Whether two logins ended in the same way, with the same claims and the same calls.
fn is_same(one: &Outcome, other: &Outcome) -> bool {
    let ends = |outcome: &Outcome| (outcome.status, outcome.reason.clone());
    let claims = |outcome: &Outcome| -> Vec<(String, Value)> {
        let ledger = outcome.ledger.iter();
        ledger
            .map(|it| (it.name.clone(), it.value.clone()))
            .collect()
    };
    ends(one) == ends(other) && claims(one) == claims(other) && one.commands == other.commands
}

/// Reads a request: the run, the steps of its user, and the claims that are asked about.
pub(super) fn asked(
    tenant: &Arc<Tenant>,
    body: &Map<String, Value>,
    keys: &[&str],
) -> Result<(LoginRequest, Vec<ResumeStep>, Vec<String>), Refused> {
    if let Some(key) = body.keys().find(|key| !keys.contains(&key.as_str())) {
        let known = keys.join(", ");
        return Err(Refused::Wrong(format!(
            "unknown key `{key}`; known are {known}"
        )));
    }
    let (mut request, mut steps) = base(tenant, body)?;
    if let Some(patch) = body.get("patch") {
        if !patch.is_object() {
            return Err(Refused::Wrong(
                "`patch` must be an object, a JSON Merge Patch".into(),
            ));
        }
        let mut event = request.event.clone();
        merge_patch(&mut event, patch);
        unless_edited(&mut request, &event);
        request.event = event;
    }
    if let Some(user_id) = body.get("user_id") {
        let user_id = user_id.as_str().unwrap_or_default();
        be(tenant, &mut request.event, user_id)?;
    }
    complete_event(Trigger::PostLogin, &mut request.event);
    if let Some(given) = body.get("steps") {
        steps = read_steps(given).map_err(Refused::Wrong)?;
    }
    if let Some(seed) = body.get("seed") {
        request.seed = seed.as_u64().ok_or_else(|| Refused::Wrong(SEED.into()))?;
    }
    if let Some(now) = body.get("now") {
        request.now_ms = now
            .as_str()
            .and_then(|now| now.parse::<jiff::Timestamp>().ok())
            .map(jiff::Timestamp::as_millisecond)
            .filter(|now| *now >= 0)
            .ok_or_else(|| {
                Refused::Wrong("`now` must be a time such as 2026-11-22T10:00:00Z".into())
            })?;
    }
    // What an Action awaits does not keep the page waiting.
    request.is_frozen = true;
    let user_id = text(request.event.get("user").unwrap_or(&Value::Null), "user_id");
    let users = others(tenant, user_id.unwrap_or_default());
    request.users = users
        .map_err(|error| Refused::Wrong(error.description))?
        .unwrap_or_default();
    Ok((request, steps, names(body.get("why"))?))
}

/// The login that a request names, else its event, else a sample: the event before any change, and the steps of the user.
fn base(
    tenant: &Arc<Tenant>,
    body: &Map<String, Value>,
) -> Result<(LoginRequest, Vec<ResumeStep>), Refused> {
    let event = body.get("event");
    if event.is_some_and(|event| !event.is_object()) {
        return Err(Refused::Wrong("`event` must be an object".into()));
    }
    let Some(id) = body.get("login") else {
        let event = match event {
            Some(event) => event.clone(),
            None => sampled(tenant)?,
        };
        return Ok((
            LoginRequest::of(tenant, Trigger::PostLogin, event),
            Vec::new(),
        ));
    };
    let id = id.as_str().unwrap_or_default();
    let kept = tenant.page.kept.get(id);
    let kept =
        kept.ok_or_else(|| Refused::Missing("the tenant does not keep this login".into()))?;
    let mut request = kept.request();
    if let Some(event) = event {
        let mut shown = request.event.clone();
        tenant.pipeline.hide(&mut shown);
        let mut event = event.clone();
        restore(&mut event, &shown, &request.event);
        unless_edited(&mut request, &event);
        request.event = event;
    }
    Ok((request, kept.steps.clone()))
}

/// Drops the scopes that the tenant gave a login if an edit of its event has others: what was written counts.
fn unless_edited(request: &mut LoginRequest, event: &Value) {
    let places = [
        "/transaction/requested_scopes",
        "/request/body/scope",
        "/request/query/scope",
        "/refresh_token/resource_servers",
    ];
    if places
        .iter()
        .any(|place| request.event.pointer(place) != event.pointer(place))
    {
        request.requested_scopes = None;
    }
}

/// Puts back what the page was shown as `***`, wherever it sends back what it was shown.
fn restore(sent: &mut Value, shown: &Value, original: &Value) {
    if sent == shown {
        sent.clone_from(original);
        return;
    }
    match (sent, shown, original) {
        (Value::Object(sent), Value::Object(shown), Value::Object(original)) => {
            for (key, member) in sent {
                if let (Some(shown), Some(original)) = (shown.get(key), original.get(key)) {
                    restore(member, shown, original);
                }
            }
        }
        (Value::Array(sent), Value::Array(shown), Value::Array(original)) => {
            for ((member, shown), original) in sent.iter_mut().zip(shown).zip(original) {
                restore(member, shown, original);
            }
        }
        _ => {}
    }
}

/// An event to begin with: the built-in sample, with an application and a user of the tenant if it has some.
fn sampled(tenant: &Arc<Tenant>) -> Result<Value, Refused> {
    let mut event = sample(Trigger::PostLogin);
    if let Some(client) = tenant.catalog.clients.first()
        && let Some(event) = event.as_object_mut()
    {
        let metadata = client.get("client_metadata").cloned();
        event.insert(
            "client".into(),
            json!({"client_id": text(client, "client_id"), "name": text(client, "name"), "metadata": metadata.unwrap_or_else(|| json!({}))}),
        );
    }
    let (_, users) = tenant.store.user_page(0, 1)?;
    if let Some(user_id) = users.first().and_then(|user| text(user, "user_id")) {
        be(tenant, &mut event, user_id)?;
    }
    Ok(event)
}

/// Makes another user of the tenant that of an event.
fn be(tenant: &Tenant, event: &mut Value, user_id: &str) -> Result<(), Refused> {
    let unknown = || Refused::Missing(format!("the tenant has no user {user_id}"));
    let mut user = tenant.store.user(user_id)?.ok_or_else(unknown)?;
    of_user(&mut user);
    let organization = event.pointer("/organization/id").and_then(Value::as_str);
    let roles = tenant.role_names(user_id, organization)?;
    let Some(event) = event.as_object_mut() else {
        return Err(Refused::Wrong("the event must be an object".into()));
    };
    event.insert("user".into(), user);
    event.insert("authorization".into(), json!({"roles": roles}));
    if let Some(session) = event.get_mut("session").and_then(Value::as_object_mut) {
        session.insert("user_id".into(), user_id.into());
    }
    Ok(())
}

/// Names of claims.
fn names(value: Option<&Value>) -> Result<Vec<String>, Refused> {
    let wrong = || {
        Refused::Wrong(format!(
            "`why` must be a list of at most {MOST_ASKED} names of claims"
        ))
    };
    let list = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) if list.len() <= MOST_ASKED => list,
        Some(_) => return Err(wrong()),
    };
    let names = list.iter().map(|name| name.as_str().map(str::to_owned));
    names.collect::<Option<_>>().ok_or_else(wrong)
}

/// Steps of a user, as a case writes them: `{"continue": {"query": {}, "body": {}}}`, `{"challenge": "succeed"}`.
fn read_steps(value: &Value) -> Result<Vec<ResumeStep>, String> {
    let wrong = || {
        format!(
            "`steps` must be a list of at most {MOST_STEPS}: {{\"continue\": {{\"query\": {{}}, \"body\": {{}}}}}} or {{\"challenge\": \"succeed\"}}"
        )
    };
    let list = value.as_array().filter(|list| list.len() <= MOST_STEPS);
    let object = |value: Option<&Value>| match value {
        None => Some(Map::new()),
        Some(value) => value.as_object().cloned(),
    };
    let step = |step: &Value| {
        if let Some(request) = step.get("continue") {
            return Some(ResumeStep::Continue {
                query: object(request.get("query"))?,
                body: object(request.get("body"))?,
            });
        }
        match text(step, "challenge")? {
            "succeed" => Some(ResumeStep::ChallengeSucceeded),
            "fail" => Some(ResumeStep::ChallengeFailed),
            _ => None,
        }
    };
    let steps = list.ok_or_else(wrong)?.iter().map(step);
    steps.collect::<Option<_>>().ok_or_else(wrong)
}

/// The same steps as JSON.
pub(super) fn steps_json(steps: &[ResumeStep]) -> Value {
    steps.iter().map(ResumeStep::to_json).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{read_steps, restore, steps_json};

    #[test]
    fn what_was_hidden_comes_back_where_it_was_not_edited() {
        let original = json!({"user": {"key": "s3cret", "list": ["s3cret", 1]}, "at": 1});
        let shown = json!({"user": {"key": "***", "list": ["***", 1]}, "at": 1});
        let mut same = shown.clone();
        restore(&mut same, &shown, &original);
        assert_eq!(same, original);
        let mut edited = json!({"user": {"key": "***", "list": ["***", 2], "new": "***"}, "at": 2});
        restore(&mut edited, &shown, &original);
        assert_eq!(
            edited,
            json!({"user": {"key": "s3cret", "list": ["s3cret", 2], "new": "***"}, "at": 2})
        );
        let mut moved = json!({"other": "***", "user": []});
        restore(&mut moved, &shown, &original);
        assert_eq!(moved, json!({"other": "***", "user": []}));
    }

    #[test]
    fn steps_are_those_of_a_case() {
        let steps = json!([
            {"continue": {"query": {"a": "1"}, "body": {}}}, {"challenge": "succeed"}, {"challenge": "fail"},
        ]);
        assert_eq!(steps_json(&read_steps(&steps).expect("steps")), steps);
        for wrong in [
            json!({}),
            json!(["ChallengeSucceeded"]),
            json!([{"challenge": "maybe"}]),
            json!([{"continue": {"query": []}}]),
            json!(vec![json!({"challenge": "fail"}); 51]),
        ] {
            assert!(read_steps(&wrong).is_err(), "{wrong}");
        }
    }
}
