//! `POST /jobs/users-imports`.
//!
//! The file is read as a seed is, with the vendor's schema before it: what the schema does not have is an error of that user.

use std::collections::HashSet;
use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::super::body::merge_metadata;
use super::super::resources::new_id;
use super::super::{Answered, ApiError, Caller, Result, connections};
use super::multipart::{boundary, parts};
use super::{find, keep};
use crate::clock::iso;
use crate::http::{Call, Content, text};
use crate::import::new_user;
use crate::import::schema::{Problem, error, hidden, problems};
use crate::management::journal::Happening;
use crate::oauth::imported;
use crate::records::Job;
use crate::signup::identifiers;
use crate::state::Tenant;
use crate::store::{ChangeError, NewUser, UserConflict};

/// The most bytes of a users file.
/// Source: <https://auth0.com/docs/manage-users/user-migration/bulk-user-imports>.
const FILE_BYTES: usize = 500_000;
/// The most errors that are kept of a job.
const MOST_ERRORS: usize = 1_000;

/// The properties that an import changes of an existing user.
/// Source: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure>.
const UPDATED: &[&str] = &[
    "blocked",
    "email_verified",
    "family_name",
    "given_name",
    "name",
    "nickname",
    "phone_number",
    "phone_verified",
    "picture",
];

/// A request for an import.
#[derive(Debug)]
struct Asked {
    users: Vec<Value>,
    connection: String,
    updates: bool,
}

fn refuse(message: impl Into<String>) -> ApiError {
    ApiError::new(400, message, "invalid_body")
}

pub(in super::super) fn create(
    tenant: &Arc<Tenant>,
    call: &Call,
    caller: &Caller,
) -> Result<Answered> {
    caller.require(&["create:users"], None)?;
    let Content::Multipart(body) = &call.content else {
        return Err(refuse(
            "The body must be multipart/form-data with the fields users and connection_id.",
        ));
    };
    let boundary = boundary(call.header("content-type").unwrap_or_default());
    let form = boundary.and_then(|boundary| parts(body, boundary));
    let form = form.ok_or_else(|| refuse("The body is not valid multipart/form-data."))?;
    let field = |name: &str| {
        form.iter()
            .find(|part| part.name == name)
            .map(|part| part.content)
    };
    let word = |name: &str| {
        field(name)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .map(str::trim)
    };
    let known = [
        "users",
        "connection_id",
        "upsert",
        "external_id",
        "send_completion_email",
    ];
    if let Some(other) = form
        .iter()
        .find(|part| !known.contains(&part.name.as_str()))
    {
        let name: String = other.name.chars().take(100).collect();
        return Err(refuse(format!(
            "Payload validation error: 'Additional properties not allowed: {name}'."
        )));
    }
    let file = field("users")
        .ok_or_else(|| refuse("Payload validation error: 'Missing required property: users'."))?;
    let missing =
        || refuse("Payload validation error: 'Missing required property: connection_id'.");
    let connection_id = word("connection_id")
        .filter(|id| !id.is_empty())
        .ok_or_else(missing)?;
    let connection = connections::KIND.find(&tenant.catalog, connection_id)?;
    if text(connection, "strategy") != Some("auth0") {
        return Err(refuse("The connection must be a database connection."));
    }
    if file.len() > FILE_BYTES {
        let message = format!("Payload content length greater than maximum allowed: {FILE_BYTES}");
        return Err(ApiError::new(413, message, "too_large"));
    }
    let updates = match word("upsert") {
        None | Some("" | "false") => false,
        Some("true") => true,
        Some(_) => {
            return Err(refuse(
                "Payload validation error: 'Expected type boolean' on property upsert.",
            ));
        }
    };
    let external = word("external_id").filter(|id| !id.is_empty());
    if external.is_some_and(|id| id.chars().count() > 1_000) {
        return Err(refuse(
            "Payload validation error: 'String is too long, maximum 1000' on property external_id.",
        ));
    }
    // A file that is not a list fails the job, not the request.
    let users = serde_json::from_slice::<Vec<Value>>(file);
    let id = new_id(tenant, "job_");
    let name = text(connection, "name").unwrap_or_default();
    let mut shown = json!({
        "id": id, "type": "users_import", "status": "pending", "created_at": iso(tenant.now_ms()),
        "connection_id": connection_id, "connection": name, "upsert": updates,
    });
    if let (Some(external), Some(shown)) = (external, shown.as_object_mut()) {
        shown.insert("external_id".into(), external.into());
    }
    let mut job = Job {
        shown: shown.clone(),
        errors: Vec::new(),
        file: None,
    };
    let users = match users {
        Ok(users) => users,
        Err(_) => {
            job.shown["status"] = "failed".into();
            job.shown["status_details"] =
                "Failed to parse users file JSON when importing users. Make sure it is valid JSON."
                    .into();
            keep(tenant, &id, &job)?;
            return Ok(Answered::Body(StatusCode::ACCEPTED, shown));
        }
    };
    if !tenant.jobs.begin(&id) {
        let message = "There are 2 active import users jobs, please wait until some of them are finished and try again";
        return Err(ApiError::new(429, message, "too_many_requests"));
    }
    if let Err(error) = keep(tenant, &id, &job) {
        tenant.jobs.end(&id);
        return Err(error);
    }
    let asked = Asked {
        users,
        connection: name.to_owned(),
        updates,
    };
    let working = Arc::clone(tenant);
    let room = call.room.clone();
    tokio::task::spawn_blocking(move || {
        let _room = room;
        let turn = Turn {
            tenant: &working,
            id: &id,
        };
        work(turn.tenant, turn.id, asked);
    });
    Ok(Answered::Body(StatusCode::ACCEPTED, shown))
}

/// A job that runs: it ends with this, also by a panic.
struct Turn<'a> {
    tenant: &'a Tenant,
    id: &'a str,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.tenant.jobs.end(self.id);
    }
}

/// Imports the users, and writes down what became of them.
fn work(tenant: &Tenant, id: &str, asked: Asked) {
    let mut done = Done::default();
    let total = asked.users.len();
    for user in asked.users {
        let shown = hidden(&user);
        match import(
            tenant,
            user,
            &asked.connection,
            asked.updates,
            &mut done.seen,
        ) {
            Ok(Became::Inserted) => done.inserted += 1,
            Ok(Became::Updated) => done.updated += 1,
            Err(errors) => {
                done.failed += 1;
                if done.errors.len() < MOST_ERRORS {
                    done.errors.push(json!({"user": shown, "errors": errors}));
                }
            }
        }
    }
    let finished = find(tenant, id).and_then(|mut job| {
        job.shown["status"] = "completed".into();
        job.shown["percentage_done"] = 100.into();
        job.shown["summary"] = json!({
            "failed": done.failed, "updated": done.updated, "inserted": done.inserted, "total": total,
        });
        job.errors = done.errors;
        keep(tenant, id, &job)
    });
    if let Err(error) = finished {
        tracing::error!("the job {id}: {}", error.message);
    }
    tenant.record(&Happening {
        kind: "sui",
        description: "Users import job",
        connection: &asked.connection,
        ..Happening::default()
    });
}

#[derive(Debug, Default)]
struct Done {
    inserted: usize,
    updated: usize,
    failed: usize,
    errors: Vec<Value>,
    /// The identifiers of the users of the file so far.
    seen: HashSet<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum Became {
    Inserted,
    Updated,
}

/// Stores one user.
fn import(
    tenant: &Tenant,
    mut user: Value,
    connection: &str,
    updates: bool,
    seen: &mut HashSet<String>,
) -> std::result::Result<Became, Vec<Value>> {
    let problems = problems(&user);
    if !problems.is_empty() {
        return Err(problems.iter().map(Problem::shown).collect());
    }
    for key in ["email", "username", "user_id"] {
        if let Some(name) = text(&user, key)
            && !seen.insert(format!("{key} {}", name.to_lowercase()))
        {
            let message = format!("A user with this {key} was already provided.");
            return Err(vec![error("DUPLICATED_USER", message, Some(key))]);
        }
    }
    if let Some(user) = user.as_object_mut() {
        user.insert("connection".into(), connection.into());
        // The prefix is always added, also to an id that has one.
        if let Some(Value::String(id)) = user.get_mut("user_id") {
            *id = format!("auth0|{id}");
        }
    }
    let broken = |_: crate::store::StoreError| {
        vec![error(
            "CONFLICT",
            "The tenant's database does not answer.",
            None,
        )]
    };
    let given = user.clone();
    let made = new_user(user, None, &tenant.randomness, tenant.now_ms());
    let new = made.map_err(|wrong| vec![error("NOT_PASSED", wrong.message(), None)])?;
    let database = tenant.catalog.connection(&new.connection);
    if let (Some(database), Some(profile)) = (database, new.profile.as_object()) {
        if let Some(missing) = identifiers::missing(database, profile) {
            let message = format!("Missing required property: {missing}");
            let code = "OBJECT_MISSING_REQUIRED_PROPERTY";
            return Err(vec![error(code, message, None)]);
        }
        let phone = text(&new.profile, "phone_number");
        let own_id = text(&new.profile, "user_id");
        if identifiers::is_phone_taken(tenant, database, phone, own_id).map_err(broken)? {
            let message = "A user with this phone_number exists already.";
            return Err(vec![error("CONFLICT", message, Some("phone_number"))]);
        }
    }
    let conflict = match tenant
        .store
        .insert_new_users(&[&new])
        .map_err(broken)?
        .pop()
    {
        None | Some(Ok(())) => {
            imported::store_of(tenant, &new.profile, &given).map_err(broken)?;
            return Ok(Became::Inserted);
        }
        Some(Err(conflict)) => conflict,
    };
    let (code, key) = match conflict {
        UserConflict::Id => ("CONFLICT", "user_id"),
        UserConflict::Email => ("CONFLICT_EMAIL", "email"),
        UserConflict::Username => ("CONFLICT_USERNAME", "username"),
    };
    let taken = || {
        vec![error(
            code,
            format!("A user with this {key} exists already."),
            Some(key),
        )]
    };
    if !updates {
        return Err(taken());
    }
    let known = known(tenant, &new, conflict)
        .map_err(broken)?
        .ok_or_else(taken)?;
    let now = iso(tenant.now_ms());
    let changed = tenant.change_user::<()>(&known, |profile| {
        if let (Some(profile), Some(given)) = (profile.as_object_mut(), given.as_object()) {
            update(profile, given);
            profile.insert("updated_at".into(), now.into());
        }
        Ok(None)
    });
    match changed.map_err(broken)? {
        Some(Ok(_)) => Ok(Became::Updated),
        None | Some(Err(ChangeError::Refused(()) | ChangeError::Conflict)) => Err(taken()),
    }
}

/// The id of the user in whose way a new one is.
fn known(
    tenant: &Tenant,
    new: &NewUser,
    conflict: UserConflict,
) -> std::result::Result<Option<String>, crate::store::StoreError> {
    let part = |key: &str| text(&new.profile, key);
    let login = match conflict {
        UserConflict::Id => return Ok(part("user_id").map(str::to_owned)),
        UserConflict::Email => part("email"),
        UserConflict::Username => part("username"),
    };
    let found = tenant
        .store
        .user_by_login(&new.connection, login.unwrap_or_default())?;
    Ok(found.and_then(|(user, _)| text(&user, "user_id").map(str::to_owned)))
}

fn update(profile: &mut Map<String, Value>, given: &Map<String, Value>) {
    for key in UPDATED {
        if let Some(value) = given.get(*key) {
            profile.insert((*key).to_owned(), value.clone());
        }
    }
    for key in ["user_metadata", "app_metadata"] {
        if let Some(Value::Object(change)) = given.get(key).filter(|it| **it != json!({})) {
            merge_metadata(profile.entry(key).or_insert(Value::Null), change);
        }
    }
}
