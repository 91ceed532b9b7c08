//! The forms of an export.

use std::io::{self, Write};

use serde_json::{Map, Value};

use super::user;

/// The form in which users are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One JSON object a line.
    Lines,
    /// One JSON array.
    Array,
    /// Comma-separated values with a heading: the same users, without linked identities and empty objects, for which a table has no
    /// place.
    Table,
}

/// The columns of a table: paths of attributes, as the vendor's job names them, of which it writes 30 at most.
const COLUMNS: &[&str] = &[
    "user_id",
    "email",
    "email_verified",
    "name",
    "given_name",
    "family_name",
    "nickname",
    "username",
    "phone_number",
    "phone_verified",
    "picture",
    "identities[0].connection",
    "identities[0].provider",
    "identities[0].user_id",
    "created_at",
    "updated_at",
    "last_login",
    "last_ip",
    "logins_count",
    "blocked",
    "multifactor",
    "app_metadata.plan",
    "app_metadata.role",
    "app_metadata.roles",
    "app_metadata.legacy_id",
    "app_metadata.customer_id",
    "app_metadata.groups",
    "user_metadata.lang",
    "user_metadata.theme",
    "user_metadata.newsletter",
];

/// Writes `count` users of a seed. Memory does not grow with their number.
///
/// # Errors
/// When they cannot be written.
pub fn write(seed: u64, count: u64, form: Form, out: &mut dyn Write) -> io::Result<()> {
    match form {
        Form::Lines => {
            for number in 0..count {
                serde_json::to_writer(&mut *out, &user(seed, number))?;
                out.write_all(b"\n")?;
            }
        }
        Form::Array => {
            out.write_all(b"[")?;
            for number in 0..count {
                out.write_all(if number == 0 { b"\n" } else { b",\n" })?;
                serde_json::to_writer(&mut *out, &user(seed, number))?;
            }
            out.write_all(b"\n]\n")?;
        }
        Form::Table => {
            writeln!(out, "{}", COLUMNS.join(","))?;
            for number in 0..count {
                writeln!(out, "{}", row(&user(seed, number)))?;
            }
        }
    }
    out.flush()
}

fn row(user: &Map<String, Value>) -> String {
    let user = Value::Object(user.clone());
    let cells = COLUMNS.iter().map(|path| {
        let pointer = format!("/{}", path.replace("[0]", "/0").replace('.', "/"));
        match user.pointer(&pointer) {
            None | Some(Value::Null) => String::new(),
            // Dates are bare; other texts are kept from being formulas by a `'`.
            Some(Value::String(text)) if path.ends_with("_at") || *path == "last_login" => {
                text.clone()
            }
            Some(Value::String(text)) => guarded(text),
            Some(list @ (Value::Array(_) | Value::Object(_))) => guarded(&list.to_string()),
            Some(other) => other.to_string(),
        }
    });
    cells.collect::<Vec<_>>().join(",")
}

fn guarded(text: &str) -> String {
    format!("\"'{}\"", text.replace('"', "\"\""))
}
