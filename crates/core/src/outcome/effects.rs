//! The requests of Actions of other triggers than post-login and credentials-exchange, as part of the outcome.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::StoredMetadata;

/// The requests of the Actions of a trigger to the platform, beside tokens and the metadata of [`Outcome::user`](super::Outcome::user). Each part is absent
/// unless an Action asked for it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Effects {
    /// pre-user-registration: what the user reads when the sign-up is denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_message: Option<String>,
    /// pre-user-registration: the errors of `api.validation.error`, in the order of the calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validation_errors: Vec<ValidationError>,
    /// pre-user-registration: the id of the new user inside of their connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// custom-token-exchange: the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_user: Option<ExchangeUser>,
    /// custom-token-exchange: the id or name of the organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// custom-token-exchange: who acts for the user, the claim `act`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Value>,
    /// custom-token-exchange: the denial counts as an attack.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub invalid_subject_token: bool,
    /// custom-token-exchange: changes of the metadata of the user; `null` removes a key.
    #[serde(default, skip_serializing_if = "StoredMetadata::is_empty")]
    pub metadata: StoredMetadata,
    /// password-reset-post-challenge: where the user goes after the reset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_url: Option<String>,
    /// custom-email-provider and custom-phone-provider: what becomes of the message, if it is not simply sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification: Option<Notification>,
}

impl Effects {
    /// The names of all parts.
    pub const PARTS: &[&str] = &[
        "user_message",
        "validation_errors",
        "user_id",
        "exchange_user",
        "organization",
        "actor",
        "invalid_subject_token",
        "metadata",
        "result_url",
        "notification",
    ];

    /// Returns whether nothing was asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// An error that a form shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidationError {
    /// Identifies it.
    pub code: String,
    /// The message to the user.
    pub message: String,
}

/// The user of a custom token exchange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum ExchangeUser {
    /// A user of the tenant.
    Id {
        /// The id with its provider: `auth0|1`.
        id: String,
    },
    /// A user of a connection.
    Connection {
        /// The name of the connection.
        connection: String,
        /// The attributes, `user_id` inside of the connection among them.
        attributes: Map<String, Value>,
        /// Whether an unknown user is created (`create_if_not_exists`).
        creates: bool,
        /// Whether the attributes of a known user are replaced (`replace`).
        replaces: bool,
    },
}

/// The fate of an e-mail, a text or a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// The fate of the message.
    pub delivery: Delivery,
    /// Why, up to the 1,024 characters that the tenant log keeps.
    pub reason: Option<String>,
}

/// The fate of a message that is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// It is not sent.
    Dropped,
    /// It is tried again, up to five times.
    Retried,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_all_that_is_serialized() {
        // Without `..`: a new part has to be added here, and to the list.
        let all = Effects {
            user_message: Some("m".into()),
            validation_errors: vec![ValidationError {
                code: "c".into(),
                message: "m".into(),
            }],
            user_id: Some("u".into()),
            exchange_user: Some(ExchangeUser::Id { id: "u".into() }),
            organization: Some("o".into()),
            actor: Some(Value::Bool(true)),
            invalid_subject_token: true,
            metadata: StoredMetadata {
                user_metadata: Map::from_iter([("a".to_owned(), Value::Null)]),
                ..StoredMetadata::default()
            },
            result_url: Some("u".into()),
            notification: Some(Notification {
                delivery: Delivery::Dropped,
                reason: None,
            }),
        };
        let Ok(Value::Object(written)) = serde_json::to_value(all) else {
            panic!("it is an object");
        };
        let written: Vec<&str> = written.keys().map(String::as_str).collect();
        assert_eq!(written, Effects::PARTS);
    }
}
