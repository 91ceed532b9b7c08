//! The `api` object of pre-user-registration: somebody signs up.
//!
//! Methods: <https://auth0.com/docs/actions/reference/pre-user-registration/pre-user-registration-api-object>

#[cfg(not(target_arch = "wasm32"))]
use serde_json::json;

use super::Cache;
#[cfg(not(target_arch = "wasm32"))]
use super::optional;
use crate::error::Result;

api_object! {
    /// The `api` object that a handler of [`pre_user_registration!`](crate::pre_user_registration!) gets.
    access Access "`api.access`"
    cache Cache "`api.cache`"
    user User "`api.user`"
    validation Validation "`api.validation`"
}

/// `api.access`
#[derive(Debug)]
pub struct Access(());

impl Access {
    /// Denies the sign-up. The handler continues; no later Action runs. `reason` is for the log, `user_message` for the user.
    #[track_caller]
    pub fn deny(&self, reason: &str, user_message: Option<&str>) {
        call_that_succeeds!(
            "access.deny",
            [json!(reason), optional(user_message)],
            host::registration_access::deny(reason, user_message),
            ()
        );
    }
}

/// `api.user`: what the new user gets.
#[derive(Debug)]
pub struct User(());

impl User {
    name_and_value! {
        /// Sets one key of the new user's `app_metadata`.
        ///
        /// # Errors
        /// If the value cannot be JSON.
        set_app_metadata, "user.setAppMetadata", registration_user
    }

    name_and_value! {
        /// Sets one key of the new user's `user_metadata`.
        ///
        /// # Errors
        /// If the value cannot be JSON.
        set_user_metadata, "user.setUserMetadata", registration_user
    }

    one_text! {
        /// Sets the id of the new user inside of the connection. Early access.
        ///
        /// # Errors
        /// If it is not 1 to 255 letters, digits and `@._+-`.
        set_user_id, "user.setUserId", registration_user, user_id
    }
}

/// `api.validation`
#[derive(Debug)]
pub struct Validation(());

impl Validation {
    /// Denies the sign-up with an error that its form shows.
    ///
    /// # Errors
    /// If a text has more than 100 code points.
    #[track_caller]
    pub fn error(&self, code: &str, message: &str) -> Result {
        call!(
            "validation.error",
            [json!(code), json!(message)],
            host::registration_validation::error(code, message)
        )
    }
}
