//! Legacy Rules: a text that is one function and nothing else.
//!
//! Production stores the function's text alone and calls it. It is made ready for the engine by putting it into a function
//! whose parameters are what Rules find around them.
//!
//! Source: <https://auth0.com/docs/customize/rules/create-rules>.

mod typescript;

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use oxc::allocator::Allocator;
use oxc::ast::ast::{BindingPattern, Expression, FormalParameters, Program, Statement};
use oxc::span::{GetSpan, SourceType, Span};
use postlogin_core::Trigger;
use postlogin_core::location::Location;

use super::mapping::{Mapping, Segment};
use super::text::{LineIndex, Position, utf16_length, without_mark};
use super::{Language, Prepared, SyntaxError, facts, guesses, parse, syntax};

/// The prefix of a Rule's text.
pub const HEAD: &str = "(function (require, console, configuration, auth0, UnauthorizedError, global, crypto) { return (";
const TAIL: &str = "\n); })";
/// The prefix that makes the text an expression for the parser, which does not accept a function without a name as a statement.
pub(crate) const AS_EXPRESSION: &str = "_=";

/// Reads a text as a Rule, or as a script of a connection, which has the same form. `None` when it is no such text but
/// an Action, or nothing that can be told.
#[must_use]
pub fn prepare_rule(file_name: &str, text: &str) -> Option<Result<Prepared, SyntaxError>> {
    let original = without_mark(text);
    let bare = bare(file_name, &original);
    if Language::of(file_name) == Language::Module || !begins_like_a_function(&bare) {
        return None;
    }
    if Language::of(file_name) == Language::TypeScript
        && let Some(what) = guesses::excess(&bare)
    {
        return Some(Err(syntax::too_much(file_name, what)));
    }
    let read = parse::on_deep_stack(&bare, || {
        let allocator = Allocator::default();
        match read(&allocator, file_name, &bare) {
            Read::Rule(_, function) => Some(Ok(function)),
            Read::Action => None,
            Read::Broken(error) => Some(Err(error)),
        }
    });
    let function = read??;
    Some(function.and_then(|function| {
        let prepared = prepared(file_name, &bare, function)?;
        Ok(Prepared {
            original: Arc::from(&*original),
            ..prepared
        })
    }))
}

/// A text without what exports its function and, in TypeScript, without the types around it. Everything else stays where it is.
pub(crate) fn bare<'t>(file_name: &str, text: &'t str) -> Cow<'t, str> {
    if Language::of(file_name) != Language::TypeScript {
        return without_export(text);
    }
    match typescript::without_types(text) {
        Some(function) => Cow::Owned(without_export(&function).into_owned()),
        None => Cow::Borrowed(text),
    }
}

/// Whether a Rule is assigned to `module.exports`, as some loaders want it. Production takes the function alone.
#[must_use]
pub fn is_exported(file_name: &str, text: &str) -> bool {
    let has_export = matches!(without_export(&without_mark(text)), Cow::Owned(_));
    has_export && is_rule(file_name, text)
}

/// A text without the `module.exports =` before a function with the parameters of a Rule. There are spaces in its place, so that
/// everything else stays where it is.
pub(crate) fn without_export(text: &str) -> Cow<'_, str> {
    let code = behind_comments(text);
    let at = text.len() - code.len();
    let function = code
        .strip_prefix("module.exports")
        .and_then(|rest| rest.trim_start().strip_prefix('='))
        .map(str::trim_start)
        .filter(|rest| begins_like_a_function(rest) && !rest.starts_with('='));
    let Some(function) = function else {
        return Cow::Borrowed(text);
    };
    let parameters = function
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'));
    let parameters = parameters.map_or("", |(parameters, _)| parameters);
    let names: Vec<&str> = parameters.split(',').map(str::trim).collect();
    let is_rule = names.len() >= 3 || matches!(names.as_slice(), ["user", "context"]);
    if !is_rule {
        return Cow::Borrowed(text);
    }
    let start = text.len() - function.len();
    let (before, export) = (text.get(..at), text.get(at..start));
    let (Some(before), Some(export)) = (before, export) else {
        return Cow::Borrowed(text);
    };
    let blank: String = export
        .chars()
        .map(|letter| if letter.is_whitespace() { letter } else { ' ' })
        .collect();
    Cow::Owned(format!("{before}{blank}{function}"))
}

/// Whether a text is a Rule, be it a broken one.
#[must_use]
pub fn is_rule(file_name: &str, text: &str) -> bool {
    prepare_rule(file_name, text).is_some()
}

/// By the first word, so that most Actions need no parser.
pub(crate) fn begins_like_a_function(text: &str) -> bool {
    let rest = behind_comments(text);
    let word = |word: &str| {
        let behind = rest.strip_prefix(word).and_then(|rest| rest.chars().next());
        behind.is_some_and(|next| !next.is_alphanumeric() && next != '_' && next != '$')
    };
    rest.starts_with('(') || word("function") || word("async")
}

/// A text from its first code on.
fn behind_comments(text: &str) -> &str {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        rest = if let Some(comment) = rest.strip_prefix("//") {
            comment
                .split_once(['\n', '\r'])
                .map_or("", |(_, rest)| rest)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, rest)| rest)
        } else {
            return rest;
        };
    }
}

/// The kind of a text that begins like a function.
pub(crate) enum Read<'a> {
    /// A Rule: the program, which assigns the function, and the function's place in the user's text.
    Rule(Program<'a>, Span),
    Action,
    Broken(SyntaxError),
}

/// Decides what a text is that begins like a function.
pub(crate) fn read<'a>(allocator: &'a Allocator, file_name: &str, text: &str) -> Read<'a> {
    let code = allocator.alloc_concat_strs_array([AS_EXPRESSION, text]);
    let parsed = parse::parse(allocator, code, source_type(file_name));
    let found = function_of(&parsed.program);
    if parsed.panicked || parsed.diagnostics.has_errors() {
        if !reads_like_a_rule(text) {
            return Read::Action;
        }
        let error = parsed.diagnostics.errors().next();
        let error = error.map(|error| syntax::from_diagnostic(file_name, code, error));
        return error.map_or(Read::Action, |error| Read::Broken(moved_back(error)));
    }
    let Some(function) = found else {
        return Read::Action;
    };
    let behind = parsed.program.body.iter().skip(1);
    let behind = behind
        .into_iter()
        .find(|statement| !matches!(statement, Statement::EmptyStatement(_)))
        .map(|statement| statement.span().start);
    let is_rule = function.is_anonymous || function.is_called_like_a_rule;
    match behind {
        None if is_rule || !function.is_called_like_a_handler => {
            Read::Rule(parsed.program, function.span)
        }
        // A function that an Action exports below.
        _ if !is_rule => Read::Action,
        None => Read::Action,
        Some(offset) => Read::Broken(not_alone(file_name, text, offset)),
    }
}

fn source_type(file_name: &str) -> SourceType {
    match Language::of(file_name) {
        Language::TypeScript => SourceType::ts(),
        Language::CommonJs | Language::Module => SourceType::cjs(),
    }
}

struct Function {
    /// In the user's text.
    span: Span,
    is_anonymous: bool,
    is_called_like_a_rule: bool,
    is_called_like_a_handler: bool,
}

/// Returns the function of a Rule's program, which is what it assigns first.
pub(crate) fn function<'p, 'a>(program: &'p Program<'a>) -> Option<&'p Expression<'a>> {
    let Some(Statement::ExpressionStatement(statement)) = program.body.first() else {
        return None;
    };
    match &statement.expression {
        Expression::AssignmentExpression(assignment) => Some(&assignment.right),
        _ => None,
    }
}

fn function_of(program: &Program<'_>) -> Option<Function> {
    let assigned = function(program)?;
    let (name, parameters) = match assigned.get_inner_expression() {
        Expression::FunctionExpression(function) => (function.id.is_some(), &function.params),
        Expression::ArrowFunctionExpression(function) => (false, &function.params),
        _ => return None,
    };
    let names = names(parameters);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let shift = u32::try_from(AS_EXPRESSION.len()).unwrap_or(0);
    let span = assigned.span();
    Some(Function {
        span: Span::new(
            span.start.saturating_sub(shift),
            span.end.saturating_sub(shift),
        ),
        is_anonymous: !name,
        is_called_like_a_rule: names.len() >= 3
            || matches!(names.as_slice(), ["user", "context", ..]),
        is_called_like_a_handler: matches!(names.as_slice(), ["event", ..]),
    })
}

fn names(parameters: &FormalParameters<'_>) -> Vec<String> {
    let name = |pattern: &BindingPattern<'_>| match pattern {
        BindingPattern::BindingIdentifier(name) => name.name.to_string(),
        _ => String::new(),
    };
    parameters
        .items
        .iter()
        .map(|item| name(&item.pattern))
        .collect()
}

/// A text that does not parse: is it worth telling as a Rule?
fn reads_like_a_rule(text: &str) -> bool {
    let head = text.split('{').next().unwrap_or_default();
    let anonymous = head
        .split_once("function")
        .is_some_and(|(_, rest)| rest.trim_start().starts_with('('));
    let is_action = text.contains("onExecute");
    let parameters = head.matches(',').count() >= 2;
    (parameters || anonymous) && !is_action
}

/// The parser saw more on the first line than the user wrote.
fn moved_back(mut error: SyntaxError) -> SyntaxError {
    if error.location.line == 1 {
        let shift = u32::try_from(AS_EXPRESSION.len()).unwrap_or(0);
        error.location.column = error.location.column.saturating_sub(shift).max(1);
    }
    error.hint.get_or_insert_with(|| {
        "a Rule is one function: function (user, context, callback) { … }".to_owned()
    });
    error
}

fn not_alone(file_name: &str, text: &str, offset: u32) -> SyntaxError {
    let offset = (offset as usize).saturating_sub(AS_EXPRESSION.len());
    let Position { line, column } = LineIndex::new(text).position(text, offset);
    let location = Location {
        file: file_name.to_owned(),
        line,
        column,
    };
    let exported = facts::facts(file_name, &format!("({text}"))
        .exports
        .iter()
        .any(|export| Trigger::of_export(&export.name).is_some());
    let is_both = exported
        || text
            .get(offset..)
            .is_some_and(|rest| rest.contains("onExecute"));
    let (message, hint) = match is_both {
        true => (
            "the file is a Rule and an Action: after the function of the Rule, a handler of Actions is exported",
            "keep the Rule and the Action in files of their own",
        ),
        false => (
            "a Rule is one function, and there is code after it",
            "put helpers into the function of the Rule",
        ),
    };
    SyntaxError {
        message: message.to_owned(),
        location,
        hint: Some(hint.to_owned()),
    }
}

fn prepared(file_name: &str, original: &str, function: Span) -> Result<Prepared, SyntaxError> {
    let body = original.get(..function.end as usize).unwrap_or(original);
    let language = Language::of(file_name);
    let mut map = Mapping::identity(file_name);
    let plain = match language {
        Language::TypeScript => {
            let done = parse::on_deep_stack(body, || {
                let function = typescript::function(file_name, body, &mut map)?;
                Ok(function.map(|function| (function, map.clone())))
            });
            let Some((function, back)) = done.transpose()?.flatten() else {
                return Err(syntax::too_deep(file_name));
            };
            map = back;
            Cow::Owned(function)
        }
        Language::CommonJs | Language::Module => Cow::Borrowed(body),
    };
    let code = format!("{HEAD}{plain}{TAIL}");
    map.push(segments(&plain));
    if let Some(error) = parse::on_deep_stack(&code, || {
        syntax::first_error(file_name, &code, SourceType::cjs())
    })
    .flatten()
    {
        // What only shows behind the parser, such as a variable that is declared twice.
        let location = map.original(error.location.line, error.location.column);
        return Err(SyntaxError { location, ..error });
    }
    Ok(Prepared {
        code: code.into(),
        map,
        original: original.into(),
        language,
        is_module: false,
        suspected: None,
        view: OnceLock::new(),
    })
}

/// Only the first line is moved.
fn segments(body: &str) -> Vec<Segment> {
    let moved = utf16_length(HEAD);
    let lines = LineIndex::new(body).position(body, body.len()).line;
    (1..=lines)
        .map(|line| {
            let start = |column| Position { line, column };
            Segment {
                generated: start(if line == 1 { 1 + moved } else { 1 }),
                original: start(1),
                same: u32::MAX,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
