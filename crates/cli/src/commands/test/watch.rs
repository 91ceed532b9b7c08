//! `postlogin test --watch`: what an edit touches runs again.

use std::{
    collections::HashSet,
    io::{self, BufRead, IsTerminal},
    path::PathBuf,
    sync::mpsc::{self, Receiver, TryRecvError},
    thread,
};

use postlogin_project::cases::find_case_files;
use postlogin_runner::{
    Compiler, Plan, plan,
    watch::{POLL, Watcher, names, touched},
};

use super::{Setting, interrupt, once, refuse, reporters::Outputs};
use crate::{
    action::store_packages,
    error::{CliError, SUCCESS},
    printer::Printer,
};

/// New files are looked for less often: folders are walked through for that.
const POLLS_BETWEEN_WALKS: u32 = 10;

pub(super) fn watch(
    setting: &Setting<'_>,
    outputs: &Outputs,
    printer: &Printer,
) -> Result<u8, CliError> {
    let mut compiler = setting.compiler(printer)?;
    let keys = keys();
    let mut code = SUCCESS;
    let mut before = Before::default();
    let mut again = Again::Everything;
    loop {
        match plan(&setting.paths, setting.here) {
            Ok(plan) => {
                let selected = match &again {
                    Again::Everything => setting.select(&plan),
                    Again::Touched(changed) => {
                        let touched = touched(&plan, &before.names, changed);
                        let selected = setting.select(&plan);
                        selected
                            .into_iter()
                            .filter(|index| touched.contains(index))
                            .collect()
                    }
                };
                before = Before::of(&plan);
                code = round(
                    setting,
                    &plan,
                    &selected,
                    &mut compiler,
                    outputs,
                    printer,
                    code,
                )?;
            }
            Err(errors) => {
                code = refuse(errors, printer);
                // What is mended must run, whatever else was to run.
                before.watcher.get_or_insert_with(|| everything(setting));
            }
        }
        if interrupt::wanted() {
            return Ok(code);
        }
        printer.note(match keys {
            Some(_) => "watching; Enter runs everything, q and Enter quits",
            None => "watching; Ctrl-C quits",
        });
        match wait(setting, &mut before, keys.as_ref()) {
            Some(next) => again = next,
            None => return Ok(code),
        }
    }
}

/// What runs next.
enum Again {
    Everything,
    Touched(HashSet<PathBuf>),
}

/// What the last plan was like.
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

fn round(
    setting: &Setting<'_>,
    plan: &Plan,
    selected: &[usize],
    compiler: &mut Compiler<'_>,
    outputs: &Outputs,
    printer: &Printer,
    code: u8,
) -> Result<u8, CliError> {
    setting.warn(plan, printer);
    if selected.is_empty() {
        printer.note("no case is touched");
        return Ok(code);
    }
    let stop = interrupt::flag();
    let summary = once(setting, plan, selected, compiler, outputs, stop, printer)?;
    store_packages(&compiler.take_packages());
    Ok(summary.map_or(code, |summary| summary.exit_code))
}

/// Waits for an edit, a key or a signal; `None` to quit.
fn wait(
    setting: &Setting<'_>,
    before: &mut Before,
    keys: Option<&Receiver<String>>,
) -> Option<Again> {
    let mut polls = 0;
    loop {
        thread::sleep(POLL);
        if interrupt::wanted() {
            return None;
        }
        match keys.map(Receiver::try_recv) {
            Some(Ok(line)) if line.trim() == "q" => return None,
            Some(Ok(_)) => return Some(Again::Everything),
            Some(Err(TryRecvError::Disconnected | TryRecvError::Empty)) | None => {}
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

/// Lines that the user types, if there is a terminal.
fn keys() -> Option<Receiver<String>> {
    if !io::stdin().is_terminal() {
        return None;
    }
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    Some(receiver)
}
