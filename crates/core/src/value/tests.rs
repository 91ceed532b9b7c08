//! Tests of the guest's values.

use serde_json::{Value, json};

use super::{Argument, NotJson};

#[test]
fn texts_are_javascripts() {
    let check = |value: Value, text: &str| {
        assert_eq!(
            Argument::from_tagged(&value).coerce_to_string().unwrap(),
            text,
            "{value}"
        );
    };
    check(json!(1), "1");
    check(json!(-0.5), "-0.5");
    check(json!(0.1), "0.1");
    check(json!(1.0), "1");
    check(json!(1e21), "1e+21");
    check(json!(1.5e300), "1.5e+300");
    check(json!(123456789012345680000.0), "123456789012345680000");
    check(json!(1e-6), "0.000001");
    check(json!(1.5e-7), "1.5e-7");
    check(json!(u64::MAX), "18446744073709552000");
    check(json!({"$": "NaN"}), "NaN");
    check(json!({"$": "-Infinity"}), "-Infinity");
    check(json!(null), "null");
    check(json!({"$": "undefined"}), "undefined");
    check(json!([1, [2, null], {"$": "undefined"}, "x"]), "1,2,,,x");
    check(json!({"a": 1}), "[object Object]");
    check(json!({"$": "function"}), "function () { }");
    check(json!({"$": "bigint", "of": "12"}), "12");
    let date = "Thu Jan 01 2026 00:00:00 GMT+0000 (Coordinated Universal Time)";
    check(json!({"$": "date", "of": "2026-01-01T00:00:00.000Z"}), date);
    check(json!({"$": "date", "of": "2026-01-01T00:00:00Z"}), date);
    check(json!({"$": "date", "of": "invalid"}), "Invalid Date");
    assert!(Argument::Symbol("s".to_owned()).coerce_to_string().is_err());
}

#[test]
fn json_is_what_stringify_writes() {
    let check = |value: Value, expected: Result<Option<Value>, NotJson>| {
        assert_eq!(Argument::from_tagged(&value).to_json(), expected, "{value}");
    };
    check(json!({"$": "undefined"}), Ok(None));
    check(
        json!({"a": {"$": "undefined"}, "b": {"$": "function"}, "c": null}),
        Ok(Some(json!({"c": null}))),
    );
    check(
        json!([{"$": "undefined"}, {"$": "symbol", "of": ""}, {"$": "NaN"}]),
        Ok(Some(json!([null, null, null]))),
    );
    check(json!({"$": "tojson", "of": {"$": "undefined"}}), Ok(None));
    check(json!({"$": "date", "of": "invalid"}), Ok(Some(Value::Null)));
    check(json!([{"$": "bigint", "of": "1"}]), Err(NotJson::BigInt));
    check(json!({"self": {"$": "circular"}}), Err(NotJson::Circular));
}

#[test]
fn a_dollar_key_is_escaped_and_unknown_tags_are_objects() {
    let object = Argument::Object(vec![(
        "$".to_owned(),
        Argument::String("undefined".to_owned()),
    )]);
    let wire = json!({"$": "object", "of": {"$": "undefined"}});
    assert_eq!(object.to_tagged(), wire);
    assert_eq!(Argument::from_tagged(&wire), object);
    assert!(matches!(
        Argument::from_tagged(&json!({"$": "new"})),
        Argument::Object(_)
    ));
    assert!(matches!(
        Argument::from_tagged(&json!({"$": 5})),
        Argument::Object(_)
    ));
    assert!(matches!(
        Argument::from_tagged(&json!({"$": "bigint", "of": 5})),
        Argument::Object(_)
    ));
}
