//! `postlogin replay`.

mod cluster;
mod folder;
mod git;
mod input;
mod joined;
mod messages;
mod prepare;
mod progress;

use std::io::Write as _;

use jiff::Timestamp;
use postlogin_replay::{
    Metric, Summary, profile,
    report::{Report, html, json, markdown},
};
use postlogin_runner::output::{refuse_detour, write_private};
use postlogin_runner::replay::{
    Chunks, Done, Parts, PartsError, ReplayError, RunControl, missing_columns, read_of_user, run,
};

use folder::Folder;
use messages::{no_users, not_compared};
use prepare::{Setup, prepare};
use progress::{Teller, tell_speed};

use super::{run::working_folder, test::interrupt};
use crate::{
    action::store_packages,
    args::{Format, ReplayArguments},
    error::{CliError, EXPECTATION_FAILED, SUCCESS, UNEXPECTED, UNLOADABLE},
    printer::Printer,
    version,
};

/// The exit code of a process that was asked to end, as shells have it.
const INTERRUPTED: u8 = 130;

pub(crate) fn replay(arguments: &ReplayArguments, printer: &Printer) -> Result<u8, CliError> {
    let here = working_folder()?;
    // Before users run: a report that cannot be written should not cost a run.
    super::page::prepare(arguments.report.as_deref())?;
    let project = crate::project::discover(&here, printer)?;
    let checkouts = git::Checkouts::new(&here, project.as_ref(), printer);
    let load = || prepare(arguments, &here, project.as_ref(), &checkouts, printer);
    if arguments.worker {
        return cluster::worker(load()?, printer);
    }
    if let Some(twice) = input::named_twice(&arguments.users) {
        return Err(
            CliError::usage(format!("{} is named twice", twice.display()))
                .with_hint("each file of users is read once"),
        );
    }
    if arguments.merge {
        let results = cluster::open(&arguments.users)?;
        return cluster::merge(arguments, load()?, results, printer);
    }
    let users = input::open(&arguments.users, &prepare::columns(&arguments.map)?)?;
    local(arguments, load()?, users, printer)
}

/// Runs all users here.
fn local(
    arguments: &ReplayArguments,
    setup: Setup<'_>,
    users: input::Input,
    printer: &Printer,
) -> Result<u8, CliError> {
    let folder = Folder::open(arguments)?;
    let parts = folder.parts(setup.key.clone())?;
    if !arguments.resume && arguments.shard.is_none() && !parts.is_empty() {
        let message = format!(
            "{}: the folder has parts of a replay",
            folder.path.display()
        );
        return Err(
            CliError::usage(message).with_hint("--resume continues them; or name another folder")
        );
    }
    let form = users.users.forms();
    let unknown_columns = users.users.unknown_columns();
    let attributes = users.users.attributes();
    let missing_columns = attributes.map_or_else(Vec::new, |columns| {
        missing_columns(&setup.versions.read, &columns)
    });
    let mut progress = Teller::new(&users.position, users.size);
    let mut chunks = Chunks::of(users.users);
    let control = RunControl {
        jobs: setup.jobs,
        shard: arguments.shard,
        parts: &parts,
        stop: interrupt::flag(),
    };
    let done = run(&setup.replay(), &mut chunks, &control, &mut |now| {
        progress.tell(now)
    });
    progress.end();
    let done = done.map_err(|error| {
        let file = names(arguments).into_iter().nth(chunks.users().file());
        shown(error, &file.unwrap_or_default())
    })?;
    store_packages(&setup.compiler.take_packages());
    if done.is_stopped || done.missing > 0 {
        return Ok(unfinished(&done, arguments, &folder, printer));
    }
    let summary = done.summary(&parts).map_err(unusable)?;
    let made = Made {
        summary: &summary,
        files: done.chunks,
        form,
        unknown_columns,
        missing_columns,
        parts: &parts,
        folder: &folder,
    };
    report(arguments, &setup, made, printer, || {
        tell_speed(&done, &progress, printer)
    })
}

/// The parts of a report.
struct Made<'a> {
    summary: &'a Summary,
    /// The number of files of rows and of ids in the folder.
    files: u64,
    form: String,
    unknown_columns: Vec<String>,
    missing_columns: Vec<String>,
    parts: &'a Parts,
    folder: &'a Folder,
}

/// Writes and prints the report. `before_verdict` prints what is no part of it.
fn report(
    arguments: &ReplayArguments,
    setup: &Setup<'_>,
    made: Made<'_>,
    printer: &Printer,
    before_verdict: impl FnOnce(),
) -> Result<u8, CliError> {
    let summary = made.summary;
    let limits = arguments.fail_if.iter();
    let limits = limits
        .map(|limit| (limit.clone(), limit.is_exceeded(summary)))
        .collect();
    let joined = [
        arguments.roles.as_ref().map(|_| profile::ROLES),
        arguments
            .organizations
            .as_ref()
            .map(|_| profile::ORGANIZATIONS),
    ];
    let report = Report {
        before: setup.versions.before.clone(),
        after: setup.versions.after.clone(),
        input: users_name(arguments),
        files: names(arguments),
        form: made.form,
        engine: version::with_engine(),
        seed: arguments.seed,
        now: Timestamp::from_millisecond(setup.options.now_ms)
            .map(|now| now.to_string())
            .unwrap_or_default(),
        left_out: setup.versions.left_out.clone(),
        duplicates: made.parts.duplicates(made.files).map_err(unusable)?,
        not_exported: setup.versions.not_exported.clone(),
        unknown_columns: made.unknown_columns,
        missing_columns: made.missing_columns,
        read_of_user: read_of_user(&setup.versions.read),
        joined: joined.into_iter().flatten().collect(),
        limits,
        summary,
    };
    let summary_json = json(&report);
    let page = html(&report);
    made.folder
        .write(&summary_json, &page, made.parts, made.files)?;
    if let Some(file) = super::page::prepare(arguments.report.as_deref())? {
        // As in the folder of --out: it has facts about every user.
        refuse_detour(&file)
            .and_then(|()| write_private(&file, |out| out.write_all(page.as_bytes())))
            .map_err(|error| CliError::unwritable(file.display(), error))?;
    }
    match arguments.format {
        Format::Json => printer.json(&summary_json)?,
        Format::Human => printer.data(|out| out.write_all(markdown(&report).as_bytes()))?,
    }
    if arguments.out.is_some() {
        printer.note(&format!(
            "wrote summary.json, differences.ndjson and report.html to {}",
            made.folder.path.display()
        ));
    }
    before_verdict();
    if summary.roots.of("user_id") == 0 {
        return Err(no_users(summary, &report.input, &report.files));
    }
    let code = exit_code(&report, summary, arguments);
    if code == UNEXPECTED {
        printer.note(&not_compared(&report, summary));
    }
    if matches!(code, SUCCESS | UNEXPECTED) && setup.is_partial {
        return Ok(UNLOADABLE);
    }
    Ok(code)
}

/// Returns the name of the users in the report.
fn users_name(arguments: &ReplayArguments) -> String {
    let name = arguments.users_name.clone();
    name.unwrap_or_else(|| names(arguments).join(", "))
}

/// The files of users as they were named.
fn names(arguments: &ReplayArguments) -> Vec<String> {
    let users = arguments.users.iter();
    users.map(|users| users.display().to_string()).collect()
}

/// Whether anything changed, unless limits say what counts.
fn exit_code(report: &Report<'_>, summary: &Summary, arguments: &ReplayArguments) -> u8 {
    let limited = |metric: Metric| {
        arguments
            .fail_if
            .iter()
            .any(|limit| limit.metric() == metric)
    };
    if report.limits.iter().any(|(_, is_exceeded)| *is_exceeded) {
        return EXPECTATION_FAILED;
    }
    // A login that fails on both sides, and a line that was not read, compare nothing.
    let unseen = summary.failed_both + summary.unreadable;
    let fails_alone = if report.before.is_none() {
        summary.failed_after
    } else {
        0
    };
    match () {
        () if arguments.fail_if.is_empty() && report.before.is_some() && !report.is_equal() => {
            EXPECTATION_FAILED
        }
        () if summary.unreadable > 0 && limited(Metric::Unreadable) && summary.failed_both == 0 => {
            SUCCESS
        }
        () if limited(Metric::Failed) && summary.unreadable == 0 => SUCCESS,
        () if unseen + fails_alone > 0 => UNEXPECTED,
        () => SUCCESS,
    }
}

/// Returns the message and the exit code when parts are missing.
fn unfinished(done: &Done, arguments: &ReplayArguments, folder: &Folder, printer: &Printer) -> u8 {
    let shown = folder.path.display();
    if done.is_stopped {
        match arguments.out {
            Some(_) => printer.note(&format!(
                "stopped; what is done stays in {shown}: continue with --resume"
            )),
            None => printer.note("stopped; nothing is kept without --out"),
        }
        return INTERRUPTED;
    }
    let shard = arguments
        .shard
        .map(|shard| format!("shard {}/{} is done; ", shard.part, shard.of));
    printer.note(&format!(
        "{}{} of {} portions in {shown} are missing: when the other shards are done, --resume without --shard makes the report",
        shard.unwrap_or_default(),
        done.missing,
        done.chunks
    ));
    SUCCESS
}

fn unusable(error: PartsError) -> CliError {
    match error {
        PartsError::Io(path, error) => CliError::unwritable(path.display(), error),
        PartsError::Foreign(path) => CliError::usage(format!(
            "{}: this part is of other users, Actions or options",
            path.display()
        ))
        .with_hint("a replay continues only with the users, Actions and options it started with; name another folder"),
        PartsError::Damaged(path) => CliError::usage(format!(
            "{}: the part, or a file beside it, is damaged",
            path.display()
        ))
        .with_hint("remove it; --resume makes it again"),
    }
}

fn shown(error: ReplayError, users: &str) -> CliError {
    match error {
        ReplayError::Load(error) => error.into(),
        ReplayError::Input(error) => CliError::usage(format!("{users}: {error}")),
        ReplayError::Parts(error) => unusable(error),
        ReplayError::Endless(count) => CliError::usage(format!(
            "{count} logins computed until their time was over: the replay ended there"
        ))
        .with_hint("try one of them with `postlogin run --user`; --timeout makes them end sooner"),
        ReplayError::Broken(error) => CliError::internal(&error),
    }
}
