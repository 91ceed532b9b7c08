//! Packages that are loaded already: an engine's image in which the packages that an Action begins with have run.
//!
//! Loading a large package takes this engine tenths of a second, in each login. So an image is made of the engine after the
//! packages have run (a snapshot), compiled, and kept in the cache. It depends on what the packages consist of and not on the
//! Action: an edit of the Action changes nothing, and two Actions that begin alike share it.
//!
//! Nothing may be different from a login that loads them itself. What saw the time or chance while it loaded, printed, or left
//! something waiting is not kept. What is kept is used only while everything that was asked for has the same answer, and every file
//! the same content.

mod leading;
mod record;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use postlogin_engine::{
    Engine, Keyword, ModuleSource, Program, SnapshotError, Stage, read_own, snapshot, write_own,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{engine, modules::Modules};
use record::{Record, Recorder, hex};

/// Less text than this loads faster than a person notices, in bytes.
const WORTHWHILE: usize = 64 << 10;

/// What is known of an Action's packages.
pub(crate) enum Kept {
    /// An engine in which they have run.
    Program(Program),
    /// Nothing yet.
    Not(Option<Packages>),
}

/// The packages with which an Action begins, not kept yet.
#[derive(Debug)]
pub struct Packages {
    engine: Engine,
    modules: Arc<Modules>,
    specifiers: Vec<String>,
    index: PathBuf,
    uses: u32,
}

/// The packages may come out differently in each login, or they fail: there can be no image of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unrepeatable;

/// What is remembered of packages, in a file of the cache.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Index {
    /// How often an Action with these packages was loaded before.
    uses: u32,
    /// What they were loaded from when an image was made, or found to be impossible.
    record: Option<Record>,
    /// Whether there is an image.
    is_kept: bool,
}

impl Index {
    /// What is not there or not readable is as if it had never been.
    fn read(file: &Path) -> Self {
        let text = read_own(file).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// A cache that can't be written is no cache.
    fn write(&self, file: &Path) {
        let written = serde_json::to_vec(self)
            .map_err(|error| error.to_string())
            .and_then(|text| write_own(file, &text));
        if let Err(error) = written {
            tracing::debug!(%error, "what packages consist of is not kept");
        }
    }
}

/// Finds an engine in which the packages that `code` begins with have run.
pub(crate) fn find(engine: &Engine, code: &str, modules: &Arc<Modules>) -> Kept {
    let Some(cache) = engine.cache() else {
        return Kept::Not(None);
    };
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
        return Kept::Not(None);
    }
    let index = cache.join(index_name(&specifiers, modules));
    let known = Index::read(&index);
    let is_current = known.record.as_ref().filter(|record| record.holds(modules));
    match (is_current, known.is_kept) {
        (Some(_), false) => return Kept::Not(None),
        (Some(record), true) => {
            if let Some(program) = engine.kept_program(&program_name(&specifiers, record)) {
                return Kept::Program(program);
            }
        }
        (None, _) => {}
    }
    let uses = known.uses.saturating_add(1);
    Kept::Not(Some(Packages {
        engine: engine.clone(),
        modules: Arc::clone(modules),
        specifiers,
        index,
        uses,
    }))
}

impl Packages {
    /// Remembers that they were loaded once more. What nobody decides by is not written.
    pub(crate) fn count_use(&self) {
        const DECIDES: u32 = 2;
        if self.uses <= DECIDES {
            let counted = Index {
                uses: self.uses,
                ..Index::default()
            };
            counted.write(&self.index);
        }
    }

    /// The file that remembers them.
    #[must_use]
    pub fn index(&self) -> &Path {
        &self.index
    }

    /// How many commands have loaded these packages on this machine, this one included.
    #[must_use]
    pub fn uses(&self) -> u32 {
        self.uses
    }

    /// The specifiers, in the order in which they are required.
    #[must_use]
    pub fn specifiers(&self) -> &[String] {
        &self.specifiers
    }

    /// Whether what was loaded so far is so much that an image of it saves time.
    #[must_use]
    pub fn are_worthwhile(&self) -> bool {
        self.modules.loaded_bytes() >= WORTHWHILE
    }

    /// Runs the packages in an engine of their own and keeps an image of it; tells how long that took.
    ///
    /// # Errors
    /// When the packages can't be kept, for a reason of theirs (the inner result) or of this machine.
    pub fn keep(&self) -> anyhow::Result<Result<Duration, Unrepeatable>> {
        let started = Instant::now();
        let recorder = Arc::new(Recorder::new(Arc::clone(&self.modules)));
        let source = Arc::clone(&recorder) as Arc<dyn ModuleSource>;
        let bytes = engine::unpack().map_err(anyhow::Error::msg)?;
        let made = snapshot(
            &self.engine,
            &bytes,
            Stage::Required(&self.specifiers, &source),
        );
        let record = recorder.record();
        let remember = |record, is_kept| {
            Index {
                uses: self.uses,
                record: Some(record),
                is_kept,
            }
            .write(&self.index);
        };
        let component = match made {
            Ok(component) => component,
            Err(SnapshotError::Broken(error)) => return Err(error),
            Err(SnapshotError::Unrepeatable | SnapshotError::Source(_)) => {
                remember(record, false);
                return Ok(Err(Unrepeatable));
            }
        };
        let name = program_name(&self.specifiers, &record);
        self.engine.keep_program(&name, &component)?;
        remember(record, true);
        Ok(Ok(started.elapsed()))
    }
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

fn program_name(specifiers: &[String], record: &Record) -> String {
    format!(
        "packages\n{}\n{}\n{}",
        engine::hash(),
        specifiers.join("\n"),
        record.name()
    )
}
