//! The report of the engine about a running Rule, through the dynamic call `#rule`.

use postlogin_core::{
    Answer, Argument, Failure, Fault, FaultKind, Location, Reply, Returned,
    ceilings::RULE_WRITES,
    rules::{RuleEnd, RuleError, RuleReport, RuleWrite},
};
use postlogin_host::{Request, Verdict};
use serde_json::{Value, json};

use crate::sandbox::Sandbox;

/// Takes one message: `[kind, …]`. What does not have that form is passed over.
pub(crate) fn take(sandbox: &mut Sandbox, parts: &Value, stack: &str) -> Reply {
    let part = |index: usize| parts.get(index).unwrap_or(&Value::Null);
    let text = |index: usize| part(index).as_str().unwrap_or_default();
    let answer = match text(0) {
        "done" => {
            let report = report(sandbox, part(1), stack);
            let now = sandbox.now();
            sandbox.login.rule_called_back(report, now);
            nothing()
        }
        "update" => {
            let site = place(sandbox, stack);
            let now = sandbox.now();
            let (id, metadata) = (
                Argument::from_tagged(part(2)),
                Argument::from_tagged(part(3)),
            );
            match refused_by_mock(sandbox, text(1), &id, &metadata) {
                Some(reason) => Answer::Reject(Failure::error(reason)),
                None => {
                    let login = &mut sandbox.login;
                    login.rule_updates_user(text(1), &id, &metadata, site, now)
                }
            }
        }
        "missing" => {
            let site = place(sandbox, stack);
            sandbox.login.rule_misses(text(1), site);
            nothing()
        }
        "rejected" => {
            let Fault { name, message, .. } = fault(sandbox, part(1));
            sandbox
                .login
                .rule_was_rejected(format!("{name}: {message}"));
            nothing()
        }
        _ => nothing(),
    };
    Reply {
        answer,
        event: Vec::new(),
    }
}

/// Returns why an update of `auth0.users` fails, if a mock of its request says so: of
/// `PATCH https://DOMAIN/api/v2/users/ID`. Without a mock, no request is made.
fn refused_by_mock(
    sandbox: &Sandbox,
    kind: &str,
    id: &Argument,
    metadata: &Argument,
) -> Option<String> {
    let body = json!({ kind: metadata.to_json().ok()?? });
    let request = Request {
        method: "PATCH".to_owned(),
        url: sandbox.login.rule_profile_url(id.as_str()?),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.to_string().into_bytes(),
    };
    match sandbox.door.answer_of_mock(&request)? {
        Verdict::Answered { status, body, .. } if status >= 400 => {
            let body: Value = serde_json::from_slice(&body).unwrap_or_default();
            let message = body.get("message").and_then(Value::as_str);
            Some(message.map_or_else(|| format!("HTTP {status}"), str::to_owned))
        }
        Verdict::Answered { .. } => None,
        Verdict::Failed { error, .. } => Some(error.code().to_owned()),
        Verdict::Refused(remark) => Some(remark.message),
    }
}

fn nothing() -> Answer {
    Answer::Return(Returned::Value(Argument::Undefined))
}

fn report(sandbox: &Sandbox, told: &Value, stack: &str) -> RuleReport {
    let end = match told.get("error") {
        Some(error @ Value::Object(_)) => RuleEnd::Refused(RuleError {
            is_unauthorized: told.get("unauthorized").and_then(Value::as_bool) == Some(true),
            message: fault(sandbox, error).message,
        }),
        _ => {
            let argument = |key: &str| {
                let value = told.get(key);
                value.map_or(Argument::Undefined, Argument::from_tagged)
            };
            let writes = told.get("writes").and_then(Value::as_array);
            // The last assignments count.
            let writes = writes.map_or(&[][..], Vec::as_slice);
            let writes = writes.get(writes.len().saturating_sub(RULE_WRITES)..);
            let writes = writes.into_iter().flatten();
            RuleEnd::Done {
                user: argument("user"),
                context: argument("context"),
                writes: writes.filter_map(|told| write(sandbox, told)).collect(),
            }
        }
    };
    let calls = told.get("calls").and_then(Value::as_u64).unwrap_or(1);
    RuleReport {
        end,
        location: place(sandbox, stack),
        calls: usize::try_from(calls).unwrap_or(usize::MAX),
    }
}

fn write(sandbox: &Sandbox, told: &Value) -> Option<RuleWrite> {
    let keys = told.get(0)?.as_array()?;
    let keys = keys.iter().filter_map(Value::as_str);
    let stack = told.get(1).and_then(Value::as_str).unwrap_or_default();
    Some(RuleWrite {
        path: keys.map(str::to_owned).collect(),
        location: place(sandbox, stack),
    })
}

fn place(sandbox: &Sandbox, stack: &str) -> Option<Location> {
    sandbox.mapper.as_ref()?.place(stack)
}

/// An error as production would word it.
fn fault(sandbox: &Sandbox, told: &Value) -> Fault {
    let text = |key: &str| told.get(key).and_then(Value::as_str).unwrap_or_default();
    let fault = Fault {
        kind: FaultKind::Thrown,
        name: text("name").to_owned(),
        message: text("message").to_owned(),
        stack: text("stack").to_owned(),
        location: None,
    }
    .shortened();
    match &sandbox.mapper {
        Some(mapper) => mapper.fault(fault),
        None => fault,
    }
}
