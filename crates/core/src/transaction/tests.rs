//! Tests of whole logins.

mod conformance;
mod flow;
pub(crate) mod helpers;
mod metadata;
mod never_panics;
mod suspension;
mod tokens;
