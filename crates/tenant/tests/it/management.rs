//! The Management API with a machine's token.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{SPA, World, run};

#[test]
fn users_are_made_found_changed_and_deleted() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let body = json!({"connection": "Username-Password-Authentication", "email": "ann@example.com", "password": "secret", "user_metadata": {"a": 1}, "app_metadata": {"plan": "pro"}});
        let made = world
            .json_as(Method::POST, "/api/v2/users", &token, body.clone())
            .await;
        assert_eq!(made.status, StatusCode::CREATED);
        let id = made.json()["user_id"].as_str().unwrap().replace('|', "%7C");
        let again = world
            .json_as(Method::POST, "/api/v2/users", &token, body)
            .await;
        assert_eq!(
            (again.status, &again.json()["errorCode"]),
            (StatusCode::CONFLICT, &json!("auth0_idp_error"))
        );

        let patch = json!({"user_metadata": {"a": null, "b": {"c": 1}}, "app_metadata": {}, "name": "Ann", "blocked": true});
        let changed = world
            .json_as(Method::PATCH, &format!("/api/v2/users/{id}"), &token, patch)
            .await
            .json();
        assert_eq!(
            (
                &changed["user_metadata"],
                &changed["app_metadata"],
                &changed["name"]
            ),
            (&json!({"b": {"c": 1}}), &json!({}), &json!("Ann"))
        );
        let found = world
            .get_as(
                "/api/v2/users?q=blocked%3Atrue&include_totals=true&fields=email",
                &token,
            )
            .await
            .json();
        assert_eq!(
            (&found["total"], &found["users"]),
            (&json!(1), &json!([{"email": "ann@example.com"}]))
        );
        assert_eq!(
            world
                .get_as("/api/v2/users-by-email?email=ann%40example.com", &token)
                .await
                .json()
                .as_array()
                .unwrap()
                .len(),
            1
        );

        assert_eq!(
            world
                .json_as(
                    Method::DELETE,
                    &format!("/api/v2/users/{id}"),
                    &token,
                    Value::Null
                )
                .await
                .status,
            StatusCode::NO_CONTENT
        );
        let gone = world.get_as(&format!("/api/v2/users/{id}"), &token).await;
        assert_eq!(
            gone.json(),
            json!({"statusCode": 404, "error": "Not Found", "message": "The user does not exist.", "errorCode": "inexistent_user"})
        );
    });
}

#[test]
fn errors_have_the_documented_bodies() {
    run(async {
        let mut world = World::new(vec![]);
        let all = world.machine_token(None).await;
        let little = world.machine_token(Some("read:roles")).await;
        let check = |answer: &crate::support::Answer, status: u16, message: &str, code: &str| {
            let body = answer.json();
            assert_eq!(
                (answer.status.as_u16(), &body["errorCode"]),
                (status, &json!(code)),
                "{body}"
            );
            assert!(
                body["message"].as_str().unwrap().contains(message),
                "{body}"
            );
            assert_eq!(body["statusCode"], status);
        };
        check(
            &world.get("/api/v2/users").await,
            401,
            "",
            "missing_authentication",
        );
        check(
            &world
                .send(
                    Method::GET,
                    "/api/v2/users",
                    &[("authorization", "Bearer")],
                    "",
                )
                .await,
            400,
            "Bad HTTP authentication header format",
            "Bearer",
        );
        check(
            &world.get_as("/api/v2/users", "x.y.z").await,
            401,
            "Invalid token",
            "invalid_token",
        );
        check(
            &world.get_as("/api/v2/users", &little).await,
            403,
            "Insufficient scope, expected any of: read:users",
            "insufficient_scope",
        );
        check(
            &world.get_as("/api/v2/users?q=%28", &all).await,
            400,
            "Failed to parse query",
            "invalid_query_string",
        );
        check(
            &world.get_as("/api/v2/users?per_page=1000", &all).await,
            400,
            "per_page",
            "invalid_query_string",
        );
        check(
            &world.get_as("/api/v2/actions/actions", &all).await,
            404,
            "not supported by the local tenant: Actions are files of the project",
            "not_supported_locally",
        );
        let user = "/api/v2/users/auth0%7C1";
        check(
            &world
                .json_as(Method::PATCH, user, &all, json!({"nope": 1}))
                .await,
            400,
            "'Additional properties not allowed: nope'.",
            "invalid_body",
        );
        check(
            &world.json_as(Method::PATCH, user, &all, json!([])).await,
            400,
            "Expected type object but found type array",
            "invalid_body",
        );
        check(
            &world
                .json_as(
                    Method::PATCH,
                    user,
                    &all,
                    json!({"app_metadata": {"email": 1}}),
                )
                .await,
            400,
            "Forbidden attribute in app_metadata: email",
            "invalid_body",
        );
        check(
            &world
                .json_as(
                    Method::PATCH,
                    user,
                    &all,
                    json!({"email": "joe@example.com"}),
                )
                .await,
            400,
            "already exists",
            "auth0_idp_error",
        );
        check(
            &world
                .json_as(
                    Method::DELETE,
                    "/api/v2/users/auth0%7C1/multifactor/sms",
                    &all,
                    Value::Null,
                )
                .await,
            400,
            "No enum match for: sms",
            "invalid_uri",
        );
        assert_eq!(
            world
                .json_as(
                    Method::DELETE,
                    "/api/v2/users/auth0%7C1/multifactor/google-authenticator",
                    &all,
                    Value::Null
                )
                .await
                .status,
            204
        );
        assert_eq!(
            world.get_as(user, &all).await.json()["enrolledFactors"],
            json!([])
        );
    });
}

#[test]
fn roles_and_applications_reach_the_next_login() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let roles = world.get_as("/api/v2/roles", &token).await.json();
        let viewer = roles
            .as_array()
            .unwrap()
            .iter()
            .find(|role| role["name"] == "viewer")
            .unwrap()["id"]
            .clone();
        let path = "/api/v2/users/auth0%7C1/roles";
        assert_eq!(
            world
                .json_as(Method::POST, path, &token, json!({"roles": [viewer]}))
                .await
                .status,
            204
        );
        let client = format!("/api/v2/clients/{SPA}");
        let changed = world
            .json_as(
                Method::PATCH,
                &client,
                &token,
                json!({"client_metadata": {"tier": null, "team": "x"}}),
            )
            .await
            .json();
        assert_eq!(changed["client_metadata"], json!({"team": "x"}));
        for metadata in [
            json!({"a": 1}),
            json!({"a": "x".repeat(256)}),
            json!([]),
            Value::Object((0..11).map(|n| (format!("k{n}"), json!("v"))).collect()),
        ] {
            assert_eq!(
                world
                    .json_as(
                        Method::PATCH,
                        &client,
                        &token,
                        json!({"client_metadata": metadata})
                    )
                    .await
                    .status,
                400,
                "{metadata}"
            );
        }
        world.log_in(&[]).await;
        let event = world.last_event();
        assert_eq!(
            (
                &event["authorization"]["roles"],
                &event["client"]["metadata"]
            ),
            (&json!(["editor", "viewer"]), &json!({"team": "x"}))
        );
        let shown = world.get_as(&client, &token).await.json();
        assert!(
            shown["client_secret"].is_string(),
            "read:client_keys is granted to a machine"
        );
        let token = world.machine_token(Some("read:clients")).await;
        assert!(
            world
                .get_as(&client, &token)
                .await
                .json()
                .get("client_secret")
                .is_none()
        );
    });
}

#[test]
fn pages_sorting_and_searches_agree_with_each_other() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        // More than the database gives at once.
        let users: Vec<Value> = (0..450)
            .map(|number| {
                json!({
                    "user_id": format!("n{number}"), "email": format!("u{number:03}@example.com"),
                    "user_metadata": {"even": number % 2 == 0}, "family_name": format!("{:03}", 999 - number), "logins_count": number,
                })
            })
            .collect();
        let made = world.control(Method::POST, "users", users.into()).await;
        assert!(made.status.is_success(), "{}", made.text);
        let get = async |world: &mut World, query: &str| {
            let path = format!("/api/v2/users?include_totals=true&fields=email&{query}");
            let found = world.get_as(&path, &token).await.json();
            let emails: Vec<String> = found["users"]
                .as_array()
                .unwrap()
                .iter()
                .map(|user| user["email"].as_str().unwrap().to_owned())
                .collect();
            (found["total"].as_u64().unwrap(), emails)
        };
        let all = get(&mut world, "per_page=0").await.0;
        assert!(all >= 450, "{all}");
        let email = |number: usize| format!("u{number:03}@example.com");
        for (query, total, expected) in [
            (
                "q=email:u*&per_page=2&page=100",
                450,
                vec![email(200), email(201)],
            ),
            (
                "q=user_metadata.even:true&per_page=2&page=1",
                225,
                vec![email(4), email(6)],
            ),
            (
                "q=email:u*&sort=email:-1&per_page=2",
                450,
                vec![email(449), email(448)],
            ),
            (
                "q=email:u*&sort=family_name:1&per_page=2&page=1",
                450,
                vec![email(447), email(446)],
            ),
            (
                "q=email:u*&sort=logins_count:1&per_page=2&page=5",
                450,
                vec![email(10), email(11)],
            ),
            ("q=email:u*&per_page=100&page=5", 450, vec![]),
        ] {
            assert_eq!(get(&mut world, query).await, (total, expected), "{query}");
        }
        let many = "zz%20OR%20".repeat(150) + "zz";
        for (query, expected) in [
            ("emial=x", "Additional properties not allowed: emial"),
            ("sort=email", "String does not match pattern"),
            ("sort=email:down", "String does not match pattern"),
            (
                "sort=app_metadata.n:1",
                "Sorting by app_metadata.n is not supported",
            ),
            ("q=email:jan%3F", "`?` is not supported"),
            ("search_engine=v2", "No enum match for: v2"),
            (&format!("q={many}"), "more than 200 terms"),
        ] {
            let path = format!("/api/v2/users?{query}");
            let refused = world.get_as(&path, &token).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query}");
            assert_eq!(refused.json()["errorCode"], "invalid_query_string");
            assert!(refused.text.contains(expected), "{}", refused.text);
        }
        let same = "q=email:u*&search_engine=v3&primary_order=false&per_page=1";
        assert_eq!(get(&mut world, same).await, (450, vec![email(0)]));
        let (total, page) = get(&mut world, &format!("per_page=3&page={}", (all - 3) / 3)).await;
        assert_eq!(total, all);
        assert!(
            page.len() <= 3 && page.contains(&email(449)) || page.len() == 3,
            "{page:?}"
        );
    });
}

#[test]
fn a_request_is_done_as_a_whole_or_not_at_all() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let organizations = world.get_as("/api/v2/organizations", &token).await.json();
        let organization = organizations[0]["id"]
            .as_str()
            .expect("the export has one")
            .to_owned();
        let path = format!("/api/v2/organizations/{organization}/members");
        let before = world.get_as(&path, &token).await.json();
        let body = json!({"members": ["auth0|2", "auth0|nobody"]});
        let refused = world.json_as(Method::POST, &path, &token, body).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{}", refused.text);
        assert_eq!(world.get_as(&path, &token).await.json(), before);
        let body = json!({"members": ["auth0|2"]});
        let done = world.json_as(Method::POST, &path, &token, body).await;
        assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.text);
        let after = world.get_as(&path, &token).await.json();
        assert!(after.to_string().contains("auth0|2"), "{after}");
    });
}

#[test]
fn users_are_searched_by_domain_and_organization() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let users = json!([
            {"user_id": "m", "email": "mia@acme.example", "user_metadata": {"lang": "german"}},
            {"user_id": "n", "email": "noa@acme.example", "user_metadata": {"lang": "German"}},
        ]);
        let made = world.control(Method::POST, "users", users).await;
        assert!(made.status.is_success(), "{}", made.text);
        let new = json!({"name": "searched"});
        let (status, made) = world.api(Method::POST, "organizations", &token, new).await;
        assert_eq!(status, 201, "{made}");
        let id = made["id"].as_str().unwrap().to_owned();
        let path = format!("organizations/{id}/members");
        let members = json!({"members": ["auth0|m"]});
        let (status, added) = world.api(Method::POST, &path, &token, members).await;
        assert_eq!(status, 204, "{added}");
        for (query, expected) in [
            (
                "email.domain:%22acme.example%22".to_owned(),
                vec!["auth0|m", "auth0|n"],
            ),
            (format!("organization_id:%22{id}%22"), vec!["auth0|m"]),
            (
                format!("email.domain:acme.example%20AND%20NOT%20organization_id:{id}"),
                vec!["auth0|n"],
            ),
            ("user_metadata.lang:German".to_owned(), vec!["auth0|n"]),
        ] {
            let path = format!("/api/v2/users?q={query}&sort=user_id:1");
            let found = world.get_as(&path, &token).await.json();
            let found: Vec<&str> = found
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|user| user["user_id"].as_str())
                .collect();
            assert_eq!(found, expected, "{query}");
        }
        for query in ["user_metadata.lang:ger*", "name:*om"] {
            let refused = world
                .get_as(&format!("/api/v2/users?q={query}"), &token)
                .await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query}");
            assert_eq!(refused.json()["errorCode"], "invalid_query_string");
        }
    });
}
