//! The scenarios that auth0-mock has for the Authentication API, row by row: `fixtures/tenant/scenarios.json`. Each says what the
//! tenant answers; where that is not what the scenario expects, the row says why.

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, CONTROL, World, changed, encoded, run};

const TABLE: &str = include_str!("../../../../fixtures/tenant/scenarios.json");

fn rows() -> Vec<Value> {
    let table: Value = serde_json::from_str(TABLE).expect("JSON");
    table["rows"].as_array().expect("rows").clone()
}

fn world() -> World {
    changed(|data| {
        data.connections
            .push(json!({"name": "email", "strategy": "email"}));
        let more = [
            "http://auth0.com/oauth/grant-type/password-realm",
            "http://auth0.com/oauth/grant-type/passwordless/otp",
        ];
        let grants = data.clients[1]["grant_types"].as_array_mut();
        grants.expect("grants").extend(more.map(Value::from));
    })
}

/// A text with what earlier steps kept.
fn filled(text: &str, kept: &BTreeMap<String, String>) -> String {
    let mut text = text.to_owned();
    for (name, value) in kept {
        text = text.replace(&format!("${{{name}}}"), value);
    }
    text
}

async fn sent(world: &mut World, step: &Value, kept: &BTreeMap<String, String>) -> Answer {
    let part = |key: &str| step.get(key).and_then(Value::as_str);
    let bearer = part("bearer").map(|token| format!("Bearer {}", filled(token, kept)));
    let json_body = step.get("json").map(|body| filled(&body.to_string(), kept));
    if let Some(what) = part("control") {
        let method: Method = part("method").expect("a method").parse().unwrap();
        let token = format!("Bearer {CONTROL}");
        let headers = [
            ("content-type", "application/json"),
            ("authorization", token.as_str()),
        ];
        let body = part("raw").map(str::to_owned).or(json_body);
        let body = body.filter(|body| body != "null").unwrap_or_default();
        let path = format!("/_postlogin/{what}");
        return world.send(method, &path, &headers, body).await;
    }
    let mut headers: Vec<(&str, &str)> = Vec::new();
    headers.extend(bearer.as_deref().map(|token| ("authorization", token)));
    if let Some(path) = part("get") {
        return world.send(Method::GET, path, &headers, "").await;
    }
    let path = part("post").expect("a request");
    let body = match step.get("form").and_then(Value::as_object) {
        Some(form) => {
            headers.push(("content-type", "application/x-www-form-urlencoded"));
            let pairs: Vec<(String, String)> = form
                .iter()
                .map(|(name, value)| {
                    (
                        name.clone(),
                        filled(value.as_str().expect("a string"), kept),
                    )
                })
                .collect();
            let pairs: Vec<(&str, &str)> = pairs
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            encoded(&pairs)
        }
        None => {
            headers.push(("content-type", "application/json"));
            json_body.unwrap_or_default()
        }
    };
    world.send(Method::POST, path, &headers, body).await
}

/// The code that a user would see: in an app, in a mail or in a text.
async fn shown(world: &mut World, what: &str) -> String {
    let (list, key) = match what {
        "otp" => ("log", "otp"),
        "mail" => ("emails", "code"),
        _ => ("texts", "code"),
    };
    let listed = world.control(Method::GET, list, Value::Null).await.json();
    let listed = listed.as_array().expect("a list").iter().rev();
    let mut codes = listed.filter_map(|it| it.get(key)?.as_str());
    codes.next().expect("a code").to_owned()
}

fn check(world: &World, name: &str, step: &Value, answer: &Answer) {
    if let Some(status) = step.get("status") {
        assert_eq!(
            &json!(answer.status.as_u16()),
            status,
            "{name}: {}",
            answer.text
        );
    }
    if let Some(path) = step.get("leads_to").and_then(Value::as_str) {
        assert_eq!(answer.location().path(), path, "{name}");
    }
    if let Some(text) = step.get("text").and_then(Value::as_str) {
        assert!(answer.text.contains(text), "{name}: {}", answer.text);
    }
    let names = |key: &str| -> Vec<String> {
        let listed = step.get(key).and_then(Value::as_array);
        let listed = listed.into_iter().flatten().filter_map(Value::as_str);
        listed.map(str::to_owned).collect()
    };
    let body = || answer.json();
    for pointer in names("has") {
        assert!(body().pointer(&pointer).is_some(), "{name}: no {pointer}");
    }
    for pointer in names("lacks") {
        assert!(body().pointer(&pointer).is_none(), "{name}: {pointer}");
    }
    for (pointer, value) in step
        .get("is")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let found = body().pointer(pointer).cloned();
        assert_eq!(found.as_ref(), Some(value), "{name}: {pointer}");
    }
    for (claim, value) in step
        .get("claims")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let claims = world.claims(&body()["access_token"]);
        let found = claims.get(claim).cloned().unwrap_or_default();
        assert_eq!(&found, value, "{name}: {claim}");
    }
}

async fn play(row: &Value) {
    let name = format!("{}: {}", row["feature"], row["scenario"]);
    let mut world = world();
    let mut kept = BTreeMap::new();
    for step in row["steps"].as_array().expect("steps") {
        if let Some(more) = step.get("login").and_then(Value::as_object) {
            let more: Vec<(&str, &str)> = more
                .iter()
                .map(|(key, value)| (key.as_str(), value.as_str().unwrap()))
                .collect();
            let page = world.authorize(&more).await;
            let back = world.sign_in(&page).await;
            kept.insert("code".to_owned(), back.code());
            for (key, value) in step
                .get("is")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
            {
                assert_eq!(back.parameter(key).as_deref(), value.as_str(), "{name}");
            }
            continue;
        }
        if let Some(what) = step.get("shown").and_then(Value::as_str) {
            let code = shown(&mut world, what).await;
            kept.insert(step["keep"].as_str().expect("a name").to_owned(), code);
            continue;
        }
        let answer = sent(&mut world, step, &kept).await;
        check(&world, &name, step, &answer);
        for (key, pointer) in step
            .get("keep")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let body = answer.json();
            let value = body.pointer(pointer.as_str().unwrap());
            let value = value.and_then(Value::as_str).expect("a string to keep");
            kept.insert(key.clone(), value.to_owned());
        }
    }
}

#[test]
fn every_scenario_ends_as_its_row_says() {
    let rows = rows();
    assert!(rows.len() >= 50, "{}", rows.len());
    // All of them are played, so that one run names each row that is wrong.
    let wrong = rows
        .iter()
        .filter(|row| std::panic::catch_unwind(|| run(play(row))).is_err())
        .map(|row| format!("{}: {}", row["feature"], row["scenario"]));
    assert_eq!(wrong.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn every_difference_has_its_reason() {
    let mut names = std::collections::BTreeSet::new();
    for row in rows() {
        let name = format!("{}: {}", row["feature"], row["scenario"]);
        assert!(names.insert(name.clone()), "{name} is there twice");
        let said = |key: &str| {
            row.get(key)
                .and_then(Value::as_str)
                .is_some_and(|it| !it.is_empty())
        };
        let judged = row.get("judged").and_then(Value::as_str);
        let is_known = matches!(
            judged,
            None | Some("as in production" | "design" | "no source decides")
        );
        assert!(is_known, "{name}: {judged:?}");
        assert_eq!(said("differs"), said("theirs"), "{name}");
        assert_eq!(said("differs"), judged.is_some(), "{name}");
    }
}
