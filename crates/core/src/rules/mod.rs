//! Legacy Rules: what a Rule sees, and what becomes of what it leaves behind.
//!
//! A Rule gets `user` and `context`, made from the same event as that of an Action, changes them, and calls back. What it
//! changed is turned into calls of `api` methods, so that one implementation checks, records and applies them.
//!
//! Source: <https://auth0.com/docs/customize/rules>.

pub(crate) mod changes;
pub(crate) mod connection;
mod context;
mod profile;
mod reads;
pub(crate) mod report;
pub(crate) mod state;
#[cfg(test)]
mod tests;

pub use connection::ProviderProfile;
pub use context::{context_of, spread_given, take_given};
pub use profile::user_of;
pub use reads::event_path;
pub use report::{RuleEnd, RuleError, RuleReport, RuleWrite};

/// The page on the mapping of Rules to Actions, and on its gaps.
pub const MIGRATION_PAGE: &str =
    "https://auth0.com/docs/customize/actions/migrate/actions-migration-limitations";
/// The members of `context`.
pub const CONTEXT_PAGE: &str = "https://auth0.com/docs/customize/rules/context-object";
/// `configuration`.
pub const CONFIGURATION_PAGE: &str =
    "https://auth0.com/docs/customize/rules/store-rule-configurations";
/// `auth0.users`.
pub const MANAGEMENT_PAGE: &str =
    "https://auth0.com/docs/customize/rules/use-management-api-from-within-rules";
/// When Rules can send the user away.
pub const REDIRECT_PAGE: &str = "https://auth0.com/docs/customize/rules/redirect-users";
