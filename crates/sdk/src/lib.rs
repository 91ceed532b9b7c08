//! Write Auth0 Actions of every trigger in Rust. All of this crate is API.
//!
//! ```
//! use postlogin_sdk::{Api, Event, Result, console, post_login};
//!
//! fn on_execute(event: &Event, api: &Api) -> Result {
//!     let Some(hobby) = event.user_metadata("hobby") else {
//!         console::log!("{} has no hobby", event.user_id());
//!         return Ok(());
//!     };
//!     api.id_token().set_custom_claim("https://example.com/hobby", hobby)?;
//!     Ok(())
//! }
//!
//! post_login!(on_execute);
//! ```
//!
//! The crate that holds this is a `cdylib`; `cargo build --release --target wasm32-wasip2` makes it a component
//! of the world `post-login` (see `docs/book/src/internals/abi.md`). Built for any other target, the same code runs as an ordinary
//! function: [`testing`] gives it an event and shows what it called.
//!
//! Each trigger has a module with its `api` object, and a macro of the same name:
//!
//! ```
//! use postlogin_sdk::{Event, Result, credentials_exchange};
//!
//! fn on_execute(event: &Event, api: &credentials_exchange::Api) -> Result {
//!     if let Some(team) = event.client_metadata("team") {
//!         api.access_token().set_custom_claim("https://example.com/team", team)?;
//!     }
//!     api.transaction().remove_target_scope("write:orders")
//! }
//!
//! credentials_exchange!(on_execute);
//! ```
//!
//! The names are the vendor's in snake case: `api.idToken.setCustomClaim` is
//! [`api.id_token().set_custom_claim`](api::IdToken::set_custom_claim). What a method checks, it checks on the
//! host, at the call; an [`Error`] has the class and the text that production throws. Each call tells the host
//! the place it was made at, so that the claim ledger and errors can point into the source.

pub mod api;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod bindings;
pub mod console;
mod error;
mod event;
mod handler;
mod place;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod triggers;

pub use api::cache_alone as event_stream;
pub use api::cache_alone as post_change_password;
pub use api::cache_alone as post_user_registration;
pub use api::cache_alone as send_phone_message;
pub use api::notification as custom_email_provider;
pub use api::notification as custom_phone_provider;
pub use api::{
    Api, credentials_exchange, custom_token_exchange, password_reset_post_challenge,
    pre_user_registration,
};
pub use error::{Error, Result};
pub use event::Event;
pub use handler::{HandlerReturn, TriggerApi};
pub use place::Place;
pub use serde_json::{self, Value, json};

/// The version of the WIT package that an Action built with this crate imports.
pub const ABI_VERSION: &str = postlogin_abi::VERSION;

/// The targets of the macros' expansion; not part of the public interface.
#[doc(hidden)]
pub mod private {
    #[cfg(target_arch = "wasm32")]
    pub use crate::handler::run;
    pub use crate::handler::{is_handler, nothing};
}
