//! The `api` object of custom-token-exchange: an application exchanges a token of another party for one of the tenant.
//!
//! Methods: <https://auth0.com/docs/actions/reference/custom-token-exchange/custom-token-exchange-api-object>

use serde::Serialize;
#[cfg(not(target_arch = "wasm32"))]
use serde_json::json;

use super::{Cache, json_of};
use crate::error::Result;

api_object! {
    /// The `api` object that a handler of [`custom_token_exchange!`](crate::custom_token_exchange!) gets.
    access Access "`api.access`"
    authentication Authentication "`api.authentication`"
    cache Cache "`api.cache`"
    user User "`api.user`"
}

/// `api.access`
#[derive(Debug)]
pub struct Access(());

impl Access {
    /// Denies the exchange. The handler continues. `code` becomes the `error` of the OAuth answer, `reason` its
    /// `error_description`.
    ///
    /// # Errors
    /// If the code has not 1 to 1024 code points, or the reason not 1 to 4096.
    #[track_caller]
    pub fn deny(&self, code: &str, reason: &str) -> Result {
        call!(
            "access.deny",
            [json!(code), json!(reason)],
            host::exchange_access::deny(code, reason)
        )
    }

    one_text! {
        /// Denies the exchange with `invalid_request`; counts as an attack on the part of the caller.
        ///
        /// # Errors
        /// If the reason has not 1 to 4096 code points.
        reject_invalid_subject_token, "access.rejectInvalidSubjectToken", exchange_access, reason
    }
}

/// The action for a user who is unknown or known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserOptions {
    /// Whether a user who does not exist is created.
    pub creates: bool,
    /// Whether the attributes replace those of a user who exists.
    pub replaces: bool,
}

impl UserOptions {
    /// `creationBehavior`
    fn creation_behavior(self) -> &'static str {
        if self.creates {
            "create_if_not_exists"
        } else {
            "none"
        }
    }

    /// `updateBehavior`
    fn update_behavior(self) -> &'static str {
        if self.replaces { "replace" } else { "none" }
    }
}

/// `api.authentication`: exactly one user must be set.
#[derive(Debug)]
pub struct Authentication(());

impl Authentication {
    one_text! {
        /// Sets the user by the id that the tenant knows.
        ///
        /// # Errors
        /// If the id has not 1 to 512 code points.
        set_user_by_id, "authentication.setUserById", exchange_authentication, user_id
    }

    /// Sets the user by a connection: `user_attributes` has `user_id`, the id inside of the connection, and at most 23 more.
    ///
    /// # Errors
    /// If an attribute is of another type or length than documented, or the attributes cannot be JSON.
    #[track_caller]
    pub fn set_user_by_connection(
        &self,
        connection_name: &str,
        user_attributes: impl Serialize,
        options: UserOptions,
    ) -> Result {
        let attributes = json_of(user_attributes)?;
        let (creation, update) = (options.creation_behavior(), options.update_behavior());
        call!(
            "authentication.setUserByConnection",
            [
                json!(connection_name),
                attributes,
                json!({"creationBehavior": creation, "updateBehavior": update})
            ],
            host::exchange_authentication::set_user_by_connection(
                connection_name,
                &attributes.to_string(),
                &host::exchange_authentication::UserOptions {
                    creation_behavior: creation.to_owned(),
                    update_behavior: update.to_owned(),
                }
            )
        )
    }

    one_text! {
        /// Sets the organization by id or name.
        ///
        /// # Errors
        /// If it has not 1 to 50 code points.
        set_organization, "authentication.setOrganization", exchange_authentication, organization_id_or_name
    }

    /// Sets who acts for the user: an object with a `sub`, the claim `act` of the tokens.
    ///
    /// # Errors
    /// If it has no `sub`, more than five properties of its own or five levels, or cannot be JSON.
    #[track_caller]
    pub fn set_actor(&self, actor: impl Serialize) -> Result {
        let actor = json_of(actor)?;
        call!(
            "authentication.setActor",
            [actor],
            host::exchange_authentication::set_actor(&actor.to_string())
        )
    }
}

/// `api.user`
#[derive(Debug)]
pub struct User(());

impl User {
    name_and_value! {
        /// Sets one key of the user's `app_metadata`; `()` or `None` removes it.
        ///
        /// # Errors
        /// If the value cannot be JSON.
        set_app_metadata, "user.setAppMetadata", exchange_user
    }

    name_and_value! {
        /// Sets one key of the user's `user_metadata`; `()` or `None` removes it.
        ///
        /// # Errors
        /// If the value cannot be JSON.
        set_user_metadata, "user.setUserMetadata", exchange_user
    }
}
