//! Tests that step a login as a host does.

mod machine;
mod never_panics;
mod order;
mod passing_over;
mod stored;
mod triggers;
mod waits;

use std::time::Duration;

use serde_json::{Value, json};

use super::transaction::tests::helpers::{NOW_MS, event};
use super::{Call, HandlerInfo, HandlerKind, Login, LoginInput, ResumeStep, Step};
use crate::outcome::ActionUsage;
use crate::rules::{RuleEnd, RuleReport};
use crate::{Argument, Fault, TenantSettings};

/// The facts of a login with the small event, patched.
fn input(patch: Value) -> LoginInput {
    LoginInput {
        trigger: crate::Trigger::PostLogin,
        event: event(patch),
        tenant: TenantSettings::default(),
        rules_executed: Vec::new(),
        seed: 7,
        now_ms: NOW_MS,
    }
}

fn handler(kind: HandlerKind, name: &str) -> HandlerInfo {
    HandlerInfo {
        name: name.to_owned(),
        kind,
        fingerprint: format!("of {name}"),
        ..HandlerInfo::default()
    }
}

/// The script of each run: the calls that it makes, and its verdict.
type Act<'a> = dyn FnMut(&mut Login, &Call) -> Result<(), Fault> + 'a;

/// Steps a login to its end. A Rule calls back with the `user` and `context` that it got, unless the script did already.
/// Each run uses a second of its budget. Returns what ran, as `name entry stream spent`.
fn play(
    login: &mut Login,
    handlers: &[HandlerInfo],
    act: &mut Act<'_>,
    mut answers: impl FnMut(&mut Login) -> Option<ResumeStep>,
) -> Vec<String> {
    let mut ran = Vec::new();
    loop {
        match login.next(NOW_MS) {
            Step::Run(call) => {
                let name = &handlers[call.handler].name;
                ran.push(format!(
                    "{name} {:?} {} {}",
                    call.entry,
                    call.stream,
                    call.spent.as_secs()
                ));
                let result = act(login, &call);
                if call.kind == HandlerKind::Rule {
                    call_back(login, &call, |_, _| {});
                }
                let spent = call.spent + Duration::from_secs(1);
                login.end(result, ActionUsage::default(), spent, NOW_MS);
            }
            Step::Ask(_) => match answers(login) {
                Some(step) => login.answer(step.into()),
                None => return ran,
            },
            Step::Done => return ran,
        }
    }
}

/// Calls a Rule's callback with what it got, changed.
fn call_back(login: &mut Login, call: &Call, change: impl FnOnce(&mut Value, &mut Value)) {
    let given: Value = serde_json::from_str(&call.input).unwrap();
    let (mut user, mut context) = (given["user"].clone(), given["context"].clone());
    change(&mut user, &mut context);
    let report = RuleReport {
        end: RuleEnd::Done {
            user: Argument::from(&user),
            context: Argument::from(&context),
            writes: Vec::new(),
        },
        location: None,
        calls: 1,
    };
    login.rule_called_back(report, NOW_MS);
}

fn make(login: &mut Login, calls: &Value) {
    for call in calls.as_array().unwrap() {
        let call = call.as_array().unwrap();
        let args: Vec<Argument> = call.iter().skip(1).map(Argument::from_tagged).collect();
        login.call(call[0].as_str().unwrap(), &args, None, NOW_MS);
    }
}

fn back() -> ResumeStep {
    super::transaction::tests::helpers::back(json!({}), json!({"answer": "42"}))
}
