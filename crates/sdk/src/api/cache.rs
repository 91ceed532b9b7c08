//! The small store that the Actions of the trigger share.

use serde::{Deserialize, Serialize};
#[cfg(not(target_arch = "wasm32"))]
use serde_json::json;

#[cfg(not(target_arch = "wasm32"))]
use super::optional;

/// `api.cache`
#[derive(Debug)]
pub struct Cache(pub(super) ());

/// An entry of the cache.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CacheEntry {
    /// The value.
    pub value: String,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub expires_at: i64,
}

/// The lifetime of an entry: the earlier of the two, 15 minutes without either.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct CacheOptions {
    /// Milliseconds from now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<f64>,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<f64>,
}

/// Why nothing was stored or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheError {
    /// The vendor's code: `CacheKeySizeExceeded`, `CacheKeyDoesNotExist`, …
    pub code: String,
}

impl std::fmt::Display for CacheError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.code)
    }
}

impl std::error::Error for CacheError {}

impl Cache {
    /// Returns the entry of a key that has not expired; `None` in a native call.
    #[must_use]
    #[track_caller]
    pub fn get(&self, key: &str) -> Option<CacheEntry> {
        let entry = call_that_succeeds!(
            "cache.get",
            [json!(key)],
            host::cache::get(key),
            None::<CacheEntry>
        );
        #[cfg(target_arch = "wasm32")]
        let entry = entry.map(Into::into);
        entry
    }

    /// Stores a value; natively it only seems to be stored, and expires at once.
    ///
    /// # Errors
    /// The vendor's code when the entry is too large or has no valid lifetime. In the tests of an Action the name
    /// of a failure is the code.
    #[track_caller]
    pub fn set(
        &self,
        key: &str,
        value: &str,
        options: Option<CacheOptions>,
    ) -> Result<CacheEntry, CacheError> {
        let answer = raw_call!(
            "cache.set",
            [json!(key), json!(value), optional(options)],
            host::cache::set(key, value, options.map(Into::into)),
            CacheEntry {
                value: value.to_owned(),
                expires_at: 0
            }
        );
        #[cfg(target_arch = "wasm32")]
        let answer = answer.map(Into::into);
        answer.map_err(Into::into)
    }

    /// Removes a key.
    ///
    /// # Errors
    /// `CacheKeyDoesNotExist`.
    #[track_caller]
    pub fn delete(&self, key: &str) -> Result<(), CacheError> {
        raw_call!("cache.delete", [json!(key)], host::cache::delete(key), ()).map_err(Into::into)
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl From<crate::testing::Failure> for CacheError {
    fn from(failure: crate::testing::Failure) -> CacheError {
        CacheError { code: failure.name }
    }
}
