//! Findings about files and packages that are not there, and about parts of a project that could not be read.

use std::{collections::BTreeMap, path::Path};

use postlogin_core::Location;
use postlogin_js::check::{self, Finding};
use postlogin_project::{ActionSource, Error, Project, display_path};
use postlogin_runner::{
    imports_left_out, missing_files, missing_modules, module_problems, unexported_names,
};

use crate::render::counted;

/// Returns the parts of a project that could not be read: the warning that reading the project gave for each, and its error with
/// the file as seen from `here`.
pub(super) fn unread(project: &Project, here: &Path) -> Vec<(String, Error)> {
    let broken = project.remarks.broken.iter();
    broken
        .map(|broken| {
            let sentence = broken.error.sentence();
            let mut error = broken.error.clone();
            if error.file == Some(display_path(&broken.path, &project.root)) {
                error = error.in_file(&display_path(&broken.path, here));
            }
            (sentence, error)
        })
        .collect()
}

/// Returns an error of a project whose file is relative to `root` with the file as seen from `here`; one without a file is about
/// the folder.
pub(super) fn seen_from(here: &Path, root: &Path, error: Error) -> Error {
    let file = match &error.file {
        Some(file) => display_path(&root.join(file), here),
        None => display_path(root, here),
    };
    error.in_file(if file.is_empty() { "." } else { &file })
}

/// Returns in words what a project without any Action and Rule has: `3 applications and 1 connection`. `None` when it has nothing,
/// or has Actions.
pub(super) fn entities(project: &Project) -> Option<String> {
    if !project.actions.is_empty() || !project.rules.is_empty() {
        return None;
    }
    let tenant = &project.tenant;
    let counts = [
        (tenant.clients.len(), "application"),
        (tenant.connections.len(), "connection"),
        (tenant.resource_servers.len(), "API"),
        (tenant.client_grants.len(), "grant"),
        (tenant.roles.len(), "role"),
        (tenant.organizations.len(), "organization"),
        (tenant.email_templates.len(), "e-mail template"),
        (project.modules.len(), "Action Module"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let mut words: Vec<String> = counts.map(|(count, one)| counted(count, one)).collect();
    let last = words.pop()?;
    Some(match words.is_empty() {
        true => last,
        false => format!("{} and {last}", words.join(", ")),
    })
}

/// Whether two errors report the same: the file may be named from another folder.
pub(super) fn is_same(one: &Error, other: &Error) -> bool {
    let file = |error: &Error| error.file.clone().unwrap_or_default();
    let (a, b) = (file(one), file(other));
    let is_one_file = a == b || a.ends_with(&format!("/{b}")) || b.ends_with(&format!("/{a}"));
    is_one_file && (one.line, &one.message) == (other.line, &other.message)
}

/// Where an error is; the beginning of the file if that is all that is known.
pub(super) fn place(error: &Error) -> Location {
    Location {
        file: error.file.clone().unwrap_or_else(|| ".".to_owned()),
        line: error.line.unwrap_or(1),
        column: error.column.unwrap_or(1),
    }
}

/// The modules that scripts load and that `run` and `test` will not find.
pub(super) struct Missing {
    /// The names of packages, each with the number of Actions that require it. Taken out when it is told: a checkout
    /// without `node_modules` lacks all packages.
    packages: BTreeMap<String, usize>,
}

impl Missing {
    pub(super) fn of(sources: &[ActionSource]) -> Self {
        let mut packages = BTreeMap::new();
        for (_, name) in sources.iter().flat_map(missing_modules) {
            *packages.entry(name).or_insert(0) += 1;
        }
        Self { packages }
    }

    /// Returns what one Action misses; a package is told with the first Action that requires it.
    pub(super) fn take(&mut self, source: &ActionSource) -> Vec<Finding> {
        let mut found = Vec::new();
        if let Some(message) = imports_left_out(source) {
            let place = Location {
                file: source.display_path.clone(),
                line: 1,
                column: 1,
            };
            found.push(check::imports_not_followed(&place, &message));
        }
        for (place, name) in missing_files(source) {
            let message = format!("`{name}` does not exist: the Action will not load");
            found.push(check::missing_file(&place, &message));
        }
        for (place, notice) in module_problems(source) {
            found.push(check::module_problem(&place, &notice));
        }
        found.extend(unexported_names(source).iter().map(check::missing_export));
        for (place, name) in missing_modules(source) {
            if name.starts_with(['.', '/']) {
                let message = format!(
                    "`{name}` is a file, and production deploys the Action alone: it will not load"
                );
                found.push(check::missing_file(&place, &message));
                continue;
            }
            let Some(count) = self.packages.remove(&name) else {
                continue;
            };
            let more = match count {
                0 | 1 => String::new(),
                2 => "; 1 more Action requires it".to_owned(),
                count => format!("; {} more Actions require it", count - 1),
            };
            let message =
                format!("`{name}` is not installed: `run` and `test` will not find it{more}");
            found.push(check::missing_package(
                &place,
                &message,
                &hint(source, &name),
            ));
        }
        found
    }
}

/// Returns the hint on installing a package: `postlogin install` installs declared packages only.
fn hint(source: &ActionSource, name: &str) -> String {
    let declared = source.declared.iter();
    let mut declared = declared.flat_map(|manifest| &manifest.dependencies);
    let is_it = |package: &str| name == package || name.starts_with(&format!("{package}/"));
    match declared.any(|package| is_it(&package.name)) {
        true => "`postlogin install` installs what Actions declare".to_owned(),
        false => {
            // Of `lodash/fp` and `@scope/name/part`, npm installs the package.
            let parts = if name.starts_with('@') { 2 } else { 1 };
            let package: Vec<&str> = name.splitn(parts + 1, '/').take(parts).collect();
            let package = package.join("/");
            format!("install the package that has it, such as with `npm install {package}`")
        }
    }
}
