//! The state folder of a project, and whether what is in it is the user's own.
//!
//! The secret of the marks is in the user's folder for data, where no checkout can put a file.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use postlogin_project::{data_folder, read_small, state_folder};
use postlogin_tenant::Randomness;
use postlogin_token::{Marks, TRUST_STATE, publish};

use crate::{error::CliError, printer::Printer};

/// The file of the secret.
const SECRET: &str = "state-secret";
/// The most bytes of it.
const MOST: u64 = 1 << 10;

/// The state folder of a project.
pub(crate) struct State {
    pub(crate) folder: PathBuf,
    pub(crate) marks: Marks,
    /// Why nothing can be marked.
    unmarked: Option<String>,
}

impl State {
    /// Returns the state folder below a project's root, which is not made. The user's secret is, if it `makes` one.
    ///
    /// # Errors
    /// When the folder leads out of the project; see [`state_folder`].
    pub(crate) fn of(root: &Path, makes: bool) -> Result<Self, CliError> {
        let folder = state_folder(root)?;
        let (secret, unmarked) = match secret(makes) {
            Ok(secret) => (Some(secret), None),
            Err(why) => (None, Some(why)),
        };
        let accepts_all = env::var_os(TRUST_STATE).is_some_and(|value| value == "1");
        Ok(Self {
            folder,
            marks: Marks::new(secret.as_deref(), accepts_all),
            unmarked,
        })
    }

    /// Returns the path of a file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Warns if the next run will not accept what this one makes.
    pub(crate) fn warn_if_unmarked(&self, printer: &Printer) {
        if let Some(why) = &self.unmarked
            && !self.marks.accepts_all()
        {
            printer.warning(&format!(
                "the files in {} cannot be marked as yours, so the next run will refuse them without {TRUST_STATE}=1: {why}",
                self.folder.display()
            ));
        }
    }
}

/// The file with the mark of a cache folder in a project.
const CACHE_MARK: &str = ".postlogin-mark";

/// Whether a cache folder that lies in a project was made by this user on this machine: an unpacked archive can contain one, with
/// machine code of its author. One that is missing or empty is made, with a mark.
///
/// # Errors
/// Why it is not the user's own, or cannot be marked.
pub(crate) fn own_cache(folder: &Path) -> Result<(), String> {
    if env::var_os(TRUST_STATE).is_some_and(|value| value == "1") {
        return Ok(());
    }
    let place = absolute(folder);
    let mark = |makes: bool| {
        let marks = Marks::new(Some(&secret(makes)?), false);
        marks
            .mark("cache", &place.to_string_lossy())
            .ok_or_else(|| "it cannot be marked as yours".to_owned())
    };
    let has_mark = || {
        let file = place.join(CACHE_MARK);
        let read = read_small(&file, CACHE_MARK, MOST).ok().flatten();
        read.is_some_and(|read| mark(false).is_ok_and(|mark| read.trim() == mark))
    };
    let is_empty = fs::read_dir(&place).map_or(true, |mut entries| entries.next().is_none());
    if is_empty {
        // Without a mark it is used this once, for nothing is in it.
        let made = mark(true).and_then(|mark| {
            make_marked(&place, &mark).map_err(|error| format!("{}: {error}", folder.display()))
        });
        if let Err(why) = made {
            tracing::debug!(%why, "the cache folder has no mark");
            return Ok(());
        }
    }
    match has_mark() {
        true => Ok(()),
        false => {
            Err("it is in the project, and was not made by this user on this machine".to_owned())
        }
    }
}

/// Makes a folder with its mark. It is complete before it has its name, for another process may look at it. Of two, the first wins.
fn make_marked(folder: &Path, mark: &str) -> io::Result<()> {
    let mark = format!("{mark}\n");
    let above = folder.parent().unwrap_or(Path::new("."));
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let new = above.join(format!(".{name}.{}.new", std::process::id()));
    publish(&new.join(CACHE_MARK), &mark)?;
    #[cfg(unix)]
    fs::set_permissions(&new, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    let renamed = fs::rename(&new, folder);
    if renamed.is_err() {
        let _ = fs::remove_dir_all(&new);
        // Not every system renames over an empty folder.
        if !folder.join(CACHE_MARK).exists() {
            return publish(&folder.join(CACHE_MARK), &mark);
        }
    }
    Ok(())
}

/// The path of a folder without links, as far as it exists.
fn absolute(folder: &Path) -> PathBuf {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let there = folder.ancestors().find_map(|above| {
        let rest = folder.strip_prefix(above).ok()?;
        // Joined part by part: an empty rest would end the path with a slash.
        let above = above.canonicalize().ok()?;
        Some(rest.iter().fold(above, |above, part| above.join(part)))
    });
    there.unwrap_or(folder)
}

/// Whether a folder lies in the working folder, or in a project around it.
pub(crate) fn is_in_project(folder: &Path) -> bool {
    const SIGNS: &[&str] = &[
        "postlogin.toml",
        "tenant.yaml",
        "package.json",
        "actions",
        "rules",
    ];
    let Ok(here) = env::current_dir().and_then(fs::canonicalize) else {
        return true;
    };
    let has_sign = |above: &&Path| SIGNS.iter().any(|sign| above.join(sign).exists());
    let top = here.ancestors().filter(has_sign).last().unwrap_or(&here);
    absolute(folder).starts_with(top)
}

/// Returns the user's secret or why there is none; `makes` one that is missing.
fn secret(makes: bool) -> Result<String, String> {
    let variable = |name| env::var_os(name);
    let folder = data_folder(
        variable("XDG_DATA_HOME"),
        variable("LOCALAPPDATA"),
        variable("HOME"),
    );
    let file = folder
        .ok_or("neither XDG_DATA_HOME nor HOME is set")?
        .join(SECRET);
    let failed = |error: io::Error| format!("{}: {error}", file.display());
    if makes && !file.exists() {
        let secret = postlogin_tenant::new_token(&Randomness::System);
        publish(&file, &format!("{secret}\n")).map_err(failed)?;
    }
    // Not the new one: another process may have been first.
    let shown = file.display().to_string();
    let read = read_small(&file, &shown, MOST).map_err(|error| error.sentence())?;
    let secret = read.ok_or_else(|| format!("{shown} does not exist"))?;
    let secret = secret.trim().to_owned();
    if !Marks::new(Some(&secret), false).can_mark() {
        return Err(format!("{shown}: the file is damaged; remove it"));
    }
    if !is_private(&file).map_err(failed)? {
        return Err(format!(
            "{shown}: the file belongs to another user, or others can read it; remove it, or run `chmod 600` if you made it"
        ));
    }
    Ok(secret)
}

/// Whether a file is the user's own, and no other user can read it: a checkout does not write such files, if the home is one.
#[cfg(unix)]
fn is_private(file: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let meta = fs::File::open(file)?.metadata()?;
    Ok(meta.mode() & 0o077 == 0 && meta.uid() == rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
fn is_private(_: &Path) -> io::Result<bool> {
    Ok(true)
}
