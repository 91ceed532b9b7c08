//! One handler of one Action, run in a fresh sandbox.

mod image;
mod recalled;
mod run;

use std::{
    cell::OnceCell,
    sync::Arc,
    time::{Duration, Instant},
};

use postlogin_core::{
    EntryPoint, Fault, FaultKind, HandlerKind, Login, SandboxUse,
    outcome::{ActionUsage, Notice},
};
use postlogin_host::{Conditions, Remark};
use serde_json::{Map, Value};
use wasmtime::{
    Store,
    component::{ComponentExportIndex, Instance},
};

use image::{Captured, Start};
pub use run::SharedSandbox;

use crate::{
    contract::export_of,
    fault::GuestFault,
    guest::{Probe, Script, SourceKind, StackMapper, place_in_stack},
    memory::Guest,
    modules::{ModuleSource, NoModules, loader_function},
    program::Program,
    recall::{Notes, Recall},
    sandbox::Sandbox,
};

/// An Action that is ready to run: made by [`crate::Program::action`], run through [`crate::run`]. Cheap to clone; each run gets a sandbox of its own.
#[derive(Clone)]
pub struct ActionPre {
    program: Program,
    script: Option<Arc<Script>>,
    mapper: Option<Arc<dyn StackMapper>>,
    probe: Option<Arc<dyn Probe>>,
    modules: Arc<dyn ModuleSource>,
    module_secrets: Arc<Map<String, Value>>,
    /// The memory of a sandbox in which the script is loaded.
    captured: Arc<Captured>,
    /// The runs that need no sandbox; `None` when each has one.
    recall: Option<Arc<Recall>>,
}

/// The input of one run of a handler.
#[derive(Clone, Copy)]
pub struct Invocation<'a> {
    /// Its kind: the guest calls a Rule in another way than an Action.
    pub kind: HandlerKind,
    /// Which handler.
    pub entry: EntryPoint,
    /// The handler's input, as JSON: [`postlogin_core::Call::input`].
    pub input: &'a str,
    /// Whether other handlers run in the same sandbox.
    pub sandbox: SandboxUse,
    /// Its conditions: clock, randomness, network and budget.
    pub conditions: &'a Conditions,
    /// The time budget that this segment of the flow has used before.
    pub spent: Duration,
    /// Distinguishes the runs of a login, so that each has its own randomness.
    pub stream: u64,
}

/// The end of a handler, and its cost.
#[derive(Debug)]
pub struct Ran {
    /// The guest's verdict on itself.
    pub result: Result<(), Fault>,
    /// Its cost.
    pub usage: ActionUsage,
    /// The part of the segment's time budget that is used up now.
    pub spent: Duration,
    /// Where the real time went.
    pub phases: Phases,
    /// The deeds of the handler, when it is to be recalled.
    pub(crate) notes: Option<Notes>,
}

/// Where the real time of a run went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Phases {
    /// Making the sandbox, or making one that was used before as good as new.
    pub instantiate: Duration,
    /// Compiling the script; nothing where the sandbox begins with a compiled one, or the Action is a component.
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
            captured: Arc::default(),
            recall: None,
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

    /// Runs one handler: in the sandbox that earlier Rules left in `shared`, or in a new one, which is left there if other
    /// handlers use it after this one. A fault ends the sandbox. The login has begun this handler; ending it is the
    /// caller's.
    ///
    /// # Errors
    /// When the sandbox itself breaks. A guest's fault is in [`Ran::result`].
    ///
    /// # Panics
    /// Inside a tokio runtime: call it from a blocking thread there.
    pub fn run(
        &self,
        shared: &mut Option<SharedSandbox>,
        login: Login,
        invocation: Invocation<'_>,
    ) -> anyhow::Result<(Login, Ran)> {
        match self.recalling_of(shared.is_some(), &login, invocation) {
            Some(recall) => self.recall_or_run(recall, shared, login, invocation),
            None => in_runtime(self.run_in_runtime(shared, login, invocation))?,
        }
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
        logins: Vec<Login>,
        invocation: Invocation<'_>,
    ) -> anyhow::Result<Vec<(Login, Result<(), Fault>)>> {
        in_runtime(async {
            let mut logins = logins.into_iter();
            let Some(first) = logins.next() else {
                return Ok(Vec::new());
            };
            let mut guest = Guest::new(self.store(first, invocation));
            let mut ended = Vec::new();
            let start = Start::of(&self.program);
            let phases = &mut Phases::default();
            let Started(instance, loaded) = self.start(&mut guest, &start, phases).await?;
            let mut store = guest.store;
            loop {
                let result = match &loaded {
                    Ok(()) => {
                        call_handler(&mut store, &instance, &self.program, invocation).await?
                    }
                    Err(fault) => Err(fault.clone()),
                };
                let result = result.map_err(|fault| self.explain(store.data(), fault));
                let Some(next) = logins.next() else {
                    ended.push((store.into_data().login, result));
                    return Ok(ended);
                };
                let login = std::mem::replace(&mut store.data_mut().login, next);
                ended.push((login, result));
            }
        })?
    }

    fn sandbox(&self, login: Login, invocation: Invocation<'_>) -> Sandbox {
        let mut sandbox = Sandbox::new(
            login,
            invocation.conditions,
            invocation.spent,
            invocation.stream,
            self.mapper.clone(),
            Arc::clone(&self.modules),
        );
        sandbox.module_secrets = Arc::clone(&self.module_secrets);
        sandbox.icu = self.program.engine.icu();
        let notes = self.recall.as_ref().filter(|recall| !recall.is_off());
        sandbox.notes = notes.map(|_| Notes::default());
        sandbox.watched_by(self.probe.clone())
    }

    fn store(&self, login: Login, invocation: Invocation<'_>) -> Store<Sandbox> {
        let sandbox = self.sandbox(login, invocation);
        let mut store = Store::new(self.program.pre.engine(), sandbox);
        store.limiter(|sandbox| &mut sandbox.limiter);
        store.epoch_deadline_callback(|cx| cx.data().on_tick());
        limit(&mut store, invocation);
        store
    }

    /// Makes the sandbox and compiles the script in it, unless it is already there.
    async fn start(
        &self,
        guest: &mut Guest<Sandbox>,
        start: &Start,
        phases: &mut Phases,
    ) -> wasmtime::Result<Started> {
        let instantiating = Instant::now();
        let instance = match guest.instance() {
            Some(instance) => instance,
            None => {
                let image = start.image.as_ref();
                let instance = guest.instantiate(&self.program.pre, image).await?;
                let store = &mut guest.store;
                self.program.verify_globals(store, &instance).await?;
                instance
            }
        };
        start.count(&mut guest.store);
        let loading = Instant::now();
        phases.instantiate += loading - instantiating;
        if let Some(script) = self.script.as_ref().filter(|_| !start.has_script) {
            let store = &mut guest.store;
            let loaded = self.load(store, &instance, script).await?;
            phases.load = loading.elapsed();
            if let Err(fault) = loaded {
                return Ok(Started(instance, Err(fault.into_fault(FaultKind::Load))));
            }
        }
        Ok(Started(instance, Ok(())))
    }

    /// Compiles the script in an instance of this Action's program.
    async fn load(
        &self,
        store: &mut Store<Sandbox>,
        instance: &Instance,
        script: &Script,
    ) -> wasmtime::Result<Result<(), GuestFault>> {
        match &self.program.loader {
            Some(loader) => load_with(store, instance, script, loader.load).await,
            None => load(store, instance, script).await,
        }
    }

    /// Returns a fault as production would word it, with its place in the user's source.
    fn explain(&self, sandbox: &Sandbox, fault: Fault) -> Fault {
        // Shortened first: looking at it costs time that no budget counts.
        let fault = fault.shortened();
        match &self.mapper {
            Some(_) => sandbox.explain(fault),
            None => Fault {
                location: place_in_stack(&fault.stack),
                ..fault
            },
        }
    }
}

/// Sets what one handler may use, apart from memory and time.
fn limit(store: &mut Store<Sandbox>, invocation: Invocation<'_>) {
    // What one call may bring out of the sandbox. A value is lifted before anything can look at it.
    let fuel = usize::try_from(invocation.conditions.budget.memory / 2).unwrap_or(usize::MAX);
    store.set_hostcall_fuel(fuel);
    store.set_epoch_deadline(1);
}

/// An instance, and whether its script compiles.
struct Started(Instance, Result<(), Fault>);

/// Runs the handler. A language engine is told the trigger and the export; a component of a world has a function for it.
async fn call_handler(
    store: &mut Store<Sandbox>,
    instance: &Instance,
    program: &Program,
    invocation: Invocation<'_>,
) -> wasmtime::Result<Result<(), Fault>> {
    let trigger = store.data().login.trigger();
    let handler = trigger.export(invocation.entry).unwrap_or_default();
    let result = match (program.triggers(), &program.loader) {
        (None, loader) => {
            let run = match loader {
                Some(loader) => loader.run,
                None => loader_function(store, instance, "run")?,
            };
            let run = instance.get_typed_func::<(&str, &str, &str), (Result<(), GuestFault>,)>(
                &mut *store,
                run,
            )?;
            let arguments = (trigger.id(), handler, invocation.input);
            run.call_async(store, arguments).await?.0
        }
        (Some(_), _) => {
            let export = export_of(trigger, invocation.entry).unwrap_or_default();
            let run = instance
                .get_typed_func::<(&str,), (Result<(), GuestFault>,)>(&mut *store, &export)?;
            run.call_async(store, (invocation.input,)).await?.0
        }
    };
    Ok(result.map_err(|fault| fault.into_fault(FaultKind::Thrown)))
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
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

/// Compiles a script in an engine's instance, without running it.
pub(crate) async fn load(
    store: &mut Store<Sandbox>,
    instance: &Instance,
    script: &Script,
) -> wasmtime::Result<Result<(), GuestFault>> {
    let load = loader_function(store, instance, "load")?;
    load_with(store, instance, script, load).await
}

/// As [`load`], when it is known where the function is.
async fn load_with(
    store: &mut Store<Sandbox>,
    instance: &Instance,
    script: &Script,
    load: ComponentExportIndex,
) -> wasmtime::Result<Result<(), GuestFault>> {
    let load = instance
        .get_typed_func::<(SourceKind, &str, &str), (Result<(), GuestFault>,)>(&mut *store, load)?;
    let (result,) = load
        .call_async(
            &mut *store,
            (script.kind.into(), &script.name, &script.source),
        )
        .await?;
    Ok(result)
}

/// Returns a door's remark to the user, as part of the outcome.
pub(crate) fn notice(remark: Remark) -> Notice {
    Notice {
        code: remark.code.into(),
        message: remark.message,
        source: None,
    }
}
