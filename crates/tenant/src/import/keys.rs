//! The attributes that a user of a seed may have: a misspelt one would be dropped, or kept, without a word.

use postlogin_core::claim_rules::STANDARD_CLAIMS;
use postlogin_core::event::suggest::closest;
use serde_json::{Map, Value};

use super::{Wrong, is_own, schema};

/// The keys of the vendor's import and export formats, and our own `connection`, `password`, `roles`, `organizations` and
/// `enrolledFactors`.
///
/// Sources: <https://auth0.com/docs/manage-users/user-migration/bulk-user-import-database-schema-and-examples>,
/// <https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure>.
const KNOWN: &[&str] = &[
    "app_metadata",
    "blocked",
    "connection",
    "created_at",
    "custom_password_hash",
    "email",
    "email_verified",
    "enrolledFactors",
    "family_name",
    "given_name",
    "guardian_authenticators",
    "identities",
    "last_ip",
    "last_login",
    "last_password_reset",
    "logins_count",
    "mfa_factors",
    "multifactor",
    "multifactor_last_modified",
    "name",
    "nickname",
    "organizations",
    "password",
    "password_hash",
    "phone_number",
    "phone_verified",
    "picture",
    "roles",
    "updated_at",
    "user_id",
    "user_metadata",
    "username",
];

/// Attributes that a profile of another provider has by its own name only when they are misspelt: providers have attributes
/// of all kinds.
const DISTINCT: &[&str] = &[
    "app_metadata",
    "custom_password_hash",
    "email_verified",
    "mfa_factors",
    "organizations",
    "password",
    "password_hash",
    "user_metadata",
];

/// Keys of an item of `mfa_factors`.
const FACTORS: &[&str] = &["email", "phone", "totp"];
/// Keys of each of those.
const FACTOR: &[&str] = &["secret", "value"];

/// Checks the attributes of a user: their names, then what they hold.
///
/// # Errors
/// For the first one that no user has.
pub(crate) fn check(user: &Value) -> Result<(), Wrong> {
    let Some(user) = user.as_object() else {
        return Ok(());
    };
    let provider = user
        .get("identities")
        .and_then(|it| it.pointer("/0/provider"));
    let has_own_attributes = provider
        .and_then(Value::as_str)
        .is_some_and(|it| !is_own(it));
    for key in user.keys() {
        let is_known =
            KNOWN.contains(&key.as_str()) || STANDARD_CLAIMS.iter().any(|(claim, _)| claim == key);
        if is_known {
            continue;
        }
        let near = match has_own_attributes {
            true => closest(key, DISTINCT.iter().copied()),
            false => closest(key, KNOWN.iter().copied()),
        };
        if has_own_attributes && near.is_none() {
            continue;
        }
        let wrong = Wrong::at(key.clone(), format!("unknown key `{key}` of a user"));
        return Err(wrong.with_hint(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "attributes of your own are in `user_metadata` or `app_metadata`".to_owned(),
        }));
    }
    factors(user)?;
    schema::check(user)
}

/// Checks `mfa_factors`.
fn factors(user: &Map<String, Value>) -> Result<(), Wrong> {
    const KEY: &str = "mfa_factors";
    let list = match user.get(KEY) {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(Wrong::at(KEY, "`mfa_factors` must be a list")),
    };
    let unknown = |key: &str, known: &[&'static str]| {
        let wrong = Wrong::at(KEY, format!("unknown key `{key}` in `mfa_factors`"));
        wrong.with_hint(match closest(key, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", known.join(", ")),
        })
    };
    for item in list {
        let object = item.as_object().ok_or_else(|| {
            Wrong::at(KEY, "`mfa_factors` must be a list of objects")
                .with_hint("write [{\"totp\": {\"secret\": \"…\"}}]")
        })?;
        for (key, factor) in object {
            if !FACTORS.contains(&key.as_str()) {
                return Err(unknown(key, FACTORS));
            }
            for key in factor.as_object().into_iter().flat_map(Map::keys) {
                if !FACTOR.contains(&key.as_str()) {
                    return Err(unknown(key, FACTOR));
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;
    use crate::import::SeedUser;

    /// The message with its hint, or nothing.
    fn checked(user: &Value) -> Option<String> {
        let wrong = check(user).err()?;
        let [origin] = SeedUser::listed([user.clone()]).try_into().ok()?;
        let error = origin.error(&wrong);
        Some(format!(
            "{} ({})",
            error.message,
            error.hint.unwrap_or_default()
        ))
    }

    #[test]
    fn misspelt_attributes_are_named_with_what_was_meant() {
        for (user, expected) in [
            (
                json!({"email": "a@x.com", "pasword": "secret"}),
                "unknown key `pasword` of a user (did you mean `password`?)",
            ),
            (
                json!({"email": "a@x.com", "user_metdata": {}}),
                "unknown key `user_metdata` of a user (did you mean `user_metadata`?)",
            ),
            (
                json!({"email": "a@x.com", "passwordHash": "$2b$"}),
                "unknown key `passwordHash` of a user (did you mean `password_hash`?)",
            ),
            (
                json!({"email": "a@x.com", "hobby": "surfing"}),
                "unknown key `hobby` of a user (attributes of your own are in `user_metadata` or `app_metadata`)",
            ),
            // Providers have attributes of all kinds, but not these.
            (
                json!({"identities": [{"provider": "google-oauth2"}], "app_metdata": {}}),
                "unknown key `app_metdata` of a user (did you mean `app_metadata`?)",
            ),
            (
                json!({"email": "jane"}),
                "`jane` is not an e-mail address (write it as name@example.com)",
            ),
            (
                json!({"email": "jane@example.com "}),
                "`jane@example.com ` is not an e-mail address (write it as name@example.com)",
            ),
            (
                json!({"email": "a@x.com", "mfa_factors": [{"totp": {"secrets": "A"}}]}),
                "unknown key `secrets` in `mfa_factors` (did you mean `secret`?)",
            ),
            (
                json!({"email": "a@x.com", "mfa_factors": [{"sms": {"value": "+1"}}]}),
                "unknown key `sms` in `mfa_factors` (there are email, phone, totp)",
            ),
            (
                json!({"email": "a@x.com", "mfa_factors": {}}),
                "`mfa_factors` must be a list ()",
            ),
        ] {
            assert_eq!(checked(&user).as_deref(), Some(expected), "{user}");
        }
    }

    #[test]
    fn what_the_vendor_exports_is_known() {
        for user in [
            json!({"user_id": "auth0|1", "email": "a@x.com", "email_verified": true, "created_at": "2026-01-01T00:00:00.000Z",
                "updated_at": "2026-01-01T00:00:00.000Z", "identities": [{"provider": "auth0", "isSocial": false}], "name": "A",
                "nickname": "a", "picture": "https://x", "last_login": "2026-01-01T00:00:00.000Z", "last_ip": "::1",
                "logins_count": 1, "multifactor": ["guardian"], "blocked": false, "phone_verified": true, "birthdate": "1990-01-01"}),
            json!({"identities": [{"provider": "google-oauth2"}], "emails": ["a@x.com"], "hd": "x.com", "email": "a@x.com"}),
            json!({"identities": [{"provider": "sms"}], "phone_number": "+4930123456", "name": "A"}),
            json!({"email": "jane+tag@mail.example.co.uk", "username": "jane"}),
            json!({"email": null, "username": "jane"}),
        ] {
            assert_eq!(checked(&user), None, "{user}");
        }
    }
}
