//! The settings of the export that have an effect: wildcards, membership, policies of refresh tokens, organizations of machines, passwords and
//! user names, filters of the Management API.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    API, MACHINE, MACHINE_SECRET, SPA, WEB, World, by_password_of, changed, encoded, run,
};
use crate::triggers::DATABASE;

#[test]
fn callbacks_may_have_a_wildcard_or_the_name_of_the_organization() {
    run(async {
        let mut world = changed(|data| {
            data.clients[0]["callbacks"] = json!([
                "https://*.example.com/cb",
                "https://{organization_name}.acme.test/cb"
            ]);
        });
        for (callback, organization, expected) in [
            ("https://pr-1.example.com/cb", None, true),
            ("https://a.b.example.com/cb", None, false),
            ("https://evil.com/.example.com/cb", None, false),
            ("https://acme.acme.test/cb", Some("acme"), true),
            ("https://acme.acme.test/cb", None, false),
            ("https://evil.acme.test/cb", Some("acme"), false),
        ] {
            let mut more = vec![("redirect_uri", callback)];
            more.extend(organization.map(|name| ("organization", name)));
            let answer = world.authorize(&more).await;
            let is_page = answer.status.is_redirection() && answer.parameter("state").is_some();
            assert_eq!(
                is_page, expected,
                "{callback}: {} {}",
                answer.status, answer.text
            );
            if !expected {
                assert!(
                    answer.text.contains("Callback URL mismatch"),
                    "{}",
                    answer.text
                );
            }
        }
        // An entry with a wildcard is no address to go to.
        let query = encoded(&[("client_id", SPA), ("response_type", "code")]);
        let answer = world.get(&format!("/authorize?{query}")).await;
        assert!(answer.text.contains("redirect_uri"), "{}", answer.text);
        assert!(answer.header("location").is_empty());
    });
}

#[test]
fn origins_may_have_a_wildcard_and_allowed_origins_count() {
    run(async {
        let mut world = changed(|data| {
            data.clients[0]["web_origins"] = json!(["https://*.example.com"]);
            data.clients[0]["allowed_origins"] = json!(["https://*.example.org", "https://*.com"]);
        });
        for (origin, expected) in [
            ("https://app.example.com", true),
            ("https://app.example.org", true),
            ("https://app.example.net", false),
            ("https://evil.com", false),
            ("http://app.example.com", false),
            ("null", false),
        ] {
            let answer = world
                .send(
                    Method::GET,
                    "/.well-known/jwks.json",
                    &[("origin", origin)],
                    "",
                )
                .await;
            let allowed = answer.header("access-control-allow-origin") == origin;
            assert_eq!(allowed, expected, "{origin}");
        }
    });
}

#[test]
fn a_logout_never_goes_to_an_entry_with_a_wildcard() {
    run(async {
        let mut world = changed(|data| {
            data.clients[0]["allowed_logout_urls"] = json!([
                "https://*.example.com/bye",
                "https://{organization_name}.acme.test"
            ]);
        });
        let logout = |more: &str| format!("/v2/logout?client_id={SPA}{more}");
        let answer = world.get(&logout("")).await;
        assert_eq!(
            answer.status,
            StatusCode::OK,
            "{}",
            answer.header("location")
        );
        let answer = world
            .get(&logout("&returnTo=https%3A%2F%2Fa.example.com%2Fbye%3Fx"))
            .await;
        assert_eq!(answer.header("location"), "https://a.example.com/bye?x");
        for foreign in [
            // The placeholder counts in callbacks and Allowed Origins (CORS) alone.
            "https%3A%2F%2Facme.acme.test",
            "https%3A%2F%2Fevil.acme.test",
            "https%3A%2F%2F*.example.com%2Fbye",
        ] {
            let answer = world.get(&logout(&format!("&returnTo={foreign}"))).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{foreign}");
        }
    });
}

async fn log_in_as_joe(world: &mut World) -> Value {
    let page = world.authorize(&[("organization", "acme")]).await;
    let state = page.parameter("state").unwrap();
    let back = world
        .form(
            "/u/login",
            &[
                ("state", &state),
                ("username", "joe@example.com"),
                ("password", "joe-secret"),
            ],
        )
        .await;
    match back.parameter("code") {
        Some(code) => world.exchange(&code).await.json(),
        None => json!({"error": back.parameter("error")}),
    }
}

#[test]
fn a_connection_that_assigns_membership_makes_members_before_the_actions_run() {
    run(async {
        for (assigns, expected) in [(true, Value::Null), (false, json!("access_denied"))] {
            let mut world = changed(|data| {
                data.organizations[0]["connections"] =
                    json!([{"name": DATABASE, "assign_membership_on_login": assigns}]);
            });
            let answer = log_in_as_joe(&mut world).await;
            assert_eq!(answer["error"], expected, "{answer}");
            if assigns {
                assert_eq!(world.last_event()["organization"]["name"], "acme");
                let token = world.machine_token(None).await;
                let members = world
                    .get_as("/api/v2/users/auth0%7C2/organizations", &token)
                    .await
                    .json();
                assert_eq!(members[0]["name"], "acme", "{members}");
            }
        }
    });
}

#[test]
fn a_refresh_token_with_policies_gives_tokens_for_other_apis() {
    run(async {
        const OTHER: &str = "https://other.example.com";
        let mut world = changed(|data| {
            data.resource_servers.push(json!({
                "identifier": OTHER, "scopes": [{"value": "read:b"}, {"value": "write:b"}],
            }));
            data.resource_servers
                .push(json!({"identifier": "https://third.example.com", "scopes": []}));
            data.clients[0]["refresh_token"]["policies"] =
                json!([{"audience": OTHER, "scope": ["read:b", "not:there"]}]);
        });
        let scope = "openid offline_access read:x";
        let mut body = world.log_in(&[("audience", API), ("scope", scope)]).await;
        for (audience, scope, aud, scopes) in [
            (OTHER, None, OTHER, "openid offline_access read:b"),
            (OTHER, Some("openid read:b write:b"), OTHER, "openid read:b"),
            // Without a policy the parameter is ignored.
            (
                "https://third.example.com",
                None,
                API,
                "openid offline_access read:x",
            ),
            (
                "https://unknown.example.com",
                None,
                API,
                "openid offline_access read:x",
            ),
            (API, None, API, "openid offline_access read:x"),
        ] {
            let token = body["refresh_token"].as_str().unwrap().to_owned();
            let mut fields = vec![
                ("grant_type", "refresh_token"),
                ("client_id", SPA),
                ("refresh_token", token.as_str()),
                ("audience", audience),
            ];
            fields.extend(scope.map(|scope| ("scope", scope)));
            let answer = world.token(&fields).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
            body = answer.json();
            let claims = world.claims(&body["access_token"]);
            let audiences = match &claims["aud"] {
                Value::Array(all) => all[0].clone(),
                one => one.clone(),
            };
            assert_eq!(audiences, aud, "{audience} {scope:?}");
            assert_eq!(claims["scope"], scopes, "{audience} {scope:?}");
        }
    });
}

#[test]
fn a_machine_has_an_organization_if_its_grant_allows_it() {
    run(async {
        let ask = async |world: &mut World, organization: Option<&str>| {
            let mut fields = vec![
                ("grant_type", "client_credentials"),
                ("client_id", MACHINE),
                ("client_secret", MACHINE_SECRET),
                ("audience", API),
            ];
            fields.extend(organization.map(|name| ("organization", name)));
            world.token(&fields).await
        };
        for (usage, any, listed, with, without) in [
            (None, false, true, 403, 200),
            (Some("deny"), true, true, 403, 200),
            (Some("allow"), true, false, 200, 200),
            (Some("allow"), false, true, 200, 200),
            (Some("allow"), false, false, 403, 200),
            (Some("require"), true, false, 200, 403),
        ] {
            let mut world = changed(|data| {
                data.client_grants[0]["allow_any_organization"] = json!(any);
                if let Some(usage) = usage {
                    data.client_grants[0]["organization_usage"] = json!(usage);
                }
                if listed {
                    data.organizations[0]["client_grants"] =
                        json!([{"client_id": "Machine", "audience": API}]);
                }
            });
            let answer = ask(&mut world, Some("acme")).await;
            assert_eq!(answer.status.as_u16(), with, "{usage:?} {}", answer.text);
            if with == 200 {
                let claims = world.claims(&answer.json()["access_token"]);
                assert!(claims["org_id"].as_str().unwrap().starts_with("org_"));
            } else {
                assert_eq!(answer.json()["error"], "access_denied");
            }
            let answer = ask(&mut world, None).await;
            assert_eq!(answer.status.as_u16(), without, "{usage:?} {}", answer.text);
            let answer = ask(&mut world, Some("nobody")).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        }
    });
}

#[test]
fn the_password_policy_holds_wherever_a_password_is_set() {
    run(async {
        let mut world = changed(|data| {
            data.connections[0]["options"] = json!({"passwordPolicy": "good"});
        });
        let token = world.machine_token(None).await;
        let new = json!({"connection": DATABASE, "email": "ann@example.com", "password": "weak"});
        let answer = world
            .json_as(Method::POST, "/api/v2/users", &token, new)
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(
            answer.json()["message"],
            "PasswordStrengthError: Password is too weak"
        );
        let jane = "/api/v2/users/auth0%7C1";
        let answer = world
            .json_as(Method::PATCH, jane, &token, json!({"password": "weak"}))
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        // The page of a reset asks again, and its link stays good.
        let body = json!({"client_id": WEB, "connection": DATABASE, "email": "jane@example.com"});
        world
            .json_as(Method::POST, "/dbconnections/change_password", "", body)
            .await;
        let mails = world.mails().await;
        let url = mails.last().unwrap()["url"].as_str().unwrap().to_owned();
        let (_, ticket) = url.split_once("ticket=").unwrap();
        for (password, said) in [("weak", "too weak"), ("Str0ng-enough", "Password Changed")] {
            let page = world
                .form("/u/ticket", &[("ticket", ticket), ("password", password)])
                .await;
            assert!(page.text.contains(said), "{}", page.text);
        }
        let login = world
            .token(&by_password_of("jane@example.com", "Str0ng-enough", &[]))
            .await;
        assert_eq!(login.status, StatusCode::OK, "{}", login.text);
    });
}

#[test]
fn what_one_change_must_not_combine_is_refused() {
    run(async {
        let mut world = changed(|_| {});
        let token = world.machine_token(None).await;
        for (body, message) in [
            (
                json!({"email": "a@b.example", "password": "new-secret"}),
                "Cannot update password and email simultaneously",
            ),
            (
                json!({"username": "jane", "password": "new-secret"}),
                "Cannot update password and username simultaneously",
            ),
            (
                json!({"username": "jane"}),
                "Cannot set username for connection without requires_username",
            ),
        ] {
            let answer = world
                .json_as(Method::PATCH, "/api/v2/users/auth0%7C1", &token, body)
                .await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
            assert_eq!(answer.json()["message"], message);
        }
    });
}

#[test]
fn filters_of_the_management_api_count_or_are_refused() {
    run(async {
        let mut world = changed(|data| {
            data.connections
                .push(json!({"name": "google", "strategy": "google-oauth2"}));
            data.connections
                .push(json!({"name": "github", "strategy": "github"}));
        });
        let token = world.machine_token(None).await;
        for (path, names) in [
            ("connections?strategy=github", vec!["github"]),
            (
                "connections?strategy=github&strategy=google-oauth2",
                vec!["google", "github"],
            ),
            ("connections?name=google&strategy=auth0", vec![]),
            ("roles?name_filter=EDIT", vec!["editor"]),
            ("clients?app_type=spa", vec!["SPA"]),
            (
                "clients?app_type=spa,regular_web&fields=name",
                vec!["SPA", "Web"],
            ),
            ("clients?is_global=true", vec![]),
            ("resource-servers?identifiers=https%3A%2F%2Fnone", vec![]),
        ] {
            let answer = world.get_as(&format!("/api/v2/{path}"), &token).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
            let found = answer.json();
            let found: Vec<&str> = found
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|it| it["name"].as_str())
                .collect();
            assert_eq!(found, names, "{path}");
        }
        // By checkpoints, as the vendor's newer SDKs ask.
        let first = world
            .get_as("/api/v2/connections?take=2", &token)
            .await
            .json();
        assert_eq!(first["connections"].as_array().unwrap().len(), 2);
        let next = first["next"].as_str().unwrap();
        let target = format!("/api/v2/connections?take=2&from={next}");
        let last = world.get_as(&target, &token).await.json();
        assert_eq!(last["connections"][0]["name"], "github");
        assert_eq!(last.get("next"), None);
        let one = world
            .get_as(&format!("/api/v2/clients/{WEB}?fields=name"), &token)
            .await;
        assert_eq!(one.json(), json!({"name": "Web"}));
        for path in [
            "connections?nonsense=1",
            "clients?q=x",
            "roles?name=editor",
            "organizations?foo=1",
        ] {
            let answer = world.get_as(&format!("/api/v2/{path}"), &token).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
            assert_eq!(answer.json()["errorCode"], "invalid_query_string");
        }
    });
}
