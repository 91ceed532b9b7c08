use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(secret: &str, text: &str, expected: &str) {
    let mut shown = text.to_owned();
    Mask::of(&[secret]).text(&mut shown);
    assert_eq!(shown, expected, "{secret}");
}

#[test]
fn secrets_are_hidden_as_parts() {
    check(
        "hunter2",
        "https://example.com/hunter2",
        "https://example.com/***",
    );
    check("123456", "code-123456", "code-***");
    check("s3cr-t_", "a s3cr-t_ b", "a *** b");
    // Keys in the form of a URL.
    for secret in [
        "https://hooks.example.com/services/T0001/B0001/abcdefghijklmnopqrstuvwx",
        "https://hooks.example.com/a1b2c3d4e5f6",
        "https://user:pass@example.com/",
        "https://example.com/?key=abc",
        "https://example.com/#abc",
    ] {
        check(secret, &format!("to {secret}x"), "to ***x");
    }
    for secret in ["correct-horse", "pk_live_abcdefghijklmnopqrstuvwx_"] {
        check(secret, &format!("{secret}!"), "***!");
    }
}

#[test]
fn configuration_leaves_names_readable() {
    for (secret, text) in [
        ("https://example.com/", "https://example.com/hobby"),
        ("https://example.com", "https://example.com/hobby"),
        (
            "http://example.com/app/v2",
            "http://example.com/app/v2/roles",
        ),
        ("urn:example:", "urn:example:roles"),
        ("my_app_", "my_app_roles"),
        ("1", "https://example.com/1"),
        ("3600", "1763603600"),
        ("true", "true"),
        ("none", "nonexistent"),
    ] {
        check(secret, text, text);
    }
    // As a value of their own, they are hidden all the same.
    for secret in ["https://example.com/", "my_app_", "1", "3600"] {
        check(secret, secret, "***");
    }
}

#[test]
fn keys_that_become_the_same_are_numbered() {
    let keys: Vec<String> = (0..20_000).map(|index| format!("key-{index}x")).collect();
    let mut value: Value = keys.iter().map(|key| (key.clone(), 1)).collect();
    let mask = Mask {
        wholes: keys.into_iter().collect(),
        ..Mask::default()
    };
    mask.value(&mut value);
    assert_eq!(value.as_object().map(Map::len), Some(20_000));

    let mut value = serde_json::json!({"hunter2": 1, "hunter3": 2, "*** (2)": 3, "***": 4});
    Mask::of(&["hunter2", "hunter3"]).value(&mut value);
    let keys: Vec<&String> = value.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["***", "*** (2)", "*** (2) (2)", "*** (3)"]);
}

/// The output of Node 22 for `console.log({ key })`, `encodeURIComponent(key)` and `JSON.stringify(key)`.
#[test]
fn forms_of_console_and_urls_are_hidden() {
    let pem = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqh\nkiG9w0BAQEFAASC\n-----END KEY-----\n";
    check(
        pem,
        "{\n  key: '-----BEGIN KEY-----\\n' +\n    'MIIEvQIBADANBgkqh\\n' +\n    'kiG9w0BAQEFAASC\\n' +\n    '-----END KEY-----\\n'\n}",
        "{\n  key: '***\\n' +\n    '***\\n' +\n    '***\\n' +\n    '***\\n'\n}",
    );
    check("ab\ncd", "{ key: 'ab\\ncd' }", "{ key: '***' }");
    check("pa\\ss'w", "{ key: \"pa\\\\ss'w\" }", "{ key: \"***\" }");
    check(
        "pa'ss\\w\"ord`x",
        "{ key: 'pa\\'ss\\\\w\"ord`x' }",
        "{ key: '***' }",
    );
    check("a\u{7f}b\u{1}c", "'a\\x7Fb\\x01c'", "'***'");
    check("it's (a) key!*~", "?k=it's%20(a)%20key!*~", "?k=***");
    check("ab\ncd", "\"ab\\ncd\"", "\"***\"");
    // Short lines are not hidden alone.
    check("{\n  a\n}", "a {}", "a {}");
}

/// The way without the automaton: each part in its turn, the longest first.
fn one_by_one(mask: &Mask, text: &str) -> String {
    if mask.wholes.contains(text) {
        return MASK.to_owned();
    }
    let hidden = |text: String, part: &String| text.replace(part, MASK);
    mask.parts.iter().fold(text.to_owned(), hidden)
}

#[test]
fn many_parts_are_found_at_once_and_replaced_in_their_turn() {
    let mut secrets: Vec<String> = (0..100)
        .map(|index| format!("filler-{index:04}-x"))
        .collect();
    let given = [
        // One within another, one that begins where another ends, one longer than the automaton.
        "abcdefgh",
        "cdef",
        "fghij",
        "ghijk",
        "bcde",
        // Texts that a replacement makes, or that only a replacement makes the same.
        "x***y",
        "***z",
        "****",
        "1**2**3",
        "ä€ß🦀",
    ];
    secrets.extend(given.map(str::to_owned));
    let (long, longer) = ("k".repeat(70), format!("{}!", "k".repeat(70)));
    secrets.extend([long.clone(), longer.clone()]);
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    let mask = Mask::of(&secrets);
    assert!(mask.beginnings.is_some());
    for (text, expected) in [
        ("abcdefgh abcdef ghijk abcdefghijk", "*** a***f *** ***ijk"),
        ("fghijk", "***k"),
        ("xabcdefghy abcdefghz", "*** ***"),
        // The shorter one has its turn later.
        ("xcdefy cdefz", "x***y ***z"),
        ("1**2**3 ä€ß🦀ä", "*** ***ä"),
        ("filler-0042-x filler-0100-x", "*** filler-0100-x"),
        ("kkkk", "kkkk"),
    ] {
        let mut shown = text.to_owned();
        mask.text(&mut shown);
        assert_eq!(shown, expected, "{text}");
        assert_eq!(shown, one_by_one(&mask, text), "{text}");
    }
    let mut shown = format!("{long} {longer} {}", "k".repeat(69));
    mask.text(&mut shown);
    assert_eq!(shown, format!("*** *** {}", "k".repeat(69)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Few letters, so that secrets overlap, contain each other and are made by replacements.
    #[test]
    fn one_pass_finds_what_one_search_for_each_finds(
        secrets in proptest::collection::vec("[ab*]{4,9}|[ab]{60,68}|[aé'\n/]{4,6}", 1..90),
        texts in proptest::collection::vec("[ab*]{0,60}|[ab]{0,200}|[aé'\\n/ %C39A]{0,60}", 8),
    ) {
        let given: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let mask = Mask::of(&given);
        let always = Mask {
            beginnings: Some(Arc::new(Beginnings::of(&mask.parts))),
            ..mask.clone()
        };
        for text in texts.iter().chain(&secrets) {
            let mut shown = text.clone();
            always.text(&mut shown);
            prop_assert_eq!(&shown, &one_by_one(&mask, text));
        }
    }
}
