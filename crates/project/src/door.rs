//! The one place that opens files on behalf of a project.
//!
//! A path that the user gives on the command line is theirs to choose. A path that a file of the project contains is not:
//! projects come from pull requests. Such a path, and every symbolic link on the way, stays inside the project.

mod open;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

use postlogin_files::open;

use self::open::{bounded, opened, regular, unreadable};
use crate::amount;
use crate::files::{absolute, decode, extension, file_name};
use crate::gzip;
use crate::project::configuration::CONFIGURATION_FILE;
use crate::{Error, Result};

/// The largest file of a project that is read, in bytes.
pub const LARGEST_FILE: u64 = 16 << 20;
/// The largest WebAssembly component, and the largest file that the command line can name, in bytes.
pub const LARGEST_COMPONENT: u64 = 64 << 20;

/// Files that are none, whatever they look like.
const SYSTEM: &[&str] = &["/proc", "/sys", "/dev"];

const HINT: &str = "move it into the project: a path in a file of the project, or a symbolic link, cannot lead out of it";

/// The folder that paths in project files may not leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boundary {
    /// Without symbolic links in its path.
    top: PathBuf,
    /// Folders of the project. What is hidden in them (`.env`) is no part of it, but they may be in a hidden folder.
    homes: Vec<PathBuf>,
}

impl Boundary {
    /// Returns the boundary of the project in `folder`: the repository around it, else the workspace of npm or pnpm, else the
    /// nearest folder upwards with a `postlogin.toml`, else the folder itself.
    pub fn around(folder: &Path) -> Self {
        let folder = canonical(folder);
        let with = |name: &str| {
            let mut found = folder.ancestors();
            found.find(|above| above.join(name).exists())
        };
        let workspace = || folder.ancestors().find(|above| is_workspace(above));
        let top = with(".git")
            .or_else(workspace)
            .or_else(|| with(CONFIGURATION_FILE));
        let top = top.unwrap_or(&folder).to_owned();
        let hidden = hidden_above(&folder, &top);
        Self {
            homes: hidden.into_iter().chain([folder]).collect(),
            top,
        }
    }

    /// As [`Boundary::around`] the folder `root`, for what `file` says, which may be in a hidden folder: the user named it.
    pub(crate) fn of_file(file: &Path, root: &Path) -> Self {
        let mut boundary = Self::around(root);
        let folder = absolute(file.parent().unwrap_or(root));
        let real = canonical(&folder);
        // A link to a hidden folder does not open it.
        let rest = folder.strip_prefix(absolute(root)).ok();
        if rest.is_some_and(|rest| canonical(root).join(rest) == real) {
            boundary.homes.push(real);
        }
        boundary
    }

    /// Returns the boundary of the cases in `folder`, whose project is in `top`. Without a project and a repository it is
    /// the working folder, if the cases are in it.
    pub fn of_cases(folder: &Path, top: &Path, working_folder: &Path) -> Self {
        let mut boundary = Self::around(top);
        let folder = canonical(folder);
        let working_folder = canonical(working_folder);
        let is_alone = boundary.top == folder;
        if is_alone && folder.starts_with(&working_folder) {
            boundary.top.clone_from(&working_folder);
            boundary.homes.push(working_folder);
        }
        boundary.homes.push(folder);
        boundary
    }

    /// Refuses a path that leads out of the project; the file need not exist. `shown` is its name in the message.
    ///
    /// # Errors
    /// When it is outside, hidden (`.git`), or a symbolic link that leads there.
    pub fn admit(&self, path: &Path, shown: &str) -> Result<()> {
        self.check(path, shown, false).map(drop)
    }

    /// As [`Boundary::admit`], for what a file of the project says at a place that the caller knows.
    pub(crate) fn admit_argument(&self, path: &Path, argument: &str) -> Result<()> {
        self.admit(path, argument).map_err(|error| Error {
            hint: error.hint,
            ..Error::new(format!("`{argument}`: {}", error.message))
        })
    }

    /// Reads a file of the project.
    ///
    /// # Errors
    /// As [`Boundary::admit`]; when it is not a regular file, or has more than [`LARGEST_FILE`] bytes.
    pub(crate) fn read(&self, path: &Path, shown: &str) -> Result<Vec<u8>> {
        let real = self.check(path, shown, false)?;
        let most = match extension(path).as_str() {
            "wasm" => LARGEST_COMPONENT,
            _ => LARGEST_FILE,
        };
        amount::admit(shown)?;
        let bytes = regular(&real, shown, most)?;
        amount::read(bytes.len(), shown)?;
        Ok(bytes)
    }

    /// Reads a text file of the project, without a byte order mark.
    ///
    /// # Errors
    /// As [`Boundary::admit`]; when it is not a regular file, has more than [`LARGEST_FILE`] bytes or is not UTF-8.
    pub fn read_text(&self, path: &Path, shown: &str) -> Result<String> {
        let bytes = self.read(path, shown)?;
        amount::kept(bytes.len(), shown)?;
        decode(bytes, shown)
    }

    /// Returns the path of a file of the project without symbolic links.
    pub(crate) fn real(&self, path: &Path, shown: &str) -> Result<PathBuf> {
        self.check(path, shown, false)
    }

    /// Whether a regular file of the project begins with these bytes, however large it is. One that may not be read does
    /// not.
    pub fn begins_with(&self, path: &Path, beginning: &[u8]) -> bool {
        let shown = file_name(path);
        let Ok(mut file) = self
            .check(path, &shown, false)
            .and_then(|real| opened(&real, &shown))
        else {
            return false;
        };
        let mut first = vec![0; beginning.len()];
        file.read_exact(&mut first).is_ok() && first == beginning
    }

    /// Reads a dotenv file. The only hidden names are those of such files: `.env`, `.env.test`, `.test.env`.
    pub(crate) fn read_secrets(&self, path: &Path, shown: &str) -> Result<String> {
        let real = self.check(path, shown, true)?;
        decode(regular(&real, shown, LARGEST_FILE)?, shown)
    }

    /// Refuses the path of a dotenv file, as [`Boundary::admit`].
    pub(crate) fn admit_secrets(&self, path: &Path, shown: &str) -> Result<()> {
        self.check(path, shown, true).map(drop)
    }

    /// Whether a file contains a word; true as well for one that may not be read, so that its reader says why.
    pub(crate) fn mentions(&self, path: &Path, word: &str) -> bool {
        let shown = file_name(path);
        if !path.is_file() {
            return false;
        }
        match self.read(path, &shown) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).contains(word),
            Err(_) => self.check(path, &shown, false).is_err(),
        }
    }

    /// The path without links.
    fn check(&self, path: &Path, shown: &str, may_be_hidden: bool) -> Result<PathBuf> {
        let real = canonical(path);
        let refuse = |what: &str| {
            let direct = crate::files::normalize(&absolute(path)) == real;
            let leads = match direct {
                true => "it ".to_owned(),
                false => format!("it leads to `{}`, which ", real.display()),
            };
            let error = Error::new(format!("cannot read the file: {leads}{what}"));
            Err(error.in_file(shown).with_hint(HINT))
        };
        let is_system = |folder: &&str| real.starts_with(folder) && !self.top.starts_with(folder);
        if !real.starts_with(&self.top) || SYSTEM.iter().any(is_system) {
            return refuse(&format!(
                "is outside of the project `{}`",
                self.top.display()
            ));
        }
        let homes = self.homes.iter().filter(|home| real.starts_with(home));
        let home = homes.max_by_key(|home| home.as_os_str().len());
        let rest = real.strip_prefix(home.unwrap_or(&self.top));
        let rest: Vec<Component<'_>> =
            rest.map_or_else(|_| Vec::new(), |rest| rest.components().collect());
        let last = rest.len().saturating_sub(1);
        let is_hidden = |(index, part): (usize, &Component<'_>)| {
            let name = part.as_os_str();
            let is_meant = may_be_hidden && index == last && is_dotenv(name);
            name.as_encoded_bytes().starts_with(b".") && !is_meant
        };
        match rest.iter().enumerate().any(is_hidden) {
            true if may_be_hidden => refuse(
                "is a hidden file, or in a hidden folder; of hidden files, only `.env`, `.env.NAME` and `.NAME.env` can have secrets",
            ),
            true => refuse("is a hidden file, or in a hidden folder"),
            false => Ok(real),
        }
    }
}

/// The innermost hidden folder at or above `folder` that is below `top`: the files of a project that the user keeps there import
/// each other, but nothing hidden beside it.
fn hidden_above(folder: &Path, top: &Path) -> Option<PathBuf> {
    let mut below = folder.ancestors().take_while(|above| *above != top);
    let is_hidden = |above: &&Path| {
        above
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
    };
    below.find(is_hidden).map(Path::to_owned)
}

/// Whether this is the name of a dotenv file. Other hidden files of a checkout (`.git`, `.npmrc`, `.netrc`, `.pypirc`) hold
/// the credentials of programs, in forms that can look alike.
fn is_dotenv(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    let rest = name.strip_prefix(".env");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
        || name.ends_with(".env")
}

/// Reads a file that the user named. The pipe of a shell (`<(…)`, `/dev/stdin`) may be meant, and it has an end.
pub(crate) fn read_named(path: &Path, shown: &str, most: u64) -> Result<Vec<u8>> {
    bounded(open_named(path, shown)?, shown, most)
}

/// Where the arguments of the command line may lead, if they are not the user's.
static ARGUMENTS: OnceLock<Boundary> = OnceLock::new();

/// From now on the paths of the command line are no more trusted than those in files of the project around `folder`: they are not
/// the user's, but those of a tool's call. They stay inside, also through links, and permit no build of Cargo.
pub fn distrust_arguments(folder: &Path) {
    let _ = ARGUMENTS.set(Boundary::around(folder));
}

/// Whether [`distrust_arguments`] was called.
pub(crate) fn are_arguments_distrusted() -> bool {
    ARGUMENTS.get().is_some()
}

/// Refuses a path of the command line that leads out of the project, if such paths are not trusted. The file need not exist.
///
/// # Errors
/// As [`Boundary::admit`].
pub fn admit_argument(path: &Path, argument: &str) -> Result<()> {
    match ARGUMENTS.get() {
        Some(within) => within.admit(path, argument),
        None => Ok(()),
    }
}

/// Opens a file that the user named. A device, and a pipe that has a name of its own, need not end.
fn open_named(path: &Path, shown: &str) -> Result<File> {
    if let Some(within) = ARGUMENTS.get() {
        return opened(&within.check(path, shown, false)?, shown);
    }
    let opened = match path.is_dir() {
        true => Err(ErrorKind::IsADirectory.into()),
        false if is_endless(path) => {
            let error = Error::new("cannot read the file: it is a device or a named pipe");
            return Err(error
                .in_file(shown)
                .with_hint("name a file, or `-` for stdin"));
        }
        false => File::open(path),
    };
    opened.map_err(|error| unreadable(&error, shown))
}

#[cfg(unix)]
fn is_endless(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    // What a shell has opened has no path of its own.
    let is_open_already = ["/dev/stdin", "/dev/fd", "/proc/self/fd"]
        .iter()
        .any(|open| path.starts_with(open));
    let kind = fs::metadata(path).map(|meta| meta.file_type());
    !is_open_already
        && kind.is_ok_and(|kind| kind.is_fifo() || kind.is_char_device() || kind.is_block_device())
}

#[cfg(not(unix))]
fn is_endless(_: &Path) -> bool {
    false
}

/// As [`read_named`], of a compressed file its content: that is limited, and the file is not kept beside it.
pub(crate) fn read_inflated(path: &Path, shown: &str, most: u64) -> Result<Vec<u8>> {
    let mut file = open_named(path, shown)?;
    let mut first = Vec::new();
    let begun = file.by_ref().take(gzip::MARK).read_to_end(&mut first);
    begun.map_err(|error| unreadable(&error, shown))?;
    let is_compressed = gzip::is_compressed(&first);
    let whole = io::Cursor::new(first).chain(file);
    match is_compressed {
        true => gzip::inflate(whole, shown, most),
        false => bounded(whole, shown, most),
    }
}

/// Reads a small text file that belongs to a command, such as a key or a list of ignored files; `None` when there is none. It may
/// have come with the project, so it is not followed when it is a link, and is limited to `most` bytes.
///
/// # Errors
/// When it is not a regular file, cannot be read, is larger or is not UTF-8.
pub fn read_small(path: &Path, shown: &str, most: u64) -> Result<Option<String>> {
    let refused = |why: String| Error::new(format!("cannot read the file: {why}")).in_file(shown);
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(&error, shown)),
        Ok(meta) if !meta.is_file() => {
            return Err(refused("it is not a regular file".into()));
        }
        Ok(_) => {}
    }
    let file = open(path).map_err(|error| unreadable(&error, shown))?;
    let mut bytes = Vec::new();
    let read = file.take(most + 1).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(&error, shown))?;
    if bytes.len() as u64 > most {
        return Err(refused(format!("it has more than {} KiB", most >> 10)));
    }
    let text = String::from_utf8(bytes).map_err(|_| refused("the text is not UTF-8".into()))?;
    Ok(Some(text))
}

/// The largest `package.json` that is asked for `workspaces`, in bytes.
const LARGEST_MANIFEST: u64 = 1 << 20;

/// Whether a folder is the root of a workspace: of pnpm, or of npm, Yarn and Bun by `workspaces` in its `package.json`.
fn is_workspace(folder: &Path) -> bool {
    let is_file = |name: &str| {
        let meta = fs::symlink_metadata(folder.join(name));
        meta.is_ok_and(|meta| meta.is_file())
    };
    if is_file("pnpm-workspace.yaml") {
        return true;
    }
    let manifest = read_small(
        &folder.join("package.json"),
        "package.json",
        LARGEST_MANIFEST,
    );
    manifest
        .ok()
        .flatten()
        .and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok())
        .is_some_and(|manifest| manifest.get("workspaces").is_some_and(|it| !it.is_null()))
}

/// The path without symbolic links, as far as it exists.
fn canonical(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut missing = PathBuf::new();
    for above in path.ancestors() {
        if let Ok(real) = above.canonicalize() {
            return absolute(&real.join(missing));
        }
        let Some(name) = above.file_name() else {
            break;
        };
        missing = match missing.as_os_str().is_empty() {
            true => PathBuf::from(name),
            false => Path::new(name).join(missing),
        };
    }
    absolute(&path)
}

#[cfg(test)]
mod tests;
