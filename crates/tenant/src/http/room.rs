//! Room for the bodies of requests that are served at the same time. Connections are many, and a client may send a body
//! slowly: without a limit for all of them together, each could have a whole body in memory at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connections::{Resting, Seat};

/// The bytes of each body that are read without asking for room: most bodies are smaller.
pub(crate) const FREE: usize = 16 * 1024;
/// Bytes of larger bodies of everybody.
const OPEN: usize = 64 * 1024 * 1024;
/// The same for those who have shown a token: they do not wait for the others. It is enough for one import.
const PROVEN: usize = 128 * 1024 * 1024;
/// The time that a body waits before one that arrives more slowly than this has to give way.
const PATIENCE: Duration = Duration::from_secs(1);
/// Semaphores count in these steps of bytes.
const STEP: usize = 1024;

/// The room that is left.
pub(crate) struct Room {
    open: Arc<Semaphore>,
    proven: Arc<Semaphore>,
    /// The bodies of everybody that are being read.
    arriving: Arc<Resting>,
}

/// Room for a body.
#[derive(Debug)]
pub(crate) struct Held {
    permit: OwnedSemaphorePermit,
    /// The place among the bodies that arrive; `None` for those who have shown a token.
    seat: Option<Seat>,
}

impl Held {
    /// When the body has to give way to others, because it arrives slowly.
    pub(crate) async fn ended(&self) {
        match &self.seat {
            Some(seat) => seat.ended().await,
            None => std::future::pending().await,
        }
    }

    /// The body is there: returns what keeps its room.
    pub(crate) fn arrived(self) -> OwnedSemaphorePermit {
        self.permit
    }
}

impl Room {
    pub(crate) fn new() -> Self {
        Self {
            open: Arc::new(Semaphore::new(OPEN / STEP)),
            proven: Arc::new(Semaphore::new(PROVEN / STEP)),
            arriving: Arc::default(),
        }
    }

    /// Waits for room for a body of up to `bytes`; it is given back when the permit is dropped. All of it at once, so that
    /// bodies never wait for each other. While it waits, those that have arrived for longest give way.
    pub(crate) async fn of(&self, bytes: usize, is_proven: bool) -> Option<Held> {
        let (semaphore, all) = match is_proven {
            true => (&self.proven, PROVEN),
            false => (&self.open, OPEN),
        };
        let steps = u32::try_from(bytes.min(all).div_ceil(STEP)).ok()?;
        let mut permit = std::pin::pin!(Arc::clone(semaphore).acquire_many_owned(steps));
        let permit = loop {
            match tokio::time::timeout(PATIENCE / 5, permit.as_mut()).await {
                Ok(permit) => break permit.ok()?,
                Err(_) if is_proven => {}
                Err(_) => self.arriving.end_older(PATIENCE),
            }
        };
        let seat = (!is_proven).then(|| Seat::new(&self.arriving, None));
        Some(Held { permit, seat })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn room_is_given_and_given_back() {
        let room = Room::new();
        let most = OPEN / (1024 * 1024);
        let mut held = Vec::new();
        for _ in 0..most {
            let permit = room.of(1024 * 1024, false).await.expect("room").arrived();
            held.push(permit);
        }
        let soon = Duration::from_millis(20);
        let full = tokio::time::timeout(soon, room.of(1, false)).await;
        assert!(full.is_err(), "there is no room left");
        assert!(
            room.of(PROVEN * 2, true).await.is_some(),
            "others have theirs"
        );
        held.pop();
        let free = tokio::time::timeout(soon, room.of(1024 * 1024, false)).await;
        assert!(free.is_ok_and(|permit| permit.is_some()));
    }

    #[tokio::test]
    async fn bodies_that_arrive_slowly_give_way_to_those_that_wait() {
        let room = Room::new();
        let slow = room.of(OPEN, false).await.expect("room");
        let other = room.of(1024, false);
        let gave_way = async {
            slow.ended().await;
            drop(slow);
        };
        let (next, ()) = tokio::join!(other, gave_way);
        assert!(next.is_some());
        // One that is there as a whole keeps its room.
        let _kept = room.of(OPEN - 1024, false).await.expect("room").arrived();
        drop(next);
        let _rest = room.of(1024, false).await.expect("room").arrived();
        let full = tokio::time::timeout(PATIENCE * 2, room.of(1, false)).await;
        assert!(full.is_err());
    }
}
