//! The built files are those of the sources: `page.lock` names what they were built from.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn hash(file: &Path) -> String {
    let bytes = fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let digest = Sha256::digest(&bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The lines of the lock with a mark, as hash and name.
fn locked(mark: &str) -> Vec<(String, String)> {
    let lines = postlogin_page::LOCK.lines();
    let rows = lines.filter_map(|line| line.strip_prefix(mark));
    rows.map(|row| {
        let mut words = row.split_whitespace();
        let mut word = || words.next().unwrap_or_default().to_owned();
        (word(), word())
    })
    .collect()
}

#[test]
fn the_built_files_are_those_of_the_sources() {
    let inputs = locked("input ");
    assert!(inputs.len() > 10, "{inputs:?}");
    for (expected, name) in &inputs {
        assert_eq!(
            &hash(&root().join(name)),
            expected,
            "{name} was edited: run `npm ci && npm run build` in ui/"
        );
    }
    // A file that is new or gone is a change, too.
    let sources = fs::read_dir(root().join("ui/src")).expect("the sources");
    let mut sources: Vec<String> = sources
        .map(|entry| {
            entry
                .expect("a file")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .map(|name| format!("ui/src/{name}"))
        .collect();
    sources.sort();
    let mut known: Vec<String> = inputs.into_iter().map(|(_, name)| name).collect();
    known.retain(|name| name.starts_with("ui/src/"));
    known.sort();
    assert_eq!(known, sources, "run `npm ci && npm run build` in ui/");
}

#[test]
fn the_packed_files_are_those_of_the_lock() {
    let packed = locked("packed ");
    assert_eq!(packed.len(), 2);
    for (expected, name) in packed {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("assets")
            .join(&name);
        assert_eq!(hash(&file), expected, "{name}");
    }
}

/// Every package whose code is in the script, and its licence, is in the notices.
#[test]
fn packages_in_the_script_have_their_notice() {
    let lock = fs::read_to_string(root().join("ui/package-lock.json")).expect("the lock");
    let lock: serde_json::Value = serde_json::from_str(&lock).expect("JSON");
    let notices = fs::read_to_string(root().join("THIRD_PARTY_NOTICES.md")).expect("the notices");
    let packages = lock["packages"].as_object().expect("packages");
    let mut count = 0;
    for (path, package) in packages {
        let Some(name) = path.strip_prefix("node_modules/") else {
            continue;
        };
        if package["dev"] == true || package["devOptional"] == true {
            continue;
        }
        assert_eq!(package["license"], "MIT", "{name}");
        let version = package["version"].as_str().expect("a version");
        assert!(
            notices.contains(&format!("{name} {version}")),
            "THIRD_PARTY_NOTICES.md does not name {name} {version}"
        );
        count += 1;
    }
    assert!(count > 10, "{count}");
}
