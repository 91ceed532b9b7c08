//! The state of one sandbox's store.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use postlogin_core::{
    Argument, Fault, Location, Login, Reply, ceilings::STACK_BYTES, outcome::Notice,
};
use postlogin_host::{Budget, COMPUTING, Clock, Conditions};
use serde_json::{Map, Value};
use wasmtime::{ResourceLimiter, UpdateDeadline, component::ResourceTable};
use wasmtime_wasi::{WasiCtx, p2::pipe::MemoryOutputPipe};
use wasmtime_wasi_http::WasiHttpCtx;

use crate::{
    abandon::is_abandoned,
    guest::{Probe, StackMapper},
    intl::Icu,
    modules::ModuleSource,
    recall::{Deed, Notes},
    wasi,
};

/// The most bytes that a guest may write to its standard error, where the panics of its language runtime end up.
const STDERR_LIMIT: usize = 64 << 10;

pub(crate) struct Sandbox {
    pub(crate) wasi: WasiCtx,
    pub(crate) http: WasiHttpCtx,
    pub(crate) table: ResourceTable,
    pub(crate) door: wasi::Door,
    pub(crate) stderr: MemoryOutputPipe,
    pub(crate) limiter: Limiter,
    pub(crate) waits: Arc<Waits>,
    pub(crate) icu: Option<Icu>,
    /// The time in which ICU was compiled for this guest, which is none of its own.
    pub(crate) compiling: Duration,
    pub(crate) login: Login,
    /// The place of the next `api` call, when the guest names it beforehand.
    pub(crate) site: Option<Location>,
    pub(crate) mapper: Option<Arc<dyn StackMapper>>,
    /// Those of the Rules that ran here before: what they left pending has places in their sources.
    pub(crate) earlier_mappers: Vec<Arc<dyn StackMapper>>,
    /// The pending work of the Rules so far.
    pub(crate) pending_of_rules: Vec<Notice>,
    probe: Option<Arc<dyn Probe>>,
    /// Where `require` finds packages and Action Modules.
    pub(crate) modules: Arc<dyn ModuleSource>,
    /// The secrets of each Action Module, by the name with which it is required.
    pub(crate) module_secrets: Arc<Map<String, Value>>,
    /// When the budget of this segment is used up.
    deadline: Deadline,
    /// The files for which the guest was given more time.
    allowed: HashSet<String>,
    /// The additional time that it was given.
    allowance: Duration,
    /// The deeds of the handler, for a login that recalls it.
    pub(crate) notes: Option<Notes>,
}

impl Sandbox {
    /// A sandbox for one handler. `spent` of the budget's time is gone already. Must run inside the runtime.
    pub(crate) fn new(
        login: Login,
        conditions: &Conditions,
        spent: Duration,
        stream: u64,
        mapper: Option<Arc<dyn StackMapper>>,
        modules: Arc<dyn ModuleSource>,
    ) -> Self {
        let waits = Arc::new(Waits::new(Arc::clone(&conditions.clock)));
        let stderr = MemoryOutputPipe::new(STDERR_LIMIT);
        Self {
            wasi: wasi::context(conditions, stream, Arc::clone(&waits), stderr.clone()),
            http: WasiHttpCtx::new(),
            table: wasi::table(),
            door: wasi::Door::new(Arc::clone(&conditions.door), Arc::clone(&conditions.clock)),
            stderr,
            limiter: Limiter {
                limit: conditions.budget.memory,
                ..Limiter::default()
            },
            deadline: Deadline::new(conditions.budget, spent, &waits),
            waits,
            icu: None,
            compiling: Duration::ZERO,
            login,
            site: None,
            mapper,
            earlier_mappers: Vec::new(),
            pending_of_rules: Vec::new(),
            probe: None,
            modules,
            module_secrets: Arc::default(),
            allowed: HashSet::new(),
            allowance: Duration::ZERO,
            notes: None,
        }
    }

    pub(crate) fn watched_by(mut self, probe: Option<Arc<dyn Probe>>) -> Self {
        self.probe = probe;
        self
    }

    /// Logs a printed message, unless somebody watches for it.
    pub(crate) fn print(&mut self, level: &str, message: String) {
        let is_taken = self
            .probe
            .as_ref()
            .is_some_and(|probe| probe.takes(&message));
        if is_taken {
            return self.forget_notes();
        }
        if let Some(notes) = &mut self.notes {
            notes.add(Deed::Print {
                level: level.to_owned(),
                message: message.clone(),
            });
        }
        self.login.log(level, message);
    }

    /// Answers one call of an `api` method.
    ///
    /// # Errors
    /// [`HostLimit`] when the host keeps no more of the Action.
    pub(crate) fn call(
        &mut self,
        method: &str,
        arguments: &[Argument],
        stack: &str,
    ) -> wasmtime::Result<Reply> {
        let stack = start_of_stack(stack);
        let site = match (&self.mapper, stack) {
            (Some(mapper), stack) if !stack.is_empty() => mapper.place(stack),
            _ => self.site.take(),
        };
        let now = self.now();
        let noted = self.notes.is_some().then(|| site.clone());
        let reply = self.login.call(method, arguments, site, now);
        self.check_ceilings()?;
        if let (Some(notes), Some(site)) = (&mut self.notes, noted) {
            notes.add(Deed::Call {
                method: method.to_owned(),
                arguments: arguments.to_vec(),
                site,
                reply: reply.clone(),
            });
        }
        Ok(reply)
    }

    /// Notes that the handler did what no other login can do without running it.
    pub(crate) fn forget_notes(&mut self) {
        if let Some(notes) = &mut self.notes {
            notes.forget();
        }
    }

    /// Ends the guest when the host keeps no more of it.
    ///
    /// # Errors
    /// [`HostLimit`].
    pub(crate) fn check_ceilings(&self) -> wasmtime::Result<()> {
        match self.login.exceeded() {
            Some(_) => Err(HostLimit.into()),
            None => Ok(()),
        }
    }

    /// Ends the guest at a ceiling. `what` completes "The Actions of this login …".
    pub(crate) fn exceed(&mut self, what: &str) -> wasmtime::Error {
        self.login.exceed(what);
        HostLimit.into()
    }

    /// Returns what leads to the user's sources, that of the running handler first.
    pub(crate) fn mappers(&self) -> impl Iterator<Item = &Arc<dyn StackMapper>> {
        self.mapper.iter().chain(&self.earlier_mappers)
    }

    /// Returns a fault as production would word it, with its place in the user's source.
    pub(crate) fn explain(&self, fault: Fault) -> Fault {
        let mut explained = self.mappers().map(|mapper| mapper.fault(fault.clone()));
        let Some(first) = explained.next() else {
            return fault;
        };
        if first.location.is_some() {
            return first;
        }
        // Work of an earlier Rule may have failed.
        let elsewhere = explained.find(|fault| fault.location.is_some());
        elsewhere.unwrap_or(first)
    }

    /// The time of the login, in milliseconds since the epoch.
    pub(crate) fn now(&self) -> i64 {
        self.waits.sync();
        self.waits.clock.now_ms()
    }

    /// Takes down that the Action read a property of its event.
    pub(crate) fn read(&mut self, path: &[String], present: bool, stack: &str) {
        let stack = start_of_stack(stack);
        let site = match &self.mapper {
            Some(mapper) if !stack.is_empty() => mapper.place(stack),
            _ => None,
        };
        self.login.read(path, present, site);
    }

    /// Returns the part of the segment's budget that is used up, so far.
    pub(crate) fn spent(&self) -> Duration {
        self.deadline.spent(&self.waits)
    }

    /// Gives the guest more time, for what is slow here and quick in production: once for each file, so that loading
    /// one over and over gains nothing, and no more than [`MOST_ALLOWANCE`] for all.
    pub(crate) fn allow(&mut self, file: &str, time: Duration) {
        if self.allowance >= MOST_ALLOWANCE || !self.allowed.insert(file.to_owned()) {
            return;
        }
        let time = time.min(MOST_ALLOWANCE.saturating_sub(self.allowance));
        self.allowance = self.allowance.saturating_add(time);
        // It is computing time, of which the budget counts a part.
        self.deadline.budget = self.deadline.budget.saturating_add(time / COMPUTING);
    }

    /// Answers a request to `Intl`, within the guest's time.
    ///
    /// # Errors
    /// [`TimedOut`], or when there is no ICU.
    pub(crate) fn ask_icu(&mut self, request: String) -> wasmtime::Result<String> {
        let Some(icu) = &mut self.icu else {
            wasmtime::bail!("this engine has no Intl");
        };
        let took = icu.prepare()?;
        self.waits.clock.block(took);
        self.compiling = self.compiling.saturating_add(took);
        let time = self.time_left();
        match &mut self.icu {
            Some(icu) => icu.answer(request, time),
            None => Err(TimedOut.into()),
        }
    }

    /// Returns the rest of the segment's budget.
    pub(crate) fn time_left(&self) -> Duration {
        self.deadline.budget.saturating_sub(self.spent())
    }

    /// Called on every tick of the watchdog while the guest computes.
    pub(crate) fn on_tick(&self) -> wasmtime::Result<UpdateDeadline> {
        if self.time_left().is_zero() || is_abandoned() {
            Err(TimedOut.into())
        } else {
            Ok(UpdateDeadline::Continue(1))
        }
    }
}

/// The most time that a guest may be given for loading packages beside its budget: what 10 MB of code need, which is more than the
/// packages of production's limits have.
const MOST_ALLOWANCE: Duration = Duration::from_secs(20);

/// The part of a stack in which a place is looked for.
fn start_of_stack(stack: &str) -> &str {
    let end = stack.floor_char_boundary(STACK_BYTES);
    stack.get(..end).unwrap_or(stack)
}

/// The host keeps no more of the Action; which ceiling it was, the login knows.
#[derive(Debug, thiserror::Error)]
#[error("the host keeps no more of the Action")]
pub(crate) struct HostLimit;

/// The budget of time is used up.
#[derive(Debug, thiserror::Error)]
#[error("the time budget is used up")]
pub(crate) struct TimedOut;

/// The budget of memory is used up.
#[derive(Debug, thiserror::Error)]
#[error("the memory budget is used up")]
pub(crate) struct OutOfMemory;

struct Deadline {
    budget: Duration,
    spent_before: Duration,
    started: Instant,
    awaited_at_start: Duration,
    blocked_at_start: Duration,
}

impl Deadline {
    fn new(budget: Budget, spent_before: Duration, waits: &Waits) -> Self {
        Self {
            budget: budget.time,
            spent_before,
            started: Instant::now(),
            awaited_at_start: waits.clock.awaited(),
            blocked_at_start: waits.clock.blocked(),
        }
    }

    fn spent(&self, waits: &Waits) -> Duration {
        waits.sync();
        let awaited = waits.clock.awaited().saturating_sub(self.awaited_at_start);
        let blocked = waits.clock.blocked().saturating_sub(self.blocked_at_start);
        let computed = self.started.elapsed().saturating_sub(blocked) / COMPUTING;
        self.spent_before
            .saturating_add(computed)
            .saturating_add(awaited)
    }
}

/// The most instances of modules in a sandbox. A component of a language runtime has some ten.
pub(crate) const INSTANCES: usize = 500;
/// The most memories and the most tables of all instances in a sandbox.
pub(crate) const PARTS: usize = 100;
/// The most entries of all tables in a sandbox.
const TABLE_ENTRIES: usize = 100_000;

/// Refuses memory beyond the budget, of all instances together, and remembers the most that was held.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    limit: u64,
    /// Bytes of linear memory now.
    held: u64,
    /// Bytes of linear memory, at the highest.
    pub(crate) peak: u64,
    entries: usize,
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // A sandbox that served an earlier login has a memory that this limiter did not see grow.
        let held = self.held.max(current as u64) + desired.saturating_sub(current) as u64;
        if held > self.limit {
            // A refusal would reach the Action as an exception of its language, at a place that says nothing.
            return Err(OutOfMemory.into());
        }
        self.held = held;
        self.peak = self.peak.max(held);
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let entries = self.entries.max(current) + desired.saturating_sub(current);
        if entries <= TABLE_ENTRIES {
            self.entries = entries;
        }
        Ok(entries <= TABLE_ENTRIES)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn memories(&self) -> usize {
        PARTS
    }

    fn tables(&self) -> usize {
        PARTS
    }
}

/// Carries the time that passes in the runtime (whose clock stands still while guests compute and jumps when they
/// wait) over to the login's clock.
pub(crate) struct Waits {
    pub(crate) clock: Arc<Clock>,
    seen: Mutex<tokio::time::Instant>,
}

impl Waits {
    fn new(clock: Arc<Clock>) -> Self {
        Self {
            clock,
            seen: Mutex::new(tokio::time::Instant::now()),
        }
    }

    pub(crate) fn sync(&self) {
        let now = tokio::time::Instant::now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        self.clock.skip(now.saturating_duration_since(*seen));
        *seen = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limiter_remembers_the_peak_and_refuses_beyond_the_limit() {
        let mut limiter = Limiter {
            limit: 1000,
            ..Limiter::default()
        };
        assert!(
            limiter
                .memory_growing(0, 600, None)
                .is_ok_and(|granted| granted)
        );
        assert!(
            limiter
                .memory_growing(600, 400, None)
                .is_ok_and(|granted| granted)
        );
        assert!(
            limiter
                .memory_growing(400, 1001, None)
                .is_err_and(|error| error.is::<OutOfMemory>())
        );
        assert_eq!(limiter.peak, 600);
    }

    #[test]
    fn memories_and_tables_of_a_sandbox_are_limited_together() {
        let mut limiter = Limiter {
            limit: 1000,
            ..Limiter::default()
        };
        let granted = |grown: wasmtime::Result<bool>| grown.is_ok_and(|granted| granted);
        assert!(granted(limiter.memory_growing(0, 600, None)));
        assert!(granted(limiter.memory_growing(0, 300, None)));
        assert!(limiter.memory_growing(600, 701, None).is_err());
        assert!(granted(limiter.memory_growing(600, 700, None)));
        assert_eq!(limiter.peak, 1000);
        assert!(granted(limiter.table_growing(0, 60_000, None)));
        assert!(!granted(limiter.table_growing(0, 40_001, None)));
        assert!(granted(limiter.table_growing(0, 40_000, None)));
        // One that was kept from an earlier login.
        let mut limiter = Limiter {
            limit: 1000,
            ..Limiter::default()
        };
        assert!(granted(limiter.memory_growing(900, 1000, None)));
        assert!(limiter.memory_growing(1000, 1001, None).is_err());
    }
}
