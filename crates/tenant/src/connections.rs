//! The connections of the server: how many there may be, which one gives way, and when one is given up.
//!
//! A connection that waits for a request, or for the rest of one, gives way to a new one when there are too many; one that
//! answers a request never does. So idle clients, and those that send half a request, cannot keep the others out. Another machine
//! has no more than a share of the connections, so that it cannot do so with whole requests either.

mod places;

use std::collections::BTreeMap;
use std::future::Future as _;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep};

pub(crate) use self::places::Places;
use self::places::origin;

/// Connections at once, if the process may have that many files open.
const MOST: usize = 8_192;
/// Files that are not connections: the database, Actions, standard streams.
const OTHER_FILES: usize = 32;
/// The time for which a client may accept no byte of an answer.
const STUCK: Duration = Duration::from_secs(30);

/// The most connections at once.
pub(crate) fn most() -> usize {
    #[cfg(unix)]
    {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let limit = limit.map_or(usize::MAX, |limit| {
            usize::try_from(limit).unwrap_or(usize::MAX)
        });
        // With very few files, half of them.
        limit
            .saturating_sub(OTHER_FILES)
            .max(limit / 2)
            .clamp(1, MOST)
    }
    #[cfg(not(unix))]
    MOST
}

/// One that waits: what ends its wait, since when it waits, and which client it is of.
#[derive(Debug)]
struct Turn {
    end: Arc<Notify>,
    since: Instant,
    origin: Option<IpAddr>,
}

/// Those who wait, by the number of their turn.
type Turns = BTreeMap<u64, Turn>;

/// The connections that wait for a request, the one that has waited longest first.
#[derive(Debug, Default)]
pub(crate) struct Resting(Mutex<(u64, Turns)>);

impl Resting {
    fn with<T>(&self, act: impl FnOnce(&mut (u64, Turns)) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends the one that has waited longest, if it has waited for as long as `age`.
    pub(crate) fn end_older(&self, age: Duration) {
        let is_old = |turns: &Turns| {
            let first = turns.first_key_value();
            first.is_some_and(|(_, turn)| turn.since.elapsed() >= age)
        };
        let oldest = self.with(|(_, turns)| is_old(turns).then(|| turns.pop_first()));
        if let Some((_, turn)) = oldest.flatten() {
            turn.end.notify_one();
        }
    }

    /// Ends the connection of one client that has waited longest, and returns whether there was one.
    fn end_oldest_of(&self, origin: Option<IpAddr>) -> bool {
        let oldest = self.with(|(_, resting)| {
            let mut turns = resting.iter();
            let found = turns.find(|(_, turn)| turn.origin == origin)?;
            let number = *found.0;
            resting.remove(&number)
        });
        if let Some(turn) = &oldest {
            turn.end.notify_one();
        }
        oldest.is_some()
    }

    /// Ends the connection that has waited longest, and returns whether there was one.
    pub(crate) fn end_oldest(&self) -> bool {
        let oldest = self.with(|(_, resting)| resting.pop_first());
        if let Some((_, turn)) = &oldest {
            turn.end.notify_one();
        }
        oldest.is_some()
    }

    /// Ends all of them.
    pub(crate) fn end_all(&self) {
        while self.end_oldest() {}
    }
}

/// One connection among the others.
#[derive(Debug)]
pub(crate) struct Seat {
    resting: Arc<Resting>,
    end: Arc<Notify>,
    origin: Option<IpAddr>,
    place: Mutex<Option<u64>>,
}

impl Seat {
    /// A new connection: it waits for its first request.
    pub(crate) fn new(resting: &Arc<Resting>, peer: Option<IpAddr>) -> Self {
        let seat = Self {
            resting: Arc::clone(resting),
            end: Arc::default(),
            origin: peer.and_then(origin),
            place: Mutex::default(),
        };
        seat.rest();
        seat
    }

    fn place(&self) -> std::sync::MutexGuard<'_, Option<u64>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It waits for a request.
    fn rest(&self) {
        let turn = Turn {
            end: Arc::clone(&self.end),
            since: Instant::now(),
            origin: self.origin,
        };
        let place = self.resting.with(|(next, resting)| {
            *next += 1;
            resting.insert(*next, turn);
            *next
        });
        *self.place() = Some(place);
    }

    /// It has the head of a request, and waits for the rest: from now on, however long it has waited for the head.
    pub(crate) fn begin(&self) {
        self.work();
        self.rest();
    }

    /// It has a whole request, and answers it.
    pub(crate) fn work(&self) {
        if let Some(place) = self.place().take() {
            self.resting.with(|(_, resting)| resting.remove(&place));
        }
    }

    /// When it has to give way.
    pub(crate) async fn ended(&self) {
        self.end.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.work();
    }
}

/// The body of an answer: when it has gone, the connection waits for the next request.
pub(crate) struct Answered {
    pub(crate) body: Body,
    pub(crate) seat: Arc<Seat>,
}

impl HttpBody for Answered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answered {
    fn drop(&mut self) {
        // One whose request was never read to its end rests already.
        self.seat.work();
        self.seat.rest();
    }
}

/// A socket whose client must take what is sent to it.
pub(crate) struct Socket {
    stream: TcpStream,
    /// Runs while the client takes nothing.
    stuck: Option<Pin<Box<Sleep>>>,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            stuck: None,
        }
    }

    /// Passes on what became of a write, and gives up on a client that took nothing for too long.
    fn judged<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stuck = None;
            return written;
        }
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(sleep(STUCK)));
        ready!(stuck.as_mut().poll(context));
        // Polled again after this it waits anew.
        stuck.as_mut().reset(Instant::now() + STUCK);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judged(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, buffers);
        self.judged(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Whether a connection has to give way.
#[cfg(test)]
async fn is_ended(seat: &Seat) -> bool {
    let soon = Duration::from_millis(1);
    tokio::time::timeout(soon, seat.ended()).await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_that_begins_a_request_is_the_last_to_give_way() {
        let resting = Arc::new(Resting::default());
        let [first, second, third] = [(); 3].map(|()| Seat::new(&resting, None));
        first.begin();
        assert!(resting.end_oldest());
        assert!(is_ended(&second).await && !is_ended(&first).await);
        third.work();
        assert!(
            resting.end_oldest(),
            "the body of the first one is not there"
        );
        assert!(is_ended(&first).await && !is_ended(&third).await);
        assert!(!resting.end_oldest(), "the third one answers");
    }
}
