//! The schemas of the parts of an export, for whoever judges one.

use serde_json::Value;

use super::words::FACTORS;
use super::{
    API, CLIENT, CLIENT_UNUSED, CONNECTION, GRANT, Is, NEW_CLIENT, NEW_CONNECTION, NEW_GRANT,
    ORGANIZATION, Properties, ROLE, problem,
};
use crate::email;

/// The properties of an e-mail template.
const TEMPLATE: Properties = &[
    ("template", Is::One(email::TEMPLATES)),
    ("body", Is::Any),
    ("from", Is::Text(0, 2_000)),
    ("resultUrl", Is::Text(0, 2_000)),
    ("subject", Is::Text(0, 2_000)),
    ("syntax", Is::Text(0, 100)),
    ("urlLifetimeInSeconds", Is::Count),
    ("includeEmailInRedirect", Is::Bool),
    ("enabled", Is::Bool),
];

/// The properties of a factor of multi-factor authentication.
const FACTOR: Properties = &[("name", Is::One(FACTORS)), ("enabled", Is::Bool)];

/// The properties of a part of the configuration, by its name in an export.
fn of_part(part: &str) -> &'static [Properties] {
    match part {
        "clients" => &[CLIENT, CLIENT_UNUSED, NEW_CLIENT],
        "connections" => &[CONNECTION, NEW_CONNECTION],
        "resourceServers" => &[API],
        "roles" => &[ROLE],
        "organizations" => &[ORGANIZATION],
        "clientGrants" => &[GRANT, NEW_GRANT],
        "emailTemplates" => &[TEMPLATE],
        "guardianFactors" => &[FACTOR],
        _ => &[],
    }
}

fn property(part: &str, key: &str) -> Option<Is> {
    let mut all = of_part(part).iter().flat_map(|some| some.iter());
    all.find(|(known, _)| *known == key).map(|(_, is)| *is)
}

/// The properties of an item of a part of the configuration.
pub(crate) fn keys_of(part: &str) -> impl Iterator<Item = &'static str> {
    let all = of_part(part).iter().flat_map(|some| some.iter());
    all.map(|(key, _)| *key)
}

/// The words that a property of such an item may be; `None` if it may be anything else.
pub(crate) fn words_of(part: &str, key: &str) -> Option<&'static [&'static str]> {
    words_in(property(part, key)?)
}

/// The words that a value may be; `None` if it may be anything else.
pub(crate) fn words_in(is: Is) -> Option<&'static [&'static str]> {
    match is {
        Is::One(words) => Some(words),
        _ => None,
    }
}

/// The objection of the Management API to a value, in its words.
pub(crate) fn objection(is: Is, value: &Value) -> Option<String> {
    problem(is, value)
}

/// The objection of the Management API to a property of such an item, in its words.
pub(crate) fn problem_of(part: &str, key: &str, value: &Value) -> Option<String> {
    problem(property(part, key)?, value)
}
