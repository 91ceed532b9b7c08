//! The options of `test` and `compare`.

use std::{num::NonZeroUsize, path::PathBuf};

use clap::{Args, ValueEnum};

use super::{ACTION_HELP, Format, LimitArguments, SecretArguments};

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// Files of cases, or folders with such files (*.case.yaml, *.case.json); without any, the whole project
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// Only cases whose name holds this text or matches this regular expression (repeatable: any of them)
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

    /// What it means when there is no case to run
    #[arg(long, value_enum, default_value_t = NoTests::Fail, value_name = "WHAT", help_heading = "Which cases")]
    pub(crate) no_tests: NoTests,

    /// How many cases run at once; without it, one for each processor
    #[arg(short, long, value_name = "N", help_heading = "The run")]
    pub(crate) jobs: Option<NonZeroUsize>,

    /// Run the cases so many times, to find those that do not always pass
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000), help_heading = "The run", conflicts_with_all = ["watch", "list", "review", "update"])]
    pub(crate) repeat: u32,

    /// Begin no case after the first failure
    #[arg(long, help_heading = "The run")]
    pub(crate) fail_fast: bool,

    /// Run what an edit touches again, until Ctrl-C
    #[arg(long, help_heading = "The run")]
    pub(crate) watch: bool,

    /// Store the outcomes of cases with `snapshot: true`
    #[arg(short, long, help_heading = "Snapshots")]
    pub(crate) update: bool,

    /// Look through the outcomes that differ from the stored ones: accept, reject, skip
    #[arg(long, help_heading = "Snapshots", conflicts_with_all = ["watch", "update"])]
    pub(crate) review: bool,

    /// Make up logins and look for what Actions don't expect: so many (500), or for so long (10s); without a value, 1000.
    /// PATH may then be Actions, too
    #[arg(
        long,
        value_name = "N|DURATION",
        num_args = 0..=1,
        default_missing_value = "1000",
        conflicts_with_all = ["list", "watch", "review", "update", "shard", "coverage", "fail_fast", "repeat"],
        help_heading = "Generated logins"
    )]
    pub(crate) fuzz: Option<String>,

    /// What made-up events come from; the same seed and number of logins find the same
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        requires = "fuzz",
        help_heading = "Generated logins"
    )]
    pub(crate) seed: u64,

    /// Print no more than failures and the summary
    #[arg(short, long, help_heading = "Output", conflicts_with = "status_level")]
    pub(crate) quiet: bool,

    /// Which cases have a line of their own; each level includes those before it
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

    /// Tell which lines and branches of scripts ran; lcov:FILE and html:FILE also write a report (repeatable)
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
    #[arg(value_name = "A", long_help = ACTION_HELP)]
    pub(crate) left: String,

    /// The second version
    #[arg(value_name = "B", long_help = ACTION_HELP)]
    pub(crate) right: String,

    /// An event, JSON or YAML (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "The logins")]
    pub(crate) event: Vec<PathBuf>,

    /// Files of cases, or folders with such files; what they expect is not looked at (repeatable)
    #[arg(long, value_name = "PATH", help_heading = "The logins")]
    pub(crate) cases: Vec<PathBuf>,

    /// How many events are made up; without it, 1000 if no event and no case is given
    #[arg(long, value_name = "N", help_heading = "The logins")]
    pub(crate) generate: Option<u64>,

    /// What made-up events come from
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        help_heading = "The logins"
    )]
    pub(crate) seed: u64,

    /// When logins without a case start; without it, at the moment of the built-in sample
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

    /// How many logins run at once; without it, one for each processor
    #[arg(short, long, value_name = "N", help_heading = "The run")]
    pub(crate) jobs: Option<NonZeroUsize>,

    /// How to print what differs
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) format: Format,

    /// Write what differs as a file of cases that A passes (*.case.yaml, not there yet)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) write: Option<PathBuf>,

    /// Also write a page with both logins of each difference, side by side: one HTML file that needs no server
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) report: Option<PathBuf>,
}

/// Which cases have a line of their own; the words of cargo-nextest.
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
