//! The `api` object of the trigger.

pub mod method;
