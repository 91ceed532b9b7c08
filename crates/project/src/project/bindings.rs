//! The Actions that a trigger binds, and those that are bound and missing.

use std::path::PathBuf;

use postlogin_core::event::suggest::closest;

use super::{Action, Binding, Project, configuration, undescribed};
use crate::{Error, Result};

/// A binding that names an Action which the configuration does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingAction {
    /// Says so, with the file of the binding.
    pub error: Error,
    /// Whether an export says so: it leaves out the Actions of the Marketplace, which production has nevertheless.
    pub is_exported: bool,
}

/// A Rule or an Action that should run at a trigger and cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotRead {
    /// Its name, as far as it is known.
    pub name: String,
    /// Whether it is a Rule.
    pub is_rule: bool,
    /// Its code, which may not be there, as far as that is known.
    pub path: Option<PathBuf>,
    /// The reason, with the file.
    pub error: Error,
}

impl NotRead {
    pub(super) fn action(name: &str, error: Error) -> Self {
        Self {
            name: name.to_owned(),
            is_rule: false,
            path: None,
            error,
        }
    }
}

/// The replacement for the name of an Action that a binding names in a way that cannot be resolved.
const UNRESOLVED: &str = "unresolved";

impl Project {
    /// The Actions bound to a trigger (`post-login`) in the order in which they run; empty if there are none.
    ///
    /// Actions that an export leaves out, such as those of the Marketplace, are passed over as long as others are bound; the
    /// remarks name it. Fails if the binding names another Action that the configuration does not have.
    pub fn bind(&self, trigger: &str) -> Result<Vec<&Action>> {
        let bound = self.bind_each(trigger).into_iter();
        bound.map(|one| one.map_err(|it| it.error)).collect()
    }

    /// As [`bind`](Self::bind), with each Action that the configuration does not have in its place.
    pub(super) fn bind_each(&self, trigger: &str) -> Vec<Result<&Action, NotRead>> {
        let mut bindings = self.triggers.iter();
        let found = bindings.find(|binding| binding.id == trigger);
        let mut bound = Vec::new();
        if found.is_none_or(is_exported) {
            let unresolved = self.unresolved_in(trigger).cloned();
            bound.extend(unresolved.map(|error| Err(NotRead::action(UNRESOLVED, error))));
        }
        let Some(trigger) = found else {
            return bound;
        };
        let mut left_out = None;
        for name in &trigger.action_names {
            match self.bound(trigger, name) {
                Ok(action) => bound.push(Ok(action)),
                Err(error) if self.is_left_out(trigger, name) => {
                    left_out.get_or_insert(NotRead::action(name, error));
                }
                Err(error) => bound.push(Err(NotRead::action(name, error))),
            }
        }
        // Without any of its Actions, the login is not the one of production at all.
        if let Some(left_out) = left_out.filter(|_| bound.is_empty()) {
            bound.push(Err(left_out));
        }
        bound
    }

    /// Returns what is bound and missing, also what [`bind`](Self::bind) passes over, for every trigger of the configuration, also those that do not run here:
    /// one entry for each binding that names an Action which the configuration does not have.
    pub fn missing_in_bindings(&self) -> Vec<MissingAction> {
        let bindings = self.triggers.iter();
        let named = bindings.flat_map(|trigger| {
            let is_exported = is_exported(trigger);
            let names = trigger.action_names.iter();
            names.filter_map(move |name| {
                // One that is there and not read is no Action of the Marketplace, nor is one that has a script here or a similar name.
                let is_exported = is_exported
                    && undescribed::hint(self, name).is_none()
                    && closest(name, self.action_names()).is_none()
                    && self.remarks.broken_action(name).is_none();
                let error = self.bound(trigger, name).err()?;
                Some(MissingAction { error, is_exported })
            })
        });
        let replaced = |trigger: &Option<String>| {
            let mut bindings = self.triggers.iter();
            bindings.any(|known| Some(&known.id) == trigger.as_ref() && !is_exported(known))
        };
        let unresolved = self.remarks.unresolved.iter();
        let unresolved = unresolved.filter(|(trigger, _)| !replaced(trigger));
        let unresolved = unresolved.map(|(_, error)| MissingAction {
            error: error.clone(),
            is_exported: false,
        });
        named.chain(unresolved).collect()
    }

    /// Returns the items that are not resolved in the binding of a trigger.
    fn unresolved_in(&self, trigger: &str) -> impl Iterator<Item = &Error> {
        let all = self.remarks.unresolved.iter();
        let of_trigger = all.filter(move |(of, _)| of.as_deref().is_none_or(|of| of == trigger));
        of_trigger.map(|(_, error)| error)
    }

    /// Notes the bound Actions that do not run here because the export lacks them.
    pub(super) fn remark_left_out(&mut self) {
        let mut left_out = Vec::new();
        for trigger in &self.triggers {
            for name in &trigger.action_names {
                if self.is_left_out(trigger, name) {
                    left_out.extend(self.bound(trigger, name).err());
                }
            }
        }
        self.remarks.notices.extend(left_out);
    }

    /// Whether an Action is missing as those of the Marketplace are: nothing here looks like it.
    fn is_left_out(&self, trigger: &Binding, name: &str) -> bool {
        is_exported(trigger)
            && self.action(name).is_none()
            && self.remarks.broken_action(name).is_none()
            && undescribed::hint(self, name).is_none()
            && closest(name, self.action_names()).is_none()
    }

    /// Returns what to write instead of a path in a binding.
    fn name_in_path(&self, path: &str) -> String {
        let parts = path.rsplit(['/', '\\']);
        let mut stems = parts.map(|part| part.rsplit_once('.').map_or(part, |(stem, _)| stem));
        match stems.find(|stem| self.action(stem).is_some()) {
            Some(known) => format!("a binding lists names of Actions, not paths: `{known}`"),
            None => "a binding lists names of Actions, not paths".into(),
        }
    }

    fn bound(&self, trigger: &Binding, name: &str) -> Result<&Action> {
        self.action(name).ok_or_else(|| {
            if let Some(error) = self.remarks.broken_action(name) {
                return error.clone();
            }
            let error = Error::new(format!(
                "the trigger `{}` binds the Action `{name}`, which does not exist",
                trigger.id
            ))
            .in_file(&trigger.declared_in);
            if let Some(hint) = undescribed::hint(self, name) {
                return error.with_hint(hint);
            }
            if !is_exported(trigger) && name.contains(['/', '\\']) {
                return error.with_hint(self.name_in_path(name));
            }
            match closest(name, self.action_names()) {
                Some(near) => error.with_hint(format!("did you mean `{near}`?")),
                None => error.with_hint(
                    "Actions of the Marketplace are not exported; name the Actions to run instead",
                ),
            }
        })
    }
}

/// Whether an export says the binding.
fn is_exported(trigger: &Binding) -> bool {
    !trigger
        .declared_in
        .ends_with(configuration::CONFIGURATION_FILE)
}
