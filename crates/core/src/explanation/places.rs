//! The account of the places that may set a claim, and of the conditions in the way.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::calls::Calls;
use super::expected::may_be;
use super::{
    ClaimSite, Condition, ConditionAccount, EarlyEnd, Met, Reached, ReadValue, Region,
    RouteAccount, SiteAccount,
};
use crate::location::Location;
use crate::outcome::Outcome;
use crate::reads::{EventRead, Record};
use crate::sources::step;

/// A login, as far as places that set one claim are concerned.
pub(super) struct Login<'l> {
    outcome: &'l Outcome,
    /// The calls that set claims.
    calls: Calls<'l>,
    /// The reads of each Action at known places, by place, with their number in the order of the login.
    reads: HashMap<&'l str, Vec<(&'l Location, usize, &'l EventRead)>>,
}

impl<'l> Login<'l> {
    pub(super) fn new(
        outcome: &'l Outcome,
        record: &'l Record,
        sites: &[ClaimSite],
        name: &str,
    ) -> Self {
        let mut reads: HashMap<&str, Vec<_>> = HashMap::new();
        for (number, read) in record.reads.iter().enumerate() {
            if let Some(place) = &read.location {
                let of_action = reads.entry(read.action.as_str()).or_default();
                of_action.push((place, number, read));
            }
        }
        for of_action in reads.values_mut() {
            of_action.sort_by(|(one, first, read), (other, second, same)| {
                let one = (order(one), &read.path, first);
                one.cmp(&(order(other), &same.path, second))
            });
            // In a loop the same is read at the same place again and again.
            of_action.dedup_by(|(one, _, later), (other, _, earlier)| {
                order(one) == order(other) && later.path == earlier.path
            });
        }
        Self {
            outcome,
            calls: Calls::of(outcome, sites, name),
            reads,
        }
    }

    pub(super) fn account(&self, site: &ClaimSite, name: &str) -> SiteAccount {
        let (unset, others) = (self.calls.no_value(site), self.calls.other_names(site));
        let mut reached = match self.calls.has_set(site) {
            true => Reached::Yes,
            false if unset.is_some() => Reached::NoValue,
            false if !others.is_empty() => Reached::OtherNames,
            false => self.missed(site, name),
        };
        let is_missed = matches!(reached, Reached::No | Reached::Failed | Reached::OtherNames);
        let mut conditions = match is_missed {
            true => self.conditions(site, &site.conditions, &site.name, name),
            false => Vec::new(),
        };
        let routes = match is_missed {
            true => self.routes(site, name),
            false => Vec::new(),
        };
        match reached {
            Reached::OtherNames => of_some_calls(&mut conditions, &routes),
            _ => of_calls_for_it(&mut conditions, &routes, site),
        }
        let mut end = unexplained(site.end.as_ref(), reached, &conditions);
        if reached == Reached::OtherNames && !routes.iter().any(|route| !is_closed(route)) {
            end = None;
        }
        if reached == Reached::Failed {
            // What kept the call from being made whatever came after it is the better answer.
            let is_kept_away = end.is_some()
                || conditions
                    .iter()
                    .any(|condition| condition.met == Some(Met::No))
                || (!routes.is_empty() && routes.iter().all(is_shut));
            match is_kept_away {
                true => reached = Reached::No,
                false => end = self.thrown(),
            }
        }
        let by_route = || routes.iter().any(|route| route.certain);
        SiteAccount {
            action: site.action.clone(),
            method: site.method.clone(),
            location: site.location.clone(),
            certain: site.name.len() == 1 || by_route(),
            reached,
            no_value: unset.filter(|_| reached == Reached::NoValue),
            other_names: match reached {
                Reached::OtherNames => others,
                _ => Vec::new(),
            },
            omitted_routes: match routes.is_empty() {
                true => 0,
                false => site.omitted_routes,
            },
            end,
            routes,
            conditions,
        }
    }

    /// Returns what became of a place at which no call for the claim counts.
    fn missed(&self, site: &ClaimSite, name: &str) -> Reached {
        let outcome = self.outcome;
        if outcome.not_loaded().any(|action| action == site.action) {
            return Reached::NotLoaded;
        }
        let mut actions = outcome.usage.actions.iter();
        if !actions.any(|usage| usage.action == site.action) {
            return Reached::NotRun;
        }
        let error = outcome.error.as_ref();
        let failed = error.is_some_and(|error| error.action == site.action);
        if failed && self.was_called(site, name) {
            return Reached::Discarded;
        }
        let waits_in_vain = |handler: &Option<String>| {
            let entry = |name: &str| name.starts_with("onContinue");
            handler.as_deref().is_some_and(entry)
        };
        let mut routes = site.routes.iter();
        let never_continued = waits_in_vain(&site.idle_handler)
            || (!site.routes.is_empty()
                && site.omitted_routes == 0
                && routes.all(|route| waits_in_vain(&route.idle_handler)));
        match (never_continued, failed) {
            (true, _) => Reached::NotContinued,
            (false, true) => Reached::Failed,
            (false, false) => Reached::No,
        }
    }

    /// Whether the call was made by an Action that failed afterwards: its claims are not in the ledger.
    fn was_called(&self, site: &ClaimSite, name: &str) -> bool {
        let mut commands = self.outcome.commands.iter();
        let calls_it = commands.any(|command| {
            command.action == site.action
                && command.method == site.method
                && command.args.first().and_then(Value::as_str) == Some(name)
        });
        calls_it && site.begun != Some(false)
    }

    /// Returns where the Action failed.
    fn thrown(&self) -> Option<EarlyEnd> {
        let location = self.outcome.error.as_ref()?.location.clone()?;
        Some(EarlyEnd::Thrown { location })
    }

    /// The calls of the helper that a place is in, as far as they may be for a claim.
    fn routes(&self, site: &ClaimSite, name: &str) -> Vec<RouteAccount> {
        let routes = site.routes.iter();
        let routes = routes.filter(|route| may_be(&route.name, name));
        let routes = routes.map(|route| {
            let conditions = self.conditions(site, &route.conditions, &route.name, name);
            RouteAccount {
                calls: route.calls.clone(),
                certain: route.name.len() == 1,
                end: unexplained(route.end.as_ref(), Reached::No, &conditions),
                conditions,
            }
        });
        routes.collect()
    }

    /// The accounts of conditions. `parts` are the known parts of the name on the way through them.
    fn conditions(
        &self,
        site: &ClaimSite,
        conditions: &[Condition],
        parts: &[String],
        name: &str,
    ) -> Vec<ConditionAccount> {
        let accounts = conditions.iter().map(|condition| {
            let (inside, omitted_reads) = self.inside(&site.action, &condition.regions);
            let ways = Ways::of(inside.iter().copied());
            let mut known = HashSet::new();
            let leaves = inside.iter().filter(|read| !ways.has(read));
            let reads = leaves
                .filter(|read| known.insert(read.path.as_str()))
                .map(|read| ReadValue {
                    path: read.path.clone(),
                    present: read.present,
                    value: read.value.clone(),
                });
            ConditionAccount {
                text: condition.text.clone(),
                must_be: condition.must_be,
                met: condition.met,
                list: condition.list.filter(|_| condition.met == Some(Met::No)),
                location: condition.location.clone(),
                reads: reads.collect(),
                omitted_reads,
            }
        });
        let mut accounts: Vec<_> = accounts.collect();
        if let Some(part) = unknown_part(parts, name) {
            keep_reads_of(&mut accounts, part);
        }
        accounts
    }

    /// Returns the reads of an Action inside of the regions, in the order of the login; at most [`MOST_READS`] of each region, and how many
    /// there are beyond those.
    fn inside(&self, action: &str, regions: &[Region]) -> (Vec<&'l EventRead>, usize) {
        let reads = self.reads.get(action).map(Vec::as_slice);
        let reads = reads.unwrap_or_default();
        let mut inside: Vec<(usize, &EventRead)> = Vec::new();
        let mut omitted = 0;
        for region in regions {
            let first = reads.partition_point(|(place, ..)| order(place) < order(&region.start));
            let from = reads.iter().skip(first);
            let mut within = from.take_while(|(place, ..)| region.holds(place));
            let looked_at = within.by_ref().take(MOST_READS);
            inside.extend(looked_at.map(|(_, number, read)| (*number, *read)));
            omitted += within.count();
        }
        inside.sort_by_key(|(number, _)| *number);
        inside.dedup_by_key(|(number, _)| *number);
        let reads = inside.into_iter().map(|(_, read)| read);
        (reads.collect(), omitted)
    }
}

/// Whether the conditions of a call show that it was not made.
fn is_closed(route: &RouteAccount) -> bool {
    let mut met = route
        .conditions
        .iter()
        .filter_map(|condition| condition.met);
    route.end.is_some() || met.any(|met| matches!(met, Met::No | Met::NotEvaluated))
}

/// Whether a condition, or an early end, kept a call from being made, whatever else happened.
fn is_shut(route: &RouteAccount) -> bool {
    let mut conditions = route.conditions.iter();
    route.end.is_some() || conditions.any(|condition| condition.met == Some(Met::No))
}

/// Corrects what is known of the conditions in a helper that was reached for other claims: a call for this one came so far, or
/// not even into the helper. What was read for the others is left out.
fn of_some_calls(conditions: &mut Vec<ConditionAccount>, routes: &[RouteAccount]) {
    if routes.iter().all(is_closed) {
        conditions.clear();
    }
    conditions.retain(|condition| condition.met == Some(Met::Sometimes));
    for condition in conditions {
        condition.reads.clear();
        condition.omitted_reads = 0;
    }
}

/// Corrects what is known of the conditions in a helper: they were counted in all of its calls, and only those for the claim matter.
fn of_calls_for_it(conditions: &mut [ConditionAccount], routes: &[RouteAccount], site: &ClaimSite) {
    if site.routes.is_empty() || routes.is_empty() {
        return;
    }
    let never_called = routes.iter().all(is_closed);
    let only_call = site.routes.len() == 1 && site.omitted_routes == 0;
    if only_call && !never_called {
        return;
    }
    for condition in conditions {
        condition.met = match condition.met {
            Some(_) if never_called => Some(Met::NotEvaluated),
            _ => None,
        };
        condition.list = None;
        condition.reads.clear();
        condition.omitted_reads = 0;
    }
}

/// Returns what ended a function early, when the place was not reached and no condition explains why.
fn unexplained(
    end: Option<&EarlyEnd>,
    reached: Reached,
    conditions: &[ConditionAccount],
) -> Option<EarlyEnd> {
    let mut met = conditions.iter().filter_map(|condition| condition.met);
    let is_explained = match (end, reached) {
        // It was met for the others.
        (_, Reached::OtherNames) => met.any(|met| met == Met::Sometimes),
        // What was thrown before a condition kept it from being evaluated.
        (Some(EarlyEnd::Caught { .. }), _) => met.any(|met| met == Met::No),
        _ => met.any(|met| matches!(met, Met::No | Met::NotEvaluated)),
    };
    let may_have_ended = matches!(reached, Reached::No | Reached::Failed | Reached::OtherNames);
    end.filter(|_| may_have_ended && !is_explained).cloned()
}

/// The most reads of a region that are looked at.
const MOST_READS: usize = 100;

/// The order of places in the sources of a login.
pub(super) fn order(place: &Location) -> (&str, u32, u32) {
    (&place.file, place.line, place.column)
}

/// The paths that other reads went through: `event.user` for `event.user.email`.
pub(super) struct Ways<'r>(HashSet<&'r str>);

impl<'r> Ways<'r> {
    pub(super) fn of(reads: impl IntoIterator<Item = &'r EventRead>) -> Self {
        let mut ways = HashSet::new();
        for read in reads {
            let path = read.path.as_str();
            let steps = path
                .char_indices()
                .filter(|(_, letter)| matches!(letter, '.' | '['));
            for (at, _) in steps {
                ways.insert(path.get(..at).unwrap_or_default());
            }
        }
        Self(ways)
    }

    /// Whether another read went further down from this one.
    pub(super) fn has(&self, read: &EventRead) -> bool {
        self.0.contains(read.path.as_str())
    }
}

/// The value of the one unknown part of a name: `hobby` for `https://x/…` and `https://x/hobby`.
fn unknown_part<'n>(parts: &[String], name: &'n str) -> Option<&'n str> {
    let [before, after] = parts else { return None };
    name.strip_prefix(before.as_str())?
        .strip_suffix(after.as_str())
        .filter(|part| !part.is_empty())
}

/// In a loop over names, what was read for the others does not concern this one.
fn keep_reads_of(conditions: &mut [ConditionAccount], part: &str) {
    let ends = [step(part), format!("[{part}]")];
    let is_of = |read: &ReadValue| ends.iter().any(|end| read.path.ends_with(end.as_str()));
    for condition in conditions {
        if condition.reads.iter().any(is_of) {
            condition.reads.retain(is_of);
        }
    }
}
