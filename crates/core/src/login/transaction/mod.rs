//! The state of one login, from its event to its outcome.

mod apply;
pub(crate) mod command;
mod effects;
mod factors;
mod finish;
pub(crate) mod given;
mod primary_user;
mod redirect;
mod rules;
pub(crate) mod state;
mod suspension;
#[cfg(test)]
pub(crate) mod tests;
mod watching;

use serde_json::Value;

use crate::api;
use crate::ceilings::Caller;
use crate::fault::Fault;
use crate::json;
use crate::limits::LOGGED_BYTES;
use crate::location::Location;
use crate::login::{EntryPoint, Finished, HandlerInfo, LoginInput, Pause};
use crate::measure;
use crate::outcome::{ActionUsage, Notice, Status};
use crate::reads::Watch;
use crate::reply::{Answer, Failure, Reply};
use crate::trigger::Trigger;
use crate::value::Argument;
use state::{Ending, Flow, Running};

pub(crate) use suspension::Resumed;
pub use suspension::{ResumeStep, Resumption, Suspension};

/// The host's next step after a handler has ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Next {
    /// Run the next Action; after the last one, [`Transaction::conclude`].
    Continue,
    /// Run nothing more: the login is denied or has failed.
    Stop,
    /// The login waits for the user: [`Transaction::resume`] or, without further input, [`Transaction::finish`].
    Suspended(Suspension),
}

/// One login on its way through the Actions.
#[derive(Debug)]
pub(crate) struct Transaction {
    flow: Flow,
    running: Option<Running>,
}

impl Transaction {
    /// Starts a login.
    pub fn new(login: LoginInput) -> Transaction {
        Transaction {
            flow: Flow::new(login),
            running: None,
        }
    }

    /// A login of which no handler runs.
    pub fn of(flow: Flow) -> Transaction {
        Transaction {
            flow,
            running: None,
        }
    }

    pub(super) fn flow(&self) -> &Flow {
        &self.flow
    }

    pub(super) fn flow_mut(&mut self) -> &mut Flow {
        &mut self.flow
    }

    pub(super) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Tells how many Actions are bound to the trigger, those included that do not run.
    pub fn bound(&mut self, actions: usize) {
        let table = self.flow.input.trigger.table();
        let most = table.most_actions;
        // Near the limit of one is every Action.
        if most.value > 1 {
            self.flow.measure(measure::ACTIONS, "The trigger", actions);
        } else if most.exceeded_by(actions) {
            let message = format!(
                "{} has {actions} Actions here; production allows {}.",
                table.id, most.value
            );
            self.flow.warn("actions-over-limit", message, most.source);
        }
    }

    /// Fails the login of a user whose metadata is not an object, and returns whether it does: production cannot give such an
    /// event to any Action.
    ///
    /// Source: <https://community.auth0.com/t/107050>.
    pub fn refuse_event(&mut self, action: &str) -> bool {
        let event = &self.flow.input.event;
        let wrong = [
            ("user_metadata", "userMetadata"),
            ("app_metadata", "appMetadata"),
        ]
        .into_iter()
        .find_map(|(key, field)| {
            let found = match json::at(event, &["user", key])? {
                Value::Null | Value::Object(_) => return None,
                Value::String(_) => "string",
                Value::Array(_) => "array",
                Value::Number(_) => "number",
                Value::Bool(_) => "bool",
            };
            Some((field, found))
        });
        let Some((field, found)) = wrong else {
            return false;
        };
        let message = format!(
            "json: cannot unmarshal {found} into Go struct field .event.user.{field} of type map[string]interface {{}}"
        );
        self.flow.fail(action, Fault::platform("Error", message));
        true
    }

    /// Starts a handler and gives the event that it sees, as JSON: a deep copy in which the changes of earlier Actions are
    /// visible, with the Action's own secrets and, when it continues after a form, with what the form gave.
    pub fn begin(&mut self, action: &HandlerInfo, entry: EntryPoint, now_ms: i64) -> String {
        self.flow.now_ms = now_ms;
        self.flow.check_action(action);
        let (event, text) = self.flow.give(action, entry);
        let own = &self.flow.input.event;
        self.running = Some(Running {
            action: action.name.clone(),
            entry,
            commands: Vec::new(),
            session_metadata: api::initial_metadata(own, "session"),
            refresh_token_metadata: api::initial_metadata(own, "refresh_token"),
            redirects: false,
            renders: false,
            run: self.flow.usage.len(),
            rule: None,
            log_bytes_left: LOGGED_BYTES.value,
            event,
        });
        text
    }

    /// Answers one call of an `api` method. `method` is the path below `api`; `site` is the caller's place.
    ///
    /// An unknown method and a call while no handler runs answer with an exception.
    pub fn call(
        &mut self,
        method: &str,
        args: &[Argument],
        site: Option<Location>,
        now_ms: i64,
    ) -> Reply {
        let Some(running) = &mut self.running else {
            let answer = Answer::Throw(Failure::error(
                "The api object cannot be used when no handler runs.",
            ));
            return Reply {
                answer,
                event: Vec::new(),
            };
        };
        self.flow.now_ms = now_ms;
        let handler = match running.rule {
            Some(_) => None,
            None => self.flow.input.trigger.export(running.entry),
        };
        let caller = Caller {
            action: &running.action,
            handler,
            site: site.as_ref(),
        };
        self.flow.record(caller, method, args);
        if let Some(Fault { message, .. }) = self.flow.kept.exceeded() {
            let answer = Answer::Throw(Failure::error(message));
            return Reply {
                answer,
                event: Vec::new(),
            };
        }
        api::answer(&mut self.flow, running, method, args, site, now_ms)
    }

    /// Records a notice; one with the same code and message is recorded once.
    pub fn notice(&mut self, notice: Notice) {
        self.flow.notice(notice);
    }

    /// Ends the running handler. When it returned well its commands are applied; a fault discards them, together with
    /// all metadata that is not stored yet, and fails the login.
    pub fn end(&mut self, result: Result<(), Fault>, mut usage: ActionUsage, now_ms: i64) -> Next {
        self.flow.now_ms = now_ms;
        let running = self.running.take();
        if let Some(running) = running.as_ref().filter(|_| usage.action.is_empty()) {
            usage.action.clone_from(&running.action);
        }
        self.flow.waited_ms = self.flow.waited_ms.saturating_add(usage.virtual_ms);
        let waited = usize::try_from(self.flow.waited_ms).unwrap_or(usize::MAX);
        let subject = "What the Actions await in one go";
        self.flow.measure(measure::WAITING, subject, waited);
        self.flow.usage.push(usage);
        let Some(running) = running else {
            return self.next();
        };
        self.check_logs(&running.action);
        let result = match self.flow.kept.exceeded() {
            Some(fault) => Err(fault),
            None => result,
        };
        if let Err(fault) = result {
            self.flow.fail(&running.action, fault);
            return Next::Stop;
        }
        if needs_event(&running, self.flow.watch) {
            // As it was before anything is applied.
            running.event.get(&self.flow.input.event);
        }
        apply::apply(&mut self.flow, running)
    }

    /// Ends the running Action, which did not load: it asked for nothing, and the next one runs.
    pub fn end_passed_over(&mut self, fault: Fault, usage: ActionUsage, now_ms: i64) -> Next {
        let name = self.running.as_ref().map(|running| running.action.clone());
        // What it printed before it failed is measured as always.
        if let Some(running) = &mut self.running {
            running.commands.clear();
        }
        if self.flow.kept.exceeded().is_none() {
            self.flow.pass_over(&name.unwrap_or_default(), fault);
        }
        self.end(Ok(()), usage, now_ms)
    }

    /// Passes over a handler that cannot run.
    pub fn pass_over(&mut self, action: &str, fault: Fault) {
        self.flow.usage.push(ActionUsage {
            action: action.to_owned(),
            ..ActionUsage::default()
        });
        self.flow.pass_over(action, fault);
    }

    /// Tells, after the last Action, whether the user still owes a factor (`api.multifactor.enable`). No Action runs
    /// after that. [`Transaction::finish`] does the same for hosts that have nothing to answer.
    pub fn conclude(&mut self) -> Next {
        self.flow.end_incomplete();
        if self.flow.ending.is_none()
            && self.flow.waiting.is_empty()
            && factors::owes_multifactor(&self.flow)
        {
            match factors::owed(&self.flow) {
                Ok(owed) => self.flow.waiting.push_back(owed),
                Err(fault) => {
                    let last = self.flow.usage.last();
                    let action = last.map_or_else(String::new, |usage| usage.action.clone());
                    self.flow.fail(&action, fault);
                }
            }
        }
        self.next()
    }

    /// Records what the login waits for, once.
    pub fn note_wait(&mut self) {
        suspension::note(&mut self.flow);
    }

    /// Goes on after a suspension.
    pub fn resume(&mut self, step: ResumeStep) -> Resumed {
        suspension::resume(&mut self.flow, step)
    }

    /// Folds what was collected. `now_ms` is when the tokens are issued.
    pub fn finish(mut self, now_ms: i64) -> Finished {
        self.flow.now_ms = now_ms;
        self.conclude();
        if self.flow.input.trigger == Trigger::CustomTokenExchange {
            effects::conclude_exchange(&mut self.flow);
        }
        let user_id = self.user_id();
        let fetched_profile = self.flow.fetched.take();
        let changes = std::mem::take(&mut self.flow.changes);
        let gave_up = self.flow.ending == Some(Ending::NotPassed);
        let (outcome, record) = finish::finish_with_record(self.flow);
        let changes = match outcome.status {
            Status::Allowed | Status::Denied if !gave_up => changes,
            _ => changes.of_enrolment(),
        };
        Finished {
            outcome,
            record,
            user_id,
            fetched_profile,
            changes,
        }
    }

    /// Tells which other profiles there are now, for `api.authentication.setPrimaryUser`.
    pub fn know_users(&mut self, users: Vec<Value>) {
        self.flow.input.tenant.users = users;
    }

    /// Returns what the login waits for, with what is stored by now.
    pub fn pause(&self) -> Option<Pause> {
        let suspension = self.flow.waiting.front()?.clone();
        Some(Pause {
            suspension,
            user_id: self.user_id(),
            stored: self.flow.profile.stored.clone(),
            changes: self.flow.changes.of_enrolment(),
        })
    }

    fn user_id(&self) -> String {
        let id = json::text_at(&self.flow.input.event, &["user", "user_id"]);
        id.unwrap_or_default().to_owned()
    }

    fn next(&self) -> Next {
        match (&self.flow.ending, self.flow.waiting.front()) {
            (Some(_), _) => Next::Stop,
            (None, Some(suspension)) => Next::Suspended(suspension.clone()),
            (None, None) => Next::Continue,
        }
    }

    /// The commands that wait for the end of the running handler.
    #[cfg(test)]
    pub(crate) fn pending(&self) -> &[command::Command] {
        self.running
            .as_ref()
            .map_or(&[], |running| &running.commands)
    }

    /// The event as the running handler sees it now.
    #[cfg(test)]
    pub(crate) fn seen_event(&self) -> &Value {
        self.running.as_ref().map_or(&Value::Null, |running| {
            running.event.get(&self.flow.input.event)
        })
    }
}

/// Whether the end of a handler looks at its event: for the sources of claims, and to see whether the user can be sent away.
fn needs_event(running: &Running, watch: Watch) -> bool {
    watch == Watch::Places
        || running.commands.iter().any(|command| {
            matches!(
                command,
                command::Command::SendUserTo { .. } | command::Command::RenderPrompt { .. }
            )
        })
}
