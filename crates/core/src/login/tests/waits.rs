//! Waits for the user in the account of a login.

use serde_json::{Value, json};

use super::{HandlerKind, back, handler, input, make, play};
use crate::login::{EntryPoint, Login, ResumeStep};

/// Steps a login with the Actions `a`, `b` and `c`: `b` makes these calls when it executes, and one more when it continues. Returns
/// its waits as the account has them.
fn waits(calls: Value, mut answers: Vec<ResumeStep>, secrets: &[&str]) -> Value {
    let handlers = ["a", "b", "c"].map(|name| handler(HandlerKind::Action, name));
    let mut login = Login::new(input(json!({})), handlers.to_vec());
    answers.reverse();
    play(
        &mut login,
        &handlers,
        &mut |login, call| {
            make(login, &json!([["idToken.setCustomClaim", "x", 1]]));
            login.log("log", "one".to_owned());
            if call.handler == 1 && call.entry == EntryPoint::Execute {
                make(login, &calls);
            }
            Ok(())
        },
        // A login that waits is stored, and comes back.
        |login| {
            let stored = login.store().unwrap();
            *login = Login::restore(&stored, handlers.to_vec()).unwrap();
            answers.pop()
        },
    );
    let finished = login.finish(0);
    let sites = crate::explanation::ClaimSites::default();
    let mut explanation =
        crate::explanation::explain(finished.outcome, finished.record, &[], &sites);
    explanation.redact(secrets);
    let ran = explanation.outcome.usage.actions.iter();
    let ran: Vec<&str> = ran.map(|it| it.action.as_str()).collect();
    json!([ran, explanation.waits])
}

#[test]
fn a_redirect_is_after_the_handler_that_asked_and_has_no_query() {
    let calls = json!([["redirect.sendUserTo", "https://site.example/s3cr3t/terms", {"query": {"a": "1"}}]]);
    let wait = json!({
        "handlers": 2, "commands": 3, "logs": 2, "waits_for": {"kind": "redirect", "url": "https://site.example/***/terms"}, "answer": "continued",
    });
    assert_eq!(
        waits(calls.clone(), vec![back()], &["s3cr3t"]),
        json!([["a", "b", "b", "c"], [wait]])
    );
    // The user never comes back.
    let mut left = wait;
    left["answer"] = Value::Null;
    assert_eq!(
        waits(calls, Vec::new(), &["s3cr3t"]),
        json!([["a", "b"], [left]])
    );
}

#[test]
fn each_factor_and_its_answer_is_a_wait_of_its_own() {
    let calls = json!([
        ["authentication.challengeWith", {"type": "otp"}],
        ["authentication.enrollWith", {"type": "phone"}],
    ]);
    let of = |kind: &str, factor: &str, answer: &str| {
        json!({
            "handlers": 2, "commands": 4, "logs": 2, "waits_for": {"kind": kind, "factors": [factor]}, "answer": answer,
        })
    };
    let (passed, failed) = (ResumeStep::ChallengeSucceeded, ResumeStep::ChallengeFailed);
    assert_eq!(
        // A step that does not fit leaves it waiting.
        waits(
            calls.clone(),
            vec![back(), passed.clone(), passed.clone()],
            &[]
        ),
        json!([
            ["a", "b", "c"],
            [
                of("challenge", "otp", "passed"),
                of("enroll", "phone", "passed")
            ]
        ])
    );
    assert_eq!(
        waits(calls, vec![passed, failed], &[]),
        json!([
            ["a", "b"],
            [
                of("challenge", "otp", "passed"),
                of("enroll", "phone", "failed")
            ]
        ])
    );
}

#[test]
fn a_factor_at_the_end_is_after_all_actions() {
    let found = waits(
        json!([["multifactor.enable", "any"]]),
        vec![ResumeStep::ChallengeSucceeded],
        &[],
    );
    assert_eq!(found[0], json!(["a", "b", "c"]));
    assert_eq!(found[1][0]["handlers"], 3);
    assert_eq!(found[1][0]["waits_for"]["kind"], "challenge", "{found}");
    assert_eq!(waits(json!([]), Vec::new(), &[])[1], json!([]));
}
