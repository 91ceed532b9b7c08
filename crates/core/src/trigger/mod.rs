//! The triggers of Auth0 Actions: one enum, and a table for each that runs here.
//!
//! Everything that differs between triggers stands in its [`Table`]: the names of its handlers, the methods below `api`, its
//! event. How its logins end is in `login/transaction/finish`.
//! Source: <https://auth0.com/docs/customize/actions/explore-triggers>.

pub(crate) mod credentials_exchange;
mod post_login;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::method::MethodSpec;
use crate::event::schema::Field;
use crate::login::EntryPoint;

/// A trigger that runs here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// A user signs in.
    #[default]
    PostLogin,
    /// A machine asks for an access token.
    CredentialsExchange,
}

/// What is particular to a trigger.
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
    /// All methods below `api`, grouped by namespace.
    pub methods: &'static [MethodSpec],
    /// The public page of the trigger and its handlers.
    pub page: &'static str,
    /// The public page of the event.
    pub event_page: &'static str,
    /// The public page of the methods below `api`.
    pub api_page: &'static str,
    /// The properties of the event, as a closed object.
    pub event: fn() -> &'static Field,
    /// A complete, realistic event.
    pub sample: fn() -> Value,
}

impl Trigger {
    /// All triggers that run here.
    pub const ALL: &'static [Self] = &[Self::PostLogin, Self::CredentialsExchange];

    /// Returns what is particular to it.
    #[must_use]
    pub fn table(self) -> &'static Table {
        match self {
            Self::PostLogin => &post_login::TABLE,
            Self::CredentialsExchange => &credentials_exchange::TABLE,
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

/// Triggers that do not run here yet: the vendor's id and the exports of its handlers.
///
/// Source: the vendor's published test exports and the triggers that its Management API lists.
pub const UNSUPPORTED: &[(&str, &[&str])] = &[
    ("custom-email-provider", &["onExecuteCustomEmailProvider"]),
    ("custom-phone-provider", &["onExecuteCustomPhoneProvider"]),
    ("custom-token-exchange", &["onExecuteCustomTokenExchange"]),
    ("event-stream", &["onExecuteEventStream"]),
    (
        "password-reset-post-challenge",
        &["onExecutePostChallenge", "onContinuePostChallenge"],
    ),
    ("post-change-password", &["onExecutePostChangePassword"]),
    ("post-user-registration", &["onExecutePostUserRegistration"]),
    (
        "pre-user-registration",
        &[
            "onExecutePreUserRegistration",
            "onContinuePreUserRegistration",
        ],
    ),
    ("send-phone-message", &["onExecuteSendPhoneMessage"]),
];

/// Returns the id of the trigger of an export that does not run here.
#[must_use]
pub fn unsupported(export: &str) -> Option<&'static str> {
    let mut all = UNSUPPORTED.iter();
    all.find(|(_, exports)| exports.contains(&export))
        .map(|(id, _)| *id)
}

#[cfg(test)]
mod tests {
    use super::{Trigger, UNSUPPORTED, unsupported};
    use crate::EntryPoint;

    #[test]
    fn ids_and_exports_lead_to_their_trigger() {
        for trigger in Trigger::ALL {
            assert_eq!(Trigger::of_id(trigger.id()), Some(*trigger));
            let json = serde_json::to_value(trigger).unwrap();
            assert_eq!(json, trigger.id());
            for entry in [EntryPoint::Execute, EntryPoint::Continue] {
                if let Some(export) = trigger.export(entry) {
                    assert_eq!(Trigger::of_export(export), Some((*trigger, entry)));
                    assert_eq!(unsupported(export), None);
                }
            }
        }
        assert_eq!(Trigger::of_export("onExecutePostChallenge"), None);
        assert_eq!(
            unsupported("onExecutePostChallenge"),
            Some("password-reset-post-challenge")
        );
        assert!(
            UNSUPPORTED
                .iter()
                .all(|(id, _)| Trigger::of_id(id).is_none())
        );
    }

    #[test]
    fn the_methods_are_grouped_and_unambiguous() {
        for trigger in Trigger::ALL {
            let methods = trigger.methods();
            let mut namespaces: Vec<&str> = methods.iter().map(|spec| spec.namespace).collect();
            namespaces.dedup();
            let groups = namespaces.len();
            namespaces.sort_unstable();
            namespaces.dedup();
            assert_eq!(groups, namespaces.len(), "{trigger}");
            for spec in methods {
                let path = format!("{}.{}", spec.namespace, spec.name);
                let same = methods
                    .iter()
                    .filter(|other| other.namespace == spec.namespace && other.name == spec.name);
                assert_eq!(same.count(), 1, "{path}");
                let found = trigger.method(&path);
                assert_eq!(found.map(|found| found.name), Some(spec.name));
            }
            assert!(trigger.method("").is_none());
            assert!(trigger.method("accessToken").is_none());
            assert!(trigger.method("accessToken.").is_none());
        }
        assert!(
            Trigger::CredentialsExchange
                .method("idToken.setCustomClaim")
                .is_none()
        );
    }
}
