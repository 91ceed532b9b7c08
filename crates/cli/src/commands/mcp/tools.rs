//! The tools and their arguments, once: for clients, and for reading calls.

use postlogin_mcp::Tool;
use serde_json::{Map, Value, json};

/// A tool.
pub(super) struct Spec {
    pub(super) name: &'static str,
    title: &'static str,
    description: &'static str,
    pub(super) parameters: &'static [Parameter],
}

/// An argument of a tool.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) is_required: bool,
    note: &'static str,
}

/// The forms of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A string.
    Text,
    /// A list of strings.
    Texts,
    /// A path inside the project's folder.
    Path,
    /// A list of them.
    Paths,
    /// A list of Actions: names, or paths inside the project's folder.
    Actions,
    /// An Action, or several with commas between them.
    Side,
    /// A number that is whole and not negative.
    Number,
    /// `true` or `false`.
    Flag,
    /// An object.
    Object,
    /// An object, or the path of a file that has one.
    ObjectOrPath,
    /// A list, an object, or the path of a file that has one.
    Any,
    /// One of some words.
    Word(&'static [&'static str]),
}

const fn optional(name: &'static str, kind: Kind, note: &'static str) -> Parameter {
    Parameter {
        name,
        kind,
        is_required: false,
        note,
    }
}

const fn required(name: &'static str, kind: Kind, note: &'static str) -> Parameter {
    Parameter {
        is_required: true,
        ..optional(name, kind, note)
    }
}

const ACTIONS: Parameter = optional(
    "actions",
    Kind::Actions,
    "The Actions or Rules in the order in which they run: names of the project, or paths of .js, .ts or .wasm files. Without any, what the project binds to the trigger",
);
const TRIGGER: Parameter = optional(
    "trigger",
    Kind::Text,
    "The trigger, such as credentials-exchange; without it, that of the Actions, else post-login",
);
const SET: Parameter = optional(
    "set",
    Kind::Object,
    "Paths of the event with their values: {\"user.user_metadata.hobby\": \"surfing\"}",
);
const SECRETS: Parameter = optional(
    "secrets",
    Kind::Object,
    "Secrets of the Actions by name; their values are printed as ***. Use test values",
);
const NOW: Parameter = optional(
    "now",
    Kind::Text,
    "When the login starts, RFC 3339; a fixed time makes results repeatable",
);
const SEED: Parameter = optional("seed", Kind::Number, "What all randomness is derived from");
const TIMEOUT: Parameter = optional(
    "timeout",
    Kind::Text,
    "How long all Actions together may take: 500ms, 3s. Default: 20s",
);
const MEMORY: Parameter = optional(
    "memory",
    Kind::Text,
    "How much memory an Action may use: 64MiB. Default: 128MiB",
);
const FORMAT: Parameter = optional(
    "format",
    Kind::Word(&["text", "json"]),
    "text (default): what people read; json: everything",
);

pub(super) const ALL: &[Spec] = &[
    Spec {
        name: "run",
        title: "Run a login",
        description: "Runs one login through Auth0 Actions or Rules and returns the outcome as JSON: status, claims of both tokens, a ledger of every claim that was set (kept or dropped, by which rule, at which line), api calls, logs, notices about production's limits, and errors with their place. With `expect`, also what is not as expected.",
        parameters: &[
            ACTIONS,
            TRIGGER,
            optional(
                "event",
                Kind::ObjectOrPath,
                "The event; without it, a complete sample",
            ),
            optional("user", Kind::ObjectOrPath, "Replaces event.user"),
            optional("client", Kind::ObjectOrPath, "Replaces event.client"),
            optional("with", Kind::Object, "A JSON Merge Patch over the event"),
            SET,
            SECRETS,
            optional(
                "cache",
                Kind::Object,
                "What earlier logins left in api.cache: {\"key\": \"value\"}, or {\"key\": {\"value\": \"…\", \"ttl\": \"60s\"}}",
            ),
            optional(
                "http",
                Kind::Any,
                "Mocks: [{\"request\": {\"method\": \"GET\", \"url\": \"https://api.example.com/*\"}, \"response\": {\"status\": 200, \"json\": {}}}], or the path of a file of them",
            ),
            optional(
                "tenant",
                Kind::Object,
                "Settings of the tenant, the API and the application",
            ),
            optional(
                "continue",
                Kind::Any,
                "The /continue request after a redirect or a form: {\"query\": {}, \"body\": {}, \"token\": {\"secret\": \"…\", \"payload\": {}}}, or a list of them",
            ),
            optional(
                "challenge",
                Kind::Word(&["succeed", "fail"]),
                "What the user does at every MFA challenge or enrolment",
            ),
            optional(
                "expect",
                Kind::Object,
                "What must be true of the outcome, as in a case file: {\"status\": \"allowed\", \"id_token\": {…}, \"dropped\": [\"roles\"]}",
            ),
            NOW,
            SEED,
            TIMEOUT,
            MEMORY,
        ],
    },
    Spec {
        name: "explain",
        title: "Explain claims",
        description: "Runs one login and explains every claim: where its value comes from in the event, at which line it is set, and why it was kept or dropped. With `why`, explains why a claim that was expected is missing.",
        parameters: &[
            ACTIONS,
            TRIGGER,
            optional("why", Kind::Texts, "Claims that were expected"),
            optional(
                "event",
                Kind::ObjectOrPath,
                "The event; without it, a complete sample",
            ),
            SET,
            SECRETS,
            optional("http", Kind::Path, "A file of mocks"),
            NOW,
            SEED,
            TIMEOUT,
            MEMORY,
            FORMAT,
        ],
    },
    Spec {
        name: "check",
        title: "Check without running",
        description: "Reads Actions and Rules and the project's configuration, and reports what cannot work in production: unknown api methods, paths that events do not have, secrets and packages that are not declared, handlers that are wrong. Runs nothing.",
        parameters: &[
            optional(
                "paths",
                Kind::Actions,
                "Actions, or folders with Actions in them; without any, the whole project",
            ),
            FORMAT,
        ],
    },
    Spec {
        name: "test",
        title: "Run the cases",
        description: "Runs case files (*.case.yaml) of the project and reports those that fail, with the expected and the actual value, and the ledger of the claim.",
        parameters: &[
            optional(
                "paths",
                Kind::Paths,
                "Files of cases, or folders with such files; without any, the whole project",
            ),
            optional(
                "filter",
                Kind::Texts,
                "Only cases whose name has this text or matches this regular expression",
            ),
            optional("tags", Kind::Texts, "Only cases with one of these tags"),
            optional("list", Kind::Flag, "Only list the names of the cases"),
            optional(
                "update_snapshots",
                Kind::Flag,
                "Store the outcomes of cases with `snapshot: true`. This writes .snap files",
            ),
            FORMAT,
        ],
    },
    Spec {
        name: "compare",
        title: "Compare two versions",
        description: "Runs two versions side by side over the same events and reports what they do differently, each difference with a small event that shows it. Use it after a rewrite, or to migrate Rules to Actions.",
        parameters: &[
            required(
                "left",
                Kind::Side,
                "The first version: an Action, several with commas between them, or the words `rules` or `post-login`",
            ),
            required("right", Kind::Side, "The second version"),
            optional("events", Kind::Paths, "Files of events"),
            optional(
                "cases",
                Kind::Paths,
                "Files of cases, or folders with such files",
            ),
            optional(
                "generate",
                Kind::Number,
                "How many events are generated; without it, 1000 if no event and no case is given",
            ),
            SEED,
            SECRETS,
            optional("http", Kind::Path, "A file of mocks"),
            TIMEOUT,
            MEMORY,
            optional(
                "write_cases",
                Kind::Path,
                "Write what differs as a new file of cases that the first version passes (*.case.yaml)",
            ),
            FORMAT,
        ],
    },
];

impl Spec {
    /// Returns the tool as clients see it.
    pub(super) fn tool(&self) -> Tool {
        let mut properties = Map::new();
        for parameter in self.parameters {
            properties.insert(parameter.name.to_owned(), parameter.schema());
        }
        let required: Vec<&str> = self
            .parameters
            .iter()
            .filter(|parameter| parameter.is_required)
            .map(|parameter| parameter.name)
            .collect();
        let schema = json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        });
        let writing = ["update_snapshots", "write_cases"];
        Tool {
            name: self.name,
            title: self.title,
            description: self.description,
            arguments: schema.as_object().cloned().unwrap_or_default(),
            writes: self
                .parameters
                .iter()
                .any(|parameter| writing.contains(&parameter.name)),
        }
    }
}

impl Parameter {
    fn schema(&self) -> Value {
        let texts = json!({"type": "array", "items": {"type": "string"}});
        let mut schema = match self.kind {
            Kind::Text | Kind::Path | Kind::Side => json!({"type": "string"}),
            Kind::Texts | Kind::Paths | Kind::Actions => texts,
            Kind::Number => json!({"type": "integer", "minimum": 0}),
            Kind::Flag => json!({"type": "boolean"}),
            Kind::Object => json!({"type": "object"}),
            Kind::ObjectOrPath => json!({"type": ["object", "string"]}),
            Kind::Any => json!({"type": ["array", "object", "string"]}),
            Kind::Word(words) => json!({"enum": words}),
        };
        if let Value::Object(schema) = &mut schema {
            schema.insert("description".to_owned(), json!(self.note));
        }
        schema
    }
}
