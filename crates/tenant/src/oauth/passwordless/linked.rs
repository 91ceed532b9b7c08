//! The parameters of `/authorize` that a link of a mail brings along.

use serde_json::Value;

use crate::http::{Call, Content, Params};
use crate::oauth::{OAuthError, Result};

/// Bytes of the parameters: encoded, they have three times as many, and the address of a request has a limit.
const LONGEST_PARAMS: usize = 8 * 1024;
/// Parameters of `/authorize` that a link may bring.
const LINKED: &[&str] = &[
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "audience",
    "organization",
    "code_challenge",
    "code_challenge_method",
];

/// The parameters of `/authorize` that a request has as `authParams`, as far as a link brings them.
///
/// # Errors
/// When they are not an object of strings, or too long for an address.
pub(super) fn auth_params(call: &Call) -> Result<Vec<(&'static str, String)>> {
    let Content::Json(body) = &call.content else {
        return Ok(Vec::new());
    };
    let asked = match body.get("authParams") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(asked)) => asked,
        Some(_) => return Err(OAuthError::invalid_request("authParams must be an object")),
    };
    let mut params = Vec::new();
    for name in LINKED {
        match asked.get(*name) {
            None | Some(Value::Null) => {}
            Some(Value::String(value)) => params.push((*name, value.clone())),
            Some(_) => {
                let description = format!("authParams.{name} must be a string");
                return Err(OAuthError::invalid_request(description));
            }
        }
    }
    let length: usize = params.iter().map(|(_, value)| value.len()).sum();
    match length > LONGEST_PARAMS {
        true => Err(OAuthError::invalid_request(format!(
            "authParams have more than {LONGEST_PARAMS} bytes"
        ))),
        false => Ok(params),
    }
}

/// The parameters of `/authorize` that a link brings.
pub(super) fn linked(call: &Call) -> Params {
    let known = |name: &str| LINKED.contains(&name) || name == "client_id";
    let mut params = call.query.clone();
    params.0.retain(|(name, _)| known(name));
    if params.get("response_type").is_none() {
        params
            .0
            .push(("response_type".to_owned(), "code".to_owned()));
    }
    params
}
