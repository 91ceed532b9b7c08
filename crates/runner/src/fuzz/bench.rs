//! A target that is ready for logins, and the way from a login that showed a fault to a finding.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use postlogin_core::event::sample;
use postlogin_core::outcome::Outcome;
use postlogin_engine::BoundAction;
use postlogin_generate::{Generator, difference, is_plausible, patch, shrink};
use postlogin_host::Mock;
use postlogin_project::document::node::{Place, Source};
use postlogin_project::{ActionSource, Secret, TenantData};
use serde_json::Value;

use super::finding::{Fault, Finding, faults, lacks_network};
use super::group::Known;
use super::{FuzzOptions, Target, Targets, case_file, target};
use crate::case::Compiled;
use crate::lab::{Setting, placeholders, seen_by, vocabulary};
use crate::load::{LoadError, Loaded, trigger_of_all};
use crate::run_event::{CaseResult, CaseStatus, Failure};

/// So many events are tried to make one smaller.
const ATTEMPTS: usize = 600;

/// Where an attempt that shows the same computes for [`LESS_TIME`].
const ENDLESS_ATTEMPTS: usize = 40;

/// The time after which a login counts as endless while an event is made smaller; in the end, the whole time is tried.
const LESS_TIME: Duration = Duration::from_secs(3);

/// A target, ready for logins.
pub(super) struct Bench<'a> {
    sources: Vec<&'a ActionSource>,
    pub(super) actions: Vec<BoundAction>,
    secrets: Vec<Secret>,
    pub(super) setting: Setting<'a>,
    pub(super) generator: Generator,
}

/// The smallest login that shows a fault.
pub(super) enum Found {
    Broken(Failure),
    Small {
        fault: Box<Fault>,
        event: Value,
        outcome: Box<Outcome>,
        actions: Vec<usize>,
        mocks: Vec<Mock>,
        challenged: bool,
    },
}

impl<'a> Bench<'a> {
    pub(super) fn new(
        target: &'a Target,
        targets: &'a Targets,
        compiled: &Compiled,
        tenant: &'a TenantData,
        seed: u64,
    ) -> Result<Self, LoadError> {
        // What does not load is reported already.
        let indices = target.actions.iter().copied();
        let loaded: Vec<(&ActionSource, &Loaded)> = indices
            .filter_map(|index| {
                let action = compiled.get(index)?.as_ref().ok()?;
                Some((targets.sources.get(index)?, action))
            })
            .collect();
        let sources: Vec<&ActionSource> = loaded.iter().map(|(source, _)| *source).collect();
        let secrets = placeholders(sources.iter().copied());
        let trigger = match &target.template {
            Some(planned) => planned.trigger,
            None => trigger_of_all(sources.iter().copied())?,
        };
        let actions = loaded
            .iter()
            .map(|(source, action)| action.bound(source, &seen_by(source, &[], &secrets), trigger));
        let actions = actions.collect();
        let words = vocabulary(sources.iter().copied());
        Ok(Self {
            actions,
            secrets,
            setting: Setting::of(trigger, target.template.as_ref(), tenant),
            generator: Generator::new(trigger, seed, words, target.bases.clone()),
            sources,
        })
    }

    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.sources.iter().map(|one| one.name.as_str()).collect();
        names.join(", ")
    }

    /// The outcome of a login, or what is wrong with us. A panic is a finding of its own, not the end of all.
    pub(super) fn outcome(
        &self,
        actions: &[BoundAction],
        setting: &Setting<'_>,
        event: Value,
    ) -> Result<Outcome, String> {
        let ran = panic::catch_unwind(AssertUnwindSafe(|| setting.run(actions, event)));
        match ran {
            Ok(Ok(ran)) => Ok(ran.outcome),
            Ok(Err(error)) => Err(format!("{error:#}")),
            Err(_) => Err("postlogin panicked in this login".into()),
        }
    }

    /// The fault with this key, if the login shows it.
    fn shown(
        &self,
        key: &str,
        actions: &[BoundAction],
        setting: &Setting<'_>,
        event: &Value,
    ) -> Option<(Fault, Outcome)> {
        let outcome = self.outcome(actions, setting, event.clone()).ok()?;
        if lacks_network(&outcome) {
            return None;
        }
        let fault = faults(&outcome)
            .into_iter()
            .find(|fault| fault.key() == key)?;
        Some((fault, outcome))
    }

    pub(super) fn smallest(&self, known: &Known) -> Found {
        if let Some(broken) = &known.broken {
            return Found::Broken(match broken {
                Failure::Load(error) => Failure::Load(error.clone()),
                Failure::Internal(text) => Failure::Internal(text.clone()),
                _ => Failure::Internal(known.key.clone()),
            });
        }
        let event = self.generator.event(known.event);
        let key = known.key.as_str();
        let vanished = || Found::Broken(Failure::Internal(format!("seen once only: {key}")));
        let mut setting = self.setting.clone();
        let mut attempts = ATTEMPTS;
        if known.endless {
            setting.budget.time = setting.budget.time.min(LESS_TIME);
            attempts = ENDLESS_ATTEMPTS;
        }
        let mut chosen: Vec<usize> = (0..self.actions.len()).collect();
        let mut actions = self.actions.clone();
        let Some((fault, _)) = self.shown(key, &actions, &setting, &event) else {
            return vanished();
        };
        // The Action alone, if it needs no other one.
        if let Some(alone) = self.alone(&fault)
            && let Some(action) = self.actions.get(alone)
            && let action = std::slice::from_ref(action)
            && self.shown(key, action, &setting, &event).is_some()
        {
            (chosen, actions) = (vec![alone], action.to_vec());
        }
        let trigger = setting.trigger;
        let small = shrink(&event, &sample(trigger), attempts, |candidate| {
            is_plausible(trigger, candidate)
                && self.shown(key, &actions, &setting, candidate).is_some()
        });
        setting.mocks = Arc::new(self.fewest_mocks(key, &actions, &setting, &small.event));
        setting.budget = self.setting.budget;
        let Ok(ran) = setting.run(&actions, small.event.clone()) else {
            return vanished();
        };
        let mut found = faults(&ran.outcome).into_iter();
        match found.find(|fault| fault.key() == key) {
            Some(fault) => Found::Small {
                fault: Box::new(fault),
                event: small.event,
                outcome: Box::new(ran.outcome),
                actions: chosen,
                mocks: (*setting.mocks).clone(),
                challenged: ran.challenged,
            },
            None => vanished(),
        }
    }

    fn alone(&self, fault: &Fault) -> Option<usize> {
        if self.actions.len() < 2 {
            return None;
        }
        let name = fault.action()?;
        self.actions
            .iter()
            .position(|action| action.info.name == name)
    }

    /// The exchanges that the login needs: one that is not used fails a case.
    fn fewest_mocks(
        &self,
        key: &str,
        actions: &[BoundAction],
        setting: &Setting<'_>,
        event: &Value,
    ) -> Vec<Mock> {
        let mut mocks = (*setting.mocks).clone();
        let mut index = 0;
        while index < mocks.len() {
            let mut fewer = mocks.clone();
            fewer.remove(index);
            let mut fewer_of = setting.clone();
            fewer_of.mocks = Arc::new(fewer.clone());
            match self.shown(key, actions, &fewer_of, event) {
                Some(_) => mocks = fewer,
                None => index += 1,
            }
        }
        mocks
    }

    /// Writes a finding down, and makes of it what reporters take.
    pub(super) fn told(
        &self,
        known: &Known,
        found: Found,
        duration: Duration,
        of: u64,
        options: &FuzzOptions<'_>,
    ) -> io::Result<CaseResult> {
        let Found::Small {
            fault,
            event,
            outcome,
            actions,
            mocks,
            challenged,
        } = found
        else {
            let Found::Broken(failure) = found else {
                return Err(io::Error::other("a finding is small or broken"));
            };
            let place = self.place(None);
            return Ok(result("fuzz", place, failure, duration, None));
        };
        let sources: Vec<&ActionSource> = actions
            .iter()
            .filter_map(|index| self.sources.get(*index).copied())
            .collect();
        let base = sample(self.setting.trigger);
        let mut finding = Finding {
            actions: sources.iter().map(|source| source.name.clone()).collect(),
            logins: known.logins,
            of,
            first: known.first,
            changes: difference(&base, &event),
            patch: patch(&base, &event),
            event,
            case_file: None,
            command: format!(
                "postlogin test --fuzz {} --seed {}",
                known.first + 1,
                options.seed
            ),
            fault: *fault,
        };
        let template = self.setting.template;
        let text = case_file::Text {
            finding: &finding,
            outcome: &outcome,
            sources: &sources,
            project: options.project,
            secrets: &self.secrets,
            template,
            mocks: &mocks,
            challenged,
            seed: options.seed,
        };
        if options.writes {
            let folder = self.folder(options);
            let written = case_file::write(&folder, &text)?;
            let shown = postlogin_project::display_path(&written.path, options.working_folder);
            finding.command = format!("postlogin test {}", quoted(&shown));
            finding.case_file = Some((shown, written.is_new));
        }
        let place = self.place(Some(&finding.fault));
        let title = finding.fault.message();
        let failure = Failure::Found(Box::new(finding));
        Ok(result(&title, place, failure, duration, Some(outcome)))
    }

    /// Beside the case whose settings were taken, else where the command says.
    fn folder(&self, options: &FuzzOptions<'_>) -> PathBuf {
        let of_template = self
            .setting
            .template
            .and_then(|planned| planned.case.place.source.path.parent());
        let folder = of_template.unwrap_or(options.folder);
        match folder.ends_with(target::FOLDER) {
            true => folder.to_owned(),
            false => folder.join(target::FOLDER),
        }
    }

    /// The line of the source; else the Action's file.
    fn place(&self, fault: Option<&Fault>) -> Place {
        let at = fault.and_then(Fault::location);
        let file = match at {
            Some(at) => at.file.clone(),
            None => self
                .sources
                .first()
                .map(|source| source.display_path.clone())
                .unwrap_or_default(),
        };
        Place {
            source: Arc::new(Source {
                path: PathBuf::from(&file),
                shown: file,
            }),
            line: at.map_or(1, |at| at.line),
            column: at.map_or(1, |at| at.column),
        }
    }
}

pub(super) fn result(
    title: &str,
    place: Place,
    failure: Failure,
    duration: Duration,
    outcome: Option<Box<Outcome>>,
) -> CaseResult {
    let name: String = title
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(160)
        .collect();
    CaseResult {
        full_name: name.clone(),
        name,
        place,
        status: CaseStatus::Failed,
        failures: vec![failure],
        duration,
        outcome,
    }
}

pub(super) fn not_loaded(name: &str, file: &str, error: LoadError) -> CaseResult {
    let place = Place {
        source: Arc::new(Source {
            path: PathBuf::from(file),
            shown: file.to_owned(),
        }),
        line: 1,
        column: 1,
    };
    result(name, place, Failure::Load(error), Duration::ZERO, None)
}

/// As a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_./".contains(letter);
    match word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
