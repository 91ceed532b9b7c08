//! `GET users` and `POST users`.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};
use tokio::sync::mpsc::channel;

use super::stream::Streamed;
use super::{failed, refuse};
use crate::http::{Call, Content, answer, json_text};
use crate::import::SeedUser;
use crate::seed::{Seed, prepare};
use crate::state::Tenant;
use crate::store::{NewUser, StoreError};
use crate::trouble::aside;

/// The most users on a page.
const MOST_PER_PAGE: usize = 1_000;

/// `GET users`: all of them, or with `per_page` and `page` (from 0) those of one page. Many are read while they are sent,
/// some at a time, so that the answer takes no memory for the others.
pub(super) fn list(tenant: &Arc<Tenant>, call: &Call) -> Response {
    if call.query.get("per_page").is_none() && call.query.get("page").is_none() {
        return all(tenant).unwrap_or_else(|error| failed(&error));
    }
    let page = number(call, "page", 0, usize::MAX / MOST_PER_PAGE);
    let count = number(call, "per_page", 50, MOST_PER_PAGE);
    let (page, count) = match (page, count) {
        (Ok(page), Ok(count)) => (page, count),
        (Err(wrong), _) | (_, Err(wrong)) => return refuse(400, wrong),
    };
    match tenant.store.user_page(page.saturating_mul(count), count) {
        Ok((_, users)) => answer(StatusCode::OK, &Value::Array(users)),
        Err(error) => failed(&error),
    }
}

fn number(call: &Call, key: &str, default: usize, most: usize) -> Result<usize, String> {
    let Some(text) = call.query.get(key) else {
        return Ok(default);
    };
    let number = text.parse().ok().filter(|number| *number <= most);
    number.ok_or_else(|| format!("`{key}` must be a number from 0 to {most}"))
}

fn all(tenant: &Arc<Tenant>) -> Result<Response, StoreError> {
    // The first ones are read before anything is sent: a database that another program holds has an answer of its own.
    let first = tenant.store.users_after(0)?;
    let second = match first.last() {
        Some((last, _)) => tenant.store.users_after(*last)?,
        None => Vec::new(),
    };
    if second.is_empty() {
        return Ok(json_text(format!("[{}]", joined(&first))));
    }
    let (sender, receiver) = channel::<Result<Bytes, StoreError>>(2);
    let tenant = Arc::clone(tenant);
    tokio::task::spawn_blocking(move || {
        let start = format!("[{}", joined(&first));
        // Without a listener there is nothing to do.
        let mut sent = sender.blocking_send(Ok(start.into()));
        let mut users = second;
        while let (Ok(()), Some((last, _))) = (&sent, users.last()) {
            let next = tenant.store.users_after(*last);
            sent = sender.blocking_send(Ok(format!(",{}", joined(&users)).into()));
            users = match next {
                Ok(next) => next,
                Err(error) => {
                    crate::trouble::tell(&error);
                    let _ = sender.blocking_send(Err(error));
                    return;
                }
            };
        }
        let _ = sender.blocking_send(Ok(Bytes::from_static(b"]")));
    });
    let mut response = json_text(String::new());
    *response.body_mut() = Body::new(Streamed(receiver));
    Ok(response)
}

fn joined(users: &[(i64, Value)]) -> String {
    let users: Vec<String> = users.iter().map(|(_, user)| user.to_string()).collect();
    users.join(",")
}

/// `POST users`: adds one user or a list of them; all of them or none.
pub(super) async fn add(tenant: &Arc<Tenant>, content: &Content) -> Response {
    let users = match content {
        Content::Json(Value::Array(users)) => users.clone(),
        Content::Json(single @ Value::Object(_)) => vec![single.clone()],
        _ => return refuse(400, "the body must be a user or a list of users"),
    };
    let for_hash = Arc::clone(tenant);
    let made = tokio::task::spawn_blocking(move || {
        let users = SeedUser::listed(users);
        let now = for_hash.now_ms();
        let mut catalog = for_hash.catalog.with_these_connections();
        prepare(users, &mut catalog, &for_hash.randomness, now)
    });
    let seeds = match made.await {
        Ok(Ok(seeds)) => seeds,
        Ok(Err(problem)) => {
            let hint = problem.hint.iter().map(|hint| format!("; {hint}"));
            return refuse(400, format!("{problem}{}", hint.collect::<String>()));
        }
        Err(_) => return refuse(500, "the users could not be read"),
    };
    let ids: Vec<String> = seeds.iter().map(|seed| seed.user_id().to_owned()).collect();
    let users: Vec<NewUser> = seeds.iter().map(Seed::user).collect();
    match aside(|| tenant.store.insert_users(&users)) {
        Ok(Ok(())) => {}
        Ok(Err((index, _))) => {
            let id = ids.get(index).cloned().unwrap_or_default();
            return refuse(
                409,
                format!(
                    "the user {id}, or one with the same e-mail or user name, is there already; none was added"
                ),
            );
        }
        Err(error) => return failed(&error),
    }
    for seed in &seeds {
        if let Err(error) = tenant.assign(seed) {
            return failed(&error);
        }
    }
    answer(StatusCode::CREATED, &json!({"user_ids": ids}))
}
