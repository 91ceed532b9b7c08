//! The names of packages in Rules: `lodash`, `lodash@4.17.10`, `auth0@2.0.0/lib`.
//!
//! Source: <https://auth0.com/docs/rules-best-practices/rules-environment-best-practices>.

use postlogin_core::outcome::Notice;

use crate::check::declared::package;

const ENVIRONMENT_PAGE: &str =
    "https://auth0.com/docs/rules-best-practices/rules-environment-best-practices";

/// The package, the version that is asked for, and the file below the package with its `/`.
pub(super) fn parts(specifier: &str) -> (&str, Option<&str>, &str) {
    let scope = match specifier.starts_with('@') {
        true => specifier
            .find('/')
            .map_or(specifier.len(), |slash| slash + 1),
        false => 0,
    };
    let rest = specifier.get(scope..).unwrap_or_default();
    let end = rest.find(['@', '/']).unwrap_or(rest.len());
    let name = specifier.get(..scope + end).unwrap_or(specifier);
    let behind = rest.get(end..).unwrap_or_default();
    match behind.strip_prefix('@') {
        Some(behind) => {
            let end = behind.find('/').unwrap_or(behind.len());
            let (version, file) = behind.split_at(end);
            (name, Some(version), file)
        }
        None => (name, None, behind),
    }
}

/// About a package that a Rule requires; `present` is the version in `node_modules`.
pub(super) fn notice(
    specifier: &str,
    wanted: Option<&str>,
    present: Option<&str>,
    is_found: bool,
) -> Option<Notice> {
    let (name, _, _) = parts(specifier);
    let install = match wanted {
        Some(version) => format!("npm install {name}@{version}"),
        None => format!("npm install {name}"),
    };
    let (code, message) = match (present, wanted) {
        (_, _) if !is_found && package(name).is_none() => return None,
        (Some(present), _) if !is_found => (
            "module-not-found",
            format!("the Rule requires `{specifier}`, which {name} {present} does not have"),
        ),
        (_, _) if !is_found => (
            "module-not-found",
            format!(
                "the Rule requires `{specifier}`, and no node_modules folder from there upwards has it: {install}"
            ),
        ),
        (Some(present), Some(wanted)) if present != wanted => (
            "dependency-version",
            format!("the Rule requires {name} {wanted}, and node_modules has {present}: {install}"),
        ),
        _ => return None,
    };
    Some(Notice {
        code: code.into(),
        message,
        source: Some(ENVIRONMENT_PAGE.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_may_stand_behind_the_name() {
        let check = |specifier: &str, expected: (&str, Option<&str>, &str)| {
            assert_eq!(parts(specifier), expected, "{specifier}");
        };
        check("lodash", ("lodash", None, ""));
        check("lodash/get", ("lodash", None, "/get"));
        check("lodash@4.17.10", ("lodash", Some("4.17.10"), ""));
        check("auth0@2.0.0/lib/x", ("auth0", Some("2.0.0"), "/lib/x"));
        check("@auth0/rule-utilities", ("@auth0/rule-utilities", None, ""));
        check(
            "@auth0/rule-utilities@0.2.0",
            ("@auth0/rule-utilities", Some("0.2.0"), ""),
        );
        check("@auth0", ("@auth0", None, ""));
        check("@", ("@", None, ""));
        check("", ("", None, ""));
        check("./x", (".", None, "/x"));
    }
}
