//! Whether the login goes on at all.

#[cfg(not(target_arch = "wasm32"))]
use serde_json::json;

use crate::error::Result;

/// `api.access`
#[derive(Debug)]
pub struct Access(pub(super) ());

impl Access {
    /// Denies the login. The handler goes on; the flow stops when it returns. `reason` becomes the
    /// `error_description`.
    #[track_caller]
    pub fn deny(&self, reason: &str) {
        call_that_succeeds!(
            "access.deny",
            [json!(reason)],
            host::access::deny(reason),
            ()
        );
    }
}

/// `api.validation`
#[derive(Debug)]
pub struct Validation(pub(super) ());

impl Validation {
    /// Fails the login with an error of your own.
    ///
    /// # Errors
    /// If a text has more than 100 code points.
    #[track_caller]
    pub fn error(&self, code: &str, message: &str) -> Result {
        call!(
            "validation.error",
            [json!(code), json!(message)],
            host::validation::error(code, message)
        )
    }
}

/// `api.rules`
#[derive(Debug)]
pub struct Rules(pub(super) ());

impl Rules {
    /// Whether the legacy Rule with this id ran in this login. `false` in a native call.
    #[must_use]
    #[track_caller]
    pub fn was_executed(&self, rule_id: &str) -> bool {
        call_that_succeeds!(
            "rules.wasExecuted",
            [json!(rule_id)],
            host::rules::was_executed(rule_id),
            false
        )
    }
}
