//! The initial data of `serve`: `--users`, `--seed` and `--callback`.

use postlogin_project::{Format, TenantData, read_users_text};
use postlogin_tenant::{SeedFile, SeedUser, callback_problem, read_seed, read_users};

use crate::{args::ServeArguments, error::CliError, printer::Printer};

/// Checks the addresses of `--callback`.
///
/// # Errors
/// For the first one that no browser could be sent to.
pub(super) fn check_callbacks(callbacks: &[String]) -> Result<(), CliError> {
    let wrong = callbacks.iter().find_map(|it| callback_problem(it));
    wrong.map_or(Ok(()), |problem| {
        Err(CliError::usage(format!("--callback: {problem}"))
            .with_hint("write the whole URL, such as http://localhost:3000/callback"))
    })
}

/// Reads the users and the seeds. What they refer to may be in `base`, the export.
///
/// # Errors
/// For the last mistake of a file; those before it are printed.
pub(super) fn read(
    arguments: &ServeArguments,
    base: &TenantData,
    printer: &Printer,
) -> Result<SeedFile, CliError> {
    let mut all = SeedFile {
        users: users(arguments)?,
        data: TenantData::default(),
    };
    let mut known = base.clone();
    for file in &arguments.data.seed {
        let shown = file.display().to_string();
        let text = read_users_text(file, &shown)?;
        let read = read_seed(&shown, &text, Format::of(file), &known).map_err(|mut errors| {
            let last = errors.pop();
            for error in errors {
                printer.error(&error.into());
            }
            last.map_or_else(
                || CliError::usage(format!("{shown}: the seed cannot be read")),
                CliError::from,
            )
        })?;
        known.extend(&read.data);
        all.users.extend(read.users);
        all.data.extend(&read.data);
    }
    Ok(all)
}

fn users(arguments: &ServeArguments) -> Result<Vec<SeedUser>, CliError> {
    let mut users = Vec::new();
    for file in &arguments.data.users {
        let shown = file.display().to_string();
        let text = read_users_text(file, &shown)?;
        let read = read_users(&shown, text).map_err(|error| {
            CliError::usage(error.to_string()).with_hint(
                "write the vendor's import format: a JSON array, or one object on each line; at most 96 MiB, 250,000 users, and 2 MiB for each",
            )
        })?;
        users.extend(read);
    }
    Ok(users)
}
