//! The key that signs tokens.

use std::{
    fmt::Display,
    fs::File,
    io::{self, Read},
    path::Path,
};

use postlogin_core::outcome::Outcome;
use postlogin_project::{Project, keep_out_of_git, state_folder};
use postlogin_token::KeyPair;
use serde_json::{Map, Value};

use crate::{
    args::RunArguments,
    error::{self, CliError},
};

/// So many bytes of a key file are read. A key of 16,384 bits has 13 kB.
const LARGEST_KEY: u64 = 64 << 10;

/// Returns the key that was given, or that of the project (of this folder, outside a project).
pub(super) fn key(
    arguments: &RunArguments,
    here: &Path,
    project: Option<&Project>,
) -> Result<KeyPair, CliError> {
    if let Some(file) = &arguments.key {
        let failed = |error: &dyn Display| CliError::usage(format!("{}: {error}", file.display()));
        let mut pem = String::new();
        let read = |file: File| file.take(LARGEST_KEY).read_to_string(&mut pem);
        File::open(file)
            .and_then(read)
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => {
                    failed(&"there is no such file").with_hint(error::hint_on_missing(file))
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
    project_key(project, here)
}

/// Returns the key of the project, or of a folder outside of any.
pub(in crate::commands) fn project_key(
    project: Option<&Project>,
    here: &Path,
) -> Result<KeyPair, CliError> {
    let root = project.map_or(here, |project| project.root.as_path());
    let folder = state_folder(root)?;
    let key = kept_key(&folder)?;
    keep_out_of_git(&folder);
    Ok(key)
}

/// Returns the key of a state folder, which is made if there is none.
pub(in crate::commands) fn kept_key(folder: &Path) -> Result<KeyPair, CliError> {
    let key = postlogin_token::load_or_create(&folder.join("signing-key.pem"));
    key.map_err(|error| {
        let shown = CliError::usage(error.to_string());
        match error.hint() {
            Some(hint) => shown.with_hint(hint),
            None => shown,
        }
    })
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
