//! The outcome of one login: the data that every renderer shows.
//!
//! The serialised form is the public format `postlogin.outcome/1`; a change to it is a breaking change.

mod effects;
mod not_loaded;
mod requests;
mod schema;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::location::Location;
use crate::trigger::Trigger;

pub use effects::{Delivery, Effects, ExchangeUser, Notification, ValidationError};
pub use requests::{RequestEnd, RequestRecord};
pub use schema::outcome_schema;

/// The name and version of the serialised form.
pub const OUTCOME_FORMAT: &str = "postlogin.outcome/1";

/// The result of one login: made by [`crate::Login::finish`], shown by every reporter. Field order is the order of the serialised form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Always [`OUTCOME_FORMAT`].
    pub format: String,
    /// The trigger.
    #[serde(default)]
    pub trigger: Trigger,
    /// The status at the end of the login.
    pub status: Status,
    /// Why it was denied or failed; `None` otherwise.
    pub reason: Option<String>,
    /// The OAuth error code of a denial, where the Action chose one (credentials-exchange, custom-token-exchange).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The ID token. Without claims when none is issued.
    pub id_token: IdToken,
    /// The access token.
    pub access_token: AccessToken,
    /// The answer of `/userinfo` to the access token.
    pub userinfo: Map<String, Value>,
    /// The metadata as stored after the login.
    pub user: StoredMetadata,
    /// The requests of Actions of triggers other than post-login and credentials-exchange; absent when there are none.
    #[serde(default, skip_serializing_if = "Effects::is_empty")]
    pub effects: Effects,
    /// Every custom claim that was set, in the order of the calls.
    pub ledger: Vec<LedgerEntry>,
    /// Every call of `setCustomClaim` that set no claim for want of a value, in the order of the calls; absent when there is
    /// none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unset_claims: Vec<UnsetClaim>,
    /// Every request to the network, in the order in which they were sent.
    #[serde(default)]
    pub requests: Vec<RequestRecord>,
    /// Every call of an `api` method in call order, reads included.
    pub commands: Vec<CommandRecord>,
    /// The lines that the Actions printed.
    pub logs: Vec<LogRecord>,
    /// The differences from production, and the values close to a limit.
    pub notices: Vec<Notice>,
    /// The fault that ended the login, if one did.
    pub error: Option<ActionError>,
    /// Where the browser is sent, if the login is suspended by a redirect.
    pub redirect: Option<Redirect>,
    /// The objects of Rules as the last one left them; absent when no Rule ran, and when they are too large to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<RulesEnd>,
    /// The cost of the run. The only part that differs between two runs of the same case.
    pub usage: Usage,
}

/// The status at the end of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Tokens are issued.
    Allowed,
    /// An Action denied the login (`api.access.deny`, `api.validation.error`, a revocation).
    Denied,
    /// Suspended by `api.redirect.sendUserTo`.
    Redirected,
    /// Suspended by `api.prompt.render`.
    Prompted,
    /// Suspended by an MFA challenge or enrolment.
    Challenged,
    /// An Action threw, ran out of time or memory, or broke a limit.
    Failed,
}

/// The ID token's claims, standard and custom.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct IdToken {
    /// Claims in the order in which the token carries them.
    pub claims: Map<String, Value>,
    /// The signed token, when it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt: Option<String>,
}

/// The access token's claims.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AccessToken {
    /// Claims in the order in which the token carries them; empty for an opaque token.
    pub claims: Map<String, Value>,
    /// An opaque token carries no claims (no API audience was requested).
    pub opaque: bool,
    /// The scopes that the token was granted, also when it is opaque: what was requested and permitted, with the
    /// changes of Actions. Empty when no token is issued.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// The lifetime of the token, in seconds; `None` when no token is issued.
    #[serde(default)]
    pub expires_in: Option<i64>,
    /// The signed token, when it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt: Option<String>,
}

/// The metadata of the user's profile.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StoredMetadata {
    /// `user_metadata`.
    pub user_metadata: Map<String, Value>,
    /// `app_metadata`.
    pub app_metadata: Map<String, Value>,
}

impl StoredMetadata {
    /// Returns whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.user_metadata.is_empty() && self.app_metadata.is_empty()
    }
}

/// Which token a claim was set on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// `api.idToken`.
    IdToken,
    /// `api.accessToken`.
    AccessToken,
}

/// The verdict on a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It stands in the token.
    Kept,
    /// A rule removed it.
    Dropped,
    /// A later call set the same claim.
    Overwritten,
}

/// The rule that dropped a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimRule {
    /// The name is reserved.
    RestrictedName,
    /// The namespace is one of Auth0's own domains.
    Auth0Namespace,
    /// An OIDC claim whose scope was not granted.
    ScopeFilter,
    /// A non-namespaced claim on an access token for one of Auth0's own APIs.
    Auth0ApiAudience,
    /// The access token is opaque.
    OpaqueToken,
    /// The custom claims of the token are too large together.
    SizeLimit,
}

/// One call of `setCustomClaim` and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// The token.
    pub token: TokenKind,
    /// The claim's name.
    pub name: String,
    /// The claim's value as the token would carry it.
    pub value: Value,
    /// The verdict on it.
    pub verdict: Verdict,
    /// Why, when it was dropped.
    pub rule: Option<ClaimRule>,
    /// The Action that set it.
    pub action: String,
    /// Where it was set, if the guest told.
    pub location: Option<Location>,
    /// Paths of the event that the Action had read and that have this value, the latest read first:
    /// `event.user.user_metadata.hobby`. Empty when nobody watched ([`crate::reads::Watch`]), and for Actions in a language in
    /// which reads cannot be watched.
    pub sources: Vec<String>,
}

/// One call of `setCustomClaim` with what JSON has no value for: no claim is set, and an earlier one is taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsetClaim {
    /// The token.
    pub token: TokenKind,
    /// The claim's name.
    pub name: String,
    /// The thing that was given instead of a value.
    pub value: NoValue,
    /// The Action that called.
    pub action: String,
    /// Where it called, if the guest told.
    pub location: Option<Location>,
}

/// The values without a JSON form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoValue {
    /// `undefined`.
    Undefined,
    /// A function.
    Function,
    /// A symbol.
    Symbol,
}

impl NoValue {
    /// Returns its name in a sentence: `a function`.
    #[must_use]
    pub fn called(self) -> &'static str {
        match self {
            NoValue::Undefined => "undefined",
            NoValue::Function => "a function",
            NoValue::Symbol => "a symbol",
        }
    }
}

/// One call of an `api` method.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CommandRecord {
    /// The Action that called.
    pub action: String,
    /// The export that ran: `onExecutePostLogin`. `None` for a Rule and for the script of a connection, which export none.
    #[serde(default)]
    pub handler: Option<String>,
    /// The path below `api`: `idToken.setCustomClaim`.
    pub method: String,
    /// The arguments as JSON; what JSON lacks is shown as a tag (`{"$":"undefined"}`).
    pub args: Vec<Value>,
    /// The place of the call.
    #[serde(default)]
    pub location: Option<Location>,
}

/// One printed message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRecord {
    /// The Action that printed.
    pub action: String,
    /// `log`, `info`, `warn`, `error`, `debug` or `trace`.
    pub level: String,
    /// The text, without its line end.
    pub message: String,
}

/// Something that the user should know although the login went on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// A stable name in kebab case: `profile-over-10kb`.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// The public page that states the rule, if there is one.
    pub source: Option<String>,
}

/// The code of a [`Notice`] about what was still pending when a handler had settled.
pub const NOT_AWAITED: &str = "not-awaited";

/// The code of a [`Notice`] about an exception that left a callback after its handler had settled.
pub const UNCAUGHT_ERROR: &str = "uncaught-error";

/// The code of a [`Notice`] about a rejection that nothing handled after its handler had settled.
pub const UNHANDLED_REJECTION: &str = "unhandled-rejection";

/// The code of a [`Notice`] about a warning of `process.emitWarning`, which Node prints on standard error.
pub const PROCESS_WARNING: &str = "process-warning";

impl Notice {
    /// Returns whether this is an error of the Action's code, not only something to know.
    #[must_use]
    pub fn is_error(&self) -> bool {
        [UNCAUGHT_ERROR, UNHANDLED_REJECTION].contains(&self.code.as_str())
    }
}

/// The fault of an Action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionError {
    /// The Action.
    pub action: String,
    /// The class of the error: `TypeError`.
    pub name: String,
    /// Its message.
    pub message: String,
    /// Its stack, in the user's own places; empty when there is none. Below its frames are its causes, the errors of an
    /// `AggregateError` and the object that was thrown: `  [cause]: Error: …`, `  [errors]: …`, `  [thrown]: …`, as Node's
    /// `inspect` prints them.
    pub stack: String,
    /// Where it was thrown, if known.
    pub location: Option<Location>,
}

/// Where the browser is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    /// The URL with its query; `state` included.
    pub url: String,
}

/// The objects that Rules pass on, after the last Rule.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RulesEnd {
    /// The profile.
    pub user: Value,
    /// Everything else.
    pub context: Value,
}

/// The cost of the run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// One entry for each handler that ran, in order.
    pub actions: Vec<ActionUsage>,
}

/// The cost of one handler.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionUsage {
    /// The Action.
    pub action: String,
    /// Real time in microseconds: sandbox set-up included, and not the compiling of ICU at the first `Intl` on a machine.
    pub wall_us: u64,
    /// The most memory that the sandbox held, in bytes.
    pub memory_bytes: u64,
    /// Virtual time that passed in the sandbox (timers, mocked latencies), in milliseconds.
    pub virtual_ms: u64,
}
