//! The logins of a comparison: the event of each, both sides, and the smallest event that shows a difference.

use std::sync::Arc;

use postlogin_core::event::sample;
use postlogin_core::outcome::Status;
use postlogin_core::reads::Watch;
use postlogin_engine::BoundAction;
use postlogin_generate::{Generator, difference as changes_between, is_plausible, patch, shrink};
use postlogin_host::Mock;
use postlogin_project::{ActionSource, Secret};
use serde_json::Value;

use super::difference::differences;
use super::{ATTEMPTS, CompareError, CompareOptions, Difference, Found, Origin, Side};
use crate::case::unloadable;
use crate::lab::{Ran, Setting, placeholders, seen_by, vocabulary};
use crate::plan::event_of;

/// The differences of one login.
pub(super) struct Shown {
    pub(super) keys: Vec<String>,
    pub(super) statuses: (Status, Status),
    pub(super) unanswered: bool,
}

/// The logins that show the same difference.
pub(super) struct Group {
    pub(super) key: String,
    pub(super) first: u64,
    pub(super) logins: u64,
}

/// Both sides with the secrets that they see.
struct Pair {
    left: Vec<BoundAction>,
    right: Vec<BoundAction>,
}

impl Pair {
    fn new(left: &Side, right: &Side, given: &[Secret], made_up: &[Secret]) -> Self {
        let side = |side: &Side| {
            let actions = side.actions.iter();
            let actions = actions.map(|(source, action)| {
                let seen = seen_by(source, given, made_up);
                action.bound(source, &seen)
            });
            actions.collect()
        };
        Self {
            left: side(left),
            right: side(right),
        }
    }

    fn run(&self, setting: &Setting<'_>, event: &Value) -> anyhow::Result<(Ran, Ran)> {
        let left = setting.run(&self.left, event.clone())?;
        let right = setting.run(&self.right, event.clone())?;
        Ok((left, right))
    }
}

pub(super) struct Work<'a> {
    left: &'a Side,
    right: &'a Side,
    options: &'a CompareOptions<'a>,
    plain: Pair,
    /// Settings of Rules that the other side's Actions see as secrets, in logins of cases, too.
    settings: Vec<Secret>,
    mocks: Arc<Vec<Mock>>,
    generator: Generator,
}

impl<'a> Work<'a> {
    pub(super) fn new(left: &'a Side, right: &'a Side, options: &'a CompareOptions<'a>) -> Self {
        let all = left.actions.iter().chain(&right.actions);
        let sources: Vec<&ActionSource> = all.map(|(source, _)| source).collect();
        let made_up = placeholders(sources.iter().copied());
        let bases = options.events.iter().map(|(_, event)| event.clone());
        let of_cases = options.cases.iter();
        let of_cases = of_cases
            .filter_map(|planned| event_of(planned.trigger, &planned.case, &planned.bases).ok());
        let generator = Generator::new(
            options.trigger,
            options.seed,
            vocabulary(sources.iter().copied()),
            bases.chain(of_cases).collect(),
        );
        let is_setting = |secret: &Secret| {
            let mut sources = sources.iter();
            sources.any(|source| source.configuration.contains_key(&secret.name))
        };
        Work {
            left,
            right,
            options,
            plain: Pair::new(left, right, &options.secrets, &made_up),
            mocks: Arc::new(options.mocks.clone()),
            generator,
            settings: made_up.into_iter().filter(is_setting).collect(),
        }
    }

    /// The setting of logins without a case.
    fn plain_setting(&self) -> Setting<'a> {
        let mut setting = Setting::of(self.options.trigger, None, self.options.tenant);
        setting.mocks = Arc::clone(&self.mocks);
        setting.now_ms = self.options.now_ms.unwrap_or(setting.now_ms);
        setting.budget = self.options.budget;
        setting
    }

    /// The login with a number: events, then cases, then generated ones.
    fn login(&self, number: u64) -> anyhow::Result<(Origin, Value, Setting<'a>, Option<Pair>)> {
        let events = self.options.events.len();
        let index = usize::try_from(number).unwrap_or(usize::MAX);
        if let Some((name, event)) = self.options.events.get(index) {
            let origin = Origin::Event(name.clone());
            return Ok((origin, event.clone(), self.plain_setting(), None));
        }
        let index = index.saturating_sub(events);
        if let Some(planned) = self.options.cases.get(index) {
            let event = event_of(planned.trigger, &planned.case, &planned.bases)
                .map_err(|error| anyhow::anyhow!("{error}"))?;
            let setting = Setting::of(planned.trigger, Some(planned), self.options.tenant);
            let secrets = &planned.case.secrets;
            let pair = Pair::new(self.left, self.right, secrets, &self.settings);
            let origin = Origin::Case(planned.case.full_name.clone());
            return Ok((origin, event, setting, Some(pair)));
        }
        let made_up = index.saturating_sub(self.options.cases.len()) as u64;
        let event = self.generator.event(made_up);
        Ok((
            Origin::Generated(made_up),
            event,
            self.plain_setting(),
            None,
        ))
    }

    pub(super) fn shown(&self, number: u64) -> Result<Shown, CompareError> {
        let (_, event, setting, pair) = self.login(number)?;
        let pair = pair.as_ref().unwrap_or(&self.plain);
        let (left, right) = pair.run(&setting, &event)?;
        if let Some(error) = unloadable(&left.outcome).or_else(|| unloadable(&right.outcome)) {
            return Err(CompareError::Load(error));
        }
        let found = differences(&left, &right);
        let unanswered = |ran: &Ran| crate::fuzz::lacks_network(&ran.outcome);
        Ok(Shown {
            keys: found.iter().map(Difference::key).collect(),
            statuses: (left.outcome.status, right.outcome.status),
            unanswered: unanswered(&left) || unanswered(&right),
        })
    }

    /// The first login of a group, made smaller if its event is generated.
    pub(super) fn smallest(&self, group: &Group) -> anyhow::Result<Option<Found>> {
        let (first, event, mut setting, pair) = self.login(group.first)?;
        let pair = pair.as_ref().unwrap_or(&self.plain);
        let shown = |setting: &Setting<'_>, event: &Value| {
            let (left, right) = pair.run(setting, event).ok()?;
            let found = differences(&left, &right);
            found.into_iter().find(|one| one.key() == group.key)
        };
        let trigger = self.options.trigger;
        let base = sample(trigger);
        let event = match first {
            Origin::Generated(_) => {
                let small = shrink(&event, &base, ATTEMPTS, |candidate| {
                    is_plausible(trigger, candidate) && shown(&setting, candidate).is_some()
                });
                small.event
            }
            Origin::Event(_) | Origin::Case(_) => event,
        };
        setting.watch = Watch::Paths;
        Ok(shown(&setting, &event).map(|difference| Found {
            difference,
            logins: group.logins,
            first,
            changes: changes_between(&base, &event),
            patch: patch(&base, &event),
            event,
        }))
    }
}
