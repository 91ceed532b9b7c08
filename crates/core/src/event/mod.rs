//! The `event` of the post-login trigger, version 3: a sample, its schema and the ways to change one.
//!
//! The properties stand once, in `fields.tsv`; the JSON Schema and the check of an event are made from it.
//! Public page: <https://auth0.com/docs/actions/reference/post-login/post-login-event-object>

mod check;
mod json_schema;
mod merge;
mod path;
pub mod schema;
pub mod suggest;

use std::sync::LazyLock;

use serde_json::Value;

pub use check::{Finding, Problem, check_paths, check_reference};
pub use json_schema::json_schema;
pub use merge::merge_patch;
pub use path::{Path, PathError, Segment, parse_assignment, set_path};

/// A complete, realistic event: Jane Doe logs in to a web app with her password and asks for an API token.
///
/// It has every property that is always present and those optional ones that such a login usually brings.
pub fn sample() -> Value {
    static SAMPLE: LazyLock<Value> = LazyLock::new(|| {
        // The text is a part of the program; a test parses it.
        serde_json::from_str(include_str!("sample.json")).unwrap_or_default()
    });
    SAMPLE.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_follows_the_schema() {
        let sample = sample();
        assert_eq!(check_paths(&sample), []);
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
