//! One exchange for each refresh token at a time.
//!
//! Which tokens are being exchanged is in memory: the database learns of an exchange when it gave tokens, together with the
//! next token of the family. A process that dies in between has used none up.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;

use super::{Exchanged, Policy, policy};
use crate::clock::iso;
use crate::management::journal::Happening;
use crate::oauth::client_auth::Authenticated;
use crate::oauth::{OAuthError, Result};
use crate::records::RefreshToken;
use crate::state::Tenant;

/// The exchanges of a token that run now.
#[derive(Debug)]
struct Running {
    /// When the first of them began, in milliseconds since the epoch.
    since: i64,
    count: usize,
}

/// The refresh tokens that are being exchanged, by their hash.
#[derive(Debug, Default)]
pub(crate) struct Claims(Mutex<HashMap<String, Running>>);

impl Claims {
    fn running(&self) -> MutexGuard<'_, HashMap<String, Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes down that an exchange begins, and returns it with when the first one began that still runs.
    fn begin(&self, key: &str, now_ms: i64) -> (Claim<'_>, Option<i64>) {
        let mut running = self.running();
        let known = running.get_mut(key);
        let since = known.map(|known| {
            known.count += 1;
            known.since
        });
        if since.is_none() {
            let first = Running {
                since: now_ms,
                count: 1,
            };
            running.insert(key.to_owned(), first);
        }
        let claim = Claim {
            claims: self,
            key: key.to_owned(),
        };
        (claim, since)
    }
}

/// An exchange that runs until this is dropped.
#[derive(Debug)]
pub(super) struct Claim<'a> {
    claims: &'a Claims,
    key: String,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut running = self.claims.running();
        if let Some(known) = running.get_mut(&self.key) {
            known.count -= 1;
            if known.count == 0 {
                running.remove(&self.key);
            }
        }
    }
}

impl Policy {
    /// Returns whether a token that was used at `used_at` is refused at `now`.
    pub(super) fn is_used_up(&self, used_at: Option<i64>, now: i64) -> bool {
        used_at.is_some_and(|used| {
            self.leeway_s == 0 || now > used.saturating_add(self.leeway_s * 1000)
        })
    }
}

/// Begins the exchange of a token. One that was used before, or that another request uses now, takes its family along.
pub(super) fn claim<'t>(
    tenant: &'t Tenant,
    who: &Authenticated,
    key: &str,
) -> Result<(Claim<'t>, Exchanged)> {
    let policy = policy(&who.client);
    let now = tenant.now_ms();
    // Before the token is read: of two requests, at least one sees the other here or its use there.
    let (claim, since) = tenant.claims.begin(key, now);
    let found = tenant.store.get::<RefreshToken>(key, now)?;
    let mut token = found.ok_or_else(unknown)?;
    let mut ends = [token.expires_at, token.idle_expires_at].into_iter();
    if token.client_id != who.id || ends.any(|at| at.is_some_and(|at| at < now)) {
        return Err(unknown());
    }
    // Before anything else: a thief without the key cannot end the family either.
    token.require_key(who)?;
    let since = since.filter(|_| policy.rotates);
    if policy.is_used_up(token.used_at.or(since), now) {
        return Err(reused(tenant, who, &token.family)?);
    }
    token.seen_at(&who.origin);
    let exchanged = Exchanged {
        key: key.to_owned(),
        family: token.family.clone(),
        document: token,
        claimed_at: Some(now),
    };
    Ok((claim, exchanged))
}

impl RefreshToken {
    /// Refuses a request that does not prove the key that the token is bound to (RFC 9449, section 5).
    pub(super) fn require_key(&self, who: &Authenticated) -> Result<()> {
        if self.jkt.is_none() || self.jkt == who.jkt {
            return Ok(());
        }
        Err(OAuthError::new(
            400,
            "invalid_dpop_proof",
            "The refresh token is bound to a key: a DPoP proof of it is missing.",
        ))
    }
}

pub(super) fn unknown() -> OAuthError {
    OAuthError::invalid_grant("Unknown or invalid refresh token.")
}

/// Ends the family of a token that was used twice, and returns the answer.
///
/// <https://auth0.com/docs/secure/tokens/refresh-tokens/refresh-token-rotation>
pub(super) fn reused(tenant: &Tenant, who: &Authenticated, family: &str) -> Result<OAuthError> {
    tenant.store.remove_owned::<RefreshToken>(family)?;
    let date = iso(tenant.now_ms());
    tenant
        .control
        .log(json!({"type": "refresh_token_reuse", "date": date, "client_id": who.id}));
    tenant.record(&Happening {
        kind: "ferrt",
        description: "Refresh token reuse detected",
        client_id: &who.id,
        ..Happening::default()
    });
    Ok(unknown())
}
