//! The stored form of a login that waits for its user.

use postlogin_core::Trigger;
use postlogin_tenant::PipelineError;
use serde::{Deserialize, Serialize};

/// A login that waits, as the tenant stores it for us.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    /// Its trigger.
    #[serde(default)]
    pub(super) trigger: Trigger,
    /// The result of [`postlogin_core::Login::store`].
    pub(super) login: String,
    /// The number of answers of each mock.
    pub(super) mocks: Vec<u32>,
    /// The time of the login when it was stored, in milliseconds since the epoch: awaited time is in it.
    pub(super) paused_ms: i64,
}

impl Stored {
    /// Reads what the tenant stored.
    ///
    /// # Errors
    /// When it is not a stored login.
    pub(super) fn read(stored: &str) -> Result<Self, PipelineError> {
        serde_json::from_str(stored).map_err(|error| {
            PipelineError::Broken(format!("a waiting login cannot be read: {error}"))
        })
    }
}
