//! The documents that the tenant stores of its own, each with its type. Field names are those in the database and in an
//! export. Times are milliseconds since the epoch unless their type is text.
//!
//! JSON of others stays [`Value`]: profiles, metadata, the configuration, the bodies of requests.

mod device;
mod permissions;

use postlogin_core::Suspension;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(crate) use self::device::{Origin, SessionDevice};
pub(crate) use self::permissions::{Permission, Permissions};
use crate::oauth::issue::Grant;
use crate::oauth::run::LoginDoc;
use crate::oauth::waiting::Waiting;
use crate::store::Kind;

/// A document that the database holds under a kind of its own.
pub(crate) trait Record: Serialize + DeserializeOwned {
    /// The kind of the entries that hold it.
    const KIND: Kind;
}

/// Defines [`Record`] for types, and what checks a document of any kind.
macro_rules! records {
    ($($kind:ident => $record:ty,)*) => {
        $(impl Record for $record {
            const KIND: Kind = Kind::$kind;
        })*

        /// Checks that a document can be read as a record of its kind.
        ///
        /// # Errors
        /// The reason in the words of the JSON reader, which name fields and no values of the document's strings.
        pub(crate) fn check(kind: Kind, document: &Value) -> Result<(), serde_json::Error> {
            match kind {
                $(Kind::$kind => <$record>::deserialize(document).map(drop),)*
            }
        }
    };
}

records! {
    Login => LoginDoc,
    Session => Session,
    Code => Code,
    Refresh => RefreshToken,
    Opaque => OpaqueToken,
    Device => Device,
    Claims => CustomClaims,
    LoginTicket => LoginTicket,
    Ticket => Ticket,
    Mail => Mail,
    Client => ClientChange,
    Config => ConfigChange,
    Invitation => Invitation,
    MemberRoles => MemberRoles,
    Job => Job,
    Permissions => Permissions,
    PasswordHistory => PasswordHistory,
    Seeded => Seeded,
    ProviderCode => ProviderCode,
    Identity => Identity,
    Assertion => UsedAssertion,
    LinkedLogin => LinkedLogin,
    Pushed => Pushed,
    Authenticator => Authenticator,
    Waiting => Waiting,
    Roles => Roles,
    OneTimeCode => OneTimeCode,
    Consent => Consent,
    Member => Member,
}

/// A browser's session; its owner is the user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) authenticated_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) idle_expires_at: i64,
    pub(crate) last_interacted_at: i64,
    #[serde(default)]
    pub(crate) clients: Vec<SessionClient>,
    pub(crate) device: SessionDevice,
    #[serde(default)]
    pub(crate) methods: Vec<Method>,
    /// The connection that the user came by, if it is another one than that of the first identity.
    #[serde(default)]
    pub(crate) connection: Option<String>,
    /// As Actions have set it.
    #[serde(default)]
    pub(crate) metadata: Map<String, Value>,
    /// `persistent` or `non-persistent`, if an Action chose.
    #[serde(default)]
    pub(crate) cookie_mode: Option<String>,
}

/// An application that used a session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SessionClient {
    pub(crate) client_id: String,
}

/// A way in which a user signed in, as in `event.authentication.methods`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Method {
    pub(crate) name: String,
    /// ISO 8601.
    pub(crate) timestamp: String,
    /// The second factor.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub(crate) factor: Option<String>,
}

/// An authorization code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) client_id: String,
    /// Gone once the code was exchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) grant: Option<Grant>,
    pub(crate) redirect_uri: String,
    /// Whether the request had `redirect_uri`, and did not leave it to the application's list.
    #[serde(default)]
    pub(crate) named_redirect: bool,
    pub(crate) code_challenge: Option<String>,
    pub(crate) code_challenge_method: Option<String>,
    /// The thumbprint of the key that the exchange has to prove.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dpop_jkt: Option<String>,
    /// The tokens that the code was exchanged for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tokens: Option<TokenHashes>,
}

/// The hashes of the tokens that a code was exchanged for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TokenHashes {
    pub(crate) access: Option<String>,
    pub(crate) refresh: Option<String>,
}

/// A refresh token; its owner is the family.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RefreshToken {
    pub(crate) id: String,
    pub(crate) family: String,
    pub(crate) client_id: String,
    pub(crate) user_id: String,
    /// Words.
    pub(crate) scope: String,
    pub(crate) audience: Option<String>,
    pub(crate) organization: Option<String>,
    pub(crate) session_id: Option<String>,
    pub(crate) created_at: i64,
    /// `None` for a token that does not expire by its age.
    pub(crate) expires_at: Option<i64>,
    #[serde(default)]
    pub(crate) idle_expires_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_exchanged_at: Option<i64>,
    /// When it was first exchanged, if it rotates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) used_at: Option<i64>,
    /// As Actions have set it.
    #[serde(default)]
    pub(crate) metadata: Map<String, Value>,
    /// The thumbprint of the key with which alone it is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) jkt: Option<String>,
    /// Who had it issued, and who exchanged it last. Tokens of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) device: Option<SessionDevice>,
}

/// An opaque access token; its owner is the user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OpaqueToken {
    pub(crate) sub: String,
    pub(crate) client_id: String,
    /// Words.
    pub(crate) scope: String,
    /// The thumbprint of the key with which alone it is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) jkt: Option<String>,
}

/// A device code; its owner is the user code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Device {
    pub(crate) client_id: String,
    pub(crate) scope: Vec<String>,
    pub(crate) audience: Option<String>,
    pub(crate) user_code: String,
    /// The grant of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) grant: Option<Grant>,
    /// Why the login was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<DeviceError>,
    /// When the device last asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) asked_at: Option<i64>,
}

/// An OAuth error for a device.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DeviceError {
    pub(crate) error: String,
    pub(crate) description: String,
}

/// The custom claims of a user's last login to an application.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct CustomClaims(pub(crate) Map<String, Value>);

/// A login that was begun in an application's own page; its owner is the user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LoginTicket {
    pub(crate) user_id: String,
    pub(crate) client_id: String,
    /// The hash of the browser's cookie.
    pub(crate) browser: String,
}

/// A ticket for an e-mail verification or a change of password; its owner is the user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Ticket {
    pub(crate) user_id: String,
    /// The name of the mail's template.
    pub(crate) purpose: String,
    /// The address that it verifies; `None` in tickets of older releases, which verify that of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    /// As the template's settings have it.
    #[serde(default)]
    pub(crate) result_url: Option<Value>,
    /// The application of the request, if it named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client_id: Option<String>,
    /// The id of the organization of the request, if it named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) organization: Option<String>,
    /// The linked identity (`auth0|1`) whose password it changes; `None` for the user's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) identity: Option<String>,
    /// The progress of the Actions of password-reset-post-challenge.
    #[serde(default, skip_serializing_if = "Reset::is_new")]
    pub(crate) reset: Reset,
}

/// The progress of a password reset.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) enum Reset {
    /// No Action has run.
    #[default]
    New,
    /// The user is asked for something.
    Waits(Box<WaitingReset>),
    /// A new password may be set.
    Permitted {
        /// Where the user goes afterwards.
        result_url: Option<String>,
    },
}

impl Reset {
    fn is_new(&self) -> bool {
        matches!(self, Self::New)
    }
}

/// A password reset that waits for its user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WaitingReset {
    /// The reason for which it waits.
    pub(crate) suspension: Suspension,
    /// The transaction in the pipeline's own form.
    pub(crate) stored: String,
    /// The code that a challenge asks for.
    pub(crate) otp: String,
    pub(crate) attempts: u32,
    /// The hash of the cookie of the browser that was sent to another site.
    pub(crate) browser: String,
}

/// A message that would have been sent; its owner is the user.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Mail {
    pub(crate) template: String,
    pub(crate) to: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    /// `sms` or `voice`; `None` for an e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) channel: Option<String>,
    /// The code of a text or call, or of a mail that has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    /// Why it could not be rendered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// The result of the Action of a provider trigger: `sent`, `dropped`, `retried` until there was no attempt left, or
    /// `failed`. `None` without such an Action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) delivery: Option<String>,
    pub(crate) user_id: String,
    /// The id in the log of the login that waits for the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) login: Option<String>,
    /// ISO 8601.
    pub(crate) date: String,
}

/// A change of an application's metadata, as older releases stored it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ClientChange {
    pub(crate) client_metadata: Value,
}

/// The difference between an item of the configuration and the export; its id is `section/id`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct ConfigChange {
    /// The export does not have it.
    #[serde(default)]
    pub(crate) made: bool,
    #[serde(default)]
    pub(crate) removed: bool,
    /// The keys that differ; `null` for one that the item does not have.
    #[serde(default)]
    pub(crate) values: Map<String, Value>,
}

/// An invitation to an organization; its owner is the organization.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Invitation {
    pub(crate) organization_id: String,
    pub(crate) inviter: String,
    /// The address of the invited, in lower case.
    pub(crate) invitee: String,
    pub(crate) client_id: String,
    #[serde(default)]
    pub(crate) connection_id: Option<String>,
    #[serde(default)]
    pub(crate) app_metadata: Map<String, Value>,
    #[serde(default)]
    pub(crate) user_metadata: Map<String, Value>,
    /// Ids.
    #[serde(default)]
    pub(crate) roles: Vec<String>,
    /// The ticket of the link. The API shows it, so it is kept as it is.
    pub(crate) ticket: String,
    pub(crate) url: String,
    pub(crate) created_at: i64,
    pub(crate) expires_at: i64,
}

/// The ids of a user's roles in an organization; the entry's id is `organization/user`, its owner the user.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct MemberRoles(pub(crate) Vec<String>);

/// A job of the Management API.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Job {
    /// As the API shows it.
    pub(crate) shown: Value,
    /// The users of an import that were refused, each with `errors`.
    #[serde(default)]
    pub(crate) errors: Vec<Value>,
    /// The last part of the address of an export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<String>,
}

/// A user of a seed was stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Seeded {
    /// The hash of the user in the file.
    pub(crate) line: String,
    /// The hash of the user as it was stored.
    pub(crate) stored: String,
    pub(crate) user_id: String,
    /// The ids of the organizations that the file gave.
    #[serde(default)]
    pub(crate) organizations: Vec<String>,
}

/// The hashes of the passwords that a user had, the latest first; its owner is the user.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct PasswordHistory(pub(crate) Vec<String>);

/// A code of the built-in identity provider.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ProviderCode {
    /// The hash of the login page's secret.
    pub(crate) login: String,
    pub(crate) connection: String,
    /// The profile that the provider gives; `None` leaves the answers to mocks.
    pub(crate) identity: Option<Value>,
}

/// The profile that the built-in identity provider has of a user; its owner is the user.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Identity(pub(crate) Value);

/// An assertion of an application that was used.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct UsedAssertion {}

/// The password of a user who was linked to another one; its owner is that one. The queries of `store::users` read it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LinkedLogin {
    /// The hash.
    pub(crate) password: String,
}

/// Parameters of a request that an application has pushed, in their order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Pushed(pub(crate) Vec<(String, String)>);

/// An authenticator; its owner is the user.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Authenticator {
    /// The key of an app; the hash of a recovery code; empty for one that gets messages.
    pub(crate) secret: Vec<u8>,
    /// Whether a code has confirmed it.
    pub(crate) active: bool,
    /// ISO 8601.
    pub(crate) created_at: String,
    /// The last step of time whose code was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_step: Option<i64>,
    /// `sms`, `voice`, `email` or `recovery-code`; empty for an app.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) kind: String,
    /// The phone number or the address that gets messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<String>,
}

/// The ids of a user's roles; its owner is the user.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Roles(pub(crate) Vec<String>);

/// A code of a passwordless connection, or of a second factor that gets messages.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OneTimeCode {
    pub(crate) code: String,
    /// Codes that were tried.
    pub(crate) attempts: u32,
    /// The id of the second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) authenticator: Option<String>,
}

/// The consent of a user to a third-party application; its owner is the user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Consent {
    pub(crate) scopes: Vec<String>,
    /// Empty in those of older releases, as is the rest.
    #[serde(default)]
    pub(crate) client_id: String,
    #[serde(default)]
    pub(crate) user_id: String,
    #[serde(default)]
    pub(crate) audience: String,
}

/// A user's membership of an organization; its owner is the user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Member {}

#[cfg(test)]
mod tests;
