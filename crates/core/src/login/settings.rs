//! The settings of a tenant that a login depends on.

use serde::{Deserialize, Serialize};
use serde_json::Value;

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
    /// Whether the tenant's policy asks for a factor at every login ("Require Multi-factor Auth: Always").
    pub mfa_always: bool,
    /// Whether Actions may choose factors ("Customize MFA Factors using Actions").
    pub mfa_customization: bool,
    /// Lifetime of an access token for a custom API, in seconds.
    pub access_token_lifetime_s: i64,
    /// Lifetime of an access token for `/userinfo` alone, in seconds.
    pub userinfo_token_lifetime_s: i64,
    /// The same for an implicit login, in seconds.
    pub userinfo_token_lifetime_for_web_s: i64,
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
    /// The permissions of the user's roles on the API.
    pub permissions: Vec<String>,
    /// Whether `org_name` stands beside `org_id` in the tokens.
    pub org_name_in_tokens: bool,
    /// For credentials-exchange: the scopes that the client grant of the application permits on the API. `None`: not known,
    /// nothing is dropped.
    pub granted_scopes: Option<Vec<String>>,
    /// The scopes of a login whose event does not list them in `transaction.requested_scopes`, as at a password grant and a
    /// refresh. `None`: those of `request.body.scope`, and of `refresh_token`.
    pub requested_scopes: Option<Vec<String>>,
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
            mfa_always: false,
            mfa_customization: true,
            access_token_lifetime_s: 86_400,
            userinfo_token_lifetime_s: 86_400,
            userinfo_token_lifetime_for_web_s: 7_200,
            id_token_lifetime_s: 36_000,
            token_dialect: TokenDialect::Auth0,
            api_signs_rs256: true,
            rbac: false,
            permissions_in_token: false,
            permissions: Vec::new(),
            org_name_in_tokens: false,
            granted_scopes: None,
            requested_scopes: None,
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::TenantSettings;

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
