//! Files of the project that an Action in TypeScript imports: relative ones, those that `paths` of a tsconfig.json names, and
//! packages of the workspace that are TypeScript themselves.

mod beside;
mod json;
mod places;
mod tsconfig;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;

pub use self::beside::Beside;
use self::json::without_comments;
use self::places::{entry, home_of_link, is_typescript, script};
use crate::action::SCRIPTS;
use crate::door::Boundary;
use crate::files::{decode, display_path, entries, extension, file_name, normalize};
use crate::{Error, Result};

/// So many files are read for one Action.
const MOST_FILES: usize = 300;
/// So much text is read for one Action, in bytes.
const MOST_TEXT: usize = 8 << 20;
/// So many files are asked for by one Action.
const MOST_REQUESTS: usize = 10_000;
/// So much of manifests and configurations is read for one Action, in bytes.
const MOST_JSON: usize = 64 << 20;
/// So much of it is kept, in bytes: in memory it is up to twenty times as long. What is not kept is read again.
const MOST_KEPT: usize = 8 << 20;
/// So many places are looked at for one Action, each for up to fifteen names.
const MOST_PLACES: usize = 20_000;
/// So many patterns of a tsconfig.json are looked at, and so many targets of each.
const MOST_PATTERNS: usize = 1_000;
const MOST_TARGETS: usize = 20;

/// A file that an Action imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalSource {
    /// The file.
    pub path: PathBuf,
    /// The file, shown like the Action's.
    pub shown: String,
    /// Its text.
    pub text: Arc<str>,
    /// The specifiers that it writes for other files, and their indices.
    pub imports: HashMap<String, usize>,
}

/// The files that an Action imports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocalSources {
    /// The specifiers that the Action writes for them, and their indices.
    pub imports: HashMap<String, usize>,
    /// The files.
    pub files: Vec<LocalSource>,
    /// The first limit that was reached, such as `300 files`: what is beyond it was left out.
    pub limit: Option<&'static str>,
}

/// Finds and reads what the Action at `path`, shown as `shown`, imports. `requests` returns what a file with this name and
/// text asks for. What is not there, or may not be read, is left out: whoever runs the Action says so.
pub fn local_sources(
    path: &Path,
    shown: &str,
    text: &str,
    requests: &dyn Fn(&str, &str) -> Vec<String>,
) -> LocalSources {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut finder = Finder {
        within: Boundary::around(folder),
        base: base(path, shown),
        found: LocalSources::default(),
        bytes: 0,
        requests: 0,
        looked: Cell::new(0),
        documents: RefCell::default(),
        members: RefCell::default(),
    };
    finder.found.imports = finder.follow(path, requests(shown, text));
    let mut next = 0;
    while let Some(file) = finder.found.files.get(next) {
        let (path, asked) = (file.path.clone(), requests(&file.shown, &file.text));
        let imports = finder.follow(&path, asked);
        if let Some(file) = finder.found.files.get_mut(next) {
            file.imports = imports;
        }
        next += 1;
    }
    if finder.looked.get() > MOST_PLACES {
        finder.reached("20,000 places where imports may be");
    }
    if finder.documents.borrow().is_cut_off {
        finder.reached("64 MiB of package.json and tsconfig.json");
    }
    finder.found
}

/// Reads a file that the script at `path`, shown as `shown`, names by a relative path; returns its text and how it is shown. It stays
/// inside of the project, as what a script imports does.
///
/// # Errors
/// When it cannot be read.
pub fn read_beside(path: &Path, shown: &str, relative: &str) -> Result<(String, String)> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let file = normalize(&folder.join(relative));
    let file_shown = display_path(&file, &base(path, shown));
    if Path::new(relative).is_absolute() {
        return Err(Error::new("the path is absolute").in_file(relative));
    }
    let text = Boundary::around(folder).read_text(&file, &file_shown)?;
    Ok((text, file_shown))
}

/// The folder that names are shown relative to.
fn base(path: &Path, shown: &str) -> PathBuf {
    let shown = Path::new(shown);
    let above = path.ancestors().nth(shown.components().count());
    match above {
        Some(base) if path.ends_with(shown) && shown.is_relative() => base.to_owned(),
        _ => PathBuf::new(),
    }
}

struct Finder {
    within: Boundary,
    base: PathBuf,
    found: LocalSources,
    bytes: usize,
    /// The number of specifiers that have been looked up.
    requests: usize,
    /// The number of places that have been looked at.
    looked: Cell<usize>,
    /// The JSON files that have been read.
    documents: RefCell<Documents>,
    /// The packages of workspaces by their names, by the workspace's folder.
    members: RefCell<HashMap<PathBuf, Rc<HashMap<String, PathBuf>>>>,
}

/// JSON files, each of which is read once.
#[derive(Default)]
struct Documents {
    known: HashMap<PathBuf, Option<Rc<Value>>>,
    /// The bytes of all texts that were read.
    bytes: usize,
    /// Those of the texts that are known.
    kept: usize,
    /// Whether one was not read, because they are more than is read.
    is_cut_off: bool,
}

impl Finder {
    /// The files that one file asks for, by what it writes.
    fn follow(&mut self, importer: &Path, requests: Vec<String>) -> HashMap<String, usize> {
        let mut imports = HashMap::new();
        for specifier in requests {
            self.requests += 1;
            if self.requests > MOST_REQUESTS {
                self.reached("10,000 imports");
                break;
            }
            if let Some(path) = self.find(importer, &specifier)
                && let Some(index) = self.add(path)
            {
                imports.insert(specifier, index);
            }
        }
        imports
    }

    /// Notes that a limit was reached.
    fn reached(&mut self, limit: &'static str) -> Option<usize> {
        self.found.limit.get_or_insert(limit);
        None
    }

    fn add(&mut self, path: PathBuf) -> Option<usize> {
        let mut files = self.found.files.iter();
        if let Some(known) = files.position(|file| file.path == path) {
            return Some(known);
        }
        if self.found.files.len() >= MOST_FILES {
            return self.reached("300 files");
        }
        // What cannot be read counts as well: it can be asked for by any number of names.
        if self.bytes > MOST_TEXT {
            return self.reached("8 MiB of files");
        }
        let shown = display_path(&path, &self.base);
        let read = self.within.read(&path, &shown).ok()?;
        self.bytes = self.bytes.saturating_add(read.len());
        if self.bytes > MOST_TEXT {
            return self.reached("8 MiB of files");
        }
        let text = decode(read, &shown).ok()?;
        self.found.files.push(LocalSource {
            path,
            shown,
            text: text.into(),
            imports: HashMap::new(),
        });
        Some(self.found.files.len() - 1)
    }

    fn find(&self, importer: &Path, specifier: &str) -> Option<PathBuf> {
        let folder = importer.parent()?;
        if specifier.starts_with("./")
            || specifier.starts_with("../")
            || matches!(specifier, "." | "..")
        {
            return self.script(&normalize(&folder.join(specifier)));
        }
        if specifier.starts_with(['/', '.']) || specifier.contains(':') {
            return None;
        }
        self.by_paths(folder, specifier)
            .or_else(|| self.of_workspace(folder, specifier))
    }

    /// The file that a path means; nothing any more when too many were looked for.
    fn script(&self, path: &Path) -> Option<PathBuf> {
        let looked = self.looked.get();
        self.looked.set(looked + 1);
        (looked < MOST_PLACES).then(|| script(path, &|path| self.is_file(path)))?
    }

    /// Whether there is a file that an Action may import. One outside of the project is as absent as one that is not there, so that no
    /// project learns which of the two it is.
    fn is_file(&self, path: &Path) -> bool {
        path.is_file() && self.within.admit(path, "").is_ok()
    }

    fn typescript(&self, path: &Path) -> Option<PathBuf> {
        self.script(&normalize(path))
            .filter(|path| is_typescript(path))
    }

    /// A package of the workspace that has its TypeScript as its entry, or nothing built yet.
    fn of_workspace(&self, folder: &Path, specifier: &str) -> Option<PathBuf> {
        let parts = if specifier.starts_with('@') { 2 } else { 1 };
        let ends = specifier.match_indices('/').nth(parts - 1);
        let (name, rest) = match ends {
            Some((at, _)) => (specifier.get(..at)?, specifier.get(at + 1..)?),
            None => (specifier, ""),
        };
        let home = self.package(folder, name)?;
        let manifest = self.json(&home.join("package.json"))?;
        if !rest.is_empty() {
            let exported = manifest.pointer(&format!("/exports/.~1{}", rest.replace('/', "~1")));
            let exported = exported
                .and_then(entry)
                .and_then(|path| self.typescript(&home.join(path)));
            return exported.or_else(|| {
                let found = self.script(&normalize(&home.join(rest)));
                found
                    .or_else(|| self.script(&normalize(&home.join("src").join(rest))))
                    .filter(|path| is_typescript(path))
            });
        }
        let exports = manifest.get("exports");
        let main = exports.and_then(|exports| entry(exports.get(".").unwrap_or(exports)));
        let named = ["source", "module", "main", "types"];
        let named = named.iter().filter_map(|key| manifest.get(*key)?.as_str());
        let all: Vec<&str> = main.into_iter().chain(named).collect();
        // What is built is loaded as any other package.
        let is_built = |path: &&str| {
            let path = home.join(path);
            self.is_file(&path) && matches!(extension(&path).as_str(), "js" | "cjs" | "mjs")
        };
        let in_node_modules = home_of_link(folder, name).is_some();
        if in_node_modules && all.iter().any(is_built) {
            return None;
        }
        let mut all =
            all.into_iter()
                .chain(["src/index.ts", "index.ts", "src/index.js", "index.js"]);
        all.find_map(|path| {
            let path = normalize(&home.join(path));
            let is_types = file_name(&path).contains(".d.");
            (self.is_file(&path) && !is_types && SCRIPTS.contains(&extension(&path).as_str()))
                .then_some(path)
        })
    }

    /// The folder of a package of this workspace: what `node_modules` links to, else the member of this name.
    fn package(&self, folder: &Path, name: &str) -> Option<PathBuf> {
        if let Some(link) = home_of_link(folder, name) {
            let real = self.within.real(&link.join("package.json"), name).ok()?;
            let real = real.parent()?.to_owned();
            let is_installed = real
                .components()
                .any(|part| part.as_os_str() == "node_modules");
            return (!is_installed).then_some(real);
        }
        let top = self.folders_above(folder).last()?;
        self.named_members(top).get(name).cloned()
    }

    /// The workspace's packages by their names; the first one of a name counts.
    fn named_members(&self, top: &Path) -> Rc<HashMap<String, PathBuf>> {
        if let Some(known) = self.members.borrow().get(top) {
            return Rc::clone(known);
        }
        let mut named = HashMap::new();
        for member in self.members(top) {
            // Only the name is kept: together the manifests may be large.
            let manifest = self.read_json(&member.join("package.json"));
            let name = manifest
                .as_ref()
                .and_then(|manifest| manifest.get("name")?.as_str());
            if let Some(name) = name {
                named.entry(name.to_owned()).or_insert(member);
            }
        }
        let named = Rc::new(named);
        self.members
            .borrow_mut()
            .insert(top.to_owned(), Rc::clone(&named));
        named
    }

    /// The folders of the workspace's packages, by `workspaces` or pnpm-workspace.yaml; patterns other than `folder/*` are folders.
    fn members(&self, top: &Path) -> Vec<PathBuf> {
        let declared = self.json(&top.join("package.json"));
        let declared = declared.and_then(|manifest| {
            let found = manifest.get("workspaces")?;
            Some(found.get("packages").unwrap_or(found).clone())
        });
        let of_pnpm = || {
            let file = top.join("pnpm-workspace.yaml");
            let text = self.within.read_text(&file, "pnpm-workspace.yaml").ok()?;
            let parsed = crate::parse_document(&text, crate::Format::Yaml, "").ok()?;
            parsed.get("packages").cloned()
        };
        let patterns = declared.or_else(of_pnpm).unwrap_or_default();
        let mut members = Vec::new();
        for pattern in patterns.as_array().into_iter().flatten().take(100) {
            let Some(pattern) = pattern.as_str() else {
                continue;
            };
            match pattern
                .strip_suffix("/*")
                .or_else(|| pattern.strip_suffix("/**"))
            {
                Some(folder) => members.extend(entries(&top.join(folder))),
                None => members.push(top.join(pattern)),
            }
        }
        members.truncate(1_000);
        members
    }

    /// The folder and those around it, as far as the project goes.
    fn folders_above<'p>(&self, folder: &'p Path) -> impl Iterator<Item = &'p Path> + use<'p> {
        let within = self.within.clone();
        let mut folders = folder.ancestors();
        std::iter::from_fn(move || {
            let folder = folders.next()?;
            within
                .admit(&folder.join("package.json"), "")
                .ok()
                .map(|()| folder)
        })
    }

    /// A JSON file, which is read once.
    fn json(&self, path: &Path) -> Option<Rc<Value>> {
        if let Some(known) = self.documents.borrow().known.get(path) {
            return known.clone();
        }
        let before = self.documents.borrow().bytes;
        let read = self.read_json(path).map(Rc::new);
        let mut documents = self.documents.borrow_mut();
        let kept = documents.kept + (documents.bytes - before);
        if kept <= MOST_KEPT {
            documents.kept = kept;
            documents.known.insert(path.to_owned(), read.clone());
        }
        read
    }

    /// A JSON file, with comments as TypeScript's tools take them.
    fn read_json(&self, path: &Path) -> Option<Value> {
        if !path.is_file() {
            return None;
        }
        if self.documents.borrow().bytes > MOST_JSON {
            self.documents.borrow_mut().is_cut_off = true;
            return None;
        }
        let text = self.within.read_text(path, &file_name(path)).ok()?;
        self.documents.borrow_mut().bytes += text.len();
        let text = without_comments(&text);
        crate::parse_document(&text, crate::Format::Json, "").ok()
    }
}

#[cfg(test)]
mod tests;
