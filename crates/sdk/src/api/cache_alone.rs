//! The `api` object of the triggers that have nothing but the cache: post-user-registration, post-change-password,
//! send-phone-message and event-stream. A handler fails by its [`Result`](crate::Result).

use super::Cache;

api_object! {
    /// The `api` object that handlers of [`post_user_registration!`](crate::post_user_registration!),
    /// [`post_change_password!`](crate::post_change_password!), [`send_phone_message!`](crate::send_phone_message!) and
    /// [`event_stream!`](crate::event_stream!) get.
    cache Cache "`api.cache`"
}
