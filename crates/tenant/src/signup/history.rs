//! The passwords that a user had, which a database may refuse at a change.
//!
//! <https://auth0.com/docs/authenticate/database-connections/password-options>

use serde_json::Value;

use crate::http::text;
use crate::identities::Linked;
use crate::password;
use crate::records::PasswordHistory;
use crate::signup::strength::flexible;
use crate::state::Tenant;
use crate::store::{Change, Entry, StoreError};

/// The entries of a history without a size, and the most.
const DEFAULT: u64 = 5;
const MOST: u64 = 24;

/// The earlier passwords of a user or of a linked identity.
pub(crate) struct Earlier {
    /// The id of the identity (`auth0|1`), and of the user who has it.
    id: String,
    owner: String,
    /// The hashes: the current one, then the latest first.
    hashes: Vec<String>,
}

impl Earlier {
    /// Returns the passwords that a user must not choose; `None` where the connection has no history.
    pub(crate) fn of(
        tenant: &Tenant,
        connection: &Value,
        user: &Value,
        linked: Option<Linked>,
    ) -> Result<Option<Self>, StoreError> {
        let Some(size) = size(connection) else {
            return Ok(None);
        };
        let owner = text(user, "user_id").unwrap_or_default().to_owned();
        let (id, current) = match linked {
            None => (owner.clone(), tenant.store.password(&owner)?),
            Some(linked) => {
                let profile = linked.profile(user);
                let named = text(&profile, "email").or_else(|| text(&profile, "username"));
                let login = named.unwrap_or_default();
                let found = tenant.store.user_by_login(linked.connection(user), login)?;
                (linked.id(user), found.and_then(|(_, hash)| hash))
            }
        };
        let kept = tenant.store.get::<PasswordHistory>(&id, tenant.now_ms())?;
        let earlier = kept.map(|kept| kept.0).unwrap_or_default();
        let hashes = current.into_iter().chain(earlier).take(size).collect();
        Ok(Some(Self { id, owner, hashes }))
    }

    /// Whether a password is one of them. Takes tens of milliseconds for each.
    pub(crate) async fn has(&self, secret: &str) -> bool {
        let (secret, hashes) = (secret.to_owned(), self.hashes.clone());
        let search = move || {
            let mut hashes = hashes.iter();
            hashes.any(|hash| password::verify(&secret, Some(hash)))
        };
        tokio::task::spawn_blocking(search).await.unwrap_or(true)
    }

    /// Keeps them, the current one among them, when another one is set.
    pub(crate) fn keep(&self, store: &Change<'_>) -> Result<(), StoreError> {
        let entry = Entry::lasting(&self.id).of(&self.owner);
        store.put(entry, &PasswordHistory(self.hashes.clone()))
    }
}

/// Returns how many passwords a database remembers.
fn size(connection: &Value) -> Option<usize> {
    let options = connection.get("options")?;
    let (settings, switch) = match flexible::of(options) {
        Some(policy) => (policy.get("history")?, "active"),
        None => (options.get("password_history")?, "enable"),
    };
    let is_on = settings.get(switch) == Some(&Value::Bool(true));
    let size = settings.get("size").and_then(Value::as_u64);
    let size = size.unwrap_or(DEFAULT).clamp(1, MOST);
    is_on.then(|| usize::try_from(size).unwrap_or(1))
}
