//! Custom social connections: the profile that `fetchUserProfile` gives.
//!
//! Source: <https://auth0.com/docs/authenticate/identity-providers/social-identity-providers/oauth2>.

use serde_json::{Map, Value, json};

use super::context::put;
use crate::json;
use crate::time::iso_text;

/// The strategy of custom social connections.
const STRATEGY: &str = "oauth2";

/// A profile as an identity provider gave it, or the script of its connection made it, with its place in the tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderProfile {
    /// The user's id in the tenant.
    pub user_id: String,
    connection: String,
    provider: String,
    id: String,
    is_social: bool,
    given: Map<String, Value>,
}

impl ProviderProfile {
    /// The profile of a connection of this strategy. Ids are `oauth2|<connection>|<id>` for custom social connections,
    /// `<strategy>|<id>` for the vendor's own social ones, and `<strategy>|<connection>|<id>` for enterprise connections.
    ///
    /// # Errors
    /// When it is no object with a `user_id`, in words.
    pub fn new(strategy: &str, connection: &str, profile: &Value) -> Result<Self, String> {
        let Value::Object(profile) = profile else {
            return Err("fetchUserProfile must give an object as the profile.".to_owned());
        };
        let id = match profile.get("user_id") {
            Some(Value::String(id)) if !id.is_empty() => id.clone(),
            Some(Value::Number(id)) => id.to_string(),
            _ => return Err("The profile that fetchUserProfile gives has no user_id.".to_owned()),
        };
        let is_enterprise = ENTERPRISE.contains(&strategy);
        let id = match strategy == STRATEGY || is_enterprise {
            true => format!("{connection}|{id}"),
            false => id,
        };
        Ok(Self {
            user_id: format!("{strategy}|{id}"),
            connection: connection.to_owned(),
            provider: strategy.to_owned(),
            id,
            is_social: !is_enterprise,
            given: profile.clone(),
        })
    }

    /// Leaves of the profile only its metadata, for a connection that does not bring the root attributes up to date.
    pub fn without_root_attributes(&mut self) {
        self.given
            .retain(|key, _| matches!(key.as_str(), "user_metadata" | "app_metadata"));
    }

    /// The provider's `provider` and `user_id` of the identity.
    pub fn identity(&self) -> (&str, &str) {
        (&self.provider, &self.id)
    }

    /// Returns the profile from the provider.
    pub fn given(&self) -> &Map<String, Value> {
        &self.given
    }

    /// The user behind this login: the provider's attributes over the stored profile, or over nothing. What the profile
    /// has as `user_metadata` and `app_metadata` replaces what is stored.
    pub fn over(&self, mut user: Map<String, Value>, now_ms: i64) -> Map<String, Value> {
        let now = Value::from(iso_text(now_ms));
        user.entry("created_at").or_insert_with(|| now.clone());
        user.insert("updated_at".into(), now);
        for (key, value) in &self.given {
            user.insert(key.clone(), value.clone());
        }
        user.insert("user_id".into(), Value::from(self.user_id.clone()));
        let is_own = |identity: &Value| {
            let text = |key| json::text_at(identity, &[key]);
            (text("provider"), text("user_id")) == (Some(&self.provider), Some(&self.id))
        };
        let identities = user.get("identities").and_then(Value::as_array);
        if !identities.is_some_and(|known| known.iter().any(is_own)) {
            let identity = json!({
                "connection": self.connection, "provider": self.provider, "user_id": self.id,
                "isSocial": self.is_social,
            });
            user.insert("identities".into(), json!([identity]));
        }
        complete(&mut user);
        user
    }
}

/// Strategies of enterprise connections.
/// Source: <https://auth0.com/docs/authenticate/identity-providers/enterprise-identity-providers>.
const ENTERPRISE: &[&str] = &[
    "ad",
    "adfs",
    "auth0-adldap",
    "google-apps",
    "ip",
    "office365",
    "oidc",
    "okta",
    "pingfederate",
    "samlp",
    "sharepoint",
    "waad",
];

/// Makes the profile that a connection's script gave the user of the event, who came by that connection.
///
/// The event's user is the stored profile when its id is the same, else the user is new.
///
/// # Errors
/// When the profile cannot become one, in words.
pub(crate) fn log_in_by(
    event: &mut Value,
    connection: &str,
    profile: &Value,
    now_ms: i64,
) -> Result<(), String> {
    let profile = ProviderProfile::new(STRATEGY, connection, profile)?;
    let is_known = json::text_at(event, &["user", "user_id"]) == Some(profile.user_id.as_str());
    let stored = match is_known {
        true => json::object_at(event, &["user"]),
        false => Map::new(),
    };
    let user = profile.over(stored, now_ms);
    put(event, &["user"], Value::Object(user));
    put(event, &["connection", "name"], Value::from(connection));
    put(event, &["connection", "strategy"], Value::from(STRATEGY));
    put(
        event,
        &["authentication", "methods"],
        json!([{"name": "federated", "timestamp": iso_text(now_ms)}]),
    );
    if !is_known {
        put(event, &["stats", "logins_count"], json!(1));
    }
    Ok(())
}

/// Adds the members that every normalised profile has.
fn complete(user: &mut Map<String, Value>) {
    let text = |user: &Map<String, Value>, key: &str| {
        let text = user.get(key).and_then(Value::as_str);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    if text(user, "nickname").is_none() {
        let email = text(user, "email");
        let local = email.and_then(|email| Some(email.split_once('@')?.0.to_owned()));
        if let Some(nickname) = local.or_else(|| text(user, "name")) {
            user.insert("nickname".into(), Value::from(nickname));
        }
    }
    if text(user, "name").is_none()
        && let Some(name) = text(user, "email").or_else(|| text(user, "nickname"))
    {
        user.insert("name".into(), Value::from(name));
    }
    for key in ["user_metadata", "app_metadata"] {
        if !user.get(key).is_some_and(Value::is_object) {
            user.insert(key.into(), json!({}));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_becomes_a_user() {
        let mut event = json!({"user": {"user_id": "auth0|1", "user_metadata": {"other": 1}}});
        let profile = json!({"user_id": 7, "email": "jane@example.com", "user_metadata": {"a": 1}, "own": true});
        assert_eq!(log_in_by(&mut event, "idp", &profile, 0), Ok(()));
        let user = &event["user"];
        assert_eq!(user["user_id"], "oauth2|idp|7");
        assert_eq!(
            (&user["nickname"], &user["name"]),
            (&json!("jane"), &json!("jane@example.com"))
        );
        assert_eq!(user["user_metadata"], json!({"a": 1}));
        assert_eq!(
            (&user["app_metadata"], &user["own"]),
            (&json!({}), &json!(true))
        );
        assert_eq!(user["identities"][0]["isSocial"], true);
        assert_eq!(
            event["connection"],
            json!({"name": "idp", "strategy": "oauth2"})
        );
        assert_eq!(event["stats"]["logins_count"], 1);

        // At the next login the stored metadata is there, and is replaced as a whole.
        event["user"]["app_metadata"] = json!({"plan": "pro"});
        event["stats"]["logins_count"] = json!(5);
        let profile = json!({"user_id": "7", "nickname": "j", "user_metadata": {"b": 2}});
        assert_eq!(log_in_by(&mut event, "idp", &profile, 0), Ok(()));
        assert_eq!(event["user"]["app_metadata"], json!({"plan": "pro"}));
        assert_eq!(event["user"]["user_metadata"], json!({"b": 2}));
        assert_eq!(event["stats"]["logins_count"], 5);
    }

    #[test]
    fn an_id_says_where_it_comes_from() {
        let check = |strategy: &str, user_id: &str, is_social: bool| {
            let profile = ProviderProfile::new(strategy, "c", &json!({"user_id": "7"})).unwrap();
            assert_eq!(profile.user_id, user_id);
            let user = profile.over(Map::new(), 0);
            let identity = &user["identities"][0];
            assert_eq!(identity["isSocial"], is_social);
            let bare = user_id.split_once('|').unwrap().1;
            assert_eq!(
                (&identity["provider"], &identity["user_id"]),
                (&json!(strategy), &json!(bare))
            );
        };
        check("oauth2", "oauth2|c|7", true);
        check("github", "github|7", true);
        check("samlp", "samlp|c|7", false);
    }

    #[test]
    fn linked_identities_stay() {
        let mut profile =
            ProviderProfile::new("github", "github", &json!({"user_id": "7", "name": "New"}))
                .unwrap();
        let identities =
            json!([{"provider": "github", "user_id": "7"}, {"provider": "auth0", "user_id": "1"}]);
        let stored = Map::from_iter([
            ("identities".to_owned(), identities.clone()),
            ("name".into(), json!("Old")),
        ]);
        let user = profile.over(stored.clone(), 0);
        assert_eq!(
            (&user["identities"], &user["name"]),
            (&identities, &json!("New"))
        );
        profile.without_root_attributes();
        assert_eq!(profile.over(stored, 0)["name"], "Old");
    }

    #[test]
    fn what_is_no_profile_is_refused() {
        for odd in [
            json!(null),
            json!([]),
            json!({}),
            json!({"user_id": ""}),
            json!({"user_id": {}}),
        ] {
            assert!(log_in_by(&mut json!({}), "idp", &odd, 0).is_err(), "{odd}");
        }
    }
}
