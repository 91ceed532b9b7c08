//! The reports of `--coverage`.

use std::path::{Path, PathBuf};

use postlogin_js::coverage::{self, FileCoverage};
use postlogin_project::{ActionKind, Project};
use postlogin_runner::{SourceMaps, output::write_output_in_folder};

use crate::{error::CliError, printer::Printer};

/// The reports that were asked for.
pub(super) struct Reports {
    is_wanted: bool,
    files: Vec<(Form, PathBuf)>,
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Lcov,
    Html,
}

impl Reports {
    /// Reads `text`, `lcov:FILE` and `html:FILE`; the table is printed whatever else is asked for.
    pub(super) fn new(arguments: &[String]) -> Result<Self, CliError> {
        let mut files = Vec::new();
        for argument in arguments.iter().filter(|argument| *argument != "text") {
            let form = match argument.split_once(':') {
                Some(("lcov", file)) if !file.is_empty() => (Form::Lcov, file.into()),
                Some(("html", file)) if !file.is_empty() => (Form::Html, file.into()),
                _ => {
                    let message = format!("--coverage={argument}: unknown report");
                    return Err(CliError::usage(message).with_hint(
                        "write --coverage, --coverage=lcov:FILE or --coverage=html:FILE",
                    ));
                }
            };
            files.push(form);
        }
        Ok(Self {
            is_wanted: !arguments.is_empty(),
            files,
        })
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.is_wanted
    }

    /// Prints the table, to stderr when stdout is another's, and writes the files.
    pub(super) fn write(
        &self,
        found: &[FileCoverage],
        is_stdout_taken: bool,
        printer: &Printer,
    ) -> Result<(), CliError> {
        let table = coverage::text(found);
        if is_stdout_taken {
            printer.note(table.trim_end());
        } else {
            printer.data(|out| write!(out, "\n{table}"))?;
        }
        for (form, file) in &self.files {
            let text = match form {
                Form::Lcov => coverage::lcov(found),
                Form::Html => coverage::html(found),
            };
            let written = write_output_in_folder(file, text.as_bytes());
            written.map_err(|error| CliError::unwritable(file.display(), error))?;
        }
        Ok(())
    }
}

/// Adds the scripts of the project that no case loaded: nothing of them ran.
pub(super) fn add_unloaded(found: &mut Vec<FileCoverage>, here: &Path) -> Result<(), CliError> {
    let (Some(project), _) = Project::find(here)? else {
        return Ok(());
    };
    let actions = project.actions.iter();
    let actions = actions.map(|action| project.source(action, here));
    let rules = project.enabled_rules().into_iter();
    let rules = rules.map(|rule| project.rule_source(rule, here));
    let mut maps = SourceMaps::default();
    let mut kept = Vec::new();
    // A file that cannot be read is left out of the report.
    for source in actions.chain(rules).flatten() {
        let file = &source.display_path;
        if let ActionKind::Script { text, .. } = &source.kind {
            let map = maps.of(&source).map;
            kept.extend(map.clone());
            let all = coverage::nothing_ran(file, text, map);
            // A file that was built into several may be known already.
            let is_new = |one: &FileCoverage| found.iter().all(|known| known.file != one.file);
            let new: Vec<FileCoverage> = all.into_iter().filter(is_new).collect();
            found.extend(new);
        }
    }
    found.sort_by(|one, other| one.file.cmp(&other.file));
    Ok(())
}
