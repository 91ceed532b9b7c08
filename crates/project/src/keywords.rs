//! Keyword replacement, as the Deploy CLI does it on the text of every file that it loads.
//!
//! <https://auth0.com/docs/deploy-monitor/deploy-cli-tool/keyword-replacement>

use serde_json::{Map, Value};

/// What the markers `##KEY##` and `@@KEY@@` stand for. A marker without an entry stays.
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
    /// text.
    pub fn replace(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (key, value) in &self.mappings {
            let marker = format!("@@{key}@@");
            if text.contains(&marker) {
                let json = value.to_string();
                for quote in ["'", "\""] {
                    text = text.replace(&format!("{quote}{marker}{quote}"), &json);
                }
                text = text.replace(&marker, &json);
            }
        }
        for (key, value) in &self.mappings {
            let marker = format!("##{key}##");
            if text.contains(&marker) {
                text = text.replace(&marker, &script_text(value));
            }
        }
        text
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
            assert_eq!(mappings.replace(text), expected, "{text}");
        }
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
