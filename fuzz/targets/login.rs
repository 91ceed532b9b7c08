//! Any event, any Actions, Rules and connections, any calls, ends and answers: a login neither panics nor depends on chance, and
//! one that is stored while it waits ends as one that is not.
#![no_main]

mod input;

use libfuzzer_sys::fuzz_target;
use postlogin_core::explanation::{ClaimSites, Explanation, explain};
use postlogin_core::outcome::{ActionUsage, Outcome};
use postlogin_core::reads::Record;
use postlogin_core::rules::{RuleEnd, RuleError, RuleReport};
use postlogin_core::{
    Argument, Fault, HandlerInfo, HandlerKind, Login, LoginInput, Resumption, Step, TenantSettings,
    Trigger, complete_event, reads::Watch,
};
use serde_json::Value;

use input::{Call, Input, Run};

fuzz_target!(|input: Input| {
    let (outcome, record) = login(&input, input.event.value());
    let twin = Input {
        stored: !input.stored,
        ..input
    };
    assert_eq!(
        outcome,
        login(&twin, twin.event.value()).0,
        "a stored login ends otherwise"
    );
    let input = twin;
    let reversed = login(&input, reversed(input.event.value()));
    assert_eq!(
        outcome, reversed.0,
        "the order of keys in the event matters"
    );

    let text = serde_json::to_string(&outcome).expect("an outcome is JSON");
    let read: Outcome = serde_json::from_str(&text).expect("it is an outcome");
    assert_eq!(read, outcome, "{text}");

    let names: Vec<String> = input.expected.iter().map(|word| word.text()).collect();
    let mut explanation: Explanation = explain(outcome, record, &names, &ClaimSites::default());
    explanation.redact(&["otp", "user", "a", ""]);
    assert!(serde_json::to_string(&explanation).is_ok());
});

fn login(input: &Input, mut event: Value) -> (Outcome, Record) {
    let trigger = match input.is_machine {
        true => Trigger::CredentialsExchange,
        false => Trigger::PostLogin,
    };
    if input.completed {
        complete_event(trigger, &mut event);
    }
    let handlers: Vec<HandlerInfo> = input.runs.iter().map(info).collect();
    let facts = LoginInput {
        trigger,
        event,
        tenant: TenantSettings {
            rbac: input.rbac,
            permissions: input.expected.iter().map(|word| word.text()).collect(),
            users: users(input),
            ..TenantSettings::default()
        },
        rules_executed: Vec::new(),
        seed: input.seed,
        now_ms: input.now_ms,
    };
    let mut login = Login::new(facts, handlers.clone());
    if input.watched {
        login = login.watched(Watch::Places);
    }
    let mut answers: Vec<_> = input.runs.iter().flat_map(|run| &run.answers).collect();
    let mut ran = 0;
    loop {
        match login.next(input.now_ms) {
            Step::Run(call) => {
                ran += 1;
                // Each answer lets at most all Rules run again.
                assert!(
                    ran <= (handlers.len() + 1) * (answers.len() + ran + 1),
                    "no end"
                );
                handle(&mut login, &call, &input.runs[call.handler], input.now_ms);
            }
            Step::Ask(pause) => {
                if input.stored {
                    let stored = login.store().expect("a login is JSON");
                    login = Login::restore(&stored, handlers.clone()).expect("it is the same");
                    assert_eq!(login.pause().as_ref(), Some(&*pause));
                }
                let Some(answer) = answers.pop() else { break };
                login.answer(Resumption {
                    step: answer.step(),
                    users: Some(users(input)),
                });
            }
            Step::Done => break,
        }
    }
    let finished = login.finish(input.now_ms);
    (finished.outcome, finished.record)
}

fn users(input: &Input) -> Vec<Value> {
    input.users.iter().map(|user| user.value()).collect()
}

fn info(run: &Run) -> HandlerInfo {
    HandlerInfo {
        name: run.name.text(),
        kind: run.kind.into(),
        code_bytes: Some(usize::from(run.code_bytes) * 4),
        ..HandlerInfo::default()
    }
}

fn handle(login: &mut Login, begun: &postlogin_core::Call, run: &Run, now_ms: i64) {
    for call in &run.calls {
        let now_ms = now_ms.saturating_add(i64::from(call.later_ms));
        match call {
            Call {
                read: Some(path), ..
            } => {
                let keys: Vec<String> = path.iter().map(|word| word.text()).collect();
                login.read(&keys, call.present, None);
            }
            Call { method, args, .. } => {
                let methods = login.trigger().methods();
                let spec = &methods[usize::from(*method) % methods.len()];
                let args: Vec<Argument> = args
                    .iter()
                    .map(|argument| Argument::from_tagged(&argument.value()))
                    .collect();
                let name = format!("{}.{}", spec.namespace, spec.name);
                assert!(login.call(&name, &args, None, now_ms).to_json().is_object());
            }
        }
    }
    if begun.kind != HandlerKind::Action {
        let end = match run.refuses {
            true => RuleEnd::Refused(RuleError {
                is_unauthorized: run.throws,
                message: run.name.text(),
            }),
            false => RuleEnd::Done {
                user: Argument::from_tagged(&run.user.value()),
                context: Argument::from_tagged(&run.context.value()),
                writes: Vec::new(),
            },
        };
        let report = RuleReport {
            end,
            location: None,
            calls: 1,
        };
        login.rule_called_back(report, now_ms);
    }
    login.log("log", run.name.text());
    let result = if run.throws {
        Err(Fault::platform("Error", run.name.text()))
    } else {
        Ok(())
    };
    let usage = ActionUsage {
        virtual_ms: u64::from(run.waits_ms),
        ..ActionUsage::default()
    };
    login.end(result, usage, begun.spent, now_ms);
}

/// The same value with the keys of every object in the reverse order.
fn reversed(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(reversed).collect(),
        Value::Object(entries) => {
            let mut entries: Vec<_> = entries.into_iter().collect();
            entries.reverse();
            Value::Object(
                entries
                    .into_iter()
                    .map(|(key, value)| (key, reversed(value)))
                    .collect(),
            )
        }
        value => value,
    }
}
