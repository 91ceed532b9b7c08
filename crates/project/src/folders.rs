//! Where the program keeps its own files. Paths only; nothing is made here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The folder for the project's own state: keys, compiled Actions, recordings in progress.
pub fn state_folder(project_root: &Path) -> PathBuf {
    project_root.join(".postlogin")
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

#[cfg(test)]
mod tests {
    use super::*;

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
            Path::new("/srv/shop/.postlogin")
        );
    }
}
