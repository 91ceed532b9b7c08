//! Refresh tokens, consents and second factors of users, by the Management API.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{SPA, World, export, run};

const POST: Method = Method::POST;
const GET: Method = Method::GET;
const PATCH: Method = Method::PATCH;
const DELETE: Method = Method::DELETE;

async fn refreshed(world: &mut World, refresh: &Value) -> (u16, Value) {
    let token = refresh.as_str().unwrap().to_owned();
    let answer = world
        .token(&[
            ("grant_type", "refresh_token"),
            ("client_id", SPA),
            ("refresh_token", &token),
        ])
        .await;
    (answer.status.as_u16(), answer.json())
}

#[test]
fn refresh_tokens_are_listed_and_ended() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let offline = [("scope", "openid offline_access")];
        let one = world.log_in(&offline).await;
        let two = world.log_in(&offline).await;
        // One that was exchanged is one token still.
        let (status, one) = refreshed(&mut world, &one["refresh_token"]).await;
        assert_eq!(status, 200, "{one}");
        let path = "users/auth0%7C1/refresh-tokens";
        let (_, listed) = world.api(GET, path, &token, Value::Null).await;
        let listed = listed["tokens"].as_array().unwrap().clone();
        assert_eq!(listed.len(), 2, "{listed:?}");
        for it in &listed {
            assert_eq!(
                (&it["user_id"], &it["client_id"], &it["rotating"]),
                (&json!("auth0|1"), &json!(SPA), &json!(true))
            );
            assert!(
                it["resource_servers"][0]["scopes"]
                    .as_str()
                    .unwrap()
                    .contains("offline_access"),
                "{it}"
            );
            assert!(it["device"]["initial_ip"].is_string(), "{it}");
        }
        assert_eq!(
            world
                .api(GET, "users/auth0%7C2/refresh-tokens", &token, Value::Null)
                .await
                .1,
            json!({"tokens": []})
        );
        let (_, by_user) = world
            .api(
                GET,
                "refresh-tokens?user_id=auth0%7C1&take=1",
                &token,
                Value::Null,
            )
            .await;
        assert_eq!(
            (
                by_user["refresh_tokens"].as_array().unwrap().len(),
                &by_user["next"]
            ),
            (1, &json!("1"))
        );

        let id = listed[0]["id"].as_str().unwrap().to_owned();
        let own = format!("refresh-tokens/{id}");
        let (_, changed) = world
            .api(
                PATCH,
                &own,
                &token,
                json!({"refresh_token_metadata": {"a": "1"}}),
            )
            .await;
        assert_eq!(changed["refresh_token_metadata"], json!({"a": "1"}));
        assert_eq!(
            world
                .api(
                    PATCH,
                    &own,
                    &token,
                    json!({"refresh_token_metadata": {"a": 1}})
                )
                .await
                .0,
            400
        );
        assert_eq!(world.api(GET, &own, &token, Value::Null).await.1, changed);
        assert_eq!(world.api(DELETE, &own, &token, Value::Null).await.0, 202);
        assert_eq!(world.api(DELETE, &own, &token, Value::Null).await.0, 202);
        assert_eq!(world.api(GET, &own, &token, Value::Null).await.0, 404);
        let (one, two) = (
            refreshed(&mut world, &one["refresh_token"]).await,
            refreshed(&mut world, &two["refresh_token"]).await,
        );
        assert!(
            [one.0, two.0] == [403, 200] || [one.0, two.0] == [200, 403],
            "{one:?} {two:?}"
        );
        let last = if one.0 == 200 { one.1 } else { two.1 };
        assert_eq!(world.api(DELETE, path, &token, Value::Null).await.0, 202);
        assert_eq!(refreshed(&mut world, &last["refresh_token"]).await.0, 403);

        let three = world.log_in(&offline).await;
        for (body, expected) in [
            (
                json!({"user_id": "auth0|1", "client_id": "web-client"}),
                202,
            ),
            (json!({"user_id": "auth0|1", "client_id": "other"}), 400),
            (json!({"user_id": "auth0|9"}), 400),
            (json!({"user_id": "auth0|1", "ids": [id]}), 400),
        ] {
            let answer = world.api(POST, "refresh-tokens/revoke", &token, body).await;
            assert_eq!(answer.0, expected, "{}", answer.1);
        }
        let unknown = "refresh-tokens?user_id=auth0%7C9";
        assert_eq!(world.api(GET, unknown, &token, Value::Null).await.0, 404);
        let (status, three) = refreshed(&mut world, &three["refresh_token"]).await;
        assert_eq!(status, 200);
        assert_eq!(
            world
                .api(
                    POST,
                    "refresh-tokens/revoke",
                    &token,
                    json!({"user_id": "auth0|1"})
                )
                .await
                .0,
            202
        );
        assert_eq!(refreshed(&mut world, &three["refresh_token"]).await.0, 403);
        assert_eq!(
            world
                .api(POST, "refresh-tokens/revoke", &token, json!({}))
                .await
                .0,
            400
        );
    });
}

#[test]
fn sessions_have_metadata_and_end_with_their_tokens() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let tokens = world.log_in(&[("scope", "openid offline_access")]).await;
        let (_, listed) = world
            .api(GET, "users/auth0%7C1/sessions", &token, Value::Null)
            .await;
        let id = listed["sessions"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("sessions/{id}");
        let (status, changed) = world
            .api(
                PATCH,
                &path,
                &token,
                json!({"session_metadata": {"k": "v"}}),
            )
            .await;
        assert_eq!(
            (status, &changed["session_metadata"]),
            (200, &json!({"k": "v"}))
        );
        world.log_in(&[("prompt", "none")]).await;
        assert_eq!(world.last_event()["session"]["metadata"], json!({"k": "v"}));
        let (_, changed) = world
            .api(PATCH, &path, &token, json!({"session_metadata": null}))
            .await;
        assert_eq!(changed["session_metadata"], json!({}));
        assert_eq!(
            world
                .api(POST, &format!("{path}/revoke"), &token, json!({}))
                .await
                .0,
            202
        );
        assert_eq!(world.api(GET, &path, &token, Value::Null).await.0, 404);
        assert_eq!(refreshed(&mut world, &tokens["refresh_token"]).await.0, 403);
        assert_eq!(world.refusal(&[("prompt", "none")]).await, "login_required");
    });
}

#[test]
fn a_grant_is_the_consent_of_a_user() {
    run(async {
        let mut data = export();
        data.clients[0]["is_first_party"] = json!(false);
        data.connections[0]["is_domain_connection"] = json!(true);
        let mut world = World::with(data, vec![]);
        let token = world.machine_token(None).await;
        let page = world.authorize(&[]).await;
        let asked = world.sign_in(&page).await;
        let state = asked.parameter("state").unwrap();
        world
            .form("/u/consent", &[("state", &state), ("action", "accept")])
            .await;
        let (_, grants) = world
            .api(GET, "grants?user_id=auth0%7C1", &token, Value::Null)
            .await;
        assert_eq!(
            (&grants[0]["clientID"], &grants[0]["scope"]),
            (&json!(SPA), &json!(["openid", "profile", "email"]))
        );
        for (query, count) in [
            ("client_id=spa-client", 1),
            ("client_id=x", 0),
            ("audience=x", 0),
            ("user_id=auth0%7C2", 0),
        ] {
            let (_, found) = world
                .api(GET, &format!("grants?{query}"), &token, Value::Null)
                .await;
            assert_eq!(found.as_array().unwrap().len(), count, "{query}");
        }
        assert!(world.authorize(&[]).await.parameter("code").is_some());
        let path = format!("grants/{}", grants[0]["id"].as_str().unwrap());
        assert_eq!(world.api(DELETE, &path, &token, Value::Null).await.0, 204);
        assert!(
            world.authorize(&[]).await.parameter("code").is_none(),
            "the user is asked again"
        );
        assert_eq!(
            world.api(DELETE, "grants", &token, Value::Null).await.0,
            400
        );
        assert_eq!(
            world
                .api(DELETE, "grants?user_id=auth0%7C1", &token, Value::Null)
                .await
                .0,
            204
        );
    });
}

#[test]
fn factors_are_listed_made_and_removed() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let path = "users/auth0%7C2/authentication-methods";
        assert_eq!(world.api(GET, path, &token, Value::Null).await.1, json!([]));
        let phone = json!({"type": "phone", "phone_number": "+41791234567", "preferred_authentication_method": "voice"});
        let (status, made) = world.api(POST, path, &token, phone.clone()).await;
        assert_eq!(
            (status, &made["phone_number"]),
            (201, &json!("+41791234567")),
            "{made}"
        );
        assert_eq!(world.api(POST, path, &token, phone).await.0, 409);
        let app = json!({"type": "totp", "totp_secret": "GEZDGNBVGY3TQOJQ"});
        let (status, made_app) = world.api(POST, path, &token, app).await;
        assert_eq!(
            (status, &made_app["confirmed"]),
            (201, &json!(true)),
            "{made_app}"
        );
        let (_, listed) = world.api(GET, path, &token, Value::Null).await;
        let kinds: Vec<&Value> = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|it| &it["type"])
            .collect();
        assert_eq!(kinds, ["totp", "phone"]);
        let (_, enrolled) = world
            .api(GET, "users/auth0%7C2/enrollments", &token, Value::Null)
            .await;
        assert_eq!(
            (&enrolled[0]["status"], &enrolled[1]["auth_method"]),
            (&json!("confirmed"), &json!("sms"))
        );
        for wrong in [
            json!({"type": "phone"}),
            json!({"type": "passkey"}),
            json!({"type": "totp", "totp_secret": "not base 32 at all!"}),
            json!({}),
        ] {
            assert_eq!(
                world.api(POST, path, &token, wrong.clone()).await.0,
                400,
                "{wrong}"
            );
        }
        let one = format!(
            "{path}/{}",
            made["id"].as_str().unwrap().replace('|', "%7C")
        );
        assert_eq!(world.api(GET, &one, &token, Value::Null).await.1, made);
        // One of another user is not there.
        let foreign = one.replace("auth0%7C2", "auth0%7C1");
        assert_eq!(world.api(GET, &foreign, &token, Value::Null).await.0, 404);
        assert_eq!(
            world.api(DELETE, &foreign, &token, Value::Null).await.0,
            404
        );
        assert_eq!(world.api(DELETE, &one, &token, Value::Null).await.0, 204);
        assert_eq!(
            world
                .api(
                    DELETE,
                    "users/auth0%7C2/authenticators",
                    &token,
                    Value::Null
                )
                .await
                .0,
            204
        );
        assert_eq!(world.api(GET, path, &token, Value::Null).await.1, json!([]));
        let (_, jane) = world
            .api(
                GET,
                "users/auth0%7C1/authentication-methods",
                &token,
                Value::Null,
            )
            .await;
        assert_eq!(
            (jane.as_array().unwrap().len(), &jane[0]["type"]),
            (1, &json!("totp"))
        );
    });
}

#[test]
fn nobody_is_blocked() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        for path in [
            "user-blocks/auth0%7C1",
            "user-blocks?identifier=jane%40example.com",
        ] {
            assert_eq!(
                world.api(GET, path, &token, Value::Null).await,
                (200, json!({"blocked_for": []}))
            );
            assert_eq!(world.api(DELETE, path, &token, Value::Null).await.0, 204);
        }
        assert_eq!(
            world
                .api(GET, "user-blocks/auth0%7Cnobody", &token, Value::Null)
                .await
                .0,
            404
        );
        assert_eq!(
            world.api(GET, "user-blocks", &token, Value::Null).await.0,
            400
        );
    });
}
