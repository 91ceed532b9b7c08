//! Durations and sizes of options, with errors for the printer.

use std::time::Duration;

use postlogin_core::units::{self, UnitError};

use crate::{Error, Result};

/// Reads a duration: `500ms`, `3s`, `1.5s`, `1m`, `1h`.
///
/// # Errors
/// When it is not written so.
pub fn parse_duration(text: &str) -> Result<Duration> {
    units::parse_duration(text).map_err(explain)
}

/// Reads a size in bytes: `64MiB` (2^20 each), `10MB` (10^6 each), `1GiB`, `512KiB`, `100B`.
///
/// # Errors
/// When it is not written so.
pub fn parse_size(text: &str) -> Result<u64> {
    units::parse_size(text).map_err(explain)
}

fn explain(error: UnitError) -> Error {
    Error::new(error.message).with_hint(error.hint)
}
