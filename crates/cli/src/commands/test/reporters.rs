//! Which reporters write where.

use std::{
    io::{self, IsTerminal},
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use postlogin_core::event::suggest::closest;
use postlogin_runner::report::{
    Format, Human, HumanStyle, People, ReportFile, Reporter, Reporters, StatusLevel, reporter,
};

use crate::{
    args::{self, TestArguments},
    error::CliError,
    printer::Printer,
    repository::below_top,
    streams,
};

/// The reporters of a command.
pub(super) struct Outputs {
    /// Without a file, the reporter writes to stdout; the one for people to stderr if stdout is another's.
    reporters: Vec<(Kind, Option<ReportFile>)>,
    machine_on_stdout: bool,
    level: StatusLevel,
    quiet: bool,
    slowest: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Human,
    Machine(Format),
}

const NAMES: &[(&str, Kind)] = &[
    ("human", Kind::Human),
    ("json", Kind::Machine(Format::Json)),
    ("junit", Kind::Machine(Format::Junit)),
    ("github", Kind::Machine(Format::Github)),
    ("tap", Kind::Machine(Format::Tap)),
];

impl Outputs {
    /// Reads `NAME` or `NAME=FILE`. Without a reporter that writes to the terminal, there is the one for people.
    pub(super) fn new(arguments: &TestArguments) -> Result<Self, CliError> {
        let mut reporters = Vec::new();
        for argument in &arguments.reporter {
            let (name, file) = match argument.split_once('=') {
                Some((name, file)) => (name, Some(file)),
                None => (argument.as_str(), None),
            };
            let kind = kind(name)?;
            let file = file.map(|file| report_file(argument, file)).transpose()?;
            reporters.push((kind, file));
        }
        let on_stdout =
            |(kind, file): &&(Kind, Option<ReportFile>)| file.is_none() && *kind != Kind::Human;
        let machines = reporters.iter().filter(on_stdout).count();
        if machines > 1 {
            return Err(CliError::usage("several reporters write to stdout")
                .with_hint("give all but one a file: --reporter junit=report.xml"));
        }
        let files_only = reporters.iter().all(|(_, file)| file.is_some());
        // Annotations are lines that stand well among others.
        let is_github = |(kind, file): &(Kind, Option<ReportFile>)| {
            file.is_none() && *kind == Kind::Machine(Format::Github)
        };
        let github = reporters.iter().any(is_github);
        let has_human = reporters.iter().any(|(kind, _)| *kind == Kind::Human);
        if files_only || (github && !has_human) {
            reporters.insert(0, (Kind::Human, None));
        }
        Ok(Self {
            reporters,
            machine_on_stdout: machines == 1 && !github,
            level: match (arguments.quiet, arguments.status_level) {
                (true, _) | (_, args::StatusLevel::None) => StatusLevel::None,
                (_, args::StatusLevel::Fail) => StatusLevel::Fail,
                (_, args::StatusLevel::Slow) => StatusLevel::Slow,
                (_, args::StatusLevel::Pass) => StatusLevel::Pass,
                (_, args::StatusLevel::All) => StatusLevel::All,
            },
            quiet: arguments.quiet,
            slowest: arguments.slowest.map_or(0, NonZeroUsize::get),
        })
    }

    /// The reporters, ready for one run.
    pub(super) fn reporters(&self, printer: &Printer) -> Reporters<'static> {
        let make = |(kind, file): &(Kind, Option<ReportFile>)| -> Box<dyn Reporter> {
            match (kind, file) {
                (Kind::Machine(format), Some(file)) => reporter(*format, below_top(), file.clone()),
                (Kind::Machine(format), None) => {
                    reporter(*format, below_top(), io::LineWriter::new(streams::stdout()))
                }
                (Kind::Human, Some(file)) => Box::new(Human::new(
                    People::new(file.clone(), false),
                    io::sink(),
                    self.style(printer, false, false),
                )),
                (Kind::Human, None) => self.human(printer),
            }
        };
        Reporters(self.reporters.iter().map(make).collect())
    }

    fn human(&self, printer: &Printer) -> Box<dyn Reporter> {
        let progress = io::stderr().is_terminal();
        match self.machine_on_stdout {
            true => {
                let style = self.style(printer, printer.color_on_stderr, progress);
                let out = People::new(streams::stderr(), style.color);
                Box::new(Human::new(out, streams::stderr(), style))
            }
            false => {
                let style = self.style(printer, printer.color, progress);
                let out = People::new(io::LineWriter::new(streams::stdout()), style.color);
                Box::new(Human::new(out, streams::stderr(), style))
            }
        }
    }

    fn style(&self, printer: &Printer, color: bool, progress: bool) -> HumanStyle {
        HumanStyle {
            color,
            progress,
            width: printer.width,
            level: self.level,
            quiet: self.quiet,
            slowest: self.slowest,
        }
    }

    /// Whether stdout belongs to a program that reads a report.
    pub(super) fn machine_on_stdout(&self) -> bool {
        self.machine_on_stdout
    }

    /// Writes the files.
    pub(super) fn store(&self) -> Result<(), CliError> {
        for file in self.reporters.iter().filter_map(|(_, file)| file.as_ref()) {
            file.store()
                .map_err(|error| cannot_write(file.path(), &error))?;
        }
        Ok(())
    }
}

fn kind(name: &str) -> Result<Kind, CliError> {
    let known = NAMES.iter().map(|(known, _)| *known);
    match NAMES.iter().find(|(known, _)| *known == name) {
        Some((_, kind)) => Ok(*kind),
        None => {
            let all = known.clone().collect::<Vec<_>>().join(", ");
            Err(
                CliError::usage(format!("--reporter: there is no `{name}`")).with_hint(
                    match closest(name, known) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("reporters are {all}"),
                    },
                ),
            )
        }
    }
}

fn report_file(argument: &str, file: &str) -> Result<ReportFile, CliError> {
    if file.is_empty() {
        return Err(
            CliError::usage(format!("--reporter {argument}: the file is missing"))
                .with_hint("write it as junit=report.xml"),
        );
    }
    let path = PathBuf::from(file);
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder
        && let Err(error) = std::fs::create_dir_all(folder)
    {
        return Err(cannot_write(&path, &error));
    }
    if path.is_dir() {
        return Err(CliError::unwritable(path.display(), "it is a folder"));
    }
    Ok(ReportFile::new(path))
}

fn cannot_write(path: &Path, error: &io::Error) -> CliError {
    CliError::unwritable(path.display(), error)
}
