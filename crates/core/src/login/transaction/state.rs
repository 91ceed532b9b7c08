//! The state that a login collects on its way through the Actions.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Suspension;
use super::command::Command;
use super::given::{Given, with_secrets};
use crate::api::{Cache, is_silent};
use crate::ceilings::{self, Caller, Kept, shorten_text};
use crate::explanation::Wait;
use crate::fault::Fault;
use crate::json;
use crate::ledger::ClaimCall;
use crate::limits::{
    REMOVED_PARAMETERS_PAGE, Reach, SECRET_KEY_CHARACTERS, SECRET_VALUE_CHARACTERS,
};
use crate::login::changes::Changes;
use crate::login::input::{has_removed_parameters, remove_parameters};
use crate::login::{EntryPoint, HandlerInfo, HandlerKind, LoginInput};
use crate::measure::{self, Measured, Measures};
use crate::metadata::Profile;
use crate::outcome::{
    ActionError, ActionUsage, CommandRecord, Effects, LogRecord, Notice, RequestRecord,
};
use crate::reads::{EventRead, Watch};
use crate::rules::state::{Rules, RunningRule};
use crate::time::iso_text;
use crate::tokens::Request;
use crate::value::Argument;

/// The handler that runs.
#[derive(Debug)]
pub(crate) struct Running {
    /// The Action's name.
    pub action: String,
    /// Which handler.
    pub entry: EntryPoint,
    /// The event as the handler sees it.
    pub event: Given,
    /// The requests so far.
    pub commands: Vec<Command>,
    /// The working copy behind `api.session.setMetadata`.
    pub session_metadata: Map<String, Value>,
    /// The working copy behind `api.refreshToken.setMetadata`.
    pub refresh_token_metadata: Map<String, Value>,
    /// A redirect was asked for.
    pub redirects: bool,
    /// A form was asked for.
    pub renders: bool,
    /// The number of the run of a handler in this login, from 0.
    pub run: usize,
    /// The Rule, if it is one.
    pub rule: Option<RunningRule>,
    /// The number of bytes that it may still print.
    pub log_bytes_left: usize,
}

/// The end of a login before its last Action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Ending {
    /// Denied.
    Denied {
        /// The reason, if one was given.
        reason: Option<String>,
        /// The OAuth error code, if the Action chose one.
        code: Option<String>,
    },
    /// The user did not pass a challenge: the flow never came to its end, and nothing more is stored.
    NotPassed,
    /// Failed with an error.
    Failed(ActionError),
}

/// The counts of a custom token exchange, which are checked after its Action.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Exchange {
    /// Calls that set the user.
    pub users: usize,
    /// Calls that set the actor.
    pub actors: usize,
    /// Something in the metadata makes its update fail.
    pub refused: bool,
}

/// The state that a login has collected.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Flow {
    /// The login; its event is what the next Action sees, apart from secrets.
    pub input: LoginInput,
    /// The request at the start of the login; `/continue` does not change it.
    pub request: Request,
    /// Whether the login started with `prompt=none`.
    pub silent: bool,
    /// The profile's metadata.
    pub profile: Profile,
    /// The profile that the script of a connection gave, as it gave it.
    pub fetched: Option<Value>,
    /// The state that Rules share.
    pub rules: Rules,
    /// The cache.
    pub cache: Cache,
    /// The user that the login was switched to.
    pub primary_user: Option<String>,
    /// Calls of `setCustomClaim`.
    pub claims: Vec<ClaimCall>,
    /// Scopes added (`true`) and removed, in order.
    pub scopes: Vec<(String, bool)>,
    /// Factors that were passed in this login.
    pub passed_factors: Vec<String>,
    /// Whether `api.multifactor.enable` wants a factor at the end of the flow; `None` leaves it to the tenant's policy.
    pub multifactor: Option<bool>,
    /// The number of challenges and enrolments that Actions have asked for.
    pub factor_commands: usize,
    /// The things that the login waits for, in their order.
    pub waiting: VecDeque<Suspension>,
    /// Those that it has waited for, and how they ended.
    #[serde(default)]
    pub waits: Vec<Wait>,
    /// URLs that the browser was sent to.
    pub redirected_to: Vec<String>,
    /// The result of a form, for the handler that continues.
    pub form: Option<Value>,
    /// The end of the login, if it has ended.
    pub ending: Option<Ending>,
    /// The handlers that did not load and were passed over, with their errors.
    #[serde(default)]
    pub not_loaded: Vec<ActionError>,
    /// The last time that was told.
    pub now_ms: i64,
    /// The changes that the host makes beside the outcome.
    pub changes: Changes,
    /// Calls.
    pub commands: Vec<CommandRecord>,
    /// Requests to the network.
    #[serde(default)]
    pub requests: Vec<RequestRecord>,
    /// Prints.
    pub logs: Vec<LogRecord>,
    /// Notices.
    pub notices: Vec<Notice>,
    /// Costs.
    pub usage: Vec<ActionUsage>,
    /// The requests of the Actions beside tokens and metadata.
    #[serde(default)]
    pub effects: Effects,
    /// The counts of a token exchange.
    #[serde(default)]
    pub exchange: Exchange,
    /// The use of the vendor's limits.
    pub measures: Measures,
    /// The reads that are recorded.
    pub watch: Watch,
    /// The reads of the event by Actions.
    pub reads: Vec<EventRead>,
    /// Milliseconds that Actions have waited since the last suspension.
    pub waited_ms: u64,
    /// The size of all this.
    pub kept: Kept,
}

impl Flow {
    pub fn new(mut input: LoginInput) -> Flow {
        if !input.event.is_object() {
            input.event = json!({});
        }
        let rules = Rules::new(super::rules::given(&mut input.event));
        Flow {
            request: Request::of(&input),
            silent: is_silent(&input.event),
            profile: Profile::of(&input.event),
            fetched: None,
            rules,
            cache: Cache::default(),
            primary_user: None,
            claims: Vec::new(),
            scopes: Vec::new(),
            passed_factors: Vec::new(),
            multifactor: None,
            factor_commands: 0,
            waiting: VecDeque::new(),
            waits: Vec::new(),
            redirected_to: Vec::new(),
            form: None,
            ending: None,
            not_loaded: Vec::new(),
            now_ms: input.now_ms,
            changes: Changes::default(),
            commands: Vec::new(),
            requests: Vec::new(),
            logs: Vec::new(),
            notices: Vec::new(),
            usage: Vec::new(),
            effects: Effects::default(),
            exchange: Exchange::default(),
            measures: Measures::default(),
            watch: Watch::Off,
            reads: Vec::new(),
            waited_ms: 0,
            kept: Kept::default(),
            input,
        }
    }

    /// Records a notice, once.
    pub fn notice(&mut self, mut notice: Notice) {
        shorten_text(&mut notice.message, ceilings::NOTICE_BYTES);
        let is_known = self
            .notices
            .iter()
            .any(|known| known.code == notice.code && known.message == notice.message);
        if !is_known && self.kept.notice(self.notices.len()) {
            self.notices.push(notice);
        }
    }

    /// Records a call of an `api` method.
    pub fn record(&mut self, caller: Caller<'_>, method: &str, args: &[Argument]) {
        let record = self.kept.call(caller, method, args);
        self.commands.extend(record);
    }

    /// Records a notice about a rule with a public page.
    pub fn warn(&mut self, code: &str, message: String, source: &str) {
        self.notice(Notice {
            code: code.to_owned(),
            message,
            source: Some(source.to_owned()),
        });
    }

    /// Ends the login with a fault; the first one stays.
    pub fn fail(&mut self, action: &str, fault: Fault) {
        if matches!(self.ending, Some(Ending::Failed(_))) {
            return;
        }
        self.ending = Some(Ending::Failed(error_of(action, fault)));
    }

    /// Notes a handler that does not load: the others run without it.
    pub fn pass_over(&mut self, action: &str, fault: Fault) {
        let error = error_of(action, fault);
        let place = error.location.as_ref();
        let place = place.map(|at| format!("{}:{}:{}: ", at.file, at.line, at.column));
        let why = format!("{}{}", place.unwrap_or_default(), error.message);
        self.notice(Notice::not_loaded(action, &why));
        self.not_loaded.push(error);
    }

    /// Fails a login that would end well though a handler of it did not load.
    pub fn end_incomplete(&mut self) {
        if self.ending.is_none()
            && self.waiting.is_empty()
            && let Some(error) = self.not_loaded.first()
        {
            self.ending = Some(Ending::Failed(error.clone()));
        }
    }

    /// The event that a handler sees, and its text.
    pub fn give(&mut self, action: &HandlerInfo, entry: EntryPoint) -> (Given, String) {
        let is_plain = action.kind == HandlerKind::Action && entry == EntryPoint::Execute;
        if is_plain && !has_removed_parameters(&self.input.event) {
            return Given::later(&mut self.input.event, action.secrets.clone());
        }
        let event = self.view(action, entry);
        let text = match action.kind {
            HandlerKind::Action => json::text(&event),
            // They are given something else.
            HandlerKind::Rule | HandlerKind::Connection => String::new(),
        };
        (Given::made(event), text)
    }

    fn view(&mut self, action: &HandlerInfo, entry: EntryPoint) -> Value {
        let mut event = self.input.event.clone();
        if let Some(message) = remove_parameters(&mut event) {
            self.warn(
                "request-parameter-removed",
                message,
                REMOVED_PARAMETERS_PAGE,
            );
        }
        event = with_secrets(event, action.secrets.clone());
        if entry == EntryPoint::Continue
            && let Some(form) = self.form.take()
        {
            json::put(&mut event, &["prompt"], Some(form));
        }
        event
    }

    /// Records in the event that the user passed a factor; Actions that start later see it.
    pub fn pass_factor(&mut self, kind: &str) {
        self.multifactor = Some(false);
        self.passed_factors.push(kind.to_owned());
        let method = json!({"name": "mfa", "timestamp": iso_text(self.now_ms), "type": kind});
        let event = &mut self.input.event;
        if !event.get("authentication").is_some_and(Value::is_object) {
            json::put(event, &["authentication"], Some(json!({})));
        }
        let mut methods = json::at(event, &["authentication", "methods"])
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        methods.push(method);
        json::put(
            event,
            &["authentication", "methods"],
            Some(Value::Array(methods)),
        );
    }

    /// Measures what the vendor limits about an Action itself.
    pub fn check_action(&mut self, action: &HandlerInfo) {
        if action.kind != HandlerKind::Action {
            return;
        }
        let name = &action.name;
        if let Some(bytes) = action.code_bytes {
            self.measure(
                measure::ACTION_CODE,
                &format!("The code of `{name}`"),
                bytes,
            );
        }
        let own = format!("`{name}`");
        self.measure(measure::SECRETS, &own, action.secrets.len());
        for (key, value) in &action.secrets {
            let value = value.as_str().unwrap_or_default().chars().count();
            // Nobody needs to know how long a secret is unless it is too long.
            if SECRET_VALUE_CHARACTERS.reach(value) != Reach::Within {
                let subject = format!("The secret `{key}` of `{name}`");
                self.measure(measure::SECRET_VALUE, &subject, value);
            }
            let length = key.chars().count();
            if SECRET_KEY_CHARACTERS.reach(length) != Reach::Within {
                let subject = format!("The name of the secret `{key}` of `{name}`");
                self.measure(measure::SECRET_KEY, &subject, length);
            }
        }
        if let Some(count) = action.dependencies {
            self.measure(measure::DEPENDENCIES, &own, count);
        }
        if let Some(count) = action.modules {
            self.measure(measure::MODULES, &own, count);
        }
    }

    /// Takes down how much of a limit is used; what is near it or over it becomes a notice at the end.
    pub fn measure(&mut self, measured: Measured, subject: &str, value: usize) {
        self.measures.measure(measured, subject, value);
    }
}

fn error_of(action: &str, fault: Fault) -> ActionError {
    let fault = fault.shortened();
    ActionError {
        action: action.to_owned(),
        name: fault.name,
        message: fault.message,
        stack: fault.stack,
        location: fault.location,
    }
}
