//! Suspicious IP throttling of custom token exchanges: an address with too many invalid subject tokens has to wait.
//!
//! <https://auth0.com/docs/authenticate/custom-token-exchange/cte-attack-protection>

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Rejected tokens that an address may show.
const ATTEMPTS: i64 = 10;

/// Milliseconds after which an address gets one attempt back.
const EVERY_MS: i64 = 600_000;

/// Addresses that are remembered. Beyond, those that have all their attempts back are forgotten, and then all.
const ADDRESSES: usize = 10_000;

/// The rejected tokens of addresses: the time at which all attempts are back.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashMap<String, i64>>);

impl Throttle {
    /// Returns whether an address has an attempt left.
    pub(crate) fn permits(&self, address: &str, now_ms: i64) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full_at = known.get(address).copied().unwrap_or(now_ms).max(now_ms);
        full_at.saturating_sub(now_ms) <= (ATTEMPTS - 1) * EVERY_MS
    }

    /// Counts a rejected token of an address.
    pub(crate) fn count(&self, address: &str, now_ms: i64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= ADDRESSES && !known.contains_key(address) {
            known.retain(|_, full_at| *full_at > now_ms);
            if known.len() >= ADDRESSES {
                known.clear();
            }
        }
        let full_at = known.entry(address.to_owned()).or_insert(now_ms);
        *full_at = (*full_at).max(now_ms).saturating_add(EVERY_MS);
    }
}

#[cfg(test)]
mod tests {
    use super::{ADDRESSES, EVERY_MS, Throttle};

    #[test]
    fn ten_attempts_and_one_back_every_ten_minutes() {
        let throttle = Throttle::default();
        for _ in 0..10 {
            assert!(throttle.permits("a", 0));
            throttle.count("a", 0);
        }
        assert!(!throttle.permits("a", 0));
        assert!(throttle.permits("b", 0));
        assert!(!throttle.permits("a", EVERY_MS - 1));
        assert!(throttle.permits("a", EVERY_MS));
        throttle.count("a", EVERY_MS);
        assert!(!throttle.permits("a", EVERY_MS));
        assert!(throttle.permits("a", 100 * EVERY_MS));
    }

    #[test]
    fn addresses_are_bounded() {
        let throttle = Throttle::default();
        for number in 0..ADDRESSES + 5 {
            throttle.count(&number.to_string(), 0);
        }
        assert!(throttle.0.lock().unwrap().len() <= ADDRESSES);
    }
}
