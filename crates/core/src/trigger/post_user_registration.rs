//! post-user-registration, version 2: after a user was created. Asynchronous: it changes nothing of the sign-up.
//!
//! Source: <https://auth0.com/docs/customize/actions/explore-triggers/post-user-registration>.

use super::{Binding, Runs, Table};
use crate::api::cache;
use crate::api::method::{MethodSpec, valued};
use crate::event::schema;
use crate::limits;

pub(super) static TABLE: Table = Table {
    id: "post-user-registration",
    version: "v2",
    execute: "onExecutePostUserRegistration",
    resume: None,
    methods: METHODS,
    page: "https://auth0.com/docs/customize/actions/explore-triggers/post-user-registration",
    api_page: "https://auth0.com/docs/actions/reference/post-user-registration/post-user-registration-api-object",
    event_page: "https://auth0.com/docs/actions/reference/post-user-registration/post-user-registration-event-object",
    event: schema::post_user_registration,
    sample: include_str!("../event/post-user-registration.json"),
    always: &[("user", "user_metadata"), ("user", "app_metadata")],
    experiment: true,
    binding: Binding::Trigger,
    runs: Runs::Asynchronous,
    most_actions: limits::ACTIONS_PER_TRIGGER,
    has_tokens: false,
};

#[rustfmt::skip]
const METHODS: &[MethodSpec] = &[
    valued("cache", "delete", cache::delete),
    valued("cache", "get", cache::get),
    valued("cache", "set", cache::set),
];
