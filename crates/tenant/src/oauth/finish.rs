//! The answer of `/authorize`: parameters for the application, in the way that it asked for.

use axum::http::StatusCode;
use axum::response::Response;
use maud::{DOCTYPE, PreEscaped, html};
use serde_json::{Map, Value};
use url::Url;
use url::form_urlencoded::Serializer;

use super::request::WayBack;
use super::{OAuthError, refused};
use crate::http::csp::leave;
use crate::http::{page, set};
use crate::lock::for_script;
use crate::pages;

/// Parameters in order.
pub(crate) type Answer = Vec<(&'static str, String)>;

/// Sends parameters, with the request's `state`, to the application.
pub(crate) fn send(back: &WayBack, mut parameters: Answer) -> Response {
    if let Some(state) = &back.state {
        parameters.push(("state", state.clone()));
    }
    if let Some(iss) = &back.iss {
        parameters.push(("iss", iss.clone()));
    }
    let encoded = || {
        let mut text = Serializer::new(String::new());
        for (name, value) in &parameters {
            text.append_pair(name, value);
        }
        text.finish()
    };
    match back.response_mode.as_str() {
        "form_post" => form_post(&back.redirect_uri, &parameters),
        "web_message" => web_message(&back.redirect_uri, &parameters),
        "fragment" => leave(&format!("{}#{}", back.redirect_uri, encoded())),
        _ => {
            let joint = if back.redirect_uri.contains('?') {
                '&'
            } else {
                '?'
            };
            leave(&format!("{}{joint}{}", back.redirect_uri, encoded()))
        }
    }
}

/// Sends an error to the application.
pub(crate) fn send_error(back: &WayBack, error: &OAuthError) -> Response {
    let parameters = vec![
        ("error", error.error.clone()),
        ("error_description", error.description.clone()),
    ];
    let mut response = send(back, parameters);
    refused::mark(&mut response, error);
    response
}

/// Returns the page for an error that is not sent to an application.
pub(crate) fn error_page(error: &OAuthError) -> Response {
    let body = html! {
        h1 { "Oops!, something went wrong" }
        p { code { (error.error) } }
        p { (error.description) }
    };
    let mut response = page(error.status, pages::layout("Error", &body));
    if error.status == StatusCode::SERVICE_UNAVAILABLE {
        set(&mut response, "retry-after", super::RETRY_AFTER_S);
    }
    refused::mark(&mut response, error);
    response
}

/// OAuth 2.0 Form Post Response Mode: a form that sends itself.
fn form_post(redirect_uri: &str, parameters: &Answer) -> Response {
    self_posting_form(redirect_uri, parameters)
}

/// A page whose form sends itself.
pub(crate) fn self_posting_form<N: AsRef<str>>(
    action: &str,
    parameters: &[(N, String)],
) -> Response {
    const SUBMIT: &str = "document.forms[0].submit()";
    let html = html! {
        (DOCTYPE)
        html {
            head { title { "Submit this form" } }
            body {
                form method="post" action=(action) {
                    @for (name, value) in parameters { (pages::hidden(name.as_ref(), value)) }
                    noscript { button { "Continue" } }
                }
                script { (PreEscaped(SUBMIT)) }
            }
        }
    };
    let mut response = page(StatusCode::OK, html);
    // No `form-action`: the application may redirect wherever it likes.
    let hash = format!(
        "default-src 'none'; script-src '{}'; frame-ancestors 'none'; base-uri 'none'",
        script_hash(SUBMIT)
    );
    set(&mut response, "content-security-policy", &hash);
    response
}

/// Returns a page that posts to its opener or parent, and to no page of another origin.
/// <https://datatracker.ietf.org/doc/html/draft-sakimura-oauth-wmrm-00>
fn web_message(redirect_uri: &str, parameters: &Answer) -> Response {
    let origin = Url::parse(redirect_uri)
        .map(|url| url.origin().ascii_serialization())
        .unwrap_or_default();
    let values: Map<String, Value> = parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), web_value(name, value)))
        .collect();
    let message = serde_json::json!({"type": "authorization_response", "response": values});
    let script = format!(
        "(function(w,o,m){{var t=w.opener||(w.parent!==w?w.parent:null);if(t)t.postMessage(m,o)}})(window,{},{})",
        for_script(&Value::from(origin)),
        for_script(&message)
    );
    let html = html! {
        (DOCTYPE)
        html {
            head { title { "Authorization Response" } }
            // `for_script` has made it safe to embed.
            body { script { (PreEscaped(&script)) } }
        }
    };
    let mut response = page(StatusCode::OK, html);
    response.headers_mut().remove("x-frame-options");
    set(
        &mut response,
        "content-security-policy",
        &format!(
            "default-src 'none'; script-src '{}'; base-uri 'none'",
            script_hash(&script)
        ),
    );
    response
}

fn web_value(name: &str, value: &str) -> Value {
    match (name, value.parse::<i64>()) {
        ("expires_in", Ok(seconds)) => seconds.into(),
        _ => value.into(),
    }
}

fn script_hash(script: &str) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    let hash =
        base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(script.as_bytes()));
    format!("sha256-{hash}")
}
