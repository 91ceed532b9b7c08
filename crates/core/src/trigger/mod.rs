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

/// Triggers that the vendor lists and for which there is no public contract: neither an event, nor an `api`, nor the name of
/// a handler that all sources agree on. They do not run here.
///
/// Source: the triggers that the vendor's Management API lists, and its published typings and test exports.
pub const WITHOUT_CONTRACT: &[&str] = &[
    "login-post-identifier",
    "mcp-tool",
    "password-hash-migration",
    "signup-post-identifier",
];

/// The trigger of an Action, as far as the name of an export determines it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exported {
    /// It is a handler of a trigger that runs here.
    Handler(Trigger, EntryPoint),
    /// It can only be a handler of a trigger without public contract, whose id this is.
    WithoutContract(&'static str),
    /// It has the form of a handler, and belongs to no trigger.
    UnknownHandler,
    /// It is not a handler.
    Other,
}

impl Exported {
    /// Returns what a name says.
    ///
    /// No source names the handlers of triggers without contract. All others are `onExecute` and the id in Pascal case, so a
    /// name that is so for one of them, in any case of its letters (`onExecuteMCPTool`), is its handler.
    #[must_use]
    pub fn of(name: &str) -> Self {
        if let Some((trigger, entry)) = Trigger::of_export(name) {
            return Self::Handler(trigger, entry);
        }
        let prefixes = ["onExecute", "onContinue"].iter();
        let mut rests = prefixes.filter_map(|prefix| name.strip_prefix(prefix));
        let Some(rest) = rests.find(|rest| rest.starts_with(|first: char| first.is_uppercase()))
        else {
            return Self::Other;
        };
        let is_of = |id: &&&str| id.replace('-', "").eq_ignore_ascii_case(rest);
        match WITHOUT_CONTRACT.iter().find(is_of) {
            Some(id) => Self::WithoutContract(id),
            None => Self::UnknownHandler,
        }
    }
}

/// Returns the handler that a name was certainly meant to be: `onExecutePostLogn`. A name of another word, such as that of
/// another trigger, is near none, nor is the name of a handler.
#[must_use]
pub fn near_handler(name: &str) -> Option<&'static str> {
    /// The most letters that a slip adds, drops, changes or swaps. The names of triggers differ by three and more.
    const SLIP: usize = 2;
    if Exported::of(name) != Exported::UnknownHandler && Exported::of(name) != Exported::Other {
        return None;
    }
    let entries = [EntryPoint::Execute, EntryPoint::Continue];
    let all = Trigger::ALL.iter().flat_map(|trigger| {
        let exports = entries.map(|entry| trigger.export(entry));
        exports.into_iter().flatten()
    });
    let folded = name.to_lowercase();
    let distance = |handler: &str| strsim::damerau_levenshtein(&folded, &handler.to_lowercase());
    let near = all.map(|handler| (distance(handler), handler));
    let near = near.filter(|(distance, _)| *distance <= SLIP);
    near.min_by_key(|(distance, _)| *distance)
        .map(|(_, handler)| handler)
}

/// Returns whether a trigger is known by its id and has no public contract.
#[must_use]
pub fn is_without_contract(id: &str) -> bool {
    WITHOUT_CONTRACT.contains(&id)
}

#[cfg(test)]
mod tests {
    use super::{
        Binding, Exported, Runs, Trigger, WITHOUT_CONTRACT, is_without_contract, near_handler,
    };
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
                }
            }
        }
        assert_eq!(
            Trigger::of_export("onContinuePostChallenge"),
            Some((Trigger::PasswordResetPostChallenge, EntryPoint::Continue))
        );
        assert_eq!(Trigger::of_export("onExecutePasswordHashMigration"), None);
        assert!(is_without_contract("mcp-tool") && !is_without_contract("post-login"));
        assert!(
            WITHOUT_CONTRACT
                .iter()
                .all(|id| Trigger::of_id(id).is_none())
        );
    }

    #[test]
    fn names_of_exports_say_whose_they_are() {
        for (name, expected) in [
            (
                "onExecutePostLogin",
                Exported::Handler(Trigger::PostLogin, EntryPoint::Execute),
            ),
            (
                "onContinuePostChallenge",
                Exported::Handler(Trigger::PasswordResetPostChallenge, EntryPoint::Continue),
            ),
            ("onExecuteMcpTool", Exported::WithoutContract("mcp-tool")),
            ("onExecuteMCPTool", Exported::WithoutContract("mcp-tool")),
            (
                "onExecutePasswordHashMigration",
                Exported::WithoutContract("password-hash-migration"),
            ),
            (
                "onExecuteSignupPostIdentifier",
                Exported::WithoutContract("signup-post-identifier"),
            ),
            (
                "onContinueLoginPostIdentifier",
                Exported::WithoutContract("login-post-identifier"),
            ),
            ("onExecuteXyz", Exported::UnknownHandler),
            ("onExecutePostLogn", Exported::UnknownHandler),
            ("onExecute", Exported::Other),
            ("onExecutes", Exported::Other),
            ("helper", Exported::Other),
            ("", Exported::Other),
        ] {
            assert_eq!(Exported::of(name), expected, "{name}");
        }
    }

    #[test]
    fn only_a_slip_is_near_a_handler() {
        for (name, expected) in [
            ("onExecutePostLogn", Some("onExecutePostLogin")),
            ("onExecutePostlogin", Some("onExecutePostLogin")),
            ("onexecutePostLogin", Some("onExecutePostLogin")),
            ("onExcutePostLogin", Some("onExecutePostLogin")),
            (
                "onExecuteCredentialExchange",
                Some("onExecuteCredentialsExchange"),
            ),
            ("onContinuePostLogn", Some("onContinuePostLogin")),
            (
                "onExecutePostUserRegistratio",
                Some("onExecutePostUserRegistration"),
            ),
            ("onExecutePostUserRegistration", None),
            ("onExecuteSendEmailMessage", None),
            ("onExecuteXyz", None),
            ("onExecutePreLogin", None),
            ("onExecuteMcpTool", None),
            ("onExecuteLoginPostIdentifier", None),
            ("onContinueEventStream", None),
            ("handler", None),
            ("", None),
        ] {
            assert_eq!(near_handler(name), expected, "{name}");
        }
    }

    #[test]
    fn what_production_does_with_each_trigger() {
        let of = |matches: fn(&Trigger) -> bool| -> Vec<&str> {
            let all = Trigger::ALL.iter().filter(|trigger| matches(trigger));
            all.map(|trigger| trigger.id()).collect()
        };
        assert_eq!(
            of(|trigger| trigger.table().runs == Runs::Asynchronous),
            [
                "post-user-registration",
                "post-change-password",
                "event-stream"
            ]
        );
        assert_eq!(
            of(|trigger| trigger.table().binding == Binding::Entity),
            ["custom-token-exchange", "event-stream"]
        );
        assert_eq!(
            of(|trigger| trigger.table().most_actions.value == 1),
            [
                "custom-token-exchange",
                "custom-email-provider",
                "custom-phone-provider",
                "event-stream"
            ]
        );
        assert_eq!(
            of(|trigger| trigger.table().has_tokens),
            ["post-login", "credentials-exchange"]
        );
        assert_eq!(
            of(|trigger| trigger.table().experiment),
            [
                "post-login",
                "pre-user-registration",
                "post-user-registration"
            ]
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
