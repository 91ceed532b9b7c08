//! The reads of events by Actions, recorded when the host asks for it ([`crate::Login::watched`]).

mod index;

pub(crate) use index::ReadIndex;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ceilings::{NAME_BYTES, READ_VALUE_BYTES, of_value, shortened};
use crate::explanation::Wait;
use crate::location::Location;
use crate::login::transaction::state::Running;
use crate::measure::Usage;
use crate::sources::step;

/// Selects the reads of a login that are recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Watch {
    /// Nothing: the ledger names no sources.
    #[default]
    Off,
    /// Which paths were read, so that the ledger names the sources of claims.
    Paths,
    /// The same, and where in the source each read is: for an explanation.
    Places,
}

/// One read of a property of the event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventRead {
    /// The Action that read.
    pub action: String,
    /// The number of the run of a handler in the login, from 0.
    pub run: usize,
    /// The path that was read: `event.user.user_metadata.hobby`.
    pub path: String,
    /// Whether there was something.
    pub present: bool,
    /// The value there as far as the host knows it: changes that the Action itself made are not seen. `null` also for
    /// what is too large to repeat.
    pub value: Value,
    /// Where it was read, if the guest told.
    pub location: Option<Location>,
    /// The number of calls of `api` methods that the login had seen.
    pub calls_before: usize,
}

impl EventRead {
    pub(crate) fn of(
        (running, event): (&Running, &Value),
        keys: &[String],
        present: bool,
        location: Option<Location>,
        calls_before: usize,
    ) -> EventRead {
        let mut path = "event".to_owned();
        let mut at = Some(event);
        for key in keys {
            let is_index = matches!(at, Some(Value::Array(_))) && key.parse::<usize>().is_ok();
            if is_index {
                path.push_str(&format!("[{key}]"));
            } else {
                path.push_str(&step(key));
            }
            at = at.and_then(|value| match value {
                Value::Array(items) => key.parse::<usize>().ok().and_then(|index| items.get(index)),
                value => value.get(key),
            });
        }
        EventRead {
            action: running.action.clone(),
            run: running.run,
            path: shortened(&path, NAME_BYTES),
            present,
            value: at
                .filter(|value| {
                    present
                        && nodes(value, MOST_NODES) < MOST_NODES
                        && of_value(value) <= READ_VALUE_BYTES + 64 * MOST_NODES
                })
                .cloned()
                .unwrap_or_default(),
            location,
            calls_before,
        }
    }
}

/// Larger values are not repeated.
const MOST_NODES: usize = 200;

/// Returns the number of values in a value, counted up to `most`.
fn nodes(value: &Value, most: usize) -> usize {
    let sum = |count: usize, value: &Value| match count < most {
        true => count + nodes(value, most - count),
        false => count,
    };
    match value {
        Value::Array(items) => items.iter().fold(1, sum),
        Value::Object(object) => object.values().fold(1, sum),
        _ => 1,
    }
}

/// The call behind an entry of the ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimOrigin {
    /// The number of the run of a handler.
    pub run: usize,
    /// The number of the call among all calls of the login.
    pub index: usize,
    /// Where the event has the same value, read or not; only with [`Watch::Places`].
    pub guesses: Vec<String>,
}

/// The data that an account of a login needs beside its outcome: from [`crate::login::Finished`] to [`crate::explanation::explain`].
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The scopes that were requested.
    pub scopes: Vec<String>,
    /// The audience that was requested.
    pub audience: Option<String>,
    /// The tenant's host name.
    pub domain: String,
    /// Whether the access token is opaque.
    pub opaque: bool,
    /// The protocol; empty when the event does not name it.
    pub protocol: String,
    /// The call behind each entry of the ledger.
    pub claim_calls: Vec<ClaimOrigin>,
    /// The reads of the Actions, in order.
    pub reads: Vec<EventRead>,
    /// The use of the vendor's limits.
    pub usage: Vec<Usage>,
    /// The waits for the user, in order.
    pub waits: Vec<Wait>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ClaimOrigin, Watch};
    use crate::login::transaction::tests::helpers::{Drive, NOW_MS, event};
    use crate::{EntryPoint, Location};

    #[test]
    fn reads_are_taken_down_when_somebody_watches() {
        let run = |watch: Watch| {
            let mut drive = Drive::new(event(json!({"user": {"likes": ["tea", {"a.b": 1}]}})));
            drive.transaction.watch(watch);
            assert_eq!(drive.transaction.watching(), watch);
            drive.begin("a", EntryPoint::Execute);
            let site = Location {
                file: "a.js".into(),
                line: 3,
                column: 7,
            };
            let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
            drive
                .transaction
                .read(&keys(&["user", "likes", "1", "a.b"]), true, Some(site));
            drive.call(&json!(["idToken.setCustomClaim", "x", 1]));
            drive
                .transaction
                .read(&keys(&["user", "likes", "7", "x"]), false, None);
            drive
                .transaction
                .read(&keys(&["user", "none", "1"]), false, None);
            drive.transaction.end(Ok(()), Default::default(), NOW_MS);
            drive.transaction.read(&keys(&["user"]), true, None);
            drive.finish_with_record().1
        };
        let record = run(Watch::Places);
        let told: Vec<_> = record
            .reads
            .iter()
            .map(|read| {
                (
                    read.path.as_str(),
                    read.present,
                    read.value.clone(),
                    read.calls_before,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (r#"event.user.likes[1]["a.b"]"#, true, json!(1), 0),
                ("event.user.likes[7].x", false, json!(null), 1),
                ("event.user.none[\"1\"]", false, json!(null), 1),
            ]
        );
        assert_eq!(record.claim_calls, [ClaimOrigin::default()]);
        assert_eq!(run(Watch::Paths).reads, record.reads);
        assert_eq!(run(Watch::Off).reads, []);
    }
}
