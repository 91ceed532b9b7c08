use postlogin_core::event::post_login_sample;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{Generator, Vocabulary, difference};

pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-5i64..40).prop_map(Value::from),
        any::<f32>().prop_map(|number| Value::from(f64::from(number))),
        "[ab_\\PC]{0,5}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec(("[abc]", inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

#[track_caller]
fn check(event: Value, shows: impl Fn(&Value) -> bool, expected: Value) {
    assert!(shows(&event), "{event}");
    let base = json!({"a": {"b": 1, "c": "x"}, "d": [1]});
    assert_eq!(shrink(&event, &base, 1_000, shows).event, expected);
}

#[test]
fn what_does_not_matter_goes() {
    check(
        json!({"a": {"b": 2, "c": "y"}, "e": {"f": "long text", "g": [3, 4, 5]}}),
        |event| {
            event["e"]["g"]
                .as_array()
                .is_some_and(|items| items.contains(&json!(4)))
        },
        json!({"a": {"b": 1, "c": "x"}, "d": [1], "e": {"g": [4]}}),
    );
    check(
        json!({"e": 1}),
        |event| event.get("a").is_none(),
        json!({"d": [1]}),
    );
    check(
        json!({"a": {"b": 1, "c": "hello world"}, "d": [1]}),
        |event| {
            event["a"]["c"]
                .as_str()
                .is_some_and(|text| text.contains('w'))
        },
        json!({"a": {"b": 1, "c": "w"}, "d": [1]}),
    );
    check(
        json!({"a": {"b": 977}}),
        |event| {
            event["a"]["b"]
                .as_f64()
                .is_some_and(|number| number > 100.0)
        },
        json!({"a": {"b": 122, "c": "x"}, "d": [1]}),
    );
    check(
        json!({"e": 1}),
        |_| true,
        json!({"a": {"b": 1, "c": "x"}, "d": [1]}),
    );
}

#[test]
fn attempts_are_counted() {
    let generator = Generator::new(
        postlogin_core::Trigger::PostLogin,
        1,
        Vocabulary::default(),
        Vec::new(),
    );
    let event = (1..50).map(|number| generator.event(number));
    let event = event.max_by_key(|event| difference(&post_login_sample(), event).len());
    let event = event.expect("there are some");
    for most in [0, 1, 7] {
        let mut asked = 0;
        let shrunk = shrink(&event, &post_login_sample(), most, |_| {
            asked += 1;
            false
        });
        assert_eq!((shrunk.tried, asked), (most, most));
        assert_eq!(shrunk.event, event);
    }
}

#[test]
fn a_made_up_event_comes_down_to_its_cause() {
    let generator = Generator::new(
        postlogin_core::Trigger::PostLogin,
        3,
        Vocabulary::default(),
        Vec::new(),
    );
    let shows = |event: &Value| {
        event["transaction"]["protocol"] == "oauth2-refresh-token" && event.get("session").is_none()
    };
    let found = (0..500).map(|number| generator.event(number)).find(shows);
    let shrunk = shrink(
        &found.expect("one of them"),
        &post_login_sample(),
        1_000,
        shows,
    )
    .event;
    let changed = difference(&post_login_sample(), &shrunk);
    let changed: Vec<&str> = changed.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(changed, ["event.session", "event.transaction.protocol"]);
}

proptest! {
    #[test]
    fn a_smaller_event_shows_the_same_and_ends(event in any_json(), base in any_json(), pick in any::<prop::sample::Index>()) {
        // "Shows" when some value of the event equals the wanted one.
        fn holds(value: &Value, wanted: &Value) -> bool {
            value == wanted || match value {
                Value::Array(items) => items.iter().any(|item| holds(item, wanted)),
                Value::Object(object) => object.values().any(|item| holds(item, wanted)),
                _ => false,
            }
        }
        fn parts<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
            found.push(value);
            match value {
                Value::Array(items) => items.iter().for_each(|item| parts(item, found)),
                Value::Object(object) => object.values().for_each(|item| parts(item, found)),
                _ => {}
            }
        }
        let mut all = Vec::new();
        parts(&event, &mut all);
        let wanted = (*pick.get(&all)).clone();
        let shrunk = shrink(&event, &base, 5_000, |event| holds(event, &wanted));
        prop_assert!(holds(&shrunk.event, &wanted));
        prop_assert!(shrunk.tried < 5_000);
        // Once more changes nothing.
        let again = shrink(&shrunk.event, &base, 5_000, |event| holds(event, &wanted));
        prop_assert_eq!(again.event, shrunk.event);
    }

    #[test]
    fn simpler_values_weigh_less(value in any_json()) {
        for candidate in simpler(&value) {
            prop_assert!(weight(&candidate) < weight(&value));
        }
    }
}
