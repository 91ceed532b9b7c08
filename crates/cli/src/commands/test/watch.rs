//! `postlogin test --watch`: what an edit touches runs again, and what a key asks for.

mod desk;

use std::{
    collections::HashSet,
    io::{self, IsTerminal},
    path::PathBuf,
    thread,
};

use postlogin_project::{cases::find_case_files, display_path};
use postlogin_runner::{
    Compiler, Plan, plan,
    watch::{POLL, Watcher, names, touched},
};

use super::{Pass, Setting, interrupt, once, refuse, reporters::Outputs};
use crate::{
    action::store_packages,
    error::{CliError, SUCCESS},
    printer::Printer,
    terminal::Keys,
};
use desk::{Desk, Pressed};

pub(super) use desk::Failing;

/// New files are looked for less often: folders are walked through for that.
const POLLS_BETWEEN_WALKS: u32 = 10;

/// So many changed files are named.
const NAMED: usize = 3;

pub(super) fn watch(
    setting: &Setting<'_>,
    outputs: &Outputs,
    printer: &Printer,
) -> Result<u8, CliError> {
    let mut compiler = setting.compiler(printer)?;
    // The handlers of signals come before the terminal changes, and put it back.
    interrupt::flag();
    let keys = Keys::open();
    let clears = io::stdout().is_terminal() && !outputs.machine_on_stdout();
    let mut desk = Desk::new(setting.snapshots);
    let mut code = SUCCESS;
    let mut before = Before::default();
    let mut again = Again::Everything;
    loop {
        match plan(&setting.paths, setting.here) {
            Ok(plan) => {
                let selected = selected(setting, &plan, &again, &before, &desk);
                before = Before::of(&plan);
                setting.warn(&plan, printer);
                if selected.is_empty() {
                    printer.note(again.nothing(&desk));
                } else {
                    desk.last = name_set(&plan, &selected);
                    let pass = Pass {
                        selected: &selected,
                        snapshots: match again {
                            Again::Update => postlogin_runner::snapshot::Mode::Update,
                            _ => setting.snapshots,
                        },
                        failing: Some(&desk.failing),
                        page: None,
                    };
                    let done = round(setting, &plan, &pass, &mut compiler, outputs, printer)?;
                    code = done.unwrap_or(code);
                }
            }
            Err(errors) => {
                code = refuse(errors, printer);
                // What is fixed must run, whatever else was to run.
                before.watcher.get_or_insert_with(|| everything(setting));
            }
        }
        if interrupt::wanted() {
            return Ok(code);
        }
        desk.prompt(keys.is_some(), printer);
        match wait(setting, &mut before, keys.as_ref(), &mut desk, printer) {
            Some(next) => again = next,
            None => return Ok(code),
        }
        if clears {
            // The whole screen, and the cursor to its beginning; what was scrolled away stays.
            printer.machine(|out| write!(out, "\u{1b}[2J\u{1b}[H"))?;
        }
        if let Again::Touched(changed) = &again {
            printer.note(&told(changed, setting));
        }
    }
}

/// The cases that run next.
enum Again {
    /// All cases that fit the filter.
    Everything,
    /// The cases that these files touch.
    Touched(HashSet<PathBuf>),
    /// The cases that failed when they ran last.
    Failing,
    /// The cases of the last run.
    Last,
    /// The same, and their outcomes are stored.
    Update,
}

impl Again {
    /// Returns the message for no selected case.
    fn nothing(&self, desk: &Desk) -> &'static str {
        match self {
            Self::Touched(_) if desk.filter.is_some() => {
                "no case of the filter is touched; a runs all"
            }
            Self::Failing if desk.hides_failing() => {
                "no case of the filter fails; others do, a runs all"
            }
            Self::Everything => "no case fits the filter",
            Self::Touched(_) => "no case is touched",
            Self::Failing => "no case fails",
            Self::Last | Self::Update => "no case has run",
        }
    }
}

/// Returns the cases that run next, as indices.
fn selected(
    setting: &Setting<'_>,
    plan: &Plan,
    again: &Again,
    before: &Before,
    desk: &Desk,
) -> Vec<usize> {
    let touched: HashSet<usize> = match again {
        Again::Touched(changed) => touched(plan, &before.names, changed).into_iter().collect(),
        _ => HashSet::new(),
    };
    let failing = desk.failing.names();
    let runs = |index: &usize| {
        let Some(planned) = plan.cases.get(*index) else {
            return false;
        };
        let name = &planned.case.full_name;
        desk.fits(name)
            && match again {
                Again::Everything => true,
                Again::Touched(_) => touched.contains(index),
                Again::Failing => failing.contains(name),
                Again::Last | Again::Update => desk.last.contains(name),
            }
    };
    setting.select(plan).into_iter().filter(runs).collect()
}

fn name_set(plan: &Plan, selected: &[usize]) -> HashSet<String> {
    let cases = selected.iter().filter_map(|index| plan.cases.get(*index));
    cases
        .map(|planned| planned.case.full_name.clone())
        .collect()
}

/// `changed: actions/a.js, actions/b.js`
fn told(changed: &HashSet<PathBuf>, setting: &Setting<'_>) -> String {
    let mut files: Vec<String> = changed
        .iter()
        .map(|file| display_path(file, setting.here))
        .collect();
    files.sort();
    let more = match files.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    files.truncate(NAMED);
    format!("changed: {}{more}", files.join(", "))
}

/// The state of the last plan.
#[derive(Default)]
struct Before {
    names: HashSet<String>,
    files: Vec<PathBuf>,
    watcher: Option<Watcher>,
}

impl Before {
    fn of(plan: &Plan) -> Self {
        Self {
            names: names(plan),
            files: plan.files.clone(),
            watcher: Some(Watcher::new(plan, &[])),
        }
    }
}

/// When nothing could be read, every file of cases is waited for.
fn everything(setting: &Setting<'_>) -> Watcher {
    let found = find_case_files(&setting.paths, setting.here);
    Watcher::new(&Plan::default(), &found.unwrap_or_default().files)
}

/// Runs cases; `None` when nobody reads the output any more.
fn round(
    setting: &Setting<'_>,
    plan: &Plan,
    pass: &Pass<'_>,
    compiler: &mut Compiler<'_>,
    outputs: &Outputs,
    printer: &Printer,
) -> Result<Option<u8>, CliError> {
    let summary = once(setting, plan, pass, compiler, outputs, printer)?;
    store_packages(&compiler.take_packages());
    Ok(summary.map(|summary| summary.exit_code))
}

/// Waits for an edit, a key or a signal; `None` to quit.
fn wait(
    setting: &Setting<'_>,
    before: &mut Before,
    keys: Option<&Keys>,
    desk: &mut Desk,
    printer: &Printer,
) -> Option<Again> {
    let mut polls = 0;
    // Without a terminal, stdin is not looked at; a terminal that is gone ends the command.
    loop {
        thread::sleep(POLL);
        if interrupt::wanted() {
            return None;
        }
        if let Some(keys) = keys
            && let Some(key) = keys.pressed()
        {
            match desk.press(key, keys, printer) {
                Pressed::Quit => return None,
                Pressed::Run(again) => return Some(again),
                Pressed::Nothing => {}
            }
        }
        let mut changed = match &mut before.watcher {
            Some(watcher) => watcher.changed(),
            None => HashSet::new(),
        };
        polls += 1;
        if polls % POLLS_BETWEEN_WALKS == 0
            && let Ok(found) = find_case_files(&setting.paths, setting.here)
            && found.files != before.files
        {
            let is_new = |file: &&PathBuf| !before.files.contains(file);
            changed.extend(found.files.iter().filter(is_new).cloned());
            before.files = found.files;
        }
        if !changed.is_empty() {
            return Some(Again::Touched(changed));
        }
    }
}
