//! The requests of the tenant's page to the pipeline: runs that store nothing, accounts of claims, sources, cases.

use std::io;
use std::sync::Arc;

use postlogin_core::explanation::{ClaimSites, Explanation, explain};
use postlogin_core::outcome::Outcome;
use postlogin_core::reads::{Record, Watch};
use postlogin_core::{ResumeStep, Trigger, complete_event};
use postlogin_engine::BoundAction;
use postlogin_generate::Generator;
use postlogin_host::{Conditions, Door, Traffic};
use postlogin_page::SourceText;
use postlogin_project::{Project, display_path};
use postlogin_tenant::{
    Inspection, LoginPipeline as _, LoginRequest, PipelineError, SavedCase, Seen,
};
use serde_json::Value;

use super::{Pipeline, internal, saved};
use crate::closely::requests;
use crate::lab::vocabulary;
use crate::texts::names_of;
use crate::{PreparedLogin, run_login};

/// The events that are made for each one asked for, at most: changes may leave an event as it was.
const TRIES: u64 = 10;
/// Why there are no cases of a project; the rest of a sentence.
pub(super) const NO_PROJECT: &str =
    "no project was found. Start `serve` in the folder of one, or with --project DIR";

impl Pipeline {
    /// Runs a login with the steps of its user, watched closely.
    pub(super) fn inspected(
        &self,
        login: LoginRequest,
        steps: Vec<ResumeStep>,
    ) -> Result<Inspection, PipelineError> {
        let program = self.library.now().map_err(PipelineError::Unloadable)?;
        let (actions, prepared) = self.prepared(&program, login)?;
        let traffic = Arc::new(Traffic::new(Arc::clone(&prepared.conditions.door)));
        let prepared = PreparedLogin {
            steps,
            watch: Watch::Places,
            conditions: Conditions {
                door: Arc::clone(&traffic) as Arc<dyn Door>,
                ..prepared.conditions
            },
            ..prepared
        };
        let run = |actions: &[BoundAction]| {
            let slot = self.slots.take();
            let prepared = PreparedLogin {
                conditions: self.in_place(&slot, &prepared.conditions),
                ..prepared
            };
            let ran = run_login(actions, prepared, None);
            drop(slot);
            ran
        };
        let (ran, coverage, sites) = match self.library.counted(&program) {
            Some(counted) => {
                let (ran, coverage, sites) = counted.run(run);
                (ran, coverage, Some(sites))
            }
            None => (run(actions), Vec::new(), None),
        };
        Ok(Inspection {
            finished: ran.map_err(|error| internal(&error))?,
            seen: Seen {
                coverage,
                requests: requests(&traffic, &self.library.mask),
                sites,
            },
        })
    }

    /// Returns generated events like one, all different from it and from each other: fewer than `count` if there are no more.
    pub(super) fn generated(
        &self,
        event: &Value,
        seed: u64,
        count: usize,
    ) -> Result<Vec<Value>, String> {
        let program = self.library.now()?;
        let words = vocabulary(program.sources_of(Trigger::PostLogin));
        let generator = Generator::around(Trigger::PostLogin, seed, words, event.clone());
        let mut events: Vec<Value> = Vec::new();
        let tries = u64::try_from(count).unwrap_or(u64::MAX);
        for number in 1..=tries.saturating_mul(TRIES) {
            if events.len() == count {
                break;
            }
            let mut made = generator.event(number);
            complete_event(Trigger::PostLogin, &mut made);
            if made != *event && !events.contains(&made) {
                events.push(made);
            }
        }
        Ok(events)
    }

    /// Returns the account of a login without secrets.
    pub(super) fn account(
        &self,
        outcome: Outcome,
        record: Record,
        why: &[String],
        seen: Option<&ClaimSites>,
    ) -> Explanation {
        let trigger = outcome.trigger;
        let now = || self.library.now().map(|now| now.claim_sites(trigger));
        let mut explanation = match seen.map_or_else(now, |seen| Ok(seen.clone())) {
            Ok(sites) => {
                let mut names = why.to_vec();
                let more = names_of(&sites).into_iter();
                names.extend(more.filter(|name| !why.contains(name)));
                explain(outcome, record, &names, &sites)
            }
            // The sources cannot be read now; what the login did is known all the same.
            Err(_) => explain(outcome, record, why, &Default::default()),
        };
        explanation.redact_by(&self.library.mask);
        explanation
    }

    /// Returns the sources without secrets.
    pub(super) fn texts(&self) -> Result<Vec<SourceText>, PipelineError> {
        let program = self.library.now().map_err(PipelineError::Unloadable)?;
        let mut texts = program.texts();
        for source in &mut texts {
            self.library.mask.text(&mut source.text);
        }
        Ok(texts)
    }

    pub(super) fn masked(&self, value: &mut Value) {
        self.library.mask.value(value);
    }

    /// Returns the file and the text of a case; writes it if asked.
    pub(super) fn saved(&self, case: &SavedCase, writes: bool) -> Result<(String, String), String> {
        let here = self.library.here();
        let project = match Project::discover(here) {
            Ok(Some(project)) => project,
            Ok(None) => return Err(format!("No case can be written: {NO_PROJECT}")),
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
