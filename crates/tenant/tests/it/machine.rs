//! `client_credentials` with Actions of credentials-exchange.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{API, Answer, Does, MACHINE, MACHINE_SECRET, Script, World, export, run};

fn world(script: Script) -> World {
    let world = World::with(export(), vec![]);
    *world.pipeline.machine.lock().unwrap() = script;
    world
}

async fn ask(world: &mut World) -> Answer {
    world
        .token(&[
            ("grant_type", "client_credentials"),
            ("client_id", MACHINE),
            ("client_secret", MACHINE_SECRET),
            ("audience", API),
        ])
        .await
}

#[test]
fn claims_and_target_scopes_are_in_the_token() {
    run(async {
        let mut world = world(vec![vec![Does::Call(
            "transaction.clearTargetScopes",
            json!([]),
        )]]);
        let body = ask(&mut world).await.json();
        assert_eq!(body.get("scope"), None, "{body}");
        assert!(!world.claims(&body["access_token"]).contains_key("scope"));
        *world.pipeline.machine.lock().unwrap() = vec![vec![
            Does::Call(
                "accessToken.setCustomClaim",
                json!(["https://e.com/team", "logistics"]),
            ),
            Does::Call("transaction.addTargetScope", json!(["not:granted"])),
        ]];
        let body = ask(&mut world).await.json();
        // The client grant has this one.
        assert_eq!(body["scope"], "read:x");
        let claims = world.claims(&body["access_token"]);
        assert_eq!(claims["https://e.com/team"], "logistics");
        assert_eq!(claims["sub"], format!("{MACHINE}@clients"));
        assert_eq!(claims["gty"], "client-credentials");
        // What the Actions see, and no credential.
        let log = world.log().await;
        let outcome = &log.last().unwrap()["outcome"];
        assert_eq!(outcome["trigger"], "credentials-exchange");
        assert!(!json!(log).to_string().contains(MACHINE_SECRET));
    });
}

#[test]
fn a_denial_is_an_oauth_error() {
    #[track_caller]
    fn check(answer: &Answer, status: StatusCode, error: &str, description: &str) {
        assert_eq!(answer.status, status);
        let body = answer.json();
        assert_eq!(body["error"], error, "{body}");
        assert_eq!(body["error_description"], description, "{body}");
    }
    run(async {
        let deny = |arguments: Value| vec![vec![Does::Call("access.deny", arguments)]];
        let mut world = world(deny(json!(["invalid_scope", "not on Sundays"])));
        let answer = ask(&mut world).await;
        check(
            &answer,
            StatusCode::BAD_REQUEST,
            "invalid_scope",
            "not on Sundays",
        );
        *world.pipeline.machine.lock().unwrap() = deny(json!(["server_error", "down"]));
        let answer = ask(&mut world).await;
        check(
            &answer,
            StatusCode::INTERNAL_SERVER_ERROR,
            "server_error",
            "down",
        );
        *world.pipeline.machine.lock().unwrap() = vec![vec![Does::Throw("broken")]];
        let answer = ask(&mut world).await;
        check(&answer, StatusCode::FORBIDDEN, "access_denied", "broken");
    });
}

/// Source: <https://community.auth0.com/t/105986>.
#[test]
fn a_scope_is_granted_before_the_api_defines_it() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let path = format!("client-grants?client_id={MACHINE}&audience={API}");
        let (_, grants) = world.api(Method::GET, &path, &token, Value::Null).await;
        let path = format!("client-grants/{}", grants[0]["id"].as_str().unwrap());
        let scope = json!({"scope": ["later:x", "write:x"]});
        let (status, changed) = world.api(Method::PATCH, &path, &token, scope).await;
        assert_eq!(status, 200, "{changed}");
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", MACHINE),
            ("client_secret", MACHINE_SECRET),
            ("audience", API),
        ];
        let body = world.token(&fields).await.json();
        assert_eq!(body["scope"], "write:x later:x", "{body}");
        assert_eq!(world.claims(&body["access_token"])["scope"], body["scope"]);
    });
}
