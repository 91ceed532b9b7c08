use postlogin_core::escape::command_marks;
use postlogin_core::outcome::Status;
use serde_json::json;

use super::*;
use crate::login::{Change, Claim, Ending, Login, Part, Side};
use crate::{Features, Privacy, State};

fn side(status: Status) -> Side {
    Side {
        ending: Ending(status),
        reason: None,
        error: None,
        claims: Vec::new(),
        id_token: None,
        access_token: None,
        requests: Vec::new(),
        is_unanswered: false,
    }
}

/// 1,000 users; the 20 of the connection `legacy` and one other lose the claim `roles`.
fn summary() -> Summary {
    let features = Features::new(&[]);
    let privacy = Privacy::new("key", false, false);
    let mut summary = Summary::default();
    for number in 0..1000 {
        let is_legacy = number % 50 == 0;
        let loses = is_legacy || number == 7;
        let name = if is_legacy { "legacy-db" } else { "main-db" };
        let event = json!({"connection": {"name": name, "strategy": "auth0"}, "user": {"email_verified": true}});
        let claim = |state| Claim {
            token: postlogin_core::outcome::TokenKind::IdToken,
            name: "https://a.com/roles".into(),
            state,
            rule: None,
        };
        let mut before = side(Status::Allowed);
        before.claims.push(claim(State::Kept));
        let mut after = side(Status::Allowed);
        let mut changes = Vec::new();
        if loses {
            changes.push(Change {
                what: "id_token",
                name: Some("https://a.com/roles".into()),
                before: Part {
                    value: Some(json!(["editor"])),
                    ..Part::default()
                },
                after: Part::default(),
            });
        } else {
            after.claims.push(claim(State::Kept));
        }
        let user = format!("auth0|{number}");
        let login = Login {
            user: &user,
            before: Some(&before),
            after: &after,
            changes: &changes,
            is_blocked: false,
        };
        summary.add(&login, &event, &features, &privacy);
    }
    summary
}

fn report(summary: &Summary) -> Report<'_> {
    let version = |name: &str| Version {
        name: name.into(),
        actions: vec![("a".into(), "00".into())],
    };
    Report {
        before: Some(version("old")),
        after: version("<b>new</b>"),
        input: "users.ndjson".into(),
        files: vec!["users.ndjson".into()],
        form: "ndjson".into(),
        engine: "0".into(),
        seed: 0,
        now: "2026-01-01T00:00:00Z".into(),
        left_out: Vec::new(),
        duplicates: 0,
        not_exported: Vec::new(),
        unknown_columns: Vec::new(),
        missing_columns: Vec::new(),
        read_of_user: Vec::new(),
        joined: Vec::new(),
        limits: Vec::new(),
        summary,
    }
}

#[test]
fn a_segment_explains_who_loses_a_claim() {
    let summary = summary();
    let shown = json(&report(&summary));
    assert_eq!(shown["same"], 979);
    assert_eq!(shown["different"], 21);
    let segment = &shown["differences"][0]["segments"][0];
    assert_eq!(segment["path"], "event.connection.name");
    assert_eq!(segment["property"], "is \"legacy-db\"");
    assert_eq!(
        (&segment["users"], &segment["of_all_users"]),
        (&json!(20), &json!(20))
    );
    // 20 of 21 against 20 of 1,000.
    assert_eq!(segment["lift"], 47.6);
    let claim = &shown["claims"]["id_token"]["https://a.com/roles"]["users"];
    assert_eq!(*claim, json!({"kept → absent": 21, "kept → kept": 979}));
    let markdown = markdown(&report(&summary));
    assert!(
        markdown
            .contains("95.23 % of them: `event.connection.name` `is \"legacy-db\"` (of all users: 2 %)"),
        "{markdown}"
    );
}

#[test]
fn what_comes_from_outside_is_inert_in_the_page() {
    let summary = summary();
    let page = html(&report(&summary));
    assert!(
        page.contains("&lt;b&gt;new&lt;/b&gt;") && !page.contains("<b>new"),
        "{page}"
    );
    assert!(
        !page.contains("<script") && !page.contains("http://") && !page.contains("src="),
        "{page}"
    );
}

#[test]
fn nothing_in_the_page_steers_a_terminal_or_a_ci_system() {
    let summary = summary();
    let mut report = report(&summary);
    report.input = "a\u{1b}[31m\u{202e}b\r\n::error::c\n##[group]d\n  ##vso[task.complete]e".into();
    report.after.name = "\u{9b}x".into();
    let page = html(&report);
    for shown in [
        "a\\x1b[31m\\u{202e}b\\r\n",
        "\n&#58;:error::c",
        "\n#&#35;[group]d",
        "#&#35;vso[task.complete]e",
        "\\x9bx",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    for line in page.lines() {
        assert!(command_marks(line).is_empty(), "{line}");
    }
}

#[test]
fn parts_of_a_summary_survive_as_json() {
    let whole = summary();
    let text = serde_json::to_string(&whole).unwrap_or_default();
    let read: Summary = serde_json::from_str(&text).unwrap_or_default();
    assert_eq!(read, whole);
    let mut twice = Summary::default();
    twice.merge(read);
    assert_eq!(twice, whole);
    twice.merge(whole.clone());
    assert_eq!((twice.lines, twice.same, twice.different), (2000, 1958, 42));
}

#[test]
fn shares_are_never_rounded_to_nothing() {
    for (part, whole, expected) in [
        (0, 5, "0 %"),
        (1, 3, "33.33 %"),
        (1, 1_000_000, "less than 0.01 %"),
        (5, 5, "100 %"),
        (0, 0, "0 %"),
    ] {
        assert_eq!(percent(part, whole), expected);
    }
}
