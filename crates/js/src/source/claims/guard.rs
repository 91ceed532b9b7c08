//! One condition around a place, and whether it was met.

use oxc::ast::ast::{
    CallExpression, CatchClause, Expression, SwitchCase, SwitchStatement, UnaryOperator,
};
use oxc::span::{GetSpan, Span};
use postlogin_core::explanation::{ListState, Met};

use crate::coverage::trace::{Place, Seen, Trace};
use crate::text::Text;

/// A condition around a place.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    /// Where it is in the program.
    pub(super) span: Span,
    pub(super) must_be: bool,
    /// Its text, if that is not the part of the source that it is.
    pub(super) text: Option<String>,
    /// A further part of the program that decides it.
    pub(super) also: Option<Span>,
    /// Whether it was met; `None` when that was not counted.
    pub(super) met: Option<Met>,
    /// The state of a list without elements.
    pub(super) list: Option<ListState>,
}

/// Makes guards of a text.
#[derive(Clone, Copy)]
pub(super) struct Guards<'t> {
    pub(super) text: &'t Text<'t>,
    pub(super) trace: Option<&'t Trace>,
}

/// Methods that call their function for each element of a list, from the first on.
const THROUGH_LISTS: &[&str] = &[
    "every",
    "filter",
    "find",
    "findIndex",
    "flatMap",
    "forEach",
    "map",
    "some",
];

/// The most cases of a `switch` that the text of a condition names.
const MOST_CASES: usize = 8;

impl Guards<'_> {
    fn offset(&self, offset: u32) -> u32 {
        self.text.offset(offset)
    }

    /// A condition that has to be true, or false.
    pub(super) fn test(&self, condition: &Expression<'_>, must_be: bool) -> Guard {
        let seen = |trace: &Trace| trace.condition(condition, |at| self.offset(at));
        let met = self.trace.and_then(seen).map(|seen| met(seen, must_be));
        // `if (!x) return;` is read as: only if x.
        let (mut condition, mut must_be) = (condition.get_inner_expression(), must_be);
        while let Expression::UnaryExpression(not) = condition
            && not.operator == UnaryOperator::LogicalNot
            && !must_be
        {
            condition = not.argument.get_inner_expression();
            must_be = true;
        }
        Guard {
            span: condition.span(),
            must_be,
            text: None,
            also: None,
            met,
            list: None,
        }
    }

    /// The right of `??` is reached when the left is missing.
    pub(super) fn missing(&self, value: &Expression<'_>) -> Guard {
        let span = value.get_inner_expression().span();
        Guard {
            span: value.span(),
            must_be: false,
            text: None,
            also: None,
            list: None,
            met: self.value(span).map(|seen| met(seen, false)),
        }
    }

    /// A list, whose elements `entry` runs for; `begun` is evaluated even if there are none.
    /// `state` is that of the list when there were none.
    fn list(
        &self,
        list: Span,
        entry: Place,
        begun: impl Fn(&Trace) -> bool,
        state: impl Fn(&Trace) -> Option<ListState>,
    ) -> Guard {
        let seen = self.trace.map(|trace| Seen {
            yes: trace.has(entry),
            no: !trace.has(entry) && begun(trace),
        });
        Guard {
            span: list,
            must_be: true,
            text: None,
            also: None,
            met: seen.map(|seen| met(seen, true)),
            list: self.trace.and_then(state),
        }
    }

    /// The elements of a list that a loop goes through.
    pub(super) fn elements(&self, list: &Expression<'_>, body: Span) -> Guard {
        let span = list.get_inner_expression().span();
        let [start, end] = [span.start, span.end].map(|at| self.offset(at));
        let entry = Place::Entry(self.offset(body.start));
        let (there, missing) = (Place::True(start, end), Place::False(start, end));
        self.list(
            list.span(),
            entry,
            |trace| trace.has(there) || trace.has(missing),
            |trace| match trace.has(there) {
                true => Some(ListState::Empty),
                false => trace.has(missing).then_some(ListState::Missing),
            },
        )
    }

    /// The list of `list.forEach((element) => …)`. `statement` is where the statement of the call begins.
    pub(super) fn callback(
        &self,
        call: &CallExpression<'_>,
        list: Span,
        statement: u32,
    ) -> Option<Guard> {
        let functions = call
            .arguments
            .iter()
            .filter_map(|argument| argument.as_expression());
        let mut functions = functions.filter(|argument| {
            matches!(
                argument,
                Expression::ArrowFunctionExpression(_) | Expression::FunctionExpression(_)
            )
        });
        let function = functions.next()?.span();
        let [start, end] = [function.start, function.end].map(|at| self.offset(at));
        let is_optional = has_optional(call);
        let statement = self.offset(statement);
        let given = Place::True(start, end);
        let goes_through = matches!(call.callee.get_inner_expression(), Expression::StaticMemberExpression(method)
            if THROUGH_LISTS.contains(&method.property.name.as_str()));
        Some(self.list(
            list,
            Place::Function(start),
            // `list?.forEach(…)` evaluates nothing when there is no list.
            |trace| trace.has(given) || is_optional && trace.has(Place::Statement(statement)),
            |trace| {
                match trace.has(given) {
                    true => Some(ListState::Empty),
                    false => Some(ListState::Missing),
                }
                .filter(|_| goes_through)
            },
        ))
    }

    /// The cases of a `switch` that lead to the one with this number.
    pub(super) fn case(&self, switch: &SwitchStatement<'_>, number: usize) -> Option<Guard> {
        let case = switch.cases.get(number)?;
        let seen = self.value(switch.discriminant.get_inner_expression().span());
        let seen = self.trace.zip(seen).map(|(trace, discriminant)| {
            let yes = trace.has(Place::Way(self.offset(case.span.start)));
            Seen {
                yes,
                no: !yes && (discriminant.yes || discriminant.no),
            }
        });
        Some(Guard {
            span: match &case.test {
                Some(test) => test.span(),
                None => switch.discriminant.span(),
            },
            must_be: true,
            text: Some(self.case_text(switch, number)),
            also: Some(switch.discriminant.span()),
            met: seen.map(|seen| met(seen, true)),
            list: None,
        })
    }

    /// `plan === 'pro' || plan === 'gold'`
    fn case_text(&self, switch: &SwitchStatement<'_>, number: usize) -> String {
        let discriminant = self.text.part(switch.discriminant.span());
        let is_true =
            matches!(&switch.discriminant, Expression::BooleanLiteral(literal) if literal.value);
        let compared = |test: &Expression<'_>, operator: &str| {
            let test = self.text.part(test.span());
            match is_true {
                true if operator == "===" => test.to_owned(),
                true => format!("!({test})"),
                false => format!("{discriminant} {operator} {test}"),
            }
        };
        let Some((case, before)) = switch
            .cases
            .get(..=number)
            .and_then(|cases| cases.split_last())
        else {
            return discriminant.to_owned();
        };
        // A case without `break` goes on with the next one.
        let falls = |case: &&SwitchCase<'_>| {
            !case
                .consequent
                .last()
                .is_some_and(super::conditions::leaves)
        };
        let mut group: Vec<&SwitchCase<'_>> = before.iter().rev().take_while(falls).collect();
        group.reverse();
        group.push(case);
        if group.iter().any(|case| case.test.is_none()) {
            let inside =
                |case: &SwitchCase<'_>| group.iter().any(|one| one.span.start == case.span.start);
            let others = switch.cases.iter().filter(|case| !inside(case));
            let others = others.filter_map(|case| case.test.as_ref());
            let mut others = others.map(|test| compared(test, "!=="));
            let mut text: Vec<_> = others.by_ref().take(MOST_CASES).collect();
            if others.next().is_some() {
                text.push("…".to_owned());
            }
            return match text.is_empty() {
                true => discriminant.to_owned(),
                false => text.join(" && "),
            };
        }
        let tests = group.iter().filter_map(|case| case.test.as_ref());
        let mut tests = tests.map(|test| compared(test, "==="));
        let mut text: Vec<_> = tests.by_ref().take(MOST_CASES).collect();
        if tests.next().is_some() {
            text.push("…".to_owned());
        }
        text.join(" || ")
    }

    /// Whether a `try` has to throw for a place to be reached, or must not.
    pub(super) fn caught(
        &self,
        clause: &CatchClause<'_>,
        block: Span,
        start: u32,
        must_be: bool,
    ) -> Guard {
        let entry = Place::Entry(self.offset(clause.body.span.start));
        let begun = Place::Statement(self.offset(start));
        let seen = self.trace.map(|trace| Seen {
            yes: trace.has(entry),
            no: !trace.has(entry) && trace.has(begun),
        });
        let line = self.text.place(block.start).line;
        Guard {
            // Nothing in the block decides whether it throws.
            span: Span::new(clause.span.start, clause.span.start),
            must_be,
            text: Some(format!("an exception in the try block of line {line}")),
            also: None,
            met: seen.map(|seen| met(seen, must_be)),
            list: None,
        }
    }

    fn value(&self, span: Span) -> Option<Seen> {
        self.trace
            .map(|trace| trace.value(span, |at| self.offset(at)))
    }
}

fn met(seen: Seen, must_be: bool) -> Met {
    let (good, bad) = match must_be {
        true => (seen.yes, seen.no),
        false => (seen.no, seen.yes),
    };
    match (good, bad) {
        (true, true) => Met::Sometimes,
        (true, false) => Met::Yes,
        (false, true) => Met::No,
        (false, false) => Met::NotEvaluated,
    }
}

/// Whether a call is not made when what it is called on is missing.
fn has_optional(call: &CallExpression<'_>) -> bool {
    let mut callee = &call.callee;
    let mut is_optional = call.optional;
    loop {
        callee = match callee {
            Expression::StaticMemberExpression(member) => {
                is_optional |= member.optional;
                &member.object
            }
            Expression::ComputedMemberExpression(member) => {
                is_optional |= member.optional;
                &member.object
            }
            Expression::CallExpression(call) => {
                is_optional |= call.optional;
                &call.callee
            }
            Expression::TSNonNullExpression(inner) => &inner.expression,
            _ => return is_optional,
        };
    }
}
