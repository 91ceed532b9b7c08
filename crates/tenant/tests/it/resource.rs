//! `resource` (RFC 8707) instead of `audience`, and `iss` in the answers of `/authorize` (RFC 9207).
//!
//! <https://auth0.com/ai/docs/mcp/guides/resource-param-compatibility-profile>

use serde_json::{Value, json};

use crate::support::{API, ISSUER, MACHINE, MACHINE_SECRET, SPA, World, by_password, changed, run};

const OTHER: &str = "https://other.example.com";

fn world(profile: Option<&str>) -> World {
    changed(|data| {
        let profile = profile.map(|it| ("resource_parameter_profile".to_owned(), json!(it)));
        data.settings.extend(profile);
        data.resource_servers.push(json!({"identifier": OTHER}));
        data.clients[0]["refresh_token"]["policies"] = json!([{"audience": OTHER, "scope": []}]);
    })
}

async fn of_machine(world: &mut World, more: &[(&str, &str)]) -> Value {
    let mut fields = vec![
        ("grant_type", "client_credentials"),
        ("client_id", MACHINE),
        ("client_secret", MACHINE_SECRET),
    ];
    fields.extend_from_slice(more);
    let body = world.token(&fields).await.json();
    match body.get("access_token") {
        Some(token) => world.claims(token)["aud"].clone(),
        None => body["error_description"].clone(),
    }
}

#[test]
fn a_resource_names_the_api_where_the_tenant_takes_it() {
    run(async {
        let without =
            "No audience parameter was provided, and no default audience has been configured";
        for profile in [None, Some("audience")] {
            let mut world = world(profile);
            let said = of_machine(&mut world, &[("resource", API)]).await;
            assert_eq!(said, without, "{profile:?}");
            let body = world.log_in(&[("resource", API)]).await;
            assert!(!body["access_token"].as_str().unwrap().contains('.'));
        }
        let mut world = world(Some("compatibility"));
        assert_eq!(of_machine(&mut world, &[("resource", API)]).await, API);
        // `audience` comes first.
        let both = [("resource", OTHER), ("audience", API)];
        assert_eq!(of_machine(&mut world, &both).await, API);
        let unknown = of_machine(&mut world, &[("resource", "https://gone.example.com")]).await;
        assert_eq!(unknown, "Service not found: https://gone.example.com");
        assert_eq!(
            world
                .refusal(&[("resource", "https://gone.example.com")])
                .await,
            "access_denied"
        );
        let by_password = by_password(&[("resource", API), ("scope", "read:x")]);
        let body = world.token(&by_password).await.json();
        assert_eq!(body["scope"], "read:x", "{body}");

        let asked = [("resource", API), ("scope", "openid offline_access read:x")];
        let body = world.log_in(&asked).await;
        let audiences = json!([API, format!("{ISSUER}userinfo")]);
        assert_eq!(world.claims(&body["access_token"])["aud"], audiences);
        // At a refresh it names the API of a policy.
        let refreshed = world
            .token(&[
                ("grant_type", "refresh_token"),
                ("client_id", SPA),
                ("refresh_token", body["refresh_token"].as_str().unwrap()),
                ("resource", OTHER),
            ])
            .await
            .json();
        let audience = &world.claims(&refreshed["access_token"])["aud"];
        assert_eq!(audience[0], OTHER, "{audience}");
        let log = world.log().await;
        assert!(!log.iter().any(|it| it["parameter"] == "resource"));
    });
}

#[test]
fn answers_name_the_issuer_where_the_tenant_says_so() {
    run(async {
        let key = "authorization_response_iss_parameter_supported";
        for named in [false, true] {
            let mut world = changed(|data| {
                data.settings.insert(key.into(), json!(named));
            });
            let expected = named.then(|| ISSUER.to_owned());
            let page = world.authorize(&[]).await;
            let back = world.sign_in(&page).await;
            assert!(back.parameter("code").is_some());
            assert_eq!(back.parameter("iss"), expected);
            let refused = world
                .authorize(&[("audience", "https://gone.example.com")])
                .await;
            assert_eq!(refused.parameter("error").as_deref(), Some("access_denied"));
            assert_eq!(refused.parameter("iss"), expected);
            let discovery = world.get("/.well-known/openid-configuration").await.json();
            assert_eq!(discovery.get(key), named.then(|| json!(true)).as_ref());
        }
    });
}
