//! What a login means.
//!
//! Total functions over plain data: no I/O, no clock, no randomness, and no panic on any JSON.

pub mod location;
pub mod outcome;
