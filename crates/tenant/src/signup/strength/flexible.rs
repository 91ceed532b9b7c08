//! The Flexible Password Policy of a database: `password_options`, which replaces the older options.
//!
//! <https://auth0.com/docs/authenticate/database-connections/flexible-password-policy>. The rules and their words are those of the
//! vendor's `password-sheriff`.

use serde_json::{Map, Value, json};

use super::{at_least, kinds_of, no_more_than_two};

/// The most bytes of a password: those that bcrypt reads.
const MOST_BYTES: usize = 72;
/// The most characters of a sequence. The vendor does not document the number; it is that of identical characters.
const IN_SEQUENCE: usize = 2;

/// Returns the policy of a database that has switched it on.
pub(crate) fn of(options: &Value) -> Option<&Map<String, Value>> {
    options.get("password_options")?.as_object()
}

/// Returns one part of the policy, if it is active.
pub(crate) fn active<'a>(policy: &'a Map<String, Value>, part: &str) -> Option<&'a Value> {
    let part = policy.get(part)?;
    (part.get("active") == Some(&Value::Bool(true))).then_some(part)
}

/// Returns the rules about the characters of a password, with what became of each.
pub(super) fn rules(policy: &Map<String, Value>, password: &str) -> Vec<Value> {
    let complexity = policy.get("complexity").unwrap_or(&Value::Null);
    let is = |key: &str, word: &str| complexity.get(key).and_then(Value::as_str) == Some(word);
    let least = complexity.get("min_length").and_then(Value::as_u64);
    let least = least.and_then(|least| usize::try_from(least).ok());
    let mut rules = vec![at_least(password, least.unwrap_or(1))];
    let types = complexity.get("character_types").and_then(Value::as_array);
    let types: Vec<&str> = types
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    // In the order of the vendor's own policies.
    let kinds = ["lowercase", "uppercase", "number", "special"];
    let kinds: Vec<usize> = (0..kinds.len())
        .filter(|at| kinds.get(*at).is_some_and(|kind| types.contains(kind)))
        .collect();
    if !kinds.is_empty() {
        // "Can only be enabled when all 4 character types are specified".
        let three = is("character_type_rule", "three_of_four") && kinds.len() == 4;
        let needed = if three { 3 } else { kinds.len() };
        rules.push(kinds_of(password, needed, &kinds));
    }
    if is("identical_characters", "block") {
        rules.push(no_more_than_two(password));
    }
    if is("sequential_characters", "block") {
        rules.push(json!({
            "message": "No more than %d sequential alphanumeric characters (e.g., \"%s\" not allowed)", "format": [IN_SEQUENCE, "abc"],
            "code": "sequentialChars", "verified": !has_sequence(password),
        }));
    }
    if is("max_length_exceeded", "error") {
        rules.push(json!({
            "message": "Maximum password length exceeded", "format": [MOST_BYTES],
            "code": "maxLength", "verified": password.len() <= MOST_BYTES,
        }));
    }
    rules
}

/// Whether letters or digits follow each other in the order of their codes, up or down, more often than allowed.
fn has_sequence(password: &str) -> bool {
    let letters: Vec<char> = password.chars().collect();
    letters.windows(IN_SEQUENCE + 1).any(|part| {
        let runs = |step: i64| {
            part.windows(2)
                .all(|two| matches!(two, [a, b] if i64::from(u32::from(*b)) - i64::from(u32::from(*a)) == step))
        };
        part.iter().all(char::is_ascii_alphanumeric) && (runs(1) || runs(-1))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{refusal, worded};

    fn codes(complexity: Value, password: &str) -> Vec<String> {
        // The older options are ignored.
        let options = json!({
            "passwordPolicy": "excellent", "password_complexity_options": {"min_length": 30},
            "password_dictionary": {"enable": true, "dictionary": [password]},
            "password_options": {"complexity": complexity},
        });
        let refused = refusal(&json!({"options": options}), password, &json!({}));
        let Some(refused) = refused else {
            return Vec::new();
        };
        assert_eq!(refused["name"], "PasswordStrengthError", "{refused}");
        let rules = refused["description"]["rules"].as_array().unwrap();
        let broken = rules.iter().filter(|rule| rule["verified"] == false);
        broken
            .map(|rule| rule["code"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The verdicts about characters are those of the vendor's `password-sheriff` with the same rules, a run of two and 72 bytes.
    #[test]
    fn the_policy_replaces_the_older_options() {
        let all = ["uppercase", "lowercase", "number", "special"];
        let block = json!({"sequential_characters": "block"});
        for (complexity, password, broken) in [
            (json!({}), "x", vec![]),
            (json!({"min_length": 14}), "Short-12", vec!["lengthAtLeast"]),
            (json!({"min_length": 14}), "short-but-long", vec![]),
            (
                json!({"character_types": ["number"]}),
                "abcdef",
                vec!["shouldContain"],
            ),
            (json!({"character_types": ["number"]}), "abcdef1", vec![]),
            (
                json!({"character_types": all}),
                "Abcdefg1",
                vec!["shouldContain"],
            ),
            (
                json!({"character_types": all, "character_type_rule": "three_of_four"}),
                "Abcdefg1",
                vec![],
            ),
            (
                json!({"character_types": all, "character_type_rule": "three_of_four"}),
                "abcdefg1",
                vec!["containsAtLeast"],
            ),
            (
                json!({"identical_characters": "block"}),
                "paaas",
                vec!["identicalChars"],
            ),
            (json!({"identical_characters": "allow"}), "paaas", vec![]),
            (block.clone(), "abc", vec!["sequentialChars"]),
            (block.clone(), "x-321", vec!["sequentialChars"]),
            (block.clone(), "ab-cd-ba", vec![]),
            (block.clone(), "aBc", vec![]),
            (block, "!\"#", vec![]),
            (
                json!({"max_length_exceeded": "error"}),
                &"é".repeat(37),
                vec!["maxLength"],
            ),
            (
                json!({"max_length_exceeded": "error"}),
                &"é".repeat(36),
                vec![],
            ),
            (
                json!({"max_length_exceeded": "truncate"}),
                &"é".repeat(37),
                vec![],
            ),
        ] {
            assert_eq!(
                codes(complexity.clone(), password),
                broken,
                "{complexity} {password}"
            );
        }
    }

    #[test]
    fn listed_words_and_blocked_fields_are_refused() {
        let jane = json!({"email": "jdoe42@acme.example", "name": "Jane Smith", "user_metadata": {"city": "Paris"}});
        let check = |policy: Value, password: &str, expected: Option<&str>| {
            let connection = json!({"options": {"password_options": policy}});
            let refused = refusal(&connection, password, &jane);
            let words = refused.as_ref().map(worded);
            assert_eq!(words.as_deref(), expected, "{policy} {password}");
        };
        let common = Some("PasswordDictionaryError: Password is too common");
        let personal = Some("PasswordNoUserInfoError: Password contains user information");
        let listed = json!({"dictionary": {"active": true, "custom": ["Horse-1234"]}});
        check(listed, "horse-1234", common);
        check(
            json!({"dictionary": {"active": false, "custom": ["Horse-1234"]}}),
            "horse-1234",
            None,
        );
        let blocked = json!({"profile_data": {"active": true, "blocked_fields": ["name", "user_metadata.city"]}});
        check(blocked.clone(), "my-JANE-1", personal);
        check(blocked.clone(), "in-paris", personal);
        check(blocked, "xx-jdoe42", None);
        let mail = json!({"profile_data": {"active": true, "blocked_fields": ["email"]}});
        check(mail, "xx-jdoe42", personal);
        check(
            json!({"profile_data": {"active": true}}),
            "my-jane-1",
            personal,
        );
        check(
            json!({"profile_data": {"active": false, "blocked_fields": ["name"]}}),
            "my-jane-1",
            None,
        );
    }
}
