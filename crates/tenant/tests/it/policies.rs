//! Password options of databases, access policies of APIs, and logins whose user or API is gone.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    API, Does, MACHINE, MACHINE_SECRET, SPA, WEB, World, by_password, by_password_of, changed, run,
};
use crate::triggers::DATABASE;

async fn set(world: &mut World, token: &str, password: &str) -> (u16, String) {
    let body = json!({"password": password});
    let (status, body) = world
        .api(Method::PATCH, "users/auth0%7C1", token, body)
        .await;
    let message = body["message"].as_str().unwrap_or_default().to_owned();
    (status, message)
}

#[test]
fn an_earlier_password_is_refused_at_every_change() {
    run(async {
        let mut world = changed(|data| {
            data.connections[0]["options"] =
                json!({"password_history": {"enable": true, "size": 3}});
        });
        let token = world.machine_token(None).await;
        let used = "PasswordHistoryError: Password has previously been used";
        // The one that the seed gave, and the three latest.
        for (password, expected) in [
            ("jane-secret", 400),
            ("second-1", 200),
            ("jane-secret", 400),
            ("third-1", 200),
            ("jane-secret", 400),
            ("second-1", 400),
            ("third-1", 400),
            ("fourth-1", 200),
            // Three are remembered: second, third and fourth.
            ("second-1", 400),
            ("jane-secret", 200),
        ] {
            let (status, message) = set(&mut world, &token, password).await;
            assert_eq!(status, expected, "{password}: {message}");
            assert_eq!(message, if expected == 400 { used } else { "" });
        }
        // The page of a reset asks the same, and its link stays good.
        let body = json!({"client_id": WEB, "connection": DATABASE, "email": "jane@example.com"});
        world
            .json_as(Method::POST, "/dbconnections/change_password", "", body)
            .await;
        let mails = world.mails().await;
        let url = mails.last().unwrap()["url"].as_str().unwrap().to_owned();
        let (_, ticket) = url.split_once("ticket=").unwrap();
        for (password, said) in [
            ("fourth-1", "Password has previously been used."),
            ("fifth-1", "Password Changed"),
        ] {
            let page = world
                .form("/u/ticket", &[("ticket", ticket), ("password", password)])
                .await;
            assert!(page.text.contains(said), "{}", page.text);
        }
        let (status, _) = set(&mut world, &token, "jane-secret").await;
        assert_eq!(status, 400);
        let login = world
            .token(&by_password_of("jane@example.com", "fifth-1", &[]))
            .await;
        assert_eq!(login.status, StatusCode::OK, "{}", login.text);
    });
}

#[test]
fn listed_and_personal_passwords_are_refused_at_every_door() {
    run(async {
        let mut world = changed(|data| {
            data.connections[0]["options"] = json!({
                "password_complexity_options": {"min_length": 10},
                "password_dictionary": {"enable": true, "dictionary": ["Horse-1234"]},
                "password_no_personal_info": {"enable": true},
            });
        });
        let token = world.machine_token(None).await;
        for (password, name, message) in [
            ("short-1", "PasswordStrengthError", "Password is too weak"),
            (
                "horse-1234",
                "PasswordDictionaryError",
                "Password is too common",
            ),
            (
                "xx-marianne-1",
                "PasswordNoUserInfoError",
                "Password contains user information",
            ),
        ] {
            let new = json!({"client_id": WEB, "connection": DATABASE, "email": "marianne@example.com", "password": password});
            let answer = world
                .json_as(Method::POST, "/dbconnections/signup", "", new.clone())
                .await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
            let body = answer.json();
            assert_eq!(
                (&body["name"], &body["message"], &body["code"]),
                (&json!(name), &json!(message), &json!("invalid_password"))
            );
            let new = json!({"connection": DATABASE, "email": "marianne@example.com", "password": password});
            let (status, body) = world.api(Method::POST, "users", &token, new).await;
            assert_eq!(
                (status, &body["message"]),
                (400, &json!(format!("{name}: {message}")))
            );
        }
        let (_, message) = set(&mut world, &token, "my-jane-12345").await;
        assert_eq!(
            message,
            "PasswordNoUserInfoError: Password contains user information"
        );
        assert_eq!(set(&mut world, &token, "quite-another").await.0, 200);
    });
}

/// A login by password for the API: the scopes, or the error with its description.
async fn by_user(world: &mut World, scope: &str) -> Result<Value, (Value, Value)> {
    let answer = world
        .token(&by_password(&[("audience", API), ("scope", scope)]))
        .await;
    let body = answer.json();
    match answer.status {
        StatusCode::OK => Ok(body["scope"].clone()),
        _ => Err((body["error"].clone(), body["error_description"].clone())),
    }
}

async fn by_machine(world: &mut World) -> u16 {
    let answer = world
        .token(&[
            ("grant_type", "client_credentials"),
            ("client_id", MACHINE),
            ("client_secret", MACHINE_SECRET),
            ("audience", API),
        ])
        .await;
    answer.status.as_u16()
}

#[test]
fn an_api_says_which_applications_have_its_tokens() {
    run(async {
        let policies = |user: &str, client: &str| json!({"user": {"policy": user}, "client": {"policy": client}});
        let refused = || {
            let text =
                format!("Client \"{WEB}\" is not authorized to access resource server \"{API}\".");
            Err((json!("invalid_request"), json!(text)))
        };
        let with = |policy: Value, grant: Option<Value>| {
            changed(|data| {
                data.resource_servers[0]["subject_type_authorization"] = policy;
                data.client_grants.extend(grant);
            })
        };
        let grant = |scope: Value| json!({"client_id": "Web", "audience": API, "subject_type": "user", "scope": scope});

        let mut world = with(policies("allow_all", "require_client_grant"), None);
        assert_eq!(
            by_user(&mut world, "read:x write:x").await,
            Ok(json!("read:x write:x"))
        );
        assert_eq!(by_machine(&mut world).await, 200);

        let mut world = with(
            policies("deny_all", "deny_all"),
            Some(grant(json!(["read:x"]))),
        );
        assert_eq!(by_user(&mut world, "read:x").await, refused());
        assert_eq!(by_machine(&mut world).await, 403);
        // At /authorize the application gets the error.
        assert_eq!(world.refusal(&[("audience", API)]).await, "invalid_request");
        // Without the API, the application is served.
        let login = world.token(&by_password(&[("scope", "openid")])).await;
        assert_eq!(login.status, StatusCode::OK, "{}", login.text);

        // A grant of the machine kind is none for users.
        let machine = json!({"client_id": "Web", "audience": API, "scope": ["read:x"]});
        let mut world = with(policies("require_client_grant", "deny_all"), Some(machine));
        assert_eq!(by_user(&mut world, "read:x").await, refused());

        let granted = Some(grant(json!(["read:x"])));
        let mut world = with(
            policies("require_client_grant", "require_client_grant"),
            granted,
        );
        assert_eq!(
            by_user(&mut world, "read:x write:x").await,
            Ok(json!("read:x"))
        );
        // A password gives all that the application may have.
        assert_eq!(
            by_user(&mut world, "openid").await.map(|it| it
                .as_str()
                .is_some_and(|it| it.contains("read:x") && !it.contains("write:x"))),
            Ok(true)
        );
        assert_eq!(by_machine(&mut world).await, 200);
    });
}

#[test]
fn a_machine_has_its_default_organization() {
    run(async {
        let of = |organization: &str| {
            changed(|data| {
                data.organizations[0]["id"] = json!("org_acme");
                data.clients[2]["default_organization"] =
                    json!({"organization_id": organization, "flows": ["client_credentials"]});
                data.client_grants[0]["organization_usage"] = json!("allow");
                data.client_grants[0]["allow_any_organization"] = json!(true);
            })
        };
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", MACHINE),
            ("client_secret", MACHINE_SECRET),
            ("audience", API),
        ];
        for (named, expected) in [("org_acme", json!("org_acme")), ("org_gone", Value::Null)] {
            let mut world = of(named);
            let body = world.token(&fields).await.json();
            let claims = world.claims(&body["access_token"]);
            let has = claims.get("org_id").cloned().unwrap_or_default();
            assert_eq!(has, expected, "{named}");
        }
    });
}

#[test]
fn a_login_that_was_begun_ends_with_its_user() {
    run(async {
        let blocked = json!({"blocked": true});
        for (method, body, error) in [
            (Method::DELETE, Value::Null, "invalid_grant"),
            (Method::PATCH, blocked, "unauthorized"),
        ] {
            let mut world = World::new(vec![]);
            let token = world.machine_token(None).await;
            let page = world.authorize(&[]).await;
            let back = world.sign_in(&page).await;
            let code = back.code();
            let (status, _) = world
                .api(method.clone(), "users/auth0%7C1", &token, body)
                .await;
            assert!(status < 300, "{status}");
            let answer = world.exchange(&code).await;
            assert_eq!(
                (answer.status, &answer.json()["error"]),
                (StatusCode::FORBIDDEN, &json!(error)),
                "{method}"
            );
        }
        // A login that waits for a site that its user was sent to.
        let away = Does::Call("redirect.sendUserTo", json!(["https://site.example.com/"]));
        let mut world = World::new(vec![vec![away]]);
        let token = world.machine_token(None).await;
        let page = world.authorize(&[]).await;
        let left = world.sign_in(&page).await;
        let state = left.parameter("state").unwrap();
        let (status, _) = world
            .api(
                Method::PATCH,
                "users/auth0%7C1",
                &token,
                json!({"blocked": true}),
            )
            .await;
        assert_eq!(status, 200);
        let back = world.get(&format!("/continue?state={state}")).await;
        assert_eq!(
            back.parameter("error").as_deref(),
            Some("unauthorized"),
            "{}",
            back.text
        );
        assert_eq!(back.parameter("code"), None);
    });
}

#[test]
fn no_token_is_for_an_api_that_was_deleted() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let asked = [("audience", API), ("scope", "openid offline_access read:x")];
        let body = world.log_in(&asked).await;
        let refresh = body["refresh_token"].as_str().unwrap().to_owned();
        let page = world.authorize(&asked).await;
        let code = page.code();
        let api = API.replace(':', "%3A").replace('/', "%2F");
        let (status, _) = world
            .api(
                Method::DELETE,
                &format!("resource-servers/{api}"),
                &token,
                Value::Null,
            )
            .await;
        assert_eq!(status, 204);
        let missing = json!(format!("Service not found: {API}"));
        let answer = world.exchange(&code).await;
        assert_eq!(answer.json()["error_description"], missing);
        let answer = world
            .token(&[
                ("grant_type", "refresh_token"),
                ("client_id", SPA),
                ("refresh_token", &refresh),
            ])
            .await;
        assert_eq!(answer.json()["error_description"], missing);
    });
}

/// The words about the attributes are a quotation of production in public code.
#[test]
fn what_a_login_brings_anew_is_not_changed_by_the_api() {
    run(async {
        for (options, expected) in [
            (json!({}), false),
            (json!({"set_user_root_attributes": "on_each_login"}), false),
            (json!({"set_user_root_attributes": "on_first_login"}), true),
        ] {
            let mut world = changed(|data| {
                data.connections.push(
                    json!({"name": "Google", "strategy": "google-oauth2", "options": options}),
                );
            });
            let user = json!([{"email": "g@gmail.example", "name": "G", "user_id": "google-oauth2|7",
                "identities": [{"connection": "Google", "provider": "google-oauth2", "user_id": "7"}]}]);
            let made = world.control(Method::POST, "users", user).await;
            assert!(made.status.is_success(), "{}", made.text);
            let token = world.machine_token(None).await;
            let path = "users/google-oauth2%7C7";
            let body = json!({"name": "New", "given_name": "N", "family_name": "W"});
            let (status, answer) = world.api(Method::PATCH, path, &token, body).await;
            let email = json!({"email": "other@gmail.example"});
            let (of_email, said) = world.api(Method::PATCH, path, &token, email).await;
            match expected {
                true => assert_eq!((status, of_email), (200, 200), "{answer} {said}"),
                false => {
                    assert_eq!(
                        answer["message"],
                        "The following user attributes cannot be updated: family_name, given_name, name. The connection (Google) must either be a database connection (using the Auth0 store), a passwordless connection (email or sms) or has disabled 'Sync user profile attributes at each login'. For more information, see https://auth0.com/docs/dashboard/guides/connections/configure-connection-sync"
                    );
                    assert_eq!((status, of_email), (400, 400));
                    assert_eq!(said["message"], "Cannot update email for this user");
                }
            }
            // Metadata are the tenant's own.
            let body = json!({"user_metadata": {"a": 1}, "blocked": false});
            let (status, _) = world.api(Method::PATCH, path, &token, body).await;
            assert_eq!(status, 200);
        }
        let mut world = changed(|_| {});
        let token = world.machine_token(None).await;
        let body = json!({"name": "Jane D.", "nickname": "jd"});
        let (status, _) = world
            .api(Method::PATCH, "users/auth0%7C1", &token, body)
            .await;
        assert_eq!(status, 200);
    });
}

#[test]
fn roles_and_permissions_are_sets() {
    run(async {
        let mut world = changed(|_| {});
        let token = world.machine_token(None).await;
        let (_, roles) = world.api(Method::GET, "roles", &token, Value::Null).await;
        let role = roles[0]["id"].clone();
        let twice = json!({"roles": [role, role]});
        let (status, _) = world
            .api(Method::POST, "users/auth0%7C1/roles", &token, twice)
            .await;
        assert_eq!(status, 204);
        let (_, listed) = world
            .api(Method::GET, "users/auth0%7C1/roles", &token, Value::Null)
            .await;
        assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
        let read = json!({"resource_server_identifier": API, "permission_name": "read:x"});
        let twice = json!({"permissions": [read, read]});
        for path in [
            format!("roles/{}/permissions", role.as_str().unwrap()),
            "users/auth0%7C1/permissions".to_owned(),
        ] {
            let (status, _) = world.api(Method::POST, &path, &token, twice.clone()).await;
            assert_eq!(status, 201, "{path}");
            let (_, listed) = world.api(Method::GET, &path, &token, Value::Null).await;
            assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
        }
    });
}

#[test]
fn the_flexible_policy_holds_at_every_door() {
    run(async {
        let mut world = changed(|data| {
            data.connections[0]["options"] = json!({
                "passwordPolicy": "none",
                "password_options": {"complexity": {"min_length": 14}, "history": {"active": true, "size": 1}},
            });
        });
        let token = world.machine_token(None).await;
        for (password, expected) in [("Short-12", 400), ("long-enough-1234", 200)] {
            let new = json!({"client_id": WEB, "connection": DATABASE, "email": "marianne@example.com", "password": password});
            let answer = world
                .json_as(Method::POST, "/dbconnections/signup", "", new)
                .await;
            assert_eq!(answer.status.as_u16(), expected, "{}", answer.text);
        }
        let new =
            json!({"connection": DATABASE, "email": "paul@example.com", "password": "Short-12"});
        let (status, body) = world.api(Method::POST, "users", &token, new).await;
        let weak = "PasswordStrengthError: Password is too weak";
        assert_eq!((status, &body["message"]), (400, &json!(weak)));
        let used = "PasswordHistoryError: Password has previously been used";
        for (password, expected) in [
            ("Short-12", (400, weak)),
            ("long-enough-1234", (200, "")),
            ("long-enough-1234", (400, used)),
        ] {
            let (status, message) = set(&mut world, &token, password).await;
            assert_eq!((status, message.as_str()), expected, "{password}");
        }
    });
}
