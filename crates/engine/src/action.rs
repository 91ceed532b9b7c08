//! One handler of one Action, run in a fresh sandbox.

use std::{
    cell::OnceCell,
    sync::Arc,
    time::{Duration, Instant},
};

use postlogin_core::{
    EntryPoint, Fault, FaultKind, Location, Transaction,
    outcome::{ActionUsage, Notice},
};
use postlogin_host::{Conditions, Remark};
use wasmtime::{Store, component::Instance};

use crate::{
    contract::{CONTINUE, EXECUTE},
    fault::{GuestFault, from_trap},
    program::Program,
    sandbox::{Sandbox, TimedOut},
};

/// Source text for a language engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The name that stands in stacks. Never a path of this machine.
    pub name: String,
    /// The source.
    pub source: String,
}

/// Turns what a language engine says about its own state into the user's terms.
pub trait StackMapper: Send + Sync {
    /// The place in the user's source that calls `method`, a path below `api`.
    fn place(&self, stack: &str, method: &str) -> Option<Location>;

    /// The place in the user's source that reads the property `key` of an object.
    fn place_of_read(&self, stack: &str, key: &str) -> Option<Location>;

    /// A fault as production would word it, with the place in the user's source.
    fn fault(&self, fault: Fault) -> Fault;
}

/// Watches what an Action prints.
pub trait Probe: Send + Sync {
    /// Whether it takes a printed message for itself, so that it is no part of the log.
    fn takes(&self, message: &str) -> bool;
}

/// An Action that is ready to run. Cheap to clone; each run gets a sandbox of its own.
#[derive(Clone)]
pub struct ActionPre {
    program: Program,
    script: Option<Arc<Script>>,
    mapper: Option<Arc<dyn StackMapper>>,
    probe: Option<Arc<dyn Probe>>,
}

/// What one run of a handler is given.
#[derive(Clone, Copy)]
pub struct Invocation<'a> {
    /// The event that the handler sees, as JSON.
    pub event: &'a str,
    /// Which handler.
    pub entry: EntryPoint,
    /// What it may reach.
    pub conditions: &'a Conditions,
    /// What this segment of the flow has used of its time budget before.
    pub spent: Duration,
    /// Tells the runs of a login apart, so that each has its own randomness.
    pub stream: u64,
}

/// How a handler ended and what it cost.
#[derive(Debug)]
pub struct Ran {
    /// The guest's verdict on itself.
    pub result: Result<(), Fault>,
    /// What it cost.
    pub usage: ActionUsage,
    /// What of the segment's time budget is used up now.
    pub spent: Duration,
    /// Where the real time went.
    pub phases: Phases,
}

/// Where the real time of a run went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Phases {
    /// Making the sandbox.
    pub instantiate: Duration,
    /// Compiling the script; nothing for a component without one.
    pub load: Duration,
    /// The handler.
    pub call: Duration,
    /// Giving everything back.
    pub drop: Duration,
}

thread_local! {
    /// Time stands still in this runtime while a guest computes, and jumps ahead when everything waits.
    static RUNTIME: OnceCell<tokio::runtime::Runtime> = const { OnceCell::new() };
}

impl ActionPre {
    pub(crate) fn new(
        program: Program,
        script: Option<Script>,
        mapper: Option<Arc<dyn StackMapper>>,
    ) -> Self {
        Self {
            program,
            script: script.map(Arc::new),
            mapper,
            probe: None,
        }
    }

    /// The same Action, watched.
    #[must_use]
    pub fn with_probe(mut self, probe: Arc<dyn Probe>) -> Self {
        self.probe = Some(probe);
        self
    }

    /// Runs one handler. The transaction has begun this Action; ending it is the caller's.
    ///
    /// # Errors
    /// When the sandbox itself breaks. A guest's fault is in [`Ran::result`].
    ///
    /// # Panics
    /// Inside a tokio runtime: call it from a blocking thread there.
    pub fn run(
        &self,
        transaction: Transaction,
        invocation: Invocation<'_>,
    ) -> anyhow::Result<(Transaction, Ran)> {
        RUNTIME.with(|cell| {
            let runtime = match cell.get() {
                Some(runtime) => runtime,
                None => {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_time()
                        .start_paused(true)
                        .build()?;
                    cell.get_or_init(|| runtime)
                }
            };
            runtime.block_on(self.run_in_runtime(transaction, invocation))
        })
    }

    async fn run_in_runtime(
        &self,
        transaction: Transaction,
        invocation: Invocation<'_>,
    ) -> anyhow::Result<(Transaction, Ran)> {
        let Invocation {
            event,
            entry,
            conditions,
            spent,
            stream,
        } = invocation;
        let started = Instant::now();
        let awaited_before = conditions.clock.awaited();
        let sandbox = Sandbox::new(transaction, conditions, spent, stream, self.mapper.clone());
        let sandbox = sandbox.watched_by(self.probe.clone());
        let mut store = Store::new(self.program.pre.engine(), sandbox);
        store.limiter(|sandbox| &mut sandbox.limiter);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|cx| cx.data().on_tick());

        let time_left = store.data().time_left();
        let mut phases = Phases::default();
        let calling = self.call(&mut store, event, entry, &mut phases);
        let called = tokio::time::timeout(time_left, calling).await;
        let mut called = called.unwrap_or_else(|_| Err(TimedOut.into()));
        if called.is_ok() && store.data().time_left().is_zero() {
            // It ended between two ticks of the watchdog, but too late.
            called = Err(TimedOut.into());
        }

        let spent = store.data().spent();
        let dropping = Instant::now();
        let mut sandbox = store.into_data();
        phases.drop = dropping.elapsed();
        for remark in sandbox.door.take_remarks() {
            sandbox.transaction.notice(notice(remark));
        }
        let is_running = !phases.instantiate.is_zero();
        let result = match called {
            Ok(Ok(())) => Ok(()),
            Ok(Err(fault)) => Err(self.explain(fault)),
            Err(error) => Err(self.explain(from_trap(error, &sandbox, conditions, is_running)?)),
        };
        let usage = ActionUsage {
            action: String::new(),
            wall_us: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
            memory_bytes: sandbox.limiter.peak,
            virtual_ms: u64::try_from(
                conditions
                    .clock
                    .awaited()
                    .saturating_sub(awaited_before)
                    .as_millis(),
            )
            .unwrap_or(u64::MAX),
        };
        Ok((
            sandbox.transaction,
            Ran {
                result,
                usage,
                spent,
                phases,
            },
        ))
    }

    async fn call(
        &self,
        store: &mut Store<Sandbox>,
        event: &str,
        entry: EntryPoint,
        phases: &mut Phases,
    ) -> wasmtime::Result<Result<(), Fault>> {
        let instantiating = Instant::now();
        let instance = self.program.pre.instantiate_async(&mut *store).await?;
        let loading = Instant::now();
        phases.instantiate = loading - instantiating;
        if let Some(script) = &self.script {
            let loaded = load(store, &instance, script).await?;
            phases.load = loading.elapsed();
            if let Err(fault) = loaded {
                return Ok(Err(fault.into_fault(FaultKind::Load)));
            }
        }
        let calling = Instant::now();
        let export = match entry {
            EntryPoint::Execute => EXECUTE,
            EntryPoint::Continue => CONTINUE,
        };
        let handler =
            instance.get_typed_func::<(&str,), (Result<(), GuestFault>,)>(&mut *store, export)?;
        let called = handler.call_async(&mut *store, (event,)).await;
        phases.call = calling.elapsed();
        let (result,) = called?;
        Ok(result.map_err(|fault| fault.into_fault(FaultKind::Thrown)))
    }

    fn explain(&self, fault: Fault) -> Fault {
        match &self.mapper {
            Some(mapper) => mapper.fault(fault),
            None => Fault {
                location: place_in_stack(&fault.stack),
                ..fault
            },
        }
    }
}

/// The first `file:line:column` of a stack in the form that docs/abi.md asks guests for.
fn place_in_stack(stack: &str) -> Option<Location> {
    stack.lines().find_map(|line| {
        let place = line.trim_start().strip_prefix("at ")?;
        let place = place
            .rsplit_once('(')
            .map_or(place, |(_, place)| place.trim_end_matches(')'));
        let (rest, column) = place.rsplit_once(':')?;
        let (file, line) = rest.rsplit_once(':')?;
        Some(Location {
            file: file.into(),
            line: line.parse().ok()?,
            column: column.parse().ok()?,
        })
    })
}

/// Compiles a script in an engine's instance, without running it.
pub(crate) async fn load(
    store: &mut Store<Sandbox>,
    instance: &Instance,
    script: &Script,
) -> wasmtime::Result<Result<(), GuestFault>> {
    let interface =
        instance.get_export_index(&mut *store, None, &postlogin_abi::import_name("loader"));
    let load = instance
        .get_export_index(&mut *store, interface.as_ref(), "load")
        .ok_or_else(|| wasmtime::format_err!("the engine exports no loader"))?;
    let load =
        instance.get_typed_func::<(&str, &str), (Result<(), GuestFault>,)>(&mut *store, load)?;
    let (result,) = load
        .call_async(&mut *store, (&script.name, &script.source))
        .await?;
    Ok(result)
}

/// What a door says to the user, as part of the outcome.
pub(crate) fn notice(remark: Remark) -> Notice {
    Notice {
        code: remark.code.into(),
        message: remark.message,
        source: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_of_a_stack_is_found() {
        #[track_caller]
        fn check(stack: &str, expected: Option<(&str, u32, u32)>) {
            let found = place_in_stack(stack);
            let found = found
                .as_ref()
                .map(|place| (place.file.as_str(), place.line, place.column));
            assert_eq!(found, expected, "{stack}");
        }
        check(
            "Error: no\n    at src/lib.rs:27:31",
            Some(("src/lib.rs", 27, 31)),
        );
        check(
            "    at run (src/a.rs:1:2)\n    at src/b.rs:3:4",
            Some(("src/a.rs", 1, 2)),
        );
        check("Error: at 12:30 it failed", None);
        check(
            "    at native\n    at src/b.rs:3:4",
            Some(("src/b.rs", 3, 4)),
        );
        check("", None);
    }
}
