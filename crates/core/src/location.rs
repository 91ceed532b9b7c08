//! Places in the source that a user wrote.

use serde::{Deserialize, Serialize};

/// A place in a source file: lines and columns count from 1, columns in UTF-16 code units.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Location {
    /// The path as the user gave it or as the project names it, with `/` between its parts.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}
