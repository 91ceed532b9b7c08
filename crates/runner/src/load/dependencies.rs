//! The packages and Action Modules of an Action's configuration, in the words of the JavaScript engine.

use std::sync::Arc;

use postlogin_core::HandlerKind;

use postlogin_js::{ActionModule, DeclaredPackage, Dependencies, ModuleMock, Modules};
use postlogin_project::{ActionSource, Manifest, ModuleSource, Secret};
use serde_json::{Map, Value};

use super::LoadError;

/// Returns the packages and modules that an Action may require, in the words of the engine.
pub(super) fn named(source: &ActionSource) -> Dependencies {
    Dependencies {
        folder: Some(source.root.clone()),
        declared: source.declared.as_ref().map(packages),
        modules: source.modules.iter().map(module).collect(),
        mocks: source.mocks.iter().map(mock).collect(),
        is_rule: super::kind_of(source) == HandlerKind::Rule,
    }
}

/// The packages and modules that an Action may require.
pub(super) fn of(source: &ActionSource) -> Result<Arc<Modules>, LoadError> {
    Modules::new(named(source))
        .map(Arc::new)
        .map_err(|error| LoadError::unloadable(format!("{}: {error}", source.display_path)))
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
        text: given.text.to_string(),
        is_json: given.is_json,
    }
}

fn module(source: &ModuleSource) -> ActionModule {
    ActionModule {
        name: source.name.clone(),
        file: source.display_path.clone(),
        text: source.text.clone(),
        declared: Some(packages(&source.declared)),
        is_bound: source.is_bound,
    }
}
