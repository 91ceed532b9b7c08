//! The places of connections, and the share that one client may have of them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Resting;

/// Returns by what the connections of one client are counted: its address, or the network of its address in IPv6, of which one
/// machine has as many as it likes (RFC 4291, section 2.5.4). `None` for this machine: all of its clients have the same address.
pub(super) fn origin(peer: IpAddr) -> Option<IpAddr> {
    let peer = peer.to_canonical();
    let network = match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
        }
    };
    (!peer.is_loopback()).then_some(network)
}

/// The connections that there may be at once.
#[derive(Debug)]
pub(crate) struct Places {
    free: Arc<Semaphore>,
    /// The most of one client on another machine.
    share: usize,
    taken: Mutex<HashMap<IpAddr, usize>>,
}

/// A place of one connection.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    origin: Option<IpAddr>,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(most)),
            share: (most / 2).max(1),
            taken: Mutex::default(),
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<IpAddr, usize>) -> T) -> T {
        act(&mut self.taken.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for a place. Where there is none, the connection that has rested longest gives way; for a client that has its share,
    /// one of its own. Returns `None` if it has none that rests.
    pub(crate) async fn take(self: &Arc<Self>, peer: IpAddr, resting: &Resting) -> Option<Place> {
        let origin = origin(peer);
        let taken = origin.and_then(|origin| self.with(|taken| taken.get(&origin).copied()));
        if taken.unwrap_or(0) >= self.share && !resting.end_oldest_of(origin) {
            return None;
        }
        if self.free.available_permits() == 0 {
            resting.end_oldest();
        }
        let permit = Arc::clone(&self.free).acquire_owned().await.ok()?;
        if let Some(origin) = origin {
            self.with(|taken| *taken.entry(origin).or_default() += 1);
        }
        Some(Place {
            places: Arc::clone(self),
            origin,
            _permit: permit,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(origin) = self.origin else { return };
        self.places.with(|taken| {
            if let Some(count) = taken.get_mut(&origin) {
                *count -= 1;
                if *count == 0 {
                    taken.remove(&origin);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connections::{Seat, is_ended};

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn clients_are_counted_by_address_and_network() {
        for (peer, expected) in [
            ("127.0.0.1", None),
            ("127.8.8.8", None),
            ("::1", None),
            ("::ffff:127.0.0.1", None),
            ("192.168.1.2", Some("192.168.1.2")),
            ("::ffff:192.168.1.2", Some("192.168.1.2")),
            ("2001:db8:1:2:3:4:5:6", Some("2001:db8:1:2::")),
            ("fe80::1", Some("fe80::")),
        ] {
            assert_eq!(origin(address(peer)), expected.map(address), "{peer}");
        }
    }

    #[tokio::test]
    async fn another_machine_has_half_of_the_places_and_this_one_all() {
        let resting = Arc::new(Resting::default());
        let places = Arc::new(Places::new(100));
        let mut served = Vec::new();
        let other = address("192.0.2.1");
        let same = address("::ffff:192.0.2.1");
        for _ in 0..50 {
            let place = places.take(other, &resting).await.expect("a place");
            served.push((place, Seat::new(&resting, Some(other))));
        }
        let first = &served[0].1;
        first.work();
        // One of its own gives way, and not the one that answers.
        let next = places.take(same, &resting).await.expect("a place");
        assert!(is_ended(&served[1].1).await && !is_ended(first).await);
        served.remove(1);
        for (_, seat) in &served {
            seat.work();
        }
        assert!(places.take(other, &resting).await.is_none(), "all answer");
        drop(next);
        assert!(places.take(other, &resting).await.is_some());
        // The rest is for others: those of this machine may have all of it.
        let local = address("127.0.0.1");
        let mut locals = Vec::new();
        for _ in 0..51 {
            let place = places.take(local, &resting).await.expect("a place");
            locals.push((place, Seat::new(&resting, Some(local))));
        }
        assert_eq!(places.free.available_permits(), 0);
        drop(served);
        drop(locals);
        assert_eq!(places.free.available_permits(), 100);
        assert!(places.with(|taken| taken.is_empty()));
    }
}
