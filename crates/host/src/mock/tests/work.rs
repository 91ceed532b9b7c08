//! The cost of the search for the mock of a request.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{get, mock, refusal, request};
use crate::mock::*;
use crate::network::{Door, Request, Verdict};

/// Far more than it takes, and far less than it would take to parse the body for each mock.
const SOON: Duration = Duration::from_secs(20);

fn large(text: &str, bytes: usize) -> String {
    text.repeat(bytes / text.len())
}

/// Mocks that all look at bodies in this way, each for another value.
fn many(count: usize, pattern: impl Fn(usize) -> Value) -> Vec<Mock> {
    let one = |number| mock(json!({"request": pattern(number), "response": {"status": 201}}));
    (0..count).map(one).collect()
}

#[track_caller]
fn refused(door: &MockDoor, request: &Request) -> String {
    match door.send(request) {
        Verdict::Refused(remark) => remark.message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_large_body_is_parsed_once_for_all_mocks() {
    let body = json!({"id": 1, "text": large("abc ", 6 << 20), "list": vec![7; 100_000]});
    let post = request("POST", "https://x.example/", &[], &body.to_string());
    let mut mocks = many(
        12_000,
        |number| json!({"url": "*", "json": {"id": number + 2}}),
    );
    let began = Instant::now();
    let message = refused(&MockDoor::new(mocks.clone()), &post);
    assert!(
        message.contains("the nearest is mock 1 (* *): `json.id` is 1, the mock's 2\n"),
        "{message}"
    );
    mocks.extend(many(1, |_| json!({"url": "*", "json": {"id": 1}})));
    let answer = MockDoor::new(mocks).send(&post);
    assert!(matches!(answer, Verdict::Answered { status: 201, .. }));
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
}

#[test]
fn comparing_has_an_end() {
    let text = large("ab", 1 << 20);
    let json = json!({"text": text}).to_string();
    for pattern in [
        (|number| json!({"url": "*", "text": format!("*x{number}*")})) as fn(usize) -> Value,
        |number| json!({"url": "*", "json": {"text": format!("*x{number}*")}}),
        |number| json!({"url": "*", "json": {"***": format!("*x{number}*")}}),
        |number| json!({"url": "*", "headers": {"x-long": format!("*x{number}*")}}),
        |number| json!({"url": "*", "query": {"q": format!("*x{number}*")}}),
        |number| json!({"url": format!("*x{number}*")}),
    ] {
        let url = format!("https://x.example/?q={text}");
        let post = request("POST", &url, &[("x-long", &text)], &json);
        let fits = mock(json!({"request": {"url": "*"}, "response": {}}));
        let mut mocks = many(2_000, pattern);
        mocks.push(fits);
        let door = MockDoor::with_work(mocks, 16 << 20);
        let began = Instant::now();
        let message = refused(&door, &post);
        assert!(
            message.contains("it was not compared with all of the 2001 mocks"),
            "{}",
            message.get(message.len() - 300..).unwrap_or(&message)
        );
        // The next requests of the login are refused at once.
        for _ in 0..5 {
            refused(&door, &post);
        }
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    }
}

#[test]
fn what_may_have_a_mock_is_not_sent_elsewhere() {
    struct Elsewhere;
    impl Door for Elsewhere {
        fn send(&self, request: &Request) -> Verdict {
            panic!("{request} was sent")
        }
    }
    let mocks = many(
        100,
        |number| json!({"url": format!("https://x.example/{number}")}),
    );
    let door = MockDoor::with_work(mocks, 1_000).or_else(std::sync::Arc::new(Elsewhere));
    let message = refused(&door, &get("https://x.example/99"));
    assert!(message.contains("not compared with all"), "{message}");
}

#[test]
fn ordinary_logins_are_far_from_the_end() {
    // A recording of 1,000 exchanges, asked for in its order and backwards.
    let mocks = || {
        many(
            1_000,
            |number| json!({"url": format!("https://x.example/users/{number}")}),
        )
    };
    let door = MockDoor::new(mocks());
    let began = Instant::now();
    for number in (0..1_000).chain((0..1_000).rev()) {
        let answer = door.send(&get(&format!("https://x.example/users/{number}")));
        assert!(matches!(answer, Verdict::Answered { .. }), "{number}");
    }
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
}

#[test]
fn reasons_are_few() {
    let wanted: Value = (0..5_000)
        .map(|number| (format!("k{number}"), json!(number)))
        .collect();
    let mocks = json!([{"request": {"url": "*", "json": wanted}, "response": {}}]);
    let message = refusal(mocks, &request("POST", "https://x.example/", &[], "{}"));
    assert!(
        message.contains("`json.k19` is missing; 4980 more\n"),
        "{message}"
    );
    assert!(!message.contains("`json.k20` is"), "{message}");
}

#[test]
fn a_body_of_very_many_values_is_not_compared_as_json() {
    let body = format!("[{}0]", "0,".repeat(800_000));
    let post = request("POST", "https://x.example/", &[], &body);
    let message = refusal(
        json!([{"request": {"url": "*", "json": []}, "response": {}}]),
        &post,
    );
    assert!(
        message.contains("the body has more than 700000 values, and is not compared as JSON"),
        "{}",
        message.get(..400).unwrap_or(&message)
    );
}
