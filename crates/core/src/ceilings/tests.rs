//! Whatever a guest calls, what is kept of it stays below the ceilings.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::login::transaction::tests::helpers::{Drive, NOW_MS, codes, event};
use crate::outcome::{Notice, Outcome, Status};
use crate::reads::Record;
use crate::{EntryPoint, Location, Trigger};

/// The most bytes of an outcome and of its account when they are printed.
const PRINTED: usize = 20_000_000;

fn printed(outcome: &Outcome) -> usize {
    printed_bytes(outcome, 0)
}

fn explained(outcome: Outcome, record: Record) -> usize {
    printed_bytes(
        &crate::explanation::explain(
            outcome,
            record,
            &[],
            &crate::explanation::ClaimSites::default(),
        ),
        0,
    )
}

/// Runs one handler that makes the same calls over and over, until it is ended or has made enough.
fn repeated(calls: &[Value], times: usize) -> (Outcome, Record) {
    let mut drive = Drive::new(event(json!({})));
    drive.transaction.watch(crate::reads::Watch::Places);
    drive.begin("a", EntryPoint::Execute);
    let site = Location {
        file: "a.js".into(),
        line: 1,
        column: 1,
    };
    for index in 0..times {
        for call in calls {
            let mut call = call.clone();
            if let Some(Value::String(name)) = call.get_mut(1) {
                name.push_str(&index.to_string());
            }
            drive.call(&call);
            let keys = ["user".to_owned(), index.to_string().repeat(40)];
            drive.transaction.read(&keys, true, Some(site.clone()));
            drive.transaction.notice(Notice {
                code: "x".into(),
                message: format!("{index}{}", "\u{1}".repeat(5_000)),
                source: None,
            });
            drive.transaction.log("log", "\u{1}".repeat(50));
        }
    }
    drive.transaction.end(Ok(()), Default::default(), NOW_MS);
    drive.finish_with_record()
}

#[track_caller]
fn check(call: Value, times: usize, ends: bool) -> Outcome {
    let (outcome, record) = repeated(&[call], times);
    let failed = outcome
        .error
        .as_ref()
        .is_some_and(|error| error.name == HOST_LIMIT);
    assert_eq!(failed, ends, "{:?}", outcome.error);
    assert_eq!(outcome.status == Status::Failed, ends);
    let bytes = printed(&outcome);
    assert!(bytes < PRINTED, "{bytes}");
    let bytes = explained(outcome.clone(), record);
    assert!(bytes < PRINTED, "{bytes}");
    outcome
}

#[test]
fn calls_without_end_end_the_action() {
    let big = "\u{1}".repeat(100_000);
    check(json!(["cache.get", "k"]), CALLS + 1, true);
    check(json!(["no.method", "k"]), CALLS + 1, true);
    check(
        json!(["idToken.setCustomClaim", "https://x/", 1]),
        CLAIM_CALLS + 1,
        true,
    );
    check(
        json!(["idToken.setCustomClaim", "https://x/", big]),
        600,
        true,
    );
    check(
        json!(["accessToken.addScope", "s".repeat(200)]),
        4_999,
        false,
    );
    check(
        json!(["accessToken.addScope", "\u{1}".repeat(200)]),
        4_999,
        true,
    );
    check(json!(["user.setUserMetadata", "k", big]), 600, true);
    check(json!(["session.setMetadata", "k", big]), 600, true);
    check(json!(["access.deny", big]), 600, true);
    check(
        json!(["samlResponse.setAttribute", "k", vec!["x"; 20_000]]),
        600,
        true,
    );
    check(
        json!(["redirect.encodeToken", {"secret": "s", "payload": {"x": big}}]),
        600,
        true,
    );
    check(
        json!([
            "redirect.sendUserTo",
            format!("https://x.example/?{}", "q".repeat(REDIRECT_BYTES))
        ]),
        1,
        true,
    );
    check(
        json!(["authentication.challengeWithAny", [{"type": big}]]),
        600,
        true,
    );
}

#[test]
fn calls_with_large_arguments_are_recorded_shortened() {
    let huge = "x".repeat(5_000_000);
    let outcome = check(json!(["accessToken.addScope", [huge]]), 50, false);
    assert_eq!(outcome.status, Status::Allowed);
    let shown = outcome.commands[0].args[0].to_string();
    assert!(shown.ends_with("… [4999872 more bytes]\"]"), "{shown}");
    let outcome = check(json!(["cache.set", huge, vec![0; 200_000]]), 20, false);
    let shown = outcome.commands[0].args.clone();
    assert!(shown[0].to_string().ends_with("more bytes]\""), "{shown:?}");
    assert!(
        shown[1].to_string().ends_with("more items]\"]"),
        "{shown:?}"
    );
}

#[test]
fn a_large_value_of_metadata_that_is_set_again_is_kept_once() {
    let mut drive = Drive::new(event(json!({})));
    drive.begin("a", EntryPoint::Execute);
    let huge = "x".repeat(5_000_000);
    for _ in 0..40 {
        drive.call(&json!(["user.setAppMetadata", "k", huge]));
    }
    drive.call(&json!(["user.setAppMetadata", "first", 1]));
    drive.transaction.end(Ok(()), Default::default(), NOW_MS);
    let seen = drive.begin("b", EntryPoint::Execute);
    let metadata = seen["user"]["app_metadata"].as_object().unwrap();
    let keys: Vec<&String> = metadata.keys().collect();
    assert_eq!(keys, ["plan", "k", "first"]);
    assert_eq!(metadata["k"], huge);
    drive.transaction.end(Ok(()), Default::default(), NOW_MS);
    let outcome = drive.finish();
    assert_eq!(outcome.status, Status::Failed);
    assert_eq!(codes(&outcome), ["metadata-update-failed"]);
    assert_eq!(
        Value::from(outcome.user.app_metadata.clone()),
        json!({"plan": "gold"})
    );
    assert!(printed(&outcome) < 1_000_000);
}

#[test]
fn a_claim_that_no_token_can_carry_counts_with_its_size() {
    let mut drive = Drive::new(event(
        json!({"user": {"app_metadata": {"huge": "y".repeat(300_000)}}}),
    ));
    drive.transaction.watch(crate::reads::Watch::Paths);
    drive.begin("a", EntryPoint::Execute);
    let keys = ["user", "app_metadata", "huge"].map(str::to_owned);
    drive.transaction.read(&keys, true, None);
    drive.call(&json!([
        "idToken.setCustomClaim",
        "https://x/a",
        "y".repeat(300_000)
    ]));
    drive.transaction.end(Ok(()), Default::default(), NOW_MS);
    let outcome = drive.finish();
    let error = outcome.error.clone().unwrap();
    assert_eq!(
        error.message,
        "The custom claims of the ID token have 300013 bytes; the limit is 102400."
    );
    assert_eq!(outcome.ledger[0].sources, ["event.user.app_metadata.huge"]);
    assert!(printed_bytes(&(outcome.ledger, outcome.commands), 0) < 10_000);
}

#[test]
fn texts_are_cut_at_characters() {
    #[track_caller]
    fn check(text: &str, bytes: usize, expected: &str) {
        assert_eq!(shortened(text, bytes), expected);
        let mut own = text.to_owned();
        shorten_text(&mut own, bytes);
        assert_eq!(own, expected);
    }
    check("", 0, "");
    check("abc", 3, "abc");
    check("abcd", 3, "abc… [1 more bytes]");
    check("aéé", 2, "a… [4 more bytes]");
}

#[test]
fn values_in_a_text_are_never_fewer_than_those_it_has() {
    #[track_caller]
    fn check(text: &str, expected: usize) {
        assert_eq!(json_values(text), expected, "{text}");
    }
    check("", 1);
    check("1", 1);
    check(r#"["a,b:[{\",", 2]"#, 3);
    check(r#"{"a": [], "b": {}}"#, 7);
    check("[[[[[", 6);
    check("\"\\", 1);
}

fn any_call() -> impl Strategy<Value = Value> {
    let names: Vec<String> = Trigger::PostLogin
        .methods()
        .iter()
        .map(|spec| format!("{}.{}", spec.namespace, spec.name))
        .collect();
    let value = (1..60_000usize, 0..6u8).prop_map(|(size, kind)| match kind {
        0 => Value::String("x".repeat(size)),
        1 => Value::String("\u{1}".repeat(size)),
        2 => Value::Array(vec![json!(1); size / 8]),
        3 => (0..100).fold(json!(vec![json!({}); size / 32]), |value, _| json!([value])),
        4 => json!({"x": "y".repeat(size), "payload": {"z": "é".repeat(size)}, "secret": "s"}),
        _ => json!(size),
    });
    let name = prop_oneof![
        Just(json!("k")),
        Just(json!("https://x.example/")),
        value.clone()
    ];
    (prop::sample::select(names), name, value)
        .prop_map(|(method, name, value)| json!([method, name, value]))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_called_over_and_over(calls in vec(any_call(), 1..4)) {
        let (outcome, record) = repeated(&calls, 500);
        prop_assert!(outcome.commands.len() <= CALLS);
        prop_assert!(outcome.ledger.len() <= CLAIM_CALLS);
        prop_assert!(outcome.logs.len() <= MESSAGES);
        prop_assert!(outcome.notices.len() <= NOTICES + MEASURES + 4);
        prop_assert!(record.reads.len() <= READS);
        prop_assert!(printed(&outcome) < PRINTED);
        prop_assert!(explained(outcome, record) < PRINTED);
    }
}

#[test]
fn what_is_printed_is_counted_with_its_escapes() {
    for text in [
        "plain",
        "\u{7f}\u{85}\u{2028}x",
        "\u{e0001}\u{10ffff}é",
        "\u{1}\n\"\\",
    ] {
        let value = json!({"k": [text]});
        let printed = crate::escape::json(&value.to_string());
        assert_eq!(compact_bytes(&value), printed.len(), "{printed}");
    }
}
