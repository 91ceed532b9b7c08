//! The Action Modules that an Action may use.

use super::{ModuleSource, Surroundings};
use crate::door::Boundary;
use crate::project::manifest::Manifest;
use crate::{Error, Result};
use std::sync::Arc;

/// The modules of the project around an Action. One that the Action's configuration names must be there; without a
/// configuration every module of the project may be used.
pub(super) fn of_action(
    declared: Option<&Manifest>,
    surroundings: &Surroundings<'_>,
) -> Result<Vec<ModuleSource>> {
    let Some(project) = surroundings.project else {
        return Ok(Vec::new());
    };
    let mut sources = Vec::new();
    for module in &project.modules {
        let name = &module.manifest.name;
        let is_bound = declared.is_none_or(|manifest| {
            manifest
                .modules
                .iter()
                .any(|reference| reference.name == *name)
        });
        let display_path = surroundings.display(&module.code);
        let within = Boundary::around(&project.root);
        within.admit(&module.code, &display_path)?;
        if !module.code.is_file() {
            if !is_bound {
                continue;
            }
            let message =
                format!("the code of the Action Module `{name}` does not exist: {display_path}");
            return Err(Error::new(message).in_file(&surroundings.display(&module.declared_in)));
        }
        let text = match &module.inline {
            Some(text) => Arc::clone(text),
            None => {
                let text = within.read_text(&module.code, &display_path)?;
                project.mappings.replace(&text, &display_path)?.into()
            }
        };
        sources.push(ModuleSource {
            name: name.clone(),
            text,
            display_path,
            declared: module.manifest.clone(),
            is_bound,
        });
    }
    Ok(sources)
}
