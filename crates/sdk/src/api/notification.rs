//! The `api` object of custom-email-provider and custom-phone-provider: an Action that returns has sent the message.
//!
//! Methods: <https://auth0.com/docs/actions/reference/custom-email-provider/custom-email-provider-api-object>

use super::Cache;

api_object! {
    /// The `api` object that handlers of [`custom_email_provider!`](crate::custom_email_provider!) and
    /// [`custom_phone_provider!`](crate::custom_phone_provider!) get.
    cache Cache "`api.cache`"
    notification Notification "`api.notification`"
}

/// `api.notification`: the last call counts.
#[derive(Debug)]
pub struct Notification(());

impl Notification {
    /// Does not send the message. `reason` is for the log.
    #[track_caller]
    pub fn drop(&self, reason: &str) {
        call_that_succeeds!(
            "notification.drop",
            [serde_json::json!(reason)],
            host::notification::drop(reason),
            ()
        );
    }

    /// Has the message tried again, up to five times. `reason` is for the log.
    #[track_caller]
    pub fn retry(&self, reason: &str) {
        call_that_succeeds!(
            "notification.retry",
            [serde_json::json!(reason)],
            host::notification::retry(reason),
            ()
        );
    }
}
