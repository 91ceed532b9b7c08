//! Which pattern fits which request.

use serde_json::{Value, json};

use super::{get, request};
use crate::mock::*;
use crate::network::Request;

/// The reasons why a pattern does not fit a request.
#[track_caller]
fn check(pattern: Value, request: &Request, expected: &[&str]) {
    let pattern: RequestPattern = serde_json::from_value(pattern).expect("a pattern");
    let found = mismatches(&pattern, request);
    let found: Vec<&str> = found.iter().map(Mismatch::reason).collect();
    assert_eq!(found, expected, "{pattern:?} {request}");
}

#[test]
fn methods_and_urls() {
    let score = get("https://api.example.com/score/12?verbose=1");
    for url in [
        "https://api.example.com/score/12",
        "https://api.example.com/score/12?verbose=1",
        "https://api.example.com/score/12?*",
        "https://API.example.com/score/*",
        "https://api.example.com:443/score/12",
        "https://*/score/12",
        "https://*",
        "*",
        "*/score/*",
    ] {
        check(json!({"url": url}), &score, &[]);
        check(json!({"url": url, "method": "get"}), &score, &[]);
    }
    for url in [
        "https://api.example.com/score",
        "https://api.example.com/score/12?verbose=2",
        "https://api.example.com/score/12?",
        "http://api.example.com/score/12",
        "https://api.example.com/Score/12",
        "https://example.com/score/12",
    ] {
        let reason =
            format!("the URL is https://api.example.com/score/12?verbose=1, the mock's {url}");
        check(json!({"url": url}), &score, &[&reason]);
    }
    check(
        json!({"url": "*", "method": "POST"}),
        &score,
        &["the method is GET, the mock's POST"],
    );
    check(
        json!({"url": "https://example.com"}),
        &get("https://example.com/"),
        &[],
    );
    check(
        json!({"url": "http://localhost:80/x"}),
        &get("http://localhost/x"),
        &[],
    );
    check(
        json!({"url": "http://localhost:3000"}),
        &get("http://localhost:3000/"),
        &[],
    );
}

#[test]
fn queries_headers_and_bodies() {
    let search = request(
        "POST",
        "https://x.example/s?q=a%20b&page=2&tag=x&tag=y",
        &[
            ("authorization", "Bearer abc"),
            ("content-type", "application/json"),
        ],
        r#"{"user": {"id": "auth0|1", "age": 30}, "roles": ["a", "b"], "none": null}"#,
    );
    let url = "https://x.example/s";
    for part in [
        json!({"query": {"q": "a b"}}),
        json!({"query": {"page": 2, "tag": "y"}}),
        json!({"query": {"tag": ["x", "y"]}}),
        json!({"headers": {"Authorization": "Bearer *"}}),
        json!({"json": {}}),
        json!({"json": {"user": {"id": "auth0|*"}}}),
        json!({"json": {"user": {"age": 30.0}, "roles": ["a", "b"], "none": null}}),
        json!({"text": "*auth0|1*"}),
    ] {
        let mut pattern = part;
        pattern["url"] = url.into();
        check(pattern, &search, &[]);
    }
    for (part, reason) in [
        (
            json!({"query": {"q": "a"}}),
            r#"the query parameter `q` is "a b", the mock's "a""#,
        ),
        (
            json!({"query": {"z": "a"}}),
            "it has no query parameter `z`",
        ),
        (
            json!({"headers": {"authorization": "Basic *"}}),
            r#"the header `authorization` is "Bearer ***", the mock's "Basic *""#,
        ),
        (
            json!({"headers": {"x-key": "*"}}),
            "it has no header `x-key`",
        ),
        (
            json!({"json": {"user": {"age": 31}}}),
            "`json.user.age` is 30, the mock's 31",
        ),
        (
            json!({"json": {"user": {"name": "*"}}}),
            "`json.user.name` is missing",
        ),
        (
            json!({"json": {"roles": ["a"]}}),
            r#"`json.roles` is ["a","b"], the mock's ["a"]"#,
        ),
        (
            json!({"json": {"roles": ["a", "c"]}}),
            r#"`json.roles[1]` is "b", the mock's "c""#,
        ),
        (
            json!({"json": null}),
            r#"`json` is {"user":{"id":"auth0|1","age":30},"roles":["a","b"],"none":null}, the mock's null"#,
        ),
    ] {
        let mut pattern = part;
        pattern["url"] = url.into();
        check(pattern, &search, &[reason]);
    }
    check(
        json!({"url": "*", "json": {"a": 1}}),
        &get("https://x.example/"),
        &["the body is not valid JSON"],
    );
    check(
        json!({"url": "*", "text": "grant_type=*"}),
        &request("POST", "https://x.example/", &[], "a=1"),
        &[r#"the body is "a=1", the mock's "grant_type=*""#],
    );
}
