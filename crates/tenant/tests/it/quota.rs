//! Quotas of machines' tokens: <https://auth0.com/docs/fine-grained-m2m-token-quotas>.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{API, Answer, MACHINE, MACHINE_SECRET, World, changed, run};

async fn ask(world: &mut World, organization: Option<&str>) -> Answer {
    let mut fields = vec![
        ("grant_type", "client_credentials"),
        ("client_id", MACHINE),
        ("client_secret", MACHINE_SECRET),
        ("audience", API),
    ];
    fields.extend(organization.map(|it| ("organization", it)));
    world.token(&fields).await
}

fn limit(per_hour: u64, enforce: Option<bool>) -> Value {
    let mut limits = json!({"per_hour": per_hour});
    if let Some(enforce) = enforce {
        limits["enforce"] = json!(enforce);
    }
    json!({"client_credentials": limits})
}

#[test]
fn a_quota_of_an_application_is_refused_with_the_documented_headers() {
    run(async {
        // The clock stands at the beginning of a day.
        let mut world = changed(|data| {
            data.clients[2]["token_quota"] =
                json!({"client_credentials": {"per_hour": 2, "per_day": 50}});
        });
        world.advance(60).await;
        for left in [1, 0] {
            let answer = ask(&mut world, None).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            let named = format!(
                "b=per_hour;q=2;r={left};t=3540,b=per_day;q=50;r={};t=86340",
                48 + left
            );
            assert_eq!(answer.header("auth0-client-quota-limit"), named);
            assert_eq!(answer.header("auth0-organization-quota-limit"), "");
        }
        let refused = ask(&mut world, None).await;
        assert_eq!(refused.status, 429);
        let expected =
            json!({"error": "too_many_requests", "error_description": "Client quota exceeded"});
        assert_eq!(refused.json(), expected);
        let now = crate::support::NOW_MS / 1000;
        for (header, value) in [
            ("x-ratelimit-limit", "2".to_owned()),
            ("x-ratelimit-remaining", "0".to_owned()),
            ("x-ratelimit-reset", (now + 3600).to_string()),
            ("retry-after", "3540".to_owned()),
        ] {
            assert_eq!(refused.header(header), value, "{header}");
        }
        assert!(
            refused
                .header("auth0-client-quota-limit")
                .starts_with("b=per_hour;q=2;r=0;t=3540")
        );
        // It begins anew with the hour; the day goes on.
        world.advance(3540).await;
        let answer = ask(&mut world, None).await;
        assert_eq!(
            answer.header("auth0-client-quota-limit"),
            "b=per_hour;q=2;r=1;t=3600,b=per_day;q=50;r=47;t=82800"
        );
        let token = world.machine_token(None).await;
        let (_, log) = world
            .api(Method::GET, "logs?per_page=100", &token, Value::Null)
            .await;
        let said: Vec<&str> = log
            .as_array()
            .unwrap()
            .iter()
            .filter(|it| it["type"] == "token_quota_consumption_warning")
            .filter_map(|it| it["description"].as_str())
            .collect();
        assert!(
            said.contains(&"100% of client per_hour quota consumed"),
            "{said:?}"
        );
        assert!(!said.iter().any(|it| it.contains("per_day")), "{said:?}");
        assert!(
            log.as_array()
                .unwrap()
                .iter()
                .any(|it| it["type"] == "feccft")
        );
    });
}

#[test]
fn the_quota_of_the_item_comes_before_the_default_of_the_tenant() {
    run(async {
        let world = |own: Value, organization: Value| {
            changed(|data| {
                data.settings.insert(
                    "default_token_quota".into(),
                    json!({"clients": limit(1, None), "organizations": limit(1, None)}),
                );
                data.clients[2]["token_quota"] = own;
                data.organizations[0]["id"] = json!("org_acme");
                data.organizations[0]["token_quota"] = organization;
                data.client_grants[0]["organization_usage"] = json!("allow");
                data.client_grants[0]["allow_any_organization"] = json!(true);
            })
        };
        for (own, organization, asked, expected) in [
            (Value::Null, Value::Null, None, "Client quota exceeded"),
            (limit(9, None), Value::Null, None, ""),
            (limit(1, Some(false)), Value::Null, None, ""),
            (
                limit(9, None),
                Value::Null,
                Some("org_acme"),
                "Organization quota exceeded",
            ),
            (limit(9, None), limit(9, None), Some("org_acme"), ""),
        ] {
            let mut world = world(own, organization);
            assert_eq!(ask(&mut world, asked).await.status, 200);
            let second = ask(&mut world, asked).await;
            let said = second.json()["error_description"].clone();
            assert_eq!(
                said.as_str().unwrap_or_default(),
                expected,
                "{}",
                second.text
            );
        }
    });
}
