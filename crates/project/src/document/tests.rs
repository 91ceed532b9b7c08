//! Values of documents, and the places of errors.

use serde_json::json;

use super::*;

#[track_caller]
fn check(text: &str, format: Format, expected: Value) {
    assert_eq!(parse_document(text, format, "x"), Ok(expected), "{text}");
}

#[test]
fn documents() {
    let expected = json!({"a": 1, "b": [true, null, "x", 1.5]});
    check(
        r#"{"a": 1, "b": [true, null, "x", 1.5]}"#,
        Format::Json,
        expected.clone(),
    );
    check(
        r#"{"a": 1, "b": [true, null, "x", 1.5]}"#,
        Format::Unknown,
        expected.clone(),
    );
    check(
        "a: 1\nb: [true, null, x, 1.5]\n",
        Format::Yaml,
        expected.clone(),
    );
    check(
        "a: 1\nb: [true, null, x, 1.5]\n",
        Format::Unknown,
        expected.clone(),
    );
    check("{a: 1, b: [true, ~, x, 1.5]}", Format::Unknown, expected);
    // YAML 1.2, not 1.1.
    check(
        "country: no\nid: 1_000\nday: 2026-11-22\n",
        Format::Yaml,
        json!({"country": "no", "id": "1_000", "day": "2026-11-22"}),
    );
    check("1: a\n", Format::Yaml, json!({"1": "a"}));
    check(
        "a: &x {b: 1}\nc: *x\n",
        Format::Yaml,
        json!({"a": {"b": 1}, "c": {"b": 1}}),
    );
    check("~\n", Format::Yaml, Value::Null);
}

#[test]
fn keys_keep_their_order() {
    for (text, format) in [
        (r#"{"z": 1, "a": 2, "m": 3}"#, Format::Json),
        ("z: 1\na: 2\nm: 3", Format::Yaml),
    ] {
        let value = parse_document(text, format, "x").expect("a document");
        assert_eq!(value.to_string(), r#"{"z":1,"a":2,"m":3}"#);
    }
}

#[track_caller]
fn check_error(text: &str, format: Format, expected: &str) {
    assert_eq!(
        parse_document(text, format, "event")
            .expect_err(text)
            .to_string(),
        expected
    );
}

#[test]
fn errors_have_a_place() {
    use Format::{Json, Unknown, Yaml};
    check_error(
        "{\n  \"a\": 1,\n  \"b\" 2\n}",
        Json,
        "event:3:7: expected `:`",
    );
    check_error("{\"ä😀\": 1,}", Json, "event:1:11: trailing comma");
    check_error("{\"a\": 1} x", Json, "event:1:10: trailing characters");
    check_error("{\"a\": ", Json, "event:1:6: EOF while parsing a value");
    check_error(
        "{\n  \"b\": {\"ä\": 1, \"ä\": 2}\n}",
        Json,
        "event:2:17: duplicate key \"ä\"",
    );
    check_error("  \n", Json, "event:1:1: the document is empty");
    check_error("", Unknown, "event:1:1: the document is empty");
    check_error(
        "# only a comment\n",
        Yaml,
        "event:1:1: the document is empty",
    );
    check_error(
        "{\"a\": 1,, \"b\"}",
        Unknown,
        "event:1:9: key must be a string",
    );
    // What YAML would read without a word is broken JSON all the same.
    check_error("{\n  \"a\": 1,\n}", Unknown, "event:3:1: trailing comma");
    check_error("[{\"a\": b}]", Unknown, "event:1:8: expected value");
    check_error(
        "{\"a\": 1, b: 2}",
        Unknown,
        "event:1:10: key must be a string",
    );
    check_error(
        "a: 1\nb:\n  c: 1\n  c: 2\n",
        Yaml,
        "event:4:3: duplicate key \"c\"",
    );
    check_error(
        "😀: 1\nx: {😀: 1, 😀: 2}\n",
        Yaml,
        "event:2:12: duplicate key \"😀\"",
    );
    check_error(
        "a: 1\n---\nb: 2\n",
        Yaml,
        "event:3:1: a second document begins after `---`",
    );
    check_error(
        "a: .nan\n",
        Yaml,
        "event:1:4: JSON has no infinity and no NaN",
    );
    check_error("a: \"open\n", Yaml, "event:1:4: unclosed quote");
}

#[test]
fn deep_nesting_is_refused() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for format in [Format::Json, Format::Yaml, Format::Unknown] {
        assert!(parse_document(&deep, format, "x").is_err());
    }
}

#[test]
fn files_and_the_input() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("jane.yaml");
    std::fs::write(&path, "\u{feff}user: {name: Jane}\n").expect("a file");
    let nothing = &mut std::io::empty();
    assert_eq!(
        read_document(&path, nothing),
        Ok(json!({"user": {"name": "Jane"}}))
    );
    assert_eq!(
        read_document(Path::new("-"), &mut "{\"a\": 1}".as_bytes()),
        Ok(json!({"a": 1}))
    );

    let refused = |text: &str| {
        read_object(Path::new("-"), "an event", &mut text.as_bytes())
            .map(|_| ())
            .expect_err(text)
            .to_string()
    };
    assert_eq!(
        refused("[1]"),
        "<stdin>:1:1: an event must be an object; the document is a list"
    );
    assert_eq!(
        refused("just words"),
        "<stdin>:1:1: an event must be an object; the document is a single value"
    );
    let missing = read_document(Path::new("no/such.json"), nothing).expect_err("no file");
    assert_eq!(
        missing.to_string(),
        "no/such.json: cannot read the file: no such file"
    );
    let utf16 =
        read_document(Path::new("-"), &mut [0xff, 0xfe, b'{', 0].as_slice()).expect_err("UTF-16");
    assert_eq!(utf16.message, "the text is UTF-16");
}

/// The repository's own events follow the schema, and its users and clients do in their place.
#[test]
fn the_fixtures_are_true_to_the_event() {
    use postlogin_core::event::{check_paths, post_login_sample};
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the repository")
        .join("fixtures");
    let mut count = 0;
    for (folder, property) in [
        ("events", None),
        ("users", Some("user")),
        ("clients", Some("client")),
    ] {
        for path in crate::files::entries(&fixtures.join(folder)) {
            let mut event = Value::Object(
                read_object(&path, "a fixture", &mut std::io::empty()).expect("a document"),
            );
            if let Some(property) = property {
                let mut whole = post_login_sample();
                whole[property] = event;
                event = whole;
            }
            assert_eq!(
                check_paths(postlogin_core::Trigger::PostLogin, &event),
                [],
                "{}",
                path.display()
            );
            count += 1;
        }
    }
    assert!(count >= 12);
}

/// Pointers of values with the line and column where each stands.
#[track_caller]
fn check_places(text: &str, format: Format, expected: &[(&str, u32, u32)]) {
    let source = Arc::new(node::Source {
        path: "x".into(),
        shown: "x".into(),
    });
    let node = parse_placed(text, format, &source).expect("a document");
    assert_eq!(Ok(node.to_value()), parse_document(text, format, "x"));
    for (pointer, line, column) in expected {
        let found = pointer
            .split('/')
            .skip(1)
            .try_fold(&node, |node, key| match &node.value {
                node::NodeValue::List(items) => items.get(key.parse::<usize>().ok()?),
                _ => node.get(key),
            });
        let place = &found.expect(pointer).place;
        assert_eq!((place.line, place.column), (*line, *column), "{pointer}");
    }
}

#[test]
fn a_document_of_very_many_values_is_refused_before_it_is_parsed() {
    let text = format!("[{}0]", "0,".repeat(400_000));
    for format in [Format::Json, Format::Yaml, Format::Unknown] {
        let error = parse_document(&text, format, "e.json").expect_err("too many");
        assert_eq!(
            error.to_string(),
            "e.json: the document has more than 400000 values: a text counts as two, a list or an object as four"
        );
    }
}

#[test]
fn every_value_has_its_place() {
    check_places(
        "# c\na: 1\nb:\n  - x: [1, \"ü\", z]\n    \"😀\": 5\n  - null\n5: &p text\nq: *p\n",
        Format::Yaml,
        &[
            ("", 2, 1),
            ("/a", 2, 4),
            ("/b", 4, 3),
            ("/b/0/x/2", 4, 17),
            ("/b/0/😀", 5, 11),
            ("/5", 7, 7),
            ("/q", 8, 4),
        ],
    );
    check_places(
        "{\n\t\"a\": {\t\"b\": [true,\n\t\t\"x\"]},\n\t\"c\": \"t\\u00e9 #x\"\n}\n",
        Format::Json,
        &[("/a", 2, 7), ("/a/b/1", 3, 3), ("/c", 4, 7)],
    );
}

#[test]
fn keys_of_json_may_be_longer_than_those_of_yaml() {
    let source = Arc::new(node::Source {
        path: "a.json".into(),
        shown: "a.json".to_owned(),
    });
    for length in [10, 1_000, 1_100, 100_000] {
        let key = "k".repeat(length);
        let text = format!("{{\"a\": [{{\"{key}\": 1}}], \"b\": \"text\"}}");
        let node = parse_placed(&text, Format::Json, &source).expect("it is JSON");
        let value: Value = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(node.to_value(), value, "{length}");
    }
    // What is wrong otherwise stays an error.
    let long = "k".repeat(2_000);
    for text in [
        format!("{{\"{long}\": 1,}}"),
        format!("{{\"{long}\": 1, \"{long}\": 2}}"),
    ] {
        assert!(parse_placed(&text, Format::Json, &source).is_err());
    }
}
