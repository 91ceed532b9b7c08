//! The `api` objects of the triggers beside the login: each method is the vendor's, with the vendor's arguments.

use std::collections::BTreeSet;

use postlogin_abi::ACTION_WORLDS;
use postlogin_abi::methods::METHODS;
use postlogin_sdk::api::{EncodeTokenOptions, Factor, RenderOptions, ValidateTokenOptions};
use postlogin_sdk::custom_token_exchange::UserOptions;
use postlogin_sdk::testing::{Host, Run};
use postlogin_sdk::{
    Event, Result, Value, custom_email_provider, custom_phone_provider, custom_token_exchange,
    event_stream, json, password_reset_post_challenge, post_change_password,
    post_user_registration, pre_user_registration, send_phone_message,
};

/// A macro in each module of its own, as in a crate of its own: none leaves a name behind.
mod macros {
    use super::*;

    custom_email_provider!(|_: &Event, _: &custom_email_provider::Api| ());
    custom_phone_provider!(|_: &Event, _: &custom_phone_provider::Api| ());
    custom_token_exchange!(|_: &Event, _: &custom_token_exchange::Api| ());
    event_stream!(|_: &Event, _: &event_stream::Api| ());
    password_reset_post_challenge!(|_: &Event, _: &password_reset_post_challenge::Api| ());
    post_change_password!(|_: &Event, _: &post_change_password::Api| ());
    post_user_registration!(|_: &Event, _: &post_user_registration::Api| ());
    pre_user_registration!(|_: &Event, _: &pre_user_registration::Api| ());
    send_phone_message!(|_: &Event, _: &send_phone_message::Api| ());
}

fn cached(cache: &postlogin_sdk::api::Cache) {
    let _ = cache.get("key");
    let _ = cache.set("key", "value", None);
    let _ = cache.delete("key");
}

fn cache_alone(_: &Event, api: &event_stream::Api) {
    cached(&api.cache());
}

fn provider(_: &Event, api: &custom_phone_provider::Api) {
    cached(&api.cache());
    api.notification().drop("a test account");
    api.notification().retry("busy");
}

fn registration(_: &Event, api: &pre_user_registration::Api) -> Result {
    cached(&api.cache());
    api.access().deny("spam", None);
    api.access().deny("spam", Some("Sorry."));
    api.user().set_app_metadata("plan", "free")?;
    api.user().set_user_metadata("lang", json!(["de", "en"]))?;
    api.user().set_user_id("ann.1")?;
    api.validation().error("short", "Too short")
}

fn reset(_: &Event, api: &password_reset_post_challenge::Api) -> Result {
    cached(&api.cache());
    api.access().deny("no");
    let authentication = api.authentication();
    authentication.challenge_with(&Factor::new("otp"), Some(&[Factor::phone("sms")]))?;
    authentication.challenge_with_any(&[Factor::new("email")])?;
    api.prompt()
        .render("ap_1", Some(RenderOptions::default()))?;
    api.redirect().encode_token(EncodeTokenOptions {
        payload: json!({"a": 1}).as_object().cloned().unwrap_or_default(),
        secret: "s".to_owned(),
        expires_in_seconds: None,
    })?;
    let query = [("a".to_owned(), "1".to_owned())];
    api.redirect()
        .send_user_to("https://a.example", Some(&query))?;
    api.redirect().validate_token(ValidateTokenOptions {
        secret: "s".to_owned(),
        token_parameter_name: None,
    })?;
    api.transaction().set_result_url("https://b.example", None)
}

fn exchange(_: &Event, api: &custom_token_exchange::Api) -> Result {
    cached(&api.cache());
    api.access().deny("invalid_request", "no")?;
    api.access().reject_invalid_subject_token("forged")?;
    let authentication = api.authentication();
    authentication.set_user_by_id("auth0|1")?;
    let options = |creates, replaces| UserOptions { creates, replaces };
    authentication.set_user_by_connection("db", json!({"user_id": "1"}), options(true, false))?;
    authentication.set_user_by_connection("db", json!({"user_id": "1"}), options(false, true))?;
    authentication.set_organization("acme")?;
    authentication.set_actor(json!({"sub": "support"}))?;
    api.user().set_app_metadata("plan", ())?;
    api.user().set_user_metadata("lang", "de")
}

/// A run of every method of each trigger.
fn runs() -> Vec<(&'static str, Run)> {
    let event = || json!({});
    let mut runs = Vec::new();
    for trigger in [
        "event-stream",
        "post-change-password",
        "post-user-registration",
        "send-phone-message",
    ] {
        runs.push((trigger, Host::new().run(event(), cache_alone)));
    }
    for trigger in ["custom-email-provider", "custom-phone-provider"] {
        runs.push((trigger, Host::new().run(event(), provider)));
    }
    runs.push((
        "pre-user-registration",
        Host::new().run(event(), registration),
    ));
    runs.push((
        "password-reset-post-challenge",
        Host::new().run(event(), reset),
    ));
    runs.push(("custom-token-exchange", Host::new().run(event(), exchange)));
    runs
}

#[test]
fn no_typed_function_of_any_trigger_is_left_out() {
    let runs = runs();
    for (trigger, run) in &runs {
        assert_eq!(run.result, Ok(()), "{trigger}");
        let called: BTreeSet<&str> = run.calls.iter().map(|call| call.method.as_str()).collect();
        let typed = METHODS
            .iter()
            .filter(|method| method.triggers.contains(trigger));
        let typed: BTreeSet<&str> = typed.map(|method| method.path).collect();
        assert_eq!(called, typed, "{trigger}");
        // A place for each, in this file.
        let here = |call: &postlogin_sdk::testing::Call| {
            call.place.file.ends_with("sdk/tests/triggers.rs")
        };
        assert!(run.calls.iter().all(here), "{trigger}");
        let lines: BTreeSet<(u32, u32)> = run
            .calls
            .iter()
            .map(|call| (call.place.line, call.place.column))
            .collect();
        assert_eq!(lines.len(), run.calls.len(), "{trigger}");
    }
    // post-login and credentials-exchange are those of methods.rs.
    assert_eq!(runs.len() + 2, ACTION_WORLDS.len());
}

#[test]
fn arguments_are_the_vendors() {
    let expected: &[(&str, &str, Value)] = &[
        (
            "custom-phone-provider",
            "notification.drop",
            json!([["a test account"]]),
        ),
        (
            "custom-phone-provider",
            "notification.retry",
            json!([["busy"]]),
        ),
        (
            "pre-user-registration",
            "access.deny",
            json!([["spam"], ["spam", "Sorry."]]),
        ),
        (
            "pre-user-registration",
            "user.setAppMetadata",
            json!([["plan", "free"]]),
        ),
        (
            "pre-user-registration",
            "user.setUserMetadata",
            json!([["lang", ["de", "en"]]]),
        ),
        (
            "pre-user-registration",
            "user.setUserId",
            json!([["ann.1"]]),
        ),
        (
            "pre-user-registration",
            "validation.error",
            json!([["short", "Too short"]]),
        ),
        (
            "password-reset-post-challenge",
            "access.deny",
            json!([["no"]]),
        ),
        (
            "password-reset-post-challenge",
            "authentication.challengeWith",
            json!([[{"type": "otp"}, {"additionalFactors": [{"type": "phone", "options": {"preferredMethod": "sms"}}]}]]),
        ),
        (
            "password-reset-post-challenge",
            "authentication.challengeWithAny",
            json!([[[{"type": "email"}]]]),
        ),
        (
            "password-reset-post-challenge",
            "prompt.render",
            json!([["ap_1", {}]]),
        ),
        (
            "password-reset-post-challenge",
            "redirect.sendUserTo",
            json!([["https://a.example", {"query": {"a": "1"}}]]),
        ),
        (
            "password-reset-post-challenge",
            "transaction.setResultUrl",
            json!([["https://b.example"]]),
        ),
        (
            "custom-token-exchange",
            "access.deny",
            json!([["invalid_request", "no"]]),
        ),
        (
            "custom-token-exchange",
            "access.rejectInvalidSubjectToken",
            json!([["forged"]]),
        ),
        (
            "custom-token-exchange",
            "authentication.setUserById",
            json!([["auth0|1"]]),
        ),
        (
            "custom-token-exchange",
            "authentication.setUserByConnection",
            json!([
                ["db", {"user_id": "1"}, {"creationBehavior": "create_if_not_exists", "updateBehavior": "none"}],
                ["db", {"user_id": "1"}, {"creationBehavior": "none", "updateBehavior": "replace"}],
            ]),
        ),
        (
            "custom-token-exchange",
            "authentication.setOrganization",
            json!([["acme"]]),
        ),
        (
            "custom-token-exchange",
            "authentication.setActor",
            json!([[{"sub": "support"}]]),
        ),
        (
            "custom-token-exchange",
            "user.setAppMetadata",
            json!([["plan", null]]),
        ),
        (
            "custom-token-exchange",
            "user.setUserMetadata",
            json!([["lang", "de"]]),
        ),
    ];
    let runs = runs();
    for (trigger, method, args) in expected {
        let (_, run) = runs.iter().find(|(it, _)| it == trigger).expect("a run");
        assert_eq!(json!(run.args(method)), *args, "{trigger} {method}");
    }
}

#[test]
fn a_failure_of_a_method_ends_the_handler() {
    let host = Host::new().fail(
        "access.deny",
        "Error",
        "Invalid deny arguments: code is too long",
    );
    let run = host.run(json!({}), exchange);
    let error = run.result.as_ref().expect_err("deny has failed");
    assert_eq!(
        error.to_string(),
        "Error: Invalid deny arguments: code is too long"
    );
    assert!(run.args("authentication.setUserById").is_empty());
}
