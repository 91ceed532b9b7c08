//! Notices about a `require`: what production would do, and the remedy.

use postlogin_core::outcome::Notice;
use postlogin_engine::{Refusal, Resolved};

use crate::check::declared::package;

use super::{ActionModule, DeclaredPackage, LoadedModule, SCHEME};

const DEPENDENCIES_PAGE: &str = "https://auth0.com/docs/customize/actions/manage-dependencies";
const MODULES_PAGE: &str = "https://auth0.com/docs/customize/actions/actions-modules";

/// The declarations of the configurations.
pub(super) struct Advice {
    /// Who declares which packages; the Action has no name.
    declared: Vec<(String, Vec<DeclaredPackage>)>,
}

impl Advice {
    pub(super) fn new(declared: Option<Vec<DeclaredPackage>>, modules: &[ActionModule]) -> Self {
        let own = declared.map(|declared| (String::new(), declared));
        let others = modules.iter().filter_map(|module| {
            Some((format!("{SCHEME}{}", module.name), module.declared.clone()?))
        });
        Self {
            declared: own.into_iter().chain(others).collect(),
        }
    }

    /// About a package that the Action or a module requires; `installed` gives a package's version.
    pub(super) fn about(
        &self,
        importer: &str,
        specifier: &str,
        found: Result<&str, &Refusal>,
        installed: impl Fn(&str) -> Option<String>,
    ) -> Option<Notice> {
        let who = match importer.strip_prefix(SCHEME) {
            Some(module) => format!("the Action Module `{module}`"),
            None => "the Action".to_owned(),
        };
        let is_file = specifier.starts_with(['.', '/', '#']) || specifier.is_empty();
        // Neither a file nor the name of a package: there is nothing to install or declare.
        if !is_file && package(specifier).is_none() {
            return None;
        }
        let Some(name) = package(specifier) else {
            return Some(notice(
                "module-not-found",
                format!(
                    "{who} requires the file `{specifier}`; in production it is alone, so put the code into it or into an Action Module"
                ),
                DEPENDENCIES_PAGE,
            ));
        };
        let declared = self.declared.iter().find(|(by, _)| by == importer);
        // `Some(None)`: there is a configuration, and it does not declare the package.
        let declared =
            declared.map(|(_, packages)| packages.iter().find(|declared| declared.name == name));
        let version = declared
            .flatten()
            .and_then(|package| package.version.as_deref());
        let present = installed(name);
        match found {
            Err(refusal) if refusal.code.ends_with("MODULE_NOT_FOUND") => {
                let message = match &present {
                    Some(present) => format!(
                        "{who} requires `{specifier}`, which {name} {present} does not have"
                    ),
                    None => {
                        let version = version.filter(|version| is_exact(version));
                        let at = version.map_or_else(String::new, |version| format!("@{version}"));
                        format!(
                            "{who} requires `{specifier}`, and no node_modules folder from there upwards has it: npm install {name}{at}"
                        )
                    }
                };
                Some(notice("module-not-found", message, DEPENDENCIES_PAGE))
            }
            // The package refuses the request itself, as in production.
            Err(_) => None,
            Ok(_) if declared == Some(None) => Some(notice(
                "undeclared-dependency",
                format!(
                    "{who} requires `{name}` but does not declare it in its dependencies: production could not find it"
                ),
                DEPENDENCIES_PAGE,
            )),
            Ok(_) => {
                let version = version.filter(|version| is_exact(version))?;
                let present = present.filter(|present| present != version)?;
                Some(notice(
                    "dependency-version",
                    format!(
                        "{who} declares {name} {version}, and node_modules has {present}: npm install {name}@{version}"
                    ),
                    DEPENDENCIES_PAGE,
                ))
            }
        }
    }
}

/// About a module that is there.
pub(super) fn of_found_module(module: &ActionModule) -> Option<Notice> {
    let name = &module.name;
    (!module.is_bound).then(|| {
        notice(
            "undeclared-module",
            format!(
                "the Action requires `{SCHEME}{name}` but its configuration does not name that module: production could not find it"
            ),
            MODULES_PAGE,
        )
    })
}

/// About one that is not, or not for who asks.
pub(super) fn of_missing_module(
    importer: &str,
    specifier: &str,
    modules: &[LoadedModule],
) -> Option<Notice> {
    let message = if let Some(module) = importer.strip_prefix(SCHEME) {
        format!(
            "the Action Module `{module}` requires `{specifier}`; modules cannot use other modules"
        )
    } else if importer.is_empty() {
        let names: Vec<&str> = modules
            .iter()
            .map(|module| module.module.name.as_str())
            .collect();
        let known = match names.as_slice() {
            [] => "the project has no Action Modules (action-modules/*.json)".to_owned(),
            names => format!("the project's Action Modules are {}", names.join(", ")),
        };
        format!("the Action requires `{specifier}`; {known}")
    } else {
        return None;
    };
    Some(notice("module-not-found", message, MODULES_PAGE))
}

/// About a name that no file can have. It is not repeated in full.
pub(super) fn of_long_specifier(specifier: &str) -> Resolved {
    let begin: String = specifier.chars().take(60).collect();
    let message = format!(
        "the Action requires a module whose name has {} bytes, `{begin}…`: no file has such a name",
        specifier.len()
    );
    Resolved {
        path: Err(Refusal::not_found(&format!("{begin}…"))),
        notices: vec![notice("module-not-found", message, DEPENDENCIES_PAGE)],
    }
}

fn notice(code: &str, message: String, page: &str) -> Notice {
    Notice {
        code: code.into(),
        message,
        source: Some(page.into()),
    }
}

/// Whether a version is one and no range. `latest` and the like are pinned by the vendor when the Action is saved.
fn is_exact(version: &str) -> bool {
    version.starts_with(|first: char| first.is_ascii_digit())
        && !version.contains([' ', '|', '*'])
        && !version.contains(".x")
        && version.matches('.').count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_configuration_says_is_compared_with_what_is_there() {
        #[track_caller]
        fn check(
            declared: Option<&[(&str, Option<&str>)]>,
            specifier: &str,
            installed: Option<&str>,
            expected: Option<&str>,
        ) {
            let package = |(name, version): &(&str, Option<&str>)| DeclaredPackage {
                name: (*name).to_owned(),
                version: version.map(str::to_owned),
            };
            let declared = declared.map(|declared| declared.iter().map(package).collect());
            let advice = Advice::new(declared, &[]);
            let missing = Refusal::not_found(specifier);
            let found = installed.map_or(Err(&missing), |_| Ok("/home/action/node_modules/x"));
            let notice = advice.about("", specifier, found, |_| installed.map(str::to_owned));
            assert_eq!(notice.map(|notice| notice.message).as_deref(), expected);
        }
        let lodash: &[(&str, Option<&str>)] = &[("lodash", Some("4.17.21"))];
        check(Some(lodash), "lodash/fp", Some("4.17.21"), None);
        check(None, "lodash", Some("4.17.21"), None);
        check(Some(&[("lodash", None)]), "lodash", Some("1.0.0"), None);
        check(
            Some(&[("lodash", Some("latest"))]),
            "lodash",
            Some("1.0.0"),
            None,
        );
        check(
            Some(lodash),
            "lodash",
            Some("4.17.20"),
            Some(
                "the Action declares lodash 4.17.21, and node_modules has 4.17.20: npm install lodash@4.17.21",
            ),
        );
        check(
            Some(lodash),
            "axios",
            Some("1.0.0"),
            Some(
                "the Action requires `axios` but does not declare it in its dependencies: production could not find it",
            ),
        );
        check(
            Some(lodash),
            "lodash",
            None,
            Some(
                "the Action requires `lodash`, and no node_modules folder from there upwards has it: npm install lodash@4.17.21",
            ),
        );
        check(
            None,
            "@a/b/c",
            None,
            Some(
                "the Action requires `@a/b/c`, and no node_modules folder from there upwards has it: npm install @a/b",
            ),
        );
        check(
            None,
            "./helper",
            None,
            Some(
                "the Action requires the file `./helper`; in production it is alone, so put the code into it or into an Action Module",
            ),
        );
    }
}
