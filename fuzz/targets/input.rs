//! The input that the fuzzer makes of bytes: events, calls and answers with the words that mean something to the core.

use arbitrary::{Arbitrary, Result, Unstructured};
use postlogin_core::{HandlerKind, ResumeStep};
use serde_json::{Map, Value, json};

/// Values nest so deep at most.
const DEEPEST: usize = 5;

/// Keys and texts that the core looks at.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "", "$", "of", "a.b", "a$b", "user", "user_metadata", "app_metadata", "user_id", "email", "enrolledFactors", "type", "otp",
    "push", "phone", "session", "metadata", "cookie", "mode", "persistent", "transaction", "requested_scopes", "protocol", "prompt",
    "acr_values", "request", "query", "body", "hostname", "method", "state", "scope", "openid", "profile", "none", "login",
    "authentication", "methods", "authorization", "roles", "resource_server", "identifier", "https://api.example.com",
    "https://t.auth0.com/api/v2/", "https://t.example.com/userinfo", "https://t.auth0.com/x", "urn:auth0", "https://x/y",
    "refresh_token", "access", "online", "organization", "id", "name", "client", "client_id", "tenant", "secrets", "fields", "vars",
    "ttl", "expires_at", "secret", "payload", "expiresInSeconds", "tokenParameterName", "session_token", "take", "from",
    "identities", "provider", "auth0", "undefined", "bigint", "date", "function", "symbol", "circular", "tojson", "NaN", "Infinity",
    "2026-01-01T00:00:00.000Z", "preserveRefreshTokens", "additionalFactors", "oauth2-password", "oauth2-refresh-token", "sub", "plan",
    "__proto__", "blocked", "auth_time", "max_age", "nonce", "address", "phone_number",
];

/// One login.
#[derive(Debug, Arbitrary)]
pub struct Input {
    pub event: Json,
    pub completed: bool,
    pub rbac: bool,
    pub watched: bool,
    /// Whether the trigger is credentials-exchange.
    pub is_machine: bool,
    /// Whether the login is stored and restored whenever it waits.
    pub stored: bool,
    pub users: Vec<Json>,
    pub seed: u64,
    pub now_ms: i64,
    pub runs: Vec<Run>,
    pub expected: Vec<Word>,
}

/// One run of a handler and what the user does behind it.
#[derive(Debug, Arbitrary)]
pub struct Run {
    pub name: Word,
    pub kind: Kind,
    pub code_bytes: u16,
    pub calls: Vec<Call>,
    pub throws: bool,
    pub waits_ms: u16,
    pub answers: Vec<Answer>,
    /// Whether a Rule or a connection passes an error to its callback, instead of a user and a context.
    pub refuses: bool,
    pub user: Json,
    pub context: Json,
}

/// The handlers of a run.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub enum Kind {
    Action,
    Rule,
    Connection,
}

impl From<Kind> for HandlerKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Action => Self::Action,
            Kind::Rule => Self::Rule,
            Kind::Connection => Self::Connection,
        }
    }
}

/// One call of an `api` method, or a read of the event.
#[derive(Debug, Arbitrary)]
pub struct Call {
    pub method: u8,
    pub args: Vec<Json>,
    pub later_ms: i32,
    pub read: Option<Vec<Word>>,
    pub present: bool,
}

/// The user's response to a suspension.
#[derive(Debug, Arbitrary)]
pub enum Answer {
    Passes,
    Fails,
    Returns(Json, Json),
}

impl Answer {
    pub fn step(&self) -> ResumeStep {
        let object = |json: &Json| match json.value() {
            Value::Object(object) => object,
            _ => Map::new(),
        };
        match self {
            Answer::Passes => ResumeStep::ChallengeSucceeded,
            Answer::Fails => ResumeStep::ChallengeFailed,
            Answer::Returns(query, body) => ResumeStep::Continue {
                query: object(query),
                body: object(body),
            },
        }
    }
}

/// A text.
#[derive(Debug, Arbitrary)]
pub enum Word {
    Known(u8),
    Joined(u8, u8),
    Long(u8, u16),
    Free(String),
}

impl Word {
    pub fn text(&self) -> String {
        let known = |index: &u8| WORDS[usize::from(*index) % WORDS.len()];
        match self {
            Word::Known(index) => known(index).to_owned(),
            Word::Joined(one, other) => format!("{}{}", known(one), known(other)),
            Word::Long(index, times) => known(index).repeat(usize::from(*times) % 2_000),
            Word::Free(text) => text.clone(),
        }
    }
}

/// JSON of any shape.
#[derive(Debug)]
pub struct Json(Value);

impl Json {
    pub fn value(&self) -> Value {
        self.0.clone()
    }
}

impl<'a> Arbitrary<'a> for Json {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        value(bytes, 0).map(Json)
    }
}

fn value(bytes: &mut Unstructured<'_>, depth: usize) -> Result<Value> {
    let kinds = if depth < DEEPEST { 9 } else { 6 };
    Ok(match bytes.int_in_range(0..=kinds)? {
        0 => Value::Null,
        1 => bytes.arbitrary::<bool>()?.into(),
        2 => bytes.arbitrary::<i64>()?.into(),
        3 => json!(bytes.arbitrary::<f64>()?),
        4..=6 => Word::arbitrary(bytes)?.text().into(),
        7 => {
            let mut items = Vec::new();
            for _ in 0..bytes.int_in_range(0..=5)? {
                items.push(value(bytes, depth + 1)?);
            }
            items.into()
        }
        _ => {
            let mut entries = Map::new();
            for _ in 0..bytes.int_in_range(0..=7)? {
                entries.insert(Word::arbitrary(bytes)?.text(), value(bytes, depth + 1)?);
            }
            entries.into()
        }
    })
}
