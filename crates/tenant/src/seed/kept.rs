//! The users of a seed at a later start, which follows the edits of the file and brings no user back who was deleted.

use serde_json::Value;

use super::Seed;
use crate::http::text;
use crate::randomness::digest;
use crate::records::{Member, MemberRoles, Roles, Seeded};
use crate::state::Tenant;
use crate::store::{Entry, NewUser, StoreError};
use crate::triggers::streams::COUNTERS;

/// The state of a user of a seed at a start.
pub(super) enum Standing {
    /// Nothing is known of the user.
    New,
    /// As the file has the user, or as others left the user since.
    Same,
    /// The file has the user in another form than at the start that stored it; the id of the stored user.
    Edited(String),
    /// A request has deleted the user.
    Deleted,
}

impl Seed {
    /// Under which it is noted that the user was stored: the id, or else the name of the user.
    fn key(&self) -> String {
        if self.has_id {
            return self.user_id().to_owned();
        }
        let profile: Value = serde_json::from_str(&self.profile).unwrap_or_default();
        let mut names = ["email", "username", "phone_number"].into_iter();
        let name = names
            .find_map(|key| text(&profile, key))
            .unwrap_or_default();
        format!("{}/{}", self.connection, name.to_lowercase())
    }

    /// Returns the note about a user who is stored as this, with its key.
    pub(super) fn note(&self, user: &NewUser) -> (String, Seeded) {
        let password = user.password.as_deref();
        let note = Seeded {
            line: self.line.to_string(),
            stored: mark(&user.profile, password, &self.roles),
            user_id: text(&user.profile, "user_id")
                .unwrap_or_default()
                .to_owned(),
            organizations: self.organizations.clone(),
        };
        (self.key(), note)
    }
}

/// Tells two states of a stored user apart, whatever logins count.
fn mark(profile: &Value, password: Option<&str>, roles: &[String]) -> String {
    let mut profile = profile.as_object().cloned().unwrap_or_default();
    profile.retain(|key, _| !COUNTERS.contains(&key.as_str()));
    profile.sort_keys();
    digest(&format!(
        "{}\n{password:?}\n{roles:?}",
        Value::Object(profile)
    ))
}

impl Tenant {
    pub(super) fn standing(&self, seed: &Seed) -> Result<Standing, StoreError> {
        let Some(note) = self.store.get::<Seeded>(&seed.key(), self.now_ms())? else {
            return Ok(Standing::New);
        };
        let is_there = self.store.user(&note.user_id)?.is_some();
        Ok(match (is_there, *note.line == *seed.line) {
            (true, true) => Standing::Same,
            (true, false) => Standing::Edited(note.user_id),
            (false, true) => Standing::Deleted,
            // The edit is the later word.
            (false, false) => Standing::New,
        })
    }

    /// Stores the user of an edited line in place of the stored one, if nothing but a seed has written that. Returns whether it did.
    pub(super) fn follow(&self, seed: &Seed, user_id: &str) -> Result<bool, StoreError> {
        let now = self.now_ms();
        let key = seed.key();
        let note = self.store.get::<Seeded>(&key, now)?;
        let stored = self.store.user(user_id)?;
        let (Some(note), Some(stored)) = (note, stored) else {
            return Ok(false);
        };
        let password = self.store.password(user_id)?;
        let roles = self.store.get::<Roles>(user_id, now)?.unwrap_or_default();
        if note.stored != mark(&stored, password.as_deref(), &roles.0) {
            return Ok(false);
        }
        let mut user = seed.user();
        if let Some(profile) = user.profile.as_object_mut() {
            for key in COUNTERS.iter().copied().chain(["user_id", "created_at"]) {
                if let Some(value) = stored.get(key) {
                    profile.insert(key.to_owned(), value.clone());
                }
            }
            if !seed.has_id
                && let Some(identities) = stored.get("identities")
            {
                profile.insert("identities".to_owned(), identities.clone());
            }
        }
        let before = note.organizations;
        let (_, note) = seed.note(&user);
        let profile = user.profile.clone();
        let changed = self.store.at_once(now, |store| {
            let changed = store.change_user::<()>(user_id, |known| {
                known.clone_from(&profile);
                Ok(user.password.clone())
            })?;
            let is_changed = matches!(changed, Some(Ok(_)));
            if is_changed {
                store.put(
                    Entry::lasting(user_id).of(user_id),
                    &Roles(seed.roles.clone()),
                )?;
                store.put(Entry::lasting(&key), &note)?;
                // Of the organizations, those that the file gave are taken away.
                let gone = before.iter().filter(|id| !seed.organizations.contains(id));
                for organization in gone {
                    let member = format!("{organization}/{user_id}");
                    store.remove::<Member>(&member)?;
                    store.remove::<MemberRoles>(&member)?;
                }
            }
            Ok::<_, StoreError>(is_changed)
        })?;
        if changed {
            self.assign_to(seed, user_id)?;
        }
        Ok(changed)
    }
}
