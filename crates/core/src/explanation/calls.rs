//! Which places called for a claim, by the places of the calls themselves.

use std::collections::{HashMap, HashSet};

use super::places::order;
use super::{ClaimSite, MOST_OTHER_NAMES};
use crate::location::Location;
use crate::outcome::{NoValue, Outcome};

/// A place that called: its file and line, and its column if that is the column of a known place. Built files and source maps
/// can put a call elsewhere on its line.
type CallPlace<'l> = (&'l str, u32, Option<u32>);

/// The calls of a login that set claims, as seen from one name.
pub(super) struct Calls<'l> {
    /// The places that set the claim.
    set: HashSet<CallPlace<'l>>,
    /// The places that called for the claim without a value, and what they gave last.
    unset: HashMap<CallPlace<'l>, NoValue>,
    /// The names of the other claims that each place called for.
    others: HashMap<CallPlace<'l>, Vec<&'l str>>,
}

impl<'l> Calls<'l> {
    /// `sites` are the known places.
    pub(super) fn of(outcome: &'l Outcome, sites: &[ClaimSite], name: &str) -> Self {
        let known: HashSet<_> = sites.iter().map(|site| order(&site.location)).collect();
        let call_place = |place: &'l Location| {
            let column = Some(place.column).filter(|_| known.contains(&order(place)));
            (place.file.as_str(), place.line, column)
        };
        let mut set = HashSet::new();
        let mut unset = HashMap::new();
        let mut others: HashMap<CallPlace<'l>, Vec<&'l str>> = HashMap::new();
        let with_value = outcome.ledger.iter();
        let with_value = with_value.map(|entry| (&entry.name, &entry.location, None));
        let without = outcome.unset_claims.iter();
        let without = without.map(|call| (&call.name, &call.location, Some(call.value)));
        for (called, place, no_value) in with_value.chain(without) {
            let Some(place) = place.as_ref().map(call_place) else {
                continue;
            };
            match no_value {
                _ if called != name => {
                    let names = others.entry(place).or_default();
                    if names.len() < MOST_OTHER_NAMES && !names.contains(&called.as_str()) {
                        names.push(called);
                    }
                }
                Some(value) => {
                    unset.insert(place, value);
                }
                None => {
                    set.insert(place);
                }
            }
        }
        Self { set, unset, others }
    }

    /// Whether the place set the claim.
    pub(super) fn has_set(&self, site: &ClaimSite) -> bool {
        places(site).iter().any(|place| self.set.contains(place))
    }

    /// Returns the last thing that the place gave instead of a value, if it called for the claim without one.
    pub(super) fn no_value(&self, site: &ClaimSite) -> Option<NoValue> {
        places(site)
            .iter()
            .find_map(|place| self.unset.get(place))
            .copied()
    }

    /// The names of other claims for which the place was called. A place that names one claim calls for no other: such a call of its
    /// line is another one.
    pub(super) fn other_names(&self, site: &ClaimSite) -> Vec<String> {
        let [exact, _] = places(site);
        let names = self.others.get(&exact).filter(|_| site.name.len() > 1);
        let names = names.into_iter().flatten();
        names.map(|name| (*name).to_owned()).collect()
    }
}

/// Where a call of a place may be: at its own column, or somewhere on its line where no place is known.
fn places(site: &ClaimSite) -> [CallPlace<'_>; 2] {
    let (file, line) = (site.location.file.as_str(), site.location.line);
    [(file, line, Some(site.location.column)), (file, line, None)]
}
