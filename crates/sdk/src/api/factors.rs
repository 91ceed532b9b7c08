//! Second factors and the subject of the login.

use serde::Serialize;
#[cfg(not(target_arch = "wasm32"))]
use serde_json::json;

#[cfg(not(target_arch = "wasm32"))]
use super::optional;
use crate::error::Result;

/// A second factor: `Factor::new("otp")`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Factor {
    /// `otp`, `email`, `phone`, `push-notification`, `webauthn-roaming`, `webauthn-platform`, `recovery-code`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The user's choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<FactorOptions>,
}

/// Options of a factor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FactorOptions {
    /// For `phone`: `sms`, `voice` or `both`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_method: Option<String>,
    /// For `push-notification`: whether a one-time password does as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otp_fallback: Option<bool>,
}

impl Factor {
    /// A factor without options.
    #[must_use]
    pub fn new(kind: &str) -> Factor {
        Factor {
            kind: kind.to_owned(),
            options: None,
        }
    }

    /// A phone, by `sms`, `voice` or `both`.
    #[must_use]
    pub fn phone(preferred_method: &str) -> Factor {
        let options = FactorOptions {
            preferred_method: Some(preferred_method.to_owned()),
            otp_fallback: None,
        };
        Factor {
            kind: "phone".to_owned(),
            options: Some(options),
        }
    }
}

/// Defines the challenges of an `api.authentication`, whose import is given.
macro_rules! challenges {
    ($import:ident) => {
        /// Asks for this factor, or one of the additional ones.
        ///
        /// # Errors
        /// None today; what cannot be used is ignored.
        #[track_caller]
        pub fn challenge_with(
            &self,
            factor: &$crate::api::Factor,
            additional_factors: Option<&[$crate::api::Factor]>,
        ) -> $crate::Result {
            call!(
                "authentication.challengeWith",
                [
                    serde_json::json!(factor),
                    $crate::api::factors::additional(additional_factors)
                ],
                host::$import::challenge_with(
                    &factor.into(),
                    $crate::api::factors::all(additional_factors).as_deref()
                )
            )
        }

        /// Lets the user pick one of the factors.
        ///
        /// # Errors
        /// None today; what cannot be used is ignored.
        #[track_caller]
        pub fn challenge_with_any(&self, factors: &[$crate::api::Factor]) -> $crate::Result {
            call!(
                "authentication.challengeWithAny",
                [serde_json::json!(factors)],
                host::$import::challenge_with_any(&$crate::api::factors::each(factors))
            )
        }
    };
}

/// `api.authentication`. A challenge or enrolment suspends the flow when the handler returns; the next Action
/// resumes it.
#[derive(Debug)]
pub struct Authentication(pub(super) ());

impl Authentication {
    challenges!(authentication);

    /// Has the user enrol this factor, or one of the additional ones.
    ///
    /// # Errors
    /// None today; what cannot be used is ignored.
    #[track_caller]
    pub fn enroll_with(&self, factor: &Factor, additional_factors: Option<&[Factor]>) -> Result {
        call!(
            "authentication.enrollWith",
            [json!(factor), additional(additional_factors)],
            host::authentication::enroll_with(&factor.into(), all(additional_factors).as_deref())
        )
    }

    /// Lets the user pick one of the factors to enrol.
    ///
    /// # Errors
    /// None today; what cannot be used is ignored.
    #[track_caller]
    pub fn enroll_with_any(&self, factors: &[Factor]) -> Result {
        call!(
            "authentication.enrollWithAny",
            [json!(factors)],
            host::authentication::enroll_with_any(&each(factors))
        )
    }

    one_text! {
        /// Records a custom method that the user completed; for the continue handler.
        ///
        /// # Errors
        /// None today.
        record_method, "authentication.recordMethod", authentication, provider_url
    }

    one_text! {
        /// Makes another user the subject of the login.
        ///
        /// # Errors
        /// If it was done before, or the id is empty or longer than 128 UTF-16 units.
        set_primary_user, "authentication.setPrimaryUser", authentication, primary_user_id
    }
}

/// The second argument of `challengeWith` and `enrollWith`.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn additional(factors: Option<&[Factor]>) -> serde_json::Value {
    optional(factors.map(|factors| json!({"additionalFactors": factors})))
}

#[cfg(target_arch = "wasm32")]
pub(super) fn each(
    factors: &[Factor],
) -> Vec<crate::bindings::postlogin::actions::authentication::Factor> {
    factors.iter().map(Into::into).collect()
}

#[cfg(target_arch = "wasm32")]
pub(super) fn all(
    factors: Option<&[Factor]>,
) -> Option<Vec<crate::bindings::postlogin::actions::authentication::Factor>> {
    factors.map(each)
}

/// Options of [`Multifactor::enable`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EnableOptions {
    /// Whether the user may have this browser remembered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_remember_browser: Option<bool>,
    /// For `duo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_options: Option<DuoOptions>,
}

/// The account at Duo.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DuoOptions {
    /// API host name.
    pub host: String,
    /// Integration key.
    pub ikey: String,
    /// Secret key.
    pub skey: String,
    /// The user's name at Duo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

/// `api.multifactor`
#[derive(Debug)]
pub struct Multifactor(pub(super) ());

impl Multifactor {
    /// Asks for a second factor after the last Action: `any`, `guardian`, `google-authenticator`, `duo` or `none`.
    ///
    /// # Errors
    /// None today; the name is not checked at the call.
    #[track_caller]
    pub fn enable(&self, provider: &str, options: Option<&EnableOptions>) -> Result {
        call!(
            "multifactor.enable",
            [json!(provider), optional(options)],
            host::multifactor::enable(provider, options.map(Into::into).as_ref())
        )
    }
}
