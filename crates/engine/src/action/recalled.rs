//! Logins for which an earlier run is recalled, see [`crate::recall`].

use std::{sync::Arc, time::Instant};

use postlogin_core::{
    EntryPoint, HandlerKind, Login, SandboxUse, outcome::ActionUsage, reads::Watch,
};
use serde_json::Value;

use super::{ActionPre, Invocation, Phases, Ran, SharedSandbox, in_runtime, microseconds};
use crate::recall::{Advice, Inputs, NotRecalled, Recall, Run};

impl ActionPre {
    /// The Action for very many logins: one whose event has the same `inputs` as that of an earlier login does what that one did,
    /// and needs no sandbox. [`NotRecalled`] is the error of a login that has to run by itself, which is rare.
    #[must_use]
    pub fn recalling(mut self, inputs: Inputs) -> Self {
        self.recall = Some(Arc::new(Recall::new(inputs)));
        self
    }

    /// The Action with a sandbox for each login.
    #[must_use]
    pub fn recalling_nothing(mut self) -> Self {
        self.recall = None;
        self
    }

    /// Returns the runs of which one may serve this login: an Action's first handler alone in its sandbox, whose reads nobody watches.
    pub(super) fn recalling_of(
        &self,
        is_shared: bool,
        login: &Login,
        invocation: Invocation<'_>,
    ) -> Option<&Recall> {
        let is_alone = !is_shared && invocation.sandbox == SandboxUse::Fresh;
        self.recall.as_deref().filter(|_| {
            is_alone
                && self.probe.is_none()
                && invocation.kind == HandlerKind::Action
                && invocation.entry == EntryPoint::Execute
                && login.watching() == Watch::Off
        })
    }

    /// Recalls a run, or runs the handler and keeps what it did where that may serve other logins.
    ///
    /// # Errors
    /// [`NotRecalled`]; when the sandbox breaks; when a check shows that two runs with the same inputs differ.
    pub(super) fn recall_or_run(
        &self,
        recall: &Recall,
        shared: &mut Option<SharedSandbox>,
        login: Login,
        invocation: Invocation<'_>,
    ) -> anyhow::Result<(Login, Ran)> {
        let clock = &invocation.conditions.clock;
        let (now, now_ms) = (clock.now(), clock.now_ms());
        let event = login.given_event().unwrap_or(&Value::Null);
        match recall.advice(event, invocation.input.len(), now_ms) {
            Advice::Run => in_runtime(self.run_in_runtime(shared, login, invocation))?,
            Advice::Recall(run) => match recalled(&run, login, invocation, now_ms) {
                Err(error) => {
                    recall.drop_run(&run);
                    Err(error.into())
                }
                Ok(ended) => Ok(ended),
            },
            Advice::Note(key) => {
                let ended = in_runtime(self.run_in_runtime(shared, login, invocation))?;
                let (login, mut ran) = ended?;
                let waited = clock.now() != now;
                let run = ran.notes.take();
                let run = run
                    .and_then(|notes| Run::of(notes, &ran.result, ran.usage.memory_bytes, waited));
                recall.keep(key, run)?;
                Ok((login, ran))
            }
        }
    }
}

/// Does in a login what a run did.
fn recalled(
    run: &Run,
    mut login: Login,
    invocation: Invocation<'_>,
    now_ms: i64,
) -> Result<(Login, Ran), NotRecalled> {
    let started = Instant::now();
    let result = run.repeat(&mut login, now_ms)?;
    let usage = ActionUsage {
        action: String::new(),
        wall_us: microseconds(started.elapsed()),
        memory_bytes: run.peak,
        virtual_ms: 0,
    };
    let ran = Ran {
        result,
        usage,
        spent: invocation.spent,
        phases: Phases::default(),
        notes: None,
    };
    Ok((login, ran))
}
