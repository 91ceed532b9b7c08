//! Which mock answers which request, and what is said otherwise.

mod files;
mod matching;
mod work;

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
