//! `postlogin test --fuzz`.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use postlogin_core::{Trigger, trigger::Binding};
use postlogin_project::{ActionSource, Project, cases::find_case_files, parse_duration};
use postlogin_runner::{
    FuzzOptions, LoadError, Logins, Plan, Targets, fuzz as search, plan, sort_parts, trigger_of,
};

use super::{Setting, interrupt, is_ci, refuse, reporters::Outputs, unwritable};
use crate::{
    action::find,
    error::{CliError, NO_CASES, SUCCESS},
    printer::Printer,
};

pub(super) fn fuzz(
    setting: &Setting<'_>,
    logins: &str,
    outputs: &Outputs,
    printer: &Printer,
) -> Result<u8, CliError> {
    let mut paths = setting.arguments.paths.clone();
    let logins = match parse(logins) {
        Ok(logins) => logins,
        // `--fuzz tests`: a path where a number may stand.
        Err(_) if !logins.starts_with(|first: char| first.is_ascii_digit()) => {
            paths.insert(0, PathBuf::from(logins));
            Logins::Count(DEFAULT)
        }
        Err(error) => return Err(error),
    };
    let (project, _) = Project::find(setting.here)?;
    let project = project.as_ref();
    let (of_cases, actions) = sort(&paths, setting.here, project)?;
    // The cases that are looked through, for what they say about the network and the tenant of an Action.
    let looked_through = match of_cases.is_empty() {
        true => &setting.paths,
        false => &of_cases,
    };
    let plan = match plan(looked_through, setting.here) {
        Ok(plan) => plan,
        Err(errors) => return Ok(refuse(errors, printer)),
    };
    let targets = targets(setting, &plan, &of_cases, actions, project)?;
    if targets.list.is_empty() && targets.left_out.is_empty() {
        return Err(CliError {
            message: "no Action to generate logins for".into(),
            hint: Some("name one: `postlogin test --fuzz actions/my-action/code.js`".into()),
            code: NO_CASES,
        });
    }
    let mut compiler = setting.compiler(printer)?;
    let mut compiled = Vec::new();
    for (index, source) in targets.sources.iter().enumerate() {
        let action = match (targets.needs(index), plan.reason(source)) {
            (true, None) => {
                // A wrong trigger is an error of its loading, too.
                let trigger = trigger_of(source).unwrap_or_default();
                let tried = compiler.try_action(source, trigger)?;
                tried.map_err(|left_out| left_out.error)
            }
            (true, Some(error)) => Err(error),
            (false, _) => Err(LoadError::not_loaded(&source.name)),
        };
        compiled.push(action);
    }
    // Reports name them.
    for part in &targets.left_out {
        printer.withdraw(&part.error.message);
    }
    let folder = folder(setting, &plan);
    let options = FuzzOptions {
        logins,
        seed: setting.arguments.seed,
        jobs: setting.jobs,
        project,
        writes: !is_ci(),
        folder: &folder,
        working_folder: setting.here,
    };
    let mut sink = outputs.reporters(printer);
    let result = search(&targets, &compiled, &options, interrupt::flag(), &mut sink);
    drop(sink);
    match result {
        Ok(summary) => {
            outputs.store()?;
            Ok(summary.exit_code)
        }
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(SUCCESS),
        Err(error) => Err(unwritable(&error)),
    }
}

/// The default number of logins.
const DEFAULT: u64 = 1000;

fn parse(text: &str) -> Result<Logins, CliError> {
    let refused = |reason: &str| {
        CliError::usage(format!("--fuzz {text}: {reason}"))
            .with_hint("write how many logins, as in --fuzz 500, or for how long, as in --fuzz 10s")
    };
    if text.chars().all(|letter| letter.is_ascii_digit()) {
        return match text.parse() {
            Ok(0) => Err(refused("it must be at least 1")),
            Ok(count) => Ok(Logins::Count(count)),
            Err(_) => Err(refused("it is not a number of logins")),
        };
    }
    match parse_duration(text) {
        Ok(time) if time.is_zero() => Err(refused("it must be greater than zero")),
        Ok(time) => Ok(Logins::For(time)),
        Err(_) => Err(refused("that is neither a number nor a duration")),
    }
}

/// Which paths have cases, and which are Actions.
fn sort(
    paths: &[PathBuf],
    here: &Path,
    project: Option<&Project>,
) -> Result<(Vec<PathBuf>, Vec<ActionSource>), CliError> {
    let (mut of_cases, mut actions) = (Vec::new(), Vec::new());
    for path in paths {
        let found = find_case_files(std::slice::from_ref(path), here);
        if found.is_ok_and(|found| !found.files.is_empty()) {
            of_cases.push(path.clone());
        } else {
            actions.push(find(&path.to_string_lossy(), here, project)?);
        }
    }
    Ok((of_cases, actions))
}

/// Returns the named Actions; else the project's Rules and bindings; else whatever the cases name.
fn targets(
    setting: &Setting<'_>,
    plan: &Plan,
    of_cases: &[PathBuf],
    actions: Vec<ActionSource>,
    project: Option<&Project>,
) -> Result<Targets, CliError> {
    let names_cases = !of_cases.is_empty() || !setting.filters.is_empty();
    let mut targets = match names_cases {
        true => Targets::of_cases(plan, &setting.select(plan)),
        false => Targets::default(),
    };
    let names_actions = !actions.is_empty();
    for action in actions {
        targets.join(Targets::of_actions(vec![action], plan));
    }
    if names_cases || names_actions {
        return Ok(targets);
    }
    // Each binding of the project is a target of its own.
    if let Some(project) = project {
        for trigger in Trigger::ALL {
            let mut bound = Vec::new();
            for part in sort_parts(project.parts_of(*trigger, setting.here)) {
                match part {
                    Ok(source) => bound.push(source),
                    Err(part) => targets.leave_out(part),
                }
            }
            if trigger.table().binding == Binding::Entity {
                // Each runs alone.
                for action in bound {
                    targets.join(Targets::of_actions(vec![action], plan));
                }
            } else if !bound.is_empty() {
                targets.join(Targets::of_actions(bound, plan));
            }
        }
    }
    if !targets.list.is_empty() || !targets.left_out.is_empty() {
        return Ok(targets);
    }
    Ok(Targets::of_cases(plan, &setting.select(plan)))
}

/// Where findings go when no case has the same Actions: to the other cases.
fn folder(setting: &Setting<'_>, plan: &Plan) -> PathBuf {
    let file = plan.files.first().and_then(|file| file.parent());
    match (setting.paths.first(), file) {
        (Some(path), _) if path != Path::new(".") && setting.here.join(path).is_dir() => {
            setting.here.join(path)
        }
        (_, Some(folder)) => folder.to_owned(),
        _ => setting.here.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn numbers_and_durations() {
        for (text, expected) in [
            ("500", Some(Logins::Count(500))),
            ("10s", Some(Logins::For(Duration::from_secs(10)))),
            ("1.5s", Some(Logins::For(Duration::from_millis(1500)))),
            ("0", None),
            ("0s", None),
            ("99999999999999999999", None),
            ("10x", None),
        ] {
            assert_eq!(parse(text).ok(), expected, "{text}");
        }
    }
}
