//! The contract between the host and an Action: the WIT package `postlogin:actions`.
//!
//! The texts in `wit/` are the contract; this crate names them, so that hosts and tools need no path. It knows
//! nothing of the rest of the workspace. `contract.lock` holds one hash for each published version, and a test
//! fails when a text changes without a new version.
//!
//! All of it is API: the package has a version, and a published text never changes.

pub mod methods;

/// Namespace and name of the package.
pub const WIT_PACKAGE: &str = "postlogin:actions";

/// The version of the package; that of this crate.
pub const VERSION: &str = "0.3.1";

/// The world of a post-login Action in any language.
pub const POST_LOGIN_WORLD: &str = "post-login";

/// The world of a credentials-exchange Action in any language.
pub const CREDENTIALS_EXCHANGE_WORLD: &str = "credentials-exchange";

/// The worlds of Actions, by trigger: a world has the name of its trigger.
pub const ACTION_WORLDS: &[&str] = &[
    "credentials-exchange",
    "custom-email-provider",
    "custom-phone-provider",
    "custom-token-exchange",
    "event-stream",
    "password-reset-post-challenge",
    "post-change-password",
    "post-login",
    "post-user-registration",
    "pre-user-registration",
    "send-phone-message",
];

/// The world of an engine that becomes an Action when a source is loaded into it.
pub const JAVASCRIPT_ENGINE_WORLD: &str = "javascript-engine";

/// The interfaces that a host offers to an Action, in alphabetical order.
///
/// Those with the name of an `api` namespace in kebab case are its typed form; `dynamic` is the whole `api` object
/// behind one function; `types` has no functions.
pub const INTERFACES: &[&str] = &[
    "access",
    "access-token",
    "authentication",
    "cache",
    "console",
    "dynamic",
    "exchange-access",
    "exchange-authentication",
    "exchange-user",
    "groups",
    "id-token",
    "machine-access",
    "machine-access-token",
    "machine-transaction",
    "multifactor",
    "notification",
    "prompt",
    "redirect",
    "refresh-token",
    "registration-access",
    "registration-user",
    "registration-validation",
    "reset-access",
    "reset-authentication",
    "reset-prompt",
    "reset-redirect",
    "reset-transaction",
    "roles",
    "rules",
    "saml-response",
    "session",
    "source-position",
    "transaction",
    "types",
    "user",
    "validation",
];

/// The texts of the package as `(file name, text)`, in the order of the names.
pub const WIT_FILES: &[(&str, &str)] = &[
    ("access.wit", include_str!("../wit/access.wit")),
    ("cache-alone.wit", include_str!("../wit/cache-alone.wit")),
    ("cache.wit", include_str!("../wit/cache.wit")),
    (
        "credentials-exchange.wit",
        include_str!("../wit/credentials-exchange.wit"),
    ),
    (
        "custom-token-exchange.wit",
        include_str!("../wit/custom-token-exchange.wit"),
    ),
    ("engine.wit", include_str!("../wit/engine.wit")),
    ("factors.wit", include_str!("../wit/factors.wit")),
    ("notification.wit", include_str!("../wit/notification.wit")),
    (
        "password-reset-post-challenge.wit",
        include_str!("../wit/password-reset-post-challenge.wit"),
    ),
    ("post-login.wit", include_str!("../wit/post-login.wit")),
    (
        "pre-user-registration.wit",
        include_str!("../wit/pre-user-registration.wit"),
    ),
    (
        "saml-response.wit",
        include_str!("../wit/saml-response.wit"),
    ),
    ("session.wit", include_str!("../wit/session.wit")),
    ("suspension.wit", include_str!("../wit/suspension.wit")),
    ("tokens.wit", include_str!("../wit/tokens.wit")),
    ("user.wit", include_str!("../wit/user.wit")),
];

/// The name under which a component imports an interface: `postlogin:actions/cache@0.3.1`.
#[must_use]
pub fn import_name(interface: &str) -> String {
    format!("{WIT_PACKAGE}/{interface}@{VERSION}")
}

/// Whether the name of a component's import belongs to this version of the package.
///
/// Versions that differ only in the last number can be linked with each other, below 1.0 as well.
#[must_use]
pub fn is_compatible_import(name: &str) -> bool {
    let Some((package_and_interface, version)) = name.split_once('@') else {
        return false;
    };
    let package = package_and_interface.split('/').next();
    package == Some(WIT_PACKAGE) && major_minor(version) == major_minor(VERSION)
}

fn major_minor(version: &str) -> Option<(&str, &str)> {
    let mut numbers = version.splitn(3, '.');
    let (major, minor) = (numbers.next()?, numbers.next()?);
    numbers.next().map(|_| (major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_imports() {
        assert_eq!(import_name("cache"), "postlogin:actions/cache@0.3.1");
        #[track_caller]
        fn check(name: &str, compatible: bool) {
            assert_eq!(is_compatible_import(name), compatible, "{name}");
        }
        check("postlogin:actions/cache@0.3.0", true);
        check("postlogin:actions/cache@0.3.1", true);
        check("postlogin:actions/cache@0.3.7", true);
        check("postlogin:actions/cache@0.2.0", false);
        check("postlogin:actions/cache@1.3.0", false);
        check("postlogin:actions/cache@0.3", false);
        check("postlogin:actions/cache", false);
        check("wasi:io/poll@0.1.0", false);
        check("", false);
    }
}
