//! Runs with generated events: other logins that production could send, made from one. Nothing of them is stored.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::response::Response;
use postlogin_page::Kind;
use serde_json::{Map, Value, json};

use super::run::{SEED, asked, inspected};
use crate::control::refuse;
use crate::http::answer;
use crate::pipeline::LoginRequest;
use crate::state::Tenant;
use crate::trouble::aside;

/// The keys of a request.
const KEYS: &[&str] = &["login", "event", "count"];
/// The number of logins that a request asks for if it names none.
const COUNT: usize = 20;
/// The most logins of a request.
const MOST: usize = 100;
/// No further login begins after this time: each may use up its own.
const TIME: Duration = Duration::from_secs(20);

/// `POST /_postlogin/generated`.
pub(super) async fn run(tenant: &Arc<Tenant>, body: &Map<String, Value>) -> Response {
    let count = match body.get("count") {
        None => COUNT,
        Some(count) => {
            let count = count.as_u64().and_then(|count| usize::try_from(count).ok());
            match count.filter(|count| (1..=MOST).contains(count)) {
                Some(count) => count,
                None => return refuse(400, format!("`count` must be a number from 1 to {MOST}")),
            }
        }
    };
    // This seed is that of the events. The Actions run with the seed and the clock of the login: what differs is due to the event.
    let mut body = body.clone();
    let seed = body.remove("seed");
    let (request, ..) = match asked(tenant, &body, KEYS) {
        Ok(asked) => asked,
        Err(refused) => return refused.response(),
    };
    let seed = match seed {
        None => request.seed,
        Some(seed) => match seed.as_u64() {
            Some(seed) => seed,
            None => return refuse(400, SEED),
        },
    };
    if !tenant.pipeline.is_repeatable() {
        return refuse(
            409,
            "The Actions make real requests (--allow-net), and generated logins would make them many times. Start the tenant with mocks (--http) instead.",
        );
    }
    let made = aside(|| {
        let pipeline = &tenant.pipeline;
        pipeline.generate(&request.event, seed, count)
    });
    let events = match made {
        Ok(events) => events,
        Err(reason) => return refuse(409, reason),
    };
    let (started, mut entries) = (Instant::now(), Vec::new());
    for (index, event) in events.into_iter().enumerate() {
        if started.elapsed() > TIME {
            break;
        }
        let request = LoginRequest {
            event,
            ..request.clone()
        };
        match inspected(tenant, request, Vec::new(), &[], Kind::Generated).await {
            Ok(mut entry) => {
                entry.name = format!("{}. {}", index + 1, entry.name);
                entries.push(entry);
            }
            Err(response) => return *response,
        }
    }
    answer(
        StatusCode::OK,
        &json!({"seed": seed.to_string(), "entries": entries}),
    )
}
