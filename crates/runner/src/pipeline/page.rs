//! The requests of the tenant's page to the pipeline: runs that store nothing, accounts of claims, sources, cases.

use std::io;

use postlogin_core::ResumeStep;
use postlogin_core::explanation::{Explanation, explain};
use postlogin_core::outcome::Outcome;
use postlogin_core::reads::{Record, Watch};
use postlogin_core::redact::Mask;
use postlogin_engine::BoundAction;
use postlogin_page::SourceText;
use postlogin_project::{Project, display_path};
use postlogin_tenant::{Inspection, LoginPipeline as _, LoginRequest, PipelineError, SavedCase};
use serde_json::Value;

use super::{Pipeline, internal, saved};
use crate::texts::names_of;
use crate::{PreparedLogin, run_login};

impl Pipeline {
    /// Runs a login with the steps of its user, watched closely.
    pub(super) fn inspected(
        &self,
        login: LoginRequest,
        steps: Vec<ResumeStep>,
    ) -> Result<Inspection, PipelineError> {
        let program = self.library.now().map_err(PipelineError::Unloadable)?;
        let (actions, prepared) = self.prepared(&program, login)?;
        let prepared = PreparedLogin {
            steps,
            watch: Watch::Places,
            ..prepared
        };
        let run = |actions: &[BoundAction]| {
            let slot = self.slots.take();
            let ran = run_login(actions, prepared, None);
            drop(slot);
            ran
        };
        let (ran, coverage) = match self.library.counted(&program) {
            Some(counted) => counted.run(run),
            None => (run(actions), Vec::new()),
        };
        Ok(Inspection {
            finished: ran.map_err(|error| internal(&error))?,
            coverage,
        })
    }

    /// Returns the account of a login without secrets.
    pub(super) fn account(&self, outcome: Outcome, record: Record, why: &[String]) -> Explanation {
        let trigger = outcome.trigger;
        let mut explanation = match self.library.now() {
            Ok(program) => {
                let sites = program.claim_sites(trigger);
                let mut names = why.to_vec();
                let more = names_of(&sites).into_iter();
                names.extend(more.filter(|name| !why.contains(name)));
                explain(outcome, record, &names, &sites)
            }
            // The sources cannot be read now; what the login did is known all the same.
            Err(_) => explain(outcome, record, why, &Default::default()),
        };
        self.redact(&mut explanation.outcome);
        explanation.redact(&self.secret_values());
        explanation
    }

    pub(super) fn secret_values(&self) -> Vec<&str> {
        let secrets = self.library.secrets().iter();
        secrets.map(|secret| secret.value.as_str()).collect()
    }

    /// Returns the sources without secrets.
    pub(super) fn texts(&self) -> Result<Vec<SourceText>, PipelineError> {
        let program = self.library.now().map_err(PipelineError::Unloadable)?;
        let mask = Mask::of(&self.secret_values());
        let mut texts = program.texts();
        for source in &mut texts {
            mask.text(&mut source.text);
        }
        Ok(texts)
    }

    pub(super) fn masked(&self, value: &mut Value) {
        Mask::of(&self.secret_values()).value(value);
    }

    /// Returns the file and the text of a case; writes it if asked.
    pub(super) fn saved(&self, case: &SavedCase, writes: bool) -> Result<(String, String), String> {
        let here = self.library.here();
        let project = match Project::discover(here) {
            Ok(Some(project)) => project,
            Ok(None) => return Err("There is no project to write a case into.".to_owned()),
            Err(error) => return Err(error.sentence()),
        };
        // A file of cases is committed: no secret belongs into it.
        let mut case = case.clone();
        self.masked(&mut case.event);
        self.redact(&mut case.outcome);
        let (file, text) = saved::of(&project, &case);
        let shown = display_path(&file, here);
        if writes {
            saved::write(&project, &file, &text).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    format!("{shown} is there already. Choose another description.")
                }
                _ => format!("{shown} cannot be written: {error}"),
            })?;
        }
        Ok((shown, text))
    }
}
