//! pre-user-registration, version 2: before a user is created in a database or passwordless connection.
//!
//! Source: <https://auth0.com/docs/customize/actions/explore-triggers/pre-user-registration>.

use super::{Binding, Runs, Table};
use crate::api::method::{MethodSpec, chained, valued};
use crate::api::{cache, registration};
use crate::event::schema;
use crate::limits;

pub(super) static TABLE: Table = Table {
    id: "pre-user-registration",
    version: "v2",
    execute: "onExecutePreUserRegistration",
    resume: Some("onContinuePreUserRegistration"),
    methods: METHODS,
    page: "https://auth0.com/docs/customize/actions/explore-triggers/pre-user-registration",
    api_page: "https://auth0.com/docs/actions/reference/pre-user-registration/pre-user-registration-api-object",
    event_page: "https://auth0.com/docs/actions/reference/pre-user-registration/pre-user-registration-event-object",
    event: schema::pre_user_registration,
    sample: include_str!("../event/pre-user-registration.json"),
    always: &[
        ("user", "user_metadata"),
        ("user", "app_metadata"),
        ("client", "metadata"),
        ("request", "body"),
    ],
    experiment: true,
    binding: Binding::Trigger,
    runs: Runs::Blocking,
    most_actions: limits::ACTIONS_PER_TRIGGER,
    has_tokens: false,
};

#[rustfmt::skip]
const METHODS: &[MethodSpec] = &[
    chained("access", "deny", registration::deny),
    chained("user", "setAppMetadata", registration::set_app_metadata),
    chained("user", "setUserId", registration::set_user_id),
    chained("user", "setUserMetadata", registration::set_user_metadata),
    valued("cache", "delete", cache::delete),
    valued("cache", "get", cache::get),
    valued("cache", "set", cache::set),
    chained("validation", "error", registration::validation_error),
];
