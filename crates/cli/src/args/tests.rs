//! The options of `test` and `compare`.

use std::{num::NonZeroUsize, path::PathBuf};

use clap::{Args, ValueEnum};

use super::{Format, LimitArguments, SecretArguments, help_on_actions};

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// Files of cases, or folders with such files (*.case.yaml, *.case.json); default: the whole project
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// Only cases whose name contains this text or matches this regular expression, where \w, \d and (?i) know ASCII alone (repeatable: any of them)
    #[arg(long, value_name = "EXPR", help_heading = "Which cases")]
    pub(crate) filter: Vec<String>,

    /// Only cases with this tag (repeatable: any of them)
    #[arg(long, value_name = "TAG", help_heading = "Which cases")]
    pub(crate) tag: Vec<String>,

    /// Only the K-th of N equal parts of the cases
    #[arg(long, value_name = "K/N", help_heading = "Which cases")]
    pub(crate) shard: Option<postlogin_runner::Shard>,

    /// Print the names of the cases and run none
    #[arg(long, help_heading = "Which cases", conflicts_with_all = ["watch", "review", "update"])]
    pub(crate) list: bool,

    /// The result when no case is selected
    #[arg(long, value_enum, default_value_t = NoTests::Fail, value_name = "WHAT", help_heading = "Which cases")]
    pub(crate) no_tests: NoTests,

    /// The number of cases that run at once; default: one for each processor
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), help_heading = "The run")]
    pub(crate) jobs: Option<u16>,

    /// Run the cases this many times, to find flaky ones
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000), help_heading = "The run", conflicts_with_all = ["watch", "list", "review", "update"])]
    pub(crate) repeat: u32,

    /// Start no case after the first failure
    #[arg(long, help_heading = "The run")]
    pub(crate) fail_fast: bool,

    /// Run the affected cases again after each edit, until Ctrl-C
    #[arg(long, help_heading = "The run")]
    pub(crate) watch: bool,

    /// Store the outcomes of cases with `snapshot: true`
    #[arg(short, long, help_heading = "Snapshots")]
    pub(crate) update: bool,

    /// Review the outcomes that differ from the stored ones: accept, reject, skip
    #[arg(long, help_heading = "Snapshots", conflicts_with_all = ["watch", "update"])]
    pub(crate) review: bool,

    /// Generate logins and look for failures: a number of logins (500) or a time (10s); without a value, 1000 logins.
    /// PATH may then also name Actions
    #[arg(
        long,
        value_name = "N|DURATION",
        num_args = 0..=1,
        default_missing_value = "1000",
        conflicts_with_all = ["list", "watch", "review", "update", "shard", "coverage", "fail_fast", "repeat"],
        help_heading = "Generated logins"
    )]
    pub(crate) fuzz: Option<String>,

    /// The seed of generated events; the same seed and number of logins give the same result
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        requires = "fuzz",
        help_heading = "Generated logins"
    )]
    pub(crate) seed: u64,

    /// Print failures and the summary only
    #[arg(short, long, help_heading = "Output", conflicts_with = "status_level")]
    pub(crate) quiet: bool,

    /// The cases that get a line each; each level includes the ones before it
    #[arg(long, value_enum, default_value_t = StatusLevel::All, value_name = "LEVEL", help_heading = "Output")]
    pub(crate) status_level: StatusLevel,

    /// List the N slowest cases at the end; without a value, 10
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "10", help_heading = "Output")]
    pub(crate) slowest: Option<NonZeroUsize>,

    /// human, json, junit, github or tap, to stdout or to a file (repeatable)
    #[arg(long, value_name = "NAME[=FILE]", help_heading = "Output")]
    pub(crate) reporter: Vec<String>,

    /// Also write a page that shows the cases with their logins and claims: one HTML file that needs no server
    #[arg(long, value_name = "FILE", conflicts_with_all = ["list", "watch", "review", "fuzz"], help_heading = "Output")]
    pub(crate) report: Option<PathBuf>,

    /// Report which lines and branches of scripts ran; lcov:FILE and html:FILE also write a report (repeatable)
    #[arg(
        long,
        value_name = "FORM:FILE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "text",
        conflicts_with_all = ["list", "review"],
        help_heading = "Output"
    )]
    pub(crate) coverage: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CompareArguments {
    /// The first version: an Action, or several with commas between them, in the order in which they run
    #[arg(value_name = "A", long_help = help_on_actions!("The first version: an Action, or several with commas between them, in the order in which they run"))]
    pub(crate) left: String,

    /// The second version
    #[arg(value_name = "B", long_help = help_on_actions!("The second version"))]
    pub(crate) right: String,

    /// An event, JSON or YAML (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "The logins")]
    pub(crate) event: Vec<PathBuf>,

    /// Files of cases, or folders with such files; their expectations are ignored (repeatable)
    #[arg(long, value_name = "PATH", help_heading = "The logins")]
    pub(crate) cases: Vec<PathBuf>,

    /// The number of events to generate; default: 1000 if neither events nor cases are given
    #[arg(long, value_name = "N", help_heading = "The logins")]
    pub(crate) generate: Option<u64>,

    /// The seed of generated events
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        help_heading = "The logins"
    )]
    pub(crate) seed: u64,

    /// The start time of logins without a case; default: that of the built-in sample
    #[arg(
        long,
        value_name = "RFC3339",
        help_heading = "The logins",
        allow_hyphen_values = true
    )]
    pub(crate) now: Option<String>,

    /// Mocked exchanges, as for `postlogin run` (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "The logins")]
    pub(crate) http: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) secrets: SecretArguments,

    #[command(flatten)]
    pub(crate) limits: LimitArguments,

    /// The number of logins that run at once; default: one for each processor
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), help_heading = "The run")]
    pub(crate) jobs: Option<u16>,

    /// The form of the printed differences
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) format: Format,

    /// Write the differences as a new case file that A passes (*.case.yaml)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) write: Option<PathBuf>,

    /// Also write a page with both logins of each difference, side by side: one HTML file that needs no server
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) report: Option<PathBuf>,
}

/// The cases that get a line each; the words of cargo-nextest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusLevel {
    /// None; failures are listed at the end all the same
    None,
    /// Those that fail
    Fail,
    /// Those that take long
    Slow,
    /// Those that pass
    Pass,
    /// Those that are skipped
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum NoTests {
    /// Exit with code 0
    Pass,
    /// Exit with code 4
    Fail,
}
