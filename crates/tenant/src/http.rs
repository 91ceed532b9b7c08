//! Requests as plain data, and the answers that every endpoint gives.

pub(crate) mod csp;
pub(crate) mod intake;
pub(crate) mod room;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use maud::Markup;
use serde_json::{Map, Value};
use tokio::sync::OwnedSemaphorePermit;

use crate::oauth::OAuthError;

/// Parameters of a query or a form, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params(pub(crate) Vec<(String, String)>);

impl Params {
    pub(crate) fn parse(text: &[u8]) -> Self {
        let pairs = url::form_urlencoded::parse(text);
        Self(
            pairs
                .map(|(k, v)| (k.into_owned(), v.into_owned()))
                .collect(),
        )
    }

    /// The first value that is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Returns the number of bytes that the parameters take in a form.
    pub(crate) fn encoded_length(&self) -> usize {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(&self.0);
        form.finish().len()
    }

    /// The first name that occurs twice: OAuth forbids it (RFC 6749, section 3.1).
    pub(crate) fn repeated(&self) -> Option<&str> {
        let mut seen = std::collections::HashSet::new();
        let mut names = self.0.iter().map(|(name, _)| name.as_str());
        names.find(|name| !seen.insert(*name))
    }

    pub(crate) fn to_map(&self) -> Map<String, Value> {
        let mut map = Map::new();
        for (name, value) in &self.0 {
            map.entry(name.clone())
                .or_insert_with(|| Value::from(value.as_str()));
        }
        map
    }
}

/// The content of a request.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// Nothing.
    Empty,
    /// A form.
    Form(Params),
    /// JSON.
    Json(Value),
    /// `multipart/form-data` for the Management API, as it came.
    Multipart(Vec<u8>),
    /// Neither; says why.
    Bad(String),
}

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Params,
    pub(crate) headers: HeaderMap,
    pub(crate) content: Content,
    pub(crate) ip: String,
    /// The room that its body has, until the request is answered; `None` for a small body.
    pub(crate) room: Option<Arc<OwnedSemaphorePermit>>,
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A cookie's value.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let lines = self.headers.get_all(header::COOKIE).iter();
        let mut pairs = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'));
        pairs.find_map(|pair| {
            let (known, value) = pair.trim().split_once('=')?;
            (known == name && !value.is_empty()).then_some(value)
        })
    }

    /// A parameter of the body, or else of the query.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.body_field(name).or_else(|| self.query.get(name))
    }

    /// A parameter of the body without which the request means nothing.
    pub(crate) fn required(&self, name: &str) -> Result<&str, OAuthError> {
        self.body_field(name)
            .ok_or_else(|| OAuthError::missing(name))
    }

    /// A parameter of the body, form or JSON.
    pub(crate) fn body_field(&self, name: &str) -> Option<&str> {
        match &self.content {
            Content::Form(form) => form.get(name),
            Content::Json(value) => value
                .get(name)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty()),
            Content::Empty | Content::Multipart(_) | Content::Bad(_) => None,
        }
    }

    /// The body as an object.
    pub(crate) fn body_map(&self) -> Map<String, Value> {
        match &self.content {
            Content::Form(form) => form.to_map(),
            Content::Json(Value::Object(map)) => map.clone(),
            _ => Map::new(),
        }
    }

    /// The token of `Authorization: Bearer …`.
    pub(crate) fn bearer(&self) -> Option<&str> {
        self.authorization("bearer")
    }

    /// The credentials of the `Authorization` header, if it has this scheme.
    pub(crate) fn authorization(&self, expected: &str) -> Option<&str> {
        let (scheme, credentials) = self.header("authorization")?.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case(expected)
            .then_some(credentials.trim())
    }

    /// The parts of the path behind a prefix, percent-decoded.
    pub(crate) fn segments(&self, prefix: &str) -> Vec<String> {
        let rest = self.path.strip_prefix(prefix).unwrap_or_default();
        let parts = rest
            .trim_matches('/')
            .split('/')
            .filter(|part| !part.is_empty());
        parts.map(percent_decoded).collect()
    }
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            .filter(|_| first == b'%')
        {
            Some(byte) => {
                out.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                out.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A JSON answer that is not cached.
pub(crate) fn answer(status: StatusCode, body: &Value) -> Response {
    let mut response = json_text(body.to_string());
    *response.status_mut() = status;
    response
}

/// The same for JSON that is text already.
pub(crate) fn json_text(body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    set(
        &mut response,
        "content-type",
        "application/json; charset=utf-8",
    );
    set(&mut response, "cache-control", "no-store");
    response
}

/// 204.
pub(crate) fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// A page. Nothing may frame it, and its forms lead to the tenant alone.
pub(crate) fn page(status: StatusCode, html: Markup) -> Response {
    page_towards(status, html, &[])
}

/// The same for a page whose form may be answered with a redirect to one of these addresses: Chromium applies
/// `form-action` to the redirects that follow a form, too.
pub(crate) fn page_towards(status: StatusCode, html: Markup, targets: &[&str]) -> Response {
    let mut response = Response::new(Body::from(html.into_string()));
    *response.status_mut() = status;
    set(&mut response, "content-type", "text/html; charset=utf-8");
    set(&mut response, "cache-control", "no-store");
    set(&mut response, "x-frame-options", "DENY");
    set(&mut response, "referrer-policy", "no-referrer");
    set(&mut response, "x-content-type-options", "nosniff");
    set(
        &mut response,
        "content-security-policy",
        &format!(
            "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; frame-ancestors 'none'; base-uri 'none'; form-action {}",
            csp::form_action(targets)
        ),
    );
    response
}

/// 302. An address that no header can hold is answered with an error page: a redirect without `Location` leads nowhere.
pub(crate) fn redirect(to: &str) -> Response {
    let Some(location) = location(to) else {
        return crate::oauth::finish::error_page(&OAuthError::invalid_request(
            "The address of the redirect is not a valid URL.",
        ));
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert(header::LOCATION, location);
    set(&mut response, "cache-control", "no-store");
    set(&mut response, "referrer-policy", "no-referrer");
    response
}

/// An address as a header: letters beyond ASCII are percent-encoded, as a browser does; control characters are refused.
fn location(to: &str) -> Option<HeaderValue> {
    let mut encoded = String::with_capacity(to.len());
    for letter in to.chars() {
        match letter {
            control if control.is_control() => return None,
            ' ' => encoded.push_str("%20"),
            ascii if ascii.is_ascii() => encoded.push(ascii),
            other => {
                let mut bytes = [0; 4];
                for byte in other.encode_utf8(&mut bytes).bytes() {
                    encoded.push_str(&format!("%{byte:02X}"));
                }
            }
        }
    }
    HeaderValue::from_str(&encoded)
        .ok()
        .filter(|value| !value.is_empty())
}

/// Sets a header; a value that no header can have is left out.
pub(crate) fn set(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Adds a cookie for the tenant alone.
pub(crate) fn add_cookie(response: &mut Response, name: &str, value: &str, seconds: i64) {
    let line = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}");
    if let Ok(line) = HeaderValue::from_str(&line) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
}

/// Sets a cookie that ends with the browser.
pub(crate) fn add_passing_cookie(response: &mut Response, name: &str, value: &str) {
    let line = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax");
    if let Ok(line) = HeaderValue::from_str(&line) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
}

/// A member of an object that is a text.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

/// The texts of a member that is a list.
pub(crate) fn texts<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a str> {
    let list = value.get(key).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::{Params, location, percent_decoded};

    #[test]
    fn an_address_fits_into_a_header_or_is_refused() {
        let shown = |to: &str| location(to).map(|it| it.to_str().unwrap_or_default().to_owned());
        for (to, expected) in [
            ("https://a.example/x?y=1", Some("https://a.example/x?y=1")),
            (
                "https://a.example/ü b",
                Some("https://a.example/%C3%BC%20b"),
            ),
            ("https://a.example/\r\nx: y", None),
            ("https://a.example/\u{0}", None),
            ("https://a.example/\u{85}", None),
            ("", None),
        ] {
            assert_eq!(shown(to).as_deref(), expected, "{to:?}");
        }
    }

    #[test]
    fn texts_are_decoded() {
        assert_eq!(percent_decoded("auth0%7C1%zz%"), "auth0|1%zz%");
    }

    #[test]
    fn a_parameter_that_stands_twice_is_found() {
        assert_eq!(Params::parse(b"a=1&b=2&a=").repeated(), Some("a"));
        assert_eq!(Params::parse(b"a=1&b=2").repeated(), None);
        assert_eq!(Params::parse(b"a=&b=x+y").get("b"), Some("x y"));
        assert_eq!(Params::parse(b"a=").get("a"), None);
    }
}
