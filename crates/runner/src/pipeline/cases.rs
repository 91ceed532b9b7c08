//! The cases of the project, for the page of its tenant.

use std::sync::atomic::AtomicBool;

use postlogin_page::Report;
use postlogin_project::Project;

use super::Pipeline;
use crate::execute::{RunOptions, run};
use crate::page::{Closely, Results};
use crate::plan::plan;
use crate::report::Reporters;
use crate::snapshot::Mode;

/// The most cases that the page runs at once; `postlogin test` runs all of them.
const MOST: usize = 500;

impl Pipeline {
    /// Runs the cases of the project as they are now, one after another, and returns what became of them. Snapshots are only
    /// compared.
    ///
    /// # Errors
    /// Why none can run, in one sentence.
    pub(super) fn tested(&self) -> Result<Report, String> {
        let here = self.library.here();
        let project = match Project::discover(here) {
            Ok(Some(project)) => project,
            Ok(None) => return Err(format!("No cases can run: {}", super::page::NO_PROJECT)),
            Err(error) => return Err(error.sentence()),
        };
        let paths = match project.test.paths.is_empty() {
            true => vec![project.home.clone()],
            false => project.test.paths.clone(),
        };
        let plan = plan(&paths, here).map_err(|errors| {
            let first = errors.first().map(postlogin_project::Error::sentence);
            first.unwrap_or_default()
        })?;
        if plan.cases.is_empty() {
            return Err("The project has no case yet. Save one of a login.".to_owned());
        }
        let selected: Vec<usize> = (0..plan.cases.len().min(MOST)).collect();
        let compiled = self.library.compiled(|compiler| {
            let actions = 0..plan.actions.len();
            actions.map(|index| plan.load(index, compiler)).collect()
        });
        let compiled: Vec<_> = compiled.map_err(|error| format!("{error:#}"))?;
        let options = RunOptions {
            selected: &selected,
            jobs: 1,
            fail_fast: false,
            snapshots: Mode::ReadOnly,
            working_folder: here,
        };
        let results = Results::default();
        let mut sink = Reporters(vec![Box::new(results.clone())]);
        // A case takes the sandbox of a login.
        let slot = self.slots.take();
        let ran = run(
            &plan,
            &compiled,
            &options,
            &AtomicBool::new(false),
            &mut sink,
        );
        drop(sink);
        drop(slot);
        ran.map_err(|error| error.to_string())?;
        let closely = self
            .library
            .compiled(|compiler| Closely::new(&plan, &compiled, compiler));
        let closely = closely.map_err(|error| format!("{error:#}"))?;
        let slot = self.slots.take();
        let report = results.report(&plan, &closely);
        drop(slot);
        Ok(report)
    }
}
