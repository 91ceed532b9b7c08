//! Scripts of custom social connections: those of an export, and single files.
//!
//! <https://auth0.com/docs/authenticate/identity-providers/social-identity-providers/oauth2>

use std::path::{Path, PathBuf};

use postlogin_core::event::suggest::closest;
use serde_json::{Map, Value};

use crate::action::{ActionKind, ActionSource, Role};
use crate::door::{Boundary, LARGEST_COMPONENT, read_named};
use crate::files::{configured_path, decode, display_path, extension, file_stem, normalize};
use crate::project::Project;
use crate::{Error, Result};

/// The script `fetchUserProfile` of the connection that `argument` names: a `.js` file, or a connection of the project. The
/// name of the source is that of the connection.
///
/// # Errors
/// When there is no such connection, or it has no such script.
pub fn connection_source(
    argument: &str,
    working_folder: &Path,
    project: Option<&Project>,
) -> Result<ActionSource> {
    connection_source_from(argument, working_folder, working_folder, project, None)
}

/// As [`connection_source`], for an argument that is relative to `base`; names that are shown stay relative to
/// `working_folder`. An argument that a file of a project contains stays `within` it.
///
/// # Errors
/// As [`connection_source`].
pub fn connection_source_from(
    argument: &str,
    base: &Path,
    working_folder: &Path,
    project: Option<&Project>,
    within: Option<&Boundary>,
) -> Result<ActionSource> {
    let path = normalize(&base.join(argument));
    if extension(&path) == "js" {
        let shown = display_path(&path, working_folder);
        if let Some(within) = within {
            within.admit_argument(&path, argument)?;
        }
        crate::door::admit_argument(&path, argument)?;
        if !path.exists() {
            // Whoever names it says where.
            return Err(Error::new(format!("no such file: `{shown}`")));
        }
        let bytes = match within {
            Some(within) => within.read(&path, &shown)?,
            None => read_named(&path, &shown, LARGEST_COMPONENT)?,
        };
        let text = decode(bytes, &shown)?;
        return Ok(source(file_stem(&path), text, &path, shown, project));
    }
    let connections = project.map_or(&[][..], |project| &project.tenant.connections);
    let name_of = |connection: &Value| {
        let name = connection.get("name").and_then(Value::as_str);
        name.unwrap_or_default().to_owned()
    };
    let Some(connection) = connections.iter().find(|it| name_of(it) == argument) else {
        let error = Error::new(format!("unknown connection `{argument}`"));
        let names: Vec<String> = connections.iter().map(name_of).collect();
        return Err(match closest(argument, names.iter().map(String::as_str)) {
            Some(near) => error.with_hint(format!("did you mean `{near}`?")),
            None => error.with_hint("name one of the export's connections/, or a .js file"),
        });
    };
    let script = connection.pointer("/options/scripts/fetchUserProfile");
    let Some(text) = script.and_then(Value::as_str) else {
        let error = Error::new(format!(
            "the connection `{argument}` has no fetchUserProfile"
        ));
        return Err(error.with_hint("only custom social connections (strategy `oauth2`) have one"));
    };
    let root = project.map_or(working_folder, |project| project.root.as_path());
    if let Some(path) = script_file(text, root) {
        let shown = display_path(&path, root);
        let text = Boundary::around(root).read_text(&path, &shown)?;
        return Ok(source(argument.to_owned(), text, &path, shown, project));
    }
    let shown = format!("connections/{argument}/fetchUserProfile.js");
    let path = root.join("connections").join("fetchUserProfile.js");
    Ok(source(
        argument.to_owned(),
        text.to_owned(),
        &path,
        shown,
        project,
    ))
}

/// The file of a script that is named instead of written: relative to `connections/`, or to the project.
fn script_file(text: &str, root: &Path) -> Option<PathBuf> {
    let name = text.trim();
    if name.contains('\n') || extension(Path::new(name)) != "js" {
        return None;
    }
    let folders = [root.join("connections"), root.to_owned()];
    let mut files = folders.iter().map(|folder| configured_path(folder, name));
    files.find(|file| file.is_file())
}

fn source(
    name: String,
    text: String,
    path: &Path,
    display_path: String,
    project: Option<&Project>,
) -> ActionSource {
    ActionSource {
        name,
        kind: ActionKind::Script {
            path: path.to_owned(),
            text: text.into(),
        },
        display_path,
        declared: None,
        declared_in: None,
        root: path.parent().map(Path::to_owned).unwrap_or_default(),
        modules: Vec::new(),
        mocks: Vec::new(),
        role: Role::Connection,
        configuration: project.map_or_else(Map::new, |project| project.rules_configs.clone()),
    }
}
