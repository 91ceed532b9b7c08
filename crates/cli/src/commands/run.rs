//! `postlogin run`.

use std::{
    collections::hash_map::DefaultHasher,
    env,
    hash::{Hash, Hasher},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use postlogin_core::{
    Login, ResumeStep, TenantSettings,
    outcome::{Outcome, Status, StoredMetadata},
};
use postlogin_engine::{BoundAction, run_login};
use postlogin_host::{Budget, Clock, Conditions, Flow, network::Closed};
use postlogin_project::{
    ActionKind, ActionSource, Project, parse_duration, parse_size, read_object, resolve_action,
    state_folder,
};
use postlogin_token::KeyPair;
use serde_json::{Map, Value};

use crate::{
    action::Compiler,
    args::{Format, RunArguments},
    error::{self, CliError},
    event,
    printer::Printer,
    render, secrets,
};

pub(crate) fn run(arguments: &RunArguments, printer: &Printer) -> Result<u8, CliError> {
    let here = env::current_dir()
        .map_err(|error| CliError::usage(format!("there is no working folder: {error}")))?;
    let project = Project::discover(&here)?;
    let sources = sources(arguments, &here, project.as_ref())?;
    let conditions = conditions(arguments)?;
    let event = event::event(&arguments.event, printer)?;
    let steps = steps(arguments)?;
    let given = secrets::given(&arguments.secrets)?;
    secrets::warn_about_unseen(&sources, &given, printer);

    let mut compiler = Compiler::new(printer)?;
    let actions = sources.iter().map(|source| compiler.bind(source, &given));
    let actions: Vec<BoundAction> = actions.collect::<Result<_, _>>()?;

    let before = stored_metadata(&event);
    let login = Login {
        event,
        tenant: TenantSettings::default(),
        rules_executed: Vec::new(),
        seed: conditions.seed,
        now_ms: conditions.clock.now_ms(),
    };
    let outcome = run_login(&actions, login, &conditions, steps)
        .map_err(|error| CliError::internal(&error))?;
    let mut outcome = outcome;
    if arguments.token {
        sign(&mut outcome, &key(arguments, &here, project.as_ref())?)?;
    }
    let values: Vec<&str> = given.iter().map(|secret| secret.value.as_str()).collect();
    outcome.redact(&values);

    match arguments.format {
        Format::Json => printer.data(|out| render::json(&outcome, out))?,
        Format::Human => {
            let source = |file: &str| text_of(&sources, file);
            let options = render::HumanOptions {
                color: printer.color,
                width: printer.width,
                tokens: arguments.token,
                before: Some(&before),
                source: Some(&source),
                time_limit: conditions.budget.time,
                memory_limit: conditions.budget.memory,
                ..render::HumanOptions::default()
            };
            printer.data(|out| render::human(&outcome, &options, out))?;
        }
    }
    Ok(exit_code(&outcome, arguments, printer))
}

/// The Actions that were named, or else those that the project binds to the trigger.
fn sources(
    arguments: &RunArguments,
    here: &Path,
    project: Option<&Project>,
) -> Result<Vec<ActionSource>, CliError> {
    if !arguments.actions.is_empty() {
        let named = arguments
            .actions
            .iter()
            .map(|argument| resolve_action(argument, here, project));
        return Ok(named.collect::<Result<_, _>>()?);
    }
    let Some(project) = project else {
        return Err(
            CliError::usage("no Action was named, and there is no project here")
                .with_hint("name one: `postlogin run actions/my-action/code.js`"),
        );
    };
    let bound = project.bind("post-login")?;
    if bound.is_empty() {
        return Err(CliError::usage("no Action is bound to the trigger post-login")
            .with_hint("list Actions under post-login in triggers/triggers.json, or name one on the command line"));
    }
    let sources = bound.into_iter().map(|action| project.source(action, here));
    Ok(sources.collect::<Result<_, _>>()?)
}

fn conditions(arguments: &RunArguments) -> Result<Conditions, CliError> {
    let clock = match &arguments.now {
        Some(text) => {
            let now: jiff::Timestamp = text.parse().map_err(|error| {
                CliError::usage(format!("--now {text}: {error}"))
                    .with_hint("write it as 2026-11-22T10:00:00Z")
            })?;
            Clock::new(now.as_millisecond(), Flow::Virtual)
        }
        None => Clock::new(jiff::Timestamp::now().as_millisecond(), Flow::Real),
    };
    let budget = Budget {
        time: parse_duration(&arguments.limits.timeout)
            .map_err(|error| option_error("--timeout", error))?,
        memory: parse_size(&arguments.limits.memory)
            .map_err(|error| option_error("--memory", error))?,
    };
    let seed = arguments.seed.unwrap_or_else(|| seed_of(clock.now_ms()));
    Ok(Conditions {
        clock: Arc::new(clock),
        seed,
        door: Arc::new(Closed),
        budget,
    })
}

fn option_error(option: &str, error: postlogin_project::Error) -> CliError {
    let mut error = CliError::from(error);
    error.message = format!("{option}: {}", error.message);
    error
}

fn seed_of(now_ms: i64) -> u64 {
    let mut hasher = DefaultHasher::new();
    now_ms.hash(&mut hasher);
    hasher.finish()
}

/// What the user sends to `/continue`, suspension by suspension.
fn steps(arguments: &RunArguments) -> Result<Vec<ResumeStep>, CliError> {
    let read = |file: &PathBuf| -> Result<ResumeStep, CliError> {
        let mut request = read_object(file, "a /continue request", &mut io::stdin().lock())?;
        let mut part = |key: &str| match request.remove(key) {
            Some(Value::Object(part)) => Ok(part),
            None => Ok(Map::new()),
            Some(_) => Err(CliError::usage(format!(
                "{}: `{key}` must be an object",
                file.display()
            ))),
        };
        let (query, body) = (part("query")?, part("body")?);
        if let Some(unknown) = request.keys().next() {
            return Err(
                CliError::usage(format!("{}: unknown key `{unknown}`", file.display()))
                    .with_hint("a /continue request has `query` and `body`"),
            );
        }
        Ok(ResumeStep::Continue { query, body })
    };
    arguments.continue_with.iter().map(read).collect()
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

/// The key that was given, or that of the project (of this folder, outside a project).
fn key(
    arguments: &RunArguments,
    here: &Path,
    project: Option<&Project>,
) -> Result<KeyPair, CliError> {
    if let Some(file) = &arguments.key {
        let failed =
            |error: &dyn std::fmt::Display| CliError::usage(format!("{}: {error}", file.display()));
        let pem = std::fs::read_to_string(file).map_err(|error| failed(&error))?;
        return KeyPair::from_pem(&pem).map_err(|error| {
            let shown = failed(&error);
            match error.hint() {
                Some(hint) => shown.with_hint(hint),
                None => shown,
            }
        });
    }
    let root = project.map_or(here, |project| project.root.as_path());
    postlogin_token::load_or_create(&state_folder(root).join("signing-key.pem")).map_err(|error| {
        let shown = CliError::usage(error.to_string());
        match error.hint() {
            Some(hint) => shown.with_hint(hint),
            None => shown,
        }
    })
}

fn sign(outcome: &mut Outcome, key: &KeyPair) -> Result<(), CliError> {
    let sign = |claims: &Map<String, Value>| {
        key.sign("JWT", claims)
            .map_err(|error| CliError::internal(&anyhow::Error::new(error)))
    };
    if !outcome.id_token.claims.is_empty() {
        outcome.id_token.jwt = Some(sign(&outcome.id_token.claims)?);
    }
    if !outcome.access_token.claims.is_empty() {
        outcome.access_token.jwt = Some(sign(&outcome.access_token.claims)?);
    }
    Ok(())
}

/// The text of a file that an outcome names, for code frames.
fn text_of(sources: &[ActionSource], file: &str) -> Option<String> {
    sources.iter().find_map(|source| match &source.kind {
        ActionKind::Script { text, .. } if source.display_path == file => Some(text.clone()),
        _ => None,
    })
}

fn exit_code(outcome: &Outcome, arguments: &RunArguments, printer: &Printer) -> u8 {
    // Production finds these at the login, too; for whoever runs an Action here it is as good as a file that does
    // not compile.
    let message = outcome
        .error
        .as_ref()
        .map_or("", |error| error.message.as_str());
    if message.starts_with("Invalid function signature for the") {
        printer.hint(
            "export the handler as `exports.onExecutePostLogin = async (event, api) => { … };`",
        );
        return error::UNLOADABLE;
    }
    if message.starts_with("SyntaxError: ") {
        return error::UNLOADABLE;
    }
    let refused = matches!(outcome.status, Status::Denied | Status::Failed);
    if refused && arguments.fail_on_deny {
        error::DENIED
    } else {
        error::SUCCESS
    }
}
