//! Keyword replacement, as the Deploy CLI does it on the text of every file that it loads.
//!
//! <https://auth0.com/docs/deploy-monitor/deploy-cli-tool/keyword-replacement>

use serde_json::{Map, Value};

use crate::door::LARGEST_FILE;
use crate::{Error, Result};

/// The values of the markers `##KEY##` and `@@KEY@@`. A marker without an entry stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KeywordMappings {
    mappings: Map<String, Value>,
}

impl KeywordMappings {
    /// The key of `config.json` that holds the mappings.
    pub const CONFIG_KEY: &str = "AUTH0_KEYWORD_REPLACE_MAPPINGS";

    /// Mappings from an object of keyword and value.
    pub fn new(mappings: Map<String, Value>) -> KeywordMappings {
        KeywordMappings { mappings }
    }

    /// The text with its markers replaced: first `@@KEY@@`, with quotes around it, by JSON; then `##KEY##` by plain
    /// text. As in the Deploy CLI, a value may contain the marker of a later key. `shown` is the file's name in errors.
    ///
    /// # Errors
    /// When the text becomes longer than [`LARGEST_FILE`] bytes.
    pub fn replace(&self, text: &str, shown: &str) -> Result<String> {
        let mut text = text.to_owned();
        let put = |text: &mut String, key: &str, marker: &str, value: &str| {
            let count = text.matches(marker).count();
            let length = text.len() - count * marker.len() + count.saturating_mul(value.len());
            if length as u64 > LARGEST_FILE && count > 0 {
                let message = format!(
                    "with the value of the keyword `{key}` the file is longer than {} MiB",
                    LARGEST_FILE >> 20
                );
                let hint = "shorten the keyword mappings: a value that contains markers grows with each of them";
                return Err(Error::new(message).in_file(shown).with_hint(hint));
            }
            if count > 0 {
                *text = text.replace(marker, value);
            }
            Ok(())
        };
        for (key, value) in &self.mappings {
            if !text.contains("@@") {
                break;
            }
            let marker = format!("@@{key}@@");
            if text.contains(&marker) {
                let json = value.to_string();
                for quote in ["'", "\""] {
                    put(&mut text, key, &format!("{quote}{marker}{quote}"), &json)?;
                }
                put(&mut text, key, &marker, &json)?;
            }
        }
        for (key, value) in &self.mappings {
            if !text.contains("##") {
                break;
            }
            let marker = format!("##{key}##");
            if text.contains(&marker) {
                put(&mut text, key, &marker, &script_text(value))?;
            }
        }
        Ok(text)
    }
}

/// The first marker in the text that is still there: `##KEY##`.
pub fn leftover(text: &str) -> Option<&str> {
    ["##", "@@"].into_iter().find_map(|fence| {
        let start = text.find(fence)?;
        let inner = text.get(start + 2..)?;
        let end = inner.find(fence)?;
        let is_key =
            |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
        let key = inner
            .get(..end)
            .filter(|key| !key.is_empty() && key.chars().all(is_key))?;
        text.get(start..start + key.len() + 4)
    })
}

/// A value as JavaScript turns it into a string.
fn script_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(_) => "[object Object]".to_owned(),
        Value::Array(items) => {
            let items: Vec<_> = items
                .iter()
                .map(|item| {
                    if item.is_null() {
                        String::new()
                    } else {
                        script_text(item)
                    }
                })
                .collect();
            items.join(",")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn markers_are_replaced() {
        let Value::Object(mappings) = json!({
            "ENV": "test", "LIST": ["a", "b"], "N": 5, "OBJECT": {"a": 1}, "EXTRA": "\"c\", \"d\"",
        }) else {
            unreachable!("an object")
        };
        let mappings = KeywordMappings::new(mappings);
        for (text, expected) in [
            ("https://##ENV##.example.com", "https://test.example.com"),
            (r#"{"a": @@LIST@@}"#, r#"{"a": ["a","b"]}"#),
            (r#"{"a": "@@LIST@@"}"#, r#"{"a": ["a","b"]}"#),
            ("a: '@@ENV@@'", "a: \"test\""),
            (
                r#"{"a": @@OBJECT@@, "n": @@N@@}"#,
                r#"{"a": {"a":1}, "n": 5}"#,
            ),
            ("##LIST## ##N## ##OBJECT##", "a,b 5 [object Object]"),
            (r#"["b", ##EXTRA##]"#, r#"["b", "c", "d"]"#),
            ("##env## @@OTHER@@ ##OTHER##", "##env## @@OTHER@@ ##OTHER##"),
        ] {
            assert_eq!(
                mappings.replace(text, "x").as_deref(),
                Ok(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn values_in_values_do_not_grow_without_bound() {
        for fence in ["##", "@@"] {
            let mut mappings = Map::new();
            for number in 0..60 {
                let marker = format!("{fence}K{:02}{fence}", number + 1);
                mappings.insert(format!("K{number:02}"), format!("{marker}{marker}").into());
            }
            let mappings = KeywordMappings::new(mappings);
            let text = format!("a: {fence}K00{fence}");
            let error = mappings
                .replace(&text, "tenant.yaml")
                .expect_err("it is too long");
            assert_eq!(error.file.as_deref(), Some("tenant.yaml"));
            assert!(error.message.contains("longer than 16 MiB"), "{error}");
        }
        // A value of its own size is fine, and so is the marker of an earlier key.
        let mappings = json!({"A": "##A####A##", "B": "##A##", "C": "x".repeat(1 << 20)});
        let Value::Object(mappings) = mappings else {
            unreachable!("an object")
        };
        let mappings = KeywordMappings::new(mappings);
        let replaced = |text: &str| mappings.replace(text, "x").expect("it is short");
        assert_eq!(replaced("##A## ##B##"), "##A####A## ##A##");
        assert_eq!(replaced("##C##").len(), 1 << 20);
    }

    #[test]
    fn leftovers_are_found() {
        for (text, expected) in [
            ("secrets: ##SECRETS##,", Some("##SECRETS##")),
            ("a @@LIST@@", Some("@@LIST@@")),
            ("## a heading ##", None),
            ("####", None),
            ("#", None),
        ] {
            assert_eq!(leftover(text), expected, "{text}");
        }
    }
}
