//! The command line.

mod generate;
mod replay;
mod tenant;
mod tests;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::version;

pub(crate) use generate::{ExportForm, GenerateCommand};
pub(crate) use replay::ReplayArguments;
pub(crate) use tenant::{EmailArguments, LogFormat, ServeArguments, UiArguments};
pub(crate) use tests::{CompareArguments, NoTests, StatusLevel, TestArguments};

/// Runs Auth0 Actions offline, in WebAssembly, and shows what happened to every claim.
#[derive(Debug, Parser)]
#[command(version = version::SHORT, long_version = version::long(), max_term_width = 100, after_help = EXAMPLES, after_long_help = LONG)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Run as if started in this folder: paths and the project are resolved from there
    #[arg(short = 'C', long, global = true, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,

    /// Whether to use colours
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,

    /// Print debug output to stderr
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,

    /// Paths of the command line are those of a tool's call, not the user's: see `distrust_arguments`
    #[arg(long, hide = true)]
    pub(crate) untrusted_arguments: bool,
}

/// The command to run.
const EXAMPLES: &str = "\
Examples:
  postlogin init                     a small project, or first cases for the Actions that are there
  postlogin run                      one login through the project's Actions
  postlogin explain --why roles      why a claim is missing
  postlogin test --watch             the cases, again after each edit
  postlogin check                    what cannot work in production
  postlogin -C auth0 serve           a local tenant for the project in ./auth0

`postlogin help COMMAND` shows all options of a command.";

const LONG: &str = "\
Examples:
  postlogin init                     a small project, or first cases for the Actions that are there
  postlogin run                      one login through the project's Actions
  postlogin explain --why roles      why a claim is missing
  postlogin test --watch             the cases, again after each edit
  postlogin check                    what cannot work in production
  postlogin -C auth0 serve           a local tenant for the project in ./auth0

Environment:
  POSTLOGIN_CACHE_DIR                the folder for machine code; default: the user's cache folder
  POSTLOGIN_CONTROL_TOKEN            the token of the control API of `serve`
  POSTLOGIN_ALLOW_CARGO_BUILD=1      build Cargo packages that a project names
  POSTLOGIN_LOG                      a filter of debug output: debug, postlogin_engine=trace
  NO_COLOR, CLICOLOR_FORCE, CI       as usual; in CI, snapshots are never written

Exit codes:
  0    success                       1    a bug in postlogin
  2    wrong arguments, or unreadable input
  3    login denied or failed, with --fail-on-deny
  4    no case found                 100  an expectation failed, or `check` found an error
  101  an Action cannot be loaded    102  an Action failed unexpectedly
  110  the output cannot be written

Documentation: https://github.com/postlogin/postlogin/tree/main/docs";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run one login through Actions and print the outcome
    Run(Box<RunArguments>),
    /// Run one login and show where every claim came from and why it was kept or dropped
    Explain(Box<ExplainArguments>),
    /// Run test cases
    Test(Box<TestArguments>),
    /// Run two versions of a login side by side and report the differences
    Compare(Box<CompareArguments>),
    /// Run all users of an export through one or two versions of the Actions and report what changes
    Replay(Box<ReplayArguments>),
    /// Generate data of a tenant that does not exist, for tests and demonstrations
    Generate {
        #[command(subcommand)]
        what: GenerateCommand,
    },
    /// Compile an Action into a self-contained WebAssembly component
    Build(BuildArguments),
    /// Find errors in Actions without running them
    Check(CheckArguments),
    /// Start a local tenant: sign in with a real client and get tokens from the project's own Actions
    Serve(Box<ServeArguments>),
    /// Open a page with the logins of a local tenant: what happened to every claim, beside the source
    Ui(Box<UiArguments>),
    /// Render one of the tenant's e-mail templates for a user
    Email(Box<EmailArguments>),
    /// Create a small project, or first cases for existing Actions
    Init(InitArguments),
    /// Install the npm packages that the project's Actions declare, at the declared versions
    Install(InstallArguments),
    /// Serve run, explain, check, test and compare as tools for agents (Model Context Protocol, over stdin and stdout)
    Mcp,
    /// Print the JSON Schema of a format
    Schema {
        /// The format
        what: Schema,

        /// The trigger whose event it is, such as custom-token-exchange
        #[arg(long, value_name = "ID")]
        trigger: Option<String>,
    },
    /// Compile a part of this program into a folder; the program starts itself with it
    #[command(hide = true)]
    CompilePart {
        /// engine or intl
        part: String,
        /// The folder
        folder: PathBuf,
    },
    /// Write the manual pages of all commands
    #[command(hide = true)]
    Man {
        /// The folder for them
        folder: PathBuf,
    },
    /// Print a script that completes commands in a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Schema {
    /// The event of a trigger (`--trigger`); without one, of post-login
    Event,
    /// The event of the credentials-exchange trigger, v2
    CredentialsExchangeEvent,
    /// A file of cases
    Case,
    /// The output of `run --format json`
    Outcome,
    /// postlogin.toml
    Config,
}

/// The forms of an Action, for the help texts.
macro_rules! help_on_actions {
    ($first:literal) => {
        concat!(
            $first,
            "\n\nA .js, .cjs, .mjs or .ts file, a .wasm component, a folder or .json of the Auth0 Deploy CLI's actions/, the name of an Action \
             of the project, or a Cargo package"
        )
    };
}
pub(crate) use help_on_actions;

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
            "record", "allow_net", "timeout", "memory", "continue_with", "challenge", "now", "seed", "token", "report", "key", "fail_on_deny"
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// One JSON object
    Json,
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
    /// Mocked exchanges, JSON or YAML: a list, or an object with the list `http`; a request that fits none is refused
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
    #[arg(long, value_name = "DURATION", default_value = "20s")]
    pub(crate) timeout: String,

    /// The memory limit for each Action: 64MiB
    #[arg(long, value_name = "SIZE", default_value = "128MiB")]
    pub(crate) memory: String,
}

#[derive(Debug, Args)]
pub(crate) struct BuildArguments {
    /// The Action
    #[arg(value_name = "ACTION", long_help = help_on_actions!("The Action"))]
    pub(crate) action: String,

    /// The file to write; default: <name>.wasm in the current folder
    #[arg(short, long, value_name = "FILE.wasm")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// Actions, or folders that contain Actions; default: all Actions of the project
    #[arg(value_name = "PATH", long_help = help_on_actions!("Actions, or folders that contain Actions; default: all Actions of the project"))]
    pub(crate) paths: Vec<String>,

    /// The form of the printed findings
    #[arg(long, value_enum, default_value_t = CheckFormat::Human, value_name = "FORMAT")]
    pub(crate) format: CheckFormat,

    /// Exit with code 100 for warnings as well
    #[arg(long)]
    pub(crate) deny_warnings: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people
    Human,
    /// One JSON object
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// The folder; default: the current one
    #[arg(value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,

    /// The service to write a CI file for; default: those that the repository already uses
    #[arg(long, value_enum, value_name = "SERVICE")]
    pub(crate) ci: Option<Ci>,
}

#[derive(Debug, Args)]
pub(crate) struct InstallArguments {
    /// Print the command and run nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ci {
    /// .github/workflows/postlogin.yml at the repository's root
    Github,
    /// .gitlab/postlogin.yml at the repository's root
    Gitlab,
    /// No file
    None,
}
