//! The vendor's `api` object.
//!
//! Methods: <https://auth0.com/docs/actions/reference/post-login/post-login-api-object>. Commands take effect
//! when the handler has returned; checks of their arguments happen at the call. An `Err` is what production would
//! throw; a handler that passes it on with `?` ends the login.

use serde::Serialize;
use serde_json::Value;

use crate::error::Result;

/// Calls the import of a method; natively, records the call: `call!(method, [JSON arguments], import, default)`.
///
/// `default` is what a native call returns. In a `#[track_caller]` function the place of the call, and of the error,
/// is the user's.
macro_rules! call {
    ($method:literal, [$($argument:expr),*], $import:expr) => {
        call!($method, [$($argument),*], $import, ())
    };
    ($method:literal, [$($argument:expr),*], $import:expr, $default:expr) => {
        // No `map_err`: a closure would be taken for the caller.
        match raw_call!($method, [$($argument),*], $import, $default) {
            Ok(value) => Ok(value),
            Err(failure) => Err($crate::Error::with_name(&failure.name, failure.message)),
        }
    };
}

/// As `call!`, with the answer of the import as it is.
macro_rules! raw_call {
    ($method:literal, [$($argument:expr),*], $import:expr, $default:expr) => {{
        $crate::place::announce();
        #[cfg(target_arch = "wasm32")]
        let answer = {
            use $crate::bindings::host;
            $import
        };
        #[cfg(not(target_arch = "wasm32"))]
        let answer = $crate::testing::call($method, vec![$($argument),*], $default);
        answer
    }};
}

/// A `call!` of a method that answers JSON; the import gives it as text.
macro_rules! call_for_json {
    ($method:literal, [$($argument:expr),*], $import:expr, $default:expr) => {{
        #[cfg(target_arch = "wasm32")]
        let answer = crate::api::parse(call!($method, [$($argument),*], $import));
        #[cfg(not(target_arch = "wasm32"))]
        let answer = call!($method, [$($argument),*], $import, $default);
        answer
    }};
}

/// A `call!` of a method that never throws.
macro_rules! call_that_succeeds {
    ($method:literal, [$($argument:expr),*], $import:expr, $default:expr) => {{
        $crate::place::announce();
        #[cfg(target_arch = "wasm32")]
        let answer = {
            use $crate::bindings::host;
            $import
        };
        #[cfg(not(target_arch = "wasm32"))]
        let answer = $crate::testing::call($method, vec![$($argument),*], $default).unwrap_or($default);
        answer
    }};
}

/// Defines a method that passes a name and a value of the user's: `name_and_value!(/// …, set_custom_claim, "idToken.setCustomClaim", id_token)`.
macro_rules! name_and_value {
    ($(#[$doc:meta])* $function:ident, $method:literal, $import:ident) => {
        $(#[$doc])*
        #[track_caller]
        pub fn $function(&self, name: &str, value: impl serde::Serialize) -> $crate::Result {
            let value = $crate::api::json_of(value)?;
            call!(
                $method,
                [serde_json::json!(name), value],
                host::$import::$function(name, &value.to_string())
            )
        }
    };
}

/// Defines a method that passes one string, as `name_and_value!`.
macro_rules! one_text {
    ($(#[$doc:meta])* $function:ident, $method:literal, $import:ident, $argument:ident) => {
        $(#[$doc])*
        #[track_caller]
        pub fn $function(&self, $argument: &str) -> $crate::Result {
            call!(
                $method,
                [serde_json::json!($argument)],
                host::$import::$function($argument)
            )
        }
    };
}

/// Defines the `api` object of a trigger, and its methods that lead to its namespaces.
macro_rules! api_object {
    ($(#[$doc:meta])* $($method:ident $namespace:ident $name:literal)*) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct Api(());

        impl Api {
            pub(crate) fn new() -> Api {
                Api(())
            }

            $(
                #[doc = $name]
                #[must_use]
                pub fn $method(&self) -> $namespace {
                    $namespace(())
                }
            )*
        }
    };
}

mod access;
mod cache;
pub mod cache_alone;
pub mod credentials_exchange;
pub mod custom_token_exchange;
#[macro_use]
mod factors;
pub mod notification;
mod saml;
mod session;
#[macro_use]
mod suspension;
mod tokens;
mod user;

// After the modules whose macros they use.
pub mod password_reset_post_challenge;
pub mod pre_user_registration;

pub use access::{Access, Rules, Validation};
pub use cache::{Cache, CacheEntry, CacheError, CacheOptions};
pub use factors::{Authentication, DuoOptions, EnableOptions, Factor, FactorOptions, Multifactor};
pub use saml::{DigestAlgorithm, EncryptionAlgorithm, SamlResponse, SignatureAlgorithm};
pub use session::{CookieMode, RefreshToken, RevokeOptions, Session};
pub use suspension::{EncodeTokenOptions, Prompt, Redirect, RenderOptions, ValidateTokenOptions};
pub use tokens::{AccessToken, IdToken};
pub use user::{Groups, Page, Roles, Transaction, User};

api_object! {
    /// The `api` object that a handler of [`post_login!`](crate::post_login!) gets.
    access Access "`api.access`"
    access_token AccessToken "`api.accessToken`"
    authentication Authentication "`api.authentication`"
    cache Cache "`api.cache`"
    groups Groups "`api.groups`"
    id_token IdToken "`api.idToken`"
    multifactor Multifactor "`api.multifactor`"
    prompt Prompt "`api.prompt`"
    redirect Redirect "`api.redirect`"
    refresh_token RefreshToken "`api.refreshToken`"
    roles Roles "`api.roles`"
    rules Rules "`api.rules`"
    saml_response SamlResponse "`api.samlResponse`"
    session Session "`api.session`"
    transaction Transaction "`api.transaction`"
    user User "`api.user`"
    validation Validation "`api.validation`"
}

/// A value of the user's as JSON.
#[track_caller]
fn json_of(value: impl Serialize) -> Result<Value> {
    Ok(serde_json::to_value(value)?)
}

/// A JSON text from the host.
#[cfg(target_arch = "wasm32")]
#[track_caller]
fn parse(text: Result<String>) -> Result<Value> {
    Ok(serde_json::from_str(&text?)?)
}

/// An argument of a recorded call that may be absent.
#[cfg(not(target_arch = "wasm32"))]
fn optional(value: Option<impl Serialize>) -> Value {
    value.map_or_else(crate::testing::undefined, |value| serde_json::json!(value))
}

/// A number as JavaScript writes it: whole ones without a fraction.
#[cfg(not(target_arch = "wasm32"))]
#[expect(
    clippy::cast_possible_truncation,
    reason = "a float cast saturates, and the sizes are compared before"
)]
fn number(value: f64) -> Value {
    /// `Number.MAX_SAFE_INTEGER`
    const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;
    if value.fract() == 0.0 && value.abs() <= MAX_SAFE_INTEGER {
        return Value::from(value as i64);
    }
    match value {
        _ if value.is_finite() => Value::from(value),
        _ if value.is_nan() => serde_json::json!({"$": "NaN"}),
        _ if value > 0.0 => serde_json::json!({"$": "Infinity"}),
        _ => serde_json::json!({"$": "-Infinity"}),
    }
}
