//! The password policies of a database connection.
//!
//! <https://auth0.com/docs/authenticate/database-connections/password-strength>

use serde_json::{Value, json};

/// The documented error body for a password that a policy refuses.
pub(crate) fn weakness(policy: Option<&str>, password: &str) -> Option<Value> {
    let length = password.chars().count();
    let at_least = |count: usize| json!({"message": "At least %d characters in length", "format": [count], "code": "lengthAtLeast", "verified": length >= count});
    let rules = match policy? {
        "low" => vec![at_least(6)],
        "fair" => vec![at_least(8), contains(password, 3, 3)],
        "good" => vec![at_least(8), contains(password, 3, 4)],
        "excellent" => vec![
            at_least(10),
            contains(password, 3, 4),
            no_more_than_two(password),
        ],
        _ => vec![at_least(1)],
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

/// Whether the policy of a database connection refuses a password.
pub(crate) fn is_weak(connection: &Value, password: &str) -> bool {
    let policy = connection.pointer("/options/passwordPolicy");
    weakness(policy.and_then(Value::as_str), password).is_some()
}

fn contains(password: &str, needed: usize, kinds: usize) -> Value {
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
    let items = items.get(..kinds).unwrap_or_default();
    let found = items.iter().filter(|(_, _, verified)| *verified).count();
    let items: Vec<Value> = items.iter().map(|(message, code, verified)| json!({"message": message, "code": code, "verified": verified})).collect();
    match needed == kinds {
        true => {
            json!({"message": "Should contain:", "code": "shouldContain", "items": items, "verified": found >= needed})
        }
        false => json!({
            "message": "Contain at least %d of the following %d types of characters:", "format": [needed, kinds],
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
    use super::weakness;

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
            let weak = weakness(policy, password);
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
}
