//! The macros that make functions the handlers of an Action, one for each trigger.

/// Exports handlers in the world of a trigger; elsewhere than in a component they are only checked, and not unused.
#[doc(hidden)]
#[macro_export]
macro_rules! __handlers {
    ($module:ident, $api:ty, $($export:ident = $handler:expr),+) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Action;

            impl $crate::bindings::$module::Guest for Action {
                $(
                    fn $export(
                        event: ::std::string::String,
                    ) -> ::std::result::Result<(), $crate::bindings::Fault> {
                        $crate::private::run::<$api, _>(&event, $handler)
                    }
                )+
            }

            $crate::bindings::$module::export!(
                Action with_types_in $crate::bindings::$module
            );
        };

        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() = || {
            $($crate::private::is_handler::<$api, _>($handler);)+
        };
    };
}

/// Makes functions the handlers of the Action: `post_login!(on_execute)`, or `post_login!(on_execute, on_continue)`
/// for one that redirects or shows a form.
///
/// A handler is a `fn(&Event, &Api)` that returns nothing or a [`Result`](crate::Result). To be used once in a crate. Without a
/// continue handler, a resumed flow goes on as if there were one that does nothing.
#[macro_export]
macro_rules! post_login {
    ($on_execute:expr $(,)?) => {
        $crate::post_login!($on_execute, $crate::private::nothing);
    };
    ($on_execute:expr, $on_continue:expr $(,)?) => {
        $crate::__handlers!(
            post_login,
            $crate::Api,
            on_execute_post_login = $on_execute,
            on_continue_post_login = $on_continue
        );
    };
}

/// Makes functions the handlers of an Action of password-reset-post-challenge, as [`post_login!`](crate::post_login!).
///
/// A handler is a `fn(&Event, &password_reset_post_challenge::Api)`.
#[macro_export]
macro_rules! password_reset_post_challenge {
    ($on_execute:expr $(,)?) => {
        $crate::password_reset_post_challenge!($on_execute, $crate::private::nothing);
    };
    ($on_execute:expr, $on_continue:expr $(,)?) => {
        $crate::__handlers!(
            password_reset_post_challenge,
            $crate::password_reset_post_challenge::Api,
            on_execute_post_challenge = $on_execute,
            on_continue_post_challenge = $on_continue
        );
    };
}

/// Makes a function the handler of an Action of pre-user-registration: `pre_user_registration!(on_execute)`.
///
/// A handler is a `fn(&Event, &pre_user_registration::Api)` that returns nothing or a [`Result`](crate::Result).
#[macro_export]
macro_rules! pre_user_registration {
    ($on_execute:expr $(,)?) => {
        $crate::__handlers!(
            pre_user_registration,
            $crate::pre_user_registration::Api,
            on_execute_pre_user_registration = $on_execute,
            on_continue_pre_user_registration = $crate::private::nothing
        );
    };
}

/// Makes a function the handler of an Action of credentials-exchange: `credentials_exchange!(on_execute)`.
///
/// A handler is a `fn(&Event, &credentials_exchange::Api)` that returns nothing or a [`Result`](crate::Result). To be used once in a crate.
#[macro_export]
macro_rules! credentials_exchange {
    ($on_execute:expr $(,)?) => {
        $crate::__handlers!(
            credentials_exchange,
            $crate::credentials_exchange::Api,
            on_execute_credentials_exchange = $on_execute
        );
    };
}

/// Makes a function the handler of an Action of custom-token-exchange: `custom_token_exchange!(on_execute)`.
///
/// A handler is a `fn(&Event, &custom_token_exchange::Api)` that returns nothing or a [`Result`](crate::Result). To be used once in a crate.
#[macro_export]
macro_rules! custom_token_exchange {
    ($on_execute:expr $(,)?) => {
        $crate::__handlers!(
            custom_token_exchange,
            $crate::custom_token_exchange::Api,
            on_execute_custom_token_exchange = $on_execute
        );
    };
}

/// Makes a function the handler of an Action of custom-email-provider: `custom_email_provider!(on_execute)`.
///
/// A handler is a `fn(&Event, &custom_email_provider::Api)` that returns nothing or a [`Result`](crate::Result). To be used once in a crate.
#[macro_export]
macro_rules! custom_email_provider {
    ($on_execute:expr $(,)?) => {
        $crate::__handlers!(
            custom_email_provider,
            $crate::custom_email_provider::Api,
            on_execute_custom_email_provider = $on_execute
        );
    };
}

/// Makes a function the handler of an Action of custom-phone-provider: `custom_phone_provider!(on_execute)`.
///
/// A handler is a `fn(&Event, &custom_phone_provider::Api)` that returns nothing or a [`Result`](crate::Result). To be used once in a crate.
#[macro_export]
macro_rules! custom_phone_provider {
    ($on_execute:expr $(,)?) => {
        $crate::__handlers!(
            custom_phone_provider,
            $crate::custom_phone_provider::Api,
            on_execute_custom_phone_provider = $on_execute
        );
    };
}

/// Makes a function the handler of an Action of event-stream: `event_stream!(on_execute)`.
///
/// A handler is a `fn(&Event, &event_stream::Api)` that returns nothing or a [`Result`](crate::Result). To be used once in a crate.
#[macro_export]
macro_rules! event_stream {
    ($on_execute:expr $(,)?) => {
        $crate::__handlers!(
            event_stream,
            $crate::event_stream::Api,
            on_execute_event_stream = $on_execute
        );
    };
}

/// Makes a function the handler of an Action of post-change-password: `post_change_password!(on_execute)`.
///
/// A handler is a `fn(&Event, &post_change_password::Api)` that returns nothing or a [`Result`](crate::Result). To be used once in a crate.
#[macro_export]
macro_rules! post_change_password {
    ($on_execute:expr $(,)?) => {
        $crate::__handlers!(
            post_change_password,
            $crate::post_change_password::Api,
            on_execute_post_change_password = $on_execute
        );
    };
}

/// Makes a function the handler of an Action of post-user-registration: `post_user_registration!(on_execute)`.
///
/// A handler is a `fn(&Event, &post_user_registration::Api)` that returns nothing or a [`Result`](crate::Result). To be used once in a crate.
#[macro_export]
macro_rules! post_user_registration {
    ($on_execute:expr $(,)?) => {
        $crate::__handlers!(
            post_user_registration,
            $crate::post_user_registration::Api,
            on_execute_post_user_registration = $on_execute
        );
    };
}

/// Makes a function the handler of an Action of send-phone-message: `send_phone_message!(on_execute)`.
///
/// A handler is a `fn(&Event, &send_phone_message::Api)` that returns nothing or a [`Result`](crate::Result). To be used once in a crate.
#[macro_export]
macro_rules! send_phone_message {
    ($on_execute:expr $(,)?) => {
        $crate::__handlers!(
            send_phone_message,
            $crate::send_phone_message::Api,
            on_execute_send_phone_message = $on_execute
        );
    };
}
