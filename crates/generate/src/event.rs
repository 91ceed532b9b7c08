//! A seed and a number to an event.

use postlogin_core::Trigger;
use postlogin_core::event::sample;
use postlogin_core::event::schema::{Field, Kind};
use serde_json::{Map, Value, json};

use crate::flows;
use crate::members::{Holds, Maker, holds};
use crate::plausible::is_plausible;
use crate::random::Random;
use crate::vocabulary::Vocabulary;

/// Makes up events.
#[derive(Debug, Clone)]
pub struct Generator {
    trigger: Trigger,
    seed: u64,
    vocabulary: Vocabulary,
    bases: Vec<Value>,
}

impl Generator {
    /// Events of a trigger from a seed. `bases` are events to begin with besides the built-in sample; those that production could not
    /// send are left out.
    pub fn new(trigger: Trigger, seed: u64, vocabulary: Vocabulary, bases: Vec<Value>) -> Self {
        let mut all = vec![sample(trigger)];
        for base in bases {
            if is_plausible(trigger, &base) && !all.contains(&base) {
                all.push(base);
            }
        }
        Self {
            trigger,
            seed,
            vocabulary,
            bases: all,
        }
    }

    /// Events like one: it is the only base, if production could send it.
    pub fn around(trigger: Trigger, seed: u64, vocabulary: Vocabulary, base: Value) -> Self {
        let bases = match is_plausible(trigger, &base) {
            true => vec![base],
            false => vec![sample(trigger)],
        };
        Self {
            trigger,
            seed,
            vocabulary,
            bases,
        }
    }

    /// The event with this number: always the same one for a seed, a vocabulary and bases. The first ones are the
    /// bases as they are. Every event [is plausible](is_plausible).
    pub fn event(&self, number: u64) -> Value {
        let as_is = usize::try_from(number)
            .ok()
            .and_then(|index| self.bases.get(index));
        if let Some(base) = as_is {
            return base.clone();
        }
        let mut random = Random::new(self.seed, number);
        let mut event = random
            .pick(&self.bases)
            .cloned()
            .unwrap_or_else(|| sample(self.trigger));
        // Kinds of logins are those of post-login.
        if self.trigger == Trigger::PostLogin {
            flows::choose(&mut event, &mut random);
        }
        let schema = (self.trigger.table().event)();
        let mut maker = Maker {
            random,
            vocabulary: &self.vocabulary,
        };
        let changes = *maker.random.pick(&[1, 1, 2, 2, 3, 4, 6, 10]).unwrap_or(&1);
        for _ in 0..changes {
            let mut changed = event.clone();
            change(schema, &mut changed, &mut maker);
            // Two changes that production would not let stand side by side: the later one is dropped.
            if is_plausible(self.trigger, &changed) {
                event = changed;
            }
        }
        event
    }
}

/// Changes one thing: where the Actions look, as a rule.
fn change(schema: &Field, event: &mut Value, maker: &mut Maker<'_>) {
    let read = &maker.vocabulary.paths;
    let path: Vec<String> = match maker.random.below(100) {
        0..65 if !read.is_empty() => maker.random.pick(read).cloned().unwrap_or_default(),
        0..90 => somewhere(schema, maker),
        90..97 => {
            let metadata = maker.random.text(&[
                "user_metadata",
                "app_metadata",
                "app_metadata",
                "user_metadata",
            ]);
            vec!["user".to_owned(), metadata, maker.key()]
        }
        _ => {
            let metadata = maker.random.text(&["user_metadata", "app_metadata"]);
            let key = maker.key();
            if let Some(user) = event.get_mut("user").and_then(Value::as_object_mut) {
                let huge = maker.huge();
                user.insert(metadata, json!({ key: huge }));
            }
            return;
        }
    };
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    at(schema, event, &names, 0, maker);
}

/// A way down the schema, to a leaf or to something on the way.
fn somewhere(schema: &Field, maker: &mut Maker<'_>) -> Vec<String> {
    let mut field = schema;
    let mut path = Vec::new();
    while let Some(child) = maker.random.pick(&field.children) {
        path.push(child.name.to_owned());
        field = child;
        let is_object = matches!(field.kind, Kind::Object | Kind::Dictionary);
        if !is_object || field.children.is_empty() || maker.random.chance(25) {
            break;
        }
    }
    path
}

/// Changes what a path of the schema leads to. `depth` names of it are walked already.
fn at(field: &Field, value: &mut Value, path: &[&str], depth: usize, maker: &mut Maker<'_>) {
    let (Some(name), Value::Object(object)) = (path.get(depth), &mut *value) else {
        return;
    };
    // Secrets are the Action's, not the event's.
    if field.kind == Kind::Strings || (depth == 0 && *name == "secrets") {
        return;
    }
    let Some(child) = field.child(name) else {
        if field.kind == Kind::Dictionary {
            let rest = path.get(depth..).unwrap_or_default();
            let holds = holds(path.get(..depth).unwrap_or_default());
            free(object, rest, holds, maker);
        }
        return;
    };
    let is_last = depth + 1 == path.len();
    let goes_on = !is_last && matches!(child.kind, Kind::Object | Kind::Dictionary);
    if child.optional && maker.random.chance(if goes_on { 15 } else { 30 }) {
        match path.first() == Some(&"user") && maker.random.chance(15) {
            true => object.insert((*name).to_owned(), Value::Null),
            false => object.shift_remove(*name),
        };
        return;
    }
    let here = path.get(..=depth).unwrap_or_default();
    if !goes_on {
        let made = maker.field(child, here);
        object.insert((*name).to_owned(), made);
        return;
    }
    if !object.get(*name).is_some_and(Value::is_object) {
        let made = maker.field(child, here);
        object.insert((*name).to_owned(), made);
    }
    if let Some(below) = object.get_mut(*name) {
        at(child, below, path, depth + 1, maker);
    }
}

/// Changes a dictionary below which nothing is prescribed: the whole path, a part of it, or none of it is there.
fn free(object: &mut Map<String, Value>, path: &[&str], holds: Holds, maker: &mut Maker<'_>) {
    let Some((name, rest)) = path.split_first() else {
        return;
    };
    if maker.random.chance(20) {
        object.shift_remove(*name);
        return;
    }
    if holds == Holds::Anything && !rest.is_empty() && maker.random.chance(75) {
        let below = object.entry(*name).or_insert(Value::Null);
        if !below.is_object() {
            *below = json!({});
        }
        if let Value::Object(below) = below {
            free(below, rest, holds, maker);
        }
        return;
    }
    let made = maker.member(holds);
    object.insert((*name).to_owned(), made);
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use postlogin_core::event::check_paths;

    use super::*;

    fn spoken_of() -> Vocabulary {
        let path = |text: &str| text.split('.').map(str::to_owned).collect();
        Vocabulary {
            texts: vec!["enterprise".into(), "@example.com".into()],
            numbers: vec![18.0],
            keys: vec!["tier".into()],
            paths: vec![
                path("user.app_metadata.plan.name"),
                path("organization.metadata.tier"),
                path("user.email.length"),
                path("authorization.roles.length"),
                path("secrets.KEY"),
                path("nothing.at.all"),
            ],
        }
    }

    #[test]
    fn events_around_one_are_like_it() {
        let mut base = sample(Trigger::PostLogin);
        base["user"]["user_id"] = json!("auth0|only-here");
        let around = Generator::around(Trigger::PostLogin, 3, Vocabulary::default(), base.clone());
        assert_eq!(around.event(0), base);
        let events: Vec<Value> = (1..=100).map(|number| around.event(number)).collect();
        let like = events.iter();
        let like = like.filter(|it| it["user"]["user_id"] == "auth0|only-here");
        // Some kinds of logins bring a user of their own.
        assert!(like.count() > 50);
        assert!(events.iter().all(|it| is_plausible(Trigger::PostLogin, it)));
        // What production could not send leads back to the sample.
        let odd = json!({"user": []});
        let around = Generator::around(Trigger::PostLogin, 3, Vocabulary::default(), odd);
        assert_eq!(around.event(0), sample(Trigger::PostLogin));
    }

    #[test]
    fn every_event_could_come_from_production() {
        for trigger in Trigger::ALL {
            events_could_come(*trigger);
        }
    }

    fn events_could_come(trigger: Trigger) {
        let count = if trigger == Trigger::PostLogin {
            2_000
        } else {
            400
        };
        assert!(is_plausible(trigger, &sample(trigger)), "{trigger}");
        for vocabulary in [Vocabulary::default(), spoken_of()] {
            let generator = Generator::new(trigger, 1, vocabulary, Vec::new());
            let mut distinct = HashSet::new();
            for number in 0..count {
                let event = generator.event(number);
                assert!(
                    is_plausible(trigger, &event),
                    "{trigger} {number}: {event:#}"
                );
                distinct.insert(event.to_string());
                assert_eq!(check_paths(trigger, &event), [], "{trigger} {number}");
            }
            assert!(distinct.len() > 100, "{trigger}: {}", distinct.len());
        }
    }

    #[test]
    fn a_seed_and_a_number_are_an_event() {
        let one = Generator::new(Trigger::PostLogin, 5, spoken_of(), Vec::new());
        let other = Generator::new(Trigger::PostLogin, 5, spoken_of(), Vec::new());
        let _ = other.event(900);
        for number in 0..50 {
            assert_eq!(
                one.event(number).to_string(),
                other.event(number).to_string()
            );
        }
        let another = Generator::new(Trigger::PostLogin, 6, spoken_of(), Vec::new());
        assert!((1..50).any(|number| one.event(number) != another.event(number)));
        assert_eq!(one.event(0), sample(Trigger::PostLogin));
    }

    #[test]
    fn events_are_as_different_as_logins_are() {
        let generator = Generator::new(Trigger::PostLogin, 1, spoken_of(), Vec::new());
        let events: Vec<Value> = (0..1_000).map(|number| generator.event(number)).collect();
        #[track_caller]
        fn check(events: &[Value], what: &str, holds: impl Fn(&Value) -> bool) {
            let count = events.iter().filter(|event| holds(event)).count();
            assert!(count >= 5, "{what}: {count} of {}", events.len());
        }
        check(&events, "no organization", |event| {
            event.get("organization").is_none()
        });
        check(&events, "organization", |event| {
            event["organization"].is_object()
        });
        check(&events, "no transaction", |event| {
            event.get("transaction").is_none()
        });
        check(&events, "refresh token", |event| {
            event["transaction"]["protocol"] == "oauth2-refresh-token"
        });
        check(&events, "no email", |event| {
            event["user"].get("email").is_none()
        });
        check(&events, "no metadata", |event| {
            event["user"]["user_metadata"] == json!({})
        });
        check(&events, "huge", |event| {
            event["user"].to_string().len() > 2_500
        });
        check(&events, "a word of the source", |event| {
            event["user"]["app_metadata"]["plan"]["name"] == "enterprise"
        });
        check(&events, "half a path", |event| {
            let plan = &event["user"]["app_metadata"]["plan"];
            plan.is_object() && plan.get("name").is_none()
        });
        check(&events, "a word in its place", |event| {
            event["user"]["email"] == "jane@example.com"
        });
        check(&events, "no roles", |event| {
            event["authorization"]["roles"] == json!([])
        });
        check(&events, "odd keys", |event| {
            event["user"].to_string().contains("__proto__")
        });
        let distinct: HashSet<String> = events.iter().map(Value::to_string).collect();
        assert!(distinct.len() > 850, "{}", distinct.len());
    }
}
