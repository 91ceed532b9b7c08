//! The claims of an allowed login's tokens, from what is known at its end.

use serde_json::{Map, Value, json};

use super::{REFRESH_TOKEN, Request, TOKEN_EXCHANGE, standard_claims, userinfo, with_changes};
use crate::claim_rules::is_auth0_api;
use crate::derive::hex_id;
use crate::json::{self, text_at};
use crate::login::{LoginInput, TokenDialect};
use crate::time::parse_iso;

/// Seconds for which an access token for the MFA API lives.
const MFA_LIFETIME_S: i64 = 600;

/// The protocols of logins without a browser.
const WITHOUT_BROWSER: &[&str] = &[
    "oauth2-password",
    "oauth2-resource-owner",
    "oauth2-resource-owner-jwt-bearer",
    REFRESH_TOKEN,
    TOKEN_EXCHANGE,
    "oauth2-access-token",
    "ciba",
];

/// The facts at the end of a login.
pub(crate) struct Facts<'a> {
    /// The login; its event has the user as of now.
    pub input: &'a LoginInput,
    /// The request.
    pub request: &'a Request,
    /// Scopes added and removed by Actions.
    pub scopes: &'a [(String, bool)],
    /// Whether a further factor was passed.
    pub multifactor: bool,
    /// Seconds since the epoch.
    pub now_s: i64,
}

impl Facts<'_> {
    fn event(&self) -> &Value {
        &self.input.event
    }

    fn sub(&self) -> &str {
        text_at(self.event(), &["user", "user_id"]).unwrap_or_default()
    }

    /// The session's id, which is linked to all tokens of the session: a refresh has that of its token, and a login in a
    /// browser whose event has no session gets one. No other grant has a session.
    ///
    /// Sources: <https://auth0.com/docs/authenticate/login/logout/back-channel-logout>,
    /// <https://community.auth0.com/t/145193>.
    fn sid(&self) -> Option<String> {
        let given = [["session", "id"], ["refresh_token", "session_id"]];
        let mut given = given.iter().filter_map(|path| text_at(self.event(), path));
        let sid = given.next().map(str::to_owned);
        sid.or_else(|| {
            self.is_in_browser()
                .then(|| hex_id(self.input.seed, "sid", 32))
        })
    }

    fn is_in_browser(&self) -> bool {
        !WITHOUT_BROWSER.contains(&self.request.protocol.as_str())
    }

    /// Who acts for the user, after a custom token exchange with an actor.
    ///
    /// Source: <https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles>.
    fn actor(&self) -> Option<&Value> {
        let actor = json::at(self.event(), &["transaction", "actor"]);
        actor.filter(|actor| self.request.protocol == TOKEN_EXCHANGE && actor.is_object())
    }

    fn insert_organization(&self, claims: &mut Map<String, Value>) {
        if let Some(id) = text_at(self.event(), &["organization", "id"]) {
            claims.insert("org_id".to_owned(), json!(id));
            if let Some(name) = text_at(self.event(), &["organization", "name"])
                .filter(|_| self.input.tenant.org_name_in_tokens)
            {
                claims.insert("org_name".to_owned(), json!(name));
            }
        }
    }

    fn profile(&self) -> &Value {
        self.event().get("user").unwrap_or(&Value::Null)
    }

    /// The scopes of the access token: what was asked for and is permitted, and what Actions changed.
    pub fn granted_scopes(&self) -> Vec<String> {
        let tenant = &self.input.tenant;
        let standard = |scope: &str| {
            matches!(
                scope,
                "openid" | "profile" | "email" | "phone" | "address" | "offline_access"
            )
        };
        let permitted = |scope: &String| {
            !tenant.rbac || standard(scope) || tenant.permissions.iter().any(|known| known == scope)
        };
        let granted: Vec<String> = self
            .request
            .scopes
            .iter()
            .filter(|scope| permitted(scope))
            .cloned()
            .collect();
        if self.scopes.is_empty() || self.ignores_scope_changes() {
            return granted;
        }
        with_changes(granted, self.scopes.iter().cloned())
    }

    /// Auth0's own APIs keep the scopes that were asked for.
    pub fn ignores_scope_changes(&self) -> bool {
        self.request
            .audience
            .as_ref()
            .is_some_and(|audience| is_auth0_api(audience, &self.request.domain))
    }

    /// The ID token's claims; none without the scope `openid`.
    pub fn id_token(&self, custom: &Map<String, Value>) -> Map<String, Value> {
        let mut claims = Map::new();
        if !self.request.wants("openid") {
            return claims;
        }
        let expiry = self
            .now_s
            .saturating_add(self.input.tenant.id_token_lifetime_s);
        claims.insert("iss".to_owned(), json!(self.request.issuer));
        claims.insert("sub".to_owned(), json!(self.sub()));
        claims.insert("aud".to_owned(), json!(self.request.client_id));
        claims.insert("iat".to_owned(), json!(self.now_s));
        claims.insert("exp".to_owned(), json!(expiry));
        if let Some(sid) = self.sid() {
            claims.insert("sid".to_owned(), json!(sid));
        }
        if let Some(nonce) = &self.request.nonce {
            claims.insert("nonce".to_owned(), json!(nonce));
        }
        if self.request.wants_auth_time {
            let authenticated =
                text_at(self.event(), &["session", "authenticated_at"]).and_then(parse_iso);
            let auth_time = authenticated.map_or(self.now_s, |ms| ms.div_euclid(1000));
            claims.insert("auth_time".to_owned(), json!(auth_time));
        }
        // Only after a challenge in a hosted flow: neither a refresh nor the MFA API gives it.
        // <https://auth0.com/docs/secure/multi-factor-authentication/step-up-authentication>
        if self.multifactor && self.is_in_browser() {
            if let Some(acr) = self.request.acr_values.first() {
                claims.insert("acr".to_owned(), json!(acr));
            }
            claims.insert("amr".to_owned(), json!(["mfa"]));
        }
        self.insert_organization(&mut claims);
        if let Some(actor) = self.actor() {
            claims.insert("act".to_owned(), actor.clone());
        }
        claims.extend(standard_claims(self.profile(), &self.request.scopes));
        claims.extend(custom.clone());
        claims
    }

    /// Returns how long the access token is good for, in seconds.
    pub fn access_token_lifetime_s(&self) -> i64 {
        let tenant = &self.input.tenant;
        match &self.request.audience {
            Some(audience) if !self.request.is_opaque() => {
                let is_mfa = is_auth0_api(audience, &self.request.domain)
                    && audience.trim_end_matches('/').ends_with("/mfa");
                if is_mfa {
                    MFA_LIFETIME_S
                } else {
                    tenant.access_token_lifetime_s
                }
            }
            // <https://auth0.com/docs/secure/tokens/access-tokens/update-access-token-lifetime>
            _ if matches!(
                self.request.protocol.as_str(),
                "oauth2-implicit" | "oidc-implicit-profile"
            ) =>
            {
                tenant.userinfo_token_lifetime_for_web_s
            }
            _ => tenant.userinfo_token_lifetime_s,
        }
    }

    /// The access token's claims; none for an opaque token.
    pub fn access_token(&self, custom: &Map<String, Value>) -> Map<String, Value> {
        let mut claims = Map::new();
        let (false, Some(audience)) = (self.request.is_opaque(), &self.request.audience) else {
            return claims;
        };
        let tenant = &self.input.tenant;
        let scopes = self.granted_scopes();
        let with_userinfo = tenant.api_signs_rs256 && scopes.iter().any(|scope| scope == "openid");
        let audiences = if with_userinfo {
            json!([audience, self.request.userinfo_url()])
        } else {
            json!(audience)
        };
        let lifetime = self.access_token_lifetime_s();
        claims.insert("iss".to_owned(), json!(self.request.issuer));
        claims.insert("sub".to_owned(), json!(self.sub()));
        claims.insert("aud".to_owned(), audiences);
        claims.insert("iat".to_owned(), json!(self.now_s));
        claims.insert("exp".to_owned(), json!(self.now_s.saturating_add(lifetime)));
        if !scopes.is_empty() {
            claims.insert("scope".to_owned(), json!(scopes.join(" ")));
        }
        match tenant.token_dialect {
            TokenDialect::Auth0 => {
                if let Some(grant) = self.grant() {
                    claims.insert("gty".to_owned(), json!(grant));
                }
                claims.insert("azp".to_owned(), json!(self.request.client_id));
            }
            TokenDialect::Rfc9068 => {
                claims.insert("jti".to_owned(), json!(hex_id(self.input.seed, "jti", 32)));
                claims.insert("client_id".to_owned(), json!(self.request.client_id));
            }
        }
        if tenant.rbac && tenant.permissions_in_token {
            claims.insert("permissions".to_owned(), json!(tenant.permissions));
        }
        self.insert_organization(&mut claims);
        if let Some(actor) = self.actor() {
            claims.insert("act".to_owned(), actor.clone());
        }
        let details = ["transaction", "requested_authorization_details"];
        let details = json::at(self.event(), &details).and_then(Value::as_array);
        if let Some(details) = details.filter(|details| !details.is_empty()) {
            claims.insert("authorization_details".to_owned(), json!(details));
        }
        claims.extend(custom.clone());
        claims
    }

    /// `gty`: only grants without a browser are named.
    fn grant(&self) -> Option<&'static str> {
        match self.request.protocol.as_str() {
            "oauth2-password" | "oauth2-resource-owner" => Some("password"),
            REFRESH_TOKEN => Some("refresh_token"),
            _ => None,
        }
    }

    /// Returns the answer of [`userinfo`] for the access token of this login.
    pub fn userinfo(&self, custom: &Map<String, Value>) -> Map<String, Value> {
        let mut claims = userinfo(self.profile(), self.sub(), &self.granted_scopes(), custom);
        if let Some(actor) = self.actor().filter(|_| !claims.is_empty()) {
            claims.insert("act".to_owned(), actor.clone());
        }
        claims
    }
}
