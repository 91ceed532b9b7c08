//! From what a Rule changed in `context` to calls of `api` methods.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::report::{RuleWrite, place_of};
use super::state::Shared;
use crate::location::Location;
use crate::outcome::TokenKind;
use crate::trigger::Trigger;
use crate::value::Argument;

/// Something that a Rule asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    /// The request that an Action makes by this method.
    Call {
        method: String,
        args: Vec<Argument>,
        site: Option<Location>,
    },
    /// It took a claim of an earlier Rule away. Actions cannot.
    RemoveClaim { token: TokenKind, name: String },
    /// It set `context.redirect`, or took it away.
    Redirect {
        wanted: bool,
        site: Option<Location>,
    },
    /// It replaced the scopes.
    Scopes {
        wanted: Vec<String>,
        site: Option<Location>,
    },
    /// Something that production takes no notice of, in words.
    Ignored(String),
}

/// Returns the differences between `context` before and after a Rule. `user` is the one after it.
pub(crate) fn changes(
    before: &Shared,
    user: &Value,
    context: &Argument,
    writes: &[RuleWrite],
) -> Vec<Change> {
    let mut changes = Vec::new();
    claims(TokenKind::IdToken, before, context, writes, &mut changes);
    claims(
        TokenKind::AccessToken,
        before,
        context,
        writes,
        &mut changes,
    );
    let scope = context.property("accessToken").property("scope");
    if differs(&before.context, &["accessToken", "scope"], scope) {
        let site = place_of(writes, &["accessToken", "scope"]);
        changes.push(scopes(scope, site));
    }
    multifactor(before, context, writes, &mut changes);
    let primary = context.property("primaryUser");
    if differs(&before.context, &["primaryUser"], primary) && primary.is_truthy() {
        changes.push(Change::Call {
            method: "authentication.setPrimaryUser".to_owned(),
            args: vec![primary.clone()],
            site: place_of(writes, &["primaryUser"]),
        });
    }
    saml(before, user, context, writes, &mut changes);
    let redirect = context.property("redirect");
    if differs(&before.context, &["redirect"], redirect) {
        changes.push(Change::Redirect {
            wanted: redirect.property("url").is_truthy(),
            site: place_of(writes, &["redirect"]),
        });
    }
    changes
}

fn claims(
    token: TokenKind,
    before: &Shared,
    context: &Argument,
    writes: &[RuleWrite],
    changes: &mut Vec<Change>,
) {
    let (key, method) = match token {
        TokenKind::IdToken => ("idToken", "idToken.setCustomClaim"),
        TokenKind::AccessToken => ("accessToken", "accessToken.setCustomClaim"),
    };
    let is_scope = |name: &str| token == TokenKind::AccessToken && name == "scope";
    let now = context.property(key);
    if let Argument::Object(entries) = now {
        for (name, value) in entries {
            if !is_scope(name) && differs(&before.context, &[key, name], value) {
                changes.push(Change::Call {
                    method: method.to_owned(),
                    args: vec![Argument::String(name.clone()), value.clone()],
                    site: place_of(writes, &[key, name]),
                });
            }
        }
    }
    let earlier = before.context.get(key).and_then(Value::as_object);
    let known: HashSet<&str> = match now {
        Argument::Object(entries) => entries.iter().map(|(name, _)| name.as_str()).collect(),
        _ => HashSet::new(),
    };
    for name in earlier.into_iter().flat_map(Map::keys) {
        if !known.contains(name.as_str()) && !is_scope(name) {
            let name = name.clone();
            changes.push(Change::RemoveClaim { token, name });
        }
    }
}

/// Source: <https://auth0.com/docs/customize/rules/context-object>: an array of texts that replaces the scopes.
fn scopes(scope: &Argument, site: Option<Location>) -> Change {
    match scope {
        Argument::Array(items) => Change::Scopes {
            wanted: items
                .iter()
                .filter_map(|item| item.as_str().map(str::to_owned))
                .collect(),
            site,
        },
        Argument::Undefined => Change::Ignored("context.accessToken.scope was taken away".into()),
        _ => Change::Ignored("context.accessToken.scope is not an array of strings".into()),
    }
}

fn multifactor(
    before: &Shared,
    context: &Argument,
    writes: &[RuleWrite],
    changes: &mut Vec<Change>,
) {
    let asked = context.property("multifactor");
    if !differs(&before.context, &["multifactor"], asked) {
        return;
    }
    let mut options = Map::new();
    let mut provider_options = Map::new();
    if let Argument::Object(entries) = asked {
        for (key, value) in entries {
            let Ok(Some(value)) = value.to_json() else {
                continue;
            };
            match key.as_str() {
                "provider" => {}
                "allowRememberBrowser" => {
                    options.insert(key.clone(), value);
                }
                _ => {
                    provider_options.insert(key.clone(), value);
                }
            }
        }
    }
    if !provider_options.is_empty() {
        options.insert("providerOptions".into(), Value::Object(provider_options));
    }
    let provider = match asked.is_truthy() {
        true => asked.property("provider").clone(),
        false => Argument::String("none".into()),
    };
    changes.push(Change::Call {
        method: "multifactor.enable".to_owned(),
        args: vec![provider, Argument::from(&Value::Object(options))],
        site: place_of(writes, &["multifactor"]),
    });
}

/// Settings have a setter of the same name; a mapping gives an attribute the value at a path of the user.
fn saml(
    before: &Shared,
    user: &Value,
    context: &Argument,
    writes: &[RuleWrite],
    changes: &mut Vec<Change>,
) {
    const KEY: &str = "samlConfiguration";
    let Argument::Object(entries) = context.property(KEY) else {
        return;
    };
    for (name, value) in entries {
        if !differs(&before.context, &[KEY, name], value) {
            continue;
        }
        if name == "mappings" {
            mappings(before, user, value, writes, changes);
            continue;
        }
        let mut letters = name.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        let setter: String = first.into_iter().chain(letters).collect();
        let method = format!("samlResponse.set{setter}");
        changes.push(match Trigger::PostLogin.method(&method) {
            Some(_) => Change::Call {
                method,
                args: vec![value.clone()],
                site: place_of(writes, &[KEY, name]),
            },
            None => Change::Ignored(format!(
                "context.samlConfiguration.{name} changes nothing that an outcome shows"
            )),
        });
    }
}

fn mappings(
    before: &Shared,
    user: &Value,
    mappings: &Argument,
    writes: &[RuleWrite],
    changes: &mut Vec<Change>,
) {
    let Argument::Object(entries) = mappings else {
        return;
    };
    for (attribute, source) in entries {
        let path = ["samlConfiguration", "mappings", attribute.as_str()];
        if !differs(&before.context, &path, source) {
            continue;
        }
        // One that leads nowhere gives no attribute.
        if let Some(value) = mapped(user, source) {
            changes.push(Change::Call {
                method: "samlResponse.setAttribute".to_owned(),
                args: vec![Argument::String(attribute.clone()), Argument::from(&value)],
                site: place_of(writes, &path),
            });
        }
    }
}

/// The first of the named properties of the user that is there.
fn mapped(user: &Value, source: &Argument) -> Option<Value> {
    let at = |path: &str| {
        let direct = user.get(path);
        let found = direct.or_else(|| path.split('.').try_fold(user, |value, key| value.get(key)));
        found
            .filter(|value| !value.is_null() && !value.is_object())
            .cloned()
    };
    match source {
        Argument::String(path) => at(path),
        Argument::Array(paths) => paths.iter().find_map(|path| at(path.as_str()?)),
        _ => None,
    }
}

/// Whether a value differs from what stood there before. What JSON cannot carry always does.
fn differs(before: &Value, path: &[&str], value: &Argument) -> bool {
    let earlier = path.iter().try_fold(before, |value, key| value.get(key));
    match value.to_json() {
        Ok(now) => now.as_ref() != earlier,
        Err(_) => true,
    }
}

/// A value of a Rule as the next one sees it; what JSON cannot carry is left out.
pub(crate) fn kept(value: &Argument) -> Value {
    match value {
        Argument::Object(entries) => {
            let kept = entries.iter().filter(|(_, value)| {
                !matches!(
                    value,
                    Argument::Undefined
                        | Argument::Function
                        | Argument::Symbol(_)
                        | Argument::Circular
                        | Argument::BigInt(_)
                )
            });
            Value::Object(
                kept.map(|(key, value)| (key.clone(), self::kept(value)))
                    .collect(),
            )
        }
        Argument::Array(items) => Value::Array(items.iter().map(kept).collect()),
        value => value.to_json().ok().flatten().unwrap_or(json!(null)),
    }
}
