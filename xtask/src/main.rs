//! Tasks for those who change postlogin itself: `cargo xtask build-engine`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a task talks to its user"
)]

mod copies;
mod dist;
mod engine;
mod intl;
mod library;
mod notices;
mod patches;
mod quickjs;
mod reactor;
mod recipe;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask build-engine [--guest-only]
       cargo xtask build-intl
       cargo xtask node-library
       cargo xtask notices [--check]
       cargo xtask dist [--npm] [--wheels] [TARGET…]

  build-intl      builds ICU for Intl (crates/js/intl/intl.wasm.xz)
  build-engine    builds the JavaScript engine (crates/js/engine/engine.wasm.xz) and records what it was built from
    --guest-only  takes the compiled engine of the last build and only puts the guest into it anew
  node-library    makes what crates/js/engine/node needs to be compiled natively, see its README.md
  notices         writes the lists of crates in THIRD_PARTY_NOTICES.md
    --check       only finds out whether they are current
  dist            builds, packs and checks what a release consists of (target/dist-out)
    --npm         also the npm packages
    --wheels      also the Python wheels";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["build-engine"] => engine::build(false),
        ["build-engine", "--guest-only"] => engine::build(true),
        ["node-library"] => engine::node_library(),
        ["dist", rest @ ..] => dist::dist(rest),
        ["notices"] => notices::notices(false),
        ["notices", "--check"] => notices::notices(true),
        ["build-intl"] => intl::build(),
        ["help" | "--help"] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => Err(anyhow::anyhow!("unknown task\n{USAGE}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
