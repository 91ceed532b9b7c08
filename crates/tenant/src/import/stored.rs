//! The attributes of users, as a database stores them.

use md5::{Digest as _, Md5};
use serde_json::{Map, Value};
use url::form_urlencoded::byte_serialize;

/// Whether the tenant itself is the source of the users of a strategy: a database, or passwordless. Other providers' e-mail
/// addresses and pictures stay as they are.
///
/// Source: <https://community.auth0.com/t/uppercase-characters-in-user-email-addresses/124757>.
pub(crate) fn is_own(provider: &str) -> bool {
    matches!(provider, "auth0" | "email" | "sms")
}

/// The attribute by which users of a passwordless strategy are known; `None` for the other strategies.
pub(crate) fn passwordless_attribute(strategy: &str) -> Option<&'static str> {
    match strategy {
        "email" => Some("email"),
        "sms" => Some("phone_number"),
        _ => None,
    }
}

/// Writes e-mail address and user name in lower case.
pub(super) fn lower(user: &mut Map<String, Value>) {
    for key in ["email", "username"] {
        if let Some(Value::String(name)) = user.get_mut(key) {
            *name = name.to_lowercase();
        }
    }
}

/// As a changed attribute of a profile is stored.
pub(crate) fn changed(profile: &Map<String, Value>, key: &str, value: &Value) -> Value {
    let provider = profile
        .get("identities")
        .and_then(|identities| identities.pointer("/0/provider"))
        .and_then(Value::as_str);
    match value {
        Value::String(name)
            if ["email", "username"].contains(&key) && is_own(provider.unwrap_or("auth0")) =>
        {
            name.to_lowercase().into()
        }
        value => value.clone(),
    }
}

/// The picture of a user without one: that of Gravatar, else an image with the user's initials.
///
/// Source: <https://community.auth0.com/t/187680>; which initials is not said there. Public profiles have the first two letters of
/// the e-mail address, or those of two names.
pub(super) fn picture(user: &Map<String, Value>) -> Option<String> {
    let text = |key: &str| user.get(key).and_then(Value::as_str);
    let email = text("email")?;
    let hash: String = Md5::digest(email.trim().to_lowercase())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let fallback = format!(
        "https://cdn.auth0.com/avatars/{}.png",
        initials(user, email)
    );
    let fallback: String = byte_serialize(fallback.as_bytes()).collect();
    Some(format!(
        "https://s.gravatar.com/avatar/{hash}?s=480&r=pg&d={fallback}"
    ))
}

fn initials(user: &Map<String, Value>, email: &str) -> String {
    let text = |key: &str| user.get(key).and_then(Value::as_str).unwrap_or_default();
    let name = match text("name") {
        name if name.contains('@') || name.is_empty() => {
            format!("{} {}", text("given_name"), text("family_name"))
        }
        name => name.to_owned(),
    };
    let mut words = name.split_whitespace();
    let letters: String = match (words.next(), words.next_back()) {
        (Some(first), Some(last)) => first.chars().take(1).chain(last.chars().take(1)).collect(),
        _ => email.chars().take(2).collect(),
    };
    letters.to_lowercase()
}

/// Turns `mfa_factors` of an import into the factors that the user has enrolled.
pub(super) fn enrol(user: &mut Map<String, Value>) {
    let Some(Value::Array(imported)) = user.shift_remove("mfa_factors") else {
        return;
    };
    let kinds = imported.iter().filter_map(|factor| {
        let kinds = [("totp", "otp"), ("phone", "phone"), ("email", "email")];
        let mut kinds = kinds.into_iter();
        kinds.find(|(key, _)| factor.get(*key).is_some())
    });
    let factors: Vec<Value> = kinds
        .map(|(_, kind)| serde_json::json!({"type": kind}))
        .collect();
    user.entry("enrolledFactors")
        .or_insert(Value::Array(factors));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{enrol, lower, picture};

    #[test]
    fn a_picture_is_that_of_public_profiles() {
        // Profiles of Auth0 databases in public repositories.
        for (user, hash, initials) in [
            (
                json!({"email": "testuser1@test.com", "name": "testuser1@test.com"}),
                "6a4b6cb2045fd55f706eaebd6ab5d4f7",
                "te",
            ),
            (
                json!({"email": "john@example.com"}),
                "d4c74594d841139328695756648b6bd6",
                "jo",
            ),
            (
                json!({"email": "John@Example.com", "name": "Jane Mary Doe"}),
                "d4c74594d841139328695756648b6bd6",
                "jd",
            ),
            (
                json!({"email": "john@example.com", "given_name": "Jane", "family_name": "Roe"}),
                "d4c74594d841139328695756648b6bd6",
                "jr",
            ),
        ] {
            let expected = format!(
                "https://s.gravatar.com/avatar/{hash}?s=480&r=pg&d=https%3A%2F%2Fcdn.auth0.com%2Favatars%2F{initials}.png"
            );
            assert_eq!(picture(user.as_object().unwrap()), Some(expected), "{user}");
        }
        assert_eq!(picture(json!({"username": "x"}).as_object().unwrap()), None);
    }

    #[test]
    fn names_are_lower_case_and_factors_are_enrolled() {
        let mut user = json!({
            "email": "JÄNE@X.com", "username": "Jane", "name": "Jane", "mfa_factors": [{"totp": {"secret": "JBSWY3DP"}}, {"phone": {"value": "+1"}}],
        });
        let user = user.as_object_mut().unwrap();
        lower(user);
        enrol(user);
        assert_eq!(
            json!(user),
            json!({"email": "jäne@x.com", "username": "jane", "name": "Jane", "enrolledFactors": [{"type": "otp"}, {"type": "phone"}]})
        );
    }
}
