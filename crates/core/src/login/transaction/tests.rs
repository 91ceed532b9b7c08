//! Tests of whole logins.

mod changes;
mod conformance;
mod factors;
mod flow;
pub(crate) mod helpers;
mod metadata;
mod suspension;
mod tokens;
