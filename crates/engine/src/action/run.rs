//! One run of a handler: in a sandbox of its own, or in the one that the Rules of a login share.

use std::{sync::Arc, time::Instant};

use super::{
    ActionPre, Invocation, Phases, Ran, Start, Started, call_handler, limit, microseconds,
    milliseconds, notice,
};
use crate::{
    fault::from_trap,
    memory::Guest,
    modules::NoModules,
    program::Program,
    sandbox::{Sandbox, TimedOut},
    witness::{self, Witness},
};
use postlogin_core::{
    Fault, FaultKind, Login, LoginInput, SandboxUse,
    outcome::{ActionUsage, Notice},
};

/// The sandbox that the Rules of a login share.
///
/// Source: <https://auth0.com/docs/customize/rules/cache-resources>.
pub struct SharedSandbox {
    guest: Guest<Sandbox>,
    program: Program,
}

impl SharedSandbox {
    /// Ends it, and returns what its Rules have left pending.
    #[must_use]
    pub fn end(self) -> Vec<Notice> {
        let Self { guest, program } = self;
        let sandbox = match can_rest(&program, &guest) {
            true => rest(&program, guest, None),
            false => guest.store.into_data(),
        };
        sandbox.pending_of_rules
    }
}

impl ActionPre {
    pub(super) async fn run_in_runtime(
        &self,
        shared: &mut Option<SharedSandbox>,
        login: Login,
        invocation: Invocation<'_>,
    ) -> anyhow::Result<(Login, Ran)> {
        let conditions = invocation.conditions;
        let started = Instant::now();
        let awaited_before = conditions.clock.awaited();
        let mut phases = Phases::default();
        let start = self.begin(conditions.budget.memory).await?;
        let mut empty = None;
        let (mut guest, known) = match shared.take() {
            Some(earlier) => (self.take_over(earlier, login), Known::Shared),
            None => match self.rested(invocation, &start)? {
                Some(mut guest) => {
                    let sandbox = self.sandbox(login, invocation);
                    empty = Some(std::mem::replace(guest.store.data_mut(), sandbox));
                    if let Some(instance) = guest.instance() {
                        let store = &mut guest.store;
                        self.program.verify_globals(store, &instance).await?;
                    }
                    (guest, Known::Rested)
                }
                None => (Guest::new(self.store(login, invocation)), Known::New),
            },
        };
        phases.instantiate = started.elapsed();
        let time_left = guest.store.data().time_left();
        let calling = self.call(&mut guest, known, &start, invocation, &mut phases);
        // The runtime's clock is paused: it counts what is waited for, and the sandbox what is computed.
        let called = tokio::time::timeout(time_left, calling).await;
        let mut called = called.unwrap_or_else(|_| Err(TimedOut.into()));
        let is_running = guest.instance().is_some();
        let store = &mut guest.store;
        if called.is_ok() && store.data().time_left().is_zero() {
            // It ended between two ticks of the watchdog, but too late.
            called = Err(TimedOut.into());
        }
        let spent = store.data().spent();
        let has_returned = called.is_ok();
        let result = match called {
            Ok(Ok(())) => Ok(()),
            Ok(Err(fault)) => Err(self.explain(store.data(), fault)),
            Err(error) => {
                let fault = from_trap(error, store.data(), conditions, is_running);
                let fault = match fault {
                    // What a component does before it is there is as much its own.
                    Err(error) if !is_running && self.script.is_none() => not_started(&error),
                    fault => fault?,
                };
                let fault = self.explain(store.data(), fault);
                Err(never_called_back(fault, &store.data().login))
            }
        };
        let sandbox = store.data_mut();
        for remark in sandbox.door.take_remarks() {
            sandbox.forget_notes();
            sandbox.login.notice(notice(remark));
        }
        let (requests, dropped) = sandbox.door.take_requests();
        for request in requests {
            sandbox.login.request(request);
        }
        if dropped > 0 {
            sandbox.login.drop_requests(dropped);
        }
        let peak = sandbox.limiter.peak;
        let compiling = sandbox.compiling;
        let notes = sandbox.notes.take();
        let dropping = Instant::now();
        let login = match invocation.sandbox {
            SandboxUse::Shared if result.is_ok() => {
                let login = std::mem::replace(&mut guest.store.data_mut().login, no_login());
                let program = self.program.clone();
                *shared = Some(SharedSandbox { guest, program });
                login
            }
            SandboxUse::Fresh if has_returned && can_rest(&self.program, &guest) => {
                rest(&self.program, guest, empty).login
            }
            _ => guest.store.into_data().login,
        };
        phases.drop = dropping.elapsed();
        let awaited = conditions.clock.awaited().saturating_sub(awaited_before);
        let usage = ActionUsage {
            action: String::new(),
            wall_us: microseconds(started.elapsed().saturating_sub(compiling)),
            memory_bytes: peak,
            virtual_ms: milliseconds(awaited),
        };
        let ran = Ran {
            result,
            usage,
            spent,
            phases,
            notes,
        };
        Ok((login, ran))
    }

    /// Returns a guest that waits, with its memory as `start` says, if there is one. Its sandbox is one without a login.
    fn rested(
        &self,
        invocation: Invocation<'_>,
        start: &Start,
    ) -> anyhow::Result<Option<Guest<Sandbox>>> {
        let image = start.image.as_ref().filter(|_| self.program.can_rest);
        // Too little memory is a fault of making the sandbox.
        let image = image.filter(|image| image.len() as u64 <= invocation.conditions.budget.memory);
        let resting = self.program.engine.resting();
        let rested = image.and_then(|image| Some((image, resting.take(self.program.id, image)?)));
        let Some((image, mut guest)) = rested else {
            return Ok(None);
        };
        guest.put_back(image)?;
        limit(&mut guest.store, invocation);
        Ok(Some(guest))
    }

    /// Returns the guest of the Rules that ran before, set up for this one.
    fn take_over(&self, earlier: SharedSandbox, login: Login) -> Guest<Sandbox> {
        let SharedSandbox { mut guest, .. } = earlier;
        let sandbox = guest.store.data_mut();
        sandbox.login = login;
        let mapper = std::mem::replace(&mut sandbox.mapper, self.mapper.clone());
        sandbox.earlier_mappers.extend(mapper);
        // What is pending is asked anew at the end of this Rule.
        sandbox.pending_of_rules.clear();
        sandbox.modules = Arc::clone(&self.modules);
        guest
    }

    async fn call(
        &self,
        guest: &mut Guest<Sandbox>,
        known: Known,
        start: &Start,
        invocation: Invocation<'_>,
        phases: &mut Phases,
    ) -> wasmtime::Result<Result<(), Fault>> {
        let Started(instance, loaded) = match (known, guest.instance(), &self.script) {
            (Known::Shared, Some(instance), Some(script)) => {
                let loaded = self.load(&mut guest.store, &instance, script).await?;
                let loaded = loaded.map_err(|fault| fault.into_fault(FaultKind::Load));
                Started(instance, loaded)
            }
            _ => self.start(guest, start, phases).await?,
        };
        if loaded.is_err() {
            return Ok(loaded);
        }
        let calling = Instant::now();
        let called = call_handler(&mut guest.store, &instance, &self.program, invocation).await;
        phases.call = calling.elapsed();
        called
    }
}

/// Whether a guest whose handlers have returned can be as good as new. What it holds handles of is not in its memory.
fn can_rest(program: &Program, guest: &Guest<Sandbox>) -> bool {
    program.can_rest && guest.can_rest() && guest.store.data().table.is_empty()
}

/// Keeps a guest for another login, and returns the sandbox that it has had. `empty` is one without a login, if there is one.
fn rest(program: &Program, mut guest: Guest<Sandbox>, empty: Option<Sandbox>) -> Sandbox {
    // What the login may reach is not kept.
    let empty = empty.unwrap_or_else(|| witness::frozen(&Witness::new(), Arc::new(NoModules)));
    let sandbox = std::mem::replace(guest.store.data_mut(), empty);
    program.engine.resting().give(program.id, guest);
    sandbox
}

/// Where a guest comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// It is not there yet.
    New,
    /// Earlier Rules of the login have run in it.
    Shared,
    /// Other logins have run in it, and nothing of them is left.
    Rested,
}

fn not_started(error: &anyhow::Error) -> Fault {
    Fault {
        kind: FaultKind::Platform,
        name: "Trap".into(),
        message: format!("the Action's component cannot be started: {error:#}"),
        stack: String::new(),
        location: None,
    }
}

fn never_called_back(fault: Fault, login: &Login) -> Fault {
    match (fault.kind, login.rule_never_called_back()) {
        (FaultKind::NeverSettled, Some(message)) => Fault {
            message,
            stack: String::new(),
            ..fault
        },
        _ => fault,
    }
}

/// Returns the state of a shared sandbox while none of its Rules runs.
fn no_login() -> Login {
    Login::new(LoginInput::default(), Vec::new())
}
