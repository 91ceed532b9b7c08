//! The report of the engine about the end of a run, through the dynamic call `#run`: pending work, and errors that
//! nothing handled.

use postlogin_core::{
    Fault, FaultKind, Location,
    outcome::{NOT_AWAITED, Notice, PROCESS_WARNING, UNCAUGHT_ERROR, UNHANDLED_REJECTION},
};
use serde_json::Value;

use crate::sandbox::Sandbox;

/// Records one message. `message` has a key `what`; the other keys depend on it. Unknown messages are ignored.
pub(crate) fn take(sandbox: &mut Sandbox, message: &Value, stack: &str) {
    let text = |key: &str| message.get(key).and_then(Value::as_str).unwrap_or_default();
    match text("what") {
        "pending" => {
            let place = place(sandbox, stack);
            let sentence = pending(text("kind"), text("name"), text("how"));
            let notice = notice(NOT_AWAITED, sentence, place);
            if text("how") == "called" {
                // It continues while the next Rule runs, and is reported behind the last one.
                sandbox.pending_of_rules.push(notice);
            } else {
                sandbox.login.notice(notice);
            }
        }
        "request" => {
            if let Some(place) = place(sandbox, stack) {
                sandbox.door.announce(text("name"), place);
            }
        }
        "late" => {
            let method = text("name");
            let place = place(sandbox, stack);
            let sentence = format!(
                "api.{method} was called after the handler had settled, so the call was dropped; production does not wait for it"
            );
            sandbox.login.notice(notice(NOT_AWAITED, sentence, place));
        }
        "warning" => {
            let text = text("message").trim_end();
            let sentence = format!(
                "process.emitWarning was called, which Node prints on standard error: {text}"
            );
            sandbox
                .login
                .notice(notice(PROCESS_WARNING, sentence, None));
        }
        origin @ ("uncaughtException" | "unhandledRejection") => {
            let fault = sandbox.explain(Fault {
                kind: FaultKind::Thrown,
                name: text("name").to_owned(),
                message: text("message").to_owned(),
                stack: text("stack").to_owned(),
                location: None,
            });
            let (code, what) = match origin {
                "uncaughtException" => (UNCAUGHT_ERROR, "an error was thrown"),
                _ => (UNHANDLED_REJECTION, "a promise was rejected"),
            };
            let said = match fault.name.as_str() {
                "non-error" => fault.message,
                name => format!("{name}: {}", fault.message),
            };
            let sentence =
                format!("{what} after the handler had settled, and nothing handled it: {said}");
            sandbox.login.notice(notice(code, sentence, fault.location));
        }
        _ => {}
    }
}

fn notice(code: &str, sentence: String, place: Option<Location>) -> Notice {
    let message = match place {
        Some(Location { file, line, column }) => {
            format!("{sentence}\nat {file}:{line}:{column}")
        }
        None => sentence,
    };
    Notice {
        code: code.to_owned(),
        message,
        source: None,
    }
}

fn pending(kind: &str, name: &str, how: &str) -> String {
    let (thing, is_one) = match kind {
        "request" => (format!("a request ({name})"), true),
        "timer" => (format!("a timer ({name})"), true),
        "promise" => (format!("the promise of {name}"), true),
        _ => (
            format!("{name} more requests, timers and promises"),
            name == "1",
        ),
    };
    let (was, it) = match is_one {
        true => ("was", "it"),
        false => ("were", "they"),
    };
    let end = match how {
        "called" => "the last Rule had called back",
        "threw" => "the handler threw",
        _ => "the handler returned",
    };
    let object = if is_one { "it" } else { "them" };
    format!(
        "{thing} {was} still pending when {end}, so {it} and what follows {object} were dropped; production does not wait for {object}"
    )
}

fn place(sandbox: &Sandbox, stack: &str) -> Option<Location> {
    sandbox.mappers().find_map(|mapper| mapper.place(stack))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pending_is_a_sentence() {
        #[track_caller]
        fn check(kind: &str, name: &str, how: &str, expected: &str) {
            let tail = pending(kind, name, how);
            assert!(tail.starts_with(expected), "{tail}");
        }
        check(
            "request",
            "GET https://a.example/",
            "returned",
            "a request (GET https://a.example/) was still pending when the handler returned, so it and what follows it were dropped",
        );
        check(
            "more",
            "12",
            "threw",
            "12 more requests, timers and promises were still pending when the handler threw, so they and what follows them",
        );
        check(
            "timer",
            "setInterval, 50 ms",
            "called",
            "a timer (setInterval, 50 ms) was still pending when the last Rule had called back",
        );
    }
}
