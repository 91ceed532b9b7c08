//! Records that the host keeps of a running handler: what it reads and prints, up to the ceilings.

use serde_json::Value;

use super::Transaction;
use crate::fault::Fault;
use crate::location::Location;
use crate::measure;
use crate::outcome::{LogRecord, RequestRecord};
use crate::reads::{EventRead, Watch};

impl Transaction {
    /// The event of the running handler.
    pub fn given_event(&self) -> Option<&Value> {
        let event = &self.flow.input.event;
        self.running
            .as_ref()
            .map(|running| running.event.get(event))
    }

    /// From now on, what Actions read of the event is taken down.
    pub fn watch(&mut self, watch: Watch) {
        self.flow.watch = watch;
    }

    /// Returns what the host wants to know of what Actions read.
    pub fn watching(&self) -> Watch {
        self.flow.watch
    }

    /// Takes down that the running Action read a property of its event. `keys` lead there, array indices as digits; those
    /// of a Rule begin with `user` or `context`.
    /// A login that reads without end is not followed to its end, and a notice says so.
    pub fn read(&mut self, keys: &[String], present: bool, site: Option<Location>) {
        let flow = &mut self.flow;
        let follows =
            flow.watch != Watch::Off && self.running.is_some() && flow.kept.follows_reads();
        let flow = &self.flow;
        if let Some(running) = self.running.as_ref().filter(|_| follows) {
            let event = running.event.get(&flow.input.event);
            let calls_before = flow.commands.len();
            let of_rule = match running.rule {
                Some(_) => match crate::rules::event_path(event, keys) {
                    Some(path) => Some(path),
                    None => return,
                },
                None => None,
            };
            let keys = of_rule.as_deref().unwrap_or(keys);
            let read = EventRead::of((running, event), keys, present, site, calls_before);
            self.flow.kept.read(&read);
            self.flow.reads.push(read);
        }
    }

    /// Notes that the running Action read more than was recorded.
    pub fn leave_reads_untold(&mut self) {
        self.flow.kept.leave_reads_untold();
    }

    /// Records what the running Action prints, up to production's limit.
    pub fn log(&mut self, level: &str, mut message: String) {
        let mut action = String::new();
        if let Some(running) = &mut self.running {
            if running.log_bytes_left == 0 {
                return;
            }
            action.clone_from(&running.action);
            cut(&mut message, running.log_bytes_left);
            let printed = message.len() + 1;
            running.log_bytes_left = running.log_bytes_left.saturating_sub(printed);
        }
        let record = LogRecord {
            action,
            level: level.to_owned(),
            message,
        };
        if self.flow.kept.message(&record) {
            self.flow.logs.push(record);
        }
    }

    /// Records a request of the running Action.
    pub fn request(&mut self, mut record: RequestRecord) {
        if let Some(running) = &self.running {
            record.action.clone_from(&running.action);
        }
        if self.flow.kept.request(&mut record) {
            self.flow.requests.push(record);
        }
    }

    /// The requests so far.
    pub fn requests(&mut self) -> &mut [RequestRecord] {
        &mut self.flow.requests
    }

    /// Counts requests of the running Action that are not recorded.
    pub fn drop_requests(&mut self, count: usize) {
        self.flow.kept.drop_requests(count);
    }

    /// The fault with which the running Action has to end because the host keeps no more of it
    /// ([`crate::ceilings`]). From then on all calls are refused, and [`Transaction::end`] fails the login.
    pub fn exceeded(&self) -> Option<Fault> {
        self.flow.kept.exceeded()
    }

    /// Ends the running Action at a ceiling that the host found itself. `what` completes "The Actions of this login …".
    pub fn exceed(&mut self, what: &str) {
        self.flow.kept.exceed(what);
    }

    /// Compares the characters that an Action has printed with production's limit.
    pub(super) fn check_logs(&mut self, action: &str) {
        let logs = self.flow.logs.iter().filter(|log| log.action == action);
        let characters = logs.map(|log| log.message.chars().count() + 1).sum();
        let subject = format!("What `{action}` prints");
        self.flow.measure(measure::LOGS, &subject, characters);
    }
}

/// Cuts a text to some bytes, a split character becoming U+FFFD.
fn cut(text: &mut String, bytes: usize) {
    if text.len() <= bytes {
        return;
    }
    let whole = text.floor_char_boundary(bytes);
    // A new text: a truncated one keeps its memory.
    let mut kept = text.get(..whole).unwrap_or_default().to_owned();
    if whole < bytes {
        kept.push('\u{fffd}');
    }
    *text = kept;
}
