//! Finds what an event has that the trigger never sends.

use serde_json::{Map, Value};

use super::path::{Path, Segment};
use super::schema::{Field, Kind};
use super::suggest::closest;
use crate::ceilings::{NAME_BYTES, shortened};
use crate::trigger::Trigger;

/// The most properties of one object that are reported one by one.
const MOST_UNKNOWN: usize = 20;
/// The most properties of a user that are compared with those of Auth0.
const MOST_COMPARED: usize = 200;

/// A place where an event differs from version 3 of the trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whose event it is.
    pub trigger: Trigger,
    /// The place: `event.client.metdata`.
    pub path: String,
    /// The problem.
    pub problem: Problem,
    /// The likely intention: a path, or a value for [`Problem::UnknownValue`].
    pub suggestion: Option<String>,
}

/// A problem of a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The object that it is in has no such property.
    UnknownProperty,
    /// A user may have any property, and this one is nearly one of Auth0's.
    UnusualProperty,
    /// The value has another type than the one that production sends.
    WrongType {
        /// In words: `a string`.
        expected: &'static str,
        /// In words: `a number`.
        found: &'static str,
    },
    /// The object that it is in has so many more properties that do not exist; the place is the object's.
    MoreUnknown {
        /// Their number.
        count: usize,
    },
    /// The value is not in the closed list.
    UnknownValue {
        /// The value.
        found: String,
    },
}

impl Finding {
    /// One sentence without a full stop.
    pub fn message(&self) -> String {
        let path = shortened(&self.path, NAME_BYTES);
        match &self.problem {
            Problem::UnknownProperty => format!(
                "`{path}` does not exist in the {} event ({})",
                self.trigger,
                self.trigger.table().version
            ),
            Problem::UnusualProperty => {
                format!("`{path}` is not a property that Auth0 gives to users")
            }
            Problem::WrongType { expected, found } => {
                format!("`{path}` must be {expected}, not {found}")
            }
            Problem::MoreUnknown { count } => format!(
                "`{path}` has {count} more properties that do not exist in the {} event ({})",
                self.trigger,
                self.trigger.table().version
            ),
            Problem::UnknownValue { found } => {
                format!("`{path}` is never \"{}\"", shortened(found, NAME_BYTES))
            }
        }
    }
}

/// Everything in `value` that the trigger never sends, in the order of the event.
///
/// Dictionaries and `event.user` may have any property. Absent properties are no findings: an event need not be
/// complete. `null` passes for an optional property.
pub fn check_paths(trigger: Trigger, value: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    let event = (trigger.table().event)();
    check_value(event, value, &Path::default(), &mut findings);
    // What Rules see may be given with the event.
    for finding in &mut findings {
        finding.trigger = trigger;
    }
    findings.retain(|finding| {
        trigger != Trigger::PostLogin
            || !matches!(
                finding.path.as_str(),
                "event.context" | "event.token_response"
            )
    });
    findings
}

/// Returns the properties of `event.user` that are likely slips, at most twenty: none is wrong, and each is nearly one of Auth0's.
pub fn check_user(trigger: Trigger, event: &Value) -> Vec<Finding> {
    let field = (trigger.table().event)().child("user");
    let user = event.get("user").and_then(Value::as_object);
    let (Some(field), Some(user)) = (field, user) else {
        return Vec::new();
    };
    let mut path = Path::default();
    path.push(Segment::Key("user".to_owned()));
    let unusual = user.keys().filter(|name| field.child(name).is_none());
    unusual
        // Users who bring hundreds of properties of their own mean them.
        .take(MOST_COMPARED)
        .map(|name| Finding {
            trigger,
            problem: Problem::UnusualProperty,
            ..unknown(field, name, &path)
        })
        .filter(|finding| finding.suggestion.is_some())
        .take(MOST_UNKNOWN)
        .collect()
}

/// Whether a path that a program reads, without the leading `event`, can exist.
///
/// `["client", "metdata"]` is a finding, with the nearest path that exists. Whatever is below an open object, a string
/// or an array passes: `.length` is no property of the event.
pub fn check_reference(trigger: Trigger, segments: &[&str]) -> Option<Finding> {
    let mut field = (trigger.table().event)();
    let mut path = Path::default();
    for name in segments {
        let Some(child) = field.child(name) else {
            let found = || Finding {
                trigger,
                ..unknown(field, name, &path)
            };
            return field.is_closed().then(found);
        };
        if child.kind == Kind::ObjectArray {
            return None;
        }
        path.push(Segment::Key((*name).to_owned()));
        field = child;
    }
    None
}

fn check_value(field: &Field, value: &Value, path: &Path, findings: &mut Vec<Finding>) {
    match (field.kind, value) {
        (_, Value::Null) if field.optional => {}
        (Kind::Object | Kind::Dictionary, Value::Object(object)) => {
            check_object(field, object, path, findings)
        }
        (Kind::Strings, Value::Object(object)) => {
            for (key, value) in object.iter().filter(|(_, value)| !value.is_string()) {
                findings.push(wrong_type(
                    Kind::String,
                    value,
                    path.with(Segment::Key(key.clone())),
                ));
            }
        }
        (Kind::StringArray, Value::Array(items)) => {
            for (index, item) in items
                .iter()
                .enumerate()
                .filter(|(_, item)| !item.is_string())
            {
                findings.push(wrong_type(
                    Kind::String,
                    item,
                    path.with(Segment::Index(index)),
                ));
            }
        }
        (Kind::ObjectArray, Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                let path = path.with(Segment::Index(index));
                match item {
                    Value::Object(object) => check_object(field, object, &path, findings),
                    _ => findings.push(wrong_type(Kind::Object, item, path)),
                }
            }
        }
        (Kind::String, Value::String(found)) => {
            if !field.allowed.is_empty() && !field.allowed.contains(&found.as_str()) {
                findings.push(Finding {
                    trigger: Trigger::default(),
                    path: path.to_string(),
                    problem: Problem::UnknownValue {
                        found: found.clone(),
                    },
                    suggestion: closest(found, field.allowed.iter().copied()).map(str::to_owned),
                });
            }
        }
        (Kind::Number, Value::Number(_)) | (Kind::Boolean, Value::Bool(_)) => {}
        (kind, value) => findings.push(wrong_type(kind, value, path.clone())),
    }
}

fn check_object(
    field: &Field,
    object: &Map<String, Value>,
    path: &Path,
    findings: &mut Vec<Finding>,
) {
    let mut unknown_so_far = 0;
    for (name, value) in object {
        match field.child(name) {
            Some(child) => check_value(
                child,
                value,
                &path.with(Segment::Key(name.clone())),
                findings,
            ),
            None if field.is_closed() => {
                unknown_so_far += 1;
                if unknown_so_far <= MOST_UNKNOWN {
                    findings.push(unknown(field, name, path));
                }
            }
            None => {}
        }
    }
    if unknown_so_far > MOST_UNKNOWN {
        findings.push(Finding {
            trigger: Trigger::default(),
            path: path.to_string(),
            problem: Problem::MoreUnknown {
                count: unknown_so_far - MOST_UNKNOWN,
            },
            suggestion: None,
        });
    }
}

fn unknown(field: &Field, name: &str, parent: &Path) -> Finding {
    let suggestion = closest(name, field.children.iter().map(|child| child.name));
    Finding {
        trigger: Trigger::default(),
        path: parent.with(Segment::Key(name.to_owned())).to_string(),
        problem: Problem::UnknownProperty,
        suggestion: suggestion.map(|name| parent.with(Segment::Key(name.to_owned())).to_string()),
    }
}

fn wrong_type(expected: Kind, found: &Value, path: Path) -> Finding {
    let expected = match expected {
        Kind::Object | Kind::Dictionary | Kind::Strings => "an object",
        Kind::String => "a string",
        Kind::Number => "a number",
        Kind::Boolean => "a boolean",
        Kind::StringArray => "an array of strings",
        Kind::ObjectArray => "an array of objects",
    };
    Finding {
        trigger: Trigger::default(),
        path: path.to_string(),
        problem: Problem::WrongType {
            expected,
            found: super::path::kind_of(found),
        },
        suggestion: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_slip_in_a_profile_is_found_and_the_rest_may_be_there() {
        let event = json!({"user": {"emial": "x", "email": "y", "company": "z", "user_metadata": {"nmae": 1}}});
        let found = check_user(Trigger::PostLogin, &event);
        let found: Vec<_> = found
            .iter()
            .map(|it| (it.message(), it.suggestion.as_deref()))
            .collect();
        let message = "`event.user.emial` is not a property that Auth0 gives to users";
        assert_eq!(found, [(message.to_owned(), Some("event.user.email"))]);
        // A machine has no profile.
        assert_eq!(check_user(Trigger::CredentialsExchange, &event), []);
        let many: Map<String, Value> = (0..1_000).map(|n| (format!("emai{n}"), json!(1))).collect();
        assert!(check_user(Trigger::PostLogin, &json!({"user": many})).len() <= MOST_UNKNOWN);
    }

    #[test]
    fn many_unknown_properties_of_an_object_are_counted() {
        let client: Map<String, Value> = (0..50_000).map(|n| (format!("k{n}"), json!(1))).collect();
        let found = check_paths(Trigger::PostLogin, &json!({"client": client}));
        assert_eq!(found.len(), MOST_UNKNOWN + 1);
        let last = found.last().expect("a finding");
        assert_eq!(last.path, "event.client");
        assert!(
            last.message().starts_with(
                "`event.client` has 49980 more properties that do not exist in the post-login event"
            ),
            "{}",
            last.message()
        );
        let long = json!({"client": {"k".repeat(1 << 20): 1}});
        let found = check_paths(Trigger::PostLogin, &long);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].message().len() < 2 * NAME_BYTES,
            "{}",
            found[0].message().len()
        );
    }

    #[track_caller]
    fn check(event: Value, expected: &[(&str, Option<&str>)]) {
        let findings = check_paths(Trigger::PostLogin, &event);
        let found: Vec<_> = findings
            .iter()
            .map(|finding| (finding.message(), finding.suggestion.as_deref()))
            .collect();
        let found: Vec<_> = found
            .iter()
            .map(|(message, suggestion)| (message.as_str(), *suggestion))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn unknown_properties() {
        check(
            json!({"client": {"metdata": {}}, "userr": {}, "zebra": 1}),
            &[
                (
                    "`event.client.metdata` does not exist in the post-login event (v3)",
                    Some("event.client.metadata"),
                ),
                (
                    "`event.userr` does not exist in the post-login event (v3)",
                    Some("event.user"),
                ),
                (
                    "`event.zebra` does not exist in the post-login event (v3)",
                    None,
                ),
            ],
        );
    }

    #[test]
    fn wrong_types_and_values() {
        check(
            json!({
                "stats": {"logins_count": "3"},
                "authorization": {"roles": ["a", 1]},
                "secrets": {"KEY": 5},
                "user": {"identities": [1, {"isSocial": "no"}], "email_verified": null},
                "transaction": {"protocol": "oidc-basic-profil"},
            }),
            &[
                (
                    "`event.stats.logins_count` must be a number, not a string",
                    None,
                ),
                (
                    "`event.authorization.roles[1]` must be a string, not a number",
                    None,
                ),
                ("`event.secrets.KEY` must be a string, not a number", None),
                (
                    "`event.user.identities[0]` must be an object, not a number",
                    None,
                ),
                (
                    "`event.user.identities[1].isSocial` must be a boolean, not a string",
                    None,
                ),
                (
                    "`event.user.email_verified` must be a boolean, not null",
                    None,
                ),
                (
                    "`event.transaction.protocol` is never \"oidc-basic-profil\"",
                    Some("oidc-basic-profile"),
                ),
            ],
        );
        check(
            json!([1]),
            &[("`event` must be an object, not an array", None)],
        );
    }

    #[test]
    fn open_objects_and_undocumented_properties_pass() {
        check(
            json!({
                "user": {"department": {"id": 1}, "family_name": null, "identities": [{"accessToken": "x", "userId": 1}]},
                "organization": {"branding": {}},
                "request": {"query": {"ext-a": "b"}, "body": {"x": [1]}},
                "anonymous_session": {"user_id": "a", "metadata": {"source": "b"}},
                "experiment": {"experiment_id": "e", "config": {"max": {"value": 1}}},
                "client": {"authentication": {"type": "mtls", "certificate": {}}, "external_client_id": "x",
                           "external_metadata_type": "y", "refresh_token": {"policies": [{"scope": ["a"]}]}},
                "refresh_token": {"access": "offline", "session_id": null},
                "configuration": {"a": 1},
                "session": {"actor": {"sub": "a", "level": 3}},
                "transaction": {"actor": {"sub": "a", "act": {"sub": "b"}}, "metadata": {"n": 1}},
            }),
            &[],
        );
    }

    #[test]
    fn references() {
        for (reference, suggestion) in [
            ("client.metdata", Some(Some("event.client.metadata"))),
            ("user.app_metadata.plan", None),
            ("user.anything.at.all", None),
            ("request.query.scope", None),
            ("stats.loginsCount", Some(Some("event.stats.logins_count"))),
            ("authentication.methods.length", None),
            ("user.email.length", None),
            ("tenant.name.length", Some(None)),
        ] {
            let segments: Vec<_> = reference.split('.').collect();
            let finding = check_reference(Trigger::PostLogin, &segments);
            assert_eq!(
                finding
                    .as_ref()
                    .map(|finding| finding.suggestion.as_deref()),
                suggestion,
                "{reference}"
            );
        }
    }
}
