//! Files of a project that npm would obey beyond the names and versions that Actions declare.
//!
//! `.npmrc` names programs (`git=`), servers, and variables of the environment to send there. For a dependency that is not a version
//! in the registry, npm runs git or reads files. Not every version of npm has an option that turns that off, so the user decides.

use std::path::Path;

use postlogin_project::{Error, read_small};
use serde_json::Value;

use crate::error::CliError;

/// The largest manifest and lock file that are read, in bytes.
const LARGEST: u64 = 32 << 20;

/// Files that npm obeys, and what they can do.
const OBEYED: &[(&str, &str)] = &[
    (
        ".npmrc",
        "npm obeys it, and it can name programs to run and servers to send the environment to",
    ),
    (
        "yarn.lock",
        "npm obeys it, and it can name repositories and folders in place of packages",
    ),
    (".npm-extension.mjs", "npm runs it"),
    (".npm-extension.cjs", "npm runs it"),
];

/// The keys of a manifest that change other packages, from npm 12 on.
const CHANGES: &[&str] = &["packageExtensions", "patchedDependencies"];

/// Settings under which npm installs packages of its registry alone. Manifests of installed packages, which a checkout can contain, name
/// dependencies as well. npm before 11 knows only the first, with which no program is started.
pub(super) const SETTINGS: &[(&str, &str)] = &[
    ("npm_config_git", "postlogin-starts-no-git"),
    ("npm_config_allow_git", "none"),
    ("npm_config_allow_remote", "none"),
    ("npm_config_allow_file", "none"),
    ("npm_config_allow_directory", "none"),
];

/// The keys of a manifest that name dependencies.
const DEPENDENCIES: &[&str] = &[
    "dependencies",
    "devDependencies",
    "optionalDependencies",
    "peerDependencies",
    "overrides",
];

/// Refuses to start npm where files of the project decide more than versions. `shown` is the command.
pub(super) fn refuse(folder: &Path, shown: &str) -> Result<(), CliError> {
    let refused = |file: &str, what: &str| {
        Err(
            CliError::usage(format!("{file}: {what}")).with_hint(format!(
                "if you trust the project, run it yourself in {}: {shown}",
                folder.display()
            )),
        )
    };
    for (file, what) in OBEYED {
        if folder.join(file).symlink_metadata().is_ok() {
            return refused(file, what);
        }
    }
    if let Some(manifest) = json(folder, "package.json")? {
        if manifest.get("workspaces").is_some_and(|it| !it.is_null()) {
            return refused(
                "package.json",
                "npm installs what the packages of the workspace name, too",
            );
        }
        if let Some(key) = CHANGES
            .iter()
            .find(|key| manifest.get(**key).is_some_and(|it| !it.is_null()))
        {
            let what = format!("`{key}` changes what npm installs of other packages");
            return refused("package.json", &what);
        }
        let mut named = DEPENDENCIES.iter().filter_map(|key| manifest.get(*key));
        if let Some(text) = named.find_map(foreign) {
            let what = format!("the dependency `{text}` is not a version of the npm registry");
            return refused("package.json", &what);
        }
    }
    for file in [
        "package-lock.json",
        "npm-shrinkwrap.json",
        "node_modules/.package-lock.json",
    ] {
        let lock = json(folder, file)?;
        if let Some(text) = lock.as_ref().and_then(unregistered) {
            let what = format!("`{text}` is not a package of a registry");
            return refused(file, &what);
        }
    }
    Ok(())
}

fn json(folder: &Path, file: &str) -> Result<Option<Value>, CliError> {
    let Some(text) = read_small(&folder.join(file), file, LARGEST)? else {
        return Ok(None);
    };
    let parsed = serde_json::from_str(text.trim_start_matches('\u{feff}'));
    let parsed =
        parsed.map_err(|error| Error::new(format!("not valid JSON: {error}")).in_file(file));
    Ok(Some(parsed?))
}

/// The first value that is neither a version, a range nor a tag.
fn foreign(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => (!is_version(text)).then_some(text),
        Value::Object(all) => all.values().find_map(foreign),
        // npm splits each element into a name and the rest.
        Value::Array(all) => all.iter().find_map(foreign),
        _ => None,
    }
}

/// Versions, ranges and tags have neither slashes nor colons: those are paths, URLs and repositories.
fn is_version(text: &str) -> bool {
    let text = text.strip_prefix("npm:").unwrap_or(text);
    let text = match text.strip_prefix('@') {
        // An alias of a scoped package: `@scope/name@1`.
        Some(rest) => rest.split_once('/').map_or(rest, |(_, rest)| rest),
        None => text,
    };
    !text.contains(['/', '\\', ':', '#']) && !text.starts_with('.') && !text.ends_with(".tgz")
}

/// The first `resolved` of a lock file that is not an https address. Links to folders of the project count, too.
fn unregistered(value: &Value) -> Option<&str> {
    match value {
        Value::Object(all) => all.iter().find_map(|(key, value)| match value {
            Value::String(text) if key == "resolved" => {
                (!text.starts_with("https://")).then_some(text.as_str())
            }
            Value::String(text) if key == "version" => (!is_version(text)).then_some(text.as_str()),
            other => unregistered(other),
        }),
        Value::Array(all) => all.iter().find_map(unregistered),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The forms that `npm help install` and the npm documentation of package.json list.
    #[test]
    fn a_version_of_the_registry_is_neither_a_path_nor_a_repository() {
        for text in [
            "1.2.3",
            "^1.0.0",
            "~1.2",
            ">=1 <2 || 3.x",
            "latest",
            "*",
            "",
            "npm:lodash@4",
            "npm:@a/b@^1",
            "1.0.0 - 2.9999.9999",
        ] {
            assert!(is_version(text), "{text}");
        }
        for text in [
            "git+https://127.0.0.1:9/x.git",
            "git://github.com/a/b.git#v1",
            "git@github.com:a/b.git",
            "a/b",
            "github:a/b",
            "gist:1a2b",
            "http://example.com/a.tgz",
            "file:../x",
            "./x",
            "../x",
            "~/x",
            "/x",
            "link:../x",
            "workspace:*",
            "x.tgz",
        ] {
            assert!(!is_version(text), "{text}");
        }
    }

    #[test]
    fn dependencies_may_be_a_list() {
        let plain = json!(["lodash@^4", "@a/b@1"]);
        assert_eq!(foreign(&plain), None);
        for text in ["file:../x", "x@git+https://example.com/x.git"] {
            assert_eq!(foreign(&json!(["lodash@^4", text])), Some(text));
        }
    }

    #[test]
    fn a_lock_file_leads_to_registries_alone() {
        let lock = |resolved: &str| json!({"packages": {"": {"name": "p"}, "node_modules/x": {"version": "1.0.0", "resolved": resolved}}});
        assert_eq!(
            unregistered(&lock("https://registry.npmjs.org/x/-/x-1.0.0.tgz")),
            None
        );
        for text in [
            "git+ssh://git@github.com/a/b.git#c0ffee",
            "http://example.com/x.tgz",
            "../x",
            "file:x",
        ] {
            assert_eq!(unregistered(&lock(text)), Some(text));
        }
        let old = json!({"dependencies": {"x": {"version": "git+https://example.com/x.git#1"}}});
        assert!(unregistered(&old).is_some());
    }
}
