//! All users of an export through two versions of an Action: `postlogin replay`, and the same in Node, in the same run.
//!
//! ```console
//! $ cargo bench -p postlogin-benches --bench replay             # 20,000 users; a number as argument sets them
//! ```
//!
//! Needs Node 20 or newer (`NODE` names the program). Whole processes, caches warm. Node has a fresh `node:vm` context for each login,
//! as production has for each Action, and compares what the two versions call; it builds no token, knows no rule and makes no report.
//! A replay recalls logins whose Action reads what it has read of another user; `--run-each` shows what a login costs that runs. Times are of computing, which a busy machine changes least, beside those that passed.
//! Also printed: memory at a tenth of the users and at all, two shards against one, and a worker on Arrow streams against the local run.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use postlogin_replay::arrow::write_users;

const BEFORE: &str = "exports.onExecutePostLogin = async (event, api) => {
  const { plan = 'none', roles = [] } = event.user.app_metadata;
  api.idToken.setCustomClaim('https://example.com/plan', plan);
  api.idToken.setCustomClaim('https://example.com/roles', roles);
};
";
const AFTER: &str = "exports.onExecutePostLogin = async (event, api) => {
  const { plan = 'none', roles, role } = event.user.app_metadata;
  if (plan !== 'free') api.idToken.setCustomClaim('https://example.com/plan', plan);
  api.idToken.setCustomClaim('https://example.com/roles', roles ?? [role]);
};
";

/// The same in TypeScript, with a function in a file of its own.
const TYPED: [(&str, &str); 3] = [
    (
        "before.ts",
        "import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import { metadataOf } from './metadata';
export const onExecutePostLogin = async (event: Event, api: PostLoginAPI): Promise<void> => {
  const { plan = 'none', roles = [] } = metadataOf(event);
  api.idToken.setCustomClaim('https://example.com/plan', plan);
  api.idToken.setCustomClaim('https://example.com/roles', roles);
};
",
    ),
    (
        "after.ts",
        "import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';
import { metadataOf } from './metadata';
enum Plan { Free = 'free' }
export const onExecutePostLogin = async (event: Event, api: PostLoginAPI): Promise<void> => {
  const { plan = 'none', roles, role } = metadataOf(event);
  if (plan !== Plan.Free) api.idToken.setCustomClaim('https://example.com/plan', plan);
  api.idToken.setCustomClaim('https://example.com/roles', roles ?? [role]);
};
",
    ),
    (
        "metadata.ts",
        "export interface Metadata { plan?: string; roles?: string[]; role?: string }
export function metadataOf(event: any): Metadata {
  const { plan, roles, role } = event.user.app_metadata;
  return { plan, roles, role };
}
",
    ),
];

/// Sides of most replays here.
const SIDES: [&str; 4] = ["--before", "before.js", "--after", "after.js"];

fn main() -> anyhow::Result<()> {
    let mut arguments = env::args().skip(1);
    let users: usize = arguments
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(20_000);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("no workspace")?;
    let bench = Bench {
        postlogin: postlogin_benches::release_binary(workspace)?,
        node: env::var_os("NODE").unwrap_or_else(|| "node".into()),
        script: workspace.join("benches/benches/replay/node.mjs"),
        folder: tempfile::tempdir()?,
    };
    bench.prepare(users)?;
    println!("{users} users through two versions of an Action, whole processes");
    let cores = thread::available_parallelism()?.get();
    let local = bench.replay("users.ndjson", &["--out", "local"])?;
    local.print("postlogin replay", users);
    let typed = bench.sides(
        "users.ndjson",
        ["--before", "before.ts", "--after", "after.ts"],
        &["--out", "typed"],
    )?;
    typed.print("postlogin replay, TypeScript of two files", users);
    let each = bench.replay("users.ndjson", &["--run-each", "--out", "each"])?;
    each.print("postlogin replay, every login runs", users);
    let alone = bench.node(1)?;
    alone.print("node, one process", users);
    let node = bench.node(cores)?;
    node.print(&format!("node, {cores} processes"), users);
    for (what, run) in [("replay, goal 5", &local), ("every login runs", &each)] {
        println!(
            "  {what}: {:.1} times the throughput of one node, {:.1} of {cores}; {:.1} times less computing; {:.0} µs of computing a login",
            alone.seconds() / run.seconds(),
            node.seconds() / run.seconds(),
            alone.computing() / run.computing(),
            run.computing() * 1e6 / (2 * users) as f64,
        );
    }

    let few = bench.replay("few.ndjson", &["--out", "few"])?;
    println!(
        "memory: {} MiB for {} users, {} MiB for {users}",
        few.peak >> 20,
        users / 10,
        local.peak >> 20
    );

    let one = bench.replay("users.ndjson", &["--jobs", "1", "--out", "one"])?;
    one.print("one thread", users);
    let shards = bench.shards()?;
    shards.print("two shards, each with one thread", users);
    println!("  {:.2} times one", one.seconds() / shards.seconds());

    let worker = bench.worker()?;
    worker.print("a worker on an Arrow stream, one thread", users);
    println!(
        "  {:+.1} % of the local run's time",
        (worker.seconds() / one.seconds() - 1.0) * 100.0
    );
    Ok(())
}

struct Bench {
    postlogin: PathBuf,
    node: OsString,
    script: PathBuf,
    folder: tempfile::TempDir,
}

impl Bench {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Writes Actions, users and their Arrow stream, and fills the caches.
    fn prepare(&self, users: usize) -> anyhow::Result<()> {
        fs::write(self.path("before.js"), BEFORE)?;
        fs::write(self.path("after.js"), AFTER)?;
        for (name, text) in TYPED {
            fs::write(self.path(name), text)?;
        }
        for (name, count) in [("users.ndjson", users), ("few.ndjson", users / 10)] {
            let made = self
                .command(&self.postlogin)
                .args([
                    "generate",
                    "users",
                    "--seed",
                    "1",
                    "--count",
                    &count.to_string(),
                ])
                .stdout(fs::File::create(self.path(name))?)
                .status()?;
            ensure!(made.success(), "no users");
        }
        let text = fs::read_to_string(self.path("users.ndjson"))?;
        let lines: Vec<&str> = text.lines().collect();
        let stream = fs::File::create(self.path("users.arrows"))?;
        write_users(std::io::BufWriter::new(stream), lines.chunks(1000))?;
        // Node's logins get the event that postlogin makes, but for the user.
        let sample = self
            .command(&self.postlogin)
            .args(["run", "before.js", "--format", "json"])
            .stdout(Stdio::piped())
            .output()?;
        ensure!(sample.status.success(), "the Action runs");
        let event = postlogin_core::event::sample(postlogin_core::Trigger::PostLogin);
        fs::write(self.path("event.json"), event.to_string())?;
        Ok(())
    }

    fn replay(&self, users: &str, arguments: &[&str]) -> anyhow::Result<Run> {
        self.sides(users, SIDES, arguments)
    }

    fn sides(&self, users: &str, sides: [&str; 4], arguments: &[&str]) -> anyhow::Result<Run> {
        let mut command = self.command(&self.postlogin);
        command.arg("replay").arg(users).args(sides).args(arguments);
        Run::of(vec![command.spawn()?], Some(100))
    }

    fn node(&self, parts: usize) -> anyhow::Result<Run> {
        let children = (0..parts).map(|part| {
            let mut command = self.command(&self.node);
            command
                .arg(&self.script)
                .args(["before.js", "after.js", "users.ndjson", "event.json"])
                .args([part.to_string(), parts.to_string()]);
            command.spawn()
        });
        Run::of(children.collect::<Result<_, _>>()?, Some(0))
    }

    /// Two processes, each with one thread and half of the users; the last one makes the report.
    fn shards(&self) -> anyhow::Result<Run> {
        let children = ["1/2", "2/2"].map(|shard| {
            let mut command = self.command(&self.postlogin);
            command
                .args(["replay", "users.ndjson", "--jobs", "1", "--out", "shards"])
                .args(["--shard", shard])
                .args(SIDES);
            command.spawn()
        });
        Run::of(children.into_iter().collect::<Result<_, _>>()?, None)
    }

    /// A worker, and the report of its results.
    fn worker(&self) -> anyhow::Result<Run> {
        let mut command = self.command(&self.postlogin);
        command
            .args(["replay", "--worker"])
            .args(SIDES)
            .stdin(fs::File::open(self.path("users.arrows"))?)
            .stdout(fs::File::create(self.path("results.arrows"))?);
        let mut run = Run::of(vec![command.spawn()?], Some(0))?;
        let merged = self.replay("results.arrows", &["--merge", "--out", "merged"])?;
        run.took += merged.took;
        run.ticks += merged.ticks;
        Ok(run)
    }
}

/// Processes that ran at the same time.
struct Run {
    took: Duration,
    /// The largest resident memory of any of them, in bytes; 0 where the system does not say.
    peak: u64,
    /// The time of computing of all, in hundredths of a second; up to 10 ms of each process may be missing.
    ticks: u64,
}

impl Run {
    fn of(mut children: Vec<Child>, code: Option<i32>) -> anyhow::Result<Self> {
        let began = Instant::now();
        let mut peak = 0;
        let mut ticks = vec![0; children.len()];
        let mut waiting = children.len();
        while waiting > 0 {
            waiting = 0;
            for (child, ticks) in children.iter_mut().zip(&mut ticks) {
                *ticks = computed(child.id()).max(*ticks);
                peak = peak.max(resident(child.id()));
                match child.try_wait()? {
                    Some(status) => ensure!(
                        code.is_none() || status.code() == code,
                        "a process ended with {status}"
                    ),
                    None => waiting += 1,
                }
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(Self {
            took: began.elapsed(),
            peak,
            ticks: ticks.iter().sum(),
        })
    }

    fn seconds(&self) -> f64 {
        self.took.as_secs_f64()
    }

    fn computing(&self) -> f64 {
        self.ticks as f64 / 100.0
    }

    fn print(&self, what: &str, users: usize) {
        println!(
            "{what}: {:.1} s, {:.1} s of computing, {:.0} users a second, at most {} MiB a process",
            self.seconds(),
            self.computing(),
            users as f64 / self.seconds(),
            self.peak >> 20
        );
    }
}

/// The largest resident memory of a process until now, in bytes.
fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

/// The time of computing of a process until now, in hundredths of a second (the unit of Linux); 0 where the system does not say.
fn computed(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name, in parentheses, may have spaces; user and system time are the twelfth and the thirteenth field behind it.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let fields = fields.split_whitespace().skip(11).take(2);
    fields.filter_map(|field| field.parse::<u64>().ok()).sum()
}
