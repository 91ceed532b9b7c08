//! custom-token-exchange, version 1: decides which user a foreign token stands for. Early access.
//!
//! Source: <https://auth0.com/docs/customize/actions/explore-triggers/custom-token-exchange>.

use super::{Binding, Runs, Table};
use crate::api::method::{MethodSpec, hidden, silent, valued};
use crate::api::{cache, exchange, transaction};
use crate::event::schema;
use crate::limits;

pub(super) static TABLE: Table = Table {
    id: "custom-token-exchange",
    version: "v1",
    execute: "onExecuteCustomTokenExchange",
    resume: None,
    methods: METHODS,
    page: "https://auth0.com/docs/customize/actions/explore-triggers/custom-token-exchange",
    api_page: "https://auth0.com/docs/actions/reference/custom-token-exchange/custom-token-exchange-api-object",
    event_page: "https://auth0.com/docs/actions/reference/custom-token-exchange/custom-token-exchange-event-object",
    event: schema::custom_token_exchange,
    sample: include_str!("../event/custom-token-exchange.json"),
    always: &[("client", "metadata"), ("request", "body")],
    experiment: false,
    binding: Binding::Entity,
    runs: Runs::Blocking,
    most_actions: limits::ACTIONS_OF_AN_ENTITY,
    has_tokens: false,
};

#[rustfmt::skip]
const METHODS: &[MethodSpec] = &[
    silent("access", "deny", exchange::deny),
    silent("access", "rejectInvalidSubjectToken", exchange::reject_invalid_subject_token),
    silent("authentication", "setActor", exchange::set_actor),
    silent("authentication", "setOrganization", exchange::set_organization),
    silent("authentication", "setUserByConnection", exchange::set_user_by_connection),
    silent("authentication", "setUserById", exchange::set_user_by_id),
    silent("user", "setAppMetadata", exchange::set_app_metadata),
    silent("user", "setUserMetadata", exchange::set_user_metadata),
    valued("cache", "delete", cache::delete),
    valued("cache", "get", cache::get),
    valued("cache", "set", cache::set),
    hidden("transaction", "setMetadata", transaction::not_implemented),
];
