//! credentials-exchange: what becomes of the token of a machine.

use serde_json::{Value, json};

use super::{HandlerKind, handler, make, play};
use crate::event::sample;
use crate::login::transaction::tests::helpers::{NOW_MS, codes, thrown};
use crate::login::{Finished, Login, LoginInput};
use crate::outcome::Status;
use crate::{TenantSettings, Trigger};

/// Runs Actions that make these calls, one after the other.
fn exchange(tenant: TenantSettings, actions: &[Value]) -> (Finished, Vec<String>) {
    let names = (0..actions.len()).map(|index| format!("a{index}"));
    let handlers: Vec<_> = names
        .map(|name| handler(HandlerKind::Action, &name))
        .collect();
    let input = LoginInput {
        trigger: Trigger::CredentialsExchange,
        event: sample(Trigger::CredentialsExchange),
        tenant,
        rules_executed: Vec::new(),
        seed: 7,
        now_ms: NOW_MS,
    };
    let mut login = Login::new(input, handlers.clone());
    let mut seen = Vec::new();
    play(
        &mut login,
        &handlers,
        &mut |login, call| {
            seen.push(call.input.clone());
            let calls = &actions[call.handler];
            if calls == "throw" {
                return Err(thrown("no"));
            }
            make(login, calls);
            Ok(())
        },
        |_| panic!("no user is there"),
    );
    (login.finish(NOW_MS), seen)
}

#[test]
fn a_token_without_actions_has_the_claims_of_a_machine() {
    let (finished, _) = exchange(TenantSettings::default(), &[]);
    let outcome = finished.outcome;
    assert_eq!(outcome.trigger, Trigger::CredentialsExchange);
    assert_eq!(outcome.status, Status::Allowed);
    assert!(outcome.id_token.claims.is_empty() && outcome.userinfo.is_empty());
    let client = "m2mOrdersSync0000000000000000000";
    assert_eq!(
        Value::Object(outcome.access_token.claims),
        json!({
            "iss": "https://example.eu.auth0.com/",
            "sub": format!("{client}@clients"),
            "aud": "https://api.example.com/orders",
            "iat": NOW_MS / 1000,
            "exp": NOW_MS / 1000 + 86_400,
            "scope": "read:orders write:orders",
            "gty": "client-credentials",
            "azp": client,
        })
    );
    assert_eq!(outcome.notices, []);
}

#[test]
fn claims_pass_the_rules_and_scopes_the_client_grant() {
    let tenant = TenantSettings {
        granted_scopes: Some(vec!["read:orders".into(), "read:stock".into()]),
        ..TenantSettings::default()
    };
    let (finished, seen) = exchange(
        tenant,
        &[
            json!([
                [
                    "accessToken.setCustomClaim",
                    "https://example.com/team",
                    "logistics"
                ],
                ["accessToken.setCustomClaim", "iss", "https://evil.example/"],
                ["transaction.removeTargetScope", "write:orders"],
                ["transaction.addTargetScope", "read:stock"],
                ["transaction.addTargetScope", "delete:all"],
            ]),
            json!([]),
        ],
    );
    let outcome = finished.outcome;
    let claims = &outcome.access_token.claims;
    assert_eq!(claims["https://example.com/team"], "logistics");
    assert_eq!(claims["iss"], "https://example.eu.auth0.com/");
    assert_eq!(claims["scope"], "read:orders read:stock");
    assert_eq!(outcome.access_token.scopes, ["read:orders", "read:stock"]);
    assert_eq!(outcome.ledger.len(), 2);
    assert_eq!(codes(&outcome), ["target-scope-grant"]);
    assert!(outcome.notices[0].message.contains("`delete:all`"));
    // The second Action sees the change of the first, before the client grant is looked at.
    let event: Value = serde_json::from_str(&seen[1]).unwrap();
    assert_eq!(
        event["transaction"]["target_scopes"],
        json!(["read:orders", "read:stock", "delete:all"])
    );
}

#[test]
fn an_unknown_client_grant_is_reported() {
    let calls = json!([["transaction.addTargetScope", "read:stock"]]);
    let (finished, _) = exchange(TenantSettings::default(), &[calls]);
    let outcome = finished.outcome;
    assert_eq!(codes(&outcome), ["target-scope-grant"]);
    assert!(
        outcome
            .access_token
            .scopes
            .contains(&"read:stock".to_owned())
    );
}

#[test]
fn a_denial_has_a_code_and_no_later_action_runs() {
    let deny = json!([
        ["access.deny", "invalid_scope", "not on Sundays"],
        ["accessToken.setCustomClaim", "https://example.com/x", 1],
    ]);
    let (finished, seen) = exchange(TenantSettings::default(), &[deny, json!([])]);
    let outcome = finished.outcome;
    assert_eq!(outcome.status, Status::Denied);
    assert_eq!(outcome.code.as_deref(), Some("invalid_scope"));
    assert_eq!(outcome.reason.as_deref(), Some("not on Sundays"));
    assert!(outcome.access_token.claims.is_empty());
    assert_eq!(seen.len(), 1);
}

#[test]
fn an_exception_fails_the_exchange() {
    let (finished, seen) = exchange(TenantSettings::default(), &[json!("throw"), json!([])]);
    assert_eq!(finished.outcome.status, Status::Failed);
    assert_eq!(seen.len(), 1);
}

#[test]
fn the_methods_of_post_login_are_not_there() {
    let calls = json!([["idToken.setCustomClaim", "https://example.com/x", 1]]);
    let (finished, _) = exchange(TenantSettings::default(), &[calls]);
    assert_eq!(finished.outcome.ledger, []);
}
