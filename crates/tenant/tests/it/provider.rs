//! Social and enterprise connections: the built-in identity provider, and what becomes of the profile.

use axum::http::{Method, StatusCode};
use postlogin_project::TenantData;
use postlogin_tenant::ProviderVisit;
use serde_json::{Value, json};

use crate::support::{Answer, SPA, World, claim, encoded, export, run};

fn with_connections() -> TenantData {
    let mut data = export();
    let script = json!({"fetchUserProfile": "function (accessToken, ctx, cb) { … }"});
    data.connections.extend([
        json!({"name": "idp", "strategy": "oauth2", "display_name": "The IdP", "options": {
            "client_id": "at-idp", "tokenURL": "https://idp.example.com/token", "scripts": script,
        }}),
        json!({"name": "once", "strategy": "oauth2", "options": {"scripts": script, "set_user_root_attributes": "on_first_login"}}),
        json!({"name": "bare", "strategy": "oauth2", "options": {}}),
        json!({"name": "github", "strategy": "github"}),
        json!({"name": "saml", "strategy": "samlp"}),
        json!({"name": "elsewhere", "strategy": "github", "enabled_clients": ["Web"]}),
    ]);
    data
}

/// The script of these tests: it passes on what the provider says.
fn fetch(visit: ProviderVisit) -> Result<Value, String> {
    let Some(identity) = visit.identity else {
        return Err("nobody answers".to_owned());
    };
    if identity["fails"] == true {
        return Err("the script says no".to_owned());
    }
    let mut profile = identity.as_object().cloned().unwrap();
    if let Some(id) = profile.shift_remove("id") {
        profile.insert("user_id".into(), id);
    }
    Ok(Value::Object(profile))
}

fn world(script: Vec<Vec<crate::support::Does>>) -> World {
    let world = World::with(with_connections(), script);
    *world.pipeline.fetch.lock().unwrap() = fetch;
    world
}

/// From `/authorize` to the answer of `/login/callback`.
async fn sign_in(world: &mut World, connection: &str, fields: &[(&str, &str)]) -> Answer {
    let page = world
        .authorize(&[("connection", connection), ("prompt", "login")])
        .await;
    let state = page.parameter("state").expect("a page");
    let mut all = vec![("state", state.as_str()), ("connection", connection)];
    all.extend(fields);
    let back = world.form("/u/provider", &all).await;
    match back.status {
        StatusCode::FOUND => world.get(back.location().as_str()).await,
        _ => back,
    }
}

async fn user(world: &mut World, id: &str) -> Value {
    let found = world
        .users()
        .await
        .into_iter()
        .find(|user| user["user_id"] == id);
    found.unwrap_or_else(|| panic!("there is no user {id}"))
}

#[test]
fn a_profile_makes_a_user_and_brings_it_up_to_date() {
    run(async {
        let mut world = world(vec![vec![claim("https://e.com/a", json!(1))]]);
        let first = json!({"id": 7, "email": "jane@idp.example.com", "locale": "de", "logins_count": 99,
            "user_metadata": {"hobby": "chess"}, "app_metadata": {"plan": "pro"}});
        let back = sign_in(&mut world, "idp", &[("identity", &first.to_string())]).await;
        let body = world.exchange(&back.code()).await.json();
        let claims = world.claims(&body["id_token"]);
        assert_eq!(
            (&claims["sub"], &claims["https://e.com/a"]),
            (&json!("oauth2|idp|7"), &json!(1))
        );
        let event = world.last_event();
        assert_eq!(event["connection"]["name"], "idp");
        assert_eq!(event["connection"]["strategy"], "oauth2");
        assert_eq!(event["authentication"]["methods"][0]["name"], "federated");
        assert_eq!(event["stats"]["logins_count"], 1);
        assert_eq!(
            event["user"]["identities"][0],
            json!({"connection": "idp", "provider": "oauth2", "user_id": "idp|7", "isSocial": true})
        );
        assert_eq!(
            (&event["user"]["locale"], &event["user"]["nickname"]),
            (&json!("de"), &json!("jane"))
        );

        // Root attributes are refreshed, metadata that is given replaces what is stored, and what is not given stays.
        let later =
            json!({"id": 7, "email": "new@idp.example.com", "user_metadata": {"lang": "de"}});
        sign_in(&mut world, "idp", &[("identity", &later.to_string())]).await;
        let stored = user(&mut world, "oauth2|idp|7").await;
        assert_eq!(
            (
                &stored["email"],
                &stored["user_metadata"],
                &stored["app_metadata"],
                &stored["logins_count"],
                &stored["locale"]
            ),
            (
                &json!("new@idp.example.com"),
                &json!({"lang": "de"}),
                &json!({"plan": "pro"}),
                &json!(2),
                &json!("de")
            )
        );
        // The provider knows him now.
        let page = world
            .authorize(&[("connection", "idp"), ("prompt", "login")])
            .await;
        let page = world.get(page.location().as_str()).await;
        assert!(
            page.text.contains("value=\"oauth2|idp|7\"")
                && page.text.contains("new@idp.example.com"),
            "{}",
            page.text
        );
        let back = sign_in(&mut world, "idp", &[("user_id", "oauth2|idp|7")]).await;
        assert!(back.parameter("code").is_some());
        // Another one may have the same address there.
        let other = json!({"id": 8, "email": "new@idp.example.com"});
        let back = sign_in(&mut world, "idp", &[("identity", &other.to_string())]).await;
        assert!(back.parameter("code").is_some());
    });
}

#[test]
fn a_connection_may_leave_root_attributes_alone() {
    run(async {
        let mut world = world(vec![]);
        for name in ["Old", "New"] {
            let identity = json!({"id": "7", "name": name, "user_metadata": {"seen": name}});
            sign_in(&mut world, "once", &[("identity", &identity.to_string())]).await;
        }
        let stored = user(&mut world, "oauth2|once|7").await;
        assert_eq!(
            (&stored["name"], &stored["user_metadata"]["seen"]),
            (&json!("Old"), &json!("New"))
        );
    });
}

#[test]
fn other_strategies_take_the_profile_as_it_is_typed() {
    run(async {
        let mut world = world(vec![]);
        for (connection, id, is_social) in [
            ("github", "github|7", true),
            ("saml", "samlp|saml|7", false),
        ] {
            let identity = json!({"sub": "7", "email": "jane@example.com", "groups": ["a"]});
            let back = sign_in(
                &mut world,
                connection,
                &[("identity", &identity.to_string())],
            )
            .await;
            let body = world.exchange(&back.code()).await.json();
            assert_eq!(world.claims(&body["id_token"])["sub"], id);
            let event = world.last_event();
            assert_eq!(
                (
                    &event["user"]["groups"],
                    &event["user"]["identities"][0]["isSocial"]
                ),
                (&json!(["a"]), &json!(is_social))
            );
        }
        for (identity, told) in [
            ("[]", "must be a JSON object"),
            ("{", "not valid JSON"),
            ("{\"a\": 1}", "needs a `user_id`"),
            ("", "not valid JSON"),
        ] {
            let answer = sign_in(&mut world, "github", &[("identity", identity)]).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST);
            assert!(answer.text.contains(told), "{identity}: {}", answer.text);
        }
    });
}

#[test]
fn what_goes_wrong_reaches_the_application() {
    run(async {
        let mut world = world(vec![]);
        let check =
            async |world: &mut World, connection: &str, fields: &[(&str, &str)], told: &str| {
                let answer = sign_in(world, connection, fields).await;
                assert_eq!(
                    answer.parameter("error").as_deref(),
                    Some("access_denied"),
                    "{fields:?}"
                );
                assert_eq!(answer.parameter("error_description").as_deref(), Some(told));
                assert_eq!(answer.parameter("state").as_deref(), Some("st"));
            };
        let w = &mut world;
        check(
            w,
            "idp",
            &[("identity", r#"{"fails": true}"#)],
            "the script says no",
        )
        .await;
        check(w, "idp", &[("identity", "")], "nobody answers").await;
        check(
            w,
            "idp",
            &[("identity", "{}")],
            "The profile that fetchUserProfile gives has no user_id.",
        )
        .await;
        check(
            w,
            "idp",
            &[("action", "cancel")],
            "The user denied the request",
        )
        .await;
        check(w, "bare", &[("identity", r#"{"user_id": "1"}"#)],
            "The connection bare has no fetchUserProfile, so that its profile is empty: it has no user_id.").await;
        let blocked = world.control(Method::POST, "users", json!({"user_id": "github|9", "blocked": true,
            "identities": [{"connection": "github", "provider": "github", "user_id": "9", "isSocial": true}]})).await;
        assert_eq!(blocked.status, StatusCode::CREATED);
        let answer = sign_in(&mut world, "github", &[("user_id", "github|9")]).await;
        assert_eq!(answer.parameter("error").as_deref(), Some("unauthorized"));
    });
}

#[test]
fn a_callback_belongs_to_one_login_of_one_browser() {
    run(async {
        let mut world = world(vec![]);
        let page = world.authorize(&[("connection", "github")]).await;
        let state = page.parameter("state").unwrap();
        let chosen = [
            ("state", state.as_str()),
            ("connection", "github"),
            ("identity", r#"{"id": "7"}"#),
        ];
        let back = world.form("/u/provider", &chosen).await;
        let callback = back.location();
        let cookies = std::mem::take(&mut world.cookies);
        assert_eq!(
            world.get(callback.as_str()).await.status,
            StatusCode::BAD_REQUEST,
            "another browser"
        );
        world.cookies = cookies;
        let other = world
            .authorize(&[("connection", "github")])
            .await
            .parameter("state")
            .unwrap();
        let code = back.parameter("code").unwrap();
        let mixed = world
            .get(&format!(
                "/login/callback?{}",
                encoded(&[("code", &code), ("state", &other)])
            ))
            .await;
        assert_eq!(
            mixed.parameter("error").as_deref(),
            Some("invalid_request"),
            "another login"
        );
        for query in ["", "?state=x", "?code=x"] {
            assert_eq!(
                world.get(&format!("/login/callback{query}")).await.status,
                StatusCode::BAD_REQUEST
            );
        }
        // The code is used up, right or wrong; so is the page.
        assert_eq!(
            world
                .get(callback.as_str())
                .await
                .parameter("error")
                .as_deref(),
            Some("invalid_request")
        );
        assert_eq!(
            world.get(callback.as_str()).await.status,
            StatusCode::BAD_REQUEST
        );
    });
}

#[test]
fn the_login_page_offers_what_the_application_may_use() {
    run(async {
        let mut world = world(vec![]);
        let page = world.authorize(&[]).await;
        let state = page.parameter("state").unwrap();
        let page = world.get(page.location().as_str()).await;
        assert!(
            page.text.contains("Continue with The IdP")
                && page.text.contains("Continue with GitHub")
        );
        assert!(!page.text.contains("elsewhere"));
        let settings = world.get(&format!("/client/{SPA}.js")).await.text;
        assert!(
            settings.contains(
                r#"{"name":"oauth2","connections":[{"name":"idp","display_name":"The IdP"},{"name":"once""#
            ) && !settings.contains("elsewhere"),
            "{settings}"
        );
        for (connection, status) in [
            ("idp", 200),
            ("elsewhere", 400),
            ("nowhere", 400),
            ("Username-Password-Authentication", 400),
        ] {
            let query = encoded(&[("state", &state), ("connection", connection)]);
            assert_eq!(
                world
                    .get(&format!("/u/provider?{query}"))
                    .await
                    .status
                    .as_u16(),
                status,
                "{connection}"
            );
        }
        let refused = world.authorize(&[("connection", "elsewhere")]).await;
        assert_eq!(
            refused.parameter("error").as_deref(),
            Some("invalid_request")
        );
        let silent = world
            .authorize(&[("connection", "idp"), ("prompt", "none")])
            .await;
        assert_eq!(silent.parameter("error").as_deref(), Some("login_required"));
    });
}

#[test]
fn a_linked_identity_signs_the_primary_user_in() {
    run(async {
        let mut world = world(vec![]);
        let linked = json!({"user_id": "3", "email": "both@example.com", "name": "Both", "identities": [
            {"connection": "Username-Password-Authentication", "provider": "auth0", "user_id": "3", "isSocial": false},
            {"connection": "github", "provider": "github", "user_id": "7", "isSocial": true},
        ]});
        world.control(Method::POST, "users", linked).await;
        let identity = json!({"id": "7", "name": "At GitHub"});
        let back = sign_in(&mut world, "github", &[("identity", &identity.to_string())]).await;
        let body = world.exchange(&back.code()).await.json();
        let claims = world.claims(&body["id_token"]);
        assert_eq!(
            (&claims["sub"], &claims["name"]),
            (&json!("auth0|3"), &json!("Both"))
        );
        let event = world.last_event();
        assert_eq!(event["connection"]["name"], "github");
        assert_eq!(
            event["user"]["identities"][1]["profileData"]["name"],
            "At GitHub"
        );
        // Single sign-on remembers the way in.
        world
            .log_in(&[("prompt", "none"), ("client_id", SPA)])
            .await;
        assert_eq!(world.last_event()["connection"]["name"], "github");
    });
}

#[test]
fn odd_profiles_are_kept_as_they_are() {
    run(async {
        let mut world = world(vec![]);
        let long = "x".repeat(10_000);
        for id in ["<script>", "a|b", "a/../b?c#d", "\u{0}", "☃", long.as_str()] {
            let identity = json!({"id": id, "email": ["no", "text"], "identities": [], "__proto__": {"a": 1},
                "created_at": 5, "blocked": true, "user_metadata": "<script>", "name": "<script>"});
            let back = sign_in(&mut world, "idp", &[("identity", &identity.to_string())]).await;
            let code = back.code();
            let body = world.exchange(&code).await.json();
            let user_id = format!("oauth2|idp|{id}");
            assert_eq!(world.claims(&body["id_token"])["sub"], user_id);
            let stored = user(&mut world, &user_id).await;
            assert_eq!(stored["identities"][0]["provider"], "oauth2");
            assert_eq!(
                (&stored["user_metadata"], stored.get("blocked")),
                (&json!({}), None)
            );
            assert!(stored["created_at"].is_string());
        }
        let page = world
            .authorize(&[("connection", "idp"), ("prompt", "login")])
            .await;
        let page = world.get(page.location().as_str()).await;
        assert!(!page.text.contains("<script>"), "{}", page.text);
    });
}

/// A tenant with an enterprise connection that denies attributes and has a domain.
fn enterprise() -> World {
    let mut data = export();
    data.connections.push(json!({
        "name": "corp", "strategy": "oidc", "enabled_clients": [SPA, crate::support::WEB],
        "options": {"non_persistent_attrs": ["phone_number", "family_name"], "domain_aliases": ["Corp.example"]},
    }));
    World::with(data, vec![])
}

#[test]
fn denied_attributes_are_there_in_their_login_and_not_stored() {
    run(async {
        let mut world = enterprise();
        let identity = json!({
            "sub": "7", "email": "kim@corp.example", "given_name": "Kim", "family_name": "Lee", "phone_number": "+15550100",
        });
        for silent in [false, true] {
            let page = match silent {
                false => world.authorize(&[("connection", "corp")]).await,
                true => world.authorize(&[("prompt", "none")]).await,
            };
            if !silent {
                let state = page.parameter("state").unwrap();
                let fields = [
                    ("state", state.as_str()),
                    ("connection", "corp"),
                    ("identity", &identity.to_string()),
                ];
                let back = world.form("/u/provider", &fields).await;
                let target = back.header("location").to_owned();
                let done = world
                    .get(&target.replace("http://localhost:3333", ""))
                    .await;
                assert!(!done.code().is_empty(), "{}", done.text);
            }
            let user = world.last_event()["user"].clone();
            assert_eq!(user["given_name"], "Kim");
            let denied = (&user["family_name"], &user["phone_number"]);
            match silent {
                false => assert_eq!(denied, (&json!("Lee"), &json!("+15550100"))),
                true => assert_eq!(denied, (&json!(null), &json!(null))),
            }
        }
        let stored = world.users().await.pop().unwrap();
        assert_eq!(stored["given_name"], "Kim", "{stored}");
        assert!(!stored.to_string().contains("Lee"), "{stored}");
        assert!(!stored.to_string().contains("+15550100"), "{stored}");
    });
}

#[test]
fn the_domain_of_an_address_leads_to_its_connection() {
    run(async {
        for (username, leads) in [
            ("kim@CORP.example", true),
            ("kim@corp.example.org", false),
            ("jane@example.com", false),
            ("corp.example", false),
        ] {
            let mut world = enterprise();
            let page = world.authorize(&[]).await;
            let state = page.parameter("state").unwrap();
            let fields = [
                ("state", state.as_str()),
                ("username", username),
                ("password", ""),
                ("action", "default"),
            ];
            let answer = world.form("/u/login", &fields).await;
            let location = answer.header("location");
            assert_eq!(location.contains("/u/provider"), leads, "{username}");
            assert_eq!(location.contains("connection=corp"), leads, "{username}");
        }
    });
}
