//! Applies the commands of a handler that has returned.

use serde_json::{Value, json};

use super::command::{Command, LargeClaim, MetadataKind};
use super::effects::{self, deny};
use super::state::{Flow, Running};
use super::{Next, Suspension, factors, primary_user, redirect};
use crate::api::method_path;
use crate::fault::Fault;
use crate::json;
use crate::ledger::ClaimCall;
use crate::limits::CLAIMS_PAGE;
use crate::location::Location;
use crate::login::changes::{RevokedSession, expires};
use crate::measure;
use crate::outcome::TokenKind;
use crate::reads::Watch;
use crate::sources::sources_within;
use crate::time::iso_text;
use crate::trigger::Trigger;
use crate::value::Argument;

/// Applies everything that a handler asked for and returns what comes next.
pub(super) fn apply(flow: &mut Flow, running: Running) -> Next {
    // A switch of the user comes last: it takes along what the same Action wrote before and after it.
    let (switches, others): (Vec<_>, Vec<_>) = running
        .commands
        .iter()
        .partition(|command| matches!(command, Command::SetPrimaryUser { .. }));
    for command in others.into_iter().chain(switches) {
        if let Err(fault) = effect(flow, &running, command) {
            flow.fail(&running.action, fault);
            return Next::Stop;
        }
    }
    if flow.ending.is_some() {
        // Denying does not take back what else the Action asked for, and an update that fails does not change the denial. Of a
        // sign-up that is denied there is no user.
        if flow.input.trigger != Trigger::PreUserRegistration {
            commit(flow);
        }
        return Next::Stop;
    }
    if let Err(fault) =
        factors::queue(flow, &running).and_then(|()| redirect::queue(flow, &running))
    {
        flow.fail(&running.action, fault);
        return Next::Stop;
    }
    match flow.waiting.front().cloned() {
        Some(suspension) => match commit_before(flow, &suspension) {
            Ok(()) => Next::Suspended(suspension),
            Err(fault) => {
                flow.fail(&running.action, fault);
                Next::Stop
            }
        },
        None => Next::Continue,
    }
}

/// Stores the metadata that waits, or returns the fault of an update that fails.
///
/// The tenant log has such a login as a failed one (`"type": "f"`).
/// Source: <https://community.auth0.com/t/payload-validation-errors-when-attempting-to-set-the-datatype-undefined-in-metadata/187710>.
pub(super) fn commit(flow: &mut Flow) -> Option<Fault> {
    let commit = flow.profile.commit(&flow.input.event)?;
    let Some(notice) = commit.refusal else {
        let bytes = commit.profile_bytes;
        flow.measure(measure::PROFILE, "The user's profile", bytes);
        return None;
    };
    let message = format!("user update failed: {}", commit.reason);
    flow.notice(notice);
    Some(Fault::platform("Error", message))
}

/// Stores one kind of metadata at once. What makes the update fail is given, and then nothing of it is kept.
pub(super) fn commit_or_forget(flow: &mut Flow, kind: MetadataKind) -> Option<String> {
    let commit = flow.profile.commit(&flow.input.event)?;
    let Some(refusal) = commit.refusal else {
        let bytes = commit.profile_bytes;
        flow.measure(measure::PROFILE, "The user's profile", bytes);
        return None;
    };
    flow.profile.forget(&mut flow.input.event, kind);
    let message = refusal.message.clone();
    flow.notice(refusal);
    Some(message)
}

/// Metadata is stored before the user is sent away, but not before a challenge.
pub(super) fn commit_before(flow: &mut Flow, suspension: &Suspension) -> Result<(), Fault> {
    match suspension.resumes_with_next() {
        true => Ok(()),
        false => commit(flow).map_or(Ok(()), Err),
    }
}

fn effect(flow: &mut Flow, running: &Running, command: &Command) -> Result<(), Fault> {
    match command {
        Command::Abort(text) => return Err(Fault::platform("Error", *text)),
        Command::Deny { reason } => deny(flow, reason, None),
        Command::RevokeSession { reason, options } => {
            let preserves = options.property("preserveRefreshTokens");
            flow.changes.session.revoked = Some(RevokedSession {
                preserve_refresh_tokens: *preserves == Argument::Bool(true),
            });
            deny(flow, reason, None);
        }
        Command::RevokeRefreshToken { reason } => {
            flow.changes.refresh_token.revoked = true;
            deny(flow, reason, None);
        }
        Command::DenyWithCode { code, reason } => deny(flow, reason, Some(code)),
        Command::ValidationError { .. }
        | Command::DenyRegistration { .. }
        | Command::RejectSubjectToken { .. }
        | Command::SetUserId { .. }
        | Command::SetUserById { .. }
        | Command::SetUserByConnection { .. }
        | Command::SetOrganization { .. }
        | Command::SetActor { .. }
        | Command::SetResultUrl { .. }
        | Command::Deliver { .. } => effects::apply(flow, command)?,
        Command::SetClaim {
            token,
            name,
            value,
            site,
            index,
            large,
        } => {
            let value = (name, value, large.as_ref());
            claim(flow, running, *token, value, site.as_ref(), *index)?;
        }
        Command::RemoveClaim { token, name } => flow.claims.push(ClaimCall {
            token: *token,
            name: name.clone(),
            value: None,
            no_value: None,
            action: running.action.clone(),
            location: None,
            sources: Vec::new(),
            guesses: Vec::new(),
            bytes: None,
            run: running.run,
            index: flow.commands.len().saturating_sub(1),
        }),
        Command::ModifyScope { scope, add } => flow.scopes.push((scope.clone(), *add)),
        Command::RecordMethod { url } => {
            if let Some(url) = url.as_str() {
                record_method(flow, url);
            }
        }
        Command::SetPrimaryUser { id } => primary_user::switch(flow, id)?,
        Command::RequireMultifactor { provider, .. } => {
            flow.multifactor = Some(provider.as_str().is_some_and(|provider| provider != "none"));
        }
        Command::SetMetadata { kind, name, value } => metadata(flow, *kind, name, value)?,
        Command::ReplacedMetadata {
            kind,
            name,
            bytes,
            refusal,
        } => {
            let event = &mut flow.input.event;
            let written = flow
                .profile
                .set_replaced(event, *kind, name, *bytes, refusal.clone());
            measure_written(flow, *kind, written);
        }
        Command::SetSessionMetadata(map) => {
            flow.changes.session.metadata = Some(map.clone());
            json::put(
                &mut flow.input.event,
                &["session", "metadata"],
                Some(Value::Object(map.clone())),
            );
        }
        Command::SetRefreshTokenMetadata(map) => {
            flow.changes.refresh_token.metadata = Some(map.clone());
            json::put(
                &mut flow.input.event,
                &["refresh_token", "metadata"],
                Some(Value::Object(map.clone())),
            );
        }
        Command::SetCookieMode { mode } => {
            flow.changes.session.cookie_mode = Some(mode.clone());
            if json::at(&flow.input.event, &["session", "cookie"]).is_some() {
                json::put(
                    &mut flow.input.event,
                    &["session", "cookie", "mode"],
                    Some(Value::String(mode.clone())),
                );
            }
        }
        Command::SetSessionExpiry { lifetime, at } => {
            let session = &mut flow.changes.session;
            let ends = (&mut session.expires_at_ms, &mut session.idle_expires_at_ms);
            expires(ends, *lifetime, at);
        }
        Command::SetRefreshTokenExpiry { lifetime, at } => {
            let token = &mut flow.changes.refresh_token;
            let ends = (&mut token.expires_at_ms, &mut token.idle_expires_at_ms);
            expires(ends, *lifetime, at);
        }
        // Requests for factors, redirects and forms are queued when everything else is done. The rest changes only
        // what lies outside an outcome (SAML responses), or has changed the event already.
        Command::Factors(_)
        | Command::TargetScopes(_)
        | Command::RenderPrompt { .. }
        | Command::SendUserTo { .. }
        | Command::EncodeToken { .. }
        | Command::SetSamlAttribute { .. }
        | Command::SetSamlConfiguration { .. } => {}
    }
    Ok(())
}

fn claim(
    flow: &mut Flow,
    running: &Running,
    token: TokenKind,
    (name, value, large): (&Argument, &Argument, Option<&LargeClaim>),
    site: Option<&Location>,
    index: usize,
) -> Result<(), Fault> {
    // A symbol is no key that JSON could write.
    let Ok(name) = name.coerce_to_string() else {
        return Ok(());
    };
    let json = value.to_json().map_err(|not_json| Fault {
        location: site.cloned(),
        ..Fault::platform("TypeError", not_json.message())
    })?;
    let no_value = value.no_value();
    if large.map_or_else(|| value.loses_in_json(), |large| large.loses) {
        let method = method_path(token);
        let message = match no_value {
            None => format!(
                "The value that `{method}` gives to `{name}` has parts that JSON cannot carry."
            ),
            Some(given) => format!(
                "The value that `{method}` gives to `{name}` is {}: no claim is set.",
                given.called()
            ),
        };
        flow.warn("claim-lost-in-json", message, CLAIMS_PAGE);
    }
    let guesses = match (large, &json) {
        (Some(large), _) => large.guesses.clone(),
        (None, Some(value)) if flow.watch == Watch::Places => {
            let event = running.event.get(&flow.input.event);
            sources_within(event, value, &mut flow.kept.source_steps)
        }
        _ => Vec::new(),
    };
    let action = running.action.clone();
    flow.claims.push(ClaimCall {
        token,
        name,
        value: json,
        no_value,
        action,
        location: site.cloned(),
        sources: Vec::new(),
        guesses,
        bytes: large.map(|large| large.bytes),
        run: running.run,
        index,
    });
    Ok(())
}

pub(super) fn metadata(
    flow: &mut Flow,
    kind: MetadataKind,
    name: &Argument,
    value: &Argument,
) -> Result<(), Fault> {
    let Ok(name) = name.coerce_to_string() else {
        return Ok(());
    };
    if effects::is_without_metadata(flow) {
        return Ok(());
    }
    let value = value
        .to_json()
        .map_err(|not_json| Fault::platform("TypeError", not_json.message()))?;
    if flow.input.trigger == Trigger::CustomTokenExchange {
        effects::set_metadata(flow, kind, &name, value);
        return Ok(());
    }
    let bytes = flow.profile.set(&mut flow.input.event, kind, &name, value);
    measure_written(flow, kind, bytes);
    Ok(())
}

fn measure_written(flow: &mut Flow, kind: MetadataKind, bytes: usize) {
    let subject = format!("What the Actions write to {}", kind.key());
    flow.measure(measure::WRITTEN_METADATA, &subject, bytes);
}

/// The session remembers the method for later logins; Actions that start later see it.
fn record_method(flow: &mut Flow, url: &str) {
    let method = json!({"name": url, "timestamp": iso_text(flow.now_ms)});
    flow.changes.methods.push(method.clone());
    let path = ["authentication", "methods"];
    if let Some(Value::Array(methods)) = json::at_mut(&mut flow.input.event, &path) {
        methods.push(method);
    }
}
