//! The command line.

mod generate;
mod replay;
mod run;
mod tenant;
mod tests;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::version;

pub(crate) use generate::{ExportForm, GenerateCommand};
pub(crate) use replay::ReplayArguments;
pub(crate) use run::{
    Challenge, EventArguments, ExplainArguments, LimitArguments, NetworkArguments, RunArguments,
    SecretArguments,
};
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
    /// The output of `explain --format json`
    Explanation,
    /// A line of the output of `test --reporter json`
    Test,
    /// The output of `compare --format json`
    Comparison,
    /// The output of `check --format json`
    Check,
    /// The output of `replay --format json`, and summary.json
    Replay,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// One JSON object
    Json,
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
