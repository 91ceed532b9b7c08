//! The tenant on a socket.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt as _;

use crate::router::router;
use crate::state::Tenant;

/// Where a server listens.
pub type Address = SocketAddr;

/// How long requests that are under way may take when the server is told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Answers requests until the process is told to stop (Ctrl-C, SIGTERM). What is under way is finished first.
///
/// # Errors
/// When the socket fails or no thread can be started.
pub fn serve(listener: TcpListener, tenant: Arc<Tenant>) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let result = runtime.block_on(async {
        // Answers are small: waiting for more to send with them costs 40 ms.
        let listener = tokio::net::TcpListener::from_std(listener)?.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!("a connection without TCP_NODELAY: {error}");
            }
        });
        let service =
            router(Arc::clone(&tenant)).into_make_service_with_connect_info::<SocketAddr>();
        let (stopping, stopped) = tokio::sync::oneshot::channel::<()>();
        let server = axum::serve(listener, service).with_graceful_shutdown(async {
            stop_signal().await;
            // Nobody waits when the server has ended by itself.
            let _ = stopping.send(());
        });
        let served = tokio::spawn(async move { server.await });
        let patience = async {
            if stopped.await.is_ok() {
                tokio::time::sleep(GRACE).await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        let mut served = served;
        let mut patience = std::pin::pin!(patience);
        std::future::poll_fn(|context| {
            use std::future::Future as _;
            if let std::task::Poll::Ready(result) = std::pin::Pin::new(&mut served).poll(context) {
                return std::task::Poll::Ready(
                    result.unwrap_or_else(|error| Err(io::Error::other(error))),
                );
            }
            patience.as_mut().poll(context).map(Ok)
        })
        .await
    });
    // Logins that wait for their user end with the process.
    tenant.waiting.clear();
    runtime.shutdown_timeout(Duration::from_millis(200));
    result
}

async fn stop_signal() {
    let interrupt = async {
        // Where no signal can be waited for, the process is ended from outside.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminate) = signal(SignalKind::terminate()) else {
            return interrupt.await;
        };
        let mut interrupt = std::pin::pin!(interrupt);
        std::future::poll_fn(|context| {
            use std::future::Future as _;
            if terminate.poll_recv(context).is_ready() {
                return std::task::Poll::Ready(());
            }
            interrupt.as_mut().poll(context)
        })
        .await;
    }
    #[cfg(not(unix))]
    interrupt.await;
}
