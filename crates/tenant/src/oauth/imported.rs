//! Second factors that an import brings along, in `mfa_factors`.
//!
//! <https://auth0.com/docs/manage-users/user-migration/bulk-user-import-database-schema-and-examples>

use serde_json::Value;

use super::factors::Kind;
use crate::clock::iso;
use crate::http::text;
use crate::management::factors::decoded;
use crate::randomness::digest;
use crate::records::Authenticator;
use crate::state::Tenant;
use crate::store::{Entry, StoreError};

/// Returns the factors of a user of an import: the key of an app, the number of a phone, an address.
pub(crate) fn of(user: &Value) -> Vec<Authenticator> {
    let listed = user.get("mfa_factors").and_then(Value::as_array);
    let mut found = Vec::new();
    for factor in listed.into_iter().flatten() {
        let part = |pointer: &str| factor.pointer(pointer).and_then(Value::as_str);
        let mut add = |kind: Kind, secret: Vec<u8>, to: Option<&str>| {
            found.push(Authenticator {
                secret,
                active: true,
                kind: kind.stored().to_owned(),
                to: to.map(str::to_owned),
                ..Authenticator::default()
            });
        };
        if let Some(secret) = part("/totp/secret").and_then(decoded) {
            add(Kind::Otp, secret, None);
        }
        if let Some(number) = part("/phone/value") {
            // One by SMS is one by voice, too, as in production.
            add(Kind::Sms, Vec::new(), Some(number));
            add(Kind::Voice, Vec::new(), Some(number));
        }
        if let Some(address) = part("/email/value") {
            add(Kind::Email, Vec::new(), Some(address));
        }
    }
    found
}

/// Stores them for a user who has just been stored.
pub(crate) fn store(
    tenant: &Tenant,
    user_id: &str,
    factors: &[Authenticator],
) -> Result<(), StoreError> {
    let now = tenant.now_ms();
    for factor in factors {
        let kind = match factor.kind.as_str() {
            "" => "totp",
            kind => kind,
        };
        // A phone has one id for both channels.
        let shared = text_of(factor);
        let short: String = digest(&format!("imported {shared} {user_id}"))
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(16)
            .collect();
        let record = Authenticator {
            created_at: iso(now),
            ..factor.clone()
        };
        let id = format!("{kind}|dev_{short}");
        tenant
            .store
            .put(Entry::lasting(&id).of(user_id), &record, now)?;
    }
    Ok(())
}

fn text_of(factor: &Authenticator) -> &str {
    factor.to.as_deref().unwrap_or("app")
}

/// Stores the factors of a user of an import who has just been stored.
pub(crate) fn store_of(tenant: &Tenant, profile: &Value, given: &Value) -> Result<(), StoreError> {
    let user_id = text(profile, "user_id").unwrap_or_default();
    store(tenant, user_id, &of(given))
}
