//! The configuration, changed by the Management API: what is changed counts in the next login, and stays.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{API, CALLBACK, MACHINE, SPA, WEB, World, run};

const POST: Method = Method::POST;
const GET: Method = Method::GET;
const PATCH: Method = Method::PATCH;
const DELETE: Method = Method::DELETE;

#[test]
fn an_application_is_made_used_changed_and_removed() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let body = json!({"name": "New", "app_type": "spa", "callbacks": [CALLBACK]});
        let (status, made) = world.api(POST, "clients", &token, body).await;
        assert_eq!(status, 201, "{made}");
        let id = made["client_id"].as_str().unwrap().to_owned();
        assert_eq!(
            (id.len(), made["client_secret"].as_str().map(str::len)),
            (32, Some(64))
        );
        assert_eq!(made["token_endpoint_auth_method"], "none");
        assert_eq!(made["is_first_party"], true);
        assert_eq!(world.refusal(&[("client_id", &id)]).await, "");
        let page = world.authorize(&[("client_id", &id)]).await;
        assert!(
            page.header("location").contains("/u/login"),
            "{}",
            page.header("location")
        );

        // An address that was taken away is refused at once.
        let path = format!("clients/{id}");
        let other =
            json!({"callbacks": ["http://localhost:5000/other"], "client_metadata": {"a": "1"}});
        let (status, changed) = world.api(PATCH, &path, &token, other).await;
        assert_eq!(
            (status, &changed["name"]),
            (200, &json!("New")),
            "{changed}"
        );
        let refused = world.authorize(&[("client_id", &id)]).await;
        assert_eq!(refused.status, 403, "{}", refused.text);
        let (_, shown) = world.api(GET, &path, &token, Value::Null).await;
        assert_eq!(shown, changed);
        let metadata = json!({"client_metadata": {"a": null, "b": "2"}});
        let (_, changed) = world.api(PATCH, &path, &token, metadata).await;
        assert_eq!(changed["client_metadata"], json!({"b": "2"}));

        assert_eq!(world.api(DELETE, &path, &token, Value::Null).await.0, 204);
        assert_eq!(world.api(DELETE, &path, &token, Value::Null).await.0, 204);
        assert_eq!(world.api(GET, &path, &token, Value::Null).await.0, 404);
        assert_eq!(world.authorize(&[("client_id", &id)]).await.status, 400);
    });
}

#[test]
fn a_rotated_secret_is_the_only_good_one() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let rotate = format!("clients/{WEB}/rotate-secret");
        let (status, rotated) = world.api(POST, &rotate, &token, json!({})).await;
        assert_eq!(status, 200, "{rotated}");
        let secret = rotated["client_secret"].as_str().unwrap().to_owned();
        for (secret, expected) in [("web-secret", 401), (secret.as_str(), 200)] {
            let answer = world
                .token(&[
                    ("grant_type", "password"),
                    ("client_id", WEB),
                    ("client_secret", secret),
                    ("username", "jane@example.com"),
                    ("password", "jane-secret"),
                ])
                .await;
            assert_eq!(answer.status, expected, "{}", answer.text);
        }
        let little = world
            .machine_token(Some("update:clients read:clients"))
            .await;
        let body = json!({"client_secret": "mine"});
        let (status, refused) = world
            .api(PATCH, &format!("clients/{WEB}"), &little, body)
            .await;
        assert_eq!(
            (status, &refused["errorCode"]),
            (403, &json!("insufficient_scope"))
        );
        let (_, shown) = world
            .api(GET, &format!("clients/{WEB}"), &little, Value::Null)
            .await;
        assert!(shown.get("client_secret").is_none(), "{shown}");
    });
}

#[test]
fn apis_and_client_grants_decide_over_the_next_machine_token() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let api = json!({"identifier": "https://new.example.com", "scopes": [{"value": "a"}, {"value": "b"}], "token_lifetime": 60});
        let (status, made) = world
            .api(POST, "resource-servers", &token, api.clone())
            .await;
        assert_eq!(
            (status, &made["name"]),
            (201, &json!("https://new.example.com")),
            "{made}"
        );
        assert_eq!(
            world.api(POST, "resource-servers", &token, api).await.0,
            409
        );
        let machine = async |world: &mut World| {
            let fields = [
                ("grant_type", "client_credentials"),
                ("client_id", MACHINE),
                ("client_secret", "machine-secret"),
                ("audience", "https://new.example.com"),
            ];
            let answer = world.token(&fields).await;
            (answer.status.as_u16(), answer.json())
        };
        assert_eq!(machine(&mut world).await.0, 403);
        let grant =
            json!({"client_id": MACHINE, "audience": "https://new.example.com", "scope": ["a"]});
        let (status, granted) = world
            .api(POST, "client-grants", &token, grant.clone())
            .await;
        assert_eq!(status, 201, "{granted}");
        assert_eq!(world.api(POST, "client-grants", &token, grant).await.0, 409);
        let (status, body) = machine(&mut world).await;
        assert_eq!(
            (status, &body["scope"], &body["expires_in"]),
            (200, &json!("a"), &json!(60))
        );

        let path = format!("client-grants/{}", granted["id"].as_str().unwrap());
        let wrong = json!({"scope": "c"});
        assert_eq!(world.api(PATCH, &path, &token, wrong).await.0, 400);
        let (status, _) = world
            .api(PATCH, &path, &token, json!({"scope": ["a", "b"]}))
            .await;
        assert_eq!(status, 200);
        assert_eq!(machine(&mut world).await.1["scope"], "a b");

        // An API is found by its identifier, too, and takes its grants with it.
        let by_name = "resource-servers/https%3A%2F%2Fnew.example.com";
        let (_, found) = world.api(GET, by_name, &token, Value::Null).await;
        assert_eq!(found["id"], made["id"]);
        assert_eq!(world.api(DELETE, by_name, &token, Value::Null).await.0, 204);
        assert_eq!(world.api(GET, &path, &token, Value::Null).await.0, 404);
        assert_eq!(machine(&mut world).await.0, 403);
    });
}

#[test]
fn a_connection_counts_for_the_applications_that_it_lists() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let body = json!({"name": "Staff", "strategy": "auth0", "options": {"passwordPolicy": "good", "client_secret": "s"}});
        let (status, made) = world.api(POST, "connections", &token, body.clone()).await;
        assert_eq!(status, 201, "{made}");
        assert_eq!(
            (&made["enabled_clients"], &made["options"]),
            (&json!([]), &json!({"passwordPolicy": "good"}))
        );
        assert!(made.get("_listed").is_none(), "{made}");
        assert_eq!(world.api(POST, "connections", &token, body).await.0, 409);
        let id = made["id"].as_str().unwrap().to_owned();
        let refused = [("connection", "Staff")];
        assert_eq!(world.refusal(&refused).await, "invalid_request");
        let clients = format!("connections/{id}/clients");
        let on = json!([{"client_id": SPA, "status": true}]);
        assert_eq!(world.api(PATCH, &clients, &token, on).await.0, 204);
        assert_eq!(world.refusal(&refused).await, "");
        let (_, listed) = world.api(GET, &clients, &token, Value::Null).await;
        assert_eq!(listed, json!({"clients": [{"client_id": SPA}]}));
        let (_, of_client) = world
            .api(
                GET,
                &format!("clients/{SPA}/connections"),
                &token,
                Value::Null,
            )
            .await;
        assert_eq!(of_client.as_array().unwrap().len(), 2, "{of_client}");
        for wrong in [
            json!([]),
            json!([{"client_id": "nobody", "status": true}]),
            json!([{"client_id": SPA}]),
            json!({}),
        ] {
            let (status, refused) = world.api(PATCH, &clients, &token, wrong.clone()).await;
            assert!(status == 400 || status == 404, "{wrong}: {refused}");
        }

        // Its users end with it.
        let user = json!({"connection": "Staff", "email": "s@example.com", "password": "Str0ng-enough", "user_id": "s1"});
        assert_eq!(world.api(POST, "users", &token, user).await.0, 201);
        let one = json!({"connection": "Staff", "email": "t@example.com", "password": "Str0ng-enough", "user_id": "t1"});
        assert_eq!(world.api(POST, "users", &token, one).await.0, 201);
        let by_email = format!("connections/{id}/users?email=t%40example.com");
        assert_eq!(
            world.api(DELETE, &by_email, &token, Value::Null).await.0,
            204
        );
        assert_eq!(
            world
                .api(GET, "users/auth0%7Ct1", &token, Value::Null)
                .await
                .0,
            404
        );
        assert_eq!(
            world
                .api(GET, "users/auth0%7Cs1", &token, Value::Null)
                .await
                .0,
            200
        );
        assert_eq!(
            world
                .api(DELETE, &format!("connections/{id}"), &token, Value::Null)
                .await
                .0,
            202
        );
        assert_eq!(
            world
                .api(GET, "users/auth0%7Cs1", &token, Value::Null)
                .await
                .0,
            404
        );
        assert_eq!(
            world
                .api(GET, "users/auth0%7C1", &token, Value::Null)
                .await
                .0,
            200
        );
    });
}

#[test]
fn roles_have_permissions_and_users() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let (status, made) = world
            .api(
                POST,
                "roles",
                &token,
                json!({"name": "boss", "description": "B"}),
            )
            .await;
        assert_eq!(status, 200, "{made}");
        let id = made["id"].as_str().unwrap().to_owned();
        assert_eq!(
            world
                .api(POST, "roles", &token, json!({"name": "boss"}))
                .await
                .0,
            409
        );
        let permission = json!({"permissions": [{"resource_server_identifier": API, "permission_name": "read:x"}]});
        let path = format!("roles/{id}/permissions");
        assert_eq!(
            world.api(POST, &path, &token, permission.clone()).await.0,
            201
        );
        let unknown = json!({"permissions": [{"resource_server_identifier": API, "permission_name": "no:x"}]});
        assert_eq!(world.api(POST, &path, &token, unknown).await.0, 404);
        let users = json!({"users": ["auth0|2"]});
        assert_eq!(
            world
                .api(POST, &format!("roles/{id}/users"), &token, users)
                .await
                .0,
            200
        );
        let (_, listed) = world
            .api(GET, &format!("roles/{id}/users"), &token, Value::Null)
            .await;
        assert_eq!(listed[0]["user_id"], "auth0|2", "{listed}");
        let own = "users/auth0%7C2/permissions";
        let direct = json!({"permissions": [{"resource_server_identifier": API, "permission_name": "write:x"}]});
        assert_eq!(world.api(POST, own, &token, direct.clone()).await.0, 201);
        let (_, permissions) = world.api(GET, own, &token, Value::Null).await;
        let sources: Vec<(&Value, &Value)> = permissions
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (&it["permission_name"], &it["sources"][0]["source_type"]))
            .collect();
        assert_eq!(
            sources,
            [
                (&json!("write:x"), &json!("DIRECT")),
                (&json!("read:x"), &json!("ROLE"))
            ]
        );
        assert_eq!(world.api(DELETE, own, &token, direct).await.0, 204);
        assert_eq!(world.api(DELETE, &path, &token, permission).await.0, 200);
        let (_, permissions) = world.api(GET, own, &token, Value::Null).await;
        assert_eq!(permissions, json!([]));
        let (_, renamed) = world
            .api(
                PATCH,
                &format!("roles/{id}"),
                &token,
                json!({"name": "chief"}),
            )
            .await;
        assert_eq!(
            (&renamed["name"], &renamed["description"]),
            (&json!("chief"), &json!("B"))
        );
        let (_, own) = world
            .api(GET, "users/auth0%7C2/roles", &token, Value::Null)
            .await;
        assert_eq!(own[0]["name"], "chief");
        assert_eq!(
            world
                .api(
                    PATCH,
                    &format!("roles/{id}"),
                    &token,
                    json!({"name": "editor"})
                )
                .await
                .0,
            409
        );
        assert_eq!(
            world
                .api(DELETE, &format!("roles/{id}"), &token, Value::Null)
                .await
                .0,
            200
        );
        let (_, own) = world
            .api(GET, "users/auth0%7C2/roles", &token, Value::Null)
            .await;
        assert_eq!(own, json!([]));
    });
}
