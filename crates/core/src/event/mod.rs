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

use std::sync::LazyLock;

use serde_json::Value;

use crate::trigger::Trigger;

pub use check::{Finding, Problem, check_paths, check_reference};
pub use json_schema::json_schema;
pub use merge::merge_patch;
pub use path::{Path, PathError, Segment, parse_assignment, set_path};

/// Returns a complete, realistic event of post-login: Jane Doe signs in to a web app with her password and asks for an API
/// token.
///
/// It has every property that is always present and those optional ones that such a login usually brings.
pub fn post_login_sample() -> Value {
    static SAMPLE: LazyLock<Value> = LazyLock::new(|| parsed(include_str!("post-login.json")));
    SAMPLE.clone()
}

/// Returns a complete, realistic event of credentials-exchange: a job asks for a token of an API.
pub fn credentials_exchange_sample() -> Value {
    static SAMPLE: LazyLock<Value> =
        LazyLock::new(|| parsed(include_str!("credentials-exchange.json")));
    SAMPLE.clone()
}

/// The text is a part of the program; a test parses it.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// Returns the sample of a trigger.
pub fn sample(trigger: Trigger) -> Value {
    (trigger.table().sample)()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_follows_the_schema() {
        for trigger in Trigger::ALL {
            assert_eq!(check_paths(*trigger, &sample(*trigger)), [], "{trigger}");
            for field in (trigger.table().event)().children.iter() {
                let is_there = sample(*trigger).get(field.name).is_some();
                assert!(is_there || field.optional, "{trigger}: {}", field.name);
            }
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
