//! Components that start where another one's initialisation ended.
//!
//! A language engine takes many milliseconds to start, and a source some more to be compiled. Both are done once, in a
//! store with a fixed clock and fixed randomness, and what memory and globals hold then becomes the initial state
//! of a new component (Wizer). The same input gives the same bytes.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use postlogin_core::{Fault, FaultKind};
use wasmtime::{
    Store,
    component::{ComponentNamedList, Instance, Lift, WasmList},
};
use wasmtime_wizer::{ComponentInstanceState, Wizer};

use crate::{
    action::load,
    guest::Script,
    modules::{NoModules, Provided, provide},
    program::Engine,
    sandbox::Sandbox,
    segments,
    witness::{self, Witness},
};

/// The initialiser that the engine's generator adds to its exports.
const INITIALIZE: &str = "wizer-initialize";

/// The moment at which a snapshot is taken.
#[derive(Clone, Copy)]
pub enum Stage<'a> {
    /// The language engine has started.
    Started,
    /// A started engine has compiled a source. Its top-level code has not run: it must see each login's own clock
    /// and randomness, and production runs it at the first login too. The files are in the engine, not run either.
    Loaded(&'a Script, &'a Provided),
}

/// Why there is no snapshot.
#[derive(Debug)]
pub enum SnapshotError {
    /// The source does not compile.
    Source(Fault),
    /// Anything else.
    Broken(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for SnapshotError {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

/// Runs `component` up to `stage` and returns the component that starts from there.
///
/// # Errors
/// When the source does not compile, or the component cannot be snapshotted.
pub fn snapshot(
    engine: &Engine,
    component: &[u8],
    stage: Stage<'_>,
) -> Result<Vec<u8>, SnapshotError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    runtime.block_on(take(engine, component, stage))
}

async fn take(
    engine: &Engine,
    component: &[u8],
    stage: Stage<'_>,
) -> Result<Vec<u8>, SnapshotError> {
    let mut wizer = Wizer::new();
    // Taken away, the export would leave a dangling reference in components of several modules.
    wizer.keep_init_func(true);
    let (context, instrumented) = wizer
        .instrument_component(component)
        .map_err(anyhow::Error::from)?;
    let compiled = engine.compiled(&instrumented)?;

    // Nothing of a user's runs.
    let sandbox = witness::frozen(&Witness::new(), Arc::new(NoModules));
    let mut store = Store::new(engine.wasmtime(), sandbox);
    store.set_epoch_deadline(u64::MAX / 2);
    let instance = engine
        .linker()
        .instantiate_async(&mut store, &compiled)
        .await
        .map_err(anyhow::Error::from)?;
    match stage {
        Stage::Started => {
            let initialize = instance
                .get_typed_func::<(), ()>(&mut store, INITIALIZE)
                .map_err(anyhow::Error::from)?;
            let started = initialize.call_async(&mut store, ()).await;
            started.map_err(anyhow::Error::from).with_context(|| {
                String::from_utf8_lossy(&store.data().stderr.contents()).into_owned()
            })?;
        }
        Stage::Loaded(script, provided) => {
            let provided = provide(&mut store, &instance, provided).await;
            provided.map_err(anyhow::Error::from)?;
            let loaded = load(&mut store, &instance, script)
                .await
                .map_err(of_source)?;
            loaded.map_err(|fault| SnapshotError::Source(fault.into_fault(FaultKind::Load)))?;
        }
    }
    let mut state = Frozen {
        store: &mut store,
        instance,
        error: None,
    };
    let bytes = wizer
        .snapshot_component(&context, &mut state)
        .await
        .map_err(anyhow::Error::from)?;
    match state.error {
        Some(error) => Err(SnapshotError::Broken(error)),
        None => Ok(segments::merge(&bytes)?),
    }
}

/// Returns the error of an engine that broke down while it compiled a source. A trap is the source's fault: it is nested too
/// deep, or too large.
fn of_source(error: wasmtime::Error) -> SnapshotError {
    let (name, message) = match error.downcast_ref::<wasmtime::Trap>() {
        Some(wasmtime::Trap::StackOverflow) => {
            ("RangeError", "Maximum call stack size exceeded".to_owned())
        }
        Some(trap) => (
            "Trap",
            format!("the engine cannot compile the source: {trap}"),
        ),
        None => return SnapshotError::Broken(error.into()),
    };
    SnapshotError::Source(Fault {
        kind: FaultKind::Load,
        ..Fault::platform(name, message)
    })
}

/// Reads a component's state through the functions that Wizer's instrumentation added.
struct Frozen<'a> {
    store: &'a mut Store<Sandbox>,
    instance: Instance,
    error: Option<anyhow::Error>,
}

impl Frozen<'_> {
    async fn read<R>(&mut self, interface: &str, function: &str) -> Option<R>
    where
        R: Lift + Send + Sync + 'static,
        (R,): ComponentNamedList,
    {
        let result = self.try_read(interface, function).await;
        result.map_err(|error| self.error.get_or_insert(error)).ok()
    }

    async fn try_read<R>(&mut self, interface: &str, function: &str) -> anyhow::Result<R>
    where
        R: Lift + Send + Sync + 'static,
        (R,): ComponentNamedList,
    {
        let store = &mut *self.store;
        let index = self.instance.get_export_index(&mut *store, None, interface);
        let index = self
            .instance
            .get_export_index(&mut *store, index.as_ref(), function)
            .ok_or_else(|| anyhow!("the instrumented component has no {interface}#{function}"))?;
        let function = self
            .instance
            .get_typed_func::<(), (R,)>(&mut *store, index)?;
        Ok(function.call_async(&mut *store, ()).await?.0)
    }
}

impl ComponentInstanceState for Frozen<'_> {
    async fn call_func_ret_list_u8(
        &mut self,
        instance: &str,
        func: &str,
        contents: impl FnOnce(&[u8]) + Send,
    ) {
        if let Some(list) = self.read::<WasmList<u8>>(instance, func).await {
            contents(list.as_le_slice(&*self.store));
        }
    }

    async fn call_func_ret_s32(&mut self, instance: &str, func: &str) -> i32 {
        self.read(instance, func).await.unwrap_or_default()
    }

    async fn call_func_ret_s64(&mut self, instance: &str, func: &str) -> i64 {
        self.read(instance, func).await.unwrap_or_default()
    }

    async fn call_func_ret_f32(&mut self, instance: &str, func: &str) -> u32 {
        self.read::<f32>(instance, func)
            .await
            .unwrap_or_default()
            .to_bits()
    }

    async fn call_func_ret_f64(&mut self, instance: &str, func: &str) -> u64 {
        self.read::<f64>(instance, func)
            .await
            .unwrap_or_default()
            .to_bits()
    }
}
