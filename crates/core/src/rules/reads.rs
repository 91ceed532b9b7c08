//! Where in the event something stands that a Rule reads of `user` or `context`.

use serde_json::Value;

use super::context::{GEOIP, SAME};
use super::profile::is_own;
use crate::json;

/// Objects of `context` that have their like in the event, beside what [`SAME`] lists.
const OBJECTS: &[(&[&str], &[&str])] = &[
    (&["request", "geoip"], &["request", "geoip"]),
    (&["request"], &["request"]),
    (&["stats"], &["stats"]),
    (&["authorization"], &["authorization"]),
    (&["organization"], &["organization"]),
    (
        &["authentication", "methods"],
        &["authentication", "methods"],
    ),
    (&["authentication"], &["authentication"]),
    (&["sso", "current_clients"], &["session", "clients"]),
];

/// The path below `event` of what a Rule calls `user.…` or `context.…`; `None` for what an event does not have.
///
/// Of the profile, what is in the event's `app_metadata` is found there, because that is laid over the root.
pub fn event_path(event: &Value, names: &[String]) -> Option<Vec<String>> {
    let (root, rest) = names.split_first()?;
    match root.as_str() {
        "user" => Some(of_user(event, rest)),
        "context" => of_context(rest),
        _ => None,
    }
}

fn of_user(event: &Value, names: &[String]) -> Vec<String> {
    let mut path = vec!["user".to_owned()];
    let first = names.first().filter(|name| !is_own(name));
    let hides = first.and_then(|name| json::at(event, &["user", "app_metadata", name]));
    if hides.is_some() {
        path.push("app_metadata".to_owned());
    }
    path.extend_from_slice(names);
    path
}

fn of_context(names: &[String]) -> Option<Vec<String>> {
    let geoip = match names {
        [request, geoip, name, ..] if request == "request" && geoip == "geoip" => {
            let known = GEOIP.iter().find(|(here, _)| here == name);
            Some(known?.1)
        }
        _ => None,
    };
    let begins = |path: &[&str]| {
        let mut pairs = path.iter().zip(names);
        path.len() <= names.len() && pairs.all(|(part, name)| part == name)
    };
    // The order of the tables is that of the most to the least exact.
    let (here, there) = SAME.iter().chain(OBJECTS).find(|(here, _)| begins(here))?;
    let mut path: Vec<String> = there.iter().map(|part| (*part).to_owned()).collect();
    path.extend(names.iter().skip(here.len()).cloned());
    if let (Some(geoip), Some(last)) = (geoip, path.get_mut(2)) {
        geoip.clone_into(last);
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_of_a_rule_is_one_of_the_event() {
        let mut event = crate::event::sample(crate::Trigger::PostLogin);
        event["user"]["app_metadata"] = serde_json::json!({"plan": "pro", "user_id": "x"});
        for (read, expected) in [
            ("user", Some("user")),
            ("user.email", Some("user.email")),
            ("user.plan", Some("user.app_metadata.plan")),
            ("user.user_id", Some("user.user_id")),
            (
                "user.user_metadata.hobby.name",
                Some("user.user_metadata.hobby.name"),
            ),
            ("context.clientMetadata.tier", Some("client.metadata.tier")),
            ("context.stats.loginsCount", Some("stats.logins_count")),
            ("context.stats", Some("stats")),
            (
                "context.request.geoip.country_code",
                Some("request.geoip.countryCode"),
            ),
            ("context.request.geoip.nothing", None),
            ("context.request.query.ui", Some("request.query.ui")),
            (
                "context.authorization.roles.0",
                Some("authorization.roles.0"),
            ),
            (
                "context.authentication.methods.0.name",
                Some("authentication.methods.0.name"),
            ),
            ("context.sso.current_clients", Some("session.clients")),
            ("context.sso.with_auth0", None),
            ("context.idToken.x", None),
            ("context", None),
            ("configuration.KEY", None),
        ] {
            let names: Vec<String> = read.split('.').map(str::to_owned).collect();
            let found = event_path(&event, &names).map(|path| path.join("."));
            assert_eq!(found.as_deref(), expected, "{read}");
        }
    }
}
