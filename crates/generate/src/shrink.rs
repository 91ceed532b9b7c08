//! A smaller event that still shows the same.

use serde_json::{Map, Value};

/// The result of a try with an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Shrunk {
    /// The smallest event that was found.
    pub event: Value,
    /// The number of events that were tried.
    pub tried: usize,
}

/// Takes away from an event what it does not need to show something: first what differs from `base`, part by part, then
/// what is large about the rest. `shows` is asked at most `most` times; what it gives for the event itself is taken to be
/// true. The result is a fixed point, unless the attempts ran out: none of the attempts to make it smaller shows anything.
pub fn shrink(
    event: &Value,
    base: &Value,
    most: usize,
    mut shows: impl FnMut(&Value) -> bool,
) -> Shrunk {
    let mut search = Search {
        event: event.clone(),
        base,
        left: most,
        shows: &mut shows,
    };
    if search.event != *base && search.attempt(base.clone()) {
        return search.end(most);
    }
    loop {
        let before = search.event.clone();
        search.back_to_base(&mut Vec::new());
        search.simplify(&mut Vec::new());
        if search.event == before || search.left == 0 {
            return search.end(most);
        }
    }
}

/// A step into a value.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Key(String),
    Index(usize),
}

struct Search<'a> {
    /// The smallest event so far.
    event: Value,
    base: &'a Value,
    left: usize,
    shows: &'a mut dyn FnMut(&Value) -> bool,
}

impl Search<'_> {
    fn end(self, most: usize) -> Shrunk {
        Shrunk {
            event: self.event,
            tried: most - self.left,
        }
    }

    /// Takes the candidate if it shows the same.
    fn attempt(&mut self, candidate: Value) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        let shows = (self.shows)(&candidate);
        if shows {
            self.event = candidate;
        }
        shows
    }

    /// Puts back what the base has at a place: the whole, else each part.
    fn back_to_base(&mut self, path: &mut Vec<Step>) {
        let base = self.base;
        let here = get(&self.event, path).cloned();
        let there = get(base, path);
        if here.as_ref() == there {
            return;
        }
        if !path.is_empty() && self.attempt(with(&self.event, path, there)) {
            return;
        }
        let (Some(Value::Object(here)), Some(Value::Object(there))) = (here, there) else {
            return;
        };
        let mut keys: Vec<String> = here.keys().cloned().collect();
        keys.extend(there.keys().filter(|key| !here.contains_key(*key)).cloned());
        for key in keys {
            path.push(Step::Key(key));
            self.back_to_base(path);
            path.pop();
        }
    }

    /// Makes what differs from the base smaller.
    fn simplify(&mut self, path: &mut Vec<Step>) {
        let Some(here) = get(&self.event, path).cloned() else {
            return;
        };
        let base = self.base;
        let there = get(base, path);
        if there == Some(&here) {
            return;
        }
        match (&here, there) {
            // What both have is the base's business; only the parts that differ are looked at.
            (Value::Object(object), Some(Value::Object(_))) => {
                for key in object.keys() {
                    path.push(Step::Key(key.clone()));
                    self.simplify(path);
                    path.pop();
                }
            }
            _ => self.smaller(path),
        }
    }

    /// Replaces a value by smaller ones for as long as that works.
    fn smaller(&mut self, path: &mut Vec<Step>) {
        while let Some(here) = get(&self.event, path).cloned() {
            let replaced = simpler(&here)
                .into_iter()
                .any(|candidate| self.attempt(with(&self.event, path, Some(&candidate))));
            if !replaced {
                break;
            }
        }
        let steps: Vec<Step> = match get(&self.event, path) {
            Some(Value::Object(object)) => object.keys().cloned().map(Step::Key).collect(),
            Some(Value::Array(items)) => (0..items.len()).map(Step::Index).collect(),
            _ => return,
        };
        for step in steps {
            path.push(step);
            self.smaller(path);
            path.pop();
        }
    }
}

/// Values that are smaller, the smallest first. Each is strictly smaller than the value, so there is an end.
fn simpler(value: &Value) -> Vec<Value> {
    let mut candidates = match value {
        Value::Null => Vec::new(),
        Value::Bool(is) => vec![Value::Bool(false)]
            .into_iter()
            .filter(|_| *is)
            .collect(),
        Value::Number(number) => numbers(number.as_f64().unwrap_or_default()),
        Value::String(text) => texts(text),
        Value::Array(items) => {
            let without = (0..items.len()).map(|index| {
                let kept = items.iter().enumerate().filter(|(at, _)| *at != index);
                kept.map(|(_, item)| item.clone()).collect()
            });
            let halves = [items.get(..items.len() / 2), items.get(items.len() / 2..)];
            let halves = halves.into_iter().flatten().map(<[Value]>::to_vec);
            let halves = halves.map(Value::Array);
            [Value::Array(Vec::new())]
                .into_iter()
                .chain(halves)
                .chain(without)
                .collect()
        }
        Value::Object(object) => {
            let without = object.keys().map(|key| {
                let mut object = object.clone();
                object.shift_remove(key);
                Value::Object(object)
            });
            let half = |skip: usize, take: usize| {
                let entries = object.iter().skip(skip).take(take);
                Value::Object(
                    entries
                        .map(|(key, item)| (key.clone(), item.clone()))
                        .collect(),
                )
            };
            let middle = object.len() / 2;
            [
                Value::Object(Map::new()),
                half(0, middle),
                half(middle, object.len()),
            ]
            .into_iter()
            .chain(without)
            .collect()
        }
    };
    candidates.retain(|candidate| weight(candidate) < weight(value));
    candidates.dedup();
    candidates
}

fn numbers(number: f64) -> Vec<Value> {
    let smaller = [0.0, 1.0, (number / 2.0).trunc(), number.trunc()];
    let as_value = |number: f64| match number.abs() < 9e15 {
        true => Value::from(number as i64),
        false => Value::from(number),
    };
    smaller.into_iter().map(as_value).collect()
}

fn texts(text: &str) -> Vec<Value> {
    let letters: Vec<char> = text.chars().collect();
    let part = |from: usize, to: usize| -> String {
        letters
            .get(from..to)
            .map(|part| part.iter().collect())
            .unwrap_or_default()
    };
    let (length, half) = (letters.len(), letters.len() / 2);
    let mut smaller = vec![
        String::new(),
        "a".to_owned(),
        part(0, half),
        part(half, length),
        part(0, length.saturating_sub(1)),
        part(1, length),
    ];
    if length <= 12 {
        for index in 1..length.saturating_sub(1) {
            smaller.push(format!("{}{}", part(0, index), part(index + 1, length)));
        }
    }
    smaller.into_iter().map(Value::from).collect()
}

/// Returns the size of a value. Smaller values weigh less, whatever they are part of.
fn weight(value: &Value) -> f64 {
    match value {
        Value::Null => 0.0,
        Value::Bool(is) => 1.0 + f64::from(u8::from(*is)),
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or_default();
            let broken = if number.fract() == 0.0 { 0.0 } else { 1.0 };
            let negative = f64::from(u8::from(number < 0.0));
            2.0 + broken + number.abs().min(1e300).ln_1p() + negative / 2.0
        }
        Value::String(text) => {
            let odd = text.chars().filter(|letter| *letter != 'a').count();
            2.0 + text.chars().count() as f64 + odd as f64 / 1e6
        }
        Value::Array(items) => 3.0 + items.iter().map(|item| 1.0 + weight(item)).sum::<f64>(),
        Value::Object(object) => {
            let members = object.iter();
            3.0 + members
                .map(|(key, member)| 1.0 + key.len() as f64 + weight(member))
                .sum::<f64>()
        }
    }
}

fn get<'a>(value: &'a Value, path: &[Step]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.as_object()?.get(key),
        Step::Index(index) => value.as_array()?.get(*index),
    })
}

/// The value with another one at a place, or with nothing there.
fn with(value: &Value, path: &[Step], part: Option<&Value>) -> Value {
    let mut whole = value.clone();
    let Some((last, parents)) = path.split_last() else {
        return part.cloned().unwrap_or_default();
    };
    let mut place = &mut whole;
    for step in parents {
        let below = match step {
            Step::Key(key) => place.as_object_mut().and_then(|object| object.get_mut(key)),
            Step::Index(index) => place.as_array_mut().and_then(|items| items.get_mut(*index)),
        };
        match below {
            Some(below) => place = below,
            None => return value.clone(),
        }
    }
    match (place, last, part) {
        (Value::Object(object), Step::Key(key), Some(part)) => {
            object.insert(key.clone(), part.clone());
        }
        (Value::Object(object), Step::Key(key), None) => {
            object.shift_remove(key);
        }
        (Value::Array(items), Step::Index(index), Some(part)) => {
            if let Some(item) = items.get_mut(*index) {
                *item = part.clone();
            }
        }
        _ => {}
    }
    whole
}

#[cfg(test)]
pub(crate) mod tests;
