//! Node's library as a module of the runtime's own; see `library.js`. Compiled into the engine, see xtask.

#[rquickjs::module]
pub mod native_module {
    use rquickjs::{Ctx, Object};

    /// Loads Node's library over a host, see `postlogin_node::install`.
    #[rquickjs::function]
    pub fn install<'js>(ctx: Ctx<'js>, host: Object<'js>) -> rquickjs::Result<Object<'js>> {
        postlogin_node::install(&ctx, host)
    }
}

pub const LIBRARY_JS: &str = include_str!("library.js");
pub const IMITATIONS_JS: &str = include_str!("imitations.js");

/// Evaluated first, before the guest.
pub const WIRE_JS: &str = "import '__wasm_rquickjs_builtin/timeout';
    import '__wasm_rquickjs_builtin/imitations';
";
