//! The part of an invitation to an organization that the pages for signing in and up show.

use maud::{Markup, html};

use crate::http::text;
use crate::oauth::Result;
use crate::oauth::membership::invitation;
use crate::oauth::run::LoginDoc;
use crate::records::Invitation;
use crate::state::Tenant;

/// The invitation that a login was begun with, if it is still good.
pub(super) fn of(tenant: &Tenant, login: &LoginDoc) -> Result<Option<Invitation>> {
    let request = &login.request;
    let organization = request.organization.as_deref();
    let found = invitation(tenant, &request.client_id, organization, &request.query)?;
    Ok(found.map(|(_, invitation)| invitation))
}

/// Returns who invites to which organization, and the address that becomes a member.
pub(super) fn note(tenant: &Tenant, invited: Option<&Invitation>) -> Markup {
    let Some(invited) = invited else {
        return html! {};
    };
    let found = tenant.catalog.organization(&invited.organization_id);
    let name = found.and_then(|it| text(it, "display_name").or_else(|| text(it, "name")));
    html! {
        p.invited {
            (invited.inviter) " has invited " (invited.invitee) " to " (name.unwrap_or(&invited.organization_id)) "."
        }
    }
}
