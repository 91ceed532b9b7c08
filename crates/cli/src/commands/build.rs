//! `postlogin build`.

use std::{env, fs, io, path::PathBuf};

use postlogin_engine::Allocation;
use postlogin_project::Project;

use crate::{
    action::{compiler, find},
    args::BuildArguments,
    error::{CliError, SUCCESS},
    printer::Printer,
};

pub(crate) fn build(arguments: &BuildArguments, printer: &Printer) -> Result<u8, CliError> {
    let here = env::current_dir()
        .map_err(|error| CliError::usage(format!("there is no working folder: {error}")))?;
    let project = Project::discover(&here)?;
    let source = find(&arguments.action, &here, project.as_ref())?;
    let component = compiler(Allocation::OnDemand, printer)?.build(&source)?;
    let file = arguments
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("{}.wasm", file_stem(&source.name))));
    fs::write(&file, &component).map_err(|error| {
        let shown = CliError::unwritable(file.display(), &error);
        match error.kind() {
            io::ErrorKind::NotFound => shown.with_hint("make the folder first"),
            _ => shown,
        }
    })?;
    let megabytes = component.len() as f64 / 1e6;
    printer.note(&format!("wrote {} ({megabytes:.1} MB)", file.display()));
    Ok(SUCCESS)
}

/// A name as a file name on every system.
fn file_stem(name: &str) -> String {
    let allowed = |letter: char| {
        if letter.is_alphanumeric() || "-_. ".contains(letter) {
            letter
        } else {
            '-'
        }
    };
    let stem: String = name.chars().map(allowed).collect();
    if stem.trim_matches('.').is_empty() {
        "action".into()
    } else {
        stem
    }
}

#[cfg(test)]
mod tests {
    use super::file_stem;

    #[test]
    fn names_become_file_names() {
        for (name, stem) in [
            ("copy-user-metadata", "copy-user-metadata"),
            ("a/b\\c:d", "a-b-c-d"),
            ("..", "action"),
            ("", "action"),
        ] {
            assert_eq!(file_stem(name), stem);
        }
    }
}
