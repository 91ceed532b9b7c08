//! Tests of the JSON texts.

use serde_json::json;

use super::*;

/// Node's messages for these texts, with the lines and columns that Node 22 adds to a position.
#[test]
fn mistakes_are_told_in_v8s_words() {
    #[rustfmt::skip]
    let cases = [
        ("", "Unexpected end of JSON input"),
        ("{", "Expected property name or '}' in JSON at position 1 (line 1 column 2)"),
        ("[", "Unexpected end of JSON input"),
        ("[1", "Expected ',' or ']' after array element in JSON at position 2 (line 1 column 3)"),
        ("[1,", "Unexpected end of JSON input"),
        ("[1,]", r#"Unexpected token ']', "[1,]" is not valid JSON"#),
        ("[1,,2]", r#"Unexpected token ',', "[1,,2]" is not valid JSON"#),
        ("[1 2]", "Expected ',' or ']' after array element in JSON at position 3 (line 1 column 4)"),
        ("[}", r#"Unexpected token '}', "[}" is not valid JSON"#),
        ("{a", "Expected property name or '}' in JSON at position 1 (line 1 column 2)"),
        ("{,}", "Expected property name or '}' in JSON at position 1 (line 1 column 2)"),
        (r#"{"a""#, "Expected ':' after property name in JSON at position 4 (line 1 column 5)"),
        (r#"{"a" 1}"#, "Expected ':' after property name in JSON at position 5 (line 1 column 6)"),
        (r#"{"a":"#, "Unexpected end of JSON input"),
        (r#"{"a":}"#, r#"Unexpected token '}', "{"a":}" is not valid JSON"#),
        (r#"{"a":1"#, "Expected ',' or '}' after property value in JSON at position 6 (line 1 column 7)"),
        (r#"{"a":1,}"#, "Expected double-quoted property name in JSON at position 7 (line 1 column 8)"),
        (r#"{"a":1 "b":2}"#, "Expected ',' or '}' after property value in JSON at position 7 (line 1 column 8)"),
        (r#"{"a":{"b":[1,{}]}]"#, "Expected ',' or '}' after property value in JSON at position 17 (line 1 column 18)"),
        ("tru", "Unexpected end of JSON input"),
        ("t", "Unexpected end of JSON input"),
        ("trux", r#"Unexpected token 'x', "trux" is not valid JSON"#),
        ("tr1", "Unexpected number in JSON at position 2 (line 1 column 3)"),
        (r#"tr""#, "Unexpected string in JSON at position 2 (line 1 column 3)"),
        ("nope", r#"Unexpected token 'o', "nope" is not valid JSON"#),
        ("truex", "Unexpected non-whitespace character after JSON at position 4 (line 1 column 5)"),
        ("undefined", r#""undefined" is not valid JSON"#),
        ("NaN", r#""NaN" is not valid JSON"#),
        ("Infinity", r#""Infinity" is not valid JSON"#),
        ("[object Object]", r#""[object Object]" is not valid JSON"#),
        ("undefined ", r#"Unexpected token 'u', "undefined " is not valid JSON"#),
        (r#""abc"#, "Unterminated string in JSON at position 4 (line 1 column 5)"),
        ("\"a\nb\"", "Bad control character in string literal in JSON at position 2 (line 1 column 3)"),
        (r#""\x""#, "Bad escaped character in JSON at position 2 (line 1 column 3)"),
        (r#""\u12""#, "Bad Unicode escape in JSON at position 5 (line 1 column 6)"),
        (r#""\u00"#, "Bad Unicode escape in JSON at position 5 (line 1 column 6)"),
        (r#""\"#, "Unexpected end of JSON input"),
        ("-", "No number after minus sign in JSON at position 1 (line 1 column 2)"),
        ("-x", "No number after minus sign in JSON at position 1 (line 1 column 2)"),
        ("-01", "Unexpected number in JSON at position 2 (line 1 column 3)"),
        ("01", "Unexpected number in JSON at position 1 (line 1 column 2)"),
        ("1.", "Unterminated fractional number in JSON at position 2 (line 1 column 3)"),
        ("1.x", "Unterminated fractional number in JSON at position 2 (line 1 column 3)"),
        ("1e", "Exponent part is missing a number in JSON at position 2 (line 1 column 3)"),
        ("1e+", "Exponent part is missing a number in JSON at position 3 (line 1 column 4)"),
        ("1ex", "Exponent part is missing a number in JSON at position 2 (line 1 column 3)"),
        ("+1", r#"Unexpected token '+', "+1" is not valid JSON"#),
        (".5", r#"Unexpected token '.', ".5" is not valid JSON"#),
        ("1-", "Unexpected non-whitespace character after JSON at position 1 (line 1 column 2)"),
        ("1 2", "Unexpected non-whitespace character after JSON at position 2 (line 1 column 3)"),
        ("1\n,\n2", "Unexpected non-whitespace character after JSON at position 2 (line 2 column 1)"),
        ("[1,\r\n\"\n\"]", "Bad control character in string literal in JSON at position 6 (line 2 column 2)"),
        ("é", r#"Unexpected token 'é', "é" is not valid JSON"#),
        ("\u{a0}1", "Unexpected token '\u{a0}', \"\u{a0}1\" is not valid JSON"),
        (r#""é","#, "Unexpected non-whitespace character after JSON at position 3 (line 1 column 4)"),
        ("<!DOCTYPE html><html>", r#"Unexpected token '<', "<!DOCTYPE "... is not valid JSON"#),
        (r#"{"aaaaaaaaaaaaaaaaaaaa": x, "b": 1, "cccccccc": 1}"#, r#"Unexpected token 'x', ..."aaaaaaa": x, "b": 1,"... is not valid JSON"#),
        (r#"["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", x]"#, r#"Unexpected token 'x', ..."aaaaaaa", x]" is not valid JSON"#),
        ("[1, 2, 3, 4, 5, 6, xx]", r#"Unexpected token 'x', ..." 4, 5, 6, xx]" is not valid JSON"#),
        ("[1, 2, 3, 4, 5,  xxx]", r#"Unexpected token 'x', ..."3, 4, 5,  xxx]" is not valid JSON"#),
        (r#"["😀" 1]"#, "Expected ',' or ']' after array element in JSON at position 6 (line 1 column 7)"),
        ("['']", r#"Unexpected token ''', "['']" is not valid JSON"#),
    ];
    for (text, message) in cases {
        let thrown = Failure {
            name: "SyntaxError",
            message: message.to_owned(),
        };
        assert_eq!(parse(text), Err(thrown), "{text}");
    }
}

#[test]
fn what_no_scanner_minds_is_refused_in_the_hosts_words() {
    let check = |text: &str, start: &str| {
        let thrown = parse(text).unwrap_err();
        assert_eq!(thrown.name, "SyntaxError", "{text}");
        assert!(thrown.message.starts_with(start), "{}", thrown.message);
    };
    check(&"[".repeat(100_000), "Unexpected end of JSON input");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    check(&deep, "recursion limit exceeded");
    check(r#""\ud83d""#, "unexpected end of hex escape");
    check("1e999", "number out of range");
}

#[test]
fn values_are_javascripts() {
    let check = |text: &str, tagged: Value| {
        assert_eq!(parse(text).unwrap().to_tagged(), tagged, "{text}");
    };
    check("[1.0, -0, 1e3, 0.5]", json!([1, 0, 1000, 0.5]));
    check(r#"{"a": 1, "b": null, "a": 2}"#, json!({"a": 2, "b": null}));
    let tag = json!({"$": "object", "of": {"$": "undefined"}});
    check(r#" {"$": "undefined"} "#, tag);
}
