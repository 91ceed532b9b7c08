//! `api.cache`: values kept between Actions of one uninterrupted execution.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Call, Outcome, UNDEFINED};
use crate::limits::{CACHE_BYTES, CACHE_DEFAULT_MS, CACHE_KEY_BYTES, CACHE_VALUE_BYTES};
use crate::measure;
use crate::reply::{Failure, Returned};
use crate::value::Argument;

/// The largest integer that a JavaScript number holds exactly.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

/// The entries in the order in which they were set first. Expired ones stay until they are deleted.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Cache {
    entries: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
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
