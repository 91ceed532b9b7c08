//! The error that an `api` method throws and a handler ends with.

use std::fmt;

use crate::place::Place;

/// The result of a handler, and of most methods of [`Api`](crate::Api).
pub type Result<T = ()> = std::result::Result<T, Error>;

/// The class of an error that is none of the language's own.
const DEFAULT_NAME: &str = "Error";

/// The fault of an Action: it ends the login or the exchange when a handler returns it.
///
/// Any standard error becomes one by `?`. For that reason `Error` itself is no [`std::error::Error`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    name: String,
    message: String,
    place: Place,
}

impl Error {
    /// An error of the class `Error`.
    #[must_use]
    #[track_caller]
    pub fn new(message: impl fmt::Display) -> Error {
        Error::with_name(DEFAULT_NAME, message)
    }

    /// An error of another class, such as `TypeError`.
    #[must_use]
    #[track_caller]
    pub fn with_name(name: &str, message: impl fmt::Display) -> Error {
        Error {
            name: name.to_owned(),
            message: message.to_string(),
            place: Place::of_caller(),
        }
    }

    /// Its class.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its text.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where it arose: the `api` call that threw it, or the `?` that made it of another error.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Its one-frame stack, in the form of JavaScript stacks.
    #[must_use]
    pub fn stack(&self) -> String {
        let Place { file, line, column } = &self.place;
        format!("{self}\n    at {file}:{line}:{column}")
    }
}

/// `TypeError: The value for the scope must be a string.`
impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.name, self.message)
    }
}

impl<E: std::error::Error> From<E> for Error {
    /// The message names the causes as well, each after a colon.
    #[track_caller]
    fn from(error: E) -> Error {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            message.push_str(": ");
            message.push_str(&error.to_string());
            cause = error.source();
        }
        Error::new(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_errors_convert_where_they_are_questioned() {
        fn parse(text: &str) -> Result<u32> {
            Ok(text.parse::<u32>()?)
        }
        let line = line!() - 2;
        let error = parse("many").unwrap_err();
        assert_eq!(error.to_string(), "Error: invalid digit found in string");
        assert_eq!(error.place().line, line);
        assert!(
            error.stack().ends_with(&format!("src/error.rs:{line}:16")),
            "{}",
            error.stack()
        );
    }

    #[test]
    fn causes_are_told() {
        #[derive(Debug)]
        struct Outer(std::num::ParseIntError);
        impl fmt::Display for Outer {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("points are unreadable")
            }
        }
        impl std::error::Error for Outer {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                Some(&self.0)
            }
        }
        let error = Error::from(Outer("x".parse::<u8>().unwrap_err()));
        assert_eq!(
            error.message(),
            "points are unreadable: invalid digit found in string"
        );
    }

    #[test]
    fn class_is_kept() {
        assert_eq!(
            Error::with_name("RangeError", "too many").to_string(),
            "RangeError: too many"
        );
    }
}
