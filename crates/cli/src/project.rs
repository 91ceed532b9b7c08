//! The project that a command works on, and what users should know about it.

use std::path::{Path, PathBuf};

use postlogin_core::escape::inline;
use postlogin_project::{Error, Project, admit_argument, display_path};

use crate::{error::CliError, printer::Printer};

/// So many of its notices are printed.
const MOST: usize = 20;

/// The project and the Actions found from the folder that a command was started in.
pub(crate) struct Found {
    /// The project that the folder is in, else the only one below it.
    pub(crate) project: Option<Project>,
    /// Without a project, the folders of several that are below.
    pub(crate) below: Vec<PathBuf>,
}

impl Found {
    /// Returns how to name one of the projects below, if there are some.
    pub(crate) fn hint(&self, here: &Path) -> Option<String> {
        let shown: Vec<String> = self
            .below
            .iter()
            .take(5)
            .map(|folder| inline(&display_path(folder, here)).into_owned())
            .collect();
        let more = match self.below.len() > shown.len() {
            true => ", …",
            false => "",
        };
        (!shown.is_empty()).then(|| {
            format!(
                "projects are in {}{more}; choose one with `-C FOLDER`",
                shown.join(", ")
            )
        })
    }
}

/// Finds the project, and reports what of it is left out.
pub(crate) fn find(here: &Path, printer: &Printer) -> Result<Found, CliError> {
    let (project, below) = Project::find(here)?;
    if let Some(project) = &project {
        report(project, printer);
    }
    Ok(Found { project, below })
}

/// As [`find`], for what `named` names: files and folders that are there have nothing to do with a project below.
pub(crate) fn find_for(
    named: &[String],
    here: &Path,
    printer: &Printer,
) -> Result<Found, CliError> {
    let is_there = |argument: &String| here.join(argument).exists();
    if named.is_empty() || !named.iter().all(is_there) {
        return find(here, printer);
    }
    let project = Project::discover(here)?;
    if let Some(project) = &project {
        report(project, printer);
    }
    Ok(Found {
        project,
        below: Vec::new(),
    })
}

/// The project alone.
pub(crate) fn discover(here: &Path, printer: &Printer) -> Result<Option<Project>, CliError> {
    find(here, printer).map(|found| found.project)
}

/// The project whose folder an argument names.
pub(crate) fn named(
    argument: &str,
    here: &Path,
    printer: &Printer,
) -> Result<Option<Project>, CliError> {
    let folder = here.join(argument);
    admit_argument(&folder, argument)?;
    if !folder.is_dir() {
        return Ok(None);
    }
    let found = Project::discover(&folder)?;
    let is_it = |project: &Project| {
        let same = |one: &Path| one.canonicalize().ok() == folder.canonicalize().ok();
        same(&project.root) || same(&project.home)
    };
    let found = found.filter(is_it);
    if let Some(project) = &found {
        report(project, printer);
    }
    Ok(found)
}

/// Prints warnings about what of a project could not be read, and what was read in another way. One that the command fails
/// of at once is its error alone.
pub(crate) fn report(project: &Project, printer: &Printer) {
    let remarks = &project.remarks;
    let broken = remarks.broken.iter().map(|broken| &broken.error);
    let all: Vec<&Error> = broken.chain(&remarks.notices).collect();
    let mut last_hint = None;
    for error in all.iter().take(MOST) {
        let hint = error
            .hint
            .as_deref()
            .filter(|hint| last_hint != Some(*hint));
        printer.warning_unless_error(&error.sentence(), hint);
        last_hint = hint.or(last_hint);
    }
    if let Some(more) = all.len().checked_sub(MOST).filter(|more| *more > 0) {
        printer.warning(&format!("and {more} more about this project"));
    }
}
