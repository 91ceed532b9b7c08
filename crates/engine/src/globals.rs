//! The globals that a sandbox's code can change: what a login could leave behind outside of its memory.
//!
//! Memory is put back from its image ([`crate::memory`]), and a global is not. A language engine has one that can change, its stack
//! pointer, which each of its functions puts back when it returns. That this is so is verified where memory is
//! ([`verify_images`](crate::verify_images)): language engines are compiled with functions that return their globals, which Wizer adds as it
//! does for a snapshot. No guest can call them, and nothing calls them where nothing is verified.

use std::sync::OnceLock;

use wasmtime::{
    Store,
    component::{Component, Instance, Val, types::ComponentItem},
};
use wasmtime_wizer::Wizer;

use crate::{
    memory::{count_globals, verifies},
    program::Program,
    sandbox::Sandbox,
};

/// The interface of the functions that Wizer adds.
const ACCESS: &str = "wasmtime:wizer/access";

/// The beginning of the names of those that return a global; others return memories.
const GLOBAL: &str = "global";

/// The mutable globals of a program.
#[derive(Debug)]
pub(crate) struct Globals {
    /// Their number.
    count: u64,
    /// Their bits in the first sandbox when it was made.
    initial: OnceLock<Vec<u64>>,
}

/// Something outside of a sandbox's memory is not what it was when the sandbox was made. The host's error, never a guest's.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotPutBack(String);

impl Globals {
    pub(crate) fn new(count: u64) -> Self {
        Self {
            count,
            initial: OnceLock::new(),
        }
    }
}

/// Returns a component whose globals can be read.
///
/// # Errors
/// When it is none, or of a form that Wizer does not know.
pub(crate) fn readable(component: &[u8]) -> wasmtime::Result<Vec<u8>> {
    let (_, readable) = Wizer::new().instrument_component(component)?;
    Ok(readable)
}

impl Program {
    /// Compares the globals of a sandbox in which nothing runs with those of the first one. Does nothing where nothing is verified, or
    /// where the program's sandboxes are not used again.
    ///
    /// # Errors
    /// When they differ, or cannot be read.
    pub(crate) async fn verify_globals(
        &self,
        store: &mut Store<Sandbox>,
        instance: &Instance,
    ) -> wasmtime::Result<()> {
        let Some(globals) = self.globals.as_ref().filter(|_| verifies()) else {
            return Ok(());
        };
        let found = read(self.pre.component(), store, instance).await?;
        if found.len() as u64 != globals.count {
            let message = format!(
                "{} of the {} globals of a sandbox can be read",
                found.len(),
                globals.count
            );
            return Err(NotPutBack(message).into());
        }
        let initial = globals.initial.get_or_init(|| found.clone());
        if found != *initial {
            let message = format!(
                "the globals of a sandbox were not put back: {found:x?} instead of {initial:x?}"
            );
            return Err(NotPutBack(message).into());
        }
        count_globals();
        Ok(())
    }
}

/// Returns the bits of an instance's mutable globals.
async fn read(
    component: &Component,
    store: &mut Store<Sandbox>,
    instance: &Instance,
) -> wasmtime::Result<Vec<u64>> {
    let engine = component.engine();
    let world = component.component_type();
    let access = world.get_export(engine, ACCESS).map(|access| access.ty);
    let Some(ComponentItem::ComponentInstance(access)) = access else {
        return Ok(Vec::new());
    };
    let interface = instance.get_export_index(&mut *store, None, ACCESS);
    let mut found = Vec::new();
    for (name, _) in access.exports(engine) {
        if !name.starts_with(GLOBAL) {
            continue;
        }
        let function = instance
            .get_export_index(&mut *store, interface.as_ref(), name)
            .and_then(|index| instance.get_func(&mut *store, index));
        let Some(function) = function else {
            wasmtime::bail!("the instance has no {ACCESS}#{name}");
        };
        let mut values = [Val::Bool(false)];
        function.call_async(&mut *store, &[], &mut values).await?;
        let [value] = values;
        found.push(match value {
            Val::S32(value) => u64::from(value.cast_unsigned()),
            Val::S64(value) => value.cast_unsigned(),
            Val::Float32(value) => u64::from(value.to_bits()),
            Val::Float64(value) => value.to_bits(),
            other => wasmtime::bail!("{ACCESS}#{name} returns {other:?}"),
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
