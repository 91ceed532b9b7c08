//! Who uses a session or a refresh token.

use serde::{Deserialize, Serialize};

use super::RefreshToken;

/// Where a request comes from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    pub(crate) ip: String,
    pub(crate) user_agent: String,
}

/// The browser of a session, or the program with a refresh token, when it began and when it was last seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SessionDevice {
    pub(crate) initial_ip: String,
    pub(crate) initial_user_agent: String,
    pub(crate) last_ip: String,
    pub(crate) last_user_agent: String,
}

impl SessionDevice {
    /// One that was seen for the first time.
    pub(crate) fn first(origin: &Origin) -> Self {
        Self {
            initial_ip: origin.ip.clone(),
            initial_user_agent: origin.user_agent.clone(),
            last_ip: origin.ip.clone(),
            last_user_agent: origin.user_agent.clone(),
        }
    }
}

impl RefreshToken {
    /// Notes who exchanges the token.
    pub(crate) fn seen_at(&mut self, origin: &Origin) {
        let known = self.device.take();
        let known = known.unwrap_or_else(|| SessionDevice::first(origin));
        self.device = Some(SessionDevice {
            last_ip: origin.ip.clone(),
            last_user_agent: origin.user_agent.clone(),
            ..known
        });
    }
}
