//! For which trigger a source is written.

use postlogin_core::Trigger;
use postlogin_engine::handlers_of;
use postlogin_js::source::{facts::facts, rule::is_rule};
use postlogin_js::source_of_component;
use postlogin_project::{ActionKind, ActionSource, Role};

use super::LoadError;

/// Returns the trigger of a source: that of the handler that it exports, of several the one that its configuration names, and
/// post-login for a Rule and for a source that exports none (production's error says so when it runs).
///
/// # Errors
/// When its configuration names only triggers that do not run here, and it exports no handler of one that does.
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
        // Known when it is built; its configuration may name the trigger.
        ActionKind::CargoPackage { .. } => return Ok(chosen(source, &[])),
    };
    let handled: Vec<Trigger> = exports
        .iter()
        .filter_map(|export| Some(Trigger::of_export(export)?.0))
        .collect();
    if handled.is_empty()
        && let Some(id) = declared_unknown(source)
    {
        return Err(LoadError::other_trigger(&source.display_path, id));
    }
    Ok(chosen(source, &handled))
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
