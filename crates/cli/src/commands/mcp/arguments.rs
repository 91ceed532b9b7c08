//! From the arguments of a call to a command line.

use std::path::{Component, Path};

use postlogin_core::event::suggest::closest;
use serde_json::{Map, Value, json};

use super::{
    child::Invocation,
    tools::{Kind, Parameter, Spec},
};

/// Why a call is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) message: String,
    pub(super) hint: String,
}

fn refused(message: impl Into<String>, hint: impl Into<String>) -> Refused {
    Refused {
        message: message.into(),
        hint: hint.into(),
    }
}

/// Reads the arguments of a call. Paths that leave the project by their letters are refused here; where links lead is found out by
/// the process that opens them, and so is what is a Cargo package.
pub(super) fn invocation(
    spec: &Spec,
    arguments: &Map<String, Value>,
) -> Result<Invocation, Refused> {
    for (name, value) in arguments {
        let Some(parameter) = spec.parameters.iter().find(|known| known.name == name) else {
            return Err(unknown(spec, name));
        };
        check(parameter, value)?;
    }
    for parameter in spec.parameters.iter().filter(|known| known.is_required) {
        if !arguments.contains_key(parameter.name) {
            let message = format!("`{}` is missing", parameter.name);
            return Err(refused(message, format!("`{}` needs it", spec.name)));
        }
    }
    let call = Call(arguments);
    let invocation = match spec.name {
        "run" => call.run(),
        "explain" => call.explain()?,
        "check" => call.check(),
        "test" => call.test(),
        "compare" => call.compare()?,
        other => return Err(refused(format!("unknown tool `{other}`"), "list the tools")),
    };
    admit_length(invocation)
}

/// The most bytes of one word of a command line: Linux starts no program with more than 128 KiB.
const LONGEST_WORD: usize = 64 << 10;
/// The most bytes of all words. Windows starts no program with more than 32,767 characters, Linux none with more than a quarter of its stack.
const LONGEST_LINE: usize = if cfg!(windows) { 30_000 } else { 512 << 10 };

/// Refuses what no system would start.
fn admit_length(invocation: Invocation) -> Result<Invocation, Refused> {
    let words = invocation.arguments.iter();
    if let Some(long) = words.clone().find(|word| word.len() > LONGEST_WORD) {
        // Not its value, which may be a secret.
        let option = long.split('=').next().filter(|option| option.len() < 60);
        let what = option.map_or_else(|| "an argument".to_owned(), |option| format!("`{option}`"));
        return Err(refused(
            format!("{what} is too long: {} bytes", long.len()),
            format!("arguments have at most {LONGEST_WORD} bytes"),
        ));
    }
    // Each word ends with a byte, and has a pointer.
    let bytes = words.map(|word| word.len() + 9).sum::<usize>();
    match bytes > LONGEST_LINE {
        true => Err(refused(
            format!("the arguments have {bytes} bytes together, which is too much"),
            format!("ask for less: they have at most {LONGEST_LINE} bytes"),
        )),
        false => Ok(invocation),
    }
}

fn unknown(spec: &Spec, name: &str) -> Refused {
    let names = || spec.parameters.iter().map(|parameter| parameter.name);
    let hint = match closest(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("arguments are {}", names().collect::<Vec<_>>().join(", ")),
    };
    refused(format!("`{}` has no argument `{name}`", spec.name), hint)
}

fn check(parameter: &Parameter, value: &Value) -> Result<(), Refused> {
    let wrong = |what: &str| {
        let message = format!("`{}` must be {what}", parameter.name);
        Err(refused(message, format!("got {}", short(value))))
    };
    let texts = || -> Option<Vec<&str>> { value.as_array()?.iter().map(Value::as_str).collect() };
    let path = |text: &str| is_inside(parameter.name, text);
    match parameter.kind {
        Kind::Text if !value.is_string() => wrong("a string"),
        Kind::Number if !value.is_u64() => wrong("a whole number that is not negative"),
        Kind::Flag if !value.is_boolean() => wrong("true or false"),
        Kind::Object if !value.is_object() => wrong("an object"),
        Kind::Word(words) if !value.as_str().is_some_and(|word| words.contains(&word)) => {
            wrong(&format!("one of {}", words.join(", ")))
        }
        // An agent chooses these: each path is kept inside the project, and nothing that it names may start a build.
        Kind::Path | Kind::Side => match value.as_str() {
            Some(text) if parameter.kind == Kind::Side => {
                text.split(',').map(str::trim).try_for_each(path)
            }
            Some(text) => path(text),
            None => wrong("a string"),
        },
        Kind::Texts | Kind::Paths | Kind::Actions => match texts() {
            None => wrong("a list of strings"),
            Some(_) if parameter.kind == Kind::Texts => Ok(()),
            Some(all) => all.into_iter().try_for_each(path),
        },
        Kind::ObjectOrPath => match value {
            Value::Object(_) => Ok(()),
            Value::String(text) => path(text),
            _ => wrong("an object or the path of a file"),
        },
        Kind::Any => match value {
            Value::Object(_) | Value::Array(_) => Ok(()),
            Value::String(text) => path(text),
            _ => wrong("a list, an object or the path of a file"),
        },
        Kind::Text | Kind::Number | Kind::Flag | Kind::Object | Kind::Word(_) => Ok(()),
    }
}

/// A call reads what is in the project's folder, and nothing else of the machine.
fn is_inside(name: &str, text: &str) -> Result<(), Refused> {
    let leaves = |component| {
        matches!(
            component,
            Component::ParentDir | Component::RootDir | Component::Prefix(_)
        )
    };
    if Path::new(text).components().any(leaves) {
        return Err(refused(
            format!("`{name}`: `{text}` leads out of the project's folder"),
            "paths are relative to the folder in which `postlogin mcp` was started",
        ));
    }
    // What begins so would be an option.
    if text.starts_with('-') {
        return Err(refused(
            format!("`{name}`: `{text}` is not a path"),
            format!("write ./{text}"),
        ));
    }
    Ok(())
}

/// A value for a message.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// Arguments that were checked.
struct Call<'a>(&'a Map<String, Value>);

impl Call<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        let list = self.0.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str)
    }

    fn is_set(&self, name: &str) -> bool {
        self.0.get(name) == Some(&Value::Bool(true))
    }

    fn is_json(&self) -> bool {
        self.text("format") == Some("json")
    }

    /// `run --stdin-json` answers a case.
    fn run(&self) -> Invocation {
        let mut request = self.0.clone();
        request.insert("id".to_owned(), json!(1));
        Invocation {
            arguments: words(["run", "--stdin-json"]),
            stdin: format!("{}\n", Value::Object(request)),
            is_json: true,
            ..Invocation::default()
        }
    }

    fn explain(&self) -> Result<Invocation, Refused> {
        let mut arguments = words(["explain"]);
        let mut stdin = String::new();
        match self.0.get("event") {
            Some(Value::String(file)) => arguments.push(format!("--event={file}")),
            Some(event) => {
                arguments.push("--event=-".to_owned());
                stdin = event.to_string();
            }
            None => {}
        }
        let why = self.texts("why");
        arguments.extend(why.map(|claim| format!("--why={claim}")));
        if let Some(Value::Object(set)) = self.0.get("set") {
            arguments.extend(
                set.iter()
                    .map(|(path, value)| format!("--set={path}={value}")),
            );
        }
        self.options(
            &["trigger", "now", "seed", "timeout", "memory", "http"],
            &mut arguments,
        );
        self.secrets(&mut arguments)?;
        self.format(&mut arguments);
        // Options end here: what follows are Actions.
        arguments.push("--".to_owned());
        arguments.extend(self.texts("actions").map(str::to_owned));
        Ok(Invocation {
            arguments,
            stdin,
            is_json: self.is_json(),
            ..Invocation::default()
        })
    }

    fn check(&self) -> Invocation {
        let mut arguments = words(["check"]);
        self.format(&mut arguments);
        arguments.push("--".to_owned());
        arguments.extend(self.texts("paths").map(str::to_owned));
        Invocation {
            arguments,
            is_json: self.is_json(),
            ..Invocation::default()
        }
    }

    fn test(&self) -> Invocation {
        let mut arguments = words(["test"]);
        arguments.push(match self.is_json() {
            true => "--reporter=json".to_owned(),
            false => "--status-level=fail".to_owned(),
        });
        arguments.extend(self.texts("filter").map(|text| format!("--filter={text}")));
        arguments.extend(self.texts("tags").map(|text| format!("--tag={text}")));
        let writes_snapshots = self.is_set("update_snapshots") && !self.is_set("list");
        if self.is_set("list") {
            arguments.push("--list".to_owned());
        } else if writes_snapshots {
            arguments.push("--update".to_owned());
        }
        arguments.push("--".to_owned());
        arguments.extend(self.texts("paths").map(str::to_owned));
        Invocation {
            arguments,
            writes_snapshots,
            ..Invocation::default()
        }
    }

    fn compare(&self) -> Result<Invocation, Refused> {
        let mut arguments = words(["compare"]);
        let events = self.texts("events");
        arguments.extend(events.map(|file| format!("--event={file}")));
        arguments.extend(self.texts("cases").map(|file| format!("--cases={file}")));
        self.options(
            &["generate", "seed", "timeout", "memory", "http"],
            &mut arguments,
        );
        if let Some(file) = self.text("write_cases") {
            arguments.push(format!("--write={file}"));
        }
        self.secrets(&mut arguments)?;
        self.format(&mut arguments);
        arguments.push("--".to_owned());
        arguments.extend(
            ["left", "right"]
                .iter()
                .filter_map(|name| self.text(name))
                .map(str::to_owned),
        );
        Ok(Invocation {
            arguments,
            is_json: self.is_json(),
            ..Invocation::default()
        })
    }

    /// Adds the options whose names are those of the arguments.
    fn options(&self, names: &[&str], arguments: &mut Vec<String>) {
        for name in names {
            match self.0.get(*name) {
                Some(Value::String(text)) => arguments.push(format!("--{name}={text}")),
                Some(value) => arguments.push(format!("--{name}={value}")),
                None => {}
            }
        }
    }

    fn secrets(&self, arguments: &mut Vec<String>) -> Result<(), Refused> {
        let Some(Value::Object(secrets)) = self.0.get("secrets") else {
            return Ok(());
        };
        for (name, value) in secrets {
            let Some(value) = value.as_str() else {
                let message = format!("`secrets`: the value of `{name}` must be a string");
                return Err(refused(message, "secrets are strings in production, too"));
            };
            arguments.push(format!("--secret={name}={value}"));
        }
        Ok(())
    }

    fn format(&self, arguments: &mut Vec<String>) {
        if self.is_json() {
            arguments.push("--format=json".to_owned());
        }
    }
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests;
