//! `auth0.users` of Rules: the profile is changed at once.

use std::fmt::Write as _;

use super::super::command::{Command, MetadataKind};
use super::super::state::Flow;
use super::super::{Transaction, apply};
use super::follow::record;
use crate::api;
use crate::json;
use crate::location::Location;
use crate::reply::{Answer, Failure};
use crate::rules::MANAGEMENT_PAGE;
use crate::value::Argument;
use serde_json::Value;

impl Transaction {
    /// The URL that the client of the Management API sends an update to.
    pub fn rule_profile_url(&self, user_id: &str) -> String {
        let mut id = String::new();
        for byte in user_id.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                    id.push(char::from(byte));
                }
                other => {
                    // Writing to a String does not fail.
                    let _ = write!(id, "%{other:02X}");
                }
            }
        }
        format!("https://{}/api/v2/users/{id}", self.flow.request.domain)
    }

    /// `auth0.users.updateUserMetadata` and `updateAppMetadata`: a PATCH of the stored profile, at once. Gives the
    /// profile behind it.
    pub fn rule_updates_user(
        &mut self,
        kind: &str,
        id: &Argument,
        metadata: &Argument,
        site: Option<Location>,
        now_ms: i64,
    ) -> Answer {
        self.flow.now_ms = now_ms;
        let Transaction { flow, running } = self;
        let Some(running) = running.as_mut().filter(|running| running.rule.is_some()) else {
            return Answer::Reject(Failure::error("No Rule runs."));
        };
        let (kind, method) = match kind {
            "app_metadata" => (MetadataKind::App, "user.setAppMetadata"),
            _ => (MetadataKind::User, "user.setUserMetadata"),
        };
        let Argument::Object(entries) = metadata else {
            let key = kind.key();
            return Answer::Reject(Failure::error(format!(
                "Payload validation error: '{key}' must be an object."
            )));
        };
        if let Err(failure) = is_this_user(flow, id) {
            return failure;
        }
        for (name, value) in entries {
            // A request carries JSON, and what JSON lacks is not in it.
            if !matches!(value.to_json(), Ok(Some(_))) {
                continue;
            }
            let args = [Argument::String(name.clone()), value.clone()];
            record(flow, running, method, &args, site.as_ref());
            if flow.kept.exceeded().is_some() {
                break;
            }
            api::answer(flow, running, method, &args, site.clone(), now_ms);
        }
        let mut rest = Vec::new();
        for command in std::mem::take(&mut running.commands) {
            match command {
                Command::SetMetadata { kind, name, value } => {
                    // Values were looked at above.
                    let _ = apply::metadata(flow, kind, &name, &value);
                }
                other => rest.push(other),
            }
        }
        running.commands = rest;
        if let Some(refusal) = apply::commit_or_forget(flow, kind) {
            return Answer::Reject(Failure::error(refusal));
        }
        let user = flow.input.event.get("user").unwrap_or(&Value::Null);
        Answer::Resolve(Argument::from(user))
    }
}

/// The profile that an update is for: only that of this login is at hand.
fn is_this_user(flow: &mut Flow, id: &Argument) -> Result<(), Answer> {
    let own = json::text_at(&flow.input.event, &["user", "user_id"]);
    let Some(id) = id.as_str() else {
        let failure = Failure::error("The id of the user must be a string.");
        return Err(Answer::Reject(failure));
    };
    if own.is_none_or(|own| own == id) {
        return Ok(());
    }
    let mut users = flow.input.tenant.users.iter();
    let known = users.find(|user| json::text_at(user, &["user_id"]) == Some(id));
    match known.map(Argument::from) {
        Some(user) => {
            let message = format!(
                "A Rule updates the user `{id}`, who is not the one that logs in: the outcome does not show it."
            );
            flow.warn("other-user-updated", message, MANAGEMENT_PAGE);
            Err(Answer::Resolve(user))
        }
        None => Err(Answer::Reject(Failure::error("The user does not exist."))),
    }
}
