//! Calls of `api` methods that do not exist.

use postlogin_core::Trigger;
use postlogin_core::event::suggest::closest;
use postlogin_core::limits::API_OBJECT_PAGE;

use super::{Finding, Rule, Severity};
use crate::source::facts::{ApiCall, Facts, Mention};

pub(super) const RULES: &[Rule] = &[UNKNOWN];

const UNKNOWN: Rule = Rule {
    code: "unknown-api-method",
    severity: Severity::Error,
    summary: "A method is called that `api` does not have",
    source: Some(API_OBJECT_PAGE),
};

/// The properties of every object.
pub(super) const OF_EVERY_OBJECT: &[&str] = &[
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
    "__proto__",
];

pub(super) fn check(facts: &Facts, trigger: Trigger) -> Vec<Finding> {
    let calls = facts.api_calls.iter().filter(|call| !call.is_guarded);
    calls.filter_map(|call| unknown(call, trigger)).collect()
}

fn unknown(call: &ApiCall, trigger: Trigger) -> Option<Finding> {
    let parts = call.chain.parts.as_slice();
    let is_of_every_object = |part: &Mention| OF_EVERY_OBJECT.contains(&part.name.as_str());
    let (wrong, written) = match parts {
        // `api()` is called by nobody.
        [] => return None,
        [only] if is_of_every_object(only) => return None,
        [only] => (only, only.name.clone()),
        [namespace, name, ..] => {
            let mut methods = trigger
                .methods()
                .iter()
                .filter(|method| method.namespace == namespace.name)
                .peekable();
            if methods.peek().is_none() {
                (namespace, format!("{}.{}", namespace.name, name.name))
            } else if methods.any(|method| method.name == name.name) || is_of_every_object(name) {
                return None;
            } else {
                (name, format!("{}.{}", namespace.name, name.name))
            }
        }
    };
    let finding = Finding::new(
        &UNKNOWN,
        &wrong.location,
        format!("`api.{written}` does not exist"),
    )
    .spanning(&wrong.name)
    .on_page(trigger.table().api_page);
    Some(match suggestion(&written, trigger) {
        Some(near) => finding.with_hint(format!("did you mean `api.{near}`?")),
        None => finding,
    })
}

/// The method that was probably meant: the same name elsewhere, else the nearest one of the same object, else the
/// nearest of all.
fn suggestion(written: &str, trigger: Trigger) -> Option<String> {
    let (namespace, name) = written.split_once('.').unwrap_or(("", written));
    let documented = || trigger.methods().iter().filter(|method| method.documented);
    let path =
        |method: &postlogin_core::MethodSpec| format!("{}.{}", method.namespace, method.name);
    let within = |namespace: &str| {
        let methods = documented().filter(|method| method.namespace == namespace);
        let near = closest(name, methods.map(|method| method.name))?;
        Some(format!("{namespace}.{near}"))
    };
    let namespaces = documented().map(|method| method.namespace);
    let mut same = documented().filter(|method| method.name == name);
    let all: Vec<String> = documented().map(path).collect();
    within(namespace)
        .or_else(|| within(closest(namespace, namespaces)?))
        .or_else(|| match (same.next(), same.next()) {
            (Some(only), None) => Some(path(only)),
            _ => None,
        })
        .or_else(|| closest(written, all.iter().map(String::as_str)).map(str::to_owned))
}
