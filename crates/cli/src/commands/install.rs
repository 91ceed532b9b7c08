//! `postlogin install`: the npm packages that the project's Actions declare.

mod foreign;

use std::{collections::BTreeMap, process::Command};

use postlogin_project::Project;

use super::run::working_folder;
use crate::{
    args::InstallArguments,
    error::{CliError, SUCCESS, UNLOADABLE},
    printer::Printer,
};

pub(crate) fn install(arguments: &InstallArguments, printer: &Printer) -> Result<u8, CliError> {
    let here = working_folder()?;
    let Some(project) = crate::project::discover(&here, printer)? else {
        return Err(CliError::usage("no project was found here")
            .with_hint("start it in the project, or choose one with `-C FOLDER`"));
    };
    let packages = declared(&project, printer)?;
    if packages.is_empty() {
        printer.note("no Action of the project declares a package");
        return Ok(SUCCESS);
    }
    let folder = &project.home;
    let mut words = vec!["install".to_owned(), "--save-exact".to_owned()];
    // Packages run in the sandbox; their install scripts would not.
    words.push("--ignore-scripts".to_owned());
    words.extend(packages);
    let shown = format!("npm {}", words.join(" "));
    if arguments.dry_run {
        printer.data(|out| writeln!(out, "{shown}"))?;
        return Ok(SUCCESS);
    }
    foreign::refuse(folder, &shown)?;
    printer.note(&format!("{}: {shown}", folder.display()));
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let done = Command::new(npm)
        .args(&words)
        // Without it, npm looks for a project above, whose files were not looked at.
        .arg("--prefix")
        .arg(folder)
        .current_dir(folder)
        .envs(foreign::SETTINGS.iter().copied())
        .status();
    match done {
        Ok(status) if status.success() => Ok(SUCCESS),
        Ok(status) => Err(CliError {
            message: format!("npm failed: {status}"),
            hint: None,
            code: UNLOADABLE,
        }),
        Err(error) => Err(
            CliError::usage(format!("npm cannot be started: {error}")).with_hint(format!(
                "install Node.js, or run with another tool: {shown}"
            )),
        ),
    }
}

/// The packages of all Actions and Action Modules as npm takes them, each once.
fn declared(project: &Project, printer: &Printer) -> Result<Vec<String>, CliError> {
    let actions = project.actions.iter().map(|action| &action.manifest);
    let modules = project.modules.iter().map(|module| &module.manifest);
    let mut versions: BTreeMap<&str, (Option<&str>, &str)> = BTreeMap::new();
    for manifest in actions.chain(modules) {
        for package in &manifest.dependencies {
            let version = package.version.as_deref();
            let version = version.filter(|version| *version != "latest");
            let name = (package.name.as_str(), is_name as fn(&str) -> bool);
            let version_of = version.map(|version| (version, is_version as fn(&str) -> bool));
            for (text, is_valid) in [Some(name), version_of].into_iter().flatten() {
                if !is_valid(text) {
                    return Err(CliError::usage(format!(
                        "the Action `{}` declares `{text}`, which is not a valid name or version of a package",
                        manifest.name
                    )));
                }
            }
            match versions.get(package.name.as_str()) {
                Some((known, by)) if *known != version => printer.warning(&format!(
                    "`{by}` declares {} {} and `{}` {}; the first is installed",
                    package.name,
                    known.unwrap_or("latest"),
                    manifest.name,
                    version.unwrap_or("latest")
                )),
                Some(_) => {}
                None => drop(versions.insert(&package.name, (version, &manifest.name))),
            }
        }
    }
    let named = versions.into_iter();
    let named = named.map(|(name, (version, _))| match version {
        Some(version) => format!("{name}@{version}"),
        None => name.to_owned(),
    });
    Ok(named.collect())
}

/// Names and versions come from files of the project: none is an option, a path, a URL or another package.
fn is_plain(text: &str, also: &str) -> bool {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || also.contains(letter);
    text.chars().all(allowed) && !text.contains("..")
}

/// Whether a text is the name of a package: `lodash`, `@scope/name`.
fn is_name(text: &str) -> bool {
    let is_part = |part: &str| {
        let first = part.chars().next();
        first.is_some_and(|first| first.is_ascii_alphanumeric() || first == '_')
            && is_plain(part, "-._~")
    };
    match text.strip_prefix('@') {
        Some(scoped) => scoped
            .split_once('/')
            .is_some_and(|(scope, name)| is_part(scope) && is_part(name)),
        None => is_part(text),
    }
}

/// Whether a text is a version, a range or a tag. Behind `name@`, one with a slash or an at sign would be a folder or another package.
fn is_version(text: &str) -> bool {
    let first = text.chars().next();
    first.is_some_and(|first| first.is_ascii_alphanumeric() || "~^".contains(first))
        && is_plain(text, "-._~^+")
}

#[cfg(test)]
mod tests {
    use super::{is_name, is_version};

    #[test]
    fn names_and_versions_are_no_options_and_no_paths() {
        for text in ["lodash", "@auth0/node", "JSONStream", "lodash.merge"] {
            assert!(is_name(text), "{text}");
        }
        for text in ["4.17.21", "^1.2.3", "1.0.0-beta.1+x", "~2", "next"] {
            assert!(is_version(text), "{text}");
        }
        for text in [
            "",
            "--global",
            "-g",
            "../x",
            "a/b",
            "https://x/y.tgz",
            "git+ssh://x",
            "a b",
            "a;b",
            "@a/b/c",
            "x@npm:y",
            "/etc",
            "file:x",
            "link:x",
            "lodash@1",
            "@/x",
            "@x",
            "@x/",
        ] {
            assert!(!is_name(text), "{text}");
            assert!(!is_version(text), "{text}");
        }
        // With `lodash@` before them, these are folders.
        for text in ["@l/y", "~/x", "@auth0/node"] {
            assert!(!is_version(text), "{text}");
        }
    }
}
