//! No event and no sequence of calls makes the core panic.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{back, handler};
use crate::event::merge_patch;
use crate::login::transaction::tests::helpers::{NOW_MS, event, thrown, vendor_default};
use crate::login::{HandlerInfo, HandlerKind, Login, LoginInput, ResumeStep, Step};
use crate::outcome::Outcome;
use crate::rules::{RuleEnd, RuleReport};
use crate::value::Argument;
use crate::{TenantSettings, Trigger};

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
            "create_if_not_exists",
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
                "sub",
                "act",
                "creationBehavior",
                "updateBehavior",
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
    let names: Vec<String> = Trigger::ALL
        .iter()
        .flat_map(|trigger| trigger.methods())
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

/// A connection, Rules and Actions, run in the order that the core gives; each run makes the next four calls. With `stores`,
/// the login is stored and restored whenever it waits.
fn run(
    event: Value,
    calls: &[(String, Vec<Value>)],
    (now_ms, seed): (i64, u64),
    stores: bool,
) -> Outcome {
    let others = &Trigger::ALL[1..];
    let trigger = match seed % 4 {
        3 => others[usize::try_from(seed / 4).unwrap_or_default() % others.len()],
        _ => Trigger::PostLogin,
    };
    let input = LoginInput {
        trigger,
        event,
        tenant: TenantSettings::default(),
        rules_executed: Vec::new(),
        seed,
        now_ms,
    };
    use HandlerKind::{Action, Connection, Rule};
    let kinds: &[HandlerKind] = match seed % 4 {
        0 => &[Connection, Rule, Rule, Action, Action],
        1 => &[Rule, Action],
        _ => &[Action, Action, Action],
    };
    let handlers: Vec<HandlerInfo> = kinds
        .iter()
        .enumerate()
        .map(|(index, kind)| handler(*kind, &format!("h{index}")))
        .collect();
    let mut login = Login::new(input, handlers.clone());
    let mut chunks = calls.chunks(4);
    let mut runs = 0;
    let mut answers = [
        ResumeStep::ChallengeSucceeded,
        back(),
        ResumeStep::ChallengeSucceeded,
    ]
    .into_iter()
    .cycle()
    .take(12);
    loop {
        match login.next(now_ms) {
            Step::Run(call) => {
                runs += 1;
                assert!(runs < 100, "the login has no end");
                let chunk = chunks.next().unwrap_or_default();
                for (method, args) in chunk {
                    let args: Vec<Argument> = args.iter().map(Argument::from_tagged).collect();
                    let reply = login.call(method, &args, None, now_ms);
                    assert!(reply.to_json().is_object());
                }
                if call.kind != Action {
                    // What a Rule passes to its callback is any JSON, too.
                    let mut values = chunk.iter().flat_map(|(_, args)| args);
                    let mut value = || {
                        values
                            .next()
                            .map_or(Argument::Undefined, Argument::from_tagged)
                    };
                    let end = RuleEnd::Done {
                        user: value(),
                        context: value(),
                        writes: Vec::new(),
                    };
                    let report = RuleReport {
                        end,
                        location: None,
                        calls: 1,
                    };
                    login.rule_called_back(report, now_ms);
                }
                let result = if runs % 5 == 4 {
                    Err(thrown("x"))
                } else {
                    Ok(())
                };
                login.end(result, Default::default(), call.spent, now_ms);
            }
            Step::Ask(_) => {
                if stores {
                    let stored = login.store().unwrap();
                    login = Login::restore(&stored, handlers.clone()).unwrap();
                }
                match answers.next() {
                    Some(step) => login.answer(step.into()),
                    None => break,
                }
            }
            Step::Done => break,
        }
    }
    let mut outcome = login.finish(now_ms).outcome;
    outcome.redact(&["a", "otp", "user"]);
    assert!(serde_json::to_string(&outcome).is_ok());
    outcome
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_event_is(event in any_json(), calls in vec(any_call(), 0..12), now_ms in any::<i64>(), seed in any::<u64>()) {
        run(event, &calls, (now_ms, seed), false);
    }

    #[test]
    fn whatever_is_called(patch in any_json(), calls in vec(any_call(), 0..24), full in any::<bool>(), seed in 0..44u64) {
        let mut base = if full { vendor_default() } else { event(json!({})) };
        merge_patch(&mut base, &patch);
        let kept = run(base.clone(), &calls, (NOW_MS, seed), false);
        prop_assert_eq!(run(base, &calls, (NOW_MS, seed), true), kept, "a stored login ends otherwise");
    }

    #[test]
    fn the_order_of_keys_in_the_event_does_not_matter(patch in any_json(), calls in vec(any_call(), 0..8), full in any::<bool>()) {
        let mut base = if full { vendor_default() } else { event(json!({})) };
        merge_patch(&mut base, &patch);
        prop_assert_eq!(run(reversed(base.clone()), &calls, (NOW_MS, 1), false), run(base, &calls, (NOW_MS, 1), false));
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
