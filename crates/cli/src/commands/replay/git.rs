//! `git:REV`: the project as it is at a revision; `git:REV:ACTION,…`: Actions of it.

use std::{
    cell::RefCell,
    fs,
    path::{Component, Path, PathBuf},
    process::Command,
};

use postlogin_project::{Project, state_folder};

use crate::error::CliError;

/// Projects that were written out of git. They are removed at the end.
pub(super) struct Checkouts {
    here: PathBuf,
    /// The project's root; without a project, the working folder.
    root: PathBuf,
    made: RefCell<Vec<PathBuf>>,
}

impl Checkouts {
    pub(super) fn new(here: &Path, project: Option<&Project>) -> Self {
        Self {
            here: here.to_owned(),
            root: project.map_or_else(|| here.to_owned(), |project| project.root.clone()),
            made: RefCell::default(),
        }
    }

    /// Returns the file that an argument names, and the folder that it is relative to.
    pub(super) fn resolve(&self, argument: &str) -> Result<(String, PathBuf), CliError> {
        let Some(revision) = argument.strip_prefix("git:") else {
            return Ok((argument.to_owned(), self.here.clone()));
        };
        // A revision such as `main@{12:00}` has a colon of its own.
        let (revision, names) = match revision.rsplit_once(':') {
            Some((revision, names)) if !names.contains('}') => (revision, Some(names)),
            _ => (revision, None),
        };
        let folder = self.write_out(revision)?;
        let Some(names) = names else {
            return Ok((folder.display().to_string(), folder));
        };
        // As paths: a name alone could be that of an Action as it is now.
        let mut paths = Vec::new();
        for name in names.split(',').map(str::trim) {
            let path = folder.join(name);
            let is_inside = !name.is_empty() && Path::new(name).components().all(is_plain);
            if !is_inside || !path.exists() {
                let message = format!("git:{revision}: there is no `{name}` at this revision");
                return Err(CliError::usage(message).with_hint(
                    "write the path from the root of the project, as in git:main:actions/roles.js",
                ));
            }
            paths.push(path.display().to_string());
        }
        Ok((paths.join(","), folder))
    }

    /// Writes the project's folder at a revision into a folder of the project's own state, so that packages are found where they
    /// are installed. Neither the working tree nor the index of the user changes.
    fn write_out(&self, revision: &str) -> Result<PathBuf, CliError> {
        let failed = |what: &str| CliError::usage(format!("git:{revision}: {what}"));
        // What git says is for its own users, and in the language of their system.
        if self.git(&["rev-parse", "--git-dir"], &[]).is_err() {
            let folder = self.root.display();
            return Err(
                failed(&match Command::new("git").arg("--version").output() {
                    Ok(_) => format!("{folder} is in no git repository that can be read"),
                    Err(error) => format!("git does not start: {error}"),
                })
                .with_hint("name a folder or files instead, such as --before old/actions"),
            );
        }
        if revision.is_empty() || revision.starts_with('-') {
            return Err(
                failed("unknown revision").with_hint("write git:main, git:HEAD~1 or git:v1.2")
            );
        }
        let commit = self.git(
            &[
                "rev-parse",
                "--verify",
                "--end-of-options",
                &format!("{revision}^{{commit}}"),
            ],
            &[],
        );
        let commit = commit.map_err(|_| {
            failed("the repository has no such revision")
                .with_hint("`git branch --all` and `git tag` list the revisions; a shallow clone lacks older ones (`git fetch`)")
        })?;
        let commit = commit.trim().to_owned();
        let prefix = self
            .git(&["rev-parse", "--show-prefix"], &[])
            .map_err(|why| failed(&why))?;
        let prefix = prefix.trim_end_matches('\n').to_owned();
        let state = state_folder(&self.root)?;
        let folder = state
            .join("replay")
            .join(format!("{commit}-{}", std::process::id()));
        let io = |error: std::io::Error| CliError::unwritable(folder.display(), error);
        fs::create_dir_all(&folder).map_err(io)?;
        self.made.borrow_mut().push(folder.clone());
        let index = folder.join(".index");
        let tree = format!("{commit}:{prefix}");
        let environment = [("GIT_INDEX_FILE", index.as_path())];
        let to = format!("--prefix={}/", folder.display());
        let written = self.git(&["read-tree", &tree], &environment).and_then(|_| {
            self.git_at_root(&["checkout-index", "--all", "--force", &to], &environment)
        });
        let _ = fs::remove_file(&index);
        written.map_err(|why| failed(&why))?;
        Ok(folder)
    }

    fn git(&self, arguments: &[&str], environment: &[(&str, &Path)]) -> Result<String, String> {
        run(
            Command::new("git").current_dir(&self.root).args(arguments),
            environment,
        )
    }

    /// `checkout-index` looks at the folder it is in; at the top, all of the index is below it.
    fn git_at_root(
        &self,
        arguments: &[&str],
        environment: &[(&str, &Path)],
    ) -> Result<String, String> {
        let top = self.git(&["rev-parse", "--show-toplevel"], &[])?;
        let top = top.trim_end_matches('\n');
        run(
            Command::new("git").current_dir(top).args(arguments),
            environment,
        )
    }
}

fn is_plain(part: Component<'_>) -> bool {
    matches!(part, Component::Normal(_) | Component::CurDir)
}

fn run(command: &mut Command, environment: &[(&str, &Path)]) -> Result<String, String> {
    // No program that the checkout names: hooks, file system monitors, external differences.
    command
        .args(std::iter::empty::<&str>())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_OPTIONAL_LOCKS", "0");
    command.envs(environment.iter().map(|(name, value)| (*name, *value)));
    let output = command
        .output()
        .map_err(|error| format!("git does not start: {error}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => {
            let text = String::from_utf8_lossy(&output.stderr);
            let line = text.lines().next().unwrap_or("git failed");
            Err(line.trim_start_matches("fatal: ").to_owned())
        }
    }
}

impl Drop for Checkouts {
    fn drop(&mut self) {
        for folder in self.made.borrow().iter() {
            let _ = fs::remove_dir_all(folder);
        }
    }
}
