//! Metadata of the profile and of the transaction, and the user whose they are.

use serde_json::{Value, json};

use super::helpers::{Drive, codes, event};
use crate::outcome::Status;
use crate::{EntryPoint, TenantSettings};

#[test]
fn later_actions_see_metadata_and_the_same_action_does_not() {
    let mut drive = Drive::new(event(json!({})));
    drive.begin("first", EntryPoint::Execute);
    let reply = drive.call(&json!(["user.setUserMetadata", "hobby", "chess"]));
    assert_eq!(reply.to_json(), json!({"return": {"$": "api"}}));
    assert_eq!(
        drive.transaction.seen_event()["user"]["user_metadata"]["hobby"],
        "surfing"
    );
    drive.transaction.end(Ok(()), Default::default(), 0);
    let seen = drive.action(
        "second",
        json!([["user.setAppMetadata", "plan", null], ["user.setAppMetadata", "x", {"y": null}]]),
    );
    assert_eq!(seen["user"]["user_metadata"], json!({"hobby": "chess"}));
    let outcome = drive.finish();
    assert_eq!(
        outcome.user.user_metadata,
        *json!({"hobby": "chess"}).as_object().unwrap()
    );
    assert_eq!(
        outcome.user.app_metadata,
        *json!({"x": {"y": null}}).as_object().unwrap()
    );
}

#[test]
fn one_bad_value_makes_the_whole_metadata_update_fail_and_the_login() {
    let check = |call: Value, text: &str| {
        let mut drive = Drive::new(event(json!({})));
        drive.action("a", json!([["user.setUserMetadata", "good", 1], call]));
        let outcome = drive.finish();
        // The tenant log has such a login as a failed one.
        assert_eq!(outcome.status, Status::Failed, "{call}");
        let message = outcome.error.as_ref().unwrap().message.clone();
        assert!(message.starts_with("user update failed: "), "{message}");
        assert!(outcome.id_token.claims.is_empty());
        assert_eq!(codes(&outcome), ["metadata-update-failed"]);
        assert!(
            outcome.notices[0].message.contains(text),
            "{}",
            outcome.notices[0].message
        );
        assert_eq!(
            outcome.user.user_metadata,
            *json!({"hobby": "surfing"}).as_object().unwrap()
        );
    };
    check(
        json!(["user.setUserMetadata", "k", {"$": "undefined"}]),
        "undefined",
    );
    check(
        json!(["user.setUserMetadata", "k", {"$": "function"}]),
        "undefined",
    );
    check(json!(["user.setUserMetadata", "a.b", 1]), "a.b");
    check(json!(["user.setUserMetadata", "a", [{"$set": 1}]]), "$set");
    check(
        json!(["user.setAppMetadata", "blocked", true]),
        "Forbidden attribute in app_metadata: blocked",
    );
    check(
        json!(["user.setAppMetadata", "big", "x".repeat(40_000)]),
        "32768",
    );
}

/// Source: <https://community.auth0.com/t/152115>.
#[test]
fn undefined_takes_back_what_the_login_has_set() {
    let check = |first: Value, second: Value, status: Status, expected: Value| {
        let mut drive = Drive::new(event(
            json!({"user": {"app_metadata": {"old": 1, "plan": null}}}),
        ));
        drive.action("a", json!([first]));
        drive.action("b", json!([second]));
        let outcome = drive.finish();
        assert_eq!(outcome.status, status, "{first} {second}");
        let stored = Value::Object(outcome.user.app_metadata);
        assert_eq!(stored, expected, "{first} {second}");
    };
    let set = |name: &str, value: Value| json!(["user.setAppMetadata", name, value]);
    let undefined = |name: &str| json!(["user.setAppMetadata", name, {"$": "undefined"}]);
    for (name, value) in [("t", json!("x")), ("old", json!(2)), ("old", json!(null))] {
        check(
            set(name, value),
            undefined(name),
            Status::Allowed,
            json!({"old": 1}),
        );
    }
    // It is not another key, and not one that no Action has set.
    check(
        set("t", json!("x")),
        undefined("old"),
        Status::Failed,
        json!({"old": 1}),
    );
    // What comes after it counts.
    check(
        undefined("t"),
        set("t", json!(1)),
        Status::Failed,
        json!({"old": 1}),
    );
}

#[test]
fn an_update_that_fails_stops_a_redirect_and_leaves_a_denial() {
    let bad = json!(["user.setUserMetadata", "a.b", 1]);
    let redirect = json!(["redirect.sendUserTo", "https://example.com"]);
    for (last, status) in [
        (redirect, Status::Failed),
        (json!(["access.deny", "no"]), Status::Denied),
    ] {
        let mut drive = Drive::new(event(json!({})));
        drive.action("a", json!([bad, last]));
        assert_eq!(drive.last, crate::login::transaction::Next::Stop);
        let outcome = drive.finish();
        assert_eq!(outcome.status, status);
        assert_eq!(codes(&outcome), ["metadata-update-failed"]);
    }
}

#[test]
fn a_large_profile_is_told() {
    let mut drive = Drive::new(event(json!({})));
    drive.action(
        "a",
        json!([["user.setUserMetadata", "big", "x".repeat(20_000)]]),
    );
    let outcome = drive.finish();
    assert_eq!(codes(&outcome), ["profile-over-10kb"]);
    assert_eq!(
        outcome.user.user_metadata["big"].as_str().unwrap().len(),
        20_000
    );
}

#[test]
fn the_primary_user_takes_over() {
    let switch = json!([
        ["user.setUserMetadata", "lost", 1],
        ["user.setAppMetadata", "kept", 2],
        ["user.setAppMetadata", "plan", null],
        ["authentication.setPrimaryUser", "auth0|2"]
    ]);
    let other = |provider_id: &str| {
        let identity = json!({"provider": "auth0", "user_id": provider_id});
        let user = json!({"user_id": "auth0|2", "name": "Joan", "user_metadata": {"a": 1}, "app_metadata": {"b": 1, "plan": "silver"}, "identities": [identity]});
        TenantSettings {
            users: vec![user],
            ..TenantSettings::default()
        }
    };
    let mut drive = Drive::with(event(json!({})), other("1"));
    drive.action("a", switch.clone());
    assert_eq!(drive.action("b", json!([]))["user"]["name"], "Joan");
    let outcome = drive.finish();
    assert_eq!(outcome.id_token.claims["sub"], "auth0|2");
    assert_eq!(
        outcome.user.user_metadata,
        *json!({"a": 1}).as_object().unwrap()
    );
    // The limits name user metadata only.
    assert_eq!(
        outcome.user.app_metadata,
        *json!({"b": 1, "kept": 2}).as_object().unwrap()
    );

    let mut drive = Drive::with(event(json!({})), other("3"));
    drive.action("a", switch.clone());
    assert_eq!(drive.finish().status, Status::Failed);

    let mut drive = Drive::new(event(json!({})));
    drive.action("a", switch);
    let outcome = drive.finish();
    assert_eq!(outcome.access_token.claims["sub"], "auth0|2");
    assert_eq!(
        outcome.user.user_metadata,
        *json!({"hobby": "surfing"}).as_object().unwrap()
    );
    assert_eq!(outcome.user.app_metadata["kept"], 2);
    assert_eq!(codes(&outcome), ["primary-user-unknown"]);
}

#[test]
fn transaction_metadata_is_checked_and_seen_at_once() {
    let mut drive = Drive::new(event(json!({"transaction": null})));
    drive.begin("a", EntryPoint::Execute);
    let set = |drive: &mut Drive, key: Value, value: Value| {
        drive
            .call(&json!(["transaction.setMetadata", key, value]))
            .to_json()
    };
    let reply = set(&mut drive, json!("k"), json!("v"));
    assert_eq!(
        reply["event"],
        json!([[["transaction"], {"metadata": {"k": "v"}}]])
    );
    let reply = set(&mut drive, json!("k"), json!(null));
    assert_eq!(reply["event"], json!([[["transaction", "metadata"], {}]]));
    for (key, value, text) in [
        (json!(1), json!("v"), "must be a string"),
        (json!("k".repeat(65)), json!("v"), "64"),
        (
            json!("k"),
            json!({}),
            "a string, a number, a boolean or null",
        ),
        (
            json!("k"),
            json!([]),
            "a string, a number, a boolean or null",
        ),
        (json!("k"), json!(9_007_199_254_740_993_u64), "safe number"),
        (json!("k"), json!({"$": "NaN"}), "safe number"),
        (json!("k"), json!("x".repeat(8_193)), "8192"),
    ] {
        let reply = set(&mut drive, key, value);
        assert!(
            reply["throw"]["message"].as_str().unwrap().contains(text),
            "{reply}"
        );
    }
    for key in ["a", "b"] {
        set(&mut drive, json!(key), json!("x".repeat(8_000)));
    }
    assert!(set(&mut drive, json!("c"), json!("x".repeat(8_000)))["throw"].is_object());
}
