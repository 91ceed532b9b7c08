//! post-change-password, version 2: after the password of a database user was changed. Asynchronous: it changes nothing of it.
//!
//! Source: <https://auth0.com/docs/customize/actions/explore-triggers/post-change-password>.

use super::{Binding, Runs, Table};
use crate::api::cache;
use crate::api::method::{MethodSpec, valued};
use crate::event::schema;
use crate::limits;

pub(super) static TABLE: Table = Table {
    id: "post-change-password",
    version: "v2",
    execute: "onExecutePostChangePassword",
    resume: None,
    methods: METHODS,
    page: "https://auth0.com/docs/customize/actions/explore-triggers/post-change-password",
    api_page: "https://auth0.com/docs/actions/reference/post-change-password/post-change-password-api-object",
    event_page: "https://auth0.com/docs/actions/reference/post-change-password/post-change-password-event-object",
    event: schema::post_change_password,
    sample: include_str!("../event/post-change-password.json"),
    always: &[],
    experiment: false,
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
