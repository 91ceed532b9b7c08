//! The event of a case.

use std::path::Path;
use std::sync::Arc;

use postlogin_core::event::{
    Path as EventPath, Segment, check_paths, check_size, check_user, merge_patch, sample, set_path,
};
use postlogin_core::login::store_user;
use postlogin_core::{Trigger, complete_event};
use postlogin_project::cases::{Base, Case};
use postlogin_project::document::node::{Node, NodeValue, Place};
use postlogin_project::{Boundary, Error, Format, display_path, parse_document};
use serde_json::{Value, json};

use super::Bases;
use super::named::NamedFiles;

/// Reads what an event begins with; `None` for the built-in one. Files are read once.
pub(super) fn base(
    base: &Base,
    what: &str,
    read: &mut NamedFiles,
    working_folder: &Path,
    within: &Boundary,
) -> Result<Option<Arc<Value>>, Error> {
    match base {
        Base::Default => Ok(None),
        Base::Inline(value) => Ok(Some(Arc::clone(value))),
        Base::File(path, _) => {
            if let Some(value) = read.values.get(path) {
                return Ok(Some(Arc::clone(value)));
            }
            let shown = display_path(path, working_folder);
            read.admit(&shown)?;
            let text = within.read_text(path, &shown)?;
            let value = parse_document(&text, Format::of(path), &shown)?;
            if !value.is_object() {
                return Err(Error::new(format!("{what} must be an object")).in_file(&shown));
            }
            read.count(&value, &shown)?;
            let value = Arc::new(value);
            read.values.insert(path.clone(), Arc::clone(&value));
            Ok(Some(value))
        }
    }
}

/// The event that a case begins with.
///
/// # Errors
/// When a path of `set` leads nowhere.
pub(crate) fn event_of(trigger: Trigger, case: &Case, bases: &Bases) -> Result<Value, Error> {
    let mut event = match &bases.event {
        Some(event) => (**event).clone(),
        None => sample(trigger),
    };
    for (key, base) in [("user", &bases.user), ("client", &bases.client)] {
        if let (Some(base), Some(event)) = (base, event.as_object_mut()) {
            event.insert(key.to_owned(), (**base).clone());
        }
    }
    if bases.user.is_some() {
        store_user(&mut event);
    }
    if let (Some(response), Some(event)) = (&case.token_response, event.as_object_mut()) {
        event.insert("token_response".to_owned(), json!(response));
    }
    for patch in &case.with {
        merge_patch(&mut event, &patch.to_value());
    }
    for (path, value, place) in &case.set {
        set_path(&mut event, path, value.clone()).map_err(|error| {
            let mut shown = place.error(error.message);
            shown.hint = error.hint;
            shown
        })?;
    }
    complete_event(trigger, &mut event);
    check_size(&event).map_err(|error| case.place.error(error.message).with_hint(error.hint))?;
    Ok(event)
}

/// Returns the keys of the case itself that production's event does not have. Files of events are other cases' too, and what
/// they hold is not this case's slip.
pub(super) fn findings(trigger: Trigger, case: &Case) -> Vec<Error> {
    let mut written = json!({});
    for patch in &case.with {
        merge_patch(&mut written, &without_null(patch.to_value()));
    }
    for (path, value, _) in &case.set {
        // An index may have no place here; then there is nothing to check.
        let _ = set_path(&mut written, path, value.clone());
    }
    let slips = check_user(trigger, &written);
    let all = check_paths(trigger, &written).into_iter().chain(slips);
    let found = all.map(|finding| {
        let place = place_of(case, &finding.path);
        let warning = place.unwrap_or(&case.place).error(finding.message());
        match &finding.suggestion {
            Some(meant) => warning.with_hint(format!("did you mean `{meant}`?")),
            None => warning,
        }
    });
    found.collect()
}

/// Returns where a case writes a path of the event, in a message's words; the last place, which counts.
fn place_of<'c>(case: &'c Case, path: &str) -> Option<&'c Place> {
    let set = case.set.iter().rev();
    let set = set.filter(|(written, ..)| written.to_string() == path);
    let mut set = set.map(|(_, _, place)| place);
    let mut with = case.with.iter().rev();
    set.next()
        .or_else(|| with.find_map(|patch| place_in(patch, &EventPath::default(), path)))
}

fn place_in<'n>(node: &'n Node, at: &EventPath, wanted: &str) -> Option<&'n Place> {
    let NodeValue::Object(entries) = &node.value else {
        return None;
    };
    entries.iter().find_map(|entry| {
        let path = at.with(Segment::Key(entry.key.clone()));
        let shown = path.to_string();
        if shown == wanted {
            return Some(&entry.place);
        }
        // Not below `event.user` when `event.username` is wanted; a longer name finds nothing below.
        match wanted.starts_with(&shown) {
            true => place_in(&entry.value, &path, wanted),
            false => None,
        }
    })
}

/// A patch removes with `null` what the event may well have.
fn without_null(value: Value) -> Value {
    match value {
        Value::Object(object) => Value::Object(
            object
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key, without_null(value)))
                .collect(),
        ),
        other => other,
    }
}
