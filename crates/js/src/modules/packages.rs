//! npm packages: Node's algorithm over the project's `node_modules`, read only.

use std::{
    fs,
    path::{Path, PathBuf},
};

use oxc_resolver::{ResolveError, ResolveOptions, Resolver};
use postlogin_engine::{Keyword, ModuleFile, ModuleFormat, Refusal};
use serde_json::Value;

use super::{manifests::Manifests, places::Places};
use crate::source::package::{PackageCode, prepare};

/// What is far larger than any module that people write is data or a mistake, in bytes.
const LARGEST_FILE: u64 = 32 << 20;

pub(super) struct Packages {
    folder: PathBuf,
    places: Places,
    manifests: Manifests,
    require: Resolver,
    import: Resolver,
}

impl Packages {
    /// The packages that an Action in `folder` can see.
    pub(super) fn new(folder: &Path) -> Self {
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let require = Resolver::new(options(Keyword::Require));
        let import = require.clone_with_options(options(Keyword::Import));
        Self {
            places: Places::around(&folder),
            folder,
            manifests: Manifests::default(),
            require,
            import,
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
            false => Some(self.places.outside(importer).ok_or_else(not_found)?),
        };
        let from = from
            .as_deref()
            .and_then(Path::parent)
            .unwrap_or(&self.folder);
        let absolute;
        let asked = if specifier.starts_with('/') {
            absolute = self.places.outside(specifier).ok_or_else(not_found)?;
            absolute.to_str().ok_or_else(not_found)?
        } else {
            specifier
        };
        let resolver = match keyword {
            Keyword::Require => &self.require,
            Keyword::Import => &self.import,
        };
        let resolution = resolver
            .resolve(from, asked)
            .map_err(|error| self.refusal(&error, specifier, importer, keyword))?;
        self.places.inside(resolution.path()).ok_or_else(not_found)
    }

    pub(super) fn load(&self, path: &str) -> Result<ModuleFile, Refusal> {
        let refuse = |message: String| Refusal {
            code: "ERR_INVALID_MODULE".into(),
            message,
        };
        let file = self
            .places
            .outside(path)
            .ok_or_else(|| Refusal::not_found(path))?;
        let extension = file.extension().and_then(|extension| extension.to_str());
        if extension == Some("node") {
            return Err(Refusal {
                code: "ERR_DLOPEN_FAILED".into(),
                message: format!("{path}: native addons can't be loaded"),
            });
        }
        let meta = fs::metadata(&file).map_err(|_| Refusal::not_found(path))?;
        if meta.len() > LARGEST_FILE {
            return Err(refuse(format!("{path} has more than 32 MiB")));
        }
        let bytes = fs::read(&file).map_err(|_| Refusal::not_found(path))?;
        let text = String::from_utf8_lossy(&bytes);
        if extension == Some("json") {
            let code = text.trim_start_matches('\u{feff}').to_owned();
            return Ok(ModuleFile {
                format: ModuleFormat::Json,
                code,
            });
        }
        Ok(match prepare(&text, self.manifests.language(&file)) {
            PackageCode::CommonJs(code) => ModuleFile {
                format: ModuleFormat::CommonJs,
                code,
            },
            PackageCode::Module { code, is_async } => ModuleFile {
                format: match is_async {
                    true => ModuleFormat::AsyncModule,
                    false => ModuleFormat::EsModule,
                },
                code,
            },
        })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A file as it is on disk, with a mark of how its text is read.
    pub(super) fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        let file = self.places.outside(path)?;
        let mut bytes = fs::read(&file).ok()?;
        bytes.extend(format!("{:?}", self.manifests.language(&file)).bytes());
        Some(bytes)
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

    /// What the package with this name and version is called here: the name itself, or an alias that a project gives it
    /// (`"lodash-3": "npm:lodash@3.10.1"`) because it needs several versions.
    pub(super) fn alias_of(&self, name: &str, version: &str) -> Option<String> {
        if self.version_of(name).as_deref() == Some(version) {
            return Some(name.to_owned());
        }
        self.places.roots().find_map(|root| {
            let project = self.manifests.in_folder(root.parent()?)?;
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
            ResolveError::InvalidPackageConfig(manifest) => coded(
                "ERR_INVALID_PACKAGE_CONFIG",
                format!("Invalid package config {}.", shown(manifest)),
            ),
            _ => not_found(specifier, importer, keyword),
        }
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
