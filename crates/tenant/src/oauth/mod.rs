//! OpenID Connect and OAuth 2.0, as the vendor's Authentication API speaks them.

pub(crate) mod api;
pub(crate) mod asked;
pub(crate) mod assertion;
pub(crate) mod authenticators;
pub(crate) mod authorize;
pub(crate) mod changes;
pub(crate) mod client_auth;
pub(crate) mod cross_origin;
pub(crate) mod device;
pub(crate) mod discovery;
pub(crate) mod dpop;
pub(crate) mod enabled;
pub(crate) mod event;
pub(crate) mod exchange;
pub(crate) mod extra;
pub(crate) mod factors;
pub(crate) mod finish;
pub(crate) mod grants;
pub(crate) mod imported;
pub(crate) mod issue;
pub(crate) mod known;
pub(crate) mod logout;
mod machine;
pub(crate) mod membership;
pub(crate) mod mfa;
pub(crate) mod organizations;
pub(crate) mod par;
pub(crate) mod passwordless;
mod policy;
pub(crate) mod provider;
pub(crate) mod quota;
pub(crate) mod refresh;
pub(crate) mod refused;
pub(crate) mod request;
pub(crate) mod resume;
pub(crate) mod run;
pub(crate) mod session;
pub(crate) mod signing;
mod standing;
pub(crate) mod token;
pub(crate) mod userinfo;
pub(crate) mod waiting;

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use crate::http::answer;
use crate::store::StoreError;

/// `{"error": …, "error_description": …}` with its status.
#[derive(Debug, Clone)]
pub(crate) struct OAuthError {
    pub(crate) status: StatusCode,
    pub(crate) error: String,
    pub(crate) description: String,
    /// With which a login continues after a second factor.
    pub(crate) mfa_token: Option<String>,
    /// The factors that continue it: `challenge` or `enroll`, each a list of `{"type": …}`.
    pub(crate) mfa_requirements: Option<serde_json::Value>,
    /// Which the next DPoP proof has to contain.
    pub(crate) dpop_nonce: Option<String>,
    /// Whether the log has it already, as the outcome of a login.
    pub(crate) is_logged: bool,
    /// The quota that is used up.
    pub(crate) quotas: Vec<quota::Quota>,
}

/// The description of an error about an application that is unknown or did not authenticate.
const UNAUTHORIZED: &str = "Unauthorized";

impl OAuthError {
    pub(crate) fn new(status: u16, error: &str, description: impl Into<String>) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST),
            error: error.to_owned(),
            description: description.into(),
            mfa_token: None,
            mfa_requirements: None,
            dpop_nonce: None,
            is_logged: false,
            quotas: Vec::new(),
        }
    }

    pub(crate) fn invalid_request(description: impl Into<String>) -> Self {
        Self::new(400, "invalid_request", description)
    }

    pub(crate) fn missing(parameter: &str) -> Self {
        Self::invalid_request(format!("Missing required parameter: {parameter}"))
    }

    /// The answer for an application that is unknown, or does not prove to be the one: production says the same of both, and
    /// does not say `invalid_client`.
    ///
    /// Source: <https://github.com/auth0/node-auth0/issues/582>.
    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "access_denied", UNAUTHORIZED)
    }

    pub(crate) fn invalid_grant(description: impl Into<String>) -> Self {
        Self::new(403, "invalid_grant", description)
    }

    pub(crate) fn response(&self) -> Response {
        let mut body = json!({"error": self.error, "error_description": self.description});
        if let (Some(token), Some(body)) = (&self.mfa_token, body.as_object_mut()) {
            body.insert("mfa_token".into(), token.as_str().into());
            if let Some(requirements) = &self.mfa_requirements {
                body.insert("mfa_requirements".into(), requirements.clone());
            }
        }
        let mut response = answer(self.status, &body);
        // RFC 6749, section 5.2, for applications alone: at the wrong password of a user, a browser would ask for another one in a window of
        // its own, and the page that sent it would never get the answer.
        let is_of_application = self.error == "invalid_client"
            || (self.status == StatusCode::UNAUTHORIZED && self.description == UNAUTHORIZED);
        if is_of_application {
            crate::http::set(&mut response, "www-authenticate", "Basic realm=\"Users\"");
        }
        if let Some(nonce) = &self.dpop_nonce {
            crate::http::set(&mut response, "dpop-nonce", nonce);
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            crate::http::set(&mut response, "retry-after", RETRY_AFTER_S);
        }
        refused::mark(&mut response, self);
        response
    }
}

/// Seconds after which a client may try again.
pub(crate) const RETRY_AFTER_S: &str = "5";

impl From<StoreError> for OAuthError {
    fn from(error: StoreError) -> Self {
        crate::trouble::tell(&error);
        match error.passing() {
            // RFC 6749, section 4.1.2.1.
            Some(message) => Self::new(503, "temporarily_unavailable", message),
            None if error.is_unreadable() => Self::new(500, "server_error", error.to_string()),
            None => Self::new(
                500,
                "server_error",
                "The tenant's database does not answer.",
            ),
        }
    }
}

pub(crate) type Result<T> = std::result::Result<T, OAuthError>;

/// The words of a parameter that holds a list.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words
}
