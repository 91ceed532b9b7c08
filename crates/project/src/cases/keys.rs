//! The keys of a case, once: for reading, for suggestions and for the schema.

/// A key of a case.
pub(super) struct CaseKey {
    pub(super) name: &'static str,
    /// For editors.
    pub(super) note: &'static str,
    /// The way in which a case's value joins that of its defaults.
    pub(super) joins: Joins,
    /// Whether defaults may have it.
    pub(super) in_defaults: bool,
}

/// The ways in which a value joins the one that it lies over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joins {
    /// It replaces it.
    Replaces,
    /// Objects are joined key by key.
    ByKey,
    /// Objects are joined at all levels.
    Deep,
}

const fn key(name: &'static str, joins: Joins, in_defaults: bool, note: &'static str) -> CaseKey {
    CaseKey {
        name,
        note,
        joins,
        in_defaults,
    }
}

use Joins::{ByKey, Deep, Replaces};

pub(super) const CASE: &[CaseKey] = &[
    key(
        "description",
        Replaces,
        false,
        "What the case shows; its name",
    ),
    key(
        "actions",
        Replaces,
        true,
        "The Actions, in order: names of the project, or paths relative to this file. Default: the project's binding of the trigger",
    ),
    key(
        "trigger",
        Replaces,
        true,
        "The trigger. Default: that of the Actions that are named, else post-login",
    ),
    key(
        "connection",
        Replaces,
        true,
        "The custom social connection that gives the user: a name of the project, or a .js file relative to this file",
    ),
    key(
        "token_response",
        Replaces,
        true,
        "What the token endpoint of the connection answered, an object",
    ),
    key(
        "event",
        Replaces,
        true,
        "The event: a path relative to this file, or an object. Default: the built-in sample",
    ),
    key(
        "user",
        Replaces,
        true,
        "Replaces event.user: a path relative to this file, or an object",
    ),
    key(
        "client",
        Replaces,
        true,
        "Replaces event.client: a path relative to this file, or an object",
    ),
    key(
        "with",
        Deep,
        true,
        "A JSON Merge Patch (RFC 7396) over the event",
    ),
    key(
        "set",
        ByKey,
        true,
        "Single paths of the event, as in `user.user_metadata.hobby: surfing`",
    ),
    key(
        "secrets",
        ByKey,
        true,
        "Secrets of the Actions; their values are never printed",
    ),
    key(
        "secrets_file",
        Replaces,
        true,
        "A dotenv file with secrets, relative to this file",
    ),
    key(
        "cache",
        ByKey,
        true,
        "What earlier logins left in api.cache: by key, a string, or an object with `value` and `ttl` (60s)",
    ),
    key(
        "modules",
        ByKey,
        true,
        "Modules that take the place of those that Actions and packages require: by name, a path relative to this file, or an object with `code` or `json`",
    ),
    key(
        "now",
        Replaces,
        true,
        "When the login starts (RFC 3339). Default: 2026-11-20T08:30:00Z",
    ),
    key(
        "seed",
        Replaces,
        true,
        "What all randomness is derived from. Default: 0",
    ),
    key(
        "http",
        Replaces,
        true,
        "What the network answers: exchanges, or a path to a file of them",
    ),
    key(
        "tenant",
        ByKey,
        true,
        "Settings of the tenant, the API and the application",
    ),
    key(
        "timeout",
        Replaces,
        true,
        "How long all Actions together may take: 500ms, 3s",
    ),
    key(
        "memory",
        Replaces,
        true,
        "How much memory an Action may use: 64MiB",
    ),
    key(
        "continue",
        Replaces,
        true,
        "The /continue request after a redirect or a form (query, body, token), or a list of them",
    ),
    key(
        "challenge",
        Replaces,
        true,
        "What the user does at every MFA challenge or enrolment: succeed or fail",
    ),
    key(
        "steps",
        Replaces,
        true,
        "What the user does, in order: a list of `continue` and `challenge`",
    ),
    key(
        "matrix",
        Replaces,
        false,
        "Paths of the event with lists of values: one case for each combination",
    ),
    key(
        "each",
        Replaces,
        false,
        "Rows: the case once for each, with the row's keys merged over it, expectations included",
    ),
    key("expect", ByKey, true, "What must be true of the outcome"),
    key(
        "snapshot",
        Replaces,
        true,
        "Compare the whole outcome with the .snap file beside this one",
    ),
    key("skip", Replaces, true, "Don't run it: true, or the reason"),
    key(
        "todo",
        Replaces,
        true,
        "Not written yet: true, or what is missing; it is listed and does not run",
    ),
    key(
        "only",
        Replaces,
        false,
        "Run only such cases, while you work on them; refused in CI",
    ),
    key(
        "tags",
        Replaces,
        true,
        "Words by which `postlogin test --tag` chooses cases",
    ),
];

/// The key that makes a file a list of cases.
pub(super) const CASES: &str = "cases";

pub(super) const REQUEST: &[&str] = &["query", "body", "token"];
pub(super) const TOKEN: &[&str] = &["secret", "payload", "name"];
pub(super) const CACHED: &[&str] = &["value", "ttl"];
pub(super) const STEP: &[&str] = &["continue", "challenge"];
pub(super) const CHALLENGE: &[&str] = &["succeed", "fail"];

/// The names of all keys of a case.
pub(super) fn names() -> Vec<&'static str> {
    CASE.iter().map(|key| key.name).collect()
}

/// The names of the keys that defaults may have.
pub(super) fn names_of_defaults() -> Vec<&'static str> {
    let allowed = CASE.iter().filter(|key| key.in_defaults);
    allowed.map(|key| key.name).collect()
}
