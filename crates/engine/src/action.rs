//! One handler of one Action, run in a fresh sandbox.

mod rules;

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
use serde_json::{Map, Value};
use wasmtime::{Store, component::Instance};

pub(crate) use rules::SharedSandbox;

use crate::{
    contract::{CONTINUE, EXECUTE},
    fault::{GuestFault, from_trap},
    modules::{ModuleSource, NoModules, loader_function},
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

    /// The place in the user's source that assigns to a property of an object.
    fn place_of_write(&self, stack: &str) -> Option<Location>;

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
    modules: Arc<dyn ModuleSource>,
    module_secrets: Arc<Map<String, Value>>,
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
            modules: Arc::new(NoModules),
            module_secrets: Arc::default(),
        }
    }

    /// The same Action, watched.
    #[must_use]
    pub fn with_probe(mut self, probe: Arc<dyn Probe>) -> Self {
        self.probe = Some(probe);
        self
    }

    /// The Action with what it can `require`.
    #[must_use]
    pub fn with_modules(mut self, modules: Arc<dyn ModuleSource>) -> Self {
        self.modules = modules;
        self
    }

    /// The Action with the secrets of its Action Modules: an object of strings for each name such as `actions:util`.
    #[must_use]
    pub fn with_module_secrets(mut self, secrets: Map<String, Value>) -> Self {
        self.module_secrets = Arc::new(secrets);
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
        in_runtime(self.run_in_runtime(transaction, invocation))?
    }

    /// Runs one handler for each of several logins in one sandbox, as production may: what top-level code left behind
    /// is still there at the second one.
    ///
    /// # Errors
    /// When the sandbox breaks, which it also does when a handler traps.
    ///
    /// # Panics
    /// Inside a tokio runtime.
    pub fn run_in_one_sandbox(
        &self,
        transactions: Vec<Transaction>,
        invocation: Invocation<'_>,
    ) -> anyhow::Result<Vec<(Transaction, Result<(), Fault>)>> {
        in_runtime(async {
            let mut transactions = transactions.into_iter();
            let Some(first) = transactions.next() else {
                return Ok(Vec::new());
            };
            let mut store = self.store(first, invocation);
            let mut ended = Vec::new();
            let Started(instance, loaded) = self.start(&mut store, &mut Phases::default()).await?;
            loop {
                let result = match &loaded {
                    Ok(()) => call_handler(&mut store, &instance, invocation).await?,
                    Err(fault) => Err(fault.clone()),
                };
                let result = result.map_err(|fault| self.explain(fault));
                let Some(next) = transactions.next() else {
                    ended.push((store.into_data().transaction, result));
                    return Ok(ended);
                };
                let transaction = std::mem::replace(&mut store.data_mut().transaction, next);
                ended.push((transaction, result));
            }
        })?
    }

    fn store(&self, transaction: Transaction, invocation: Invocation<'_>) -> Store<Sandbox> {
        let mut sandbox = Sandbox::new(
            transaction,
            invocation.conditions,
            invocation.spent,
            invocation.stream,
            self.mapper.clone(),
            Arc::clone(&self.modules),
        );
        sandbox.module_secrets = Arc::clone(&self.module_secrets);
        let sandbox = sandbox.watched_by(self.probe.clone());
        let mut store = Store::new(self.program.pre.engine(), sandbox);
        store.limiter(|sandbox| &mut sandbox.limiter);
        // What one call may bring out of the sandbox. A value is lifted before anything can look at it.
        let fuel = usize::try_from(invocation.conditions.budget.memory / 2).unwrap_or(usize::MAX);
        store.set_hostcall_fuel(fuel);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|cx| cx.data().on_tick());
        store
    }

    async fn run_in_runtime(
        &self,
        transaction: Transaction,
        invocation: Invocation<'_>,
    ) -> anyhow::Result<(Transaction, Ran)> {
        let conditions = invocation.conditions;
        let started = Instant::now();
        let awaited_before = conditions.clock.awaited();
        let mut store = self.store(transaction, invocation);
        let time_left = store.data().time_left();
        let mut phases = Phases::default();
        let calling = self.call(&mut store, invocation, &mut phases);
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
            virtual_ms: milliseconds(conditions.clock.awaited().saturating_sub(awaited_before)),
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
        invocation: Invocation<'_>,
        phases: &mut Phases,
    ) -> wasmtime::Result<Result<(), Fault>> {
        let Started(instance, loaded) = self.start(store, phases).await?;
        if loaded.is_err() {
            return Ok(loaded);
        }
        let calling = Instant::now();
        let called = call_handler(store, &instance, invocation).await;
        phases.call = calling.elapsed();
        called
    }

    /// Makes the sandbox and compiles the script in it.
    async fn start(
        &self,
        store: &mut Store<Sandbox>,
        phases: &mut Phases,
    ) -> wasmtime::Result<Started> {
        let instantiating = Instant::now();
        let instance = self.program.pre.instantiate_async(&mut *store).await?;
        let loading = Instant::now();
        phases.instantiate = loading - instantiating;
        if let Some(script) = &self.script {
            let loaded = load(store, &instance, script).await?;
            phases.load = loading.elapsed();
            if let Err(fault) = loaded {
                return Ok(Started(instance, Err(fault.into_fault(FaultKind::Load))));
            }
        }
        Ok(Started(instance, Ok(())))
    }

    fn explain(&self, fault: Fault) -> Fault {
        // Before it is looked at: the time for that is nobody's.
        let fault = fault.shortened();
        match &self.mapper {
            Some(mapper) => mapper.fault(fault),
            None => Fault {
                location: place_in_stack(&fault.stack),
                ..fault
            },
        }
    }
}

/// An instance, and whether its script compiles.
struct Started(Instance, Result<(), Fault>);

async fn call_handler(
    store: &mut Store<Sandbox>,
    instance: &Instance,
    invocation: Invocation<'_>,
) -> wasmtime::Result<Result<(), Fault>> {
    let export = match invocation.entry {
        EntryPoint::Execute => EXECUTE,
        EntryPoint::Continue => CONTINUE,
    };
    let handler =
        instance.get_typed_func::<(&str,), (Result<(), GuestFault>,)>(&mut *store, export)?;
    let (result,) = handler.call_async(store, (invocation.event,)).await?;
    Ok(result.map_err(|fault| fault.into_fault(FaultKind::Thrown)))
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Runs a future on this thread's runtime.
fn in_runtime<F: Future>(future: F) -> anyhow::Result<F::Output> {
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
        Ok(runtime.block_on(future))
    })
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
    let load = loader_function(store, instance, "load")?;
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
