//! Refresh tokens: rotation, reuse, revocation.

use std::future::{Future as _, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::support::{
    API, CALLBACK, Does, SPA, VERIFIER, WEB, WEB_SECRET, World, by_password, claim, encoded,
    export, run,
};

#[test]
fn a_refresh_token_rotates_and_a_reuse_ends_the_family() {
    run(async {
        let mut world = World::new(vec![vec![claim("https://e.com/n", json!(1))]]);
        let body = world
            .log_in(&[("scope", "openid offline_access"), ("audience", API)])
            .await;
        let first = body["refresh_token"]
            .as_str()
            .expect("a refresh token")
            .to_owned();
        world.script(vec![vec![claim("https://e.com/n", json!(2))]]);
        let again = |token: &str| {
            vec![
                ("grant_type".to_owned(), "refresh_token".to_owned()),
                ("client_id".into(), SPA.into()),
                ("refresh_token".into(), token.to_owned()),
            ]
        };
        let exchange = async |world: &mut World, token: &str| {
            let fields = again(token);
            let fields: Vec<(&str, &str)> = fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            world.token(&fields).await
        };
        let body = exchange(&mut world, &first).await.json();
        assert_eq!(world.claims(&body["id_token"])["https://e.com/n"], 2);
        assert_eq!(world.claims(&body["access_token"])["gty"], "refresh_token");
        let event = world.last_event();
        assert_eq!(
            (
                &event["transaction"]["protocol"],
                &event["refresh_token"]["rotating"]
            ),
            (&json!("oauth2-refresh-token"), &json!(true))
        );
        assert!(event["request"]["body"].get("refresh_token").is_none());
        let second = body["refresh_token"].as_str().unwrap().to_owned();
        assert_ne!(first, second);

        // A denial does not use the token up.
        world.script(vec![vec![Does::Call("access.deny", json!(["no"]))]]);
        let denied = exchange(&mut world, &second).await;
        assert_eq!(
            (denied.status, &denied.json()["error"]),
            (StatusCode::INTERNAL_SERVER_ERROR, &json!("access_denied"))
        );
        world.script(vec![]);
        let third = exchange(&mut world, &second).await.json()["refresh_token"]
            .as_str()
            .unwrap()
            .to_owned();

        assert_eq!(
            exchange(&mut world, &first).await.json()["error"],
            "invalid_grant"
        );
        assert_eq!(
            exchange(&mut world, &third).await.json()["error"],
            "invalid_grant"
        );
    });
}

#[test]
fn an_exchange_knows_who_had_the_token_issued() {
    run(async {
        let mut world = World::new(vec![]);
        let page = world
            .authorize(&[("scope", "openid offline_access"), ("audience", API)])
            .await;
        let code = world.sign_in(&page).await.code();
        let ask = async |world: &mut World, agent: &str, fields: &[(&str, &str)]| {
            let headers = [
                ("content-type", "application/x-www-form-urlencoded"),
                ("user-agent", agent),
            ];
            let body = encoded(fields);
            let answer = world
                .send(Method::POST, "/oauth/token", &headers, body)
                .await;
            let token = answer.json()["refresh_token"].as_str().map(str::to_owned);
            token.unwrap_or_else(|| panic!("{}", answer.text))
        };
        let issued = [
            ("grant_type", "authorization_code"),
            ("client_id", SPA),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let mut token = ask(&mut world, "Phone", &issued).await;
        for agent in ["Tablet", "Thief"] {
            let fields = [
                ("grant_type", "refresh_token"),
                ("client_id", SPA),
                ("refresh_token", token.as_str()),
            ];
            let next = ask(&mut world, agent, &fields).await;
            let event = world.last_event();
            let device = &event["refresh_token"]["device"];
            assert_eq!(
                (&device["initial_user_agent"], &device["last_user_agent"]),
                (&json!("Phone"), &json!(agent)),
                "{event}"
            );
            let ip = &event["request"]["ip"];
            assert_eq!((&device["initial_ip"], &device["last_ip"]), (ip, ip));
            token = next;
        }
        let machine = world.machine_token(None).await;
        let path = "users/auth0%7C1/refresh-tokens";
        let (_, listed) = world.api(Method::GET, path, &machine, Value::Null).await;
        let device = &listed["tokens"][0]["device"];
        assert_eq!(
            (&device["initial_user_agent"], &device["last_user_agent"]),
            (&json!("Phone"), &json!("Thief")),
            "{listed}"
        );
    });
}

#[test]
fn a_revoked_token_is_worth_nothing_and_others_cannot_revoke_it() {
    run(async {
        let mut world = World::new(vec![]);
        let body = world.log_in(&[("scope", "openid offline_access")]).await;
        let token = body["refresh_token"].as_str().unwrap().to_owned();
        let revoke = async |world: &mut World, client: &[(&str, &str)]| {
            let mut fields = client.to_vec();
            fields.push(("token", &token));
            world.form("/oauth/revoke", &fields).await.status
        };
        assert_eq!(
            revoke(
                &mut world,
                &[("client_id", WEB), ("client_secret", WEB_SECRET)]
            )
            .await,
            StatusCode::OK
        );
        assert_eq!(
            revoke(&mut world, &[("client_id", WEB)]).await,
            StatusCode::UNAUTHORIZED
        );
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", SPA),
            ("refresh_token", token.as_str()),
        ];
        let next = world.token(&fields).await.json()["refresh_token"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(
            world
                .form("/oauth/revoke", &[("client_id", SPA), ("token", &next)])
                .await
                .status,
            StatusCode::OK
        );
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", SPA),
            ("refresh_token", next.as_str()),
        ];
        assert_eq!(world.token(&fields).await.json()["error"], "invalid_grant");
    });
}

/// A client that hangs up never sees the next token: the one that it has is still good.
#[test]
#[expect(
    clippy::await_holding_lock,
    reason = "the Actions that wait for it are on a thread of their own"
)]
fn an_exchange_that_nobody_waits_for_uses_nothing_up() {
    run(async {
        let mut world = World::new(vec![]);
        let body = world.log_in(&[("scope", "openid offline_access")]).await;
        let token = body["refresh_token"].as_str().unwrap().to_owned();
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", SPA),
            ("refresh_token", token.as_str()),
        ];
        let logins = |world: &World| world.pipeline.events.lock().unwrap().len();
        let before = logins(&world);
        // The Actions wait for it: on a busy machine they would end within the poll that begins them.
        let pipeline = Arc::clone(&world.pipeline);
        let gate = pipeline.script.lock().unwrap();
        let request = Request::post("/oauth/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(encoded(&fields)))
            .unwrap();
        let mut answer = Box::pin(world.router.clone().oneshot(request));
        // Up to where the Actions run, on a thread of their own, and no further.
        for _ in 0..1_000 {
            if logins(&world) > before {
                break;
            }
            // One poll: a time-out of zero polls again within its millisecond.
            let came = poll_fn(|context| Poll::Ready(answer.as_mut().poll(context))).await;
            assert!(came.is_pending(), "it is answered before its Actions ran");
            for _ in 0..50 {
                tokio::time::sleep(Duration::from_millis(1)).await;
                if logins(&world) > before {
                    break;
                }
            }
        }
        assert!(logins(&world) > before, "no Action ran");
        drop(answer);
        drop(gate);
        let again = world.token(&fields).await;
        assert_eq!(again.status, StatusCode::OK, "{}", again.text);
    });
}

#[test]
fn a_family_that_is_refreshed_without_end_stays_small() {
    run(async {
        let mut world = World::new(vec![]);
        let body = world
            .log_in(&[("scope", "openid offline_access"), ("audience", API)])
            .await;
        let mut token = body["refresh_token"].clone();
        let mut most = 0;
        for round in 1..=700 {
            let fields = [
                ("grant_type", "refresh_token"),
                ("client_id", SPA),
                ("refresh_token", token.as_str().expect("a refresh token")),
            ];
            token = world.token(&fields).await.json()["refresh_token"].clone();
            if round % 50 == 0 {
                let export = world.control(Method::GET, "export", json!(null)).await;
                let export = export.json();
                let entries = export["entries"].as_array().expect("entries");
                let of_kind = entries.iter().filter(|entry| entry["kind"] == "refresh");
                most = most.max(of_kind.count());
            }
        }
        // 101 after each look at the family, which is made at more than 201, for about one in twenty tokens.
        assert!((150..450).contains(&most), "{most}");
    });
}

#[test]
fn use_renews_the_idle_lifetime_of_a_token_that_does_not_rotate() {
    run(async {
        let mut data = export();
        data.clients[1]["refresh_token"] = json!({
            "rotation_type": "non-rotating", "expiration_type": "expiring", "token_lifetime": 1000, "idle_token_lifetime": 300,
        });
        let mut world = World::with(data, vec![]);
        let scope = [("scope", "openid offline_access"), ("audience", API)];
        let body = world.token(&by_password(&scope)).await.json();
        let token = body["refresh_token"].as_str().expect("one").to_owned();
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", WEB),
            ("client_secret", WEB_SECRET),
            ("refresh_token", token.as_str()),
        ];
        for (seconds, status) in [(250, 200), (250, 200), (290, 200), (301, 403)] {
            world.advance(seconds).await;
            let answer = world.token(&fields).await;
            assert_eq!(answer.status, status, "{}", answer.text);
        }
        // Its whole lifetime ends all the same.
        let body = world.token(&by_password(&scope)).await.json();
        let token = body["refresh_token"].as_str().expect("one").to_owned();
        let mut fields = fields;
        fields[3].1 = token.as_str();
        for (seconds, status) in [(290, 200), (290, 200), (290, 200), (140, 403)] {
            world.advance(seconds).await;
            let answer = world.token(&fields).await;
            assert_eq!(answer.status, status, "{}", answer.text);
        }
    });
}

/// Sources: the knowledge base, "Find Requested Scopes in Actions for Refresh token, Client Credential Exchange or Resource
/// Owner Password Grant"; <https://community.auth0.com/t/129557>.
#[test]
fn requested_scopes_are_those_of_logins_in_a_browser() {
    run(async {
        let mut world = World::new(vec![]);
        let asked = "openid offline_access read:x";
        let body = world.log_in(&[("scope", asked), ("audience", API)]).await;
        assert_eq!(
            world.last_event()["transaction"]["requested_scopes"],
            json!(["openid", "offline_access", "read:x"])
        );
        let token = body["refresh_token"].as_str().expect("one").to_owned();
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", SPA),
            ("refresh_token", &token),
            ("scope", "openid read:x"),
        ];
        let body = world.token(&fields).await.json();
        assert_eq!(body["scope"], "openid read:x", "{body}");
        let event = world.last_event();
        assert_eq!(
            event["transaction"],
            json!({"protocol": "oauth2-refresh-token", "metadata": {}})
        );
        assert_eq!(event["request"]["body"]["scope"], "openid read:x");
        assert_eq!(
            event["refresh_token"]["resource_servers"],
            json!([{"audience": API, "scopes": asked}])
        );
        // A password gives all scopes of the API, whatever the request lists.
        let fields = by_password(&[("scope", "openid"), ("audience", API)]);
        let body = world.token(&fields).await.json();
        let scope = body["scope"].as_str().unwrap_or_default();
        assert!(
            scope.contains("read:x") && scope.contains("email"),
            "{body}"
        );
        let event = world.last_event();
        assert_eq!(
            event["transaction"],
            json!({"protocol": "oauth2-password", "metadata": {}})
        );
        assert_eq!(event["request"]["body"]["scope"], "openid");
        // What the API does not have is in the query, and in no token.
        let body = world.log_in(&[("scope", "read:x")]).await;
        assert!(body.get("scope").is_none(), "{body}");
        let event = world.last_event();
        assert_eq!(event["request"]["query"]["scope"], "read:x");
        assert_eq!(event["transaction"]["requested_scopes"], json!([]));
    });
}
