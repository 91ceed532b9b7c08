//! Where the program keeps its own files. Nothing is made or opened here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// Returns the folder for the project's own state: the signing key, the local tenant's database and control token.
///
/// # Errors
/// When it, or something in it, is a link or is neither a folder nor a regular file: a project that was cloned may have brought
/// it, and it would lead out of the project.
pub fn state_folder(project_root: &Path) -> Result<PathBuf> {
    let folder = project_root.join(".postlogin");
    let is_foreign = |path: &Path| {
        // What is not there, or cannot be looked at, is told of when it is opened.
        let kind = path.symlink_metadata().map(|found| found.file_type());
        kind.is_ok_and(|kind| !kind.is_dir() && !kind.is_file())
    };
    let within = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut all = std::iter::once(folder.clone()).chain(within.map(|entry| entry.path()));
    match all.find(|path| is_foreign(path)) {
        None => Ok(folder),
        Some(path) => Err(Error::new(format!(
            "`{}` is a link, or not a regular file: postlogin keeps its own state there",
            path.display()
        ))
        .with_hint("remove it; a new one is made")),
    }
}

/// Keeps a state folder that exists out of the user's repository, by a `.gitignore` of its own: keys and tokens are in it. One
/// that is there stays as it is, and a folder that cannot be written to needs none.
pub fn keep_out_of_git(folder: &Path) {
    let made = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(folder.join(".gitignore"));
    if let Ok(mut file) = made {
        // Whoever commits the folder because this failed does so with open eyes: it is shown as new.
        let _ = std::io::Write::write_all(&mut file, b"*\n");
    }
}

/// The variables of the environment that say where a user's caches are.
#[derive(Debug, Clone, Default)]
pub struct CacheEnvironment {
    /// `XDG_CACHE_HOME`
    pub xdg_cache_home: Option<OsString>,
    /// `LOCALAPPDATA`
    pub local_app_data: Option<OsString>,
    /// `HOME`
    pub home: Option<OsString>,
}

/// The user's cache folder, or `None` if the environment names none.
///
/// A relative `XDG_CACHE_HOME` is ignored, as the XDG Base Directory Specification asks. `LOCALAPPDATA` comes before
/// `HOME`, because shells on Windows set both.
pub fn cache_folder(environment: &CacheEnvironment) -> Option<PathBuf> {
    let folder = |value: &Option<OsString>| {
        value
            .as_ref()
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(xdg) = folder(&environment.xdg_cache_home).filter(|path| path.is_absolute()) {
        return Some(xdg.join("postlogin"));
    }
    if let Some(local) = folder(&environment.local_app_data) {
        return Some(local.join("postlogin").join("cache"));
    }
    folder(&environment.home).map(|home| home.join(".cache").join("postlogin"))
}

/// Returns the user's folder for data that is kept, or `None` if the environment names none: `XDG_DATA_HOME`, if it is
/// absolute, else `LOCALAPPDATA`, else `.local/share` in `HOME`.
pub fn data_folder(
    xdg_data_home: Option<OsString>,
    local_app_data: Option<OsString>,
    home: Option<OsString>,
) -> Option<PathBuf> {
    let folder = |value: Option<OsString>| value.filter(|it| !it.is_empty()).map(PathBuf::from);
    let xdg = folder(xdg_data_home).filter(|path| path.is_absolute());
    xdg.or_else(|| folder(local_app_data))
        .or_else(|| folder(home).map(|home| home.join(".local").join("share")))
        .map(|folder| folder.join("postlogin"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_folder_follows_the_environment() {
        for (xdg, local, home, expected) in [
            (
                Some("/data"),
                None,
                Some("/home/jane"),
                Some("/data/postlogin"),
            ),
            (
                Some("relative"),
                None,
                Some("/home/jane"),
                Some("/home/jane/.local/share/postlogin"),
            ),
            (
                Some(""),
                Some("/local"),
                Some("/home/jane"),
                Some("/local/postlogin"),
            ),
            (
                None,
                Some(""),
                Some("/home/jane"),
                Some("/home/jane/.local/share/postlogin"),
            ),
            (None, None, Some(""), None),
            (None, None, None, None),
        ] {
            let [xdg, local, home] = [xdg, local, home].map(|it| it.map(OsString::from));
            assert_eq!(data_folder(xdg, local, home), expected.map(PathBuf::from));
        }
    }

    #[test]
    fn the_state_folder_ignores_itself_and_keeps_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        keep_out_of_git(folder.path());
        let file = folder.path().join(".gitignore");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "*\n");
        std::fs::write(&file, "!mine\n").unwrap();
        keep_out_of_git(folder.path());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "!mine\n");
        // Without a folder nothing is made.
        keep_out_of_git(&folder.path().join("none"));
        assert!(!folder.path().join("none").exists());
    }

    #[test]
    fn cache_folder_follows_the_environment() {
        for (xdg, local, home, expected) in [
            (
                Some("/caches"),
                None,
                Some("/home/jane"),
                Some("/caches/postlogin"),
            ),
            (
                Some("relative"),
                None,
                Some("/home/jane"),
                Some("/home/jane/.cache/postlogin"),
            ),
            (
                Some(""),
                None,
                Some("/home/jane"),
                Some("/home/jane/.cache/postlogin"),
            ),
            (
                None,
                Some("/local"),
                Some("/home/jane"),
                Some("/local/postlogin/cache"),
            ),
            (None, None, None, None),
        ] {
            let environment = CacheEnvironment {
                xdg_cache_home: xdg.map(OsString::from),
                local_app_data: local.map(OsString::from),
                home: home.map(OsString::from),
            };
            assert_eq!(cache_folder(&environment), expected.map(PathBuf::from));
        }
        assert_eq!(
            state_folder(Path::new("/srv/shop")),
            Ok(PathBuf::from("/srv/shop/.postlogin"))
        );
    }

    #[test]
    #[cfg(unix)]
    fn a_state_folder_that_leads_elsewhere_is_refused() {
        let project = tempfile::tempdir().expect("a folder");
        let folder = project.path().join(".postlogin");
        std::os::unix::fs::symlink("/", &folder).expect("a link");
        let refused = state_folder(project.path()).expect_err("it is a link");
        assert!(
            refused.message.contains(".postlogin"),
            "{}",
            refused.message
        );
        std::fs::remove_file(&folder).expect("removed");
        std::fs::create_dir(&folder).expect("a folder");
        assert_eq!(state_folder(project.path()), Ok(folder.clone()));
        std::os::unix::fs::symlink("/dev/zero", folder.join("control-token")).expect("a link");
        assert!(state_folder(project.path()).is_err());
    }
}
