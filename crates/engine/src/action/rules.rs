//! Rules: all of a login run in one sandbox, where they share `global`, `user` and `context`.
//!
//! Source: <https://auth0.com/docs/customize/rules/cache-resources>.

use std::{sync::Arc, time::Instant};

use postlogin_core::{
    Fault, FaultKind, Login, TenantSettings, Transaction,
    outcome::{ActionUsage, Notice},
};
use serde_json::Value;
use wasmtime::{Store, component::Instance};

use super::{
    ActionPre, Invocation, Phases, Ran, Started, call_handler, in_runtime, load, milliseconds,
    notice,
};
use crate::{
    fault::from_trap,
    sandbox::{Sandbox, TimedOut},
};

/// The sandbox that the Rules of a login share.
pub(crate) struct SharedSandbox {
    store: Store<Sandbox>,
    instance: Instance,
}

impl SharedSandbox {
    /// Ends it, and returns what its Rules have left pending.
    pub(crate) fn end(self) -> Vec<Notice> {
        self.store.into_data().pending_of_rules
    }
}

impl ActionPre {
    /// Runs a Rule in the sandbox of the Rules before it, or in a new one. `event` of the invocation is what
    /// [`Transaction::begin_rule`] gave. A fault ends the sandbox.
    ///
    /// # Errors
    /// When the sandbox itself breaks.
    pub(crate) fn run_rule(
        &self,
        shared: &mut Option<SharedSandbox>,
        transaction: Transaction,
        invocation: Invocation<'_>,
    ) -> anyhow::Result<(Transaction, Ran)> {
        in_runtime(self.run_rule_in_runtime(shared, transaction, invocation))?
    }

    async fn run_rule_in_runtime(
        &self,
        shared: &mut Option<SharedSandbox>,
        transaction: Transaction,
        invocation: Invocation<'_>,
    ) -> anyhow::Result<(Transaction, Ran)> {
        let conditions = invocation.conditions;
        let started = Instant::now();
        let awaited_before = conditions.clock.awaited();
        let (mut store, known) = match shared.take() {
            Some(SharedSandbox {
                mut store,
                instance,
            }) => {
                let sandbox = store.data_mut();
                sandbox.transaction = transaction;
                let earlier = std::mem::replace(&mut sandbox.mapper, self.mapper.clone());
                sandbox.earlier_mappers.extend(earlier);
                // It is asked anew at the end of this Rule.
                sandbox.pending_of_rules.clear();
                sandbox.modules = Arc::clone(&self.modules);
                (store, Some(instance))
            }
            None => (self.store(transaction, invocation), None),
        };
        let mut phases = Phases::default();
        let time_left = store.data().time_left();
        let calling = self.call_rule(&mut store, known, invocation, &mut phases);
        let called = tokio::time::timeout(time_left, calling).await;
        let mut called = called.unwrap_or_else(|_| Err(TimedOut.into()));
        if called.is_ok() && store.data().time_left().is_zero() {
            called = Err(TimedOut.into());
        }
        let spent = store.data().spent();
        let is_running = known.is_some() || !phases.instantiate.is_zero();
        let peak = store.data().limiter.peak;
        let (instance, result) = match called {
            Ok((instance, Ok(()))) => (Some(instance), Ok(())),
            Ok((_, Err(fault))) => {
                let fault = match &self.mapper {
                    Some(_) => store.data().explain(fault),
                    None => self.explain(fault),
                };
                (None, Err(fault))
            }
            Err(error) => {
                let fault = from_trap(error, store.data(), conditions, is_running)?;
                let fault = self.explain(fault);
                (
                    None,
                    Err(never_called_back(fault, &store.data().transaction)),
                )
            }
        };
        for remark in store.data_mut().door.take_remarks() {
            store.data_mut().transaction.notice(notice(remark));
        }
        let transaction = match instance {
            Some(instance) => {
                let transaction = std::mem::replace(&mut store.data_mut().transaction, nobodys());
                *shared = Some(SharedSandbox { store, instance });
                transaction
            }
            None => store.into_data().transaction,
        };
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
        Ok((transaction, ran))
    }

    async fn call_rule(
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
        let result = match loaded {
            Ok(()) => call_handler(store, &instance, invocation).await?,
            Err(fault) => Err(fault),
        };
        Ok((instance, result))
    }
}

fn never_called_back(fault: Fault, transaction: &Transaction) -> Fault {
    match (fault.kind, transaction.rule_never_called_back()) {
        (FaultKind::NeverSettled, Some(message)) => Fault {
            message,
            stack: String::new(),
            ..fault
        },
        _ => fault,
    }
}

/// What a sandbox holds while none of its Rules runs.
fn nobodys() -> Transaction {
    Transaction::new(Login {
        event: Value::Null,
        tenant: TenantSettings::default(),
        rules_executed: Vec::new(),
        seed: 0,
        now_ms: 0,
    })
}
