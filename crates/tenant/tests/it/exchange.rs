//! The grant `urn:ietf:params:oauth:grant-type:token-exchange` with token exchange profiles.

use axum::http::{Method, StatusCode};
use postlogin_core::Trigger;
use postlogin_project::TenantData;
use serde_json::{Value, json};

use crate::support::{API, Answer, Does, Script, WEB, WEB_SECRET, World, claim, export, run};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const TYPE: &str = "https://legacy.example.com/session";
const DATABASE: &str = "Username-Password-Authentication";

fn data() -> TenantData {
    let mut data = export();
    for client in &mut data.clients {
        if client["client_id"] == WEB {
            client["token_exchange"] =
                json!({"allow_any_profile_of_type": ["custom_authentication"]});
        }
    }
    data.token_exchange_profiles = vec![json!({
        "name": "legacy", "subject_token_type": TYPE, "action_id": "legacy", "type": "custom_authentication",
    })];
    data
}

fn world(script: Script) -> World {
    with(data(), script, vec![])
}

fn with(data: TenantData, script: Script, login: Script) -> World {
    let world = World::with(data, login);
    let mut others = world.pipeline.others.lock().unwrap();
    others.insert(Trigger::CustomTokenExchange, script);
    drop(others);
    world
}

fn one(calls: &[(&'static str, Value)]) -> Script {
    let calls = calls.iter();
    vec![
        calls
            .map(|(method, args)| Does::Call(method, args.clone()))
            .collect(),
    ]
}

async fn ask(world: &mut World, more: &[(&str, &str)]) -> Answer {
    let mut fields = vec![
        ("grant_type", GRANT),
        ("client_id", WEB),
        ("client_secret", WEB_SECRET),
        ("audience", API),
        ("scope", "openid email offline_access read:x"),
        ("subject_token", "legacy-1"),
        ("subject_token_type", TYPE),
    ];
    fields.retain(|(key, _)| more.iter().all(|(other, _)| other != key));
    fields.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    world.token(&fields).await
}

#[track_caller]
fn refused(answer: &Answer, status: u16, error: &str, description: &str) {
    let body = answer.json();
    assert_eq!(answer.status.as_u16(), status, "{body}");
    assert_eq!(body["error"], error, "{body}");
    let said = body["error_description"].as_str().unwrap();
    assert!(said.contains(description), "{body}");
}

const BY_ID: (&str, &str) = ("authentication.setUserById", "auth0|1");

fn by_id() -> (&'static str, Value) {
    (BY_ID.0, json!([BY_ID.1]))
}

#[test]
fn a_foreign_token_becomes_tokens_and_post_login_actions_run() {
    run(async {
        let set = [
            by_id(),
            ("user.setAppMetadata", json!(["plan", "gold"])),
            ("user.setUserMetadata", json!(["hobby", null])),
        ];
        let login = vec![vec![claim("https://e.com/a", json!(1))]];
        let mut world = with(data(), one(&set), login);
        let answer = ask(&mut world, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let body = answer.json();
        assert_eq!(
            body["issued_token_type"],
            "urn:ietf:params:oauth:token-type:access_token"
        );
        assert!(body["refresh_token"].is_string());
        let claims = world.claims(&body["access_token"]);
        assert_eq!(claims["sub"], "auth0|1");
        assert!(!claims.contains_key("act"));
        assert_eq!(world.claims(&body["id_token"])["https://e.com/a"], 1);
        let event = world
            .pipeline
            .events
            .lock()
            .unwrap()
            .last()
            .unwrap()
            .clone();
        assert_eq!(event["transaction"]["protocol"], "oauth2-token-exchange");
        assert_eq!(event["transaction"]["subject_token_type"], TYPE);
        assert_eq!(event["user"]["app_metadata"], json!({"plan": "gold"}));
        assert_eq!(event["user"]["user_metadata"], json!({"lang": "de"}));
        let seen = world.pipeline.seen.lock().unwrap();
        let transaction = &seen[0].1["transaction"];
        assert_eq!(transaction["subject_token"], "legacy-1");
        assert!(!seen[0].1["request"].to_string().contains("legacy-1"));
        assert!(!seen[0].1.to_string().contains(WEB_SECRET));
    });
}

#[test]
fn the_request_is_checked() {
    run(async {
        let mut world = world(one(&[by_id()]));
        for (more, error, description) in [
            (
                vec![("subject_token", "")],
                "invalid_request",
                "subject_token",
            ),
            (
                vec![("subject_token_type", "")],
                "invalid_request",
                "subject_token_type",
            ),
            (
                vec![("subject_token_type", "urn:other")],
                "invalid_request",
                "no token exchange profile",
            ),
            (
                vec![("actor_token", "a")],
                "invalid_request",
                "given together",
            ),
            (
                vec![("actor_token_type", "a")],
                "invalid_request",
                "given together",
            ),
            (
                vec![("requested_token_type", "urn:x")],
                "invalid_request",
                "not supported",
            ),
            (
                vec![("organization", "nobody")],
                "invalid_request",
                "organization",
            ),
        ] {
            refused(&ask(&mut world, &more).await, 400, error, description);
        }
        // An application that may not.
        let fields = [
            ("grant_type", GRANT),
            ("client_id", crate::support::SPA),
            ("subject_token", "x"),
            ("subject_token_type", TYPE),
        ];
        refused(
            &world.token(&fields).await,
            403,
            "unauthorized_client",
            "allow_any_profile_of_type",
        );
        let wrong = ask(&mut world, &[("client_secret", "wrong")]).await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
        // Nothing of it has run an Action.
        assert!(world.pipeline.seen.lock().unwrap().is_empty());
    });
}

#[test]
fn denials_and_failures_have_the_documented_answers() {
    run(async {
        for (script, status, error, description) in [
            (
                one(&[("access.deny", json!(["my_code", "No."]))]),
                400,
                "my_code",
                "No.",
            ),
            (
                one(&[("access.deny", json!(["server_error", "down"]))]),
                500,
                "server_error",
                "down",
            ),
            (
                one(&[("access.deny", json!(["c", "r"])), by_id()]),
                400,
                "c",
                "r",
            ),
            (
                vec![vec![Does::Throw("broken")]],
                500,
                "server_error",
                "broken",
            ),
            (one(&[]), 500, "server_error", "set no user"),
            (
                one(&[by_id(), by_id()]),
                500,
                "server_error",
                "more than one user",
            ),
            (
                one(&[("authentication.setUserById", json!(["auth0|nobody"]))]),
                400,
                "invalid_request",
                "does not exist",
            ),
        ] {
            let mut world = world(script);
            refused(&ask(&mut world, &[]).await, status, error, description);
        }
    });
}

#[test]
fn invalid_subject_tokens_are_throttled() {
    run(async {
        let reject = one(&[("access.rejectInvalidSubjectToken", json!(["forged"]))]);
        let mut world = world(reject);
        for _ in 0..10 {
            refused(
                &ask(&mut world, &[]).await,
                400,
                "invalid_request",
                "forged",
            );
        }
        refused(&ask(&mut world, &[]).await, 429, "too_many_attempts", "");
    });
}

#[test]
fn an_actor_is_in_all_tokens_and_there_is_no_refresh_token() {
    run(async {
        let actor = json!({"sub": "agent", "act": {"sub": "boss"}});
        let set = [by_id(), ("authentication.setActor", json!([actor]))];
        let mut world = world(one(&set));
        let body = ask(&mut world, &[]).await.json();
        assert!(body.get("refresh_token").is_none(), "{body}");
        assert!(!body["scope"].as_str().unwrap().contains("offline_access"));
        for token in ["access_token", "id_token"] {
            assert_eq!(world.claims(&body[token])["act"], actor, "{token}");
        }
        let event = world
            .pipeline
            .events
            .lock()
            .unwrap()
            .last()
            .unwrap()
            .clone();
        assert_eq!(event["transaction"]["actor"], actor);
        let token = body["access_token"].as_str().unwrap().to_owned();
        let userinfo = world.get_as("/userinfo", &token).await.json();
        assert_eq!(userinfo["act"], actor);
        // Six properties of its own are one too many: the call throws and sets nothing.
        let many = json!([{"sub": "a", "a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1}]);
        let mut world = with(
            data(),
            one(&[by_id(), ("authentication.setActor", many)]),
            vec![],
        );
        let body = ask(&mut world, &[]).await.json();
        assert!(!world.claims(&body["access_token"]).contains_key("act"));
    });
}

fn by_connection(attributes: Value, creation: &str, update: &str) -> Script {
    let options = json!({"creationBehavior": creation, "updateBehavior": update});
    one(&[(
        "authentication.setUserByConnection",
        json!([DATABASE, attributes, options]),
    )])
}

async fn user(world: &mut World, id: &str) -> Value {
    let token = world.machine_token(None).await;
    let target = format!("/api/v2/users/{}", id.replace('|', "%7C"));
    world.get_as(&target, &token).await.json()
}

#[test]
fn users_of_a_connection_are_created_replaced_or_left_alone() {
    run(async {
        let new = json!({"user_id": "77", "email": "new@example.com", "name": "New", "dept": "x"});
        let mut world = world(by_connection(new.clone(), "none", "none"));
        refused(
            &ask(&mut world, &[]).await,
            400,
            "invalid_request",
            "does not exist",
        );
        let set = |world: &World, script: Script| {
            let mut others = world.pipeline.others.lock().unwrap();
            others.insert(Trigger::CustomTokenExchange, script);
        };
        set(&world, by_connection(new, "create_if_not_exists", "none"));
        assert_eq!(ask(&mut world, &[]).await.status, StatusCode::OK);
        let stored = user(&mut world, "auth0|77").await;
        assert_eq!(stored["email"], "new@example.com");
        assert_eq!(stored["dept"], "x");
        assert_eq!(stored["logins_count"], 1);
        assert_eq!(stored["identities"][0]["connection"], DATABASE);
        assert_eq!(world.mails().await[0]["template"], "verify_email");
        // `none` leaves the profile alone, `replace` puts the attributes in place of the old ones.
        let other = json!({"user_id": "77", "nickname": "nn"});
        set(&world, by_connection(other.clone(), "none", "none"));
        assert_eq!(ask(&mut world, &[]).await.status, StatusCode::OK);
        assert_eq!(user(&mut world, "auth0|77").await["name"], "New");
        set(&world, by_connection(other, "none", "replace"));
        assert_eq!(ask(&mut world, &[]).await.status, StatusCode::OK);
        let stored = user(&mut world, "auth0|77").await;
        assert_eq!(stored["nickname"], "nn");
        assert_eq!(stored.get("name"), None, "{stored}");
        assert_eq!(stored["logins_count"], 3);
        // An address cannot be changed in this way.
        let moved = json!({"user_id": "77", "email": "else@example.com"});
        set(&world, by_connection(moved, "none", "replace"));
        refused(&ask(&mut world, &[]).await, 400, "invalid_request", "email");
        let nowhere = one(&[(
            "authentication.setUserByConnection",
            json!(["nowhere", {"user_id": "1"}, {"creationBehavior": "none", "updateBehavior": "none"}]),
        )]);
        set(&world, nowhere);
        refused(
            &ask(&mut world, &[]).await,
            400,
            "invalid_request",
            "nowhere",
        );
    });
}

#[test]
fn the_organization_of_the_action_is_that_of_the_request() {
    run(async {
        let set = one(&[by_id(), ("authentication.setOrganization", json!(["acme"]))]);
        let mut world = world(set.clone());
        let body = ask(&mut world, &[]).await.json();
        assert!(world.claims(&body["access_token"])["org_id"].is_string());
        assert_eq!(
            ask(&mut world, &[("organization", "acme")]).await.status,
            StatusCode::OK
        );
        let mut data = data();
        data.organizations.push(json!({"name": "other"}));
        let mut world = with(data, set, vec![]);
        let answer = ask(&mut world, &[("organization", "other")]).await;
        refused(&answer, 400, "invalid_request", "organization");
    });
}

#[test]
fn a_large_subject_token_has_one_clear_answer() {
    run(async {
        let mut world = world(one(&[by_id()]));
        let token = "x".repeat(1 << 20);
        let answer = ask(&mut world, &[("subject_token", &token)]).await;
        let clear = [
            StatusCode::OK,
            StatusCode::BAD_REQUEST,
            StatusCode::PAYLOAD_TOO_LARGE,
        ];
        assert!(clear.contains(&answer.status), "{}", answer.status);
        assert!(answer.text.len() < 10_000);
    });
}

#[test]
fn a_blocked_user_gets_no_tokens() {
    run(async {
        let mut world = world(one(&[by_id()]));
        let token = world.machine_token(None).await;
        let body = json!({"blocked": true});
        world
            .json_as(Method::PATCH, "/api/v2/users/auth0%7C1", &token, body)
            .await;
        let answer = ask(&mut world, &[]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    });
}
