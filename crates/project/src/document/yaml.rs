//! YAML as the Auth0 tools read it: version 1.2, one document.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_saphyr::Error as YamlError;

use crate::files::clamp;
use crate::{Error, Result};

pub(super) fn parse(text: &str) -> Result<Value> {
    let value: Value = typed(text)?;
    // A document of comments only.
    if value.is_null()
        && text
            .lines()
            .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
    {
        return Err(Error::new("the document is empty").at(1, 1));
    }
    Ok(value)
}

/// Reads a form of its own.
pub(super) fn typed<T: DeserializeOwned>(text: &str) -> Result<T> {
    let options = serde_saphyr::options! {
        // YAML 1.2: `no` is a country, `1_000` is a text.
        strict_booleans: true,
        underscored_numbers_as_strings: true,
        // The printer shows the place; a snippet inside the message would repeat it.
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| explain(text, &error))
}

fn explain(text: &str, error: &YamlError) -> Error {
    let place = error.location();
    let explained = match error {
        YamlError::DuplicateMappingKey { key: Some(key), .. } => {
            Error::new(format!("duplicate key {}", Value::from(key.as_str())))
                .with_hint("keep one of the two")
        }
        YamlError::DuplicateMappingKey { key: None, .. } => {
            Error::new("duplicate key").with_hint("keep one of the two")
        }
        YamlError::MultipleDocuments { .. } => Error::new("a second document begins after `---`")
            .with_hint("keep one document in a file"),
        YamlError::NonFiniteFloat { .. } => Error::new("JSON has no infinity and no NaN"),
        other => {
            let full = other.to_string();
            Error::new(
                full.rsplit_once(" at line ")
                    .map_or(full.as_str(), |(message, _)| message),
            )
        }
    };
    match place {
        Some(place) => {
            let line = usize::try_from(place.line()).unwrap_or(1);
            let characters = usize::try_from(place.column())
                .unwrap_or(1)
                .saturating_sub(1);
            let source = text
                .split('\n')
                .nth(line.saturating_sub(1))
                .unwrap_or_default();
            let column: usize = source.chars().take(characters).map(char::len_utf16).sum();
            explained.at(clamp(line), clamp(column + 1))
        }
        None => explained,
    }
}
