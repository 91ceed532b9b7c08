//! Which handler runs when, with which budget and which randomness.

use serde_json::json;

use super::{HandlerKind, back, call_back, handler, input, make, play};
use crate::login::transaction::tests::helpers::{NOW_MS, thrown};
use crate::login::{EntryPoint, Login, ResumeStep, SandboxUse, Step};
use crate::outcome::Status;

use HandlerKind::{Action, Connection, Rule};

#[test]
fn a_connection_runs_before_rules_and_rules_before_actions() {
    let handlers = [
        handler(Action, "a"),
        handler(Rule, "r"),
        handler(Action, "b"),
        handler(Connection, "c"),
        handler(Rule, "s"),
    ];
    let mut login = Login::new(input(json!({})), handlers.to_vec());
    let mut sandboxes = Vec::new();
    let ran = play(
        &mut login,
        &handlers,
        &mut |login, call| {
            sandboxes.push(call.sandbox);
            if call.kind == Connection {
                call_back(login, call, |user, _| {
                    *user = json!({"user_id": "1", "name": "Jane"});
                });
            }
            Ok(())
        },
        |_| None,
    );
    // The connection has a budget of its own, the Rules share one, and so do the Actions. The end of the Rules has a number,
    // too: it runs nothing.
    assert_eq!(
        ran,
        [
            "c Execute 0 0",
            "r Execute 1 0",
            "s Execute 2 1",
            "a Execute 4 0",
            "b Execute 5 1",
        ]
    );
    use SandboxUse::{Fresh, Shared};
    assert_eq!(sandboxes, [Fresh, Shared, Shared, Fresh, Fresh]);
}

#[test]
fn after_a_redirect_the_same_action_continues_with_the_whole_budget() {
    let handlers = [
        handler(Action, "a"),
        handler(Action, "b"),
        handler(Action, "c"),
    ];
    let mut login = Login::new(input(json!({})), handlers.to_vec());
    let ran = play(
        &mut login,
        &handlers,
        &mut |login, call| {
            if call.handler == 1 && call.entry == EntryPoint::Execute {
                make(
                    login,
                    &json!([["redirect.sendUserTo", "https://site.example/"]]),
                );
            }
            Ok(())
        },
        |_| Some(back()),
    );
    assert_eq!(
        ran,
        [
            "a Execute 0 0",
            "b Execute 1 1",
            "b Continue 2 0",
            "c Execute 3 1"
        ]
    );
    assert_eq!(login.finish(NOW_MS).outcome.status, Status::Allowed);
}

#[test]
fn after_a_challenge_the_next_action_runs() {
    let handlers = [handler(Action, "a"), handler(Action, "b")];
    let mut login = Login::new(input(json!({})), handlers.to_vec());
    let ran = play(
        &mut login,
        &handlers,
        &mut |login, call| {
            if call.handler == 0 {
                make(
                    login,
                    &json!([["authentication.challengeWith", {"type": "otp"}]]),
                );
            }
            Ok(())
        },
        |_| Some(ResumeStep::ChallengeSucceeded),
    );
    assert_eq!(ran, ["a Execute 0 0", "b Execute 1 0"]);
}

#[test]
fn a_challenge_that_is_owed_comes_after_the_last_action() {
    let handlers = [handler(Action, "a"), handler(Action, "b")];
    let mut login = Login::new(input(json!({})), handlers.to_vec());
    let mut asked = 0;
    let ran = play(
        &mut login,
        &handlers,
        &mut |login, call| {
            if call.handler == 0 {
                make(login, &json!([["multifactor.enable", "any"]]));
            }
            Ok(())
        },
        |_| {
            asked += 1;
            Some(ResumeStep::ChallengeSucceeded)
        },
    );
    assert_eq!((ran.len(), asked), (2, 1));
    assert_eq!(login.finish(NOW_MS).outcome.status, Status::Allowed);
}

#[test]
fn all_rules_run_again_after_their_redirect() {
    let handlers = [handler(Rule, "r"), handler(Rule, "s"), handler(Action, "a")];
    let mut login = Login::new(input(json!({})), handlers.to_vec());
    let mut seen = json!(null);
    let ran = play(
        &mut login,
        &handlers,
        &mut |login, call| {
            if call.handler == 0 {
                call_back(login, call, |user, context| {
                    if context["protocol"] != "redirect-callback" {
                        user["jti"] = json!("J1");
                        context["redirect"] = json!({"url": "https://site.example/"});
                    } else {
                        seen = user["jti"].clone();
                    }
                });
            }
            Ok(())
        },
        |_| Some(back()),
    );
    // With this, a Rule distinguishes the token that it sent from another one.
    assert_eq!(seen, "J1");
    assert_eq!(
        ran,
        [
            "r Execute 0 0",
            "s Execute 1 1",
            "r Execute 3 0",
            "s Execute 4 1",
            "a Execute 6 0",
        ]
    );
    assert_eq!(login.finish(NOW_MS).outcome.status, Status::Allowed);
}

#[test]
fn no_action_sees_metadata_that_is_not_an_object() {
    for (patch, expected) in [
        (
            json!({"user_metadata": "x"}),
            Some("string into Go struct field .event.user.userMetadata"),
        ),
        (
            json!({"app_metadata": [1]}),
            Some("array into Go struct field .event.user.appMetadata"),
        ),
        (json!({"user_metadata": null}), None),
        (json!({"user_metadata": {}}), None),
    ] {
        let handlers = [handler(Action, "a")];
        let mut login = Login::new(input(json!({"user": patch})), handlers.to_vec());
        let ran = play(&mut login, &handlers, &mut |_, _| Ok(()), |_| None);
        let error = login
            .finish(NOW_MS)
            .outcome
            .error
            .map(|error| error.message);
        assert_eq!(ran.is_empty(), expected.is_some(), "{patch}");
        match expected {
            Some(text) => assert!(error.unwrap().contains(text), "{patch}"),
            None => assert_eq!(error, None, "{patch}"),
        }
    }
}

#[test]
fn nothing_runs_after_a_fault_a_denial_or_a_failed_challenge() {
    let handlers = [handler(Action, "a"), handler(Action, "b")];
    let check = |calls: serde_json::Value, throws: bool, status: Status| {
        let mut login = Login::new(input(json!({})), handlers.to_vec());
        let ran = play(
            &mut login,
            &handlers,
            &mut |login, _| {
                make(login, &calls);
                match throws {
                    true => Err(thrown("no")),
                    false => Ok(()),
                }
            },
            |_| Some(ResumeStep::ChallengeFailed),
        );
        assert_eq!(ran, ["a Execute 0 0"], "{calls}");
        assert_eq!(login.next(NOW_MS), Step::Done);
        assert_eq!(login.finish(NOW_MS).outcome.status, status);
    };
    check(json!([["access.deny", "no"]]), false, Status::Denied);
    check(json!([]), true, Status::Failed);
    check(
        json!([["authentication.challengeWith", {"type": "otp"}]]),
        false,
        Status::Denied,
    );
}

#[test]
fn an_answer_that_does_not_fit_leaves_the_login_waiting() {
    let handlers = [handler(Action, "a")];
    let mut login = Login::new(input(json!({})), handlers.to_vec());
    let mut answers = vec![back(), ResumeStep::ChallengeSucceeded];
    let ran = play(
        &mut login,
        &handlers,
        &mut |login, call| {
            if call.entry == EntryPoint::Execute {
                make(
                    login,
                    &json!([["redirect.sendUserTo", "https://site.example/"]]),
                );
            }
            Ok(())
        },
        |_| answers.pop(),
    );
    assert_eq!(ran, ["a Execute 0 0", "a Continue 1 0"]);
}

#[test]
fn a_handler_that_was_not_ended_begins_again() {
    let mut login = Login::new(input(json!({})), vec![handler(Action, "a")]);
    let Step::Run(first) = login.next(NOW_MS) else {
        panic!("nothing runs")
    };
    make(
        &mut login,
        &json!([["idToken.setCustomClaim", "https://a.example/x", 1]]),
    );
    let Step::Run(again) = login.next(NOW_MS) else {
        panic!("nothing runs")
    };
    assert_eq!((first.handler, first.input), (again.handler, again.input));
    login.end(Ok(()), Default::default(), again.spent, NOW_MS);
    let outcome = login.finish(NOW_MS).outcome;
    assert_eq!(outcome.ledger.len(), 0, "the first run had no end");
}
