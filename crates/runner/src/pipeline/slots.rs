//! A limit of logins that run at once.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use postlogin_host::{Clock, Conditions, Door, Remark, Request, Verdict};

/// Places of what runs at once; fewer than there are sandboxes. They are given in the order in which they are asked for.
pub(super) struct Slots {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// The number of those that may run beside those that do.
    free: usize,
    /// The same of those that run or wait for the network.
    inside: usize,
    /// The number of those that have waited for the network and wait for their turn: they are first.
    returning: usize,
    /// The number of the next one who comes, and of the next one who gets a place.
    next: u64,
    first: u64,
    /// The number of threads that wait for a change.
    waiting: usize,
}

impl Slots {
    /// Returns places for `count` that run, and beside them `waiting` that wait for the network: each has a sandbox.
    pub(super) fn new(count: usize, waiting: usize) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                free: count,
                inside: count.saturating_add(waiting),
                returning: 0,
                next: 0,
                first: 0,
                waiting: 0,
            }),
            changed: Condvar::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while(&self, condition: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let mut state = self.state();
        if !condition(&state) {
            return state;
        }
        state.waiting += 1;
        let waited = self.changed.wait_while(state, |state| condition(state));
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        state
    }

    /// Wakes those that wait. A call of the system for each login is saved where there are none.
    fn tell(&self, state: MutexGuard<'_, State>) {
        let is_awaited = state.waiting > 0;
        drop(state);
        if is_awaited {
            self.changed.notify_all();
        }
    }

    /// Waits for a free place and takes it.
    pub(super) fn take(self: &Arc<Self>) -> Slot {
        let mine = {
            let mut state = self.state();
            state.next += 1;
            state.next - 1
        };
        let mut state = self.wait_while(|state| {
            state.first != mine || state.free == 0 || state.inside == 0 || state.returning > 0
        });
        state.first += 1;
        state.free -= 1;
        state.inside -= 1;
        // The next one may have been waiting for this one alone.
        self.tell(state);
        Slot(Arc::clone(self))
    }

    /// Lets another one run while this one waits for the network.
    fn leave(&self) {
        let mut state = self.state();
        state.free += 1;
        self.tell(state);
    }

    /// Waits until this one may run again.
    fn return_to(&self) {
        self.state().returning += 1;
        let mut state = self.wait_while(|state| state.free == 0);
        state.returning -= 1;
        state.free -= 1;
        self.tell(state);
    }
}

/// Gives its place back also when a login panics.
pub(super) struct Slot(Arc<Slots>);

impl Slot {
    /// Returns the conditions of the login that has this place, in which a request leaves the place to others until its answer is
    /// there.
    pub(super) fn waiting(&self, conditions: &Conditions) -> Conditions {
        let door = Waiting {
            door: Arc::clone(&conditions.door),
            slots: Arc::clone(&self.0),
            clock: Arc::clone(&conditions.clock),
        };
        Conditions {
            door: Arc::new(door),
            ..conditions.clone()
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.free += 1;
        state.inside += 1;
        self.0.tell(state);
    }
}

/// A door whose requests do not take the place of a login that runs.
struct Waiting {
    door: Arc<dyn Door>,
    slots: Arc<Slots>,
    clock: Arc<Clock>,
}

/// A place that is left until this is dropped.
struct Left<'a>(&'a Waiting);

impl Drop for Left<'_> {
    fn drop(&mut self) {
        let since = Instant::now();
        self.0.slots.return_to();
        // The login does not pay for it.
        self.0.clock.block(since.elapsed());
    }
}

impl Door for Waiting {
    fn send(&self, request: &Request) -> Verdict {
        self.slots.leave();
        let _left = Left(self);
        self.door.send(request)
    }

    fn has_mock(&self, request: &Request) -> bool {
        self.door.has_mock(request)
    }

    fn progress(&self) -> Vec<u32> {
        self.door.progress()
    }

    fn resume(&self, progress: &[u32]) {
        self.door.resume(progress);
    }

    fn is_recorded(&self, mock: usize) -> bool {
        self.door.is_recorded(mock)
    }

    fn begin(&self, action: &str) {
        self.door.begin(action);
    }

    fn leftovers(&self) -> Vec<Remark> {
        self.door.leftovers()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};
    use std::thread;
    use std::time::Duration;

    use super::*;

    /// Does something in another thread; what it returns can be received once it is done.
    fn apart<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> Receiver<T> {
        let (sender, receiver) = channel();
        thread::spawn(move || sender.send(act()));
        receiver
    }

    /// Returns what is there at once, or nothing for a while.
    fn soon<T>(receiver: &Receiver<T>, is_there: bool) -> Option<T> {
        let patience = Duration::from_millis(if is_there { 10_000 } else { 100 });
        receiver.recv_timeout(patience).ok()
    }

    fn taken(slots: &Arc<Slots>) -> Receiver<Slot> {
        let slots = Arc::clone(slots);
        apart(move || slots.take())
    }

    #[test]
    fn a_login_that_waits_for_the_network_keeps_no_other_from_running() {
        let slots = Slots::new(1, 1);
        let slow = slots.take();
        let next = taken(&slots);
        assert!(soon(&next, false).is_none(), "one runs");
        slots.leave();
        let next = soon(&next, true).expect("the slow one waits");
        let third = taken(&slots);
        let returned = {
            let slots = Arc::clone(&slots);
            apart(move || slots.return_to())
        };
        assert!(soon(&returned, false).is_none(), "the next one runs");
        drop(next);
        assert!(soon(&returned, true).is_some());
        assert!(soon(&third, false).is_none(), "who returns is first");
        drop(slow);
        assert!(soon(&third, true).is_some());
    }

    #[test]
    fn those_that_wait_are_limited_and_served_in_order() {
        let slots = Slots::new(2, 3);
        let mut inside = Vec::new();
        for _ in 0..5 {
            inside.push(slots.take());
            slots.leave();
        }
        let first = taken(&slots);
        assert!(soon(&first, false).is_none(), "no sandbox is left");
        let second = taken(&slots);
        assert!(soon(&second, false).is_none());
        slots.return_to();
        drop(inside.pop());
        let first = soon(&first, true);
        assert!(first.is_some() && soon(&second, false).is_none());
        drop(first);
        assert!(soon(&second, true).is_some());
    }
}
