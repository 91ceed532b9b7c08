//! `String(value)` as JavaScript does it.

use serde_json::Number;

use super::Argument;
use crate::reply::Failure;

impl Argument {
    /// `String(value)` for an implicit conversion.
    ///
    /// # Errors
    ///
    /// A `TypeError` for a symbol.
    pub fn coerce_to_string(&self) -> Result<String, Failure> {
        Ok(match self {
            Argument::Undefined => "undefined".to_owned(),
            Argument::Null => "null".to_owned(),
            Argument::Bool(value) => value.to_string(),
            Argument::Number(number) => number_text(number),
            Argument::NaN => "NaN".to_owned(),
            Argument::Infinity => "Infinity".to_owned(),
            Argument::NegativeInfinity => "-Infinity".to_owned(),
            Argument::String(text) => text.clone(),
            Argument::Array(items) => {
                let items = items.iter().map(|item| match item {
                    // `Array.prototype.join` leaves these empty, and a cycle as well.
                    Argument::Undefined | Argument::Null | Argument::Circular => Ok(String::new()),
                    item => item.coerce_to_string(),
                });
                items.collect::<Result<Vec<_>, _>>()?.join(",")
            }
            Argument::Object(_) | Argument::ToJson(_) | Argument::Circular => {
                "[object Object]".to_owned()
            }
            Argument::Function => "function () { }".to_owned(),
            Argument::Symbol(_) => {
                return Err(Failure::type_error(
                    "Cannot convert a Symbol value to a string",
                ));
            }
            Argument::BigInt(digits) => digits.clone(),
            Argument::Date(date) => date_text(date),
        })
    }
}

/// A number as JavaScript writes it.
fn number_text(number: &Number) -> String {
    if let Some(integer) = number
        .as_i64()
        .filter(|integer| integer.unsigned_abs() <= 1 << 53)
    {
        return integer.to_string();
    }
    number
        .as_f64()
        .map_or_else(|| number.to_string(), float_text)
}

fn float_text(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    // Rust and JavaScript agree on the shortest digits; only the layout differs.
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    match exponent {
        -6..=20 => format!("{value}"),
        21.. => format!("{mantissa}e+{exponent}"),
        _ => format!("{mantissa}e{exponent}"),
    }
}

/// `String(date)` in UTC: `Thu Jan 01 2026 00:00:00 GMT+0000 (Coordinated Universal Time)`.
fn date_text(iso: &str) -> String {
    let Some((year, month, day, time)) = split_iso(iso) else {
        return "Invalid Date".to_owned();
    };
    let month_name = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let week_days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let days = crate::time::days_from_civil(year, month, day);
    let week_day = usize::try_from(days.rem_euclid(7))
        .ok()
        .and_then(|index| week_days.get(index))
        .unwrap_or(&"Thu");
    let month_name = usize::try_from(month - 1)
        .ok()
        .and_then(|index| month_name.get(index))
        .unwrap_or(&"Jan");
    let year = if year < 0 {
        format!("-{:06}", year.unsigned_abs())
    } else {
        format!("{year:04}")
    };
    format!("{week_day} {month_name} {day:02} {year} {time} GMT+0000 (Coordinated Universal Time)")
}

/// Year, month, day and `hh:mm:ss` of `toISOString`.
fn split_iso(iso: &str) -> Option<(i64, i64, i64, &str)> {
    let (date, time) = iso.split_once('T')?;
    let (year, rest) = date
        .get(date.len().checked_sub(6)?..)
        .map(|rest| (date.get(..date.len() - 6), rest))?;
    let mut parts = rest.split('-').skip(1);
    Some((
        year?.parse().ok()?,
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
        time.get(..8)?,
    ))
}
