//! custom-phone-provider, version 1: a text or call goes out through the customer's own provider.
//!
//! Source: <https://auth0.com/docs/actions/reference/custom-phone-provider/custom-phone-provider-api-object>.

use super::{Binding, Runs, Table};
use crate::api::method::{MethodSpec, silent, valued};
use crate::api::{cache, notification};
use crate::event::schema;
use crate::limits;

pub(super) static TABLE: Table = Table {
    id: "custom-phone-provider",
    version: "v1",
    execute: "onExecuteCustomPhoneProvider",
    resume: None,
    methods: METHODS,
    page: "https://auth0.com/docs/actions/reference/custom-phone-provider/custom-phone-provider-api-object",
    api_page: "https://auth0.com/docs/actions/reference/custom-phone-provider/custom-phone-provider-api-object",
    event_page: "https://auth0.com/docs/actions/reference/custom-phone-provider/custom-phone-provider-event-object",
    event: schema::custom_phone_provider,
    sample: include_str!("../event/custom-phone-provider.json"),
    always: &[],
    experiment: false,
    binding: Binding::Trigger,
    runs: Runs::Blocking,
    most_actions: limits::ACTIONS_OF_A_PROVIDER,
    has_tokens: false,
};

#[rustfmt::skip]
const METHODS: &[MethodSpec] = &[
    valued("cache", "delete", cache::delete),
    valued("cache", "get", cache::get),
    valued("cache", "set", cache::set),
    silent("notification", "drop", notification::drop),
    silent("notification", "retry", notification::retry),
];
