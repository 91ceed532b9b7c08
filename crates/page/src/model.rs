//! The data of the page, which the local tenant and a report give in the same form.

use postlogin_core::Trigger;
use postlogin_core::explanation::Explanation;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The name and version of the data in a report.
pub const REPORT_FORMAT: &str = "postlogin.report/1";

/// Everything that a report shows. Secrets are out of it already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Always [`REPORT_FORMAT`].
    pub format: String,
    /// The command that wrote it: `run`, `explain`, `test` or `compare`.
    pub command: String,
    /// The head of the page, with what was run: `shop: postlogin run claims`.
    #[serde(default)]
    pub title: String,
    /// The logins, in order.
    pub entries: Vec<Entry>,
    /// The sources of the Actions that ran.
    pub sources: Vec<SourceText>,
}

impl Report {
    /// Returns a report of a command without any login.
    #[must_use]
    pub fn of(command: &str) -> Self {
        Self {
            format: REPORT_FORMAT.to_owned(),
            command: command.to_owned(),
            title: format!("postlogin {command}"),
            entries: Vec::new(),
            sources: Vec::new(),
        }
    }
}

/// Where a login comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A login at the local tenant.
    #[default]
    Login,
    /// A run that the page or `postlogin run` asked for.
    Run,
    /// A case of `postlogin test`.
    Case,
    /// The left side of `postlogin compare`.
    Left,
    /// Its right side.
    Right,
    /// A login with a generated event.
    Generated,
}

/// One login.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its id, unique on the page.
    pub id: String,
    /// Where it comes from.
    pub kind: Kind,
    /// Its name for people: the case, or the user.
    pub name: String,
    /// When it was, ISO 8601; empty when that is unknown.
    #[serde(default)]
    pub date: String,
    /// The application, empty when the event does not name one.
    #[serde(default)]
    pub client: String,
    /// `passed`, `failed` or `skipped` for a case; else empty.
    #[serde(default)]
    pub verdict: String,
    /// Why a case failed or was skipped, or a login did not run.
    #[serde(default)]
    pub failures: Vec<String>,
    /// The real time that it took, in microseconds.
    #[serde(default)]
    pub duration_us: u64,
    /// The event before any Action ran; `null` when it is not kept.
    #[serde(default)]
    pub event: Value,
    /// The login and the account of its claims; `None` when it did not run.
    #[serde(default)]
    pub explanation: Option<Explanation>,
    /// The lines that ran, by file; empty when they were not counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coverage: Vec<LineCount>,
    /// The requests of the Actions; `None` when that is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<Vec<RequestEntry>>,
    /// The seed of all randomness, in decimal: JavaScript's numbers have fewer digits. Empty when it is unknown.
    #[serde(default)]
    pub seed: String,
    /// Arguments after `postlogin explain` with which the same Actions run in the same way, besides the event, the clock, the seed
    /// and the steps; empty when they are unknown.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Why it cannot be run again, in one sentence; empty when it can.
    #[serde(default)]
    pub frozen: String,
    /// The steps of the user at suspensions.
    #[serde(default)]
    pub steps: Value,
}

/// The lines of a file that ran.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineCount {
    /// The file, as places name it.
    pub file: String,
    /// Lines on which a statement begins, from 1, each with the number of handlers' executions that reached it.
    pub lines: Vec<(u32, u32)>,
    /// The same for the lines on which a function begins, by the executions that called it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<(u32, u32)>,
}

/// A request of an Action. Credentials are out of it already.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestEntry {
    /// The Action; empty when that is unknown.
    pub action: String,
    /// `GET`, `POST`, …
    pub method: String,
    /// The URL.
    pub url: String,
    /// Its headers, in their order.
    pub headers: Vec<(String, String)>,
    /// Its body; empty when there is none.
    pub body: String,
    /// The source of the answer: `mock 1`, `recording 2`, `network`, or `nothing` for a request that was refused.
    pub answered_by: String,
    /// The status; `None` when no answer came.
    pub status: Option<u16>,
    /// Why no answer came.
    pub error: Option<String>,
    /// The headers of the answer.
    pub response_headers: Vec<(String, String)>,
    /// Its body; empty when there is none.
    pub response_body: String,
    /// The time until it came, in milliseconds: virtual for a mock.
    pub ms: u64,
}

/// The source of an Action, a Rule or a file that one imports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceText {
    /// The Action or Rule.
    pub action: String,
    /// Its trigger; `None` for a file that Actions import.
    pub trigger: Option<Trigger>,
    /// The file, as places name it.
    pub file: String,
    /// The text.
    pub text: String,
}
