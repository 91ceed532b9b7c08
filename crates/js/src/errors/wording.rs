//! QuickJS's words for an error, and V8's.

use super::sites::{Kind, Site};

/// What is known of the place at which an engine's error was thrown.
pub(super) struct Scene<'s> {
    /// The expressions of the user's text; empty when the error was thrown elsewhere.
    pub(super) sites: &'s [Site],
    /// The byte offset that QuickJS gives.
    pub(super) offset: usize,
    /// Where the function around that offset begins.
    pub(super) within: Option<usize>,
    /// The engine's own function that threw, called from the user's text: `map`.
    pub(super) native: Option<&'s str>,
    /// The innermost function of the stack.
    pub(super) innermost: Option<&'s str>,
}

/// A message in V8's words, and the byte offset at which V8 would see the error, if that is known.
pub(super) struct Reworded {
    pub(super) message: String,
    pub(super) place: Option<usize>,
}

/// V8's words. `None` when the message is not one of QuickJS's.
pub(super) fn reword(name: &str, message: &str, scene: &Scene<'_>) -> Option<Reworded> {
    if let Some((_, told)) = SAME.iter().find(|(engine, _)| *engine == message) {
        return Some(at(told, scene.called().map(|site| site.place)));
    }
    match name {
        "TypeError" => super::type_error::reword(message, scene),
        "ReferenceError" => reference_error(message),
        "SyntaxError" => syntax_error(message, scene),
        "RangeError" => range_error(message, scene),
        "URIError" => message
            .starts_with("expecting ")
            .then(|| at("URI malformed", None)),
        _ => None,
    }
}

/// A message and its place.
pub(super) fn at(message: &str, place: Option<usize>) -> Reworded {
    Reworded {
        message: message.to_owned(),
        place,
    }
}

/// Messages whose translation needs nothing but themselves.
const SAME: &[(&str, &str)] = &[
    ("empty array", "Reduce of empty array with no initial value"),
    (
        "cannot convert symbol to string",
        "Cannot convert a Symbol value to a string",
    ),
    (
        "cannot convert symbol to number",
        "Cannot convert a Symbol value to a number",
    ),
    ("Date value is NaN", "Invalid time value"),
    ("invalid array length", "Invalid array length"),
    ("invalid string length", "Invalid string length"),
    (
        "bad normalization form",
        "The normalization form should be one of NFC, NFD, NFKC, NFKD.",
    ),
    (
        "circular reference",
        "Converting circular structure to JSON",
    ),
    (
        "BigInt are forbidden in JSON.stringify",
        "Do not know how to serialize a BigInt",
    ),
    (
        "invalid 'instanceof' right operand",
        "Right-hand side of 'instanceof' is not callable",
    ),
    (
        "parent class must be constructor",
        "Class extends value undefined is not a constructor or null",
    ),
    (
        "invalid value used as WeakMap key",
        "Invalid value used as weak map key",
    ),
    (
        "invalid value used as WeakSet key",
        "Invalid value used in weak set",
    ),
    (
        "operand 'prototype' property is not an object",
        "Function has non-object prototype 'undefined' in instanceof check",
    ),
    (
        "this is not initialized",
        "Must call super constructor in derived class before accessing 'this' or returning from derived constructor",
    ),
];

fn reference_error(message: &str) -> Option<Reworded> {
    let variable = message.strip_suffix(" is not initialized")?;
    Some(at(
        &format!("Cannot access '{variable}' before initialization"),
        None,
    ))
}

/// Texts that are parsed at run time: regular expressions, big integers. The guest tells of JSON.
fn syntax_error(message: &str, scene: &Scene<'_>) -> Option<Reworded> {
    if let Some(token) = message.strip_prefix("unexpected token in expression: '") {
        let told = match token.strip_suffix('\'') {
            Some("") | None => "Unexpected end of input".to_owned(),
            Some(token) => format!("Unexpected token '{token}'"),
        };
        return Some(at(&told, None));
    }
    let told = match (message, scene.native) {
        ("invalid BigInt literal", _) => format!(
            "Cannot convert {} to a BigInt",
            scene.called()?.argument.as_deref()?
        ),
        (_, Some("RegExp")) => {
            let pattern = scene.called()?.argument.as_deref()?;
            let (_, fault) = PATTERN_FAULTS
                .iter()
                .find(|(engine, _)| *engine == message)?;
            format!("Invalid regular expression: /{pattern}/: {fault}")
        }
        _ => return None,
    };
    Some(at(&told, scene.called_place()))
}

/// What can be wrong with a regular expression, in QuickJS's words and V8's.
const PATTERN_FAULTS: &[(&str, &str)] = &[
    ("unexpected end", "Unterminated character class"),
    ("expecting ')'", "Unterminated group"),
    ("nothing to repeat", "Nothing to repeat"),
    ("invalid group", "Invalid group"),
    (
        "back reference out of range in regular expression",
        "Invalid escape",
    ),
];

fn range_error(message: &str, scene: &Scene<'_>) -> Option<Reworded> {
    let argument = || scene.called().and_then(|site| site.argument.clone());
    let told = match (message, scene.native) {
        ("invalid number of digits", Some("toFixed")) => {
            "toFixed() digits argument must be between 0 and 100".to_owned()
        }
        ("invalid number of digits", Some("toPrecision")) => {
            "toPrecision() argument must be between 1 and 100".to_owned()
        }
        ("invalid number of digits", Some(function)) => {
            format!("{function}() argument must be between 0 and 100")
        }
        ("invalid repeat count", _) => format!("Invalid count value: {}", argument()?),
        ("invalid code point", _) => format!("Invalid code point {}", argument()?),
        ("cannot convert to BigInt: not an integer", _) => {
            format!(
                "The number {} cannot be converted to a BigInt because it is not an integer",
                argument()?
            )
        }
        _ => return None,
    };
    Some(at(&told, scene.called_place()))
}

impl<'s> Scene<'s> {
    /// The site that stands nearest to where QuickJS says.
    pub(super) fn nearest(&self, kinds: &[Kind]) -> Option<&'s Site> {
        let sites = self.sites.iter().filter(|site| kinds.contains(&site.kind));
        sites.min_by_key(|site| site.anchor.abs_diff(self.offset))
    }

    /// The first site at or behind the place that QuickJS gives (the beginning of a chain), or else the nearest.
    pub(super) fn after(&self, kind: Kind, name: &str) -> Option<&'s Site> {
        let fits = |site: &&Site| site.kind == kind && site.name == name;
        let behind = self
            .sites
            .iter()
            .filter(fits)
            .filter(|site| site.place >= self.offset);
        let first = behind.min_by_key(|site| site.place);
        first.or_else(|| {
            self.sites
                .iter()
                .filter(fits)
                .min_by_key(|site| site.place.abs_diff(self.offset))
        })
    }

    /// The call of the engine's function that threw.
    pub(super) fn called(&self) -> Option<&'s Site> {
        let native = self.native?;
        let sites = self
            .sites
            .iter()
            .filter(|site| matches!(site.kind, Kind::Call | Kind::New) && site.name == native);
        sites.min_by_key(|site| site.anchor.abs_diff(self.offset))
    }

    pub(super) fn called_place(&self) -> Option<usize> {
        self.called().map(|site| site.place)
    }
}
