//! A part of a replay on many machines: a worker, and the report of what all workers wrote.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

use postlogin_runner::replay::{GatherError, WorkerError, gather, work};

use super::{
    INTERRUPTED, Made, folder::Folder, interrupt, obedient::Waiting, prepare::Setup, report, shown,
    unusable,
};
use crate::{
    args::ReplayArguments,
    error::{CliError, SUCCESS, hint_on_missing},
    printer::Printer,
    streams,
};

/// The number of bytes that are read and written at once.
const BUFFER: usize = 1 << 16;

/// Reads users from stdin and writes results to stdout, until the users end.
pub(super) fn worker(setup: Setup<'_>, printer: &Printer) -> Result<u8, CliError> {
    let users = BufReader::with_capacity(BUFFER, Waiting::of(streams::stdin()));
    let mut done = Ok(true);
    printer.machine(|out| {
        let replay = setup.replay();
        let worked = work(
            &replay,
            users,
            out,
            &setup.key,
            setup.jobs,
            interrupt::flag(),
        );
        match worked {
            Err(WorkerError::Output(error)) => return Err(error),
            other => done = other,
        }
        Ok(())
    })?;
    match done {
        Ok(true) => Ok(SUCCESS),
        Ok(false) => Ok(INTERRUPTED),
        Err(WorkerError::Input(error)) => Err(CliError::usage(format!("stdin: {error}")).with_hint(
            "a worker reads Arrow IPC streams; a file of users is an argument of `postlogin replay` without --worker",
        )),
        Err(WorkerError::Output(error)) => Err(CliError::unwritable("stdout", error)),
        Err(WorkerError::Replay(error)) => Err(shown(error, "stdin")),
    }
}

/// Opens the results of workers, which are read one after the other.
pub(super) fn open(paths: &[PathBuf]) -> Result<Box<dyn BufRead>, CliError> {
    let mut all: Box<dyn BufRead> = Box::new(io::empty());
    for path in paths {
        all = Box::new(io::Read::chain(all, open_one(path)?));
    }
    Ok(all)
}

fn open_one(path: &Path) -> Result<Box<dyn BufRead>, CliError> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::with_capacity(BUFFER, streams::lines())));
    }
    let file = File::open(path).map_err(|error| {
        let shown = CliError::usage(format!("cannot read {}: {error}", path.display()));
        match error.kind() {
            io::ErrorKind::NotFound => shown.with_hint(hint_on_missing(path)),
            _ => shown,
        }
    })?;
    Ok(Box::new(BufReader::with_capacity(BUFFER, file)))
}

/// Makes the report of what workers wrote.
pub(super) fn merge(
    arguments: &ReplayArguments,
    setup: Setup<'_>,
    results: Box<dyn BufRead>,
    printer: &Printer,
) -> Result<u8, CliError> {
    let folder = Folder::open(arguments)?;
    let parts = folder.parts(setup.key.clone())?;
    if !parts.is_empty() {
        let message = format!(
            "{}: the folder has parts of a replay",
            folder.path.display()
        );
        return Err(CliError::usage(message).with_hint("name another folder"));
    }
    let gathered = gather(results, &parts, arguments.out.is_some());
    let gathered = gathered.map_err(|error| unmerged(error, arguments))?;
    if gathered.parts == 0 {
        return Err(
            CliError::usage("the results have no part: no worker came to its end")
                .with_hint("pass all that `postlogin replay --worker` wrote"),
        );
    }
    let made = Made {
        summary: &gathered.summary,
        files: gathered.files,
        form: "ndjson".into(),
        unknown_columns: Vec::new(),
        missing_columns: Vec::new(),
        parts: &parts,
        folder: &folder,
    };
    report(arguments, &setup, made, printer, || {})
}

fn unmerged(error: GatherError, arguments: &ReplayArguments) -> CliError {
    let name = super::names(arguments).join(", ");
    match error {
        GatherError::Input(error) => CliError::usage(format!("{name}: {error}")),
        GatherError::Parts(error) => unusable(error),
        GatherError::Foreign(part) => CliError::usage(format!(
            "{name}: part {part} was made with other Actions, options or another version of postlogin"
        ))
        .with_hint("give --merge the options of the workers, in the same folder"),
        GatherError::Incomplete { read, counted } => CliError::usage(format!(
            "{name}: there are {read} differences, and the workers found {counted}"
        ))
        .with_hint("pass all that the workers wrote, once"),
    }
}
