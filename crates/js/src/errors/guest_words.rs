//! What the guest has already said in V8's words, taken back to QuickJS's.
//!
//! An Action that reads `error.message` must see V8's words, so the guest rewords the most common messages as far as it
//! can without a parser. Here the whole source is known, which gives better texts and places.

use std::borrow::Cow;

use super::wording::Reworded;

/// The class and the message as QuickJS had them.
pub(super) struct EngineWords<'e> {
    pub(super) class: &'e str,
    pub(super) message: Cow<'e, str>,
    /// Whether production made an `Error` of it, because top-level code threw it.
    is_wrapped: bool,
}

/// The classes of the engine's own errors.
const NATIVE: &[&str] = &[
    "TypeError",
    "ReferenceError",
    "RangeError",
    "SyntaxError",
    "URIError",
    "EvalError",
    "InternalError",
];

/// Undoes the guest's wording, and the wrapping of errors that top-level code threw: `Error: TypeError: …`.
pub(super) fn engine_words<'e>(name: &'e str, message: &'e str) -> EngineWords<'e> {
    let wrapped = message
        .split_once(": ")
        .filter(|(class, _)| name == "Error" && NATIVE.contains(class));
    let (class, message) = wrapped.unwrap_or((name, message));
    EngineWords {
        class,
        message: unworded(class, message),
        is_wrapped: wrapped.is_some(),
    }
}

impl EngineWords<'_> {
    /// The message as it is told: with the class before it if production does so.
    pub(super) fn wrap(&self, reworded: Reworded) -> Reworded {
        if !self.is_wrapped {
            return reworded;
        }
        Reworded {
            message: format!("{}: {}", self.class, reworded.message),
            ..reworded
        }
    }
}

fn unworded<'e>(class: &str, message: &'e str) -> Cow<'e, str> {
    if class != "TypeError" {
        return Cow::Borrowed(message);
    }
    for (start, verb, doing) in [
        ("Cannot read properties of ", "read", " (reading '"),
        ("Cannot set properties of ", "set", " (setting '"),
    ] {
        let parts = message
            .strip_prefix(start)
            .and_then(|rest| rest.strip_suffix("')"))
            .and_then(|rest| rest.split_once(doing));
        if let Some((value, property)) = parts {
            return Cow::Owned(format!("cannot {verb} property '{property}' of {value}"));
        }
    }
    if message.ends_with(" is not a function") {
        return Cow::Borrowed("not a function");
    }
    Cow::Borrowed(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_taken_back() {
        #[track_caller]
        fn check(name: &str, message: &str, class: &str, expected: &str) {
            let said = engine_words(name, message);
            assert_eq!((said.class, &*said.message), (class, expected));
        }
        let read = "cannot read property 'x' of undefined";
        let told = "Cannot read properties of undefined (reading 'x')";
        check("TypeError", told, "TypeError", read);
        check("Error", &format!("TypeError: {told}"), "TypeError", read);
        check("Error", told, "Error", told);
        check(
            "TypeError",
            "api.x is not a function",
            "TypeError",
            "not a function",
        );
        check("TypeError", "no", "TypeError", "no");
        check(
            "Error",
            "ReferenceError: nope is not defined",
            "ReferenceError",
            "nope is not defined",
        );
        check("MyError", "TypeError: x", "MyError", "TypeError: x");
    }
}
