//! The `event` of each trigger: a sample, its schema and the ways to change one.
//!
//! The properties stand once, in a table for each trigger; the JSON Schema and the check of an event are made from it.
//! Public pages: [`crate::trigger::Table::event_page`].

mod check;
mod json_schema;
mod merge;
mod path;
pub mod schema;
pub mod suggest;

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::ceilings::{EVENT_BYTES, printed_bytes};
use crate::trigger::Trigger;

pub use check::{Finding, Problem, check_paths, check_reference, check_user};
pub use json_schema::json_schema;
pub use merge::merge_patch;
pub use path::{Path, PathError, Segment, parse_assignment, set_path};

/// Returns a complete, realistic event of a trigger: Jane Doe signs in, signs up, resets her password; a job asks for a token.
///
/// It has every property that is always present and those optional ones that such an event usually brings.
pub fn sample(trigger: Trigger) -> Value {
    static SAMPLES: LazyLock<HashMap<Trigger, Value>> = LazyLock::new(|| {
        let all = Trigger::ALL.iter();
        // The texts are a part of the program; a test parses them.
        all.map(|trigger| {
            let sample = serde_json::from_str(trigger.table().sample);
            (*trigger, sample.unwrap_or_default())
        })
        .collect()
    });
    SAMPLES.get(&trigger).cloned().unwrap_or_default()
}

/// Refuses an event that is too large to be shown; complete it first.
///
/// # Errors
/// Its size, and the limit: [`EVENT_BYTES`] as printed.
pub fn check_size(event: &Value) -> Result<(), SizeError> {
    let bytes = printed_bytes(event, 0);
    match bytes > EVENT_BYTES {
        true => Err(SizeError {
            message: format!(
                "the event takes {} MiB as JSON, more than {} MiB",
                bytes.div_ceil(1 << 20),
                EVENT_BYTES >> 20
            ),
            hint: "Auth0 documents 10 kB for a user; a control character takes six bytes",
        }),
        false => Ok(()),
    }
}

/// Why an event is too large.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SizeError {
    /// The sizes, as a sentence.
    pub message: String,
    /// A hint for the user.
    pub hint: &'static str,
}

/// Returns the sample of post-login.
pub fn post_login_sample() -> Value {
    sample(Trigger::PostLogin)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The properties that are always present and that an object, or one within it, does not have.
    fn lacks(field: &schema::Field, value: &Value) -> Vec<&'static str> {
        let mut found = Vec::new();
        for child in value
            .is_object()
            .then_some(&field.children)
            .into_iter()
            .flatten()
        {
            match value.get(child.name) {
                Some(value) => found.extend(lacks(child, value)),
                None if child.optional => {}
                None => found.push(child.name),
            }
        }
        found
    }

    #[test]
    fn the_sample_follows_the_schema() {
        for trigger in Trigger::ALL {
            assert!(
                sample(*trigger).is_object(),
                "{trigger}: the sample is JSON"
            );
            assert_eq!(check_paths(*trigger, &sample(*trigger)), [], "{trigger}");
            assert_eq!(
                lacks((trigger.table().event)(), &sample(*trigger)),
                [""; 0],
                "{trigger}"
            );
        }
        let sample = sample(Trigger::PostLogin);
        for name in [
            "client",
            "connection",
            "request",
            "secrets",
            "stats",
            "tenant",
            "user",
        ] {
            assert!(sample[name].is_object(), "{name} is always present");
        }
        assert_eq!(sample["user"]["email"], "jane.doe@example.com");
        assert!(sample.get("organization").is_none());
    }

    /// Groups of paths whose values are one value by the protocol: what the request says is what the transaction, the client
    /// and the API are, a session is its user's and was last seen on the device of the request.
    const SAME: &[&[&str]] = &[
        &[
            "client.client_id",
            "request.query.client_id",
            "request.body.client_id",
            "session.clients.0.client_id",
        ],
        &["user.user_id", "session.user_id"],
        &["connection.name", "user.identities.0.connection"],
        &["connection.strategy", "user.identities.0.provider"],
        &[
            "resource_server.identifier",
            "request.query.audience",
            "request.body.audience",
        ],
        &["request.query.redirect_uri", "transaction.redirect_uri"],
        &["request.query.response_type", "transaction.response_type.0"],
        &["request.query.state", "transaction.state"],
        &["request.ip", "session.device.last_ip"],
        &["request.asn", "session.device.last_asn"],
        &["request.user_agent", "session.device.last_user_agent"],
    ];

    /// Collects `(value, path)` of everything that is no object or list.
    fn leaves(value: &Value, path: &str, found: &mut Vec<(String, String)>) {
        let below = |key: &str| match path {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        };
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    leaves(member, &below(key), found);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    leaves(item, &below(&index.to_string()), found);
                }
            }
            value => found.push((value.to_string(), path.to_owned())),
        }
    }

    /// So a value in an output of the sample points to one place.
    #[test]
    fn no_value_of_a_sample_is_at_two_paths() {
        // The others have no ledger that names paths.
        for trigger in Trigger::ALL.iter().filter(|it| it.table().has_tokens) {
            let mut found = Vec::new();
            leaves(&sample(*trigger), "", &mut found);
            assert!(found.len() > 20, "{trigger}: {found:?}");
            for (index, (value, path)) in found.iter().enumerate() {
                for (other, second) in found.iter().skip(index + 1) {
                    let is_demanded = SAME.iter().any(|paths| {
                        paths.contains(&path.as_str()) && paths.contains(&second.as_str())
                    });
                    assert!(
                        value != other || is_demanded,
                        "{trigger}: {value} is at {path} and at {second}"
                    );
                }
            }
        }
    }
}
