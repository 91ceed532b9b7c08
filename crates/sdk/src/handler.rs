//! From the exported functions of the component to the user's handlers.

use crate::error::Result;
use crate::event::Event;

/// The `api` object of a trigger: [`Api`](crate::Api) of post-login, or the one in the module of the trigger, such as
/// [`credentials_exchange::Api`](crate::credentials_exchange::Api).
pub trait TriggerApi: sealed::Made {}

mod sealed {
    /// Only a run of a handler makes an `api` object.
    pub trait Made {
        fn made() -> Self;
    }
}

macro_rules! api_objects {
    ($($api:path)*) => {
        $(
            impl TriggerApi for $api {}

            impl sealed::Made for $api {
                fn made() -> Self {
                    Self::new()
                }
            }
        )*
    };
}

api_objects! {
    crate::api::Api
    crate::api::cache_alone::Api
    crate::api::credentials_exchange::Api
    crate::api::custom_token_exchange::Api
    crate::api::notification::Api
    crate::api::password_reset_post_challenge::Api
    crate::api::pre_user_registration::Api
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

/// Gives a poor handler a good error message.
pub fn is_handler<A: TriggerApi, R: HandlerReturn>(_handler: impl FnOnce(&Event, &A) -> R) {}

/// The continue handler of an Action that has none.
pub fn nothing<A: TriggerApi>(_event: &Event, _api: &A) {}

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
