//! `postlogin test`.

mod coverage;
mod fuzz;
pub(super) mod interrupt;
mod no_cases;
mod reporters;
mod review;
mod watch;

use std::{
    env,
    io::{self, ErrorKind},
    num::NonZeroUsize,
    path::{Path, PathBuf},
    thread,
};

use postlogin_core::escape::inline;
use postlogin_engine::Allocation;
use postlogin_runner::{
    Compiler, Filter, LoadError, LoadProblem, Plan, PlannedCase, RunOptions, RunSummary,
    page::{Closely, Results},
    plan, run, select,
    snapshot::Mode,
};

use crate::{
    action::{compiler, is_ci, store_packages},
    args::TestArguments,
    error::{CliError, SUCCESS, USAGE},
    printer::Printer,
};
use no_cases::no_cases;
use reporters::Outputs;

pub(crate) fn test(arguments: &TestArguments, printer: &Printer) -> Result<u8, CliError> {
    let here = env::current_dir().map_err(|error| {
        CliError::usage(format!("cannot determine the current directory: {error}"))
    })?;
    let setting = Setting::new(arguments, &here, printer)?;
    if arguments.review {
        return review::review(&setting.paths, &here, printer);
    }
    // Made before anything runs: a report that cannot be written should not cost a run.
    let page = super::page::prepare(arguments.report.as_deref())?;
    let outputs = Outputs::new(arguments)?;
    if let Some(logins) = &arguments.fuzz {
        return fuzz::fuzz(&setting, logins, &outputs, printer);
    }
    if arguments.watch {
        return watch::watch(&setting, &outputs, printer);
    }
    let plan = match plan(&setting.paths, &here) {
        Ok(plan) => plan,
        Err(errors) => return Ok(refuse(errors, printer)),
    };
    setting.warn(&plan, printer);
    setting.admit_only(&plan, printer)?;
    let selected = setting.select(&plan);
    if arguments.list {
        return list(&plan, &selected, printer);
    }
    if selected.is_empty() {
        return no_cases(&plan, arguments, printer);
    }
    let mut compiler = setting.compiler(printer)?;
    // From here on, a signal ends the run in order.
    interrupt::flag();
    let mut summary = None;
    let results = Results::default();
    let pass = Pass {
        selected: &selected,
        snapshots: setting.snapshots,
        failing: None,
        page: page.as_deref().map(|file| (file, &results)),
    };
    for _ in 0..arguments.repeat {
        summary = once(&setting, &plan, &pass, &mut compiler, &outputs, printer)?;
        // The first run that fails says enough.
        if summary
            .as_ref()
            .is_none_or(|summary| summary.exit_code != SUCCESS)
        {
            break;
        }
    }
    store_packages(&compiler.take_packages());
    Ok(summary.map_or(SUCCESS, |summary| summary.exit_code))
}

/// The settings that do not change while a command runs.
struct Setting<'a> {
    arguments: &'a TestArguments,
    here: &'a Path,
    paths: Vec<PathBuf>,
    filters: Vec<Filter>,
    jobs: usize,
    snapshots: Mode,
    coverage: coverage::Reports,
}

impl<'a> Setting<'a> {
    fn new(
        arguments: &'a TestArguments,
        here: &'a Path,
        printer: &Printer,
    ) -> Result<Self, CliError> {
        let found = crate::project::find(here, printer)?;
        let configured = found.project.as_ref().map(|project| project.test.clone());
        let configured = configured.unwrap_or_default();
        // What made-up logins are for may be Actions: then the project's cases say under which circumstances.
        let given = !arguments.paths.is_empty() && arguments.fuzz.is_none();
        let paths = match (given, configured.paths.is_empty()) {
            (true, _) => arguments.paths.clone(),
            (false, false) => configured.paths,
            // The whole project, also from one of its folders.
            (false, true) => match &found.project {
                Some(project) if here.starts_with(&project.home) && here != project.home => {
                    vec![project.home.clone()]
                }
                _ => vec![PathBuf::from(".")],
            },
        };
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let jobs = arguments.jobs.map(usize::from);
        Ok(Self {
            arguments,
            here,
            paths,
            filters: arguments
                .filter
                .iter()
                .map(|text| filter(text))
                .collect::<Result<_, _>>()?,
            jobs: jobs_of(jobs, configured.jobs, cores),
            snapshots: mode(arguments)?,
            coverage: coverage::Reports::new(&arguments.coverage)?,
        })
    }

    /// The cases to run. `only` and tags come before the shard, so that its parts are equal.
    fn select(&self, plan: &Plan) -> Vec<usize> {
        let has_only = plan.cases.iter().any(|planned| planned.case.only);
        let tags = &self.arguments.tag;
        let is_chosen = |planned: &PlannedCase| {
            let case = &planned.case;
            let has_tag = tags.is_empty() || tags.iter().any(|tag| case.tags.contains(tag));
            has_tag && (case.only || !has_only)
        };
        select(plan, &self.filters, &is_chosen, self.arguments.shard)
    }

    /// Reports that cases are left out by `only`, which is for the desk.
    fn admit_only(&self, plan: &Plan, printer: &Printer) -> Result<(), CliError> {
        let mut only = plan.cases.iter().filter(|planned| planned.case.only);
        let Some(first) = only.next() else {
            return Ok(());
        };
        let place = &first.case.place;
        let place = format!("{}:{}", place.source.shown, place.line);
        if is_ci() {
            return Err(
                CliError::usage(format!("{place}: `only` leaves out the other cases"))
                    .with_hint("remove it before you commit"),
            );
        }
        let all = plan.cases.len();
        let left_out = all - 1 - only.count();
        printer.warning(&format!(
            "{place}: `only` leaves out {left_out} of {all} cases"
        ));
        Ok(())
    }

    fn compiler<'p>(&self, printer: &'p Printer) -> Result<Compiler<'p>, CliError> {
        let sandboxes = u32::try_from(self.jobs).unwrap_or(u32::MAX);
        let mut compiler = compiler(
            Allocation::Pooling {
                // One may still be given back while the next is made.
                sandboxes: sandboxes.saturating_add(1),
            },
            printer,
        )?;
        if self.coverage.is_wanted() {
            compiler.count_coverage();
        }
        Ok(compiler)
    }

    /// Whether no case of the project is left out: then what no case loads is told, too.
    fn runs_everything(&self) -> bool {
        let arguments = self.arguments;
        arguments.paths.is_empty()
            && self.filters.is_empty()
            && arguments.tag.is_empty()
            && arguments.shard.is_none()
    }

    fn warn(&self, plan: &Plan, printer: &Printer) {
        for warning in &plan.warnings {
            printer.warning(&warning.to_string());
            if let Some(hint) = &warning.hint {
                printer.hint(hint);
            }
        }
    }
}

/// CI never writes a snapshot: what it finds must be looked at by somebody.
/// The filter of `--filter`.
pub(super) fn filter(text: &str) -> Result<Filter, CliError> {
    Filter::new(text).map_err(|what| {
        CliError::usage(format!("--filter: {what}"))
            .with_hint("write `[a-z]`, `.*` and `^…$`, or a part of a case's name")
    })
}

fn mode(arguments: &TestArguments) -> Result<Mode, CliError> {
    match (arguments.update, is_ci()) {
        (true, true) => Err(
            CliError::usage("--update: snapshots are never written in CI").with_hint(
                "run it on your machine and commit the .snap files; unset CI if this is one",
            ),
        ),
        (true, false) => Ok(Mode::Update),
        (false, true) => Ok(Mode::ReadOnly),
        (false, false) => Ok(Mode::Pending),
    }
}

/// Prints the mistakes of case files.
fn refuse(errors: Vec<postlogin_project::Error>, printer: &Printer) -> u8 {
    for error in errors {
        printer.error(&CliError::from(error));
    }
    USAGE
}

fn list(plan: &Plan, selected: &[usize], printer: &Printer) -> Result<u8, CliError> {
    printer.data(|out| {
        let cases = selected.iter().filter_map(|index| plan.cases.get(*index));
        for planned in cases {
            writeln!(out, "{}", inline(&planned.case.full_name))?;
        }
        Ok(())
    })?;
    Ok(SUCCESS)
}

/// The cases of one run.
struct Pass<'a> {
    /// The cases, as indices into the plan.
    selected: &'a [usize],
    snapshots: Mode,
    /// Who remembers the cases that fail.
    failing: Option<&'a watch::Failing>,
    /// The file of a page with the cases, and what collects them.
    page: Option<(&'a Path, &'a Results)>,
}

/// Runs the selected cases once and writes all reports. `None` when nobody reads the output any more.
fn once(
    setting: &Setting<'_>,
    plan: &Plan,
    pass: &Pass<'_>,
    compiler: &mut Compiler<'_>,
    outputs: &Outputs,
    printer: &Printer,
) -> Result<Option<RunSummary>, CliError> {
    let mut needed = vec![false; plan.actions.len()];
    for planned in pass
        .selected
        .iter()
        .filter_map(|index| plan.cases.get(*index))
    {
        for index in &planned.actions {
            if let Some(needed) = needed.get_mut(*index) {
                *needed = true;
            }
        }
    }
    let mut compiled = Vec::new();
    for (index, (source, needed)) in plan.actions.iter().zip(needed).enumerate() {
        let action = match needed {
            true => plan.load(index, compiler),
            false => Err(LoadError::not_loaded(&source.name)),
        };
        match action {
            Err(error) if error.problem == LoadProblem::Internal => return Err(error.into()),
            action => compiled.push(action),
        }
    }
    let options = RunOptions {
        selected: pass.selected,
        jobs: setting.jobs,
        fail_fast: setting.arguments.fail_fast,
        snapshots: pass.snapshots,
        working_folder: setting.here,
    };
    let mut sink = outputs.reporters(printer);
    if let Some(failing) = pass.failing {
        sink.0.push(Box::new(failing.clone()));
    }
    if let Some((_, results)) = pass.page {
        sink.0.push(Box::new(results.clone()));
    }
    let result = run(plan, &compiled, &options, interrupt::flag(), &mut sink);
    drop(sink);
    match result {
        Ok(summary) => {
            outputs.store()?;
            if let Some((file, results)) = pass.page {
                let closely = Closely::new(plan, &compiled, compiler);
                super::page::write(file, &results.report(plan, &closely))?;
            }
            if setting.coverage.is_wanted() {
                let mut found = compiler.take_coverage();
                if setting.runs_everything() {
                    coverage::add_unloaded(&mut found, setting.here)?;
                }
                let taken = outputs.machine_on_stdout();
                setting.coverage.write(&found, taken, printer)?;
            }
            Ok(Some(summary))
        }
        // A reader such as `head` that has seen enough is no error.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(None),
        Err(error) => Err(unwritable(&error)),
    }
}

fn unwritable(error: &io::Error) -> CliError {
    CliError::unwritable("the output", error)
}

/// Returns how many cases run at once. Each takes memory of its own: a file of the project does not choose how much.
fn jobs_of(asked: Option<usize>, configured: Option<usize>, cores: usize) -> usize {
    asked.unwrap_or_else(|| configured.unwrap_or(cores).min(cores))
}

#[cfg(test)]
mod tests {
    use super::jobs_of;

    #[test]
    fn a_file_of_the_project_gives_at_most_the_processors() {
        for (asked, configured, cores, expected) in [
            (None, None, 8, 8),
            (None, Some(3), 8, 3),
            (None, Some(8), 8, 8),
            (None, Some(9), 8, 8),
            (None, Some(usize::MAX), 2, 2),
            (Some(64), Some(3), 8, 64),
            (Some(1), None, 8, 1),
        ] {
            assert_eq!(jobs_of(asked, configured, cores), expected);
        }
    }
}
