//! credentials-exchange, version 2: a machine asks for an access token with the grant `client_credentials`.
//!
//! Source: <https://auth0.com/docs/customize/actions/explore-triggers/machine-to-machine-trigger>.

use super::{Binding, Runs, Table};
use crate::api::method::{MethodSpec, chained, silent, valued};
use crate::api::{access, cache, claim, target_scopes};
use crate::event::schema;
use crate::limits;

/// The page of the api object, which also says what becomes of target scopes.
pub(crate) const API_PAGE: &str = "https://auth0.com/docs/customize/actions/explore-triggers/machine-to-machine-trigger/credentials-exchange-api-object";

pub(super) static TABLE: Table = Table {
    id: "credentials-exchange",
    version: "v2",
    execute: "onExecuteCredentialsExchange",
    resume: None,
    methods: METHODS,
    page: "https://auth0.com/docs/customize/actions/explore-triggers/machine-to-machine-trigger",
    api_page: API_PAGE,
    event_page: "https://auth0.com/docs/customize/actions/explore-triggers/machine-to-machine-trigger/credentials-exchange-event-object",
    event: schema::credentials_exchange,
    sample: include_str!("../event/credentials-exchange.json"),
    always: &[
        ("accessToken", "customClaims"),
        ("client", "metadata"),
        ("request", "body"),
    ],
    experiment: false,
    binding: Binding::Trigger,
    runs: Runs::Blocking,
    most_actions: limits::ACTIONS_PER_TRIGGER,
    has_tokens: true,
};

#[rustfmt::skip]
const METHODS: &[MethodSpec] = &[
    chained("access", "deny", access::deny_with_code),
    chained("accessToken", "setCustomClaim", claim::set_any_on_access_token),
    valued("cache", "delete", cache::delete),
    valued("cache", "get", cache::get),
    valued("cache", "set", cache::set),
    silent("transaction", "addTargetScope", target_scopes::add),
    silent("transaction", "clearTargetScopes", target_scopes::clear),
    silent("transaction", "removeTargetScope", target_scopes::remove),
    silent("transaction", "setTargetScopes", target_scopes::set),
];
