//! The logins of a comparison: the event of each, both sides, and the smallest event that shows a difference.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use postlogin_core::Trigger;
use postlogin_core::event::sample;
use postlogin_core::outcome::Status;
use postlogin_core::reads::Watch;
use postlogin_engine::BoundAction;
use postlogin_generate::{Generator, difference as changes_between, is_plausible, patch, shrink};
use postlogin_host::Mock;
use postlogin_project::{ActionSource, Secret};
use serde_json::Value;

use super::difference::{Key, differences};
use super::{CompareError, CompareOptions, Difference, Found, Origin, Side, What};
use crate::case::unloadable;
use crate::endless::is_endless;
use crate::lab::{Ran, Setting, placeholders, seen_by, vocabulary};
use crate::plan::event_of;

/// The differences of one login.
pub(super) struct Shown {
    /// Its differences, the first ones.
    pub(super) keys: Vec<Key>,
    /// The number of its differences that have no key here.
    pub(super) further: u64,
    pub(super) statuses: (Status, Status),
    pub(super) unanswered: bool,
    /// The fault with which it failed on both sides, if that is the same.
    pub(super) fault: Option<String>,
    /// The number of sides that computed until their time was over.
    pub(super) endless: u8,
    /// The time that each side had.
    pub(super) limit: Duration,
    /// The time that both sides took.
    pub(super) took: Duration,
    /// Of a login with an endless side: it is not run again.
    differences: Vec<Difference>,
}

/// The number of differences of one login that are compared with those of others.
const MOST_KEYS: usize = 2_000;

/// After so many runs that compute until their time is over, an event is not made smaller any more.
const ENDLESS_ATTEMPTS: u8 = 2;

/// The time after which a login counts as endless while an event is made smaller.
pub(super) const SHRINKING: Duration = Duration::from_secs(2);

/// The logins that show the same difference.
pub(super) struct Group {
    pub(super) key: Key,
    pub(super) first: u64,
    pub(super) logins: u64,
}

/// Both sides with the secrets that they see.
pub(super) struct Pair {
    pub(super) left: Vec<BoundAction>,
    pub(super) right: Vec<BoundAction>,
}

impl Pair {
    pub(super) fn new(
        (left, right): (&Side, &Side),
        given: &[Secret],
        made_up: &[Secret],
        trigger: Trigger,
    ) -> Self {
        let side = |side: &Side| {
            let actions = side.actions.iter();
            let actions = actions.map(|(source, action)| {
                let seen = seen_by(source, given, made_up);
                action.bound(source, &seen, trigger)
            });
            actions.collect()
        };
        Self {
            left: side(left),
            right: side(right),
        }
    }

    fn run(&self, setting: &Setting<'_>, event: &Value) -> anyhow::Result<Both> {
        let mut endless = 0;
        let mut side = |actions: &[BoundAction]| {
            let began = Instant::now();
            let ran = setting.run(actions, event.clone())?;
            if ran.outcome.status == Status::Failed
                && is_endless(began.elapsed(), setting.budget.time)
            {
                endless += 1;
            }
            anyhow::Ok(ran)
        };
        let (left, right) = (side(&self.left)?, side(&self.right)?);
        Ok(Both {
            left,
            right,
            endless,
        })
    }
}

/// A login on both sides.
struct Both {
    left: Ran,
    right: Ran,
    /// The number of sides that computed until their time was over.
    endless: u8,
}

impl Both {
    fn differences(&self) -> Vec<Difference> {
        differences(&self.left, &self.right)
    }
}

pub(super) struct Work<'a> {
    left: &'a Side,
    right: &'a Side,
    options: &'a CompareOptions<'a>,
    pub(super) plain: Pair,
    /// Settings of Rules that the other side's Actions see as secrets, in logins of cases, too.
    pub(super) settings: Vec<Secret>,
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
            plain: Pair::new((left, right), &options.secrets, &made_up, options.trigger),
            mocks: Arc::new(options.mocks.clone()),
            generator,
            settings: made_up.into_iter().filter(is_setting).collect(),
        }
    }

    /// The setting of logins without a case.
    pub(super) fn plain_setting(&self) -> Setting<'a> {
        let mut setting = Setting::of(self.options.trigger, None, self.options.tenant);
        setting.mocks = Arc::clone(&self.mocks);
        setting.now_ms = self.options.now_ms.unwrap_or(setting.now_ms);
        setting.budget = self.options.budget;
        setting
    }

    /// Where the login with a number comes from: events, then cases, then generated ones.
    pub(super) fn origin(&self, number: u64) -> Origin {
        let index = usize::try_from(number).unwrap_or(usize::MAX);
        if let Some((name, _)) = self.options.events.get(index) {
            return Origin::Event(name.clone());
        }
        let index = index.saturating_sub(self.options.events.len());
        match self.options.cases.get(index) {
            Some(planned) => Origin::Case(planned.case.full_name.clone()),
            None => Origin::Generated(index.saturating_sub(self.options.cases.len()) as u64),
        }
    }

    /// The login with a number.
    fn login(&self, number: u64) -> anyhow::Result<(Origin, Value, Setting<'a>, Option<Pair>)> {
        let origin = self.origin(number);
        let index = usize::try_from(number).unwrap_or(usize::MAX);
        let (event, setting, pair) = match &origin {
            Origin::Event(_) => {
                let event = self.options.events.get(index);
                let event = event.map(|(_, event)| event.clone()).unwrap_or_default();
                (event, self.plain_setting(), None)
            }
            Origin::Case(_) => {
                let index = index.saturating_sub(self.options.events.len());
                let planned = self.options.cases.get(index);
                let planned = planned.ok_or_else(|| anyhow::anyhow!("there is no such case"))?;
                let event = event_of(planned.trigger, &planned.case, &planned.bases)
                    .map_err(|error| anyhow::anyhow!("{error}"))?;
                let setting = Setting::of(planned.trigger, Some(planned), self.options.tenant);
                let secrets = &planned.case.secrets;
                let sides = (self.left, self.right);
                let pair = Pair::new(sides, secrets, &self.settings, planned.trigger);
                (event, setting, Some(pair))
            }
            Origin::Generated(number) => {
                (self.generator.event(*number), self.plain_setting(), None)
            }
        };
        Ok((origin, event, setting, pair))
    }

    pub(super) fn shown(&self, number: u64) -> Result<Shown, CompareError> {
        let (_, event, setting, pair) = self.login(number)?;
        let pair = pair.as_ref().unwrap_or(&self.plain);
        let began = Instant::now();
        let both = pair.run(&setting, &event)?;
        let found = both.differences();
        let Both {
            left,
            right,
            endless,
        } = both;
        for (side, ran) in [(self.left, &left), (self.right, &right)] {
            if let Some(mut error) = unloadable(&ran.outcome) {
                error.message = format!("{}: {}", side.name, error.message);
                return Err(CompareError::Load(error));
            }
        }
        let unanswered = |ran: &Ran| crate::fuzz::lacks_network(&ran.outcome);
        let is_same = left.outcome.status == Status::Failed
            && right.outcome.status == Status::Failed
            && found.iter().all(|one| one.what != What::Error);
        let fault = left.outcome.error.as_ref().filter(|_| is_same);
        Ok(Shown {
            keys: found.iter().take(MOST_KEYS).map(Difference::key).collect(),
            further: found.len().saturating_sub(MOST_KEYS) as u64,
            statuses: (left.outcome.status, right.outcome.status),
            unanswered: unanswered(&left) || unanswered(&right),
            fault: fault.map(|error| format!("{}: {}", error.name, error.message)),
            endless,
            limit: setting.budget.time,
            took: began.elapsed(),
            differences: found.into_iter().filter(|_| endless > 0).collect(),
        })
    }

    /// The first login of a group, made smaller in so many attempts if its event is generated, and how many runs computed until
    /// their time was over meanwhile.
    pub(super) fn smallest(
        &self,
        group: &Group,
        first_shown: Option<&Shown>,
        attempts: usize,
    ) -> anyhow::Result<(Option<Found>, u8)> {
        let (first, event, mut setting, pair) = self.login(group.first)?;
        let pair = pair.as_ref().unwrap_or(&self.plain);
        let trigger = self.options.trigger;
        let base = sample(trigger);
        let of_group = |one: &Difference| one.key() == group.key;
        let found = |difference: Difference, event: Value, is_small: bool| Found {
            difference,
            logins: group.logins,
            first: first.clone(),
            is_small,
            changes: changes_between(&base, &event),
            patch: patch(&base, &event),
            event,
        };
        if let Some(shown) = first_shown.filter(|shown| shown.endless > 0) {
            let mut known = shown.differences.iter();
            let known = known.find(|one| of_group(one)).cloned();
            return Ok((known.map(|difference| found(difference, event, false)), 0));
        }
        let endless = AtomicU8::new(0);
        let whole_time = setting.budget.time;
        setting.budget.time = whole_time.min(SHRINKING);
        let shown = |setting: &Setting<'_>, event: &Value| {
            // Smaller events may lead to code that never ends.
            if endless.load(Ordering::Relaxed) >= ENDLESS_ATTEMPTS {
                return None;
            }
            let both = pair.run(setting, event).ok()?;
            endless.fetch_add(both.endless, Ordering::Relaxed);
            both.differences().into_iter().find(of_group)
        };
        let is_small = matches!(first, Origin::Generated(_)) && attempts > 0;
        let smaller = match is_small {
            true => {
                let small = shrink(&event, &base, attempts, |candidate| {
                    is_plausible(trigger, candidate) && shown(&setting, candidate).is_some()
                });
                small.event
            }
            false => event.clone(),
        };
        let met = endless.swap(0, Ordering::Relaxed);
        setting.budget.time = whole_time;
        setting.watch = Watch::Paths;
        let last = shown(&setting, &smaller);
        Ok((
            last.map(|difference| found(difference, smaller, is_small)),
            met,
        ))
    }
}
