//! Whether a file of the cache can have been written by anybody else.
//!
//! Machine code is run as it is, so whoever writes it is trusted with everything. On Unix the file and its folder must
//! belong to the effective user and nobody else may write to them; what lies above must belong to that user or to
//! root, and others may write there only where the sticky bit keeps them from renaming what is not theirs.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

/// The remedy for a folder that is not trusted.
const ADVICE: &str =
    "set POSTLOGIN_CACHE_DIR to a folder that only you can write to, or change the permissions";

/// A file that was opened and looked at.
#[derive(Debug)]
pub(super) struct Opened {
    /// It.
    pub file: File,
    /// A path that names the opened file itself, whatever is at its own path by now; `None` where there is none.
    pub again: Option<PathBuf>,
}

/// Opens a file that nobody else can have written; `None` when there is none.
///
/// # Errors
/// When there is one that somebody else can have written. The text says why, with a hint.
pub(super) fn open_own(path: &Path) -> Result<Option<Opened>, String> {
    let folder = path.parent().unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Ok(None);
    }
    check_folder(folder)?;
    let Some(file) = open(path)? else {
        return Ok(None);
    };
    check_file(path, &file)?;
    let again = name_again(&file);
    Ok(Some(Opened { file, again }))
}

#[cfg(unix)]
pub(super) use unix::{check_file, check_folder, name_again, open};

#[cfg(unix)]
mod unix {
    use std::{
        fs::{self, File, Metadata, OpenOptions},
        io,
        os::{
            fd::AsRawFd,
            unix::fs::{MetadataExt, OpenOptionsExt},
        },
        path::{Path, PathBuf},
    };

    use super::ADVICE;

    /// Others than the owner may write.
    const FOREIGN_WRITERS: u32 = 0o022;
    const STICKY: u32 = 0o1000;
    const ROOT: u32 = 0;

    fn me() -> u32 {
        rustix::process::geteuid().as_raw()
    }

    fn refused(path: &Path, reason: &str) -> String {
        format!(
            "{} is not trusted with machine code: {reason}; hint: {ADVICE}",
            path.display()
        )
    }

    fn foreign_owner(owner: u32) -> String {
        format!(
            "it belongs to the user {owner}, and this is the user {}",
            me()
        )
    }

    /// # Errors
    /// When somebody else may change what is in the folder, or put another one in its place.
    pub(in super::super) fn check_folder(folder: &Path) -> Result<(), String> {
        // Links are followed here, once; what they lead to is looked at, and so is all above it.
        let real = fs::canonicalize(folder).map_err(|error| refused(folder, &error.to_string()))?;
        for (depth, path) in real.ancestors().enumerate() {
            let meta =
                fs::symlink_metadata(path).map_err(|error| refused(path, &error.to_string()))?;
            check_ancestor(path, &meta, depth == 0)?;
        }
        Ok(())
    }

    fn check_ancestor(path: &Path, meta: &Metadata, is_own_folder: bool) -> Result<(), String> {
        if !meta.is_dir() {
            return Err(refused(path, "it is not a folder"));
        }
        let owner = meta.uid();
        if owner != me() && (is_own_folder || owner != ROOT) {
            return Err(refused(path, &foreign_owner(owner)));
        }
        let others_write = meta.mode() & FOREIGN_WRITERS != 0;
        if others_write && (is_own_folder || meta.mode() & STICKY == 0) {
            let reason = format!(
                "other users may write to it (mode {:o})",
                meta.mode() & 0o7777
            );
            return Err(refused(path, &reason));
        }
        Ok(())
    }

    /// Opens a file without following a link in its own name; `None` when there is none.
    pub(in super::super) fn open(path: &Path) -> Result<Option<File>, String> {
        let no_follow = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        let flags = i32::try_from(no_follow.bits()).unwrap_or_default();
        match OpenOptions::new().read(true).custom_flags(flags).open(path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(refused(path, &error.to_string())),
        }
    }

    /// # Errors
    /// When the opened file is another user's, or others may write to it.
    pub(in super::super) fn check_file(path: &Path, file: &File) -> Result<(), String> {
        let meta = file
            .metadata()
            .map_err(|error| refused(path, &error.to_string()))?;
        if !meta.is_file() {
            return Err(refused(path, "it is not a regular file"));
        }
        if meta.uid() != me() {
            return Err(refused(path, &foreign_owner(meta.uid())));
        }
        if meta.mode() & FOREIGN_WRITERS != 0 {
            let reason = format!(
                "other users may write to it (mode {:o})",
                meta.mode() & 0o7777
            );
            return Err(refused(path, &reason));
        }
        Ok(())
    }

    /// The name of an opened file in the file system of descriptors.
    pub(in super::super) fn name_again(file: &File) -> Option<PathBuf> {
        ["/proc/self/fd", "/dev/fd"]
            .into_iter()
            .map(|folder| Path::new(folder).join(file.as_raw_fd().to_string()))
            .find(|path| {
                let same = |there: Metadata, here: Metadata| {
                    (there.dev(), there.ino()) == (here.dev(), here.ino())
                };
                fs::metadata(path)
                    .and_then(|there| Ok(same(there, file.metadata()?)))
                    .unwrap_or_default()
            })
    }
}

#[cfg(not(unix))]
pub(super) use elsewhere::{check_file, check_folder, name_again, open};

/// The folders of a user's profile are that user's by default, and there is no owner to ask for.
#[cfg(not(unix))]
mod elsewhere {
    use std::{
        fs::File,
        io,
        path::{Path, PathBuf},
    };

    pub(in super::super) fn check_folder(_: &Path) -> Result<(), String> {
        Ok(())
    }

    pub(in super::super) fn open(path: &Path) -> Result<Option<File>, String> {
        match File::open(path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!(
                "{}: {error}; hint: {}",
                path.display(),
                super::ADVICE
            )),
        }
    }

    pub(in super::super) fn check_file(path: &Path, file: &File) -> Result<(), String> {
        match file.metadata() {
            Ok(meta) if meta.is_file() => Ok(()),
            _ => Err(format!("{} is not a regular file", path.display())),
        }
    }

    pub(in super::super) fn name_again(_: &File) -> Option<PathBuf> {
        None
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::{
        fs,
        os::unix::fs::{PermissionsExt, chown, symlink},
        path::{Path, PathBuf},
    };

    use super::{check_folder, open_own};

    /// A folder of this test with a file in it, below the target folder, which only this user may write to.
    fn cache(name: &str) -> (PathBuf, PathBuf) {
        let parent =
            std::env::temp_dir().join(format!("postlogin-trust-{}-{name}", std::process::id()));
        let folder = parent.join("cache");
        let _ = fs::remove_dir_all(&parent);
        fs::create_dir_all(&folder).expect("the folder of the test");
        mode(&parent, 0o755);
        mode(&folder, 0o700);
        let file = folder.join("a.cwasm");
        fs::write(&file, "code").expect("the folder of the test");
        mode(&file, 0o600);
        (parent, file)
    }

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
            .expect("the folder of the test");
    }

    #[track_caller]
    fn refused(file: &Path, reason: &str) {
        let told = open_own(file).expect_err("it is refused");
        assert!(told.contains(reason), "{told}");
        assert!(told.contains("hint: set POSTLOGIN_CACHE_DIR"), "{told}");
    }

    #[test]
    fn files_that_others_may_write_are_refused() {
        let (parent, file) = cache("modes");
        let folder = parent.join("cache");
        assert!(open_own(&file).expect("the folder of the test").is_some());
        assert!(
            open_own(&folder.join("b.cwasm"))
                .expect("the folder of the test")
                .is_none()
        );
        assert!(
            open_own(&parent.join("none/b.cwasm"))
                .expect("the folder of the test")
                .is_none()
        );
        for bits in [0o620, 0o602, 0o666] {
            mode(&file, bits);
            refused(&file, "other users may write to it");
        }
        mode(&file, 0o600);
        for bits in [0o720, 0o702, 0o1777] {
            mode(&folder, bits);
            refused(&file, "other users may write to it");
        }
        mode(&folder, 0o700);
        // Above the folder, the sticky bit keeps others from renaming it.
        for (bits, is_trusted) in [
            (0o1777, true),
            (0o1775, true),
            (0o777, false),
            (0o775, false),
        ] {
            mode(&parent, bits);
            assert_eq!(open_own(&file).is_ok(), is_trusted, "{bits:o}");
            assert_eq!(check_folder(&folder).is_ok(), is_trusted, "{bits:o}");
        }
        fs::remove_dir_all(parent).expect("the folder of the test");
    }

    #[test]
    fn links_and_other_things_than_files_are_refused() {
        let (parent, file) = cache("links");
        let folder = parent.join("cache");
        let link = folder.join("link.cwasm");
        symlink(&file, &link).expect("the folder of the test");
        refused(&link, "link.cwasm");
        let inner = folder.join("folder.cwasm");
        fs::create_dir(&inner).expect("the folder of the test");
        refused(&inner, "it is not a regular file");
        // A folder may be reached by a link: what it leads to is looked at.
        let other = parent.join("other");
        symlink(&folder, &other).expect("the folder of the test");
        assert!(
            open_own(&other.join("a.cwasm"))
                .expect("the folder of the test")
                .is_some()
        );
        mode(&folder, 0o777);
        refused(&other.join("a.cwasm"), "other users may write to it");
        fs::remove_dir_all(parent).expect("the folder of the test");
    }

    #[test]
    fn files_of_others_are_refused() {
        let (parent, file) = cache("owners");
        let folder = parent.join("cache");
        if chown(&file, Some(12_345), None).is_err() {
            // Only root can give files to others; a file of root's is another user's for everyone else.
            refused(Path::new("/etc/passwd"), "it belongs to the user 0");
            return;
        }
        refused(&file, "it belongs to the user 12345");
        chown(&file, Some(0), None).expect("the folder of the test");
        for foreign in [&folder, &parent] {
            chown(foreign, Some(12_345), None).expect("the folder of the test");
            refused(&file, "it belongs to the user 12345");
            chown(foreign, Some(0), None).expect("the folder of the test");
        }
        assert!(open_own(&file).expect("the folder of the test").is_some());
        fs::remove_dir_all(parent).expect("the folder of the test");
    }

    #[test]
    fn the_opened_file_counts_and_not_what_is_at_its_path_now() {
        let (parent, file) = cache("swap");
        let opened = open_own(&file)
            .expect("the folder of the test")
            .expect("the folder of the test");
        fs::rename(&file, parent.join("cache/old")).expect("the folder of the test");
        fs::write(&file, "other").expect("the folder of the test");
        let again = opened.again.clone().expect("the folder of the test");
        assert_eq!(fs::read(again).expect("the folder of the test"), b"code");
        fs::remove_dir_all(parent).expect("the folder of the test");
    }
}
