//! The `TypeError`s of QuickJS in V8's words.

use super::sites::{Kind, Site};
use super::wording::{Reworded, Scene, at};

/// V8's words. `None` when the message is not one of QuickJS's.
pub(super) fn reword(message: &str, scene: &Scene<'_>) -> Option<Reworded> {
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
    // The engine gives the last place before the pattern, or the beginning of the function.
    let behind = || {
        scene
            .sites
            .iter()
            .filter(|site| site.kind == Kind::Destructure && site.anchor >= scene.offset)
    };
    let same_function = behind()
        .filter(|site| site.within == scene.within)
        .min_by_key(|site| site.anchor);
    let site = same_function.or_else(|| behind().min_by_key(|site| site.anchor))?;
    if site.name.is_empty() {
        return None;
    }
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
