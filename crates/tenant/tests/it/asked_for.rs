//! Wishes of settings and parameters of which the tenant took no notice of: languages, the address of a trusted server, lists of
//! applications, user names, parameters of the Management API.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{SPA, WEB, World, by_password, encoded, export, run};
use crate::triggers::DATABASE;

const PASSWORD: &str = "Aa1!Aa1!Aa1!xyz";

async fn locale(world: &mut World, languages: &str, more: &[(&str, &str)]) -> Value {
    world.cookies.clear();
    let mut fields = vec![
        ("client_id", WEB),
        ("redirect_uri", crate::support::CALLBACK),
        ("response_type", "code"),
        ("scope", "openid"),
    ];
    fields.extend(more);
    let page = world.get(&format!("/authorize?{}", encoded(&fields))).await;
    let state = page.parameter("state").unwrap();
    let form = encoded(&[
        ("state", &state),
        ("username", "jane@example.com"),
        ("password", "jane-secret"),
    ]);
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept-language", languages),
    ];
    world
        .send(Method::POST, "/u/login", &headers, form)
        .await
        .code();
    world.last_event()["transaction"]["locale"].clone()
}

#[test]
fn the_locale_is_the_first_language_asked_for_that_the_tenant_has() {
    run(async {
        let mut data = export();
        data.settings
            .insert("enabled_locales".into(), json!(["fr", "de", "pt-BR"]));
        let mut world = World::with(data, vec![]);
        for (languages, ui_locales, expected) in [
            ("de", "", "de"),
            ("de-AT,en;q=0.9", "", "de"),
            ("en, fr;q=0.2, pt;q=0.8", "", "pt-BR"),
            ("de", "es pt-BR fr", "pt-BR"),
            ("es", "", "fr"),
            ("*", "", "fr"),
        ] {
            let mut more = vec![];
            if !ui_locales.is_empty() {
                more.push(("ui_locales", ui_locales));
            }
            let found = locale(&mut world, languages, &more).await;
            assert_eq!(found, expected, "{languages} {ui_locales}");
        }
        // A tenant without the setting has English.
        let mut world = World::new(vec![]);
        assert_eq!(locale(&mut world, "de", &[]).await, "en");
    });
}

#[test]
fn a_trusted_server_says_whose_address_it_is() {
    run(async {
        for (trusted, secret, given, expected) in [
            (true, true, "203.0.113.7", "203.0.113.7"),
            (true, true, "2001:DB8::1", "2001:db8::1"),
            (true, true, "203.0.113.7, 198.51.100.1", ""),
            (true, true, "<b>", ""),
            (false, true, "203.0.113.7", ""),
            (true, false, "203.0.113.7", ""),
        ] {
            let mut data = export();
            data.clients[1]["is_token_endpoint_ip_header_trusted"] = json!(trusted);
            if !secret {
                data.clients[1]["token_endpoint_auth_method"] = json!("none");
            }
            let mut world = World::with(data, vec![]);
            let mut fields = by_password(&[("scope", "openid")]);
            fields.retain(|(name, _)| secret || *name != "client_secret");
            let headers = [
                ("content-type", "application/x-www-form-urlencoded"),
                ("auth0-forwarded-for", given),
            ];
            let answer = world
                .send(Method::POST, "/oauth/token", &headers, encoded(&fields))
                .await;
            assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
            let ip = world.last_event()["request"]["ip"].clone();
            match expected {
                "" => assert_ne!(ip, given),
                expected => assert_eq!(ip, expected),
            }
        }
    });
}

#[test]
fn an_empty_list_of_applications_is_none_of_them() {
    run(async {
        let mut data = export();
        data.connections[0]["enabled_clients"] = json!([]);
        let google =
            json!({"name": "google-oauth2", "strategy": "google-oauth2", "enabled_clients": []});
        data.connections.push(google);
        let mut world = World::with(data, vec![]);
        let mut realm = by_password(&[("scope", "openid"), ("realm", DATABASE)]);
        realm[0].1 = "http://auth0.com/oauth/grant-type/password-realm";
        let refused = world.token(&realm).await;
        assert_eq!(refused.json()["error"], "unauthorized_client");
        let body = json!({"client_id": SPA, "connection": DATABASE, "email": "x@example.com", "password": PASSWORD});
        let refused = sign_up(&mut world, body).await;
        assert_eq!(refused.0, 400, "{}", refused.1);
        for name in [DATABASE, "google-oauth2"] {
            assert_eq!(
                world.refusal(&[("connection", name)]).await,
                "invalid_request"
            );
        }
        let page = world.authorize(&[]).await;
        assert_eq!(
            page.parameter("error_description").as_deref(),
            Some("no connections enabled for the client")
        );
        let token = world.machine_token(None).await;
        let of_off = world
            .api(
                Method::GET,
                "connections?name=Username-Password-Authentication",
                &token,
                Value::Null,
            )
            .await
            .1;
        assert_eq!(of_off[0]["enabled_clients"], json!([]));
    });
}

#[test]
fn an_export_without_applications_gives_its_connections_to_the_one_that_is_made() {
    run(async {
        let mut data = export();
        data.clients.clear();
        data.client_grants.clear();
        data.connections[0]["enabled_clients"] = json!(["App of another export"]);
        let mut world = World::with(data, vec![]);
        let clients = world.control(Method::GET, "clients", Value::Null).await;
        let id = clients.json()[0]["client_id"].as_str().unwrap().to_owned();
        let fields = [
            ("grant_type", "password"),
            ("client_id", id.as_str()),
            ("username", "jane@example.com"),
            ("password", "jane-secret"),
        ];
        let answer = world.token(&fields).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    });
}

async fn sign_up(world: &mut World, body: Value) -> (u16, String) {
    let headers = [("content-type", "application/json")];
    let answer = world
        .send(
            Method::POST,
            "/dbconnections/signup",
            &headers,
            body.to_string(),
        )
        .await;
    (answer.status.as_u16(), answer.text)
}

#[test]
fn a_database_without_user_names_takes_none_at_a_sign_up() {
    run(async {
        let mut world = World::with(export(), vec![]);
        let body = json!({"connection": DATABASE, "client_id": SPA, "email": "n@example.com", "password": PASSWORD, "username": "ann"});
        let (status, text) = sign_up(&mut world, body.clone()).await;
        assert_eq!(status, 400, "{text}");
        assert!(
            text.contains("Cannot set username for connection without requires_username"),
            "{text}"
        );
        // An empty field of a form is one that was left out.
        let mut without = body;
        without["username"] = json!("");
        let (status, text) = sign_up(&mut world, without).await;
        assert_eq!(status, 200, "{text}");
    });
}

#[test]
fn a_sign_up_and_post_users_refuse_the_same_profiles() {
    run(async {
        let mut data = export();
        data.connections[0]["options"] = json!({"requires_username": true});
        let mut world = World::with(data, vec![]);
        let token = world.machine_token(None).await;
        for (number, (key, value, expected)) in [
            ("username", "fifteen-letters", true),
            ("username", "a b", false),
            ("username", "ab@example.co", false),
            ("username", "sixteen-letters-", false),
            ("username", "<b>", false),
            ("given_name", "", false),
            ("given_name", "Jane", true),
            ("picture", "nope", false),
            ("picture", "https://example.com/p.png", true),
            ("phone_number", "12", false),
            ("phone_number", "+49111", true),
        ]
        .into_iter()
        .enumerate()
        {
            let mut body = json!({"connection": DATABASE, "email": format!("s{number}@example.com"), "password": PASSWORD, "username": format!("s{number}")});
            body[key] = json!(value);
            let mut by_api = body.clone();
            by_api["email"] = json!(format!("m{number}@example.com"));
            if key != "username" {
                by_api["username"] = json!(format!("m{number}"));
            } else if expected {
                by_api["username"] = json!("fifteen_letters");
            }
            body["client_id"] = json!(SPA);
            let (status, text) = sign_up(&mut world, body).await;
            assert_eq!(status == 200, expected, "{key} {value}: {text}");
            let (status, answer) = world.api(Method::POST, "users", &token, by_api).await;
            // Without flexible identifiers, users of a database have no number there.
            let made = expected && key != "phone_number";
            assert_eq!(status == 201, made, "{key} {value}: {answer}");
        }
        let long = json!({"username": "sixteen-letters-"});
        let (status, _) = world
            .api(Method::PATCH, "users/auth0|1", &token, long)
            .await;
        assert_eq!(status, 400);
    });
}

#[test]
fn a_change_of_a_user_names_what_there_is_and_one_thing_at_a_time() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        for (body, code) in [
            (
                json!({"password": PASSWORD, "email_verified": true}),
                "operation_not_supported",
            ),
            (
                json!({"connection": "Nope", "email": "x@example.com"}),
                "inexistent_connection",
            ),
            (
                json!({"client_id": "nope", "email": "y@example.com"}),
                "invalid_body",
            ),
        ] {
            let shown = body.to_string();
            let (status, answer) = world
                .api(Method::PATCH, "users/auth0|1", &token, body)
                .await;
            assert_eq!(
                (status, &answer["errorCode"]),
                (400, &json!(code)),
                "{shown}"
            );
        }
        let body = json!({"connection": DATABASE, "client_id": WEB, "email": "new@example.com"});
        let (status, answer) = world
            .api(Method::PATCH, "users/auth0|1", &token, body)
            .await;
        assert_eq!((status, &answer["email"]), (200, &json!("new@example.com")));
        let (_, answer) = world
            .api(
                Method::PATCH,
                "users/auth0|1",
                &token,
                json!({"password": PASSWORD, "email_verified": true}),
            )
            .await;
        assert_eq!(
            answer["message"],
            "Cannot update password and email_verified simultaneously"
        );
    });
}

#[test]
fn parameters_of_lists_are_honoured_or_refused_by_name() {
    run(async {
        let mut data = export();
        data.organizations = vec![
            json!({"name": "acme", "display_name": "The Acme"}),
            json!({"name": "beta", "display_name": "A Beta"}),
        ];
        let mut world = World::with(data, vec![]);
        let token = world.machine_token(None).await;
        for (path, expected) in [
            ("organizations?sort=display_name:1", ["beta", "acme"]),
            ("organizations?sort=display_name:-1", ["acme", "beta"]),
            ("organizations?sort=created_at:1", ["acme", "beta"]),
            ("organizations?sort=name:-1", ["beta", "acme"]),
        ] {
            let (_, list) = world.api(Method::GET, path, &token, Value::Null).await;
            assert_eq!([&list[0]["name"], &list[1]["name"]], expected, "{path}");
        }
        for (path, status, code) in [
            ("organizations?sort=color:1", 400, "invalid_query_string"),
            (
                "organizations?include_client_association_for=web",
                400,
                "invalid_query_string",
            ),
            ("roles?type=tenant", 400, "invalid_query_string"),
            (
                "client-grants?default_for=nope",
                400,
                "invalid_query_string",
            ),
            (
                "client-grants?subject_type=nope",
                400,
                "invalid_query_string",
            ),
            ("users?include_totals=yes", 400, "invalid_query_string"),
            ("users/auth0|1?foo=1", 400, "invalid_query_string"),
            (
                "users/auth0|1/enrollments?foo=1",
                400,
                "invalid_query_string",
            ),
            (
                "organizations/search?q=name:acme",
                404,
                "not_supported_locally",
            ),
            (
                "resource-servers/search?q=name:API",
                404,
                "not_supported_locally",
            ),
            ("users?page=10&per_page=100", 400, "invalid_paging"),
            ("users?page=20", 400, "invalid_paging"),
        ] {
            let (found, answer) = world.api(Method::GET, path, &token, Value::Null).await;
            assert_eq!(
                (found, &answer["errorCode"]),
                (status, &json!(code)),
                "{path} {answer}"
            );
        }
        for path in [
            "users?page=9&per_page=100",
            "users?include_totals=false",
            "users/auth0|1?fields=email",
        ] {
            let (found, answer) = world.api(Method::GET, path, &token, Value::Null).await;
            assert_eq!(found, 200, "{path} {answer}");
        }
    });
}
