//! Each medium against a reader of it.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

mod github_runner;
mod hostile;

use github_runner::commands;
use hostile::{HOSTILE, LETTERS};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        vec(select(LETTERS), 0..24).prop_map(|letters| letters.into_iter().collect::<String>()),
        any::<String>(),
        select(HOSTILE).prop_map(str::to_owned),
    ]
}

/// Neither a command nor anything that a terminal obeys.
#[track_caller]
fn assert_harmless(printed: &str, lines: usize) {
    assert_eq!(commands(printed), [], "{printed:?}");
    let bad = printed
        .chars()
        .find(|letter| !matches!(letter, '\n' | '\t') && is_hostile(*letter));
    assert_eq!(bad, None, "{printed:?}");
    assert_eq!(printed.split('\n').count(), lines, "{printed:?}");
}

fn without_styles(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\x1b[") {
        out.push_str(before);
        let (parameters, after) = after.split_once('m').expect("only styles are left");
        assert!(
            parameters
                .chars()
                .all(|letter| letter.is_ascii_digit() || letter == ';'),
            "{text:?}"
        );
        rest = after;
    }
    out + rest
}

#[test]
fn what_is_hidden_becomes_visible() {
    for (text, expected) in [
        ("plain é 漢字 👩‍💻", "plain é 漢字 👩‍💻"),
        ("\x1b[31mred\r\n\0\x7f", r"\x1b[31mred\r\n\x00\x7f"),
        (
            "\u{9b}31m \u{202e}abc\u{feff}",
            r"\x9b31m \u{202e}abc\u{feff}",
        ),
        ("a\tb", "a\tb"),
        ("::error::x", r"\x3a:error::x"),
        ("a ::error::x", "a ::error::x"),
        (" \t::error::x", " \t\\x3a:error::x"),
        ("a ##[error]x", r"a #\x23[error]x"),
        ("##vso[a.b]x [y] ##[z]", r"#\x23vso[a.b]x [y] #\x23[z]"),
        ("# [a] #[b] ## [c]", "# [a] #[b] ## [c]"),
    ] {
        assert_eq!(line(text), expected);
    }
}

#[test]
fn a_command_over_several_parts_is_found() {
    assert_eq!(
        parts(&["  ", ":", ":error::x"]),
        ["  ", r"\x3a", ":error::x"]
    );
    assert_eq!(parts(&["a#", "#", "[x]"]), ["a#", r"\x23", "[x]"]);
}

#[test]
fn the_next_lines_of_a_message_are_indented() {
    let shown = block("there is no file a\nerror: forged\r\n  [kept]\n::error::x\n");
    assert_eq!(
        shown,
        "there is no file a\n  error: forged\n  [kept]\n  \\x3a:error::x\n"
    );
}

#[test]
fn only_styles_stay_in_styled_output() {
    for (text, expected) in [
        ("\x1b[1;31mx\x1b[0m", "\x1b[1;31mx\x1b[0m"),
        ("\x1b[2Jx\x1b]0;t\x07", r"\x1b[2Jx\x1b]0;t\x07"),
        ("\x1b[2m::error::\x1b[0m", "\x1b[2m\\x3a:error::\x1b[0m"),
        ("\x1b[12", r"\x1b[12"),
        ("\x1b[\x1b[1m", "\\x1b[\x1b[1m"),
    ] {
        assert_eq!(output_line(text, true), expected);
    }
    assert_eq!(output_line("\x1b[1mx", false), r"\x1b[1mx");
}

#[test]
fn arguments_for_a_shell_are_quoted() {
    for (argument, expected) in [
        ("tests/a.case.yaml", "tests/a.case.yaml"),
        ("a b", "'a b'"),
        ("a'; rm -rf ~; '", r"'a'\''; rm -rf ~; '\'''"),
        ("a\n`x`", r"'a\n`x`'"),
        ("", "''"),
    ] {
        assert_eq!(shell(argument), expected);
    }
}

/// Hostile brackets and colons in a long line take no more than linear time.
#[test]
fn long_lines_are_read_once() {
    let long = "##a[::".repeat(200_000);
    assert_eq!(command_marks(&long).len(), 200_000);
    let names = format!("{}[", "#".repeat(1_000_000));
    assert_eq!(command_marks(&names), [999_999]);
}

proptest! {
    #[test]
    fn a_line_is_one_line(text in text()) {
        assert_harmless(&line(&text), 1);
        // What is harmless stays as it is.
        prop_assert_eq!(line(&line(&text)), line(&text));
    }

    #[test]
    fn lines_of_parts_are_harmless(texts in vec(text(), 0..5)) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let shown = parts(&texts);
        prop_assert_eq!(shown.len(), texts.len());
        assert_harmless(&shown.concat(), 1);
    }

    #[test]
    fn messages_have_no_further_line_at_the_edge(text in text()) {
        let shown = block(&text);
        assert_harmless(&shown, text.split('\n').count());
        prop_assert!(shown.split('\n').skip(1).all(|line| line.is_empty() || line.starts_with([' ', '\t'])));
    }

    #[test]
    fn styled_output_is_harmless_without_its_styles(text in text()) {
        let shown = output_line(&text.replace('\n', ""), true);
        assert_harmless(&without_styles(&shown), 1);
    }

    #[test]
    fn annotations_arrive(file in text(), title in text(), message in text()) {
        let printed = format!(
            "::error file={},line=1,title={}::{}",
            github_property(&file), github_property(&title), github_data(&message)
        );
        let read = commands(&printed);
        prop_assert_eq!(read.len(), 1);
        // The reader ignores what a comparison may ignore.
        let kept = |text: &str| {
            let text = inline(&text.replace("\r\n", "\n")).replace("\\n", "\n");
            text.replace(['\u{ad}', '\u{34f}', '\u{200c}', '\u{200d}'], "")
                .replace(|letter| ('\u{fe00}'..='\u{fe0f}').contains(&letter), "")
        };
        for (index, sent) in [(0, &file), (2, &title)] {
            let (_, arrived) = &read[0].properties[index];
            let arrived = arrived.replace("\\x23", "#").replace("\\n", "\n");
            let sent = kept(sent).replace("\\x23", "#");
            prop_assert_eq!(arrived.trim(), sent.trim());
        }
        prop_assert_eq!(read[0].data.replace("\\x23", "#").replace("\\n", "\n"), kept(&message).replace("\\x23", "#"));
        prop_assert!(!printed.contains("##["));
    }

    #[test]
    fn json_is_the_same_json(value in text()) {
        let value = serde_json::json!({ value.clone(): [value] });
        for text in [value.to_string(), format!("{value:#}")] {
            let shown = json(&text);
            prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&shown).expect("JSON"), &value);
            assert_harmless(&shown, text.split('\n').count());
        }
    }

    #[test]
    fn html_is_text(text in text()) {
        let shown = html(&text);
        prop_assert!(!shown.contains(['<', '>', '"', '\'']));
        let read = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
        prop_assert_eq!(read.replace("&amp;", "&"), inline(&text));
    }

    #[test]
    fn tap_has_no_directive(text in text()) {
        let shown = tap(&text);
        assert_harmless(&format!("ok 1 - {shown}"), 1);
        let mut letters = shown.chars();
        while let Some(letter) = letters.next() {
            prop_assert_ne!(letter, '#');
            if letter == '\\' {
                prop_assert!(matches!(letters.next(), Some('\\' | '#')));
            }
        }
    }

    #[test]
    fn records_of_lcov_are_one_line(text in text()) {
        prop_assert_eq!(lcov(&text).lines().count(), usize::from(!text.is_empty()));
    }

    #[test]
    fn shells_read_one_argument(text in text()) {
        let shown = shell(&text);
        if shown.starts_with('\'') {
            let inside = shown[1..shown.len() - 1].replace("'\\''", "");
            prop_assert!(!inside.contains('\''));
        } else {
            prop_assert!(!shown.contains([' ', ';', '$', '`', '\\', '"', '&', '|', '<', '>', '(', '*', '?', '#']));
        }
    }
}
