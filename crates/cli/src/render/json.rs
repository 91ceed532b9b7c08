//! The outcome as one JSON object, the public format `postlogin.outcome/1`.

use std::io::{self, Write};

use postlogin_core::ceilings::Layout;
use postlogin_core::escape;
use serde::Serialize;
use serde_json::ser::Serializer;

/// Writes an outcome, or what holds one, as one indented JSON object with a final newline; what is nested more than
/// eight levels deep is on one line. The keys keep the order of
/// the format.
///
/// # Errors
/// When `out` cannot be written.
pub fn json(outcome: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, Layout::default());
    outcome.serialize(&mut serializer)?;
    let text = String::from_utf8(bytes).map_err(io::Error::other)?;
    writeln!(out, "{}", escape::json(&text))
}
