//! Speed, with Node beside it in the same run: `cargo bench -p postlogin-benches --bench speed`.
//!
//! Whole processes are started alternately, so that a busy machine is unfair to nobody. Medians and minima of the time that passed are
//! printed with their ratio to Node's, and the time of computing, which a busy machine changes least. A number as argument sets the rounds,
//! `logins` leaves the processes out, `POSTLOGIN_BINARY` names another program than the release build.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

mod logins;
mod numbers;
mod packages;
mod processes;
mod silence;

use std::path::{Path, PathBuf};

use anyhow::Context;
// As in the program.
use postlogin_allocator as _;

const ACTION: &str = "actions/copy-user-metadata/code.js";

fn main() -> anyhow::Result<()> {
    let rounds = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(30);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("no workspace")?;
    std::env::set_current_dir(root)?;
    let scratch = tempfile::tempdir()?;
    if !std::env::args().any(|argument| argument == "logins") {
        let postlogin = match std::env::var_os("POSTLOGIN_BINARY") {
            Some(given) => PathBuf::from(given),
            None => postlogin_benches::release_binary(root)?,
        };
        processes::measure(&postlogin, scratch.path(), rounds)?;
        packages::measure(&postlogin, scratch.path(), rounds)?;
        silence::measure(&postlogin, scratch.path(), rounds)?;
    }
    logins::measure(scratch.path(), rounds * 20)
}
