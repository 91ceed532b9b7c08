//! `api.transaction`: data that the Actions of one login share, visible at once.

use serde_json::{Map, Value, json};

use super::{Call, Outcome, UNDEFINED};
use crate::json::{self, utf16_length};
use crate::limits::{TRANSACTION_BYTES, TRANSACTION_KEY_LENGTH, TRANSACTION_VALUE_BYTES};
use crate::measure;
use crate::reply::Failure;
use crate::value::Argument;

/// The largest integer that a JavaScript number holds exactly.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

/// The rules and limits are the documented ones; the texts are ours, as the vendor publishes none.
pub(crate) fn set_metadata(call: &mut Call<'_>) -> Outcome {
    let Some(key) = call.arg(0).as_str().map(str::to_owned) else {
        return Err(Failure::error(
            "The transaction metadata key must be a string.",
        ));
    };
    if TRANSACTION_KEY_LENGTH.exceeded_by(utf16_length(&key)) {
        let text = "The transaction metadata key exceeds the allowed maximum of";
        return Err(Failure::error(format!(
            "{text} {} characters.",
            TRANSACTION_KEY_LENGTH.value
        )));
    }
    let value = allowed(call.arg(1))?;
    let mut metadata = json::object_at(call.event(), &["transaction", "metadata"]);
    match value {
        Some(value) => {
            metadata.insert(key, value);
        }
        None => {
            metadata.shift_remove(&key);
        }
    }
    let bytes = json::size(&Value::Object(metadata.clone()));
    if TRANSACTION_BYTES.exceeded_by(bytes) {
        let text = "The transaction metadata exceeds the allowed maximum of";
        return Err(Failure::error(format!(
            "{text} {} bytes.",
            TRANSACTION_BYTES.value
        )));
    }
    let subject = "The transaction metadata";
    call.flow
        .measure(measure::TRANSACTION_METADATA, subject, bytes);
    publish(call, metadata);
    Ok(UNDEFINED)
}

/// A value as it is stored; `None` removes.
fn allowed(value: &Argument) -> Result<Option<Value>, Failure> {
    let refused = || {
        Failure::error(
            "The transaction metadata value must be a string, a number, a boolean or null.",
        )
    };
    match value {
        Argument::Null => Ok(None),
        Argument::Bool(value) => Ok(Some(Value::Bool(*value))),
        Argument::Number(number)
            if number.as_f64().is_some_and(|value| value.abs() <= MAX_SAFE) =>
        {
            Ok(Some(Value::Number(number.clone())))
        }
        Argument::Number(_) | Argument::NaN | Argument::Infinity | Argument::NegativeInfinity => {
            Err(Failure::error(
                "The transaction metadata value must be a safe number.",
            ))
        }
        Argument::String(text) if TRANSACTION_VALUE_BYTES.exceeded_by(text.len()) => {
            let message = "The transaction metadata value exceeds the allowed maximum of";
            Err(Failure::error(format!(
                "{message} {} bytes.",
                TRANSACTION_VALUE_BYTES.value
            )))
        }
        Argument::String(text) => Ok(Some(Value::String(text.clone()))),
        _ => Err(refused()),
    }
}

/// Into the caller's event and, for later Actions, into the login's.
fn publish(call: &mut Call<'_>, metadata: Map<String, Value>) {
    let metadata = Value::Object(metadata);
    if call
        .event()
        .get("transaction")
        .is_some_and(Value::is_object)
    {
        call.assign(&["transaction", "metadata"], Some(metadata.clone()));
    } else {
        call.assign(&["transaction"], Some(json!({"metadata": metadata})));
    }
    let event = &mut call.flow.input.event;
    if !event.get("transaction").is_some_and(Value::is_object) {
        json::put(event, &["transaction"], Some(json!({})));
    }
    json::put(event, &["transaction", "metadata"], Some(metadata));
}

/// Methods that the vendor's layer has behind a switch that is off.
pub(crate) fn not_implemented(_: &mut Call<'_>) -> Outcome {
    Err(Failure::error("Method not implemented."))
}
