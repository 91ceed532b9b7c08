//! `POST /jobs/users-exports`, and the file that it makes.
//!
//! The file is made while it is downloaded, with the users of that moment. Its address is the secret that opens it, as in
//! production; it is good as long as the job is known.

use std::io::Write as _;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc::channel;

use super::super::resources::new_id;
use super::super::schema::{self, Is, Properties};
use super::super::{Answered, ApiError, Caller, Result, connections, object};
use super::keep;
use crate::clock::{iso, parse_iso};
use crate::control::Streamed;
use crate::http::{Call, json_text, set, text};
use crate::records::Job;
use crate::state::Tenant;

const PROPERTIES: Properties = &[
    ("connection_id", Is::Text(1, 1_000)),
    ("format", Is::One(&["json", "csv"])),
    ("limit", Is::Count),
    ("fields", Is::Objects(&["name"])),
];

/// The columns of an export that names none, with their names. The vendor publishes no list of them; these are those of the
/// normalized profile that its dashboard exports.
const COLUMNS: &[(&str, &str)] = &[
    ("user_id", "Id"),
    ("given_name", "Given Name"),
    ("family_name", "Family Name"),
    ("nickname", "Nickname"),
    ("name", "Name"),
    ("email", "Email"),
    ("email_verified", "Email Verified"),
    ("created_at", "Created At"),
    ("updated_at", "Updated At"),
];

/// The most columns of an export.
/// The most bytes of the name of a column: every line of an export repeats it.
const LONGEST_NAME: usize = 256;
/// Source: <https://auth0.com/docs/manage-users/user-migration/bulk-user-exports>.
const MOST_COLUMNS: usize = 30;

pub(in super::super) fn create(tenant: &Tenant, call: &Call, caller: &Caller) -> Result<Answered> {
    caller.require(&["read:users"], None)?;
    let empty = Map::new();
    let body = match &call.content {
        crate::http::Content::Empty => &empty,
        _ => object(call)?,
    };
    schema::check(body, &[PROPERTIES], &[])?;
    let format = body.get("format").and_then(Value::as_str).unwrap_or("json");
    let fields = body.get("fields").and_then(Value::as_array);
    if fields.is_some_and(|fields| fields.len() > MOST_COLUMNS) {
        let text = format!("Array is too long, maximum {MOST_COLUMNS}");
        return Err(schema::refuse(&text, Some("fields")));
    }
    for field in fields.into_iter().flatten() {
        // Production exports their members alone.
        if format == "csv" && matches!(text(field, "name"), Some("user_metadata" | "app_metadata"))
        {
            let text = "A CSV file has members of metadata, and no metadata as a whole";
            return Err(schema::refuse(text, Some("fields.name")));
        }
        let mut names = ["name", "export_as"]
            .iter()
            .filter_map(|key| text(field, key));
        if names.any(|name| name.len() > LONGEST_NAME) {
            let text = format!("String is too long, maximum {LONGEST_NAME}");
            return Err(schema::refuse(&text, Some("fields")));
        }
        if field.get("export_as").is_some_and(|it| !it.is_string()) {
            return Err(schema::refuse(
                "Expected type string",
                Some("fields.export_as"),
            ));
        }
    }
    let id = new_id(tenant, "job_");
    let mut shown = body.clone();
    if body.contains_key("connection_id") {
        let connection = connections::of(&tenant.catalog, body)?;
        shown.insert("connection".into(), json!(text(connection, "name")));
    }
    for (key, value) in [
        ("id", json!(id)),
        ("type", json!("users_export")),
        ("status", json!("pending")),
        ("format", json!(format)),
        ("created_at", json!(iso(tenant.now_ms()))),
    ] {
        shown.insert(key.into(), value);
    }
    let answer = Value::Object(shown.clone());
    let file = format!("{}.{format}.gz", tenant.randomness.token());
    shown.insert("status".into(), "completed".into());
    shown.insert("percentage_done".into(), 100.into());
    shown.insert(
        "location".into(),
        tenant.url(&format!("exports/{file}")).into(),
    );
    let job = Job {
        shown: Value::Object(shown),
        errors: Vec::new(),
        file: Some(file),
    };
    keep(tenant, &id, &job)?;
    Ok(Answered::Body(StatusCode::OK, answer))
}

/// One column: where its value is in a profile, and its name.
#[derive(Debug, Clone)]
struct Column {
    path: Vec<String>,
    name: String,
}

/// The parts of a path such as `identities[0].connection`.
fn path(name: &str) -> Vec<String> {
    let parts = name.split(['.', '[', ']']);
    parts
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

fn columns(job: &Value) -> Vec<Column> {
    let Some(Value::Array(fields)) = job.get("fields").filter(|fields| **fields != json!([]))
    else {
        let columns = COLUMNS.iter().map(|(key, name)| Column {
            path: vec![(*key).to_owned()],
            name: (*name).to_owned(),
        });
        return columns.collect();
    };
    let columns = fields.iter().filter_map(|field| {
        let name = text(field, "name")?;
        Some(Column {
            path: path(name),
            name: text(field, "export_as").unwrap_or(name).to_owned(),
        })
    });
    columns.collect()
}

fn value<'a>(user: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(user, |value, part| match value {
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        value => value.get(part),
    })
}

fn json_line(user: &Value, columns: &[Column]) -> String {
    let pairs = columns
        .iter()
        .filter_map(|column| Some((column.name.clone(), value(user, &column.path)?.clone())));
    format!("{}\n", Value::Object(pairs.collect()))
}

/// A line of CSV (RFC 4180). Each text but a date begins with an apostrophe, so that no spreadsheet runs it as a formula.
/// Source: <https://auth0.com/docs/manage-users/user-migration/bulk-user-exports>.
fn csv_line<'a>(cells: impl Iterator<Item = Option<&'a Value>>) -> String {
    let cells = cells.map(|cell| match cell {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(date)) if parse_iso(date).is_some() => quoted("", date),
        Some(Value::String(text)) => quoted("'", text),
        Some(other @ (Value::Object(_) | Value::Array(_))) => quoted("'", &other.to_string()),
        Some(other) => other.to_string(),
    });
    let cells: Vec<String> = cells.collect();
    format!("{}\r\n", cells.join(","))
}

fn quoted(guard: &str, text: &str) -> String {
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// `GET /exports/{file}`
pub(crate) async fn download(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    found(&tenant, &call).unwrap_or_else(|error| error.response())
}

fn found(tenant: &Arc<Tenant>, call: &Call) -> Result<Response> {
    let segments = call.segments("/exports");
    let file = segments.first().map(String::as_str).unwrap_or_default();
    let jobs = tenant
        .store
        .list_with::<Job>("file", file, tenant.now_ms())?;
    let job = jobs.into_iter().next().map(|(_, job)| job.shown);
    let gone = || {
        ApiError::new(
            404,
            "The export does not exist or has expired.",
            "inexistent_file",
        )
    };
    let job = job.filter(|_| !file.is_empty()).ok_or_else(gone)?;
    // The first users are read before anything is sent: a database that another program holds has an answer of its own.
    let first = tenant.store.users_after(0)?;
    let (sender, receiver) = channel(2);
    let tenant = Arc::clone(tenant);
    tokio::task::spawn_blocking(move || write(&tenant, &job, first, &sender));
    let mut response = json_text(String::new());
    set(&mut response, "content-type", "application/gzip");
    set(&mut response, "content-disposition", "attachment");
    *response.body_mut() = Body::new(Streamed(receiver));
    Ok(response)
}

type Sender = tokio::sync::mpsc::Sender<std::result::Result<Bytes, std::io::Error>>;

/// Sends the users of an export, some at a time.
fn write(tenant: &Tenant, job: &Value, first: Vec<(i64, Value)>, sender: &Sender) {
    let columns = columns(job);
    let is_csv = text(job, "format") == Some("csv");
    let connection = text(job, "connection");
    let mut left = job.get("limit").and_then(Value::as_u64).unwrap_or(u64::MAX);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    let mut users = first;
    let mut begins = is_csv;
    let ended = loop {
        let mut text = String::new();
        if std::mem::take(&mut begins) {
            let names: Vec<String> = columns.iter().map(|it| quoted("", &it.name)).collect();
            text.push_str(&format!("{}\r\n", names.join(",")));
        }
        for (_, user) in &users {
            let of = user
                .pointer("/identities/0/connection")
                .and_then(Value::as_str);
            if left == 0 || (connection.is_some() && of != connection) {
                continue;
            }
            left -= 1;
            text.push_str(&match is_csv {
                true => csv_line(columns.iter().map(|column| value(user, &column.path))),
                false => json_line(user, &columns),
            });
        }
        let last = users.last().map(|(number, _)| *number).filter(|_| left > 0);
        if let Err(error) = packed.write_all(text.as_bytes()) {
            break Err(error);
        }
        let part = std::mem::take(packed.get_mut());
        if !part.is_empty() && sender.blocking_send(Ok(part.into())).is_err() {
            // Nobody reads on.
            return;
        }
        let Some(last) = last else {
            break Ok(());
        };
        match tenant.store.users_after(last) {
            Ok(next) if next.is_empty() => break Ok(()),
            Ok(next) => users = next,
            Err(error) => {
                crate::trouble::tell(&error);
                break Err(std::io::Error::other(error.to_string()));
            }
        }
    };
    // An error cuts the connection off: no part is taken for the whole.
    let last = ended.and_then(|()| packed.finish());
    let _ = sender.blocking_send(last.map(Bytes::from));
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{columns, csv_line, json_line, value};

    #[test]
    fn columns_have_their_paths_and_names() {
        let user = json!({"user_id": "auth0|1", "identities": [{"connection": "DB"}], "user_metadata": {"plan": "pro"}, "email_verified": true});
        let job = json!({"fields": [
            {"name": "user_id", "export_as": "id"}, {"name": "identities[0].connection"}, {"name": "user_metadata.plan"}, {"name": "x.y"},
        ]});
        let columns = columns(&job);
        assert_eq!(
            json_line(&user, &columns),
            "{\"id\":\"auth0|1\",\"identities[0].connection\":\"DB\",\"user_metadata.plan\":\"pro\"}\n"
        );
        assert_eq!(
            csv_line(columns.iter().map(|column| value(&user, &column.path))),
            "\"'auth0|1\",\"'DB\",\"'pro\",\r\n"
        );
        for job in [json!({}), json!({"fields": []})] {
            let line = json_line(&user, &super::columns(&job));
            assert_eq!(line, "{\"Id\":\"auth0|1\",\"Email Verified\":true}\n");
        }
    }

    #[test]
    fn a_cell_stays_one_cell() {
        let date = json!("2026-01-01T00:00:00.000Z");
        let cells = [
            json!("a,\"b\"\r\n"),
            json!("=1+1"),
            json!({"a": 1}),
            Value::Null,
            json!(7),
            date,
        ];
        assert_eq!(
            csv_line(cells.iter().map(Some)),
            "\"'a,\"\"b\"\"\r\n\",\"'=1+1\",\"'{\"\"a\"\":1}\",,7,\"2026-01-01T00:00:00.000Z\"\r\n"
        );
    }
}
