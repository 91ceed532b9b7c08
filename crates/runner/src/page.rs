//! The cases of a run for the page: what the run says of each, and the account of its login.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use postlogin_core::Finished;
use postlogin_core::explanation::explain;
use postlogin_core::redact::Mask;
use postlogin_page::{Entry, Kind, Report};
use serde_json::Value;

use crate::case::{Compiled, DEFAULT_NOW_MS, watched};
use crate::plan::{Plan, PlannedCase};
use crate::report::{Reporter, in_words};
use crate::run_event::{CaseStatus, RunEvent};
use crate::texts::{claim_sites_of_all, names_of, texts_of};

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
    /// Returns the report of a run. Each case that ran is run once more, watched closely: what it reads, and where.
    pub fn report(&self, plan: &Plan, compiled: &Compiled) -> Report {
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
                account(&mut entry, planned, plan, compiled);
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

/// Adds the event and the account of a case.
fn account(entry: &mut Entry, planned: &PlannedCase, plan: &Plan, compiled: &Compiled) {
    let Some((mut event, finished)) = watched(&plan.actions, planned, compiled) else {
        return;
    };
    let Finished {
        outcome, record, ..
    } = finished;
    let used = planned.actions.iter();
    let used = used.filter_map(|index| plan.actions.get(*index));
    let sites = claim_sites_of_all(used);
    let mut explanation = explain(outcome, record, &names_of(&sites), &sites);
    if !planned.reveals_secrets {
        let secrets = planned.case.secrets.iter();
        let secrets: Vec<&str> = secrets.map(|secret| secret.value.as_str()).collect();
        explanation.outcome.redact(&secrets);
        explanation.redact(&secrets);
        Mask::of(&secrets).value(&mut event);
    }
    let client = event.pointer("/client/name").and_then(Value::as_str);
    client.unwrap_or_default().clone_into(&mut entry.client);
    let now = planned.case.now_ms.unwrap_or(DEFAULT_NOW_MS);
    entry.date = postlogin_core::iso_text(now);
    entry.event = event;
    entry.explanation = Some(explanation);
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
