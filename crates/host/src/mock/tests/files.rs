//! Reading and writing of mocks.

use serde_json::json;

use super::mock;
use crate::mock::*;

#[test]
fn what_is_no_mock_is_refused() {
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let error = serde_json::from_str::<Mock>(text)
            .expect_err(text)
            .to_string();
        assert!(error.starts_with(expected), "{text}: {error}");
    }
    let response = |response: &str, expected: &str| {
        check(
            &format!(r#"{{"request": {{"url": "*"}}, "response": {response}}}"#),
            expected,
        );
    };
    let request = |request: &str, expected: &str| {
        check(
            &format!(r#"{{"request": {request}, "response": {{}}}}"#),
            expected,
        );
    };
    check(
        r#"{"requests": {}}"#,
        "unknown field `requests`, expected one of `request`, `response`, `times`",
    );
    check(r#"{"request": {"url": "*"}}"#, "missing field `response`");
    check(
        r#"{"request": {"url": "*"}, "response": {}, "times": 0}"#,
        "`times` must be at least 1",
    );
    request("{}", "missing field `url`");
    request(r#"{"url": "/score"}"#, "`/score` is not a complete URL");
    request(r#"{"url": "*", "uri": 1}"#, "unknown field `uri`");
    request(
        r#"{"url": "*", "method": "G T"}"#,
        "`G T` is not a valid HTTP method",
    );
    request(
        r#"{"url": "*", "headers": {"a b": "1"}}"#,
        "`a b` is not a valid header name",
    );
    request(
        r#"{"url": "*", "headers": {"a": "1\n2"}}"#,
        "the value of the header `a`",
    );
    request(r#"{"url": "*", "query": {"a": {}}}"#, "`a` must be a text");
    response(
        r#"{"body": 1}"#,
        "unknown field `body`, expected one of `status`",
    );
    response(r#"{"json": 1, "text": "1"}"#, "a response has one body");
    response(r#"{"status": 700}"#, "700 is not a valid status");
    response(
        r#"{"status": 204, "text": "x"}"#,
        "an answer with status 204 has no body",
    );
    response(r#"{"bytes": "?"}"#, "`bytes` must be base64");
    response(r#"{"delay": "soon"}"#, "`soon` is not a duration");
    response(
        r#"{"delay": 250}"#,
        "invalid type: integer `250`, expected a duration such as 250ms or 3s",
    );
    response(
        r#"{"error": "ECONNREST"}"#,
        "unknown variant `ECONNREST`, expected one of `ECONNREFUSED`, `ECONNRESET`",
    );
    response(
        r#"{"error": "ECONNRESET", "status": 200}"#,
        "a response with `error` cannot have status, headers or body",
    );
}

#[test]
fn every_network_error_is_read_under_its_code() {
    for code in [
        "ECONNREFUSED",
        "ECONNRESET",
        "ENOTFOUND",
        "EAI_AGAIN",
        "ETIMEDOUT",
        "EHOSTUNREACH",
        "CERT_HAS_EXPIRED",
        "DEPTH_ZERO_SELF_SIGNED_CERT",
        "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        "ERR_TLS_CERT_ALTNAME_INVALID",
    ] {
        let error: NetworkError = serde_json::from_value(code.into()).expect(code);
        assert_eq!(error.code(), code);
    }
}

#[test]
fn mocks_are_written_for_people() {
    let long = "x".repeat(90);
    let mocks = vec![
        mock(json!({
            "request": {"method": "POST", "url": "https://x.example/s?q=1", "headers": {"on": "a: b"}, "text": "a=1&b=2"},
            "response": {"status": 201, "headers": {"set-cookie": ["a=1", "b=2"]}, "json": {"a": 1, "long": [long]}},
            "times": 1,
        })),
        mock(json!({
            "request": {"url": "*", "query": {"q": "1"}},
            "response": {"error": "ECONNRESET", "delay": "1.5s"},
        })),
        mock(json!({"request": {"url": "*"}, "response": {"bytes": "/wAQ"}})),
        mock(json!({"request": {"url": "*"}, "response": {"text": "a\u{7f}\u{2028}\n"}})),
    ];
    assert_eq!(
        to_yaml(&mocks),
        format!(
            r#"- request:
    method: POST
    url: "https://x.example/s?q=1"
    headers:
      "on": "a: b"
    text: "a=1&b=2"
  response:
    status: 201
    headers:
      set-cookie: ["a=1", "b=2"]
    json: {{
        "a": 1,
        "long": [
          "{long}"
        ]
      }}
  times: 1
- request:
    url: "*"
    query:
      q: "1"
  response:
    error: ECONNRESET
    delay: 1500ms
- request:
    url: "*"
  response:
    status: 200
    bytes: "/wAQ"
- request:
    url: "*"
  response:
    status: 200
    text: "a\u007f\u2028\n"
"#
        )
    );
}
