//! Whether a place that may set a claim was reached.

use serde_json::{Value, json};

use super::*;

/// A helper sets several claims at one place: a call for another name is no call for this one, and is not silence either.
#[test]
fn calls_for_other_names_are_reached() {
    #[track_caller]
    fn check(parts: &[&str], calls: &[(&str, Value)], reached: Reached, others: &[&str]) {
        let calls = calls
            .iter()
            .map(|(name, value)| json!(["call", 5, "idToken.setCustomClaim", name, value]));
        let sites = [site(parts, 5)];
        let explanation = explained(json!({}), calls.collect(), &["https://x/y"], &sites);
        let asked = &explanation.expected[0].sites[0];
        assert_eq!(asked.reached, reached, "{parts:?}");
        assert_eq!(asked.other_names, others, "{parts:?}");
    }
    let any = ["", ""];
    let prefix = ["https://x/", ""];
    let none = || json!({"$": "undefined"});
    check(&any, &[], Reached::No, &[]);
    check(
        &any,
        &[("https://x/a", json!(1))],
        Reached::OtherNames,
        &["https://x/a"],
    );
    check(
        &prefix,
        &[("https://x/a", none())],
        Reached::OtherNames,
        &["https://x/a"],
    );
    check(
        &prefix,
        &[
            ("https://x/a", json!(1)),
            ("https://x/b", none()),
            ("https://x/a", json!(2)),
        ],
        Reached::OtherNames,
        &["https://x/a", "https://x/b"],
    );
    // The call for this name decides.
    check(
        &any,
        &[("https://x/a", json!(1)), ("https://x/y", json!(1))],
        Reached::Yes,
        &[],
    );
    check(
        &any,
        &[("https://x/a", json!(1)), ("https://x/y", none())],
        Reached::NoValue,
        &[],
    );
    // A place that names this claim alone made no call for another one.
    check(
        &["https://x/y"],
        &[("https://x/a", json!(1))],
        Reached::No,
        &[],
    );
    let names: Vec<String> = (0..9).map(|number| format!("https://x/{number}")).collect();
    let calls: Vec<_> = names.iter().map(|name| (name.as_str(), json!(1))).collect();
    let first: Vec<&str> = names.iter().take(5).map(String::as_str).collect();
    check(&any, &calls, Reached::OtherNames, &first);
}

/// The last call decides for the token; for a place, any call with a value does.
#[test]
fn calls_without_a_value_are_reached() {
    let check = |values: &[(u32, Value)], state: PresenceState, reached: Reached| {
        let calls = values.iter().map(|(line, value)| {
            json!(["call", line, "idToken.setCustomClaim", "https://x/y", value])
        });
        let sites = [site(&["https://x/y"], 5)];
        let explanation = explained(json!({}), calls.collect(), &["https://x/y"], &sites);
        let asked = &explanation.expected[0];
        assert_eq!(asked.id_token.state, state, "{values:?}");
        assert_eq!(asked.access_token.state, PresenceState::NeverSet);
        assert_eq!(asked.sites[0].reached, reached, "{values:?}");
        let is_told = asked.sites[0].no_value.is_some();
        assert_eq!(is_told, reached == Reached::NoValue);
        assert_eq!(
            asked.id_token.no_value.is_some(),
            state == PresenceState::NoValue
        );
    };
    let none = || json!({"$": "undefined"});
    check(&[(5, none())], PresenceState::NoValue, Reached::NoValue);
    check(
        &[(5, json!({"$": "function"}))],
        PresenceState::NoValue,
        Reached::NoValue,
    );
    // `null` is a value.
    check(&[(5, json!(null))], PresenceState::Kept, Reached::Yes);
    check(&[(7, none())], PresenceState::NoValue, Reached::No);
    check(
        &[(5, none()), (7, json!(1))],
        PresenceState::Kept,
        Reached::NoValue,
    );
    check(
        &[(7, json!(1)), (5, none())],
        PresenceState::NoValue,
        Reached::NoValue,
    );
    check(
        &[(5, json!(1)), (5, none())],
        PresenceState::NoValue,
        Reached::Yes,
    );
    check(&[], PresenceState::NeverSet, Reached::No);
}
