//! Which application asks at the token endpoint, and whether it is the one it says.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{OAuthError, Result, assertion};
use crate::catalog::is_confidential;
use crate::http::{Call, text};
use crate::randomness::same_secret;
use crate::records::Origin;
use crate::state::Tenant;

/// The application of a request, as far as its credentials say.
#[derive(Debug, Default)]
pub(crate) struct Credentials {
    pub(crate) client_id: Option<String>,
    secret: Option<String>,
    assertion: Option<String>,
    is_basic: bool,
}

/// Reads the header or the body. Both at once are refused (RFC 6749, section 2.3).
pub(crate) fn credentials(call: &Call) -> Result<Credentials> {
    let body_id = call.body_field("client_id").map(str::to_owned);
    let body_secret = call.body_field("client_secret").map(str::to_owned);
    let header = call
        .header("authorization")
        .and_then(|header| header.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
    let two_ways =
        || OAuthError::invalid_request("The client must not authenticate in two ways at once");
    if let Some(assertion) = call.body_field("client_assertion") {
        if call.body_field("client_assertion_type") != Some(assertion::ASSERTION_TYPE) {
            return Err(OAuthError::invalid_request(format!(
                "client_assertion_type must be {}",
                assertion::ASSERTION_TYPE
            )));
        }
        if header.is_some() || body_secret.is_some() {
            return Err(two_ways());
        }
        return Ok(Credentials {
            client_id: body_id.or_else(|| assertion::subject(assertion)),
            assertion: Some(assertion.to_owned()),
            ..Credentials::default()
        });
    }
    let Some((_, encoded)) = header else {
        return Ok(Credentials {
            client_id: body_id,
            secret: body_secret,
            ..Credentials::default()
        });
    };
    let refuse = || {
        OAuthError::new(
            401,
            "invalid_client",
            "The Authorization header is malformed",
        )
    };
    let decoded = STANDARD.decode(encoded.trim()).map_err(|_| refuse())?;
    let decoded = String::from_utf8(decoded).map_err(|_| refuse())?;
    let (id, secret) = decoded.split_once(':').ok_or_else(refuse)?;
    let (id, secret) = (form_decoded(id), form_decoded(secret));
    if body_secret.is_some() || body_id.is_some_and(|body_id| body_id != id) {
        return Err(two_ways());
    }
    Ok(Credentials {
        client_id: Some(id),
        secret: Some(secret),
        assertion: None,
        is_basic: true,
    })
}

/// Id and secret are form-encoded inside of the header (RFC 6749, section 2.3.1).
fn form_decoded(text: &str) -> String {
    let pair = format!("x={}", text.replace('&', "%26"));
    let mut pairs = url::form_urlencoded::parse(pair.as_bytes());
    pairs
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// The application of a request. `is_proven` says whether it proved to be the one: a public one cannot, a confidential one
/// that shows no secret did not.
#[derive(Debug)]
pub(crate) struct Authenticated {
    pub(crate) client: Value,
    pub(crate) id: String,
    pub(crate) is_proven: bool,
    /// The thumbprint of the key that the request has proven to have, at the endpoints that look at that.
    pub(crate) jkt: Option<String>,
    /// Where the request comes from, at the token endpoint.
    pub(crate) origin: Origin,
}

/// Finds the application, and checks its secret if it shows one.
pub(crate) fn authenticate(tenant: &Tenant, call: &Call) -> Result<Authenticated> {
    let credentials = credentials(call)?;
    let id = credentials
        .client_id
        .ok_or_else(|| OAuthError::missing("client_id"))?;
    let client = tenant.client(&id)?.ok_or_else(OAuthError::unauthorized)?;
    // In production such an application has no other way: <https://auth0.com/docs/get-started/applications/configure-mtls>.
    if proves_by_certificate(&client) {
        return Err(OAuthError::new(
            401,
            "invalid_client",
            "The application proves itself by mTLS, which the local tenant does not have.",
        ));
    }
    let expected = text(&client, "client_secret").unwrap_or_default();
    if let Some(assertion) = &credentials.assertion {
        assertion::check(tenant, &client, &id, assertion)?;
        return Ok(Authenticated {
            client,
            id,
            is_proven: true,
            jkt: None,
            origin: Origin::default(),
        });
    }
    let is_proven = match &credentials.secret {
        // An application with keys has no secret.
        Some(_) if assertion::has_keys(&client) => {
            return Err(OAuthError::unauthorized());
        }
        _ if !is_confidential(&client) && !credentials.is_basic => false,
        Some(secret) if same_secret(secret, expected) => true,
        Some(_) => return Err(OAuthError::unauthorized()),
        None => false,
    };
    Ok(Authenticated {
        client,
        id,
        is_proven,
        jkt: None,
        origin: Origin::default(),
    })
}

/// Whether an application proves itself by the certificate of its connection.
fn proves_by_certificate(client: &Value) -> bool {
    let methods = client.get("client_authentication_methods");
    ["tls_client_auth", "self_signed_tls_client_auth"]
        .into_iter()
        .any(|method| methods.is_some_and(|it| it.get(method).is_some_and(Value::is_object)))
}

impl Authenticated {
    /// The address of the user for whom an application's server asks: `auth0-forwarded-for` counts if the application has proved
    /// itself and is trusted with it.
    ///
    /// Source: <https://auth0.com/docs/get-started/authentication-and-authorization-flow/avoid-common-issues-with-resource-owner-password-flow-and-attack-protection>.
    pub(crate) fn forwarded_ip(&self, call: &Call) -> Option<String> {
        let trusts = self.client.get("is_token_endpoint_ip_header_trusted");
        if !self.is_proven || trusts != Some(&Value::Bool(true)) {
            return None;
        }
        let address = call.header("auth0-forwarded-for")?.trim();
        address.parse::<IpAddr>().ok().map(|ip| ip.to_string())
    }

    /// Refuses a confidential application that showed no secret.
    pub(crate) fn require_proof(&self) -> Result<()> {
        if is_confidential(&self.client) && !self.is_proven {
            return Err(OAuthError::unauthorized());
        }
        Ok(())
    }

    /// Refuses an application that may not use a grant.
    pub(crate) fn require_grant(&self, grant: &str) -> Result<()> {
        if crate::catalog::allows_grant(&self.client, grant) {
            return Ok(());
        }
        Err(OAuthError::new(
            403,
            "unauthorized_client",
            format!("Grant type '{grant}' not allowed for the client."),
        ))
    }
}
