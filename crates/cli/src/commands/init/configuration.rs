//! A `postlogin.toml` for Actions that no export describes.

use std::{collections::HashSet, fmt::Write, path::Path};

use postlogin_core::Trigger;
use postlogin_project::{ActionSource, Allowance, Project, actions_below, display_path};
use postlogin_runner::trigger_of;

use super::files::Files;
use crate::{error::CliError, printer::Printer};

const FILE: &str = "postlogin.toml";

/// Names the folder of the Terraform files, if the project consists of some.
pub(super) fn of_terraform(project: &Project, files: &mut Files) -> Result<(), CliError> {
    let is_terraform = |path: &&std::path::PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".tf") || name.ends_with(".tf.json")
    };
    let has_file = project.home.join(FILE).is_file();
    if has_file
        || !project
            .configuration_files
            .iter()
            .any(|path| is_terraform(&path))
    {
        return Ok(());
    }
    let text = "# The tenant is described by the Terraform files of this folder.\nexport = \".\"\n";
    files.new_file(FILE, text).map(drop)
}

/// Lists the Actions below a folder that is not a project. Returns whether any were found.
pub(super) fn of_loose_actions(
    home: &Path,
    files: &mut Files,
    printer: &Printer,
) -> Result<bool, CliError> {
    let mut sources = Vec::new();
    for found in actions_below(home, home, None, &mut Allowance::default()) {
        match found {
            Ok(source) => sources.push(source),
            Err(error) => printer.warning(&error.sentence()),
        }
    }
    if sources.is_empty() {
        return Ok(false);
    }
    files.new_file(FILE, &text(&sources, home)).map(|_| true)
}

fn text(sources: &[ActionSource], home: &Path) -> String {
    let mut names = HashSet::new();
    let mut bound = Vec::new();
    let mut tables = String::new();
    for source in sources {
        let postlogin_project::ActionKind::Script { path, .. } = &source.kind else {
            continue;
        };
        let code = display_path(path, home);
        let mut name = source.name.clone();
        if !names.insert(name.clone()) {
            // By its folders, which no other has.
            name = code
                .rsplit_once('.')
                .map_or(code.as_str(), |(stem, _)| stem)
                .to_owned();
            names.insert(name.clone());
        }
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        if matches!(trigger_of(source), Ok(Trigger::PostLogin)) {
            bound.push(quoted(&name));
        }
        // Writing to a String does not fail.
        let _ = writeln!(
            tables,
            "\n[actions.{}]\ncode = {}",
            quoted(&name),
            quoted(&code)
        );
    }
    let mut text = String::from(
        "# The Actions of this repository. `secrets` and `dependencies` of an Action may be listed as well.\n",
    );
    if !bound.is_empty() {
        let _ = writeln!(
            text,
            "# The order in which a login runs them: put them into that of your tenant.\nbinding = [{}]",
            bound.join(", ")
        );
    }
    text + &tables
}
