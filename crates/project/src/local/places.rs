//! Where TypeScript, bundlers and Node look for what an import names.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::files::{extension, file_name};

/// The extensions that a path may leave out.
const EXTENSIONS: &[&str] = &["ts", "mts", "cts", "js", "mjs", "cjs", "json"];

/// The folder in which Node would find a package, a link or not.
pub(super) fn home_of_link(folder: &Path, name: &str) -> Option<PathBuf> {
    let mut above = folder.ancestors();
    above.find_map(|folder| {
        let home = folder.join("node_modules").join(name);
        home.join("package.json").is_file().then_some(home)
    })
}

/// The path of an export: the first condition that a bundler takes.
pub(super) fn entry(export: &Value) -> Option<&str> {
    match export {
        Value::String(path) => Some(path),
        Value::Object(conditions) => ["source", "import", "require", "default"]
            .iter()
            .find_map(|condition| conditions.get(*condition)?.as_str()),
        _ => None,
    }
}

pub(super) fn is_typescript(path: &Path) -> bool {
    matches!(extension(path).as_str(), "ts" | "mts" | "cts")
}

/// The file that a path means, as TypeScript and bundlers find it.
pub(super) fn script(path: &Path, is_file: &dyn Fn(&Path) -> bool) -> Option<PathBuf> {
    let has = |path: &PathBuf| is_file(path) && !file_name(path).contains(".d.");
    let known = extension(path);
    if has(&path.to_owned()) && (EXTENSIONS.contains(&known.as_str())) {
        return Some(path.to_owned());
    }
    // TypeScript writes the name of what it will be.
    let source = match known.as_str() {
        "js" => Some("ts"),
        "mjs" => Some("mts"),
        "cjs" => Some("cts"),
        _ => None,
    };
    if let Some(source) = source {
        let source = path.with_extension(source);
        if has(&source) {
            return Some(source);
        }
    }
    let with = |extension: &&str| {
        let mut name = path.as_os_str().to_owned();
        name.push(".");
        name.push(extension);
        Some(PathBuf::from(name)).filter(has)
    };
    let index = |extension: &&str| Some(path.join(format!("index.{extension}"))).filter(has);
    let mut extensions = EXTENSIONS.iter();
    extensions
        .find_map(with)
        .or_else(|| EXTENSIONS.iter().find_map(index))
}
