//! Runs a handler as an ordinary function, without a host: for the unit tests of an Action.
//!
//! ```
//! use postlogin_sdk::{Api, Event, Result, json, testing::Host};
//!
//! fn on_execute(event: &Event, api: &Api) -> Result {
//!     api.access_token().add_scope("read:tier")
//! }
//!
//! let run = Host::new().run(json!({}), on_execute);
//! assert_eq!(run.result, Ok(()));
//! assert_eq!(run.args("accessToken.addScope"), [&[json!("read:tier")]]);
//! ```
//!
//! No rule of the vendor is checked here, and claims reach no token: a case file run by `postlogin test` shows
//! what becomes of them.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::console::Level;
use crate::error::Result;
use crate::event::Event;
use crate::handler::{HandlerReturn, TriggerApi, handle};
use crate::place::Place;

/// One call of an `api` method.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The path below `api`: `idToken.setCustomClaim`.
    pub method: String,
    /// The arguments as JSON, no more than were passed.
    pub args: Vec<Value>,
    /// Where it was called.
    pub place: Place,
}

/// The result of a handler, its calls and its logs.
#[derive(Debug)]
pub struct Run {
    /// The handler's result.
    pub result: Result,
    /// Its calls, in order.
    pub calls: Vec<Call>,
    /// The printed messages, in order.
    pub logs: Vec<(Level, String)>,
}

impl Run {
    /// The arguments of each call of one method, in order.
    #[must_use]
    pub fn args(&self, method: &str) -> Vec<&[Value]> {
        self.calls
            .iter()
            .filter(|call| call.method == method)
            .map(|call| call.args.as_slice())
            .collect()
    }
}

/// The answers of the methods. A method without one returns what its documentation says.
#[derive(Debug, Default)]
pub struct Host {
    answers: Answers,
}

type Answers = HashMap<String, VecDeque<std::result::Result<Value, Failure>>>;

/// The error that a method throws: class and message.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) name: String,
    pub(crate) message: String,
}

#[derive(Default)]
struct Recording {
    answers: Answers,
    calls: Vec<Call>,
    logs: Vec<(Level, String)>,
    next_place: Option<Place>,
}

thread_local! {
    // Handlers are functions without state, as in a component, where the host is a global as well.
    static RECORDING: RefCell<Recording> = RefCell::new(Recording::default());
}

impl Host {
    /// A host that answers as documented.
    #[must_use]
    pub fn new() -> Host {
        Host::default()
    }

    /// The next call of `method` that is not answered yet returns `value`, in JSON.
    #[must_use]
    pub fn answer(mut self, method: &str, value: Value) -> Host {
        self.answers
            .entry(method.to_owned())
            .or_default()
            .push_back(Ok(value));
        self
    }

    /// The next call of `method` that is not answered yet throws.
    #[must_use]
    pub fn fail(mut self, method: &str, name: &str, message: &str) -> Host {
        let failure = Failure {
            name: name.to_owned(),
            message: message.to_owned(),
        };
        self.answers
            .entry(method.to_owned())
            .or_default()
            .push_back(Err(failure));
        self
    }

    /// Runs a handler of any trigger.
    pub fn run<A: TriggerApi, R: HandlerReturn>(
        self,
        event: impl Into<Event>,
        handler: impl FnOnce(&Event, &A) -> R,
    ) -> Run {
        let recording = Recording {
            answers: self.answers,
            ..Recording::default()
        };
        RECORDING.set(recording);
        let result = handle(&event.into(), handler);
        let Recording { calls, logs, .. } = RECORDING.take();
        Run {
            result,
            calls,
            logs,
        }
    }
}

/// The place of the next call.
pub(crate) fn announce(place: Place) {
    RECORDING.with_borrow_mut(|recording| recording.next_place = Some(place));
}

pub(crate) fn log(level: Level, message: String) {
    RECORDING.with_borrow_mut(|recording| recording.logs.push((level, message)));
}

/// Records a call and answers it. An argument that was not passed is `{"$":"undefined"}`.
pub(crate) fn call<T: DeserializeOwned>(
    method: &str,
    mut args: Vec<Value>,
    default: T,
) -> std::result::Result<T, Failure> {
    while args.last() == Some(&undefined()) {
        args.pop();
    }
    let answer = RECORDING.with_borrow_mut(|recording| {
        let place = recording.next_place.take().unwrap_or_else(Place::of_caller);
        recording.calls.push(Call {
            method: method.to_owned(),
            args,
            place,
        });
        recording
            .answers
            .get_mut(method)
            .and_then(VecDeque::pop_front)
    });
    let Some(answer) = answer else {
        return Ok(default);
    };
    T::deserialize(answer?).map_err(|error| Failure {
        name: "TestError".to_owned(),
        message: format!("the test's answer for {method} does not fit: {error}"),
    })
}

/// Returns the mark for an argument that was not passed.
pub(crate) fn undefined() -> Value {
    serde_json::json!({"$": "undefined"})
}
