//! A trigger that does what a test says: the real core, without any sandbox.

use std::sync::Mutex;

use postlogin_core::outcome::{ActionUsage, Outcome};
use postlogin_core::{
    ActionInfo, Argument, EndedLogin, EntryPoint, Fault, FaultKind, Login, Next, Resumed,
    TenantSettings, Transaction,
};
use postlogin_tenant::{
    FetchedProfile, LoginPipeline, LoginRequest, PipelineError, ProviderVisit, Resume,
};
use serde_json::{Value, json};

/// What one Action does.
#[derive(Clone)]
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

/// What stands for `fetchUserProfile`.
pub type Fetch = fn(ProviderVisit) -> Result<Value, String>;

/// Runs scripts on the real core, without any sandbox.
pub struct Scripted {
    pub script: Mutex<Script>,
    pub fetch: Mutex<Fetch>,
    /// The events of all logins.
    pub events: Mutex<Vec<Value>>,
}

impl Scripted {
    pub fn new(script: Script) -> Self {
        Self {
            script: Mutex::new(script),
            fetch: Mutex::new(|_| Err("no connection has a script".to_owned())),
            events: Mutex::default(),
        }
    }
}

impl LoginPipeline for Scripted {
    fn run(&self, login: LoginRequest, user: Resume<'_>) -> Result<EndedLogin, PipelineError> {
        let script = self.script.lock().unwrap().clone();
        self.events.lock().unwrap().push(login.event.clone());
        let settings = TenantSettings {
            domain: Some(login.domain),
            issuer: Some(login.issuer),
            users: login.users,
            ..TenantSettings::default()
        };
        let now = login.now_ms;
        let mut flow = Transaction::new(Login {
            event: login.event,
            tenant: settings,
            rules_executed: Vec::new(),
            seed: login.seed,
            now_ms: now,
        });
        let (mut index, mut entry) = (0, EntryPoint::Execute);
        loop {
            let next = match script.get(index) {
                Some(calls) => {
                    let info = ActionInfo {
                        name: format!("action-{index}"),
                        ..ActionInfo::default()
                    };
                    flow.begin(&info, entry, now);
                    let mut result = Ok(());
                    for does in calls.iter().filter(|does| does.runs_at(entry)) {
                        match does {
                            Does::Call(method, args) | Does::Continue(method, args) => {
                                let args = Argument::list_from_tagged(args);
                                flow.call(method, &args, None, now);
                            }
                            Does::Throw(message) => result = Err(fault(message)),
                        }
                    }
                    flow.end(result, ActionUsage::default(), now)
                }
                None => flow.conclude(),
            };
            let mut waits = match next {
                Next::Stop => break,
                Next::Continue if index >= script.len() => break,
                Next::Continue => {
                    (index, entry) = (index + 1, EntryPoint::Execute);
                    continue;
                }
                Next::Suspended(suspension) => suspension,
            };
            loop {
                let Some(answer) = user(&flow.pause(&waits)) else {
                    return Ok(flow.finish_with_user(now));
                };
                flow.know_users(answer.users.unwrap_or_default());
                match flow.resume(answer.step) {
                    Resumed::SameAction => entry = EntryPoint::Continue,
                    Resumed::NextAction => (index, entry) = (index + 1, EntryPoint::Execute),
                    Resumed::Suspended(again) => {
                        waits = again;
                        continue;
                    }
                    Resumed::Stop => return Ok(flow.finish_with_user(now)),
                }
                break;
            }
            if index > script.len() {
                break;
            }
        }
        Ok(flow.finish_with_user(now))
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
