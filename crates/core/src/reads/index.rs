//! The reads of a login, found by what they have in common with a claim. There can be as many claims as reads.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::EventRead;
use crate::ceilings::READS_OF_CLAIM;
use crate::ledger::ClaimCall;
use crate::location::Location;
use crate::sources::is_trivial;

/// So many sources of a claim are named.
const MOST_SOURCES: usize = 5;

pub(crate) struct ReadIndex<'r> {
    by_run: HashMap<usize, Vec<&'r EventRead>>,
    by_value: HashMap<(usize, String), Vec<&'r EventRead>>,
    by_line: HashMap<(usize, &'r str, u32), Vec<&'r EventRead>>,
    /// The number of reads that a list had beyond [`READS_OF_CLAIM`], at most.
    omitted: Cell<usize>,
}

impl<'r> ReadIndex<'r> {
    pub fn new(reads: &'r [EventRead]) -> Self {
        let mut found = Self {
            by_run: HashMap::new(),
            by_value: HashMap::new(),
            by_line: HashMap::new(),
            omitted: Cell::new(0),
        };
        for read in reads {
            found.by_run.entry(read.run).or_default().push(read);
            if read.present {
                let key = (read.run, likeness(&read.value));
                found.by_value.entry(key).or_default().push(read);
            }
            if let Some(place) = &read.location {
                let key = (read.run, place.file.as_str(), place.line);
                found.by_line.entry(key).or_default().push(read);
            }
        }
        found
    }

    /// Returns the reads of a run before a call, the latest first, as all of these lists.
    pub fn of_run(&self, run: usize, call: usize) -> Vec<&'r EventRead> {
        self.before(self.by_run.get(&run), call)
    }

    /// Returns those of them that had this value.
    pub fn of_value(&self, run: usize, value: &Value, call: usize) -> Vec<&'r EventRead> {
        if value.is_null() {
            // It also stands for what is too large to repeat.
            return Vec::new();
        }
        let mut found = self.before(self.by_value.get(&(run, likeness(value))), call);
        found.retain(|read| read.value == *value);
        found
    }

    /// Returns those of them that are on the line of a place.
    pub fn on_line(&self, run: usize, place: &'r Location, call: usize) -> Vec<&'r EventRead> {
        let key = (run, place.file.as_str(), place.line);
        self.before(self.by_line.get(&key), call)
    }

    /// Returns how many reads were not looked at since the last question, at most, for one list.
    pub fn take_omitted(&self) -> usize {
        self.omitted.take()
    }

    /// Reads are in order, and so are the calls before them.
    fn before(&self, list: Option<&Vec<&'r EventRead>>, call: usize) -> Vec<&'r EventRead> {
        let list = list.map(Vec::as_slice).unwrap_or_default();
        let end = list.partition_point(|read| read.calls_before <= call);
        let omitted = end.saturating_sub(READS_OF_CLAIM);
        self.omitted.set(self.omitted.get().max(omitted));
        let list = list.get(..end).unwrap_or_default().iter().rev();
        list.take(READS_OF_CLAIM).copied().collect()
    }

    /// Returns the paths from which the value of a claim came: those that its handler had read before, and that had it.
    pub fn sources(&self, call: &ClaimCall, value: &Value) -> Vec<String> {
        let paths: Vec<&str> = match call.bytes {
            // The value itself is not kept: it was looked for in the event when it was set.
            Some(_) => {
                let read = self.of_run(call.run, call.index);
                let read: HashSet<&str> = read.iter().map(|read| read.path.as_str()).collect();
                let guesses = call.guesses.iter().map(String::as_str);
                guesses.filter(|path| read.contains(path)).collect()
            }
            None => {
                let read = self.of_value(call.run, value, call.index).into_iter();
                read.map(|read| read.path.as_str()).collect()
            }
        };
        // `true` stands everywhere: only the likeliest read says something.
        let most = match is_trivial(value) {
            true => 1,
            false => MOST_SOURCES,
        };
        let mut sources: Vec<String> = Vec::new();
        for path in paths {
            if sources.len() < most && sources.iter().all(|known| known != path) {
                sources.push(path.to_owned());
            }
        }
        sources
    }
}

/// The same for equal values, and seldom for others.
fn likeness(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.len()),
        Value::Object(members) => format!("{{{}}}", members.len()),
        // Of two long texts the length and the beginning will do.
        Value::String(text) => {
            let begin: String = text.chars().take(64).collect();
            format!("\"{}:{begin}", text.len())
        }
        value => value.to_string(),
    }
}
