//! The outcome as one JSON object, the public format `postlogin.outcome/1`.

use std::io::{self, Write};

use postlogin_core::escape;
use serde::Serialize;

/// Writes an outcome, or what holds one, as one indented JSON object with a final newline. The keys keep the order of
/// the format.
///
/// # Errors
/// When `out` cannot be written.
pub fn json(outcome: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(outcome)?;
    writeln!(out, "{}", escape::json(&text))
}
