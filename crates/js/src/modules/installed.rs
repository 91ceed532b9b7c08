//! The manifests of the packages that an Action can come to load: which distinguish their installations.

use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::packages::Packages;
use super::{Dependencies, legacy};
use crate::check::declared::package;
use crate::source::facts::facts;

/// More packages than this are not looked at. Large applications have about a thousand.
const MOST: usize = 4_000;

/// So many names are looked for at most: a manifest can have a hundred thousand.
const MOST_NAMES: usize = 20_000;

/// So many packages are watched. Each is asked for before each login.
const MOST_WATCHED: usize = 300;

/// The keys of a manifest that name packages which its code may require.
const REQUIRED: &[&str] = &["dependencies", "optionalDependencies", "peerDependencies"];

/// Returns the `package.json` of each package that an Action with this text requires by a literal name or declares, and of all
/// packages that those depend on, in an order that depends on nothing but them: `(name inside the sandbox, bytes)`. A package
/// that is not installed has none.
#[must_use]
pub fn manifests(dependencies: &Dependencies, file: &str, text: &str) -> Vec<(String, Vec<u8>)> {
    let Some(folder) = &dependencies.folder else {
        return Vec::new();
    };
    let packages = Packages::new(folder);
    let found = installed(&packages, dependencies, file, text).into_iter();
    let named = found.map(|one| {
        (
            packages.inside(&one.folder).unwrap_or(one.name),
            one.manifest,
        )
    });
    named.collect()
}

/// Returns where the packages of [`manifests`] are installed, at most a few hundred of them: the folder of each, its manifest and its
/// `node_modules`. One of them changes when a package manager installs, updates or removes one of the packages, or another one below.
#[must_use]
pub fn places(dependencies: &Dependencies, file: &str, text: &str) -> Vec<PathBuf> {
    let Some(folder) = &dependencies.folder else {
        return Vec::new();
    };
    let packages = Packages::new(folder);
    let found = installed(&packages, dependencies, file, text).into_iter();
    let places = found.take(MOST_WATCHED).flat_map(|one| {
        let (manifest, below) = (
            one.folder.join("package.json"),
            one.folder.join("node_modules"),
        );
        [one.folder, manifest, below]
    });
    places.collect()
}

/// A package that an Action can come to load.
struct Installed {
    /// The folder, links followed.
    folder: PathBuf,
    name: String,
    /// The bytes of its `package.json`.
    manifest: Vec<u8>,
}

fn installed(
    packages: &Packages,
    dependencies: &Dependencies,
    file: &str,
    text: &str,
) -> Vec<Installed> {
    let modules = dependencies.modules.iter();
    let texts = modules.map(|module| (module.file.as_str(), &*module.text));
    let mut required: Vec<String> = Vec::new();
    for (file, text) in texts.chain([(file, text)]) {
        let found = facts(file, text).requires.into_iter();
        required.extend(found.map(|require| require.name));
    }
    let declared = dependencies.declared.iter().flatten();
    required.extend(declared.map(|package| package.name.clone()));
    required.sort();
    required.dedup();
    if required.iter().all(|name| package(name).is_none()) {
        return Vec::new();
    }
    let first = required.iter().filter_map(|specifier| {
        if dependencies.is_rule {
            let (name, version, _) = legacy::parts(specifier);
            let alias = version.and_then(|version| packages.alias_of(name, version));
            return Some(alias.unwrap_or_else(|| name.to_owned()));
        }
        package(specifier).map(str::to_owned)
    });
    let mut open: VecDeque<(PathBuf, String)> = first
        .map(|name| (packages.folder().to_owned(), name))
        .collect();
    let mut known = HashSet::new();
    let mut found = Vec::new();
    for _ in 0..MOST_NAMES {
        let Some((from, name)) = open.pop_front() else {
            break;
        };
        // A manifest can name anything as a dependency: `../x` is none.
        if package(&name) != Some(name.as_str()) || found.len() >= MOST {
            continue;
        }
        let Some((folder, bytes)) = nearest(packages, &from, &name) else {
            continue;
        };
        if !known.insert(folder.clone()) {
            continue;
        }
        let manifest: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        for key in REQUIRED {
            let names = manifest.get(key).and_then(Value::as_object);
            let names = names.into_iter().flat_map(|names| names.keys());
            let room = MOST_NAMES.saturating_sub(open.len());
            open.extend(names.take(room).map(|name| (folder.clone(), name.clone())));
        }
        found.push(Installed {
            folder,
            name,
            manifest: bytes,
        });
    }
    found
}

/// Returns the folder and the manifest of a package, as Node finds it for a file in the folder `from`.
fn nearest(packages: &Packages, from: &Path, name: &str) -> Option<(PathBuf, Vec<u8>)> {
    from.ancestors().find_map(|above| {
        let manifest = above.join("node_modules").join(name).join("package.json");
        let bytes = packages.file(&manifest)?;
        // Packages of pnpm are links, and find what they depend on beside what the link leads to.
        let real = manifest.canonicalize().ok()?;
        Some((real.parent()?.to_owned(), bytes))
    })
}
