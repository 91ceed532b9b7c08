//! Pages as a user sees them, and what holds for every page.

mod samples;

use insta::assert_snapshot;
use postlogin_core::outcome::{Outcome, StoredMetadata};
use serde_json::json;

use super::*;

fn render(outcome: &Outcome, options: &HumanOptions<'_>) -> String {
    let mut page = Vec::new();
    human(outcome, options, &mut page).expect("written to memory");
    String::from_utf8(page).expect("UTF-8")
}

fn source(file: &str) -> Option<String> {
    (file == "actions/enrich/code.js").then(|| samples::FAILED_SOURCE.to_owned())
}

fn before() -> StoredMetadata {
    let object = |value: serde_json::Value| value.as_object().expect("an object").clone();
    StoredMetadata {
        user_metadata: object(
            json!({ "hobby": "surfing", "lang": "en", "a": { "b": "x".repeat(200) } }),
        ),
        app_metadata: object(json!({ "old": [1, 2] })),
    }
}

fn all() -> Vec<(&'static str, Outcome)> {
    vec![
        ("empty", samples::empty()),
        ("allowed", samples::allowed()),
        ("denied", samples::denied()),
        ("failed", samples::failed()),
        ("redirected", samples::redirected()),
        ("challenged", samples::challenged()),
        ("prompted", samples::prompted()),
        ("unicode", samples::unicode()),
        ("huge", samples::huge()),
    ]
}

#[test]
fn pages() {
    let options = HumanOptions {
        source: Some(&source),
        ..HumanOptions::default()
    };
    for (name, outcome) in all() {
        assert_snapshot!(name, render(&outcome, &options));
    }
}

#[test]
fn page_with_everything() {
    let before = before();
    let options = HumanOptions {
        verbose: true,
        tokens: true,
        before: Some(&before),
        ..HumanOptions::default()
    };
    assert_snapshot!("allowed_verbose", render(&samples::allowed(), &options));
}

#[test]
fn wide_page_puts_origins_beside_the_values() {
    let options = HumanOptions {
        width: 160,
        ..HumanOptions::default()
    };
    assert_snapshot!("allowed_wide", render(&samples::allowed(), &options));
}

#[test]
fn narrow_page() {
    let before = before();
    let options = HumanOptions {
        width: 60,
        before: Some(&before),
        ..HumanOptions::default()
    };
    assert_snapshot!("allowed_narrow", render(&samples::allowed(), &options));
}

#[test]
fn coloured_page() {
    let options = HumanOptions {
        color: true,
        source: Some(&source),
        ..HumanOptions::default()
    };
    let visible = render(&samples::failed(), &options).replace('\x1b', "␛");
    assert_snapshot!("failed_coloured", visible);
}

/// Every sample, at several widths, with all the details and with few.
fn every_page(mut check: impl FnMut(&str, usize, String, String)) {
    let before = before();
    for (name, outcome) in all() {
        for width in [0, 40, 60, 80, 100, 200] {
            for details in [false, true] {
                let plain = HumanOptions {
                    width,
                    verbose: details,
                    before: details.then_some(&before),
                    source: Some(&source),
                    ..HumanOptions::default()
                };
                let coloured = HumanOptions {
                    color: true,
                    ..plain
                };
                check(
                    name,
                    width,
                    render(&outcome, &plain),
                    render(&outcome, &coloured),
                );
            }
        }
    }
}

#[test]
fn colour_carries_no_meaning() {
    every_page(|name, width, plain, coloured| {
        let mut stripped = String::new();
        let mut rest = coloured.as_str();
        while let Some((before, escape)) = rest.split_once("\x1b[") {
            stripped.push_str(before);
            rest = escape.split_once('m').expect("a complete sequence").1;
        }
        stripped.push_str(rest);
        assert_eq!(stripped, plain, "{name} at width {width}");
    });
}

#[test]
fn nothing_but_line_ends_controls_the_terminal() {
    every_page(|name, _, plain, _| {
        let bad = plain
            .chars()
            .find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(bad, None, "{name}");
    });
}

#[test]
fn lines_fit_and_have_no_trailing_spaces() {
    every_page(|name, width, plain, _| {
        for line in plain.lines() {
            assert_eq!(line.trim_end_matches(' '), line, "{name} at width {width}");
            // A place, a path, a URL or a frame of the stack is never cut: none of them is of use in parts.
            let whole = [".js:", "event.", "https://", "aaa", " (name)"]
                .iter()
                .any(|part| line.contains(part));
            assert!(
                whole || text::width(line) <= width.max(50),
                "{name} at width {width}: {line}"
            );
        }
    });
}

#[test]
fn absurd_costs_do_not_overflow() {
    let mut outcome = samples::huge();
    let usage = &mut outcome.usage.actions[0];
    (usage.wall_us, usage.memory_bytes, usage.virtual_ms) = (u64::MAX, u64::MAX, u64::MAX);
    let options = HumanOptions {
        memory_limit: 0,
        time_limit: std::time::Duration::MAX,
        ..HumanOptions::default()
    };
    assert!(render(&outcome, &options).contains("16384 PiB"));
}

#[test]
fn json_is_the_public_format() {
    for (name, outcome) in all() {
        let mut out = Vec::new();
        json(&outcome, &mut out).expect("written to memory");
        let text = String::from_utf8(out).expect("UTF-8");
        assert!(
            text.starts_with("{\n  \"format\": \"postlogin.outcome/1\",\n  \"trigger\": \"post-login\",\n  \"status\": "),
            "{name}"
        );
        assert!(text.ends_with("\n}\n"), "{name}");
        assert_eq!(
            serde_json::from_str::<Outcome>(&text).expect("an outcome"),
            outcome,
            "{name}"
        );
    }
    let mut out = Vec::new();
    json(&samples::empty(), &mut out).expect("written to memory");
    assert_snapshot!("empty_json", String::from_utf8(out).expect("UTF-8"));
}

#[test]
fn a_closed_stream_is_an_error() {
    struct Closed;
    impl std::io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let kind = |result: std::io::Result<()>| result.expect_err("closed").kind();
    let outcome = samples::allowed();
    assert_eq!(
        kind(human(&outcome, &HumanOptions::default(), &mut Closed)),
        std::io::ErrorKind::BrokenPipe
    );
    assert_eq!(
        kind(json(&outcome, &mut Closed)),
        std::io::ErrorKind::BrokenPipe
    );
}
