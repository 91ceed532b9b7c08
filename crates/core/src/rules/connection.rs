//! Custom social connections: the profile that `fetchUserProfile` gives.
//!
//! Source: <https://auth0.com/docs/authenticate/identity-providers/social-identity-providers/oauth2>.

use serde_json::{Map, Value, json};

use super::context::put;
use crate::json;
use crate::time::iso_text;

/// The strategy of custom social connections.
const STRATEGY: &str = "oauth2";

/// Makes the profile that a connection's script gave the user of the event, who came by that connection.
///
/// The event's user is the stored profile when its id is the same, else the user is new. What the script gives as
/// `user_metadata` and `app_metadata` replaces what is stored.
///
/// # Errors
/// When the profile can't become one, in words.
pub(crate) fn log_in_by(
    event: &mut Value,
    connection: &str,
    profile: &Value,
    now_ms: i64,
) -> Result<(), String> {
    let Value::Object(profile) = profile else {
        return Err("fetchUserProfile must give an object as the profile.".to_owned());
    };
    let id = match profile.get("user_id") {
        Some(Value::String(id)) if !id.is_empty() => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        _ => return Err("The profile that fetchUserProfile gives has no user_id.".to_owned()),
    };
    let user_id = format!("{STRATEGY}|{connection}|{id}");
    let is_known = json::text_at(event, &["user", "user_id"]) == Some(user_id.as_str());
    let mut user = match is_known {
        true => json::object_at(event, &["user"]),
        false => Map::new(),
    };
    let now = Value::from(iso_text(now_ms));
    user.entry("created_at").or_insert_with(|| now.clone());
    user.insert("updated_at".into(), now.clone());
    for (key, value) in profile {
        user.insert(key.clone(), value.clone());
    }
    user.insert("user_id".into(), Value::from(user_id));
    user.insert(
        "identities".into(),
        json!([{
            "connection": connection,
            "provider": STRATEGY,
            "user_id": format!("{connection}|{id}"),
            "isSocial": true,
        }]),
    );
    complete(&mut user);
    put(event, &["user"], Value::Object(user));
    put(event, &["connection", "name"], Value::from(connection));
    put(event, &["connection", "strategy"], Value::from(STRATEGY));
    put(
        event,
        &["authentication", "methods"],
        json!([{"name": "federated", "timestamp": now}]),
    );
    if !is_known {
        put(event, &["stats", "logins_count"], json!(1));
    }
    Ok(())
}

/// What every normalised profile has.
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
