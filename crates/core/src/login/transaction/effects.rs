//! Applies what only the Actions of triggers other than post-login ask for.

use serde_json::{Map, Value};

use super::command::{Command, MetadataKind};
use super::state::{Ending, Flow};
use crate::ceilings::{ERROR_BYTES, FETCHED_PROFILE_BYTES, shortened};
use crate::fault::Fault;
use crate::json;
use crate::limits::{NOTIFICATION_REASON_CHARACTERS, WRITTEN_METADATA_BYTES};
use crate::metadata::refusal;
use crate::outcome::{Delivery, Effects, ExchangeUser, Notice, Notification, ValidationError};
use crate::trigger::Trigger;
use crate::value::Argument;

/// The OAuth error of a rejected subject token.
const INVALID_REQUEST: &str = "invalid_request";

/// Applies a command that only such triggers have. Other commands do nothing here.
pub(super) fn apply(flow: &mut Flow, command: &Command) -> Result<(), Fault> {
    let effects = &mut flow.effects;
    match command {
        Command::DenyRegistration {
            reason,
            user_message,
        } => {
            if flow.ending.is_none() {
                effects.user_message = text(user_message);
            }
            deny(flow, reason, None);
        }
        Command::ValidationError { code, message } => {
            if flow.input.trigger == Trigger::PreUserRegistration {
                effects.validation_errors.push(ValidationError {
                    code: code.clone(),
                    message: message.clone(),
                });
            }
            deny(flow, &Argument::String(message.clone()), None);
        }
        Command::RejectSubjectToken { reason } => {
            effects.invalid_subject_token |= flow.ending.is_none();
            let code = Argument::String(INVALID_REQUEST.to_owned());
            deny(flow, &Argument::String(reason.clone()), Some(&code));
        }
        Command::SetUserId { id } => effects.user_id = Some(id.clone()),
        Command::SetUserById { id } => {
            flow.exchange.users += 1;
            effects.exchange_user = Some(ExchangeUser::Id { id: id.clone() });
        }
        Command::SetUserByConnection {
            connection,
            attributes,
            options,
        } => {
            flow.exchange.users += 1;
            let is = |name: &str, value: &str| options.property(name).as_str() == Some(value);
            effects.exchange_user = Some(ExchangeUser::Connection {
                connection: connection.clone(),
                attributes: object(attributes)?,
                creates: is("creationBehavior", "create_if_not_exists"),
                replaces: is("updateBehavior", "replace"),
            });
        }
        Command::SetOrganization { organization } => {
            effects.organization = Some(organization.clone());
        }
        Command::SetActor { actor } => {
            flow.exchange.actors += 1;
            effects.actor = Some(Value::Object(object(actor)?));
        }
        Command::SetResultUrl { url } => effects.result_url = Some(url.clone()),
        Command::Deliver { delivery, reason } => deliver(effects, *delivery, reason),
        _ => {}
    }
    Ok(())
}

/// Denies, unless the flow has ended already.
pub(super) fn deny(flow: &mut Flow, reason: &Argument, code: Option<&Argument>) {
    if flow.ending.is_none() {
        flow.ending = Some(Ending::Denied {
            reason: text(reason),
            code: code.and_then(text),
        });
    }
}

/// The text of an argument that production does not check.
fn text(argument: &Argument) -> Option<String> {
    let text = match argument {
        Argument::Undefined | Argument::Null => None,
        argument => argument.coerce_to_string().ok(),
    };
    text.map(|text| shortened(&text, ERROR_BYTES))
}

/// An object as JSON. What JSON cannot carry fails the transaction when the handler ends, as a claim's value does.
fn object(argument: &Argument) -> Result<Map<String, Value>, Fault> {
    let json = argument
        .to_json()
        .map_err(|not_json| Fault::platform("TypeError", not_json.message()))?;
    let object = match json {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    };
    let bytes = object
        .iter()
        .map(|(key, value)| key.len() + json::size(value));
    if bytes.sum::<usize>() > FETCHED_PROFILE_BYTES {
        let most = FETCHED_PROFILE_BYTES >> 20;
        let message = format!("The Action passes a user or an actor of more than {most} MiB.");
        return Err(Fault::platform("Error", message));
    }
    Ok(object)
}

/// The last call counts.
fn deliver(effects: &mut Effects, delivery: Delivery, reason: &Argument) {
    let kept = |text: String| -> String {
        text.chars()
            .take(NOTIFICATION_REASON_CHARACTERS.value)
            .collect()
    };
    effects.notification = Some(Notification {
        delivery,
        reason: text(reason).map(kept),
    });
}

/// Whether the new user cannot have metadata of an Action, as one of a passwordless connection; then there is a notice.
pub(super) fn is_without_metadata(flow: &mut Flow) -> bool {
    let strategy = json::text_at(&flow.input.event, &["connection", "strategy"]);
    let is_passwordless = matches!(strategy, Some("email" | "sms"));
    if flow.input.trigger != Trigger::PreUserRegistration || !is_passwordless {
        return false;
    }
    flow.warn(
        "metadata-update-failed",
        "Metadata of pre-user-registration is not stored for a user of a passwordless connection."
            .to_owned(),
        flow.input.trigger.table().page,
    );
    true
}

/// Sets metadata of the user of a token exchange, who is not known yet.
pub(super) fn set_metadata(flow: &mut Flow, kind: MetadataKind, name: &str, value: Option<Value>) {
    if let Some((message, source)) = refusal(kind, name, value.as_ref()) {
        refuse(flow, &message, source);
    }
    let metadata = &mut flow.effects.metadata;
    let of_kind = match kind {
        MetadataKind::User => &mut metadata.user_metadata,
        MetadataKind::App => &mut metadata.app_metadata,
    };
    if let Some(value) = value {
        of_kind.insert(name.to_owned(), value);
    }
}

fn refuse(flow: &mut Flow, message: &str, source: &str) {
    flow.exchange.refused = true;
    flow.notice(Notice {
        code: "metadata-update-failed".to_owned(),
        message: format!("The user update would fail and no metadata be stored: {message}"),
        source: Some(source.to_owned()),
    });
}

/// Checks a token exchange after its Action: exactly one user must be set, and at most one actor.
pub(super) fn conclude_exchange(flow: &mut Flow) {
    for (kind, name) in [(MetadataKind::User, "user"), (MetadataKind::App, "app")] {
        let metadata = &flow.effects.metadata;
        let written = match kind {
            MetadataKind::User => &metadata.user_metadata,
            MetadataKind::App => &metadata.app_metadata,
        };
        let bytes = json::size(&Value::Object(written.clone()));
        if WRITTEN_METADATA_BYTES.exceeded_by(bytes) {
            let most = WRITTEN_METADATA_BYTES.value;
            let message = format!("The Action writes more than {most} bytes of {name}_metadata.");
            refuse(flow, &message, WRITTEN_METADATA_BYTES.source);
        }
    }
    if flow.exchange.refused {
        flow.effects.metadata = Default::default();
    }
    if flow.ending.is_some() {
        return;
    }
    // The layer does not check this, and the texts of production are not public.
    let message = match (flow.exchange.users, flow.exchange.actors) {
        (1, 0 | 1) => return,
        (0, _) => "The Action set no user: it must call setUserById or setUserByConnection once.",
        (1, _) => "The Action set more than one actor: setActor may be called once.",
        (_, _) => {
            "The Action set more than one user: it must call setUserById or setUserByConnection once."
        }
    };
    let last = flow.usage.last();
    let action = last.map_or_else(String::new, |usage| usage.action.clone());
    flow.fail(&action, Fault::platform("Error", message));
}
