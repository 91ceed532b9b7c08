//! The paths of an event that another one does not have.

use postlogin_core::event::{Path, Segment, merge_patch};
use serde_json::{Map, Value};

/// A place at which two events differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The place: `event.user.app_metadata.plan`.
    pub path: String,
    /// The value in the first one; `None` for nothing at all.
    pub before: Option<Value>,
    /// The value in the second one.
    pub after: Option<Value>,
}

/// Where `after` differs from `before`, from the outside to the inside; arrays differ as a whole.
pub fn difference(before: &Value, after: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    walk(&mut Vec::new(), before, after, &mut found);
    found
}

fn walk(path: &mut Vec<Segment>, before: &Value, after: &Value, found: &mut Vec<Change>) {
    if before == after {
        return;
    }
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        found.push(change(path, Some(before), Some(after)));
        return;
    };
    for (key, old) in old {
        path.push(Segment::Key(key.clone()));
        match new.get(key) {
            Some(new) => walk(path, old, new, found),
            None => found.push(change(path, Some(old), None)),
        }
        path.pop();
    }
    for (key, new) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
        path.push(Segment::Key(key.clone()));
        found.push(change(path, None, Some(new)));
        path.pop();
    }
}

fn change(path: &[Segment], before: Option<&Value>, after: Option<&Value>) -> Change {
    Change {
        path: Path::from_segments(path.to_vec()).to_string(),
        before: before.cloned(),
        after: after.cloned(),
    }
}

/// The merge patch (RFC 7396) that makes `after` of `before`. `None` when there is none: a patch cannot write `null`.
pub fn patch(before: &Value, after: &Value) -> Option<Value> {
    let patch = patch_of(before, after);
    let mut patched = before.clone();
    merge_patch(&mut patched, &patch);
    (patched == *after).then_some(patch)
}

fn patch_of(before: &Value, after: &Value) -> Value {
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        return after.clone();
    };
    let mut patch = Map::new();
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    for (key, value) in new {
        match old.get(key) {
            Some(old) if old == value => {}
            Some(old) => {
                patch.insert(key.clone(), patch_of(old, value));
            }
            None => {
                patch.insert(key.clone(), value.clone());
            }
        }
    }
    Value::Object(patch)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::shrink::tests::any_json;

    #[test]
    fn a_change_names_its_place() {
        let before =
            json!({"user": {"name": "Jane", "roles": [1], "a.b": 1}, "session": {"id": 1}});
        let after = json!({"user": {"name": "Jo", "roles": [1, 2]}, "session": null, "x": true});
        let found: Vec<(String, Option<Value>, Option<Value>)> = difference(&before, &after)
            .into_iter()
            .map(|change| (change.path, change.before, change.after))
            .collect();
        assert_eq!(
            found,
            [
                (
                    "event.user.name".to_owned(),
                    Some(json!("Jane")),
                    Some(json!("Jo"))
                ),
                (
                    "event.user.roles".to_owned(),
                    Some(json!([1])),
                    Some(json!([1, 2]))
                ),
                ("event.user[\"a.b\"]".to_owned(), Some(json!(1)), None),
                (
                    "event.session".to_owned(),
                    Some(json!({"id": 1})),
                    Some(json!(null))
                ),
                ("event.x".to_owned(), None, Some(json!(true))),
            ]
        );
    }

    #[test]
    fn a_patch_removes_but_never_writes_null() {
        let before = json!({"a": 1, "b": {"c": 2}});
        assert_eq!(
            patch(&before, &json!({"b": {"c": 2, "d": [null]}})),
            Some(json!({"a": null, "b": {"d": [null]}}))
        );
        assert_eq!(patch(&before, &before), Some(json!({})));
        assert_eq!(
            patch(&before, &json!({"a": 1, "b": {}})),
            Some(json!({"b": {"c": null}}))
        );
        assert_eq!(patch(&before, &json!({"a": null, "b": {"c": 2}})), None);
        assert_eq!(
            patch(&before, &json!({"a": {"x": null}, "b": {"c": 2}})),
            None
        );
    }

    proptest! {
        #[test]
        fn a_patch_does_what_it_says(before in any_json(), after in any_json()) {
            if let Some(patch) = patch(&before, &after) {
                let mut patched = before.clone();
                merge_patch(&mut patched, &patch);
                prop_assert_eq!(patched, after.clone());
            }
            prop_assert_eq!(difference(&before, &after).is_empty(), before == after);
        }
    }
}
