//! Tokens out of an outcome.

use postlogin_core::RefreshTokenChanges;
use postlogin_core::outcome::{Outcome, TokenKind, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::extra::{self, Extra};
use super::request::allows_offline;
use super::{OAuthError, Result, dpop, signing};
use crate::randomness::digest;
use crate::records::{CustomClaims, OpaqueToken};
use crate::state::Tenant;
use crate::store::Entry;

/// The claims and scopes that a login permits, before any token is signed. A code represents it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) client_id: String,
    pub(crate) user_id: String,
    pub(crate) session_id: Option<String>,
    pub(crate) organization: Option<String>,
    pub(crate) audience: Option<String>,
    /// The scopes of the access token.
    pub(crate) scope: Vec<String>,
    /// The lifetime of the access token in seconds.
    pub(crate) expires_in: i64,
    /// The scopes that were asked for.
    pub(crate) requested: Vec<String>,
    pub(crate) id_claims: Map<String, Value>,
    pub(crate) access_claims: Map<String, Value>,
    pub(crate) is_opaque: bool,
    /// The commands of Actions for the refresh token.
    #[serde(default)]
    pub(crate) refresh: RefreshTokenChanges,
}

/// The tokens of a grant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tokens {
    pub(crate) access_token: String,
    pub(crate) id_token: Option<String>,
    pub(crate) expires_in: i64,
}

/// Returns the grant of an outcome, and stores its custom claims for `/userinfo`.
///
/// `extra` are claims that no Action has set.
pub(crate) fn grant(
    tenant: &Tenant,
    outcome: &Outcome,
    about: Grant,
    extra: &Extra,
) -> Result<Grant> {
    let id_claims = outcome.id_token.claims.clone();
    let access_claims = outcome.access_token.claims.clone();
    let mut custom = Map::new();
    for entry in &outcome.ledger {
        if entry.token == TokenKind::IdToken && entry.verdict == Verdict::Kept {
            custom.insert(entry.name.clone(), entry.value.clone());
        }
    }
    let mut grant = Grant {
        scope: outcome.access_token.scopes.clone(),
        expires_in: outcome.access_token.expires_in.unwrap_or_default(),
        id_claims,
        access_claims,
        is_opaque: outcome.access_token.opaque,
        ..about
    };
    custom.extend(extra::apply(tenant, &mut grant, extra));
    let owner = &grant.user_id;
    let id = format!("{}/{owner}", grant.client_id);
    let entry = Entry::lasting(&id).of(owner);
    tenant
        .store
        .put_if_other(entry, &CustomClaims(custom), tenant.now_ms())?;
    Ok(grant)
}

impl Grant {
    pub(crate) fn has(&self, scope: &str) -> bool {
        self.scope.iter().any(|known| known == scope)
    }

    /// Moves `iat` and `exp` to the moment at which the token is made, which may be after the login.
    fn at(claims: &Map<String, Value>, now_s: i64) -> Map<String, Value> {
        let mut claims = claims.clone();
        let whole = |key: &str| claims.get(key).and_then(Value::as_i64);
        if let (Some(iat), Some(exp)) = (whole("iat"), whole("exp")) {
            let life = exp.saturating_sub(iat);
            claims.insert("iat".into(), now_s.into());
            claims.insert("exp".into(), now_s.saturating_add(life).into());
        }
        claims
    }

    /// The tokens. `code` is the code that goes with them in a hybrid answer, `bound` the thumbprint of the key that the
    /// access token is good with.
    pub(crate) fn tokens(
        &self,
        tenant: &Tenant,
        code: Option<&str>,
        with_access_token: bool,
        bound: Option<&str>,
    ) -> Result<Tokens> {
        let now_ms = tenant.now_ms();
        let now_s = now_ms.div_euclid(1000);
        let failed = |error: postlogin_token::SignError| {
            crate::trouble::tell(&error);
            OAuthError::new(500, "server_error", "The token could not be signed.")
        };
        let mut tokens = Tokens::default();
        if with_access_token {
            (tokens.access_token, tokens.expires_in) = match self.is_opaque {
                true => self.opaque(tenant, now_ms, bound)?,
                false => {
                    let mut claims = Self::at(&self.access_claims, now_s);
                    if let Some(bound) = bound {
                        claims.insert("cnf".into(), json!({"jkt": bound}));
                    }
                    let expires = claims.get("exp").and_then(Value::as_i64).unwrap_or(now_s);
                    let typ = if claims.contains_key("azp") {
                        "JWT"
                    } else {
                        "at+jwt"
                    };
                    let audience = self.audience.as_deref();
                    let signed = signing::access_token(tenant, audience, typ, &claims);
                    (signed.map_err(failed)?, expires.saturating_sub(now_s))
                }
            };
        }
        if !self.id_claims.is_empty() {
            let claims = Self::at(&self.id_claims, now_s);
            let access = with_access_token.then_some(("at_hash", tokens.access_token.as_str()));
            let hashed: Vec<_> = access
                .into_iter()
                .chain(code.map(|code| ("c_hash", code)))
                .collect();
            let signed = signing::id_token(tenant, &self.client_id, claims, &hashed);
            tokens.id_token = Some(signed.map_err(failed)?);
        }
        Ok(tokens)
    }

    fn opaque(&self, tenant: &Tenant, now_ms: i64, bound: Option<&str>) -> Result<(String, i64)> {
        let token = tenant.randomness.token();
        let record = OpaqueToken {
            sub: self.user_id.clone(),
            client_id: self.client_id.clone(),
            scope: self.scope.join(" "),
            jkt: bound.map(str::to_owned),
        };
        let expires = now_ms.saturating_add(self.expires_in.saturating_mul(1000));
        let key = digest(&token);
        let entry = Entry::until(&key, expires).of(&self.user_id);
        tenant.store.put(entry, &record, now_ms)?;
        Ok((token, self.expires_in))
    }

    /// The answer of `/oauth/token` to an application that has proven to have the key with the thumbprint `proven`; without
    /// a refresh token.
    pub(crate) fn answer(
        &self,
        tenant: &Tenant,
        client: &Value,
        proven: Option<&str>,
    ) -> Result<Map<String, Value>> {
        let bound = dpop::binding(tenant, client, self.audience.as_deref(), proven)?;
        let tokens = self.tokens(tenant, None, true, bound)?;
        let mut answer = Map::new();
        answer.insert("access_token".into(), tokens.access_token.into());
        if let Some(id_token) = tokens.id_token {
            answer.insert("id_token".into(), id_token.into());
        }
        if !self.scope.is_empty() {
            answer.insert("scope".into(), self.scope.join(" ").into());
        }
        answer.insert("expires_in".into(), tokens.expires_in.into());
        let kind = if bound.is_some() { "DPoP" } else { "Bearer" };
        answer.insert("token_type".into(), kind.into());
        Ok(answer)
    }

    /// Whether a refresh token belongs to the answer: the scope was granted, the application may use one, and the API
    /// allows offline access.
    pub(crate) fn is_offline(&self, tenant: &Tenant, client: &Value) -> bool {
        let api = self
            .audience
            .as_deref()
            .and_then(|audience| tenant.catalog.api(audience));
        let allowed = api.is_none_or(allows_offline);
        self.has("offline_access")
            && allowed
            && crate::catalog::allows_grant(client, "refresh_token")
    }
}
