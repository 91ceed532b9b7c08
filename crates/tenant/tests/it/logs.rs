//! The log events of the Management API.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{CALLBACK, SPA, VERIFIER, World, run};

const POST: Method = Method::POST;
const GET: Method = Method::GET;

async fn events(world: &mut World, token: &str, query: &str) -> Vec<Value> {
    let (status, events) = world
        .api(GET, &format!("logs{query}"), token, Value::Null)
        .await;
    assert_eq!(status, 200, "{query}: {events}");
    events.as_array().unwrap().clone()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect()
}

#[test]
fn what_happens_is_listed_by_its_code() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        world.log_in(&[("scope", "openid offline_access")]).await;
        world.get("/v2/logout").await;
        let page = world.authorize(&[]).await;
        let state = page.parameter("state").unwrap();
        for name in ["jane@example.com", "nobody@example.com"] {
            world
                .form(
                    "/u/login",
                    &[("state", &state), ("username", name), ("password", "wrong")],
                )
                .await;
        }
        let body = json!({"client_id": SPA, "connection": "Username-Password-Authentication", "email": "n@example.com", "password": "secret"});
        for _ in 0..2 {
            world
                .send(
                    POST,
                    "/dbconnections/signup",
                    &[("content-type", "application/json")],
                    body.to_string(),
                )
                .await;
        }
        world
            .token(&[
                ("grant_type", "authorization_code"),
                ("client_id", SPA),
                ("code", "nope"),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ])
            .await;
        world
            .api(
                Method::PATCH,
                "users/auth0%7C2",
                &token,
                json!({"name": "Joe"}),
            )
            .await;
        world
            .api(Method::DELETE, "users/auth0%7C2", &token, Value::Null)
            .await;
        let events = events(&mut world, &token, "?sort=log_id:1").await;
        assert_eq!(
            kinds(&events),
            [
                "seccft", "s", "seacft", "slo", "fp", "fu", "ss", "fs", "feacft", "sapi", "sdu",
                "sapi"
            ]
        );
        assert_eq!(events[2]["user_name"], "jane@example.com");
        let login = &events[1];
        for (key, expected) in [
            ("client_id", SPA),
            ("client_name", "SPA"),
            ("user_id", "auth0|1"),
            ("user_name", "jane@example.com"),
            ("connection", "Username-Password-Authentication"),
            ("strategy", "auth0"),
            ("strategy_type", "database"),
            ("hostname", "localhost"),
            ("date", "2026-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(login[key], expected, "{key}");
        }
        assert_eq!(
            (&events[4]["user_id"], &events[5]["user_name"]),
            (&json!("auth0|1"), &json!("nobody@example.com"))
        );
        assert_eq!(events[8]["description"], "Invalid authorization code");
    });
}

#[test]
fn a_denied_login_and_a_reused_token_are_failures() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let tokens = world.log_in(&[("scope", "openid offline_access")]).await;
        let refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
        for _ in 0..2 {
            world
                .token(&[
                    ("grant_type", "refresh_token"),
                    ("client_id", SPA),
                    ("refresh_token", &refresh),
                ])
                .await;
        }
        let events = events(
            &mut world,
            &token,
            "?q=type%3Afertft%20OR%20type%3Aferrt%20OR%20type%3Asertft",
        )
        .await;
        assert_eq!(kinds(&events), ["fertft", "ferrt", "sertft"]);
    });
}

#[test]
fn events_are_searched_paged_and_followed() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        for number in 0..5 {
            world
                .api(
                    Method::PATCH,
                    "users/auth0%7C2",
                    &token,
                    json!({"name": format!("Joe {number}")}),
                )
                .await;
        }
        world.log_in(&[]).await;
        let all = events(&mut world, &token, "").await;
        assert_eq!(kinds(&all)[..3], ["seacft", "s", "sapi"]);
        assert_eq!(
            kinds(&events(&mut world, &token, "?q=type%3As&per_page=5").await),
            ["s"]
        );
        assert_eq!(
            kinds(&events(&mut world, &token, "?q=user_id%3A%22auth0%7C1%22").await),
            ["seacft", "s"]
        );
        assert_eq!(
            kinds(&events(&mut world, &token, "?search=JANE").await),
            ["seacft", "s"]
        );
        assert_eq!(
            kinds(&events(&mut world, &token, "?search=type%3Aseacft").await),
            ["seacft"]
        );
        let (_, page) = world
            .api(
                GET,
                "logs?per_page=2&page=1&include_totals=true&fields=type",
                &token,
                Value::Null,
            )
            .await;
        assert_eq!(
            (&page["total"], &page["start"], &page["logs"]),
            (
                &json!(8),
                &json!(2),
                &json!([{"type": "sapi"}, {"type": "sapi"}])
            )
        );
        // By checkpoint, the oldest first, and each once.
        let mut found = Vec::new();
        let mut from = String::new();
        loop {
            let query = match from.is_empty() {
                true => "?take=3".to_owned(),
                false => format!("?take=3&from={from}"),
            };
            let part = events(&mut world, &token, &query).await;
            let Some(last) = part.last() else { break };
            last["log_id"].as_str().unwrap().clone_into(&mut from);
            found.extend(part);
        }
        let mut oldest_first = all.clone();
        oldest_first.reverse();
        assert_eq!(found, oldest_first);
        let id = all[1]["log_id"].as_str().unwrap();
        assert_eq!(
            world
                .api(GET, &format!("logs/{id}"), &token, Value::Null)
                .await
                .1,
            all[1]
        );
        assert_eq!(
            world.api(GET, "logs/nope", &token, Value::Null).await.0,
            404
        );
        let (_, own) = world
            .api(GET, "users/auth0%7C1/logs", &token, Value::Null)
            .await;
        assert_eq!(kinds(own.as_array().unwrap()), ["seacft", "s"]);
        assert_eq!(
            world
                .api(GET, "users/auth0%7Cnobody/logs", &token, Value::Null)
                .await
                .0,
            404
        );
        for wrong in [
            "?q=%28",
            "?sort=date",
            "?take=1000",
            "?what=1",
            "?per_page=101",
        ] {
            assert_eq!(
                world
                    .api(GET, &format!("logs{wrong}"), &token, Value::Null)
                    .await
                    .0,
                400,
                "{wrong}"
            );
        }
        let little = world.machine_token(Some("read:users")).await;
        assert_eq!(world.api(GET, "logs", &little, Value::Null).await.0, 403);
        world.control(POST, "reset", json!({})).await;
        let token = world.machine_token(None).await;
        assert_eq!(kinds(&events(&mut world, &token, "").await), ["seccft"]);
    });
}

#[test]
fn the_last_thousand_events_are_kept() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let long = "x".repeat(5_000);
        for _ in 0..1_010 {
            world
                .api(
                    Method::DELETE,
                    &format!("grants/{long}"),
                    &token,
                    Value::Null,
                )
                .await;
        }
        let (_, page) = world
            .api(
                GET,
                "logs?include_totals=true&per_page=1",
                &token,
                Value::Null,
            )
            .await;
        assert_eq!(page["total"], 1_000);
        assert!(page["logs"][0]["description"].as_str().unwrap().len() <= 500);
    });
}

#[test]
fn a_silent_login_has_codes_of_its_own() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        world.authorize(&[("prompt", "none")]).await;
        world.log_in(&[]).await;
        world.authorize(&[("prompt", "none")]).await.code();
        world.script(vec![vec![crate::support::Does::Call(
            "access.deny",
            json!(["no"]),
        )]]);
        world.authorize(&[("prompt", "none")]).await;
        let listed = events(
            &mut world,
            &token,
            "?sort=date:1&q=type:(s%20OR%20ssa%20OR%20fsa)",
        )
        .await;
        assert_eq!(kinds(&listed), ["fsa", "s", "ssa", "fsa"]);
        assert_eq!(listed[0]["description"], "Login required");
        assert_eq!(listed[0]["client_id"], SPA);
    });
}
