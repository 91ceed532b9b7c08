//! `postlogin replay`.

use std::path::PathBuf;

use clap::Args;
use postlogin_replay::FailIf;
use postlogin_runner::Shard;

use super::{Format, LimitArguments, SecretArguments};

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReplayArguments {
    /// Users as the vendor exports them, one file or several: NDJSON, a JSON array or CSV, also as .gz; `-` reads stdin
    #[arg(
        value_name = "USERS|-",
        required_unless_present = "worker",
        conflicts_with = "worker"
    )]
    pub(crate) users: Vec<PathBuf>,

    /// The version before: a project's folder, Actions with commas between them, or git:REV, the project at a revision (git:REV:ACTION,… for Actions of it)
    #[arg(
        long,
        value_name = "DIR|ACTION,…|git:REV[:ACTION,…]",
        help_heading = "The versions"
    )]
    pub(crate) before: Option<String>,

    /// The version after, in the same forms; default: the project here
    #[arg(
        long,
        value_name = "DIR|ACTION,…|git:REV[:ACTION,…]",
        help_heading = "The versions"
    )]
    pub(crate) after: Option<String>,

    /// The event of every login except its user, JSON or YAML; default: the built-in sample
    #[arg(long, value_name = "FILE", help_heading = "The logins")]
    pub(crate) event: Option<PathBuf>,

    /// Replaces event.client
    #[arg(long, value_name = "FILE", help_heading = "The logins")]
    pub(crate) client: Option<PathBuf>,

    /// Sets one path of the event; the value is JSON if it parses, else a string (repeatable)
    #[arg(long, value_name = "PATH=VALUE", help_heading = "The logins")]
    pub(crate) set: Vec<String>,

    /// The roles of users, which no export has: NDJSON, JSON or CSV with `user_id` and `roles`
    #[arg(long, value_name = "FILE", help_heading = "The logins")]
    pub(crate) roles: Option<PathBuf>,

    /// The organization of users: NDJSON or JSON with `user_id` and `organization` (an object or an id)
    #[arg(long, value_name = "FILE", help_heading = "The logins")]
    pub(crate) organizations: Option<PathBuf>,

    /// Real logins, which no export has: the tenant's logs as NDJSON or JSON; each user gets the last one, by `user_id`
    #[arg(long, value_name = "FILE", help_heading = "The logins")]
    pub(crate) logins: Option<PathBuf>,

    /// The attribute that the export has under another name: provider=identities.0.connection (repeatable)
    #[arg(long, value_name = "NAME=PATH", help_heading = "The logins")]
    pub(crate) map: Vec<String>,

    /// The start time of each login; default: that of the built-in sample
    #[arg(
        long,
        value_name = "RFC3339",
        help_heading = "The logins",
        allow_hyphen_values = true
    )]
    pub(crate) now: Option<String>,

    /// The seed of randomness; each login's is derived from it and the user's id
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        help_heading = "The logins"
    )]
    pub(crate) seed: u64,

    /// Mocked exchanges or a recording, as for `postlogin run`; a request that matches none is counted (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "The logins")]
    pub(crate) http: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) secrets: SecretArguments,

    #[command(flatten)]
    pub(crate) limits: LimitArguments,

    /// The number of logins that run at once; default: one for each processor
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), help_heading = "The run")]
    pub(crate) jobs: Option<u16>,

    /// Only every N-th portion of the users, beginning with the K-th; the other shards write into the same folder
    #[arg(long, value_name = "K/N", requires = "out", help_heading = "The run")]
    pub(crate) shard: Option<Shard>,

    /// Continue from the parts that are in the folder of --out
    #[arg(long, requires = "out", help_heading = "The run")]
    pub(crate) resume: bool,

    /// Run every login in a sandbox, also where an earlier one has read the same of its event; the report is the same, and takes longer
    #[arg(long, help_heading = "The run")]
    pub(crate) run_each: bool,

    /// Count the lines of code that no user reaches; logins take a little longer
    #[arg(long, help_heading = "The run")]
    pub(crate) coverage: bool,

    /// Read users as Arrow streams from stdin and write results as Arrow streams to stdout, for a distributed engine
    #[arg(
        long,
        conflicts_with_all = ["shard", "resume", "out", "report", "format", "fail_if", "merge"],
        help_heading = "Many machines"
    )]
    pub(crate) worker: bool,

    /// Make the report of what workers wrote: USERS are the files of their results, `-` reads stdin; the other options are those of the workers
    #[arg(
        long,
        conflicts_with_all = ["shard", "resume", "jobs"],
        help_heading = "Many machines"
    )]
    pub(crate) merge: bool,

    /// The name of the users in the report; without it, those of the files
    #[arg(long, value_name = "TEXT", help_heading = "Many machines")]
    pub(crate) users_name: Option<String>,

    /// The name of the version before in the report; without it, what --before is
    #[arg(
        long,
        value_name = "TEXT",
        requires = "before",
        help_heading = "Many machines"
    )]
    pub(crate) before_name: Option<String>,

    /// The name of the version after in the report; without it, what --after is
    #[arg(long, value_name = "TEXT", help_heading = "Many machines")]
    pub(crate) after_name: Option<String>,

    /// The folder for summary.json, differences.ndjson and report.html; its parts/ contains finished parts
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) out: Option<PathBuf>,

    /// Also write the report as a page: one HTML file that needs no server, the report.html of the folder of --out
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) report: Option<PathBuf>,

    /// The form of the printed report: Markdown, or one JSON object
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) format: Format,

    /// Exit with code 100 when this is true, instead of when anything changes: 'changed > 0.5%' (repeatable)
    #[arg(long, value_name = "LIMIT", value_parser = FailIf::parse, help_heading = "Output")]
    pub(crate) fail_if: Vec<FailIf>,

    /// Write values of claims, metadata and profiles as they are; default: their types and keyed hashes
    #[arg(long, help_heading = "Output")]
    pub(crate) show_values: bool,

    /// Write user ids as they are; default: keyed hashes
    #[arg(long, help_heading = "Output")]
    pub(crate) show_ids: bool,

    /// The key of these hashes; default: POSTLOGIN_REPLAY_KEY, else one that can be derived from --seed
    #[arg(long, value_name = "TEXT", help_heading = "Output")]
    pub(crate) id_key: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  postlogin replay users.ndjson.gz --before git:main --out replay    what this branch changes, for whom
  postlogin replay users.csv --after actions/roles                   what all users get
  postlogin replay users.ndjson --before git:main --fail-if 'changed > 0.5%'";
