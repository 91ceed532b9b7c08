//! The threads that run logins.
//!
//! As many as logins can run at once, and the one that rests shortest works first: a sandbox is put back fastest by the thread that
//! has used it last. More threads would only wait for their turn, and be woken for it.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};

use tokio::sync::oneshot;

use crate::trouble::tell;

type Job = Box<dyn FnOnce() + Send>;

/// Threads, started when they are needed first. They end when this is dropped.
pub(crate) struct Workers(Arc<Shared>);

struct Shared {
    /// The most threads.
    most: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The oldest first.
    waiting: VecDeque<Job>,
    /// The threads without a job; the one that has had one last is the last.
    resting: Vec<Thread>,
    /// The number of threads.
    threads: usize,
    is_closed: bool,
}

impl Workers {
    pub(crate) fn new(most: usize) -> Self {
        Self(Arc::new(Shared {
            most: most.max(1),
            state: Mutex::default(),
        }))
    }

    /// Runs `work` on a thread that may block, when it is its turn. Returns `None` when it panics, or no thread can be started.
    ///
    /// It runs to its end, also when nothing waits for it any more.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (sender, receiver) = oneshot::channel();
        self.add(Box::new(move || {
            // The request may have ended.
            let _ = sender.send(work());
        }));
        receiver.await.ok()
    }

    fn add(&self, job: Job) {
        let mut state = self.0.state();
        state.waiting.push_back(job);
        if let Some(thread) = state.resting.pop() {
            drop(state);
            thread.unpark();
            return;
        }
        if state.threads >= self.0.most {
            return;
        }
        state.threads += 1;
        drop(state);
        let shared = Arc::clone(&self.0);
        let thread = thread::Builder::new().name("postlogin-login".to_owned());
        if let Err(error) = thread.spawn(move || shared.work()) {
            tell(&format!("no thread for a login can be started: {error}"));
            let mut state = self.0.state();
            state.threads -= 1;
            // Another thread runs them later, if there is one.
            let given_up = match state.threads {
                0 => std::mem::take(&mut state.waiting),
                _ => VecDeque::new(),
            };
            drop(state);
            drop(given_up);
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.is_closed = true;
        let resting = std::mem::take(&mut state.resting);
        drop(state);
        for thread in resting {
            thread.unpark();
        }
    }
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Workers")
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs jobs until the end.
    fn work(&self) {
        let here = thread::current();
        let mut state = self.state();
        loop {
            // It is on the list when it was woken for no reason.
            state.resting.retain(|thread| thread.id() != here.id());
            if let Some(job) = state.waiting.pop_front() {
                drop(state);
                // Its request hears of a panic, as nothing is sent to it.
                let _ = catch_unwind(AssertUnwindSafe(job));
                state = self.state();
            } else if state.is_closed {
                return;
            } else {
                state.resting.push(here.clone());
                drop(state);
                thread::park();
                state = self.state();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Barrier, mpsc};
    use std::thread;
    use std::time::Duration;

    use super::Workers;

    #[tokio::test]
    async fn logins_in_turn_run_on_one_thread() {
        let workers = Workers::new(4);
        let mut threads = HashSet::new();
        for _ in 0..100 {
            threads.insert(workers.run(|| thread::current().id()).await);
            // The thread rests before the next one comes.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(threads.len() <= 2, "{threads:?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn as_many_run_at_once_as_may_and_no_more() {
        let workers = Arc::new(Workers::new(3));
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        // Three have to be there at once, or nothing ends.
        let together = Arc::new(Barrier::new(3));
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..30 {
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            let (workers, together) = (Arc::clone(&workers), Arc::clone(&together));
            all.spawn(async move {
                workers
                    .run(move || {
                        let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(now, Ordering::SeqCst);
                        together.wait();
                        running.fetch_sub(1, Ordering::SeqCst);
                    })
                    .await
            });
        }
        assert_eq!(all.join_all().await, vec![Some(()); 30]);
        assert_eq!(most.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn a_panic_ends_one_login_alone() {
        let workers = Workers::new(1);
        let broken = workers.run(|| std::panic::resume_unwind(Box::new("broken")));
        assert_eq!(broken.await.map(|()| 1), None);
        assert_eq!(workers.run(|| 7).await, Some(7));
    }

    #[tokio::test]
    async fn threads_end_with_the_tenant_after_what_waits() {
        let workers = Workers::new(1);
        let (sender, receiver) = mpsc::channel();
        let (begin, begun) = mpsc::channel::<()>();
        let first = workers.run(move || begun.recv());
        let second = workers.run(move || sender.send(1));
        let soon = Duration::from_millis(20);
        // Both are begun, and neither is waited for.
        let (first, second) = tokio::join!(
            tokio::time::timeout(soon, first),
            tokio::time::timeout(soon, second)
        );
        assert!(first.is_err() && second.is_err());
        let shared = Arc::downgrade(&workers.0);
        drop(workers);
        begin.send(()).expect("the first one waits");
        assert_eq!(receiver.recv_timeout(Duration::from_secs(10)), Ok(1));
        for _ in 0..1_000 {
            if shared.strong_count() == 0 {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("the thread did not end");
    }
}
