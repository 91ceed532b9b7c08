//! Whether an event could come from production: what fails an Action only for an event that never comes is no finding.

use postlogin_core::event::schema::{Field, Kind};
use postlogin_core::limits::PROFILE_BYTES;
use postlogin_core::{Trigger, is_storable};
use serde_json::Value;

use crate::format::Format;
use crate::members::{Holds, holds};

/// Whether the event has everything that is always there, every value has the type and the form that the trigger gives
/// it, and the profile is no larger than production stores.
pub fn is_plausible(trigger: Trigger, value: &Value) -> bool {
    if trigger == Trigger::EventStream && !is_delivered(value) {
        return false;
    }
    let profile = value.get("user").map_or(0, |user| user.to_string().len());
    !PROFILE_BYTES.exceeded_by(profile) && fits((trigger.table().event)(), value, &mut Vec::new())
}

/// Whether the data of a stream's event is there and has the types that a user has; the table leaves it open.
fn is_delivered(value: &Value) -> bool {
    const OBJECT: &str = "/message/data/object";
    let sample = postlogin_core::event::sample(Trigger::EventStream);
    let (Some(Value::Object(known)), Some(Value::Object(object))) =
        (sample.pointer(OBJECT), value.pointer(OBJECT))
    else {
        return false;
    };
    let same_type =
        |one: &Value, other: &Value| std::mem::discriminant(one) == std::mem::discriminant(other);
    let mut members = object.iter();
    members.all(|(name, value)| known.get(name).is_none_or(|known| same_type(known, value)))
        && object.get("user_id").is_some_and(Value::is_string)
}

fn fits<'a>(field: &'a Field, value: &'a Value, path: &mut Vec<&'a str>) -> bool {
    match (field.kind, value) {
        // Profiles from identity providers have attributes that are there and hold nothing.
        (_, Value::Null) => field.optional && (path.first() == Some(&"user") || is_nullable(path)),
        (Kind::String, Value::String(text)) => match field.allowed.is_empty() {
            true => Format::of(path).fits(text),
            false => field.allowed.contains(&text.as_str()),
        },
        (Kind::Number, Value::Number(number)) => number_fits(field.name, number.as_f64()),
        (Kind::Boolean, Value::Bool(_)) => true,
        (Kind::Strings, Value::Object(object)) => object.values().all(Value::is_string),
        (Kind::StringArray, Value::Array(items)) => items.iter().all(|item| {
            let text = item.as_str();
            text.is_some_and(|text| Format::of(path).fits(text))
        }),
        (Kind::ObjectArray, Value::Array(items)) => {
            items.iter().all(|item| object_fits(field, item, path))
        }
        (Kind::Object | Kind::Dictionary, Value::Object(_)) => object_fits(field, value, path),
        _ => false,
    }
}

/// Whether production sends `null` where it has nothing to say, instead of leaving the property out.
fn is_nullable(path: &[&str]) -> bool {
    matches!(
        path,
        ["experiment"] | ["transaction", "requested_token_type"]
    )
}

fn object_fits<'a>(field: &'a Field, value: &'a Value, path: &mut Vec<&'a str>) -> bool {
    let Value::Object(object) = value else {
        return false;
    };
    let is_there = |child: &Field| child.optional || object.contains_key(child.name);
    if !field.children.iter().all(is_there) {
        return false;
    }
    object.iter().all(|(name, member)| {
        path.push(name);
        let fits = match field.child(name) {
            Some(child) => fits(child, member, path),
            None if field.kind == Kind::Object => false,
            // Items of arrays have more than the table lists; what it is, nobody says.
            None if field.kind == Kind::ObjectArray => item_fits(path, member),
            None => {
                let dictionary = path.split_last().map_or(&[][..], |(_, rest)| rest);
                member_fits(dictionary, name, member)
            }
        };
        path.pop();
        fits
    })
}

fn item_fits(path: &[&str], member: &Value) -> bool {
    match member {
        Value::String(text) => Format::of(path).fits(text),
        Value::Null => false,
        _ => true,
    }
}

fn member_fits(dictionary: &[&str], name: &str, member: &Value) -> bool {
    if let ["user", kind @ ("user_metadata" | "app_metadata")] = dictionary {
        return is_storable(kind, name, member);
    }
    match holds(dictionary) {
        Holds::Texts => member.is_string(),
        Holds::Scalars => member.is_string() || member.is_number() || member.is_boolean(),
        Holds::Anything => true,
    }
}

fn number_fits(name: &str, number: Option<f64>) -> bool {
    number.is_some_and(|number| match name {
        "latitude" => number.abs() <= 90.0,
        "longitude" => number.abs() <= 180.0,
        // The login that is under way is counted.
        "logins_count" => number >= 1.0 && number.fract() == 0.0,
        _ => number >= 0.0,
    })
}

#[cfg(test)]
mod tests {
    use postlogin_core::event::{merge_patch, post_login_sample};
    use serde_json::json;

    use super::*;

    #[test]
    fn what_production_can_and_cannot_send() {
        for (patch, expected) in [
            (json!({}), true),
            (json!({"organization": null, "session": null}), true),
            (json!({"user": null}), false),
            (json!({"client": {"name": null}}), false),
            (
                json!({"user": {"user_metadata": {"a": [1, {"b": true}]}}}),
                true,
            ),
            (json!({"user": {"user_metadata": {"a.b": 1}}}), false),
            (
                json!({"user": {"user_metadata": {"a": [{"$b": 1}]}}}),
                false,
            ),
            (json!({"user": {"user_metadata": {"email": "x"}}}), true),
            (json!({"user": {"app_metadata": {"email": "x"}}}), false),
            (json!({"user": {"department": {"id": 1, "a.b": 2}}}), true),
            (json!({"client": {"metadata": {"a": 1}}}), false),
            (json!({"transaction": {"metadata": {"a": 1}}}), true),
            (json!({"transaction": {"metadata": {"a": {}}}}), false),
            (json!({"stats": {"logins_count": 0}}), false),
            (json!({"stats": {"logins_count": "3"}}), false),
            (json!({"user": {"email": "jane"}}), false),
            (json!({"user": {"nickname": ""}}), true),
            (json!({"transaction": {"protocol": "none"}}), false),
            (
                json!({"authentication": {"methods": [{"name": "pwd"}]}}),
                false,
            ),
            (json!({"authentication": {"methods": []}}), true),
            (json!({"authentication": {"methods": ["pwd"]}}), false),
            (
                json!({"user": {"user_metadata": {"a": "x".repeat(10_300)}}}),
                false,
            ),
        ] {
            let mut event = post_login_sample();
            merge_patch(&mut event, &patch);
            assert_eq!(
                is_plausible(Trigger::PostLogin, &event),
                expected,
                "{patch}"
            );
        }
        let mut event = post_login_sample();
        event["user"]["family_name"] = Value::Null;
        assert!(is_plausible(Trigger::PostLogin, &event));
        event["session"] = Value::Null;
        assert!(!is_plausible(Trigger::PostLogin, &event));
        let mut event = post_login_sample();
        event["user"]["user_metadata"]["a"] = json!({"b": null});
        assert!(is_plausible(Trigger::PostLogin, &event));
        event["user"]["user_metadata"]["a"] = Value::Null;
        assert!(!is_plausible(Trigger::PostLogin, &event));
    }
}
