//! Documents with a form of their own: what does not follow it is told with its place and what was meant.

use std::{collections::BTreeMap, io::Read, path::Path};

use postlogin_core::event::suggest::closest;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Format, json, parse_list, read, yaml};
use crate::{Error, Result};

/// Reads a list: a document that is one, or that is an object with the list under `key`. `what` names the document in
/// errors: `a mock file`. `-` reads `stdin`.
///
/// # Errors
/// When the file cannot be read, or when an item is not what `T` wants.
pub fn read_list<T: DeserializeOwned>(
    path: &Path,
    key: &str,
    what: &str,
    stdin: &mut dyn Read,
) -> Result<Vec<T>> {
    let (text, shown) = read(path, stdin)?;
    let format = Format::of(path).of_text(&text);
    let form = || format!("{what} is a list, or an object with the list `{key}`");
    let list = match parse_list(&text, format, &shown)? {
        Value::Array(_) => from_text(&text, format),
        Value::Object(object) if object.contains_key(key) && object.len() == 1 => {
            let lists: Result<BTreeMap<String, Vec<T>>> = from_text(&text, format);
            lists.map(|lists| lists.into_values().flatten().collect())
        }
        Value::Object(object) => {
            let other = object.keys().find(|name| *name != key);
            Err(match other {
                Some(other) => Error::new(format!("unknown key `{other}` in {what}")),
                None => Error::new(format!("`{key}` is missing in {what}")),
            }
            .with_hint(form()))
        }
        _ => Err(Error::new(form()).at(1, 1)),
    };
    list.map_err(|error| error.in_file(&shown))
}

fn from_text<T: DeserializeOwned>(text: &str, format: Format) -> Result<T> {
    let read = match format {
        Format::Json => json::typed(text),
        Format::Yaml | Format::Unknown => yaml::typed(text),
    };
    read.map_err(reword)
}

/// serde speaks of fields and variants, users of keys and words; an error of serde's in theirs, with what was meant.
pub fn reword(error: Error) -> Error {
    let unknown = |kind: &str| {
        let (name, expected) = error
            .message
            .strip_prefix(&format!("unknown {kind} `"))?
            .split_once("`, expected ")?;
        // "`a`", "`a` or `b`", "one of `a`, `b`"; the reader of YAML leaves the quotes out.
        let expected = expected.trim_start_matches("one of ").replace(" or ", ", ");
        let known: Vec<String> = expected
            .split(", ")
            .map(|name| name.trim_matches('`').to_owned())
            .collect();
        Some((name.to_owned(), known))
    };
    let hint = |what: &str, name: &str, known: &[String]| match closest(
        name,
        known.iter().map(String::as_str),
    ) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("{what} are {}", known.join(", ")),
    };
    if let Some((name, known)) = unknown("field") {
        let message = format!("unknown key `{name}`");
        return Error { message, ..error }.with_hint(hint("known keys", &name, &known));
    }
    if let Some((name, known)) = unknown("variant") {
        let message = format!("`{name}` is not known here");
        return Error { message, ..error }.with_hint(hint("known", &name, &known));
    }
    if let Some(message) = wrong_type(&error.message) {
        return Error { message, ..error };
    }
    match error.message.strip_prefix("missing field ") {
        Some(name) => Error {
            message: format!("the key {name} is missing"),
            ..error
        },
        None => error,
    }
}

/// `invalid type: string "200", expected u16` in words of a user.
fn wrong_type(message: &str) -> Option<String> {
    let rest = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))?;
    let (found, expected) = rest.rsplit_once(", expected ")?;
    let expected = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a string" => "a text",
        "a boolean" => "true or false",
        "a map" => "an object",
        "a sequence" => "a list",
        _ => return None,
    };
    let (kind, value) = found.split_once(' ').unwrap_or((found, ""));
    let found = match kind {
        "string" => format!("the text {value}"),
        "integer" => format!("the number {}", value.trim_matches('`')),
        "floating" => format!(
            "the number {}",
            value.trim_start_matches("point ").trim_matches('`')
        ),
        "boolean" => value.trim_matches('`').to_owned(),
        "map" => "an object".to_owned(),
        "sequence" => "a list".to_owned(),
        "null" | "unit" => "null".to_owned(),
        _ => return None,
    };
    Some(format!("a value must be {expected}; this is {found}"))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::wrong_type;

    #[test]
    fn wrong_types_are_told_in_words_of_a_user() {
        let error = |text: &str| {
            let error = serde_json::from_str::<(u16, String)>(text).expect_err("wrong");
            // serde_json adds the place.
            let message = error.to_string();
            let (message, _) = message.split_once(" at line").expect("a place");
            wrong_type(message)
        };
        for (text, expected) in [
            (
                "[\"200\", \"\"]",
                "a whole number from 0; this is the text \"200\"",
            ),
            (
                "[70000, \"\"]",
                "a whole number from 0; this is the number 70000",
            ),
            (
                "[1.5, \"\"]",
                "a whole number from 0; this is the number 1.5",
            ),
            ("[1, true]", "a text; this is true"),
            ("[1, {}]", "a text; this is an object"),
            ("[1, null]", "a text; this is null"),
        ] {
            assert_eq!(
                error(text),
                Some(format!("a value must be {expected}")),
                "{text}"
            );
        }
    }

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Item {
        name: String,
        #[serde(default)]
        size: Option<Size>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Size {
        Small,
        Large,
    }

    fn list(file: &str, text: &str) -> Result<Vec<Item>> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(file);
        std::fs::write(&path, text).expect("a file");
        let read = read_list(&path, "items", "a list of items", &mut std::io::empty());
        read.map_err(|error| error.in_file(file))
    }

    #[test]
    fn a_list_or_an_object_with_it() {
        let expected = || {
            Ok(vec![Item {
                name: "a".into(),
                size: Some(Size::Small),
            }])
        };
        assert_eq!(list("x.yaml", "- name: a\n  size: small\n"), expected());
        assert_eq!(
            list("x.yaml", "items:\n  - {name: a, size: small}\n"),
            expected()
        );
        assert_eq!(
            list("x.json", r#"[{"name": "a", "size": "small"}]"#),
            expected()
        );
        assert_eq!(
            list("x.json", r#"{"items": [{"name": "a", "size": "small"}]}"#),
            expected()
        );
        assert_eq!(
            list("x", r#"{"items": [{"name": "a", "size": "small"}]}"#),
            expected()
        );
        assert_eq!(list("x.yaml", "items: []"), Ok(Vec::new()));
    }

    #[test]
    fn what_does_not_follow_the_form_is_shown_where_it_stands() {
        #[track_caller]
        fn check(file: &str, text: &str, expected: &str, hint: Option<&str>) {
            let error = list(file, text).expect_err(text);
            assert_eq!(
                (error.to_string().as_str(), error.hint.as_deref()),
                (expected, hint),
                "{text}"
            );
        }
        check(
            "x.yaml",
            "- name: a\n  siz: small\n",
            "x.yaml:2:3: unknown key `siz`",
            Some("did you mean `size`?"),
        );
        check(
            "x.yaml",
            "items:\n  - name: a\n    colour: red\n",
            "x.yaml:3:5: unknown key `colour`",
            Some("known keys are name, size"),
        );
        check(
            "x.json",
            "[\n  {\"name\": \"a\", \"siz\": 1}\n]",
            "x.json:2:21: unknown key `siz`",
            Some("did you mean `size`?"),
        );
        check(
            "x.yaml",
            "- name: a\n  size: smal\n",
            "x.yaml:2:9: `smal` is not known here",
            Some("did you mean `small`?"),
        );
        check(
            "x.yaml",
            "- size: small\n",
            "x.yaml:1:3: the key `name` is missing",
            None,
        );
        check(
            "x.yaml",
            "item: []\n",
            "x.yaml: unknown key `item` in a list of items",
            Some("a list of items is a list, or an object with the list `items`"),
        );
        check(
            "x.yaml",
            "just words\n",
            "x.yaml:1:1: a list of items is a list, or an object with the list `items`",
            None,
        );
    }
}
