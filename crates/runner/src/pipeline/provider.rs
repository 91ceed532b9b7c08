//! The built-in identity provider as a connection's script sees it: what answers its requests.

use std::sync::Arc;

use postlogin_host::{Door, MockDoor, Request, Verdict};
use postlogin_tenant::ProviderVisit;
use serde_json::{Map, Value};
use url::form_urlencoded::{Serializer, parse};

/// Answers what no mocked exchange does: the token endpoint, and with an identity every other request.
struct Provider {
    token_url: Option<String>,
    token_response: Map<String, Value>,
    identity: Option<Value>,
    otherwise: Arc<dyn Door>,
}

impl Door for Provider {
    fn send(&self, request: &Request) -> Verdict {
        let is_token = self.token_url.as_ref() == Some(&request.url);
        let body = match &self.identity {
            _ if is_token => Value::Object(self.token_response.clone()).to_string(),
            Some(identity) => identity.to_string(),
            None => return self.otherwise.send(request),
        };
        Verdict::Answered {
            status: 200,
            headers: vec![("content-type".into(), "application/json".into())],
            body: body.into_bytes(),
            delay: std::time::Duration::ZERO,
        }
    }

    fn leftovers(&self) -> Vec<postlogin_host::Remark> {
        self.otherwise.leftovers()
    }
}

/// The door of a visit: mocked exchanges first, then the built-in provider, then the network that was allowed.
pub(super) fn door(
    visit: &ProviderVisit,
    mocks: Vec<postlogin_host::Mock>,
    network: Arc<dyn Door>,
) -> Arc<dyn Door> {
    Arc::new(MockDoor::new(mocks).or_else(Arc::new(Provider {
        token_url: token_url(&visit.connection),
        token_response: visit.token_response.clone(),
        identity: visit.identity.clone(),
        otherwise: network,
    })))
}

fn token_url(connection: &Value) -> Option<String> {
    let url = connection
        .pointer("/options/tokenURL")
        .and_then(Value::as_str);
    url.filter(|url| !url.is_empty()).map(str::to_owned)
}

/// Exchanges the code at the connection's token endpoint, as production does before it runs the script.
///
/// # Errors
/// When the endpoint refuses, in words for the application.
pub(super) fn exchange(
    visit: &ProviderVisit,
    door: &dyn Door,
) -> Result<Map<String, Value>, String> {
    let Some(url) = token_url(&visit.connection) else {
        return Ok(visit.token_response.clone());
    };
    let form = visit
        .token_request
        .iter()
        .filter(|(_, value)| !value.is_empty());
    let body = Serializer::new(String::new()).extend_pairs(form).finish();
    let kind = "application/x-www-form-urlencoded";
    let request = Request {
        method: "POST".into(),
        url,
        headers: vec![
            ("content-type".into(), kind.into()),
            ("accept".into(), "application/json".into()),
        ],
        body: body.into_bytes(),
    };
    let failed = |why: String| format!("Failed to obtain access token: {why}");
    match door.send(&request) {
        Verdict::Answered { status, body, .. } if (200..300).contains(&status) => Ok(read(&body)),
        Verdict::Answered { status, body, .. } => {
            let told = read(&body);
            let told = told.get("error_description").or(told.get("error"));
            let told = told.and_then(Value::as_str).map(str::to_owned);
            Err(failed(told.unwrap_or_else(|| {
                format!("the token endpoint answered {status}")
            })))
        }
        Verdict::Failed { error, .. } => Err(failed(error.code().to_owned())),
        Verdict::Refused(remark) => Err(failed(remark.message)),
    }
}

/// Some providers answer with a form.
fn read(body: &[u8]) -> Map<String, Value> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(response)) => response,
        _ => parse(body)
            .map(|(name, value)| (name.into_owned(), value.into_owned().into()))
            .collect(),
    }
}
