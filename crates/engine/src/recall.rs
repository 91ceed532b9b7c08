//! Runs that are recalled instead of repeated.
//!
//! A handler acts by the values of the event that it reads, the time, and the answers of the host. When the text of
//! an Action shows all that it reads ([`Inputs`]), and nothing else can reach it (no chance, no network, no timers), a login
//! whose event has the same values there does the same: its calls are made again, in its own login, and no sandbox runs. Every
//! answer has to be the one that the sandbox got, else the run is not recalled.
//!
//! Inputs are found by reading a text, so they are checked by running: the first time that a run could be recalled, and every
//! [`CHECKED`] times after it, the handler runs all the same, and has to do what it did before.

use std::{
    cell::RefCell,
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use postlogin_core::{Argument, Fault, FaultKind, Location, Login, Reply};
use serde_json::Value;

/// The most that is kept for one Action, in bytes.
const MOST_BYTES: usize = 4 << 20;
/// The most runs that are kept for one Action.
const MOST_RUNS: usize = 4096;
/// After how many recalled runs the next one is checked.
const CHECKED: u64 = 256;
/// After so many logins, recalling ends if it serves less than a twentieth of them.
const TRIAL: u64 = 1000;
/// The longest event of which a run is recalled, in bytes: far longer ones may not fit into the sandbox, whatever is read of them.
const LONGEST_EVENT: usize = 256 << 10;

/// The values of its event on which a handler's run depends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inputs(pub Vec<Input>);

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input {
    /// The names that lead to it from the event.
    pub path: Vec<String>,
    /// The part of the value that counts.
    pub reach: Reach,
}

/// The part of a value that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Whether it is there, and its kind; of a value without parts all of it.
    Kind,
    /// All of it.
    Whole,
}

impl Inputs {
    /// Writes the values of an event, so that two events with the same text have the same values.
    fn write(&self, event: &Value, text: &mut Vec<u8>) {
        for Input { path, reach } in &self.0 {
            write(event, path, *reach, text);
        }
    }
}

fn write(event: &Value, path: &[String], reach: Reach, text: &mut Vec<u8>) {
    let mut value = event;
    for name in path {
        let Value::Object(members) = value else {
            // A list or a text has properties of its own: all of it counts.
            return whole(value, text);
        };
        match members.get(name) {
            Some(member) => value = member,
            None => return text.push(b'-'),
        }
    }
    match (reach, value) {
        (Reach::Kind, Value::Object(_)) => text.push(b'o'),
        (Reach::Kind, Value::Array(_)) => text.push(b'a'),
        _ => whole(value, text),
    }
}

fn whole(value: &Value, text: &mut Vec<u8>) {
    text.push(b'=');
    // Writing to memory does not fail, and keys are strings.
    let _ = serde_json::to_writer(&mut *text, value);
    text.push(b'\n');
}

/// Something that a handler does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Deed {
    /// A call of an `api` method, and its answer.
    Call {
        method: String,
        arguments: Vec<Argument>,
        site: Option<Location>,
        reply: Reply,
    },
    /// A printed message.
    Print { level: String, message: String },
}

/// The deeds of a handler, written down while it runs.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    deeds: Vec<Deed>,
    /// It did something that cannot be done again without it.
    is_unrepeatable: bool,
}

impl Notes {
    pub(crate) fn add(&mut self, deed: Deed) {
        self.deeds.push(deed);
    }

    pub(crate) fn forget(&mut self) {
        self.is_unrepeatable = true;
        self.deeds.clear();
    }
}

/// A run that can be recalled.
#[derive(Debug)]
pub(crate) struct Run {
    deeds: Vec<Deed>,
    result: Result<(), Fault>,
    /// The memory that it had, in bytes.
    pub(crate) peak: u64,
    uses: AtomicU64,
}

impl Run {
    /// A run that has ended. `None` for one that another login may not repeat. `waited` says whether time has passed in it.
    pub(crate) fn of(
        notes: Notes,
        result: &Result<(), Fault>,
        peak: u64,
        waited: bool,
    ) -> Option<Self> {
        let is_repeatable = match result {
            Ok(()) => true,
            Err(fault) => fault.kind == FaultKind::Thrown,
        };
        (is_repeatable && !notes.is_unrepeatable && !waited).then(|| Self {
            deeds: notes.deeds,
            result: result.clone(),
            peak,
            uses: AtomicU64::new(0),
        })
    }

    /// Does in a login what this run did, and returns how the handler ends.
    ///
    /// # Errors
    /// [`NotRecalled`] when the login answers otherwise. It is of no more use then.
    pub(crate) fn repeat(
        &self,
        login: &mut Login,
        now_ms: i64,
    ) -> Result<Result<(), Fault>, NotRecalled> {
        for deed in &self.deeds {
            match deed {
                Deed::Call {
                    method,
                    arguments,
                    site,
                    reply,
                } => {
                    let answer = login.call(method, arguments, site.clone(), now_ms);
                    if answer != *reply || login.exceeded().is_some() {
                        return Err(NotRecalled);
                    }
                }
                Deed::Print { level, message } => login.log(level, message.clone()),
            }
        }
        Ok(self.result.clone())
    }

    fn is_like(&self, other: &Self) -> bool {
        self.deeds == other.deeds && self.result == other.result
    }
}

/// A login answers a call otherwise than the one before it, so that it has to run by itself: with an Action that recalls nothing.
#[derive(Debug, thiserror::Error)]
#[error("the run cannot be recalled in this login")]
pub struct NotRecalled;

/// The way to serve a login.
pub(crate) enum Advice {
    /// Recall this run.
    Recall(Arc<Run>),
    /// Run the handler.
    Run,
    /// Run the handler, and hand in its notes under this key.
    Note(Box<[u8]>),
}

/// The runs of one Action.
#[derive(Debug)]
pub(crate) struct Recall {
    inputs: Inputs,
    known: RwLock<Known>,
    logins: AtomicU64,
    recalled: AtomicU64,
    is_off: AtomicBool,
}

#[derive(Debug, Default)]
struct Known {
    /// `None` for runs that are not to be recalled.
    runs: HashMap<Box<[u8]>, Option<Arc<Run>>>,
    bytes: usize,
}

thread_local! {
    /// The key of the login, so that it needs no new memory.
    static KEY: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Recall {
    pub(crate) fn new(inputs: Inputs) -> Self {
        Self {
            inputs,
            known: RwLock::default(),
            logins: AtomicU64::new(0),
            recalled: AtomicU64::new(0),
            is_off: AtomicBool::new(false),
        }
    }

    pub(crate) fn is_off(&self) -> bool {
        self.is_off.load(Ordering::Relaxed)
    }

    /// Looks for a run with the values of this event. `bytes` is the length of the event as text.
    pub(crate) fn advice(&self, event: &Value, bytes: usize, now_ms: i64) -> Advice {
        if self.is_off() || bytes > LONGEST_EVENT {
            return Advice::Run;
        }
        let logins = self.logins.fetch_add(1, Ordering::Relaxed);
        if logins >= TRIAL && self.recalled.load(Ordering::Relaxed) < logins / 20 {
            self.is_off.store(true, Ordering::Relaxed);
            *self.known.write().unwrap_or_else(PoisonError::into_inner) = Known::default();
            return Advice::Run;
        }
        KEY.with_borrow_mut(|key| {
            key.clear();
            key.extend_from_slice(&now_ms.to_le_bytes());
            self.inputs.write(event, key);
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            match known.runs.get(key.as_slice()) {
                Some(Some(run)) => {
                    self.recalled.fetch_add(1, Ordering::Relaxed);
                    let is_due = run.uses.fetch_add(1, Ordering::Relaxed) % CHECKED == 0;
                    match is_due {
                        true => Advice::Note(key.as_slice().into()),
                        false => Advice::Recall(Arc::clone(run)),
                    }
                }
                Some(None) => Advice::Run,
                None => Advice::Note(key.as_slice().into()),
            }
        })
    }

    /// Keeps a run, or compares it with the one that is known. `None` is a run that is not to be recalled.
    ///
    /// # Errors
    /// When it did something else than an earlier run with the same values.
    pub(crate) fn keep(&self, key: Box<[u8]>, run: Option<Run>) -> anyhow::Result<()> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match (known.runs.get(&key), run) {
            (Some(Some(earlier)), Some(run)) => anyhow::ensure!(
                earlier.is_like(&run),
                "two logins in which the Action reads the same ran differently"
            ),
            (Some(Some(_)), None) => {
                known.runs.insert(key, None);
            }
            (Some(None), _) => {}
            (None, run) => {
                let bytes = key.len() + run.as_ref().map_or(0, Run::bytes) + 128;
                if known.runs.len() < MOST_RUNS && known.bytes + bytes <= MOST_BYTES {
                    known.bytes += bytes;
                    known.runs.insert(key, run.map(Arc::new));
                }
            }
        }
        Ok(())
    }

    /// Recalls a run no more.
    pub(crate) fn drop_run(&self, run: &Arc<Run>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for known in known.runs.values_mut() {
            known.take_if(|known| Arc::ptr_eq(known, run));
        }
    }
}

impl Run {
    /// About what it needs in memory.
    fn bytes(&self) -> usize {
        let of = |deed: &Deed| match deed {
            // A value in memory needs several times its text.
            Deed::Call {
                method, arguments, ..
            } => method.len() + 4 * postlogin_core::ceilings::weigh(arguments) + size_of::<Deed>(),
            Deed::Print { level, message } => level.len() + message.len() + size_of::<Deed>(),
        };
        self.deeds.iter().map(of).sum::<usize>() + size_of::<Self>()
    }
}
