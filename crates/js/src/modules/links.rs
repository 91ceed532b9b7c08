//! Names that a file imports from another file of the project, which does not export them. A bundler refuses to build that, and Node
//! to load it.

use std::collections::HashSet;

use postlogin_core::event::suggest::closest;

use super::{Imports, LocalFile};
use crate::source::{SyntaxError, links::Names, links::names};

/// Returns the imports of an Action and of its local files that nothing is exported for, each in Node's words and where it is written.
/// Empty for a file of which reading does not show what it exports: CommonJS, JSON, one that exports everything of a package.
#[must_use]
pub fn missing_exports(
    file: &str,
    text: &str,
    imports: &Imports,
    local: &[LocalFile],
) -> Vec<SyntaxError> {
    if imports.is_empty() {
        return Vec::new();
    }
    let others: Vec<Option<Names>> = local
        .iter()
        .map(|file| names(&file.file, &file.text, true))
        .collect();
    let own = names(file, text, false);
    let own = own.iter().map(|names| (names, imports));
    let rest = others.iter().zip(local);
    let rest = rest.filter_map(|(names, file)| Some((names.as_ref()?, &file.imports)));
    let mut missing = Vec::new();
    for (names, imports) in own.chain(rest) {
        for asked in &names.links.asked {
            let target = imports.get(&asked.specifier);
            let Some(given) = target.and_then(|target| given(*target, &others, local)) else {
                continue;
            };
            if !given.contains(&asked.name) {
                missing.push(error(
                    names,
                    asked.offset,
                    &asked.specifier,
                    &asked.name,
                    &given,
                ));
            }
        }
    }
    missing
}

/// Returns all that a file exports, with what it exports of other files; `None` when some of it is not known.
fn given(target: usize, names: &[Option<Names>], local: &[LocalFile]) -> Option<HashSet<String>> {
    let mut given = HashSet::new();
    let (mut open, mut seen) = (vec![target], HashSet::from([target]));
    while let Some(one) = open.pop() {
        let links = &names.get(one)?.as_ref()?.links;
        if links.is_open {
            return None;
        }
        // `export *` leaves out the default.
        let taken = links.given.iter();
        let taken = taken.filter(|name| one == target || *name != "default");
        given.extend(taken.cloned());
        for star in &links.stars {
            let next = *local.get(one)?.imports.get(star)?;
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    Some(given)
}

fn error(
    importer: &Names,
    offset: usize,
    specifier: &str,
    name: &str,
    given: &HashSet<String>,
) -> SyntaxError {
    let mut all: Vec<&str> = given.iter().map(String::as_str).collect();
    all.sort_unstable();
    let hint = match closest(name, all.iter().copied()) {
        Some(close) => format!("did you mean `{close}`?"),
        None if all.is_empty() => format!("`{specifier}` exports nothing"),
        None => format!("`{specifier}` exports {}", listed(&all)),
    };
    SyntaxError {
        message: format!(
            "The requested module '{specifier}' does not provide an export named '{name}'"
        ),
        location: importer.location(offset),
        hint: Some(hint),
    }
}

/// The first names of a list.
fn listed(names: &[&str]) -> String {
    const MOST: usize = 8;
    let shown: Vec<String> = (names.iter().take(MOST))
        .map(|name| format!("`{name}`"))
        .collect();
    match names.len() > MOST {
        true => format!("{} and {} more", shown.join(", "), names.len() - MOST),
        false => shown.join(", "),
    }
}
