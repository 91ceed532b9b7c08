//! No event and no sequence of calls makes the core panic.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::helpers::{NOW_MS, event, thrown, vendor_default};
use crate::event::merge_patch;
use crate::outcome::Outcome;
use crate::value::Argument;
use crate::{
    ActionInfo, EntryPoint, Login, Next, ResumeStep, Resumed, TenantSettings, Transaction,
    method_names,
};

/// JSON of any shape, with the keys and texts that mean something to the core.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "scope",
            "online",
            "none",
            "otp",
            "push",
            "https://example.com?a=1",
            "urn:auth0:x",
            "persistent",
            "2026-01-01T00:00:00Z",
            "invalid",
            "a.b",
            "openid email",
            "undefined",
            "bigint",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        let key = prop_oneof![
            prop::sample::select(vec![
                "$",
                "of",
                "type",
                "user",
                "user_metadata",
                "app_metadata",
                "session",
                "metadata",
                "transaction",
                "request",
                "query",
                "body",
                "authentication",
                "methods",
                "enrolledFactors",
                "user_id",
                "refresh_token",
                "requested_scopes",
                "fields",
                "vars",
                "ttl",
                "expires_at",
                "secret",
                "payload",
                "take",
                "from",
            ])
            .prop_map(str::to_owned),
            any::<String>(),
        ];
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((key, inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn any_call() -> impl Strategy<Value = (String, Vec<Value>)> {
    let names: Vec<String> = method_names()
        .iter()
        .map(|spec| format!("{}.{}", spec.namespace, spec.name))
        .collect();
    let method = prop_oneof![9 => prop::sample::select(names), 1 => any::<String>()];
    (method, vec(any_json(), 0..4))
}

/// The same value with the keys of every object in the reverse order.
fn reversed(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(reversed).collect(),
        Value::Object(entries) => {
            let mut entries: Vec<_> = entries.into_iter().collect();
            entries.reverse();
            let entries = entries.into_iter();
            Value::Object(entries.map(|(key, value)| (key, reversed(value))).collect())
        }
        value => value,
    }
}

fn run(event: Value, calls: &[(String, Vec<Value>)], now_ms: i64, seed: u64) -> Outcome {
    let login = Login {
        event,
        tenant: TenantSettings::default(),
        rules_executed: Vec::new(),
        seed,
        now_ms,
    };
    let mut transaction = Transaction::new(login);
    for (index, chunk) in calls.chunks(4).enumerate() {
        transaction.begin(&ActionInfo::default(), EntryPoint::Execute, now_ms);
        for (method, args) in chunk {
            let args: Vec<Argument> = args.iter().map(Argument::from_tagged).collect();
            let reply = transaction.call(method, &args, None, now_ms);
            assert!(reply.to_json().is_object());
        }
        let result = if index % 5 == 4 {
            Err(thrown("x"))
        } else {
            Ok(())
        };
        if let Next::Suspended(_) = transaction.end(result, Default::default(), now_ms) {
            for step in [
                ResumeStep::ChallengeSucceeded,
                super::helpers::back(json!({}), json!({"a": 1})),
            ] {
                if transaction.resume(step) == Resumed::SameAction {
                    transaction.begin(&ActionInfo::default(), EntryPoint::Continue, now_ms);
                    transaction.end(Ok(()), Default::default(), now_ms);
                }
            }
        }
    }
    let mut outcome = transaction.finish(now_ms);
    outcome.redact(&["a", "otp", "user"]);
    assert!(serde_json::to_string(&outcome).is_ok());
    outcome
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_event_is(event in any_json(), calls in vec(any_call(), 0..12), now_ms in any::<i64>(), seed in any::<u64>()) {
        run(event, &calls, now_ms, seed);
    }

    #[test]
    fn whatever_is_called(patch in any_json(), calls in vec(any_call(), 0..24), full in any::<bool>()) {
        let mut base = if full { vendor_default() } else { event(json!({})) };
        merge_patch(&mut base, &patch);
        run(base, &calls, NOW_MS, 1);
    }

    #[test]
    fn the_order_of_keys_in_the_event_does_not_matter(patch in any_json(), calls in vec(any_call(), 0..8), full in any::<bool>()) {
        let mut base = if full { vendor_default() } else { event(json!({})) };
        merge_patch(&mut base, &patch);
        prop_assert_eq!(run(reversed(base.clone()), &calls, NOW_MS, 1), run(base, &calls, NOW_MS, 1));
    }

    #[test]
    fn the_wire_form_reads_back(value in any_json()) {
        let argument = Argument::from_tagged(&value);
        prop_assert_eq!(Argument::from_tagged(&argument.to_tagged()), argument);
    }

    #[test]
    fn values_become_texts_and_json(value in any_json()) {
        let argument = Argument::from_tagged(&value);
        let _ = argument.coerce_to_string();
        let _ = argument.to_json();
        prop_assert_eq!(Argument::from(&value).to_json(), Ok(Some(value)));
    }
}
