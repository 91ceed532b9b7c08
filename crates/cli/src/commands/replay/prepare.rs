//! Prepares the versions and logins of a replay from the options.

use std::{num::NonZeroUsize, path::Path, sync::Arc, thread};

use postlogin_core::Trigger;
use postlogin_engine::Allocation;
use postlogin_js::coverage::Coverage;
use postlogin_project::{ActionSource, NamedBy, Project, TenantData, is_action_folder};
use postlogin_replay::{
    Privacy,
    profile::{Columns, Joined},
    report::Version,
};
use postlogin_runner::{
    Compiler, DEFAULT_NOW_MS, Side, fingerprint,
    replay::{Replay, ReplayOptions, not_exported, read_paths},
    trigger_of_all,
};
use sha2::{Digest as _, Sha256};

use super::{
    git::{self, Checkouts},
    joined,
    messages::no_version,
};
use crate::{
    action::compiler,
    args::{EventArguments, ReplayArguments},
    commands::{
        compare::{leave_out, side, sources_named},
        run::{budget, now_ms},
    },
    error::CliError,
    event,
    network::mocks,
    printer::Printer,
    secrets, version,
};

/// Two versions, or one, ready to run.
pub(super) struct Setup<'a> {
    before: Option<Side>,
    after: Side,
    pub(super) options: ReplayOptions<'a>,
    pub(super) versions: Versions,
    /// The hash of everything that parts depend on besides the users.
    pub(super) key: String,
    pub(super) jobs: usize,
    /// Whether a part of a side does not load; the rest runs without it.
    pub(super) is_partial: bool,
    pub(super) compiler: Compiler<'a>,
    /// The counters of lines, before and after; empty without `--coverage`.
    counters: [Vec<Arc<Coverage>>; 2],
}

impl Setup<'_> {
    pub(super) fn replay(&self) -> Replay<'_> {
        let [before, after] = &self.counters;
        Replay::new(self.before.as_ref(), &self.after, &self.options).counting(before, after)
    }
}

pub(super) struct Versions {
    pub(super) before: Option<Version>,
    pub(super) after: Version,
    pub(super) not_exported: Vec<String>,
    /// The paths of the event that the Actions read.
    pub(super) read: Vec<Vec<String>>,
    /// The Actions that do not load, by name, each once.
    pub(super) left_out: Vec<String>,
}

/// Reads and loads what the options name.
pub(super) fn prepare<'a>(
    arguments: &ReplayArguments,
    here: &Path,
    project: Option<&'a Project>,
    checkouts: &Checkouts<'_>,
    printer: &'a Printer,
) -> Result<Setup<'a>, CliError> {
    let columns = columns(&arguments.map)?;
    let version_of = |given: &str, default: Option<NamedBy>| {
        let git::Version {
            argument,
            within,
            named_by,
        } = checkouts.resolve(given)?;
        let named_by = default.unwrap_or(named_by);
        // `.` is the project, as for `run`: it may be the only one below this folder.
        let within =
            match project.filter(|it| argument == AFTER_ALONE && !here.starts_with(&it.root)) {
                Some(project) => project.home.clone(),
                None => within,
            };
        let found = sources_named(&argument, &within, project, named_by).map_err(|error| {
            // The folder that a revision was written to is nothing that its user knows.
            match given.strip_prefix("git:") {
                Some(_) if error.message.contains(&argument) => CliError {
                    message: error.message.replace(&format!("the folder `{argument}`"), &format!("`{given}`")).replace(&argument, given),
                    hint: Some(format!(
                        "a revision is read as a project; name the Actions of it: {given}:actions/roles.js"
                    )),
                    ..error
                },
                _ => error,
            }
        })?;
        match found.is_empty() {
            true => Err(
                CliError::usage(format!("`{argument}` binds no Action to the login"))
                    .with_hint("name a project's folder, or Actions with commas between them"),
            ),
            false => Ok(found),
        }
    };
    let before = arguments.before.as_deref();
    let before = before.map(|before| version_of(before, None)).transpose()?;
    let is_given = project.is_some() || arguments.after.is_some();
    if !is_given && !is_action_folder(here)? {
        return Err(no_version());
    }
    // The folder that a command starts in is not a path that the user named.
    let default = arguments.after.is_none().then_some(NamedBy::Project);
    let after_name = arguments.after.as_deref().unwrap_or(AFTER_ALONE);
    let after = version_of(after_name, default)?;
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
        logins: arguments
            .logins
            .as_deref()
            .map(|path| joined::logins(path, printer))
            .transpose()?,
    };
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
        tenant: project.map_or_else(no_tenant, |project| &project.tenant),
        privacy: privacy(arguments),
        runs_each: arguments.run_each,
    };
    let jobs = jobs(arguments);
    let sandboxes = u32::try_from(jobs).unwrap_or(u32::MAX).saturating_add(1);
    let mut compiler = compiler(Allocation::Pooling { sandboxes }, printer)?;
    if arguments.coverage {
        compiler.count_coverage();
    }
    let before_name = arguments.before.as_deref().unwrap_or_default();
    let before = before.map(|found| side(before_name, found, &mut compiler));
    let before = before.transpose()?;
    // One compiler loads both versions: what it has counted up to here belongs to the first.
    let of_before = compiler.take_counters();
    let (mut after, mut left_out) = side(after_name, after, &mut compiler)?;
    let counters = [of_before, compiler.take_counters()];
    // An Action that does not load in one version is left out of both, or every user would differ.
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
    let shown = |given: &Option<String>, argument: &str| {
        given.clone().unwrap_or_else(|| argument.to_owned())
    };
    let mut names: Vec<String> = left_out.iter().map(|part| part.name.clone()).collect();
    names.sort();
    names.dedup();
    let read = read_paths(&all);
    let versions = Versions {
        left_out: names,
        before: before
            .as_ref()
            .map(|side| version(side, shown(&arguments.before_name, before_name))),
        after: version(&after, shown(&arguments.after_name, after_name)),
        not_exported: not_exported(&read, &options.joined),
        read,
    };
    Ok(Setup {
        key: run_key(arguments, &versions, &options),
        before,
        after,
        options,
        versions,
        jobs,
        is_partial: !left_out.is_empty(),
        compiler,
        counters,
    })
}

/// The number of threads. A worker has one: its engine starts one for each processor.
fn jobs(arguments: &ReplayArguments) -> usize {
    let cores = match arguments.worker || arguments.merge {
        true => 1,
        false => thread::available_parallelism().map_or(1, NonZeroUsize::get),
    };
    arguments.jobs.map_or(cores, usize::from)
}

fn no_tenant<'a>() -> &'a TenantData {
    static NONE: std::sync::LazyLock<TenantData> = std::sync::LazyLock::new(TenantData::default);
    &NONE
}

/// Returns the form in which users and values are written, with the key of their hashes.
fn privacy(arguments: &ReplayArguments) -> Privacy {
    let of_environment = std::env::var("POSTLOGIN_REPLAY_KEY")
        .ok()
        .filter(|key| !key.is_empty());
    let key = arguments.id_key.clone().or(of_environment);
    let key = key.unwrap_or_else(|| format!("postlogin replay {}", arguments.seed));
    Privacy::new(&key, arguments.show_ids, arguments.show_values)
}

/// The default of `--after`.
const AFTER_ALONE: &str = ".";

fn version(side: &Side, name: String) -> Version {
    let actions = side.actions.iter();
    Version {
        name,
        actions: actions
            .map(|(source, _)| (source.name.clone(), fingerprint(source)))
            .collect(),
    }
}

pub(super) fn columns(given: &[String]) -> Result<Columns, CliError> {
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
    let mut event = event::event(Trigger::PostLogin, &event_arguments, printer)?;
    // Each login has its own; its place among the others stays.
    if let Some(user) = event.get_mut("user") {
        let is_written = user.get("user_id").is_some() || user.get("email").is_some();
        if arguments.event.is_some() && is_written {
            printer.warning("the `user` of --event is not used: the users are those of the file");
        }
        *user = serde_json::Value::Null;
    }
    Ok(event)
}

/// Returns the hash of everything that the parts of a replay depend on besides the users.
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
    if let Some(logins) = &options.joined.logins {
        for (user, login) in logins.sorted() {
            add(user);
            add(login);
        }
    }
    add(&format!("{:?} {}", options.tenant, arguments.coverage));
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
