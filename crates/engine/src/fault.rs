//! Conversion of the end of a sandbox into the fault of an Action.

use postlogin_core::{
    Fault, FaultKind,
    ceilings::{self, RESOURCES},
};
use postlogin_host::Conditions;
use wasmtime::{
    Trap,
    component::{ComponentType, Lift, ResourceTableError},
};
use wasmtime_wasi::I32Exit;

use crate::{
    globals::NotPutBack,
    sandbox::{HostLimit, INSTANCES, OutOfMemory, PARTS, Sandbox, TimedOut},
};

/// A guest's report of its own fault; the record `fault` of the contract.
#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(crate) struct GuestFault {
    name: String,
    message: String,
    stack: String,
}

/// The class under which a guest reports that the Action ended its own process, where a language has no way to do it.
const EXITED: &str = "Exited";

impl GuestFault {
    /// `kind` is what it is unless the guest says more.
    pub(crate) fn into_fault(self, kind: FaultKind) -> Fault {
        Fault {
            kind: if self.name == EXITED {
                FaultKind::Exited
            } else {
                kind
            },
            name: self.name,
            message: self.message,
            stack: self.stack,
            location: None,
        }
    }
}

/// The fault behind an error that ended a sandbox. `is_running`: the guest was there already.
///
/// # Errors
/// When the sandbox could not be made, or is not as it must be.
pub(crate) fn from_trap(
    error: wasmtime::Error,
    sandbox: &Sandbox,
    conditions: &Conditions,
    is_running: bool,
) -> anyhow::Result<Fault> {
    let fault = |kind, name: &str, message: String| {
        Ok(Fault {
            kind,
            name: name.into(),
            message,
            stack: String::new(),
            location: None,
        })
    };
    if error.is::<TimedOut>() {
        let seconds = conditions.budget.time.as_secs_f64();
        let who = match sandbox.login.is_in_rule() {
            true => "Rules",
            false => "Actions",
        };
        let message = format!("the {who} of this login did not finish within {seconds} s");
        return fault(FaultKind::Timeout, "Timeout", message);
    }
    if error.is::<HostLimit>()
        && let Some(fault) = sandbox.login.exceeded()
    {
        return Ok(fault);
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        let fault = ceilings::fault(format!(
            "The Actions of this login hold more than {RESOURCES} resources of WASI."
        ));
        return Ok(fault);
    }
    if error.is::<OutOfMemory>() {
        let mebibytes = conditions.budget.memory >> 20;
        let message = format!("the Action wanted more than {mebibytes} MiB of memory");
        return fault(FaultKind::OutOfMemory, "OutOfMemory", message);
    }
    if let Some(I32Exit(code)) = error.downcast_ref() {
        return fault(
            FaultKind::Exited,
            "Exited",
            format!("the Action ended its process with exit code {code}"),
        );
    }
    // wasmtime has no type for it.
    if error.to_string().starts_with("resource limit exceeded") {
        let fault = ceilings::fault(format!(
            "The Action's component has more than {INSTANCES} instances of modules, or more than {PARTS} memories or tables."
        ));
        return Ok(fault);
    }
    let Some(trap) = error.downcast_ref::<Trap>() else {
        if !is_running || error.is::<NotPutBack>() {
            return Err(error.into());
        }
        // What a guest passed to the host was of another type than the contract says, or far too large.
        let message = format!("the Action broke the contract with its host: {error:#}");
        return fault(FaultKind::Platform, "Trap", message);
    };
    let said = sandbox.stderr.contents();
    let (kind, name, message) = explain_trap(*trap, &String::from_utf8_lossy(&said));
    fault(kind, name, message)
}

/// Returns the meaning of a trap for the user. `said` is what the guest's language runtime wrote to its standard error.
fn explain_trap(trap: Trap, said: &str) -> (FaultKind, &'static str, String) {
    match trap {
        // The stack that a guest keeps in its own memory begins near address 0 and grows downwards.
        Trap::StackOverflow | Trap::MemoryOutOfBounds => (
            FaultKind::StackOverflow,
            "RangeError",
            "Maximum call stack size exceeded".into(),
        ),
        Trap::UnreachableCodeReached => explain_panic(said),
        trap => (FaultKind::Platform, "Trap", trap.to_string()),
    }
}

/// The message of the JavaScript engine's executor when nothing is left that could wake the handler.
const NOTHING_TO_DO: &str = "ready list empty";

fn explain_panic(said: &str) -> (FaultKind, &'static str, String) {
    let Some((place, message)) = panic_text(said) else {
        let message = match said.trim() {
            "" => "the Action's WebAssembly gave up (`unreachable`) and did not say why".into(),
            said => said.to_owned(),
        };
        return (FaultKind::Platform, "Trap", message);
    };
    if message.contains(NOTHING_TO_DO) {
        let message = "the handler awaits a promise that nothing can settle any more; production waits until its \
                       limit of 20 s and fails the login";
        return (FaultKind::NeverSettled, "Timeout", message.into());
    }
    // The text of Rust's allocator.
    if message.starts_with("memory allocation of ") {
        return (FaultKind::OutOfMemory, "OutOfMemory", message.to_owned());
    }
    // A place in a dependency says nothing to the user, and its path may be one of another machine.
    let is_own = !place.starts_with('/') && !place.contains("cargo") && !place.contains("rustc");
    let message = if is_own {
        format!("{message} (panicked at {place})")
    } else {
        message.to_owned()
    };
    (FaultKind::Platform, "Panic", message)
}

/// The place and the message of the last Rust panic in a text: `thread 'main' panicked at src/lib.rs:1:2:` and the
/// lines behind it.
fn panic_text(said: &str) -> Option<(&str, &str)> {
    let (_, panic) = said.rsplit_once(" panicked at ")?;
    let (place, message) = panic.split_once(":\n")?;
    let end = message.find("\nnote: ").unwrap_or(message.len());
    Some((place, message.get(..end)?.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traps_are_told_in_the_users_terms() {
        #[track_caller]
        fn check(trap: Trap, said: &str, kind: FaultKind, name: &str, message: &str) {
            let told = explain_trap(trap, said);
            assert_eq!(told, (kind, name_of(name), message.into()), "{said}");
        }
        fn name_of(name: &str) -> &'static str {
            let names = ["RangeError", "Timeout", "OutOfMemory", "Panic", "Trap"];
            names
                .into_iter()
                .find(|known| *known == name)
                .unwrap_or("unknown")
        }
        let unreachable = Trap::UnreachableCodeReached;
        let stack = "Maximum call stack size exceeded";
        check(
            Trap::StackOverflow,
            "",
            FaultKind::StackOverflow,
            "RangeError",
            stack,
        );
        check(
            Trap::MemoryOutOfBounds,
            "",
            FaultKind::StackOverflow,
            "RangeError",
            stack,
        );
        check(
            unreachable,
            "\nthread '<unnamed>' panicked at cargo/registry/src/index/wstd-0.6.5/src/runtime/block_on.rs:63:13:\n\
             internal error: entered unreachable code: ready list empty, therefore root task should be ready. malformed root task?\n\
             note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n",
            FaultKind::NeverSettled,
            "Timeout",
            "the handler awaits a promise that nothing can settle any more; production waits until its limit of 20 s and \
             fails the login",
        );
        check(
            unreachable,
            "a print\nthread 'main' (1) panicked at src/lib.rs:12:9:\nno tier\nfor jane\nnote: run with `RUST_BACKTRACE=1`\n",
            FaultKind::Platform,
            "Panic",
            "no tier\nfor jane (panicked at src/lib.rs:12:9)",
        );
        check(
            unreachable,
            "thread 'main' panicked at /home/a/.cargo/registry/src/serde-1.0/src/x.rs:1:2:\nbad\n",
            FaultKind::Platform,
            "Panic",
            "bad",
        );
        check(
            unreachable,
            "thread 'main' panicked at library/alloc/src/alloc.rs:1:2:\nmemory allocation of 99 bytes failed",
            FaultKind::OutOfMemory,
            "OutOfMemory",
            "memory allocation of 99 bytes failed",
        );
        check(
            unreachable,
            " abort: no\n",
            FaultKind::Platform,
            "Trap",
            "abort: no",
        );
        check(
            unreachable,
            "",
            FaultKind::Platform,
            "Trap",
            "the Action's WebAssembly gave up (`unreachable`) and did not say why",
        );
        check(
            Trap::IntegerDivisionByZero,
            "",
            FaultKind::Platform,
            "Trap",
            "wasm trap: integer divide by zero",
        );
    }
}
