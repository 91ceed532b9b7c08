//! `node:crypto` is Node's own, see the library; here is what the runtime itself draws. Compiled into the engine, see xtask.

#[rquickjs::module(rename_vars = "camelCase")]
pub mod native_module {
    /// For `Math.random`.
    #[rquickjs::function]
    pub fn random_bytes(len: u32) -> Vec<u8> {
        let mut bytes = vec![0; len as usize];
        // Without randomness the sandbox has no WASI, and does not even start.
        let _ = postlogin_node::crypto::fill(&mut bytes);
        bytes
    }
}

pub const WEB_CRYPTO_JS: &str = include_str!("web-crypto.js");
pub const NODE_CRYPTO_EXPORTS_JS: &str = WEB_CRYPTO_JS;
pub const REEXPORT_JS: &str = WEB_CRYPTO_JS;
pub const WIRE_JS: &str = "";
