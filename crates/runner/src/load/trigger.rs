//! For which trigger a source is written.

use std::path::Path;

use postlogin_core::Trigger;
use postlogin_core::trigger::{Exported, near_handler};
use postlogin_engine::handlers_of;
use postlogin_js::source::{facts::facts, rule::is_rule};
use postlogin_js::source_of_component;
use postlogin_project::{ActionKind, ActionSource, Boundary, Role};

use super::LoadError;

/// Returns the trigger of a source: that of the handler that it exports (of a Cargo package, that of the macro which it uses), of
/// several the one that its configuration names, and post-login for a Rule and for a source that exports none (production's error says so when it runs).
///
/// # Errors
/// When it exports no handler of a trigger that runs here, and its exports or its configuration name only others.
pub fn trigger_of(source: &ActionSource) -> Result<Trigger, LoadError> {
    if source.role != Role::ByText {
        return Ok(Trigger::PostLogin);
    }
    let exports = match &source.kind {
        ActionKind::Script { text, .. } if is_rule(&source.display_path, text) => {
            return Ok(Trigger::PostLogin);
        }
        ActionKind::Script { text, .. } => exports(&source.display_path, text),
        ActionKind::Component { bytes, .. } => match source_of_component(bytes) {
            Some((file, text)) => exports(&file, &text),
            None => {
                let handled = handlers_of(bytes);
                return Ok(chosen(source, &handled));
            }
        },
        // Certain when it is built, which it is not yet; its configuration may name the trigger.
        ActionKind::CargoPackage { dir, .. } => {
            return Ok(chosen(source, &in_package(source, dir)));
        }
    };
    let handled: Vec<Trigger> = exports
        .iter()
        .filter_map(|export| Some(Trigger::of_export(export)?.0))
        .collect();
    if handled.is_empty() {
        if let Some(error) = of_no_trigger_here(source, &exports) {
            return Err(error);
        }
        if let Some(id) = declared_unknown(source) {
            return Err(LoadError::other_trigger(&source.display_path, id));
        }
    }
    Ok(chosen(source, &handled))
}

/// Returns the error of a source whose exports have the form of handlers and belong to no trigger that runs here. A slip in
/// the name is production's matter: it says at the login which export it misses.
fn of_no_trigger_here(source: &ActionSource, exports: &[String]) -> Option<LoadError> {
    let file = &source.display_path;
    exports.iter().find_map(|name| match Exported::of(name) {
        Exported::WithoutContract(id) => Some(LoadError::handler_without_contract(file, name, id)),
        Exported::UnknownHandler if near_handler(name).is_none() => {
            Some(LoadError::unknown_handler(file, name))
        }
        _ => None,
    })
}

/// Returns the trigger of all of `sources`.
///
/// # Errors
/// As [`trigger_of`], and when they are of several triggers.
pub fn trigger_of_all<'s>(
    sources: impl IntoIterator<Item = &'s ActionSource>,
) -> Result<Trigger, LoadError> {
    let mut first: Option<(&ActionSource, Trigger)> = None;
    for source in sources {
        let trigger = trigger_of(source)?;
        match first {
            None => first = Some((source, trigger)),
            Some((other, known)) if known != trigger => {
                return Err(LoadError::mixed_triggers(
                    (&other.display_path, known),
                    (&source.display_path, trigger),
                ));
            }
            Some(_) => {}
        }
    }
    Ok(first.map_or(Trigger::PostLogin, |(_, trigger)| trigger))
}

fn exports(file: &str, text: &str) -> Vec<String> {
    let facts = facts(file, text);
    let names = facts.exports.into_iter().map(|export| export.name);
    names
        .chain(facts.handlers.into_iter().map(|handler| handler.name))
        .collect()
}

/// Returns the trigger that the configuration names, when it names only such as do not run here.
fn declared_unknown(source: &ActionSource) -> Option<&str> {
    let declared = &source.declared.as_ref()?.supported_triggers;
    let is_known = |id: &str| Trigger::of_id(id).is_some();
    match declared.iter().any(|trigger| is_known(&trigger.id)) {
        true => None,
        false => declared.first().map(|trigger| trigger.id.as_str()),
    }
}

/// Returns the triggers whose macro the sources of a Cargo package use: `credentials_exchange!(on_execute)`. A package that writes
/// its exports by hand uses none.
fn in_package(source: &ActionSource, folder: &Path) -> Vec<Trigger> {
    let within = Boundary::around(folder);
    let files = source.files();
    let sources = files
        .iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
    let texts: Vec<String> = sources
        .filter_map(|file| within.read_text(file, &source.display_path).ok())
        .collect();
    let is_used = |trigger: &Trigger| {
        let call = format!("{}!(", trigger.id().replace('-', "_"));
        let path = format!("postlogin_sdk::{call}");
        let mut lines = texts
            .iter()
            .flat_map(|text| text.lines().map(str::trim_start));
        // At the beginning of a line: a comment that shows the macro does not use it.
        lines.any(|line| line.starts_with(&call) || line.starts_with(&path))
    };
    let triggers = Trigger::ALL.iter().copied();
    triggers.filter(is_used).collect()
}

/// The one that the configuration names, if it is one of those that are handled.
fn chosen(source: &ActionSource, handled: &[Trigger]) -> Trigger {
    let declared = source.declared.iter();
    let mut declared = declared
        .flat_map(|manifest| &manifest.supported_triggers)
        .filter_map(|trigger| Trigger::of_id(&trigger.id));
    let named = declared.find(|trigger| handled.is_empty() || handled.contains(trigger));
    named
        .or_else(|| handled.first().copied())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use postlogin_core::Trigger;
    use postlogin_project::{NamedBy, resolve_action};

    use super::trigger_of;

    #[test]
    fn a_package_is_of_the_trigger_whose_macro_it_uses() {
        #[track_caller]
        fn check(lib: &str, expected: Trigger) {
            let folder = tempfile::tempdir().expect("a folder");
            let package = folder.path().join("package");
            fs::create_dir_all(package.join("src")).expect("a folder");
            fs::write(package.join("Cargo.toml"), "[package]\n").expect("a file");
            fs::write(package.join("src/lib.rs"), lib).expect("a file");
            let source =
                resolve_action("./package", folder.path(), None, NamedBy::User).expect("a package");
            assert_eq!(trigger_of(&source).ok(), Some(expected), "{lib}");
        }
        let (login, machine) = (Trigger::PostLogin, Trigger::CredentialsExchange);
        check("post_login!(on_execute);", login);
        check("fn f() {}\n  credentials_exchange!(on_execute);", machine);
        check("postlogin_sdk::credentials_exchange!(f);", machine);
        check("// credentials_exchange!(f);\npost_login!(f);", login);
        check("// post_login!(f);\ncredentials_exchange!(f);", machine);
        check("//! postlogin_sdk::credentials_exchange!(f);\n", login);
        check(
            "use other::my_credentials_exchange;\nmy_credentials_exchange!(f);",
            login,
        );
        // What writes its exports by hand says nothing.
        check("", login);
    }
}
