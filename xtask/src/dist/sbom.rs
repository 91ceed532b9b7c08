//! The parts of the program, as CycloneDX 1.5 (<https://cyclonedx.org/docs/1.5/json/>): every crate that is compiled into it for a
//! target, with its licence and, from crates.io, its checksum.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::Path,
    process::Command,
};

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// The package that the program is.
const PROGRAM: &str = "postlogin";

/// The list for one target.
pub(super) fn of(root: &Path, target: &str) -> Result<Value> {
    let metadata = super::output(Command::new("cargo").current_dir(root).args([
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--filter-platform",
        target,
    ]))?;
    let metadata = serde_json::from_str(&metadata)?;
    let lock = fs::read_to_string(root.join("Cargo.lock"))?;
    list(&metadata, &checksums(&lock))
}

/// The list from what `cargo metadata` prints.
fn list(metadata: &Value, checksums: &HashMap<(String, String), String>) -> Result<Value> {
    let items = |pointer: &str| metadata.pointer(pointer).and_then(Value::as_array);
    let packages: BTreeMap<&str, &Value> = items("/packages")
        .context("no packages")?
        .iter()
        .filter_map(|package| Some((package["id"].as_str()?, package)))
        .collect();
    let nodes: BTreeMap<&str, &Value> = items("/resolve/nodes")
        .context("nothing is resolved")?
        .iter()
        .filter_map(|node| Some((node["id"].as_str()?, node)))
        .collect();
    let program = packages
        .iter()
        .find(|(_, package)| package["name"] == PROGRAM)
        .map(|(id, _)| *id)
        .context("there is no package of the program")?;
    let mut known = BTreeSet::from([program]);
    let mut open = vec![program];
    while let Some(id) = open.pop() {
        let dependencies = nodes.get(id).and_then(|node| node["deps"].as_array());
        for dependency in dependencies.into_iter().flatten() {
            if let Some(id) = dependency["pkg"].as_str()
                && is_compiled_in(dependency)
                && known.insert(id)
            {
                open.push(id);
            }
        }
    }
    known.remove(program);
    let components: Vec<Value> = known
        .iter()
        .filter_map(|id| packages.get(id))
        .map(|package| component(package, checksums))
        .collect();
    let own = packages
        .get(program)
        .map(|package| component(package, checksums));
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": own, "tools": {"components": [{"type": "application", "name": "xtask dist"}]}},
        "components": components,
    }))
}

/// Whether it is a dependency of the program itself, not of a build script or a test.
fn is_compiled_in(dependency: &Value) -> bool {
    let kinds = dependency["dep_kinds"].as_array();
    kinds
        .into_iter()
        .flatten()
        .any(|kind| kind["kind"].is_null())
}

fn component(package: &Value, checksums: &HashMap<(String, String), String>) -> Value {
    let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
    let (name, version) = (text("name"), text("version"));
    let mut component = json!({
        "type": if name == PROGRAM { "application" } else { "library" },
        "name": name,
        "version": version,
    });
    if package["source"].is_string() {
        component["purl"] = format!("pkg:cargo/{name}@{version}").into();
    }
    if let Some(license) = package["license"].as_str() {
        component["licenses"] = json!([{"expression": license.replace('/', " OR ")}]);
    }
    if let Some(checksum) = checksums.get(&(name, version)) {
        component["hashes"] = json!([{"alg": "SHA-256", "content": checksum}]);
    }
    component
}

/// The checksums of Cargo.lock, by name and version.
fn checksums(lock: &str) -> HashMap<(String, String), String> {
    let value = |entry: &str, key: &str| {
        let mut lines = entry.lines();
        let found = lines.find_map(|line| {
            line.strip_prefix(key)?
                .strip_prefix(" = \"")?
                .strip_suffix('"')
        });
        found.map(str::to_owned)
    };
    let entries = lock.split("[[package]]");
    entries
        .filter_map(|entry| {
            let name = (value(entry, "name")?, value(entry, "version")?);
            Some((name, value(entry, "checksum")?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{checksums, list};

    const LOCK: &str = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry\"\nchecksum = \"00ff\"\n\n[[package]]\nname = \"postlogin\"\nversion = \"0.1.0\"\n";

    #[test]
    fn what_is_compiled_in_is_listed_with_licence_and_checksum() {
        let package = |name: &str, version: &str, source: Option<&str>| json!({"id": name, "name": name, "version": version, "source": source, "license": "MIT/Apache-2.0"});
        let normal = json!([{"kind": null, "target": null}]);
        let metadata = json!({
            "packages": [package("postlogin", "0.1.0", None), package("a", "1.0.0", Some("registry")), package("b", "2.0.0", Some("registry")), package("c", "3.0.0", Some("registry"))],
            "resolve": {"nodes": [
                {"id": "postlogin", "deps": [{"pkg": "a", "dep_kinds": normal}, {"pkg": "b", "dep_kinds": [{"kind": "build"}, {"kind": "dev"}]}]},
                {"id": "a", "deps": [{"pkg": "c", "dep_kinds": normal}, {"pkg": "postlogin", "dep_kinds": normal}]},
            ]},
        });
        let found = list(&metadata, &checksums(LOCK)).expect("a list");
        assert_eq!(found["metadata"]["component"]["name"], "postlogin");
        assert_eq!(
            found["components"],
            json!([
                {"type": "library", "name": "a", "version": "1.0.0", "purl": "pkg:cargo/a@1.0.0", "licenses": [{"expression": "MIT OR Apache-2.0"}],
                 "hashes": [{"alg": "SHA-256", "content": "00ff"}]},
                {"type": "library", "name": "c", "version": "3.0.0", "purl": "pkg:cargo/c@3.0.0", "licenses": [{"expression": "MIT OR Apache-2.0"}]},
            ])
        );
    }

    #[test]
    fn metadata_without_the_program_is_an_error() {
        let empty = json!({"packages": [], "resolve": {"nodes": []}});
        assert!(list(&empty, &checksums("")).is_err());
        assert!(list(&json!({}), &checksums("")).is_err());
    }
}
