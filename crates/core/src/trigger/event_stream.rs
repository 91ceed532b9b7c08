//! event-stream, version 1: an event of a stream whose destination is an Action.
//!
//! Source: <https://auth0.com/docs/customize/actions/explore-triggers/event-stream>.

use super::{Binding, Runs, Table};
use crate::api::cache;
use crate::api::method::{MethodSpec, valued};
use crate::event::schema;
use crate::limits;

pub(super) static TABLE: Table = Table {
    id: "event-stream",
    version: "v1",
    execute: "onExecuteEventStream",
    resume: None,
    methods: METHODS,
    page: "https://auth0.com/docs/customize/actions/explore-triggers/event-stream",
    api_page: "https://auth0.com/docs/actions/reference/event-stream/event-stream-api-object",
    event_page: "https://auth0.com/docs/actions/reference/event-stream/event-stream-event-object",
    event: schema::event_stream,
    sample: include_str!("../event/event-stream.json"),
    always: &[],
    experiment: false,
    binding: Binding::Entity,
    runs: Runs::Asynchronous,
    most_actions: limits::ACTIONS_OF_AN_ENTITY,
    has_tokens: false,
};

#[rustfmt::skip]
const METHODS: &[MethodSpec] = &[
    valued("cache", "delete", cache::delete),
    valued("cache", "get", cache::get),
    valued("cache", "set", cache::set),
];
