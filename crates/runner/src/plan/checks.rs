//! Secrets that no Action sees, modules that none requires, and files of cases that would share snapshots.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use postlogin_project::Error;
use postlogin_project::cases::Case;
use postlogin_project::document::node::Place;

use super::Planner;
use crate::load::dependencies::requires;
use crate::login::secrets_of;

impl Planner<'_> {
    pub(super) fn warn_about_unseen_secrets(&mut self, case: &Case, actions: &[usize]) {
        if actions
            .iter()
            .any(|index| self.unreadable.contains_key(index))
        {
            return;
        }
        for secret in &case.secrets {
            let given = std::slice::from_ref(secret);
            let seen = actions
                .iter()
                .filter_map(|index| self.actions.get(*index))
                .any(|source| secrets_of(source, given).contains_key(&secret.name));
            // Those of defaults are for many cases, and not each needs all of them.
            if !seen && case.own_secrets.contains(&secret.name) {
                let message = format!(
                    "no Action of the case `{}` declares the secret {}, so none sees it",
                    case.name, secret.name
                );
                let warning = case.place.error(message);
                self.warn(warning);
            }
        }
    }

    /// Modules that a case replaces and that nothing of it requires: a misspelt name would let the real one run.
    pub(super) fn check_modules(&mut self, case: &Case, actions: &[usize]) {
        let own = case
            .modules
            .iter()
            .map(|(mock, place)| (&mock.specifier, place));
        let own = own.filter(|(name, _)| case.own_modules.contains(name));
        let mut unused: Vec<(String, Place)> = own
            .map(|(name, place)| (name.clone(), place.clone()))
            .collect();
        // What an Action that is not read requires is not known.
        if actions.is_empty()
            || actions
                .iter()
                .any(|index| self.unreadable.contains_key(index))
        {
            return;
        }
        for source in actions.iter().filter_map(|index| self.actions.get(*index)) {
            if unused.is_empty() {
                return;
            }
            unused.retain(|(name, _)| !requires(source, name));
        }
        for (name, place) in unused {
            let message = format!("no Action of the case `{}` requires `{name}`", case.name);
            let hint = "name the module as the code requires it, packages included";
            self.warn(place.error(message).with_hint(hint));
        }
    }

    /// `a.case.yaml` and `a.case.json` would both have `a.snap`.
    pub(super) fn refuse_shared_snapshots(&mut self, files: &[PathBuf]) {
        let mut seen: HashMap<PathBuf, &Path> = HashMap::new();
        for file in files {
            let snapshot = postlogin_project::cases::snapshot_file(file);
            if let Some(first) = seen.insert(snapshot, file) {
                let shown = postlogin_project::display_path(file, self.working_folder);
                let first = postlogin_project::display_path(first, self.working_folder);
                let error =
                    Error::new(format!("its cases have the same names as those of {first}"));
                let error = error.in_file(&shown);
                self.refuse(error.with_hint("give one of the two files another name"));
            }
        }
    }
}
