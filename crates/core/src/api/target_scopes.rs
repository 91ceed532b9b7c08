//! `api.transaction` of credentials-exchange: the scopes of the token, changed in the event at once.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::claim::scope;
use super::{Call, Outcome, UNDEFINED};
use crate::json;
use crate::limits::TARGET_SCOPES;
use crate::login::transaction::command::{Command, TargetScopes};
use crate::reply::Failure;
use crate::value::Argument;

pub(crate) fn add(call: &mut Call<'_>) -> Outcome {
    let scope = scope(call.arg(0))?;
    refuse_impossible(call.event())?;
    let mut scopes = current(call.event());
    if !scopes.contains(&scope) {
        scopes.push(scope.clone());
        refuse_too_many(&scopes)?;
    }
    change(call, TargetScopes::Add(scope), scopes)
}

pub(crate) fn remove(call: &mut Call<'_>) -> Outcome {
    let scope = scope(call.arg(0))?;
    refuse_impossible(call.event())?;
    let mut scopes = current(call.event());
    scopes.retain(|known| *known != scope);
    change(call, TargetScopes::Remove(scope), scopes)
}

pub(crate) fn set(call: &mut Call<'_>) -> Outcome {
    let Argument::Array(items) = call.arg(0) else {
        return Err(Failure::type_error(
            "The value for scopes must be an array.",
        ));
    };
    let mut scopes: Vec<String> = Vec::new();
    let mut known = HashSet::new();
    for item in items {
        let scope = scope(item)?;
        if known.insert(scope.clone()) {
            scopes.push(scope);
            // At once: the time of the host is not the guest's.
            refuse_too_many(&scopes)?;
        }
    }
    change(call, TargetScopes::Set(scopes.clone()), scopes)
}

pub(crate) fn clear(call: &mut Call<'_>) -> Outcome {
    change(call, TargetScopes::Clear, Vec::new())
}

/// The scopes before the first change are those of the access token.
pub(crate) fn current(event: &Value) -> Vec<String> {
    match json::at(event, &["transaction", "target_scopes"]) {
        Some(Value::Array(_)) => json::texts_at(event, &["transaction", "target_scopes"]),
        _ => json::texts_at(event, &["accessToken", "scope"]),
    }
}

/// Refuses to change a list that production cannot have: each change would copy it.
fn refuse_impossible(event: &Value) -> Result<(), Failure> {
    let listed = |path: &[&str]| json::at(event, path).and_then(Value::as_array);
    let list =
        listed(&["transaction", "target_scopes"]).or_else(|| listed(&["accessToken", "scope"]));
    refuse_count(list.map_or(0, Vec::len))
}

fn refuse_too_many(scopes: &[String]) -> Result<(), Failure> {
    refuse_count(scopes.len())
}

fn refuse_count(count: usize) -> Result<(), Failure> {
    if TARGET_SCOPES.exceeded_by(count) {
        let most = TARGET_SCOPES.value;
        return Err(Failure::error(format!(
            "The number of scopes exceeds the allowed maximum of {most}."
        )));
    }
    Ok(())
}

/// Into the caller's event and, for later Actions, into the flow's.
fn change(call: &mut Call<'_>, command: TargetScopes, scopes: Vec<String>) -> Outcome {
    call.issue(Command::TargetScopes(command));
    let has_transaction = |event: &Value| event.get("transaction").is_some_and(Value::is_object);
    if !has_transaction(call.event()) {
        return Err(Failure::type_error(
            "Cannot set properties of undefined (setting 'target_scopes')",
        ));
    }
    let path = ["transaction", "target_scopes"];
    call.assign(&path, Some(json!(scopes)));
    if has_transaction(&call.flow.input.event) {
        json::put(&mut call.flow.input.event, &path, Some(json!(scopes)));
    }
    Ok(UNDEFINED)
}
