//! Paths: reading, setting, and what is said when neither works.

use serde_json::json;

use super::*;

#[track_caller]
fn check_set(mut event: Value, assignment: &str, expected: Value) {
    let (path, value) = parse_assignment(assignment).expect("a good assignment");
    set_path(&mut event, &path, value).expect("a path that can be set");
    assert_eq!(event, expected, "{assignment}");
}

#[track_caller]
fn check_error(event: Value, assignment: &str, expected: &str) {
    let mut changed = event;
    let result =
        parse_assignment(assignment).and_then(|(path, value)| set_path(&mut changed, &path, value));
    assert_eq!(result.expect_err("a bad assignment").message, expected);
}

#[test]
fn values_are_json_or_text() {
    for (text, expected) in [
        ("a=1", json!(1)),
        ("a=surfing", json!("surfing")),
        ("a=\"1\"", json!("1")),
        ("a=true", json!(true)),
        ("a=null", json!(null)),
        ("a=", json!("")),
        ("a={\"b\":[1]}", json!({"b": [1]})),
        ("a={b", json!("{b")),
        ("a=x=y", json!("x=y")),
    ] {
        assert_eq!(
            parse_assignment(text).map(|(_, value)| value),
            Ok(expected),
            "{text}"
        );
    }
}

#[test]
fn sets_and_makes_what_is_missing() {
    check_set(
        json!({}),
        "user.user_metadata.hobby=surfing",
        json!({"user": {"user_metadata": {"hobby": "surfing"}}}),
    );
    check_set(
        json!({"user": {"a": 1}}),
        "event.user.b=2",
        json!({"user": {"a": 1, "b": 2}}),
    );
    check_set(json!({"user": null}), "user.b=2", json!({"user": {"b": 2}}));
    check_set(
        json!({"i": [{"p": 1}]}),
        "i[0].p=2",
        json!({"i": [{"p": 2}]}),
    );
    check_set(
        json!({"i": [{"p": 1}]}),
        "i.0.p=2",
        json!({"i": [{"p": 2}]}),
    );
    check_set(json!({"i": [1]}), "i[1]=2", json!({"i": [1, 2]}));
    check_set(json!({}), "i[0]=2", json!({"i": [2]}));
    check_set(json!({}), "visits.2026=2", json!({"visits": {"2026": 2}}));
    check_set(
        json!({}),
        "client.metadata[\"a.b\"]=x",
        json!({"client": {"metadata": {"a.b": "x"}}}),
    );
    check_set(json!({}), "m['a=b']=x", json!({"m": {"a=b": "x"}}));
    check_set(
        json!({}),
        r#"m["a\"b"].c=1"#,
        json!({"m": {"a\"b": {"c": 1}}}),
    );
    check_set(
        json!({}),
        "app_metadata.https://example.com=x",
        json!({"app_metadata": {"https://example": {"com": "x"}}}),
    );
}

#[test]
fn errors_name_the_segment() {
    check_error(json!({}), "user", "`user` has no `=`");
    check_error(json!({}), "=x", "`=x` is not a path: segment 1 is empty");
    check_error(
        json!({}),
        "user..a=x",
        "`user..a=x` is not a path: segment 2 is empty",
    );
    check_error(
        json!({}),
        "user.=x",
        "`user.=x` is not a path: segment 2 is empty",
    );
    check_error(
        json!({}),
        "event=x",
        "`event=x` is not a path: it names no property",
    );
    check_error(
        json!({}),
        "a[x]=1",
        "`a[x]=1` is not a path: `[x]=1` needs an index or a quoted key in its brackets",
    );
    check_error(
        json!({}),
        "a[\"x=1",
        "`a[\"x=1` is not a path: the quote in `[\"x=1` does not end",
    );
    check_error(
        json!({}),
        "a[1=1",
        "`a[1=1` is not a path: `[1=1` lacks its `]`",
    );
    check_error(json!({}), "a[0]b=1", "`a[0]b=1` has no `=`");
    check_error(
        json!({"user": {"email": "x"}}),
        "user.email.a=1",
        "`event.user.email` is a string; it has no key `a`",
    );
    check_error(
        json!({"i": [1]}),
        "i[3]=1",
        "`event.i` has no [3]; its length is 1",
    );
    check_error(
        json!({"i": [1]}),
        "i.first=1",
        "`event.i` is an array; it has no key `first`",
    );
    check_error(
        json!({"u": {}}),
        "u[0]=1",
        "`event.u` is an object; it has no index [0]",
    );
    check_error(
        json!({}),
        "i[99999999999999999999999]=1",
        "`i[99999999999999999999999]=1` is not a path: `[99999999999999999999999]=1` needs an index or a quoted key in its brackets",
    );
}

#[test]
fn paths_print_as_a_program_writes_them() {
    for (text, expected) in [
        ("user.user_metadata.hobby", "event.user.user_metadata.hobby"),
        ("identities[0].provider", "event.identities[0].provider"),
        ("client.metadata[\"a.b\"]", "event.client.metadata[\"a.b\"]"),
    ] {
        assert_eq!(Path::parse(text).expect("a path").to_string(), expected);
    }
    assert!(Path::parse("a=b").is_err());
}
