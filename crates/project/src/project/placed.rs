//! The configuration as documents that know their places, for whoever judges it closely: [`TenantData`] has values alone.
//!
//! [`TenantData`]: super::tenant::TenantData

use std::path::{Component, Path};
use std::sync::Arc;

use super::Project;
use crate::document::node::{Entry, Node, NodeValue, Source};
use crate::document::{Format, parse_placed};
use crate::door::Boundary;
use crate::files::{display_path, extension};

/// The parts of an export: its folder, its key in `tenant.yaml`, and the name under which both are returned.
const PARTS: &[(&str, &str, &str)] = &[
    ("clients", "clients", "clients"),
    ("resource-servers", "resourceServers", "resourceServers"),
    ("grants", "clientGrants", "clientGrants"),
    ("roles", "roles", "roles"),
    ("organizations", "organizations", "organizations"),
    ("connections", "connections", "connections"),
    ("database-connections", "databases", "connections"),
];

impl Project {
    /// Returns the items of each part of an export with their places, files named as seen from `here`. Parts have the names of
    /// `tenant.yaml`; databases are among the `connections`. What cannot be read is left out: [`Project::remarks`] has it.
    pub fn placed_parts(&self, here: &Path) -> Vec<(&'static str, Vec<Node>)> {
        let mut parts: Vec<(&'static str, Vec<Node>)> = Vec::new();
        let mut add = |name: &'static str, items: Vec<Node>| match parts
            .iter_mut()
            .find(|(known, _)| *known == name)
        {
            Some((_, known)) => known.extend(items),
            None => parts.push((name, items)),
        };
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
                    let Some(NodeValue::Object(sections)) =
                        self.placed(file, here).map(|node| node.value)
                    else {
                        continue;
                    };
                    for Entry { key, value, .. } in sections {
                        let known = PARTS.iter().find(|(_, section, _)| *section == key);
                        if let (Some((_, _, name)), NodeValue::List(items)) = (known, value.value) {
                            add(name, items);
                        }
                    }
                }
                [folder, _, ..] => {
                    let known = PARTS.iter().find(|(known, _, _)| known == folder);
                    if let Some((_, _, name)) = known
                        && let Some(item) = self.placed(file, here)
                    {
                        add(name, vec![item]);
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
            for (part, items) in project.placed_parts(root) {
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
