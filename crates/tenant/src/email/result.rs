//! Where users go after the link of a mail or of a ticket.
//!
//! <https://auth0.com/docs/customize/email/email-templates>, "Configure Redirect To"

use maud::{Markup, html};
use url::Url;

use crate::http::text;
use crate::pages::tenant_name;
use crate::records::Ticket;
use crate::state::Tenant;
use crate::urls::login_route;

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

/// Returns the link from the last page of a ticket to where logins of its application begin; nothing if no page is configured. It has
/// the ticket's organization in its query.
///
/// Source: <https://auth0.com/docs/api/management/v2/tickets/post-email-verification>, `client_id` and `organization_id`.
pub(super) fn back(tenant: &Tenant, ticket: &Ticket) -> Markup {
    let catalog = &tenant.catalog;
    let client = ticket.client_id.as_deref();
    let client = client.and_then(|id| catalog.client(id));
    let Some(mut url) = login_route(&catalog.settings, client) else {
        return html! {};
    };
    let organization = ticket.organization.as_deref();
    if let Some(found) = organization.and_then(|id| catalog.organization(id)) {
        for (name, key) in [("organization_id", "id"), ("organization_name", "name")] {
            let value = text(found, key).unwrap_or_default();
            url.query_pairs_mut().append_pair(name, value);
        }
    }
    let name = client.and_then(|client| text(client, "name"));
    html! {
        p { a.button href=(url.as_str()) { "Back to " (name.unwrap_or_else(|| tenant_name(tenant))) } }
    }
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
