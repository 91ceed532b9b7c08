//! The wishes of the user while a watch waits: the keys, the filter, and the cases that fail.

use std::{
    cell::RefCell,
    collections::HashSet,
    io::{self, Write},
    rc::Rc,
    time::Duration,
};

use postlogin_core::escape::inline;
use postlogin_runner::{CaseStatus, Filter, RunEvent, report::Reporter, snapshot::Mode};

use super::super::interrupt;
use super::Again;
use crate::{
    printer::Printer,
    streams,
    terminal::{Key, Keys, THEN_ENTER},
};

/// The longest filter, in letters.
const LONGEST_FILTER: usize = 200;

/// The names of the cases that failed when they ran last.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Failing(Rc<RefCell<HashSet<String>>>);

impl Failing {
    pub(super) fn names(&self) -> HashSet<String> {
        self.0.borrow().clone()
    }
}

impl Reporter for Failing {
    fn event(&mut self, event: &RunEvent<'_>) -> io::Result<()> {
        if let RunEvent::CaseFinished(result) = event {
            let mut names = self.0.borrow_mut();
            match result.status {
                CaseStatus::Failed => names.insert(result.full_name.clone()),
                CaseStatus::Passed | CaseStatus::Skipped(_) => names.remove(&result.full_name),
            };
        }
        Ok(())
    }
}

/// The user's choices.
pub(super) struct Desk {
    pub(super) filter: Option<(String, Filter)>,
    /// The permitted handling of snapshots.
    snapshots: Mode,
    pub(super) failing: Failing,
    /// The names of the cases of the last run.
    pub(super) last: HashSet<String>,
}

/// The effect of a key.
pub(super) enum Pressed {
    Quit,
    Run(Again),
    Nothing,
}

impl Desk {
    pub(super) fn new(snapshots: Mode) -> Self {
        Self {
            filter: None,
            snapshots,
            failing: Failing::default(),
            last: HashSet::new(),
        }
    }

    /// Whether the user wants to see the case of this name.
    pub(super) fn fits(&self, full_name: &str) -> bool {
        self.filter
            .as_ref()
            .is_none_or(|(_, filter)| filter.fits(full_name))
    }

    /// Whether the filter hides a case that failed.
    pub(super) fn hides_failing(&self) -> bool {
        self.failing.names().iter().any(|name| !self.fits(name))
    }

    /// Prints what is waited for.
    pub(super) fn prompt(&self, has_keys: bool, printer: &Printer) {
        if !has_keys {
            printer.note("watching; Ctrl-C quits");
            return;
        }
        let filter = match &self.filter {
            Some((text, _)) => format!(" the cases of `{}`", inline(text)),
            None => String::new(),
        };
        // The keys run what fits the filter.
        let failing = self.failing.names();
        let failing = failing.iter().filter(|name| self.fits(name));
        let failing = match failing.count() {
            0 => String::new(),
            count => format!(", f the {count} that failed"),
        };
        let update = match self.snapshots {
            Mode::ReadOnly => "",
            _ => ", u store outcomes",
        };
        printer.note(&format!(
            "watching{filter}; a all{failing}, t filter{update}, Enter again, q quit{THEN_ENTER}"
        ));
    }

    /// Does what a key asks for.
    pub(super) fn press(&mut self, key: Key, keys: &Keys, printer: &Printer) -> Pressed {
        match key {
            Key::Letter('q') | Key::End => Pressed::Quit,
            Key::Letter('a') => {
                self.filter = None;
                Pressed::Run(Again::Everything)
            }
            Key::Letter('f') => Pressed::Run(Again::Failing),
            Key::Letter('t' | 'p' | '/') => match ask(keys) {
                Some(text) if text.is_empty() => {
                    self.filter = None;
                    Pressed::Run(Again::Everything)
                }
                Some(text) => match Filter::new(&text) {
                    Ok(filter) => {
                        self.filter = Some((text, filter));
                        Pressed::Run(Again::Everything)
                    }
                    Err(what) => {
                        printer.note(&what);
                        self.prompt(true, printer);
                        Pressed::Nothing
                    }
                },
                None => {
                    self.prompt(true, printer);
                    Pressed::Nothing
                }
            },
            Key::Letter('u') if self.snapshots == Mode::ReadOnly => {
                printer.note("snapshots are never written in CI");
                Pressed::Nothing
            }
            Key::Letter('u') => Pressed::Run(Again::Update),
            // Where lines are passed on, Enter only ends them.
            Key::Enter if cfg!(unix) => Pressed::Run(Again::Last),
            _ => Pressed::Nothing,
        }
    }
}

/// Reads a filter from the terminal; `None` when the user thinks better of it.
fn ask(keys: &Keys) -> Option<String> {
    let mut text = String::new();
    // The terminal shows no key by itself; without stderr, the user types blindly.
    let show = |shown: &str| {
        if cfg!(unix) {
            let mut out = streams::stderr();
            let _ = out.write_all(shown.as_bytes()).and_then(|()| out.flush());
        }
    };
    show("part of a name, or a regular expression; Enter alone for all: ");
    loop {
        let key = keys.wait(Duration::from_millis(100));
        if interrupt::wanted() {
            return None;
        }
        match key {
            Some(Key::Enter) => {
                show("\n");
                return Some(text);
            }
            Some(Key::Letter(letter)) if text.chars().count() < LONGEST_FILTER => {
                text.push(letter);
                show(&inline(&letter.to_string()));
            }
            Some(Key::Backspace) if text.pop().is_some() => show("\u{8} \u{8}"),
            Some(Key::Escape | Key::End) => {
                show("\n");
                return None;
            }
            _ => {}
        }
    }
}
