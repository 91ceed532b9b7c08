//! The files that the packages of an Action were loaded from, and whether they are still the same.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use postlogin_engine::{Keyword, ModuleFile, ModuleSource, Refusal, Resolved};
use serde::{Deserialize, Serialize};

use crate::modules::Modules;

/// Everything that was asked for while packages ran, with the answers. The same answers, the same packages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The file for each request: `keyword`, importer, specifier. `None` where there was none.
    answers: BTreeMap<String, Option<String>>,
    /// SHA-256 of each file as it is on disk, in hexadecimal digits.
    files: BTreeMap<String, String>,
}

impl Record {
    /// Whether `modules` would give the same answers and the same files.
    pub(super) fn holds(&self, modules: &Modules) -> bool {
        self.answers.iter().all(|(question, path)| {
            let Some((keyword, importer, specifier)) = asked(question) else {
                return false;
            };
            modules.resolve(importer, specifier, keyword).path.ok() == *path
        }) && self
            .files
            .iter()
            .all(|(path, hash)| modules.fingerprint(path).map(|it| hex(&it)).as_ref() == Some(hash))
    }
}

fn question(importer: &str, specifier: &str, keyword: Keyword) -> String {
    let keyword = match keyword {
        Keyword::Require => "require",
        Keyword::Import => "import",
    };
    format!("{keyword}\n{importer}\n{specifier}")
}

fn asked(question: &str) -> Option<(Keyword, &str, &str)> {
    let (keyword, rest) = question.split_once('\n')?;
    let (importer, specifier) = rest.split_once('\n')?;
    let keyword = match keyword {
        "require" => Keyword::Require,
        "import" => Keyword::Import,
        _ => return None,
    };
    Some((keyword, importer, specifier))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Passes on what modules answer, and takes it down.
pub(super) struct Recorder {
    modules: Arc<Modules>,
    record: Mutex<Record>,
    /// The size of the loaded code, in bytes.
    code_bytes: AtomicU64,
}

impl Recorder {
    pub(super) fn new(modules: Arc<Modules>) -> Self {
        Self {
            modules,
            record: Mutex::default(),
            code_bytes: AtomicU64::new(0),
        }
    }

    /// Returns what was asked for so far, once.
    pub(super) fn take_record(&self) -> Record {
        std::mem::take(&mut self.record.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn code_bytes(&self) -> u64 {
        self.code_bytes.load(Ordering::Relaxed)
    }
}

impl ModuleSource for Recorder {
    fn resolve(&self, importer: &str, specifier: &str, keyword: Keyword) -> Resolved {
        let resolved = self.modules.resolve(importer, specifier, keyword);
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        record.answers.insert(
            question(importer, specifier, keyword),
            resolved.path.clone().ok(),
        );
        resolved
    }

    fn load(&self, path: &str) -> Result<ModuleFile, Refusal> {
        let loaded = self.modules.load(path);
        if let Ok(file) = &loaded {
            let bytes = file.code.len() as u64;
            self.code_bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        let known = self.modules.fingerprint_when_loaded(path);
        // What could not be loaded may be there all the same.
        if let Some(hash) = known.or_else(|| self.modules.fingerprint(path)) {
            let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
            record.files.insert(path.to_owned(), hex(&hash));
        }
        loaded
    }
}
