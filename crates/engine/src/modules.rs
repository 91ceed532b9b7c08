//! The modules that `require` and `import` find: npm packages and Action Modules, as their owner provides them.

use std::{sync::Arc, time::Duration};

use postlogin_abi::import_name;
use postlogin_core::{
    ceilings::{SPECIFIER_BYTES, shortened},
    outcome::Notice,
};
use serde_json::Value;
use wasmtime::{
    Store, StoreContextMut,
    component::{ComponentExportIndex, ComponentType, Instance, Lift, Linker, Lower},
};

use crate::{fault::GuestFault, sandbox::Sandbox};

/// The kind of request for a module: a package may answer `require` and `import` with different files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
pub enum Keyword {
    /// `require()`
    #[component(name = "require-call")]
    Require,
    /// `import`, as a declaration or a call.
    #[component(name = "import-declaration")]
    Import,
}

/// The way in which a file is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
pub enum ModuleFormat {
    /// The body of a CommonJS module.
    #[component(name = "commonjs")]
    CommonJs,
    /// An ES module, rewritten to such a body.
    #[component(name = "es-module")]
    EsModule,
    /// The same with `await` outside functions.
    #[component(name = "async-module")]
    AsyncModule,
    /// JSON.
    #[component(name = "json")]
    Json,
    /// The body of an Action Module.
    #[component(name = "action-module")]
    ActionModule,
}

/// A file of a package, or an Action Module.
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(record)]
pub struct ModuleFile {
    /// Its format.
    pub format: ModuleFormat,
    /// Its text, ready for the engine.
    pub code: Arc<str>,
}

/// Why there is no such module, as the Action sees it.
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(record)]
pub struct Refusal {
    /// Node's code: `MODULE_NOT_FOUND`, `ERR_PACKAGE_PATH_NOT_EXPORTED`, …
    pub code: String,
    /// Node's message.
    pub message: String,
}

/// Files that a component brings along, and the requests that lead to them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provided {
    /// Names inside the sandbox, and the files.
    pub files: Vec<(String, ModuleFile)>,
    /// The answers of [`ModuleSource::resolve`].
    pub answers: Vec<Answer>,
}

/// One answer of [`ModuleSource::resolve`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Who asked.
    pub importer: String,
    /// For what.
    pub specifier: String,
    /// The kind of request.
    pub keyword: Keyword,
    /// The file's name inside the sandbox.
    pub path: String,
}

/// The result of a request for a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The file's name inside the sandbox, or why there is none.
    pub path: Result<String, Refusal>,
    /// The notices for the user about it.
    pub notices: Vec<Notice>,
}

/// Finds modules. Paths are names inside the sandbox, never paths of this machine.
pub trait ModuleSource: Send + Sync {
    /// The file that `specifier` means in `importer`, which is empty for the Action itself.
    fn resolve(&self, importer: &str, specifier: &str, keyword: Keyword) -> Resolved;

    /// Returns the contents of a file.
    ///
    /// # Errors
    /// When it cannot be read or cannot run here.
    fn load(&self, path: &str) -> Result<ModuleFile, Refusal>;

    /// Whether a file belongs to the Action itself, so that it is the same in every login.
    fn is_own(&self, _path: &str) -> bool {
        false
    }
}

/// There are no modules.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoModules;

impl ModuleSource for NoModules {
    fn resolve(&self, _: &str, specifier: &str, _: Keyword) -> Resolved {
        Resolved {
            path: Err(Refusal::not_found(specifier)),
            notices: Vec::new(),
        }
    }

    fn load(&self, path: &str) -> Result<ModuleFile, Refusal> {
        Err(Refusal::not_found(path))
    }
}

impl Refusal {
    /// Node's error for what is not there.
    #[must_use]
    pub fn not_found(specifier: &str) -> Self {
        Self {
            code: "MODULE_NOT_FOUND".into(),
            message: format!("Cannot find module '{specifier}'"),
        }
    }

    /// The same for a name that is longer than any file's: the answer does not repeat all of it.
    fn of_long_name(name: &str) -> Self {
        Self::not_found(&shortened(name, SPECIFIER_BYTES))
    }
}

/// Reading and running a package costs this engine about twenty times what it costs production's. The budget of time is
/// the Action's, so each byte of a package's code adds what it may cost here, once for each file
/// ([`Sandbox::allow`]).
const ALLOWANCE_PER_BYTE: Duration = Duration::from_nanos(2_000);

/// Puts files into an engine's instance.
pub(crate) async fn provide(
    store: &mut Store<Sandbox>,
    instance: &Instance,
    provided: &Provided,
) -> wasmtime::Result<()> {
    let function = loader_function(store, instance, "provide")?;
    let function =
        instance.get_typed_func::<(&str, ModuleFormat, &str), ()>(&mut *store, function)?;
    for (path, file) in &provided.files {
        function
            .call_async(&mut *store, (path, file.format, &file.code))
            .await?;
    }
    let function = loader_function(store, instance, "answer")?;
    let function =
        instance.get_typed_func::<(&str, &str, Keyword, &str), ()>(&mut *store, function)?;
    for answer in &provided.answers {
        let Answer {
            importer,
            specifier,
            keyword,
            path,
        } = answer;
        function
            .call_async(&mut *store, (importer, specifier, *keyword, path))
            .await?;
    }
    Ok(())
}

/// Runs a package in an engine's instance. The answer is whether that may come out differently in each run.
pub(crate) async fn preload(
    store: &mut Store<Sandbox>,
    instance: &Instance,
    specifier: &str,
) -> wasmtime::Result<Result<bool, GuestFault>> {
    let function = loader_function(store, instance, "preload")?;
    let function =
        instance.get_typed_func::<(&str,), (Result<bool, GuestFault>,)>(&mut *store, function)?;
    Ok(function.call_async(&mut *store, (specifier,)).await?.0)
}

/// A function of the interface `loader`.
pub(crate) fn loader_function(
    store: &mut Store<Sandbox>,
    instance: &Instance,
    name: &str,
) -> wasmtime::Result<ComponentExportIndex> {
    let interface = instance.get_export_index(&mut *store, None, &import_name("loader"));
    instance
        .get_export_index(&mut *store, interface.as_ref(), name)
        .ok_or_else(|| wasmtime::format_err!("the engine exports no loader.{name}"))
}

/// Links the interface `modules`.
pub(crate) fn link(linker: &mut Linker<Sandbox>) -> wasmtime::Result<()> {
    let mut interface = linker.instance(&import_name("modules"))?;
    interface.func_wrap(
        "resolve",
        |mut cx: StoreContextMut<'_, Sandbox>,
         (importer, specifier, keyword): (String, String, Keyword)| {
            let sandbox = cx.data_mut();
            if importer.len().max(specifier.len()) > SPECIFIER_BYTES {
                // No file is called so; looking for it and telling of it would cost more than the Action paid.
                sandbox.forget_notes();
                return Ok((Err(Refusal::of_long_name(&specifier)),));
            }
            let resolved = Arc::clone(&sandbox.modules).resolve(&importer, &specifier, keyword);
            let is_own = |path: &String| sandbox.modules.is_own(path);
            if !resolved.notices.is_empty() || !resolved.path.as_ref().is_ok_and(is_own) {
                sandbox.forget_notes();
            }
            for notice in resolved.notices {
                sandbox.login.notice(notice);
            }
            Ok((resolved.path,))
        },
    )?;
    interface.func_wrap(
        "load",
        |mut cx: StoreContextMut<'_, Sandbox>, (path,): (String,)| {
            let sandbox = cx.data_mut();
            if !sandbox.modules.is_own(&path) {
                sandbox.forget_notes();
            }
            if path.len() > SPECIFIER_BYTES {
                return Ok((Err(Refusal::of_long_name(&path)),));
            }
            let file = Arc::clone(&sandbox.modules).load(&path);
            if let Ok(file) = &file {
                let bytes = u32::try_from(file.code.len()).unwrap_or(u32::MAX);
                sandbox.allow(&path, ALLOWANCE_PER_BYTE.saturating_mul(bytes));
            }
            Ok((file,))
        },
    )?;
    interface.func_wrap(
        "secrets",
        |cx: StoreContextMut<'_, Sandbox>, (module,): (String,)| {
            let secrets = cx.data().module_secrets.get(&module);
            Ok((secrets.map_or_else(|| "{}".into(), Value::to_string),))
        },
    )
}
