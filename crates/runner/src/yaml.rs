//! Files of cases as people would write them. JSON is YAML, so whatever is quoted needs no further thought.

use std::fmt::Write as _;
use std::path::{Component, Path};

use postlogin_project::{ActionKind, ActionSource};
use serde_json::Value;

/// A key with its value on one line: JSON is YAML.
pub(crate) fn entry(out: &mut String, key: &str, value: &Value) -> std::fmt::Result {
    writeln!(out, "{}: {value}", name(key))
}

/// An object line by line.
pub(crate) fn block(out: &mut String, value: &Value, depth: usize) -> std::fmt::Result {
    let Value::Object(object) = value else {
        return writeln!(out, "{}{value}", "  ".repeat(depth));
    };
    for (key, member) in object {
        let key = name(key);
        let indent = "  ".repeat(depth);
        match member {
            Value::Object(below) if !below.is_empty() => {
                writeln!(out, "{indent}{key}:")?;
                block(out, member, depth + 1)?;
            }
            member => writeln!(out, "{indent}{key}: {member}")?,
        }
    }
    Ok(())
}

/// A key of YAML; quoted unless nothing can take it for anything else.
fn name(key: &str) -> String {
    const TAKEN: &[&str] = &["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let is_plain = key.starts_with(|first: char| first.is_ascii_alphabetic())
        && key
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && !TAKEN.contains(&key.to_ascii_lowercase().as_str());
    match is_plain {
        true => key.to_owned(),
        false => Value::from(key).to_string(),
    }
}

/// A key with an object below it, line by line.
pub(crate) fn nested(out: &mut String, key: &str, value: &Value, depth: usize) -> std::fmt::Result {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(object) if !object.is_empty() => {
            writeln!(out, "{indent}{}:", name(key))?;
            block(out, value, depth + 1)
        }
        value => writeln!(out, "{indent}{}: {value}", name(key)),
    }
}

/// The Action as a case in this folder names it: by its name if the project has one of that name, else by its path.
pub(crate) fn relative_action(source: &ActionSource, folder: &Path, names: &[String]) -> Value {
    if names.contains(&source.name) {
        return Value::from(source.name.as_str());
    }
    let path = match &source.kind {
        ActionKind::Script { path, .. } | ActionKind::Component { path, .. } => path,
        ActionKind::CargoPackage { dir, .. } => dir,
    };
    Value::from(relative(path, folder))
}

/// The path as it is written in a file of this folder, with `/`.
fn relative(path: &Path, folder: &Path) -> String {
    let parts = |path: &Path| -> Vec<String> {
        let parts = path.components();
        parts
            .filter(|part| !matches!(part, Component::CurDir))
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect()
    };
    let (path, folder) = (parts(path), parts(folder));
    let same = path
        .iter()
        .zip(&folder)
        .take_while(|(one, other)| one == other);
    let same = same.count();
    let up = folder.len().saturating_sub(same);
    let down = path.iter().skip(same).map(String::as_str);
    let steps: Vec<&str> = std::iter::repeat_n("..", up).chain(down).collect();
    steps.join("/")
}

#[cfg(test)]
mod tests {
    use postlogin_generate::{Generator, Vocabulary, patch};
    use postlogin_project::{Format, parse_document};

    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_read_as_it_was_meant() {
        let generator = Generator::new(
            postlogin_core::Trigger::PostLogin,
            2,
            Vocabulary::default(),
            Vec::new(),
        );
        let sample = postlogin_core::event::post_login_sample();
        for number in 0..400 {
            let event = generator.event(number);
            let written = patch(&sample, &event).unwrap_or(event);
            if written == json!({}) {
                continue;
            }
            let mut text = String::from("with:\n");
            block(&mut text, &written, 1).expect("a text takes everything");
            let read = parse_document(&text, Format::Yaml, "x.case.yaml");
            let read = read.unwrap_or_else(|error| panic!("{error}: {text}"));
            assert_eq!(read, json!({"with": written}), "{text}");
        }
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        for (path, folder, expected) in [
            ("/p/actions/a.js", "/p/tests/fuzz", "../../actions/a.js"),
            ("/p/a.js", "/p/fuzz", "../a.js"),
            ("/p/fuzz/a.js", "/p/fuzz", "a.js"),
        ] {
            assert_eq!(relative(Path::new(path), Path::new(folder)), expected);
        }
    }
}
