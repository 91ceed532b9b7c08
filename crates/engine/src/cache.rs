//! Machine code, compiled once per machine and kept in the cache folder.
//!
//! A cache that cannot be read or written is never fatal: the component is compiled again.

mod checksum;
pub(crate) mod images;
mod lock;
mod seen;
mod trust;

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use sha2::{Digest, Sha256};
use wasmtime::{Engine, component::Component};

use crate::contract::NotAnAction;
use lock::{Lock, lock};
use trust::{Opened, check_folder, open_own};

/// Told to the caller when a component is not in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompileNotice {
    /// Another process compiles it already, and this one waits for it.
    Waiting {
        /// The folder in which the result will be.
        folder: PathBuf,
    },
    /// That process was not done in time, so this one compiles, too.
    Overdue {
        /// The file that it holds.
        lock: PathBuf,
    },
    /// It is being compiled, which takes seconds.
    Begins,
    /// It is still being compiled, here or by the process that this one waits for. Reported about twice a second.
    Continues {
        /// The time so far.
        took: Duration,
    },
    /// It was compiled.
    Compiled {
        /// The time that it took.
        took: Duration,
        /// Where the result is kept, or why it is not.
        kept: Result<PathBuf, String>,
        /// Why what was in the cache was not used, if something was there.
        refused: Option<String>,
    },
}

impl CompileNotice {
    /// The notice that something was compiled. `refused` is why what was in the cache was not used.
    pub(crate) fn compiled(
        took: Duration,
        kept: Result<PathBuf, String>,
        refused: Option<String>,
    ) -> Self {
        // The folder's reason is given once.
        let refused = refused.filter(|reason| kept.as_ref().err() != Some(reason));
        Self::Compiled {
            took,
            kept,
            refused,
        }
    }
}

/// The file for these bytes. Its name holds what the machine code depends on: the component, this build of
/// wasmtime, its settings and the processor's features.
pub(crate) fn file_name(engine: &Engine, component: &[u8]) -> String {
    file_name_as(engine, "", component)
}

/// As [`file_name`], for another way to compile the same bytes.
pub(crate) fn file_name_as(engine: &Engine, way: &str, component: &[u8]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(way);
    hasher.update(component);
    let mut compatibility = HashWriter(&mut hasher);
    std::hash::Hash::hash(&engine.precompile_compatibility_hash(), &mut compatibility);
    let digest = hasher.finalize();
    let hex: String = digest
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{hex}.cwasm")
}

/// Feeds `Hash` into SHA-256, because the standard hasher may differ between releases of Rust.
struct HashWriter<'a>(&'a mut Sha256);

impl std::hash::Hasher for HashWriter<'_> {
    fn finish(&self) -> u64 {
        0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}

/// The entry of the cache for a file's name.
pub(crate) enum Found {
    /// Machine code.
    Component(Component),
    /// Nothing that can be used; the reason when something is there that must not be.
    Nothing(Option<String>),
}

/// Machine code from the cache, if it is there and whole, and nobody else can have written it.
pub(crate) fn load(engine: &Engine, file: &Path) -> Found {
    let opened = match open_own(file) {
        Ok(Some(opened)) => opened,
        Ok(None) => return Found::Nothing(None),
        Err(reason) => return Found::Nothing(Some(reason)),
    };
    // Damaged machine code is not noticed before it runs, and then anything may happen.
    if let Err(error) = checksum::verify(&opened.file, file) {
        tracing::debug!(file = %file.display(), %error, "cached code is not used");
        return Found::Nothing(None);
    }
    deserialize(engine, opened)
        .inspect_err(
            |error| tracing::debug!(file = %file.display(), %error, "cached code is not used"),
        )
        .map_or(Found::Nothing(None), Found::Component)
}

/// Machine code from the cache; when there is none, after no other process compiles it any more. Until the lock is
/// dropped, others wait. `notice` is told of another process.
pub(crate) fn find(
    engine: &Engine,
    file: Option<&Path>,
    notice: &mut dyn FnMut(CompileNotice),
) -> (Found, Option<fs::File>) {
    let Some(file) = file else {
        return (Found::Nothing(None), None);
    };
    let found = load(engine, file);
    if matches!(found, Found::Component(_)) {
        return (found, None);
    }
    let lock = lock(file, &mut |waited| match waited {
        None => {
            let folder = file.parent().unwrap_or(file).to_owned();
            notice(CompileNotice::Waiting { folder });
        }
        Some(took) => notice(CompileNotice::Continues { took }),
    });
    match lock {
        // Another process may have compiled it meanwhile.
        Lock::Held(lock) => (load(engine, file), Some(lock)),
        Lock::Overdue(lock) => {
            notice(CompileNotice::Overdue { lock });
            (found, None)
        }
        Lock::Impossible => (found, None),
    }
}

fn deserialize(engine: &Engine, opened: Opened) -> wasmtime::Result<Component> {
    let Opened { mut file, again } = opened;
    let Some(again) = again else {
        let mut code = Vec::new();
        file.read_to_end(&mut code)?;
        #[expect(
            unsafe_code,
            reason = "machine code is loaded from the user's own cache"
        )]
        // SAFETY: as below.
        return unsafe { Component::deserialize(engine, code) };
    };
    #[expect(
        unsafe_code,
        reason = "machine code is loaded from the user's own cache"
    )]
    // SAFETY: the file was written by `store` of a postlogin with the same engine settings (its name says so, and
    // wasmtime checks its own version and settings again). `open_own` looked at the opened file itself, which `again`
    // names for as long as `file` is open: it belongs to the effective user, nobody else may write to it, and the same
    // holds for its folder and for everything above. That is the trust that the executable itself gets.
    unsafe {
        Component::deserialize_file(engine, again)
    }
}

/// The content of a file of the cache, if nobody else can have written it.
#[must_use]
pub fn read_own(file: &Path) -> Option<Vec<u8>> {
    let opened = open_own(file)
        .inspect_err(|reason| tracing::debug!(%reason, "a file of the cache is not used"));
    let mut content = Vec::new();
    opened.ok()??.file.read_to_end(&mut content).ok()?;
    Some(content)
}

/// Writes a file of the cache: beside its place and renamed, so that two processes at once never see half a file.
///
/// # Errors
/// When others may write to the folder, or it cannot be written at all. The text says which.
pub fn write_own(file: &Path, content: &[u8]) -> Result<(), String> {
    use io::Write;
    with_temporary(file, |mut file| file.write_all(content))
}

/// As [`write_own`], for what is not written in one go.
fn with_temporary(
    file: &Path,
    write: impl FnOnce(&fs::File) -> io::Result<()>,
) -> Result<(), String> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let explain = |error: io::Error| format!("{}: {error}", file.display());
    let folder = file.parent().unwrap_or(Path::new("."));
    make_folder(folder).map_err(explain)?;
    check_folder(folder)?;
    // Another number for each thread that writes.
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let temporary = file.with_extension(format!("tmp{}-{number}", std::process::id()));
    let written = create_private(&temporary)
        .and_then(|file| write(&file))
        .and_then(|()| fs::rename(&temporary, file));
    written.map_err(|error| {
        // Nothing to do if even that fails: the file is only litter.
        let _ = fs::remove_file(&temporary);
        explain(error)
    })
}

/// Keeps machine code.
pub(crate) fn store(component: &Component, file: &Path) -> Result<(), String> {
    let code = component.serialize().map_err(|error| error.to_string())?;
    // First: machine code without its checksum is not used.
    checksum::store(&code, file)?;
    write_own(file, &code)
}

/// Returns whether files can be kept beside this one.
///
/// # Errors
/// When others may write to the folder, or it cannot be written at all. The text says which.
pub(crate) fn can_keep(file: &Path) -> Result<(), String> {
    let explain = |error: io::Error| format!("{}: {error}", file.display());
    let folder = file.parent().unwrap_or(Path::new("."));
    make_folder(folder).map_err(explain)?;
    check_folder(folder)?;
    let probe = file.with_extension(format!("probe{}", std::process::id()));
    create_private(&probe).map_err(explain)?;
    fs::remove_file(&probe).map_err(explain)
}

/// Makes a new folder that only this user may look into.
///
/// # Errors
/// When there is one already, or it cannot be made.
pub(crate) fn make_private_folder(folder: &Path) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "there is no mode to set"))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes a folder that only this user may write to.
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn create_private(file: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        // What a process with the same number left behind.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(file)?;
            options.open(file)
        }
        opened => opened,
    }
}

/// Compiles, which takes seconds for an engine and is what the cache is for.
pub(crate) fn compile(engine: &Engine, bytes: &[u8]) -> Result<Component, NotAnAction> {
    Component::from_binary(engine, bytes)
        .map_err(|error| NotAnAction::Unreadable(first_line(&format!("{error:#}"))))
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
