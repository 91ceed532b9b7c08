//! Room for the bodies of requests that are served at the same time. Connections are many, and a client may send a body
//! slowly: without a limit for all of them together, each could have a whole body in memory at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The bytes of each body that are read without asking for room: most bodies are smaller.
pub(crate) const FREE: usize = 16 * 1024;
/// Bytes of larger bodies of everybody.
const OPEN: usize = 64 * 1024 * 1024;
/// The same for those who have shown a token: they do not wait for the others. It is enough for one import.
const PROVEN: usize = 128 * 1024 * 1024;
/// Semaphores count in these steps of bytes.
const STEP: usize = 1024;

/// The room that is left.
pub(crate) struct Room {
    open: Arc<Semaphore>,
    proven: Arc<Semaphore>,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self {
            open: Arc::new(Semaphore::new(OPEN / STEP)),
            proven: Arc::new(Semaphore::new(PROVEN / STEP)),
        }
    }

    /// Waits for room for a body of up to `bytes`; it is given back when the permit is dropped. All of it at once, so that
    /// bodies never wait for each other.
    pub(crate) async fn of(&self, bytes: usize, is_proven: bool) -> Option<OwnedSemaphorePermit> {
        let (semaphore, all) = match is_proven {
            true => (&self.proven, PROVEN),
            false => (&self.open, OPEN),
        };
        let steps = u32::try_from(bytes.min(all).div_ceil(STEP)).ok()?;
        Arc::clone(semaphore).acquire_many_owned(steps).await.ok()
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
            held.push(room.of(1024 * 1024, false).await.expect("room"));
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
}
