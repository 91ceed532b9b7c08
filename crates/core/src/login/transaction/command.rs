//! The requests of `api` calls: recorded at the call, applied when the handler has returned.

use serde_json::{Map, Value};

use crate::ceilings::{of_value, weigh};
use crate::location::Location;
use crate::outcome::{Delivery, TokenKind};
use crate::value::Argument;

/// One request of an Action to the platform. Arguments that the api layer does not check stay as they were passed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Command {
    /// Ends the login, not at the call but after the handler.
    Abort(&'static str),
    Deny {
        reason: Argument,
    },
    /// A denial with an OAuth error code, which credentials-exchange lets an Action choose.
    DenyWithCode {
        code: Argument,
        reason: Argument,
    },
    /// A denial of pre-user-registration.
    DenyRegistration {
        reason: Argument,
        user_message: Argument,
    },
    /// A denial of custom-token-exchange that counts as an attack.
    RejectSubjectToken {
        reason: String,
    },
    /// The id of a new user, without its provider.
    SetUserId {
        id: String,
    },
    /// The user of a token exchange, by the id that the tenant knows.
    SetUserById {
        id: String,
    },
    /// The user of a token exchange, by a connection and the attributes of the user there.
    SetUserByConnection {
        connection: String,
        attributes: Argument,
        options: Argument,
    },
    /// The organization of a token exchange, by id or name.
    SetOrganization {
        organization: String,
    },
    /// Who acts for the user of a token exchange.
    SetActor {
        actor: Argument,
    },
    /// Where the user goes when the password is reset.
    SetResultUrl {
        url: String,
    },
    /// The fate of an e-mail, a text or a call.
    Deliver {
        delivery: Delivery,
        reason: Argument,
    },
    /// A change of the scopes of a machine's token; the event has it already.
    TargetScopes(TargetScopes),
    ValidationError {
        code: String,
        message: String,
    },
    SetClaim {
        token: TokenKind,
        name: Argument,
        value: Argument,
        site: Option<Location>,
        /// The number of the call among all calls of the login.
        index: usize,
        /// The known facts of a value that is too large to be kept; `value` is shortened then.
        large: Option<LargeClaim>,
    },
    /// Takes away what an earlier Rule has set.
    RemoveClaim {
        token: TokenKind,
        name: String,
    },
    ModifyScope {
        scope: String,
        add: bool,
    },
    Factors(FactorRequest),
    RecordMethod {
        url: Argument,
    },
    SetPrimaryUser {
        id: String,
    },
    RequireMultifactor {
        provider: Argument,
        allow_remember_browser: Argument,
        provider_options: Argument,
    },
    RenderPrompt {
        id: String,
        options: Argument,
    },
    SendUserTo {
        url: String,
    },
    /// Only a trace: the call has answered already.
    EncodeToken {
        payload: Argument,
        secret: Argument,
    },
    SetMetadata {
        kind: MetadataKind,
        name: Argument,
        value: Argument,
    },
    /// A large value that the same handler has replaced: what remains of it is its effect on the update.
    ReplacedMetadata {
        kind: MetadataKind,
        name: String,
        /// The size of the value as JSON.
        bytes: usize,
        /// Why an update with it fails, whatever its size.
        refusal: Option<(String, &'static str)>,
    },
    SetSessionMetadata(Map<String, Value>),
    SetRefreshTokenMetadata(Map<String, Value>),
    SetSessionExpiry {
        lifetime: Lifetime,
        at: Argument,
    },
    SetRefreshTokenExpiry {
        lifetime: Lifetime,
        at: Argument,
    },
    SetCookieMode {
        mode: String,
    },
    RevokeSession {
        reason: Argument,
        options: Argument,
    },
    RevokeRefreshToken {
        reason: Argument,
    },
    SetSamlAttribute {
        name: String,
        value: Argument,
    },
    SetSamlConfiguration {
        key: &'static str,
        value: Argument,
    },
}

impl Command {
    /// Returns its cost for the host while it waits, in bytes.
    pub(crate) fn weight(&self) -> usize {
        let arguments = match self {
            Command::Abort(_) => 0,
            Command::Deny { reason } | Command::RevokeRefreshToken { reason } => weigh([reason]),
            Command::DenyWithCode { code, reason } => weigh([code, reason]),
            Command::DenyRegistration {
                reason,
                user_message,
            } => weigh([reason, user_message]),
            Command::RejectSubjectToken { reason } => reason.len(),
            Command::SetUserId { id } | Command::SetUserById { id } => id.len(),
            Command::SetUserByConnection {
                connection,
                attributes,
                options,
            } => connection.len() + weigh([attributes, options]),
            Command::SetOrganization { organization } => organization.len(),
            Command::SetActor { actor } => weigh([actor]),
            Command::SetResultUrl { url } => url.len(),
            Command::Deliver { reason, .. } => weigh([reason]),
            Command::TargetScopes(TargetScopes::Clear) => 0,
            Command::TargetScopes(TargetScopes::Add(scope) | TargetScopes::Remove(scope)) => {
                scope.len()
            }
            Command::TargetScopes(TargetScopes::Set(scopes)) => {
                // A string costs more than its bytes when there are many short ones.
                scopes.iter().map(|scope| scope.len() + 64).sum()
            }
            Command::ValidationError { code, message } => code.len() + message.len(),
            Command::SetClaim { name, value, .. } => weigh([name, value]),
            Command::RemoveClaim { name, .. } => name.len(),
            Command::ModifyScope { scope, .. } => scope.len(),
            Command::Factors(
                FactorRequest::ChallengeWith { factor, options }
                | FactorRequest::EnrollWith { factor, options },
            ) => weigh([factor, options]),
            Command::Factors(
                FactorRequest::ChallengeWithAny { factors }
                | FactorRequest::EnrollWithAny { factors },
            ) => weigh([factors]),
            Command::RecordMethod { url } => weigh([url]),
            Command::SetPrimaryUser { id } => id.len(),
            Command::RequireMultifactor {
                provider,
                allow_remember_browser,
                provider_options,
            } => weigh([provider, allow_remember_browser, provider_options]),
            Command::RenderPrompt { id, options } => id.len() + weigh([options]),
            Command::SendUserTo { url } => url.len(),
            Command::EncodeToken { payload, secret } => weigh([payload, secret]),
            Command::SetMetadata { name, value, .. } => weigh([name, value]),
            Command::ReplacedMetadata { name, .. } => name.len(),
            Command::SetSessionMetadata(map) | Command::SetRefreshTokenMetadata(map) => map
                .iter()
                .map(|(key, value)| key.len() + of_value(value))
                .sum(),
            Command::SetSessionExpiry { at, .. } | Command::SetRefreshTokenExpiry { at, .. } => {
                weigh([at])
            }
            Command::SetCookieMode { mode } => mode.len(),
            Command::RevokeSession { reason, options } => weigh([reason, options]),
            Command::SetSamlAttribute { name, value } => name.len() + weigh([value]),
            Command::SetSamlConfiguration { value, .. } => weigh([value]),
        };
        size_of::<Command>() + arguments
    }
}

/// A change of target scopes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TargetScopes {
    Add(String),
    Remove(String),
    Set(Vec<String>),
    Clear,
}

/// The known facts of a claim's value that is larger than any token can carry.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LargeClaim {
    /// Its size as JSON, in bytes.
    pub bytes: usize,
    /// Whether JSON loses something of it.
    pub loses: bool,
    /// Where the event has the same value, read or not.
    pub guesses: Vec<String>,
}

/// A request for a further factor.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FactorRequest {
    ChallengeWith { factor: Argument, options: Argument },
    ChallengeWithAny { factors: Argument },
    EnrollWith { factor: Argument, options: Argument },
    EnrollWithAny { factors: Argument },
}

impl FactorRequest {
    /// Whether it enrols.
    pub(crate) fn enrols(&self) -> bool {
        matches!(
            self,
            FactorRequest::EnrollWith { .. } | FactorRequest::EnrollWithAny { .. }
        )
    }

    /// The factors in the order in which they are offered, by type.
    pub(crate) fn types(&self) -> Vec<String> {
        let (first, further) = match self {
            FactorRequest::ChallengeWith { factor, options }
            | FactorRequest::EnrollWith { factor, options } => {
                (Some(factor), options.property("additionalFactors"))
            }
            FactorRequest::ChallengeWithAny { factors }
            | FactorRequest::EnrollWithAny { factors } => (None, factors),
        };
        let further = match further {
            Argument::Array(items) => items.as_slice(),
            _ => &[],
        };
        let types = first
            .into_iter()
            .chain(further)
            .filter_map(|factor| factor.property("type").as_str());
        types
            .map(|name| {
                if name == "push" {
                    "push-notification"
                } else {
                    name
                }
                .to_owned()
            })
            .collect()
    }
}

/// Which metadata of the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MetadataKind {
    User,
    App,
}

impl MetadataKind {
    /// The key below `event.user`.
    pub(crate) fn key(self) -> &'static str {
        match self {
            MetadataKind::User => "user_metadata",
            MetadataKind::App => "app_metadata",
        }
    }
}

/// Which end of a session or token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lifetime {
    Absolute,
    Inactivity,
}
