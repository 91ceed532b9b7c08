//! Claims and scopes.

/// `api.idToken`
#[derive(Debug)]
pub struct IdToken(pub(super) ());

impl IdToken {
    name_and_value! {
        /// Sets a claim on the ID token and on what `/userinfo` answers; the last call for a name wins.
        ///
        /// # Errors
        /// If the claim is `scope`, or the value cannot be JSON. Other reserved names are dropped later, silently.
        set_custom_claim, "idToken.setCustomClaim", id_token
    }
}

/// `api.accessToken`
#[derive(Debug)]
pub struct AccessToken(pub(super) ());

impl AccessToken {
    name_and_value! {
        /// Sets a claim on the access token; the last call for a name wins.
        ///
        /// # Errors
        /// If the claim is `scope`, or the value cannot be JSON. Other reserved names are dropped later, silently.
        set_custom_claim, "accessToken.setCustomClaim", access_token
    }

    one_text! {
        /// Adds a scope.
        ///
        /// # Errors
        /// If the scope is empty, has white space inside or more than 280 UTF-16 units.
        add_scope, "accessToken.addScope", access_token, scope
    }

    one_text! {
        /// Removes a scope.
        ///
        /// # Errors
        /// As [`add_scope`](AccessToken::add_scope).
        remove_scope, "accessToken.removeScope", access_token, scope
    }
}
