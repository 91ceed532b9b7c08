//! The imports and exports of the worlds, and how the crate's own types become theirs.

use crate::error::Error;
use crate::{api, console};

mod generated {
    #![expect(missing_docs, reason = "the WIT package documents them")]

    wit_bindgen::generate!({
        path: "../abi/wit",
        world: "post-login",
        pub_export_macro: true,
        export_macro_name: "export",
        default_bindings_module: "postlogin_sdk::bindings",
    });
}

/// The imports and exports of post-login.
pub mod post_login {
    pub use super::generated::*;
}

/// Binds a world. What it shares with `post-login` is bound once.
macro_rules! world {
    ($module:ident, $world:literal, $own:literal $(, $shared:literal: $as:path)*) => {
        #[doc = concat!("The imports and exports of the world `", $world, "`.")]
        pub mod $module {
            #![expect(missing_docs, reason = "the WIT package documents them")]

            wit_bindgen::generate!({
                path: "../abi/wit",
                world: $world,
                pub_export_macro: true,
                export_macro_name: "export",
                default_bindings_module: $own,
                with: {
                    "postlogin:actions/cache@0.3.1": crate::bindings::postlogin::actions::cache,
                    "postlogin:actions/console@0.3.1": crate::bindings::postlogin::actions::console,
                    "postlogin:actions/dynamic@0.3.1": crate::bindings::postlogin::actions::dynamic,
                    "postlogin:actions/source-position@0.3.1": crate::bindings::postlogin::actions::source_position,
                    "postlogin:actions/types@0.3.1": crate::bindings::postlogin::actions::types,
                    $($shared: $as,)*
                },
            });
        }
    };
}

world!(
    credentials_exchange,
    "credentials-exchange",
    "postlogin_sdk::bindings::credentials_exchange"
);
world!(
    custom_email_provider,
    "custom-email-provider",
    "postlogin_sdk::bindings::custom_email_provider"
);
world!(
    custom_phone_provider,
    "custom-phone-provider",
    "postlogin_sdk::bindings::custom_phone_provider",
    "postlogin:actions/notification@0.3.1": crate::bindings::custom_email_provider::postlogin::actions::notification
);
world!(
    custom_token_exchange,
    "custom-token-exchange",
    "postlogin_sdk::bindings::custom_token_exchange"
);
world!(
    event_stream,
    "event-stream",
    "postlogin_sdk::bindings::event_stream"
);
world!(
    password_reset_post_challenge,
    "password-reset-post-challenge",
    "postlogin_sdk::bindings::password_reset_post_challenge",
    "postlogin:actions/authentication@0.3.1": crate::bindings::postlogin::actions::authentication,
    "postlogin:actions/prompt@0.3.1": crate::bindings::postlogin::actions::prompt,
    "postlogin:actions/redirect@0.3.1": crate::bindings::postlogin::actions::redirect
);
world!(
    post_change_password,
    "post-change-password",
    "postlogin_sdk::bindings::post_change_password"
);
world!(
    post_user_registration,
    "post-user-registration",
    "postlogin_sdk::bindings::post_user_registration"
);
world!(
    pre_user_registration,
    "pre-user-registration",
    "postlogin_sdk::bindings::pre_user_registration"
);
world!(
    send_phone_message,
    "send-phone-message",
    "postlogin_sdk::bindings::send_phone_message"
);

/// The imported interfaces of all worlds.
pub mod host {
    pub use super::credentials_exchange::postlogin::actions::{
        machine_access, machine_access_token, machine_transaction,
    };
    pub use super::custom_email_provider::postlogin::actions::notification;
    pub use super::custom_token_exchange::postlogin::actions::{
        exchange_access, exchange_authentication, exchange_user,
    };
    pub use super::generated::postlogin::actions::*;
    pub use super::password_reset_post_challenge::postlogin::actions::{
        reset_access, reset_authentication, reset_prompt, reset_redirect, reset_transaction,
    };
    pub use super::pre_user_registration::postlogin::actions::{
        registration_access, registration_user, registration_validation,
    };
}

pub use generated::*;
use postlogin::actions::{
    authentication, cache, groups, multifactor, prompt, redirect, saml_response, session,
};

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault {
            name: error.name().to_owned(),
            message: error.message().to_owned(),
            stack: error.stack(),
        }
    }
}

impl From<console::Level> for postlogin::actions::console::Level {
    fn from(level: console::Level) -> Self {
        match level {
            console::Level::Log => Self::Log,
            console::Level::Info => Self::Info,
            console::Level::Warn => Self::Warn,
            console::Level::Error => Self::Error,
            console::Level::Debug => Self::Debug,
            console::Level::Trace => Self::Trace,
        }
    }
}

impl From<cache::Entry> for api::CacheEntry {
    fn from(entry: cache::Entry) -> Self {
        api::CacheEntry {
            value: entry.value,
            expires_at: entry.expires_at,
        }
    }
}

impl From<cache::CacheError> for api::CacheError {
    fn from(error: cache::CacheError) -> Self {
        api::CacheError { code: error.code }
    }
}

impl From<api::CacheOptions> for cache::SetOptions {
    fn from(options: api::CacheOptions) -> Self {
        cache::SetOptions {
            ttl: options.ttl,
            expires_at: options.expires_at,
        }
    }
}

impl From<api::Page> for groups::Page {
    fn from(page: api::Page) -> Self {
        groups::Page {
            take: page.take,
            from: page.from,
        }
    }
}

impl From<&api::Factor> for authentication::Factor {
    fn from(factor: &api::Factor) -> Self {
        let options = factor
            .options
            .as_ref()
            .map(|options| authentication::FactorOptions {
                preferred_method: options.preferred_method.clone(),
                otp_fallback: options.otp_fallback,
            });
        authentication::Factor {
            type_: factor.kind.clone(),
            options,
        }
    }
}

impl From<&api::EnableOptions> for multifactor::EnableOptions {
    fn from(options: &api::EnableOptions) -> Self {
        let provider_options =
            options
                .provider_options
                .clone()
                .map(|duo| multifactor::ProviderOptions {
                    host: duo.host,
                    ikey: duo.ikey,
                    skey: duo.skey,
                    username: duo.username,
                });
        multifactor::EnableOptions {
            allow_remember_browser: options.allow_remember_browser,
            provider_options,
        }
    }
}

impl From<api::EncodeTokenOptions> for redirect::EncodeTokenOptions {
    fn from(options: api::EncodeTokenOptions) -> Self {
        redirect::EncodeTokenOptions {
            payload: serde_json::Value::Object(options.payload).to_string(),
            secret: options.secret,
            expires_in_seconds: options.expires_in_seconds,
        }
    }
}

impl From<api::ValidateTokenOptions> for redirect::ValidateTokenOptions {
    fn from(options: api::ValidateTokenOptions) -> Self {
        redirect::ValidateTokenOptions {
            secret: options.secret,
            token_parameter_name: options.token_parameter_name,
        }
    }
}

impl From<api::RenderOptions> for prompt::RenderOptions {
    fn from(options: api::RenderOptions) -> Self {
        let text = |members| serde_json::Value::Object(members).to_string();
        prompt::RenderOptions {
            fields: options.fields.map(text),
            vars: options.vars.map(text),
        }
    }
}

impl From<api::RevokeOptions> for session::RevokeOptions {
    fn from(options: api::RevokeOptions) -> Self {
        session::RevokeOptions {
            preserve_refresh_tokens: options.preserve_refresh_tokens,
        }
    }
}

impl From<api::CookieMode> for session::CookieMode {
    fn from(mode: api::CookieMode) -> Self {
        match mode {
            api::CookieMode::Persistent => Self::Persistent,
            api::CookieMode::NonPersistent => Self::NonPersistent,
        }
    }
}

impl From<api::SignatureAlgorithm> for saml_response::SignatureAlgorithm {
    fn from(algorithm: api::SignatureAlgorithm) -> Self {
        match algorithm {
            api::SignatureAlgorithm::RsaSha256 => Self::RsaSha256,
            api::SignatureAlgorithm::RsaSha1 => Self::RsaSha1,
        }
    }
}

impl From<api::DigestAlgorithm> for saml_response::DigestAlgorithm {
    fn from(algorithm: api::DigestAlgorithm) -> Self {
        match algorithm {
            api::DigestAlgorithm::Sha256 => Self::Sha256,
            api::DigestAlgorithm::Sha1 => Self::Sha1,
        }
    }
}

impl From<api::EncryptionAlgorithm> for saml_response::EncryptionAlgorithm {
    fn from(algorithm: api::EncryptionAlgorithm) -> Self {
        match algorithm {
            api::EncryptionAlgorithm::Aes256Gcm => Self::Aes256Gcm,
            api::EncryptionAlgorithm::Aes256Cbc => Self::Aes256Cbc,
        }
    }
}
