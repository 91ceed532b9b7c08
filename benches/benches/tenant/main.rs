//! The local tenant under load: requests to its token endpoint per second, and its memory over many logins.
//!
//! ```console
//! $ cargo bench -p postlogin-benches --bench tenant              # 10 seconds for each grant
//! $ cargo bench -p postlogin-benches --bench tenant -- memory    # 100,000 logins, memory at every tenth of them
//! ```
//!
//! A number as argument sets the seconds, or the logins; `ephemeral` takes the tenant without a file. Each login runs one
//! Action that sets one claim, and each answer holds an ID token and an access token, both signed. The load comes from the same
//! machine, over sockets that stay open, each sending its next request when the last one is answered; what that costs
//! is told beside what the tenant uses. Bound: 200 requests per second with 99 of 100 answered within 100 ms.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

mod grants;
mod http;
mod process;

use std::{
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};

use grants::{Grant, User};
use process::Serving;

/// The number of users that sign in at once.
const USERS: usize = 16;
const BOUND_PER_S: f64 = 200.0;
const BOUND_P99_MS: f64 = 100.0;
/// By how much the memory may grow from the second tenth of the logins to the last one.
const FLAT: f64 = 1.10;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    let number: Option<u32> = arguments.iter().find_map(|argument| argument.parse().ok());
    let tenant = Serving::start(USERS, has("ephemeral"))?;
    match has("memory") {
        true => memory(&tenant, usize::try_from(number.unwrap_or(100_000))?),
        false => load(&tenant, Duration::from_secs(number.unwrap_or(10).into())),
    }
}

/// Every grant for a while, one after the other.
fn load(tenant: &Serving, time: Duration) -> anyhow::Result<()> {
    println!("{USERS} users at once, {} s for each grant", time.as_secs());
    for grant in [Grant::Refresh, Grant::Password, Grant::Code] {
        // Fills caches, and starts threads.
        run(tenant, grant, Ends::At(Duration::from_secs(1)))?;
        let before = (tenant.cpu_s()?, process::own_cpu_s()?);
        let started = Instant::now();
        let mut times = run(tenant, grant, Ends::At(time))?;
        let passed = started.elapsed().as_secs_f64();
        let used = (tenant.cpu_s()? - before.0, process::own_cpu_s()? - before.1);
        times.sort_unstable();
        let at = |share: f64| {
            let index = (times.len() as f64 * share) as usize;
            let time = times.get(index.min(times.len().saturating_sub(1)));
            time.copied().unwrap_or_default().as_secs_f64() * 1e3
        };
        let per_s = times.len() as f64 / passed;
        let is_within = per_s >= BOUND_PER_S && at(0.99) < BOUND_P99_MS;
        println!(
            "  {:<20} {per_s:>7.0}/s  p50 {:>6.1}  p95 {:>6.1}  p99 {:>6.1} ms  cores: tenant {:.2}, load {:.2}  {}",
            grant.name(),
            at(0.5),
            at(0.95),
            at(0.99),
            used.0 / passed,
            used.1 / passed,
            if is_within {
                "within the bound"
            } else {
                "OUT OF BOUND"
            }
        );
    }
    Ok(())
}

/// Logins by all grants in turn, with the memory of the tenant in between.
fn memory(tenant: &Serving, logins: usize) -> anyhow::Result<()> {
    println!(
        "{logins} logins by all three grants, {USERS} users at once; memory of the tenant in MiB"
    );
    println!("  {:>8}  {:>7.1}", 0, tenant.memory_mib()?);
    let part = (logins / 30).max(1);
    let (mut done, mut seen) = (0, Vec::new());
    for _ in 0..10 {
        for grant in [Grant::Refresh, Grant::Password, Grant::Code] {
            done += run(tenant, grant, Ends::After(part / USERS))?.len();
        }
        let memory = tenant.memory_mib()?;
        println!("  {done:>8}  {memory:>7.1}");
        seen.push(memory);
    }
    let (second, last) = (
        seen.get(1).context("nothing ran")?,
        seen.last().context("nothing ran")?,
    );
    let growth = last / second;
    println!(
        "  {growth:.3} times that of the second tenth; database {:.1} MiB",
        tenant.database_mib()
    );
    ensure!(growth <= FLAT, "the tenant's memory grows");
    Ok(())
}

/// When a user has enough.
#[derive(Clone, Copy)]
enum Ends {
    At(Duration),
    After(usize),
}

/// All users at once, each on a connection and a thread of its own; how long each login took.
fn run(tenant: &Serving, grant: Grant, ends: Ends) -> anyhow::Result<Vec<Duration>> {
    let together = Barrier::new(USERS);
    let results = thread::scope(|scope| {
        let together = &together;
        let threads: Vec<_> = (0..USERS)
            .map(|number| {
                scope.spawn(move || -> anyhow::Result<Vec<Duration>> {
                    let ready = User::sign_in(tenant.address(), number, grant);
                    // One that fails must not keep the others waiting.
                    together.wait();
                    let mut user = ready?;
                    let started = Instant::now();
                    let mut times = Vec::new();
                    loop {
                        let is_over = match ends {
                            Ends::At(time) => started.elapsed() >= time,
                            Ends::After(count) => times.len() >= count,
                        };
                        if is_over {
                            return Ok(times);
                        }
                        let asked = Instant::now();
                        user.log_in()?;
                        times.push(asked.elapsed());
                    }
                })
            })
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined.collect::<Vec<_>>()
    });
    let mut all = Vec::new();
    for result in results {
        all.extend(result.map_err(|_| anyhow::anyhow!("a user panicked"))??);
    }
    Ok(all)
}
