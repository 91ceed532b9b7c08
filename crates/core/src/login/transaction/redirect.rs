//! Redirects and forms that a handler asked for, and the way back.
//!
//! Rules: <https://auth0.com/docs/customize/actions/redirect-with-actions>.

use serde_json::{Map, Value, json};
use url::Url;

use super::Suspension;
use super::command::Command;
use super::state::{Flow, Running};
use crate::api::{is_redirect_possible, set_parameters};
use crate::derive::hex_id;
use crate::fault::Fault;
use crate::json;
use crate::limits::REDIRECT_PAGE;
use crate::value::Argument;

/// Queues the redirect or the form of a handler. The last redirect of several wins.
pub(super) fn queue(flow: &mut Flow, running: &Running) -> Result<(), Fault> {
    let mut last = None;
    let mut redirects = 0;
    for command in &running.commands {
        match command {
            Command::SendUserTo { url } => {
                redirects += 1;
                last = Some(Suspension::Redirect { url: url.clone() });
            }
            Command::RenderPrompt { id, options } => last = Some(form(id, options)),
            _ => {}
        }
    }
    let Some(suspension) = last else {
        return Ok(());
    };
    if !is_redirect_possible(running.event.get(&flow.input.event)) {
        let message =
            "The login is not interactive, so the user can neither be redirected nor shown a form.";
        return Err(Fault::platform("interaction_required", message));
    }
    if redirects > 1 {
        let message = format!(
            "`{}` asks for {redirects} redirects; an Action may redirect once.",
            running.action
        );
        flow.warn("redirect-repeated", message, REDIRECT_PAGE);
    }
    let suspension = match suspension {
        Suspension::Redirect { url } => {
            if flow.redirected_to.contains(&url) {
                let message =
                    "The same URL was redirected to before in this login; each can be used once."
                        .to_owned();
                flow.warn("redirect-url-reused", message, REDIRECT_PAGE);
            }
            flow.redirected_to.push(url.clone());
            Suspension::Redirect {
                url: with_state(&url, &state(flow)),
            }
        }
        form => form,
    };
    flow.waiting.push_back(suspension);
    Ok(())
}

/// The `state` that the site has to give back.
fn state(flow: &Flow) -> String {
    hex_id(
        flow.input.seed,
        &format!("state/{}", flow.redirected_to.len()),
        48,
    )
}

fn with_state(url: &str, state: &str) -> String {
    // The URL was parsed at the call; should it not parse again, it is better shown as it is than lost.
    let Ok(mut parsed) = Url::parse(url) else {
        return url.to_owned();
    };
    if parsed.query_pairs().any(|(name, _)| name == "state") {
        set_parameters(&mut parsed, &[("state".to_owned(), state.to_owned())]);
    } else {
        // Appending leaves the rest of the query as the Action wrote it.
        parsed.query_pairs_mut().append_pair("state", state);
    }
    parsed.into()
}

fn form(id: &str, options: &Argument) -> Suspension {
    let entries = |name: &str| match options.property(name).to_json() {
        Ok(Some(Value::Object(entries))) => entries,
        _ => Map::new(),
    };
    Suspension::Prompt {
        id: id.to_owned(),
        fields: entries("fields"),
        vars: entries("vars"),
    }
}

/// The request that comes back. A `state` in it is taken as the right one; without any, the right one is filled in.
pub(super) fn come_back(flow: &mut Flow, mut query: Map<String, Value>, body: Map<String, Value>) {
    if !query.contains_key("state") && !body.contains_key("state") {
        query.insert("state".to_owned(), Value::String(state(flow)));
    }
    let method = if body.is_empty() { "GET" } else { "POST" };
    let event = &mut flow.input.event;
    if !event.get("request").is_some_and(Value::is_object) {
        json::put(event, &["request"], Some(json!({})));
    }
    json::put(
        event,
        &["request", "method"],
        Some(Value::String(method.to_owned())),
    );
    json::put(event, &["request", "query"], Some(Value::Object(query)));
    json::put(event, &["request", "body"], Some(Value::Object(body)));
}

/// Returns the result of a form: `event.prompt`, with the fields that were filled in laid over those that were given.
pub(super) fn filled_in(
    flow: &mut Flow,
    id: &str,
    fields: &Map<String, Value>,
    vars: &Map<String, Value>,
    body: Map<String, Value>,
) {
    let mut fields = fields.clone();
    fields.extend(body);
    flow.form = Some(json!({"id": id, "fields": fields, "vars": vars}));
}
