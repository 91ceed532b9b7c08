//! The signing key and the control token of `serve`: those of the project or, with `--ephemeral`, of this run alone.

use std::{env, fs, io, path::Path};

use postlogin_project::read_small;
use postlogin_tenant::Randomness;
use postlogin_token::KeyPair;

use crate::{
    args::ServeArguments,
    commands::run::{kept_key, project_key},
    error::CliError,
};

/// The key that signs tokens. With `--ephemeral`, that of the project if it has one, else one that is not kept.
pub(super) fn key(
    arguments: &ServeArguments,
    root: &Path,
    folder: &Path,
) -> Result<KeyPair, CliError> {
    if !arguments.ephemeral {
        return project_key(None, root);
    }
    // Where the file is, it is only read.
    if folder.join("signing-key.pem").exists() {
        return kept_key(folder);
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
    folder: &Path,
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
    let file = folder.join("control-token");
    let shown = format!("control API: the token in {}", file.display());
    let found = read_small(&file, &file.display().to_string(), LONGEST_TOKEN)?;
    let found = found.unwrap_or_default();
    let found = found.trim();
    if !found.is_empty() {
        // The file may have come with the project, or be damaged.
        let is_token =
            found.len() >= SHORTEST_TOKEN && found.bytes().all(|it| it.is_ascii_graphic());
        return match is_token {
            true => Ok((found.to_owned(), shown)),
            false => Err(CliError::usage(format!(
                "{}: this is not a token: it needs at least {SHORTEST_TOKEN} printable characters of ASCII, without spaces",
                file.display()
            ))
            .with_hint("remove the file to have a new one made")),
        };
    }
    let token = postlogin_tenant::new_token(&Randomness::System);
    if arguments.ephemeral {
        let shown = format!("control API: the token {token}, of this run alone");
        return Ok((token, shown));
    }
    let failed = |error: io::Error| CliError::unwritable(file.display(), error);
    fs::create_dir_all(folder).map_err(failed)?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut written = options.open(&file).map_err(failed)?;
    io::Write::write_all(&mut written, format!("{token}\n").as_bytes()).map_err(failed)?;
    Ok((token, shown))
}
