//! Texts and calls: given to the Actions of custom-phone-provider or send-phone-message, kept in the outbox, never sent.
//!
//! <https://auth0.com/docs/customize/phone-messages/configure-phone-messaging-providers/configure-a-custom-phone-provider>,
//! <https://auth0.com/docs/customize/actions/explore-triggers/send-phone-message>

use std::sync::Arc;

use postlogin_core::{Suspension, Trigger};
use serde_json::{Value, json};

use crate::clock::iso;
use crate::http::{Call, text};
use crate::oauth::run::Flow;
use crate::records as stored;
use crate::state::Tenant;
use crate::triggers::notification::{self, About};

/// Attributes of a profile that the events do not have.
const HIDDEN: &[&str] = &["enrolledFactors"];

/// The reason for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A challenge of multi-factor authentication.
    Challenge,
    /// The enrolment of a phone as a factor.
    Enrolment,
    /// A code to sign in with (passwordless), or to verify a number: no message of multi-factor authentication.
    Verification,
}

/// The way of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    Sms,
    Voice,
}

/// A message with a code.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) purpose: Purpose,
    pub(crate) channel: Channel,
    /// The phone number.
    pub(crate) recipient: String,
    pub(crate) code: String,
    /// The profile; `Null` for a user who does not exist yet.
    pub(crate) user: Value,
    /// The application, if it is known.
    pub(crate) client: Value,
    /// The connection of a code to sign in with; `Null` means that of the user.
    pub(crate) connection: Value,
    pub(crate) organization: Option<Value>,
    /// The login that waits for the code.
    pub(crate) login: Option<String>,
    /// `event.request`, see [`crate::oauth::event::request`].
    pub(crate) request: Value,
    /// The language that the request asks for; without one it is that of the browser.
    pub(crate) language: Option<String>,
}

/// Returns the language that a request asks messages in: what `x-request-language` says, of the endpoints that the page names.
///
/// Source: <https://auth0.com/docs/customize/customize-sms-or-voice-messages#localization>.
pub(crate) fn asked_language(call: &Call) -> Option<String> {
    let language = call.header("x-request-language")?.trim();
    (!language.is_empty()).then(|| language.to_owned())
}

impl Message {
    fn text(&self, tenant: &Tenant) -> String {
        let name = notification::friendly_name(tenant);
        format!("{} is your verification code for {name}", self.code)
    }

    /// The text as it is read out, digit by digit.
    fn spoken(&self, tenant: &Tenant) -> String {
        let name = notification::friendly_name(tenant);
        let mut digits = String::with_capacity(self.code.len() * 2);
        for digit in self.code.chars() {
            digits.push(' ');
            digits.push(digit);
        }
        format!("Your verification code for {name} is{digits}")
    }

    /// Returns the type of the message in the event of custom-phone-provider and in the outbox.
    fn message_type(&self) -> &'static str {
        match self.purpose {
            Purpose::Enrolment => "otp_enroll",
            Purpose::Challenge | Purpose::Verification => "otp_verify",
        }
    }

    fn event(&self, tenant: &Tenant, trigger: Trigger) -> Value {
        let about = About {
            user: &self.user,
            hidden: HIDDEN,
            client: &self.client,
            organization: self.organization.as_ref(),
            request: self.request.clone(),
        };
        let mut event = notification::event(tenant, about);
        if trigger == Trigger::SendPhoneMessage {
            event.shift_remove("connection");
            event.shift_remove("organization");
            let action = match self.purpose {
                Purpose::Enrolment => "enrollment",
                Purpose::Challenge | Purpose::Verification => "second-factor-authentication",
            };
            let (message_type, text) = match self.channel {
                Channel::Sms => ("sms", self.text(tenant)),
                Channel::Voice => ("voice", self.spoken(tenant)),
            };
            event.insert(
                "message_options".into(),
                json!({
                    "action": action, "code": self.code, "message_type": message_type,
                    "recipient": self.recipient, "text": text,
                }),
            );
            return Value::Object(event);
        }
        notification::with_connection(&mut event, &self.connection);
        let delivery_method = match self.channel {
            Channel::Sms => "text",
            Channel::Voice => "voice",
        };
        let browser = text(&self.request, "language");
        let languages = self.language.as_deref().into_iter().chain(browser);
        let locale = crate::oauth::event::locale(tenant, languages, None);
        event.insert(
            "notification".into(),
            json!({
                "message_type": self.message_type(), "delivery_method": delivery_method,
                "recipient": self.recipient, "as_text": self.text(tenant), "as_voice": self.spoken(tenant),
                "code": self.code, "locale": locale,
            }),
        );
        Value::Object(event)
    }

    /// Which Actions get the message. Those of custom-phone-provider replace the older trigger, which is one of
    /// multi-factor authentication only.
    fn trigger(&self, tenant: &Tenant) -> Option<Trigger> {
        if tenant.pipeline.binds(Trigger::CustomPhoneProvider) {
            return Some(Trigger::CustomPhoneProvider);
        }
        let is_mfa = self.purpose != Purpose::Verification;
        (is_mfa && tenant.pipeline.binds(Trigger::SendPhoneMessage))
            .then_some(Trigger::SendPhoneMessage)
    }
}

/// Gives a message to the Actions, puts it into the outbox, and waits until it is there. What the Actions do with it is in the
/// outbox and in the log: no source says what the user sees of a failure, so the request succeeds.
pub(crate) async fn send(tenant: &Arc<Tenant>, message: Message) {
    let tenant = Arc::clone(tenant);
    // A task of its own: a client that hangs up loses no message.
    let sent = tokio::spawn(async move {
        let delivery = match message.trigger(&tenant) {
            Some(trigger) => {
                notification::deliver(&tenant, trigger, &message.event(&tenant, trigger)).await
            }
            None => None,
        };
        keep(&tenant, &message, delivery);
    });
    if let Err(error) = sent.await {
        tracing::error!("a text was lost: {error}");
    }
}

fn keep(tenant: &Tenant, message: &Message, delivery: Option<&str>) {
    let now = tenant.now_ms();
    let (channel, body) = match message.channel {
        Channel::Sms => ("sms", message.text(tenant)),
        Channel::Voice => ("voice", message.spoken(tenant)),
    };
    let user_id = text(&message.user, "user_id").unwrap_or_default();
    let record = stored::Mail {
        template: message.message_type().to_owned(),
        to: message.recipient.clone(),
        channel: Some(channel.to_owned()),
        code: Some(message.code.clone()),
        body: Some(body),
        delivery: delivery.map(str::to_owned),
        user_id: user_id.to_owned(),
        login: message.login.clone(),
        date: iso(now),
        ..stored::Mail::default()
    };
    if let Err(error) = crate::email::keep(tenant, &record, now) {
        tracing::error!("{error}");
    }
    tenant.control.log(json!({
        "type": "phone", "date": iso(now), "message_type": message.message_type(), "channel": channel,
        "to": message.recipient, "user_id": user_id, "delivery": delivery,
    }));
}

/// Sends the code of a login that waits for a phone, if it waits for one.
pub(crate) async fn challenge(tenant: &Arc<Tenant>, suspension: &Suspension, flow: &Flow) {
    let request = flow.asked.clone();
    let (user_id, client_id) = (&flow.about.user_id, Some(flow.about.client_id.as_str()));
    let about = (user_id.as_str(), client_id, Some(flow.id.as_str()));
    challenge_of(tenant, suspension, about, &flow.otp, request).await;
}

/// As [`challenge`], for what may not be a login: `about` is the user, the application and the id of the login.
pub(crate) async fn challenge_of(
    tenant: &Arc<Tenant>,
    suspension: &Suspension,
    about: (&str, Option<&str>, Option<&str>),
    code: &str,
    request: Value,
) {
    let (user_id, client_id, login) = about;
    let (factors, purpose) = match suspension {
        Suspension::Challenge { factors } => (factors, Purpose::Challenge),
        Suspension::Enroll { factors } => (factors, Purpose::Enrolment),
        _ => return,
    };
    if factors.first().is_none_or(|factor| factor != "phone") {
        return;
    }
    let user = tenant
        .store
        .user(user_id)
        .ok()
        .flatten()
        .unwrap_or_default();
    let Some(recipient) = text(&user, "phone_number").map(str::to_owned) else {
        tenant.control.log(json!({
            "type": "phone", "date": iso(tenant.now_ms()), "user_id": user_id,
            "error": "the user has no phone_number: no text was sent, and no Action of a phone provider ran",
        }));
        return;
    };
    let client = client_id.and_then(|id| tenant.client(id).ok().flatten());
    let message = Message {
        purpose,
        channel: channel_of(&user),
        recipient,
        code: code.to_owned(),
        client: client.unwrap_or_default(),
        connection: Value::Null,
        organization: None,
        login: login.map(str::to_owned),
        request,
        language: None,
        user,
    };
    send(tenant, message).await;
}

/// The way that the user's phone is enrolled for.
pub(crate) fn channel_of(user: &Value) -> Channel {
    let factors = user.get("enrolledFactors").and_then(Value::as_array);
    let phone = factors
        .into_iter()
        .flatten()
        .find(|it| text(it, "type") == Some("phone"));
    let method = phone
        .and_then(|it| it.pointer("/options/preferredMethod"))
        .and_then(Value::as_str);
    match method {
        Some("voice") => Channel::Voice,
        _ => Channel::Sms,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Channel, channel_of};

    #[test]
    fn the_enrolled_phone_decides_between_text_and_call() {
        let user = |method: &str| json!({"enrolledFactors": [{"type": "otp"}, {"type": "phone", "options": {"preferredMethod": method}}]});
        assert_eq!(channel_of(&user("voice")), Channel::Voice);
        for method in ["sms", "both", "?"] {
            assert_eq!(channel_of(&user(method)), Channel::Sms, "{method}");
        }
        assert_eq!(channel_of(&json!({"enrolledFactors": 5})), Channel::Sms);
        assert_eq!(channel_of(&json!(null)), Channel::Sms);
    }
}
