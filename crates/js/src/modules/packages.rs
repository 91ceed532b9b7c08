//! npm packages: Node's algorithm over the project's `node_modules`, read only.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use oxc_resolver::{ResolveError, ResolveOptions, ResolverGeneric};
use postlogin_core::outcome::Notice;
use postlogin_engine::{Keyword, ModuleFile, ModuleFormat, Refusal};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    asked::Sight,
    door::{Door, LARGEST_FILE},
    manifests::Manifests,
    patterns::MOST_STARS,
    places::Places,
};
use crate::check::declared::package;
use crate::source::package::{PackageCode, prepare};

/// So many bytes the resolver may remember of paths, about. It keeps every folder of every path that it ever looked at, also of
/// those that are not there, and an Action can ask for any number of names.
const CACHE_BYTES: usize = 16 << 20;

pub(super) struct Packages {
    folder: PathBuf,
    places: Arc<Places>,
    door: Door,
    manifests: Manifests,
    require: ResolverGeneric<Door>,
    import: ResolverGeneric<Door>,
    /// The bytes that the cache of both has, about. Locked while one of them looks: it must not be emptied then.
    cached: Mutex<usize>,
    /// Whether the notice about refused folders was given.
    told: AtomicBool,
    /// The fingerprints of the files that were loaded.
    loaded: Mutex<HashMap<String, Fingerprint>>,
}

/// SHA-256 of a file as it is on disk, and of a mark of how its text is read.
pub(crate) type Fingerprint = [u8; 32];

impl Packages {
    /// The packages that an Action in `folder` can see.
    pub(super) fn new(folder: &Path) -> Self {
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let places = Arc::new(Places::around(&folder));
        let door = Door::to(Arc::clone(&places));
        let require =
            ResolverGeneric::new_with_file_system(door.clone(), options(Keyword::Require));
        let import = require.clone_with_options(options(Keyword::Import));
        Self {
            places,
            folder,
            manifests: Manifests::new(door.clone()),
            door,
            require,
            import,
            cached: Mutex::new(0),
            told: AtomicBool::new(false),
            loaded: Mutex::default(),
        }
    }

    pub(super) fn resolve(
        &self,
        importer: &str,
        specifier: &str,
        keyword: Keyword,
    ) -> Result<String, Refusal> {
        let not_found = || not_found(specifier, importer, keyword);
        let is_path = specifier.starts_with(['/', '.']);
        let is_own = !importer.starts_with('/');
        // In production an Action is one file.
        if specifier.is_empty() || (is_own && (is_path || specifier.starts_with('#'))) {
            return Err(not_found());
        }
        let from = match is_own {
            true => None,
            false => Some(self.outside(importer).ok_or_else(not_found)?),
        };
        let from = from
            .as_deref()
            .and_then(Path::parent)
            .unwrap_or(&self.folder);
        let absolute;
        let asked = if specifier.starts_with('/') {
            absolute = self.outside(specifier).ok_or_else(not_found)?;
            absolute.to_str().ok_or_else(not_found)?
        } else {
            specifier
        };
        let resolver = match keyword {
            Keyword::Require => &self.require,
            Keyword::Import => &self.import,
        };
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        let weight = cache_weight(from, asked);
        *cached = cached.saturating_add(weight);
        if *cached > CACHE_BYTES {
            self.require.clear_cache();
            self.import.clear_cache();
            *cached = weight;
        }
        let resolution = resolver.resolve(from, asked);
        drop(cached);
        let resolution =
            resolution.map_err(|error| self.refusal(&error, specifier, importer, keyword))?;
        let real = self.door.canonical(resolution.path());
        let real = real.map_err(|_| not_found())?;
        match self.places.admits(&real) {
            true => self.places.inside(&real).ok_or_else(not_found),
            false => Err(not_found()),
        }
    }

    /// Returns the file of a name inside the sandbox.
    fn outside(&self, path: &str) -> Option<PathBuf> {
        let canonical = |file: &Path| self.door.canonical(file);
        self.places.outside(path, canonical)
    }

    /// Returns what was not read because it leads out of the project, as far as it concerns this request of the Action:
    /// `node_modules` folders (once), and the package itself.
    pub(super) fn notices(&self, specifier: &str, is_found: bool) -> Vec<Notice> {
        let Some(name) = package(specifier) else {
            return Vec::new();
        };
        let mut notices = Vec::new();
        if !self.told.swap(true, Ordering::Relaxed) {
            let refused = self.places.refused().iter();
            notices.extend(refused.map(|(link, target)| refused_link(link, target)));
        }
        let leads_out = |root: &Path| {
            let link = root.join(name);
            let target = link.canonicalize().ok()?;
            let is_package = self.places.admits(&target.join("package.json"));
            (target != link && !is_package).then_some((link, target))
        };
        if !is_found && let Some((link, target)) = self.places.roots().find_map(leads_out) {
            notices.push(refused_link(&link, &target));
        }
        notices
    }

    pub(super) fn load(&self, path: &str) -> Result<ModuleFile, Refusal> {
        let refuse = |message: String| Refusal {
            code: "ERR_INVALID_MODULE".into(),
            message,
        };
        let file = self.outside(path).ok_or_else(|| Refusal::not_found(path))?;
        let extension = file.extension().and_then(|extension| extension.to_str());
        if extension == Some("node") {
            return Err(Refusal {
                code: "ERR_DLOPEN_FAILED".into(),
                message: format!("{path}: native addons cannot be loaded"),
            });
        }
        let bytes = self.door.read(&file).map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => {
                refuse(format!("{path} has more than {} MiB", LARGEST_FILE >> 20))
            }
            _ => Refusal::not_found(path),
        })?;
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.insert(path.to_owned(), self.fingerprint_of(&file, &bytes));
        drop(loaded);
        let text = String::from_utf8_lossy(&bytes);
        if extension == Some("json") {
            let code = text.trim_start_matches('\u{feff}').to_owned();
            return Ok(ModuleFile {
                format: ModuleFormat::Json,
                code: code.into(),
            });
        }
        Ok(match prepare(&text, self.manifests.language(&file)) {
            PackageCode::CommonJs(code) => ModuleFile {
                format: ModuleFormat::CommonJs,
                code: code.into(),
            },
            PackageCode::Module { code, is_async } => ModuleFile {
                format: match is_async {
                    true => ModuleFormat::AsyncModule,
                    false => ModuleFormat::EsModule,
                },
                code: code.into(),
            },
        })
    }

    pub(super) fn places(&self) -> &Places {
        &self.places
    }

    /// Returns all that the file system was asked for; `None` when some of it may change without being noticed.
    pub(super) fn sight(&self) -> Option<Sight> {
        self.door.sight()
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the fingerprint of a file as it is on disk now.
    pub(super) fn fingerprint(&self, path: &str) -> Option<Fingerprint> {
        let file = self.outside(path)?;
        let bytes = self.door.read(&file).ok()?;
        Some(self.fingerprint_of(&file, &bytes))
    }

    /// Returns the fingerprint of a file as it was when it was loaded.
    pub(super) fn fingerprint_when_loaded(&self, path: &str) -> Option<Fingerprint> {
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.get(path).copied()
    }

    fn fingerprint_of(&self, file: &Path, bytes: &[u8]) -> Fingerprint {
        let mut hasher = Sha256::new();
        hasher.update(bytes);
        hasher.update(format!("{:?}", self.manifests.language(file)));
        hasher.finalize().into()
    }

    /// Returns the bytes of a file of a package by its path outside; `None` when it may not be read.
    pub(super) fn file(&self, path: &Path) -> Option<Vec<u8>> {
        self.door.read(path).ok()
    }

    /// Returns the name inside the sandbox of a path without symbolic links.
    pub(super) fn inside(&self, path: &Path) -> Option<String> {
        self.places.inside(path)
    }

    /// The version of the package of this name that an Action gets.
    pub(super) fn version_of(&self, name: &str) -> Option<String> {
        let found = self
            .places
            .roots()
            .find_map(|root| self.manifests.in_folder(&root.join(name)))?;
        found
            .get("version")
            .and_then(Value::as_str)
            .map(str::to_owned)
    }

    /// Returns the name here of the package with this name and version: the name itself, or an alias that a project gives it
    /// (`"lodash-3": "npm:lodash@3.10.1"`) because it needs several versions.
    pub(super) fn alias_of(&self, name: &str, version: &str) -> Option<String> {
        if self.version_of(name).as_deref() == Some(version) {
            return Some(name.to_owned());
        }
        self.places.roots().find_map(|root| {
            let project = self.manifests.beside(root)?;
            let dependencies = ["dependencies", "devDependencies"]
                .into_iter()
                .filter_map(|key| project.get(key)?.as_object())
                .flatten();
            let mut aliases = dependencies.filter_map(|(alias, wanted)| {
                let target = wanted.as_str()?.strip_prefix("npm:")?.strip_prefix(name)?;
                target.starts_with('@').then_some(alias)
            });
            let is_it = |alias: &&String| {
                let manifest = self.manifests.in_folder(&root.join(alias));
                manifest.is_some_and(|manifest| manifest.get("version") == Some(&version.into()))
            };
            aliases.find(is_it).cloned()
        })
    }

    fn refusal(
        &self,
        error: &ResolveError,
        specifier: &str,
        importer: &str,
        keyword: Keyword,
    ) -> Refusal {
        let shown = |path: &Path| {
            self.places
                .inside(path)
                .unwrap_or_else(|| "a package".into())
        };
        let coded = |code: &str, message: String| Refusal {
            code: code.into(),
            message,
        };
        match error {
            ResolveError::PackagePathNotExported {
                subpath,
                package_json_path,
                ..
            } => {
                let manifest = shown(package_json_path);
                let message = match subpath.as_str() {
                    "." => format!("No \"exports\" main defined in {manifest}"),
                    subpath => format!(
                        "Package subpath '{subpath}' is not defined by \"exports\" in {manifest}"
                    ),
                };
                coded("ERR_PACKAGE_PATH_NOT_EXPORTED", message)
            }
            ResolveError::PackageImportNotDefined(name, manifest) => coded(
                "ERR_PACKAGE_IMPORT_NOT_DEFINED",
                format!(
                    "Package import specifier \"{name}\" is not defined in package {}",
                    shown(manifest)
                ),
            ),
            ResolveError::InvalidModuleSpecifier(..) => coded(
                "ERR_INVALID_MODULE_SPECIFIER",
                format!("Invalid module \"{specifier}\""),
            ),
            ResolveError::InvalidPackageTarget(target, key, manifest) => coded(
                "ERR_INVALID_PACKAGE_TARGET",
                format!(
                    "Invalid \"exports\" target \"{target}\" defined for '{key}' in the package config {}",
                    shown(manifest)
                ),
            ),
            ResolveError::Json(error) => {
                let why = match self.door.has_refused(&error.path) {
                    true => format!(
                        " postlogin does not read one with more than {MOST_STARS} `*` in a target of \"exports\" or \"imports\"."
                    ),
                    false => String::new(),
                };
                coded(
                    "ERR_INVALID_PACKAGE_CONFIG",
                    format!("Invalid package config {}.{why}", shown(&error.path)),
                )
            }
            ResolveError::InvalidPackageConfig(manifest) => coded(
                "ERR_INVALID_PACKAGE_CONFIG",
                format!("Invalid package config {}.", shown(manifest)),
            ),
            _ => not_found(specifier, importer, keyword),
        }
    }
}

/// Returns the number of bytes that the resolver keeps of one question, about: each folder on the way has a path of its own.
fn cache_weight(from: &Path, asked: &str) -> usize {
    let name = from.as_os_str().len() + asked.len();
    // The files that it could be are tried beside it.
    let folders = asked.bytes().filter(|byte| *byte == b'/').count() + 8;
    folders.saturating_mul(name / 2 + 256)
}

fn refused_link(link: &Path, target: &Path) -> Notice {
    Notice {
        code: "package-outside".into(),
        message: format!(
            "{} is a symbolic link to {}, which is not a package folder of this project: it was not read; install the packages inside the project",
            link.display(),
            target.display()
        ),
        source: None,
    }
}

fn not_found(specifier: &str, importer: &str, keyword: Keyword) -> Refusal {
    match keyword {
        Keyword::Require => Refusal::not_found(specifier),
        Keyword::Import => {
            let what = match specifier.starts_with(['/', '.']) {
                true => "module",
                false => "package",
            };
            Refusal {
                code: "ERR_MODULE_NOT_FOUND".into(),
                message: format!("Cannot find {what} '{specifier}' imported from {importer}"),
            }
        }
    }
}

/// Node 22's own.
fn options(keyword: Keyword) -> ResolveOptions {
    let own = match keyword {
        Keyword::Require => "require",
        Keyword::Import => "import",
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    ResolveOptions {
        condition_names: names(&["node", own, "module-sync"]),
        extensions: names(&[".js", ".json", ".node"]),
        main_fields: names(&["main"]),
        main_files: names(&["index"]),
        modules: names(&["node_modules"]),
        // An import names its file in full.
        fully_specified: keyword == Keyword::Import,
        // Nothing of the user's environment may decide what a login does.
        node_path: false,
        ..ResolveOptions::default()
    }
}

#[cfg(test)]
impl Packages {
    /// Returns the number of bytes that the cache of paths has by the questions since it was emptied, about.
    pub(super) fn cached(&self) -> usize {
        *self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
