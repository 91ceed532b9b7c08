//! The error about something that the user gave.

use std::fmt;

use postlogin_core::escape::inline;

/// Something that the user gave cannot be read. The place and the hint are for the printer to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The problem, in one sentence without a full stop.
    pub message: String,
    /// The file, as the user named it or as the project names it, with `/` between its parts.
    pub file: Option<String>,
    /// The line in the file, from 1.
    pub line: Option<u32>,
    /// The column in the line, from 1, in UTF-16 code units.
    pub column: Option<u32>,
    /// The remedy.
    pub hint: Option<String>,
}

/// The result of reading something that the user gave.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error without a place.
    pub fn new(message: impl Into<String>) -> Error {
        Error {
            message: message.into(),
            file: None,
            line: None,
            column: None,
            hint: None,
        }
    }

    /// The error, in this file.
    pub fn in_file(mut self, file: &str) -> Error {
        self.file = Some(file.to_owned());
        self
    }

    /// The error, at this line and column, both from 1.
    pub fn at(mut self, line: u32, column: u32) -> Error {
        self.line = Some(line.max(1));
        self.column = Some(column.max(1));
        self
    }

    /// The error, with what to do about it.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Error {
        self.hint = Some(hint.into());
        self
    }

    /// Returns the place and the message on one line: a newline in a file's name does not end it.
    pub fn sentence(&self) -> String {
        let sentence = self.to_string();
        match &self.file {
            Some(file) => sentence.replace(file.as_str(), &inline(file)),
            None => sentence,
        }
    }

    /// The place as `file:line:column`, as far as it is known.
    pub fn place(&self) -> Option<String> {
        let file = self.file.as_ref()?;
        Some(match (self.line, self.column) {
            (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
            (Some(line), None) => format!("{file}:{line}"),
            _ => file.clone(),
        })
    }
}

/// The place and the message on one line; the hint is left to the printer.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = self.place() {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
