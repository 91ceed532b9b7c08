//! The options of `run` and `explain`, and those that other commands share with them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Format, help_on_actions};

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// Actions, in the order in which they run; default: the project's binding of the trigger
    #[arg(value_name = "ACTION", long_help = help_on_actions!("Actions, in the order in which they run; default: the project's binding of the trigger"))]
    pub(crate) actions: Vec<String>,

    /// The trigger, such as credentials-exchange; default: that of the Actions, else post-login
    #[arg(long, value_name = "ID")]
    pub(crate) trigger: Option<String>,

    #[command(flatten)]
    pub(crate) event: EventArguments,

    #[command(flatten)]
    pub(crate) secrets: SecretArguments,

    #[command(flatten)]
    pub(crate) network: NetworkArguments,

    #[command(flatten)]
    pub(crate) limits: LimitArguments,

    /// Continue after a redirect or a form with this request; repeat for each suspension (JSON or YAML with `query`
    /// and `body`)
    #[arg(long = "continue", value_name = "FILE", help_heading = "The login")]
    pub(crate) continue_with: Vec<PathBuf>,

    /// The user's response to an MFA challenge or enrolment; repeat for each
    #[arg(
        long,
        value_enum,
        value_name = "succeed|fail",
        hide_possible_values = true,
        help_heading = "The login"
    )]
    pub(crate) challenge: Vec<Challenge>,

    /// The time at which the login starts; time is then virtual and moves only by what Actions await
    #[arg(
        long,
        value_name = "RFC3339",
        help_heading = "The login",
        allow_hyphen_values = true
    )]
    pub(crate) now: Option<String>,

    /// The seed of all randomness; default: derived from the time at which the login starts
    #[arg(
        long,
        value_name = "N",
        help_heading = "The login",
        allow_negative_numbers = true
    )]
    pub(crate) seed: Option<u64>,

    /// The issuer of tokens, such as that of a local tenant; default: https:// and the tenant's host name
    #[arg(long, value_name = "URL", help_heading = "The login")]
    pub(crate) issuer: Option<String>,

    /// The form of the printed outcome
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) format: Format,

    /// Also print the signed tokens
    #[arg(long, help_heading = "Output")]
    pub(crate) token: bool,

    /// Also write a page that shows the login and its claims: one HTML file that needs no server
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) report: Option<PathBuf>,

    /// The private key (PEM) that signs tokens; default: a key that is generated once per project
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) key: Option<PathBuf>,

    /// Answer cases, one JSON object on each line of stdin, each with one JSON object on a line of stdout, until stdin
    /// ends
    #[arg(
        long,
        help_heading = "Output",
        conflicts_with_all = [
            "trigger", "event", "user", "client", "connection", "token_response", "rule_context", "set", "secret", "secrets_file", "http",
            "record", "allow_net", "timeout", "memory", "continue_with", "challenge", "now", "seed", "issuer", "token", "report", "key", "fail_on_deny"
        ]
    )]
    pub(crate) stdin_json: bool,

    /// Exit with code 3 when the login is denied or fails
    #[arg(long, help_heading = "Output")]
    pub(crate) fail_on_deny: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    #[command(flatten)]
    pub(crate) run: RunArguments,

    /// Also explain why this claim is missing, even if no Action sets it (repeatable)
    #[arg(long, value_name = "CLAIM", help_heading = "The account")]
    pub(crate) why: Vec<String>,
}

/// The user's response to an MFA challenge; the words of case files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Challenge {
    /// Passes it, or enrols
    Succeed,
    /// Does not pass it
    Fail,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "The event")]
pub(crate) struct EventArguments {
    /// The event, JSON or YAML; `-` reads stdin; default: a built-in sample
    #[arg(long, value_name = "FILE|-")]
    pub(crate) event: Option<PathBuf>,

    /// Replaces event.user
    #[arg(long, value_name = "FILE")]
    pub(crate) user: Option<PathBuf>,

    /// Replaces event.client
    #[arg(long, value_name = "FILE")]
    pub(crate) client: Option<PathBuf>,

    /// Log in with this custom social connection, whose fetchUserProfile returns the user (a connection of the export, or a .js file)
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) connection: Option<String>,

    /// The response of the token endpoint of that connection's provider
    #[arg(long, value_name = "FILE", requires = "connection")]
    pub(crate) token_response: Option<PathBuf>,

    /// The `context` of legacy Rules, where it differs from the event
    #[arg(long, value_name = "FILE")]
    pub(crate) rule_context: Option<PathBuf>,

    /// Sets one path of the event; the value is JSON if it parses, else a string (repeatable)
    #[arg(long, value_name = "PATH=VALUE")]
    pub(crate) set: Vec<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Secrets")]
pub(crate) struct SecretArguments {
    /// A secret; its value is never printed (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) secret: Vec<String>,

    /// A dotenv file with secrets
    #[arg(long, value_name = "FILE")]
    pub(crate) secrets_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "The network")]
pub(crate) struct NetworkArguments {
    /// Mocked exchanges, JSON or YAML: a list, or an object with the list `http`; a request that matches none is refused
    /// (repeatable)
    #[arg(long, value_name = "FILE")]
    pub(crate) http: Vec<PathBuf>,

    /// Make real requests and record them for --http; secrets are masked in the file
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,

    /// Allow real requests to these hosts, or to every host with a public address
    #[arg(long, value_name = "HOST,…", num_args = 0..=1, require_equals = true, value_delimiter = ',', default_missing_value = "")]
    pub(crate) allow_net: Option<Vec<String>>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArguments {
    /// The time limit for all Actions together: 500ms, 3s
    #[arg(long, value_name = "DURATION", default_value = Self::TIMEOUT)]
    pub(crate) timeout: String,

    /// The memory limit for each Action: 64MiB
    #[arg(long, value_name = "SIZE", default_value = Self::MEMORY)]
    pub(crate) memory: String,
}

impl LimitArguments {
    pub(crate) const TIMEOUT: &str = "20s";
    pub(crate) const MEMORY: &str = "128MiB";
}
