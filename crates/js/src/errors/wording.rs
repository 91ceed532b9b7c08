//! QuickJS's words for an error, and V8's.

use super::sites::{Kind, Site};

/// What is known of the place at which an engine's error was thrown.
pub(super) struct Scene<'s> {
    /// The expressions of the user's text; empty when the error was thrown elsewhere.
    pub(super) sites: &'s [Site],
    /// The byte offset that QuickJS gives.
    pub(super) offset: usize,
    /// The engine's own function that threw, called from the user's text: `map`.
    pub(super) native: Option<&'s str>,
    /// The innermost function of the stack.
    pub(super) innermost: Option<&'s str>,
    /// Where in a JSON text a parser gave up (line, column).
    pub(super) json_place: Option<(u32, u32)>,
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
        "TypeError" => type_error(message, scene),
        "ReferenceError" => reference_error(message),
        "SyntaxError" => syntax_error(message, scene),
        "RangeError" => range_error(message, scene),
        "URIError" => message
            .starts_with("expecting ")
            .then(|| at("URI malformed", None)),
        _ => None,
    }
}

fn at(message: &str, place: Option<usize>) -> Reworded {
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

fn type_error(message: &str, scene: &Scene<'_>) -> Option<Reworded> {
    for (verb, doing, done) in [
        ("read", "Cannot read properties of", "reading"),
        ("set", "Cannot set properties of", "setting"),
    ] {
        let Some(rest) = message
            .strip_prefix("cannot ")
            .and_then(|rest| rest.strip_prefix(verb))
        else {
            continue;
        };
        let Some((property, value)) = rest
            .strip_prefix(" property '")
            .and_then(|rest| rest.rsplit_once("' of "))
        else {
            continue;
        };
        if property == "Symbol.iterator" {
            return Some(not_iterable(value, scene));
        }
        let kind = if verb == "set" {
            Kind::Write
        } else {
            Kind::Member
        };
        let site = scene
            .after(kind, property)
            .or_else(|| scene.after(kind, ""));
        return Some(at(
            &format!("{doing} {value} ({done} '{property}')"),
            site.map(|site| site.place),
        ));
    }
    if let Some(variable) = message
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix("' is read-only"))
    {
        return Some(read_only(variable, scene));
    }
    if let Some(field) = message
        .strip_prefix("private class field '")
        .and_then(|rest| rest.strip_suffix("' does not exist"))
    {
        let told = format!(
            "Cannot read private member {field} from an object whose class did not declare it"
        );
        return Some(at(&told, None));
    }
    let native = scene.native.unwrap_or("");
    let written = || {
        scene
            .native
            .is_none()
            .then(|| scene.nearest(&[Kind::Write]))
            .flatten()
    };
    match message {
        "not a function" => Some(not_a_function(scene)),
        "not a constructor" => scene
            .nearest(&[Kind::New])
            .map(|site| site.told("is not a constructor")),
        "class constructors must be invoked with 'new'" => {
            let class = scene.innermost?;
            Some(at(
                &format!("Class constructor {class} cannot be invoked without 'new'"),
                None,
            ))
        }
        "must be called with new" => {
            let site = scene.nearest(&[Kind::Call])?;
            let told = match site.text.as_str() {
                "Promise" => "Promise constructor cannot be invoked without 'new'".to_owned(),
                class => format!("Constructor {class} requires 'new'"),
            };
            Some(at(&told, Some(site.place)))
        }
        "value is not iterable" => Some(not_iterable("undefined", scene)),
        "Cannot convert undefined or null to object" => destructured(scene),
        "cannot convert BigInt to number" if native.is_empty() => Some(at(
            "Cannot mix BigInt and other types, use explicit conversions",
            None,
        )),
        "cannot convert BigInt to number" => Some(at(
            "Cannot convert a BigInt value to a number",
            scene.called_place(),
        )),
        "object is not extensible" => {
            let site = written()?;
            Some(at(
                &format!(
                    "Cannot add property {}, object is not extensible",
                    site.name
                ),
                Some(site.place),
            ))
        }
        "no setter for property" => {
            let site = written()?;
            let told = format!(
                "Cannot set property {} of #<Object> which has only a getter",
                site.name
            );
            Some(at(&told, Some(site.place)))
        }
        "could not delete property" => {
            let site = scene.nearest(&[Kind::Member])?;
            Some(at(
                &format!("Cannot delete property '{}' of #<Object>", site.name),
                None,
            ))
        }
        "invalid 'in' operand" => {
            let site = scene.nearest(&[Kind::In])?;
            let told = format!(
                "Cannot use 'in' operator to search for '{}' in {}",
                site.name,
                site.value()
            );
            Some(at(&told, Some(site.place)))
        }
        "not an object" => {
            let told = match native {
                "defineProperty" | "defineProperties" => {
                    format!("Object.{native} called on non-object")
                }
                "Proxy" => "Cannot create proxy with a non-object as target or handler".to_owned(),
                _ => return None,
            };
            Some(at(&told, scene.called_place()))
        }
        "object prototype may only be an Object or null" => {
            let value = scene.called()?.argument.as_deref()?;
            Some(at(
                &format!("Object prototype may only be an Object or null: {value}"),
                scene.called_place(),
            ))
        }
        "regexp must have the 'g' flag" => {
            let told =
                format!("String.prototype.{native} called with a non-global RegExp argument");
            Some(at(&told, scene.called_place()))
        }
        "regexp not supported" => {
            let told = format!(
                "First argument to String.prototype.{native} must not be a regular expression"
            );
            Some(at(&told, scene.called_place()))
        }
        "null or undefined are forbidden" => {
            let method = scene.innermost.unwrap_or(native);
            Some(at(
                &format!("String.prototype.{method} called on null or undefined"),
                scene.called_place(),
            ))
        }
        _ => None,
    }
}

fn reference_error(message: &str) -> Option<Reworded> {
    let variable = message.strip_suffix(" is not initialized")?;
    Some(at(
        &format!("Cannot access '{variable}' before initialization"),
        None,
    ))
}

/// Texts that are parsed at run time: JSON, regular expressions, big integers.
fn syntax_error(message: &str, scene: &Scene<'_>) -> Option<Reworded> {
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
        _ => super::json::reword(message, scene.json_place)?,
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

fn not_a_function(scene: &Scene<'_>) -> Reworded {
    if let Some(site) = scene.called() {
        // `[1].map(3)`: the engine's function was given something that it cannot call.
        let value = site.argument.as_deref().unwrap_or("undefined");
        let subject = if site.name == "Promise" {
            "Promise resolver "
        } else {
            ""
        };
        return at(
            &format!("{subject}{value} is not a function"),
            Some(site.place),
        );
    }
    match scene.nearest(&[Kind::Call, Kind::New]) {
        Some(site) if site.kind == Kind::New => site.told("is not a constructor"),
        Some(site) => site.told("is not a function"),
        None => at("not a function", None),
    }
}

fn not_iterable(value: &str, scene: &Scene<'_>) -> Reworded {
    if let Some(site) = scene.called() {
        let value = match site.argument.as_deref() {
            Some("null") => "object null".to_owned(),
            Some(number) if number.parse::<f64>().is_ok() => format!("number {number}"),
            _ => value.to_owned(),
        };
        return at(
            &format!("{value} is not iterable (cannot read property Symbol(Symbol.iterator))"),
            Some(site.place),
        );
    }
    let taken = scene.nearest(&[Kind::Iterate, Kind::Spread]);
    match taken {
        Some(site) if site.kind == Kind::Spread && site.text == "undefined" => at(
            "undefined is not iterable (cannot read property undefined)",
            Some(site.place),
        ),
        Some(site) if site.kind == Kind::Spread => at(
            "Spread syntax requires ...iterable[Symbol.iterator] to be a function",
            Some(site.place),
        ),
        Some(site) => site.told("is not iterable"),
        None => at(
            &format!("{value} is not iterable (cannot read property Symbol(Symbol.iterator))"),
            None,
        ),
    }
}

fn destructured(scene: &Scene<'_>) -> Option<Reworded> {
    if scene.native.is_some() {
        return Some(at(
            "Cannot convert undefined or null to object",
            scene.called_place(),
        ));
    }
    // The engine gives only the function's beginning: with two patterns in it nobody can tell.
    let mut patterns = scene
        .sites
        .iter()
        .filter(|site| site.kind == Kind::Destructure && site.anchor >= scene.offset);
    let (Some(site), None) = (patterns.next(), patterns.next()) else {
        return None;
    };
    let value = if site.text == "null" {
        "null"
    } else {
        "undefined"
    };
    let told = format!(
        "Cannot destructure property '{}' of '{}' as it is {value}.",
        site.name, site.text
    );
    Some(at(&told, Some(site.place)))
}

fn read_only(variable: &str, scene: &Scene<'_>) -> Reworded {
    let named = |kinds: &[Kind]| {
        let sites = scene
            .sites
            .iter()
            .filter(|site| kinds.contains(&site.kind) && site.name == variable);
        sites.min_by_key(|site| site.anchor.abs_diff(scene.offset))
    };
    match named(&[Kind::Assign, Kind::Write]) {
        Some(site) if site.kind == Kind::Write => at(
            &format!("Cannot assign to read only property '{variable}' of object '#<Object>'"),
            Some(site.place),
        ),
        site => at(
            "Assignment to constant variable.",
            site.map(|site| site.place),
        ),
    }
}

impl Site {
    fn told(&self, complaint: &str) -> Reworded {
        at(&format!("{} {complaint}", self.text), Some(self.place))
    }

    /// The right side of `in`: a literal tells its value, anything else is most likely missing.
    fn value(&self) -> &str {
        self.text
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or("undefined")
    }
}

impl<'s> Scene<'s> {
    /// The site that stands nearest to where QuickJS says.
    fn nearest(&self, kinds: &[Kind]) -> Option<&'s Site> {
        let sites = self.sites.iter().filter(|site| kinds.contains(&site.kind));
        sites.min_by_key(|site| site.anchor.abs_diff(self.offset))
    }

    /// The first site at or behind the place that QuickJS gives (the beginning of a chain), or else the nearest.
    fn after(&self, kind: Kind, name: &str) -> Option<&'s Site> {
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
    fn called(&self) -> Option<&'s Site> {
        let native = self.native?;
        let sites = self
            .sites
            .iter()
            .filter(|site| matches!(site.kind, Kind::Call | Kind::New) && site.name == native);
        sites.min_by_key(|site| site.anchor.abs_diff(self.offset))
    }

    fn called_place(&self) -> Option<usize> {
        self.called().map(|site| site.place)
    }
}
