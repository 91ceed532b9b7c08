//! Functions that need no state. Source: <https://developer.hashicorp.com/terraform/language/functions>.

use hcl_edit::expr::{Expression, FuncCall};
use serde_json::{Map, Value};

use super::evaluate::{Scope, Stop, text_of};
use crate::door::Boundary;
use crate::files::{configured_path, display_path};

/// The longest text that a function makes, in bytes.
const LONGEST_TEXT: usize = 1 << 24;

pub(super) fn call(
    scope: &Scope<'_>,
    expression: &Expression,
    call: &FuncCall,
) -> Result<Value, Stop> {
    let name = call.name.name.as_str();
    if call.name.is_namespaced() || call.args.expand_final() {
        return Err(scope.stop(expression, format!("{name}() is not evaluated here")));
    }
    // These go on when an argument has no value.
    if matches!(name, "try" | "coalesce" | "can") {
        return first_of(scope, expression, name, call);
    }
    let arguments = call.args.iter().map(|argument| scope.value(argument));
    let arguments = arguments.collect::<Result<Vec<Value>, Stop>>()?;
    let wrong = || scope.stop(expression, format!("{name}() has other arguments"));
    let text = |index: usize| arguments.get(index).map(text_of).ok_or_else(wrong);
    let list = |index: usize| match arguments.get(index) {
        Some(Value::Array(items)) => Ok(items.clone()),
        _ => Err(wrong()),
    };
    let object = |index: usize| match arguments.get(index) {
        Some(Value::Object(members)) => Ok(members.clone()),
        _ => Err(wrong()),
    };
    let made = |made: String| scope.text(expression, &made);
    match name {
        "file" => made(read(scope, expression, &text(0)?)?),
        "templatefile" => {
            let template = read(scope, expression, &text(0)?)?;
            template_of(scope, expression, &template, object(1)?)
        }
        "trimspace" => made(text(0)?.trim().to_owned()),
        "chomp" => made(text(0)?.trim_end_matches(['\r', '\n']).to_owned()),
        "lower" => made(text(0)?.to_lowercase()),
        "upper" => made(text(0)?.to_uppercase()),
        "join" => {
            let (by, items) = (text(0)?, list(1)?);
            let items: Vec<String> = items.iter().map(text_of).collect();
            let between = by.len().saturating_mul(items.len());
            let bytes = items.iter().map(String::len).sum::<usize>();
            // Before it is made: what is between the items may be long.
            if bytes.saturating_add(between) > LONGEST_TEXT {
                return Err(scope.stop(expression, "it makes too long a text"));
            }
            made(items.join(&by))
        }
        "split" => {
            let (by, of) = (text(0)?, text(1)?);
            let pieces = of.matches(by.as_str()).count() + 1;
            scope.afford(expression, scope.budget.parts(pieces))?;
            Ok(of.split(by.as_str()).map(Value::from).collect())
        }
        "replace" => {
            let (of, from, to) = (text(0)?, text(1)?, text(2)?);
            let is_pattern = from.len() > 1 && from.starts_with('/') && from.ends_with('/');
            if is_pattern {
                return Err(scope.stop(expression, "patterns of replace() are not evaluated here"));
            }
            // An empty text is between all letters.
            let longest = of.len().saturating_add(1).saturating_mul(to.len().max(1));
            if longest > LONGEST_TEXT {
                return Err(scope.stop(expression, "it makes too long a text"));
            }
            made(of.replace(&from, &to))
        }
        "jsonencode" => made(arguments.first().ok_or_else(wrong)?.to_string()),
        "jsondecode" => {
            let text = text(0)?;
            // The shortest member has two bytes: `0,`.
            scope.afford(expression, scope.budget.parts(text.len() / 2))?;
            let parsed = crate::document::parse_document(&text, crate::Format::Json, "");
            parsed.map_err(|error| scope.stop(expression, error.message))
        }
        "tostring" => made(text(0)?),
        "toset" | "tolist" | "tomap" | "nonsensitive" | "sensitive" | "toboolean" | "tonumber" => {
            arguments.first().cloned().ok_or_else(wrong)
        }
        "length" => match arguments.first() {
            Some(Value::Array(items)) => Ok(items.len().into()),
            Some(Value::Object(members)) => Ok(members.len().into()),
            Some(Value::String(text)) => Ok(text.chars().count().into()),
            _ => Err(wrong()),
        },
        "keys" => Ok(object(0)?.keys().cloned().map(Value::from).collect()),
        "values" => Ok(object(0)?.into_iter().map(|(_, value)| value).collect()),
        "concat" => {
            let lists = (0..arguments.len()).map(list);
            let lists = lists.collect::<Result<Vec<_>, _>>()?;
            Ok(lists.concat().into())
        }
        "merge" => {
            let mut merged = Map::new();
            for index in 0..arguments.len() {
                merged.extend(object(index)?);
            }
            Ok(merged.into())
        }
        "lookup" => {
            let found = object(0)?.get(&text(1)?).cloned();
            found
                .or_else(|| arguments.get(2).cloned())
                .ok_or_else(wrong)
        }
        _ => Err(scope.stop(expression, format!("{name}() is not evaluated here"))),
    }
}

fn first_of(
    scope: &Scope<'_>,
    expression: &Expression,
    name: &str,
    call: &FuncCall,
) -> Result<Value, Stop> {
    for argument in call.args.iter() {
        let value = scope.value(argument);
        if name == "can" {
            return Ok(Value::Bool(value.is_ok()));
        }
        match value {
            Ok(Value::Null) if name == "coalesce" => {}
            Ok(value) => return Ok(value),
            Err(_) => {}
        }
    }
    Err(scope.stop(expression, format!("no argument of {name}() is resolved")))
}

/// The file that a function names, relative to the folder that Terraform is started in.
pub(super) fn path_of(scope: &Scope<'_>, written: &str) -> std::path::PathBuf {
    configured_path(scope.root, written)
}

/// Reads a file that a function names.
pub(super) fn read(
    scope: &Scope<'_>,
    expression: &Expression,
    written: &str,
) -> Result<String, Stop> {
    let path = path_of(scope, written);
    let shown = display_path(&path, scope.root);
    let read = Boundary::around(scope.root).read_text(&path, &shown);
    let read = read.map_err(|error| scope.stop(expression, error.to_string()))?;
    // Also where only a part of it is used: reading takes time.
    scope.afford(expression, scope.budget.text(read.len()))?;
    Ok(read)
}

/// Returns the text of a template with values for its variables.
pub(super) fn template_of(
    scope: &Scope<'_>,
    expression: &Expression,
    template: &str,
    values: Map<String, Value>,
) -> Result<Value, Stop> {
    let parsed = hcl_edit::parser::parse_template(template);
    let parsed = parsed
        .map_err(|error| scope.stop(expression, format!("the template: {}", error.message())))?;
    // It may name itself.
    let mut inner = scope.deeper();
    for (name, value) in values {
        inner = inner.with(&name, value);
    }
    inner.filled(expression, &parsed)
}
