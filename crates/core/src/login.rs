//! What a login starts from: the event, the tenant's settings, the Actions.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One login before any Action ran.
#[derive(Debug, Clone, PartialEq)]
pub struct Login {
    /// The event of the trigger, version v3. Anything but an object counts as an empty object.
    pub event: Value,
    /// The tenant.
    pub tenant: TenantSettings,
    /// Ids of the Rules that ran before, for `api.rules.wasExecuted`.
    pub rules_executed: Vec<String>,
    /// What ids (`sid`, `jti`, `state`) are derived from: the same seed gives the same ids.
    pub seed: u64,
    /// The time at which the login starts, in milliseconds since the epoch.
    pub now_ms: i64,
}

/// Adds to an event what production never leaves out: `{}` for the metadata of the user, the application and the
/// transaction, and for the query and the body of the request.
///
/// An Action may read `event.user.user_metadata.x` whatever the profile holds; events that people write down often
/// lack the empty objects. What stands there already, even with a wrong type, stays. A `context` of Rules in the event
/// says what is in it.
pub fn complete_event(event: &mut Value) {
    crate::rules::spread_given(event);
    const ALWAYS: &[(&str, &str)] = &[
        ("user", "user_metadata"),
        ("user", "app_metadata"),
        ("client", "metadata"),
        ("request", "query"),
        ("request", "body"),
        ("transaction", "metadata"),
    ];
    for (owner, key) in ALWAYS {
        if let Some(owner) = event.get_mut(*owner).and_then(Value::as_object_mut) {
            owner
                .entry(*key)
                .or_insert_with(|| Value::Object(Map::new()));
        }
    }
}

/// The settings of a tenant, of its API and of its application that a login depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TenantSettings {
    /// The tenant's host name, also in `iss`. `None`: `event.request.hostname`, else `<event.tenant.id>.auth0.com`.
    pub domain: Option<String>,
    /// The issuer of tokens: a URL that ends in `/`, below which `/userinfo` is. `None`: `https://<domain>/`.
    pub issuer: Option<String>,
    /// MFA factors that are enabled, in the vocabulary of `event.user.enrolledFactors`.
    pub mfa_factors: Vec<String>,
    /// Lifetime of an access token for a custom API, in seconds.
    pub access_token_lifetime_s: i64,
    /// Lifetime of an access token for `/userinfo` alone, in seconds.
    pub userinfo_token_lifetime_s: i64,
    /// Lifetime of an ID token, in seconds.
    pub id_token_lifetime_s: i64,
    /// The format of access tokens.
    pub token_dialect: TokenDialect,
    /// Whether the API signs with RS256, so that `/userinfo` may join the audience.
    pub api_signs_rs256: bool,
    /// RBAC is on for the API: scopes are cut down to `permissions`.
    pub rbac: bool,
    /// "Add Permissions in the Access Token" is on.
    pub permissions_in_token: bool,
    /// What the user's roles permit on the API.
    pub permissions: Vec<String>,
    /// Whether `org_name` stands beside `org_id` in the tokens.
    pub org_name_in_tokens: bool,
    /// Roles of the tenant, `{id, name, type?}`; the user has those that `event.authorization.roles` names.
    pub roles: Vec<Value>,
    /// Groups of the user, as `api.groups.getUserGroups` answers them.
    pub groups: Vec<Value>,
    /// Other profiles that `api.authentication.setPrimaryUser` can switch to.
    pub users: Vec<Value>,
}

impl Default for TenantSettings {
    fn default() -> TenantSettings {
        let factors = [
            "push-notification",
            "phone",
            "email",
            "otp",
            "webauthn-roaming",
            "webauthn-platform",
            "recovery-code",
        ];
        TenantSettings {
            domain: None,
            issuer: None,
            mfa_factors: factors.map(str::to_owned).to_vec(),
            access_token_lifetime_s: 86_400,
            userinfo_token_lifetime_s: 86_400,
            id_token_lifetime_s: 36_000,
            token_dialect: TokenDialect::Auth0,
            api_signs_rs256: true,
            rbac: false,
            permissions_in_token: false,
            permissions: Vec::new(),
            org_name_in_tokens: false,
            roles: Vec::new(),
            groups: Vec::new(),
            users: Vec::new(),
        }
    }
}

/// The format ("dialect") of access tokens, a setting of the API.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenDialect {
    /// The default profile: `azp`, `gty`.
    #[default]
    Auth0,
    /// RFC 9068: `client_id`, `jti`.
    Rfc9068,
}

/// What the flow needs to know about an Action.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ActionInfo {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: HandlerKind,
    /// Its secrets, which it sees as `event.secrets`; for a Rule, its `configuration`.
    pub secrets: Map<String, Value>,
    /// The size of its code in bytes, npm modules excluded; `None` when unknown.
    pub code_bytes: Option<usize>,
    /// How many npm packages it declares; `None` when unknown.
    pub dependencies: Option<usize>,
    /// How many Action Modules it declares; `None` when unknown.
    pub modules: Option<usize>,
}

/// What runs at a login.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum HandlerKind {
    /// A post-login Action.
    #[default]
    Action,
    /// A legacy Rule, which runs before all Actions.
    Rule,
    /// `fetchUserProfile` of a custom social connection, which gives the user; it runs before everything else.
    Connection,
}

/// A handler of an Action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryPoint {
    /// The handler that runs at a login.
    Execute,
    /// The handler that resumes after a redirect or a form.
    Continue,
}

impl EntryPoint {
    /// The name under which an Action exports the handler.
    pub fn handler_name(self) -> &'static str {
        match self {
            EntryPoint::Execute => "onExecutePostLogin",
            EntryPoint::Continue => "onContinuePostLogin",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{TenantSettings, complete_event};

    #[test]
    fn an_event_is_completed_but_not_corrected() {
        let check = |mut event: Value, expected: Value| {
            complete_event(&mut event);
            assert_eq!(event, expected);
        };
        check(json!(null), json!(null));
        check(json!({"user": 5}), json!({"user": 5}));
        check(
            json!({"user": {"app_metadata": [], "user_id": "x"}, "transaction": {}}),
            json!({
                "user": {"app_metadata": [], "user_id": "x", "user_metadata": {}},
                "transaction": {"metadata": {}},
            }),
        );
    }

    #[test]
    fn settings_may_be_written_in_part() {
        let settings: TenantSettings = serde_json::from_value(json!({"rbac": true})).unwrap();
        assert_eq!(
            settings,
            TenantSettings {
                rbac: true,
                ..TenantSettings::default()
            }
        );
        assert!(serde_json::from_value::<TenantSettings>(json!({"rback": true})).is_err());
    }
}
