//! Node's library as a module of the runtime's own; see `library.js`. Compiled into the engine, see xtask.
//!
//! Of the modules that the runtime's generator brings, only those that are listed here are loaded: the guest imports no others,
//! and everything else would be a part of every engine.

use rquickjs::{
    Ctx, Error, Module,
    loader::{BuiltinResolver, ImportAttributes, Loader, ModuleLoader},
    module::Declared,
};

#[rquickjs::module]
pub mod native_module {
    use rquickjs::{Ctx, Object};

    /// Loads Node's library over a host, see `postlogin_node::install`.
    #[rquickjs::function]
    pub fn install<'js>(ctx: Ctx<'js>, host: Object<'js>) -> rquickjs::Result<Object<'js>> {
        postlogin_node::install(&ctx, host)
    }
}

/// Evaluated first, before the guest.
pub const WIRE_JS: &str = "import '__wasm_rquickjs_builtin/timeout';
    import '__wasm_rquickjs_builtin/imitations';
";

const NATIVE: [&str; 5] = [
    "__wasm_rquickjs_builtin/timeout_native",
    "__wasm_rquickjs_builtin/process_native",
    "__wasm_rquickjs_builtin/node_native",
    "__wasm_rquickjs_builtin/vm_native",
    "__wasm_rquickjs_builtin/web_crypto_native",
];

const SCRIPTS: [(&str, &str); 4] = [
    ("__wasm_rquickjs_builtin/timeout", include_str!("library.js")),
    ("__wasm_rquickjs_builtin/imitations", include_str!("imitations.js")),
    (
        "__wasm_rquickjs_builtin/internal/source_map_url",
        include_str!("internal/source_map_url.js"),
    ),
    (
        "__wasm_rquickjs_builtin/internal/weak_collections",
        include_str!("internal/weak_collections.js"),
    ),
];

pub(crate) fn add_module_resolvers(resolver: BuiltinResolver) -> BuiltinResolver {
    let scripts = SCRIPTS.iter().map(|(name, _)| *name);
    NATIVE.into_iter().chain(scripts).fold(resolver, BuiltinResolver::with_module)
}

pub(crate) fn module_loader() -> (ModuleLoader, Scripts) {
    postlogin_node::set_text_of(text_of);
    let [timeout, process, node, vm, web_crypto] = NATIVE;
    let natives = ModuleLoader::default()
        .with_module(timeout, super::timeout::js_native_module)
        .with_module(process, super::process::js_native_module)
        .with_module(node, js_native_module)
        .with_module(vm, super::vm::js_native_module)
        .with_module(web_crypto, super::web_crypto::js_native_module);
    (natives, Scripts)
}

/// The text of a script of the runtime, whose functions leave their source to it.
fn text_of(name: &str) -> Option<std::borrow::Cow<'static, str>> {
    if name == crate::JS_EXPORT_MODULE_NAME {
        return Some(crate::js_export_module().into());
    }
    let (_, text) = SCRIPTS.iter().find(|(known, _)| *known == name)?;
    Some((*text).into())
}

/// Loads the runtime's scripts and the guest.
pub(crate) struct Scripts;

impl Loader for Scripts {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, Declared>> {
        let text = text_of(name).ok_or_else(|| Error::new_loading(name))?;
        postlogin_node::parsed(ctx, name, || Module::declare(ctx.clone(), name, &*text))
    }
}
