//! Where the code of an Action is: in a file that Terraform reads, or between the lines of a .tf file.

use std::path::PathBuf;

use hcl_edit::Span;
use hcl_edit::expr::{Expression, TraversalOperator};
use hcl_edit::template::HeredocTemplate;
use serde_json::Value;

use super::evaluate::{Scope, Stop, text_of};
use super::functions;

/// Code, and where it is.
pub(super) struct Code {
    /// The file.
    pub(super) path: PathBuf,
    /// The text, when it is not the whole file. Its lines are those of the file.
    pub(super) text: Option<String>,
}

/// Follows an expression to the code that it stands for.
pub(super) fn of(scope: &Scope<'_>, expression: &Expression) -> Result<Code, Stop> {
    if scope.is_too_deep() {
        return Err(scope.stop(expression, "it refers to itself"));
    }
    match expression {
        Expression::Parenthesis(inner) => of(scope, inner.inner()),
        Expression::StringTemplate(template) => {
            match template.iter().collect::<Vec<_>>().as_slice() {
                [hcl_edit::template::Element::Interpolation(only)] => of(scope, &only.expr),
                _ => inline(scope, expression, 0),
            }
        }
        Expression::FuncCall(call) => match (call.name.name.as_str(), call.args.get(0)) {
            ("file", Some(path)) => {
                let written = text_of(&scope.value(path)?);
                Ok(Code {
                    path: functions::path_of(scope, &written),
                    text: None,
                })
            }
            // What is around the code does not move it.
            ("trimspace" | "chomp" | "nonsensitive", Some(inner)) => of(scope, inner),
            ("templatefile", Some(path)) => {
                let written = text_of(&scope.value(path)?);
                let text = scope.value(expression)?;
                Ok(Code {
                    path: functions::path_of(scope, &written),
                    text: Some(text_of(&text)),
                })
            }
            _ => inline(scope, expression, 0),
        },
        Expression::Traversal(traversal) => {
            let (Expression::Variable(first), [operator]) =
                (&traversal.expr, traversal.operators.as_slice())
            else {
                return inline(scope, expression, 0);
            };
            let TraversalOperator::GetAttr(name) = &**operator else {
                return inline(scope, expression, 0);
            };
            let own = scope.own();
            match first.as_str() {
                "local" => match own.and_then(|module| module.locals.get(name.as_str())) {
                    Some(local) => of(
                        &scope.elsewhere(scope.module, local.file),
                        &local.expression,
                    ),
                    None => inline(scope, expression, 0),
                },
                "var" => match scope.argument(name.as_str()) {
                    Some((scope, given)) => of(&scope, given),
                    None => {
                        let default = own.and_then(|module| module.variables.get(name.as_str()));
                        match default {
                            Some(Some(default)) => of(
                                &scope.elsewhere(scope.module, default.file),
                                &default.expression,
                            ),
                            _ => inline(scope, expression, 0),
                        }
                    }
                },
                _ => inline(scope, expression, 0),
            }
        }
        Expression::HeredocTemplate(heredoc) => {
            let start = heredoc.template.iter().next().and_then(Span::span);
            let start = start.map_or(0, |span| span.start);
            match as_written(scope, heredoc) {
                Some(text) => Ok(Code {
                    text: Some(padded(scope, expression, start, &text)?),
                    path: path(scope),
                }),
                None => inline(scope, expression, start),
            }
        }
        _ => inline(scope, expression, 0),
    }
}

/// The text of a heredoc with its indentation, so that columns stay those of the file. `None` when that is not what Terraform
/// makes of it: with interpolations and escapes, and when spaces at the beginning of a line may be part of a string.
fn as_written(scope: &Scope<'_>, heredoc: &HeredocTemplate) -> Option<String> {
    let mut parts = heredoc.template.iter();
    let only = parts.next()?.as_literal()?;
    if parts.next().is_some() || only.contains('`') {
        return None;
    }
    let file = scope.own()?.files.get(scope.file)?;
    let text = file.text.get(only.span()?)?;
    let is_escaped = text.contains("$${") || text.contains("%%{");
    (!is_escaped).then(|| text.to_owned())
}

/// The value of an expression, at the lines of `at`.
fn inline(scope: &Scope<'_>, expression: &Expression, at: usize) -> Result<Code, Stop> {
    let Value::String(text) = scope.value(expression)? else {
        return Err(scope.stop(expression, "it is not a text"));
    };
    let start = match at {
        0 => expression.span().map_or(0, |span| span.start),
        at => at,
    };
    Ok(Code {
        text: Some(padded(scope, expression, start, &text)?),
        path: path(scope),
    })
}

fn path(scope: &Scope<'_>) -> PathBuf {
    let file = scope.own().and_then(|module| module.files.get(scope.file));
    file.map(|file| file.path.clone()).unwrap_or_default()
}

/// A text with so many empty lines before it that its lines are those of the file.
fn padded(
    scope: &Scope<'_>,
    expression: &Expression,
    at: usize,
    text: &str,
) -> Result<String, Stop> {
    let file = scope.own().and_then(|module| module.files.get(scope.file));
    let line = file.map_or(1, |file| file.place(at).0);
    let lines = usize::try_from(line).unwrap_or(1).saturating_sub(1);
    scope.afford(expression, scope.budget.text(lines + text.len()))?;
    Ok(format!("{}{text}", "\n".repeat(lines)))
}
