//! `--http`, `--record` and `--allow-net`: what answers the requests of a login.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use postlogin_core::redact::Mask;
use postlogin_host::{
    Door, LiveDoor, Mock, MockDoor, Recorder, Recording,
    live::{HostName, Hosts},
    mock::to_yaml,
    network::Closed,
    record::{HEADER, RECORDED_BYTES, RECORDED_EXCHANGES},
};
use postlogin_project::{Secret, read_list};
use postlogin_runner::output::write_output;

use crate::{args::NetworkArguments, error::CliError, printer::Printer, streams};

/// The answers to the requests of a login, and the record of them.
pub(crate) struct Network {
    /// Where requests go.
    pub(crate) door: Arc<dyn Door>,
    recording: Option<(PathBuf, Arc<Recorder>)>,
}

/// The door that the options ask for. Without any, it is closed.
pub(crate) fn network(
    arguments: &NetworkArguments,
    timeout: Duration,
) -> Result<Network, CliError> {
    let mocks = mocks(&arguments.http)?;
    if let Some(file) = &arguments.record {
        refuse_to_overwrite(file, &arguments.http)?;
    }
    let live: Option<Arc<dyn Door>> = match hosts(arguments)? {
        Some(hosts) => Some(Arc::new(LiveDoor::new(hosts, timeout))),
        None => None,
    };
    let (live, recording) = match (live, &arguments.record) {
        (Some(live), Some(file)) => {
            let recorder = Arc::new(Recorder::new(live));
            let door: Arc<dyn Door> = Arc::clone(&recorder) as Arc<dyn Door>;
            (Some(door), Some((file.clone(), recorder)))
        }
        (live, _) => (live, None),
    };
    let door: Arc<dyn Door> = match (arguments.http.is_empty(), live) {
        (true, None) => Arc::new(Closed),
        (true, Some(live)) => live,
        (false, None) => Arc::new(MockDoor::new(mocks)),
        (false, Some(live)) => Arc::new(MockDoor::new(mocks).or_else(live)),
    };
    Ok(Network { door, recording })
}

impl Network {
    /// Writes the recording, if there is to be one.
    pub(crate) fn write_recording(
        &self,
        given: &[Secret],
        printer: &Printer,
    ) -> Result<(), CliError> {
        let Some((file, recorder)) = &self.recording else {
            return Ok(());
        };
        let secrets: Vec<&str> = given.iter().map(|secret| secret.value.as_str()).collect();
        let recording = recorder.recording(&Mask::of(&secrets));
        let mocks = &recording.mocks;
        let list = match mocks.is_empty() {
            true => "[]\n".to_owned(),
            false => to_yaml(mocks),
        };
        write_output(file, format!("{HEADER}\n{list}").as_bytes())
            .map_err(|error| CliError::unwritable(file.display(), error))?;
        let count = match mocks.len() {
            1 => "1 exchange".to_owned(),
            count => format!("{count} exchanges"),
        };
        printer.note(&format!("recorded {count} in {}", file.display()));
        for note in remarks(&recording) {
            printer.note(&note);
        }
        Ok(())
    }
}

/// Returns what the user should know before the file is committed: what was masked, what could not be looked into, and
/// what is missing.
fn remarks(recording: &Recording) -> Vec<String> {
    let mut notes = Vec::new();
    if recording.masked > 0 {
        let count = match recording.masked {
            1 => "1 value".to_owned(),
            count => format!("{count} values"),
        };
        let places = listed(&recording.places);
        notes.push(format!("masked {count} as ***: {places}"));
    }
    if !recording.unread.is_empty() {
        let bodies = listed(&recording.unread);
        notes.push(format!(
            "bodies that were not searched for credentials: {bodies}"
        ));
    }
    if recording.dropped > 0 {
        notes.push(format!(
            "{} of the exchanges are not in the recording: it is limited to {RECORDED_EXCHANGES} exchanges and {} MiB",
            recording.dropped,
            RECORDED_BYTES >> 20
        ));
    }
    notes
}

/// The first of them, and how many more there are.
fn listed(places: &[String]) -> String {
    const SHOWN: usize = 20;
    let shown = places
        .iter()
        .take(SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match places.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}

pub(crate) fn mocks(files: &[PathBuf]) -> Result<Vec<Mock>, CliError> {
    let mut mocks = Vec::new();
    for file in files {
        // Before stdin is read, which it is only for `-`.
        let recorded = is_recording(file);
        let read = read_list::<Mock>(file, "http", "a mock file", &mut streams::lines());
        mocks.extend(read?.into_iter().map(|mock| Mock { recorded, ..mock }));
    }
    Ok(mocks)
}

/// Whether a file begins as a recording does.
fn is_recording(file: &Path) -> bool {
    let mut start = Vec::new();
    let begins = |file: fs::File| file.take(HEADER.len() as u64).read_to_end(&mut start);
    file.is_file() && fs::File::open(file).and_then(begins).is_ok() && start == HEADER.as_bytes()
}

/// The hosts that live requests may go to; `None` when none may go out.
fn hosts(arguments: &NetworkArguments) -> Result<Option<Hosts>, CliError> {
    let Some(names) = &arguments.allow_net else {
        return Ok(arguments.record.is_some().then_some(Hosts::Public));
    };
    let names = names.iter().filter(|name| !name.is_empty());
    let names = names.map(|name| {
        HostName::parse(name).map_err(|problem| {
            CliError::usage(format!("--allow-net: {problem}"))
                .with_hint("write hosts as in --allow-net=api.example.com,localhost:3000")
        })
    });
    let names: Vec<HostName> = names.collect::<Result<_, _>>()?;
    Ok(Some(if names.is_empty() {
        Hosts::Public
    } else {
        Hosts::Named(names)
    }))
}

/// A recording may replace a recording, and nothing else.
fn refuse_to_overwrite(file: &Path, mocks: &[PathBuf]) -> Result<(), CliError> {
    if mocks.iter().any(|mock| mock == file) {
        return Err(CliError::usage(format!(
            "{}: it cannot be replayed and recorded at once",
            file.display()
        ))
        .with_hint("record into another file"));
    }
    // The beginning is enough.
    let mut text = Vec::new();
    let begins = |file: fs::File| file.take(HEADER.len() as u64).read_to_end(&mut text);
    match fs::File::open(file).and_then(begins) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(CliError::usage(format!("{}: {error}", file.display()))),
    }
    if text.is_empty() || text.starts_with(HEADER.as_bytes()) {
        return Ok(());
    }
    Err(CliError::usage(format!(
        "{}: the file exists and is not a recording of postlogin",
        file.display()
    ))
    .with_hint("record into another file, or remove this one"))
}
