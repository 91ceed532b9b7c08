//! The values that decide conditions: each goes through the counting function, which returns it as it is.

use oxc::ast::ast::{Argument, CallExpression, Expression};
use oxc::span::{GetSpan, Span};

use super::super::points::{Kind, Point};
use super::super::trace;
use super::{Detail, Writer};

/// The beginning of the counting function, up to where it counts `at`. With a second argument it counts a value and returns it: 1 for
/// one that is true or false, 2 for one that is there or not.
pub(super) const COUNTING: &str = "return(at,how,value)=>{if(how){\
    mark(at+((how===1?value:value!=null)?0:1));return value;}mark(at);};function mark(at){";

/// The deciding property of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// Whether the value is true.
    Truth,
    /// Whether it is neither `null` nor `undefined`.
    Presence,
}

impl Writer<'_> {
    /// Makes the parts of a condition counted, where conditions are followed.
    pub(super) fn test(&mut self, condition: &Expression<'_>) {
        if self.detail == Detail::Conditions {
            for part in trace::leaves(condition) {
                self.values.insert(part.span(), Value::Truth);
            }
        }
    }

    /// Makes a value counted, where conditions are followed.
    pub(super) fn value(&mut self, value: &Expression<'_>, kind: Value) {
        if self.detail == Detail::Conditions {
            self.values
                .insert(value.get_inner_expression().span(), kind);
        }
    }

    /// `roles.forEach((role) => …)`: that its function is given shows that the call is made.
    pub(super) fn callbacks(&mut self, call: &CallExpression<'_>) {
        for argument in &call.arguments {
            if let Argument::ArrowFunctionExpression(_) | Argument::FunctionExpression(_) = argument
                && self.detail == Detail::Conditions
            {
                self.values.insert(argument.span(), Value::Truth);
            }
        }
    }

    pub(super) fn begin_value(&mut self, span: Span, value: Value) {
        let number = self.points.len();
        let [offset, end] = [span.start, span.end].map(|offset| self.text.offset(offset));
        let kinds = [Kind::True { end }, Kind::False { end }];
        self.points.extend(kinds.map(|kind| Point { kind, offset }));
        let how = match value {
            Value::Truth => 1,
            Value::Presence => 2,
        };
        let counter = &self.counter;
        self.insert(span.start, format!("{counter}({number},{how},("));
    }
}
