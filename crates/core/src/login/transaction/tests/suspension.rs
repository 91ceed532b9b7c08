//! Redirects, forms and factors: suspension and the way back.

use serde_json::{Map, Value, json};

use super::helpers::{Drive, back, event, thrown};
use crate::login::transaction::{Next, Resumed, Suspension};
use crate::outcome::Status;
use crate::{EntryPoint, ResumeStep};

#[test]
fn a_redirect_suspends_and_the_same_action_goes_on() {
    let mut drive = Drive::new(event(json!({})));
    drive.action(
        "a",
        json!([
            ["user.setUserMetadata", "k", "v"],
            ["transaction.setMetadata", "step", 1],
            ["redirect.sendUserTo", "https://example.com/x?a=1", {"query": {"b": "2"}}],
        ]),
    );
    let Next::Suspended(Suspension::Redirect { url }) = drive.last.clone() else {
        panic!("{:?}", drive.last)
    };
    let state = url
        .strip_prefix("https://example.com/x?a=1&b=2&state=")
        .unwrap()
        .to_owned();
    assert_eq!(state.len(), 48);
    // The wrong kind of step changes nothing.
    assert!(matches!(
        drive.resume(ResumeStep::ChallengeSucceeded),
        Resumed::Suspended(_)
    ));
    assert_eq!(
        drive.resume(back(json!({}), json!({"answer": "42"}))),
        Resumed::SameAction
    );
    let seen = drive.handler("a", EntryPoint::Continue, json!([]), Err(thrown("late")));
    assert_eq!(seen["request"]["query"], json!({"state": state}));
    assert_eq!(seen["request"]["body"], json!({"answer": "42"}));
    assert_eq!(seen["request"]["method"], "POST");
    assert_eq!(seen["transaction"]["metadata"], json!({"step": 1}));
    let outcome = drive.finish();
    // It was written before the redirect, so the throw does not take it back.
    assert_eq!(outcome.user.user_metadata["k"], "v");
    assert_eq!(outcome.status, Status::Failed);
}

#[test]
fn without_further_input_the_outcome_tells_what_is_waited_for() {
    let check = |calls: Value, status: Status, url: Option<&str>| {
        let mut drive = Drive::new(event(json!({})));
        drive.action("a", calls.clone());
        let outcome = drive.finish();
        assert_eq!(outcome.status, status, "{calls}");
        let redirect = outcome.redirect.map(|redirect| redirect.url);
        assert_eq!(
            redirect
                .as_deref()
                .map(|url| url.split("?state=").next().unwrap_or_default()),
            url
        );
        assert_eq!(
            outcome.id_token.claims.is_empty(),
            status != Status::Allowed
        );
    };
    check(
        json!([["redirect.sendUserTo", "https://example.com"]]),
        Status::Redirected,
        Some("https://example.com/"),
    );
    check(json!([["prompt.render", "ap_1"]]), Status::Prompted, None);
    check(
        json!([["authentication.challengeWith", {"type": "otp"}]]),
        Status::Challenged,
        None,
    );
    check(
        json!([["authentication.challengeWith", {"type": "otp"}], ["authentication.enrollWith", {"type": "phone"}]]),
        Status::Challenged,
        None,
    );
    check(
        json!([["multifactor.enable", "any"]]),
        Status::Challenged,
        None,
    );
    check(
        json!([
            ["multifactor.enable", "any"],
            ["multifactor.enable", "none"]
        ]),
        Status::Allowed,
        None,
    );
}

#[test]
fn a_form_gives_its_fields_to_the_handler_that_continues() {
    let mut drive = Drive::new(event(json!({})));
    drive.action(
        "a",
        json!([["prompt.render", "ap_1", {"fields": {"a": 1, "b": 2}, "vars": {"v": true}}]]),
    );
    assert_eq!(
        drive.resume(back(json!({}), json!({"b": 3}))),
        Resumed::SameAction
    );
    let seen = drive.handler("a", EntryPoint::Continue, json!([]), Ok(()));
    assert_eq!(
        seen["prompt"],
        json!({"id": "ap_1", "fields": {"a": 1, "b": 3}, "vars": {"v": true}})
    );
    assert_eq!(drive.action("b", json!([])).get("prompt"), None);
    assert_eq!(drive.finish().status, Status::Allowed);
}

#[test]
fn a_challenge_resumes_with_the_next_action() {
    let mut drive = Drive::new(event(json!({})));
    drive.action("a", json!([["authentication.challengeWithAny", [{"type": "otp"}, {"type": "phone"}, {"type": "nope"}]]]));
    assert_eq!(
        drive.last,
        Next::Suspended(Suspension::Challenge {
            factors: vec!["otp".to_owned()]
        })
    );
    assert_eq!(
        drive.resume(ResumeStep::ChallengeSucceeded),
        Resumed::NextAction
    );
    let seen = drive.action(
        "b",
        json!([
            ["multifactor.enable", "any"],
            ["multifactor.enable", "none"]
        ]),
    );
    let method = &seen["authentication"]["methods"][0];
    assert_eq!(
        (&method["name"], &method["type"]),
        (&json!("mfa"), &json!("otp"))
    );
    assert_eq!(method["timestamp"], "2026-01-01T00:00:00.000Z");
    let outcome = drive.finish();
    assert_eq!(outcome.status, Status::Allowed);
    assert_eq!(outcome.id_token.claims["amr"], json!(["mfa"]));
}

#[test]
fn a_challenge_is_passed_by_another_of_its_factors() {
    let mut drive = Drive::new(event(
        json!({"user": {"enrolledFactors": [{"type": "otp"}, {"type": "phone"}]}}),
    ));
    drive.action(
        "a",
        json!([["authentication.challengeWithAny", [{"type": "otp"}, {"type": "phone"}]]]),
    );
    let by = |factor: &str| ResumeStep::ChallengePassedBy {
        factor: factor.to_owned(),
    };
    // One that was not offered passes nothing.
    assert!(matches!(
        drive.resume(by("email")),
        Resumed::Suspended(Suspension::Challenge { .. })
    ));
    assert_eq!(drive.resume(by("phone")), Resumed::NextAction);
    let seen = drive.action("b", json!([]));
    assert_eq!(seen["authentication"]["methods"][0]["type"], "phone");
}

#[test]
fn several_challenges_follow_each_other() {
    let mut drive = Drive::new(event(json!({})));
    drive.action(
        "a",
        json!([
            ["authentication.challengeWith", {"type": "otp"}],
            ["authentication.enrollWith", {"type": "push"}],
            ["redirect.sendUserTo", "https://example.com"],
        ]),
    );
    assert!(matches!(
        drive.resume(ResumeStep::ChallengeSucceeded),
        Resumed::Suspended(Suspension::Enroll { .. })
    ));
    assert!(matches!(
        drive.resume(ResumeStep::ChallengeSucceeded),
        Resumed::Suspended(Suspension::Redirect { .. })
    ));
    assert_eq!(
        drive.resume(back(json!({"state": "own"}), json!({}))),
        Resumed::SameAction
    );
    let seen = drive.handler(
        "a",
        EntryPoint::Continue,
        json!([["authentication.challengeWith", {"type": "otp"}]]),
        Ok(()),
    );
    assert_eq!(seen["request"]["query"]["state"], "own");
    assert_eq!(
        seen["user"]["enrolledFactors"][2]["type"],
        "push-notification"
    );
    // A factor that was passed is not asked for again.
    assert_eq!(drive.last, Next::Continue);
    assert_eq!(drive.finish().status, Status::Allowed);
}

#[test]
fn a_failed_challenge_ends_the_login() {
    let mut drive = Drive::new(event(json!({})));
    drive.action(
        "a",
        json!([["user.setUserMetadata", "k", 1], ["authentication.challengeWith", {"type": "otp"}]]),
    );
    assert_eq!(drive.resume(ResumeStep::ChallengeFailed), Resumed::Stop);
    assert_eq!(drive.resume(ResumeStep::ChallengeSucceeded), Resumed::Stop);
    let outcome = drive.finish();
    assert_eq!(outcome.status, Status::Denied);
    // The flow never came to its end, at which metadata is stored.
    assert_eq!(outcome.user.user_metadata.get("k"), None);
}

#[test]
fn multifactor_is_owed_at_the_end() {
    let mut drive = Drive::new(event(json!({})));
    drive.action("a", json!([["multifactor.enable", "any"]]));
    assert_eq!(drive.last, Next::Continue);
    drive.action("b", json!([]));
    assert!(matches!(
        drive.transaction.conclude(),
        Next::Suspended(Suspension::Challenge { .. })
    ));
    assert_eq!(
        drive.resume(ResumeStep::ChallengeSucceeded),
        Resumed::NextAction
    );
    assert_eq!(drive.transaction.conclude(), Next::Continue);
    assert_eq!(drive.finish().status, Status::Allowed);
}

#[test]
fn a_silent_login_cannot_owe_a_factor() {
    let mut drive = Drive::new(event(json!({"request": {"query": {"prompt": "none"}}})));
    drive.action("a", json!([["multifactor.enable", "any"]]));
    assert_eq!(drive.transaction.conclude(), Next::Stop);
    let outcome = drive.finish();
    let error = outcome.error.unwrap();
    assert_eq!(
        (error.action.as_str(), error.name.as_str()),
        ("a", "login_required")
    );
}

#[test]
fn a_step_answers_its_own_kind_of_suspension() {
    let redirect = Suspension::Redirect { url: String::new() };
    let form = Suspension::Prompt {
        id: String::new(),
        fields: Map::new(),
        vars: Map::new(),
    };
    let challenge = Suspension::Challenge { factors: vec![] };
    let enrolment = Suspension::Enroll { factors: vec![] };
    for (suspension, by_request) in [
        (redirect, true),
        (form, true),
        (challenge, false),
        (enrolment, false),
    ] {
        assert_eq!(suspension.takes(&back(json!({}), json!({}))), by_request);
        assert_eq!(
            suspension.takes(&ResumeStep::ChallengeSucceeded),
            !by_request
        );
        assert_eq!(suspension.takes(&ResumeStep::ChallengeFailed), !by_request);
    }
}

#[test]
fn what_the_platform_refuses_fails_the_login() {
    let check = |patch: Value, calls: Value, name: &str, text: &str| {
        let mut drive = Drive::new(event(patch));
        drive.action("a", calls.clone());
        assert_eq!(drive.last, Next::Stop, "{calls}");
        let outcome = drive.finish();
        assert_eq!(outcome.status, Status::Failed);
        let error = outcome.error.unwrap();
        assert_eq!(error.name, name);
        assert!(error.message.contains(text), "{}", error.message);
    };
    let redirect = json!([["redirect.sendUserTo", "https://example.com"]]);
    check(
        json!({"request": {"query": {"prompt": "none"}}}),
        redirect.clone(),
        "interaction_required",
        "interactive",
    );
    check(
        json!({"request": {"query": {"prompt": "none"}}}),
        json!([["authentication.challengeWith", {"type": "otp"}]]),
        "login_required",
        "Multifactor authentication required",
    );
    check(
        json!({}),
        json!([["authentication.enrollWith", {"type": "email"}]]),
        "Error",
        "email",
    );
    check(
        json!({"transaction": {"protocol": "oauth2-refresh-token"}}),
        redirect,
        "interaction_required",
        "interactive",
    );
    check(
        json!({}),
        json!([
            ["redirect.sendUserTo", "https://example.com"],
            ["prompt.render", "ap_1"]
        ]),
        "Error",
        "Redirect and render commands cannot be used in the same action.",
    );
    check(
        json!({}),
        json!([["authentication.challengeWith", {"type": "phone"}]]),
        "Error",
        "phone",
    );
    check(
        json!({}),
        json!([["authentication.enrollWith", {"type": "otp"}]]),
        "Error",
        "not already enrolled",
    );
    check(
        json!({}),
        json!([["idToken.setCustomClaim", "a", {"$": "bigint", "of": "1"}]]),
        "TypeError",
        "BigInt",
    );
    check(
        json!({}),
        json!([["user.setAppMetadata", "a", [{"$": "circular"}]]]),
        "TypeError",
        "circular",
    );
}

#[test]
fn a_session_token_makes_the_round_trip() {
    let mut drive = Drive::new(event(json!({})));
    drive.begin("a", EntryPoint::Execute);
    let payload = json!({"secret": "s", "payload": {"state": "st", "score": 3}});
    let token = drive
        .call(&json!(["redirect.encodeToken", payload]))
        .to_json()["return"]
        .clone();
    drive.call(&json!(["redirect.sendUserTo", "https://example.com"]));
    drive.transaction.end(Ok(()), Default::default(), 0);
    drive.resume(back(
        json!({"state": "st"}),
        json!({"session_token": token}),
    ));
    drive.begin("a", EntryPoint::Continue);
    let reply = drive
        .call(&json!(["redirect.validateToken", {"secret": "s"}]))
        .to_json();
    assert_eq!(reply["return"]["score"], 3);
    let reply = drive
        .call(&json!(["redirect.validateToken", {"secret": "t"}]))
        .to_json();
    assert_eq!(
        reply["throw"]["message"],
        "The session token is invalid: Failed signature validation"
    );
}

#[test]
fn the_state_joins_the_query() {
    let check = |url: &str, start: &str, end: &str| {
        let mut drive = Drive::new(event(json!({})));
        drive.action("a", json!([["redirect.sendUserTo", url]]));
        let url = drive.finish().redirect.unwrap().url;
        assert!(url.starts_with(start) && url.ends_with(end), "{url}");
        assert_eq!(url.len(), start.len() + 48 + end.len());
    };
    check("https://example.com", "https://example.com/?state=", "");
    check(
        "https://example.com/?a=b%20c#x",
        "https://example.com/?a=b%20c&state=",
        "#x",
    );
    check(
        "https://example.com/?state=own&b=1",
        "https://example.com/?state=",
        "&b=1",
    );
    check("mailto:a@example.com", "mailto:a@example.com?state=", "");
}
