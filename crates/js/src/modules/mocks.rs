//! Modules that a test gives in place of others: below every `require`, so that packages get them as well.

use std::sync::Arc;

use postlogin_engine::{ModuleFile, ModuleFormat, Refusal};

use crate::{
    engine::{MODULE_WRAPPER, PACKAGE_WRAPPER},
    errors::LoadedText,
    source::{Prepared, prepare},
};

use super::{SCHEME, legacy};

/// Where such modules lie inside the sandbox.
const FOLDER: &str = "/home/action/mocks/";

/// A module that takes the place of another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModuleMock {
    /// The required specifier: `auth0`, `@scope/name/file.js`, `actions:name`.
    pub specifier: String,
    /// The file that stands in messages; its extension is the language.
    pub file: String,
    /// Its text.
    pub text: Arc<str>,
    /// Whether the text is JSON, not code.
    pub is_json: bool,
}

/// The modules that take the place of others in one Action.
pub(super) struct Mocks(Vec<LoadedMock>);

struct LoadedMock {
    mock: ModuleMock,
    /// The name under which the engine knows it.
    path: String,
    /// `None` for JSON, and when the text does not compile, which is no fault until it is required.
    prepared: Option<Prepared>,
}

impl Mocks {
    pub(super) fn new(mocks: Vec<ModuleMock>) -> Self {
        let load = |(index, mock): (usize, ModuleMock)| LoadedMock {
            path: match mock.specifier.starts_with(SCHEME) {
                true => mock.specifier.clone(),
                false => format!("{FOLDER}{index}/{}", mock.specifier),
            },
            prepared: match mock.is_json {
                true => None,
                false => prepare(&mock.file, Arc::clone(&mock.text)).ok(),
            },
            mock,
        };
        Self(mocks.into_iter().enumerate().map(load).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The path of the module that `importer` gets for `specifier`. A module that takes another's place gets the real one
    /// by its name, so that it can wrap it. A Rule may name a version, which need not be mocked by itself.
    pub(super) fn find(&self, importer: &str, specifier: &str, is_rule: bool) -> Option<&str> {
        let named = |name: &str| {
            let mut mocks = self.0.iter();
            mocks.find(|mock| mock.mock.specifier == name && mock.path != importer)
        };
        let found = named(specifier).or_else(|| {
            let (name, _, file) = legacy::parts(specifier);
            let without_version = format!("{name}{file}");
            is_rule.then(|| named(&without_version)).flatten()
        })?;
        Some(&found.path)
    }

    /// Whether a path inside the sandbox is that of such a module.
    pub(super) fn has(&self, path: &str) -> bool {
        self.0.iter().any(|mock| mock.path == path)
    }

    /// The text of a module by its path.
    pub(super) fn read(&self, path: &str) -> Option<ModuleFile> {
        let LoadedMock { mock, prepared, .. } = self.0.iter().find(|mock| mock.path == path)?;
        let format = match (mock.is_json, path.starts_with(SCHEME)) {
            (false, true) => ModuleFormat::ActionModule,
            (true, true) => {
                // An Action Module is code.
                let code = format!("module.exports = {}", mock.text.trim());
                let format = ModuleFormat::ActionModule;
                return Some(ModuleFile {
                    format,
                    code: code.into(),
                });
            }
            (true, false) => ModuleFormat::Json,
            (false, false) => ModuleFormat::CommonJs,
        };
        let code = prepared.as_ref().map_or(&mock.text, |text| &text.code);
        Some(ModuleFile {
            format,
            code: code.clone(),
        })
    }

    /// The texts that the engine may name in stacks.
    pub(super) fn texts(&self) -> impl Iterator<Item = LoadedText<'_>> {
        self.0.iter().filter_map(|mock| {
            let wrapper = match mock.path.starts_with(SCHEME) {
                true => MODULE_WRAPPER,
                false => PACKAGE_WRAPPER,
            };
            Some(LoadedText {
                engine_name: &mock.path,
                prefix_bytes: u32::try_from(wrapper.len()).unwrap_or(u32::MAX),
                prepared: mock.prepared.as_ref()?,
            })
        })
    }
}

/// Why a file beside such a module is not read.
pub(super) fn one_file(specifier: &str) -> Refusal {
    Refusal {
        code: "MODULE_NOT_FOUND".into(),
        message: format!(
            "Cannot find module '{specifier}': a module of `modules` is one file, and has packages but no files beside it"
        ),
    }
}
