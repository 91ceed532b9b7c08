//! `postlogin replay`.

mod folder;
mod git;
mod input;
mod joined;
mod progress;
mod told;

use std::{num::NonZeroUsize, thread};

use jiff::Timestamp;
use postlogin_core::Trigger;
use postlogin_engine::Allocation;
use postlogin_project::{ActionSource, TenantData};
use postlogin_replay::{
    Metric, Privacy, Summary,
    profile::{Columns, Joined},
    report::{Report, Version, html, json, markdown},
};
use postlogin_runner::{
    DEFAULT_NOW_MS, Side, fingerprint,
    replay::{
        Chunks, Done, PartsError, Replay, ReplayError, ReplayOptions, RunControl, not_exported, run,
    },
    trigger_of_all,
};
use sha2::{Digest as _, Sha256};

use folder::Folder;
use progress::{Teller, tell_speed};
use told::{no_users, no_version, not_compared};

use super::{
    compare::{Part, leave_out, side, sources},
    run::{budget, now_ms, working_folder},
    test::interrupt,
};
use crate::{
    action::{compiler, store_packages},
    args::{EventArguments, Format, ReplayArguments},
    error::{CliError, EXPECTATION_FAILED, SUCCESS, UNEXPECTED, UNLOADABLE},
    event,
    network::mocks,
    printer::Printer,
    secrets, version,
};

/// The exit code of a process that was asked to end, as shells have it.
const INTERRUPTED: u8 = 130;

pub(crate) fn replay(arguments: &ReplayArguments, printer: &Printer) -> Result<u8, CliError> {
    let here = working_folder()?;
    let project = crate::project::discover(&here, printer)?;
    let columns = columns(&arguments.map)?;
    let users = input::open(&arguments.users, &columns)?;
    let checkouts = git::Checkouts::new(&here, project.as_ref());
    let version_of = |argument: &str| {
        let (argument, within) = checkouts.resolve(argument)?;
        let found = sources(&argument, &within, project.as_ref())?;
        match found.is_empty() {
            true => Err(
                CliError::usage(format!("`{argument}` binds no Action to the login"))
                    .with_hint("name a project's folder, or Actions with commas between them"),
            ),
            false => Ok(found),
        }
    };
    let before = arguments.before.as_deref().map(version_of).transpose()?;
    let after = version_of(&arguments.after).map_err(|error| {
        let says_nothing = project.is_none() && arguments.after == AFTER_ALONE;
        match says_nothing && error.message.starts_with("no Action is in the folder") {
            true => no_version(),
            false => error,
        }
    })?;
    let parts = before.iter().flatten().chain(&after);
    let all: Vec<ActionSource> = parts.filter_map(|part| part.clone().ok()).collect();
    let trigger = trigger_of_all(&all)?;
    if trigger != Trigger::PostLogin {
        return Err(CliError::usage(format!(
            "these are Actions of {trigger}: users of an export log in"
        )));
    }
    let given = secrets::given(&arguments.secrets)?;
    secrets::warn_about_unseen(&all, &given, printer);
    let joined = Joined {
        roles: arguments.roles.as_deref().map(joined::roles).transpose()?,
        organizations: arguments
            .organizations
            .as_deref()
            .map(joined::organizations)
            .transpose()?,
    };
    let nothing = TenantData::default();
    let seed_key = format!("postlogin replay {}", arguments.seed);
    let of_environment = std::env::var("POSTLOGIN_REPLAY_KEY")
        .ok()
        .filter(|key| !key.is_empty());
    let key = arguments
        .id_key
        .as_deref()
        .or(of_environment.as_deref())
        .unwrap_or(&seed_key);
    let now = arguments
        .now
        .as_deref()
        .map(now_ms)
        .transpose()?
        .unwrap_or(DEFAULT_NOW_MS);
    let options = ReplayOptions {
        template: template(arguments, printer)?,
        columns,
        joined,
        secrets: given,
        mocks: mocks(&arguments.http)?,
        now_ms: now,
        seed: arguments.seed,
        budget: budget(&arguments.limits)?,
        tenant: project.as_ref().map_or(&nothing, |project| &project.tenant),
        privacy: Privacy::new(key, arguments.show_ids, arguments.show_values),
    };
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let jobs = arguments.jobs.map_or(cores, NonZeroUsize::get);
    let sandboxes = u32::try_from(jobs).unwrap_or(u32::MAX).saturating_add(1);
    let mut compiler = compiler(Allocation::Pooling { sandboxes }, printer)?;
    let mut load = |name: &str, found: Vec<Part>| side(name, found, &mut compiler);
    let before_name = arguments.before.as_deref().unwrap_or_default();
    let before = before.map(|found| load(before_name, found)).transpose()?;
    let (mut after, mut left_out) = load(&arguments.after, after)?;
    let before = match before {
        Some((mut before, others)) => {
            left_out.extend(others);
            leave_out(&left_out, [&mut before, &mut after], printer)?;
            Some(before)
        }
        None => {
            leave_out(&left_out, [&mut after], printer)?;
            None
        }
    };
    let versions = Versions {
        before: before.as_ref().map(|side| version(side, before_name)),
        after: version(&after, &arguments.after),
        not_exported: not_exported(&all.iter().collect::<Vec<_>>(), &options.joined),
    };
    let folder = Folder::open(arguments)?;
    let parts = folder.parts(run_key(arguments, &versions, &options))?;
    if !arguments.resume && arguments.shard.is_none() && !parts.is_empty() {
        let message = format!(
            "{}: the folder has parts of a replay",
            folder.path.display()
        );
        return Err(CliError::usage(message)
            .with_hint("--resume goes on with them; or name another folder"));
    }
    let replay = Replay::new(before.as_ref(), &after, &options);
    let name = arguments.users.display().to_string();
    let form = users.users.form().name();
    let unknown_columns = users.users.unknown_columns().to_vec();
    let mut progress = Teller::new(&users.position, users.size);
    let mut chunks = Chunks::of(users.users);
    let control = RunControl {
        jobs,
        shard: arguments.shard,
        parts: &parts,
        stop: interrupt::flag(),
    };
    let done = run(&replay, &mut chunks, &control, &mut |now| {
        progress.tell(now)
    });
    progress.end();
    let done = done.map_err(|error| shown(error, &name))?;
    store_packages(&compiler.take_packages());
    if done.is_stopped || done.missing > 0 {
        return Ok(unfinished(&done, arguments, &folder, printer));
    }
    let summary = done.summary(&parts).map_err(unusable)?;
    let limits = arguments.fail_if.iter();
    let limits = limits
        .map(|limit| (limit.clone(), limit.is_passed(&summary)))
        .collect();
    let report = Report {
        before: versions.before,
        after: versions.after,
        input: name,
        form,
        input_hash: done.input_hash.clone(),
        engine: version::with_engine(),
        seed: arguments.seed,
        now: Timestamp::from_millisecond(now)
            .map(|now| now.to_string())
            .unwrap_or_default(),
        duplicates: parts.duplicates(done.chunks).map_err(unusable)?,
        not_exported: versions.not_exported,
        unknown_columns,
        limits,
        summary: &summary,
    };
    let summary_json = json(&report);
    folder.write(&summary_json, &html(&report), &parts, done.chunks)?;
    match arguments.format {
        Format::Json => printer.json(&summary_json)?,
        Format::Human => printer.data(|out| out.write_all(markdown(&report).as_bytes()))?,
    }
    if arguments.out.is_some() {
        printer.note(&format!(
            "wrote summary.json, differences.ndjson and report.html to {}",
            folder.path.display()
        ));
    }
    tell_speed(&done, &progress, printer);
    if summary.roots.of("user_id") == 0 {
        return Err(no_users(&summary, &report.input));
    }
    let code = exit_code(&report, &summary, arguments);
    if code == UNEXPECTED {
        printer.note(&not_compared(&report, &summary));
    }
    if matches!(code, SUCCESS | UNEXPECTED) && !left_out.is_empty() {
        return Ok(UNLOADABLE);
    }
    Ok(code)
}

/// What `--after` is if it is not given.
const AFTER_ALONE: &str = ".";

/// Whether anything changed, unless limits say what counts.
fn exit_code(report: &Report<'_>, summary: &Summary, arguments: &ReplayArguments) -> u8 {
    let limited = |metric: Metric| {
        arguments
            .fail_if
            .iter()
            .any(|limit| limit.metric() == metric)
    };
    if report.limits.iter().any(|(_, is_passed)| *is_passed) {
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

struct Versions {
    before: Option<Version>,
    after: Version,
    not_exported: Vec<String>,
}

fn version(side: &Side, name: &str) -> Version {
    let actions = side.actions.iter();
    Version {
        name: name.to_owned(),
        actions: actions
            .map(|(source, _)| (source.name.clone(), fingerprint(source)))
            .collect(),
    }
}

fn columns(given: &[String]) -> Result<Columns, CliError> {
    let pairs = given.iter().map(|pair| {
        let split = pair.split_once('=');
        split
            .map(|(name, path)| (name.to_owned(), path.to_owned()))
            .ok_or_else(|| {
                CliError::usage(format!("--map {pair}: there is no `=` in it"))
                    .with_hint("write NAME=PATH, as in provider=identities.0.connection")
            })
    });
    let pairs: Vec<(String, String)> = pairs.collect::<Result<_, _>>()?;
    Columns::new(&pairs).map_err(|path| {
        CliError::usage(format!(
            "--map: `{path}` leads to no attribute of an export"
        ))
        .with_hint(format!(
            "the attributes are {}",
            postlogin_replay::profile::EXPORTED.join(", ")
        ))
    })
}

/// The event of every login, without its user.
fn template(arguments: &ReplayArguments, printer: &Printer) -> Result<serde_json::Value, CliError> {
    if let Some(path) = arguments
        .set
        .iter()
        .find(|set| set.starts_with("event.user.") || set.starts_with("user."))
    {
        return Err(
            CliError::usage(format!("--set {path}: the users are those of the file"))
                .with_hint("other paths of the event can be set, such as client.metadata.tier"),
        );
    }
    let event_arguments = EventArguments {
        event: arguments.event.clone(),
        user: None,
        client: arguments.client.clone(),
        connection: None,
        token_response: None,
        rule_context: None,
        set: arguments.set.clone(),
    };
    let event = event::event(Trigger::PostLogin, &event_arguments, printer)?;
    Ok(event)
}

/// What the parts of a replay depend on besides the users.
fn run_key(
    arguments: &ReplayArguments,
    versions: &Versions,
    options: &ReplayOptions<'_>,
) -> String {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    add(&version::with_engine());
    for side in versions.before.iter().chain([&versions.after]) {
        add("side");
        for (name, fingerprint) in &side.actions {
            add(name);
            add(fingerprint);
        }
    }
    add(&options.template.to_string());
    add(&format!(
        "{:?} {:?} {:?}",
        arguments.map, arguments.seed, options.now_ms
    ));
    add(&format!("{:?} {:?}", options.budget, options.mocks));
    add(&options.privacy.pseudonym("key"));
    add(&format!("{} {}", arguments.show_ids, arguments.show_values));
    for secret in &options.secrets {
        add(&secret.name);
        add(&secret.value);
    }
    let mut roles: Vec<_> = options.joined.roles.iter().flatten().collect();
    roles.sort();
    add(&format!("{roles:?}"));
    let mut organizations: Vec<_> = options.joined.organizations.iter().flatten().collect();
    organizations.sort_by_key(|(user, _)| (*user).clone());
    add(&format!("{organizations:?}"));
    add(&format!("{:?}", options.tenant));
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// What to say, and the exit code, when parts are missing.
fn unfinished(done: &Done, arguments: &ReplayArguments, folder: &Folder, printer: &Printer) -> u8 {
    let shown = folder.path.display();
    if done.is_stopped {
        match arguments.out {
            Some(_) => printer.note(&format!(
                "stopped; what is done stays in {shown}: go on with --resume"
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
        .with_hint("a replay goes on only with what it began with; name another folder"),
        PartsError::Damaged(path) => {
            CliError::usage(format!("{}: the part is damaged", path.display()))
                .with_hint("remove it; --resume makes it again")
        }
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
