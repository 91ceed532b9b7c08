//! The key that signs tokens.

use std::{
    fmt::Display,
    fs::File,
    io::{self, Read},
    path::Path,
};

use postlogin_core::outcome::Outcome;
use postlogin_project::{Project, keep_out_of_git};
use postlogin_token::{KeyPair, Marks, StoreError};
use serde_json::{Map, Value};

use crate::{
    args::RunArguments,
    error::{self, CliError},
    printer::Printer,
    state::State,
};

/// So many bytes of a key file are read. A key of 16,384 bits has 13 kB.
const LARGEST_KEY: u64 = 64 << 10;

/// Returns the key that was given, or that of the project (of this folder, outside a project).
pub(super) fn key(
    arguments: &RunArguments,
    here: &Path,
    project: Option<&Project>,
    printer: &Printer,
) -> Result<KeyPair, CliError> {
    if let Some(file) = &arguments.key {
        let failed = |error: &dyn Display| CliError::usage(format!("{}: {error}", file.display()));
        let mut pem = String::new();
        let read = |file: File| file.take(LARGEST_KEY).read_to_string(&mut pem);
        File::open(file)
            .and_then(read)
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => {
                    failed(&"the file does not exist").with_hint(error::hint_on_missing(file))
                }
                _ => failed(&error),
            })?;
        return KeyPair::from_pem(&pem).map_err(|error| {
            let shown = failed(&error);
            match error.hint() {
                Some(hint) => shown.with_hint(hint),
                None => shown,
            }
        });
    }
    let root = project.map_or(here, |project| project.root.as_path());
    let state = State::of(root, true)?;
    let key = project_key(&state)?;
    state.warn_if_unmarked(printer);
    Ok(key)
}

/// Returns the key of a state folder, which is made if there is none.
pub(in crate::commands) fn project_key(state: &State) -> Result<KeyPair, CliError> {
    let key = kept_key(state, &state.marks).map_err(|error| unusable(&error))?;
    keep_out_of_git(&state.folder);
    Ok(key)
}

/// Does the same with other marks, and does not keep it out of git.
pub(in crate::commands) fn kept_key(state: &State, marks: &Marks) -> Result<KeyPair, StoreError> {
    postlogin_token::load_or_create(&state.file("signing-key.pem"), marks)
}

/// Returns the error about a key that cannot be used.
pub(in crate::commands) fn unusable(error: &StoreError) -> CliError {
    let shown = CliError::usage(error.to_string());
    match error.hint() {
        Some(hint) => shown.with_hint(hint),
        None => shown,
    }
}

/// Adds the signed tokens to an outcome.
pub(super) fn sign(outcome: &mut Outcome, key: &KeyPair) -> Result<(), CliError> {
    let sign = |claims: &Map<String, Value>| {
        key.sign("JWT", claims)
            .map_err(|error| CliError::internal(&anyhow::Error::new(error)))
    };
    if !outcome.id_token.claims.is_empty() {
        outcome.id_token.jwt = Some(sign(&outcome.id_token.claims)?);
    }
    if !outcome.access_token.claims.is_empty() {
        outcome.access_token.jwt = Some(sign(&outcome.access_token.claims)?);
    }
    Ok(())
}
