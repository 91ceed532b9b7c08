//! A trigger that does what a test says: the real core, without any sandbox.

use std::{collections::HashMap, sync::Mutex};

use postlogin_core::outcome::{ActionUsage, Outcome};
use postlogin_core::redact::Mask;
use postlogin_core::{
    Argument, EntryPoint, Fault, FaultKind, Finished, HandlerInfo, Login, LoginInput, ResumeStep,
    Resumption, Step, TenantSettings, Trigger,
};
use postlogin_page::{LineCount, SourceText};
use postlogin_tenant::{
    Advanced, Answer, FetchedProfile, Inspection, LoginPipeline, LoginRequest, PipelineError,
    ProviderVisit, SavedCase, Seen,
};
use serde_json::{Value, json};

/// The behaviour of one Action.
#[derive(Clone, Debug)]
pub enum Does {
    /// Calls a method of `api`.
    Call(&'static str, Value),
    /// Calls a method of `api` when the Action continues; what else it does, it does at the login.
    Continue(&'static str, Value),
    /// Throws.
    Throw(&'static str),
}

impl Does {
    fn runs_at(&self, entry: EntryPoint) -> bool {
        matches!(self, Self::Continue(..)) == (entry == EntryPoint::Continue)
    }
}

/// Actions, each a list of calls.
pub type Script = Vec<Vec<Does>>;

/// A replacement for `fetchUserProfile`.
pub type Fetch = fn(ProviderVisit) -> Result<Value, String>;

/// Runs scripts on the real core, without any sandbox.
pub struct Scripted {
    pub script: Mutex<Script>,
    /// The Actions of credentials-exchange.
    pub machine: Mutex<Script>,
    /// The Actions of the other triggers.
    pub others: Mutex<HashMap<Trigger, Script>>,
    pub fetch: Mutex<Fetch>,
    /// The events of all triggers but post-login and credentials-exchange.
    pub seen: Mutex<Vec<(Trigger, Value)>>,
    /// The events of all logins.
    pub events: Mutex<Vec<Value>>,
    /// The name of each handler that ran, in order.
    pub ran: Mutex<Vec<String>>,
}

impl Scripted {
    pub fn new(script: Script) -> Self {
        Self {
            script: Mutex::new(script),
            machine: Mutex::default(),
            others: Mutex::default(),
            fetch: Mutex::new(|_| Err("no connection has a script".to_owned())),
            seen: Mutex::default(),
            events: Mutex::default(),
            ran: Mutex::default(),
        }
    }
}

fn ended(finished: Finished) -> Advanced {
    Advanced::Ended {
        finished: Box::new(finished),
        requests: Vec::new(),
    }
}

impl Scripted {
    fn script_of(&self, trigger: Trigger) -> Script {
        match trigger {
            Trigger::PostLogin => self.script.lock().unwrap().clone(),
            Trigger::CredentialsExchange => self.machine.lock().unwrap().clone(),
            other => self
                .others
                .lock()
                .unwrap()
                .get(&other)
                .cloned()
                .unwrap_or_default(),
        }
    }

    fn handlers(&self, trigger: Trigger) -> Vec<HandlerInfo> {
        let script = self.script_of(trigger);
        let info = |(index, does): (usize, &Vec<Does>)| HandlerInfo {
            name: format!("action-{index}"),
            fingerprint: format!("{does:?}"),
            ..HandlerInfo::default()
        };
        script.iter().enumerate().map(info).collect()
    }

    fn advance(&self, mut login: Login, now: i64) -> Result<Advanced, PipelineError> {
        let script = self.script_of(login.trigger());
        loop {
            let call = match login.next(now) {
                Step::Run(call) => call,
                Step::Ask(pause) => {
                    let stored = login.store().unwrap();
                    return Ok(Advanced::Waits {
                        pause,
                        stored,
                        requests: Vec::new(),
                    });
                }
                Step::Done => return Ok(ended(login.finish(now))),
            };
            let name = format!("action-{} {:?}", call.handler, call.entry);
            self.ran.lock().unwrap().push(name);
            let mut result = Ok(());
            let calls = script[call.handler].iter();
            for does in calls.filter(|does| does.runs_at(call.entry)) {
                match does {
                    Does::Call(method, args) | Does::Continue(method, args) => {
                        let args = Argument::list_from_tagged(args);
                        login.call(method, &args, None, now);
                    }
                    Does::Throw(message) => result = Err(fault(message)),
                }
            }
            login.end(result, ActionUsage::default(), call.spent, now);
        }
    }

    fn restored(&self, stored: &str) -> Result<Login, PipelineError> {
        let trigger = match stored.contains("\"password-reset-post-challenge\"") {
            true => Trigger::PasswordResetPostChallenge,
            false => Trigger::PostLogin,
        };
        let restored = Login::restore(stored, self.handlers(trigger));
        restored.map_err(|error| PipelineError::Stale(error.to_string()))
    }
}

impl LoginPipeline for Scripted {
    fn binds(&self, trigger: Trigger) -> bool {
        let always = matches!(trigger, Trigger::PostLogin | Trigger::CredentialsExchange);
        always || self.others.lock().unwrap().contains_key(&trigger)
    }

    fn start(&self, request: LoginRequest) -> Result<Advanced, PipelineError> {
        match request.trigger {
            Trigger::PostLogin => self.events.lock().unwrap().push(request.event.clone()),
            Trigger::CredentialsExchange => {}
            other => {
                let event = request.event.clone();
                assert_eq!(postlogin_core::event::check_paths(other, &event), []);
                self.seen.lock().unwrap().push((other, event));
            }
        }
        let input = LoginInput {
            trigger: request.trigger,
            event: request.event,
            tenant: TenantSettings {
                domain: Some(request.domain),
                issuer: Some(request.issuer),
                users: request.users,
                granted_scopes: request.granted_scopes,
                requested_scopes: request.requested_scopes,
                access_token_lifetime_s: request
                    .access_token_lifetime_s
                    .unwrap_or(TenantSettings::default().access_token_lifetime_s),
                ..TenantSettings::default()
            },
            rules_executed: Vec::new(),
            seed: request.seed,
            now_ms: request.now_ms,
        };
        let handlers = self.handlers(request.trigger);
        self.advance(Login::new(input, handlers), request.now_ms)
    }

    fn resume(&self, stored: &str, answer: Answer) -> Result<Advanced, PipelineError> {
        let mut login = self.restored(stored)?;
        login.answer(Resumption {
            step: answer.step,
            users: Some(answer.users),
        });
        self.advance(login, answer.now_ms)
    }

    fn abandon(&self, stored: &str, now_ms: i64) -> Result<Advanced, PipelineError> {
        let login = self.restored(stored)?;
        Ok(ended(login.finish(now_ms)))
    }

    /// Two events differ in their users' addresses.
    fn generate(&self, event: &Value, _: u64, count: usize) -> Result<Vec<Value>, String> {
        let numbered = |number: usize| {
            let mut event = event.clone();
            let email = event["user"]["email"].as_str().unwrap_or_default();
            event["user"]["email"] = format!("{number}-{email}").into();
            event
        };
        Ok((1..=count).map(numbered).collect())
    }

    fn inspect(
        &self,
        login: LoginRequest,
        steps: Vec<ResumeStep>,
    ) -> Result<Inspection, PipelineError> {
        let now_ms = login.now_ms;
        let mut advanced = self.start(login)?;
        let mut steps = steps.into_iter();
        loop {
            let stored = match advanced {
                Advanced::Ended { finished, .. } => {
                    let lines = vec![(1, 1), (2, 0)];
                    let file = "actions/first.js".to_owned();
                    return Ok(Inspection {
                        finished: *finished,
                        seen: Seen {
                            coverage: vec![LineCount {
                                file,
                                lines,
                                functions: Vec::new(),
                            }],
                            ..Seen::default()
                        },
                    });
                }
                Advanced::Waits { stored, .. } => stored,
            };
            advanced = match steps.next() {
                Some(step) => self.resume(
                    &stored,
                    Answer {
                        step,
                        users: Vec::new(),
                        now_ms,
                        is_frozen: true,
                    },
                )?,
                None => self.abandon(&stored, now_ms)?,
            };
        }
    }

    fn sources(&self) -> Result<Vec<SourceText>, PipelineError> {
        Ok(vec![SourceText {
            action: "action-0".to_owned(),
            trigger: Some(Trigger::PostLogin),
            file: "actions/first.js".to_owned(),
            text: "// the source".to_owned(),
        }])
    }

    fn hide(&self, value: &mut Value) {
        Mask::of(&["surfing"]).value(value);
    }

    fn save_case(&self, case: &SavedCase, writes: bool) -> Result<(String, String), String> {
        match writes {
            true => Err(format!("{} is there", case.name)),
            false => Ok(("tests/x.case.yaml".to_owned(), case.name.clone())),
        }
    }

    fn fetch_profile(&self, visit: ProviderVisit) -> Result<FetchedProfile, PipelineError> {
        let fetch = *self.fetch.lock().unwrap();
        Ok(FetchedProfile {
            profile: fetch(visit),
            outcome: None,
        })
    }

    fn switches_users(&self) -> bool {
        true
    }

    fn redact(&self, _: &mut Outcome) {}
}

fn fault(message: &str) -> Fault {
    Fault {
        kind: FaultKind::Thrown,
        ..Fault::platform("Error", message)
    }
}

/// Sets a claim on the ID token.
pub fn claim(name: &str, value: Value) -> Does {
    Does::Call("idToken.setCustomClaim", json!([name, value]))
}
