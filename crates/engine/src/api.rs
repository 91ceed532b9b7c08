//! The functions that a guest imports from `postlogin:actions`: every one ends in the login.

use postlogin_abi::import_name;
use postlogin_core::{
    Argument, Location,
    ceilings::{
        CALL_BYTES, CALL_VALUES, NAME_BYTES, READS_BETWEEN_CALLS, json_values, shorten_text,
        shortened,
    },
    reads::Watch,
};
use serde_json::{Value, json};
use wasmtime::{
    StoreContextMut,
    component::{ComponentType, Lift, Linker},
};

use crate::sandbox::Sandbox;

/// The level of a printed message.
#[derive(Clone, Copy, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "the values come from guests")]
enum Level {
    #[component(name = "log")]
    Log,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
    #[component(name = "debug")]
    Debug,
    #[component(name = "trace")]
    Trace,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// Links the interfaces of `postlogin:actions`.
pub(crate) fn link(linker: &mut Linker<Sandbox>) -> wasmtime::Result<()> {
    linker
        .instance(&import_name("dynamic"))?
        .func_wrap("call", dynamic_call)?;
    linker.instance(&import_name("console"))?.func_wrap(
        "write",
        |mut cx: StoreContextMut<'_, Sandbox>, (level, message): (Level, String)| {
            // The log takes of it what production does.
            cx.data_mut().print(level.name(), message);
            Ok(())
        },
    )?;
    linker
        .instance(&import_name("source-position"))?
        .func_wrap(
            "at",
            |mut cx: StoreContextMut<'_, Sandbox>, (mut file, line, column): (String, u32, u32)| {
                shorten_text(&mut file, NAME_BYTES);
                cx.data_mut().site = Some(Location { file, line, column });
                Ok(())
            },
        )?;
    crate::modules::link(linker)?;
    crate::typed::link(linker)?;
    Ok(())
}

fn dynamic_call(
    mut cx: StoreContextMut<'_, Sandbox>,
    (method, arguments, stack): (String, String, String),
) -> wasmtime::Result<(String,)> {
    check_size(cx.data_mut(), &method, &arguments)?;
    if method.starts_with('#') && method != "#watch" {
        cx.data_mut().forget_notes();
    }
    if method == "#intl" {
        return Ok((cx.data_mut().ask_icu(arguments)?,));
    }
    let arguments: Value = serde_json::from_str(&arguments).map_err(|error| {
        let method = shortened(&method, NAME_BYTES);
        wasmtime::format_err!("the guest passed no JSON to `{method}`: {error}")
    })?;
    if method == "#rule" {
        let reply = crate::rule_calls::take(cx.data_mut(), &arguments, &stack);
        cx.data().check_ceilings()?;
        return Ok((reply.to_json().to_string(),));
    }
    if method == "#run" {
        crate::run_calls::take(cx.data_mut(), &arguments, &stack);
        return Ok((json!({"return": null}).to_string(),));
    }
    if let Some(answer) = watch(cx.data_mut(), &method, &arguments) {
        return Ok((answer,));
    }
    let passed = Argument::list_from_tagged(&arguments);
    drop(arguments);
    let reply = cx.data_mut().call(&method, &passed, &stack)?;
    drop(passed);
    Ok((reply.to_text(),))
}

/// Refuses names and arguments that would cost the host a multiple of what they cost the guest, before they are read.
fn check_size(sandbox: &mut Sandbox, method: &str, arguments: &str) -> wasmtime::Result<()> {
    // An answer repeats the name, and no method has one of that length.
    if method.len() > NAME_BYTES {
        let what = format!("call a method whose name has more than {NAME_BYTES} bytes");
        return Err(sandbox.exceed(&what));
    }
    let what = if arguments.len() > CALL_BYTES {
        format!("more than {} MiB", CALL_BYTES >> 20)
    } else if json_values(arguments) > CALL_VALUES {
        format!("more than {CALL_VALUES} values")
    } else {
        return Ok(());
    };
    let method = shortened(method, NAME_BYTES);
    Err(sandbox.exceed(&format!("pass {what} to one call of `{method}`")))
}

/// Answers what an engine asks on its own account; `None` for a call of the Action.
fn watch(sandbox: &mut Sandbox, method: &str, arguments: &Value) -> Option<String> {
    match method {
        "#watch" => {
            let wanted = match sandbox.login.watching() {
                Watch::Off => Value::Bool(false),
                watch => json!(watch),
            };
            Some(json!({"return": wanted}).to_string())
        }
        "#reads" => {
            let reads = arguments.as_array();
            if reads.is_some_and(|reads| reads.len() >= READS_BETWEEN_CALLS) {
                sandbox.login.leave_reads_untold();
            }
            for read in reads.into_iter().flatten() {
                let keys = read.get(0).and_then(Value::as_array);
                let keys = keys.into_iter().flatten().filter_map(Value::as_str);
                let keys: Vec<String> = keys.map(str::to_owned).collect();
                let present = read.get(1).and_then(Value::as_bool).unwrap_or_default();
                let stack = read.get(2).and_then(Value::as_str).unwrap_or_default();
                sandbox.read(&keys, present, stack);
            }
            Some(json!({"return": null}).to_string())
        }
        _ => None,
    }
}
