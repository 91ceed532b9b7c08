//! `postlogin compare`.

use std::{
    fs, io,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    thread,
};

use postlogin_core::{Trigger, complete_event, event::check_size};
use postlogin_engine::Allocation;
use postlogin_project::{
    ActionSource, Allowance, NamedBy, Project, TenantData, admit_argument, login_set, read_object,
};
use postlogin_runner::{
    CompareError, CompareOptions, Comparison, Compiler, LeftOut, PlannedCase, Side,
    compare as compare_sides, compare::page::report, output::write_new, plan, sort_parts,
    trigger_of, trigger_of_all,
};
use serde_json::Value;

use super::run::{budget, now_ms, unread, working_folder};
use crate::{
    action::{compiler, find_named, store_packages},
    args::{CompareArguments, Format},
    error::{CliError, EXPECTATION_FAILED, NO_CASES, SUCCESS, UNEXPECTED, UNLOADABLE, USAGE},
    network::mocks,
    printer::Printer,
    render, secrets, streams,
};

pub(crate) fn compare(arguments: &CompareArguments, printer: &Printer) -> Result<u8, CliError> {
    let here = working_folder()?;
    let project = crate::project::discover(&here, printer)?;
    let project = project.as_ref();
    let page = super::page::prepare(arguments.report.as_deref())?;
    let left_parts = sources(&arguments.left, &here, project)?;
    let right_parts = sources(&arguments.right, &here, project)?;
    let left = || left_parts.iter().filter_map(|part| part.as_ref().ok());
    let right = || right_parts.iter().filter_map(|part| part.as_ref().ok());
    let write = arguments.write.as_deref();
    let write = write.map(|file| new_case_file(file, &here)).transpose()?;
    let trigger = trigger_of_all(left().chain(right()))?;
    let events = arguments.event.iter().map(|file| event(file, trigger));
    let events: Vec<(String, Value)> = events.collect::<Result<_, _>>()?;
    let Some(cases) = cases(arguments, &here, printer)? else {
        return Ok(USAGE);
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
            message: "no login to compare".into(),
            hint: Some("leave --generate out, or give --event or --cases".into()),
            code: NO_CASES,
        });
    }
    let given = secrets::given(&arguments.secrets)?;
    let all: Vec<ActionSource> = left().chain(right()).cloned().collect();
    secrets::warn_about_unseen(&all, &given, printer);
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let jobs = arguments.jobs.map_or(cores, usize::from);
    let nothing = TenantData::default();
    let now = arguments.now.as_deref().map(now_ms).transpose()?;
    let sandboxes = u32::try_from(jobs).unwrap_or(u32::MAX).saturating_add(1);
    let mut compiler = compiler(Allocation::Pooling { sandboxes }, printer)?;
    let (mut left, mut left_out) = side(&arguments.left, left_parts, &mut compiler)?;
    let (mut right, others) = side(&arguments.right, right_parts, &mut compiler)?;
    for part in others {
        if !left_out.contains(&part) {
            left_out.push(part);
        }
    }
    leave_out(&left_out, [&mut left, &mut right], printer)?;
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
        left_out,
    };
    let comparison = compare_sides(&left, &right, &options).map_err(|error| match error {
        CompareError::Load(error) => error.into(),
        CompareError::Broken(error) => CliError::internal(&error),
    })?;
    print(&comparison, arguments.format, printer)?;
    if let Some(file) = page {
        let report = report((&left, &right), &options, &comparison, &mut compiler);
        let mut report = report.map_err(|error| CliError::internal(&error))?;
        let sides = [arguments.left.as_str(), arguments.right.as_str()];
        report.title = super::page::title("compare", project, &sides);
        super::page::write(&file, &report)?;
    }
    store_packages(&compiler.take_packages());
    if comparison.is_equal() {
        return Ok(SUCCESS);
    }
    if comparison.found.is_empty() {
        // Nothing differs, but not everything was compared.
        return Ok(match comparison.left_out.is_empty() {
            true => UNEXPECTED,
            false => UNLOADABLE,
        });
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

/// The default number of generated events.
const DEFAULT: u64 = 1000;

/// Returns the sources that an argument names: one thing that can be loaded, or several with commas between them. A folder of a project means
/// for all that runs at its logins, its folder `rules` for the Rules alone, and the trigger for the Actions bound to it.
fn sources(argument: &str, here: &Path, project: Option<&Project>) -> Result<Vec<Part>, CliError> {
    sources_named(argument, here, project, NamedBy::User)
}

/// As [`sources`], for an argument that is not on the command line, too.
pub(super) fn sources_named(
    argument: &str,
    here: &Path,
    project: Option<&Project>,
    named_by: NamedBy,
) -> Result<Vec<Part>, CliError> {
    let is_one = !argument.contains(',') || here.join(argument).exists();
    let names: Vec<&str> = match is_one {
        true => vec![argument],
        false => argument.split(',').map(str::trim).collect(),
    };
    let mut sources = Vec::new();
    let mut left = Allowance::default();
    for name in names {
        let first = sources.len();
        match login_set(name, here, project)? {
            Some(set) => sources.extend(sort_parts(set)),
            None => sources.push(Ok(find_named(name, here, project, named_by)?)),
        }
        for source in sources.iter().skip(first).flatten() {
            left.admit(source)?;
        }
    }
    // Without any that can be read, there is nothing to go on with.
    match sources.first() {
        Some(Err(first)) if sources.iter().all(Result::is_err) => Err(unread(first)),
        _ => Ok(sources),
    }
}

/// A Rule or an Action of a side, or why it is missing.
pub(super) type Part = Result<ActionSource, LeftOut>;

/// Loads a side, and returns with it what of it does not load. What is alone must.
pub(super) fn side(
    name: &str,
    parts: Vec<Part>,
    compiler: &mut Compiler<'_>,
) -> Result<(Side, Vec<LeftOut>), CliError> {
    let is_alone = parts.len() == 1;
    let (mut actions, mut left_out) = (Vec::new(), Vec::new());
    for part in parts {
        let loaded = match &part {
            Ok(source) if is_alone => Ok(compiler.action(source)?),
            Ok(source) => {
                // A wrong trigger is an error of its loading, too.
                compiler.try_action(source, trigger_of(source).unwrap_or_default())?
            }
            Err(part) => Err(part.clone()),
        };
        match (part, loaded) {
            (Ok(source), Ok(action)) => actions.push((source, action)),
            (_, Err(part)) | (Err(part), _) => left_out.push(part),
        }
    }
    let name = name.to_owned();
    Ok((Side { name, actions }, left_out))
}

/// Reports what does not load, and takes it out of all sides: the rest is compared.
pub(super) fn leave_out<const N: usize>(
    left_out: &[LeftOut],
    sides: [&mut Side; N],
    printer: &Printer,
) -> Result<(), CliError> {
    for side in sides {
        side.without(left_out);
        if let Some(first) = left_out.first()
            && side.actions.is_empty()
        {
            return Err(first.error.clone().into());
        }
    }
    let mut shown: Vec<&str> = Vec::new();
    for part in left_out {
        if !shown.contains(&part.error.message.as_str()) {
            printer.error(&part.error.clone().into());
            shown.push(&part.error.message);
        }
    }
    Ok(())
}

fn event(file: &Path, trigger: Trigger) -> Result<(String, Value), CliError> {
    let event = read_object(file, "an event", &mut streams::lines())?;
    let mut event = Value::Object(event);
    complete_event(trigger, &mut event);
    check_size(&event).map_err(|error| {
        let shown = file.display();
        CliError::usage(format!("{shown}: {}", error.message)).with_hint(error.hint)
    })?;
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
    admit_argument(&path, &file.display().to_string())?;
    let refused = |what: &str| CliError::usage(format!("--write {}: {what}", file.display()));
    if path.exists() {
        return Err(refused("the file is there").with_hint("name a new one"));
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if !name.ends_with(".case.yaml") && !name.ends_with(".case.yml") {
        return Err(refused("not a valid name for a file of cases")
            .with_hint("its name ends with .case.yaml"));
    }
    Ok(path)
}

fn store(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    write_new(file, text.as_bytes())
}
