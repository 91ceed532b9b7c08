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

use crate::trigger::Trigger;

pub use check::{Finding, Problem, check_paths, check_reference};
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
}
