//! The handlers of a trigger, with those that cannot be read.

use std::path::Path;

use postlogin_core::{Trigger, trigger::Binding};

use super::remarks::Part;
use super::{Action, NotRead, Project};
use crate::action::{ActionSource, Allowance};
use crate::door::admit_argument;
use crate::files::absolute;
use crate::{Error, Result};

impl Project {
    /// Returns everything that runs at a login: the enabled Rules, then the Actions bound to `post-login`. Empty if there is nothing.
    ///
    /// # Errors
    /// When one of them can't be read.
    pub fn login_sources(&self, working_folder: &Path) -> Result<Vec<ActionSource>> {
        self.sources_of(Trigger::PostLogin, working_folder)
    }

    /// Returns what runs at a trigger: the Actions that are bound to it, or that token exchange profiles and event streams name
    /// for it, and, at a login, the enabled Rules before them.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn sources_of(&self, trigger: Trigger, working_folder: &Path) -> Result<Vec<ActionSource>> {
        all(self.parts_of(trigger, working_folder))
    }

    /// Returns the trigger of what runs when nobody names one: that of the binding, if there is one. Where nothing is bound, the
    /// handlers of the Actions tell.
    #[must_use]
    pub fn default_trigger(&self) -> Option<Trigger> {
        let is_login = |binding: &super::Binding| {
            binding.id == Trigger::PostLogin.id() && !binding.action_names.is_empty()
        };
        let is_bound = self.triggers.iter().any(is_login);
        is_bound.then_some(Trigger::PostLogin)
    }

    /// As [`sources_of`](Self::sources_of), with what cannot be read in its place: the others can run all the same.
    pub fn parts_of(
        &self,
        trigger: Trigger,
        working_folder: &Path,
    ) -> Vec<Result<ActionSource, NotRead>> {
        let left = &mut Allowance::default();
        let mut parts = match trigger {
            Trigger::PostLogin => self.rule_parts(working_folder, left),
            _ => Vec::new(),
        };
        if trigger.table().binding == Binding::Entity {
            let entities = self.entity_actions_each().into_iter();
            let entities = entities.filter(|(of, _)| *of == trigger);
            parts.extend(entities.map(|(_, action)| self.part(action, working_folder, left)));
            return parts;
        }
        parts.extend(self.bound_parts(trigger, working_folder, left));
        parts
    }

    fn rule_parts(
        &self,
        working_folder: &Path,
        left: &mut Allowance,
    ) -> Vec<Result<ActionSource, NotRead>> {
        let not_read = |name: &str, error: &Error| NotRead {
            name: name.to_owned(),
            is_rule: true,
            path: None,
            error: error.clone(),
        };
        // Whether they would run is not known.
        let broken = self.remarks.broken.iter();
        let broken = broken.filter(|broken| broken.part == Part::Rule);
        let broken = broken.map(|broken| Err(not_read(&broken.name, &broken.error)));
        let rules = self.enabled_rules().into_iter().map(|rule| {
            let source = self.rule_source(rule, working_folder);
            let source = source.and_then(|source| left.admit(&source).map(|()| source));
            source.map_err(|error| NotRead {
                path: Some(rule.script.clone()),
                ..not_read(&rule.name, &error)
            })
        });
        broken.chain(rules).collect()
    }

    fn bound_parts(
        &self,
        trigger: Trigger,
        working_folder: &Path,
        left: &mut Allowance,
    ) -> Vec<Result<ActionSource, NotRead>> {
        let bound = self.bind_each(trigger.id()).into_iter();
        bound
            .map(|action| self.part(action, working_folder, left))
            .collect()
    }

    fn part(
        &self,
        action: Result<&Action, NotRead>,
        working_folder: &Path,
        left: &mut Allowance,
    ) -> Result<ActionSource, NotRead> {
        let action = action?;
        let source = self.source(action, working_folder);
        let source = source.and_then(|source| left.admit(&source).map(|()| source));
        source.map_err(|error| NotRead {
            path: Some(action.code.clone()),
            ..NotRead::action(&action.manifest.name, error)
        })
    }
}

fn all(parts: Vec<Result<ActionSource, NotRead>>) -> Result<Vec<ActionSource>> {
    let parts = parts.into_iter();
    parts.map(|one| one.map_err(|it| it.error)).collect()
}

/// Returns the set that an argument stands for: the folder of a project, for all that runs at a login there; its folder
/// `rules`, for its enabled Rules; the id of a trigger, for the Actions that `project` binds to it. `None` for anything
/// else. What of it cannot be read is in its place.
///
/// # Errors
/// When the set is empty, or the project cannot be read.
pub fn login_set(
    argument: &str,
    working_folder: &Path,
    project: Option<&Project>,
) -> Result<Option<Vec<Result<ActionSource, NotRead>>>> {
    let folder = absolute(&working_folder.join(argument));
    admit_argument(&folder, argument)?;
    let (set, what) = if folder.is_dir() {
        if let Some(found) = root_at(&folder)? {
            // A folder with nothing that runs may still be that of one Action.
            let set = found.parts_of(Trigger::PostLogin, working_folder);
            return Ok(Some(set).filter(|set| !set.is_empty()));
        }
        let is_rules = folder.file_name().is_some_and(|name| name == "rules");
        match folder
            .parent()
            .filter(|_| is_rules)
            .map(root_at)
            .transpose()?
        {
            Some(Some(found)) => (
                found.rule_parts(working_folder, &mut Allowance::default()),
                "enabled Rule",
            ),
            Some(None) | None => return Ok(None),
        }
    } else {
        let trigger = Trigger::of_id(argument);
        match trigger.zip(project.filter(|project| project.action(argument).is_none())) {
            Some((trigger, project)) => (
                project.bound_parts(trigger, working_folder, &mut Allowance::default()),
                "Action",
            ),
            None => return Ok(None),
        }
    };
    if set.is_empty() {
        let message = format!("`{argument}`: no {what} runs at a login there");
        return Err(Error::new(message)
            .with_hint("name Rules and Actions one by one, with commas between them"));
    }
    Ok(Some(set))
}

/// The project whose root a folder is.
fn root_at(folder: &Path) -> Result<Option<Project>> {
    let found = Project::discover(folder)?;
    Ok(found.filter(|found| found.root.canonicalize().ok() == folder.canonicalize().ok()))
}
