//! WASI for a guest that may reach nothing: no files, no environment, no sockets; time, randomness and HTTP as the
//! case gives them.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use postlogin_core::ceilings::{
    FAILED_REQUESTS, NAME_BYTES, NOTICE_BYTES, NOTICES, OPEN_BODY_BYTES, REQUEST_BYTES,
    shorten_text, shortened,
};
use postlogin_host::{Clock, Conditions, Door as HostDoor, NetworkError, Remark, Request, Verdict};
use rand_chacha::{
    ChaCha12Rng,
    rand_core::{SeedableRng, TryRng},
};
use sha2::{Digest, Sha256};
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::{
    HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView,
    p2::pipe::MemoryOutputPipe,
};
use wasmtime_wasi_http::{
    Error as HttpError, RequestOptions, WasiBody, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use crate::sandbox::{Sandbox, Waits};

/// Links all of WASI 0.2; what a guest gets through it is decided by [`context`] and [`Door`].
pub(crate) fn link(linker: &mut Linker<Sandbox>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)
}

/// The WASI state of one sandbox. `stream` tells the sandboxes of a login apart, so that each has its own randomness.
pub(crate) fn context(
    conditions: &Conditions,
    stream: u64,
    waits: Arc<Waits>,
    stderr: MemoryOutputPipe,
) -> WasiCtx {
    let random = |purpose| ChaCha12Rng::from_seed(seed(conditions.seed, stream, purpose));
    base(stderr)
        .wall_clock(CaseClock(Arc::clone(&waits)))
        .monotonic_clock(CaseClock(waits))
        .secure_random(random(b"secure"))
        .insecure_random(random(b"insecure"))
        .insecure_random_seed(insecure_seed(conditions.seed, stream))
        .build()
}

/// The WASI state of a sandbox that is frozen: `touched` tells whether anything asked for the time or for chance.
pub(crate) fn frozen_context(touched: &Arc<AtomicBool>, stderr: MemoryOutputPipe) -> WasiCtx {
    let clock = || Witness(Arc::clone(touched));
    let random = || {
        let chance = ChaCha12Rng::from_seed(seed(0, 0, b"frozen"));
        WitnessedRandom(chance, Arc::clone(touched))
    };
    base(stderr)
        .wall_clock(clock())
        .monotonic_clock(clock())
        .secure_random(random())
        .insecure_random(random())
        .insecure_random_seed(insecure_seed(0, 0))
        .build()
}

fn base(stderr: MemoryOutputPipe) -> WasiCtxBuilder {
    let mut builder = WasiCtxBuilder::new();
    builder.stderr(stderr).allow_tcp(false).allow_udp(false);
    builder
}

fn insecure_seed(case: u64, stream: u64) -> u128 {
    let seed = seed(case, stream, b"insecure-seed");
    u128::from_le_bytes(std::array::from_fn(|index| seed[index]))
}

/// Time that stands still, and a note that it was asked for.
struct Witness(Arc<AtomicBool>);

impl HostWallClock for Witness {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        self.0.store(true, Ordering::Relaxed);
        Duration::ZERO
    }
}

impl HostMonotonicClock for Witness {
    fn resolution(&self) -> u64 {
        1_000
    }

    fn now(&self) -> u64 {
        self.0.store(true, Ordering::Relaxed);
        0
    }
}

/// Chance, and a note that it was asked for.
struct WitnessedRandom(ChaCha12Rng, Arc<AtomicBool>);

impl WitnessedRandom {
    fn noted(&mut self) -> &mut ChaCha12Rng {
        self.1.store(true, Ordering::Relaxed);
        &mut self.0
    }
}

impl TryRng for WitnessedRandom {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.noted().try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.noted().try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.noted().try_fill_bytes(bytes)
    }
}

fn seed(case: u64, stream: u64, purpose: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(case.to_le_bytes());
    hasher.update(stream.to_le_bytes());
    hasher.update(purpose);
    hasher.finalize().into()
}

struct CaseClock(Arc<Waits>);

impl HostWallClock for CaseClock {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        self.0.sync();
        self.0.clock.now()
    }
}

impl HostMonotonicClock for CaseClock {
    fn resolution(&self) -> u64 {
        1_000
    }

    fn now(&self) -> u64 {
        self.0.sync();
        u64::try_from(self.0.clock.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

impl WasiView for Sandbox {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for Sandbox {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let table: &mut ResourceTable = &mut self.table;
        WasiHttpCtxView {
            ctx: &mut self.http,
            table,
            hooks: &mut self.door,
        }
    }
}

/// Leads the guest's requests to the case's door.
pub(crate) struct Door {
    door: Arc<dyn HostDoor>,
    clock: Arc<Clock>,
    remarks: Arc<Mutex<Vec<Remark>>>,
    /// How the last request to a URL failed.
    failures: Arc<Mutex<HashMap<String, NetworkError>>>,
    /// Bytes of the bodies that are held for the guest now.
    open: Arc<AtomicUsize>,
}

/// Where the JavaScript runtime asks how a request failed, with its URL as the body: its own `fetch` is not told by
/// WASI's error more than that it did.
const LAST_ERROR: &str = "http://last-error.postlogin.invalid/";

impl Door {
    pub(crate) fn new(door: Arc<dyn HostDoor>, clock: Arc<Clock>) -> Self {
        Self {
            door,
            clock,
            remarks: Arc::default(),
            failures: Arc::default(),
            open: Arc::default(),
        }
    }

    /// What the user should know of the requests so far, in their order.
    pub(crate) fn take_remarks(&self) -> Vec<Remark> {
        std::mem::take(&mut self.remarks.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

type Io = Box<dyn Future<Output = Result<(), HttpError>> + Send>;
type Answer = Result<(http::Response<WasiBody>, Io), HttpError>;

impl WasiHttpHooks for Door {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Io,
    ) -> Box<dyn Future<Output = Answer> + Send> {
        let door = Arc::clone(&self.door);
        let clock = Arc::clone(&self.clock);
        let remarks = Arc::clone(&self.remarks);
        let failures = Arc::clone(&self.failures);
        let open = Arc::clone(&self.open);
        let patience = options.and_then(|options| options.first_byte_timeout);
        Box::new(async move {
            let (request, held) = match collect(request, &open).await {
                Ok(collected) => collected,
                Err(Uncollected::Broken(error)) => return Err(error),
                Err(Uncollected::TooLarge(url)) => {
                    remember(&remarks, Some(too_large(&url)));
                    return Err(HttpError::HttpRequestBodySize(None));
                }
            };
            if request.url == LAST_ERROR {
                let url = String::from_utf8_lossy(&request.body);
                let failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
                let code = failures.get(&*url).map_or("", |error| error.code());
                return answer(200, Vec::new(), code.into(), &open);
            }
            // The network blocks this thread. What it took is in the verdict's delay, so that timers that are due
            // before the answer come first, and so that it counts once.
            let started = Instant::now();
            let verdict = door.send(&request);
            // Host work that no delay stands for is the guest's computing.
            clock.block(started.elapsed().min(verdict.delay()));
            drop(held);
            match verdict {
                Verdict::Answered {
                    status,
                    headers,
                    body,
                    delay,
                } => {
                    wait(delay, patience).await?;
                    answer(status, headers, body, &open)
                }
                Verdict::Failed {
                    error,
                    delay,
                    remark,
                } => {
                    remember(&remarks, remark);
                    wait(delay, patience).await?;
                    let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
                    if failures.len() >= FAILED_REQUESTS {
                        // The Action asks right after the request.
                        failures.clear();
                    }
                    failures.insert(request.url, error);
                    drop(failures);
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
    let mut remarks = remarks.lock().unwrap_or_else(PoisonError::into_inner);
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

/// Some bytes of a body, counted while they are held.
struct Held {
    bytes: usize,
    open: Arc<AtomicUsize>,
}

impl Held {
    fn none(open: &Arc<AtomicUsize>) -> Self {
        Self {
            bytes: 0,
            open: Arc::clone(open),
        }
    }

    /// Counts more; `false` when there are too many.
    fn add(&mut self, bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_add(bytes);
        let open = self.open.fetch_add(bytes, Ordering::Relaxed);
        open.saturating_add(bytes) <= OPEN_BODY_BYTES
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.open.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// A response's body, counted until the guest lets go of it.
struct HeldBody(
    Vec<u8>,
    #[expect(dead_code, reason = "dropping it counts")] Held,
);

impl AsRef<[u8]> for HeldBody {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

fn answer(
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    open: &Arc<AtomicUsize>,
) -> Answer {
    let mut held = Held::none(open);
    if !held.add(body.len()) {
        let most = OPEN_BODY_BYTES >> 20;
        let reason = format!("more than {most} MiB of responses are open at once");
        return Err(HttpError::InternalError(Some(reason)));
    }
    let mut response = http::Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    let body = Full::new(Bytes::from_owner(HeldBody(body, held)))
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
    open: &Arc<AtomicUsize>,
) -> Result<(Request, Held), Uncollected> {
    let (parts, mut stream) = request.into_parts();
    let mut held = Held::none(open);
    let mut body = Vec::new();
    while let Some(frame) = stream.frame().await {
        let frame = frame.map_err(Uncollected::Broken)?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if !held.add(data.len()) || body.len().saturating_add(data.len()) > REQUEST_BYTES {
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
    Ok((request, held))
}
