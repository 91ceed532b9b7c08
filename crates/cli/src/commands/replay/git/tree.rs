//! Writes a tree of git into a new folder, without git's help: no filter, no hook, no index.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    path::{Component, Path, PathBuf},
    process::{Command, Stdio},
};

/// So much of a revision is written, in bytes.
const LARGEST: u64 = 2 << 30;

/// An entry of a tree.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    kind: Kind,
    /// The name of the object, in hexadecimal digits.
    object: String,
    /// The path below the tree: names only.
    path: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Link,
    Submodule,
}

/// Parses what `git ls-tree -rz` prints. The program's own state is left out.
pub(super) fn parse(list: &[u8]) -> Result<Vec<Entry>, String> {
    let lines = list.split(|byte| *byte == 0);
    let lines = lines.filter(|line| !line.is_empty());
    let entries = lines.map(|line| {
        let shown = String::from_utf8_lossy(line);
        let wrong = || format!("git lists an entry that cannot be a file here: {shown:?}");
        let tab = line.iter().position(|byte| *byte == b'\t');
        let (head, name) = tab
            .and_then(|at| Some((line.get(..at)?, line.get(at + 1..)?)))
            .ok_or_else(wrong)?;
        let head = std::str::from_utf8(head).map_err(|_| wrong())?;
        let words: Vec<&str> = head.split(' ').collect();
        let [mode, _, object] = words.as_slice() else {
            return Err(wrong());
        };
        let kind = match *mode {
            "120000" => Kind::Link,
            "160000" => Kind::Submodule,
            mode if mode.starts_with("100") => Kind::File,
            _ => return Err(wrong()),
        };
        let is_hash = object.bytes().all(|byte| byte.is_ascii_hexdigit());
        let path = path_of(name).filter(|path| is_hash && is_below(path));
        Ok(Entry {
            kind,
            object: (*object).to_owned(),
            path: path.ok_or_else(wrong)?,
        })
    });
    let all: Vec<Entry> = entries.collect::<Result<_, String>>()?;
    let is_own = |entry: &Entry| !entry.path.starts_with(".postlogin");
    Ok(all.into_iter().filter(is_own).collect())
}

#[cfg(unix)]
fn path_of(name: &[u8]) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt as _;

    Some(PathBuf::from(std::ffi::OsStr::from_bytes(name)))
}

#[cfg(not(unix))]
fn path_of(name: &[u8]) -> Option<PathBuf> {
    let name = std::str::from_utf8(name).ok()?;
    (!name.contains([':', '\\'])).then(|| PathBuf::from(name))
}

/// Whether a path has nothing but names, none of which is git's own.
fn is_below(path: &Path) -> bool {
    let is_name = |part: Component<'_>| match part {
        Component::Normal(name) => !name.eq_ignore_ascii_case(".git"),
        _ => false,
    };
    path.components().next().is_some() && path.components().all(is_name)
}

/// Writes files and links into `folder`, which is new and empty, and returns the names of what is left out. `git` reads the
/// objects. Links come last, so that no file is written through one.
pub(super) fn write(entries: &[Entry], folder: &Path, mut git: Command) -> io::Result<Vec<String>> {
    let mut child = git
        .args(["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut ask = child.stdin.take().ok_or_else(cut)?;
    let mut answers = BufReader::new(child.stdout.take().ok_or_else(cut)?);
    let mut folders = BTreeSet::from([PathBuf::new()]);
    let mut left = LARGEST;
    let of = |kind: Kind| entries.iter().filter(move |entry| entry.kind == kind);
    let written = of(Kind::File).chain(of(Kind::Link)).try_for_each(|entry| {
        // One question at a time: neither side waits for the other.
        writeln!(ask, "{}", entry.object)?;
        let mut head = String::new();
        answers.by_ref().take(1 << 10).read_line(&mut head)?;
        let size = head.trim_end().rsplit_once(" blob ");
        let size = size.and_then(|(_, size)| size.parse::<u64>().ok());
        let size = size.ok_or_else(|| {
            io::Error::other(format!(
                "git does not have `{}` here; fetch the revision as a whole",
                entry.path.display()
            ))
        })?;
        left = left.checked_sub(size).ok_or_else(|| {
            io::Error::other(format!("the revision has more than {} GiB", LARGEST >> 30))
        })?;
        let parent = entry.path.parent().unwrap_or(Path::new(""));
        make(parent, folder, &mut folders)?;
        let path = folder.join(&entry.path);
        let mut content = answers.by_ref().take(size);
        let copied = match entry.kind {
            Kind::Link => {
                let mut target = Vec::new();
                content.read_to_end(&mut target)?;
                link(&target, &path)?;
                target.len() as u64
            }
            _ => io::copy(&mut content, &mut fs::File::create_new(path)?)?,
        };
        let mut end = [0];
        answers.read_exact(&mut end)?;
        match copied == size && end == [b'\n'] {
            true => Ok(()),
            false => Err(cut()),
        }
    });
    drop(ask);
    if written.is_err() {
        let _ = child.kill();
    }
    let ended = child.wait()?;
    written?;
    if !ended.success() {
        return Err(cut());
    }
    let modules = of(Kind::Submodule).map(|entry| entry.path.display().to_string());
    Ok(modules.collect())
}

fn cut() -> io::Error {
    io::Error::other("git did not print all files")
}

/// Makes a folder with those above it. Each is new: `create_dir` fails where a link is, so no link is ever passed through.
fn make(path: &Path, within: &Path, made: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    if made.contains(path) {
        return Ok(());
    }
    if let Some(above) = path.parent() {
        make(above, within, made)?;
    }
    fs::create_dir(within.join(path))?;
    made.insert(path.to_owned());
    Ok(())
}

/// Writes a link as a checkout has it: whoever reads through it checks where it leads.
#[cfg(unix)]
fn link(target: &[u8], path: &Path) -> io::Result<()> {
    use std::os::unix::ffi::OsStrExt as _;

    std::os::unix::fs::symlink(std::ffi::OsStr::from_bytes(target), path)
}

/// Without the right to make links, git writes the target as a file, too.
#[cfg(not(unix))]
fn link(target: &[u8], path: &Path) -> io::Result<()> {
    fs::File::create_new(path)?.write_all(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_stays_below_its_folder() {
        let object = "ce013625030ba8dba906f756967f9e9ca394464a";
        let list = |mode: &str, path: &str| format!("{mode} blob {object}\t{path}\0").into_bytes();
        for path in ["a.js", "actions/x/code.js", ".gitignore", "a b", "ü"] {
            let found = parse(&list("100644", path)).expect(path);
            assert_eq!(found.len(), 1, "{path}");
            assert_eq!(found[0].path, Path::new(path));
        }
        for path in [
            "../a",
            "/etc/x",
            "a/../../x",
            ".git/config",
            "a/.GIT/hooks/x",
            "",
        ] {
            assert!(parse(&list("100644", path)).is_err(), "{path}");
        }
        assert!(parse(&list("040000", "a")).is_err());
        assert!(parse(b"100644 blob zz\ta\0").is_err());
        assert!(parse(b"nothing\0").is_err());
        let own = parse(&list("100644", ".postlogin/signing-key.pem"));
        assert_eq!(own.map(|found| found.len()), Ok(0));
    }
}
