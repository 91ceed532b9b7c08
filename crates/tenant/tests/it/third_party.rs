//! Third-party applications in the strict mode, and refreshes after an API's access policy or a client grant changed.
//!
//! <https://auth0.com/docs/get-started/applications/third-party-applications/security-controls>

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{
    API, Answer, CALLBACK, CHALLENGE, MACHINE, MACHINE_SECRET, SPA, World, changed, encoded, run,
};

const FOREIGN: &str = "tpc_partner";

/// The SPA is a third-party application whose id shows the strict mode; with client grants.
fn strict(grants: Value) -> World {
    changed(|data| {
        data.clients[0]["is_first_party"] = json!(false);
        data.clients[0]["client_id"] = json!(FOREIGN);
        data.connections[0]["is_domain_connection"] = json!(true);
        let grants = grants.as_array().unwrap().clone();
        data.client_grants.extend(grants);
    })
}

fn default(scope: &[&str]) -> Value {
    json!({"default_for": "third_party_clients", "audience": API, "subject_type": "user", "scope": scope})
}

/// A request to `/authorize` with nothing that the strict mode refuses, and more.
async fn ask(world: &mut World, more: &[(&str, &str)]) -> Answer {
    let mut fields = vec![
        ("client_id", FOREIGN),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid email read:x write:x offline_access"),
        ("audience", API),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in more {
        fields.retain(|(known, _)| known != name);
        if !value.is_empty() {
            fields.push((name, value));
        }
    }
    world.get(&format!("/authorize?{}", encoded(&fields))).await
}

async fn refusal(world: &mut World, more: &[(&str, &str)]) -> (String, String) {
    let answer = ask(world, more).await;
    let part = |name| answer.parameter(name).unwrap_or_default();
    (part("error"), part("error_description"))
}

/// Signs in, consents, and returns the answer of the token endpoint.
async fn tokens(world: &mut World) -> Value {
    let page = ask(world, &[]).await;
    let consent = world.sign_in(&page).await;
    let state = consent.parameter("state").unwrap();
    let fields = [("state", state.as_str()), ("action", "accept")];
    let back = world.form("/u/consent", &fields).await;
    let answer = world
        .token(&[
            ("grant_type", "authorization_code"),
            ("client_id", FOREIGN),
            ("code", &back.code()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", crate::support::VERIFIER),
        ])
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

async fn refresh(world: &mut World, client: &str, token: &Value) -> Answer {
    let token = token.as_str().expect("a refresh token");
    world
        .token(&[
            ("grant_type", "refresh_token"),
            ("client_id", client),
            ("refresh_token", token),
        ])
        .await
}

#[test]
fn a_third_party_application_needs_a_client_grant_for_each_api() {
    run(async {
        let refused =
            format!("Client \"{FOREIGN}\" is not authorized to access resource server \"{API}\".");
        let of_machines =
            json!({"default_for": "third_party_clients", "audience": API, "scope": ["read:x"]});
        for without in [json!([]), json!([of_machines])] {
            let mut world = strict(without);
            let (error, description) = refusal(&mut world, &[]).await;
            assert_eq!(error, "unauthorized_client");
            assert_eq!(description, refused);
        }
        // Of the defaults; OpenID Connect is not for such applications.
        let mut world = strict(json!([default(&["read:x"])]));
        let body = tokens(&mut world).await;
        assert_eq!(body["scope"], "read:x offline_access");
        assert_eq!(body.get("id_token"), None);
        // A grant of its own is what counts.
        let own = json!({"client_id": FOREIGN, "audience": API, "subject_type": "user", "scope": ["write:x"]});
        let mut world = strict(json!([default(&["read:x"]), own]));
        let body = tokens(&mut world).await;
        assert_eq!(body["scope"], "write:x offline_access");
    });
}

#[test]
fn the_strict_mode_takes_codes_with_pkce_alone() {
    run(async {
        let mut world = strict(json!([default(&["read:x"])]));
        assert_eq!(
            ask(&mut world, &[("ext-a", "1")]).await.location().path(),
            "/u/login"
        );
        let management = "http://localhost:3333/api/v2/";
        for (more, error) in [
            (("code_challenge", ""), "invalid_request"),
            (("screen_hint", "signup"), "invalid_request"),
            (("id_token_hint", "x"), "invalid_request"),
            (("custom", "x"), "invalid_request"),
            (("response_type", "token"), "unsupported_response_type"),
            (
                ("response_type", "code id_token"),
                "unsupported_response_type",
            ),
            (("audience", management), "unauthorized_client"),
            (
                ("audience", "http://localhost:3333/mfa/"),
                "unauthorized_client",
            ),
            (("organization", "acme"), "invalid_request"),
        ] {
            let (found, said) = refusal(&mut world, &[more]).await;
            assert_eq!(found, error, "{more:?}: {said}");
        }
        let (_, said) = refusal(&mut world, &[("organization", "acme")]).await;
        assert_eq!(said, "parameter organization is invalid: acme");
        let device = [("client_id", FOREIGN)];
        let answer = world.form("/oauth/device/code", &device).await;
        assert_eq!(
            answer.json()["error"],
            "unauthorized_client",
            "{}",
            answer.text
        );
    });
}

#[test]
fn the_permissive_mode_follows_the_policy_of_the_api() {
    run(async {
        let mut world = changed(|data| {
            data.clients[0]["is_first_party"] = json!(false);
            data.clients[0]["third_party_security_mode"] = json!("permissive");
            data.connections[0]["is_domain_connection"] = json!(true);
        });
        let page = world
            .authorize(&[
                ("audience", API),
                ("code_challenge", ""),
                ("code_challenge_method", ""),
            ])
            .await;
        assert_eq!(page.location().path(), "/u/login");
    });
}

#[test]
fn a_machine_of_a_third_party_has_the_defaults_and_no_api_of_the_tenant() {
    run(async {
        let mut world = changed(|data| {
            data.clients[2]["is_first_party"] = json!(false);
            data.clients[2]["third_party_security_mode"] = json!("strict");
            data.client_grants.remove(0);
            data.client_grants.push(
                json!({"default_for": "third_party_clients", "audience": API, "scope": ["write:x"]}),
            );
        });
        for (audience, status, scope) in [
            (API, 200, json!("write:x")),
            ("http://localhost:3333/api/v2/", 403, Value::Null),
        ] {
            let answer = world
                .token(&[
                    ("grant_type", "client_credentials"),
                    ("client_id", MACHINE),
                    ("client_secret", MACHINE_SECRET),
                    ("audience", audience),
                ])
                .await;
            assert_eq!(answer.status, status, "{}", answer.text);
            assert_eq!(answer.json()["scope"], scope);
        }
    });
}

#[test]
fn a_new_third_party_application_is_strict() {
    run(async {
        let mut world = changed(|_| {});
        let token = world.machine_token(None).await;
        let new = |more: Value| {
            let mut body = json!({"name": "Partner", "app_type": "spa", "is_first_party": false});
            body.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            body
        };
        let mode = "third_party_security_mode";
        let (status, made) = world
            .api(Method::POST, "clients", &token, new(json!({})))
            .await;
        assert_eq!((status, &made[mode]), (201, &json!("strict")));
        let id = made["client_id"].as_str().unwrap().to_owned();
        assert!(id.starts_with("tpc_"), "{id}");
        assert_eq!(
            made["grant_types"],
            json!(["authorization_code", "refresh_token"])
        );
        let (status, old) = world
            .api(
                Method::POST,
                "clients",
                &token,
                new(json!({mode: "permissive"})),
            )
            .await;
        assert_eq!((status, &old[mode]), (201, &json!("permissive")));
        // Both are decisions for good.
        let path = format!("clients/{id}");
        for change in [json!({mode: "permissive"}), json!({"is_first_party": true})] {
            let (status, said) = world.api(Method::PATCH, &path, &token, change).await;
            assert_eq!(status, 400, "{said}");
        }
        let of_own = json!({"name": "Own", mode: "strict"});
        let (status, _) = world.api(Method::POST, "clients", &token, of_own).await;
        assert_eq!(status, 400);
    });
}

#[test]
fn default_permissions_are_client_grants_without_an_application() {
    run(async {
        let mut world = strict(json!([]));
        let token = world.machine_token(None).await;
        let made = default(&["read:x"]);
        let mut both = made.clone();
        both["client_id"] = json!(FOREIGN);
        for (body, expected) in [
            (both, 400),
            (json!({"audience": API}), 400),
            (made.clone(), 201),
            (made, 409),
        ] {
            let (status, said) = world.api(Method::POST, "client-grants", &token, body).await;
            assert_eq!(status, expected, "{said}");
        }
        let path = "client-grants?default_for=third_party_clients";
        let (_, listed) = world.api(Method::GET, path, &token, Value::Null).await;
        let listed = listed.as_array().unwrap();
        assert_eq!(listed.len(), 1, "{listed:?}");
        assert_eq!(listed[0]["audience"], API);
        assert_eq!(tokens(&mut world).await["scope"], "read:x offline_access");
    });
}

#[test]
fn a_refresh_is_judged_by_the_policy_of_the_day() {
    run(async {
        let mut world = changed(|_| {});
        let token = world.machine_token(None).await;
        let asked = [
            ("audience", API),
            ("scope", "openid offline_access read:x write:x"),
        ];
        let body = world.log_in(&asked).await;
        let api = API.replace(':', "%3A").replace('/', "%2F");
        let path = format!("resource-servers/{api}");
        let policy = |user: &str| json!({"subject_type_authorization": {"user": {"policy": user}, "client": {"policy": "deny_all"}}});
        let (status, said) = world
            .api(Method::PATCH, &path, &token, policy("require_client_grant"))
            .await;
        assert_eq!(status, 200, "{said}");
        let answer = refresh(&mut world, SPA, &body["refresh_token"]).await;
        let said =
            format!("Client \"{SPA}\" is not authorized to access resource server \"{API}\".");
        assert_eq!(answer.json()["error_description"], said, "{}", answer.text);

        let grant =
            json!({"client_id": SPA, "audience": API, "subject_type": "user", "scope": ["read:x"]});
        let (status, made) = world
            .api(Method::POST, "client-grants", &token, grant)
            .await;
        assert_eq!(status, 201, "{made}");
        // The refused exchange used nothing up.
        let cut = refresh(&mut world, SPA, &body["refresh_token"])
            .await
            .json();
        assert_eq!(cut["scope"], "openid offline_access read:x");

        let (status, _) = world
            .api(Method::PATCH, &path, &token, policy("allow_all"))
            .await;
        assert_eq!(status, 200);
        // What the user agreed to is not lost.
        let whole = refresh(&mut world, SPA, &cut["refresh_token"]).await.json();
        assert_eq!(whole["scope"], "openid offline_access read:x write:x");

        let (status, _) = world
            .api(Method::PATCH, &path, &token, policy("deny_all"))
            .await;
        assert_eq!(status, 200);
        let denied = refresh(&mut world, SPA, &whole["refresh_token"]).await;
        assert_eq!(denied.json()["error"], "invalid_request", "{}", denied.text);
    });
}

#[test]
fn a_code_of_before_gives_no_access_that_has_ended() {
    run(async {
        let api = API.replace(':', "%3A").replace('/', "%2F");
        let deny = json!({"subject_type_authorization": {"user": {"policy": "deny_all"}, "client": {"policy": "deny_all"}}});
        let acme = [("organization", "acme")];
        let of_api = [("audience", API)];
        for (asked, method, path, body, error) in [
            (
                &of_api,
                Method::PATCH,
                format!("resource-servers/{api}"),
                deny,
                "invalid_request",
            ),
            (
                &acme,
                Method::DELETE,
                "organizations/".to_owned(),
                Value::Null,
                "invalid_grant",
            ),
        ] {
            let mut world = changed(|_| {});
            let token = world.machine_token(None).await;
            let path = match path.ends_with('/') {
                true => {
                    let (_, acme) = world
                        .api(Method::GET, "organizations/name/acme", &token, Value::Null)
                        .await;
                    format!("{path}{}", acme["id"].as_str().unwrap())
                }
                false => path,
            };
            let page = world.authorize(asked).await;
            let code = world.sign_in(&page).await.code();
            let (status, said) = world.api(method, &path, &token, body).await;
            assert!(status < 300, "{said}");
            let answer = world.exchange(&code).await;
            assert_eq!(answer.json()["error"], error, "{}", answer.text);
        }
    });
}

#[test]
fn the_tokens_of_a_grant_end_with_it() {
    run(async {
        let user = "grants?user_id=auth0%7C1";
        for by_user in [false, true] {
            let mut world = strict(json!([default(&["read:x"])]));
            let token = world.machine_token(None).await;
            let body = tokens(&mut world).await;
            let (_, grants) = world.api(Method::GET, user, &token, Value::Null).await;
            let path = match by_user {
                true => user.to_owned(),
                false => format!("grants/{}", grants[0]["id"].as_str().unwrap()),
            };
            let (status, _) = world.api(Method::DELETE, &path, &token, Value::Null).await;
            assert_eq!(status, 204);
            let answer = refresh(&mut world, FOREIGN, &body["refresh_token"]).await;
            assert_eq!(answer.json()["error"], "invalid_grant", "{}", answer.text);
        }
    });
}

#[test]
fn a_revocation_ends_the_grant_where_the_tenant_says_so() {
    run(async {
        for ends in [false, true] {
            let mut world = strict(json!([default(&["read:x"])]));
            let token = world.machine_token(None).await;
            let flags = json!({"flags": {"revoke_refresh_token_grant": ends}});
            let (status, said) = world
                .api(Method::PATCH, "tenants/settings", &token, flags)
                .await;
            assert_eq!(status, 200, "{said}");
            let first = tokens(&mut world).await;
            // The same application on another device.
            let code = ask(&mut world, &[]).await.code();
            let second = world
                .token(&[
                    ("grant_type", "authorization_code"),
                    ("client_id", FOREIGN),
                    ("code", &code),
                    ("redirect_uri", CALLBACK),
                    ("code_verifier", crate::support::VERIFIER),
                ])
                .await
                .json();
            let revoked = first["refresh_token"].as_str().unwrap();
            let fields = [("client_id", FOREIGN), ("token", revoked)];
            assert_eq!(world.form("/oauth/revoke", &fields).await.status, 200);
            let other = refresh(&mut world, FOREIGN, &second["refresh_token"]).await;
            assert_eq!(other.status.is_success(), !ends, "{}", other.text);
            let (_, grants) = world
                .api(Method::GET, "grants?user_id=auth0%7C1", &token, Value::Null)
                .await;
            assert_eq!(grants.as_array().unwrap().is_empty(), ends, "{grants}");
        }
    });
}
