//! `--report FILE.html`: the page as one file, with the logins of a command inside.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use postlogin_core::{
    ResumeStep, explanation::explain, iso_text, outcome::Outcome, reads::Record, redact::Mask,
};
use postlogin_page::{Entry, Kind, Report, SourceText};
use postlogin_project::{ActionSource, Project, Secret};
use postlogin_runner::{
    closely::requests,
    report::ReportFile,
    texts::{names_of, texts_of},
};
use serde_json::Value;

use super::{again, run::Ready};
use crate::{args::RunArguments, error::CliError, secrets::Hidden};

/// So many names fit into the head of a page.
const MOST_NAMED: usize = 4;

/// Finds out whether a report can be written, before anything runs.
pub(super) fn prepare(file: Option<&Path>) -> Result<Option<PathBuf>, CliError> {
    let Some(file) = file else {
        return Ok(None);
    };
    let refused = |error: &dyn std::fmt::Display| CliError::unwritable(file.display(), error);
    let folder = file.parent();
    if let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|error| refused(&error))?;
    }
    if file.is_dir() {
        return Err(refused(&"it is a folder"));
    }
    // `--report actions/a.js` is a mistake, and the Action would be gone.
    if !is_replaceable(file) {
        return Err(refused(&"it is a file with something else than a report")
            .with_hint("name a new file, as in --report login.html"));
    }
    Ok(Some(file.to_owned()))
}

/// Whether nothing is lost when a report takes the place of what is there: a page, an empty file, or something like a pipe.
fn is_replaceable(file: &Path) -> bool {
    const PAGE: &[u8] = b"<!doctype html";
    if !file.is_file() {
        return true;
    }
    let mut start = Vec::new();
    let limit = PAGE.len() as u64;
    let read = fs::File::open(file).and_then(|file| file.take(limit).read_to_end(&mut start));
    read.is_ok() && (start.is_empty() || start.eq_ignore_ascii_case(PAGE))
}

/// Writes a report, whole or not at all.
pub(super) fn write(file: &Path, report: &Report) -> Result<(), CliError> {
    let html = postlogin_page::report(report);
    let html = html.map_err(|error| CliError::internal(&error.into()))?;
    write_html(file, &html)
}

/// Writes a page, whole or not at all.
pub(super) fn write_html(file: &Path, html: &str) -> Result<(), CliError> {
    let mut out = ReportFile::new(file.to_owned());
    let written: io::Result<()> = out.write_all(html.as_bytes()).and_then(|()| out.store());
    written.map_err(|error| CliError::unwritable(file.display(), error))
}

/// The question that a report answers.
pub(super) struct Asked<'a> {
    /// `run` or `explain`.
    pub(super) command: &'a str,
    pub(super) arguments: &'a RunArguments,
    /// Claims that are asked about.
    pub(super) why: &'a [String],
}

/// Returns the report of one login that was followed. Secrets are out of the outcome already.
pub(super) fn of_login(
    ready: &Ready,
    asked: &Asked<'_>,
    outcome: Outcome,
    record: Record,
) -> Report {
    let Asked {
        command,
        arguments,
        why,
    } = *asked;
    let sites = ready.counters.sites(ready.sources.iter().enumerate());
    let conditions = &ready.prepared.conditions;
    let mut names = why.to_vec();
    names.extend(
        names_of(&sites)
            .into_iter()
            .filter(|name| !why.contains(name)),
    );
    let mut explanation = explain(outcome, record, &names, &sites);
    Hidden::new(&ready.given).explanation(&mut explanation);
    let mask = mask(&ready.given);
    let mut event = ready.prepared.event.clone();
    mask.value(&mut event);
    let trigger = ready.prepared.trigger;
    let usage = explanation.outcome.usage.actions.iter();
    let entry = Entry {
        id: "1".to_owned(),
        kind: Kind::Run,
        name: name_of(&event),
        date: iso_text(ready.started_ms),
        client: part(&event, "/client/name"),
        duration_us: usage.map(|action| action.wall_us).sum(),
        event,
        explanation: Some(explanation),
        coverage: ready.counters.lines(),
        requests: Some(requests(&ready.traffic, &mask)),
        seed: conditions.seed.to_string(),
        arguments: again::arguments(arguments, &ready.given),
        steps: ready
            .prepared
            .steps
            .iter()
            .map(ResumeStep::to_json)
            .collect(),
        ..Entry::default()
    };
    let actions: Vec<&str> = ready.sources.iter().map(|it| it.name.as_str()).collect();
    Report {
        title: title(command, ready.project.as_ref(), &actions),
        entries: vec![entry],
        sources: sources(&ready.sources, &mask, Some(trigger)),
        ..Report::of(command)
    }
}

/// Returns what was run: the project's folder, the command, and the Actions or files by their names.
pub(super) fn title(command: &str, project: Option<&Project>, what: &[&str]) -> String {
    let folder = project.and_then(|project| project.root.file_name());
    let folder = folder.map_or(String::new(), |name| {
        format!("{}: ", name.to_string_lossy())
    });
    let what = match what.len() {
        0 => String::new(),
        1..=MOST_NAMED => format!(" {}", what.join(" ")),
        more => format!(" ({more} Actions)"),
    };
    format!("{folder}postlogin {command}{what}")
}

/// Returns the texts of Actions without secrets.
pub(super) fn sources<'a>(
    sources: impl IntoIterator<Item = &'a ActionSource>,
    mask: &Mask,
    trigger: Option<postlogin_core::Trigger>,
) -> Vec<SourceText> {
    let mut texts = texts_of(sources.into_iter().map(|source| (trigger, source)));
    for source in &mut texts {
        mask.text(&mut source.text);
    }
    texts
}

pub(super) fn mask(secrets: &[Secret]) -> Mask {
    let values: Vec<&str> = secrets.iter().map(|secret| secret.value.as_str()).collect();
    Mask::of(&values)
}

pub(super) fn part(event: &Value, pointer: &str) -> String {
    let found = event.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_default().to_owned()
}

/// Returns the name of an event's user for people.
pub(super) fn name_of(event: &Value) -> String {
    let keys = ["email", "name", "nickname", "user_id"];
    let mut found = keys.iter().map(|key| part(event, &format!("/user/{key}")));
    found.find(|name| !name.is_empty()).unwrap_or_default()
}
