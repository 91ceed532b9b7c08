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
mod repository;
mod secrets;
mod state;
mod streams;
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
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

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
    let printer = Printer::new(arguments.color);
    if let Err(error) = start_tracing(arguments.verbose, is_server) {
        printer.error(&error);
        return ExitCode::from(error.code);
    }
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
fn start_tracing(verbose: bool, is_server: bool) -> Result<(), CliError> {
    let level = match (verbose, is_server) {
        (true, _) => "debug",
        (false, true) => "error",
        (false, false) => "off",
    };
    let given = env::var_os("POSTLOGIN_LOG").filter(|text| !text.is_empty());
    if given.is_none() && level == "off" {
        return Ok(());
    }
    let filter = match given {
        Some(text) => log_filter(&text.to_string_lossy())?,
        None => log_filter(&format!("postlogin={level},postlogin_engine={level}"))?,
    };
    // Of the filters, the one that reads no fields of spans: the other brings a second engine for regular expressions, and nothing here
    // has spans.
    let lines = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(printer::stderr)
        .without_time()
        .finish();
    lines.with(filter).init();
    Ok(())
}

/// Parses `debug` or `postlogin_engine=trace,hyper=off`.
fn log_filter(text: &str) -> Result<Targets, CliError> {
    text.parse().map_err(|_| {
        CliError::usage(format!("POSTLOGIN_LOG: `{text}` is not a valid filter")).with_hint(
            "write a level, or modules with one: debug, postlogin_engine=trace,hyper=off",
        )
    })
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::log_filter;

    #[test]
    fn filters_of_debug_output() {
        for (filter, module, level, expected) in [
            ("debug", "postlogin_engine::cache", Level::DEBUG, true),
            ("debug", "hyper", Level::TRACE, false),
            ("warn", "hyper", Level::ERROR, true),
            ("off", "postlogin", Level::ERROR, false),
            (
                "postlogin_engine=trace",
                "postlogin_engine::cache",
                Level::TRACE,
                true,
            ),
            (
                "postlogin_engine=trace",
                "postlogin_js",
                Level::ERROR,
                false,
            ),
            ("debug,hyper=off", "hyper::proto", Level::ERROR, false),
            ("debug, hyper=off", "postlogin_tenant", Level::DEBUG, true),
        ] {
            let parsed = log_filter(filter).map_err(|error| error.message);
            let parsed = parsed.expect("it is a filter");
            assert_eq!(
                parsed.would_enable(module, &level),
                expected,
                "{filter}: {module} {level}"
            );
        }
        for wrong in ["postlogin=loud", "[request{id=1}]=debug", "a=b=c"] {
            let refused = log_filter(wrong).map(|_| ()).map_err(|error| error.message);
            assert_eq!(
                refused,
                Err(format!("POSTLOGIN_LOG: `{wrong}` is not a valid filter"))
            );
        }
    }
}
