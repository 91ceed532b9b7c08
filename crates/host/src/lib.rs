//! The outside world of an Action.
//!
//! A guest sees only the time, the randomness and the network that its case gives it, so the same case has the
//! same outcome in any process. Everything here is plain data or a door; nothing here runs WebAssembly.
//!
//! No part of it is API: the workspace is its only user, and public items change in any version.

pub mod account;
pub mod clock;
mod credentials;
pub mod live;
pub mod mock;
pub mod network;
pub mod record;
pub mod traffic;

use std::{sync::Arc, time::Duration};

pub use account::Account;
pub use clock::{Clock, Flow};
pub use live::LiveDoor;
pub use mock::{Mock, MockDoor};
pub use network::{Door, NetworkError, Remark, Request, Verdict};
pub use record::{Exchange, Recorder, Recording};
pub use traffic::Traffic;

/// The time that an execution segment of the trigger may take in production.
/// Source: <https://auth0.com/docs/customize/actions/limitations>.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(20);

/// The default memory limit of an Action's sandbox, in bytes.
pub const DEFAULT_MEMORY: u64 = 128 << 20;

/// Everything that one login's sandboxes are given from outside.
#[derive(Clone)]
pub struct Conditions {
    /// Time, shared by all Actions of the login.
    pub clock: Arc<Clock>,
    /// The seed of all randomness.
    pub seed: u64,
    /// Where requests go.
    pub door: Arc<dyn Door>,
    /// The budget of a sandbox.
    pub budget: Budget,
}

/// The part of real computing time that counts as one unit of the budget's: production's engine compiles hot code to machine
/// code and computes several times faster.
pub const COMPUTING: u32 = 4;

/// The budget of one handler's sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Computing time, divided by [`COMPUTING`], and virtual waiting time together.
    pub time: Duration,
    /// Linear memory, in bytes.
    pub memory: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            time: DEFAULT_TIMEOUT,
            memory: DEFAULT_MEMORY,
        }
    }
}
