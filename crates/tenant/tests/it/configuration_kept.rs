//! Changes of the configuration: how long they stay, and how many there may be.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{API, CONTROL, SPA, World, export, run};

const POST: Method = Method::POST;
const GET: Method = Method::GET;
const PATCH: Method = Method::PATCH;
const DELETE: Method = Method::DELETE;

#[test]
fn changes_stay_after_a_restart_and_end_with_a_reset() {
    run(async {
        let folder = std::env::temp_dir().join(format!("postlogin-config-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let database = folder.join("tenant.sqlite");
        let mut world = World::stored(export(), vec![], Some(database.clone()), 7);
        let token = world.machine_token(None).await;
        let (_, made) = world
            .api(POST, "roles", &token, json!({"name": "boss"}))
            .await;
        let id = made["id"].as_str().unwrap().to_owned();
        world
            .api(
                PATCH,
                &format!("clients/{SPA}"),
                &token,
                json!({"name": "Renamed"}),
            )
            .await;
        let (_, roles) = world
            .api(GET, "roles?name_filter=VIEW", &token, Value::Null)
            .await;
        let viewer = roles[0]["id"].as_str().unwrap().to_owned();
        world
            .api(DELETE, &format!("roles/{viewer}"), &token, Value::Null)
            .await;
        let exported = world.control(GET, "export", Value::Null).await.json();
        drop(world);

        // The export has another value for a key that was not changed: it counts.
        let mut data = export();
        data.clients[0]["logo_uri"] = json!("https://example.com/logo.png");
        let mut world = World::stored(data, vec![], Some(database), 8);
        let token = world.machine_token(None).await;
        let (_, client) = world
            .api(GET, &format!("clients/{SPA}"), &token, Value::Null)
            .await;
        assert_eq!(
            (&client["name"], &client["logo_uri"]),
            (&json!("Renamed"), &json!("https://example.com/logo.png"))
        );
        assert_eq!(
            world
                .api(GET, &format!("roles/{id}"), &token, Value::Null)
                .await
                .0,
            200
        );
        assert_eq!(
            world
                .api(GET, &format!("roles/{viewer}"), &token, Value::Null)
                .await
                .0,
            404
        );
        world.control(POST, "reset", json!({})).await;
        let token = world.machine_token(None).await;
        let (_, client) = world
            .api(GET, &format!("clients/{SPA}"), &token, Value::Null)
            .await;
        assert_eq!(client["name"], "SPA");
        assert_eq!(
            world
                .api(GET, &format!("roles/{id}"), &token, Value::Null)
                .await
                .0,
            404
        );
        assert_eq!(
            world
                .api(GET, &format!("roles/{viewer}"), &token, Value::Null)
                .await
                .0,
            200
        );

        // And they come back with an import.
        let bearer = format!("Bearer {CONTROL}");
        let headers = [
            ("content-type", "application/json"),
            ("authorization", bearer.as_str()),
        ];
        let taken = world
            .send(POST, "/_postlogin/import", &headers, exported.to_string())
            .await;
        assert_eq!(taken.status, 200, "{}", taken.text);
        let token = world.machine_token(None).await;
        assert_eq!(
            world
                .api(GET, &format!("roles/{id}"), &token, Value::Null)
                .await
                .0,
            200
        );
        drop(world);
        std::fs::remove_dir_all(&folder).unwrap();
    });
}

#[test]
fn settings_of_the_tenant_count_at_once() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let (status, _) = world
            .api(
                PATCH,
                "tenants/settings",
                &token,
                json!({"default_audience": API, "friendly_name": "Shop"}),
            )
            .await;
        assert_eq!(status, 200);
        let (_, settings) = world
            .api(
                GET,
                "tenants/settings?fields=friendly_name",
                &token,
                Value::Null,
            )
            .await;
        assert_eq!(settings, json!({"friendly_name": "Shop"}));
        let tokens = world.log_in(&[]).await;
        assert_eq!(world.claims(&tokens["access_token"])["aud"][0], API);
    });
}

#[test]
fn what_does_not_count_here_is_named_in_the_log() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let logout = json!({"backchannel_logout_urls": ["https://app.example/out"]});
        let body = json!({"oidc_logout": logout, "name": "Renamed"});
        let path = format!("clients/{SPA}");
        assert_eq!(world.api(PATCH, &path, &token, body).await.0, 200);
        let notices = async |world: &mut World| {
            let log = world.log().await;
            let notices = log.into_iter().filter(|entry| entry["type"] == "notice");
            notices.map(|it| it["message"].clone()).collect::<Vec<_>>()
        };
        let expected = ["not honoured by the local tenant, clients: oidc_logout"];
        assert_eq!(notices(&mut world).await, expected);
        // What counts is not named.
        world
            .api(
                PATCH,
                &path,
                &token,
                json!({"callbacks": ["https://a.example"]}),
            )
            .await;
        assert_eq!(notices(&mut world).await, expected);
    });
}

#[test]
fn the_tenant_keeps_no_more_than_it_can_hold() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let big = json!({"name": "x", "addons": {"a": "y".repeat(900_000)}});
        let mut statuses = Vec::new();
        for _ in 0..8 {
            statuses.push(world.api(POST, "clients", &token, big.clone()).await.0);
        }
        assert_eq!(statuses.first(), Some(&201));
        assert_eq!(statuses.last(), Some(&403), "{statuses:?}");
        // What there is can still be removed, and then there is room again.
        let (_, clients) = world
            .api(GET, "clients?fields=client_id,name", &token, Value::Null)
            .await;
        for client in clients
            .as_array()
            .unwrap()
            .iter()
            .filter(|it| it["name"] == "x")
        {
            let path = format!("clients/{}", client["client_id"].as_str().unwrap());
            assert_eq!(world.api(DELETE, &path, &token, Value::Null).await.0, 204);
        }
        assert_eq!(
            world
                .api(POST, "clients", &token, json!({"name": "y"}))
                .await
                .0,
            201
        );
    });
}

#[test]
fn what_an_export_does_not_state_has_the_defaults_of_production() {
    run(async {
        let mut world = World::with(export(), vec![]);
        let token = world.machine_token(None).await;
        for (path, pointer, expected) in [
            (
                "connections",
                "/0/enabled_clients",
                json!([SPA, "web-client", "machine-client"]),
            ),
            ("connections", "/0/options", json!({})),
            (
                "connections",
                "/0/realms",
                json!(["Username-Password-Authentication"]),
            ),
            ("connections", "/0/is_domain_connection", json!(false)),
            ("clients", "/0/is_first_party", json!(true)),
            ("clients", "/0/global", json!(false)),
            (
                "clients",
                "/0/jwt_configuration/lifetime_in_seconds",
                json!(36000),
            ),
            // What it states is left alone.
            (
                "clients",
                "/0/refresh_token",
                json!({"rotation_type": "rotating", "leeway": 0}),
            ),
            (
                "clients",
                "/1/refresh_token/rotation_type",
                json!("non-rotating"),
            ),
            ("resource-servers", "/0/signing_alg", json!("RS256")),
            ("resource-servers", "/0/token_lifetime", json!(86400)),
            ("resource-servers", "/0/is_system", json!(false)),
            ("tenants/settings", "/flags", json!({})),
            ("tenants/settings", "/session_lifetime", json!(168)),
        ] {
            let (status, shown) = world.api(Method::GET, path, &token, Value::Null).await;
            assert_eq!(
                (status, shown.pointer(pointer)),
                (200, Some(&expected)),
                "{path}{pointer}"
            );
        }
        let wrong = "Payload validation error: 'String does not match pattern ^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$: ";
        for (name, expected) in [("my_db", 400), ("db-", 400), ("my-db-2", 201)] {
            let body = json!({"name": name, "strategy": "auth0"});
            let (status, said) = world.api(Method::POST, "connections", &token, body).await;
            assert_eq!(status, expected, "{said}");
            if status == 400 {
                assert!(
                    said["message"].as_str().unwrap().starts_with(wrong),
                    "{said}"
                );
            }
        }
    });
}
