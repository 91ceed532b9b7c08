//! `postlogin run`.

mod conditions;
mod issuer;
mod keys;
mod parts;
mod session;
mod steps;

use std::{env, mem, path::PathBuf, sync::Arc};

use postlogin_core::{
    CacheEntries, Finished, TenantSettings, Trigger,
    outcome::{Outcome, Status, StoredMetadata},
    reads::Watch,
};
use postlogin_engine::{Allocation, BoundAction};
use postlogin_host::{Door, Traffic};
use postlogin_project::{ActionKind, ActionSource, Project, Secret, connection_source};
use postlogin_runner::{
    Packages, PreparedLogin, SourceMaps, closely::Counters, is_incomplete, local_texts, run_login,
    sort_parts, texts::overlaid, trigger_of_all, unloadable,
};
use serde_json::Value;

use crate::{
    action::{compiler, store_packages},
    args::{Format, RunArguments},
    error::{self, CliError},
    event,
    network::{Network, network},
    printer::Printer,
    project::Found,
    render,
    secrets::{self, Hidden},
};

use self::{
    conditions::conditions,
    keys::{key, sign},
    parts::{load, sources},
    steps::{refuse_two_readers_of_stdin, steps},
};
pub(super) use self::{
    conditions::{budget, now_ms},
    keys::{kept_key, project_key, unusable},
    parts::{named_trigger, unread},
};
use super::page;

pub(crate) fn run(arguments: &RunArguments, printer: &Printer) -> Result<u8, CliError> {
    if arguments.stdin_json {
        return session::answer_lines(arguments, &working_folder()?, printer);
    }
    let report = page::prepare(arguments.report.as_deref())?;
    // A report shows which lines ran, and which conditions were met: otherwise the source runs as it is.
    let mut ready = ready_with(arguments, report.is_some(), printer)?;
    let prepared = PreparedLogin {
        watch: match report {
            Some(_) => Watch::Places,
            None => ready.prepared.watch,
        },
        ..ready.prepared.clone()
    };
    let Finished {
        mut outcome,
        record,
        ..
    } = run_login(&ready.actions, prepared, None).map_err(|error| CliError::internal(&error))?;
    ready.network.write_recording(&ready.given, printer)?;
    let hidden = Hidden::new(&ready.given);
    hidden.metadata(&mut ready.before, &outcome);
    let tokens_changed = hidden.outcome(&mut outcome);
    if arguments.token {
        ready.sign(arguments, &mut outcome, tokens_changed, printer)?;
    }
    match arguments.format {
        Format::Json => printer.machine(|out| render::json(&outcome, out))?,
        Format::Human => {
            let source = |file: &str| Some(hidden.text(ready.text_of(file)?));
            let options = ready.options(arguments, &source, printer);
            printer.data(|out| render::human(&outcome, &options, out))?;
        }
    }
    if let Some(file) = report {
        let asked = page::Asked {
            command: "run",
            arguments,
            why: &[],
        };
        let report = page::of_login(&ready, &asked, outcome.clone(), record);
        page::write(&file, &report)?;
    }
    store_packages(&ready.packages);
    let code = exit_code(&outcome, arguments, printer);
    // The process ends here. Taking the engine and its memory apart before takes as long as a third of a login.
    mem::forget(ready);
    Ok(code)
}

/// The login that the options describe, with all Actions loaded.
pub(super) struct Ready {
    here: PathBuf,
    pub(super) project: Option<Project>,
    pub(super) network: Network,
    pub(super) sources: Vec<ActionSource>,
    pub(super) actions: Vec<BoundAction>,
    pub(super) given: Vec<Secret>,
    /// The metadata before the login.
    pub(super) before: StoredMetadata,
    pub(super) prepared: PreparedLogin,
    /// Packages that could be kept loaded for the next login.
    packages: Vec<Packages>,
    /// The counters of the scripts, if the login is followed.
    pub(super) counters: Counters,
    /// Its requests, if it is followed.
    pub(super) traffic: Arc<Traffic>,
    /// When it starts, in milliseconds since the epoch.
    pub(super) started_ms: i64,
}

/// Reads everything that the options name and loads the Actions, with counters of lines and conditions if the login is to be
/// followed.
pub(super) fn ready_with(
    arguments: &RunArguments,
    follows: bool,
    printer: &Printer,
) -> Result<Ready, CliError> {
    let here = working_folder()?;
    // `run FOLDER` runs what the project there binds.
    let of_folder = match arguments.actions.as_slice() {
        [only] => crate::project::named(only, &here, printer)?,
        _ => None,
    };
    let named_actions: &[String] = match &of_folder {
        Some(_) => &[],
        None => &arguments.actions,
    };
    let found = match of_folder {
        Some(project) => Found {
            project: Some(project),
            below: Vec::new(),
        },
        None => crate::project::find_for(named_actions, &here, printer)?,
    };
    refuse_two_readers_of_stdin(arguments)?;
    let connection = arguments.event.connection.as_deref();
    let connection =
        connection.map(|argument| connection_source(argument, &here, found.project.as_ref()));
    let connection = connection.transpose()?;
    let named = named_trigger(arguments.trigger.as_deref())?;
    let parts = match connection {
        // A connection may be tried alone.
        Some(_) if named_actions.is_empty() => match &found.project {
            Some(project) => sort_parts(project.parts_of(Trigger::PostLogin, &here)),
            None => Vec::new(),
        },
        _ => sources(named_actions, named, &here, &found)?,
    };
    let project = found.project;
    let read = || parts.iter().filter_map(|part| part.as_ref().ok());
    if let Some(Err(first)) = parts.first()
        && read().next().is_none()
    {
        return Err(unread(first));
    }
    let found = trigger_of_all(read())?;
    // A binding says for which event its Actions are, whatever handler they export.
    let of_binding = named_actions
        .is_empty()
        .then(|| project.as_ref()?.default_trigger())
        .flatten();
    let trigger = named.or(of_binding).unwrap_or(found);
    let budget = budget(&arguments.limits)?;
    let network = network(&arguments.network, budget.time)?;
    let traffic = Arc::new(Traffic::new(Arc::clone(&network.door)));
    let door = match follows {
        true => Arc::clone(&traffic) as Arc<dyn Door>,
        false => Arc::clone(&network.door),
    };
    let conditions = conditions(arguments, budget, door)?;
    let event = event::event(trigger, &arguments.event, printer)?;
    let steps = steps(arguments)?;
    let given = secrets::given(&arguments.secrets)?;
    let mut sources: Vec<ActionSource> = read().cloned().collect();
    secrets::warn_about_unseen(&sources, &given, printer);

    let mut compiler = compiler(Allocation::OnDemand, printer)?;
    if follows {
        compiler.follow_conditions();
    }
    let mut actions = load(&parts, &given, trigger, &mut compiler, printer)?;
    if let Some(source) = connection {
        actions.insert(0, compiler.bind_connection(&source, &given)?);
        sources.insert(0, source);
    }
    let counters = Counters::of(&sources, compiler.take_counters());
    let before = stored_metadata(&event);
    let mut tenant = project
        .as_ref()
        .map_or_else(TenantSettings::default, |project| {
            project.tenant.settings_for(&event, None)
        });
    if let Some(issuer) = &arguments.issuer {
        issuer::set(&mut tenant, issuer)?;
    }
    Ok(Ready {
        here,
        project,
        network,
        sources,
        actions,
        given,
        before,
        packages: compiler.take_packages(),
        counters,
        traffic,
        started_ms: conditions.clock.now_ms(),
        prepared: PreparedLogin {
            trigger,
            event,
            tenant,
            conditions,
            steps,
            watch: Watch::Paths,
            passes_over: true,
            cache: CacheEntries::default(),
        },
    })
}

pub(super) fn working_folder() -> Result<PathBuf, CliError> {
    env::current_dir().map_err(|error| {
        CliError::usage(format!("cannot determine the current directory: {error}"))
    })
}

impl Ready {
    /// Adds the signed tokens. Secrets are hidden already: a token is easily decoded.
    pub(super) fn sign(
        &self,
        arguments: &RunArguments,
        outcome: &mut Outcome,
        claims_were_hidden: bool,
        printer: &Printer,
    ) -> Result<(), CliError> {
        sign(
            outcome,
            &key(arguments, &self.here, self.project.as_ref(), printer)?,
        )?;
        if claims_were_hidden {
            printer.warning("a claim holds a secret, so the signed token carries *** instead");
        }
        Ok(())
    }

    /// Returns the options with which people see the login.
    pub(super) fn options<'a>(
        &'a self,
        arguments: &RunArguments,
        source: &'a render::SourceLookup<'a>,
        printer: &Printer,
    ) -> render::HumanOptions<'a> {
        let budget = &self.prepared.conditions.budget;
        render::HumanOptions {
            color: printer.color,
            width: printer.width,
            tokens: arguments.token,
            before: Some(&self.before),
            source: Some(source),
            time_limit: budget.time,
            memory_limit: budget.memory,
            ..render::HumanOptions::default()
        }
    }

    /// The text of a file that an outcome names, for code frames.
    pub(super) fn text_of(&self, file: &str) -> Option<String> {
        let mut texts = self.sources.iter().filter_map(|source| match &source.kind {
            ActionKind::Script { text, .. } if source.display_path == file => Some(&**text),
            _ => None,
        });
        let Some(first) = texts.next().map(str::to_owned) else {
            let mut local = self.sources.iter().flat_map(|source| {
                let map = SourceMaps::default().of(source).map;
                local_texts(source, map.as_deref())
            });
            return local
                .find(|(shown, _)| shown == file)
                .map(|(_, text)| text.to_string());
        };
        // Several parts of one file: each has empty lines where the others are.
        Some(texts.fold(first, |all, text| overlaid(&all, text)))
    }
}

fn stored_metadata(event: &Value) -> StoredMetadata {
    let part = |key: &str| {
        event
            .pointer(&format!("/user/{key}"))
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    };
    StoredMetadata {
        user_metadata: part("user_metadata"),
        app_metadata: part("app_metadata"),
    }
}

pub(super) fn exit_code(outcome: &Outcome, arguments: &RunArguments, printer: &Printer) -> u8 {
    if let Some(error) = unloadable(outcome) {
        if let Some(hint) = &error.hint {
            printer.hint(hint);
        }
        return error::UNLOADABLE;
    }
    if is_incomplete(outcome) {
        return error::UNLOADABLE;
    }
    let refused = matches!(outcome.status, Status::Denied | Status::Failed);
    if refused && arguments.fail_on_deny {
        error::DENIED
    } else {
        error::SUCCESS
    }
}
