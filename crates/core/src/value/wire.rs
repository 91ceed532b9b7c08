//! The wire form: JSON with tags `{"$": …}` for what JSON lacks.

use serde_json::{Map, Number, Value, json};

use super::Argument;

impl Argument {
    /// Reads the wire form. An unknown tag is taken as the plain object that it looks like.
    pub fn from_tagged(value: &Value) -> Argument {
        match value {
            Value::Array(items) => {
                Argument::Array(items.iter().map(Argument::from_tagged).collect())
            }
            Value::Object(object) => from_tag(object).unwrap_or_else(|| entries(object)),
            Value::Number(number) => Argument::Number(as_javascript(number)),
            scalar => Argument::from(scalar),
        }
    }

    /// Reads a JSON array of arguments; anything else is taken as no arguments.
    pub fn list_from_tagged(value: &Value) -> Vec<Argument> {
        match value {
            Value::Array(items) => items.iter().map(Argument::from_tagged).collect(),
            _ => Vec::new(),
        }
    }

    /// Writes the wire form.
    pub fn to_tagged(&self) -> Value {
        match self {
            Argument::Undefined => json!({"$": "undefined"}),
            Argument::Null => Value::Null,
            Argument::Bool(value) => Value::Bool(*value),
            Argument::Number(number) => Value::Number(number.clone()),
            Argument::NaN => json!({"$": "NaN"}),
            Argument::Infinity => json!({"$": "Infinity"}),
            Argument::NegativeInfinity => json!({"$": "-Infinity"}),
            Argument::String(text) => Value::String(text.clone()),
            Argument::Array(items) => Value::Array(items.iter().map(Argument::to_tagged).collect()),
            Argument::Object(entries) => {
                let object: Map<String, Value> = entries
                    .iter()
                    .map(|(key, value)| (key.clone(), value.to_tagged()))
                    .collect();
                if object.contains_key("$") {
                    json!({"$": "object", "of": object})
                } else {
                    Value::Object(object)
                }
            }
            Argument::ToJson(value) => json!({"$": "tojson", "of": value.to_tagged()}),
            Argument::Function => json!({"$": "function"}),
            Argument::Symbol(description) => json!({"$": "symbol", "of": description}),
            Argument::BigInt(digits) => json!({"$": "bigint", "of": digits}),
            Argument::Date(date) => json!({"$": "date", "of": date}),
            Argument::Circular => json!({"$": "circular"}),
        }
    }
}

/// JavaScript has no `1.0`: guests that do mean `1` by it.
fn as_javascript(number: &Number) -> Number {
    const MAX_SAFE: f64 = 9_007_199_254_740_991.0;
    match number.as_f64() {
        Some(value) if number.is_f64() && value.fract() == 0.0 && value.abs() <= MAX_SAFE => {
            #[expect(clippy::cast_possible_truncation, reason = "a safe integer")]
            let integer = value as i64;
            Number::from(integer)
        }
        _ => number.clone(),
    }
}

fn entries(object: &Map<String, Value>) -> Argument {
    Argument::Object(
        object
            .iter()
            .map(|(key, value)| (key.clone(), Argument::from_tagged(value)))
            .collect(),
    )
}

fn from_tag(object: &Map<String, Value>) -> Option<Argument> {
    let of = object.get("of");
    let text = || of.and_then(Value::as_str).map(str::to_owned);
    Some(match object.get("$")?.as_str()? {
        "undefined" => Argument::Undefined,
        "function" | "async_function" => Argument::Function,
        "NaN" => Argument::NaN,
        "Infinity" => Argument::Infinity,
        "-Infinity" => Argument::NegativeInfinity,
        "circular" => Argument::Circular,
        "symbol" => Argument::Symbol(text().unwrap_or_default()),
        "bigint" => Argument::BigInt(text()?),
        "date" => Argument::Date(text()?),
        "tojson" => Argument::ToJson(Box::new(Argument::from_tagged(of?))),
        "object" => entries(of?.as_object()?),
        _ => return None,
    })
}
