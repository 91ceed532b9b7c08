//! `POST clock` and `POST fail-next`: what cannot be done as it is written is refused.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value};

use super::{clock, locked, refuse};
use crate::clock::{Step, parse_iso};
use crate::http::no_content;
use crate::oauth::OAuthError;
use crate::state::Tenant;

/// `POST clock`: all that the body asks for or, with a mistake, nothing.
pub(super) fn set_clock(tenant: &Tenant, body: &Map<String, Value>) -> Response {
    let mut steps = Vec::new();
    for (key, value) in body {
        steps.push(match (key.as_str(), value) {
            ("freeze", Value::Bool(true)) => Step::Freeze(None),
            ("freeze", Value::Bool(false)) | ("reset", Value::Bool(true)) => Step::Reset,
            ("freeze", Value::String(time)) => match parse_iso(time) {
                Some(ms) => Step::Freeze(Some(ms)),
                None => {
                    let message = format!(
                        "`{time}` is not a valid time; write it as 2026-11-22T10:00:00Z"
                    );
                    return refuse(400, message);
                }
            },
            ("advance_s", seconds) if seconds.is_i64() => Step::Advance(
                seconds
                    .as_i64()
                    .unwrap_or_default()
                    .saturating_mul(1000),
            ),
            _ => {
                return refuse(
                    400,
                    "write {\"freeze\": true|false|\"2026-11-22T10:00:00Z\"}, {\"advance_s\": 60} or {\"reset\": true}",
                );
            }
        });
    }
    match tenant.clock.apply(&steps) {
        Ok(()) => clock(tenant),
        Err(outside) => refuse(400, outside),
    }
}

/// The most logins that one request can make fail.
const MOST_FAILURES: u64 = 100;

/// `POST fail-next`: the next logins fail.
pub(super) fn fail_next(tenant: &Tenant, body: &Map<String, Value>) -> Response {
    let mut error = OAuthError::new(
        503,
        "temporarily_unavailable",
        "A test asked for this failure.",
    );
    let mut times = 1;
    for (key, value) in body {
        match (key.as_str(), value) {
            ("error", Value::String(name)) => name.clone_into(&mut error.error),
            ("error_description", Value::String(text)) => {
                text.clone_into(&mut error.description);
            }
            ("status", status) => {
                let status = status
                    .as_u64()
                    .and_then(|status| u16::try_from(status).ok());
                let status = status.filter(|status| (400..600).contains(status));
                match status.and_then(|status| StatusCode::from_u16(status).ok()) {
                    Some(status) => error.status = status,
                    None => return refuse(400, "`status` must be a number from 400 to 599"),
                }
            }
            ("times", count) => match count.as_u64().filter(|n| (1..=MOST_FAILURES).contains(n)) {
                Some(count) => times = count,
                None => {
                    return refuse(
                        400,
                        format!("`times` must be a number from 1 to {MOST_FAILURES}"),
                    );
                }
            },
            ("error" | "error_description", _) => {
                return refuse(400, format!("`{key}` must be a string"));
            }
            _ => {
                let message = format!(
                    "unknown key `{key}`; there are error, error_description, status and times"
                );
                return refuse(400, message);
            }
        }
    }
    let mut failures = locked(&tenant.control.failures);
    (0..times).for_each(|_| failures.push_back(error.clone()));
    no_content()
}
