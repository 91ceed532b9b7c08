//! Tests of whole logins.

mod conformance;
mod effects;
mod factors;
mod flow;
pub(crate) mod helpers;
mod metadata;
mod suspension;
mod tokens;
