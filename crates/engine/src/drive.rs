//! Drives a login through its handlers: core says what comes next, and each handler runs in a sandbox.

use postlogin_core::{
    Fault, Finished, HandlerInfo, HandlerKind, Login, Pause, ResumeStep, Resumption, SandboxUse,
    Step, outcome::Notice,
};
use postlogin_host::Conditions;

use crate::action::{ActionPre, Invocation, SharedSandbox, notice};

/// An Action at its place in the trigger: what [`run`] runs.
#[derive(Clone)]
pub struct BoundAction {
    /// The facts for core.
    pub info: HandlerInfo,
    /// The program to run; `None` for one that [`HandlerInfo::broken`] says cannot.
    pub action: Option<ActionPre>,
    /// The facts that are known before it runs and become a notice once it does.
    pub notices: Vec<Notice>,
}

impl BoundAction {
    /// Returns what takes the place of an Action that cannot be loaded: see [`postlogin_core::Login::passing_over`].
    #[must_use]
    pub fn broken(name: &str, kind: HandlerKind, fault: Fault) -> Self {
        Self {
            info: HandlerInfo {
                name: name.to_owned(),
                kind,
                broken: Some(fault),
                ..HandlerInfo::default()
            },
            action: None,
            notices: Vec::new(),
        }
    }
}

/// Returns what core has to know about `handlers`, for [`Login::new`] and [`Login::restore`].
#[must_use]
pub fn infos(handlers: &[BoundAction]) -> Vec<HandlerInfo> {
    handlers.iter().map(|bound| bound.info.clone()).collect()
}

/// The user of a login.
pub trait User {
    /// Returns what the user does at a suspension; `None` ends the login there. An answer that does not fit leaves the login
    /// waiting, and the user is asked again.
    fn answer(&mut self, pause: &Pause) -> Option<Resumption>;

    /// Returns how many prepared answers were not used.
    fn unused(&self) -> usize {
        0
    }
}

/// Prepared answers: each suspension gets the first one of its kind.
impl User for Vec<ResumeStep> {
    fn answer(&mut self, pause: &Pause) -> Option<Resumption> {
        let fitting = self.iter().position(|step| pause.suspension.takes(step))?;
        Some(self.remove(fitting).into())
    }

    fn unused(&self) -> usize {
        self.len()
    }
}

impl<F: FnMut(&Pause) -> Option<Resumption>> User for F {
    fn answer(&mut self, pause: &Pause) -> Option<Resumption> {
        self(pause)
    }
}

/// Runs a login of `handlers` to its end, or to a suspension that `user` does not answer.
///
/// # Errors
/// When a sandbox itself breaks. What an Action does wrong is in the outcome.
///
/// # Panics
/// Inside a tokio runtime: call it from a blocking thread there.
pub fn run(
    handlers: &[BoundAction],
    mut login: Login,
    conditions: &Conditions,
    user: &mut dyn User,
) -> anyhow::Result<Finished> {
    loop {
        let pause;
        (login, pause) = advance(handlers, login, conditions)?;
        match pause.and_then(|pause| user.answer(&pause)) {
            Some(answer) => login.answer(answer),
            None => break,
        }
    }
    if user.unused() > 0 {
        login.notice(not_used(user.unused()));
    }
    Ok(finish(login, conditions))
}

/// Runs a login up to its next suspension, which is returned with it, or to where nothing runs any more.
///
/// # Errors
/// As [`run`].
///
/// # Panics
/// As [`run`].
pub fn advance(
    handlers: &[BoundAction],
    mut login: Login,
    conditions: &Conditions,
) -> anyhow::Result<(Login, Option<Pause>)> {
    let clock = &conditions.clock;
    let mut shared: Option<SharedSandbox> = None;
    loop {
        let step = login.next(clock.now_ms());
        let shares = matches!(&step, Step::Run(call) if call.sandbox == SandboxUse::Shared);
        if let Some(ended) = shared.take_if(|_| !shares) {
            ended.end().into_iter().for_each(|it| login.notice(it));
        }
        let call = match step {
            Step::Run(call) => call,
            Step::Ask(pause) => return Ok((login, Some(*pause))),
            Step::Done => return Ok((login, None)),
        };
        let bound = handlers.get(call.handler);
        let Some((bound, action)) = bound.and_then(|bound| Some((bound, bound.action.as_ref()?)))
        else {
            anyhow::bail!("the login has a handler that is not loaded");
        };
        for notice in &bound.notices {
            login.notice(notice.clone());
        }
        conditions.door.begin(&bound.info.name);
        let invocation = Invocation {
            kind: call.kind,
            entry: call.entry,
            input: &call.input,
            sandbox: call.sandbox,
            conditions,
            spent: call.spent,
            stream: call.stream,
        };
        let (returned, ran) = action.run(&mut shared, login, invocation)?;
        login = returned;
        login.end(ran.result, ran.usage, ran.spent, clock.now_ms());
    }
}

/// Folds a login that nobody continues, with what the network has to report at its end.
#[must_use]
pub fn finish(mut login: Login, conditions: &Conditions) -> Finished {
    for remark in conditions.door.leftovers() {
        login.notice(notice(remark));
    }
    login.finish(conditions.clock.now_ms())
}

/// An answer to nothing is likely a mistake.
fn not_used(count: usize) -> Notice {
    let message = match count {
        1 => "One answer to a redirect, a form or a challenge was given that the login did not wait for.".to_owned(),
        count => format!("{count} answers to redirects, forms or challenges were given that the login did not wait for."),
    };
    Notice {
        code: "answer-not-used".into(),
        message,
        source: None,
    }
}
