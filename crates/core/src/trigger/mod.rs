//! The triggers of Auth0 Actions: one enum, and a table for each that runs here.
//!
//! Everything that differs between triggers stands in its [`Table`]: the names of its handlers, the methods below `api`, its
//! event. How its logins end is in `login/transaction/finish`.
//! Source: <https://auth0.com/docs/customize/actions/explore-triggers>.

pub(crate) mod credentials_exchange;
mod custom_email_provider;
mod custom_phone_provider;
mod custom_token_exchange;
mod event_stream;
mod exports;
mod password_reset_post_challenge;
mod post_change_password;
mod post_login;
mod post_user_registration;
mod pre_user_registration;
mod provider;
mod send_phone_message;

use serde::{Deserialize, Serialize};

use crate::api::method::MethodSpec;
use crate::event::schema::Field;
use crate::limits::Limit;
use crate::login::EntryPoint;
pub use exports::{Exported, WITHOUT_CONTRACT, is_without_contract, near_handler};

/// A trigger that runs here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// A user signs in.
    #[default]
    PostLogin,
    /// A machine asks for an access token.
    CredentialsExchange,
    /// A user is about to be created.
    PreUserRegistration,
    /// A user was created.
    PostUserRegistration,
    /// The password of a user was changed.
    PostChangePassword,
    /// A text or call of MFA goes out.
    SendPhoneMessage,
    /// A user who resets their password passed the first challenge.
    PasswordResetPostChallenge,
    /// A foreign token is exchanged for tokens of the tenant.
    CustomTokenExchange,
    /// An e-mail goes out.
    CustomEmailProvider,
    /// A text or call goes out.
    CustomPhoneProvider,
    /// An event of a stream is delivered.
    EventStream,
}

/// The source of the list of Actions that run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// The ordered list of the trigger.
    Trigger,
    /// Another entity of the tenant: a token exchange profile, an event stream.
    Entity,
}

/// Whether production waits for the Actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// It waits: an error fails what the trigger belongs to.
    Blocking,
    /// It does not: the outcome is in the log and changes nothing.
    Asynchronous,
}

/// The properties of one trigger.
#[derive(Debug)]
pub struct Table {
    /// The vendor's id: `post-login`.
    pub id: &'static str,
    /// The version of the trigger whose event and api these are: `v3`.
    pub version: &'static str,
    /// The export that runs: `onExecutePostLogin`.
    pub execute: &'static str,
    /// The export that resumes after a redirect or a form, if the trigger can suspend.
    pub resume: Option<&'static str>,
    /// All methods below `api`, grouped by namespace. The namespaces have the order of the vendor's object (that of post-login
    /// has one of its own, in the guest).
    pub methods: &'static [MethodSpec],
    /// The public page of the trigger and its handlers.
    pub page: &'static str,
    /// The public page of the event.
    pub event_page: &'static str,
    /// The public page of the methods below `api`.
    pub api_page: &'static str,
    /// The properties of the event, as a closed object.
    pub event: fn() -> &'static Field,
    /// A complete, realistic event, as JSON.
    pub sample: &'static str,
    /// Objects that production never leaves out, as owner and key: `user` and `user_metadata`.
    pub always: &'static [(&'static str, &'static str)],
    /// Whether the event has `experiment`, which is `null` when no experiment is active.
    pub experiment: bool,
    /// The source of the list of its Actions.
    pub binding: Binding,
    /// Whether production waits for its Actions.
    pub runs: Runs,
    /// The most Actions that may be bound.
    pub most_actions: Limit,
    /// Whether its Actions set claims: only then there is a ledger to explain.
    pub has_tokens: bool,
}

impl Trigger {
    /// All triggers that run here.
    pub const ALL: &'static [Self] = &[
        Self::PostLogin,
        Self::CredentialsExchange,
        Self::PreUserRegistration,
        Self::PostUserRegistration,
        Self::PostChangePassword,
        Self::SendPhoneMessage,
        Self::PasswordResetPostChallenge,
        Self::CustomTokenExchange,
        Self::CustomEmailProvider,
        Self::CustomPhoneProvider,
        Self::EventStream,
    ];

    /// Whether its Actions deliver something: a message, or an event of a stream.
    #[must_use]
    pub fn is_delivery(self) -> bool {
        matches!(
            self,
            Self::SendPhoneMessage
                | Self::CustomEmailProvider
                | Self::CustomPhoneProvider
                | Self::EventStream
        )
    }

    /// Returns what is particular to it.
    #[must_use]
    pub fn table(self) -> &'static Table {
        match self {
            Self::PostLogin => &post_login::TABLE,
            Self::CredentialsExchange => &credentials_exchange::TABLE,
            Self::PreUserRegistration => &pre_user_registration::TABLE,
            Self::PostUserRegistration => &post_user_registration::TABLE,
            Self::PostChangePassword => &post_change_password::TABLE,
            Self::SendPhoneMessage => &send_phone_message::TABLE,
            Self::PasswordResetPostChallenge => &password_reset_post_challenge::TABLE,
            Self::CustomTokenExchange => &custom_token_exchange::TABLE,
            Self::CustomEmailProvider => &custom_email_provider::TABLE,
            Self::CustomPhoneProvider => &custom_phone_provider::TABLE,
            Self::EventStream => &event_stream::TABLE,
        }
    }

    /// Returns the vendor's id: `post-login`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.table().id
    }

    /// Returns the trigger with an id; `None` for one that is unknown or does not run here.
    #[must_use]
    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|trigger| trigger.id() == id)
    }

    /// Returns the trigger of an export and its entry point: `onContinuePostLogin` resumes post-login.
    #[must_use]
    pub fn of_export(name: &str) -> Option<(Self, EntryPoint)> {
        let entries = [EntryPoint::Execute, EntryPoint::Continue];
        let mut all = Self::ALL
            .iter()
            .flat_map(|trigger| entries.map(|entry| (*trigger, entry)));
        all.find(|(trigger, entry)| trigger.export(*entry) == Some(name))
    }

    /// Returns the export behind an entry point; `None` when the trigger never resumes.
    #[must_use]
    pub fn export(self, entry: EntryPoint) -> Option<&'static str> {
        match entry {
            EntryPoint::Execute => Some(self.table().execute),
            EntryPoint::Continue => self.table().resume,
        }
    }

    /// Returns the methods below `api`, grouped by namespace.
    #[must_use]
    pub fn methods(self) -> &'static [MethodSpec] {
        self.table().methods
    }

    /// Returns the method at a path below `api`: `idToken.setCustomClaim`.
    pub(crate) fn method(self, path: &str) -> Option<&'static MethodSpec> {
        let (namespace, name) = path.split_once('.')?;
        let mut methods = self.methods().iter();
        methods.find(|spec| spec.namespace == namespace && spec.name == name)
    }
}

impl std::fmt::Display for Trigger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests;
