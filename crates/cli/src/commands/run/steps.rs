//! The steps of the user at suspensions, from files and options.

use std::path::{Path, PathBuf};

use postlogin_core::ResumeStep;
use postlogin_project::read_object;
use serde_json::{Map, Value};

use crate::{
    args::{Challenge, RunArguments},
    error::CliError,
    streams,
};

/// Refuses options of which two read stdin: the second would find it empty.
pub(super) fn refuse_two_readers_of_stdin(arguments: &RunArguments) -> Result<(), CliError> {
    let RunArguments {
        event,
        continue_with,
        network,
        ..
    } = arguments;
    let files = [
        &event.event,
        &event.user,
        &event.client,
        &event.rule_context,
        &event.token_response,
    ]
    .into_iter()
    .flatten();
    let readers = files
        .chain(continue_with)
        .chain(&network.http)
        .filter(|file| **file == Path::new("-"));
    if readers.count() > 1 {
        return Err(
            CliError::usage("stdin can be read once, and several options read it")
                .with_hint("write `-` for one of them, and give the others files"),
        );
    }
    Ok(())
}

/// Returns the steps of the user at suspensions: requests to `/continue` and answers to challenges, each kind in its order.
pub(super) fn steps(arguments: &RunArguments) -> Result<Vec<ResumeStep>, CliError> {
    let read = |file: &PathBuf| -> Result<ResumeStep, CliError> {
        let hint = "a /continue request has `query` and `body`, each an object";
        let request = read_object(file, "a /continue request", &mut streams::lines());
        let mut request = request.map_err(|error| {
            let mut shown = CliError::from(error);
            shown.hint.get_or_insert_with(|| hint.into());
            shown
        })?;
        let mut part = |key: &str| match request.remove(key) {
            Some(Value::Object(part)) => Ok(part),
            None => Ok(Map::new()),
            Some(_) => Err(CliError::usage(format!(
                "{}: `{key}` must be an object",
                file.display()
            ))
            .with_hint(hint)),
        };
        let (query, body) = (part("query")?, part("body")?);
        if let Some(unknown) = request.keys().next() {
            return Err(
                CliError::usage(format!("{}: unknown key `{unknown}`", file.display()))
                    .with_hint(hint),
            );
        }
        Ok(ResumeStep::Continue { query, body })
    };
    let requests = arguments.continue_with.iter().map(read);
    let answers = arguments.challenge.iter().map(|answer| {
        Ok(match answer {
            Challenge::Succeed => ResumeStep::ChallengeSucceeded,
            Challenge::Fail => ResumeStep::ChallengeFailed,
        })
    });
    requests.chain(answers).collect()
}
