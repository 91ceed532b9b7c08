//! The rules for the attributes of a user, one set for every door: imports of the Management API, `--users`, `--seed` and the
//! control API.
//!
//! Types, patterns and numbers are those of the vendor's schema of an import
//! (<https://auth0.com/docs/manage-users/user-migration/bulk-user-import-database-schema-and-examples>), lengths and URLs those of
//! `POST /users`. Codes of errors: <https://auth0.com/docs/manage-users/user-migration/bulk-user-imports#retrieve-failed-entries>.
//! Texts of which none is published are ours.

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use super::{Wrong, is_own};
use crate::management::body::{
    Breach, PHONE, breach_of, forbidden_name, is_phone, signed_name, type_name,
};
use crate::signup::is_email;

/// The attributes that an import may have.
const SCHEMA: &[&str] = &[
    "app_metadata",
    "blocked",
    "custom_password_hash",
    "email",
    "email_verified",
    "family_name",
    "given_name",
    "mfa_factors",
    "name",
    "nickname",
    "password_hash",
    "phone_number",
    "phone_verified",
    "picture",
    "user_id",
    "user_metadata",
    "username",
];

/// Attributes of a profile that the tenant itself writes: only an export has them.
const WRITTEN: &[&str] = &[
    "created_at",
    "enrolledFactors",
    "identities",
    "last_ip",
    "last_login",
    "last_password_reset",
    "logins_count",
    "multifactor",
    "updated_at",
];

/// Those that no provider gives: they have the same types in every profile.
const OF_EVERY_USER: &[&str] = &["app_metadata", "blocked", "user_metadata", "user_id"];

/// The number of factors of an import.
const FACTORS: RangeInclusive<usize> = 1..=10;

/// A rule that a user breaks.
#[derive(Debug)]
pub(crate) struct Problem {
    code: &'static str,
    key: Option<&'static str>,
    /// In the vendor's words.
    vendor: String,
    /// In ours, with the way to fix it.
    wrong: Wrong,
}

impl Problem {
    fn new(code: &'static str, key: Option<&'static str>, vendor: String, ours: String) -> Self {
        let wrong = match key {
            Some(key) => Wrong::at(key, ours),
            None => Wrong::anywhere(ours),
        };
        let vendor = match key {
            Some(key) => format!("Error in {key} property - {vendor}"),
            None => vendor,
        };
        Self {
            code,
            key,
            vendor,
            wrong,
        }
    }

    fn with_hint(self, hint: impl Into<String>) -> Self {
        Self {
            wrong: self.wrong.with_hint(hint),
            ..self
        }
    }

    fn of(key: &'static str, breach: Breach, value: &Value) -> Self {
        let (code, ours, hint) = match breach {
            Breach::Type(expected) => {
                let (ours, hint) = type_words(expected);
                let ours = format!("`{key}` must be {ours}");
                ("INVALID_TYPE", ours, hint.map(str::to_owned))
            }
            Breach::Short(..) => (
                "MIN_LENGTH",
                format!("`{key}` must not be empty"),
                Some("leave the key out".to_owned()),
            ),
            Breach::Long(length, most) => {
                let ours = format!("`{key}` has {length} characters; at most {most} are allowed");
                ("MAX_LENGTH", ours, None)
            }
            Breach::Format("email") => {
                let shown = shortened(value.as_str().unwrap_or_default());
                let ours = format!("`{shown}` is not an e-mail address");
                let hint = "write it as name@example.com".to_owned();
                ("INVALID_FORMAT", ours, Some(hint))
            }
            Breach::Format(_) => {
                let hint = "write it as https://example.com/jane.png".to_owned();
                (
                    "INVALID_FORMAT",
                    format!("`{key}` must be a URL"),
                    Some(hint),
                )
            }
            Breach::Pattern(_) => (
                "PATTERN",
                format!("`{key}` must be `+` and 1 to 15 digits"),
                Some("write it as +12125550001".to_owned()),
            ),
        };
        let problem = Self::new(code, Some(key), breach.text(value), ours);
        match hint {
            Some(hint) => problem.with_hint(hint),
            None => problem,
        }
    }

    /// The problem as an error of a job shows it.
    pub(crate) fn shown(&self) -> Value {
        error(self.code, self.vendor.as_str(), self.key)
    }
}

/// A type of JSON in our words, and how to write such a value.
fn type_words(expected: &str) -> (&'static str, Option<&'static str>) {
    match expected {
        "boolean" => ("true or false", Some("write true or false, without quotes")),
        "object" => ("an object", None),
        "array" => ("a list", None),
        "integer" => ("a whole number from 0", None),
        "time" => ("a time", Some("write it as 2026-11-22T10:00:00.000Z")),
        _ => ("a string", None),
    }
}

/// A user as an error shows it.
pub(crate) fn hidden(user: &Value) -> Value {
    let mut shown = user.clone();
    if let Some(shown) = shown.as_object_mut() {
        for key in [
            "password",
            "password_hash",
            "custom_password_hash",
            "mfa_factors",
        ] {
            if let Some(value) = shown.get_mut(key) {
                *value = "*****".into();
            }
        }
    }
    shown
}

pub(crate) fn error(code: &str, message: impl Into<String>, path: Option<&str>) -> Value {
    let mut error = json!({"code": code, "message": message.into()});
    if let (Some(path), Some(error)) = (path, error.as_object_mut()) {
        error.insert("path".into(), path.into());
    }
    error
}

/// Returns everything that an import refuses in a user.
pub(crate) fn problems(user: &Value) -> Vec<Problem> {
    let Some(user) = user.as_object() else {
        let message = format!("Expected type object but found type {}", type_name(user));
        let ours = "a user must be a JSON object".to_owned();
        return vec![Problem::new("INVALID_TYPE", None, message, ours)];
    };
    let mut problems = Vec::new();
    let keys = user.keys().map(String::as_str);
    let unknown: Vec<&str> = keys.filter(|key| !SCHEMA.contains(key)).collect();
    if !unknown.is_empty() {
        let unknown = unknown.join(",");
        let message = format!("Additional properties not allowed: {unknown}");
        let ours = format!("unknown keys: {unknown}");
        let code = "OBJECT_ADDITIONAL_PROPERTIES";
        problems.push(Problem::new(code, None, message, ours));
    }
    problems.extend(SCHEMA.iter().filter_map(|key| {
        let value = user.get(*key)?;
        Some(Problem::of(key, breach(key, value)?, value))
    }));
    let identifiers = ["email", "username", "phone_number"];
    if !identifiers.iter().any(|key| user.contains_key(*key)) {
        let message = "Missing required property: email".to_owned();
        let ours = "a user needs an `email`".to_owned();
        let code = "OBJECT_MISSING_REQUIRED_PROPERTY";
        problems.push(Problem::new(code, None, message, ours));
    }
    problems.extend(of_metadata(user));
    problems.extend(of_factors(user));
    problems.extend(of_hashes(user));
    problems
}

/// Checks a user of a seed.
///
/// Production accepted what an export shows, so only the types of its attributes are checked. Attributes of social and
/// enterprise profiles come from their providers, in every form.
///
/// # Errors
/// For the first rule that is broken.
pub(super) fn check(user: &Map<String, Value>) -> Result<(), Wrong> {
    let identity = user.get("identities").and_then(|it| it.get(0));
    let provider = identity.and_then(|it| it.get("provider")?.as_str());
    let is_of_the_tenant = provider.is_none_or(is_own);
    let is_checked = |key: &str| match is_of_the_tenant {
        true => SCHEMA.contains(&key) || WRITTEN.contains(&key),
        false => OF_EVERY_USER.contains(&key) || WRITTEN.contains(&key) || key == "email",
    };
    for key in SCHEMA.iter().chain(WRITTEN).filter(|key| is_checked(key)) {
        // `null` is as good as nothing there.
        let Some(value) = user.get(*key).filter(|value| !value.is_null()) else {
            continue;
        };
        let counts = |breach: &Breach| match breach {
            Breach::Type(_) | Breach::Format("email") => true,
            _ => identity.is_none(),
        };
        if let Some(breach) = breach(key, value).filter(counts) {
            return Err(Problem::of(key, breach, value).wrong);
        }
    }
    if identity.is_none() {
        let mut problems = of_metadata(user).into_iter().chain(of_factors(user));
        if let Some(problem) = problems.next() {
            return Err(problem.wrong);
        }
    }
    of_hashes(user).map_or(Ok(()), |problem| Err(problem.wrong))
}

/// Returns the rule that the value of an attribute breaks.
fn breach(key: &str, value: &Value) -> Option<Breach> {
    let is_time = || value.as_str()?.parse::<jiff::Timestamp>().ok();
    let expected = match key {
        "created_at" | "last_login" | "last_password_reset" | "updated_at" => {
            return is_time().is_none().then_some(Breach::Type("time"));
        }
        "logins_count" => {
            return value.as_u64().is_none().then_some(Breach::Type("integer"));
        }
        "enrolledFactors" | "identities" | "mfa_factors" | "multifactor" => "array",
        "custom_password_hash" => "object",
        "last_ip" | "password_hash" | "user_id" => "string",
        _ if value.is_null() => {
            breach_of(key, &Value::Bool(false)).map_or("boolean", |breach| match breach {
                Breach::Type(expected) => expected,
                _ => "string",
            })
        }
        _ => return breach_of(key, value),
    };
    (type_name(value) != expected).then_some(Breach::Type(expected))
}

fn of_metadata(user: &Map<String, Value>) -> Option<Problem> {
    if let Some(name) = forbidden_name(user) {
        let vendor = format!("Forbidden attribute in app_metadata: {name}");
        let ours =
            format!("`app_metadata` must not have `{name}`: production keeps that name to itself");
        return Some(Problem::new(
            "NOT_PASSED",
            Some("app_metadata"),
            vendor,
            ours,
        ));
    }
    let (kind, name) = signed_name(user)?;
    let vendor = "Property names must not contain . or $".to_owned();
    let ours = format!(
        "`{kind}` must not have names with `.` or `$`, as `{}` has",
        shortened(name)
    );
    Some(Problem::new("NOT_PASSED", Some(kind), vendor, ours))
}

fn of_factors(user: &Map<String, Value>) -> Option<Problem> {
    const KEY: &str = "mfa_factors";
    let factors = user.get(KEY)?.as_array()?;
    let wrong = |code, vendor: String, ours: String| Problem::new(code, Some(KEY), vendor, ours);
    let count = factors.len();
    if count < *FACTORS.start() {
        let vendor = "Array is too short (0), minimum 1".to_owned();
        let ours = "`mfa_factors` must not be empty".to_owned();
        return Some(wrong("ARRAY_LENGTH_SHORT", vendor, ours).with_hint("leave the key out"));
    }
    if count > *FACTORS.end() {
        let vendor = format!("Array is too long ({count}), maximum {}", FACTORS.end());
        let ours = format!(
            "`mfa_factors` has {count} factors; at most {} are allowed",
            FACTORS.end()
        );
        return Some(wrong("ARRAY_LENGTH_LONG", vendor, ours));
    }
    factors.iter().find_map(|factor| of_factor(factor, &wrong))
}

fn of_factor(
    factor: &Value,
    wrong: &dyn Fn(&'static str, String, String) -> Problem,
) -> Option<Problem> {
    let mistyped = |value: &Value, expected: &str, what: &str| {
        let vendor = Breach::Type(if expected == "string" {
            "string"
        } else {
            "object"
        })
        .text(value);
        let (words, _) = type_words(expected);
        wrong(
            "INVALID_TYPE",
            vendor,
            format!("{what} in `mfa_factors` must be {words}"),
        )
    };
    let Some(kinds) = factor.as_object() else {
        return Some(mistyped(factor, "object", "a factor"));
    };
    if kinds.len() > 1 {
        let vendor = format!("Too many properties defined ({}), maximum 1", kinds.len());
        let ours = "each item of `mfa_factors` must be one factor".to_owned();
        let problem = wrong("OBJECT_PROPERTIES_MAXIMUM", vendor, ours);
        return Some(problem.with_hint("write [{\"totp\": …}, {\"phone\": …}]"));
    }
    let (kind, given) = kinds.iter().next()?;
    let key = match kind.as_str() {
        "totp" => "secret",
        "phone" | "email" => "value",
        _ => {
            let vendor = format!("Additional properties not allowed: {kind}");
            let ours = format!("unknown key `{}` in `mfa_factors`", shortened(kind));
            return Some(wrong("OBJECT_ADDITIONAL_PROPERTIES", vendor, ours));
        }
    };
    let Some(fields) = given.as_object() else {
        return Some(mistyped(given, "object", &format!("`{kind}`")));
    };
    if let Some(other) = fields.keys().find(|name| *name != key) {
        let vendor = format!("Additional properties not allowed: {other}");
        let ours = format!("unknown key `{}` in `mfa_factors`", shortened(other));
        return Some(wrong("OBJECT_ADDITIONAL_PROPERTIES", vendor, ours));
    }
    let Some(value) = fields.get(key) else {
        let vendor = format!("Missing required property: {key}");
        let ours = format!("`{kind}` in `mfa_factors` needs a `{key}`");
        return Some(wrong("OBJECT_MISSING_REQUIRED_PROPERTY", vendor, ours));
    };
    let Some(text) = value.as_str() else {
        return Some(mistyped(
            value,
            "string",
            &format!("the `{key}` of `{kind}`"),
        ));
    };
    // A secret is in no message.
    match kind.as_str() {
        "totp" => {
            let is_base32 = |byte: u8| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte);
            let fits = !text.is_empty() && text.bytes().all(is_base32);
            let vendor = "String does not match pattern ^[A-Z2-7]+$".to_owned();
            let ours = "the `secret` of `totp` in `mfa_factors` must be Base32 without padding";
            (!fits).then(|| {
                let problem = wrong("PATTERN", vendor, ours.to_owned());
                problem.with_hint("write it as JBSWY3DPEHPK3PXP")
            })
        }
        "phone" => (!is_phone(text)).then(|| {
            let vendor = Breach::Pattern(PHONE).text(value);
            let ours = "the `value` of `phone` in `mfa_factors` must be `+` and 1 to 15 digits";
            wrong("PATTERN", vendor, ours.to_owned()).with_hint("write it as +12125550001")
        }),
        _ => (!is_email(text)).then(|| {
            let vendor = Breach::Format("email").text(value);
            let ours = format!(
                "`{}` in `mfa_factors` is not an e-mail address",
                shortened(text)
            );
            wrong("INVALID_FORMAT", vendor, ours).with_hint("write it as name@example.com")
        }),
    }
}

/// The two ways to give a hash exclude each other.
fn of_hashes(user: &Map<String, Value>) -> Option<Problem> {
    let has = |key: &str| user.get(key).is_some_and(|value| !value.is_null());
    let both = has("password_hash") && has("custom_password_hash");
    both.then(|| {
        let vendor = "password_hash and custom_password_hash are mutually exclusive".to_owned();
        let ours = "`password_hash` and `custom_password_hash` exclude each other".to_owned();
        let problem = Problem::new("NOT_PASSED", Some("custom_password_hash"), vendor, ours);
        problem.with_hint("keep one of them")
    })
}

/// The beginning of a value, for a message.
fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    match text.chars().count() > MOST {
        true => format!("{}…", text.chars().take(MOST).collect::<String>()),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
