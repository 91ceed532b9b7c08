//! The differences of two logins.

use std::collections::BTreeMap;

use postlogin_core::Trigger;
use postlogin_core::location::Location;
use postlogin_core::outcome::{ClaimRule, Outcome, Status, TokenKind, Verdict};
use postlogin_core::token_size::{outgrown, signed_bytes};
use postlogin_host::Request;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::lab::Ran;

/// A part of an outcome that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// The end of the login.
    Status,
    /// Why it was denied.
    Reason,
    /// The OAuth error code of a denial.
    Code,
    /// The class and the message of the error that failed it.
    Error,
    /// A claim of the ID token.
    IdToken,
    /// A claim of the access token.
    AccessToken,
    /// The place that the signed token is too long for: a cookie, a header.
    TokenSize,
    /// A claim of `/userinfo` that the ID token says nothing about.
    Userinfo,
    /// A key of `user_metadata` after the login.
    UserMetadata,
    /// A key of `app_metadata` after the login.
    AppMetadata,
    /// Where the browser is sent.
    Redirect,
    /// The requests of Actions of a trigger other than post-login.
    Effect,
    /// A request to the network.
    Request,
    /// A call of the `api` whose effect is none of the above: sessions, refresh tokens, factors, forms, SAML.
    Command,
}

impl What {
    /// The name in reports; that of the outcome's key where there is one.
    pub fn name(self) -> &'static str {
        match self {
            What::Status => "status",
            What::Reason => "reason",
            What::Code => "code",
            What::Error => "error",
            What::IdToken => "id_token",
            What::AccessToken => "access_token",
            What::TokenSize => "token_size",
            What::Userinfo => "userinfo",
            What::UserMetadata => "user_metadata",
            What::AppMetadata => "app_metadata",
            What::Redirect => "redirect",
            What::Effect => "effects",
            What::Request => "request",
            What::Command => "command",
        }
    }
}

/// One side of a difference.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Part {
    /// The value; `None` when there is none.
    pub value: Option<Value>,
    /// The verdict on the claim, if one was set.
    pub verdict: Option<Verdict>,
    /// The rule that dropped it.
    pub rule: Option<ClaimRule>,
    /// Whose it is, if that is known.
    pub action: Option<String>,
    /// Where it was set, if that is known.
    pub location: Option<Location>,
    /// Paths of the event that the Action read and that have the claim's value; known for claims alone.
    pub sources: Vec<String>,
}

/// Something that the two sides do differently.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The thing that differs.
    pub what: What,
    /// The claim, the key, the request, the method; `None` where there is only one.
    pub name: Option<String>,
    /// The first side's.
    pub left: Part,
    /// The second side's.
    pub right: Part,
}

impl Difference {
    /// Returns a digest of the part of a difference that several logins share.
    pub(crate) fn key(&self) -> Key {
        let shape = |part: &Part| match self.what {
            What::Status => part.value.clone().unwrap_or_default().to_string(),
            _ => format!("{} {:?}", part.value.is_some(), part.rule),
        };
        let name = self.name.as_deref().unwrap_or_default();
        let shared = format!(
            "{} {name} {} {}",
            self.what.name(),
            shape(&self.left),
            shape(&self.right)
        );
        let digest: [u8; 32] = Sha256::digest(shared).into();
        digest.first_chunk().copied().unwrap_or_default()
    }
}

/// A digest of what several logins share: names may be long, and each login may have its own.
pub(crate) type Key = [u8; 16];

type Account = BTreeMap<(What, String), Part>;

/// Where two logins with the same event differ. The order of claims says nothing, and neither do places and stacks.
pub(crate) fn differences(left: &Ran, right: &Ran) -> Vec<Difference> {
    let (left, right) = (account(left), account(right));
    let same = |key: &(What, String)| is_same(value_of(&left, key), value_of(&right, key));
    let mut keys: Vec<&(What, String)> = left.keys().collect();
    keys.extend(right.keys().filter(|key| !left.contains_key(*key)));
    keys.sort();
    let mut found = Vec::new();
    for key in keys {
        if same(key) {
            continue;
        }
        let part = |account: &Account| account.get(key).cloned().unwrap_or_default();
        let (what, name) = key;
        found.push(Difference {
            what: *what,
            name: Some(name.clone()).filter(|name| !name.is_empty()),
            left: part(&left),
            right: part(&right),
        });
    }
    without_consequences(found)
}

fn value_of<'a>(account: &'a Account, key: &(What, String)) -> Option<&'a Value> {
    account.get(key)?.value.as_ref()
}

/// Whether two values say the same: `1` and `1.0` do, for which JavaScript has one number.
fn is_same(left: Option<&Value>, right: Option<&Value>) -> bool {
    match (left, right) {
        (Some(Value::Number(left)), Some(Value::Number(right))) => {
            left == right || left.as_f64() == right.as_f64()
        }
        (Some(Value::Array(left)), Some(Value::Array(right))) => {
            let mut pairs = left.iter().zip(right);
            left.len() == right.len() && pairs.all(|(left, right)| is_same(Some(left), Some(right)))
        }
        (Some(Value::Object(left)), Some(Value::Object(right))) => {
            let mut members = left.iter();
            left.len() == right.len()
                && members.all(|(name, left)| is_same(Some(left), right.get(name)))
        }
        (left, right) => left == right,
    }
}

/// Where one side issues tokens and the other does not, every claim differs; that is no news. The same for `/userinfo`,
/// which repeats the ID token.
fn without_consequences(found: Vec<Difference>) -> Vec<Difference> {
    let of_status = found.iter().any(|one| one.what == What::Status);
    let of_token = |name: &Option<String>| {
        let mut tokens = found.iter().filter(|one| one.what == What::IdToken);
        tokens.any(|one| one.name == *name)
    };
    let kept = found.iter().filter(|one| match one.what {
        What::IdToken | What::AccessToken | What::TokenSize => !of_status,
        What::Userinfo => !of_status && !of_token(&one.name),
        _ => true,
    });
    kept.cloned().collect()
}

fn account(ran: &Ran) -> Account {
    let outcome = &ran.outcome;
    let mut account = Account::new();
    let plain = |value: Value| Part {
        value: Some(value),
        ..Part::default()
    };
    let mut put = |what: What, name: &str, part: Part| {
        account.insert((what, name.to_owned()), part);
    };
    put(What::Status, "", plain(json!(outcome.status)));
    match &outcome.error {
        Some(error) => put(
            What::Error,
            "",
            Part {
                value: Some(json!(format!("{}: {}", error.name, error.message))),
                action: Some(error.action.clone()),
                location: error.location.clone(),
                ..Part::default()
            },
        ),
        None => {
            if let Some(reason) = &outcome.reason {
                put(What::Reason, "", plain(json!(reason)));
            }
        }
    }
    if let Some(redirect) = &outcome.redirect {
        put(What::Redirect, "", plain(json!(redirect.url)));
    }
    if let Some(code) = &outcome.code {
        put(What::Code, "", plain(json!(code)));
    }
    if let Value::Object(effects) = json!(outcome.effects) {
        for (name, value) in effects {
            put(What::Effect, &name, plain(value));
        }
    }
    for (what, kind, claims) in [
        (What::IdToken, TokenKind::IdToken, &outcome.id_token.claims),
        (
            What::AccessToken,
            TokenKind::AccessToken,
            &outcome.access_token.claims,
        ),
    ] {
        for (name, part) in tokens(outcome, kind, claims) {
            put(what, name, part);
        }
        // The bytes differ with every claim; what matters is where the token no longer fits.
        if let Some(outgrown) = outgrown(kind, signed_bytes(claims)) {
            let most = outgrown.limit.value;
            put(
                What::TokenSize,
                what.name(),
                plain(json!(format!("more than {most} bytes"))),
            );
        }
    }
    for (what, object) in [
        (What::Userinfo, &outcome.userinfo),
        (What::UserMetadata, &outcome.user.user_metadata),
        (What::AppMetadata, &outcome.user.app_metadata),
    ] {
        for (name, value) in object {
            put(what, name, plain(value.clone()));
        }
    }
    for (name, value) in requests(&ran.requests) {
        put(What::Request, &name, plain(value));
    }
    for (name, value) in commands(outcome) {
        put(What::Command, &name, plain(value));
    }
    account
}

/// The claims that a token has, and those that were dropped from it.
fn tokens<'a>(
    outcome: &'a Outcome,
    kind: TokenKind,
    claims: &'a Map<String, Value>,
) -> Vec<(&'a str, Part)> {
    let mut parts: Vec<(&str, Part)> = Vec::new();
    let set = |name: &str| {
        let mut entries = outcome.ledger.iter().rev();
        entries.find(|entry| entry.token == kind && entry.name == name)
    };
    let part = |name: &str, value: Option<&Value>| {
        let mut part = Part {
            value: value.cloned(),
            ..Part::default()
        };
        if let Some(entry) = set(name) {
            part.verdict = Some(entry.verdict);
            part.rule = entry.rule;
            part.action = Some(entry.action.clone());
            part.location.clone_from(&entry.location);
            part.sources.clone_from(&entry.sources);
        }
        part
    };
    for (name, value) in claims {
        parts.push((name, part(name, Some(value))));
    }
    let dropped = outcome.ledger.iter();
    let dropped = dropped.filter(|entry| entry.token == kind && !claims.contains_key(&entry.name));
    if outcome.status == Status::Allowed {
        for entry in dropped {
            parts.push((&entry.name, part(&entry.name, None)));
        }
    }
    parts
}

/// The requests to the network and their number, in any order: method, address, body, and who asks.
fn requests(requests: &[Request]) -> BTreeMap<String, Value> {
    let mut counted: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for request in requests {
        let body = match serde_json::from_slice::<Value>(&request.body) {
            Ok(body) => body,
            Err(_) => Value::from(String::from_utf8_lossy(&request.body)),
        };
        let mut headers = request.headers.iter();
        let authorization = headers.find(|(name, _)| name == "authorization");
        let mut asked = Map::new();
        if body != json!("") {
            asked.insert("body".into(), body);
        }
        if let Some((_, value)) = authorization {
            asked.insert("authorization".into(), json!(value));
        }
        let name = format!("{} {}", request.method, request.url);
        counted.entry(name).or_default().push(Value::Object(asked));
    }
    let sorted = |mut asked: Vec<Value>| {
        asked.sort_by_key(Value::to_string);
        Value::from(asked)
    };
    counted
        .into_iter()
        .map(|(name, asked)| (name, sorted(asked)))
        .collect()
}

/// Namespaces whose calls have an effect that the rest of the outcome does not show.
const EFFECTS: &[&str] = &[
    "authentication",
    "multifactor",
    "prompt",
    "refreshToken",
    "samlResponse",
    "session",
];

fn commands(outcome: &Outcome) -> BTreeMap<String, Value> {
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for command in &outcome.commands {
        let namespace = command.method.split('.').next().unwrap_or_default();
        // What the Actions of a token exchange set is among its effects.
        let is_shown = outcome.trigger == Trigger::CustomTokenExchange;
        if is_shown || !EFFECTS.contains(&namespace) {
            continue;
        }
        // What is set by name is compared by name.
        let (name, rest) = match command.args.split_first() {
            Some((Value::String(name), rest)) if !rest.is_empty() => {
                (format!("{}({name})", command.method), rest)
            }
            _ => (command.method.clone(), command.args.as_slice()),
        };
        found.entry(name).or_default().push(json!(rest));
    }
    found
        .into_iter()
        .map(|(name, calls)| (name, Value::from(calls)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_same_however_they_are_written() {
        for (left, right, expected) in [
            (json!(1), json!(1.0), true),
            (json!({"a": [1.0, 2]}), json!({"a": [1, 2.0]}), true),
            (json!({"a": 1}), json!({"b": 1}), false),
            (json!([1]), json!([1, 1]), false),
            (json!(1), json!("1"), false),
            (
                json!(9_007_199_254_740_993_u64),
                json!(9_007_199_254_740_992_u64),
                true,
            ),
            (json!(null), json!(null), true),
        ] {
            assert_eq!(
                is_same(Some(&left), Some(&right)),
                expected,
                "{left} {right}"
            );
        }
        assert!(!is_same(Some(&Value::Null), None));
    }
}
