//! One module for each command.

pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod run;
pub(crate) mod schema;
