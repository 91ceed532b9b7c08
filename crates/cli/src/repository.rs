//! The git repository around a folder.

use std::{
    env,
    ffi::{OsStr, OsString},
    fmt, fs,
    io::Read as _,
    path::{Component, Path, PathBuf},
    process::{Command, Stdio},
};

use postlogin_runner::report::Below;

/// Returns where the working folder is in its repository: the checkout of GitHub Actions, else the nearest folder above with a `.git`.
pub(crate) fn below_top() -> Below {
    let Ok(folder) = env::current_dir().and_then(fs::canonicalize) else {
        return Below::default();
    };
    let checkout = env::var_os("GITHUB_WORKSPACE").filter(|folder| !folder.is_empty());
    let checkout = checkout.and_then(|checkout| fs::canonicalize(checkout).ok());
    let checkout = checkout.filter(|checkout| folder.starts_with(checkout));
    let top = checkout.as_deref().or_else(|| top_above(&folder));
    top.map_or_else(Below::default, |top| Below::top(top, &folder))
}

/// Returns the nearest folder, from this one upwards, with an entry called `.git`: git lets no commit have one, so it is the user's own.
pub(crate) fn top_above(folder: &Path) -> Option<&Path> {
    let is_top = |above: &&Path| above.join(".git").symlink_metadata().is_ok();
    folder.ancestors().find(is_top)
}

/// Why git gives no answer.
#[derive(Debug)]
pub(crate) enum GitError {
    /// It does not start, or its output cannot be read.
    NotRun(String),
    /// The answer is longer than what is read.
    TooLong,
    /// It ended with an error.
    Refused,
}

impl fmt::Display for GitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotRun(reason) => reason,
            Self::TooLong => "git lists too many files",
            Self::Refused => "git cannot read the repository",
        })
    }
}

/// The longest list of a tree that is read, in bytes: some 500,000 files.
const LONGEST_LIST: u64 = 64 << 20;

/// The repository around a folder. Git never looks for it by itself: a folder of the project can have the layout of one, with a
/// configuration that names programs.
pub(crate) struct Repository {
    /// The entry called `.git`.
    git: PathBuf,
    /// The folder, from the top of the repository.
    prefix: PathBuf,
}

impl Repository {
    /// Finds the repository around a folder.
    pub(crate) fn around(folder: &Path) -> Option<Self> {
        let folder = folder.canonicalize().ok()?;
        let top = top_above(&folder)?;
        Some(Self {
            git: top.join(".git"),
            prefix: folder.strip_prefix(top).ok()?.to_owned(),
        })
    }

    /// Whether files of the folder are in the repository's index: they came with the checkout.
    ///
    /// # Errors
    /// When git does not start, or cannot read the repository.
    pub(crate) fn tracks_folder(&self) -> Result<bool, GitError> {
        let list = self.git_of(&[
            OsStr::new("ls-files"),
            OsStr::new("-z"),
            OsStr::new("--"),
            self.prefix.as_os_str(),
        ])?;
        Ok(!list.is_empty())
    }

    /// The name of the project's tree in a commit.
    pub(crate) fn tree(&self, commit: &str) -> OsString {
        let mut tree = OsString::from(format!("{commit}:"));
        for (index, part) in self.prefix.components().enumerate() {
            if let Component::Normal(part) = part {
                tree.push(if index == 0 { "" } else { "/" });
                tree.push(part);
            }
        }
        tree
    }

    /// Returns git, with this repository and without the programs that a configuration can name.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new("git");
        command.arg("--git-dir").arg(&self.git);
        for setting in [
            "safe.bareRepository=explicit",
            "core.fsmonitor=false",
            "core.hooksPath=/dev/null",
            "protocol.allow=never",
        ] {
            command.args(["-c", setting]);
        }
        for (name, value) in [
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_ATTR_NOSYSTEM", "1"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_NO_LAZY_FETCH", "1"),
            ("GIT_TERMINAL_PROMPT", "0"),
        ] {
            command.env(name, value);
        }
        // A hook of the user sets these for its own repository.
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
            command.env_remove(name);
        }
        command.current_dir(self.git.parent().unwrap_or(Path::new(".")));
        command
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
        let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
        self.git_of(&arguments)
    }

    pub(crate) fn git_of(&self, arguments: &[&OsStr]) -> Result<Vec<u8>, GitError> {
        let started = self
            .command()
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut child =
            started.map_err(|error| GitError::NotRun(format!("git does not start: {error}")))?;
        let mut text = Vec::new();
        if let Some(out) = child.stdout.take() {
            let read = out.take(LONGEST_LIST + 1).read_to_end(&mut text);
            read.map_err(|error| GitError::NotRun(format!("git cannot be read: {error}")))?;
        }
        if text.len() as u64 > LONGEST_LIST {
            // It would go on for as long as the tree does.
            let _ = child.kill();
            let _ = child.wait();
            return Err(GitError::TooLong);
        }
        let ended = child
            .wait()
            .map_err(|error| GitError::NotRun(format!("git cannot be awaited: {error}")))?;
        match ended.success() {
            true => Ok(text),
            false => Err(GitError::Refused),
        }
    }
}
