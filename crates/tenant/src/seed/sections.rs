//! The parts of a tenant's configuration as users write them: what is misspelt, of the wrong kind or out of range, and what refers
//! to something that there is not. A seed is refused for it; `check` reports it of an export.

mod references;
mod values;

use std::collections::HashMap;

use postlogin_core::event::suggest::closest;
use postlogin_project::document::node::{Entry, Node, NodeValue, Place};
use postlogin_project::{Error, PlacedParts, TenantData, leftover};

use crate::management::schema::keys_of;
use crate::unhonoured;

/// A mistake.
#[derive(Debug)]
pub struct Mistake {
    /// A mistake, with its place.
    pub error: Error,
    /// Whether it names something that is not there. An export may have left it out.
    pub is_reference: bool,
}

/// Returns the mistakes in the parts of an export. What they refer to is in `all`.
pub fn mistakes(parts: &PlacedParts, all: &TenantData) -> Vec<Mistake> {
    let mut reader = Reader::default();
    for error in &parts.mistakes {
        reader.refuse(error.clone());
    }
    for (name, items) in &parts.items {
        match *name {
            "tenant" => items.iter().for_each(|it| reader.settings(it)),
            "guardianPolicies" => reader.policies(items),
            _ => {
                let mut sections = SECTIONS.iter().chain(EXPORTED);
                if let Some(section) = sections.find(|section| section.name == *name) {
                    reader.judge(section, items);
                }
            }
        }
        for item in items {
            reader.references(name, item, all);
        }
    }
    reader.errors
}

/// A section: its name, what its items are called, the key that names one, and the keys that count.
pub(super) struct Section {
    pub(super) name: &'static str,
    item: &'static str,
    id: &'static str,
    keys: &'static [&'static str],
    /// Another key that no two items may share.
    unique: &'static str,
}

pub(super) const SECTIONS: &[Section] = &[
    Section {
        name: "clients",
        item: "a client",
        id: "name",
        keys: unhonoured::CLIENTS,
        unique: "client_id",
    },
    Section {
        name: "resourceServers",
        item: "a resource server",
        id: "identifier",
        keys: unhonoured::APIS,
        unique: "id",
    },
    Section {
        name: "clientGrants",
        item: "a client grant",
        id: "audience",
        keys: unhonoured::GRANTS,
        unique: "id",
    },
    Section {
        name: "roles",
        item: "a role",
        id: "name",
        keys: &["name", "id", "description", "permissions"],
        unique: "id",
    },
    Section {
        name: "organizations",
        item: "an organization",
        id: "name",
        keys: unhonoured::ORGANIZATIONS,
        unique: "id",
    },
    Section {
        name: "connections",
        item: "a connection",
        id: "name",
        keys: unhonoured::CONNECTIONS,
        unique: "id",
    },
];

/// Sections that an export has and a seed does not.
const EXPORTED: &[Section] = &[
    Section {
        name: "emailTemplates",
        item: "an e-mail template",
        id: "template",
        keys: &["bodyFile"],
        unique: "template",
    },
    Section {
        name: "eventStreams",
        item: "an event stream",
        id: "name",
        keys: &["name", "status", "subscriptions", "destination"],
        unique: "id",
    },
    Section {
        name: "guardianFactors",
        item: "a factor",
        id: "name",
        keys: &[],
        unique: "name",
    },
];

#[derive(Default)]
pub(super) struct Reader {
    pub(super) errors: Vec<Mistake>,
}

impl Reader {
    fn add(&mut self, error: Error, is_reference: bool) {
        // Further ones say little.
        if self.errors.len() < 100 {
            self.errors.push(Mistake {
                error,
                is_reference,
            });
        }
    }

    pub(super) fn refuse(&mut self, error: Error) {
        self.add(error, false);
    }

    /// The items of a list, all of which are objects.
    pub(super) fn items(&mut self, value: Node, name: &str, item: &str) -> Option<Vec<Node>> {
        let kind = value.kind();
        let NodeValue::List(items) = value.value else {
            let message = format!("`{name}` must be a list; this is {kind}");
            self.refuse(value.place.error(message));
            return None;
        };
        let wrong = items
            .iter()
            .filter(|it| !matches!(it.value, NodeValue::Object(_)));
        let wrong: Vec<Error> = wrong
            .map(|it| {
                it.place
                    .error(format!("{item} must be an object; this is {}", it.kind()))
            })
            .collect();
        let is_sound = wrong.is_empty();
        wrong.into_iter().for_each(|error| self.refuse(error));
        is_sound.then_some(items)
    }

    /// The items of a section, judged.
    pub(super) fn section(&mut self, section: &Section, value: Node) -> Vec<Node> {
        let items = self.items(value, section.name, section.item);
        let items = items.unwrap_or_default();
        self.judge(section, &items);
        items
    }

    fn judge(&mut self, section: &Section, items: &[Node]) {
        let mut seen: HashMap<(&str, String), Place> = HashMap::new();
        for item in items {
            let NodeValue::Object(entries) = &item.value else {
                let message = format!(
                    "{} must be an object; this is {}",
                    section.item,
                    item.kind()
                );
                self.refuse(item.place.error(message));
                continue;
            };
            let known: Vec<&str> = section
                .keys
                .iter()
                .copied()
                .chain(keys_of(section.name))
                .collect();
            self.near(entries, &known, section.item);
            self.shapes(entries);
            self.kinds(section.name, entries);
            self.inside(&values::path_of(section.name, item), item);
            let named = item
                .get(section.id)
                .and_then(Node::as_text)
                .filter(|it| !it.is_empty());
            let Some(name) = named else {
                let error = item
                    .place
                    .error(format!("{} needs `{}`", section.item, section.id));
                self.refuse(error);
                continue;
            };
            // An application may have several grants at one API.
            if section.name == "clientGrants" {
                continue;
            }
            let unique = item.get(section.unique).and_then(Node::as_text);
            let unique = unique.filter(|_| section.unique != section.id);
            let names = [(section.id, Some(name)), (section.unique, unique)];
            for (key, name) in names {
                let Some(name) = name.filter(|it| leftover(it).is_none()) else {
                    continue;
                };
                if let Some(other) = seen.insert((key, name.to_owned()), item.place.clone()) {
                    let at = match other.source == item.place.source {
                        true => format!("at line {}", other.line),
                        false => format!("in {}", other.source.shown),
                    };
                    let message = format!("the {key} `{name}` is that of another one, {at}");
                    self.refuse(item.place.error(message));
                }
            }
        }
    }

    /// Refuses keys that are nearly known: those are misspelt. What else does not count is listed at the start, by name.
    pub(super) fn near(&mut self, entries: &[Entry], known: &[&str], what: &str) {
        for entry in entries {
            if known.contains(&entry.key.as_str()) {
                continue;
            }
            if let Some(near) = closest(&entry.key, known.iter().copied()) {
                let error = entry
                    .place
                    .error(format!("unknown key `{}` of {what}", entry.key));
                self.refuse(error.with_hint(format!("did you mean `{near}`?")));
            }
        }
    }
}

#[cfg(test)]
mod tests;
