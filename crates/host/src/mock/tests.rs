//! Which mock answers which request, what is said otherwise, and how mocks are read and written.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::network::{Door, Request, Verdict};

fn mock(value: Value) -> Mock {
    serde_json::from_value(value).expect("a mock")
}

fn request(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Request {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Request {
        method: method.into(),
        url: url.into(),
        headers: headers.collect(),
        body: body.into(),
    }
}

fn get(url: &str) -> Request {
    request("GET", url, &[], "")
}

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
            r#"the header `authorization` is "Bearer abc", the mock's "Basic *""#,
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
        &["the body is no JSON"],
    );
    check(
        json!({"url": "*", "text": "grant_type=*"}),
        &request("POST", "https://x.example/", &[], "a=1"),
        &[r#"the body is "a=1", the mock's "grant_type=*""#],
    );
}

#[track_caller]
fn status(door: &MockDoor, url: &str) -> u16 {
    match door.send(&get(url)) {
        Verdict::Answered { status, .. } => status,
        other => panic!("{other:?}"),
    }
}

#[test]
fn mocks_answer_in_order_and_as_often_as_they_say() {
    let answer = |url: &str, status: u16, times: Option<u32>| {
        let mut value = json!({"request": {"url": url}, "response": {"status": status}});
        if let Some(times) = times {
            value["times"] = times.into();
        }
        mock(value)
    };
    let door = MockDoor::new(vec![
        answer("https://x.example/a", 503, Some(2)),
        answer("https://x.example/*", 200, None),
        answer("https://x.example/b", 404, None),
        answer("https://x.example/a", 500, Some(3)),
    ]);
    let a = "https://x.example/a";
    assert_eq!(status(&door, a), 503);
    assert_eq!(status(&door, "https://x.example/b"), 200);
    assert_eq!(
        [status(&door, a), status(&door, a), status(&door, a)],
        [503, 200, 200]
    );
    let left: Vec<String> = door
        .leftovers()
        .into_iter()
        .map(|remark| remark.message)
        .collect();
    assert_eq!(
        left,
        [
            "no request used mock 3 (* https://x.example/b)",
            "no request used mock 4 (* https://x.example/a)"
        ]
    );
}

#[test]
fn a_mock_that_was_used_too_rarely_is_left_over() {
    let door = MockDoor::new(vec![mock(
        json!({"request": {"method": "GET", "url": "*"}, "response": {}, "times": 2}),
    )]);
    assert_eq!(status(&door, "https://x.example/"), 200);
    assert_eq!(
        door.leftovers()[0].message,
        "mock 1 (GET *) was used 1 of 2 times"
    );
}

#[track_caller]
fn refusal(mocks: Value, request: &Request) -> String {
    let mocks: Vec<Mock> = serde_json::from_value(mocks).expect("mocks");
    let door = MockDoor::new(mocks);
    for _ in 0..2 {
        if let Verdict::Refused(remark) = door.send(request) {
            assert_eq!(remark.code, "request-unmatched");
            return remark.message;
        }
    }
    panic!("{request} was answered")
}

#[test]
fn what_fits_no_mock_is_told_with_the_nearest_and_one_that_fits() {
    let post = request(
        "POST",
        "https://api.example.com/score/12",
        &[],
        r#"{"user":"auth0|1"}"#,
    );
    let mocks = json!([
        {"request": {"url": "https://other.example/*"}, "response": {}},
        {"request": {"method": "GET", "url": "https://api.example.com/score/*"}, "response": {}},
        {"request": {"method": "POST", "url": "https://api.example.com/points"}, "response": {}},
    ]);
    assert_eq!(
        refusal(mocks, &post),
        r#"POST https://api.example.com/score/12 was refused: it fits none of the 3 mocks
the nearest is mock 2 (GET https://api.example.com/score/*): the method is POST, the mock's GET
to answer it, add this mock to the case's `http` list or to a file for --http:
- request:
    method: POST
    url: "https://api.example.com/score/12"
    json: {"user":"auth0|1"}
  response:
    status: 200
    json: {}
"#
    );
    let once = json!([{"request": {"url": "*"}, "response": {}, "times": 1}]);
    let message = refusal(once, &get("https://x.example/"));
    assert!(
        message.contains("mock 1 (* *): it is used up (times: 1)\n"),
        "{message}"
    );
    let message = refusal(json!([]), &get("https://x.example/"));
    assert!(
        message.starts_with("GET https://x.example/ was refused: there is no mock\nto answer it"),
        "{message}"
    );
}

#[test]
fn another_door_takes_what_fits_no_mock() {
    struct Elsewhere;
    impl Door for Elsewhere {
        fn send(&self, _: &Request) -> Verdict {
            Verdict::Answered {
                status: 299,
                headers: Vec::new(),
                body: Vec::new(),
                delay: Duration::ZERO,
            }
        }
    }
    let door = MockDoor::new(vec![mock(
        json!({"request": {"url": "https://x.example/a"}, "response": {}}),
    )])
    .or_else(std::sync::Arc::new(Elsewhere));
    assert_eq!(status(&door, "https://x.example/a"), 200);
    assert_eq!(status(&door, "https://x.example/b"), 299);
}

#[test]
fn answers_are_what_the_mock_says() {
    #[track_caller]
    fn check(response: Value, expected: Verdict) {
        let mock = mock(json!({"request": {"url": "*"}, "response": response}));
        assert_eq!(
            MockDoor::new(vec![mock]).send(&get("https://x.example/")),
            expected
        );
    }
    let answered = |status, headers: &[(&str, &str)], body: &[u8], delay| Verdict::Answered {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect(),
        body: body.into(),
        delay: Duration::from_millis(delay),
    };
    check(json!({}), answered(200, &[], b"", 0));
    check(
        json!({"status": 204, "delay": "250ms"}),
        answered(204, &[], b"", 250),
    );
    check(
        json!({"json": {"a": [1, null]}}),
        answered(
            200,
            &[("content-type", "application/json")],
            br#"{"a":[1,null]}"#,
            0,
        ),
    );
    check(
        json!({"json": null}),
        answered(200, &[("content-type", "application/json")], b"null", 0),
    );
    check(
        json!({"text": "ä", "headers": {"Content-Type": "text/html", "Set-Cookie": ["a=1", "b=2"]}}),
        answered(
            200,
            &[
                ("content-type", "text/html"),
                ("set-cookie", "a=1"),
                ("set-cookie", "b=2"),
            ],
            "ä".as_bytes(),
            0,
        ),
    );
    check(
        json!({"bytes": "/wAQ\n"}),
        answered(
            200,
            &[("content-type", "application/octet-stream")],
            &[0xff, 0, 0x10],
            0,
        ),
    );
    check(
        json!({"error": "ENOTFOUND", "delay": "2s"}),
        Verdict::Failed {
            error: NetworkError::NotFound,
            delay: Duration::from_secs(2),
            remark: None,
        },
    );
}

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
        "a mock that answers 0 times",
    );
    request("{}", "missing field `url`");
    request(r#"{"url": "/score"}"#, "`/score` is no whole URL");
    request(r#"{"url": "*", "uri": 1}"#, "unknown field `uri`");
    request(
        r#"{"url": "*", "method": "G T"}"#,
        "`G T` is no HTTP method",
    );
    request(
        r#"{"url": "*", "headers": {"a b": "1"}}"#,
        "`a b` is no name of a header",
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
    response(r#"{"status": 700}"#, "700 is no status");
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
        "a response with `error` is none at all",
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
