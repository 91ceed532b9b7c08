//! The result for a population: users of an export in, one report out.
//!
//! [`input`] reads users one after the other, [`profile`] makes each the user of an event, [`Summary`] folds what became of
//! their logins, and [`report`] says it to people and machines. A summary is a commutative monoid: parts that were made by any
//! number of threads, shards or machines, in any order, merge into the same summary.
//!
//! Nothing here runs an Action, opens a file or reads a clock.
//!
//! No part of it is API: the workspace is its only user, and public items change in any version.

pub mod arrow;
mod bounded;
mod claims;
mod fail_if;
mod features;
mod group;
mod histogram;
pub mod input;
mod input_hash;
mod logged;
mod login;
mod privacy;
pub mod profile;
mod reached;
pub mod report;
mod rows;
mod segments;
mod summary;

pub use bounded::{Bounded, Merge};
pub use claims::{ClaimCount, State};
pub use fail_if::{FailIf, Metric};
pub use features::{Features, UNUSABLE};
pub use group::{Group, Problem, Requests};
pub use histogram::Histogram;
pub use input_hash::InputHash;
pub use logged::Logged;
pub use login::{Change, Ending, Login, Part, Side, Size};
pub use privacy::Privacy;
pub use reached::Reached;
pub use rows::rows;
pub use segments::{Segment, segments};
pub use summary::Summary;
