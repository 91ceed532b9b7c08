//! The modules that an Action may `require`: the packages in `node_modules` and the Action Modules of its project.

mod advice;
mod asked;
pub(crate) mod closure;
mod dependencies;
mod door;
mod find;
mod installed;
mod legacy;
mod links;
mod local;
mod manifests;
mod mocks;
mod packages;
mod patterns;
mod places;
mod room;

use std::{
    collections::{HashMap, HashSet},
    fmt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use postlogin_core::outcome::Notice;
use postlogin_engine::{Keyword, ModuleFile, ModuleFormat, ModuleSource, Refusal, Resolved};

use self::{
    advice::Advice,
    local::Local,
    mocks::Mocks,
    packages::Packages,
    room::{Kept, Share},
};
pub(crate) use self::{asked::Sight, packages::Fingerprint};
pub use self::{
    dependencies::{ActionModule, DeclaredPackage, Dependencies, Unusable},
    installed::{manifests, places as package_places},
    links::missing_exports,
    local::{Imports, LocalFile, check_local, specifiers},
    mocks::ModuleMock,
    room::Room,
};
use crate::{
    check::is_node_module,
    engine::MODULE_WRAPPER,
    errors::LoadedText,
    source::{Prepared, prepare},
    source_map::SourceMap,
};

/// The most bytes of all files that an Action requires: they are kept as long as the Action.
const LOADED_BYTES: usize = 64 << 20;

/// Answers and files that are remembered for all logins of an Action.
const REMEMBERED: usize = 4_000;

/// The beginning of the name of an Action Module.
const SCHEME: &str = "actions:";

/// The longest name of a module that is looked up, in bytes: a path of most file systems.
const LONGEST_SPECIFIER: usize = 4096;
/// So many answers are remembered. An Action can ask for any number of names.
const MOST_ANSWERS: usize = 20_000;
/// So many bytes of them, in all: an answer repeats its question.
const ANSWER_BYTES: usize = 4 << 20;

/// Finds and reads what one Action requires. Files are read when they are asked for, and once.
pub struct Modules {
    packages: Option<Packages>,
    modules: Vec<LoadedModule>,
    mocks: Mocks,
    advice: Advice,
    local: Local,
    source_map: Option<Arc<SourceMap>>,
    is_rule: bool,
    answers: Mutex<Answers>,
    files: Mutex<Files>,
    /// Bytes of files that are kept, at most: [`LOADED_BYTES`].
    most_bytes: usize,
    room: Room,
    /// The room of the local files.
    _local_share: Option<Share>,
}

/// The questions so far, with their answers.
#[derive(Default)]
struct Answers {
    known: HashMap<(String, String, Keyword), Resolved>,
    bytes: usize,
}

/// A file that was loaded.
#[derive(Clone)]
struct Loaded {
    format: ModuleFormat,
    code: Arc<Kept>,
}

/// The files that were asked for.
#[derive(Default)]
struct Files {
    known: HashMap<String, Result<Loaded, Refusal>>,
    /// The bytes of those that are there.
    bytes: usize,
}

struct LoadedModule {
    module: ActionModule,
    /// The name under which the engine knows it.
    path: String,
    /// `None` when the text does not compile, which is no fault until it is required.
    prepared: Option<Prepared>,
}

impl Modules {
    /// The beginning of the name under which an Action requires an Action Module.
    pub const SCHEME: &'static str = SCHEME;

    /// The view of what `dependencies` names.
    ///
    /// # Errors
    /// When two Action Modules have one name, or there is no room for what is imported.
    pub fn new(dependencies: Dependencies) -> Result<Self, Unusable> {
        let Dependencies {
            folder,
            declared,
            modules,
            mocks,
            is_rule,
            local,
            imports,
            source_map,
            room,
        } = dependencies;
        let mut names = HashSet::new();
        for module in &modules {
            if !names.insert(module.name.as_str()) {
                let name = module.name.clone();
                return Err(Unusable::duplicate(&name));
            }
        }
        let imported = local.iter().map(|file| file.text.len());
        let imported = imported.fold(0, usize::saturating_add);
        let share = room.for_imports(imported).map_err(Unusable)?;
        let advice = Advice::new(declared, &modules);
        let modules = modules.into_iter().map(|module| LoadedModule {
            path: format!("{SCHEME}{}", module.name),
            prepared: prepare(&module.file, Arc::clone(&module.text)).ok(),
            module,
        });
        Ok(Self {
            packages: folder.map(|folder| Packages::new(&folder)),
            modules: modules.collect(),
            mocks: Mocks::new(mocks),
            advice,
            local: Local::new(imports, local),
            source_map,
            is_rule,
            answers: Mutex::default(),
            files: Mutex::default(),
            most_bytes: LOADED_BYTES,
            room,
            _local_share: Some(share),
        })
    }

    /// No modules.
    #[must_use]
    pub fn none() -> Self {
        Self {
            packages: None,
            modules: Vec::new(),
            mocks: Mocks::new(Vec::new()),
            advice: Advice::new(None, &[]),
            local: Local::default(),
            source_map: None,
            is_rule: false,
            answers: Mutex::default(),
            files: Mutex::default(),
            most_bytes: LOADED_BYTES,
            room: Room::default(),
            _local_share: None,
        }
    }

    /// The texts of Action Modules and local files that the engine may name in stacks.
    pub(crate) fn texts(&self) -> impl Iterator<Item = LoadedText<'_>> {
        let prefix_bytes = u32::try_from(MODULE_WRAPPER.len()).unwrap_or(u32::MAX);
        let modules = self.modules.iter().filter_map(move |module| {
            Some(LoadedText {
                engine_name: &module.path,
                prefix_bytes,
                prepared: module.prepared.as_ref()?,
            })
        });
        // Of two of one name, the one that runs.
        self.mocks.texts().chain(modules).chain(self.local.texts())
    }

    /// The map of the Action's text, if it was built from other files.
    pub(crate) fn source_map(&self) -> Option<Arc<SourceMap>> {
        self.source_map.clone()
    }

    /// Whether the Action will find what it asks for by this name. Modules of Node are there, and of Action Modules `check` has its own
    /// findings.
    #[must_use]
    pub fn finds(&self, specifier: &str) -> bool {
        let is_known = specifier.starts_with(SCHEME) || is_node_module(specifier);
        is_known || self.resolve("", specifier, Keyword::Require).path.is_ok()
    }

    /// Whether what the Action writes is one of its local files.
    pub(crate) fn is_local(&self, specifier: &str) -> bool {
        self.local.resolve("", specifier).is_some()
    }

    /// Returns the specifiers that the Action writes for files of the project, and these files, each with its name, its text and its
    /// own specifiers.
    pub(crate) fn local_files(&self) -> (&Imports, impl Iterator<Item = (&str, &str, &Imports)>) {
        self.local.files()
    }

    /// Whether anything takes the place of another module.
    pub(crate) fn are_mocked(&self) -> bool {
        !self.mocks.is_empty()
    }

    /// The folder where the search for packages starts.
    pub(crate) fn folder(&self) -> &Path {
        self.packages
            .as_ref()
            .map_or(Path::new(""), Packages::folder)
    }

    /// Returns the fingerprint of a package's file as it is on disk now.
    pub(crate) fn fingerprint(&self, path: &str) -> Option<Fingerprint> {
        self.packages.as_ref()?.fingerprint(path)
    }

    /// Returns the fingerprint of a package's file as it was when it was loaded, without reading it again.
    pub(crate) fn fingerprint_when_loaded(&self, path: &str) -> Option<Fingerprint> {
        self.packages.as_ref()?.fingerprint_when_loaded(path)
    }

    /// Returns what decides, beside the file system, which file a package's name leads to; `None` when there is more than is named here.
    pub(crate) fn surroundings(&self) -> Option<String> {
        let packages = self.packages.as_ref()?;
        let is_alone = self.mocks.is_empty() && self.local.is_empty();
        is_alone.then(|| format!("{} {:?}", self.is_rule, packages.places()))
    }

    /// Returns all that the file system was asked for; `None` when some of it may change without being noticed.
    pub(crate) fn sight(&self) -> Option<Sight> {
        self.packages.as_ref()?.sight()
    }

    fn module(&self, path: &str) -> Option<&LoadedModule> {
        self.modules.iter().find(|module| module.path == path)
    }

    fn read(&self, path: &str) -> Result<ModuleFile, Refusal> {
        if let Some(file) = self.mocks.read(path) {
            return Ok(file);
        }
        if let Some(module) = self.module(path) {
            let code = module.prepared.as_ref().map(|prepared| &prepared.code);
            return Ok(ModuleFile {
                format: ModuleFormat::ActionModule,
                code: code.unwrap_or(&module.module.text).clone(),
            });
        }
        if let Some(file) = self.local.load(path) {
            return Ok(file);
        }
        match &self.packages {
            Some(packages) => packages.load(path),
            None => Err(Refusal::not_found(path)),
        }
    }
}

impl ModuleSource for Modules {
    fn resolve(&self, importer: &str, specifier: &str, keyword: Keyword) -> Resolved {
        if specifier.len() > LONGEST_SPECIFIER {
            return advice::of_long_specifier(specifier);
        }
        let question = (importer.to_owned(), specifier.to_owned(), keyword);
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = answers.known.get(&question) {
            return known.clone();
        }
        let answer = self.find(importer, specifier, keyword);
        let bytes = importer.len() + specifier.len() + weight(&answer);
        if answers.known.len() < MOST_ANSWERS && answers.bytes + bytes <= ANSWER_BYTES {
            answers.bytes += bytes;
            answers.known.insert(question, answer.clone());
        }
        answer
    }

    fn is_own(&self, path: &str) -> bool {
        self.local.has(path)
    }

    fn load(&self, path: &str) -> Result<ModuleFile, Refusal> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if files.known.len() >= REMEMBERED {
            files.known.retain(|_, file| file.is_ok());
        }
        if let Some(known) = files.known.get(path) {
            return known.as_ref().map(Loaded::file).map_err(Clone::clone);
        }
        let refuse = |what: String| Refusal {
            code: "ERR_INVALID_MODULE".into(),
            message: format!("{path}: {what}"),
        };
        let known = files.bytes;
        let loaded = self.read(path).and_then(|read| {
            if known.saturating_add(read.code.len()) > self.most_bytes {
                let most = self.most_bytes >> 20;
                return Err(refuse(format!(
                    "the files that this Action requires have more than {most} MiB together"
                )));
            }
            Ok(Loaded {
                format: read.format,
                code: self.room.keep(&read.code).map_err(refuse)?,
            })
        });
        if let Ok(loaded) = &loaded {
            files.bytes = known.saturating_add(loaded.code.len());
        }
        let file = loaded.as_ref().map(Loaded::file).map_err(Clone::clone);
        files.known.insert(path.to_owned(), loaded);
        file
    }
}

/// Returns the bytes of an answer, about.
fn weight(answer: &Resolved) -> usize {
    let path = match &answer.path {
        Ok(path) => path.len(),
        Err(refusal) => refusal.code.len() + refusal.message.len(),
    };
    let notices = answer.notices.iter();
    let notices: usize = notices
        .map(|it| size_of::<Notice>() + it.message.len())
        .sum();
    size_of::<Resolved>() + path + notices
}

impl Loaded {
    fn file(&self) -> ModuleFile {
        ModuleFile {
            format: self.format,
            code: self.code.text(),
        }
    }
}

impl fmt::Debug for Modules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Modules").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
