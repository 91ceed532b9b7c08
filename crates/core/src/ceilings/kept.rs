//! The account of what the host keeps of the Actions of one login.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    CALLS, CLAIM_CALLS, HELD_BYTES, MESSAGE_BYTES, MESSAGES, NAME_BYTES, NOTICES, READ_BYTES,
    READS, READS_BETWEEN_CALLS, READS_OF_CLAIM, REQUESTS, REQUESTS_BYTES, SCOPE_BYTES, SHOWN_BYTES,
    SOURCE_STEPS, WHOLE_BYTES, fault, layout, of_argument, of_value, printed_bytes, shorten,
    shortened,
};
use crate::fault::Fault;
use crate::ledger::ClaimCall;
use crate::location::Location;
use crate::outcome::{CommandRecord, LogRecord, Notice, RequestRecord};
use crate::reads::EventRead;
use crate::value::Argument;

/// Bytes that are shown of a text that is not shown whole.
const TEXT_BYTES: usize = 256;

/// The nesting depth of calls and ledger entries in an outcome.
const LEVEL: usize = 2;

/// Who calls a method of `api`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller<'a> {
    /// The Action's name.
    pub action: &'a str,
    /// The export that runs.
    pub handler: Option<&'a str>,
    /// The place of the call.
    pub site: Option<&'a Location>,
}

/// The amount that is kept so far, and the first ceiling that was passed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    calls: usize,
    call_bytes: usize,
    claims: usize,
    ledger_bytes: usize,
    held: usize,
    scopes: usize,
    messages: usize,
    message_bytes: usize,
    messages_dropped: usize,
    #[serde(default)]
    requests: usize,
    #[serde(default)]
    request_bytes: usize,
    #[serde(default)]
    requests_dropped: usize,
    notices_dropped: usize,
    reads: usize,
    read_bytes: usize,
    reads_dropped: usize,
    /// A handler read more between two calls than is reported.
    #[serde(default)]
    reads_untold: bool,
    /// Some claim has more reads before it than are compared.
    #[serde(default)]
    reads_not_compared: bool,
    /// The rest of the search for sources.
    pub source_steps: usize,
    exceeded: Option<String>,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            calls: 0,
            call_bytes: 0,
            claims: 0,
            ledger_bytes: 0,
            held: 0,
            scopes: 0,
            messages: 0,
            message_bytes: 0,
            messages_dropped: 0,
            requests: 0,
            request_bytes: 0,
            requests_dropped: 0,
            notices_dropped: 0,
            reads: 0,
            read_bytes: 0,
            reads_dropped: 0,
            reads_untold: false,
            reads_not_compared: false,
            source_steps: SOURCE_STEPS,
            exceeded: None,
        }
    }
}

impl Kept {
    /// Ends the Action: `what` completes "The Actions of this login …". The first ceiling counts.
    pub fn exceed(&mut self, what: impl Into<String>) {
        self.exceeded.get_or_insert_with(|| {
            format!(
                "the Actions of this login {}, more than postlogin keeps",
                what.into()
            )
        });
    }

    /// The fault with which the Action has to end, if it passed a ceiling.
    pub fn exceeded(&self) -> Option<Fault> {
        self.exceeded.as_ref().map(|message| fault(message.clone()))
    }

    /// The record of a call; `None` beyond the ceiling.
    pub fn call(
        &mut self,
        caller: Caller<'_>,
        method: &str,
        args: &[Argument],
    ) -> Option<CommandRecord> {
        if self.calls >= CALLS {
            self.exceed(format!("make more than {CALLS} calls of api methods"));
            return None;
        }
        self.calls += 1;
        let mut record = CommandRecord {
            action: caller.action.to_owned(),
            handler: caller.handler.map(str::to_owned),
            method: shortened(method, NAME_BYTES),
            args: args.iter().map(whole_or_short).collect(),
            location: caller.site.cloned(),
        };
        let mut bytes = printed_bytes(&record, LEVEL);
        if self.call_bytes.saturating_add(bytes) > SHOWN_BYTES {
            record.args = record.args.iter().map(shorten).collect();
            shorten_list(&mut record.args);
            bytes = printed_bytes(&record, LEVEL);
        }
        self.call_bytes = self.call_bytes.saturating_add(bytes);
        Some(record)
    }

    /// Counts what waits for the end of a handler; `false` beyond the ceiling.
    pub fn hold(&mut self, bytes: usize) -> bool {
        self.held = self.held.saturating_add(bytes);
        if self.held > HELD_BYTES {
            let most = HELD_BYTES >> 20;
            self.exceed(format!(
                "set more than {most} MiB of claims, metadata and other values"
            ));
            return false;
        }
        true
    }

    /// Takes back what [`Kept::hold`] counted.
    pub fn release(&mut self, bytes: usize) {
        self.held = self.held.saturating_sub(bytes);
    }

    /// Counts a scope that is added or removed; `false` beyond the ceiling.
    pub fn scope(&mut self, scope: &str) -> bool {
        self.scopes = self.scopes.saturating_add(layout::compact_bytes(&scope));
        if self.scopes > SCOPE_BYTES {
            let most = SCOPE_BYTES >> 20;
            self.exceed(format!("change scopes of more than {most} MiB"));
            return false;
        }
        true
    }

    /// Counts a claim and shortens what is only shown of it; `false` beyond the ceiling.
    pub fn claim(&mut self) -> bool {
        if self.claims >= CLAIM_CALLS {
            self.exceed(format!("set more than {CLAIM_CALLS} claims"));
            return false;
        }
        self.claims += 1;
        true
    }

    /// Whether the value of one more claim can be shown whole in the ledger.
    pub fn shows_claim(&mut self, call: &ClaimCall, value: &Value) -> bool {
        let bytes = printed_bytes(&(&call.name, value, &call.sources), LEVEL);
        let total = self.ledger_bytes.saturating_add(bytes);
        if total <= SHOWN_BYTES {
            self.ledger_bytes = total;
        }
        total <= SHOWN_BYTES
    }

    /// Counts a request and shortens what is too large to be shown; `false` beyond the ceiling.
    pub fn request(&mut self, record: &mut RequestRecord) -> bool {
        if self.requests >= REQUESTS || self.request_bytes >= REQUESTS_BYTES {
            self.requests_dropped += 1;
            return false;
        }
        self.requests += 1;
        let mut bytes = printed_bytes(record, LEVEL);
        if self.request_bytes.saturating_add(bytes) > SHOWN_BYTES {
            record.shorten(shorten);
            bytes = printed_bytes(record, LEVEL);
        }
        self.request_bytes = self.request_bytes.saturating_add(bytes);
        true
    }

    /// Counts requests that were dropped before they came here.
    pub fn drop_requests(&mut self, count: usize) {
        self.requests_dropped = self.requests_dropped.saturating_add(count);
    }

    /// Whether one more message is kept.
    pub fn message(&mut self, record: &LogRecord) -> bool {
        let bytes = self
            .message_bytes
            .saturating_add(printed_bytes(record, LEVEL));
        if self.messages >= MESSAGES || bytes > MESSAGE_BYTES {
            self.messages_dropped += 1;
            return false;
        }
        self.messages += 1;
        self.message_bytes = bytes;
        true
    }

    /// Whether one more notice is kept beside so many.
    pub fn notice(&mut self, known: usize) -> bool {
        if known >= NOTICES {
            self.notices_dropped += 1;
        }
        known < NOTICES
    }

    /// Whether one more read is taken down.
    pub fn follows_reads(&mut self) -> bool {
        let follows = self.reads < READS && self.read_bytes < READ_BYTES;
        if !follows {
            self.reads_dropped += 1;
        }
        follows
    }

    /// Counts a read.
    pub fn read(&mut self, read: &EventRead) {
        self.reads += 1;
        self.read_bytes = self.read_bytes.saturating_add(printed_bytes(read, LEVEL));
    }

    /// Notes that a handler read more between two calls than is reported.
    pub fn leave_reads_untold(&mut self) {
        self.reads_untold = true;
    }

    /// Notes that some claim was not compared with all reads before it.
    pub fn leave_reads_uncompared(&mut self) {
        self.reads_not_compared = true;
    }

    /// Returns the notice at the end about dropped data.
    pub fn notices(&self) -> Vec<Notice> {
        let mut notices = Vec::new();
        let mut add = |code: &str, message: String| {
            notices.push(Notice {
                code: code.to_owned(),
                message,
                source: None,
            });
        };
        if self.messages_dropped > 0 {
            let (count, most) = (self.messages_dropped, MESSAGE_BYTES >> 20);
            add(
                "messages-not-kept",
                format!(
                    "{count} printed messages are not kept: an outcome has at most {MESSAGES} messages and {most} MiB of them."
                ),
            );
        }
        if self.requests_dropped > 0 {
            let count = self.requests_dropped;
            add(
                "requests-not-kept",
                format!("{count} requests are not kept: an outcome has at most {REQUESTS}."),
            );
        }
        if self.source_steps == 0 {
            add(
                "sources-not-searched",
                "The event is large and there are many claims: for some claims the places of the event with the same value were not searched.".to_owned(),
            );
        }
        if self.reads_dropped > 0 {
            let (count, most) = (self.reads_dropped, READ_BYTES >> 20);
            add(
                "reads-not-kept",
                format!(
                    "{count} reads of the event are not taken down: an explanation has at most {READS} reads and {most} MiB of them."
                ),
            );
        }
        if self.reads_untold {
            add(
                "reads-not-kept",
                format!(
                    "An Action reads very much between two calls of the api: reads after the first {READS_BETWEEN_CALLS} there are not taken down."
                ),
            );
        }
        if self.reads_not_compared {
            add(
                "reads-not-compared",
                format!(
                    "Some claims have very many reads of the event before them: their sources were looked for among the last {READS_OF_CLAIM} only."
                ),
            );
        }
        if self.notices_dropped > 0 {
            let count = self.notices_dropped;
            add(
                "notices-not-kept",
                format!("{count} more notices are not kept: an outcome has at most {NOTICES}."),
            );
        }
        notices
    }
}

/// An argument as it is shown: whole, unless it is larger than anything that production accepts.
fn whole_or_short(argument: &Argument) -> Value {
    match argument {
        Argument::String(text) if text.len() > WHOLE_BYTES => {
            Value::String(shortened(text, TEXT_BYTES))
        }
        argument => {
            let value = argument.to_tagged();
            match is_whole(&value) {
                true => value,
                false => shorten(&value),
            }
        }
    }
}

/// Whether a value is shown whole.
pub(crate) fn is_whole(value: &Value) -> bool {
    // Cheap first: the weight is never less than the compact text of what has few values.
    of_value(value) <= WHOLE_BYTES || layout::compact_bytes(value) <= WHOLE_BYTES
}

/// Many arguments, of which a method has three at most.
fn shorten_list(args: &mut Vec<Value>) {
    const MOST: usize = 8;
    if let Some(missing) = args.len().checked_sub(MOST).filter(|missing| *missing > 0) {
        args.truncate(MOST);
        args.push(Value::String(format!("… [{missing} more items]")));
    }
}

/// Returns the cost of a command of an argument list while it waits.
pub fn weigh<'a>(arguments: impl IntoIterator<Item = &'a Argument>) -> usize {
    arguments.into_iter().map(of_argument).sum()
}
