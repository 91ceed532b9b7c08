//! The one place that opens files of packages: regular files, of bounded size, that [`Places`] admits.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use oxc_resolver::{FileMetadata, FileSystem, ResolveError};
use postlogin_files::{open, open_without_links};

use super::{
    asked::{Asked, Sight, There},
    patterns::multiplies,
    places::Places,
};

/// The largest file of a package that is read, in bytes. Code above 4 MiB is not parsed anyway.
pub(super) const LARGEST_FILE: u64 = 16 << 20;
/// The largest `package.json` that is read, in bytes. Parsed, one takes up to fifty times its size.
const LARGEST_MANIFEST: u64 = 1 << 20;
/// The most bytes of all manifests that an Action leads to. Each is read by the resolver and by us.
const MANIFESTS: u64 = 8 << 20;
/// So many folders are remembered. Packages can name any number of them.
const MOST_FOLDERS: usize = 20_000;

/// Opens files of packages. The resolver sees the file system through it as well.
#[derive(Debug, Clone, Default)]
pub(super) struct Door {
    places: Arc<Places>,
    /// The bytes of the manifests that were read.
    manifests: Arc<AtomicU64>,
    /// Folders that were asked for, with links followed.
    folders: Arc<Mutex<HashMap<PathBuf, PathBuf>>>,
    asked: Arc<Asked>,
    /// Manifests that the resolver does not get, because they would [multiply](multiplies) a request.
    refused: Arc<Mutex<HashSet<PathBuf>>>,
}

impl Door {
    pub(super) fn to(places: Arc<Places>) -> Self {
        Self {
            places,
            manifests: Arc::default(),
            folders: Arc::default(),
            asked: Arc::default(),
            refused: Arc::default(),
        }
    }

    /// Notes that a path is asked for elsewhere. Returns what is there, where that is known.
    pub(super) fn note(&self, path: &Path) -> Option<There> {
        self.asked.note(path)
    }

    /// Returns all that was asked for so far; `None` when some of it may change without being noticed.
    pub(super) fn sight(&self) -> Option<Sight> {
        self.asked.sight()
    }

    /// Returns the path of a file without links, as [`Path::canonicalize`] does, which asks for each folder on the way again: of two large
    /// packages, a hundred thousand times. Here a folder is asked for once. Whoever opens the file looks at all of its path again.
    ///
    /// # Errors
    /// As [`Path::canonicalize`].
    pub(super) fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        let known = self.note(path);
        let real = self.without_links(path, known);
        if let Ok(real) = &real {
            self.note(real);
        }
        real
    }

    /// `known` is what is at the path, where that is known.
    fn without_links(&self, path: &Path, known: Option<There>) -> io::Result<PathBuf> {
        // Elsewhere, a name may be written in several ways, and only the system knows which one is the file's.
        let is_plain = cfg!(target_os = "linux")
            && path.is_absolute()
            && !path.as_os_str().as_encoded_bytes().ends_with(b"/");
        let (true, Some(folder), Some(name)) = (is_plain, path.parent(), path.file_name()) else {
            return path.canonicalize();
        };
        let real = self.folder(folder)?.join(name);
        // Behind a dot, a link is followed.
        let known = known.flatten().filter(|_| !ends_in_dot(path));
        let is_link = match known {
            Some(there) => there.is_symlink(),
            // Also for the error.
            None => fs::symlink_metadata(&real)?.is_symlink(),
        };
        match is_link {
            true => real.canonicalize(),
            false => Ok(real),
        }
    }

    fn folder(&self, folder: &Path) -> io::Result<PathBuf> {
        let folders = || self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(real) = folders().get(folder) {
            return Ok(real.clone());
        }
        // Each folder above is asked for once as well.
        let real = self.without_links(folder, None)?;
        let mut folders = folders();
        if folders.len() < MOST_FOLDERS {
            folders.insert(folder.to_owned(), real.clone());
        }
        Ok(real)
    }

    /// Reads a file that may be reached by links, as long as they lead to an admitted place.
    ///
    /// # Errors
    /// `NotFound` outside of all places and for what is not a regular file, `FileTooLarge` above [`LARGEST_FILE`],
    /// and for manifests above [`LARGEST_MANIFEST`] or together above [`MANIFESTS`]; `InvalidData` for manifests that [`multiplies`] refuses.
    pub(super) fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let real = self.canonical(path)?;
        match self.places.admits(&real) {
            true if is_manifest(&real) => {
                let bytes = still_there(&real, LARGEST_MANIFEST)?;
                let read = bytes.len() as u64;
                match self.manifests.fetch_add(read, Ordering::Relaxed) + read > MANIFESTS {
                    true => Err(io::ErrorKind::FileTooLarge.into()),
                    false if multiplies(&bytes) => Err(io::ErrorKind::InvalidData.into()),
                    false => Ok(bytes),
                }
            }
            true => still_there(&real, LARGEST_FILE),
            false => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl Door {
    /// Returns whether a manifest was kept from the resolver.
    pub(super) fn has_refused(&self, manifest: &Path) -> bool {
        let refused = self.refused.lock();
        refused
            .unwrap_or_else(PoisonError::into_inner)
            .contains(manifest)
    }
}

fn ends_in_dot(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/.")
}

fn is_manifest(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "package.json")
}

/// Reads a file that is not a link: a manifest beside a `node_modules` folder, which belongs to no package.
pub(super) fn read_plain(path: &Path) -> io::Result<Vec<u8>> {
    match fs::symlink_metadata(path)?.is_file() {
        true => regular(path, LARGEST_MANIFEST),
        false => Err(io::ErrorKind::NotFound.into()),
    }
}

/// Reads a regular file of at most so many bytes that is no link. A device need not end.
fn regular(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    // Only what was opened is asked: the path may mean something else by now.
    let opened = file.metadata()?;
    if !opened.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    bounded(file, opened.len(), most)
}

/// As [`regular`], for a path that had no links when it was admitted. A folder on the way may have become one since.
fn still_there(real: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = open_without_links(real)?;
    let opened = file.metadata()?;
    if !opened.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    bounded(file, opened.len(), most)
}

/// Reads a file that should have `size` bytes, and no more than `most`.
fn bounded(file: File, size: u64, most: u64) -> io::Result<Vec<u8>> {
    // With a byte more than that, its end is seen without another buffer.
    let expected = usize::try_from(size.min(most)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(expected.saturating_add(1));
    // One byte more shows that there is more; the length of files in /proc is told as 0.
    file.take(most + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(io::ErrorKind::FileTooLarge.into()),
        false => Ok(bytes),
    }
}

/// The files that `oxc_resolver` may see: it opens `package.json` files, and only asks for the kind of everything else.
impl FileSystem for Door {
    fn new() -> Self {
        Self::default()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let read = Door::read(self, path);
        if read
            .as_ref()
            .is_err_and(|error| error.kind() == io::ErrorKind::InvalidData)
        {
            let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            if refused.len() < MOST_FOLDERS {
                refused.insert(path.to_owned());
            }
            // An error would mean that there is none: the resolver gets one that is not JSON.
            return Ok(Vec::from(*b"refused"));
        }
        read
    }

    fn read_to_string(&self, path: &Path) -> io::Result<String> {
        String::from_utf8(Door::read(self, path)?)
            .map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
    }

    fn metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        match self.note(path) {
            Some(None) => Err(io::ErrorKind::NotFound.into()),
            Some(Some(there)) if !there.is_symlink() => Ok(there),
            _ => fs::metadata(path).map(FileMetadata::from),
        }
    }

    fn symlink_metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        match self.note(path) {
            Some(there) => there.ok_or_else(|| io::ErrorKind::NotFound.into()),
            None => fs::symlink_metadata(path).map(FileMetadata::from),
        }
    }

    fn read_link(&self, path: &Path) -> Result<PathBuf, ResolveError> {
        self.note(path);
        Ok(fs::read_link(path)?)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.canonical(path)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_of_bounded_size_is_read_where_no_link_leads() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("a folder");
        fs::create_dir(root.join("a")).expect("a folder");
        fs::write(root.join("a/file"), "content").expect("a file");
        symlink("a", root.join("link")).expect("a link");
        assert_eq!(
            still_there(&root.join("a/file"), 7).ok(),
            Some(b"content".to_vec())
        );
        assert!(still_there(&root.join("a/file"), 6).is_err());
        assert!(still_there(&root.join("link/file"), 7).is_err());
        assert!(still_there(&root.join("a"), 7).is_err());
    }

    #[test]
    fn a_path_without_links_is_the_one_of_the_system() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("a folder");
        fs::create_dir_all(root.join("a/b")).expect("a folder");
        fs::write(root.join("a/b/file"), "").expect("a file");
        symlink("b", root.join("a/link")).expect("a link");
        symlink("../b/file", root.join("a/b/to-file")).expect("a link");
        symlink("nowhere", root.join("a/broken")).expect("a link");
        symlink("loop", root.join("a/loop")).expect("a link");
        let door = Door::default();
        for name in [
            "",
            "a",
            "a/",
            "a/b/file",
            "a/link",
            "a/link/",
            "a/link/file",
            "a/b/to-file",
            "a/link/to-file",
            "a/b/../b/file",
            "a/b/..",
            "a/./b/file",
            "a/broken",
            "a/loop",
            "a/loop/file",
            "none",
            "none/file",
            "a/b/file/",
            "a/b/file/more",
            "a//b//file",
            ".",
        ] {
            // Twice: the second time, folders are known.
            for _ in 0..2 {
                let path = root.join(name);
                let ours = door.canonical(&path).map_err(|error| error.kind());
                let system = path.canonicalize().map_err(|error| error.kind());
                assert_eq!(ours, system, "{name}");
            }
        }
        let relative = Path::new("src");
        assert_eq!(door.canonical(relative).ok(), relative.canonicalize().ok());
    }
}
