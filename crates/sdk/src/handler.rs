//! From the exported functions of the component to the user's handlers.

use crate::api::Api;
use crate::error::Result;
use crate::event::Event;

/// What a handler may return: nothing, or [`Result`].
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
                    $crate::private::run(&event, $on_execute)
                }

                fn on_continue_post_login(
                    event: ::std::string::String,
                ) -> ::std::result::Result<(), $crate::bindings::Fault> {
                    $crate::private::run(&event, $on_continue)
                }
            }

    $crate::bindings::export!(Action with_types_in $crate::bindings);
        };

        // Elsewhere the handlers are only checked, and not unused.
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() = || {
            $crate::private::is_handler($on_execute);
            $crate::private::is_handler($on_continue);
        };
    };
}

/// Gives a poor handler a good error message.
pub fn is_handler<R: HandlerReturn>(_handler: impl FnOnce(&Event, &Api) -> R) {}

/// The continue handler of an Action that has none.
pub fn nothing(_event: &Event, _api: &Api) {}

/// Reads the event and runs the handler.
pub(crate) fn handle<R: HandlerReturn>(
    event: &Event,
    handler: impl FnOnce(&Event, &Api) -> R,
) -> Result {
    handler(event, &Api::new()).into_result()
}

/// Runs one exported function.
///
/// # Errors
/// The handler's, or that the host gave an event that is no JSON.
#[cfg(target_arch = "wasm32")]
pub fn run<R: HandlerReturn>(
    event: &str,
    handler: impl FnOnce(&Event, &Api) -> R,
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
