//! The tenant on a socket.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::header::HOST;
use axum::http::{HeaderValue, StatusCode, Version};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

use crate::connections::{Answered, Places, Resting, Seat, Socket, most};
use crate::http::answer as answer_json;
use crate::router::router;
use crate::state::Tenant;
use crate::tls::Tls;
use crate::trouble::tell;

/// Where a server listens.
pub type Address = SocketAddr;

/// The time that running requests have when the server stops.
const GRACE: Duration = Duration::from_secs(5);
/// The time that a connection has for the head of a request, and may rest between two requests.
const HEAD_TIME: Duration = Duration::from_secs(15);
/// The bytes that a connection keeps of what it has read, so also the most of a request's head; the last read may double it. Without a limit of ours
/// half-sent heads of 400 KiB each would add up to gigabytes.
const BUFFER: usize = 64 * 1024;
/// The time after which an accept that failed is tried again.
const PAUSE: Duration = Duration::from_millis(50);

/// A socket that the server listens on.
#[derive(Debug)]
pub struct Listening {
    /// The socket.
    pub socket: TcpListener,
    /// The certificate of a socket for `https`.
    pub tls: Option<Tls>,
}

/// The state that all connections share.
#[derive(Clone)]
struct Shared {
    router: Router,
    resting: Arc<Resting>,
    places: Arc<Places>,
    closed: watch::Receiver<bool>,
}

/// Answers requests until the process is stopped (Ctrl-C, SIGTERM). Running requests are finished first. `ready` is called once a signal
/// ends the server in order: whoever hears of the server may stop it at once.
///
/// # Errors
/// When a socket fails, no thread can be started, or `ready` fails.
pub fn serve(
    sockets: Vec<Listening>,
    tenant: Arc<Tenant>,
    ready: impl FnOnce() -> io::Result<()>,
) -> io::Result<()> {
    for listening in &sockets {
        listening.socket.set_nonblocking(true)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let result = runtime.block_on(async {
        let mut listeners = Vec::new();
        for Listening { socket, tls } in sockets {
            let acceptor = tls.map(|tls| TlsAcceptor::from(tls.0));
            listeners.push((tokio::net::TcpListener::from_std(socket)?, acceptor));
        }
        let stop = stop_signal();
        ready()?;
        answer_all(listeners, &tenant, stop).await;
        Ok(())
    });
    runtime.shutdown_timeout(Duration::from_millis(200));
    result
}

async fn answer_all(
    listeners: Vec<(tokio::net::TcpListener, Option<TlsAcceptor>)>,
    tenant: &Arc<Tenant>,
    stop: impl Future<Output = ()>,
) {
    let (closing, closed) = watch::channel(false);
    let shared = Shared {
        router: router(Arc::clone(tenant)),
        resting: Arc::default(),
        places: Arc::new(Places::new(most())),
        closed,
    };
    let mut sockets = JoinSet::new();
    for (listener, acceptor) in listeners {
        sockets.spawn(answer(listener, acceptor, shared.clone()));
    }
    stop.await;
    // Streams of events end here; whoever else is served has some seconds.
    let _ = closing.send(true);
    tenant.control.close();
    let all_ended = async { while sockets.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(GRACE, all_ended).await;
}

/// Accepts the connections of one socket until the server closes, and waits for their ends.
async fn answer(listener: tokio::net::TcpListener, acceptor: Option<TlsAcceptor>, shared: Shared) {
    let (resting, places) = (&shared.resting, &shared.places);
    let mut connections = JoinSet::new();
    let mut closed = shared.closed.clone();
    let mut stop = std::pin::pin!(async { closed.wait_for(|closed| *closed).await.is_ok() });
    loop {
        let accepted = tokio::select! {
            biased;
            _ = &mut stop => break,
            // Those that have ended are forgotten.
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_of_one_connection(&error) => continue,
            Err(error) => {
                // Most likely no more files may be opened: the connection that has rested longest gives its own.
                tell(&format!("no connection can be accepted: {error}"));
                resting.end_oldest();
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let place = tokio::select! {
            biased;
            _ = &mut stop => break,
            place = places.take(peer.ip(), resting) => place,
        };
        let Some(place) = place else {
            tracing::debug!(
                "{peer} has its share of the connections, and all of them answer requests"
            );
            continue;
        };
        let seat = Arc::new(Seat::new(resting, Some(peer.ip())));
        let (shared, acceptor) = (shared.clone(), acceptor.clone());
        connections.spawn(async move {
            tokio::select! {
                () = connection(stream, peer, acceptor, shared, Arc::clone(&seat)) => {}
                () = seat.ended() => {}
            }
            drop(place);
        });
    }
    drop(listener);
    tokio::time::sleep(PAUSE).await;
    resting.end_all();
    while connections.join_next().await.is_some() {
        resting.end_all();
    }
}

/// Whether an accept failed for one client alone.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    shared: Shared,
    seat: Arc<Seat>,
) {
    // Answers are small: waiting for more to send with them costs 40 ms.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("a connection without TCP_NODELAY: {error}");
    }
    let socket = Socket::new(stream);
    let Some(acceptor) = acceptor else {
        return speak(socket, peer, shared, seat).await;
    };
    // Until the handshake is done the connection rests, so it gives way to others.
    match tokio::time::timeout(HEAD_TIME, acceptor.accept(socket)).await {
        Ok(Ok(socket)) => speak(socket, peer, shared, seat).await,
        Ok(Err(error)) => tracing::debug!("a handshake of {peer}: {error}"),
        Err(_) => tracing::debug!("a handshake of {peer} took too long"),
    }
}

/// Answers the requests of a connection.
async fn speak<S>(socket: S, peer: SocketAddr, shared: Shared, seat: Arc<Seat>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Shared {
        router, mut closed, ..
    } = shared;
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (mut router, seat) = (router.clone(), Arc::clone(&seat));
        async move {
            let mut request = request.map(Body::new);
            seat.begin();
            request.extensions_mut().insert(ConnectInfo(peer));
            // Whoever reads the body says when the request is there as a whole.
            request.extensions_mut().insert(Arc::clone(&seat));
            let answered = match settle_host(&mut request) {
                true => router.call(request).await,
                false => Ok(without_host()),
            };
            answered.map(|response| response.map(|body| Answered { body, seat }))
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
    http.max_buf_size(BUFFER);
    let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(socket), service));
    let stops = async { closed.wait_for(|closed| *closed).await.is_ok() };
    let served = tokio::select! {
        served = connection.as_mut() => Some(served),
        _ = stops => None,
    };
    let served = match served {
        Some(served) => served,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!("a connection of {peer}: {error}");
    }
}

/// Gives a request the one host that it is for: that of its target, if the target is a whole URL, else its `Host` (RFC 9112, sections
/// 3.2 and 3.2.2). Returns whether there is one; a request of HTTP/1.0 needs none.
fn settle_host(request: &mut Request) -> bool {
    let count = request.headers().get_all(HOST).iter().count();
    if count > 1 || (count == 0 && request.version() == Version::HTTP_11) {
        return false;
    }
    let Some(authority) = request.uri().authority() else {
        return true;
    };
    match HeaderValue::from_str(authority.as_str()) {
        Ok(host) => {
            request.headers_mut().insert(HOST, host);
            true
        }
        Err(_) => false,
    }
}

/// The answer to a request that does not say which host it is for.
fn without_host() -> Response {
    let message = "A request needs one Host header";
    answer_json(
        StatusCode::BAD_REQUEST,
        &json!({"statusCode": 400, "error": "Bad Request", "message": message}),
    )
}

/// Listens to signals from now on, not from the first time that the result is polled.
#[cfg(unix)]
fn stop_signal() -> impl Future<Output = ()> {
    use tokio::signal::unix::{Signal, SignalKind, signal};
    // Where a signal cannot be waited for, it ends the process as it always does.
    async fn received(signal: io::Result<Signal>) {
        match signal {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    }
    let interrupt = signal(SignalKind::interrupt());
    let terminate = signal(SignalKind::terminate());
    async {
        tokio::select! {
            () = received(interrupt) => {}
            () = received(terminate) => {}
        }
    }
}

#[cfg(not(unix))]
async fn stop_signal() {
    // Where Ctrl-C cannot be waited for, the process is ended from outside.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;
    use axum::http::Version;
    use axum::http::header::HOST;

    use super::settle_host;

    #[test]
    fn a_request_is_for_one_host_and_its_target_wins() {
        for (version, target, hosts, expected) in [
            (
                Version::HTTP_11,
                "/health",
                vec!["localhost"],
                Some("localhost"),
            ),
            (Version::HTTP_11, "/health", vec![], None),
            (
                Version::HTTP_11,
                "/health",
                vec!["localhost", "evil.example"],
                None,
            ),
            (
                Version::HTTP_11,
                "/health",
                vec!["localhost", "localhost"],
                None,
            ),
            (
                Version::HTTP_11,
                "http://evil.example/health",
                vec!["localhost"],
                Some("evil.example"),
            ),
            (
                Version::HTTP_11,
                "http://localhost:3333/health",
                vec!["evil.example"],
                Some("localhost:3333"),
            ),
            (
                Version::HTTP_11,
                "http://a@evil.example/",
                vec!["localhost"],
                Some("a@evil.example"),
            ),
            (Version::HTTP_10, "/health", vec![], Some("")),
            (Version::HTTP_10, "/health", vec!["a", "b"], None),
        ] {
            let mut request = Request::builder().uri(target).version(version);
            for host in &hosts {
                request = request.header(HOST, *host);
            }
            let mut request = request.body(Body::empty()).unwrap();
            let is_settled = settle_host(&mut request);
            let host = request
                .headers()
                .get(HOST)
                .and_then(|host| host.to_str().ok());
            let found = is_settled.then_some(host.unwrap_or_default());
            assert_eq!(found, expected, "{target} {hosts:?}");
        }
    }
}
