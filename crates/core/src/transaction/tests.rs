//! Tests of whole logins.

mod conformance;
mod flow;
mod helpers;
mod metadata;
mod never_panics;
mod suspension;
mod tokens;
