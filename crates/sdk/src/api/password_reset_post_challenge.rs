//! The `api` object of password-reset-post-challenge: the user has opened the link of a reset.
//!
//! Methods: <https://auth0.com/docs/actions/reference/password-reset-post-challenge/password-reset-post-challenge-api-object>

use super::Cache;

api_object! {
    /// The `api` object that the handlers of [`password_reset_post_challenge!`](crate::password_reset_post_challenge!) get.
    access Access "`api.access`"
    authentication Authentication "`api.authentication`"
    cache Cache "`api.cache`"
    prompt Prompt "`api.prompt`"
    redirect Redirect "`api.redirect`"
    transaction Transaction "`api.transaction`"
}

/// `api.access`
#[derive(Debug)]
pub struct Access(());

impl Access {
    /// Denies the reset. The handler continues; no later Action runs.
    #[track_caller]
    pub fn deny(&self, reason: &str) {
        call_that_succeeds!(
            "access.deny",
            [serde_json::json!(reason)],
            host::reset_access::deny(reason),
            ()
        );
    }
}

/// `api.authentication`. A challenge suspends the flow when the handler returns; the next Action resumes it.
#[derive(Debug)]
pub struct Authentication(());

impl Authentication {
    challenges!(reset_authentication);
}

/// `api.prompt`
#[derive(Debug)]
pub struct Prompt(());

impl Prompt {
    forms!(reset_prompt);
}

/// `api.redirect`
#[derive(Debug)]
pub struct Redirect(());

impl Redirect {
    redirects!(reset_redirect);
}

/// `api.transaction`
#[derive(Debug)]
pub struct Transaction(());

impl Transaction {
    redirect_to! {
        /// Sets where the user goes when the password is reset; the last call counts. `query`: parameters that replace those
        /// of the same name in the URL.
        ///
        /// # Errors
        /// If the URL is none, or relative.
        set_result_url, "transaction.setResultUrl", reset_transaction
    }
}
