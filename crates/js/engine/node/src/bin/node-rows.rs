//! Runs scripts or rows of `node-api/rows.jsonl` in a native engine with Node's library: see README.md.

use postlogin_node::{install, runner};
use std::process::ExitCode;

fn main() -> ExitCode {
    let _ = install;
    runner::main()
}
