//! Names of files inside the sandbox, and the files that they stand for.
//!
//! The files that an Action can reach are decided by where they really are, never by what they are called: a repository can
//! contain a symbolic link `node_modules -> /`.

use std::{
    io,
    path::{Component, Path, PathBuf},
};

/// Where the Action lies inside the sandbox. The guest names it, too.
const HOME: &str = "/home/action";
/// The name of the project inside the sandbox, for packages that `node_modules` only links to.
const WORKSPACE: &str = "/home/action/workspace";
/// The folder that Node searches for packages.
const NODE_MODULES: &str = "node_modules";
/// The files of a workspace package that Node loads.
const LOADED: &[&str] = &["js", "cjs", "mjs", "json"];

/// The folders that may be read, and the names that they have inside.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// A `node_modules` folder without symbolic links in its path, and its name inside.
    roots: Vec<(PathBuf, String)>,
    /// The repository or workspace around the Action, without symbolic links in its path.
    project: Option<PathBuf>,
    /// `node_modules` that are links out of the project, with what they lead to.
    refused: Vec<(PathBuf, PathBuf)>,
}

impl Places {
    /// Finds the `node_modules` folders of `folder` and of those around it. `folder` has no symbolic links in its path.
    pub(super) fn around(folder: &Path) -> Self {
        let project = project_of(folder);
        let mut places = Self {
            project: Some(project.clone()),
            ..Self::default()
        };
        for above in folder.ancestors() {
            let link = above.join(NODE_MODULES);
            let Ok(root) = link.canonicalize() else {
                continue;
            };
            let around = root.parent().unwrap_or(Path::new(""));
            let is_searched = folder.starts_with(around) || root.starts_with(&project);
            let is_one = root.file_name().is_some_and(|name| name == NODE_MODULES);
            if !root.is_dir() || !is_one || !is_searched {
                places.refused.push((link, root));
                continue;
            }
            let name = match places.roots.len() {
                0 => format!("{HOME}/{NODE_MODULES}"),
                index => format!("{HOME}/outer-{index}/{NODE_MODULES}"),
            };
            places.roots.push((root, name));
        }
        places
    }

    /// The `node_modules` folders, innermost first.
    pub(super) fn roots(&self) -> impl Iterator<Item = &Path> {
        self.roots.iter().map(|(root, _)| root.as_path())
    }

    /// The `node_modules` that are not read because they lead out of the project, with what they lead to.
    pub(super) fn refused(&self) -> &[(PathBuf, PathBuf)] {
        &self.refused
    }

    /// Returns the name of a path without symbolic links; `None` outside of all places. For a path of the workspace this
    /// does not mean that the file may be read: see [`Places::admits`].
    pub(super) fn inside(&self, path: &Path) -> Option<String> {
        let root = self
            .roots
            .iter()
            .find_map(|(root, name)| Some((path.strip_prefix(root).ok()?, name.as_str())));
        let (rest, name) = match root {
            Some(found) => found,
            None => {
                let rest = path.strip_prefix(self.project.as_deref()?).ok()?;
                // `.git`, `.env` and the like are not parts of a package. `node_modules/.pnpm` is.
                let mut own = rest.components().take_while(|part| !is_node_modules(*part));
                let is_open = rest.components().next().is_some() && !own.any(is_hidden);
                (is_open.then_some(rest)?, WORKSPACE)
            }
        };
        let mut named = name.to_owned();
        for part in rest.components() {
            let Component::Normal(part) = part else {
                return None;
            };
            named.push('/');
            named.push_str(part.to_str()?);
        }
        Some(named)
    }

    /// Whether the file at this path, which has no symbolic links, may be read: it lies in a `node_modules` folder, or it
    /// is code or JSON of a package of the workspace.
    pub(super) fn admits(&self, file: &Path) -> bool {
        let is_package = |rest: &Path| rest.components().any(is_node_modules);
        let project = self.project.as_deref().unwrap_or(Path::new(""));
        let rest = file.strip_prefix(project).ok();
        if self.inside(file).is_none() {
            return false;
        }
        if self.roots().any(|root| file.starts_with(root)) || rest.is_some_and(is_package) {
            return true;
        }
        let extension = file.extension().and_then(|extension| extension.to_str());
        // The project as a whole is no package of itself.
        let folders = file.ancestors().skip(1);
        let mut below =
            folders.take_while(|folder| *folder != project && folder.starts_with(project));
        extension.is_some_and(|extension| LOADED.contains(&extension))
            && below.any(|folder| is_file(&folder.join("package.json")))
    }

    /// Returns the file of a name. It need not exist; if it does, it is in one of the places even when links are followed, as `canonical` does.
    pub(super) fn outside(
        &self,
        path: &str,
        canonical: impl FnOnce(&Path) -> io::Result<PathBuf>,
    ) -> Option<PathBuf> {
        let project = self.project.iter().map(|project| (project, WORKSPACE));
        let named = self.roots.iter().map(|(root, name)| (root, name.as_str()));
        let (root, rest) = named.chain(project).find_map(|(root, name)| {
            let rest = path.strip_prefix(name)?;
            (rest.is_empty() || rest.starts_with('/')).then_some((root, rest))
        })?;
        let relative = Path::new(rest.trim_start_matches('/'));
        let stays = relative
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        let file = root.join(relative);
        let is_inside = match canonical(&file) {
            Ok(real) => self.inside(&real).is_some(),
            Err(_) => self.inside(&file).is_some(),
        };
        (stays && is_inside).then_some(file)
    }
}

fn is_node_modules(part: Component<'_>) -> bool {
    part.as_os_str() == NODE_MODULES
}

fn is_hidden(part: Component<'_>) -> bool {
    part.as_os_str().as_encoded_bytes().starts_with(b".")
}

/// Whether there is a regular file that is not a link.
fn is_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|meta| meta.is_file())
}

/// The folder that links of packages may not leave: the repository; else the workspace, by its `package.json` or
/// `pnpm-workspace.yaml`; else the Action's own folder.
fn project_of(folder: &Path) -> PathBuf {
    let is_workspace = |folder: &&Path| {
        is_file(&folder.join("pnpm-workspace.yaml")) || declares_workspaces(folder)
    };
    let mut repository = folder.ancestors();
    repository
        .find(|folder| folder.join(".git").exists())
        .or_else(|| folder.ancestors().find(is_workspace))
        .unwrap_or(folder)
        .to_owned()
}

/// Whether the `package.json` in a folder has `workspaces`.
fn declares_workspaces(folder: &Path) -> bool {
    super::door::read_plain(&folder.join("package.json"))
        .ok()
        .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok())
        .is_some_and(|manifest| manifest.get("workspaces").is_some())
}

#[cfg(test)]
mod tests;
