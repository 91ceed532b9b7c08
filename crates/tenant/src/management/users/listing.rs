//! Lists of users, and searches in them.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;

use super::shown;
use crate::http::{Call, text};
use crate::management::query::{Page, chosen, only};
use crate::management::search::{ORGANIZATION, Query};
use crate::management::{Answered, ApiError, Caller, Result, ok};
use crate::records::Member;
use crate::state::Tenant;

/// Parameters of the list of users, besides those of every list.
const FILTERS: &[&str] = &["q", "sort", "connection", "search_engine", "primary_order"];

/// Refuses a form of `q` that is not here, and an order that is none.
fn known_engine(call: &Call) -> Result<()> {
    let wrong = |text: &str, property: &str| {
        let message = format!("Query validation error: '{text}' on property {property}.");
        Err(ApiError::new(400, message, "invalid_query_string"))
    };
    match call.query.get("search_engine") {
        None | Some("v3") => {}
        // Earlier versions have ended in production.
        Some(other) => return wrong(&format!("No enum match for: {other}"), "search_engine"),
    }
    let order = call.query.get("sort").map(|sort| sort.rsplit_once(':'));
    match order {
        // "Auth0 does not support sorting by app_metadata or user_metadata":
        // https://auth0.com/docs/manage-users/user-search/sort-search-results.
        Some(Some((field, "1" | "-1"))) if is_metadata(field) => {
            wrong(&format!("Sorting by {field} is not supported"), "sort")
        }
        None | Some(Some((_, "1" | "-1"))) => Ok(()),
        Some(_) => wrong("String does not match pattern ^[^:]+:(1|-1)$", "sort"),
    }
}

fn is_metadata(field: &str) -> bool {
    let root = field.split('.').next().unwrap_or_default();
    matches!(root, "app_metadata" | "user_metadata")
}

pub(in crate::management) fn list(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
) -> Result<Answered> {
    caller.require(&["read:users"], None)?;
    only(call, FILTERS)?;
    known_engine(call)?;
    let query = match call.query.get("q") {
        Some(text) => Some(Query::of_users(text).map_err(|problem| {
            ApiError::new(
                400,
                format!("{problem} You can try to escape the special characters."),
                "invalid_query_string",
            )
        })?),
        None => None,
    };
    let page = Page::of(call)?;
    if page.start.saturating_add(page.count) > MOST_PAGED {
        let message = "You can only page through the first 1000 records. See https://auth0.com/docs/users/search/v3/view-search-results-by-page#limitation";
        return Err(ApiError::new(400, message, "invalid_paging"));
    }
    let (users, total) = found(tenant, call, query.as_ref(), &page)?;
    let users = users.into_iter();
    let users = users
        .map(|user| chosen(call, shown(user, caller)))
        .collect();
    ok(page.answer("users", users, total))
}

/// The number of users that pages reach; who needs more exports them.
///
/// Source: <https://auth0.com/docs/manage-users/user-search/view-search-results-by-page#limitation>.
const MOST_PAGED: usize = 1_000;

/// The longest time of a search: a client that hangs up does not end it. Production has two seconds, and answers with 503
/// (<https://auth0.com/docs/manage-users/user-search/user-search-best-practices>); this machine may be slower.
const SEARCH_TIME: Duration = Duration::from_secs(5);

fn took_too_long(is_complete: bool) -> Result<()> {
    match is_complete {
        true => Ok(()),
        false => {
            let seconds = SEARCH_TIME.as_secs();
            let message = format!(
                "The search took more than {seconds} s. Ask for fewer terms, or for fields by name."
            );
            Err(ApiError::new(503, message, "operation_timeout"))
        }
    }
}

/// Bytes of a value that users are sorted by.
const SORT_BYTES: usize = 1 << 10;

/// The ids of the organizations of each user who is a member of one.
fn memberships(tenant: &Tenant) -> Result<HashMap<String, Vec<Value>>> {
    let mut found: HashMap<String, Vec<Value>> = HashMap::new();
    for (key, Member {}) in tenant.store.list::<Member>(None, tenant.now_ms())? {
        if let Some((organization, user)) = key.split_once('/') {
            let known = found.entry(user.to_owned()).or_default();
            known.push(organization.into());
        }
    }
    Ok(found)
}

/// The users of a page that fit a search, and how many fit. Only those of the page are in memory, with the values that all
/// are sorted by.
fn found(
    tenant: &Tenant,
    call: &Call,
    query: Option<&Query>,
    page: &Page,
) -> Result<(Vec<Value>, usize)> {
    let connection = call.query.get("connection");
    let sort = call
        .query
        .get("sort")
        .and_then(|sort| sort.rsplit_once(':'));
    if query.is_none() && connection.is_none() && sort.is_none() {
        let (total, users) = tenant.store.user_page(page.start, page.count)?;
        return Ok((users, total));
    }
    let organizations = match query.is_some_and(|query| query.names(ORGANIZATION)) {
        true => memberships(tenant)?,
        false => HashMap::new(),
    };
    let fits = |user: &Value| {
        let of_user = text(user, "user_id").and_then(|id| organizations.get(id));
        let of_user = of_user.map_or(&[][..], Vec::as_slice);
        query.is_none_or(|query| query.matches_user(user, of_user))
            && connection.is_none_or(|name| {
                let known = user.pointer("/identities/0/connection");
                known.and_then(Value::as_str) == Some(name)
            })
    };
    let Some((field, direction)) = sort else {
        let (mut users, mut total) = (Vec::new(), 0);
        let is_complete = tenant
            .store
            .each_user_within(Some(SEARCH_TIME), |_, user| {
                if fits(&user) {
                    if total >= page.start && users.len() < page.count {
                        users.push(user);
                    }
                    total += 1;
                }
            })?;
        took_too_long(is_complete)?;
        return Ok((users, total));
    };
    let pointer = format!("/{}", field.replace('.', "/"));
    let key = |user: &Value| {
        let value = user.pointer(&pointer)?;
        let text = match value {
            Value::String(text) => text.clone(),
            // Sorted as a number.
            Value::Number(number) => match number.as_u64() {
                Some(number) => format!("{number:020}"),
                None => number.to_string(),
            },
            other => other.to_string(),
        };
        let end = text.floor_char_boundary(SORT_BYTES);
        text.get(..end).map(str::to_owned)
    };
    let mut sorted: Vec<(Option<String>, i64)> = Vec::new();
    let is_complete = tenant
        .store
        .each_user_within(Some(SEARCH_TIME), |number, user| {
            if fits(&user) {
                sorted.push((key(&user), number));
            }
        })?;
    took_too_long(is_complete)?;
    sorted.sort();
    if direction == "-1" {
        sorted.reverse();
    }
    let numbers = sorted.iter().skip(page.start).take(page.count);
    let numbers: Vec<i64> = numbers.map(|(_, number)| *number).collect();
    Ok((tenant.store.users_by_number(&numbers)?, sorted.len()))
}

pub(in crate::management) fn by_email(
    tenant: &Tenant,
    call: &Call,
    caller: &Caller,
) -> Result<Answered> {
    caller.require(&["read:users"], None)?;
    only(call, &["email"])?;
    let missing = || {
        ApiError::new(
            400,
            "Query validation error: 'Missing required property: email'.",
            "invalid_query_string",
        )
    };
    // Case counts: addresses of databases are stored in lower case, those of other providers as they come.
    let email = call.query.get("email").ok_or_else(missing)?;
    let mut users = Vec::new();
    tenant.store.each_user(|_, user| {
        if text(&user, "email") == Some(email) {
            users.push(chosen(call, shown(user, caller)));
        }
    })?;
    ok(Value::Array(users))
}
