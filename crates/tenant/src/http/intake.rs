//! The intake of requests: the head of one is judged before any of its body is read, and the body has a limit in bytes, in
//! values and in time. The routing table gives each path its [`Intake`].

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::{ConnectInfo, FromRef as _, FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout};

use super::room::{FREE, Held, Room};
use super::{Call, Content, Params, answer};
use crate::connections::Seat;
use crate::oauth::finish::error_page;
use crate::oauth::{OAuthError, authenticators, known, userinfo};
use crate::state::{Front, Tenant};
use crate::{control, management};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
/// Seconds for a whole body.
const BODY_TIME: Duration = Duration::from_secs(30);
/// The same for bodies that may be larger than a mebibyte.
const LARGE_BODY_TIME: Duration = Duration::from_secs(120);
/// The time for which the body of a client without a token may keep the tenant waiting, and the bytes that give it another second.
const PATIENCE: Duration = Duration::from_secs(5);
const SLOWEST: usize = KIB;
/// Values of one JSON body: as a tree each takes a hundred bytes, whatever it takes as text.
const MOST_VALUES: usize = 200_000;
/// The same for bodies that may be larger than a mebibyte.
const LARGE_MOST_VALUES: usize = 2_000_000;
/// The bytes of a refused body that are read and dropped, so that a client that is still sending reads the answer.
const DROPPED: usize = 256 * MIB;
const DROPPING: Duration = Duration::from_secs(10);

/// Who may have a body read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// Everybody: what proves a caller is in the body itself.
    Nobody,
    /// Who shows the control token, and is no page of another site.
    Control,
    /// Who shows a token for the Management API.
    Management,
    /// Who shows an access token, or sends a form that may hold one.
    UserInfo,
    /// Who shows the token of a login that waits for a second factor, or an access token.
    MfaToken,
}

/// Whose form an error has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// `{"statusCode", "error", "message"}`.
    Api,
    /// `{"error"}`.
    Control,
    /// A page for people.
    Page,
}

/// The bodies that a route accepts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Intake {
    /// Bytes of the body; a larger one is answered with 413.
    pub(crate) limit: usize,
    pub(crate) guard: Guard,
    pub(crate) family: Family,
}

impl Intake {
    const fn new(limit: usize, guard: Guard, family: Family) -> Self {
        Self {
            limit,
            guard,
            family,
        }
    }

    /// Tokens, codes and credentials.
    pub(crate) const TOKEN: Self = Self::new(128 * KIB, Guard::Nobody, Family::Api);
    /// A sign-up brings metadata.
    pub(crate) const SIGN_UP: Self = Self::new(MIB, Guard::Nobody, Family::Api);
    pub(crate) const USERINFO: Self = Self::new(16 * KIB, Guard::UserInfo, Family::Api);
    pub(crate) const FACTOR: Self = Self::new(16 * KIB, Guard::MfaToken, Family::Api);
    pub(crate) const MANAGEMENT: Self = Self::new(MIB, Guard::Management, Family::Api);
    /// The form of a page.
    pub(crate) const PAGE: Self = Self::new(128 * KIB, Guard::Nobody, Family::Page);
    /// The form of a page with a whole profile.
    pub(crate) const PROFILE: Self = Self::new(MIB, Guard::Nobody, Family::Page);
    pub(crate) const CONTROL: Self = Self::new(MIB, Guard::Control, Family::Control);
    /// An event, with a whole profile in it.
    pub(crate) const RUN: Self = Self::new(8 * MIB, Guard::Control, Family::Control);
    /// Users or a whole tenant.
    pub(crate) const IMPORT: Self = Self::new(64 * MIB, Guard::Control, Family::Control);
}

impl FromRequest<Front> for Call {
    type Rejection = Response;

    async fn from_request(request: Request, front: &Front) -> Result<Self, Response> {
        let tenant = &Arc::<Tenant>::from_ref(front);
        let (parts, body) = request.into_parts();
        let intake = parts.extensions.get::<Intake>().copied();
        let intake = intake.unwrap_or(Intake::PAGE);
        let seat = parts.extensions.get::<Arc<Seat>>().cloned();
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let ip = peer.map_or_else(|| "127.0.0.1".to_owned(), |peer| peer.0.ip().to_string());
        let mut call = Self {
            content: Content::Empty,
            query: Params::parse(parts.uri.query().unwrap_or_default().as_bytes()),
            path: parts.uri.path().to_owned(),
            method: parts.method,
            headers: parts.headers,
            ip,
            room: None,
        };
        if let Err(refusal) = judged(intake.guard, tenant, &call, !body.is_end_stream()).await {
            drop_body(&call, body);
            return Err(refusal);
        }
        let (time, values) = match intake.limit > MIB {
            true => (LARGE_BODY_TIME, LARGE_MOST_VALUES),
            false => (BODY_TIME, MOST_VALUES),
        };
        let mut body = body;
        let read = timeout(time, read(&mut body, intake, &tenant.room)).await;
        let read = read.unwrap_or(Err(Unread::TooSlow));
        // Only now: half of a request must not keep others out.
        if let Some(seat) = seat {
            seat.work();
        }
        match read {
            Ok((bytes, room)) => {
                call.content = match intake.guard == Guard::Management && is_multipart(&call) {
                    true => Content::Multipart(bytes),
                    false => content(&call, &bytes, values),
                };
                call.room = room.map(Arc::new);
            }
            Err(why) => {
                if why == Unread::TooLarge {
                    drop_body(&call, body);
                }
                return Err(why.response(intake));
            }
        }
        known::note(tenant, &call);
        Ok(call)
    }
}

/// Judges a request by its head.
async fn judged(
    guard: Guard,
    tenant: &Arc<Tenant>,
    call: &Call,
    has_body: bool,
) -> Result<(), Response> {
    match guard {
        Guard::Nobody => Ok(()),
        Guard::Control => control::judge(tenant, call, has_body).map_err(|refusal| *refusal),
        Guard::Management => management::judge(tenant, call).map_err(|refusal| *refusal),
        Guard::UserInfo => userinfo::judge(call).map_err(|refusal| *refusal),
        Guard::MfaToken => authenticators::judge(tenant, call).map_err(|refusal| *refusal),
    }
}

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unread {
    TooLarge,
    TooSlow,
    BrokenOff,
}

impl Unread {
    fn response(self, intake: Intake) -> Response {
        let (status, error, message) = match self {
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "Request Entity Too Large",
                format!(
                    "Payload content length greater than maximum allowed: {}",
                    intake.limit
                ),
            ),
            Self::TooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                "Request Timeout",
                "The body did not arrive in time".to_owned(),
            ),
            Self::BrokenOff => (
                StatusCode::BAD_REQUEST,
                "Bad Request",
                "The body ended before its end".to_owned(),
            ),
        };
        match intake.family {
            Family::Api => answer(
                status,
                &json!({"statusCode": status.as_u16(), "error": error, "message": message}),
            ),
            Family::Control => answer(status, &json!({"error": message})),
            Family::Page => error_page(&OAuthError::new(
                status.as_u16(),
                "invalid_request",
                message,
            )),
        }
    }
}

/// The pace of a body. The time in which it waits for room is not its client's.
#[derive(Default)]
struct Pace {
    waited: Duration,
    bytes: usize,
}

impl Pace {
    /// Returns for how long the next bytes may still be waited for.
    fn left(&self) -> Duration {
        let earned = u64::try_from(self.bytes / SLOWEST).unwrap_or(u64::MAX);
        let allowed = PATIENCE.saturating_add(Duration::from_secs(earned));
        allowed.saturating_sub(self.waited)
    }

    fn add(&mut self, waited: Duration, bytes: usize) {
        self.waited = self.waited.saturating_add(waited);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Returns the next bytes of a body, if they come in time.
    async fn next(&mut self, body: &mut Body) -> Option<Result<axum::body::Bytes, Unread>> {
        let begin = Instant::now();
        let arrived = timeout(self.left(), next(body)).await;
        let arrived = arrived.unwrap_or(Some(Err(Unread::TooSlow)));
        let bytes = arrived.as_ref().and_then(|data| data.as_ref().ok());
        self.add(begin.elapsed(), bytes.map_or(0, axum::body::Bytes::len));
        arrived
    }
}

async fn next(body: &mut Body) -> Option<Result<axum::body::Bytes, Unread>> {
    loop {
        let frame =
            std::future::poll_fn(|context| std::pin::Pin::new(&mut *body).poll_frame(context));
        match frame.await? {
            // Trailers say nothing here.
            Ok(frame) => match frame.into_data() {
                Ok(data) => return Some(Ok(data)),
                Err(_) => continue,
            },
            Err(_) => return Some(Err(Unread::BrokenOff)),
        }
    }
}

/// Reads a body. One that is not small waits for its room first.
async fn read(
    body: &mut Body,
    intake: Intake,
    room: &Room,
) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), Unread> {
    let limit = intake.limit;
    let hint = body.size_hint();
    let [least, most] = [Some(hint.lower()), hint.upper()].map(|bytes| {
        let bytes = bytes.unwrap_or(u64::MAX);
        usize::try_from(bytes).unwrap_or(usize::MAX)
    });
    if least > limit {
        return Err(Unread::TooLarge);
    }
    let is_proven = !matches!(intake.guard, Guard::Nobody | Guard::UserInfo);
    let mut held = None;
    if least > FREE {
        held = room.of(most.min(limit), is_proven).await;
    }
    let mut bytes = Vec::new();
    let mut pace = Pace::default();
    loop {
        let arrived = match &held {
            _ if is_proven => next(body).await,
            None => pace.next(body).await,
            Some(held) => tokio::select! {
                data = pace.next(body) => data,
                () = held.ended() => return Err(Unread::TooSlow),
            },
        };
        let Some(data) = arrived else { break };
        let data = data?;
        let sum = bytes.len().saturating_add(data.len());
        if sum > limit {
            return Err(Unread::TooLarge);
        }
        if sum > FREE && held.is_none() {
            held = room.of(most.min(limit), is_proven).await;
        }
        bytes.extend_from_slice(&data);
    }
    Ok((bytes, held.map(Held::arrived)))
}

/// Reads what a client still sends and keeps none of it. One that waits for `100 Continue` need not send it at all.
fn drop_body(call: &Call, mut body: Body) {
    if body.is_end_stream() || call.headers.contains_key(header::EXPECT) {
        return;
    }
    tokio::spawn(timeout(DROPPING, async move {
        let mut dropped = 0_usize;
        while let Some(Ok(data)) = next(&mut body).await {
            dropped = dropped.saturating_add(data.len());
            if dropped > DROPPED {
                break;
            }
        }
    }));
}

/// The type of a body, without its parameters.
fn media_type(call: &Call) -> &str {
    let kind = call.header("content-type").unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim()
}

pub(crate) fn is_form(call: &Call) -> bool {
    media_type(call).eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn is_multipart(call: &Call) -> bool {
    media_type(call).eq_ignore_ascii_case("multipart/form-data")
}

pub(crate) fn is_json(call: &Call) -> bool {
    media_type(call).eq_ignore_ascii_case("application/json")
}

fn content(call: &Call, bytes: &[u8], most_values: usize) -> Content {
    if bytes.is_empty() {
        return Content::Empty;
    }
    if is_form(call) {
        return Content::Form(Params::parse(bytes));
    }
    if values(bytes) > most_values {
        return Content::Bad(format!("the body has more than {most_values} values"));
    }
    match serde_json::from_slice::<Value>(bytes) {
        Ok(value) => Content::Json(value),
        Err(error) => Content::Bad(format!("the body is neither a form nor JSON: {error}")),
    }
}

/// Returns an upper bound of the number of values in JSON.
fn values(bytes: &[u8]) -> usize {
    let (mut count, mut in_string, mut escaped) = (1_usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b',' | b'[' | b'{' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Pace, values};

    #[test]
    fn values_are_counted_outside_of_strings() {
        for (text, expected) in [
            ("1", 1),
            ("[]", 2),
            ("[1,2,3]", 4),
            (r#"{"a":"x,[{\",","b":[]}"#, 4),
            ("[{},{},{}]", 7),
        ] {
            assert_eq!(values(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn a_body_has_a_slowest_pace() {
        // The bytes of each piece, and how many of a hundred pieces arrive, one each second.
        for (length, expected) in [
            (0, 5),
            (1, 5),
            (512, 9),
            (900, 34),
            (1_024, 100),
            (4_096, 100),
        ] {
            let mut pace = Pace::default();
            let second = Duration::from_secs(1);
            let arrives = |_: &usize| {
                let is_in_time = pace.left() >= second;
                pace.add(second, length);
                is_in_time
            };
            assert_eq!((0..100).take_while(arrives).count(), expected, "{length}");
        }
    }
}
