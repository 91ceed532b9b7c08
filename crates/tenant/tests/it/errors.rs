//! The bodies of errors, row by row, each with the page that published it: `fixtures/tenant/errors.json`.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{API, SPA, World, by_password_of, encoded, export, run};

const TABLE: &str = include_str!("../../../../fixtures/tenant/errors.json");

fn world() -> World {
    let mut data = export();
    data.resource_servers
        .push(json!({"name": "Other", "identifier": "https://other.example.com"}));
    World::with(data, vec![])
}

/// The items that rows refer to.
struct Known {
    device_code: String,
    mfa_token: String,
    oob_code: String,
}

async fn known(world: &mut World) -> Known {
    let string = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let fields = [("client_id", SPA), ("scope", "openid")];
    let device = world.form("/oauth/device/code", &fields).await.json();
    world
        .control(Method::PUT, "mfa", json!({"force": true}))
        .await;
    let fields = by_password_of("joe@example.com", "joe-secret", &[]);
    let required = world.token(&fields).await.json();
    let mfa_token = string(&required["mfa_token"]);
    let body = json!({"authenticator_types": ["oob"], "oob_channels": ["email"]});
    let enrolled = world
        .json_as(Method::POST, "/mfa/associate", &mfa_token, body)
        .await
        .json();
    world
        .control(Method::PUT, "mfa", json!({"force": false}))
        .await;
    Known {
        device_code: string(&device["device_code"]),
        oob_code: string(&enrolled["oob_code"]),
        mfa_token,
    }
}

fn fields<'r>(row: &'r Value, key: &str, known: &'r Known) -> Vec<(&'r str, &'r str)> {
    let object = row["request"][key].as_object();
    let pairs = object.into_iter().flatten().map(|(name, value)| {
        let value = match value.as_str().expect("a string") {
            "{device_code}" => &known.device_code,
            "{mfa_token}" => &known.mfa_token,
            "{oob_code}" => &known.oob_code,
            text => text,
        };
        (name.as_str(), value)
    });
    pairs.collect()
}

/// Whether an answer is the one of a row, of which `*` stands for any string.
fn fits(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            expected.len() == found.len()
                && expected
                    .iter()
                    .all(|(key, value)| found.get(key).is_some_and(|found| fits(value, found)))
        }
        (Value::String(any), Value::String(found)) if any == "*" => !found.is_empty(),
        _ => expected == found,
    }
}

#[test]
fn every_row_agrees() {
    run(async {
        let table: Value = serde_json::from_str(TABLE).expect("JSON");
        let rows = table["rows"].as_array().expect("rows");
        assert!(rows.len() >= 20, "{}", rows.len());
        let mut world = world();
        let known = known(&mut world).await;
        for row in rows {
            let name = row["name"].as_str().expect("a name");
            let forced = row["force_mfa"] == true;
            world
                .control(Method::PUT, "mfa", json!({"force": forced}))
                .await;
            let path = row["request"]["path"].as_str().expect("a path");
            let query = encoded(&fields(row, "query", &known));
            let answer = match row["request"]["method"].as_str() {
                Some("GET") => world.get(&format!("{path}?{query}")).await,
                _ => world.form(path, &fields(row, "form", &known)).await,
            };
            assert_eq!(
                answer.status.as_u16(),
                row["status"],
                "{name}: {}",
                answer.text
            );
            let body = match answer.status.is_redirection() {
                true => json!({
                    "error": answer.parameter("error"), "error_description": answer.parameter("error_description"),
                }),
                false => answer.json(),
            };
            assert!(fits(&row["body"], &body), "{name}: {body}");
        }
    });
}

#[test]
fn every_row_says_where_it_is_from() {
    let table: Value = serde_json::from_str(TABLE).expect("JSON");
    let mut names = std::collections::BTreeSet::new();
    for row in table["rows"].as_array().expect("rows") {
        let name = row["name"].as_str().expect("a name");
        assert!(names.insert(name), "{name} is there twice");
        for key in ["source", "status_source"] {
            let source = row.get(key).unwrap_or(&Value::Null);
            let is_link = source
                .as_str()
                .is_some_and(|link| link.starts_with("https://"));
            assert!(is_link || source.is_null(), "{name}: {source}");
        }
        assert!(row.get("source").is_some(), "{name}: no source");
    }
    assert!(names.contains("a wrong client secret") && TABLE.contains(API));
}
