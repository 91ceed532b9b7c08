//! The ways on which helpers are called, and what ended a function before a place in it.

use std::collections::HashMap;

use oxc::semantic::SymbolId;
use oxc::span::Span;
use postlogin_core::explanation::EarlyEnd;

use super::conditions::{Around, Finder, Position};
use super::guard::Guards;
use super::helpers::{HelperId, Helpers};
use crate::coverage::trace::{Place, Trace};
use crate::source::resolve::Resolver;
use crate::source::resolve::claims::Given;
use crate::source::resolve::constants::Pieces;

/// The most calls of helpers that are kept.
const MOST_CALLS: usize = 2500;
/// The most routes to one place, and to all places of a text.
const MOST_ROUTES: usize = 64;
const MOST_ROUTES_OF_ALL: usize = 500;
/// The most calls of one route.
const DEEPEST: usize = 4;
/// The most jumps that are looked at for each place.
const MOST_JUMPS: usize = 200;

/// A call of a helper.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) helper: HelperId,
    /// Its arguments: the known parts of each as a string, and where it is.
    arguments: Vec<(Pieces, Given)>,
    pub(super) around: Around,
    pub(super) position: Position,
}

/// The calls of helpers in a text.
#[derive(Debug, Default)]
pub(super) struct HelperCalls {
    all: Vec<Call>,
    /// By helper, the numbers of its calls.
    of: HashMap<HelperId, Vec<usize>>,
    /// The number of times that a property is named of something unknown, by its name.
    pub(super) of_unknown: HashMap<String, usize>,
}

impl HelperCalls {
    pub(super) fn has_room(&self) -> bool {
        self.all.len() < MOST_CALLS
    }

    pub(super) fn push(
        &mut self,
        helper: HelperId,
        arguments: Vec<(Pieces, Given)>,
        around: Around,
        position: Position,
    ) {
        self.of.entry(helper).or_default().push(self.all.len());
        self.all.push(Call {
            helper,
            arguments,
            around,
            position,
        });
    }
}

/// A route to a place: the calls from the outermost in, and what is known of the claim's name on it.
pub(super) struct Way<'f> {
    pub(super) calls: Vec<&'f Call>,
    pub(super) name: Pieces,
    /// The expression that gives the claim its value, if a call passes it.
    pub(super) value: Option<Given>,
}

/// Follows calls back from a place.
pub(super) struct Router<'f> {
    resolver: &'f Resolver<'f>,
    helpers: &'f Helpers<'f>,
    calls: &'f HelperCalls,
    /// The number of routes that may still be found.
    left: usize,
}

impl<'f> Router<'f> {
    pub(super) fn new(
        resolver: &'f Resolver<'f>,
        helpers: &'f Helpers<'f>,
        calls: &'f HelperCalls,
    ) -> Self {
        Self {
            resolver,
            helpers,
            calls,
            left: MOST_ROUTES_OF_ALL,
        }
    }

    /// Returns the routes to a place in a helper, and the number of calls that were not followed. `value` gives the claim its
    /// value there.
    pub(super) fn routes(
        &mut self,
        position: &Position,
        name: &Pieces,
        value: Option<Given>,
    ) -> (Vec<Way<'f>>, usize) {
        let mut found = Vec::new();
        let mut omitted = 0;
        if let Some(helper) = position.helper {
            let passed = (name.clone(), value);
            self.follow(helper, &passed, &mut Vec::new(), &mut found, &mut omitted);
            omitted += self.other_uses(helper);
        }
        (found, omitted)
    }

    /// Where a helper is used otherwise, it may be called as well: exported, kept in an object, called on something unknown.
    fn other_uses(&self, id: HelperId) -> usize {
        let Some(helper) = self.helpers.get(id) else {
            return 0;
        };
        let of_unknown = |name: &String| self.calls.of_unknown.get(name).copied();
        match (helper.symbol, &helper.property) {
            (Some(symbol), _) => {
                let uses = self.resolver.scoping.get_resolved_reference_ids(symbol);
                uses.len()
                    .saturating_sub(self.calls.of.get(&id).map_or(0, Vec::len))
            }
            (None, property) => property.as_ref().and_then(of_unknown).unwrap_or(0),
        }
    }

    /// Returns what the value of a claim is outside of a call that passes it; `None` when the call decides, and is not known.
    fn value_in(&self, call: &Call, value: Option<Given>) -> Option<Given> {
        let value = value?;
        let variable = value.variable.filter(|_| !value.is_literal);
        match variable.and_then(|variable| self.parameter(call.helper, variable)) {
            Some(number) => call.arguments.get(number).map(|(_, given)| *given),
            None => Some(value),
        }
    }

    /// Returns the number of the parameter that a variable is.
    fn parameter(&self, helper: HelperId, variable: SymbolId) -> Option<usize> {
        let helper = self.helpers.get(helper)?;
        helper
            .parameters
            .iter()
            .position(|parameter| match parameter.as_slice() {
                [leaf] => leaf.symbol == variable && !leaf.is_part() && !leaf.is_replaced,
                _ => false,
            })
    }

    /// `inner` are the calls from the innermost out.
    fn follow(
        &mut self,
        helper: HelperId,
        (name, value): &(Pieces, Option<Given>),
        inner: &mut Vec<&'f Call>,
        found: &mut Vec<Way<'f>>,
        omitted: &mut usize,
    ) {
        let calls: &'f HelperCalls = self.calls;
        for number in calls.of.get(&helper).into_iter().flatten() {
            let Some(call) = calls.all.get(*number) else {
                continue;
            };
            // A function that calls itself was called from elsewhere first.
            if call.position.helper == Some(helper)
                || inner
                    .iter()
                    .any(|one| one.position.offset == call.position.offset)
            {
                continue;
            }
            if found.len() >= MOST_ROUTES || self.left == 0 {
                *omitted += 1;
                continue;
            }
            let name = self.name_in(call, name);
            let value = self.value_in(call, *value);
            inner.push(call);
            let outer = call
                .position
                .helper
                .filter(|outer| calls.of.contains_key(outer));
            match outer.filter(|_| inner.len() < DEEPEST) {
                Some(outer) => self.follow(outer, &(name, value), inner, found, omitted),
                None => {
                    self.left -= 1;
                    let calls = inner.iter().rev().copied().collect();
                    found.push(Way { calls, name, value });
                }
            }
            inner.pop();
        }
    }

    /// The name with the arguments of a call in the place of the helper's parameters.
    fn name_in(&self, call: &Call, name: &Pieces) -> Pieces {
        name.with(|variable| {
            let number = self.parameter(call.helper, variable)?;
            call.arguments.get(number).map(|(pieces, _)| pieces.clone())
        })
    }
}

/// A `break` or a `continue`.
#[derive(Debug, Clone)]
pub(super) struct Jump {
    pub(super) at: u32,
    /// The loop or the statement that it leaves.
    pub(super) from: Span,
    /// Where the function around it begins.
    pub(super) function: u32,
}

/// The early ends of functions and `try` blocks.
pub(super) struct Ends<'f> {
    make: Guards<'f>,
    trace: &'f Trace,
    /// For each `try` whose `catch` was entered: where the statement that threw begins.
    thrown: Vec<Option<(u32, u32)>>,
    /// Where the `return` statements that ran begin, by where their function begins, ascending.
    returned: HashMap<u32, Vec<u32>>,
    /// The `break` and `continue` statements that ran.
    left: Vec<Jump>,
}

impl<'f> Ends<'f> {
    /// Returns `None` when nothing was counted.
    pub(super) fn of(finder: &Finder<'_>, make: Guards<'f>) -> Option<Self> {
        let trace = make.trace?;
        let offset = |at: u32| make.text.offset(at);
        let mut statements = finder.statements.clone();
        statements.sort_unstable();
        let thrown = finder.tries.iter().map(|one| {
            let caught = trace.order(Place::Entry(offset(one.body)))?;
            let first = statements.partition_point(|at| *at < one.block.start);
            let inside = statements.iter().skip(first);
            let inside = inside.take_while(|at| **at < one.block.end);
            let begun =
                inside.filter_map(|at| Some((trace.order(Place::Statement(offset(*at)))?, *at)));
            // The last statement that began before the `catch` did is the one that threw.
            let last = begun.filter(|(order, _)| *order < caught).max()?;
            Some((last.1, one.clause))
        });
        let mut returned: HashMap<u32, Vec<u32>> = HashMap::new();
        for (function, at) in &finder.returns {
            if trace.has(Place::Statement(offset(*at))) {
                returned.entry(*function).or_default().push(*at);
            }
        }
        returned.values_mut().for_each(|all| all.sort_unstable());
        let ran = |jump: &&Jump| trace.has(Place::Statement(offset(jump.at)));
        Some(Self {
            left: finder
                .jumps
                .iter()
                .filter(ran)
                .take(MOST_JUMPS)
                .cloned()
                .collect(),
            make,
            trace,
            thrown: thrown.collect(),
            returned,
        })
    }

    /// Returns what kept a place from being reached: an exception in a `try` block around it, or a `return` before it.
    pub(super) fn before(&self, position: &Position) -> Option<EarlyEnd> {
        let place = |at: u32| self.make.text.place(at);
        let thrown = position.tries.iter().rev().find_map(|number| {
            let (thrown, clause) = (*self.thrown.get(*number)?)?;
            (thrown <= position.offset).then(|| EarlyEnd::Caught {
                thrown: place(thrown),
                caught: place(clause),
            })
        });
        let returned = || {
            position.functions.iter().rev().find_map(|function| {
                let all = self.returned.get(function)?;
                let before = all.partition_point(|at| *at < position.offset);
                let last = all.get(before.checked_sub(1)?)?;
                Some(EarlyEnd::Returned {
                    location: place(*last),
                })
            })
        };
        let left = || {
            let function = position.functions.last();
            let mut before = self.left.iter().rev();
            let last = before.find(|jump| {
                jump.at < position.offset
                    && Some(&jump.function) == function
                    && jump.from.start <= position.offset
                    && position.offset < jump.from.end
            })?;
            Some(EarlyEnd::Left {
                location: place(last.at),
            })
        };
        thrown.or_else(returned).or_else(left)
    }

    /// Whether the statement of a place began; `None` when that was not counted.
    pub(super) fn begun(&self, position: &Position) -> Option<bool> {
        let statement = Place::Statement(self.make.text.offset(position.statement));
        let begun = self.trace.counted(statement)?;
        Some(begun && self.has_begun(position))
    }

    /// Returns the exported handler that a place is in, if no run of it began.
    pub(super) fn idle_handler(
        &self,
        position: &Position,
        helpers: &Helpers<'_>,
    ) -> Option<String> {
        let outermost = *position.functions.first()?;
        let handler = helpers.handler(outermost)?;
        let begun = self
            .trace
            .has(Place::Function(self.make.text.offset(outermost)));
        (!begun).then(|| handler.to_owned())
    }

    /// Whether the function that a place is in ran at all.
    pub(super) fn has_begun(&self, position: &Position) -> bool {
        let innermost = position.functions.last();
        innermost.is_none_or(|function| {
            self.trace
                .has(Place::Function(self.make.text.offset(*function)))
        })
    }
}
