//! The password policies of a database connection.
//!
//! <https://auth0.com/docs/authenticate/database-connections/password-strength>,
//! <https://auth0.com/docs/authenticate/database-connections/password-options>

pub(crate) mod flexible;

use serde_json::{Value, json};

/// The letters that a part of a name has at least, before a password must not contain it.
const LEAST_PART: usize = 3;

/// The documented error body for a password that a database refuses, of a user with this profile.
///
/// The names of the errors are those of the vendor's clients (`signUpError` of auth0-lock, `AuthenticationException` of Auth0.Android).
pub(crate) fn refusal(connection: &Value, password: &str, profile: &Value) -> Option<Value> {
    let options = connection.get("options")?;
    let refused = |name: &str, message: &str| json!({"name": name, "message": message, "code": "invalid_password", "description": message, "statusCode": 400});
    if let Some(weak) = weakness(options, password) {
        return Some(weak);
    }
    if is_listed(options, password) {
        return Some(refused("PasswordDictionaryError", "Password is too common"));
    }
    if is_barred(options, profile, password) {
        return Some(refused(
            "PasswordNoUserInfoError",
            "Password contains user information",
        ));
    }
    None
}

/// Returns the error body of [`refusal`] as the Management API words it.
pub(crate) fn worded(refusal: &Value) -> String {
    let part = |key: &str| refusal[key].as_str().unwrap_or_default();
    format!("{}: {}", part("name"), part("message"))
}

fn is_on(options: &Value, key: &str) -> bool {
    options.get(key).and_then(|it| it.get("enable")) == Some(&Value::Bool(true))
}

/// Whether a password is one of the database's own list: "Auth0 uses case-insensitive comparison with the Password Dictionary feature".
fn is_listed(options: &Value, password: &str) -> bool {
    let listed = match flexible::of(options) {
        Some(policy) => flexible::active(policy, "dictionary").and_then(|it| it.get("custom")),
        None => options
            .get("password_dictionary")
            .filter(|_| is_on(options, "password_dictionary"))
            .and_then(|it| it.get("dictionary")),
    };
    let mut listed = listed.and_then(Value::as_array).into_iter().flatten();
    let password = password.to_lowercase();
    listed.any(|entry| {
        entry
            .as_str()
            .is_some_and(|entry| entry.to_lowercase() == password)
    })
}

/// The fields of a profile that the older option documents. The flexible policy has them, too, where it names none.
const PERSONAL: &[&str] = &[
    "name",
    "username",
    "nickname",
    "user_metadata.name",
    "user_metadata.first",
    "user_metadata.last",
    "email",
];

/// Whether a database refuses a password for what it has of the user's profile.
fn is_barred(options: &Value, profile: &Value, password: &str) -> bool {
    let Some(policy) = flexible::of(options) else {
        return is_on(options, "password_no_personal_info")
            && is_personal(profile, password, PERSONAL);
    };
    let Some(settings) = flexible::active(policy, "profile_data") else {
        return false;
    };
    match settings.get("blocked_fields").and_then(Value::as_array) {
        Some(fields) => {
            let fields: Vec<&str> = fields.iter().filter_map(Value::as_str).collect();
            is_personal(profile, password, &fields)
        }
        None => is_personal(profile, password, PERSONAL),
    }
}

/// Whether a password contains "any part of their personal data": these fields, word by word.
fn is_personal(profile: &Value, password: &str, fields: &[&str]) -> bool {
    let value = |field: &&str| {
        let pointer = format!("/{}", field.replace('.', "/"));
        let value = profile.pointer(&pointer)?.as_str()?;
        match *field {
            "email" => value.split('@').next(),
            _ => Some(value),
        }
    };
    let password = password.to_lowercase();
    let values = fields.iter().filter_map(value);
    let mut parts = values.flat_map(str::split_whitespace);
    parts.any(|part| part.chars().count() >= LEAST_PART && password.contains(&part.to_lowercase()))
}

/// The documented error body for a password that is too weak. `min_length` counts instead of the length of the policy, as in auth0-lock
/// (`core/client/index.js`).
pub(crate) fn weakness(options: &Value, password: &str) -> Option<Value> {
    let rules = match flexible::of(options) {
        Some(policy) => flexible::rules(policy, password),
        None => rules_of(options, password),
    };
    if rules.iter().all(|rule| rule["verified"] == true) {
        return None;
    }
    let policy: Vec<String> = rules.iter().map(told).collect();
    Some(json!({
        "name": "PasswordStrengthError", "message": "Password is too weak", "code": "invalid_password",
        "description": {"rules": rules, "verified": false}, "policy": policy.join("\n"), "statusCode": 400,
    }))
}

/// The rules of the older options; none where the database has no policy.
fn rules_of(options: &Value, password: &str) -> Vec<Value> {
    let policy = options.get("passwordPolicy").and_then(Value::as_str);
    let least = options.pointer("/password_complexity_options/min_length");
    let least = least.and_then(Value::as_u64).filter(|least| *least > 0);
    let least = least.and_then(|least| usize::try_from(least).ok());
    let long = |count: usize| at_least(password, least.unwrap_or(count));
    match policy.unwrap_or("none") {
        "low" => vec![long(6)],
        "fair" => vec![long(8), kinds_of(password, 3, &[0, 1, 2])],
        "good" => vec![long(8), kinds_of(password, 3, &[0, 1, 2, 3])],
        "excellent" => vec![
            long(10),
            kinds_of(password, 3, &[0, 1, 2, 3]),
            no_more_than_two(password),
        ],
        _ => least.map(|_| long(1)).into_iter().collect(),
    }
}

fn at_least(password: &str, count: usize) -> Value {
    let length = password.chars().count();
    json!({"message": "At least %d characters in length", "format": [count], "code": "lengthAtLeast", "verified": length >= count})
}

/// The rule that so many of these kinds of characters are needed: 0 lower case, 1 upper case, 2 numbers, 3 special characters.
fn kinds_of(password: &str, needed: usize, kinds: &[usize]) -> Value {
    let any = |is: fn(char) -> bool| password.chars().any(is);
    let items = [
        (
            "lower case letters (a-z)",
            "lowerCase",
            any(|letter| letter.is_ascii_lowercase()),
        ),
        (
            "upper case letters (A-Z)",
            "upperCase",
            any(|letter| letter.is_ascii_uppercase()),
        ),
        (
            "numbers (i.e. 0-9)",
            "numbers",
            any(|letter| letter.is_ascii_digit()),
        ),
        (
            "special characters (e.g. !@#$%^&*)",
            "specialCharacters",
            any(|letter| letter.is_ascii_punctuation()),
        ),
    ];
    let items: Vec<_> = kinds.iter().filter_map(|kind| items.get(*kind)).collect();
    let found = items.iter().filter(|(_, _, verified)| *verified).count();
    let items: Vec<Value> = items.iter().map(|(message, code, verified)| json!({"message": message, "code": code, "verified": verified})).collect();
    match needed == kinds.len() {
        true => {
            json!({"message": "Should contain:", "code": "shouldContain", "items": items, "verified": found >= needed})
        }
        false => json!({
            "message": "Contain at least %d of the following %d types of characters:", "format": [needed, kinds.len()],
            "code": "containsAtLeast", "items": items, "verified": found >= needed,
        }),
    }
}

fn no_more_than_two(password: &str) -> Value {
    let letters: Vec<char> = password.chars().collect();
    let repeats = letters
        .windows(3)
        .any(|three| matches!(three, [a, b, c] if a == b && b == c));
    json!({
        "message": "No more than %d identical characters in a row (e.g., \"%s\" not allowed)", "format": [2, "aaa"],
        "code": "identicalChars", "verified": !repeats,
    })
}

fn told(rule: &Value) -> String {
    let mut text = rule["message"].as_str().unwrap_or_default().to_owned();
    for part in rule["format"].as_array().into_iter().flatten() {
        let shown = part
            .as_str()
            .map_or_else(|| part.to_string(), str::to_owned);
        let mark = if part.is_string() { "%s" } else { "%d" };
        text = text.replacen(mark, &shown, 1);
    }
    let mut lines = vec![format!("* {text}")];
    for item in rule["items"].as_array().into_iter().flatten() {
        lines.push(format!(
            "  * {}",
            item["message"].as_str().unwrap_or_default()
        ));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{refusal, weakness, worded};

    #[test]
    fn policies_refuse_what_they_say() {
        for (policy, password, refused) in [
            (None, "x", false),
            (Some("none"), "x", false),
            (Some("low"), "12345", true),
            (Some("low"), "123456", false),
            (Some("fair"), "abcdefg1", true),
            (Some("fair"), "Abcdefg1", false),
            (Some("good"), "abcdefg!1", false),
            (Some("good"), "abcdefgh", true),
            (Some("excellent"), "Abcdefgh11", false),
            (Some("excellent"), "Abcdefg111", true),
        ] {
            let weak = weakness(&json!({"passwordPolicy": policy}), password);
            assert_eq!(weak.is_some(), refused, "{policy:?} {password}");
            if let Some(weak) = weak {
                assert_eq!(
                    (&weak["name"], &weak["code"]),
                    (&"PasswordStrengthError".into(), &"invalid_password".into())
                );
                assert!(
                    weak["policy"]
                        .as_str()
                        .is_some_and(|text| text.starts_with("* At least"))
                );
            }
        }
    }

    /// The rules are those of auth0-lock with the same options: `minLength` is the setting, whatever the policy says.
    #[test]
    fn the_least_length_is_that_of_the_setting() {
        for (policy, least, password, refused) in [
            ("good", 12, "Abcdefg-123", true),
            ("good", 12, "Abcdefg-1234", false),
            ("good", 4, "Ab-1", false),
            ("none", 10, "123456789", true),
            ("none", 10, "1234567890", false),
        ] {
            let options = json!({"passwordPolicy": policy, "password_complexity_options": {"min_length": least}});
            let weak = weakness(&options, password);
            assert_eq!(weak.is_some(), refused, "{policy} {least} {password}");
            if let Some(weak) = weak {
                assert_eq!(weak["description"]["rules"][0]["format"], json!([least]));
            }
        }
    }

    #[test]
    fn listed_and_personal_passwords_are_refused() {
        let connection = json!({"options": {
            "password_dictionary": {"enable": true, "dictionary": ["Horse-1234"]},
            "password_no_personal_info": {"enable": true},
        }});
        let jane = json!({
            "email": "jsmith@acme.example", "name": "Jane Smith", "nickname": "jj", "user_metadata": {"first": "Marianne", "city": "Paris"},
        });
        let check = |password: &str, expected: Option<&str>| {
            let refused = refusal(&connection, password, &jane);
            let said = refused.as_ref().map(worded);
            assert_eq!(said.as_deref(), expected, "{password}");
            if let Some(refused) = refused {
                assert_eq!(refused["code"], "invalid_password");
            }
        };
        let common = Some("PasswordDictionaryError: Password is too common");
        let personal = Some("PasswordNoUserInfoError: Password contains user information");
        check("horse-1234", common);
        check("horse-12345", None);
        check("my-JANE-1", personal);
        check("blacksmith", personal);
        check("xx-jsmith", personal);
        check("marianne!", personal);
        check("paris-jj-acme", None);
        let off =
            json!({"options": {"password_dictionary": {"enable": false, "dictionary": ["a"]}}});
        assert_eq!(refusal(&off, "a", &jane), None::<Value>);
    }
}
