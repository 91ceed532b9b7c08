//! Users of a seed: checked against the export before any of them is stored, so that a mistake is an error with its place.

pub(crate) mod file;
mod kept;
pub(crate) mod sections;

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use postlogin_core::event::suggest::closest;
use serde_json::Value;

use crate::catalog::Catalog;
use crate::http::text;
use crate::import::{ImportError, SeedUser, Wrong, keys, new_user, passwordless_attribute};
use crate::oauth::imported;
use crate::password;
use crate::randomness::{Randomness, digest};
use crate::records::{Authenticator, Member, Roles};
use crate::signup::identifiers;
use crate::state::Tenant;
use crate::store::{Entry, NewUser, StoreError, UserConflict};

use kept::Standing;

/// A user of a seed with what is assigned to it: `roles` and `organizations` are our own addition to the vendor's format.
pub(crate) struct Seed {
    connection: String,
    /// The hash, never the password.
    password: Option<String>,
    /// The profile as JSON: a tree takes nine times as much memory.
    profile: Box<str>,
    user_id: Box<str>,
    /// Ids.
    roles: Vec<String>,
    /// Ids.
    organizations: Vec<String>,
    /// The second factors of an import.
    factors: Vec<Authenticator>,
    /// Whether the seed names the id: else a user with the same e-mail is taken for this one.
    has_id: bool,
    /// The hash of the user in the file.
    line: Box<str>,
    /// Where it stands.
    origin: SeedUser,
}

/// The most bytes of the users of a seed, as they are kept until the tenant ends. With the text of their file and the program
/// itself they stay below 400 MiB.
const MOST_BYTES: usize = 128 << 20;
/// The memory of a user beside its own text.
const OVERHEAD: usize = 400;
/// So many are stored at once, with so many bytes of text: as trees they take up to forty times as much.
const AT_ONCE: usize = 500;
const BYTES_AT_ONCE: usize = 1 << 20;
/// So many warnings are given; further ones are counted.
const MOST_WARNINGS: usize = 100;

impl Seed {
    /// Returns the user to be stored.
    pub(crate) fn user(&self) -> NewUser {
        NewUser {
            connection: self.connection.clone(),
            password: self.password.clone(),
            // It was written by `prepare`.
            profile: serde_json::from_str(&self.profile).unwrap_or_default(),
        }
    }

    /// Returns the id of the user.
    pub(crate) fn user_id(&self) -> &str {
        &self.user_id
    }
}

/// Checks users and hashes their passwords. Where no export says which connections there are, the catalog gets those of the users.
///
/// # Errors
/// For the first user who is wrong.
pub(crate) fn prepare(
    users: Vec<SeedUser>,
    catalog: &mut Catalog,
    randomness: &Randomness,
    now_ms: i64,
) -> Result<Vec<Seed>, ImportError> {
    // By whom, as a number in `seeds`.
    let mut taken: HashMap<(&'static str, String, String), usize> = HashMap::new();
    let mut seeds: Vec<Seed> = Vec::with_capacity(users.len());
    let mut bytes = 0_usize;
    for mut origin in users {
        let made = origin.take().and_then(|mut value| {
            keys::check(&value)?;
            let line = digest(&value.to_string());
            let (roles, organizations) = assigned(&mut value, catalog)?;
            settle_connection(&mut value, catalog)?;
            let has_id = text(&value, "user_id").is_some();
            let factors = imported::of(&value);
            let brought = brought(&value);
            let strategy = passwordless(&value, catalog);
            let user = new_user(value, strategy.as_deref(), randomness, now_ms)?;
            if let Some((connection, provider)) = brought {
                catalog.add_connection(&connection, &provider);
            }
            known_connection(&user.connection, catalog)?;
            identified(&user, catalog)?;
            Ok((user, roles, organizations, factors, has_id, line))
        });
        let (user, roles, organizations, factors, has_id, line) =
            made.map_err(|wrong| origin.error(&wrong))?;
        for (key, connection, name) in names(&user) {
            match taken.entry((key, connection, name)) {
                Slot::Vacant(slot) => {
                    slot.insert(seeds.len());
                }
                Slot::Occupied(first) => {
                    let first = seeds
                        .get(*first.get())
                        .map(|first| first.origin.place(None));
                    let first = first.unwrap_or_default();
                    let message = format!("`{key}` is that of another user, at {first}");
                    return Err(origin.error(&Wrong::at(key, message)));
                }
            }
        }
        let NewUser {
            connection,
            password,
            profile,
        } = user;
        let user_id = text(&profile, "user_id").unwrap_or_default().into();
        let profile = profile.to_string().into_boxed_str();
        bytes += profile.len() + OVERHEAD;
        if bytes > MOST_BYTES {
            let message = format!(
                "the users up to this one take more than {} MiB; seed fewer of them: some 130,000 of 600 bytes can be seeded",
                MOST_BYTES >> 20
            );
            return Err(origin.error(&Wrong::anywhere(message)));
        }
        seeds.push(Seed {
            connection,
            password,
            profile,
            user_id,
            roles,
            organizations,
            factors,
            has_id,
            line: line.into(),
            origin,
        });
    }
    Ok(seeds)
}

/// The values that no two users may share.
fn names(user: &NewUser) -> Vec<(&'static str, String, String)> {
    let profile = &user.profile;
    let id = text(profile, "user_id").unwrap_or_default().to_owned();
    let mut names = vec![("user_id", String::new(), id)];
    let provider = profile.pointer("/identities/0/provider");
    if provider.is_none_or(|provider| provider == "auth0") {
        for key in ["email", "username"] {
            if let Some(name) = text(profile, key) {
                names.push((key, user.connection.clone(), name.to_lowercase()));
            }
        }
    }
    let provider = provider.and_then(Value::as_str).unwrap_or_default();
    if let Some(key) = passwordless_attribute(provider)
        && let Some(name) = text(profile, key)
    {
        names.push((key, user.connection.clone(), name.to_lowercase()));
    }
    names
}

/// The ids of the roles and organizations that a user is assigned by name or id.
fn assigned(user: &mut Value, catalog: &Catalog) -> Result<(Vec<String>, Vec<String>), Wrong> {
    let mut taken = |key: &'static str, what: &str, all: &[Value]| {
        let list = user.as_object_mut().and_then(|user| user.shift_remove(key));
        let named: Vec<String> = match list {
            None | Some(Value::Null) => Vec::new(),
            Some(list) => serde_json::from_value(list)
                .map_err(|_| Wrong::at(key, format!("`{key}` must be a list of names or ids")))?,
        };
        let ids = named.iter().map(|name| {
            let is_it = |one: &&Value| [text(one, "id"), text(one, "name")].contains(&Some(name));
            let found = all.iter().find(is_it).and_then(|one| text(one, "id"));
            let unknown = || unknown(key, what, name, all.iter());
            found.map(str::to_owned).ok_or_else(unknown)
        });
        ids.collect::<Result<Vec<_>, _>>()
    };
    Ok((
        taken("roles", "role", &catalog.roles)?,
        taken("organizations", "organization", &catalog.organizations)?,
    ))
}

fn unknown<'a>(
    key: &'static str,
    what: &str,
    name: &str,
    all: impl Iterator<Item = &'a Value>,
) -> Wrong {
    let known: Vec<&str> = all.filter_map(|one| text(one, "name")).collect();
    let shown = known
        .iter()
        .take(20)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    let wrong = Wrong::at(
        key,
        match known.is_empty() {
            true => format!("unknown {what} `{name}`; the export has none"),
            false => format!("unknown {what} `{name}`; the export has {shown}"),
        },
    );
    match closest(name, known) {
        Some(near) => wrong.with_hint(format!("did you mean `{near}`?")),
        None => wrong,
    }
}

/// Gives a user without a connection the one that there is.
fn settle_connection(user: &mut Value, catalog: &Catalog) -> Result<(), Wrong> {
    const KEY: &str = "connection";
    match user.get(KEY) {
        None | Some(Value::Null) => {}
        Some(Value::String(_)) => return Ok(()),
        Some(_) => return Err(Wrong::at(KEY, "`connection` must be a string")),
    }
    let of_identity = user.pointer("/identities/0/connection");
    if of_identity.is_some_and(Value::is_string) {
        return Ok(());
    }
    let databases = catalog
        .connections
        .iter()
        .filter(|one| text(one, "strategy") == Some("auth0"));
    let databases: Vec<&str> = databases.filter_map(|one| text(one, "name")).collect();
    let directory = catalog.settings.get("default_directory");
    let directory = directory
        .and_then(Value::as_str)
        .filter(|name| databases.contains(name));
    let chosen = match (directory, databases.as_slice()) {
        (Some(directory), _) => directory,
        (None, [only]) => only,
        // The others came with users.
        (None, [made, ..]) if catalog.has_made_connections => made,
        (None, several) => {
            let message = format!(
                "`connection` is missing, and the export has several databases: {}",
                several.join(", ")
            );
            return Err(Wrong::anywhere(message));
        }
    };
    if let Some(user) = user.as_object_mut() {
        user.insert(KEY.into(), chosen.into());
    }
    Ok(())
}

/// Returns the strategy of the connection that a user names, if it is a passwordless one.
fn passwordless(user: &Value, catalog: &Catalog) -> Option<String> {
    let connection = catalog.connection(text(user, "connection")?)?;
    let strategy = text(connection, "strategy");
    let strategy = strategy.filter(|strategy| passwordless_attribute(strategy).is_some());
    strategy.map(str::to_owned)
}

/// Checks that a user of a database or a passwordless connection has what its profiles need.
fn identified(user: &NewUser, catalog: &Catalog) -> Result<(), Wrong> {
    let provider = user.profile.pointer("/identities/0/provider");
    let connection = catalog.connection(&user.connection);
    let (Some(connection), Some(profile)) = (connection, user.profile.as_object()) else {
        return Ok(());
    };
    let missing = match provider.and_then(Value::as_str).unwrap_or("auth0") {
        "auth0" => identifiers::missing(connection, profile),
        provider => {
            passwordless_attribute(provider).filter(|key| text(&user.profile, key).is_none())
        }
    };
    match missing {
        Some(missing) => Err(Wrong::anywhere(format!(
            "a user of the connection `{}` needs `{missing}`",
            user.connection
        ))),
        None => Ok(()),
    }
}

/// The connection and the provider that a user brings, as the exports of production have them. A name alone may be a slip.
fn brought(user: &Value) -> Option<(String, String)> {
    let identity = user.pointer("/identities/0")?;
    let part = |key: &str| text(identity, key).map(str::to_owned);
    part("connection").zip(part("provider"))
}

fn known_connection(name: &str, catalog: &Catalog) -> Result<(), Wrong> {
    match catalog.connection(name) {
        Some(_) => Ok(()),
        None => Err(unknown(
            "connection",
            "connection",
            name,
            catalog.connections.iter(),
        )),
    }
}

/// Returns the number of users that are stored at once: as many as have little text, and at least one.
fn batch(seeds: &[&Seed]) -> usize {
    let mut bytes = 0_usize;
    let fits = |seed: &&&Seed| {
        bytes += seed.profile.len();
        bytes <= BYTES_AT_ONCE
    };
    seeds
        .iter()
        .take(AT_ONCE)
        .take_while(fits)
        .count()
        .clamp(1, seeds.len().max(1))
}

/// The warning about a user whose password cannot be checked.
fn unchecked(seed: &Seed) -> Option<String> {
    let problem = password::problem(seed.password.as_deref()?)?;
    let key = ["custom_password_hash", "password_hash"]
        .into_iter()
        .find(|key| seed.origin.has(key));
    Some(format!(
        "{}: no user can sign in with this password hash: {problem}",
        seed.origin.place(key)
    ))
}

impl Tenant {
    /// Stores the users of the seed who are not there yet, and gives a warning for each who cannot be.
    pub(crate) fn sow(&self) -> Result<Vec<String>, StoreError> {
        let linked = self.store.linked_identities()?;
        // One that was linked is part of another one now.
        let is_linked = |seed: &&Seed| linked.contains(seed.user_id());
        let seeds: Vec<&Seed> = self.seed.iter().filter(|seed| !is_linked(seed)).collect();
        let cannot = |seed: &&Seed| {
            let password = seed.password.as_deref();
            password.is_some_and(|password| password::problem(password).is_some())
        };
        let unchecked_ones = self.seed.iter().filter(cannot).count();
        let warnings = self.seed.iter().filter(cannot).filter_map(unchecked);
        let mut warnings: Vec<String> = warnings.take(MOST_WARNINGS).collect();
        if let more @ 1.. = unchecked_ones.saturating_sub(MOST_WARNINGS) {
            warnings.push(format!(
                "{more} more users have a password that cannot be checked"
            ));
        }
        let (mut fresh, mut deleted) = (Vec::new(), 0_usize);
        for seed in seeds {
            match self.standing(seed)? {
                Standing::New => fresh.push(seed),
                Standing::Same => {}
                Standing::Deleted => deleted += 1,
                Standing::Edited(id) => {
                    if !self.follow(seed, &id)? && warnings.len() < MOST_WARNINGS {
                        warnings.push(format!(
                            "{}: the file was edited, and so was the stored user {id}, who stays as stored; a reset or --ephemeral takes the file",
                            seed.origin.place(None)
                        ));
                    }
                }
            }
        }
        if deleted > 0 {
            let (users, stay) = match deleted {
                1 => ("1 user of the seed was".to_owned(), "stays"),
                more => (format!("{more} users of the seed were"), "stay"),
            };
            warnings.push(format!(
                "{users} deleted by a request, and {stay} deleted; a reset or --ephemeral takes the file"
            ));
        }
        let mut left_out = 0_usize;
        let mut rest = fresh.as_slice();
        while !rest.is_empty() {
            let some;
            (some, rest) = rest.split_at(batch(rest));
            let users: Vec<NewUser> = some.iter().map(|seed| seed.user()).collect();
            let users: Vec<&NewUser> = users.iter().collect();
            let stored = self.store.insert_new_users(&users)?;
            let now = self.now_ms();
            self.store.at_once(now, |store| {
                for ((seed, user), stored) in some.iter().zip(&users).zip(&stored) {
                    if stored.is_ok() {
                        let (key, note) = seed.note(user);
                        store.put(Entry::lasting(&key), &note)?;
                    }
                }
                Ok::<_, StoreError>(())
            })?;
            for (seed, stored) in some.iter().zip(stored) {
                match stored {
                    Ok(()) => self.assign(seed)?,
                    // One that is there keeps what became of it.
                    Err(UserConflict::Id) => {}
                    Err(_) if !seed.has_id => {}
                    Err(_) if left_out >= MOST_WARNINGS => left_out += 1,
                    Err(conflict) => {
                        left_out += 1;
                        let what = match conflict {
                            UserConflict::Username => "user name",
                            _ => "e-mail",
                        };
                        warnings.push(format!(
                            "{}: the user is left out: a stored user of the connection has the same {what} and another `user_id`",
                            seed.origin.place(None)
                        ));
                    }
                }
            }
        }
        if left_out > MOST_WARNINGS {
            warnings.push("more users are left out for the same reason".to_owned());
        }
        Ok(warnings)
    }

    /// Stores the roles and organizations of a user who was stored.
    pub(crate) fn assign(&self, seed: &Seed) -> Result<(), StoreError> {
        self.assign_to(seed, seed.user_id())
    }

    fn assign_to(&self, seed: &Seed, id: &str) -> Result<(), StoreError> {
        let now = self.now_ms();
        if !seed.roles.is_empty() {
            let entry = Entry::lasting(id).of(id);
            self.store.put(entry, &Roles(seed.roles.clone()), now)?;
        }
        for organization in &seed.organizations {
            let member = format!("{organization}/{id}");
            let entry = Entry::lasting(&member).of(id);
            self.store.put(entry, &Member {}, now)?;
        }
        imported::store(self, id, &seed.factors)
    }
}

#[cfg(test)]
mod tests;
