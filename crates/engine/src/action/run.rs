//! One run of a handler: in a sandbox of its own, or in the one that the Rules of a login share.

use std::{sync::Arc, time::Instant};

use postlogin_core::{
    Fault, FaultKind, Login, LoginInput, SandboxUse,
    outcome::{ActionUsage, Notice},
};
use wasmtime::{Store, component::Instance};

use super::{
    ActionPre, Invocation, Phases, Ran, Started, call_handler, load, milliseconds, notice,
};
use crate::{
    fault::from_trap,
    sandbox::{Sandbox, TimedOut},
};

/// The sandbox that the Rules of a login share.
///
/// Source: <https://auth0.com/docs/customize/rules/cache-resources>.
pub struct SharedSandbox {
    store: Store<Sandbox>,
    instance: Instance,
}

impl SharedSandbox {
    /// Ends it, and returns what its Rules have left pending.
    #[must_use]
    pub fn end(self) -> Vec<Notice> {
        self.store.into_data().pending_of_rules
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
        let (mut store, known) = match shared.take() {
            Some(earlier) => self.take_over(earlier, login),
            None => (self.store(login, invocation), None),
        };
        let time_left = store.data().time_left();
        let mut phases = Phases::default();
        let calling = self.call(&mut store, known, invocation, &mut phases);
        // The runtime's clock is paused: it counts what is waited for, and the sandbox what is computed.
        let called = tokio::time::timeout(time_left, calling).await;
        let mut called = called.unwrap_or_else(|_| Err(TimedOut.into()));
        if called.is_ok() && store.data().time_left().is_zero() {
            // It ended between two ticks of the watchdog, but too late.
            called = Err(TimedOut.into());
        }
        let spent = store.data().spent();
        let is_running = known.is_some() || !phases.instantiate.is_zero();
        let (instance, result) = match called {
            Ok((instance, Ok(()))) => (Some(instance), Ok(())),
            Ok((_, Err(fault))) => (None, Err(self.explain(store.data(), fault))),
            Err(error) => {
                let fault = from_trap(error, store.data(), conditions, is_running)?;
                let fault = self.explain(store.data(), fault);
                (None, Err(never_called_back(fault, &store.data().login)))
            }
        };
        let sandbox = store.data_mut();
        for remark in sandbox.door.take_remarks() {
            sandbox.login.notice(notice(remark));
        }
        let peak = sandbox.limiter.peak;
        let dropping = Instant::now();
        let login = match (instance, invocation.sandbox) {
            (Some(instance), SandboxUse::Shared) => {
                let login = std::mem::replace(&mut store.data_mut().login, no_login());
                *shared = Some(SharedSandbox { store, instance });
                login
            }
            _ => store.into_data().login,
        };
        phases.drop = dropping.elapsed();
        let awaited = conditions.clock.awaited().saturating_sub(awaited_before);
        let usage = ActionUsage {
            action: String::new(),
            wall_us: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
            memory_bytes: peak,
            virtual_ms: milliseconds(awaited),
        };
        let ran = Ran {
            result,
            usage,
            spent,
            phases,
        };
        Ok((login, ran))
    }

    /// Returns the store of the Rules that ran before, set up for this one, and its instance.
    fn take_over(
        &self,
        earlier: SharedSandbox,
        login: Login,
    ) -> (Store<Sandbox>, Option<Instance>) {
        let SharedSandbox {
            mut store,
            instance,
        } = earlier;
        let sandbox = store.data_mut();
        sandbox.login = login;
        let mapper = std::mem::replace(&mut sandbox.mapper, self.mapper.clone());
        sandbox.earlier_mappers.extend(mapper);
        // What is pending is asked anew at the end of this Rule.
        sandbox.pending_of_rules.clear();
        sandbox.modules = Arc::clone(&self.modules);
        (store, Some(instance))
    }

    async fn call(
        &self,
        store: &mut Store<Sandbox>,
        known: Option<Instance>,
        invocation: Invocation<'_>,
        phases: &mut Phases,
    ) -> wasmtime::Result<(Instance, Result<(), Fault>)> {
        let Started(instance, loaded) = match (known, &self.script) {
            (Some(instance), Some(script)) => {
                let loaded = load(store, &instance, script).await?;
                let loaded = loaded.map_err(|fault| fault.into_fault(FaultKind::Load));
                Started(instance, loaded)
            }
            _ => self.start(store, phases).await?,
        };
        if loaded.is_err() {
            return Ok((instance, loaded));
        }
        let calling = Instant::now();
        let called = call_handler(store, &instance, &self.program, invocation).await;
        phases.call = calling.elapsed();
        Ok((instance, called?))
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

/// What a shared sandbox holds while none of its Rules runs.
fn no_login() -> Login {
    Login::new(LoginInput::default(), Vec::new())
}
