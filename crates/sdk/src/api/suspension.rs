//! Redirects and forms; the same Action's continue handler resumes the flow.

use serde::Serialize;
#[cfg(not(target_arch = "wasm32"))]
use serde_json::json;
use serde_json::{Map, Value};

#[cfg(not(target_arch = "wasm32"))]
use super::optional;

/// The token that [`Redirect::encode_token`] signs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EncodeTokenOptions {
    /// Becomes claims of the token.
    pub payload: Map<String, Value>,
    /// Key of the HS256 signature.
    pub secret: String,
    /// 900 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in_seconds: Option<f64>,
}

/// The key and the parameter that [`Redirect::validate_token`] checks with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidateTokenOptions {
    /// Key of the HS256 signature.
    pub secret: String,
    /// The parameter of the `/continue` request; `session_token` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_parameter_name: Option<String>,
}

/// Defines the tokens and redirects of an `api.redirect`, whose import is given.
macro_rules! redirects {
    ($import:ident) => {
        /// A signed token (JWT) to hand to the site that the user is sent to. Empty in a native call.
        ///
        /// # Errors
        /// If it cannot be signed.
        #[track_caller]
        pub fn encode_token(
            &self,
            options: $crate::api::EncodeTokenOptions,
        ) -> $crate::Result<String> {
            call!(
                "redirect.encodeToken",
                [serde_json::json!(options)],
                host::$import::encode_token(&options.into()),
                String::new()
            )
        }

        redirect_to! {
            /// Sends the browser away when the handler returns. `query`: parameters that replace those of the same name in
            /// the URL.
            ///
            /// # Errors
            /// If the URL is none, or relative.
            send_user_to, "redirect.sendUserTo", $import
        }

        /// The claims of the token that came back with the `/continue` request. None in a native call.
        ///
        /// # Errors
        /// If there is no token, or it is not valid.
        #[track_caller]
        pub fn validate_token(
            &self,
            options: $crate::api::ValidateTokenOptions,
        ) -> $crate::Result<serde_json::Value> {
            call_for_json!(
                "redirect.validateToken",
                [serde_json::json!(options)],
                host::$import::validate_token(&options.into()),
                serde_json::json!({})
            )
        }
    };
}

/// Defines a method that passes a URL and parameters for it.
macro_rules! redirect_to {
    ($(#[$doc:meta])* $function:ident, $method:literal, $import:ident) => {
        $(#[$doc])*
        #[track_caller]
        pub fn $function(&self, url: &str, query: Option<&[(String, String)]>) -> $crate::Result {
            call!(
                $method,
                [
                    serde_json::json!(url),
                    $crate::api::suspension::query_options(query)
                ],
                host::$import::$function(url, query)
            )
        }
    };
}

/// Defines the forms of an `api.prompt`, whose import is given.
macro_rules! forms {
    ($import:ident) => {
        /// Shows a form when the handler returns. At most once in an Action, and not together with a redirect.
        ///
        /// # Errors
        /// If the id or the options pass a limit.
        #[track_caller]
        pub fn render(
            &self,
            prompt_id: &str,
            options: Option<$crate::api::RenderOptions>,
        ) -> $crate::Result {
            call!(
                "prompt.render",
                [serde_json::json!(prompt_id), $crate::api::optional(options)],
                host::$import::render(prompt_id, options.map(Into::into).as_ref())
            )
        }
    };
}

/// `api.redirect`
#[derive(Debug)]
pub struct Redirect(pub(super) ());

impl Redirect {
    /// Whether this kind of login can be redirected at all. `true` in a native call.
    #[must_use]
    #[track_caller]
    pub fn can_redirect(&self) -> bool {
        call_that_succeeds!(
            "redirect.canRedirect",
            [],
            host::redirect::can_redirect(),
            true
        )
    }

    redirects!(redirect);
}

/// The second argument of `sendUserTo`.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn query_options(query: Option<&[(String, String)]>) -> Value {
    optional(query.map(|query| {
        let query: Map<String, Value> = query
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        json!({"query": query})
    }))
}

/// The values that a form is filled with: at most 24 of each.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RenderOptions {
    /// Values of fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<Map<String, Value>>,
    /// Values of variables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vars: Option<Map<String, Value>>,
}

/// `api.prompt`
#[derive(Debug)]
pub struct Prompt(pub(super) ());

impl Prompt {
    forms!(prompt);
}
