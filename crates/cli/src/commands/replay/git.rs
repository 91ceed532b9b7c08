//! `git:REV`: the project as it is at a revision; `git:REV:ACTION,…`: Actions of it.
//!
//! Files of the checkout must not start a program (see [`Repository`]). So git never checks anything out, which runs filters and hooks: it
//! lists a tree and prints blobs.

mod tree;

use std::{
    cell::RefCell,
    ffi::OsStr,
    fs,
    hash::{BuildHasher as _, RandomState},
    io,
    path::{Component, Path, PathBuf},
    process::Command,
};

use postlogin_project::{NamedBy, Project, state_folder};

use crate::{
    error::CliError,
    printer::Printer,
    repository::{GitError, Repository},
};

/// Projects that were written out of git. They are removed at the end.
pub(super) struct Checkouts<'a> {
    here: PathBuf,
    /// The project's root; without a project, the working folder.
    root: PathBuf,
    made: RefCell<Vec<PathBuf>>,
    printer: &'a Printer,
}

/// The version that an argument of `--before` or `--after` names.
pub(super) struct Version {
    pub(super) argument: String,
    /// The folder that the argument is relative to.
    pub(super) within: PathBuf,
    /// Who chose the path: what a revision has is the project's.
    pub(super) named_by: NamedBy,
}

impl<'a> Checkouts<'a> {
    pub(super) fn new(here: &Path, project: Option<&Project>, printer: &'a Printer) -> Self {
        Self {
            here: here.to_owned(),
            root: project.map_or_else(|| here.to_owned(), |project| project.root.clone()),
            made: RefCell::default(),
            printer,
        }
    }

    /// Returns what an argument names; a revision is written out.
    pub(super) fn resolve(&self, argument: &str) -> Result<Version, CliError> {
        let Some(revision) = argument.strip_prefix("git:") else {
            return Ok(Version {
                argument: argument.to_owned(),
                within: self.here.clone(),
                named_by: NamedBy::User,
            });
        };
        // A revision such as `main@{12:00}` has a colon of its own.
        let (revision, names) = match revision.rsplit_once(':') {
            Some((revision, names)) if !names.contains('}') => (revision, Some(names)),
            _ => (revision, None),
        };
        let folder = self.write_out(revision)?;
        let Some(names) = names else {
            return Ok(Version {
                argument: folder.display().to_string(),
                within: folder,
                named_by: NamedBy::Project,
            });
        };
        // As paths: a name alone could be that of an Action as it is now.
        let mut paths = Vec::new();
        for name in names.split(',').map(str::trim) {
            let path = folder.join(name);
            let is_inside = !name.is_empty() && Path::new(name).components().all(is_plain);
            if !is_inside || !path.exists() {
                let message = format!("git:{revision}: `{name}` does not exist at this revision");
                return Err(CliError::usage(message).with_hint(
                    "write the path from the root of the project, as in git:main:actions/roles.js",
                ));
            }
            paths.push(path.display().to_string());
        }
        Ok(Version {
            argument: paths.join(","),
            within: folder,
            named_by: NamedBy::Project,
        })
    }

    /// Writes the project's folder at a revision into a new folder of the project's own state, so that packages are found where
    /// they are installed. Neither the working tree nor the index of the user changes.
    fn write_out(&self, revision: &str) -> Result<PathBuf, CliError> {
        let failed = |what: &str| CliError::usage(format!("git:{revision}: {what}"));
        let repository = Repository::around(&self.root);
        let is_readable = |found: &Repository| found.git(&["rev-parse", "--git-dir"]).is_ok();
        let Some(repository) = repository.filter(is_readable) else {
            let folder = self.root.display();
            return Err(
                failed(&match Command::new("git").arg("--version").output() {
                    Ok(_) => format!("{folder} is in no git repository that can be read"),
                    Err(error) => format!("git does not start: {error}"),
                })
                .with_hint("name a folder or files instead, such as --before old/actions"),
            );
        };
        if revision.is_empty() || revision.starts_with('-') {
            return Err(
                failed("unknown revision").with_hint("write git:main, git:HEAD~1 or git:v1.2")
            );
        }
        let commit = format!("{revision}^{{commit}}");
        let commit = repository.git(&["rev-parse", "--verify", "--end-of-options", &commit]);
        let commit = commit.map_err(|_| {
            failed("the repository has no such revision")
                .with_hint("`git branch --all` and `git tag` list the revisions; a shallow clone lacks older ones (`git fetch`)")
        })?;
        let commit = String::from_utf8_lossy(&commit).trim().to_owned();
        let tree = repository.tree(&commit);
        let list = repository.git_of(
            [
                OsStr::new("ls-tree"),
                OsStr::new("-rz"),
                OsStr::new("--full-tree"),
                &tree,
            ]
            .as_slice(),
        );
        let list = list.map_err(|error| {
            failed(&match error {
                GitError::Refused => {
                    "the project's folder is not there at this revision".to_owned()
                }
                GitError::TooLong => "there are too many files at this revision".to_owned(),
                error @ GitError::NotRun(_) => error.to_string(),
            })
        })?;
        let entries = tree::parse(&list).map_err(|why| failed(&why))?;
        let folder = new_folder(&state_folder(&self.root)?)?;
        self.made.borrow_mut().push(folder.clone());
        let left_out = tree::write(&entries, &folder, repository.command())
            .map_err(|error| CliError::unwritable(folder.display(), error))?;
        if let Some(first) = left_out.first() {
            let more = match left_out.len() - 1 {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            self.printer.warning(&format!(
                "git:{revision}: `{first}`{more} is left out: submodules are not read"
            ));
        }
        Ok(folder)
    }
}

fn is_plain(part: Component<'_>) -> bool {
    matches!(part, Component::Normal(_) | Component::CurDir)
}

/// Makes a folder that was not there. A project can have committed folders and links of any name: none of them is taken.
fn new_folder(state: &Path) -> Result<PathBuf, CliError> {
    let above = state.join("replay");
    let unwritable = |error: io::Error| CliError::unwritable(above.display(), error);
    for folder in [state, &above] {
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(unwritable(error));
            }
            _ => {}
        }
        let found = folder.symlink_metadata().map_err(unwritable)?;
        if !found.is_dir() {
            return Err(unwritable(io::Error::other("it is not a folder")));
        }
    }
    for number in 0..100_u64 {
        // Unlike a process id, this cannot be guessed. Hidden, it is the end of what its files can import: beside it is other state.
        let name = format!(".{:016x}", RandomState::new().hash_one(number));
        let folder = above.join(name);
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(unwritable(error)),
        }
    }
    Err(unwritable(io::ErrorKind::AlreadyExists.into()))
}

impl Drop for Checkouts<'_> {
    fn drop(&mut self) {
        for folder in self.made.borrow().iter() {
            let _ = fs::remove_dir_all(folder);
        }
    }
}
