//! The data that no export has: roles and organizations, from files of their own.

use std::{collections::HashMap, path::Path};

use postlogin_replay::{Logged, input::Form, profile::Columns};
use serde_json::{Map, Value, json};

use super::input;
use crate::{error::CliError, printer::Printer};

/// So many names of roles, or organizations, are held at once.
const MOST: usize = 20_000_000;

pub(super) fn roles(path: &Path) -> Result<HashMap<String, Vec<String>>, CliError> {
    let mut roles: HashMap<String, Vec<String>> = HashMap::new();
    let mut count = 0;
    each(path, "roles", |user, value, _| {
        let of_user = roles.entry(user.to_owned()).or_default();
        let names: Vec<&Value> = match value {
            Value::Array(list) => list.iter().collect(),
            one => vec![one],
        };
        for name in names {
            // The Management API lists roles as objects.
            let name = name
                .get("name")
                .unwrap_or(name)
                .as_str()
                .ok_or("a role has no name")?;
            of_user.extend(
                name.split([';', '|'])
                    .map(str::trim)
                    .filter(|name| !name.is_empty())
                    .map(str::to_owned),
            );
            count += 1;
        }
        match count > MOST {
            true => Err("more than 20 million roles"),
            false => Ok(()),
        }
    })?;
    Ok(roles)
}

pub(super) fn organizations(path: &Path) -> Result<HashMap<String, Value>, CliError> {
    let mut organizations = HashMap::new();
    each(path, "organization", |user, value, _| {
        let organization = match value {
            Value::String(id) => {
                json!({ "id": id, "name": id, "display_name": id, "metadata": {} })
            }
            Value::Object(object) if object.get("id").is_some_and(Value::is_string) => {
                value.clone()
            }
            _ => return Err("an organization is an object with an `id`, or an id"),
        };
        // A login has one organization: the first that is listed.
        organizations.entry(user.to_owned()).or_insert(organization);
        match organizations.len() > MOST {
            true => Err("more than 20 million users"),
            false => Ok(()),
        }
    })?;
    Ok(organizations)
}

/// The last login of each user in the tenant's logs.
pub(super) fn logins(path: &Path, printer: &Printer) -> Result<Logged, CliError> {
    let shown = path.display();
    let mut input = input::open_one(path, &Columns::default())?;
    if input.users.form() == Form::Table {
        return Err(
            CliError::usage(format!("{shown}: logs are JSON, and this is a table"))
                .with_hint("pass what `GET /api/v2/logs` or a log stream gives"),
        );
    }
    let failed = |line: u64, why: &str| {
        CliError::usage(format!("{shown}:{line}: {why}"))
            .with_hint("each line is an entry of the tenant's log, such as {\"type\": \"s\", \"user_id\": \"auth0|1\"}")
    };
    let mut logins = Logged::default();
    loop {
        let entry = input.users.next_entry();
        let entry = entry.map_err(|error| CliError::usage(format!("{shown}: {error}")))?;
        let Some(entry) = entry else {
            break;
        };
        let text = entry.content.map_err(|why| failed(entry.line, why))?;
        let value: Value =
            serde_json::from_slice(&text).map_err(|_| failed(entry.line, "not JSON"))?;
        logins.add(&value).map_err(|why| failed(entry.line, why))?;
    }
    match logins.users() {
        0 => printer.warning(&format!(
            "{shown}: no entry is a login of a user: all users get the event without one"
        )),
        users => printer.note(&format!(
            "{shown}: {} logins, the last ones of {users} users",
            logins.entries
        )),
    }
    Ok(logins)
}

/// Calls back for each line with its `user_id` and the value of a name.
fn each(
    path: &Path,
    name: &str,
    mut add: impl FnMut(&str, &Value, &Map<String, Value>) -> Result<(), &'static str>,
) -> Result<(), CliError> {
    let shown = path.display();
    // In a table, the column goes where a line of JSON has it.
    let columns =
        Columns::new(&[(name.to_owned(), format!("app_metadata.{name}"))]).unwrap_or_default();
    let mut input = input::open_one(path, &columns)?;
    let is_table = input.users.form() == Form::Table;
    let failed = |line: u64, why: &str| {
        CliError::usage(format!("{shown}:{line}: {why}"))
            .with_hint(format!("each line has `user_id` and `{name}`"))
    };
    loop {
        let entry = input.users.next_entry();
        let entry = entry.map_err(|error| CliError::usage(format!("{shown}: {error}")))?;
        let Some(entry) = entry else {
            return Ok(());
        };
        let text = entry.content.map_err(|why| failed(entry.line, why))?;
        let value: Value =
            serde_json::from_slice(&text).map_err(|_| failed(entry.line, "not JSON"))?;
        let Value::Object(object) = value else {
            return Err(failed(entry.line, "not a JSON object"));
        };
        let user = object.get("user_id").and_then(Value::as_str);
        let user = user.ok_or_else(|| failed(entry.line, "`user_id` is missing"))?;
        let found = match is_table {
            true => object
                .get("app_metadata")
                .and_then(|object| object.get(name)),
            false => object.get(name),
        };
        let found = found.ok_or_else(|| failed(entry.line, &format!("there is no `{name}`")))?;
        add(user, found, &object).map_err(|why| failed(entry.line, why))?;
    }
}
