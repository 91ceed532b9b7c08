//! The typed interfaces of `postlogin:actions`: one function of this file serves all of them.
//!
//! The table [`METHODS`] says how each function corresponds to a method of the vendor's `api` object. A call becomes
//! the method's arguments ([`arguments`]), is answered by the login like a dynamic one, and its answer becomes
//! the function's result ([`results`]). No function is written out anywhere.

mod arguments;
mod json_text;
mod results;
#[cfg(test)]
mod tests;

use postlogin_abi::{
    import_name,
    methods::{METHODS, Method},
};
use postlogin_core::Answer;
use wasmtime::component::{Linker, Val};

use crate::sandbox::Sandbox;

/// Links every interface with the name of an `api` namespace.
pub(crate) fn link(linker: &mut Linker<Sandbox>) -> wasmtime::Result<()> {
    // The linker takes each interface once, and the table has its methods together.
    for methods in METHODS.chunk_by(|one, other| one.interface() == other.interface()) {
        let Some(first) = methods.first() else {
            continue;
        };
        let mut instance = linker.instance(&import_name(&first.interface()))?;
        for method in methods {
            instance.func_new(&method.function(), move |mut cx, _, given, slots| {
                serve(method, cx.data_mut(), given, slots)
            })?;
        }
    }
    Ok(())
}

/// Answers one call of a function.
fn serve(
    method: &Method,
    sandbox: &mut Sandbox,
    given: &[Val],
    slots: &mut [Val],
) -> wasmtime::Result<()> {
    let trigger = sandbox.login.trigger();
    if !method.triggers.contains(&trigger.id()) {
        let interface = method.interface();
        return Err(wasmtime::format_err!(
            "the interface `{interface}` is not one of the trigger {trigger}"
        ));
    }
    if let Some(what) = arguments::too_much(method, given) {
        return Err(sandbox.exceed(&format!("pass {what} to one call of `{}`", method.path)));
    }
    let answer = match arguments::of_call(method, given) {
        // Guests of this form name their place beforehand and pass no stack.
        Ok(arguments) => sandbox.call(method.path, &arguments, "")?.answer,
        Err(failure) => {
            // In JavaScript `JSON.parse` would have thrown on the way to the method: it is not called, and the place
            // that the guest named for it holds for no later call.
            sandbox.site = None;
            Answer::Throw(failure)
        }
    };
    let result = results::of_answer(method, answer)?;
    if let (Some(slot), Some(result)) = (slots.first_mut(), result) {
        *slot = result;
    }
    Ok(())
}
