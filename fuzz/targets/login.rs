//! Any event and any sequence of calls, ends and answers: the core neither panics nor depends on chance.
#![no_main]

mod input;

use libfuzzer_sys::fuzz_target;
use postlogin_core::explanation::{ClaimSite, Explanation, explain};
use postlogin_core::outcome::{ActionUsage, Outcome};
use postlogin_core::reads::Record;
use postlogin_core::{
    ActionInfo, Argument, EntryPoint, Fault, Login, Next, Resumed, TenantSettings, Transaction,
    complete_event, method_names,
};
use serde_json::Value;

use input::{Call, Input, Run};

fuzz_target!(|input: Input| {
    let (outcome, record) = login(&input, input.event.value());
    let reversed = login(&input, reversed(input.event.value()));
    assert_eq!(
        outcome, reversed.0,
        "the order of keys in the event matters"
    );

    let text = serde_json::to_string(&outcome).expect("an outcome is JSON");
    let read: Outcome = serde_json::from_str(&text).expect("it is an outcome");
    assert_eq!(read, outcome, "{text}");

    let names: Vec<String> = input.expected.iter().map(|word| word.text()).collect();
    let mut explanation: Explanation = explain(outcome, record, &names, &Vec::<ClaimSite>::new());
    explanation.redact(&["otp", "user", "a", ""]);
    assert!(serde_json::to_string(&explanation).is_ok());
});

fn login(input: &Input, mut event: Value) -> (Outcome, Record) {
    if input.completed {
        complete_event(&mut event);
    }
    let mut transaction = Transaction::new(Login {
        event,
        tenant: TenantSettings {
            rbac: input.rbac,
            permissions: input.expected.iter().map(|word| word.text()).collect(),
            users: input.users.iter().map(|user| user.value()).collect(),
            ..TenantSettings::default()
        },
        rules_executed: Vec::new(),
        seed: input.seed,
        now_ms: input.now_ms,
    });
    transaction.bound(input.runs.len());
    if input.watched {
        transaction.watch();
    }
    for run in &input.runs {
        handler(&mut transaction, run, EntryPoint::Execute, input.now_ms);
        for answer in &run.answers {
            if transaction.resume(answer.step()) == Resumed::SameAction {
                handler(&mut transaction, run, EntryPoint::Continue, input.now_ms);
            }
        }
    }
    transaction.finish_with_record(input.now_ms)
}

fn handler(transaction: &mut Transaction, run: &Run, entry: EntryPoint, now_ms: i64) -> Next {
    let info = ActionInfo {
        name: run.name.text(),
        code_bytes: Some(usize::from(run.code_bytes) * 4),
        ..ActionInfo::default()
    };
    transaction.begin(&info, entry, now_ms);
    for call in &run.calls {
        let now_ms = now_ms.saturating_add(i64::from(call.later_ms));
        match call {
            Call {
                read: Some(path), ..
            } => {
                let keys: Vec<String> = path.iter().map(|word| word.text()).collect();
                transaction.read(&keys, call.present, None);
            }
            Call { method, args, .. } => {
                let methods = method_names();
                let spec = &methods[usize::from(*method) % methods.len()];
                let args: Vec<Argument> = args
                    .iter()
                    .map(|argument| Argument::from_tagged(&argument.value()))
                    .collect();
                let name = format!("{}.{}", spec.namespace, spec.name);
                assert!(
                    transaction
                        .call(&name, &args, None, now_ms)
                        .to_json()
                        .is_object()
                );
            }
        }
    }
    transaction.log("log", run.name.text());
    let result = if run.throws {
        Err(Fault::platform("Error", run.name.text()))
    } else {
        Ok(())
    };
    let usage = ActionUsage {
        virtual_ms: u64::from(run.waits_ms),
        ..ActionUsage::default()
    };
    transaction.end(result, usage, now_ms)
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
