//! The outbox, and where the links in mails lead.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::Value;

use crate::clock::iso;
use crate::http::{Call, escape, page, text};
use crate::oauth::finish::error_page;
use crate::oauth::{OAuthError, Result};
use crate::pages::{hidden, layout, problem, wide};
use crate::password::{self, MAX_PASSWORD};
use crate::randomness::digest;
use crate::state::Tenant;
use crate::store::{Kind, StoreError};

/// All mails, the oldest first.
pub(crate) fn list(tenant: &Tenant) -> std::result::Result<Vec<Value>, StoreError> {
    let mails = tenant.store.list(Kind::Mail, None, tenant.now_ms())?;
    Ok(mails.into_iter().map(|(_, mail)| mail).collect())
}

/// The page of the outbox. Its links sign users in, so it is shown on this machine alone.
pub(crate) async fn outbox(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    if !call
        .ip
        .parse::<std::net::IpAddr>()
        .is_ok_and(|ip| ip.is_loopback())
        && !tenant.control.accepts(&call)
    {
        return error_page(&OAuthError::new(
            403,
            "access_denied",
            "The outbox is shown only on the machine of the tenant.",
        ));
    }
    let mails = match list(&tenant) {
        Ok(mails) => mails,
        Err(error) => return error_page(&error.into()),
    };
    let mut body = String::from("<h1>Outbox</h1><p class=\"note\">Nothing is sent from here.</p>");
    if mails.is_empty() {
        body.push_str("<p>No mail yet.</p>");
    }
    for mail in mails.iter().rev().take(200) {
        let part = |key: &str| escape(text(mail, key).unwrap_or_default());
        let _ = write!(
            body,
            "<hr><p><b>{}</b><br>{} · to {} · <code>{}</code></p>",
            part("subject"),
            part("date"),
            part("to"),
            part("template")
        );
        if let Some(url) = text(mail, "url") {
            let _ = write!(body, "<p><a href=\"{0}\">{0}</a></p>", escape(url));
        }
        let _ = match text(mail, "error") {
            Some(error) => write!(body, "<p class=\"error\">{}</p>", escape(error)),
            // What a template writes is shown in a frame that can do nothing.
            None => write!(
                body,
                "<iframe sandbox srcdoc=\"{}\" style=\"width:100%;border:1px solid #ccc;min-height:12rem\"></iframe>",
                part("body")
            ),
        };
    }
    page(StatusCode::OK, wide("Outbox", &body))
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
    let ticket = tenant
        .store
        .get(Kind::Ticket, &key, now)?
        .ok_or_else(gone)?;
    let user_id = text(&ticket, "user_id").unwrap_or_default();
    if text(&ticket, "purpose") != Some("reset_email") {
        tenant
            .store
            .take(Kind::Ticket, &key, now)?
            .ok_or_else(gone)?;
        let _ = tenant.store.change_user::<()>(user_id, |profile| {
            if let Some(profile) = profile.as_object_mut() {
                profile.insert("email_verified".into(), true.into());
                profile.insert("updated_at".into(), iso(now).into());
            }
            Ok(None)
        })?;
        return Ok(page(
            StatusCode::OK,
            layout(
                "Email Verified",
                "<h1>Email Verified</h1><p>Your email address was successfully verified.</p>",
            ),
        ));
    }
    let form = |wrong: Option<&str>| {
        let body = format!(
            "<h1>Change Your Password</h1>{}<form method=\"post\" action=\"/u/ticket\">{}<label>New password<input type=\"password\" name=\"password\" autocomplete=\"new-password\" required></label><button>Reset password</button></form>",
            problem(wrong),
            hidden("ticket", token)
        );
        page(StatusCode::OK, layout("Change Your Password", &body))
    };
    let Some(secret) = call
        .body_field("password")
        .filter(|_| call.method == Method::POST)
    else {
        return Ok(form(None));
    };
    if secret.chars().count() > MAX_PASSWORD {
        return Ok(form(Some("The password is too long.")));
    }
    let (secret, for_hash) = (secret.to_owned(), Arc::clone(tenant));
    let hash = tokio::task::spawn_blocking(move || password::hash(&secret, &for_hash.randomness))
        .await
        .ok()
        .flatten();
    tenant
        .store
        .take(Kind::Ticket, &key, now)?
        .ok_or_else(gone)?;
    let _ = tenant.store.change_user::<()>(user_id, |profile| {
        if let Some(profile) = profile.as_object_mut() {
            profile.insert("last_password_reset".into(), iso(now).into());
            profile.insert("updated_at".into(), iso(now).into());
        }
        Ok(hash)
    })?;
    // Whoever knew the old password is out.
    tenant.store.remove_owned(Kind::Session, user_id)?;
    Ok(page(
        StatusCode::OK,
        layout(
            "Password Changed",
            "<h1>Password Changed!</h1><p>Your password has been changed successfully.</p>",
        ),
    ))
}
