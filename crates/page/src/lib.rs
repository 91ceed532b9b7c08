//! The page that shows logins: what became of every claim, beside the source.
//!
//! `ui/` is its source; the built files are committed in `assets/`, with a lock that names what they were built from. One page
//! has two sources of data: the local tenant serves it and answers its requests ([`live`]), and a report is one file with the
//! data inside ([`report`]).

mod assets;
mod html;
pub mod model;

pub use assets::{AssetError, script, style};
pub use html::{LIVE_SCRIPT, LIVE_STYLE, live, live_policy, report};
pub use model::{Entry, Kind, LineCount, REPORT_FORMAT, Report, RequestEntry, SourceText};

/// The lock of the built files: the hashes of their sources and of themselves.
pub const LOCK: &str = include_str!("../assets/page.lock");
