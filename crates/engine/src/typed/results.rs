//! From the answer of the vendor's method to the result of a typed function.

use postlogin_abi::methods::{self, Method};
use postlogin_core::{Answer, Argument, Failure, Returned};
use serde_json::Value;
use wasmtime::component::Val;

/// The function's result; `None` for a function without one.
///
/// # Errors
/// When a method throws that never does. The function cannot report it to its caller.
pub(super) fn of_answer(method: &Method, answer: Answer) -> wasmtime::Result<Option<Val>> {
    // A typed function is no promise: its caller gets what the promise would have been settled with.
    let settled = match answer {
        Answer::Return(Returned::Api) => Ok(Argument::Undefined),
        Answer::Return(Returned::Value(value)) | Answer::Resolve(value) => Ok(value),
        Answer::Throw(failure) | Answer::Reject(failure) => Err(failure),
    };
    match settled {
        Ok(value) if method.can_throw => Ok(Some(ok(returned(method.answer, &value)))),
        Ok(value) => Ok(returned(method.answer, &value)),
        Err(thrown) if method.can_throw => Ok(Some(err(failure(thrown)))),
        Err(Failure { name, message }) => {
            let path = method.path;
            Err(wasmtime::format_err!(
                "`api.{path}` threw a {name}: {message}"
            ))
        }
    }
}

fn returned(answer: methods::Answer, value: &Argument) -> Option<Val> {
    match answer {
        methods::Answer::Nothing => None,
        methods::Answer::Plain => Some(match value {
            Argument::Bool(value) => Val::Bool(*value),
            value => Val::String(text(value)),
        }),
        methods::Answer::Json => {
            // The host's own answers are JSON; `undefined` alone is not, and `null` stands for it.
            let json = value.to_json().ok().flatten().unwrap_or(Value::Null);
            Some(Val::String(json.to_string()))
        }
        methods::Answer::CacheEntry => {
            let entry = (!value.is_undefined()).then(|| Box::new(cache_entry(value)));
            Some(Val::Option(entry))
        }
        methods::Answer::CacheSet => Some(match cache_error(value) {
            None => ok(Some(cache_entry(value.property("record")))),
            Some(error) => err(error),
        }),
        methods::Answer::CacheDelete => Some(cache_error(value).map_or_else(|| ok(None), err)),
    }
}

/// The record `failure`.
fn failure(failure: Failure) -> Val {
    record([
        ("name", Val::String(failure.name.to_owned())),
        ("message", Val::String(failure.message)),
    ])
}

/// The record `entry`.
fn cache_entry(entry: &Argument) -> Val {
    let expires_at = match entry.property("expires_at") {
        Argument::Number(number) => number.as_i64(),
        _ => None,
    };
    record([
        ("value", Val::String(text(entry.property("value")))),
        ("expires-at", Val::S64(expires_at.unwrap_or_default())),
    ])
}

/// The record `cache-error` of `{type: 'error', code}`.
fn cache_error(answer: &Argument) -> Option<Val> {
    let is_error = answer.property("type").as_str() == Some("error");
    is_error.then(|| record([("code", Val::String(text(answer.property("code"))))]))
}

fn text(value: &Argument) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn record<const FIELDS: usize>(fields: [(&str, Val); FIELDS]) -> Val {
    let fields = fields.map(|(name, value)| (name.to_owned(), value));
    Val::Record(fields.into())
}

fn ok(value: Option<Val>) -> Val {
    Val::Result(Ok(value.map(Box::new)))
}

fn err(value: Val) -> Val {
    Val::Result(Err(Some(Box::new(value))))
}
