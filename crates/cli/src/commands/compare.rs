//! `postlogin compare`.

use std::{
    fs, io,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    thread,
};

use postlogin_core::{Trigger, complete_event};
use postlogin_engine::Allocation;
use postlogin_project::{ActionSource, Project, TenantData, login_set, read_object};
use postlogin_runner::{
    CompareError, CompareOptions, Comparison, Compiler, PlannedCase, Side,
    compare as compare_sides, compare::page::report, plan, trigger_of_all,
};
use serde_json::Value;

use super::run::{budget, now_ms, working_folder};
use crate::{
    action::{compiler, find, store_packages},
    args::{CompareArguments, Format},
    error::{CliError, EXPECTATION_FAILED, NO_CASES, SUCCESS, UNEXPECTED},
    network::mocks,
    printer::Printer,
    render, secrets,
};

pub(crate) fn compare(arguments: &CompareArguments, printer: &Printer) -> Result<u8, CliError> {
    let here = working_folder()?;
    let project = crate::project::discover(&here, printer)?;
    let project = project.as_ref();
    let left = sources(&arguments.left, &here, project)?;
    let right = sources(&arguments.right, &here, project)?;
    let page = super::page::prepare(arguments.report.as_deref())?;
    let write = arguments.write.as_deref();
    let write = write.map(|file| new_case_file(file, &here)).transpose()?;
    let trigger = trigger_of_all(left.iter().chain(&right))?;
    let events = arguments.event.iter().map(|file| event(file, trigger));
    let events: Vec<(String, Value)> = events.collect::<Result<_, _>>()?;
    let Some(cases) = cases(arguments, &here, printer)? else {
        return Ok(crate::error::USAGE);
    };
    if let Some(other) = cases.iter().find(|planned| planned.trigger != trigger) {
        let message = format!(
            "--cases: `{}` is a case of {}, and what is compared is of {trigger}",
            other.case.full_name, other.trigger
        );
        return Err(CliError::usage(message).with_hint("name the files of cases that fit"));
    }
    let is_given = !events.is_empty() || !cases.is_empty();
    let generate = arguments
        .generate
        .unwrap_or(if is_given { 0 } else { DEFAULT });
    if !is_given && generate == 0 {
        return Err(CliError {
            message: "there is no login to compare".into(),
            hint: Some("leave --generate out, or give --event or --cases".into()),
            code: NO_CASES,
        });
    }
    let given = secrets::given(&arguments.secrets)?;
    let all: Vec<ActionSource> = left.iter().chain(&right).cloned().collect();
    secrets::warn_about_unseen(&all, &given, printer);
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let jobs = arguments.jobs.map_or(cores, NonZeroUsize::get);
    let nothing = TenantData::default();
    let now = arguments.now.as_deref().map(now_ms).transpose()?;
    let options = CompareOptions {
        trigger,
        events,
        cases,
        generate,
        seed: arguments.seed,
        secrets: given,
        mocks: mocks(&arguments.http)?,
        now_ms: now,
        budget: budget(&arguments.limits)?,
        tenant: project.map_or(&nothing, |project| &project.tenant),
        jobs,
    };
    let sandboxes = u32::try_from(jobs).unwrap_or(u32::MAX).saturating_add(1);
    let mut compiler = compiler(Allocation::Pooling { sandboxes }, printer)?;
    let left = side(&arguments.left, left, &mut compiler)?;
    let right = side(&arguments.right, right, &mut compiler)?;
    let comparison = compare_sides(&left, &right, &options).map_err(|error| match error {
        CompareError::Load(error) => error.into(),
        CompareError::Broken(error) => CliError::internal(&error),
    })?;
    print(&comparison, arguments.format, printer)?;
    if let Some(file) = page {
        let report = report((&left, &right), &options, &comparison);
        let report = report.map_err(|error| CliError::internal(&error))?;
        super::page::write(&file, &report)?;
    }
    store_packages(&compiler.take_packages());
    if comparison.is_equal() {
        return Ok(SUCCESS);
    }
    if comparison.found.is_empty() {
        // Nothing differs, but not everything was compared.
        return Ok(UNEXPECTED);
    }
    if let Some(file) = write {
        let folder = file.parent().unwrap_or(&here);
        let left: Vec<&ActionSource> = left.actions.iter().map(|(source, _)| source).collect();
        let names = project.into_iter().flat_map(Project::action_names);
        let names: Vec<String> = names.map(str::to_owned).collect();
        let text = comparison.to_cases(&left, folder, &names);
        store(&file, &text).map_err(|error| CliError::unwritable(file.display(), error))?;
        printer.note(&format!(
            "wrote {}",
            postlogin_project::display_path(&file, &here)
        ));
    }
    Ok(EXPECTATION_FAILED)
}

/// How many events are made up if nothing is said.
const DEFAULT: u64 = 1000;

/// What an argument names: one thing that can be loaded, or several with commas between them. A folder of a project stands
/// for all that runs at its logins, its folder `rules` for the Rules alone, and the trigger for the Actions bound to it.
pub(super) fn sources(
    argument: &str,
    here: &Path,
    project: Option<&Project>,
) -> Result<Vec<ActionSource>, CliError> {
    let is_one = !argument.contains(',') || here.join(argument).exists();
    let names: Vec<&str> = match is_one {
        true => vec![argument],
        false => argument.split(',').map(str::trim).collect(),
    };
    let mut sources = Vec::new();
    for name in names {
        match login_set(name, here, project)? {
            Some(set) => sources.extend(set),
            None => sources.push(find(name, here, project)?),
        }
    }
    Ok(sources)
}

pub(super) fn side(
    name: &str,
    sources: Vec<ActionSource>,
    compiler: &mut Compiler<'_>,
) -> Result<Side, CliError> {
    let mut actions = Vec::new();
    for source in sources {
        let action = compiler.action(&source)?;
        actions.push((source, action));
    }
    Ok(Side {
        name: name.to_owned(),
        actions,
    })
}

fn event(file: &Path, trigger: Trigger) -> Result<(String, Value), CliError> {
    let event = read_object(file, "an event", &mut io::stdin().lock())?;
    let mut event = Value::Object(event);
    complete_event(trigger, &mut event);
    Ok((file.display().to_string(), event))
}

/// The cases; `None` when they have mistakes, which are told.
fn cases(
    arguments: &CompareArguments,
    here: &Path,
    printer: &Printer,
) -> Result<Option<Vec<PlannedCase>>, CliError> {
    if arguments.cases.is_empty() {
        return Ok(Some(Vec::new()));
    }
    match plan(&arguments.cases, here) {
        Ok(plan) if !plan.unreadable.is_empty() => {
            for error in plan.unreadable.into_values() {
                printer.error(&CliError::from(error));
            }
            Ok(None)
        }
        Ok(plan) => {
            let runs = plan.cases.into_iter();
            let runs: Vec<PlannedCase> = runs.filter(|one| one.case.skip.is_none()).collect();
            if runs.is_empty() {
                return Err(CliError {
                    message: "--cases: no case was found".into(),
                    hint: Some("cases are in files *.case.yaml".into()),
                    code: NO_CASES,
                });
            }
            Ok(Some(runs))
        }
        Err(errors) => {
            for error in errors {
                printer.error(&CliError::from(error));
            }
            Ok(None)
        }
    }
}

fn print(comparison: &Comparison, format: Format, printer: &Printer) -> Result<(), CliError> {
    match format {
        Format::Json => printer.machine(|out| render::json(&comparison.to_json(), out)),
        Format::Human => printer.data(|out| {
            let mut lines = comparison.lines().into_iter();
            lines.try_for_each(|line| match printer.color {
                true => writeln!(out, "{}", line.colored()),
                false => writeln!(out, "{}", line.plain()),
            })
        }),
    }
}

/// Where a file of cases may be written: nothing is overwritten. Found out before anything runs.
fn new_case_file(file: &Path, here: &Path) -> Result<PathBuf, CliError> {
    let path = here.join(file);
    let refused = |what: &str| CliError::usage(format!("--write {}: {what}", file.display()));
    if path.exists() {
        return Err(refused("the file is there").with_hint("name a new one"));
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if !name.ends_with(".case.yaml") && !name.ends_with(".case.yml") {
        return Err(refused("this is no name of a file of cases")
            .with_hint("its name ends with .case.yaml"));
    }
    Ok(path)
}

fn store(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)?;
    io::Write::write_all(&mut file, text.as_bytes())
}
