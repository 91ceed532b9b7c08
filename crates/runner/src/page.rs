//! The cases of a run for the page: what the run says of each, and the account of its login.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use postlogin_core::Finished;
use postlogin_core::explanation::explain;
use postlogin_core::redact::Mask;
use postlogin_page::{Entry, Kind, LineCount, Report};
use serde_json::Value;

use crate::case::{Compiled, DEFAULT_NOW_MS, watched};
use crate::closely::{Counters, requests};
use crate::load::{Compiler, LoadError, Loaded};
use crate::plan::{Plan, PlannedCase};
use crate::report::{Reporter, in_words};
use crate::run_event::{CaseStatus, RunEvent};
use crate::texts::{names_of, texts_of};

/// The most that the accounts of a report take, in bytes of JSON; cases after that have their result alone.
const MOST_BYTES: usize = 48 << 20;

/// The result of a case in words.
struct Told {
    name: String,
    verdict: &'static str,
    failures: Vec<String>,
    duration_us: u64,
}

/// Collects the results of cases. Clones collect into the same place.
#[derive(Clone, Default)]
pub struct Results(Rc<RefCell<Vec<Told>>>);

impl Reporter for Results {
    fn event(&mut self, event: &RunEvent<'_>) -> io::Result<()> {
        match event {
            RunEvent::Started { .. } => self.0.borrow_mut().clear(),
            RunEvent::CaseFinished(result) => {
                let (verdict, failures) = match &result.status {
                    CaseStatus::Passed => ("passed", Vec::new()),
                    CaseStatus::Skipped(reason) => ("skipped", vec![reason.clone()]),
                    CaseStatus::Failed => {
                        let failures = result.failures.iter();
                        let words = failures.map(|failure| in_words(result, failure));
                        ("failed", words.collect())
                    }
                };
                let micros = result.duration.as_micros();
                self.0.borrow_mut().push(Told {
                    name: result.full_name.clone(),
                    verdict,
                    failures,
                    duration_us: u64::try_from(micros).unwrap_or(u64::MAX),
                });
            }
            _ => {}
        }
        Ok(())
    }
}

impl Results {
    /// Returns the report of a run. Each case that ran is run once more, watched closely: what it reads, and where, which lines
    /// run, and which conditions are met.
    pub fn report(&self, plan: &Plan, closely: &Closely) -> Report {
        let told = self.0.borrow();
        let mut left = MOST_BYTES;
        let mut entries = Vec::new();
        for (number, told) in told.iter().enumerate() {
            let mut entry = Entry {
                id: (number + 1).to_string(),
                kind: Kind::Case,
                name: told.name.clone(),
                verdict: told.verdict.to_owned(),
                failures: told.failures.clone(),
                duration_us: told.duration_us,
                ..Entry::default()
            };
            let mut planned = plan.cases.iter();
            let planned = planned.find(|it| it.case.full_name == told.name);
            if let Some(planned) = planned.filter(|_| told.verdict != "skipped" && left > 0) {
                closely.account(&mut entry, planned, plan);
                let bytes = serde_json::to_string(&entry).map_or(0, |json| json.len());
                left = left.saturating_sub(bytes);
            }
            entries.push(entry);
        }
        Report {
            entries,
            sources: sources(plan),
            ..Report::of("test")
        }
    }
}

/// The Actions of a plan with counters.
pub struct Closely {
    compiled: Vec<Result<Loaded, LoadError>>,
    counters: Counters,
}

impl Closely {
    /// Loads them once more. `compiled` are those that ran.
    pub fn new(plan: &Plan, compiled: &Compiled, compiler: &mut Compiler<'_>) -> Self {
        // What did not load the first time is not tried again.
        let (compiled, counters) = compiler.counted(|compiler| {
            let known = compiled.iter().enumerate();
            let again = known.map(|(index, known)| match known {
                Ok(_) => plan.load(index, compiler),
                Err(error) => Err(error.clone()),
            });
            again.collect()
        });
        Self {
            compiled,
            counters: Counters::of(&plan.actions, counters),
        }
    }

    /// Adds the event and the account of a case.
    fn account(&self, entry: &mut Entry, planned: &PlannedCase, plan: &Plan) {
        self.counters.forget();
        let Some((mut event, finished, traffic)) = watched(&plan.actions, planned, &self.compiled)
        else {
            return;
        };
        let Finished {
            outcome, record, ..
        } = finished;
        let used = planned.actions.iter();
        let used: Vec<_> = used
            .filter_map(|index| Some((*index, plan.actions.get(*index)?)))
            .collect();
        let sites = self.counters.sites(used.iter().copied());
        let files: Vec<&str> = used
            .iter()
            .map(|(_, it)| it.display_path.as_str())
            .collect();
        let lines = self.counters.lines().into_iter();
        let is_used = |it: &LineCount| {
            files.contains(&it.file.as_str()) || it.lines.iter().any(|(_, count)| *count > 0)
        };
        entry.coverage = lines.filter(is_used).collect();
        let mut explanation = explain(outcome, record, &names_of(&sites), &sites);
        let secrets = planned.case.secrets.iter();
        let secrets: Vec<&str> = secrets.map(|secret| secret.value.as_str()).collect();
        let mask = Mask::of(&secrets);
        if !planned.reveals_secrets {
            explanation.redact_by(&mask);
            mask.value(&mut event);
        }
        entry.requests = Some(requests(&traffic, &mask));
        let client = event.pointer("/client/name").and_then(Value::as_str);
        client.unwrap_or_default().clone_into(&mut entry.client);
        let source = &planned.case.place.source;
        entry.arguments = vec![
            "test".into(),
            source.shown.clone(),
            "--filter".into(),
            planned.case.full_name.clone(),
        ];
        let now = planned.case.now_ms.unwrap_or(DEFAULT_NOW_MS);
        entry.date = postlogin_core::iso_text(now);
        entry.event = event;
        entry.explanation = Some(explanation);
    }
}

/// Returns the sources of all Actions of a plan, without the secrets of its cases.
fn sources(plan: &Plan) -> Vec<postlogin_page::SourceText> {
    let secrets = plan.cases.iter().flat_map(|planned| &planned.case.secrets);
    let secrets: Vec<&str> = secrets.map(|secret| secret.value.as_str()).collect();
    let mask = Mask::of(&secrets);
    let mut texts = texts_of(plan.actions.iter().map(|source| (None, source)));
    for source in &mut texts {
        mask.text(&mut source.text);
    }
    texts
}
