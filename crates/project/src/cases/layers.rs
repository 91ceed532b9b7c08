//! Defaults and what lies over them.

use std::collections::HashMap;

use super::keys::{CASE, Joins};
use crate::document::node::{Entry, Node, NodeValue};

/// Lays a case, or nearer defaults, over defaults.
pub(super) fn over(below: &[Entry], above: &[Entry]) -> Vec<Entry> {
    // The two ways to say what the user does exclude each other: the nearer one counts.
    let says = |keys: &[&str]| above.iter().any(|entry| keys.contains(&entry.key.as_str()));
    let (free, ordered) = (["continue", "challenge"], ["steps"]);
    let (says_free, says_ordered) = (says(&free), says(&ordered));
    let stays = |entry: &&Entry| {
        let key = entry.key.as_str();
        !(says_free && ordered.contains(&key) || says_ordered && free.contains(&key))
    };
    let mut joined: Vec<Entry> = below.iter().filter(stays).cloned().collect();
    let mut places = places(&joined);
    for entry in above {
        let joins = CASE
            .iter()
            .find(|key| key.name == entry.key)
            .map_or(Joins::Replaces, |key| key.joins);
        match places.get(&entry.key).and_then(|at| joined.get_mut(*at)) {
            Some(old) => join(old, entry, joins),
            None => {
                places.insert(entry.key.clone(), joined.len());
                joined.push(entry.clone());
            }
        }
    }
    joined
}

/// Where each key is. A case may have a hundred thousand.
fn places(entries: &[Entry]) -> HashMap<String, usize> {
    let places = entries.iter().enumerate();
    places.map(|(at, entry)| (entry.key.clone(), at)).collect()
}

fn join(old: &mut Entry, new: &Entry, joins: Joins) {
    if let (NodeValue::Object(below), NodeValue::Object(above), true) = (
        &mut old.value.value,
        &new.value.value,
        joins != Joins::Replaces,
    ) {
        let mut places = places(below);
        for entry in above {
            match places.get(&entry.key).and_then(|at| below.get_mut(*at)) {
                Some(known) if joins == Joins::Deep => join(known, entry, joins),
                Some(known) => *known = entry.clone(),
                None => {
                    places.insert(entry.key.clone(), below.len());
                    below.push(entry.clone());
                }
            }
        }
        // Errors about the whole belong to the nearer place.
        old.place = new.place.clone();
        old.value.place = new.value.place.clone();
    } else {
        *old = new.clone();
    }
}

/// The entries as a node at a place.
pub(super) fn node(entries: Vec<Entry>, at: &Node) -> Node {
    Node {
        value: NodeValue::Object(entries),
        place: at.place.clone(),
    }
}
