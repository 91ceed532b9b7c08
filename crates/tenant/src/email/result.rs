//! Where users go after the link of a mail or of a ticket.
//!
//! <https://auth0.com/docs/customize/email/email-templates>, "Configure Redirect To"

use url::Url;

/// The messages for `message`, as the documentation shows them.
pub(crate) const VERIFIED: &str =
    "Your email was verified. You can continue using the application.";
pub(crate) const CHANGED: &str = "You can now login to the application with the new password.";

/// Parses the address of a template or of a ticket; `None` for one that a browser is not sent to. `email` is put into its query
/// (`includeEmailInRedirect`).
pub(crate) fn address(written: &str, email: Option<&str>) -> Option<Url> {
    let url = Url::parse(written.trim()).ok();
    let mut url = url.filter(|url| matches!(url.scheme(), "http" | "https"))?;
    if let Some(email) = email {
        url.query_pairs_mut().append_pair("email", email);
    }
    Some(url)
}

/// Returns the address with what happened in its query.
pub(crate) fn succeeded(result_url: &str, message: &str) -> Option<String> {
    let mut url = address(result_url, None)?;
    let mut query = url.query_pairs_mut();
    query.append_pair("success", "true");
    query.append_pair("message", message);
    drop(query);
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use super::{VERIFIED, address, succeeded};

    #[test]
    fn what_happened_is_in_the_query() {
        let given = address("https://app.example/v?x=1#y", Some("a+b@e.com")).unwrap();
        assert_eq!(
            given.as_str(),
            "https://app.example/v?x=1&email=a%2Bb%40e.com#y"
        );
        let done = succeeded("https://app.example/v?x=1", VERIFIED).unwrap();
        assert_eq!(
            done,
            "https://app.example/v?x=1&success=true&message=Your+email+was+verified.+You+can+continue+using+the+application."
        );
        for wrong in ["", "/done", "javascript:alert(1)", "app://done"] {
            assert_eq!(succeeded(wrong, VERIFIED), None, "{wrong}");
        }
    }
}
