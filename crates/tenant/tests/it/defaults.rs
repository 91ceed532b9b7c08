//! Keys that an export leaves out have production's defaults, and what only looks allowed is refused.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{API, SPA, World, by_password, changed, encoded, export, run};

const DATABASE: &str = "Username-Password-Authentication";

async fn password(world: &mut World, more: &[(&str, &str)]) -> Value {
    let fields = by_password(&[&[("scope", "openid offline_access")], more].concat());
    world.token(&fields).await.json()
}

#[test]
fn an_application_that_says_nothing_of_organizations_has_none() {
    run(async {
        let mut world = changed(|data| {
            for client in &mut data.clients {
                client
                    .as_object_mut()
                    .unwrap()
                    .shift_remove("organization_usage");
            }
        });
        let answer = world.authorize(&[("organization", "acme")]).await;
        assert_eq!(
            answer.parameter("error_description").as_deref(),
            Some("parameter organization is not allowed for this client")
        );
        let refused = password(&mut world, &[("organization", "acme")]).await;
        assert_eq!(refused["error"], "invalid_request", "{refused}");
        world.log_in(&[]).await;
    });
}

#[test]
fn an_api_that_does_not_say_so_has_no_refresh_tokens() {
    run(async {
        for (allows, expected) in [(None, false), (Some(false), false), (Some(true), true)] {
            let mut world = changed(|data| {
                let api = data.resource_servers[0].as_object_mut().unwrap();
                api.shift_remove("allow_offline_access");
                if let Some(allows) = allows {
                    api.insert("allow_offline_access".into(), json!(allows));
                }
            });
            let scope = "openid offline_access read:x";
            let page = world.log_in(&[("audience", API), ("scope", scope)]).await;
            let grant = password(&mut world, &[("audience", API)]).await;
            for body in [page, grant] {
                assert_eq!(
                    body["refresh_token"].is_string(),
                    expected,
                    "{allows:?} {body}"
                );
                let granted = body["scope"].as_str().unwrap();
                assert_eq!(granted.contains("offline_access"), expected, "{granted}");
            }
            // Without an API nothing forbids it.
            let plain = world.log_in(&[("scope", "openid offline_access")]).await;
            assert!(plain["refresh_token"].is_string(), "{plain}");
        }
    });
}

/// A tenant whose organizations have connections as they are given.
fn with_connections(connections: &Value) -> World {
    changed(|data| {
        data.connections
            .push(json!({"name": "Second", "strategy": "auth0"}));
        data.connections
            .push(json!({"name": "google-oauth2", "strategy": "google-oauth2"}));
        data.settings
            .insert("default_directory".into(), DATABASE.into());
        data.organizations[0]["connections"] = connections.clone();
    })
}

#[test]
fn an_organization_opens_no_page_that_nobody_can_use() {
    run(async {
        for (connections, expected) in [
            (json!([]), "no connections enabled for the organization"),
            (
                json!([{"name": "google-oauth2", "show_as_button": false}]),
                "no connections enabled for the organization are visible",
            ),
        ] {
            let mut world = with_connections(&connections);
            let closed = world.authorize(&[("organization", "acme")]).await;
            let description = closed.parameter("error_description");
            assert_eq!(description.as_deref(), Some(expected));
        }
        // A session of another connection is none there.
        let mut world = with_connections(&json!([{"name": "Second"}]));
        world.log_in(&[]).await;
        let silent = [("organization", "acme"), ("prompt", "none")];
        assert_eq!(world.refusal(&silent).await, "login_required");
        let mut world = with_connections(&json!([{"name": DATABASE}]));
        world.log_in(&[("organization", "acme")]).await;
        world.log_in(&silent).await;
    });
}

#[test]
fn an_oidc_logout_that_does_not_name_the_session_is_confirmed() {
    run(async {
        let mut data = export();
        data.clients[0]["allowed_logout_urls"] =
            json!(["http://localhost:5000/bye", "http://localhost:5000/b"]);
        let mut world = World::with(data, vec![]);
        let bye = ("post_logout_redirect_uri", "http://localhost:5000/bye");
        let first = world.log_in(&[]).await["id_token"]
            .as_str()
            .unwrap()
            .to_owned();
        world.cookies.clear();
        let own = world.log_in(&[]).await;
        let sid = world.claims(&own["id_token"])["sid"]
            .as_str()
            .unwrap()
            .to_owned();
        let out = async |world: &mut World, fields: &[(&str, &str)]| {
            world
                .get(&format!("/oidc/logout?{}", encoded(fields)))
                .await
        };
        for more in [
            vec![("client_id", SPA), bye, ("state", "s")],
            vec![("id_token_hint", first.as_str()), bye],
            vec![("client_id", SPA), ("logout_hint", "another"), bye],
            vec![],
        ] {
            let page = out(&mut world, &more).await;
            assert!(
                page.status == 200 && page.text.contains("Do you want to log out"),
                "{more:?}: {}",
                page.text
            );
            world.log_in(&[("prompt", "none")]).await;
        }
        let no = [("client_id", SPA), ("action", "cancel")];
        let page = world.form("/oidc/logout", &no).await;
        assert!(page.text.contains("still signed in"), "{}", page.text);
        world.log_in(&[("prompt", "none")]).await;
        // What the page sends.
        let yes = [
            ("client_id", SPA),
            bye,
            ("state", "s"),
            ("logout_hint", sid.as_str()),
            ("action", "accept"),
        ];
        let answer = world.form("/oidc/logout", &yes).await;
        assert_eq!(
            answer.header("location"),
            "http://localhost:5000/bye?state=s"
        );
        assert_eq!(world.refusal(&[("prompt", "none")]).await, "login_required");

        let own = world.log_in(&[]).await;
        let hint = own["id_token"].as_str().unwrap();
        assert_eq!(
            out(
                &mut world,
                &[("id_token_hint", hint), ("logout_hint", "x"), bye]
            )
            .await
            .status,
            400
        );
        assert_eq!(
            out(
                &mut world,
                &[
                    ("id_token_hint", hint),
                    ("post_logout_redirect_uri", "http://localhost:5000/bye?x=1")
                ]
            )
            .await
            .status,
            400
        );
        let answer = out(&mut world, &[("id_token_hint", hint), bye]).await;
        assert_eq!(answer.header("location"), "http://localhost:5000/bye");
        // Nobody is signed in: nothing to confirm.
        let answer = out(&mut world, &[("client_id", SPA)]).await;
        assert_eq!(
            answer.header("location"),
            "http://localhost:5000/bye",
            "the first one"
        );
        let answer = out(
            &mut world,
            &[("post_logout_redirect_uri", "http://localhost:5000/tenant")],
        )
        .await;
        assert_eq!(answer.header("location"), "http://localhost:5000/tenant");

        let mut world = changed(|data| {
            let off = json!({"oidc_logout_prompt_enabled": false});
            data.settings.insert("sessions".into(), off);
        });
        world.log_in(&[]).await;
        let answer = out(&mut world, &[("client_id", SPA), bye]).await;
        assert_eq!(answer.header("location"), "http://localhost:5000/bye");
    });
}

/// Source: <https://auth0.com/docs/authenticate/login/logout/log-users-out-of-auth0>.
#[test]
fn discovery_lists_the_logout_unless_the_tenant_switches_that_off() {
    run(async {
        for (setting, expected) in [(None, true), (Some(true), true), (Some(false), false)] {
            let mut world = changed(|data| {
                let logout = setting
                    .map(|listed| json!({"rp_logout_end_session_endpoint_discovery": listed}));
                data.settings
                    .extend(logout.map(|it| ("oidc_logout".to_owned(), it)));
            });
            let found = world.get("/.well-known/openid-configuration").await.json();
            let listed = found.get("end_session_endpoint");
            assert_eq!(listed.is_some(), expected, "{setting:?}");
        }
    });
}

#[test]
fn the_certificate_of_the_key_is_at_pem() {
    run(async {
        let mut world = World::new(vec![]);
        let set = world.get("/.well-known/jwks.json").await.json();
        let pem = world.get("/pem").await.text;
        let lines: Vec<&str> = pem.lines().collect();
        assert_eq!(
            (lines[0], lines[lines.len() - 1]),
            ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----")
        );
        let body = &lines[1..lines.len() - 1];
        assert!(body.iter().all(|line| line.len() <= 64));
        assert_eq!(body.concat(), set["keys"][0]["x5c"][0].as_str().unwrap());
        assert_eq!(world.get("/cer").await.status, 501);
        let headers = [
            ("origin", "http://localhost:5000"),
            ("access-control-request-method", "POST"),
            (
                "access-control-request-headers",
                "content-type,x-request-language",
            ),
        ];
        let allowed = world
            .send(Method::OPTIONS, "/passwordless/start", &headers, "")
            .await;
        assert!(
            allowed
                .header("access-control-allow-headers")
                .contains("x-request-language")
        );
    });
}

#[test]
fn addresses_of_applications_are_urls() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let path = format!("clients/{SPA}");
        for (change, status) in [
            (json!({"callbacks": ["nope"]}), 400),
            (json!({"allowed_logout_urls": ["x y"]}), 400),
            (
                json!({"callbacks": ["https://*.example.com/cb", "com.example.app:/callback"]}),
                200,
            ),
            (json!({"callbacks": []}), 200),
        ] {
            let (answered, body) = world.api(Method::PATCH, &path, &token, change).await;
            assert_eq!(answered, status, "{body}");
        }
        let new = json!({"name": "New", "callbacks": ["/callback"]});
        let (status, body) = world.api(Method::POST, "clients", &token, new).await;
        assert_eq!((status, &body["errorCode"]), (400, &json!("invalid_body")));
    });
}

#[test]
fn the_password_grant_needs_the_directory_of_the_tenant() {
    run(async {
        let mut world = changed(|data| {
            data.settings.shift_remove("default_directory");
        });
        let answer = world.token(&by_password(&[])).await;
        assert_eq!(answer.status, 500);
        assert_eq!(
            answer.json(),
            json!({"error": "server_error", "error_description": "Authorization server not configured with default connection."})
        );
        // The other grant names its database itself.
        let realm = "http://auth0.com/oauth/grant-type/password-realm";
        let mut fields = by_password(&[("realm", DATABASE)]);
        fields.retain(|(name, _)| *name != "grant_type");
        fields.push(("grant_type", realm));
        assert_eq!(world.token(&fields).await.status, 200);
        // It counts as soon as it is set.
        let token = world.machine_token(None).await;
        let settings = json!({ "default_directory": DATABASE });
        let (status, _) = world
            .api(Method::PATCH, "tenants/settings", &token, settings)
            .await;
        assert_eq!(status, 200);
        assert_eq!(world.token(&by_password(&[])).await.status, 200);
        // An export without settings of the tenant cannot say which one it is.
        let mut world = changed(|data| data.settings.clear());
        assert_eq!(world.token(&by_password(&[])).await.status, 200);
    });
}

#[test]
fn a_third_party_application_signs_in_by_connections_of_the_domain_alone() {
    run(async {
        let mut world = changed(|data| {
            data.clients[0]["is_first_party"] = json!(false);
            data.clients[1]["is_first_party"] = json!(false);
        });
        let page = world.authorize(&[]).await;
        assert_eq!(
            page.parameter("error_description").as_deref(),
            Some("no connections enabled for the client")
        );
        let refused = world.token(&by_password(&[])).await;
        assert_eq!(refused.status, 403, "{}", refused.text);
        assert_eq!(refused.json()["error"], "unauthorized_client");
        let signup = json!({"client_id": SPA, "connection": DATABASE, "email": "n@example.com", "password": "a-Long-secret-1"});
        let path = "/dbconnections/signup";
        let refused = world.json_as(Method::POST, path, "", signup).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
    });
}
