//! Claims and scopes.

use serde::Serialize;
#[cfg(not(target_arch = "wasm32"))]
use serde_json::json;

use super::json_of;
use crate::error::Result;

/// `api.idToken`
#[derive(Debug)]
pub struct IdToken(pub(super) ());

impl IdToken {
    /// Sets a claim on the ID token and on what `/userinfo` answers; the last call for a name wins.
    ///
    /// # Errors
    /// If the claim is `scope`, or the value cannot be JSON. Other reserved names are dropped later, silently.
    #[track_caller]
    pub fn set_custom_claim(&self, name: &str, value: impl Serialize) -> Result {
        let value = json_of(value)?;
        call!(
            "idToken.setCustomClaim",
            [json!(name), value],
            host::id_token::set_custom_claim(name, &value.to_string())
        )
    }
}

/// `api.accessToken`
#[derive(Debug)]
pub struct AccessToken(pub(super) ());

impl AccessToken {
    /// Sets a claim on the access token; the last call for a name wins.
    ///
    /// # Errors
    /// If the claim is `scope`, or the value cannot be JSON. Other reserved names are dropped later, silently.
    #[track_caller]
    pub fn set_custom_claim(&self, name: &str, value: impl Serialize) -> Result {
        let value = json_of(value)?;
        call!(
            "accessToken.setCustomClaim",
            [json!(name), value],
            host::access_token::set_custom_claim(name, &value.to_string())
        )
    }

    /// Adds a scope.
    ///
    /// # Errors
    /// If the scope is empty, has white space inside or more than 280 UTF-16 units.
    #[track_caller]
    pub fn add_scope(&self, scope: &str) -> Result {
        call!(
            "accessToken.addScope",
            [json!(scope)],
            host::access_token::add_scope(scope)
        )
    }

    /// Removes a scope.
    ///
    /// # Errors
    /// As [`add_scope`](AccessToken::add_scope).
    #[track_caller]
    pub fn remove_scope(&self, scope: &str) -> Result {
        call!(
            "accessToken.removeScope",
            [json!(scope)],
            host::access_token::remove_scope(scope)
        )
    }
}
