//! The outcome as one JSON object, the public format `postlogin.outcome/1`.

use std::io::{self, Write};

use postlogin_core::ceilings::Layout;
use serde::Serialize;
use serde_json::ser::Serializer;

/// Writes an outcome, or what holds one, as one indented JSON object with a final newline; what is nested more than
/// eight levels deep is on one line. The keys keep the order of
/// the format.
///
/// # Errors
/// When `out` cannot be written.
pub fn json(outcome: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(&mut *out, Layout::default());
    outcome.serialize(&mut serializer)?;
    out.write_all(b"\n")
}
