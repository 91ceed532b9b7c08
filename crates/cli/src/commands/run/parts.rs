//! The Rules and Actions that a login runs: named, or bound to the trigger.

use std::path::Path;

use postlogin_core::{Trigger, trigger::is_without_contract};
use postlogin_engine::BoundAction;
use postlogin_project::{ActionSource, Allowance, Project, Secret};
use postlogin_runner::{Compiler, LeftOut, sort_parts};

use crate::{
    action::find,
    error::{self, CliError},
    printer::Printer,
    project::Found,
};

/// The trigger that `--trigger` names.
pub(in crate::commands) fn named_trigger(id: Option<&str>) -> Result<Option<Trigger>, CliError> {
    let Some(id) = id else {
        return Ok(None);
    };
    let known: Vec<&str> = Trigger::ALL.iter().map(|trigger| trigger.id()).collect();
    match Trigger::of_id(id) {
        Some(trigger) => Ok(Some(trigger)),
        None => {
            let why = match is_without_contract(id) {
                true => "this trigger has no public contract and does not run here",
                false => "unknown trigger",
            };
            Err(CliError::usage(format!("--trigger {id}: {why}"))
                .with_hint(format!("triggers are {}", known.join(", "))))
        }
    }
}

/// The Actions that were named, or else those that the project binds to the trigger.
pub(super) fn sources(
    actions: &[String],
    trigger: Option<Trigger>,
    here: &Path,
    found: &Found,
) -> Result<Vec<Part>, CliError> {
    let project = found.project.as_ref();
    if !actions.is_empty() {
        let mut left = Allowance::default();
        let named = actions.iter().map(|argument| -> Result<Part, CliError> {
            let source = find(argument, here, project)?;
            left.admit(&source)?;
            Ok(Ok(source))
        });
        return named.collect();
    }
    let Some(project) = project else {
        let hint = found.hint(here);
        let hint =
            hint.unwrap_or_else(|| "name one: `postlogin run actions/my-action/code.js`".into());
        return Err(
            CliError::usage("no Action was named, and no project was found here").with_hint(hint),
        );
    };
    let trigger = trigger.unwrap_or_default();
    let bound = sort_parts(project.parts_of(trigger, here));
    if bound.is_empty() {
        let message = format!("no Action is bound to the trigger {trigger}");
        return Err(CliError::usage(message).with_hint(unbound(project, trigger)));
    }
    Ok(bound)
}

/// Where to bind Actions: in the file that the project has.
fn unbound(project: &Project, trigger: Trigger) -> String {
    let has_file = project.root.join("triggers").is_dir() || !project.triggers.is_empty();
    let place = match has_file {
        true => format!("list Actions under {trigger} in triggers/triggers.json"),
        false => "list Actions in postlogin.toml: binding = [\"my-action\"]".to_owned(),
    };
    format!("{place}, or name one on the command line")
}

/// Loads what a login runs. What is missing or does not load is reported, and the others run, unless it is alone.
pub(super) fn load(
    parts: &[Part],
    given: &[Secret],
    trigger: Trigger,
    compiler: &mut Compiler<'_>,
    printer: &Printer,
) -> Result<Vec<BoundAction>, CliError> {
    let mut actions = Vec::new();
    for part in parts {
        let loaded = match part {
            Ok(source) => compiler.bind_or_leave_out(source, given, trigger)?,
            Err(left_out) => Err(left_out.clone()),
        };
        actions.push(match loaded {
            Ok(action) => action,
            Err(left_out) if parts.len() == 1 => return Err(left_out.error.into()),
            Err(left_out) => {
                printer.error(&left_out.error.clone().into());
                left_out.bound()
            }
        });
    }
    Ok(actions)
}

/// One of the Rules and Actions of a login, or why it is missing.
pub(super) type Part = Result<ActionSource, LeftOut>;

/// Returns the error of a binding of which nothing can run.
pub(in crate::commands) fn unread(first: &LeftOut) -> CliError {
    let error = CliError::from(first.error.clone());
    CliError {
        code: match first.is_unread {
            true => error::USAGE,
            false => error.code,
        },
        ..error
    }
}
