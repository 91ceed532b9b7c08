//! From the exported functions of the component to the user's handlers.

use crate::api::{Api, credentials_exchange};
use crate::error::Result;
use crate::event::Event;

/// The `api` object of a trigger: [`Api`] of post-login, or [`credentials_exchange::Api`].
pub trait TriggerApi: sealed::Made {}

impl TriggerApi for Api {}
impl TriggerApi for credentials_exchange::Api {}

mod sealed {
    /// Only a run of a handler makes an `api` object.
    pub trait Made {
        fn made() -> Self;
    }

    impl Made for super::Api {
        fn made() -> Self {
            Self::new()
        }
    }

    impl Made for super::credentials_exchange::Api {
        fn made() -> Self {
            Self::new()
        }
    }
}

/// The return types of a handler: nothing, or [`Result`].
pub trait HandlerReturn {
    /// The same as a result.
    ///
    /// # Errors
    /// If the handler ended with one.
    fn into_result(self) -> Result;
}

impl HandlerReturn for () {
    fn into_result(self) -> Result {
        Ok(())
    }
}

impl HandlerReturn for Result {
    fn into_result(self) -> Result {
        self
    }
}

/// Makes functions the handlers of the Action: `post_login!(on_execute)`, or `post_login!(on_execute, on_continue)`
/// for one that redirects or shows a form.
///
/// A handler is a `fn(&Event, &Api)` that returns nothing or a [`Result`]. To be used once in a crate. Without a
/// continue handler, a resumed flow goes on as if there were one that does nothing.
#[macro_export]
macro_rules! post_login {
    ($on_execute:expr $(,)?) => {
        $crate::post_login!($on_execute, $crate::private::nothing);
    };
    ($on_execute:expr, $on_continue:expr $(,)?) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Action;

            impl $crate::bindings::Guest for Action {
                fn on_execute_post_login(
                    event: ::std::string::String,
                ) -> ::std::result::Result<(), $crate::bindings::Fault> {
                    $crate::private::run::<$crate::Api, _>(&event, $on_execute)
                }

                fn on_continue_post_login(
                    event: ::std::string::String,
                ) -> ::std::result::Result<(), $crate::bindings::Fault> {
                    $crate::private::run::<$crate::Api, _>(&event, $on_continue)
                }
            }

    $crate::bindings::export!(Action with_types_in $crate::bindings);
        };

        // Elsewhere the handlers are only checked, and not unused.
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() = || {
            $crate::private::is_handler::<$crate::Api, _>($on_execute);
            $crate::private::is_handler::<$crate::Api, _>($on_continue);
        };
    };
}

/// Makes a function the handler of an Action of credentials-exchange: `credentials_exchange!(on_execute)`.
///
/// A handler is a `fn(&Event, &credentials_exchange::Api)` that returns nothing or a [`Result`]. To be used once in a crate.
#[macro_export]
macro_rules! credentials_exchange {
    ($on_execute:expr $(,)?) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Action;

            impl $crate::bindings::credentials_exchange::Guest for Action {
                fn on_execute_credentials_exchange(
                    event: ::std::string::String,
                ) -> ::std::result::Result<(), $crate::bindings::Fault> {
                    $crate::private::run::<$crate::credentials_exchange::Api, _>(
                        &event,
                        $on_execute,
                    )
                }
            }

            $crate::bindings::credentials_exchange::export!(
                Action with_types_in $crate::bindings::credentials_exchange
            );
        };

        // Elsewhere the handler is only checked, and not unused.
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() = || {
            $crate::private::is_handler::<$crate::credentials_exchange::Api, _>($on_execute);
        };
    };
}

/// Gives a poor handler a good error message.
pub fn is_handler<A: TriggerApi, R: HandlerReturn>(_handler: impl FnOnce(&Event, &A) -> R) {}

/// The continue handler of an Action that has none.
pub fn nothing(_event: &Event, _api: &Api) {}

/// Reads the event and runs the handler.
pub(crate) fn handle<A: TriggerApi, R: HandlerReturn>(
    event: &Event,
    handler: impl FnOnce(&Event, &A) -> R,
) -> Result {
    handler(event, &A::made()).into_result()
}

/// Runs one exported function.
///
/// # Errors
/// The handler's, or that the host gave an event that is no JSON.
#[cfg(target_arch = "wasm32")]
pub fn run<A: TriggerApi, R: HandlerReturn>(
    event: &str,
    handler: impl FnOnce(&Event, &A) -> R,
) -> std::result::Result<(), crate::bindings::Fault> {
    report_panics();
    Event::from_json(event)
        .and_then(|event| handle(&event, handler))
        .map_err(crate::bindings::Fault::from)
}

/// A panic ends the instance without a word to the host, so its text goes to the console first.
#[cfg(target_arch = "wasm32")]
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("panicked");
        let place = panic.location().map_or_else(String::new, |location| {
            let place = crate::place::Place::from(location);
            format!(" at {}:{}:{}", place.file, place.line, place.column)
        });
        crate::console::error!("panic{place}: {message}");
    }));
}
