//! `api.cache`: values of a trigger, kept between its Actions and, where a host shares them, between its executions.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Call, Outcome, UNDEFINED};
use crate::limits::{
    CACHE_BYTES, CACHE_DEFAULT_MS, CACHE_ENTRIES, CACHE_KEY_BYTES, CACHE_LIFETIME_MS,
    CACHE_VALUE_BYTES,
};
use crate::measure;
use crate::reply::{Failure, Returned};
use crate::value::Argument;

/// The largest integer that a JavaScript number holds exactly.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

/// The cache as a login sees it: the entries in the order in which they were set first. Expired ones stay until they are deleted.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Cache {
    entries: Vec<Entry>,
    /// The keys that the login has set or deleted since it last shared its cache. A login that waits has shared it.
    #[serde(skip)]
    changed: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Entry {
    key: String,
    value: String,
    expires_at: f64,
}

impl Cache {
    fn bytes(&self) -> usize {
        self.entries
            .iter()
            .map(|entry| entry.key.len() + entry.value.len())
            .sum()
    }

    fn find(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    fn change(&mut self, key: &str) {
        if !self.changed.iter().any(|known| known == key) {
            self.changed.push(key.to_owned());
        }
    }

    /// Starts with what earlier executions have left.
    pub(crate) fn fill(&mut self, shared: CacheEntries) {
        self.entries = shared.0;
        self.changed.clear();
    }

    /// Leaves what was set and deleted to later executions.
    pub(crate) fn share(&mut self, shared: &mut CacheEntries, now_ms: i64) {
        for key in std::mem::take(&mut self.changed) {
            shared.0.retain(|entry| entry.key != key);
            shared.0.extend(self.find(&key).cloned());
        }
        shared.trim(now_ms);
    }
}

/// The entries of a trigger's cache between executions.
///
/// Up to 20 entries of [`CACHE_BYTES`] in all, the ones that were set last, each for at most 24 hours: "items may not be
/// available in later transactions even if they are within their specified lifetime".
///
/// Sources: <https://auth0.com/docs/customize/actions/limitations> and the `api` object of each trigger ("scoped to the Trigger in
/// which they are set").
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CacheEntries(Vec<Entry>);

impl CacheEntries {
    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the bytes of all keys and values.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0
            .iter()
            .map(|entry| entry.key.len() + entry.value.len())
            .sum()
    }

    /// Adds an entry that a caller gives, for `ttl_ms` milliseconds or the 15 minutes of production. Its time begins with the
    /// login, at [`CacheEntries::starting_at`].
    ///
    /// # Errors
    /// Returns the reason why production would not have such an entry, as a sentence without an end.
    pub fn give(&mut self, key: String, value: String, ttl_ms: Option<u64>) -> Result<(), String> {
        let (lifetime, default) = (
            CACHE_LIFETIME_MS.value as u64,
            CACHE_DEFAULT_MS.value as u64,
        );
        let ttl = ttl_ms.unwrap_or(default);
        let bytes = self.bytes() + key.len() + value.len();
        for (limit, size, what) in [
            (CACHE_KEY_BYTES, key.len(), "a key of the cache has at most"),
            (
                CACHE_VALUE_BYTES,
                value.len(),
                "a value of the cache has at most",
            ),
            (
                CACHE_BYTES,
                bytes,
                "all keys and values of the cache have at most",
            ),
        ] {
            if limit.exceeded_by(size) {
                return Err(format!("{what} {} bytes; this makes {size}", limit.value));
            }
        }
        if CACHE_ENTRIES.exceeded_by(self.0.len() + 1) {
            return Err(format!(
                "the cache has at most {} entries",
                CACHE_ENTRIES.value
            ));
        }
        if ttl == 0 || ttl > lifetime {
            return Err("an entry of the cache lives for 1 ms to 24 hours".to_owned());
        }
        #[expect(clippy::cast_precision_loss, reason = "at most a day")]
        let expires_at = ttl as f64;
        self.0.push(Entry {
            key,
            value,
            expires_at,
        });
        Ok(())
    }

    /// Returns entries that were given, for a login that starts at this time, in milliseconds since the epoch.
    #[must_use]
    pub fn starting_at(&self, now_ms: i64) -> Self {
        let mut entries = self.0.clone();
        for entry in &mut entries {
            entry.expires_at += milliseconds(now_ms);
        }
        Self(entries)
    }

    /// Returns entries that were given, as a case writes them: `{key: {"value": …, "ttl": "900000ms"}}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let entries = self.0.iter().map(|entry| {
            let ttl = format!("{}ms", entry.expires_at);
            let written = json!({"value": entry.value, "ttl": ttl});
            (entry.key.clone(), written)
        });
        Value::Object(entries.collect())
    }

    /// Drops what is too old at this time, in milliseconds since the epoch, and what is too much.
    pub fn trim(&mut self, now_ms: i64) {
        let now = milliseconds(now_ms);
        #[expect(clippy::cast_precision_loss, reason = "a small constant")]
        let latest = now + CACHE_LIFETIME_MS.value as f64;
        self.0.retain(|entry| entry.expires_at >= now);
        for entry in &mut self.0 {
            entry.expires_at = entry.expires_at.min(latest);
        }
        while CACHE_ENTRIES.exceeded_by(self.0.len()) || CACHE_BYTES.exceeded_by(self.bytes()) {
            self.0.remove(0);
        }
    }
}

pub(crate) fn get(call: &mut Call<'_>) -> Outcome {
    let Some(key) = call.arg(0).as_str() else {
        return Ok(UNDEFINED);
    };
    Ok(match call.flow.cache.find(key) {
        Some(entry) if entry.expires_at >= milliseconds(call.now_ms) => json_value(&record(entry)),
        _ => UNDEFINED,
    })
}

pub(crate) fn set(call: &mut Call<'_>) -> Outcome {
    let (key, value) = (bytes_of(call.arg(0))?, bytes_of(call.arg(1))?);
    let (key, value) = (key.to_owned(), value.to_owned());
    let expiry = expiry(call.arg(2), milliseconds(call.now_ms));
    let error = if CACHE_KEY_BYTES.exceeded_by(key.len()) {
        "CacheKeySizeExceeded"
    } else if CACHE_VALUE_BYTES.exceeded_by(value.len()) {
        "CacheValueSizeExceeded"
    } else if is_too_much(call, key.len() + value.len()) {
        "CacheSizeExceeded"
    } else {
        match expiry {
            Err(code) => code,
            Ok(expires_at) => {
                let entry = Entry {
                    key,
                    value,
                    expires_at,
                };
                let answer = json!({"type": "success", "record": record(&entry)});
                call.flow.cache.change(&entry.key);
                let entries = &mut call.flow.cache.entries;
                match entries.iter_mut().find(|known| known.key == entry.key) {
                    Some(known) => *known = entry,
                    None => entries.push(entry),
                }
                return Ok(json_value(&answer));
            }
        }
    };
    Ok(json_value(&json!({"type": "error", "code": error})))
}

/// An entry that is replaced counts twice.
fn is_too_much(call: &mut Call<'_>, added: usize) -> bool {
    let bytes = call.flow.cache.bytes() + added;
    call.flow.measure(measure::CACHE, "The cache", bytes);
    CACHE_BYTES.exceeded_by(bytes)
}

pub(crate) fn delete(call: &mut Call<'_>) -> Outcome {
    let key = call.arg(0).as_str().unwrap_or_default().to_owned();
    let is_text = call.arg(0).as_str().is_some();
    let entries = &mut call.flow.cache.entries;
    let known = entries.len();
    entries.retain(|entry| !is_text || entry.key != key);
    Ok(json_value(&if entries.len() < known {
        call.flow.cache.change(&key);
        json!({"type": "success"})
    } else {
        json!({"type": "error", "code": "CacheKeyDoesNotExist"})
    }))
}

/// The earlier of `ttl` and `expires_at`, both rounded down.
fn expiry(options: &Argument, now: f64) -> Result<f64, &'static str> {
    let time = |name: &str| match options.property(name) {
        Argument::Undefined => Ok(None),
        value => value
            .as_f64()
            .map(|value| Some(value.floor()))
            .ok_or("InvalidExpiry"),
    };
    let from_now = time("ttl")?.map(|ttl| now + ttl);
    let absolute = time("expires_at")?;
    #[expect(clippy::cast_precision_loss, reason = "a small constant")]
    let default = now + CACHE_DEFAULT_MS.value as f64;
    let expires_at = match (from_now, absolute) {
        (Some(one), Some(other)) => one.min(other),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => default,
    };
    if expires_at <= now {
        Err("ItemAlreadyExpired")
    } else if expires_at > MAX_SAFE {
        Err("InvalidExpiry")
    } else {
        Ok(expires_at)
    }
}

/// `Buffer.byteLength` takes strings and nothing else that a handler could sensibly pass.
fn bytes_of(argument: &Argument) -> Result<&str, Failure> {
    argument.as_str().ok_or_else(|| {
        let received = match argument {
            Argument::Undefined => "undefined".to_owned(),
            Argument::Null => "null".to_owned(),
            Argument::Function => "function ".to_owned(),
            Argument::Array(_) => "an instance of Array".to_owned(),
            Argument::Date(_) => "an instance of Date".to_owned(),
            Argument::Object(_) | Argument::ToJson(_) | Argument::Circular => "an instance of Object".to_owned(),
            Argument::Bool(value) => format!("type boolean ({value})"),
            Argument::BigInt(digits) => format!("type bigint ({digits}n)"),
            Argument::Symbol(description) => format!("type symbol (Symbol({description}))"),
            number => format!("type number ({})", number.coerce_to_string().unwrap_or_default()),
        };
        let expected = "The \"string\" argument must be of type string or an instance of Buffer or ArrayBuffer.";
        Failure::type_error(format!("{expected} Received {received}"))
    })
}

fn record(entry: &Entry) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "a safe integer")]
    let expires_at = entry.expires_at as i64;
    json!({"value": entry.value, "expires_at": expires_at})
}

fn json_value(value: &Value) -> Returned {
    Returned::Value(Argument::from(value))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "JavaScript's clock is a double as well"
)]
fn milliseconds(now_ms: i64) -> f64 {
    now_ms as f64
}

#[cfg(test)]
mod tests {
    use super::{Cache, CacheEntries, Entry};

    const DAY_MS: i64 = 24 * 60 * 60 * 1000;

    fn entry(key: &str, value: &str, expires_at: f64) -> Entry {
        Entry {
            key: key.into(),
            value: value.into(),
            expires_at,
        }
    }

    fn set(cache: &mut Cache, key: &str, value: &str, expires_at: f64) {
        cache.change(key);
        cache.entries.retain(|known| known.key != key);
        cache.entries.push(entry(key, value, expires_at));
    }

    fn keys(shared: &CacheEntries) -> Vec<&str> {
        shared.0.iter().map(|entry| entry.key.as_str()).collect()
    }

    #[test]
    fn only_what_a_login_changed_reaches_later_ones() {
        let mut shared = CacheEntries(vec![entry("a", "1", 9.0), entry("b", "1", 9.0)]);
        let (mut one, mut other) = (Cache::default(), Cache::default());
        one.fill(shared.clone());
        other.fill(shared.clone());
        set(&mut one, "c", "of one", 9.0);
        one.share(&mut shared, 0);
        // The other one began before: what it did not touch stays as it is.
        other.entries.retain(|entry| entry.key != "a");
        other.change("a");
        set(&mut other, "b", "of the other", 9.0);
        other.share(&mut shared, 0);
        assert_eq!(keys(&shared), ["c", "b"]);
        assert_eq!(shared.0[1].value, "of the other");
        // What was shared is shared once.
        shared.0.clear();
        other.share(&mut shared, 0);
        assert!(shared.is_empty());
    }

    #[test]
    fn entries_that_are_given_live_from_the_start_of_the_login() {
        let mut given = CacheEntries::default();
        let give = |given: &mut CacheEntries, key: &str, bytes: usize, ttl| {
            given.give(key.to_owned(), "v".repeat(bytes), ttl)
        };
        give(&mut given, "a", 1, None).expect("an entry");
        give(&mut given, "b", 4_096, Some(86_400_000)).expect("an entry");
        let started = given.starting_at(1_000);
        assert_eq!(
            started
                .0
                .iter()
                .map(|entry| entry.expires_at)
                .collect::<Vec<_>>(),
            [901_000.0, 86_401_000.0]
        );
        for (key, bytes, ttl, expected) in [
            (
                &*"k".repeat(65),
                1,
                None,
                "a key of the cache has at most 64 bytes; this makes 65",
            ),
            (
                "c",
                4_097,
                None,
                "a value of the cache has at most 4096 bytes; this makes 4097",
            ),
            (
                "c",
                1,
                Some(0),
                "an entry of the cache lives for 1 ms to 24 hours",
            ),
            (
                "c",
                1,
                Some(86_400_001),
                "an entry of the cache lives for 1 ms to 24 hours",
            ),
        ] {
            assert_eq!(give(&mut given, key, bytes, ttl), Err(expected.to_owned()));
        }
        for key in ["c", "d", "e"] {
            give(&mut given, key, 4_000, None).expect("an entry");
        }
        let error = give(&mut given, "f", 4_000, None).expect_err("too much");
        assert_eq!(
            error,
            "all keys and values of the cache have at most 16640 bytes; this makes 20103"
        );
        for number in 0..15 {
            give(&mut given, &number.to_string(), 1, None).expect("an entry");
        }
        let error = give(&mut given, "21", 1, None).expect_err("too many");
        assert_eq!(error, "the cache has at most 20 entries");
    }

    #[test]
    fn old_entries_and_those_beyond_the_documented_limits_go() {
        let mut shared = CacheEntries(vec![entry("old", "", 99.0), entry("now", "", 100.0)]);
        shared.trim(100);
        assert_eq!(keys(&shared), ["now"], "one is readable up to its time");
        let mut cache = Cache::default();
        set(&mut cache, "week", "", 7.0 * 86_400_000.0);
        cache.share(&mut shared, 0);
        shared.trim(DAY_MS);
        assert_eq!(keys(&shared), ["week"]);
        shared.trim(DAY_MS + 1);
        assert!(shared.is_empty());
        for number in 0..25 {
            set(&mut cache, &format!("k{number}"), "", 9.0);
        }
        cache.share(&mut shared, 0);
        assert_eq!(shared.0.len(), 20);
        assert_eq!(shared.0[0].key, "k5", "the oldest ones go");
        for number in 0..6 {
            set(&mut cache, &format!("k{number}"), &"v".repeat(4_000), 9.0);
        }
        cache.share(&mut shared, 0);
        assert!(shared.bytes() <= 16_640, "{}", shared.bytes());
        assert_eq!(shared.0.last().map(|entry| entry.key.as_str()), Some("k5"));
    }
}
