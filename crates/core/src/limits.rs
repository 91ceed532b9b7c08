//! Every limit of the vendor, once, with the public page that states it.

use serde::{Deserialize, Serialize};

/// A limit and where it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The largest allowed value.
    pub value: usize,
    /// The public page, or the published source.
    pub source: &'static str,
}

impl Limit {
    /// Whether a value is beyond the limit.
    pub fn exceeded_by(self, value: usize) -> bool {
        value > self.value
    }

    /// Where a value stands to the limit. Near is from nine tenths of it on.
    pub fn reach(self, value: usize) -> Reach {
        if self.exceeded_by(value) {
            Reach::Over
        } else if value.saturating_mul(10) >= self.value.saturating_mul(9) {
            Reach::Near
        } else {
            Reach::Within
        }
    }
}

/// Where a value stands to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// Well within it.
    Within,
    /// At nine tenths of it or more.
    Near,
    /// Beyond it.
    Over,
}

const fn limit(value: usize, source: &'static str) -> Limit {
    Limit { value, source }
}

const LIMITATIONS: &str = "https://auth0.com/docs/customize/actions/limitations";
const API_OBJECT: &str =
    "https://auth0.com/docs/actions/reference/post-login/post-login-api-object";
/// The vendor's published api layer; its numbers bind where the documentation is silent.
const API_LAYER: &str = "https://github.com/auth0/auth0-actions";
const METADATA: &str =
    "https://auth0.com/docs/manage-users/user-accounts/metadata/manage-user-metadata";
const METADATA_NAMES: &str =
    "https://auth0.com/docs/manage-users/user-accounts/metadata/metadata-fields-data";
const TRANSACTION_METADATA: &str = "https://auth0.com/docs/customize/actions/transaction-metadata";
const CUSTOMIZE_MFA: &str = "https://auth0.com/docs/secure/multi-factor-authentication/customize-mfa/customize-mfa-selection-universal-login";
const RESET_TRIGGERS: &str =
    "https://auth0.com/docs/customize/actions/explore-triggers/password-reset-triggers";
const TOKEN_EXCHANGE: &str =
    "https://auth0.com/docs/customize/actions/explore-triggers/custom-token-exchange";
const CUSTOM_USER_ID: &str = "https://auth0.com/docs/manage-users/user-accounts/custom-user-id";
const NOTIFICATION: &str = "https://auth0.com/docs/actions/reference/custom-email-provider/custom-email-provider-api-object";
const CLAIMS: &str = "https://auth0.com/docs/secure/tokens/json-web-tokens/create-custom-claims";

/// Bytes of an Action's code, npm modules excluded.
pub const ACTION_CODE_BYTES: Limit = limit(100 * 1024, LIMITATIONS);
/// Actions bound to one trigger.
pub const ACTIONS_PER_TRIGGER: Limit = limit(20, LIMITATIONS);
/// Actions of custom-email-provider, and of custom-phone-provider. Enforced since 2025-12-16.
pub const ACTIONS_OF_A_PROVIDER: Limit = limit(1, LIMITATIONS);
/// Actions of a token exchange profile, and of an event stream: the entity names one.
pub const ACTIONS_OF_AN_ENTITY: Limit = limit(1, TOKEN_EXCHANGE);
/// Actions of password-reset-post-challenge.
pub const ACTIONS_OF_A_RESET: Limit = limit(4, RESET_TRIGGERS);
/// Secrets of one Action.
pub const SECRETS_PER_ACTION: Limit = limit(30, LIMITATIONS);
/// npm dependencies of one Action.
pub const DEPENDENCIES_PER_ACTION: Limit = limit(10, LIMITATIONS);
/// Action Modules of one Action.
pub const MODULES_PER_ACTION: Limit = limit(3, LIMITATIONS);
/// Characters of a secret's key.
pub const SECRET_KEY_CHARACTERS: Limit = limit(128, LIMITATIONS);
/// Characters of a secret's value.
pub const SECRET_VALUE_CHARACTERS: Limit = limit(4_096, LIMITATIONS);
/// Milliseconds of one uninterrupted execution of the trigger, all Actions together.
pub const EXECUTION_MS: Limit = limit(20_000, LIMITATIONS);
/// Characters that the tenant log keeps of what one Action prints.
pub const LOGGED_CHARACTERS: Limit = limit(256, LIMITATIONS);
/// Bytes that are kept of what one run of a handler prints, line ends included. The rest is dropped without a word.
pub const LOGGED_BYTES: Limit = limit(256 * 1024, API_LAYER);

/// Bytes of the names and values of the custom claims of one token.
pub const CUSTOM_CLAIMS_BYTES: Limit = limit(100 * 1024, CLAIMS);
/// Bytes of one cookie, name and attributes included, that every browser keeps.
pub const COOKIE_BYTES: Limit = limit(4_096, "https://www.rfc-editor.org/rfc/rfc6265#section-6.1");
/// Bytes of one header that common servers accept: nginx has 8 KiB for a line, Apache 8,190 bytes.
pub const HEADER_BYTES: Limit = limit(
    8_192,
    "https://nginx.org/en/docs/http/ngx_http_core_module.html#large_client_header_buffers",
);
/// UTF-16 units of a scope.
pub const SCOPE_LENGTH: Limit = limit(280, API_LAYER);
/// Scopes of a machine's token after changes by Actions.
pub const TARGET_SCOPES: Limit = limit(1_000, API_LAYER);

/// UTF-16 units of the id given to `setPrimaryUser`.
pub const PRIMARY_USER_ID_LENGTH: Limit = limit(128, API_OBJECT);
/// Characters of the code and of the message of `validation.error`.
pub const VALIDATION_ERROR_CHARACTERS: Limit = limit(100, API_LAYER);
/// Characters of the reason of `refreshToken.revoke`.
pub const REVOKE_REASON_CHARACTERS: Limit = limit(1_024, API_LAYER);

/// Challenges and enrolments that the Actions of one flow may ask for. One more is an authentication error.
pub const FACTOR_COMMANDS: Limit = limit(4, CUSTOMIZE_MFA);

/// Characters of the id given to `user.setUserId` of pre-user-registration.
pub const NEW_USER_ID_CHARACTERS: Limit = limit(255, CUSTOM_USER_ID);

/// Characters of the code of a denial in custom-token-exchange.
pub const DENY_CODE_CHARACTERS: Limit = limit(1_024, API_LAYER);
/// Characters of the reason of a denial in custom-token-exchange.
pub const DENY_REASON_CHARACTERS: Limit = limit(4_096, API_LAYER);
/// Characters of a user's id, and of the name of a connection, in custom-token-exchange.
pub const EXCHANGE_NAME_CHARACTERS: Limit = limit(512, API_LAYER);
/// Characters of the id or name of an organization in custom-token-exchange.
pub const EXCHANGE_ORGANIZATION_CHARACTERS: Limit = limit(50, API_LAYER);
/// Properties of the user attributes in custom-token-exchange.
pub const EXCHANGE_ATTRIBUTES: Limit = limit(24, API_LAYER);
/// Characters of the id inside of its connection in custom-token-exchange.
pub const EXCHANGE_USER_ID_CHARACTERS: Limit = limit(255, API_LAYER);
/// Characters of a given or family name in custom-token-exchange.
pub const EXCHANGE_PART_OF_NAME_CHARACTERS: Limit = limit(150, API_LAYER);
/// Characters of a name or nickname in custom-token-exchange.
pub const EXCHANGE_FULL_NAME_CHARACTERS: Limit = limit(300, API_LAYER);
/// Characters of a username in custom-token-exchange.
pub const EXCHANGE_USERNAME_CHARACTERS: Limit = limit(128, API_LAYER);
/// UTF-16 units of the `sub` of an actor.
pub const ACTOR_SUB_LENGTH: Limit = limit(512, API_LAYER);
/// Properties of an actor beside `sub`, `act` and `type`, at each level.
pub const ACTOR_PROPERTIES: Limit = limit(5, API_LAYER);
/// UTF-16 units of the name, and of a text, of a property of an actor.
pub const ACTOR_PROPERTY_LENGTH: Limit = limit(64, API_LAYER);
/// Levels of an actor and the actors that it acts for.
pub const ACTOR_LEVELS: Limit = limit(5, API_LAYER);

/// Characters that the tenant log keeps of the reason of `notification.drop` and `notification.retry`.
pub const NOTIFICATION_REASON_CHARACTERS: Limit = limit(1_024, NOTIFICATION);

/// Bytes of a cache key.
pub const CACHE_KEY_BYTES: Limit = limit(64, API_OBJECT);
/// Bytes of a cached value.
pub const CACHE_VALUE_BYTES: Limit = limit(4_096, API_OBJECT);
/// Bytes of all keys and values of the cache. The documentation says 8 kB, the published layer 16 KiB + 256.
pub const CACHE_BYTES: Limit = limit(16 * 1024 + 256, API_LAYER);
/// Milliseconds for which an entry is cached unless the Action says otherwise.
pub const CACHE_DEFAULT_MS: Limit = limit(15 * 60 * 1000, API_OBJECT);
/// Milliseconds for which an entry outlives the execution that set it.
pub const CACHE_LIFETIME_MS: Limit = limit(24 * 60 * 60 * 1000, LIMITATIONS);
/// Entries of a trigger's cache that outlive an execution.
pub const CACHE_ENTRIES: Limit = limit(20, LIMITATIONS);

/// Characters of a form's id.
pub const PROMPT_ID_CHARACTERS: Limit = limit(48, API_LAYER);
/// Entries of the fields, and of the variables, of a form.
pub const PROMPT_ENTRIES: Limit = limit(24, API_LAYER);
/// Characters of the name of a form's field.
pub const PROMPT_FIELD_CHARACTERS: Limit = limit(50, API_LAYER);
/// Bytes of a form's fields and variables as JSON.
pub const PROMPT_BYTES: Limit = limit(24 * 1024, API_LAYER);

/// Entries of the metadata of a session or refresh token.
pub const ENTRY_COUNT: Limit = limit(25, API_OBJECT);
/// UTF-16 units of a key or value of the metadata of a session or refresh token.
pub const ENTRY_LENGTH: Limit = limit(255, API_OBJECT);

/// UTF-16 units of a key of the transaction metadata.
pub const TRANSACTION_KEY_LENGTH: Limit = limit(64, TRANSACTION_METADATA);
/// Bytes of a value of the transaction metadata.
pub const TRANSACTION_VALUE_BYTES: Limit = limit(8 * 1024, TRANSACTION_METADATA);
/// Bytes of all transaction metadata.
pub const TRANSACTION_BYTES: Limit = limit(16 * 1024, TRANSACTION_METADATA);

/// Bytes of the user metadata, and of the app metadata, that the Actions of a login may write.
pub const WRITTEN_METADATA_BYTES: Limit = limit(32 * 1024, METADATA);
/// Bytes of a user profile. Soft: larger profiles are still stored.
pub const PROFILE_BYTES: Limit = limit(10 * 1024, METADATA_NAMES);

/// Bytes of the attributes of a SAML response as JSON.
pub const SAML_ATTRIBUTES_BYTES: Limit = limit(100 * 1024, API_LAYER);
/// Characters of the name of a SAML attribute.
pub const SAML_ATTRIBUTE_NAME_CHARACTERS: Limit = limit(1_024, API_OBJECT);
/// Characters of a value of a SAML attribute, and of the audience, the recipient and the destination.
pub const SAML_VALUE_CHARACTERS: Limit = limit(2_048, API_OBJECT);
/// Characters of the short settings of a SAML response.
pub const SAML_SHORT_CHARACTERS: Limit = limit(512, API_OBJECT);
/// Characters of a certificate or key.
pub const SAML_PEM_CHARACTERS: Limit = limit(4_096, API_OBJECT);
/// Name identifier probes.
pub const SAML_PROBES: Limit = limit(10, API_OBJECT);

/// The page on the limits of Actions.
pub const LIMITATIONS_PAGE: &str = LIMITATIONS;
/// The page on the names that metadata may have.
pub const METADATA_NAMES_PAGE: &str = METADATA_NAMES;
/// The page on writing metadata from an Action.
pub const METADATA_PAGE: &str = METADATA;
/// The page of the `api` object.
pub const API_OBJECT_PAGE: &str = API_OBJECT;
/// The page on redirects.
pub const REDIRECT_PAGE: &str = "https://auth0.com/docs/customize/actions/redirect-with-actions";
/// The page on challenges that Actions choose.
pub const MFA_PAGE: &str = CUSTOMIZE_MFA;
/// The page on custom claims.
pub const CLAIMS_PAGE: &str = CLAIMS;
/// The page on the scopes of OpenID Connect.
pub const SCOPES_PAGE: &str =
    "https://auth0.com/docs/get-started/apis/scopes/openid-connect-scopes";

/// Parameters of the request that no Action sees: production takes them out of `event.request.body` and
/// `event.request.query`, for all tenants since 2025-09-16.
pub const REMOVED_PARAMETERS: &[&str] = &[
    "auth_session",
    "authn_response",
    "client_secret",
    "client_assertion",
    "refresh_token",
];
/// The page on [`REMOVED_PARAMETERS`].
pub const REMOVED_PARAMETERS_PAGE: &str =
    "https://auth0.com/docs/troubleshoot/product-lifecycle/deprecations-and-migrations";

/// Names that `app_metadata` must not have.
pub const FORBIDDEN_APP_METADATA: &[&str] = &[
    "__tenant",
    "_id",
    "blocked",
    "clientID",
    "created_at",
    "email_verified",
    "email",
    "globalClientID",
    "global_client_id",
    "identities",
    "lastIP",
    "lastLogin",
    "loginsCount",
    "metadata",
    "multifactor_last_modified",
    "multifactor",
    "updated_at",
    "user_id",
];
