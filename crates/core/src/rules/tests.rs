//! The input of Rules, and the effect of their changes.

use serde_json::{Map, Value, json};

use super::report::{RuleWrite, place_of};
use super::state::Shared;
use super::{changes, context_of, spread_given, take_given, user_of};
use crate::location::Location;
use crate::value::Argument;

fn sample() -> Value {
    crate::event::sample(crate::Trigger::PostLogin)
}

/// Returns the value at a path of the `context` of a login with this event.
#[track_caller]
fn check(event: &Value, path: &str, expected: Value) {
    let context = context_of(event, &Map::new());
    let found = context.pointer(path).cloned().unwrap_or_default();
    assert_eq!(found, expected, "{path}");
}

#[test]
fn every_field_of_the_event_has_its_name_in_the_context() {
    let mut event = sample();
    event["organization"] =
        json!({"id": "org_1", "name": "acme", "display_name": "Acme", "metadata": {"a": "b"}});
    event["authentication"]["riskAssessment"] = json!({"confidence": "low"});
    for (path, expected) in [
        ("/tenant", json!("example")),
        ("/clientID", event["client"]["client_id"].clone()),
        ("/clientName", json!("Example Web App")),
        (
            "/clientMetadata",
            json!({"tier": "gold", "team": "storefront"}),
        ),
        ("/connectionID", json!("con_A1b2C3d4E5f6G7h8")),
        ("/connection", json!("Username-Password-Authentication")),
        ("/connectionStrategy", json!("auth0")),
        ("/connectionOptions", json!({})),
        ("/connectionMetadata", json!({})),
        ("/protocol", json!("oidc-basic-profile")),
        ("/stats", json!({"loginsCount": 12})),
        (
            "/sso/current_clients/0",
            event["client"]["client_id"].clone(),
        ),
        ("/accessToken", json!({})),
        ("/idToken", json!({})),
        ("/sessionID", event["session"]["id"].clone()),
        ("/request/ip", json!("203.0.113.24")),
        ("/request/hostname", json!("example.eu.auth0.com")),
        ("/request/userAgent", event["request"]["user_agent"].clone()),
        ("/request/query/response_type", json!("code")),
        ("/request/body", json!({})),
        (
            "/request/geoip",
            json!({
                "country_code": "CH", "country_code3": "CHE", "country_name": "Switzerland", "city_name": "Winterthur",
                "latitude": 47.4992, "longitude": 8.7267, "time_zone": "Europe/Zurich", "continent_code": "EU",
                "subdivision_code": "ZH", "subdivision_name": "Zurich",
            }),
        ),
        (
            "/authentication/methods",
            json!([{"name": "pwd", "timestamp": 1_795_163_399_000_i64}]),
        ),
        ("/authorization", json!({"roles": ["Publisher"]})),
        (
            "/organization",
            json!({"id": "org_1", "name": "acme", "metadata": {"a": "b"}}),
        ),
        ("/riskAssessment", json!({"confidence": "low"})),
        ("/samlConfiguration", Value::Null),
        ("/multifactor", Value::Null),
        ("/redirect", Value::Null),
        ("/primaryUser", Value::Null),
    ] {
        check(&event, path, expected);
    }
    event["transaction"]["protocol"] = json!("samlp");
    check(&event, "/samlConfiguration", json!({}));
    check(&json!({}), "/stats/loginsCount", json!(1));
    check(&json!({"request": 7}), "/request", Value::Null);
}

#[test]
fn app_metadata_lies_over_the_root_of_the_user() {
    let check = |user: Value, expected: Value| {
        assert_eq!(user_of(&json!({"user": user})), expected);
    };
    check(
        json!({"user_id": "a", "email": "x", "app_metadata": {"plan": "pro", "email": "y", "user_id": "b"}}),
        json!({"user_id": "a", "email": "y", "app_metadata": {"plan": "pro", "email": "y", "user_id": "b"}, "plan": "pro"}),
    );
    check(
        json!({"user_id": "a", "app_metadata": {}, "user_metadata": {}, "enrolledFactors": []}),
        json!({"user_id": "a"}),
    );
    check(json!("no user"), json!({}));
}

#[test]
fn an_event_may_be_given_in_the_words_of_rules() {
    let given = json!({
        "clientID": "abc",
        "clientName": "Shop",
        "protocol": "redirect-callback",
        "stats": {"loginsCount": 3},
        "request": {"geoip": {"country_code": "DE"}, "query": {"scope": "openid"}},
        "authentication": {"methods": [{"name": "mfa", "timestamp": 1_795_163_400_000_i64}]},
        "anything": {"else": true},
    });
    let mut event = json!({"user": {"user_id": "a"}, "context": given});
    spread_given(&mut event);
    let taken = take_given(&mut event);
    assert_eq!(Value::Object(taken.clone()), given);
    assert_eq!(
        event,
        json!({
            "user": {"user_id": "a"},
            "client": {"client_id": "abc", "name": "Shop"},
            "stats": {"logins_count": 3},
            "request": {"query": {"scope": "openid"}, "geoip": {"countryCode": "DE"}},
            "authentication": {"methods": [{"name": "mfa", "timestamp": "2026-11-20T08:30:00.000Z"}]},
        })
    );
    let context = context_of(&event, &taken);
    assert_eq!(context["anything"], json!({"else": true}));
    assert_eq!(context["protocol"], json!("redirect-callback"));
    let mut odd = json!({"context": "no object"});
    assert!(take_given(&mut odd).is_empty());
    assert_eq!(odd, json!({"context": "no object"}));
}

/// The calls that a change of `context` comes to, as text.
#[track_caller]
fn check_changes(before: Value, after: Value, expected: &[&str]) {
    let before = Shared {
        user: json!({"email": "jane@example.com", "app_metadata": {"plan": "pro"}}),
        context: before,
    };
    let user = before.user.clone();
    let found = changes::changes(&before, &user, &Argument::from_tagged(&after), &[]);
    let told: Vec<String> = found
        .iter()
        .map(|change| match change {
            changes::Change::Call { method, args, .. } => {
                let args: Vec<String> =
                    args.iter().map(|arg| arg.to_tagged().to_string()).collect();
                format!("{method}({})", args.join(", "))
            }
            changes::Change::RemoveClaim { name, .. } => format!("remove {name}"),
            changes::Change::Redirect { wanted, .. } => format!("redirect {wanted}"),
            changes::Change::Scopes { wanted, .. } => format!("scopes {}", wanted.join(" ")),
            changes::Change::Ignored(what) => format!("ignored: {what}"),
        })
        .collect();
    assert_eq!(told, expected, "{after}");
}

#[test]
fn what_a_rule_changes_is_what_an_action_asks_for() {
    check_changes(json!({"idToken": {}}), json!({"idToken": {}}), &[]);
    check_changes(
        json!({"idToken": {"a": 1, "gone": 2}}),
        json!({"idToken": {"a": 1, "b": [1]}, "accessToken": {"c": null}}),
        &[
            r#"idToken.setCustomClaim("b", [1])"#,
            "remove gone",
            r#"accessToken.setCustomClaim("c", null)"#,
        ],
    );
    check_changes(
        json!({"idToken": {"a": 1}}),
        json!({"idToken": 7}),
        &["remove a"],
    );
    check_changes(
        json!({}),
        json!({"accessToken": {"scope": ["openid", 7]}}),
        &["scopes openid"],
    );
    check_changes(
        json!({}),
        json!({"accessToken": {"scope": "openid"}}),
        &["ignored: context.accessToken.scope is not an array of strings"],
    );
    check_changes(
        json!({}),
        json!({"multifactor": {"provider": "duo", "allowRememberBrowser": false, "host": "h"}}),
        &[
            r#"multifactor.enable("duo", {"allowRememberBrowser":false,"providerOptions":{"host":"h"}})"#,
        ],
    );
    check_changes(
        json!({"multifactor": {"provider": "any"}}),
        json!({}),
        &[r#"multifactor.enable("none", {})"#],
    );
    check_changes(
        json!({}),
        json!({"primaryUser": "auth0|2", "redirect": {"url": "https://a"}, "own": {"data": 1}}),
        &[
            r#"authentication.setPrimaryUser("auth0|2")"#,
            "redirect true",
        ],
    );
    check_changes(
        json!({"redirect": {"url": "https://a"}}),
        json!({"redirect": {"$": "undefined"}}),
        &["redirect false"],
    );
    check_changes(
        json!({"samlConfiguration": {}}),
        json!({"samlConfiguration": {
            "audience": "urn:a",
            "RelayState": "r",
            "made": "up",
            "mappings": {"urn:plan": "app_metadata.plan", "urn:mail": ["no", "email"], "urn:none": "nothing"},
        }}),
        &[
            r#"samlResponse.setAudience("urn:a")"#,
            r#"samlResponse.setRelayState("r")"#,
            "ignored: context.samlConfiguration.made changes nothing that an outcome shows",
            r#"samlResponse.setAttribute("urn:plan", "pro")"#,
            r#"samlResponse.setAttribute("urn:mail", "jane@example.com")"#,
        ],
    );
    for odd in [
        json!(null),
        json!(7),
        json!({"samlConfiguration": 7, "multifactor": 7, "redirect": 7, "accessToken": []}),
        json!({"idToken": {"$": "circular"}, "samlConfiguration": {"mappings": [1]}}),
    ] {
        // Whatever a Rule leaves behind, nothing breaks.
        let before = Shared {
            user: Value::Null,
            context: Value::Null,
        };
        changes::changes(&before, &Value::Null, &Argument::from_tagged(&odd), &[]);
    }
}

#[test]
fn the_last_assignment_on_the_way_to_a_value_is_its_place() {
    let at = |line| Location {
        file: "x.js".into(),
        line,
        column: 1,
    };
    let write = |path: &[&str], line| RuleWrite {
        path: path.iter().map(|key| (*key).to_owned()).collect(),
        location: Some(at(line)),
    };
    let writes = [
        write(&["idToken"], 1),
        write(&["idToken", "a"], 2),
        write(&["idToken", "b"], 3),
        write(&["idToken", "b", "deep"], 4),
    ];
    assert_eq!(place_of(&writes, &["idToken", "a"]), Some(at(2)));
    assert_eq!(place_of(&writes, &["idToken", "b"]), Some(at(4)));
    assert_eq!(place_of(&writes, &["idToken", "c"]), Some(at(1)));
    assert_eq!(place_of(&writes, &["accessToken", "a"]), None);
}
