//! The session and the refresh token.

use serde::Serialize;
#[cfg(not(target_arch = "wasm32"))]
use serde_json::json;

#[cfg(not(target_arch = "wasm32"))]
use super::{number, optional};
use crate::error::Result;

/// Whether the session cookie outlives the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CookieMode {
    /// It does.
    Persistent,
    /// It does not.
    NonPersistent,
}

/// Options of [`Session::revoke`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokeOptions {
    /// Whether the session's refresh tokens live on; not when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preserve_refresh_tokens: Option<bool>,
}

/// The methods that a session and a refresh token have in common.
macro_rules! shared_methods {
    ($type:ident $module:ident
     $expires:literal $idle:literal $set:literal $delete:literal $evict:literal) => {
        impl $type {
            /// When it ends, in milliseconds since 1970-01-01T00:00:00Z; the earliest of several calls wins.
            ///
            /// # Errors
            /// If the number is 0 or none.
            #[track_caller]
            pub fn set_expires_at(&self, absolute: f64) -> Result {
                call!(
                    $expires,
                    [number(absolute)],
                    host::$module::set_expires_at(absolute)
                )
            }

            /// When it ends without being used, in milliseconds since 1970-01-01T00:00:00Z.
            ///
            /// # Errors
            /// If the number is 0 or none.
            #[track_caller]
            pub fn set_idle_expires_at(&self, inactivity: f64) -> Result {
                call!(
                    $idle,
                    [number(inactivity)],
                    host::$module::set_idle_expires_at(inactivity)
                )
            }

            /// Stores a text under a key; `None` deletes it.
            ///
            /// # Errors
            /// If there are more than 25 entries, or one is too long or has other characters than allowed.
            #[track_caller]
            pub fn set_metadata(&self, key: &str, value: Option<&str>) -> Result {
                call!(
                    $set,
                    [json!(key), json!(value)],
                    host::$module::set_metadata(key, value)
                )
            }

            /// Deletes a key.
            ///
            /// # Errors
            /// For an online refresh token.
            #[track_caller]
            pub fn delete_metadata(&self, key: &str) -> Result {
                call!($delete, [json!(key)], host::$module::delete_metadata(key))
            }

            /// Deletes all keys.
            ///
            /// # Errors
            /// For an online refresh token.
            #[track_caller]
            pub fn evict_metadata(&self) -> Result {
                call!($evict, [], host::$module::evict_metadata())
            }
        }
    };
}

/// `api.session`
#[derive(Debug)]
pub struct Session(pub(super) ());

shared_methods! {
    Session session
    "session.setExpiresAt" "session.setIdleExpiresAt"
    "session.setMetadata" "session.deleteMetadata" "session.evictMetadata"
}

impl Session {
    /// Revokes the session and denies the login.
    ///
    /// # Errors
    /// None today.
    #[track_caller]
    pub fn revoke(&self, reason: Option<&str>, options: Option<RevokeOptions>) -> Result {
        call!(
            "session.revoke",
            [optional(reason), optional(options)],
            host::session::revoke(reason, options.map(Into::into))
        )
    }

    /// Whether the cookie outlives the browser; the last call wins.
    ///
    /// # Errors
    /// None today.
    #[track_caller]
    pub fn set_cookie_mode(&self, mode: CookieMode) -> Result {
        call!(
            "session.setCookieMode",
            [json!(mode)],
            host::session::set_cookie_mode(mode.into())
        )
    }
}

/// `api.refreshToken`
#[derive(Debug)]
pub struct RefreshToken(pub(super) ());

shared_methods! {
    RefreshToken refresh_token
    "refreshToken.setExpiresAt" "refreshToken.setIdleExpiresAt"
    "refreshToken.setMetadata" "refreshToken.deleteMetadata" "refreshToken.evictMetadata"
}

impl RefreshToken {
    /// Revokes the refresh token and denies the login.
    ///
    /// # Errors
    /// If the reason has more than 1024 code points.
    #[track_caller]
    pub fn revoke(&self, reason: Option<&str>) -> Result {
        call!(
            "refreshToken.revoke",
            [optional(reason)],
            host::refresh_token::revoke(reason)
        )
    }
}
