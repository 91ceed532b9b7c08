//! `api.redirect`: sending the user away, and the token that travels with him.

use std::collections::{HashMap, HashSet};

use serde_json::{Number, Value};
use url::Url;

use super::prompt::BOTH;
use super::{Call, Outcome, UNDEFINED};
use crate::ceilings::REDIRECT_BYTES;
use crate::json::{is_truthy, text_at};
use crate::login::transaction::command::Command;
use crate::reply::{Failure, Returned};
use crate::session_token::{self, Expectation};
use crate::value::Argument;

/// Lifetime of a session token in seconds, unless the Action says otherwise.
const TOKEN_LIFETIME_S: i64 = 900;

pub(crate) fn send_user_to(call: &mut Call<'_>) -> Outcome {
    if call.running.renders {
        // The platform ends the login when the handler returns; the URL is not even read.
        call.issue(Command::Abort(BOTH));
        return Ok(Returned::Api);
    }
    let Some(url) = url_with_query(call)? else {
        return Ok(Returned::Api);
    };
    call.running.redirects = true;
    call.issue(Command::SendUserTo { url: url.into() });
    Ok(Returned::Api)
}

/// As [`send_user_to`], where the vendor's layer returns nothing.
pub(crate) fn send_user_to_silently(call: &mut Call<'_>) -> Outcome {
    send_user_to(call)?;
    Ok(UNDEFINED)
}

/// Where the user goes when the password is reset.
pub(crate) fn set_result_url(call: &mut Call<'_>) -> Outcome {
    if let Some(url) = url_with_query(call)? {
        call.issue(Command::SetResultUrl { url: url.into() });
    }
    Ok(UNDEFINED)
}

/// Returns the URL that the arguments `(url, {query}?)` mean; `None` when it is longer than the host keeps, which ends the handler.
fn url_with_query(call: &mut Call<'_>) -> Result<Option<Url>, Failure> {
    let text = call.arg(0).coerce_to_string()?;
    let mut url = Url::parse(&text).map_err(|_| Failure::type_error("Invalid URL"))?;
    let query = spread(call.arg(1).property("query"));
    if !query.is_empty() {
        let replaced: Vec<(String, String)> = query
            .iter()
            .map(|(key, value)| Ok((key.clone(), value.coerce_to_string()?)))
            .collect::<Result<_, Failure>>()?;
        set_parameters(&mut url, &replaced);
    }
    if url.as_str().len() > REDIRECT_BYTES {
        let most = REDIRECT_BYTES >> 20;
        call.flow
            .kept
            .exceed(format!("send the user to a URL of more than {most} MiB"));
        return Ok(None);
    }
    Ok(Some(url))
}

/// `URLSearchParams.set` for each pair: the first parameter of that name gets the value, further ones go.
pub(crate) fn set_parameters(url: &mut Url, set: &[(String, String)]) {
    let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let last: HashMap<&String, &String> = set.iter().map(|(name, value)| (name, value)).collect();
    let mut placed: HashSet<&String> = HashSet::new();
    pairs.retain_mut(|(known, old)| match last.get_key_value(known) {
        None => true,
        Some((name, value)) => {
            old.clone_from(value);
            placed.insert(name)
        }
    });
    for (name, _) in set {
        if let Some(value) = last.get(name).filter(|_| placed.insert(name)) {
            pairs.push((name.clone(), (*value).clone()));
        }
    }
    url.query_pairs_mut().clear().extend_pairs(pairs);
}

pub(crate) fn can_redirect(call: &mut Call<'_>) -> Outcome {
    Ok(Returned::Value(Argument::Bool(is_possible(call.event()))))
}

/// Whether the login must show the user nothing: `prompt=none` in the query.
pub(crate) fn is_silent(event: &Value) -> bool {
    text_at(event, &["request", "query", "prompt"]) == Some("none")
}

/// Whether the login is interactive: neither `prompt=none` in the query nor a grant without a browser.
pub(crate) fn is_possible(event: &Value) -> bool {
    let protocol = text_at(event, &["transaction", "protocol"]).unwrap_or_default();
    let no_browser = [
        "oauth2-resource-owner",
        "oauth2-refresh-token",
        "oauth2-password",
        "oauth2-webauthn",
    ];
    !is_silent(event) && !no_browser.contains(&protocol)
}

pub(crate) fn encode_token(call: &mut Call<'_>) -> Outcome {
    let options = call.arg(0);
    refuse_nothing(options, "expiresInSeconds")?;
    let issued_at = call.now_ms.div_euclid(1000);
    let event = call.event();
    let of_event =
        |path: &[&str]| crate::json::at(event, path).map_or(Argument::Undefined, Argument::from);
    // The payload comes last and may replace any of these, as in production.
    let mut payload = vec![
        ("iat".to_owned(), Argument::Number(Number::from(issued_at))),
        ("iss".to_owned(), of_event(&["request", "hostname"])),
        ("sub".to_owned(), of_event(&["user", "user_id"])),
        (
            "exp".to_owned(),
            expiry(issued_at, options.property("expiresInSeconds"))?,
        ),
        ("ip".to_owned(), of_event(&["request", "ip"])),
    ];
    let known = payload.iter().enumerate();
    let mut places: HashMap<String, usize> = known
        .map(|(place, (key, _))| (key.clone(), place))
        .collect();
    for (key, value) in spread(options.property("payload")) {
        let place = places.get(&key).and_then(|place| payload.get_mut(*place));
        match place {
            Some((_, old)) => *old = value,
            None => {
                places.insert(key.clone(), payload.len());
                payload.push((key, value));
            }
        }
    }
    let secret = options.property("secret").clone();
    let payload = Argument::Object(payload);
    let json = payload
        .to_json()
        .map_err(|not_json| Failure::type_error(not_json.message()))?;
    call.issue(Command::EncodeToken {
        payload,
        secret: secret.clone(),
    });
    let token = secret
        .as_str()
        .filter(|secret| !secret.is_empty())
        .zip(json);
    let token = token.and_then(|(secret, payload)| session_token::encode(&payload, secret));
    let token = token.ok_or_else(|| Failure::error("secretOrPrivateKey must have a value"))?;
    Ok(Returned::Value(Argument::String(token)))
}

/// `iat + expiresInSeconds` with JavaScript's `+`: a string is appended.
fn expiry(issued_at: i64, lifetime: &Argument) -> Result<Argument, Failure> {
    Ok(match lifetime {
        Argument::Undefined | Argument::Null => {
            Argument::Number(Number::from(issued_at.saturating_add(TOKEN_LIFETIME_S)))
        }
        Argument::Number(number) => match number.as_i64() {
            Some(seconds) => Argument::Number(Number::from(issued_at.saturating_add(seconds))),
            None => {
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "seconds since the epoch fit a double"
                )]
                let expiry = number.as_f64().map(|seconds| issued_at as f64 + seconds);
                expiry
                    .and_then(Number::from_f64)
                    .map_or(Argument::Infinity, Argument::Number)
            }
        },
        Argument::Bool(value) => {
            Argument::Number(Number::from(issued_at.saturating_add(i64::from(*value))))
        }
        Argument::NaN | Argument::Infinity | Argument::NegativeInfinity => lifetime.clone(),
        Argument::BigInt(_) => {
            return Err(Failure::type_error(
                "Cannot mix BigInt and other types, use explicit conversions",
            ));
        }
        text => Argument::String(format!("{issued_at}{}", text.coerce_to_string()?)),
    })
}

pub(crate) fn validate_token(call: &mut Call<'_>) -> Outcome {
    let options = call.arg(0);
    refuse_nothing(options, "tokenParameterName")?;
    if let Argument::String(text) = options {
        let message = format!("Cannot create property 'tokenParameterName' on string '{text}'");
        return Err(Failure::type_error(message));
    }
    let name = match options.property("tokenParameterName") {
        name if name.is_truthy() => name.coerce_to_string()?,
        _ => "session_token".to_owned(),
    };
    let parameters = Value::Object(call.parameters());
    let token = parameters.get(&name).filter(|token| is_truthy(Some(token)));
    let Some(token) = token else {
        let message = "available in either the POST body or query string.";
        return Err(Failure::error(format!(
            "There is no parameter called '{name}' {message}"
        )));
    };
    // A form can bring several values for one name; no list is a token.
    let token = token.as_str().unwrap_or_default();
    let event = call.event();
    let expected = Expectation {
        issuer: text_at(event, &["request", "hostname"]).unwrap_or_default(),
        state: text_at(&parameters, &["state"]),
        sub: text_at(event, &["user", "user_id"]).unwrap_or_default(),
        now_s: call.now_ms.div_euclid(1000),
    };
    let secret = options.property("secret").as_str().unwrap_or_default();
    let payload = session_token::decode(token, secret, &expected)
        .map_err(|reason| Failure::error(format!("The session token is invalid: {reason}")))?;
    Ok(Returned::Value(Argument::from(&payload)))
}

fn refuse_nothing(options: &Argument, property: &str) -> Result<(), Failure> {
    let nothing = match options {
        Argument::Undefined => "undefined",
        Argument::Null => "null",
        _ => return Ok(()),
    };
    Err(Failure::type_error(format!(
        "Cannot read properties of {nothing} (reading '{property}')"
    )))
}

/// Returns the copy that `{...value}` makes: the entries of an object, the items of an array, the characters of a string.
fn spread(value: &Argument) -> Vec<(String, Argument)> {
    let indexed = |items: Vec<Argument>| {
        items
            .into_iter()
            .enumerate()
            .map(|(key, item)| (key.to_string(), item))
            .collect()
    };
    match value {
        Argument::Object(entries) => entries.clone(),
        Argument::Array(items) => indexed(items.clone()),
        Argument::String(text) => indexed(
            text.chars()
                .map(|unit| Argument::String(unit.to_string()))
                .collect(),
        ),
        _ => Vec::new(),
    }
}
