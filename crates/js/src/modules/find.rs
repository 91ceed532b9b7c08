//! Which file a `require` or an `import` leads to: replacements of a test first, then Action Modules, files of the project, packages.

use postlogin_core::outcome::Notice;
use postlogin_engine::{Keyword, Refusal, Resolved};

use super::{Modules, SCHEME, advice, legacy, local::Local, mocks};

impl Modules {
    pub(super) fn find(&self, importer: &str, specifier: &str, keyword: Keyword) -> Resolved {
        if let Some(path) = self.mocks.find(importer, specifier, self.is_rule) {
            return Resolved {
                path: Ok(path.to_owned()),
                notices: Vec::new(),
            };
        }
        if self.mocks.has(importer) {
            return self.find_for_mock(specifier, keyword);
        }
        if specifier.starts_with(SCHEME) {
            return self.find_module(importer, specifier);
        }
        if let Some(path) = self.local.resolve(importer, specifier) {
            return Resolved {
                path: Ok(path.to_owned()),
                notices: Vec::new(),
            };
        }
        // What local files require of packages, the bundled Action requires.
        let importer = match Local::is_name(importer) {
            true => "",
            false => importer,
        };
        if self.is_rule && importer.is_empty() {
            return self.find_for_rule(specifier, keyword);
        }
        let is_own = importer.is_empty() || importer.starts_with(SCHEME);
        let found = match &self.packages {
            Some(packages) => packages.resolve(importer, specifier, keyword),
            None => Err(Refusal::not_found(specifier)),
        };
        let mut notices = Vec::new();
        if is_own {
            notices.extend(self.outside(specifier, found.is_ok()));
            let installed = |name: &str| self.packages.as_ref()?.version_of(name);
            notices.extend(
                self.advice
                    .about(importer, specifier, found.as_deref(), installed),
            );
        }
        Resolved {
            path: found,
            notices,
        }
    }

    /// A replacement for a module may require packages, as the Action does.
    fn find_for_mock(&self, specifier: &str, keyword: Keyword) -> Resolved {
        let path = match (&self.packages, self.module(specifier)) {
            (_, Some(module)) => Ok(module.path.clone()),
            _ if specifier.starts_with(['.', '/']) => Err(mocks::one_file(specifier)),
            (Some(packages), None) => packages.resolve("", specifier, keyword),
            (None, None) => Err(Refusal::not_found(specifier)),
        };
        Resolved {
            path,
            notices: Vec::new(),
        }
    }

    /// A Rule may name a version, which production has beside all others; here there is the one of `node_modules`, and those
    /// that the project gives a name of their own.
    fn find_for_rule(&self, specifier: &str, keyword: Keyword) -> Resolved {
        let (name, version, file) = legacy::parts(specifier);
        let exact = match (&self.packages, version) {
            (Some(packages), Some(version)) => packages.alias_of(name, version),
            _ => None,
        };
        let plain = format!("{}{file}", exact.as_deref().unwrap_or(name));
        let found = match &self.packages {
            Some(packages) => packages.resolve("", &plain, keyword),
            None => Err(Refusal::not_found(specifier)),
        };
        let present = match &exact {
            Some(_) => version.map(str::to_owned),
            None => self
                .packages
                .as_ref()
                .and_then(|packages| packages.version_of(name)),
        };
        let mut notices = self.outside(&plain, found.is_ok());
        notices.extend(legacy::notice(
            specifier,
            version,
            present.as_deref(),
            found.is_ok(),
        ));
        Resolved {
            path: found.map_err(|_| Refusal::not_found(specifier)),
            notices,
        }
    }

    /// About what is not read because it leads out of the project.
    fn outside(&self, specifier: &str, is_found: bool) -> Vec<Notice> {
        let packages = self.packages.as_ref();
        packages.map_or_else(Vec::new, |packages| packages.notices(specifier, is_found))
    }

    /// A module cannot use other modules.
    /// Source: <https://auth0.com/docs/customize/actions/actions-modules>.
    fn find_module(&self, importer: &str, specifier: &str) -> Resolved {
        let found = self.module(specifier).filter(|_| importer.is_empty());
        let notice = match found {
            Some(found) => advice::of_found_module(&found.module),
            None => advice::of_missing_module(importer, specifier, &self.modules),
        };
        Resolved {
            path: match found {
                Some(found) => Ok(found.path.clone()),
                None => Err(Refusal::not_found(specifier)),
            },
            notices: notice.into_iter().collect::<Vec<Notice>>(),
        }
    }
}
