//! Packages that are loaded already: an engine's memory in which the packages that an Action begins with have run.
//!
//! Loading a large package takes this engine tenths of a second, in each login. So packages are loaded once, in a sandbox of
//! their own, and sandboxes of Actions begin with the memory that they left. What they have changed in it (a delta) is kept in
//! the cache, packed, for the next process. It depends on what the packages consist of and not on the Action: an edit of the Action
//! changes nothing, and Actions that begin alike share it.
//!
//! Nothing may be different from a login that loads them itself. What saw the time or chance while it loaded, printed, or left
//! something waiting is loaded in each login. What is kept is used only while everything that was asked for has the same answer, and
//! every file the same content; a delta that is damaged, or another one than was written, is never used. That is known without reading
//! the files while the file system knows the same of them as when they were read ([`seen`]).

mod leading;
mod packed;
mod record;
mod seen;

use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, bail};
use postlogin_engine::{
    Delta, Engine, Keyword, ModuleSource, NotPreloaded, Program, read_own, write_own,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{engine, modules::Modules};
pub(crate) use record::hex;
use record::{Record, Recorder};
use seen::Seen;

/// Less text than this loads faster than reading a file, in bytes.
const WORTHWHILE: u64 = 64 << 10;

/// The most bytes that are unpacked of a delta: more than a sandbox with the usual limit can have changed.
const LARGEST_DELTA: usize = 192 << 20;

/// The packages that this process has loaded or found in the cache.
#[derive(Default)]
pub(crate) struct Shelf {
    /// By the name of their index.
    known: Mutex<HashMap<String, Known>>,
    /// The packages that the cache does not have yet.
    fresh: Mutex<Vec<Packages>>,
}

/// The result of loading packages.
struct Known {
    /// `None` as long as nothing had to be read.
    record: Option<Arc<Record>>,
    seen: Option<Seen>,
    /// The engine in which they have run; `None` when each login has to load them.
    program: Option<Program>,
}

/// Packages that were loaded in this process, for the cache.
pub struct Packages {
    index: PathBuf,
    specifiers: Vec<String>,
    record: Arc<Record>,
    seen: Option<Seen>,
    /// `None` when each login has to load them.
    delta: Option<Delta>,
    code_bytes: u64,
}

impl fmt::Debug for Packages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packages")
            .field("specifiers", &self.specifiers)
            .field("is_repeatable", &self.is_repeatable())
            .finish_non_exhaustive()
    }
}

/// The stored facts of packages, in a file of the cache.
#[derive(Debug, Deserialize)]
struct Index {
    /// The specifiers of the packages: the file may have been put in the place of another one.
    specifiers: Vec<String>,
    /// The files that they were loaded from.
    record: Record,
    /// SHA-256 of the file beside this one, in hexadecimal digits; `None` when each login has to load them.
    delta: Option<String>,
}

/// An [`Index`] that is written.
#[derive(Serialize)]
struct IndexOf<'a> {
    specifiers: &'a [String],
    record: &'a Record,
    delta: Option<&'a str>,
}

impl Shelf {
    /// Returns an engine in which the packages that `code` begins with have run, or `base` where there is none.
    pub(crate) fn program(
        &self,
        engine: &Engine,
        base: &Program,
        code: &str,
        modules: &Arc<Modules>,
    ) -> Program {
        // A module that takes the place of a package in one test is not the package that others load.
        if modules.are_mocked() {
            return base.clone();
        }
        let mut specifiers = leading::leading(code);
        // Local files change with every edit; what comes after them may depend on them.
        let first = specifiers.iter().position(|one| modules.is_local(one));
        specifiers.truncate(first.unwrap_or(specifiers.len()));
        specifiers.retain(|specifier| {
            modules
                .resolve("", specifier, Keyword::Require)
                .path
                .is_ok()
        });
        if specifiers.is_empty() {
            return base.clone();
        }
        let name = index_name(&specifiers, modules);
        // Held while they are loaded: an Action that begins alike waits instead of loading them, too.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let current = known.get(&name).filter(|known| known.holds(modules));
        let program = match current {
            Some(current) => current.program.clone(),
            None => {
                let index = engine.cache().map(|cache| cache.join(&name));
                let found = index.as_deref();
                let stored = found.and_then(|it| stored(it, &specifiers, base, modules));
                let found = match stored {
                    Some(stored) => stored,
                    None => self.load(base, specifiers, modules, index),
                };
                let program = found.program.clone();
                known.insert(name, found);
                program
            }
        };
        program.unwrap_or_else(|| base.clone())
    }

    /// Loads packages, and takes down what the cache should have of it.
    fn load(
        &self,
        base: &Program,
        specifiers: Vec<String>,
        modules: &Arc<Modules>,
        index: Option<PathBuf>,
    ) -> Known {
        let recorder = Arc::new(Recorder::new(Arc::clone(modules)));
        let source = Arc::clone(&recorder) as Arc<dyn ModuleSource>;
        let (program, delta) = match base.with_packages(&specifiers, &source) {
            Ok((program, delta)) => (Some(program), Some(delta)),
            Err(NotPreloaded::Unrepeatable) => (None, None),
            Err(error @ (NotPreloaded::NoImages | NotPreloaded::Broken(_))) => {
                tracing::debug!(?specifiers, ?error, "packages are loaded in each login");
                return Known {
                    record: Some(Arc::new(recorder.take_record())),
                    seen: None,
                    program: None,
                };
            }
        };
        let record = Arc::new(recorder.take_record());
        let seen = Seen::of(modules);
        if let Some(index) = index {
            let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
            // What changes again and again is stored once, as it is by then.
            fresh.retain(|packages| packages.index != index);
            fresh.push(Packages {
                index,
                specifiers,
                record: Arc::clone(&record),
                seen: seen.clone(),
                delta,
                code_bytes: recorder.code_bytes(),
            });
        }
        Known {
            record: Some(record),
            seen,
            program,
        }
    }

    /// Returns what the cache does not have yet, once.
    pub(crate) fn take_fresh(&self) -> Vec<Packages> {
        std::mem::take(&mut self.fresh.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Known {
    /// Whether a login would load the same.
    fn holds(&self, modules: &Modules) -> bool {
        let is_seen = self.seen.as_ref().is_some_and(|seen| seen.holds(modules));
        is_seen || self.record.as_ref().is_some_and(|it| it.holds(modules))
    }
}

/// Returns what the cache has of packages; `None` when that is nothing, or nothing that is true any more.
fn stored(index: &Path, specifiers: &[String], base: &Program, modules: &Modules) -> Option<Known> {
    let unread = seen::stored(index, specifiers).filter(|(seen, _)| seen.holds(modules));
    if let Some((seen, delta)) = unread
        && let Ok(program) = stored_program(index, delta.as_deref(), base)
    {
        return Some(Known {
            record: None,
            seen: Some(seen),
            program,
        });
    }
    let text = read_own(index)?;
    // What is not readable is as if it were not there.
    let Index {
        specifiers: of,
        record,
        delta,
    } = serde_json::from_slice(&text).ok()?;
    if of != specifiers || !record.holds(modules) {
        return None;
    }
    let program = stored_program(index, delta.as_deref(), base);
    let program = program
        .inspect_err(|error| tracing::debug!(%error, "stored packages are not used"))
        .ok()?;
    let seen = Seen::of(modules);
    if let Some(seen) = &seen
        && let Err(reason) = seen.store(index, specifiers, delta.as_deref())
    {
        tracing::debug!(%reason, "it is not remembered that packages are the same");
    }
    Some(Known {
        record: Some(Arc::new(record)),
        seen,
        program,
    })
}

/// Returns the engine in which the packages have run whose delta has this hash; `None` without one: each login loads them.
///
/// # Errors
/// When the delta is not there, or not whole.
fn stored_program(
    index: &Path,
    hash: Option<&str>,
    base: &Program,
) -> anyhow::Result<Option<Program>> {
    let Some(hash) = hash else {
        return Ok(None);
    };
    let packed = read_own(&delta_file(index)).context("the delta is not there")?;
    if hex(&Sha256::digest(&packed)) != hash {
        bail!("the delta is another one");
    }
    let delta = packed::unpacked(&packed, LARGEST_DELTA).map_err(anyhow::Error::msg)?;
    Ok(Some(base.with_delta(delta)?))
}

impl Packages {
    /// The specifiers, in the order in which they are required.
    #[must_use]
    pub fn specifiers(&self) -> &[String] {
        &self.specifiers
    }

    /// The file that remembers them.
    #[must_use]
    pub fn index(&self) -> &Path {
        &self.index
    }

    /// Whether they are the same in each login, so that logins can begin with them.
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        self.delta.is_some()
    }

    /// Whether they are so much that storing them saves time.
    #[must_use]
    pub fn are_worthwhile(&self) -> bool {
        self.code_bytes >= WORTHWHILE
    }

    /// Stores them in the cache, for the next process.
    ///
    /// # Errors
    /// When the cache cannot be written. The text says why.
    pub fn store(&self) -> Result<(), String> {
        let packed = self
            .delta
            .as_ref()
            .map(|delta| packed::packed(&delta.bytes()));
        let hash = packed.as_ref().map(|packed| hex(&Sha256::digest(packed)));
        let index = IndexOf {
            specifiers: &self.specifiers,
            record: &self.record,
            delta: hash.as_deref(),
        };
        if let Some(packed) = packed {
            // First: an index never names a delta that is not there.
            write_own(&delta_file(&self.index), &packed)?;
        }
        let text = serde_json::to_vec(&index).map_err(|error| error.to_string())?;
        write_own(&self.index, &text)?;
        match &self.seen {
            Some(seen) => seen.store(&self.index, &self.specifiers, hash.as_deref()),
            None => Ok(()),
        }
    }
}

fn delta_file(index: &Path) -> PathBuf {
    index.with_extension("delta")
}

fn index_name(specifiers: &[String], modules: &Modules) -> String {
    let mut hasher = Sha256::new();
    hasher.update(engine::hash());
    hasher.update(modules.folder().as_os_str().as_encoded_bytes());
    for specifier in specifiers {
        hasher.update([0]);
        hasher.update(specifier);
    }
    format!("{}.packages.json", hex(&hasher.finalize()[..16]))
}
