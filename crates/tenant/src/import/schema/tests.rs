//! The rules for users, in the vendor's words and in ours.

use serde_json::{Value, json};

use super::{Problem, check, hidden, problems};

#[test]
fn the_schema_names_each_problem_by_its_code() {
    for (user, expected) in [
        (
            json!({"email": "a@example.com", "email_verified": true}),
            vec![],
        ),
        (json!({"username": "a"}), vec![]),
        (json!(1), vec![("INVALID_TYPE", None)]),
        (json!({}), vec![("OBJECT_MISSING_REQUIRED_PROPERTY", None)]),
        (
            json!({"email": "a@"}),
            vec![("INVALID_FORMAT", Some("email"))],
        ),
        (
            json!({"email": "a@b.c", "blocked": "no"}),
            vec![("INVALID_TYPE", Some("blocked"))],
        ),
        (
            json!({"email": "a@b.c", "password": "x", "name": null}),
            vec![
                ("OBJECT_ADDITIONAL_PROPERTIES", None),
                ("INVALID_TYPE", Some("name")),
            ],
        ),
        (
            json!({"email": "a@b.c", "app_metadata": {"user_id": 1}}),
            vec![("NOT_PASSED", Some("app_metadata"))],
        ),
        (
            json!({"email": "a@b.c", "user_metadata": {"a": [{"b.c": 1}]}}),
            vec![("NOT_PASSED", Some("user_metadata"))],
        ),
        (
            json!({"email": "a@b.c", "phone_number": "12", "name": "x".repeat(301), "picture": "nope", "given_name": ""}),
            vec![
                ("MIN_LENGTH", Some("given_name")),
                ("MAX_LENGTH", Some("name")),
                ("PATTERN", Some("phone_number")),
                ("INVALID_FORMAT", Some("picture")),
            ],
        ),
        (
            json!({"email": "a@b.c", "mfa_factors": []}),
            vec![("ARRAY_LENGTH_SHORT", Some("mfa_factors"))],
        ),
        (
            json!({"email": "a@b.c", "mfa_factors": vec![json!({"totp": {"secret": "A"}}); 11]}),
            vec![("ARRAY_LENGTH_LONG", Some("mfa_factors"))],
        ),
        (
            json!({"email": "a@b.c", "password_hash": "$2b$10$x", "custom_password_hash": {}}),
            vec![("NOT_PASSED", Some("custom_password_hash"))],
        ),
    ] {
        let found: Vec<Value> = problems(&user).iter().map(Problem::shown).collect();
        let found: Vec<(&str, Option<&str>)> = found
            .iter()
            .map(|it| {
                (
                    it["code"].as_str().unwrap(),
                    it.get("path").and_then(Value::as_str),
                )
            })
            .collect();
        assert_eq!(found, expected, "{user}");
    }
}

#[test]
fn an_error_shows_no_secret() {
    let user = json!({"email": "a", "password": "p", "password_hash": "h", "custom_password_hash": {"hash": "x"}, "mfa_factors": [{"totp": {"secret": "s"}}]});
    assert_eq!(
        hidden(&user),
        json!({"email": "a", "password": "*****", "password_hash": "*****", "custom_password_hash": "*****", "mfa_factors": "*****"})
    );
}

#[test]
fn a_seed_is_refused_in_our_words() {
    let factor = |factor: Value| json!({"email": "a@b.c", "mfa_factors": [factor]});
    for (user, expected) in [
        (
            json!({"email_verified": "yes"}),
            "`email_verified` must be true or false",
        ),
        (json!({"blocked": "no"}), "`blocked` must be true or false"),
        (
            json!({"phone_number": "12"}),
            "`phone_number` must be `+` and 1 to 15 digits",
        ),
        (json!({"picture": "nope"}), "`picture` must be a URL"),
        (
            json!({"name": "x".repeat(301)}),
            "`name` has 301 characters; at most 300 are allowed",
        ),
        (json!({"nickname": ""}), "`nickname` must not be empty"),
        (json!({"created_at": "nope"}), "`created_at` must be a time"),
        (
            json!({"logins_count": -1}),
            "`logins_count` must be a whole number from 0",
        ),
        (json!({"identities": {}}), "`identities` must be a list"),
        (
            json!({"app_metadata": {"email": "x"}}),
            "`app_metadata` must not have `email`: production keeps that name to itself",
        ),
        (
            json!({"user_metadata": {"x": {"a.b": 1}}}),
            "`user_metadata` must not have names with `.` or `$`, as `a.b` has",
        ),
        (
            factor(json!({"totp": {"secret": "not base32"}})),
            "the `secret` of `totp` in `mfa_factors` must be Base32 without padding",
        ),
        (
            factor(json!({"phone": {"value": "0171"}})),
            "the `value` of `phone` in `mfa_factors` must be `+` and 1 to 15 digits",
        ),
        (
            factor(json!({"email": {}})),
            "`email` in `mfa_factors` needs a `value`",
        ),
        (
            factor(json!({"totp": {"secret": "A"}, "phone": {"value": "+1"}})),
            "each item of `mfa_factors` must be one factor",
        ),
        (
            json!({"password_hash": "x", "custom_password_hash": {}}),
            "`password_hash` and `custom_password_hash` exclude each other",
        ),
    ] {
        let wrong = check(user.as_object().unwrap()).expect_err(&user.to_string());
        assert_eq!(wrong.message(), expected, "{user}");
    }
}

#[test]
fn what_production_shows_is_taken() {
    for user in [
        json!({"name": null, "email_verified": null, "mfa_factors": null}),
        // Of an export: it got there somehow.
        json!({"identities": [{"provider": "auth0"}], "picture": "", "name": "", "app_metadata": {"email": "x"}}),
        // Of a provider that has ways of its own.
        json!({"identities": [{"provider": "samlp"}], "email_verified": "true", "name": ["Jane"]}),
    ] {
        assert!(check(user.as_object().unwrap()).is_ok(), "{user}");
    }
    for user in [
        json!({"identities": [{"provider": "auth0"}], "blocked": "no"}),
        json!({"identities": [{"provider": "samlp"}], "blocked": "no"}),
        json!({"identities": [{"provider": "samlp"}], "created_at": 5}),
    ] {
        assert!(check(user.as_object().unwrap()).is_err(), "{user}");
    }
}
