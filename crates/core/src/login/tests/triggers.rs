//! The requests of Actions of triggers other than post-login, and the ends of their transactions.

use serde_json::{Value, json};

use super::{HandlerKind, back, handler, make, play};
use crate::event::{check_paths, merge_patch, sample};
use crate::login::transaction::tests::helpers::{NOW_MS, codes, thrown};
use crate::login::{Login, LoginInput, ResumeStep};
use crate::outcome::{Delivery, Effects, ExchangeUser, Outcome, Status};
use crate::{TenantSettings, Trigger};

use Trigger::{
    CustomEmailProvider, CustomPhoneProvider, CustomTokenExchange, EventStream,
    PasswordResetPostChallenge, PostChangePassword, PostUserRegistration, PreUserRegistration,
    SendPhoneMessage,
};

/// Runs Actions that make these calls, one after the other; `"throw"` throws. Returns the outcome and the events that they saw.
fn run(trigger: Trigger, patch: &Value, actions: &[Value]) -> (Outcome, Vec<Value>) {
    let mut event = sample(trigger);
    merge_patch(&mut event, patch);
    let names = (0..actions.len()).map(|index| format!("a{index}"));
    let handlers: Vec<_> = names
        .map(|name| handler(HandlerKind::Action, &name))
        .collect();
    let input = LoginInput {
        trigger,
        event,
        tenant: TenantSettings::default(),
        rules_executed: Vec::new(),
        seed: 7,
        now_ms: NOW_MS,
    };
    let mut login = Login::new(input, handlers.clone());
    let mut seen = Vec::new();
    let mut steps = vec![back(), ResumeStep::ChallengeSucceeded];
    play(
        &mut login,
        &handlers,
        &mut |login, call| {
            seen.push(serde_json::from_str(&call.input).unwrap());
            let calls = match (call.entry, &actions[call.handler]) {
                (crate::EntryPoint::Continue, _) => return Ok(()),
                (_, calls) if calls == "throw" => return Err(thrown("no")),
                (_, calls) => calls,
            };
            make(login, calls);
            Ok(())
        },
        |login| match login.pause().unwrap().suspension {
            crate::Suspension::Challenge { .. } => steps.pop(),
            _ => Some(back()),
        },
    );
    (login.finish(NOW_MS).outcome, seen)
}

fn outcome(trigger: Trigger, calls: Value) -> Outcome {
    run(trigger, &json!({}), &[calls]).0
}

#[test]
fn only_the_two_triggers_with_tokens_have_any() {
    for trigger in Trigger::ALL.iter().filter(|it| !it.table().has_tokens) {
        let calls = json!([["accessToken.setCustomClaim", "https://example.com/x", 1]]);
        let (outcome, _) = run(*trigger, &json!({}), &[calls]);
        assert_eq!(outcome.trigger, *trigger);
        assert!(outcome.id_token.claims.is_empty(), "{trigger}");
        assert!(outcome.access_token.claims.is_empty(), "{trigger}");
        assert!(outcome.userinfo.is_empty(), "{trigger}");
        assert_eq!(outcome.ledger, [], "{trigger}");
    }
}

#[test]
fn metadata_of_a_new_user_is_merged_and_seen_by_later_actions() {
    let first = json!([
        ["user.setUserMetadata", "lang", "de"],
        ["user.setAppMetadata", "plan", {"id": 1}],
        ["user.setUserId", "jane.doe"],
    ]);
    let second = json!([
        ["user.setUserMetadata", "lang", null],
        ["user.setUserId", "jane"]
    ]);
    let (outcome, seen) = run(PreUserRegistration, &json!({}), &[first, second]);
    assert_eq!(outcome.status, Status::Allowed);
    assert_eq!(seen[0]["user"]["user_metadata"], json!({}));
    assert_eq!(seen[1]["user"]["user_metadata"], json!({"lang": "de"}));
    assert_eq!(json!(outcome.user.user_metadata), json!({}));
    assert_eq!(json!(outcome.user.app_metadata), json!({"plan": {"id": 1}}));
    assert_eq!(outcome.effects.user_id.as_deref(), Some("jane"));
}

#[test]
fn a_denied_sign_up_stops_at_once_and_stores_nothing() {
    let deny = json!([
        ["user.setAppMetadata", "plan", "x"],
        ["access.deny", "blocked domain", "You cannot sign up."],
        ["access.deny", "second", "Second"],
    ]);
    let (outcome, seen) = run(PreUserRegistration, &json!({}), &[deny, json!([])]);
    assert_eq!(outcome.status, Status::Denied);
    assert_eq!(outcome.reason.as_deref(), Some("blocked domain"));
    assert_eq!(
        outcome.effects.user_message.as_deref(),
        Some("You cannot sign up.")
    );
    assert_eq!(json!(outcome.user.app_metadata), json!({}));
    assert_eq!(seen.len(), 1);
}

#[test]
fn a_passwordless_user_has_no_metadata_of_the_sign_up() {
    for (strategy, stored) in [("auth0", true), ("email", false), ("sms", false)] {
        let patch = json!({"connection": {"strategy": strategy}});
        let calls = json!([
            ["user.setUserMetadata", "lang", "de"],
            ["user.setAppMetadata", "plan", "free"],
            ["user.setUserId", "jane"],
        ]);
        let (outcome, seen) = run(PreUserRegistration, &patch, &[calls, json!([])]);
        assert_eq!(outcome.status, Status::Allowed, "{strategy}");
        assert_eq!(outcome.effects.user_id.as_deref(), Some("jane"));
        let metadata = |key: &str, value: &str| match stored {
            true => json!({ key: value }),
            false => json!({}),
        };
        let user = json!(outcome.user);
        assert_eq!(user["app_metadata"], metadata("plan", "free"), "{strategy}");
        assert_eq!(user["user_metadata"], metadata("lang", "de"), "{strategy}");
        assert_eq!(seen[1]["user"]["user_metadata"], user["user_metadata"]);
        let expected: &[&str] = match stored {
            true => &[],
            false => &["metadata-update-failed"],
        };
        assert_eq!(codes(&outcome), expected, "{strategy}");
    }
}

#[test]
fn validation_errors_are_listed_in_their_order() {
    let calls = json!([
        ["validation.error", "username", "Too short"],
        ["validation.error", "phone", "Not ours"],
    ]);
    let outcome = outcome(PreUserRegistration, calls);
    assert_eq!(outcome.status, Status::Denied);
    assert_eq!(outcome.reason.as_deref(), Some("Too short"));
    let effects = serde_json::to_value(&outcome.effects).unwrap();
    assert_eq!(
        effects,
        json!({"validation_errors": [
            {"code": "username", "message": "Too short"},
            {"code": "phone", "message": "Not ours"},
        ]})
    );
}

#[test]
fn the_user_of_an_exchange_is_set_exactly_once() {
    let by_id = json!(["authentication.setUserById", "auth0|1"]);
    let options = json!({"creationBehavior": "create_if_not_exists", "updateBehavior": "none"});
    let by_connection = json!(["authentication.setUserByConnection", "users", {"user_id": "1", "x": {"$": "undefined"}}, options]);
    let set = outcome(CustomTokenExchange, json!([by_connection]));
    assert_eq!(set.status, Status::Allowed);
    assert_eq!(
        set.effects.exchange_user,
        Some(ExchangeUser::Connection {
            connection: "users".into(),
            attributes: json!({"user_id": "1"}).as_object().unwrap().clone(),
            creates: true,
            replaces: false,
        })
    );
    for (calls, reason) in [
        (json!([]), "The Action set no user"),
        (json!([by_id, by_id]), "more than one user"),
        (json!([by_id, by_connection]), "more than one user"),
        (
            json!([by_id, ["authentication.setActor", {"sub": "a"}], ["authentication.setActor", {"sub": "b"}]]),
            "more than one actor",
        ),
        // What the checks refuse sets nothing.
        (
            json!([["authentication.setUserById", ""]]),
            "The Action set no user",
        ),
    ] {
        let failed = outcome(CustomTokenExchange, calls.clone());
        assert_eq!(failed.status, Status::Failed, "{calls}");
        assert!(failed.reason.unwrap().contains(reason), "{calls}");
    }
}

#[test]
fn a_denial_wins_over_a_user_that_is_set_after_it() {
    let calls = json!([
        ["access.deny", "custom_code", "No."],
        ["authentication.setUserById", "auth0|1"],
        ["access.rejectInvalidSubjectToken", "later"],
    ]);
    let denied = outcome(CustomTokenExchange, calls);
    assert_eq!(denied.status, Status::Denied);
    assert_eq!(denied.code.as_deref(), Some("custom_code"));
    assert!(!denied.effects.invalid_subject_token);
    let calls = json!([
        ["access.rejectInvalidSubjectToken", "forged"],
        ["access.deny", "c", "r"]
    ]);
    let rejected = outcome(CustomTokenExchange, calls);
    assert_eq!(rejected.code.as_deref(), Some("invalid_request"));
    assert_eq!(rejected.reason.as_deref(), Some("forged"));
    assert!(rejected.effects.invalid_subject_token);
}

#[test]
fn metadata_actor_and_organization_of_an_exchange_wait_for_its_user() {
    let calls = json!([
        ["authentication.setUserById", "auth0|1"],
        ["authentication.setOrganization", "acme"],
        ["authentication.setActor", {"sub": "agent", "level": 2, "act": {"sub": "boss"}}],
        ["user.setAppMetadata", "plan", "gold"],
        ["user.setAppMetadata", "old", null],
        ["user.setUserMetadata", "lang", "de"],
    ]);
    let outcome = outcome(CustomTokenExchange, calls);
    assert_eq!(
        serde_json::to_value(&outcome.effects).unwrap(),
        json!({
            "exchange_user": {"by": "id", "id": "auth0|1"},
            "organization": "acme",
            "actor": {"sub": "agent", "level": 2, "act": {"sub": "boss"}},
            "metadata": {"user_metadata": {"lang": "de"}, "app_metadata": {"plan": "gold", "old": null}},
        })
    );
}

#[test]
fn metadata_that_cannot_be_stored_is_reported_and_left_out() {
    let set = |name: &str, value: Value| {
        json!([
            ["authentication.setUserById", "auth0|1"],
            ["user.setAppMetadata", name, value],
            ["user.setUserMetadata", "fine", 1],
        ])
    };
    for calls in [
        set("user_id", json!("x")),
        set("a.b", json!(1)),
        set("x", json!({"$": "undefined"})),
        set("x", json!("y".repeat(40_000))),
    ] {
        let outcome = outcome(CustomTokenExchange, calls);
        assert_eq!(outcome.status, Status::Allowed);
        assert_eq!(codes(&outcome), ["metadata-update-failed"]);
        assert!(outcome.effects.metadata.is_empty());
    }
    let calls = json!([["authentication.setUserById", "a"], ["user.setAppMetadata", "x", {"$": "bigint", "of": "1"}]]);
    assert_eq!(outcome(CustomTokenExchange, calls).status, Status::Failed);
}

#[test]
fn a_huge_actor_or_profile_fails_the_exchange_and_costs_little() {
    let huge = "x".repeat(2 << 20);
    let options = json!({"creationBehavior": "none", "updateBehavior": "none"});
    for call in [
        json!(["authentication.setActor", {"sub": "a", "type": huge}]),
        json!(["authentication.setUserByConnection", "c", {"user_id": "1", "bio": huge}, options]),
    ] {
        let failed = outcome(CustomTokenExchange, json!([call]));
        assert_eq!(failed.status, Status::Failed);
        assert!(failed.reason.unwrap().contains("more than 1 MiB"));
        assert_eq!(failed.effects, Effects::default());
    }
}

#[test]
fn the_last_decision_about_a_message_counts() {
    for trigger in [CustomEmailProvider, CustomPhoneProvider] {
        let reason = "é".repeat(2_000);
        let calls = json!([
            ["notification.drop", "spam"],
            ["notification.retry", reason]
        ]);
        let notification = outcome(trigger, calls).effects.notification.unwrap();
        assert_eq!(notification.delivery, Delivery::Retried);
        assert_eq!(notification.reason, Some("é".repeat(1_024)));
        let dropped = outcome(trigger, json!([["notification.drop"]]));
        assert_eq!(dropped.status, Status::Allowed);
        assert_eq!(
            json!(dropped.effects.notification),
            json!({"delivery": "dropped", "reason": null})
        );
        assert_eq!(outcome(trigger, json!([])).effects, Effects::default());
    }
}

#[test]
fn a_password_reset_is_challenged_redirected_and_ends_at_the_result_url() {
    let first = json!([["authentication.challengeWith", {"type": "otp"}]]);
    let second = json!([
        ["redirect.sendUserTo", "https://example.com/ask"],
        ["transaction.setResultUrl", "https://example.com/a"],
        ["transaction.setResultUrl", "https://example.com", {"query": {"done": "1"}}],
    ]);
    let (outcome, seen) = run(PasswordResetPostChallenge, &json!({}), &[first, second]);
    assert_eq!(outcome.status, Status::Allowed);
    assert_eq!(
        outcome.effects.result_url.as_deref(),
        Some("https://example.com/?done=1")
    );
    let runs: Vec<&str> = outcome
        .usage
        .actions
        .iter()
        .map(|it| it.action.as_str())
        .collect();
    assert_eq!(runs, ["a0", "a1", "a1"]);
    let methods = seen[1]["authentication"]["methods"].as_array().unwrap();
    assert_eq!(methods.last().unwrap()["type"], "otp");
    let denied = run(
        PasswordResetPostChallenge,
        &json!({}),
        &[json!([["access.deny", "not now"]]), json!("throw")],
    );
    assert_eq!(denied.0.status, Status::Denied);
    assert_eq!(denied.0.reason.as_deref(), Some("not now"));
    assert_eq!(denied.1.len(), 1);
}

#[test]
fn an_exception_fails_every_trigger() {
    for trigger in Trigger::ALL {
        let (outcome, _) = run(*trigger, &json!({}), &[json!("throw")]);
        assert_eq!(outcome.status, Status::Failed, "{trigger}");
        assert_eq!(outcome.error.unwrap().message, "no", "{trigger}");
    }
}

#[test]
fn a_second_action_where_production_allows_one_is_reported() {
    for (trigger, expected) in [
        (CustomEmailProvider, &["actions-over-limit"][..]),
        (CustomPhoneProvider, &["actions-over-limit"]),
        (EventStream, &["actions-over-limit"]),
        (SendPhoneMessage, &[]),
        (PostUserRegistration, &[]),
        (PostChangePassword, &[]),
    ] {
        let one = run(trigger, &json!({}), &[json!([])]).0;
        assert_eq!(codes(&one), [""; 0], "{trigger}");
        let two = run(trigger, &json!({}), &[json!([]), json!([])]).0;
        assert_eq!(codes(&two), expected, "{trigger}");
    }
}

#[test]
fn no_action_sees_the_secrets_of_its_request() {
    for trigger in Trigger::ALL {
        let event = sample(*trigger);
        let parts = ["query", "body"];
        let parts = parts
            .iter()
            .filter(|part| event["request"].get(**part).is_some());
        for part in parts {
            let patch = json!({"request": {*part: {"client_secret": "s3cret", "refresh_token": "r", "kept": "k"}}});
            let (outcome, seen) = run(*trigger, &patch, &[json!([])]);
            let shown = &seen[0]["request"][*part];
            assert_eq!(shown["kept"], "k", "{trigger}");
            assert!(shown.get("client_secret").is_none(), "{trigger}");
            assert!(shown.get("refresh_token").is_none(), "{trigger}");
            let notice = &outcome.notices[0];
            assert_eq!(notice.code, "request-parameter-removed");
            assert!(!notice.message.contains("s3cret"), "{}", notice.message);
        }
    }
}

#[test]
fn the_events_that_handlers_see_follow_their_schema() {
    for trigger in Trigger::ALL {
        let mut event = sample(*trigger);
        crate::complete_event(*trigger, &mut event);
        let (_, seen) = run(*trigger, &event, &[json!([])]);
        assert_eq!(check_paths(*trigger, &seen[0]), [], "{trigger}");
    }
}
