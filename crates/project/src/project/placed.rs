//! The configuration as documents that know their places, for whoever judges it closely: [`TenantData`] has values alone.
//!
//! [`TenantData`]: super::tenant::TenantData

use std::path::{Component, Path};
use std::sync::Arc;

use super::{Project, sections};
use crate::Error;
use crate::document::node::{Entry, Node, NodeValue, Source};
use crate::document::{Format, parse_placed};
use crate::door::Boundary;
use crate::files::{display_path, extension};
use crate::keywords::leftover;

/// The parts of a configuration, with their places.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlacedParts {
    /// The items of each part, by its name in `tenant.yaml`; databases are among the `connections`, and the settings of the tenant
    /// are the one item of `tenant`.
    pub items: Vec<(&'static str, Vec<Node>)>,
    /// The sections that nothing knows, and those that are not a list where one is due: none of their items is read.
    pub mistakes: Vec<Error>,
}

impl PlacedParts {
    fn add(&mut self, name: &'static str, items: Vec<Node>) {
        match self.items.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => known.extend(items),
            None => self.items.push((name, items)),
        }
    }

    /// Adds a section of `tenant.yaml`.
    fn section(&mut self, entry: Entry) {
        self.mistakes.extend(sections::unknown(&entry));
        let Entry { key, value, .. } = entry;
        let known = PARTS.iter().find(|(_, section, _)| *section == key);
        // A marker of the Deploy CLI may stand for all of it.
        let is_open = value.as_text().is_some_and(|it| leftover(it).is_some());
        let wrong = |expected: &str| {
            let kind = value.kind();
            let error = value.place.error(format!(
                "`{key}` must be {expected}; this is {kind}, and nothing of it is read"
            ));
            match (&value.value, expected) {
                (NodeValue::Object(_), "a list") => error.with_hint("begin each item with `-`"),
                _ => error,
            }
        };
        match (&value.value, key.as_str()) {
            (NodeValue::Null, _) => {}
            _ if is_open => {}
            (NodeValue::Object(_), "tenant") => self.add("tenant", vec![value]),
            (_, "tenant") => self.mistakes.push(wrong("an object")),
            (_, "guardianPolicies") => self.policies(value),
            (_, name) if LISTS.contains(&name) || known.is_some() => match value.value {
                NodeValue::List(items) => {
                    if let Some((_, _, name)) = known {
                        self.add(name, items);
                    }
                }
                _ => self.mistakes.push(wrong("a list")),
            },
            // Others are read, or refused, where the project is loaded.
            _ => {}
        }
    }

    /// Adds `{policies: […]}`, or the list alone.
    fn policies(&mut self, value: Node) {
        let place = value.place.clone();
        let list = match value.value {
            NodeValue::Object(entries) => {
                let mut entries = entries.into_iter();
                entries
                    .find(|entry| entry.key == "policies")
                    .map(|it| it.value.value)
            }
            other => Some(other),
        };
        match list {
            Some(NodeValue::List(items)) => self.add("guardianPolicies", items),
            Some(NodeValue::Null) => {}
            _ => self.mistakes.push(
                place
                    .error("`guardianPolicies` must be an object with the list `policies`, and nothing of it is read"),
            ),
        }
    }
}

/// Sections of `tenant.yaml` that are lists and of which no item is judged here.
const LISTS: &[&str] = &["tokenExchangeProfiles"];

/// The parts of an export: its folder, its key in `tenant.yaml`, and the name under which both are returned.
const PARTS: &[(&str, &str, &str)] = &[
    ("clients", "clients", "clients"),
    ("resource-servers", "resourceServers", "resourceServers"),
    ("grants", "clientGrants", "clientGrants"),
    ("roles", "roles", "roles"),
    ("organizations", "organizations", "organizations"),
    ("connections", "connections", "connections"),
    ("database-connections", "databases", "connections"),
    ("emails", "emailTemplates", "emailTemplates"),
    ("event-streams", "eventStreams", "eventStreams"),
    ("guardian/factors", "guardianFactors", "guardianFactors"),
];

impl Project {
    /// Returns the parts of an export with their places, files named as seen from `here`. What cannot be read is left out:
    /// [`Project::remarks`] has it.
    pub fn placed_parts(&self, here: &Path) -> PlacedParts {
        let mut parts = PlacedParts::default();
        for file in &self.configuration_files {
            let Ok(within) = file.strip_prefix(&self.root) else {
                continue;
            };
            let folders: Vec<&str> = within
                .components()
                .filter_map(|part| match part {
                    Component::Normal(part) => part.to_str(),
                    _ => None,
                })
                .collect();
            let is_yaml = matches!(extension(file).as_str(), "yaml" | "yml");
            match folders.as_slice() {
                [_] if is_yaml => {
                    if let Some(NodeValue::Object(sections)) =
                        self.placed(file, here).map(|node| node.value)
                    {
                        sections.into_iter().for_each(|entry| parts.section(entry));
                    }
                }
                ["tenant.json"] => {
                    if let Some(settings) = self.placed(file, here) {
                        parts.add("tenant", vec![settings]);
                    }
                }
                ["guardian", "policies.json"] => {
                    if let Some(policies) = self.placed(file, here) {
                        parts.policies(policies);
                    }
                }
                // That of the e-mails is none of their templates.
                ["emails", "provider.json"] => {}
                [folder, inner, ..] => {
                    let nested = format!("{folder}/{inner}");
                    let known = PARTS
                        .iter()
                        .find(|(known, _, _)| known == folder || *known == nested);
                    if let Some((_, _, name)) = known
                        && let Some(item) = self.placed(file, here)
                    {
                        parts.add(name, vec![item]);
                    }
                }
                _ => {}
            }
        }
        parts
    }

    fn placed(&self, file: &Path, here: &Path) -> Option<Node> {
        let shown = display_path(file, here);
        let text = Boundary::of_file(file, &self.root)
            .read_text(file, &shown)
            .ok()?;
        let text = self.mappings.replace(&text, &shown).ok()?;
        let source = Arc::new(Source {
            path: file.to_owned(),
            shown,
        });
        parse_placed(&text, Format::of(file), &source).ok()
    }
}

#[cfg(test)]
mod tests {
    use crate::Project;

    #[test]
    fn items_have_their_places_in_both_forms() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        };
        let shown = |root: &std::path::Path| {
            let project = Project::discover(root).expect("read").expect("a project");
            let mut shown = Vec::new();
            for (part, items) in project.placed_parts(root).items {
                for item in items {
                    let name = item.get("name").and_then(|it| it.as_text());
                    let name = name.unwrap_or_default().to_owned();
                    let place = format!("{}:{}", item.place.source.shown, item.place.line);
                    shown.push(format!("{part} {name} {place}"));
                }
            }
            shown.sort();
            shown
        };
        write(
            "a/clients/Web.json",
            "\n{\"name\": \"Web\", \"app_type\": \"spa\"}",
        );
        write("a/clients/broken.json", "{");
        write(
            "a/database-connections/DB/database.json",
            "{\"name\": \"DB\", \"strategy\": \"auth0\"}",
        );
        write(
            "a/connections/g.json",
            "{\"name\": \"g\", \"strategy\": \"google-oauth2\"}",
        );
        assert_eq!(
            shown(&folder.path().join("a")),
            [
                "clients Web clients/Web.json:2",
                "connections DB database-connections/DB/database.json:1",
                "connections g connections/g.json:1",
            ]
        );
        write(
            "b/tenant.yaml",
            "clients:\n  - name: Web\n    app_type: spa\ndatabases:\n  - { name: DB, strategy: auth0 }\nactions: []\n",
        );
        assert_eq!(
            shown(&folder.path().join("b")),
            ["clients Web tenant.yaml:2", "connections DB tenant.yaml:5"]
        );
    }
}
