//! Where the forms of a page may lead, and how a form leaves for an address that its page could not know.

use axum::body::Body;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use maud::{DOCTYPE, html};
use url::Url;

use super::{page, redirect};

/// The sources of `form-action`: the tenant itself and the origins of these addresses.
pub(super) fn form_action(targets: &[&str]) -> String {
    let mut sources = vec!["'self'".to_owned()];
    for target in targets {
        if let Some(source) = source(target)
            && !sources.contains(&source)
        {
            sources.push(source);
        }
    }
    sources.join(" ")
}

/// An address as a source of a policy. What has no origin (`com.example.app://cb`), or one that a policy cannot write
/// (`http://[::1]:3000`), is allowed by its scheme.
fn source(target: &str) -> Option<String> {
    let url = Url::parse(target).ok()?;
    if matches!(
        url.scheme(),
        "javascript" | "data" | "blob" | "vbscript" | "filesystem"
    ) {
        return None;
    }
    match url.host() {
        Some(url::Host::Domain(_) | url::Host::Ipv4(_)) if url.origin().is_tuple() => {
            Some(url.origin().ascii_serialization())
        }
        _ => Some(format!("{}:", url.scheme())),
    }
}

/// Marks a redirect that leaves the tenant.
#[derive(Debug, Clone, Copy)]
struct Leaves;

/// A redirect that leaves the tenant: to the application, or to an address that an Action chose. The page of a form does
/// not know the second one, nor where the application redirects to.
pub(crate) fn leave(to: &str) -> Response {
    let mut response = redirect(to);
    if response.status() == StatusCode::FOUND {
        response.extensions_mut().insert(Leaves);
    }
    response
}

/// Makes a page that continues by itself of such a redirect, where it answers a form in a browser: Chromium applies the policy
/// of the form's page to all redirects that follow, and would stop at the first address that it does not name.
pub(crate) fn let_leave(method: &Method, headers: &HeaderMap, response: Response) -> Response {
    let is_form = *method == Method::POST
        && headers
            .get("sec-fetch-mode")
            .is_some_and(|mode| mode.as_bytes() == b"navigate");
    let leaves = response.extensions().get::<Leaves>().is_some();
    let to = response.headers().get(header::LOCATION);
    // A browser asks before it opens an application; a page that does so by itself may be stopped.
    let to = to
        .and_then(|to| to.to_str().ok())
        .filter(|to| to.starts_with("http://") || to.starts_with("https://"));
    let (true, true, Some(to)) = (is_form, leaves, to) else {
        return response;
    };
    let html = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="refresh" content={ "0;url=" (to) };
                title { "Continue" }
            }
            body { p { a href=(to) { "Continue" } } }
        }
    };
    let (mut parts, _) = response.into_parts();
    let (shown, body) = page(StatusCode::OK, html).into_parts();
    parts.status = StatusCode::OK;
    parts.headers.remove(header::LOCATION);
    parts.headers.extend(shown.headers);
    Response::from_parts(parts, Body::new(body))
}

#[cfg(test)]
mod tests {
    use super::form_action;

    #[test]
    fn a_form_leads_to_the_origins_of_its_callbacks_alone() {
        for (targets, expected) in [
            (&[][..], "'self'"),
            (
                &["http://localhost:3000/callback?x=1"],
                "'self' http://localhost:3000",
            ),
            (
                &["https://app.example.com/a", "https://app.example.com/b"],
                "'self' https://app.example.com",
            ),
            (&["com.example.app://cb"], "'self' com.example.app:"),
            (&["http://[::1]:3000/cb"], "'self' http:"),
            // Nothing of an address ends the policy or adds a directive to it.
            (&["javascript:alert(1)"], "'self'"),
            (&["nonsense; script-src *"], "'self'"),
            (
                &["https://a.example/;script-src *"],
                "'self' https://a.example",
            ),
        ] {
            assert_eq!(form_action(targets), expected, "{targets:?}");
        }
    }
}
