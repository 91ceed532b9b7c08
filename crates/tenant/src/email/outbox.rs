//! The outbox, and where the links in mails lead.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use serde_json::{Map, Value};

use super::result::{VERIFIED, back, succeeded};
use super::{Cause, Template, send};
use crate::clock::iso;
use crate::http::csp::leave;
use crate::http::{Call, page, text};
use crate::identities::Linked;
use crate::management::happenings;
use crate::oauth::finish::error_page;
use crate::oauth::{OAuthError, Result};
use crate::page::access::is_near;
use crate::pages::{layout, wide};
use crate::randomness::digest;
use crate::records::{Mail, Ticket};
use crate::state::Tenant;
use crate::store::{ChangeError, Entry, StoreError};

/// The number of mails that the page shows.
const SHOWN: usize = 200;

/// The template of a mail whose link changes a password.
const RESET: &str = "reset_email";

/// Puts a message into the outbox.
pub(crate) fn keep(
    tenant: &Tenant,
    mail: &Mail,
    now_ms: i64,
) -> std::result::Result<(), StoreError> {
    // Ids in the order of time, so that a list is in this order, too.
    let id = format!("{now_ms:015}-{}", tenant.randomness.hex_id());
    let entry = Entry::lasting(&id).of(&mail.user_id);
    tenant.store.put(entry, mail, now_ms)
}

fn all(tenant: &Tenant) -> std::result::Result<impl Iterator<Item = Mail>, StoreError> {
    let messages = tenant.store.list::<Mail>(None, tenant.now_ms())?;
    Ok(messages.into_iter().map(|(_, mail)| mail))
}

/// All mails, the oldest first.
pub(crate) fn list(tenant: &Tenant) -> std::result::Result<Vec<Mail>, StoreError> {
    Ok(all(tenant)?.filter(|it| it.channel.is_none()).collect())
}

/// All texts and calls, the oldest first.
pub(crate) fn list_texts(tenant: &Tenant) -> std::result::Result<Vec<Mail>, StoreError> {
    Ok(all(tenant)?.filter(|it| it.channel.is_some()).collect())
}

/// The page of the outbox. Its links sign users in, so it is shown on this machine alone.
pub(crate) async fn outbox(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    if !is_near(&call) && !tenant.control.accepts(&call) {
        return error_page(&OAuthError::new(
            403,
            "access_denied",
            "The outbox is shown only on the machine of the tenant.",
        ));
    }
    let mails: Vec<Mail> = match all(&tenant) {
        Ok(mails) => mails.collect(),
        Err(error) => return error_page(&error.into()),
    };
    let body = html! {
        h1 { "Outbox" }
        p.note { "Nothing is sent from here." }
        @if mails.is_empty() { p { "No mail yet." } }
        @for mail in mails.iter().rev().take(SHOWN) { (shown(mail)) }
    };
    page(StatusCode::OK, wide("Outbox", &body))
}

fn shown(mail: &Mail) -> Markup {
    html! {
        hr;
        p {
            b { (mail.subject.as_deref().unwrap_or_default()) }
            br;
            (mail.date) " · to " (mail.to) " · " code { (mail.template) }
            @if let Some(channel) = &mail.channel { " · " (channel) }
            @if let Some(delivery) = &mail.delivery { " · " (delivery) }
        }
        @if let Some(url) = &mail.url { p { a href=(url) { (url) } } }
        @if let Some(error) = &mail.error {
            p.error { (error) }
        } @else if mail.channel.is_some() {
            p { (mail.body.as_deref().unwrap_or_default()) }
        } @else {
            // What a template writes is shown in a frame that can do nothing.
            iframe sandbox srcdoc=(mail.body.as_deref().unwrap_or_default())
                style="width:100%;border:1px solid #ccc;min-height:12rem" {}
        }
    }
}

/// Stores a ticket. One that changes a password ends the user's earlier ones: the latest link alone is good.
///
/// Source: <https://community.auth0.com/t/150437>.
pub(crate) fn put_ticket(
    tenant: &Tenant,
    token: &str,
    ticket: &Ticket,
    expires_ms: i64,
) -> std::result::Result<(), StoreError> {
    let now = tenant.now_ms();
    let user_id = ticket.user_id.as_str();
    if ticket.purpose == RESET {
        for (key, earlier) in tenant.store.list::<Ticket>(Some(user_id), now)? {
            if earlier.purpose == RESET {
                tenant.store.remove::<Ticket>(&key)?;
            }
        }
    }
    let key = digest(token);
    let entry = Entry::until(&key, expires_ms).of(user_id);
    tenant.store.put(entry, ticket, now)
}

/// Where the link of a mail leads: an address is verified, or a password is changed.
pub(crate) async fn ticket(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    used(&tenant, &call)
        .await
        .unwrap_or_else(|error| error_page(&error))
}

async fn used(tenant: &Arc<Tenant>, call: &Call) -> Result<Response> {
    let gone = || OAuthError::invalid_request("This link has expired or was used already.");
    let token = call.field("ticket").ok_or_else(gone)?;
    let key = digest(token);
    let now = tenant.now_ms();
    let ticket = tenant.store.get::<Ticket>(&key, now)?.ok_or_else(gone)?;
    let user_id = ticket.user_id.as_str();
    if ticket.purpose != RESET {
        tenant.store.take::<Ticket>(&key, now)?.ok_or_else(gone)?;
        // The ticket names the address that it verifies (the sample of
        // https://auth0.com/docs/api/management/v2/tickets/post-email-verification): not one that the user has by now.
        let mut is_new = false;
        let changed = tenant.change_user::<OAuthError>(user_id, |profile| {
            let is_same = |email: &String| {
                text(profile, "email").is_some_and(|now| now.eq_ignore_ascii_case(email))
            };
            if !ticket.email.as_ref().is_none_or(is_same) {
                let email = ticket.email.as_deref().unwrap_or_default();
                let linked = Linked::by_email(profile, email).ok_or_else(gone)?;
                let mut verified = Map::from_iter([("email_verified".to_owned(), true.into())]);
                linked.change(profile, &mut verified);
            } else if let Some(profile) = profile.as_object_mut() {
                let before = profile.insert("email_verified".into(), true.into());
                is_new = before != Some(Value::Bool(true));
            }
            if let Some(profile) = profile.as_object_mut() {
                profile.insert("updated_at".into(), iso(now).into());
            }
            Ok(None)
        })?;
        let user = match changed.ok_or_else(gone)? {
            Ok(user) => user,
            Err(ChangeError::Refused(error)) => return Err(error),
            Err(ChangeError::Conflict) => return Err(gone()),
        };
        happenings::of_user(tenant, call, "sv", &user);
        // Of databases alone: https://community.auth0.com/t/194141.
        let of_database = user.pointer("/identities/0/provider");
        if is_new && of_database.is_some_and(|provider| provider == "auth0") {
            let cause = Cause {
                client_id: ticket.client_id.as_deref(),
                organization: ticket.organization.as_deref(),
                call: Some(call),
                ..Cause::default()
            };
            send(tenant, Template::Welcome, &user, cause).await;
        }
        let result_url = ticket.result_url.as_ref().and_then(Value::as_str);
        if let Some(url) = result_url.and_then(|url| succeeded(url, VERIFIED)) {
            return Ok(leave(&url));
        }
        let body = html! {
            h1 { "Email Verified" }
            p { "Your email address was successfully verified." }
            (back(tenant, &ticket))
        };
        return Ok(page(StatusCode::OK, layout("Email Verified", &body)));
    }
    super::reset::used(tenant, call, token, ticket).await
}
