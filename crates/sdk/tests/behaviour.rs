//! Answers, failures, places and prints of a handler that runs natively.

use std::cell::Cell;
use std::collections::BTreeMap;

use postlogin_sdk::api::ValidateTokenOptions;
use postlogin_sdk::testing::{Host, Run};
use postlogin_sdk::{Api, Event, Result, json};

fn run(handler: impl FnOnce(&Api) -> Result) -> Run {
    Host::new().run(json!({}), |_: &Event, api: &Api| handler(api))
}

#[test]
fn every_call_knows_its_line() {
    let first_line = line!() + 2;
    let run = run(|api| {
        api.access().deny("no");
        let _ = api.rules().was_executed("rul_1");
        let _ = api.cache().get("key");
        let _ = api.cache().set("key", "value", None);
        let _ = api.roles().get_user_effective_roles(None)?;
        api.session().evict_metadata()?;
        api.saml_response().set_issuer("issuer")?;
        Ok(())
    });
    let lines: Vec<u32> = run.calls.iter().map(|call| call.place.line).collect();
    assert_eq!(lines, (first_line..first_line + 7).collect::<Vec<u32>>());
    assert!(
        run.calls
            .iter()
            .all(|call| call.place.file == "crates/sdk/tests/behaviour.rs"),
        "{:?}",
        run.calls[0].place
    );
}

#[test]
fn answers_and_failures_come_back() {
    let host = Host::new()
        .answer("redirect.validateToken", json!({"score": 3}))
        .answer("cache.get", json!({"value": "v", "expires_at": 7}))
        .fail("cache.set", "CacheKeySizeExceeded", "")
        .fail(
            "accessToken.addScope",
            "TypeError",
            "The value for the scope must be a string.",
        )
        .answer("rules.wasExecuted", json!(true));
    let line = Cell::new(0);
    let run = host.run(json!({}), |_: &Event, api: &Api| {
        let options = ValidateTokenOptions {
            secret: "s".to_owned(),
            token_parameter_name: None,
        };
        assert_eq!(api.redirect().validate_token(options)?, json!({"score": 3}));
        let entry = api.cache().get("key").unwrap();
        assert_eq!((entry.value.as_str(), entry.expires_at), ("v", 7));
        assert_eq!(api.cache().get("key"), None);
        assert_eq!(
            api.cache().set("key", "v", None).unwrap_err().code,
            "CacheKeySizeExceeded"
        );
        assert!(api.rules().was_executed("rul_1"));
        assert!(!api.rules().was_executed("rul_1"));
        api.id_token().set_custom_claim("before", 1)?;
        line.set(line!() + 1);
        api.access_token().add_scope(" ")?;
        api.id_token().set_custom_claim("after", 1)
    });
    let error = run.result.unwrap_err();
    assert_eq!(
        error.to_string(),
        "TypeError: The value for the scope must be a string."
    );
    assert_eq!(error.place().line, line.get());
    assert_eq!(run.calls.last().unwrap().method, "accessToken.addScope");
}

#[test]
fn values_that_are_no_json_fail_at_the_call() {
    let line = Cell::new(0);
    let run = run(|api| {
        let no_json = BTreeMap::from([(vec![1], 1)]);
        line.set(line!() + 1);
        api.id_token().set_custom_claim("claim", no_json)
    });
    let error = run.result.unwrap_err();
    assert_eq!(error.message(), "key must be a string");
    assert_eq!(error.place().line, line.get());
    assert!(run.calls.is_empty());
}

#[test]
fn console_and_plain_handlers() {
    fn handler(event: &Event, _: &Api) {
        postlogin_sdk::console::log!("hello {}", event.user_id());
        postlogin_sdk::console::warn!("bye");
    }
    let run = Host::new().run(json!({"user": {"user_id": "auth0|1"}}), handler);
    assert_eq!(run.result, Ok(()));
    let logs: Vec<String> = run
        .logs
        .iter()
        .map(|(level, text)| format!("{level:?}: {text}"))
        .collect();
    assert_eq!(logs, ["Log: hello auth0|1", "Warn: bye"]);
}
