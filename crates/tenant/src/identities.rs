//! The identities of a user that were users of their own before they were linked.
//!
//! <https://auth0.com/docs/manage-users/user-accounts/user-account-linking>

use serde_json::{Map, Value};

use crate::http::text;
use crate::import::is_own;

/// The properties of a change that are an identity's own: with the `connection` of a linked identity, they change that one.
///
/// Source: <https://auth0.com/docs/api/management/v2/users/patch-users-by-id>.
pub(crate) const OF_AN_IDENTITY: &[&str] = &[
    "email",
    "email_verified",
    "phone_number",
    "phone_verified",
    "username",
];

/// A linked identity: its place in the list of the user, never the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Linked(usize);

impl Linked {
    /// Returns the linked identity of a connection; `None` where the user's own is of this connection, or none is.
    pub(crate) fn of(user: &Value, connection: &str) -> Option<Self> {
        let position = all(user).position(|it| text(it, "connection") == Some(connection))?;
        (position > 0).then_some(Self(position))
    }

    /// Returns the linked identity that signs in to a database by a name; `None` where the user's own does, or none does.
    pub(crate) fn by_login(user: &Value, connection: &str, login: &str) -> Option<Self> {
        let is_it = |data: &Value| {
            let names = ["email", "username"].iter();
            names
                .filter_map(|key| text(data, key))
                .any(|name| name.to_lowercase() == login.to_lowercase())
        };
        let of_connection = |it: &Value| text(it, "connection") == Some(connection);
        if all(user).next().is_some_and(of_connection) && is_it(user) {
            return None;
        }
        let mut linked = all(user).enumerate().skip(1);
        let found =
            linked.find(|(_, it)| of_connection(it) && it.get("profileData").is_some_and(is_it));
        found.map(|(position, _)| Self(position))
    }

    /// Returns the linked identity with an id (`auth0|1`).
    pub(crate) fn by_id(user: &Value, id: &str) -> Option<Self> {
        let position = all(user).position(|it| id_of(it) == id)?;
        (position > 0).then_some(Self(position))
    }

    /// Returns the linked identity with an e-mail address that is not the user's own.
    pub(crate) fn by_email(user: &Value, email: &str) -> Option<Self> {
        let mut linked = all(user).enumerate().skip(1);
        let is_it = |it: &Value| {
            let known = it.pointer("/profileData/email").and_then(Value::as_str);
            known.is_some_and(|known| known.eq_ignore_ascii_case(email))
        };
        let found = linked.find(|(_, it)| is_it(it));
        found.map(|(position, _)| Self(position))
    }

    fn identity(self, user: &Value) -> &Value {
        user.pointer(&format!("/identities/{}", self.0))
            .unwrap_or(&Value::Null)
    }

    /// The id that it had as a user (`auth0|1`).
    pub(crate) fn id(self, user: &Value) -> String {
        id_of(self.identity(user))
    }

    pub(crate) fn connection(self, user: &Value) -> &str {
        text(self.identity(user), "connection").unwrap_or_default()
    }

    pub(crate) fn is_of_a_database(self, user: &Value) -> bool {
        text(self.identity(user), "provider") == Some("auth0")
    }

    /// The profile that it brought.
    pub(crate) fn profile(self, user: &Value) -> Value {
        let data = self.identity(user).get("profileData");
        data.cloned().unwrap_or_else(|| Value::Object(Map::new()))
    }

    /// Takes the identity's properties out of a change, and makes them.
    pub(crate) fn change(self, user: &mut Value, change: &mut Map<String, Value>) {
        let Some(identity) = user
            .get_mut("identities")
            .and_then(|all| all.get_mut(self.0))
            .and_then(Value::as_object_mut)
        else {
            return;
        };
        let is_lower = identity
            .get("provider")
            .and_then(Value::as_str)
            .is_some_and(is_own);
        let data = identity
            .entry("profileData")
            .or_insert_with(|| Value::Object(Map::new()));
        let Some(data) = data.as_object_mut() else {
            return;
        };
        for key in OF_AN_IDENTITY {
            match change.shift_remove(*key) {
                None => continue,
                Some(Value::Null) => data.shift_remove(*key),
                Some(Value::String(name)) if is_lower && ["email", "username"].contains(key) => {
                    data.insert((*key).to_owned(), name.to_lowercase().into())
                }
                Some(value) => data.insert((*key).to_owned(), value),
            };
            if *key == "email" && !change.contains_key("email_verified") {
                data.insert("email_verified".to_owned(), false.into());
            }
        }
    }

    /// The user with the address of this identity, as mails to it have them.
    pub(crate) fn addressed(self, user: &Value) -> Value {
        let data = self.profile(user);
        let mut seen = user.clone();
        if let Some(seen) = seen.as_object_mut() {
            for key in ["email", "email_verified"] {
                match data.get(key) {
                    Some(value) => seen.insert(key.to_owned(), value.clone()),
                    None => seen.shift_remove(key),
                };
            }
        }
        seen
    }
}

fn all(user: &Value) -> impl Iterator<Item = &Value> {
    let identities = user.get("identities").and_then(Value::as_array);
    identities.into_iter().flatten()
}

/// Returns the id that an identity has as a user (`auth0|1`).
pub(crate) fn id_of(identity: &Value) -> String {
    let part = |key: &str| text(identity, key).unwrap_or_default();
    format!("{}|{}", part("provider"), part("user_id"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Linked;

    #[test]
    fn the_users_own_identity_is_not_a_linked_one() {
        let user = json!({
            "email": "a@x.com", "identities": [
                {"connection": "one", "provider": "auth0", "user_id": "1"},
                {"connection": "two", "provider": "auth0", "user_id": "2", "profileData": {"email": "b@x.com", "username": "bee"}},
                {"connection": "one", "provider": "auth0", "user_id": "3", "profileData": {"email": "c@x.com"}},
            ],
        });
        let at_third = Linked(2);
        let (second, third) = (Some(Linked(1)), Some(at_third));
        assert_eq!(Linked::of(&user, "one"), None);
        assert_eq!(Linked::of(&user, "two"), second);
        assert_eq!(Linked::of(&user, "three"), None);
        for (connection, login, expected) in [
            ("one", "a@x.com", None),
            ("one", "C@x.com", third),
            ("two", "BEE", second),
            ("two", "a@x.com", None),
            ("two", "c@x.com", None),
        ] {
            let found = Linked::by_login(&user, connection, login);
            assert_eq!(found, expected, "{connection} {login}");
        }
        assert_eq!(Linked::by_id(&user, "auth0|1"), None);
        assert_eq!(Linked::by_id(&user, "auth0|3"), third);
        assert_eq!(Linked::by_email(&user, "a@x.com"), None);
        assert_eq!(Linked::by_email(&user, "B@x.com"), second);
        assert_eq!(at_third.id(&user), "auth0|3");
        assert_eq!(at_third.addressed(&user)["email"], "c@x.com");
    }
}
