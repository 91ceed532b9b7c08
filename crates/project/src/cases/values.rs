//! The values of a case's keys.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use postlogin_core::event::suggest::closest;
use postlogin_core::{CacheEntries, Trigger};
use serde_json::{Map, Value};

use super::keys::{CACHED, CHALLENGE, REQUEST, STEP, TOKEN};
use super::{Act, Base, Named, SessionToken, Step, Steps};

use crate::document::node::{Node, NodeValue, Place, to_map};
use crate::door::Boundary;
use crate::files::{configured_path, display_path, entries, file_name};
use crate::shapes::Shapes;
use crate::units::parse_duration;
use crate::{Error, Result};

/// `what` with its article: "an Action".
pub(super) fn named(item: &Node, what: &str, shapes: &mut Shapes) -> Option<Named> {
    let name = shapes.text(item, what)?;
    if name.trim().is_empty() {
        let message = format!("{what} has an empty name");
        shapes.refuse(item.place.error(message));
    }
    let place = item.place.clone();
    Some(Named { name, place })
}

pub(super) fn actions(node: &Node, shapes: &mut Shapes) -> Vec<Named> {
    let mut named = |item: &Node| named(item, "an Action", shapes);
    match &node.value {
        // One Action need not be a list.
        NodeValue::Text(_) => named(node).into_iter().collect(),
        NodeValue::List(items) => items.iter().filter_map(named).collect(),
        _ => {
            shapes.list(node, "`actions`");
            Vec::new()
        }
    }
}

pub(super) fn base(node: &Node, key: &str, within: &Boundary, shapes: &mut Shapes) -> Base {
    match &node.value {
        NodeValue::Object(entries) => Base::Inline(Arc::new(Value::Object(to_map(entries)))),
        NodeValue::Text(path) => {
            let path = beside(path, &node.place);
            let admitted = |shown: &str| within.admit(&path, shown);
            if let Some(error) = missing(&path, &node.place, admitted) {
                shapes.refuse(error);
            }
            Base::File(path, node.place.clone())
        }
        _ => {
            let message = format!("`{key}` is a path or an object; this is {}", node.kind());
            shapes.refuse(node.place.error(message));
            Base::Default
        }
    }
}

/// A path that a file gives is relative to it.
pub(super) fn beside(path: &str, place: &Place) -> PathBuf {
    let folder = place.source.path.parent().unwrap_or(Path::new(""));
    configured_path(folder, path)
}

/// The error about a file that is not there, or that may not be read.
pub(super) fn missing(
    path: &Path,
    place: &Place,
    admitted: impl Fn(&str) -> Result<()>,
) -> Option<Error> {
    let base = place.source.path.parent().unwrap_or(Path::new(""));
    // Before anything is said of the names around it.
    if let Err(error) = admitted(&display_path(path, base)) {
        return Some(Error {
            hint: error.hint,
            ..place.error(format!("`{}`: {}", display_path(path, base), error.message))
        });
    }
    if path.is_file() {
        return None;
    }
    let error = place.error(format!(
        "no file `{}` beside this one",
        display_path(path, base)
    ));
    let names: Vec<String> = path
        .parent()
        .map(entries)
        .unwrap_or_default()
        .iter()
        .map(|path| file_name(path))
        .collect();
    Some(
        match closest(&file_name(path), names.iter().map(String::as_str)) {
            Some(near) => error.with_hint(format!(
                "did you mean `{}`?",
                display_path(&path.with_file_name(near), base)
            )),
            None => error.with_hint("a path is relative to the file that contains it"),
        },
    )
}

pub(super) fn parse_now(text: &str) -> Result<i64> {
    let hint = "write it as 2026-11-22T10:00:00Z";
    let now: jiff::Timestamp = text.parse().map_err(|_: jiff::Error| {
        Error::new(format!("`{text}` is not a valid time")).with_hint(hint)
    })?;
    // The clock that WebAssembly knows counts from there.
    if now < jiff::Timestamp::UNIX_EPOCH {
        return Err(Error::new("no login was before 1970").with_hint(hint));
    }
    Ok(now.as_millisecond())
}

pub(super) fn parse_trigger(text: &str) -> Result<Trigger> {
    Trigger::of_id(text).ok_or_else(|| {
        let known: Vec<&str> = Trigger::ALL.iter().map(|trigger| trigger.id()).collect();
        Error::new(format!("`{text}` is not a trigger that runs here"))
            .with_hint(format!("triggers are {}", known.join(", ")))
    })
}

pub(super) fn skip(node: &Node, shapes: &mut Shapes) -> Option<String> {
    match &node.value {
        NodeValue::Bool(false) | NodeValue::Null => None,
        NodeValue::Bool(true) => Some(String::new()),
        _ => shapes.text(node, "`skip`"),
    }
}

/// Why a case is not written yet.
pub(super) fn todo(node: &Node, shapes: &mut Shapes) -> Option<String> {
    let what = match &node.value {
        NodeValue::Bool(false) | NodeValue::Null => return None,
        NodeValue::Bool(true) => String::new(),
        _ => format!(": {}", shapes.text(node, "`todo`")?),
    };
    Some(format!("todo{what}"))
}

/// One tag, or a list of them.
pub(super) fn tags(node: &Node, shapes: &mut Shapes) -> Vec<String> {
    match &node.value {
        NodeValue::List(items) => items
            .iter()
            .filter_map(|item| shapes.text(item, "a tag"))
            .collect(),
        _ => shapes.text(node, "`tags`").into_iter().collect(),
    }
}

/// Reads the user's steps while the login waits: `steps`, or else `continue` and `challenge`.
pub(super) fn steps(node: &Node, shapes: &mut Shapes) -> Steps {
    if let Some(steps) = node.entry("steps") {
        for other in ["continue", "challenge"] {
            if let Some(entry) = node.entry(other) {
                let message = format!("`{other}` and `steps` exclude each other");
                let error = entry.place.error(message);
                shapes.refuse(error.with_hint(format!("put it into `steps`: - {other}: …")));
            }
        }
        let items = shapes.list(&steps.value, "`steps`").unwrap_or_default();
        return Steps::Ordered(items.iter().flat_map(|item| step(item, shapes)).collect());
    }
    let continues = match node.get("continue") {
        None => Vec::new(),
        Some(node) => match &node.value {
            NodeValue::List(items) => items
                .iter()
                .filter_map(|item| request(item, shapes))
                .collect(),
            _ => request(node, shapes).into_iter().collect(),
        },
    };
    let passes = node
        .get("challenge")
        .and_then(|node| shapes.word(node, CHALLENGE, "`challenge`"));
    Steps::Free {
        continues,
        passes: passes.map(|index| index == 0),
    }
}

/// The steps that one item of `steps` stands for.
fn step(item: &Node, shapes: &mut Shapes) -> Vec<Step> {
    let Some(entries) = shapes.object(item, "a step") else {
        return Vec::new();
    };
    shapes.only(entries, STEP, "a step");
    if entries.len() != 1 {
        let error = item.place.error("a step has one key");
        shapes.refuse(error.with_hint("write `continue` and `challenge` as two steps"));
        return Vec::new();
    }
    let mut steps = Vec::new();
    if let Some(node) = item.get("continue") {
        steps.extend(request(node, shapes));
    }
    if let Some(node) = item.get("challenge") {
        let word = shapes.word(node, CHALLENGE, "`challenge`");
        steps.extend(word.map(|index| Step {
            act: Act::Challenge { passes: index == 0 },
            place: item.place.clone(),
        }));
    }
    steps
}

fn request(node: &Node, shapes: &mut Shapes) -> Option<Step> {
    let entries = shapes.object(node, "a /continue request")?;
    shapes.only(entries, REQUEST, "a /continue request");
    let mut part = |key: &str| {
        let part = node.get(key);
        let part = part.and_then(|node| shapes.object(node, &format!("`{key}`")));
        part.map(to_map).unwrap_or_default()
    };
    let (query, body) = (part("query"), part("body"));
    let token = node
        .get("token")
        .and_then(|node| session_token(node, &query, shapes));
    Some(Step {
        act: Act::Continue { query, body, token },
        place: node.place.clone(),
    })
}

fn session_token(
    node: &Node,
    query: &Map<String, Value>,
    shapes: &mut Shapes,
) -> Option<SessionToken> {
    let entries = shapes.object(node, "`token`")?;
    shapes.only(entries, TOKEN, "`token`");
    let Some(secret) = node.get("secret") else {
        let error = node.place.error("`token` has no `secret`");
        shapes.refuse(error.with_hint("give the one that api.redirect.validateToken is given"));
        return None;
    };
    let secret = shapes.text(secret, "`secret`")?;
    if secret.is_empty() {
        shapes.refuse(node.place.error("the `secret` of a `token` is empty"));
    }
    let name = match node.get("name") {
        Some(name) => shapes.text(name, "`name`")?,
        None => "session_token".to_owned(),
    };
    if query.contains_key(&name) {
        let message = format!("`{name}` is in the `query` and made by `token`");
        shapes.refuse(node.place.error(message));
    }
    let payload = node
        .get("payload")
        .and_then(|node| shapes.object(node, "`payload`"));
    Some(SessionToken {
        secret,
        payload: payload.map(to_map).unwrap_or_default(),
        name,
    })
}

/// Reads `cache`.
pub(super) fn cache(node: &Node, shapes: &mut Shapes) -> CacheEntries {
    let mut cache = CacheEntries::default();
    for entry in shapes.object(node, "`cache`").unwrap_or_default() {
        let what = format!("`{}` in the cache", entry.key);
        let (value, ttl) = match &entry.value.value {
            NodeValue::Text(_) => (Some(&entry.value), None),
            NodeValue::Object(members) => {
                shapes.only(members, CACHED, &what);
                (entry.value.get("value"), entry.value.get("ttl"))
            }
            _ => {
                let message = format!(
                    "{what} is {}, and only strings are cached",
                    entry.value.kind()
                );
                let error = entry.value.place.error(message);
                shapes.refuse(error.with_hint(
                    "write the string that api.cache.set was given, or { value: …, ttl: 60s }",
                ));
                continue;
            }
        };
        let Some(value) = value else {
            shapes.refuse(entry.value.place.error(format!("{what} has no `value`")));
            continue;
        };
        let (Some(value), Some(ttl)) = (
            shapes.text(value, &what),
            ttl.map_or(Some(None), |ttl| {
                shapes.parsed(ttl, "`ttl`", parse_duration).map(Some)
            }),
        ) else {
            continue;
        };
        let ttl = ttl.map(|ttl| u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX));
        if let Err(reason) = cache.give(entry.key.clone(), value, ttl) {
            shapes.refuse(entry.place.error(reason));
        }
    }
    cache
}
