//! The `api` object of credentials-exchange: a machine asks for an access token.
//!
//! Its methods have names of post-login's and other rules. Methods:
//! <https://auth0.com/docs/customize/actions/explore-triggers/machine-to-machine-trigger/credentials-exchange-api-object>

use serde::Serialize;
#[cfg(not(target_arch = "wasm32"))]
use serde_json::json;

#[cfg(not(target_arch = "wasm32"))]
use super::optional;
use super::{Cache, json_of};
use crate::error::Result;

/// The `api` object that a handler of [`credentials_exchange!`](crate::credentials_exchange!) gets.
#[derive(Debug)]
pub struct Api(());

impl Api {
    pub(crate) fn new() -> Api {
        Api(())
    }

    /// `api.access`
    #[must_use]
    pub fn access(&self) -> Access {
        Access(())
    }

    /// `api.accessToken`
    #[must_use]
    pub fn access_token(&self) -> AccessToken {
        AccessToken(())
    }

    /// `api.cache`
    #[must_use]
    pub fn cache(&self) -> Cache {
        Cache(())
    }

    /// `api.transaction`
    #[must_use]
    pub fn transaction(&self) -> Transaction {
        Transaction(())
    }
}

/// `api.access`
#[derive(Debug)]
pub struct Access(());

impl Access {
    /// Denies the token. The handler continues; no later Action runs. `code` becomes the `error` of the OAuth answer, such as
    /// `invalid_request`, and `reason` its `error_description`.
    #[track_caller]
    pub fn deny(&self, code: &str, reason: Option<&str>) {
        call_that_succeeds!(
            "access.deny",
            [json!(code), optional(reason)],
            host::machine_access::deny(code, reason),
            ()
        );
    }
}

/// `api.accessToken`
#[derive(Debug)]
pub struct AccessToken(());

impl AccessToken {
    /// Sets a claim on the access token; the last call for a name wins.
    ///
    /// # Errors
    /// If the value cannot be JSON. Reserved names are dropped later, silently.
    #[track_caller]
    pub fn set_custom_claim(&self, name: &str, value: impl Serialize) -> Result {
        let value = json_of(value)?;
        call!(
            "accessToken.setCustomClaim",
            [json!(name), value],
            host::machine_access_token::set_custom_claim(name, &value.to_string())
        )
    }
}

/// `api.transaction`: the scopes that the token shall have. What the client grant lacks is dropped at the end.
#[derive(Debug)]
pub struct Transaction(());

impl Transaction {
    /// Adds a scope.
    ///
    /// # Errors
    /// If the scope is empty, has white space inside or more than 280 UTF-16 units, or there are 1000 already.
    #[track_caller]
    pub fn add_target_scope(&self, scope: &str) -> Result {
        call!(
            "transaction.addTargetScope",
            [json!(scope)],
            host::machine_transaction::add_target_scope(scope)
        )
    }

    /// Removes a scope.
    ///
    /// # Errors
    /// As [`add_target_scope`](Transaction::add_target_scope).
    #[track_caller]
    pub fn remove_target_scope(&self, scope: &str) -> Result {
        call!(
            "transaction.removeTargetScope",
            [json!(scope)],
            host::machine_transaction::remove_target_scope(scope)
        )
    }

    /// Replaces all scopes.
    ///
    /// # Errors
    /// As [`add_target_scope`](Transaction::add_target_scope), of any of them.
    #[track_caller]
    pub fn set_target_scopes(&self, scopes: &[String]) -> Result {
        call!(
            "transaction.setTargetScopes",
            [json!(scopes)],
            host::machine_transaction::set_target_scopes(scopes)
        )
    }

    /// Removes all scopes.
    ///
    /// # Errors
    /// When production throws; it does so for no documented reason.
    #[track_caller]
    pub fn clear_target_scopes(&self) -> Result {
        call!(
            "transaction.clearTargetScopes",
            [],
            host::machine_transaction::clear_target_scopes()
        )
    }
}
