//! The signing key and the control token of `serve`: those of the project or, with `--ephemeral`, of this run alone.

use std::env;

use postlogin_project::read_small;
use postlogin_tenant::Randomness;
use postlogin_token::{KeyPair, Marks, StoreError, TRUST_STATE, foreign, publish};

use crate::{
    args::ServeArguments,
    commands::run::{kept_key, project_key, unusable},
    error::CliError,
    printer::Printer,
    state::State,
};

/// The key that signs tokens. With `--ephemeral`, that of the project if it has one, else one that is not kept.
pub(super) fn key(
    arguments: &ServeArguments,
    state: &State,
    printer: &Printer,
) -> Result<KeyPair, CliError> {
    if !arguments.ephemeral {
        return project_key(state);
    }
    // Where the file is, it is only read.
    if state.file("signing-key.pem").exists() {
        // It marks nothing either.
        let marks = match state.marks.accepts_all() {
            true => &Marks::accept_all(),
            false => &state.marks,
        };
        match kept_key(state, marks) {
            // This run does not depend on it.
            Err(error @ StoreError::Foreign(_)) => {
                printer.warning(&format!("{error}; this run has a key of its own"));
            }
            kept => return kept.map_err(|error| unusable(&error)),
        }
    }
    KeyPair::generate(postlogin_token::Randomness::System)
        .map_err(|error| CliError::internal(&error.into()))
}

/// The shortest token in a file, in characters.
const SHORTEST_TOKEN: usize = 8;
/// The largest file with a token, in bytes.
const LONGEST_TOKEN: u64 = 4 << 10;

/// The token of the control API and where to find it: from the option, from the environment, or made once per project.
/// It is printed only if it ends with the process and is found nowhere else.
pub(super) fn control_token(
    arguments: &ServeArguments,
    state: &State,
    printer: &Printer,
) -> Result<(String, String), CliError> {
    if let Some(token) = &arguments.control_token {
        return Ok((
            token.clone(),
            "control API: the token of --control-token".into(),
        ));
    }
    if let Some(token) = env::var("POSTLOGIN_CONTROL_TOKEN")
        .ok()
        .filter(|token| !token.is_empty())
    {
        return Ok((
            token,
            "control API: the token of POSTLOGIN_CONTROL_TOKEN".into(),
        ));
    }
    let file = state.file("control-token");
    let shown = format!("control API: the token in {}", file.display());
    let read = || read_small(&file, &file.display().to_string(), LONGEST_TOKEN);
    let found = read()?;
    let is_there = found.is_some();
    let found = found.unwrap_or_default();
    let found = found.trim();
    if !found.is_empty() {
        // The file may have come with the project, or be damaged.
        let is_token =
            found.len() >= SHORTEST_TOKEN && found.bytes().all(|it| it.is_ascii_graphic());
        if !is_token {
            return Err(CliError::usage(format!(
                "{}: this is not a token: it needs at least {SHORTEST_TOKEN} printable characters of ASCII, without spaces",
                file.display()
            ))
            .with_hint("remove the file to have a new one made"));
        }
        if state.marks.accepts_control_token(found) {
            return Ok((found.to_owned(), shown));
        }
        if !arguments.ephemeral {
            return Err(CliError::usage(foreign(&file)).with_hint(format!(
                "remove it to have a new token made, pass yours in POSTLOGIN_CONTROL_TOKEN, or accept the files of this folder with {TRUST_STATE}=1"
            )));
        }
        // This run does not depend on it.
        printer.warning(&format!(
            "{}; this run has a token of its own",
            foreign(&file)
        ));
    }
    let token = postlogin_tenant::new_token(&Randomness::System);
    if arguments.ephemeral {
        let shown = format!("control API: the token {token}, of this run alone");
        return Ok((token, shown));
    }
    let failed = |error| CliError::unwritable(file.display(), error);
    let token = state.marks.control_token(&token);
    if is_there {
        // It was empty: a process that died may have left it.
        std::fs::remove_file(&file).map_err(failed)?;
    }
    publish(&file, &format!("{token}\n")).map_err(failed)?;
    // Not the new one: another process may have been first.
    let token = read()?.map_or(token, |found| found.trim().to_owned());
    Ok((token, shown))
}
