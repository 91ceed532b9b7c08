//! How the end of a sandbox becomes the fault of an Action.

use postlogin_core::{Fault, FaultKind};
use postlogin_host::Conditions;
use wasmtime::{
    Trap,
    component::{ComponentType, Lift},
};
use wasmtime_wasi::I32Exit;

use crate::sandbox::{OutOfMemory, Sandbox, TimedOut};

/// How a guest reports its own fault; the record `fault` of the contract.
#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(crate) struct GuestFault {
    name: String,
    message: String,
    stack: String,
}

impl GuestFault {
    pub(crate) fn into_fault(self, kind: FaultKind) -> Fault {
        Fault {
            kind,
            name: self.name,
            message: self.message,
            stack: self.stack,
            location: None,
        }
    }
}

/// The fault behind a trap.
///
/// # Errors
/// When the trap is not the guest's doing.
pub(crate) fn from_trap(
    error: wasmtime::Error,
    sandbox: &Sandbox,
    conditions: &Conditions,
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
        let message = format!("the Actions of this login did not finish within {seconds} s");
        return fault(FaultKind::Timeout, "Timeout", message);
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
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => fault(
            FaultKind::StackOverflow,
            "RangeError",
            "Maximum call stack size exceeded".into(),
        ),
        Some(trap) => {
            let said = String::from_utf8_lossy(&sandbox.stderr.contents())
                .trim()
                .to_owned();
            let message = if said.is_empty() {
                trap.to_string()
            } else {
                said
            };
            fault(FaultKind::Platform, "Trap", message)
        }
        None => Err(error.into()),
    }
}
