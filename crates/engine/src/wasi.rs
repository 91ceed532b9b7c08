//! WASI for a guest that may reach nothing: no files, no environment, no sockets; time, randomness and HTTP as the
//! case gives them.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use postlogin_host::{Conditions, Door as HostDoor, Request, Verdict};
use rand_chacha::{ChaCha12Rng, rand_core::SeedableRng};
use sha2::{Digest, Sha256};
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::{
    HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView, WasiView, p2::pipe::MemoryOutputPipe,
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
    let insecure_seed = seed(conditions.seed, stream, b"insecure-seed");
    wasmtime_wasi::WasiCtxBuilder::new()
        .wall_clock(CaseClock(Arc::clone(&waits)))
        .monotonic_clock(CaseClock(waits))
        .secure_random(ChaCha12Rng::from_seed(seed(
            conditions.seed,
            stream,
            b"secure",
        )))
        .insecure_random(ChaCha12Rng::from_seed(seed(
            conditions.seed,
            stream,
            b"insecure",
        )))
        .insecure_random_seed(u128::from_le_bytes(std::array::from_fn(|index| {
            insecure_seed[index]
        })))
        .stderr(stderr)
        .allow_tcp(false)
        .allow_udp(false)
        .build()
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
    refusals: Arc<std::sync::Mutex<Vec<String>>>,
}

impl Door {
    pub(crate) fn new(door: Arc<dyn HostDoor>) -> Self {
        Self {
            door,
            refusals: Arc::default(),
        }
    }

    /// What was refused so far, in the order in which it was asked for.
    pub(crate) fn take_refusals(&self) -> Vec<String> {
        std::mem::take(
            &mut self
                .refusals
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }
}

type Io = Box<dyn Future<Output = Result<(), HttpError>> + Send>;
type Answer = Result<(http::Response<WasiBody>, Io), HttpError>;

impl WasiHttpHooks for Door {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Io,
    ) -> Box<dyn Future<Output = Answer> + Send> {
        let (door, refusals) = (Arc::clone(&self.door), Arc::clone(&self.refusals));
        Box::new(async move {
            let request = collect(request).await?;
            match door.send(&request) {
                Verdict::Answered {
                    status,
                    headers,
                    body,
                    delay,
                } => {
                    tokio::time::sleep(delay).await;
                    let mut response = http::Response::builder().status(status);
                    for (name, value) in headers {
                        response = response.header(name, value);
                    }
                    let body = Full::new(Bytes::from(body))
                        .map_err(|never| match never {})
                        .boxed_unsync();
                    let response = response
                        .body(body)
                        .map_err(|_| HttpError::HttpProtocolError)?;
                    let io: Io = Box::new(async { Ok(()) });
                    Ok((response, io))
                }
                Verdict::Refused { reason } => {
                    refusals
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .push(reason);
                    Err(HttpError::ConnectionRefused)
                }
            }
        })
    }
}

async fn collect(request: http::Request<WasiBody>) -> Result<Request, HttpError> {
    let (parts, body) = request.into_parts();
    let headers = parts.headers.iter();
    Ok(Request {
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
        body: body.collect().await?.to_bytes().to_vec(),
    })
}
