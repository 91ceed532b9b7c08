//! The `api` object of the trigger: checks of arguments, immediate results, and the commands that a call leaves.

pub(crate) mod access;
pub(crate) mod authentication;
pub(crate) mod cache;
pub(crate) mod claim;
pub(crate) mod directory;
pub(crate) mod entries;
pub(crate) mod exchange;
pub mod method;
pub(crate) mod notification;
pub(crate) mod prompt;
pub(crate) mod redirect;
pub(crate) mod registration;
pub(crate) mod saml;
mod schema;
pub(crate) mod session;
pub(crate) mod target_scopes;
pub(crate) mod transaction;
pub(crate) mod user;

use serde_json::{Map, Value};

pub(crate) use cache::Cache;
pub use cache::CacheEntries;
pub(crate) use entries::initial as initial_metadata;
pub(crate) use redirect::{is_possible as is_redirect_possible, is_silent, set_parameters};

use crate::json;
use crate::location::Location;
use crate::login::transaction::command::Command;
use crate::login::transaction::state::{Flow, Running};
use crate::outcome::TokenKind;
use crate::reply::{Answer, Failure, Reply, Returned};
use crate::value::Argument;
use method::Run;

/// The result of a method that answers at once.
pub(crate) type Outcome = Result<Returned, Failure>;

const UNDEFINED: Returned = Returned::Value(Argument::Undefined);

/// One call on its way: the arguments, and the state that it may read and change.
pub(crate) struct Call<'a> {
    /// The state that the whole login has collected.
    pub flow: &'a mut Flow,
    /// The handler that calls.
    pub running: &'a mut Running,
    /// The caller's place.
    pub site: Option<Location>,
    /// Milliseconds since the epoch.
    pub now_ms: i64,
    args: &'a [Argument],
    assigned: Vec<(Vec<String>, Argument)>,
}

/// The method that sets claims on a token.
pub(crate) fn method_path(token: TokenKind) -> &'static str {
    match token {
        TokenKind::IdToken => "api.idToken.setCustomClaim",
        TokenKind::AccessToken => "api.accessToken.setCustomClaim",
    }
}

/// Answers a call.
pub(crate) fn answer(
    flow: &mut Flow,
    running: &mut Running,
    method: &str,
    args: &[Argument],
    site: Option<Location>,
    now_ms: i64,
) -> Reply {
    let trigger = flow.input.trigger;
    let mut call = Call {
        flow,
        running,
        site,
        now_ms,
        args,
        assigned: Vec::new(),
    };
    let answer = match trigger.method(method).map(|spec| spec.run) {
        Some(Run::Now(run)) => match run(&mut call) {
            Ok(returned) => Answer::Return(returned),
            Err(failure) => Answer::Throw(failure),
        },
        Some(Run::Later(run)) => match run(&mut call) {
            Ok(value) => Answer::Resolve(value),
            Err(failure) => Answer::Reject(failure),
        },
        None => Answer::Throw(Failure::type_error(format!(
            "api.{method} is not a function"
        ))),
    };
    Reply {
        answer,
        event: call.assigned,
    }
}

impl Call<'_> {
    /// An argument; `undefined` when it was not passed.
    pub fn arg(&self, index: usize) -> &Argument {
        self.args.get(index).unwrap_or(&Argument::Undefined)
    }

    /// Leaves a command for the end of the handler, up to what the host keeps.
    pub fn issue(&mut self, command: Command) {
        if self.flow.kept.hold(command.weight()) {
            self.running.commands.push(command);
        }
    }

    /// The event that the caller sees.
    pub fn event(&self) -> &Value {
        self.running.event.get(&self.flow.input.event)
    }

    /// Changes the event that the caller sees, at once; `None` deletes.
    pub fn assign(&mut self, path: &[&str], value: Option<Value>) {
        let wire = value.as_ref().map_or(Argument::Undefined, Argument::from);
        self.assigned
            .push((path.iter().map(|key| (*key).to_owned()).collect(), wire));
        self.running.event.put(&self.flow.input.event, path, value);
    }

    /// The query of the request with its body laid over it.
    fn parameters(&self) -> Map<String, Value> {
        let mut parameters = json::object_at(self.event(), &["request", "query"]);
        parameters.extend(json::object_at(self.event(), &["request", "body"]));
        parameters
    }
}
