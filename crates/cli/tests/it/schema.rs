//! `postlogin schema` and `postlogin completions`.

use serde_json::Value;

use crate::support::{FIXED, folder, postlogin};

#[test]
fn the_schema_of_the_event_is_a_json_schema() {
    let done = postlogin("schema event").finish();
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""));
    let schema: Value = serde_json::from_str(&done.stdout).expect("it is JSON");
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    check_schema(&schema, "#");

    let mirror = "exports.onExecutePostLogin = async (event, api) => {
      api.idToken.setCustomClaim('https://example.com/event', JSON.parse(JSON.stringify(event)));
    };";
    let folder = folder(&[("mirror.js", mirror)]);
    let outcome = postlogin(&format!("run mirror.js {FIXED}"))
        .within(folder.path())
        .outcome(0);
    let sample = &outcome["id_token"]["claims"]["https://example.com/event"];
    assert!(sample["user"]["user_id"].is_string());
    assert_eq!(mistakes(&schema, sample, "event"), Vec::<String>::new());
    // The check itself finds something.
    let wrong = serde_json::json!({"client": {"client_id": 5, "x": 1}});
    assert!(mistakes(&schema, &wrong, "event").len() >= 3);
}

/// Every keyword is one of those that the generator uses, with a value that the draft allows.
#[track_caller]
fn check_schema(schema: &Value, at: &str) {
    const TYPES: &[&str] = &["object", "array", "string", "number", "boolean", "null"];
    let schema = schema
        .as_object()
        .unwrap_or_else(|| panic!("{at} is no object"));
    for (keyword, value) in schema {
        match keyword.as_str() {
            "$schema" | "title" | "description" => assert!(value.is_string(), "{at}/{keyword}"),
            "type" => {
                let named: Vec<_> = match value {
                    Value::Array(types) => types.iter().collect(),
                    one => vec![one],
                };
                let known = |name: &&Value| name.as_str().is_some_and(|name| TYPES.contains(&name));
                assert!(
                    !named.is_empty() && named.iter().all(known),
                    "{at}/{keyword}"
                );
            }
            "enum" => assert!(
                value.as_array().is_some_and(|values| !values.is_empty()),
                "{at}/enum"
            ),
            "required" => {
                let properties = &schema["properties"];
                for name in value.as_array().expect("a list of names") {
                    let name = name.as_str().expect("a name");
                    assert!(
                        properties.get(name).is_some(),
                        "{at} requires the unknown {name}"
                    );
                }
            }
            "properties" => {
                for (name, property) in value.as_object().expect("properties are an object") {
                    check_schema(property, &format!("{at}/{name}"));
                }
            }
            "items" => check_schema(value, &format!("{at}/items")),
            "additionalProperties" if value.is_boolean() => {}
            "additionalProperties" => check_schema(value, &format!("{at}/*")),
            other => panic!("{at} has the unknown keyword {other}"),
        }
    }
}

/// Where a value does not fit the schema, as far as [`check_schema`]'s keywords go.
fn mistakes(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let mut found = Vec::new();
    let fits = match &schema["type"] {
        Value::Array(types) => types.iter().any(|one| one == kind),
        Value::Null => true,
        one => one == kind,
    };
    if !fits {
        found.push(format!("{at} is {kind}, not {}", schema["type"]));
    }
    if let Some(values) = schema["enum"].as_array()
        && !values.contains(value)
    {
        found.push(format!("{at} is never {value}"));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(mistakes(&schema["items"], item, &format!("{at}[{index}]")));
    }
    let Some(object) = value.as_object() else {
        return found;
    };
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str().unwrap_or_default();
        if !object.contains_key(name) {
            found.push(format!("{at}.{name} is missing"));
        }
    }
    for (name, value) in object {
        let at = format!("{at}.{name}");
        match (
            &schema["properties"][name.as_str()],
            &schema["additionalProperties"],
        ) {
            (Value::Null, Value::Bool(false)) => found.push(format!("{at} is unknown")),
            (Value::Null, Value::Null | Value::Bool(true)) => {}
            (Value::Null, additional) => found.extend(mistakes(additional, value, &at)),
            (property, _) => found.extend(mistakes(property, value, &at)),
        }
    }
    found
}

#[test]
fn completions_name_commands_and_options() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let done = postlogin(&format!("completions {shell}")).finish();
        assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""), "{shell}");
        for word in ["completions", "fail-on-deny", "secrets-file"] {
            assert!(done.stdout.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn help_and_version_are_data() {
    for arguments in ["--help", "-h", "run --help", "build -h", "--version"] {
        let done = postlogin(arguments).finish();
        assert_eq!(
            (done.code, done.stderr.as_str()),
            (Some(0), ""),
            "{arguments}"
        );
        assert!(!done.stdout.is_empty());
    }
    let short = postlogin("-V").finish().stdout;
    let plain = format!("postlogin {}", env!("CARGO_PKG_VERSION"));
    assert_eq!(short, format!("{plain}\n"));
    let version = postlogin("--version").finish().stdout;
    let hash = postlogin_js::engine::hash();
    assert!(!hash.is_empty());
    assert!(version.starts_with(&plain), "{version}");
    assert!(
        version.contains(&format!("engine {}", &hash[..12])),
        "{version}"
    );
    // Sources without a repository have no commit.
    let commit = option_env!("POSTLOGIN_COMMIT").unwrap_or_default();
    assert!(version.contains(commit), "{version}");
}

#[test]
fn manual_pages_name_every_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let done = postlogin("man pages").within(folder.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    let page = |name: &str| std::fs::read_to_string(folder.path().join("pages").join(name));
    let main = page("postlogin.1").expect("a page");
    for command in ["run", "test", "serve", "completions"] {
        assert!(
            main.contains(&format!("postlogin\\-{command}(1)")),
            "{command}: {main}"
        );
    }
    assert!(
        page("postlogin-run.1")
            .expect("a page")
            .contains("fail\\-on\\-deny")
    );
    std::fs::write(folder.path().join("file"), "").expect("a file");
    let refused = postlogin("man file/pages").within(folder.path()).finish();
    assert_eq!(refused.code, Some(110), "{refused}");
}

#[test]
fn the_schema_of_an_outcome_names_its_format() {
    let done = postlogin("schema outcome").finish();
    let schema: Value = serde_json::from_str(&done.stdout).expect("JSON");
    assert_eq!(
        schema["properties"]["format"]["const"],
        "postlogin.outcome/1"
    );
}
