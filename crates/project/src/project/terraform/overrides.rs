//! Override files: `override.tf`, `*_override.tf` and their JSON forms, which Terraform merges into what the other files say.
//!
//! An argument replaces the argument of its name, and a block replaces all blocks of its type, also generated ones; nested
//! blocks are not merged. Locals are replaced value by value. What overrides nothing is an error of Terraform.
//!
//! Source: <https://developer.hashicorp.com/terraform/language/files/override>.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use hcl_edit::Span;
use hcl_edit::structure::{BlockLabel, Body, Structure};

use super::{Module, PROVIDER, Resource, Written};
use crate::Error;
use crate::files::file_name;
use crate::project::remarks::{Broken, Part, Remarks};

/// Whether Terraform merges a file into the others.
pub(super) fn is_one(path: &Path) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    let stem = name.strip_suffix(".json").unwrap_or(&name);
    stem == "override.tf" || stem.ends_with("_override.tf")
}

/// Merges what one block of an override file says into a module.
pub(super) fn merge(module: &mut Module, over: Module, remarks: &mut Remarks) {
    let mut lost = Vec::new();
    replace("local", &mut module.locals, over.locals, &mut lost);
    replace("output", &mut module.outputs, over.outputs, &mut lost);
    for (name, default) in over.variables {
        match (module.variables.get_mut(&name), default) {
            (Some(known), Some(default)) => *known = Some(default),
            // It changes the type or the description.
            (Some(_), None) => {}
            (None, default) => {
                let at = default.map(|it| (it.file, it.expression.span().map_or(0, |at| at.start)));
                lost.push((format!("variable.{name}"), at));
            }
        }
    }
    for (known, over) in [
        (&mut module.calls, over.calls),
        (&mut module.resources, over.resources),
    ] {
        for over in over {
            let is_meant = |it: &&mut Resource| it.kind == over.kind && it.label == over.label;
            match known.iter_mut().find(is_meant) {
                Some(base) => base.apply(over),
                None if over.kind == "module" || over.kind.starts_with(PROVIDER) => {
                    let name = format!("{}.{}", over.kind, over.label);
                    lost.push((name, Some((over.file, over.at))));
                }
                // A resource of another provider.
                None => {}
            }
        }
    }
    for (name, at) in lost {
        let message =
            format!("Terraform refuses this: no other file has the {name} that it overrides");
        // The file that is read is the last one.
        let (file, at) = at.unwrap_or((module.files.len().saturating_sub(1), 0));
        let Some(file) = module.files.get(file) else {
            continue;
        };
        let (line, column) = file.place(at);
        remarks.broken.push(Broken {
            part: Part::Other,
            name,
            path: file.path.clone(),
            error: Error::new(message).in_file(&file.shown).at(line, column),
        });
    }
}

/// Names that override nothing, and where they are.
type Lost = Vec<(String, Option<(usize, usize)>)>;

fn replace(
    kind: &str,
    known: &mut HashMap<String, Written>,
    over: HashMap<String, Written>,
    lost: &mut Lost,
) {
    for (name, written) in over {
        match known.get_mut(&name) {
            Some(known) => *known = written,
            None => {
                let at = written.expression.span().map_or(0, |span| span.start);
                lost.push((format!("{kind}.{name}"), Some((written.file, at))));
            }
        }
    }
}

impl Resource {
    /// Lays a block of an override file over this one.
    fn apply(&mut self, over: Resource) {
        let names: HashSet<&str> = over.body.iter().map(name_of).collect();
        let without = |body: &mut Body| {
            let kept = std::mem::take(body).into_iter();
            *body = kept.filter(|it| !names.contains(name_of(it))).collect();
        };
        without(&mut self.body);
        self.overrides
            .iter_mut()
            .for_each(|(_, body)| without(body));
        self.overrides.push((over.file, over.body));
    }
}

/// The name of an argument, or the type of a block; of a `dynamic` one, the type that it generates.
fn name_of(structure: &Structure) -> &str {
    match structure {
        Structure::Attribute(attribute) => attribute.key.as_str(),
        Structure::Block(block) => {
            let label = block.labels.first().map(BlockLabel::as_str);
            let ident = block.ident.as_str();
            label.filter(|_| ident == "dynamic").unwrap_or(ident)
        }
    }
}
