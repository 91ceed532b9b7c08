//! The ceilings on data of a guest that the host keeps: postlogin's own, to protect the machine that runs it.
//!
//! The vendor's limits are in [`crate::limits`] and are checked first. All ceilings lie above what production accepts,
//! so an Action that works in production never meets one. Two things happen at a ceiling:
//!
//! - what is only shown is shortened, with a mark that says how much is missing ([`shorten_text`], [`shorten`]);
//! - what has to be kept whole, or is without number, ends the Action with a [`FaultKind::HostLimit`] fault.
//!
//! The results that a guest gets from a call are never shortened.

mod kept;
mod layout;
mod shorten;
#[cfg(test)]
mod tests;
mod weight;

pub use kept::weigh;
pub(crate) use kept::{Caller, Kept, is_whole};
pub(crate) use layout::compact_bytes;
pub use layout::{Layout, printed_bytes};
pub use shorten::{shorten, shorten_text, shortened};
pub use weight::{json_cost, json_values, value_bytes};
pub(crate) use weight::{of_argument, of_value};

use crate::fault::{Fault, FaultKind};

/// The class of the error with which an Action ends at a ceiling.
pub const HOST_LIMIT: &str = "HostLimit";

/// Calls of `api` methods in one login. Beyond: fault.
pub const CALLS: usize = 5_000;
/// Calls of `setCustomClaim` in one login. Beyond: fault. Each has a line in the ledger and an account in `explain`.
pub const CLAIM_CALLS: usize = 2_000;
/// Bytes of the arguments of one call, as JSON. Beyond: fault.
pub const CALL_BYTES: usize = 16 << 20;
/// Values in the arguments of one call. Beyond: fault. A value costs the host up to a hundred times its JSON.
pub const CALL_VALUES: usize = 250_000;
/// Bytes of what waits for the end of a handler or changes the event, in one login: claims, metadata, forms, URLs.
/// Beyond: fault. Each value counts 64 bytes beside its text.
pub const HELD_BYTES: usize = 32 << 20;
/// Bytes of the scopes that one login adds and removes, as JSON. Beyond: fault.
pub const SCOPE_BYTES: usize = 1 << 20;
/// Bytes of a URL that the user is sent to. Beyond: fault. Chromium refuses longer than 2 MiB.
pub const REDIRECT_BYTES: usize = 1 << 20;
/// Bytes of a profile that the script of a connection gives. Beyond: fault.
pub const FETCHED_PROFILE_BYTES: usize = 1 << 20;

/// Bytes of a value that is shown whole. It is more than production accepts in a claim, a cache or metadata.
pub const WHOLE_BYTES: usize = 256 << 10;
/// Bytes of the arguments of all calls that are shown whole in one login, as printed; those of later calls are
/// shortened. The same number holds for the values of the ledger.
pub const SHOWN_BYTES: usize = 1 << 20;
/// Bytes of a name, a path or a file's name that is shown whole.
pub const NAME_BYTES: usize = 1 << 10;

/// Requests to the network that are kept of one login. Later ones are dropped, and a notice says how many.
pub const REQUESTS: usize = 1_000;
/// Bytes of all requests that are kept of one login, as printed, those that were shortened included. Later ones are dropped as well.
pub const REQUESTS_BYTES: usize = 4 << 20;
/// Bytes of the event that a login begins with, as printed. Beyond: refused before anything runs. Every report has what is in it, and
/// an outcome has most of it.
pub const EVENT_BYTES: usize = 8 << 20;

/// Messages that are kept of one login. Later ones are dropped, and a notice says how many.
pub const MESSAGES: usize = 10_000;
/// Bytes of all messages that are kept of one login, as printed.
pub const MESSAGE_BYTES: usize = 1 << 20;

/// Notices of one login. Further ones are dropped, and a last notice says how many.
pub const NOTICES: usize = 200;
/// Bytes of a notice that are kept.
pub const NOTICE_BYTES: usize = 4 << 10;
/// Measures of the vendor's limits in one login. Further subjects share one.
pub const MEASURES: usize = 200;

/// Bytes that are kept of the message of an error, of its stack, and of the reason of a denial.
pub const ERROR_BYTES: usize = 64 << 10;
/// Bytes of a stack in which a place is looked for.
pub const STACK_BYTES: usize = 64 << 10;

/// Reads of the event that `explain` takes down in one login. Later ones are not, and a notice says so.
pub const READS: usize = 10_000;
/// Bytes of all reads that are taken down, as printed.
pub const READ_BYTES: usize = 3 << 20;
/// Reads between two calls of `api` methods that the JavaScript engine reports. Later ones there are not taken down,
/// and a notice says so.
pub const READS_BETWEEN_CALLS: usize = 2_000;
/// Reads before a claim among which its sources are looked for, the latest ones. A notice and the account of the claim say
/// when there are more.
pub const READS_OF_CLAIM: usize = 500;
/// Bytes of a value that is taken down with a read of it.
pub const READ_VALUE_BYTES: usize = 4 << 10;
/// Assignments of one Rule whose places are remembered; the last ones count.
pub const RULE_WRITES: usize = 5_000;
/// Steps of the search for the sources of claims in one login. One step looks at one value of the event.
pub const SOURCE_STEPS: usize = 10_000_000;

/// Bytes of a request's body. Beyond: the request fails.
pub const REQUEST_BYTES: usize = 16 << 20;
/// Bytes of all bodies of requests and responses that a sandbox may have open at once. Beyond: the request fails.
pub const OPEN_BODY_BYTES: usize = 48 << 20;
/// Requests and collections of headers that a sandbox may make with `wasi:http`. Beyond: fault.
pub const HTTP_OBJECTS: usize = 20_000;
/// Bytes of headers, methods and URLs that a sandbox may hand over, 128 bytes for each header included. Beyond: fault; a
/// response that goes beyond fails its request.
pub const HEADER_BYTES: usize = 32 << 20;
/// Bodies of requests that a sandbox may have begun and not sent. Beyond: fault.
pub const OPEN_REQUEST_BODIES: usize = 1_000;
/// Resources of WASI that a sandbox may have at once. Beyond: fault.
pub const RESOURCES: usize = 100_000;
/// Bytes of the name of a module that is looked for. A longer one is not found.
pub const SPECIFIER_BYTES: usize = 8 << 10;

/// The fault of an Action at a ceiling. `message` is a sentence about it.
pub fn fault(message: impl Into<String>) -> Fault {
    Fault {
        kind: FaultKind::HostLimit,
        ..Fault::platform(HOST_LIMIT, message)
    }
}
