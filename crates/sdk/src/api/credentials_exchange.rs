//! The `api` object of credentials-exchange: a machine asks for an access token.
//!
//! Its methods have names of post-login's and other rules. Methods:
//! <https://auth0.com/docs/customize/actions/explore-triggers/machine-to-machine-trigger/credentials-exchange-api-object>

#[cfg(not(target_arch = "wasm32"))]
use serde_json::json;

use super::Cache;
#[cfg(not(target_arch = "wasm32"))]
use super::optional;
use crate::error::Result;

api_object! {
    /// The `api` object that a handler of [`credentials_exchange!`](crate::credentials_exchange!) gets.
    access Access "`api.access`"
    access_token AccessToken "`api.accessToken`"
    cache Cache "`api.cache`"
    transaction Transaction "`api.transaction`"
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
    name_and_value! {
        /// Sets a claim on the access token; the last call for a name wins.
        ///
        /// # Errors
        /// If the value cannot be JSON. Reserved names are dropped later, silently.
        set_custom_claim, "accessToken.setCustomClaim", machine_access_token
    }
}

/// `api.transaction`: the scopes that the token shall have. What the client grant lacks is dropped at the end.
#[derive(Debug)]
pub struct Transaction(());

impl Transaction {
    one_text! {
        /// Adds a scope.
        ///
        /// # Errors
        /// If the scope is empty, has white space inside or more than 280 UTF-16 units, or there are 1000 already.
        add_target_scope, "transaction.addTargetScope", machine_transaction, scope
    }

    one_text! {
        /// Removes a scope.
        ///
        /// # Errors
        /// As [`add_target_scope`](Transaction::add_target_scope).
        remove_target_scope, "transaction.removeTargetScope", machine_transaction, scope
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
