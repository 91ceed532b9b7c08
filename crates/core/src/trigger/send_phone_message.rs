//! send-phone-message, version 2: a text or call of MFA goes out through the customer's own provider.
//!
//! Source: <https://auth0.com/docs/customize/actions/explore-triggers/send-phone-message>.

use super::{Binding, Runs, Table};
use crate::api::cache;
use crate::api::method::{MethodSpec, valued};
use crate::event::schema;
use crate::limits;

pub(super) static TABLE: Table = Table {
    id: "send-phone-message",
    version: "v2",
    execute: "onExecuteSendPhoneMessage",
    resume: None,
    methods: METHODS,
    page: "https://auth0.com/docs/customize/actions/explore-triggers/send-phone-message",
    api_page: "https://auth0.com/docs/actions/reference/send-phone-message/send-phone-message-api-object",
    event_page: "https://auth0.com/docs/actions/reference/send-phone-message/send-phone-message-event-object",
    event: schema::send_phone_message,
    sample: include_str!("../event/send-phone-message.json"),
    always: &[("client", "metadata")],
    experiment: false,
    binding: Binding::Trigger,
    runs: Runs::Blocking,
    most_actions: limits::ACTIONS_PER_TRIGGER,
    has_tokens: false,
};

#[rustfmt::skip]
const METHODS: &[MethodSpec] = &[
    valued("cache", "delete", cache::delete),
    valued("cache", "get", cache::get),
    valued("cache", "set", cache::set),
];
