//! password-reset-post-challenge, version 1: in a password reset, after the first challenge and before the new password.
//!
//! Source: <https://auth0.com/docs/customize/actions/explore-triggers/password-reset-post-challenge>.

use super::{Binding, Runs, Table};
use crate::api::method::{MethodSpec, silent, valued};
use crate::api::{access, authentication, cache, prompt, redirect};
use crate::event::schema;
use crate::limits;

pub(super) static TABLE: Table = Table {
    id: "password-reset-post-challenge",
    version: "v1",
    execute: "onExecutePostChallenge",
    resume: Some("onContinuePostChallenge"),
    methods: METHODS,
    page: "https://auth0.com/docs/customize/actions/explore-triggers/password-reset-post-challenge",
    api_page: "https://auth0.com/docs/actions/reference/password-reset-post-challenge/password-reset-post-challenge-api-object",
    event_page: "https://auth0.com/docs/actions/reference/password-reset-post-challenge/password-reset-post-challenge-event-object",
    event: schema::password_reset_post_challenge,
    sample: include_str!("../event/password-reset-post-challenge.json"),
    always: &[
        ("user", "user_metadata"),
        ("user", "app_metadata"),
        ("client", "metadata"),
        ("request", "body"),
        ("request", "query"),
    ],
    experiment: false,
    binding: Binding::Trigger,
    runs: Runs::Blocking,
    most_actions: limits::ACTIONS_OF_A_RESET,
    has_tokens: false,
};

#[rustfmt::skip]
const METHODS: &[MethodSpec] = &[
    silent("access", "deny", access::deny_silently),
    silent("authentication", "challengeWith", authentication::challenge_with),
    silent("authentication", "challengeWithAny", authentication::challenge_with_any),
    silent("prompt", "render", prompt::render),
    valued("redirect", "encodeToken", redirect::encode_token),
    silent("redirect", "sendUserTo", redirect::send_user_to_silently),
    valued("redirect", "validateToken", redirect::validate_token),
    valued("cache", "delete", cache::delete),
    valued("cache", "get", cache::get),
    valued("cache", "set", cache::set),
    silent("transaction", "setResultUrl", redirect::set_result_url),
];
