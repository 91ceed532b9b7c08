//! The guest's requests, led to the door of the case.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use postlogin_core::{
    Location,
    ceilings::{
        NAME_BYTES, NOTICE_BYTES, NOTICES, OPEN_BODY_BYTES, REQUEST_BYTES, shorten_text, shortened,
    },
    outcome::RequestRecord,
};
use postlogin_host::{Account, Clock, Door as HostDoor, NetworkError, Remark, Request, Verdict};
use wasmtime_wasi_http::{Error as HttpError, RequestOptions, WasiBody, WasiHttpHooks};

use super::held::{Held, HeldBody, HeldBytes, header_bytes};

/// Leads the guest's requests to the case's door.
pub(crate) struct Door {
    door: Arc<dyn HostDoor>,
    clock: Arc<Clock>,
    remarks: Arc<Mutex<Vec<Remark>>>,
    account: Arc<Mutex<Account>>,
    pub(super) held: Held,
}

/// The part of a request's body that is buffered before it is sent, in bytes. Each body that is open may have two of these.
const BODY_CHUNK_BYTES: usize = 16 << 10;

impl Door {
    pub(crate) fn new(door: Arc<dyn HostDoor>, clock: Arc<Clock>) -> Self {
        Self {
            door,
            clock,
            remarks: Arc::default(),
            account: Arc::default(),
            held: Held::default(),
        }
    }

    /// Takes down where a request that is about to come is made. `name` is its method and its URL.
    pub(crate) fn announce(&self, name: &str, place: Location) {
        locked(&self.account).announce(name, place);
    }

    /// Takes out the records of the requests so far, and the number of those that were not kept.
    pub(crate) fn take_requests(&self) -> (Vec<RequestRecord>, usize) {
        locked(&self.account).take()
    }

    /// Returns the answer of a mock to a request that is sent to nothing else.
    pub(crate) fn answer_of_mock(&self, request: &Request) -> Option<Verdict> {
        if !self.door.has_mock(request) {
            return None;
        }
        let verdict = self.door.send(request);
        locked(&self.account).add(request, &verdict);
        Some(verdict)
    }

    /// Returns the remarks about the requests so far, in their order.
    pub(crate) fn take_remarks(&self) -> Vec<Remark> {
        std::mem::take(&mut locked(&self.remarks))
    }
}

type Io = Box<dyn Future<Output = Result<(), HttpError>> + Send>;
type Answer = Result<(http::Response<WasiBody>, Io), HttpError>;

impl WasiHttpHooks for Door {
    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        BODY_CHUNK_BYTES
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Io,
    ) -> Box<dyn Future<Output = Answer> + Send> {
        let door = Arc::clone(&self.door);
        let clock = Arc::clone(&self.clock);
        let remarks = Arc::clone(&self.remarks);
        let account = Arc::clone(&self.account);
        let held = self.held.clone();
        // A request without a body has nothing to be sent.
        let sent = has_body(request.body()).then(|| held.sent());
        let patience = options.and_then(|options| options.first_byte_timeout);
        Box::new(async move {
            let (request, bytes) = match collect(request, &held).await {
                Ok(collected) => collected,
                Err(Uncollected::Broken(error)) => return Err(error),
                Err(Uncollected::TooLarge(url)) => {
                    remember(&remarks, Some(too_large(&url)));
                    return Err(HttpError::HttpRequestBodySize(None));
                }
            };
            drop(sent);
            // The network blocks this thread. What it took is in the verdict's delay, so that timers that are due
            // before the answer come first, and so that it counts once.
            let started = Instant::now();
            let verdict = door.send(&request);
            locked(&account).add(&request, &verdict);
            // Host work that no delay stands for is the guest's computing.
            clock.block(started.elapsed().min(verdict.delay()));
            drop(bytes);
            match verdict {
                Verdict::Answered {
                    status,
                    headers,
                    body,
                    delay,
                } => {
                    wait(delay, patience).await?;
                    answer(status, headers, body, &held)
                }
                Verdict::Failed {
                    error,
                    delay,
                    remark,
                } => {
                    remember(&remarks, remark);
                    wait(delay, patience).await?;
                    Err(network_error(error))
                }
                Verdict::Refused(remark) => {
                    remember(&remarks, Some(remark));
                    Err(HttpError::ConnectionRefused)
                }
            }
        })
    }
}

fn locked<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether something may be written to a body. (The bound brings the trait of bodies into scope.)
fn has_body(body: &impl BodyExt) -> bool {
    !body.is_end_stream()
}

/// Waits in virtual time, but no longer than the guest wants to.
async fn wait(delay: Duration, patience: Option<Duration>) -> Result<(), HttpError> {
    match patience {
        Some(patience) if patience < delay => {
            tokio::time::sleep(patience).await;
            Err(HttpError::HttpResponseTimeout)
        }
        _ => {
            tokio::time::sleep(delay).await;
            Ok(())
        }
    }
}

fn remember(remarks: &Mutex<Vec<Remark>>, remark: Option<Remark>) {
    let mut remarks = locked(remarks);
    let Some(mut remark) = remark else { return };
    shorten_text(&mut remark.message, NOTICE_BYTES);
    // One more than an outcome keeps, so that it can say that there were more.
    if remarks.len() <= NOTICES && !remarks.contains(&remark) {
        remarks.push(remark);
    }
}

fn too_large(url: &str) -> Remark {
    let (most, open) = (REQUEST_BYTES >> 20, OPEN_BODY_BYTES >> 20);
    let url = shortened(url, NAME_BYTES);
    Remark {
        code: "request-too-large",
        message: format!(
            "a request to {url} failed: a body may have {most} MiB here, and all that are open at once {open} MiB"
        ),
    }
}

fn answer(status: u16, headers: Vec<(String, String)>, body: Vec<u8>, held: &Held) -> Answer {
    let lines = headers.iter();
    let lines = lines.map(|(name, value)| (name.as_str(), value.as_bytes()));
    if let Err(exceeded) = held.header_bytes(header_bytes(lines)) {
        let reason = format!("the Actions of this login {exceeded}");
        return Err(HttpError::InternalError(Some(reason)));
    }
    let mut bytes = held.body();
    if !bytes.add(body.len()) {
        let most = OPEN_BODY_BYTES >> 20;
        let reason = format!("more than {most} MiB of responses are open at once");
        return Err(HttpError::InternalError(Some(reason)));
    }
    let mut response = http::Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    let body = Full::new(Bytes::from_owner(HeldBody(body, bytes)))
        .map_err(|never| match never {})
        .boxed_unsync();
    let response = response
        .body(body)
        .map_err(|_| HttpError::HttpProtocolError)?;
    let io: Io = Box::new(async { Ok(()) });
    Ok((response, io))
}

/// The error of WASI that guests turn into Node's. A refused connection is what the host itself refuses.
fn network_error(error: NetworkError) -> HttpError {
    match error {
        NetworkError::ConnectionRefused => HttpError::DestinationUnavailable,
        NetworkError::ConnectionReset => HttpError::ConnectionTerminated,
        NetworkError::NotFound => dns_error("NXDOMAIN"),
        NetworkError::NameServer => dns_error("SERVFAIL"),
        NetworkError::TimedOut => HttpError::ConnectionTimeout,
        NetworkError::Unreachable => HttpError::DestinationIpUnroutable,
        NetworkError::CertHasExpired
        | NetworkError::DepthZeroSelfSignedCert
        | NetworkError::UnableToVerifyLeafSignature
        | NetworkError::CertificateForOthers => HttpError::TlsAlertReceived {
            alert_id: None,
            alert_message: Some(error.code().into()),
        },
    }
}

fn dns_error(rcode: &str) -> HttpError {
    HttpError::DnsError {
        rcode: Some(rcode.into()),
        info_code: None,
    }
}

enum Uncollected {
    Broken(HttpError),
    /// The URL of a request with too large a body.
    TooLarge(String),
}

async fn collect(
    request: http::Request<WasiBody>,
    held: &Held,
) -> Result<(Request, HeldBytes), Uncollected> {
    let (parts, mut stream) = request.into_parts();
    let mut bytes = held.body();
    let mut body = Vec::new();
    while let Some(frame) = stream.frame().await {
        let frame = frame.map_err(Uncollected::Broken)?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if !bytes.add(data.len()) || body.len().saturating_add(data.len()) > REQUEST_BYTES {
            return Err(Uncollected::TooLarge(parts.uri.to_string()));
        }
        body.extend_from_slice(&data);
    }
    let headers = parts.headers.iter();
    let request = Request {
        method: parts.method.to_string(),
        url: parts.uri.to_string(),
        headers: headers
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect(),
        body,
    };
    Ok((request, bytes))
}
