//! The packages and Action Modules of an Action's configuration, in the words of the JavaScript engine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use postlogin_core::{HandlerKind, Location, outcome::Notice};
use postlogin_engine::{Keyword, ModuleSource as _};

use postlogin_js::{
    ActionModule, DeclaredPackage, Dependencies, LocalFile, ModuleMock, Modules, Room,
    missing_exports, package_places,
    source::{Language, SyntaxError, facts::facts},
    source_map::SourceMap,
    specifiers,
};
use postlogin_project::{
    ActionKind, ActionSource, LocalSources, Manifest, ModuleSource, Secret, local_sources,
};
use serde_json::{Map, Value};

use super::LoadError;

/// Returns the packages and modules that an Action may require, in the words of the engine, without its source map.
pub(super) fn named(source: &ActionSource) -> Dependencies {
    let (imports, local) = match &source.kind {
        ActionKind::Script { path, text } => {
            let found = local(path, &source.display_path, text);
            let files = found.files.into_iter().map(|file| LocalFile {
                file: file.shown,
                text: file.text,
                imports: file.imports,
            });
            (found.imports, files.collect())
        }
        ActionKind::Component { .. } | ActionKind::CargoPackage { .. } => Default::default(),
    };
    Dependencies {
        folder: Some(source.root.clone()),
        declared: source.declared.as_ref().map(packages),
        modules: source.modules.iter().map(module).collect(),
        mocks: source.mocks.iter().map(mock).collect(),
        is_rule: super::kind_of(source) == HandlerKind::Rule,
        local,
        imports,
        source_map: None,
        room: Room::default(),
    }
}

/// The packages and modules that an Action may require, which share `room` with those of other Actions.
pub(super) fn of(
    source: &ActionSource,
    source_map: Option<Arc<SourceMap>>,
    room: &Room,
) -> Result<Arc<Modules>, LoadError> {
    let dependencies = Dependencies {
        source_map,
        room: room.clone(),
        ..named(source)
    };
    if let Some(error) = unexported(source, &dependencies).first() {
        return Err(LoadError::syntax(error));
    }
    Modules::new(dependencies)
        .map(Arc::new)
        .map_err(|error| LoadError::unloadable(format!("{}: {error}", source.display_path)))
}

/// The files of the project that an Action imports. One in plain JavaScript is deployed as it is, so it has none.
fn local(path: &Path, shown: &str, text: &str) -> LocalSources {
    match Language::of(shown) {
        Language::CommonJs => LocalSources::default(),
        Language::Module | Language::TypeScript => local_sources(path, shown, text, &specifiers),
    }
}

/// The files besides its own that an Action is made of, for whoever waits for an edit.
pub(crate) fn local_files(source: &ActionSource) -> Vec<PathBuf> {
    let ActionKind::Script { path, text } = &source.kind else {
        return Vec::new();
    };
    let found = local(path, &source.display_path, text);
    found.files.into_iter().map(|file| file.path).collect()
}

/// Returns the places on disk where what an Action imports is looked for, found or not, for a host that loads it again after an edit: the
/// folders of relative imports, which change when a file there comes or goes, and the [`package_places`].
pub(crate) fn import_places(source: &ActionSource) -> Vec<PathBuf> {
    let ActionKind::Script { path, text } = &source.kind else {
        return Vec::new();
    };
    let shown = &source.display_path;
    let mut places = package_places(&named(source), shown, text);
    if Language::of(shown) == Language::CommonJs {
        return places;
    }
    let found = local(path, shown, text);
    let others = found.files.iter();
    let others = others.map(|file| (file.path.as_path(), &file.shown, &file.text));
    for (path, shown, text) in std::iter::once((path.as_path(), shown, text)).chain(others) {
        let folder = path.parent().unwrap_or(Path::new(""));
        let relative = specifiers(shown, text).into_iter();
        let relative = relative.filter(|it| it.starts_with("./") || it.starts_with("../"));
        for specifier in relative {
            let target = folder.join(specifier);
            places.extend(target.parent().map(Path::to_owned));
            // `./lib` may be a folder with an index.
            places.push(target);
        }
    }
    places.sort_unstable();
    places.dedup();
    places
}

/// Returns the files besides its own that an Action is made of, or was built from, each as it is shown, with its text. `map` is that of
/// the Action.
#[must_use]
pub fn local_texts(source: &ActionSource, map: Option<&SourceMap>) -> Vec<(String, Arc<str>)> {
    let ActionKind::Script { path, text } = &source.kind else {
        return Vec::new();
    };
    let found = local(path, &source.display_path, text).files.into_iter();
    let imported = found.map(|file| (file.shown, file.text));
    let sources = map.into_iter().flat_map(SourceMap::sources);
    let built_from =
        sources.filter_map(|source| Some((source.shown.clone(), source.text.as_deref()?.into())));
    imported.chain(built_from).collect()
}

/// Says which limit keeps files from being loaded that an Action imports, if one does.
#[must_use]
pub fn imports_left_out(source: &ActionSource) -> Option<String> {
    let ActionKind::Script { path, text } = &source.kind else {
        return None;
    };
    left_out(
        &source.display_path,
        &local(path, &source.display_path, text),
    )
}

fn left_out(shown: &str, found: &LocalSources) -> Option<String> {
    let limit = found.limit?;
    Some(format!(
        "the imports of {shown} lead to more than {limit}; what is beyond is not found when it runs, and not checked"
    ))
}

/// Returns the notice about imports that are not followed.
pub(super) fn notice(source: &ActionSource) -> Option<Notice> {
    imports_left_out(source).map(|message| Notice {
        code: "imports-not-followed".into(),
        message,
        source: None,
    })
}

/// Returns the relative files that an Action imports and that are not there: where each is written first, and what is written.
/// Empty for an Action in plain JavaScript, which is deployed alone, and for one of which [`imports_left_out`] reports a limit.
#[must_use]
pub fn missing_files(source: &ActionSource) -> Vec<(Location, String)> {
    let ActionKind::Script { path, text } = &source.kind else {
        return Vec::new();
    };
    let shown = &source.display_path;
    if Language::of(shown) == Language::CommonJs {
        return Vec::new();
    }
    let found = local(path, shown, text);
    if found.limit.is_some() {
        return Vec::new();
    }
    let is_file = |specifier: &String| specifier.starts_with("./") || specifier.starts_with("../");
    let mut missing = Vec::new();
    let own = std::iter::once((shown, text, &found.imports));
    let others = found
        .files
        .iter()
        .map(|file| (&file.shown, &file.text, &file.imports));
    for (file, text, imports) in own.chain(others) {
        let asked = specifiers(file, text).into_iter().filter(is_file);
        let gone = asked.filter(|specifier| !imports.contains_key(specifier));
        missing.extend(gone.map(|specifier| (place_of(file, text, &specifier), specifier)));
    }
    missing
}

/// Returns the notices about Action Modules that an Action requires and does not get in production, each with its first place.
#[must_use]
pub fn module_problems(source: &ActionSource) -> Vec<(Location, Notice)> {
    let ActionKind::Script { text, .. } = &source.kind else {
        return Vec::new();
    };
    let is_module = |name: &str| name.starts_with(Modules::SCHEME);
    // Most Actions use none, and need no second parse.
    if !text.contains(Modules::SCHEME) {
        return Vec::new();
    }
    let Ok(modules) = Modules::new(named(source)) else {
        return Vec::new();
    };
    let mut problems: Vec<(Location, Notice)> = Vec::new();
    for require in facts(&source.display_path, text).requires {
        if require.is_guarded || !is_module(&require.name) {
            continue;
        }
        for notice in modules.resolve("", &require.name, Keyword::Require).notices {
            if problems.iter().all(|(_, known)| *known != notice) {
                problems.push((require.location.clone(), notice));
            }
        }
    }
    problems
}

/// Whether an Action, or a package of it, may require a module by this name. Also true when that is not known.
pub(crate) fn requires(source: &ActionSource, name: &str) -> bool {
    let ActionKind::Script { text, .. } = &source.kind else {
        return true;
    };
    if text.contains(name) {
        return true;
    }
    let dependencies = named(source);
    let texts = dependencies.local.iter().map(|file| &file.text);
    let mut texts = texts.chain(dependencies.modules.iter().map(|module| &module.text));
    texts.any(|text| text.contains(name))
        || Modules::new(dependencies).map_or(true, |modules| {
            modules.may_require(&source.display_path, text, name)
        })
}

/// Returns the names that an Action and its local files import from local files which do not export them.
#[must_use]
pub fn unexported_names(source: &ActionSource) -> Vec<SyntaxError> {
    unexported(source, &named(source))
}

fn unexported(source: &ActionSource, found: &Dependencies) -> Vec<SyntaxError> {
    match &source.kind {
        ActionKind::Script { text, .. } => {
            missing_exports(&source.display_path, text, &found.imports, &found.local)
        }
        ActionKind::Component { .. } | ActionKind::CargoPackage { .. } => Vec::new(),
    }
}

/// The first place in a text where a name stands in quotes; the beginning if there is none.
fn place_of(file: &str, text: &str, name: &str) -> Location {
    let found = ['\'', '"', '`']
        .iter()
        .filter_map(|quote| text.find(&format!("{quote}{name}{quote}")))
        .min();
    let before = text.get(..found.unwrap_or(0)).unwrap_or_default();
    let lines = before.matches('\n').count();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let one_more = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1);
    Location {
        file: file.to_owned(),
        line: one_more(lines),
        column: one_more(line.encode_utf16().count()),
    }
}

/// Returns what a script requires that it will not find when it runs, each with its first place. What it tries to load in a `try` block
/// may be missing, and what [`missing_files`] names is left out.
#[must_use]
pub fn missing_modules(source: &ActionSource) -> Vec<(Location, String)> {
    let ActionKind::Script { text, .. } = &source.kind else {
        return Vec::new();
    };
    let file = &source.display_path;
    let Ok(modules) = Modules::new(named(source)) else {
        return Vec::new();
    };
    let imports_files = Language::of(file) != Language::CommonJs;
    let mut missing: Vec<(Location, String)> = Vec::new();
    for require in facts(file, text).requires {
        let is_file = require.name.starts_with("./") || require.name.starts_with("../");
        let is_left_out = require.is_guarded || (imports_files && is_file);
        let is_known = missing.iter().any(|(_, name)| *name == require.name);
        if !is_left_out && !is_known && !modules.finds(&require.name) {
            missing.push((require.location, require.name));
        }
    }
    missing
}

/// For each Action Module, by the name with which it is required, those of the given secrets that it declares.
pub(super) fn secrets(source: &ActionSource, given: &[Secret]) -> Map<String, Value> {
    let of_module = |module: &ModuleSource| {
        let names = &module.declared.secret_names;
        let seen = given.iter().filter(|secret| names.contains(&secret.name));
        let pairs = seen.map(|secret| (secret.name.clone(), Value::from(secret.value.as_str())));
        (format!("actions:{}", module.name), pairs.collect())
    };
    source.modules.iter().map(of_module).collect()
}

fn packages(manifest: &Manifest) -> Vec<DeclaredPackage> {
    let declared = manifest.dependencies.iter();
    declared
        .map(|package| DeclaredPackage {
            name: package.name.clone(),
            version: package.version.clone(),
        })
        .collect()
}

fn mock(given: &postlogin_project::ModuleMock) -> ModuleMock {
    ModuleMock {
        specifier: given.specifier.clone(),
        file: given.display_path.clone(),
        text: Arc::clone(&given.text),
        is_json: given.is_json,
    }
}

fn module(source: &ModuleSource) -> ActionModule {
    ActionModule {
        name: source.name.clone(),
        file: source.display_path.clone(),
        text: Arc::clone(&source.text),
        declared: Some(packages(&source.declared)),
        is_bound: source.is_bound,
    }
}
