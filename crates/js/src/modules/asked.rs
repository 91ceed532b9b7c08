//! The questions about packages to the file system, and what it knew of each path then.
//!
//! While it knows the same, every question has the same answer and every file the same content: any program that writes to a file or puts
//! another in its place changes its time of change (`st_ctime`), which no program can set. So whether packages are still the same is known
//! without reading them.

use std::{
    collections::HashMap,
    ffi::OsString,
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use oxc_resolver::FileMetadata;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// So many paths are remembered. Two large packages have five thousand.
const MOST: usize = 50_000;

/// So many bytes of their names. An Action can ask for any number of them, and some have four thousand.
const MOST_BYTES: usize = 16 << 20;

/// A file that changed later than this before it was looked at may change again without another time: some file systems count seconds.
const SETTLED: Duration = Duration::from_secs(2);

/// The paths that were asked for.
#[derive(Default)]
pub(super) struct Asked(Mutex<Paths>);

#[derive(Default)]
struct Paths {
    /// By their names as they were written: comparing paths part by part takes long.
    known: HashMap<OsString, Seen>,
    /// The bytes of their names.
    bytes: usize,
    /// Whether something cannot be remembered.
    is_lost: bool,
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked").finish_non_exhaustive()
    }
}

/// Everything that was asked for, and the hash of what the file system knew of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sight {
    paths: Vec<String>,
    /// SHA-256 in hexadecimal digits.
    facts: String,
}

impl Asked {
    /// Notes a path before it is asked for: what changes later is then noticed. Returns what is there, if that is remembered, so that the
    /// question need not be asked again.
    pub(super) fn note(&self, path: &Path) -> Option<There> {
        let mut paths = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if paths.is_lost {
            return None;
        }
        if let Some(seen) = paths.known.get(path.as_os_str()) {
            return Some(seen.there);
        }
        let seen = Seen::of(path).filter(|seen| seen.fact.is_settled(SystemTime::now()));
        match seen {
            Some(seen)
                if paths.known.len() < MOST
                    && paths.bytes + path.as_os_str().len() <= MOST_BYTES =>
            {
                let there = seen.there;
                paths.bytes += path.as_os_str().len();
                paths.known.insert(path.as_os_str().to_owned(), seen);
                Some(there)
            }
            _ => {
                paths.is_lost = true;
                // Nothing of it is of use any more.
                paths.known = HashMap::new();
                None
            }
        }
    }

    /// Returns all that was asked for so far; `None` when something of it may change without being noticed.
    pub(super) fn sight(&self) -> Option<Sight> {
        let paths = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if paths.is_lost {
            return None;
        }
        let mut known = paths.known.clone();
        drop(paths);
        // Where a path leads is decided by each folder on the way.
        let asked: Vec<OsString> = known.keys().cloned().collect();
        for path in &asked {
            for folder in Path::new(path).ancestors().skip(1) {
                // Those above it are known as well, or will be.
                if known.contains_key(folder.as_os_str()) {
                    break;
                }
                known.insert(folder.as_os_str().to_owned(), Seen::of(folder)?);
            }
        }
        let mut known: Vec<(OsString, Seen)> = known.into_iter().collect();
        known.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let facts = hash(known.iter().map(|(_, seen)| &seen.fact));
        let paths = known.into_iter().map(|(path, _)| path.into_string());
        let paths = paths.collect::<Result<_, _>>().ok()?;
        Some(Sight { paths, facts })
    }
}

impl Sight {
    /// Whether the file system knows the same of every path.
    pub(crate) fn holds(&self) -> bool {
        let seen = self.paths.iter().map(|path| Seen::of(path.as_ref()));
        let seen: Option<Vec<Seen>> = seen.collect();
        seen.is_some_and(|seen| hash(seen.iter().map(|seen| &seen.fact)) == self.facts)
    }
}

/// The thing at a path, which may be a link; `None` where nothing is.
pub(super) type There = Option<FileMetadata>;

/// A path that was looked at.
#[derive(Debug, Clone)]
struct Seen {
    fact: Fact,
    there: There,
}

/// The facts that the file system has about a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fact {
    Absent,
    /// Which one. What is in it is asked for by its own path.
    Folder([u64; 2]),
    /// Which one, its length, and when it was written to and changed.
    File([u64; 7]),
    /// The same of the link itself, and the path without links that it leads to.
    Link([u64; 7], Option<PathBuf>),
}

impl Fact {
    /// Whether another change would have another time.
    fn is_settled(&self, now: SystemTime) -> bool {
        let (Self::File(facts) | Self::Link(facts, _)) = self else {
            return true;
        };
        let [.., seconds, nanoseconds] = *facts;
        let nanoseconds = u32::try_from(nanoseconds).unwrap_or_default();
        let changed = SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, nanoseconds));
        let age = changed.and_then(|changed| now.duration_since(changed).ok());
        // A file system that knows no times says 0.
        seconds > 0 && age.is_some_and(|age| age >= SETTLED)
    }
}

impl Seen {
    /// Returns what the file system knows of a path; `None` where it knows nothing, or too little.
    #[cfg(unix)]
    fn of(path: &Path) -> Option<Self> {
        match fs::symlink_metadata(path) {
            Ok(meta) => Some(Self {
                fact: fact(path, &meta),
                there: Some(meta.into()),
            }),
            Err(error) => {
                let kinds = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory];
                kinds.contains(&error.kind()).then_some(Self {
                    fact: Fact::Absent,
                    there: None,
                })
            }
        }
    }

    /// Other systems have no time of change.
    #[cfg(not(unix))]
    fn of(_: &Path) -> Option<Self> {
        None
    }
}

#[cfg(unix)]
fn fact(path: &Path, meta: &fs::Metadata) -> Fact {
    use std::os::unix::fs::MetadataExt;
    if meta.is_dir() {
        return Fact::Folder([meta.dev(), meta.ino()]);
    }
    let times = [
        meta.mtime(),
        meta.mtime_nsec(),
        meta.ctime(),
        meta.ctime_nsec(),
    ];
    let [modified, modified_nanoseconds, changed, changed_nanoseconds] =
        times.map(i64::cast_unsigned);
    let facts = [
        meta.dev(),
        meta.ino(),
        meta.len(),
        modified,
        modified_nanoseconds,
        changed,
        changed_nanoseconds,
    ];
    match meta.is_symlink() {
        // Links that lead to other links are followed by the system.
        true => Fact::Link(facts, path.canonicalize().ok()),
        false => Fact::File(facts),
    }
}

fn hash<'a>(facts: impl Iterator<Item = &'a Fact>) -> String {
    let mut hasher = Sha256::new();
    let mut add = |kind: u8, numbers: &[u64]| {
        hasher.update([kind]);
        for number in numbers {
            hasher.update(number.to_le_bytes());
        }
    };
    let mut reals = Vec::new();
    for fact in facts {
        match fact {
            Fact::Absent => add(0, &[]),
            Fact::Folder(numbers) => add(1, numbers),
            Fact::File(numbers) => add(2, numbers),
            Fact::Link(numbers, real) => {
                add(3, numbers);
                let real = real.as_deref().unwrap_or(Path::new(""));
                reals.extend_from_slice(real.as_os_str().as_encoded_bytes());
                reals.push(0);
            }
        }
    }
    hasher.update(&reals);
    crate::kept::hex(&hasher.finalize())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// A folder with a file, a link to it by two steps, and nothing at `none`; all of it older than the clock of a file system counts.
    fn sight_of(root: &Path) -> Sight {
        let asked = Asked::default();
        // As if it were looked at later.
        let mut paths = asked.0.lock().expect("one thread");
        for name in ["a/file", "link", "none", "a/none/file"] {
            let path = root.join(name);
            let seen = Seen::of(&path).expect("it is known");
            assert!(seen.fact.is_settled(SystemTime::now() + SETTLED), "{name}");
            paths.known.insert(path.into_os_string(), seen);
        }
        drop(paths);
        asked.sight().expect("everything is known")
    }

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("a folder");
        fs::create_dir(root.join("a")).expect("a folder");
        fs::write(root.join("a/file"), "content").expect("a file");
        fs::write(root.join("a/other"), "content").expect("a file");
        symlink("second", root.join("link")).expect("a link");
        symlink("a/file", root.join("second")).expect("a link");
        (folder, root)
    }

    #[test]
    fn whatever_changes_an_answer_is_noticed() {
        type Change = fn(&Path) -> io::Result<()>;
        let changes: &[(&str, bool, Change)] = &[
            ("nothing", true, |_| Ok(())),
            ("another file in a folder", true, |root| {
                fs::write(root.join("a/third"), "")
            }),
            ("a file is read", true, |root| {
                fs::read(root.join("a/file")).map(drop)
            }),
            ("other content, with the old time", false, |root| {
                let file = root.join("a/file");
                let modified = fs::metadata(&file)?.modified()?;
                fs::write(&file, "CONTENT")?;
                let file = fs::File::options().write(true).open(&file)?;
                file.set_modified(modified)
            }),
            ("another file in its place", false, |root| {
                fs::rename(root.join("a/other"), root.join("a/file"))
            }),
            ("no file", false, |root| {
                fs::remove_file(root.join("a/file"))
            }),
            ("other rights", false, |root| {
                let rights = fs::Permissions::from_mode(0o600);
                fs::set_permissions(root.join("a/file"), rights)
            }),
            ("a file where none was", false, |root| {
                fs::write(root.join("none"), "")
            }),
            ("a file below what was not there", false, |root| {
                fs::create_dir(root.join("a/none"))?;
                fs::write(root.join("a/none/file"), "")
            }),
            ("a link to another one", false, |root| {
                fs::remove_file(root.join("link"))?;
                symlink("a/file", root.join("link"))
            }),
            ("a link on the way that leads elsewhere", false, |root| {
                fs::remove_file(root.join("second"))?;
                symlink("a/other", root.join("second"))
            }),
            ("another folder with the same file", false, |root| {
                fs::rename(root.join("a"), root.join("b"))?;
                fs::create_dir(root.join("a"))?;
                fs::hard_link(root.join("b/file"), root.join("a/file"))
            }),
            ("a link in the place of a folder", false, |root| {
                fs::rename(root.join("a"), root.join("b"))?;
                symlink("b", root.join("a"))
            }),
        ];
        for (what, stays, change) in changes {
            let (_folder, root) = folder();
            let sight = sight_of(&root);
            assert!(sight.holds(), "{what}");
            // Longer than a tick of the clock that files get their times from.
            std::thread::sleep(Duration::from_millis(12));
            change(&root).expect(what);
            assert_eq!(sight.holds(), *stays, "{what}");
        }
    }

    #[test]
    fn what_changed_just_now_is_not_remembered() {
        let (_folder, root) = folder();
        for (name, is_remembered) in [
            ("none", true),
            ("a", true),
            ("a/file", false),
            ("link", false),
        ] {
            let asked = Asked::default();
            let there = asked.note(&root.join(name));
            assert_eq!(there.is_some(), is_remembered, "{name}");
            assert_eq!(asked.sight().is_some(), is_remembered, "{name}");
        }
    }
}
