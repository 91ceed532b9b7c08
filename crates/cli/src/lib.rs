//! The command line: parse, wire, print, exit. Only this crate prints and decides about exit codes.
//!
//! API of the program: commands and options, exit codes, streams, and the formats that are named in CHANGELOG.md. No Rust item is.

mod action;
mod args;
mod commands;
mod error;
mod event;
mod helper;
mod network;
mod panic;
mod printer;
mod project;
pub mod render;
mod secrets;
mod state;
mod terminal;
mod usage;
mod version;

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

use anyhow::anyhow;
use clap::Parser;

use crate::{
    args::{Arguments, Command},
    error::CliError,
    printer::Printer,
};

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    panic::install();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return ExitCode::from(usage::report(&error, env::args_os().skip(1))),
    };
    let is_server = matches!(arguments.command, Command::Serve(_) | Command::Ui(_));
    start_tracing(arguments.verbose, is_server);
    let printer = Printer::new(arguments.color);
    if let Some(folder) = &arguments.project
        && let Err(error) = env::set_current_dir(folder)
    {
        let shown = CliError::usage(format!("-C {}: {error}", folder.display()));
        printer.error(&shown);
        return ExitCode::from(shown.code);
    }
    if arguments.untrusted_arguments {
        match env::current_dir() {
            Ok(folder) => postlogin_project::distrust_arguments(&folder),
            Err(error) => {
                let shown =
                    CliError::usage(format!("cannot determine the current directory: {error}"));
                printer.error(&shown);
                return ExitCode::from(shown.code);
            }
        }
    }
    // The exit code of a panic would mean that an Action could not be built.
    let result = catch_unwind(AssertUnwindSafe(|| run(arguments.command, &printer)))
        .unwrap_or_else(|_| Err(CliError::internal(&anyhow!(panic::take()))));
    match result {
        Ok(code) => {
            printer::write_waiting();
            ExitCode::from(code)
        }
        Err(error) => {
            printer.error(&error);
            ExitCode::from(error.code)
        }
    }
}

fn run(command: Command, printer: &Printer) -> Result<u8, CliError> {
    match command {
        Command::Run(arguments) => commands::run::run(&arguments, printer),
        Command::Explain(arguments) => commands::explain::explain(&arguments, printer),
        Command::Test(arguments) => commands::test::test(&arguments, printer),
        Command::Compare(arguments) => commands::compare::compare(&arguments, printer),
        Command::Replay(arguments) => commands::replay::replay(&arguments, printer),
        Command::Generate { what } => commands::generate::generate(&what, printer),
        Command::Build(arguments) => commands::build::build(&arguments, printer),
        Command::Check(arguments) => commands::check::check(&arguments, printer),
        Command::Email(arguments) => commands::email::email(&arguments, printer),
        Command::Serve(arguments) => commands::serve::serve(&arguments, printer),
        Command::Ui(arguments) => commands::ui::ui(*arguments, printer),
        Command::Init(arguments) => commands::init::init(&arguments, printer),
        Command::Install(arguments) => commands::install::install(&arguments, printer),
        Command::Mcp => commands::mcp::mcp(),
        Command::Schema { what, trigger } => {
            commands::schema::schema(what, trigger.as_deref(), printer)
        }
        Command::CompilePart { part, folder } => helper::compile_part(&part, &folder),
        Command::Man { folder } => commands::man::man(&folder, printer),
        Command::Completions { shell } => commands::completions::completions(shell, printer),
    }
}

/// `POSTLOGIN_LOG=debug` or `-v` shows what happens inside, on stderr. A server reports its own errors there anyway: who
/// gets an answer of 500 does not see the reason.
fn start_tracing(verbose: bool, is_server: bool) {
    let level = match (verbose, is_server) {
        (true, _) => "debug",
        (false, true) => "error",
        (false, false) => "off",
    };
    let filter = env::var("POSTLOGIN_LOG")
        .unwrap_or_else(|_| format!("postlogin={level},postlogin_engine={level}"));
    if filter.ends_with("=off") {
        return;
    }
    let filter = tracing_subscriber::EnvFilter::new(filter);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(printer::stderr)
        .without_time()
        .init();
}
