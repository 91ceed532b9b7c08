//! The JavaScript engine: a committed WebAssembly component, and what it was built from.

pub mod inputs;

use std::io::Read;

use postlogin_core::{MethodSpec, Returns, Trigger, event};
use serde_json::Value;

/// The prefix of an Action's text on its first line, in the engine. A text that closes the function itself is a
/// syntax error, see `compiledAlone` in the guest.
pub use crate::source::WRAPPER;

/// As [`WRAPPER`], for an Action Module.
pub const MODULE_WRAPPER: &str = "this.$=function (module, exports, console, require, actions) { ";

/// As [`WRAPPER`], for a file that the Action imports.
pub const LOCAL_WRAPPER: &str =
    "this.$=function (exports, require, module, __filename, __dirname, $import, console) { ";

/// As [`WRAPPER`], for a file of a package: `COMMONJS_PREFIX` in the guest.
pub(crate) const PACKAGE_WRAPPER: &str =
    "(function (exports, require, module, __filename, __dirname, $import) { ";

/// The started engine, packed with xz.
static PACKED: &[u8] = include_bytes!("../../engine/engine.wasm.xz");

/// The inputs that it was built from.
pub const LOCK: &str = include_str!("../../engine/engine.lock");

/// The hash of the engine's bytes, as `engine.lock` records it.
#[must_use]
pub fn hash() -> &'static str {
    LOCK.lines()
        .find_map(|line| line.strip_prefix("engine "))
        .unwrap_or_default()
}

/// The engine's component.
///
/// # Errors
/// When the committed file is damaged.
pub fn unpack() -> Result<Vec<u8>, String> {
    unpacked(PACKED)
}

/// Returns the bytes that xz packed.
///
/// # Errors
/// When it is damaged.
pub(crate) fn unpacked(packed: &[u8]) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    lzma_rust2::XzReader::new(packed, false)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// The `api` object's namespaces and methods as a JavaScript literal, `{namespace: [[name, isAsync], …]}`: what
/// the guest makes the object from.
#[must_use]
pub fn methods_literal() -> String {
    let triggers = Trigger::ALL.iter().map(|trigger| {
        let methods = trigger.methods();
        let namespaces = methods.chunk_by(|one, other| one.namespace == other.namespace);
        let namespaces = namespaces.filter_map(|methods| {
            let MethodSpec { namespace, .. } = methods.first()?;
            let members = methods.iter().map(|MethodSpec { name, returns, .. }| {
                format!("['{name}', {}]", matches!(returns, Returns::Promise))
            });
            let members: Vec<String> = members.collect();
            Some(format!("{namespace}: [{}]", members.join(", ")))
        });
        let namespaces: Vec<String> = namespaces.collect();
        format!("'{trigger}': {{ {} }}", namespaces.join(", "))
    });
    let triggers: Vec<String> = triggers.collect();
    format!("{{ {} }}", triggers.join(", "))
}

/// The samples of all triggers' events as a JavaScript literal, `[text, …]`: what the guest has parsed before it is frozen.
#[must_use]
pub fn samples_literal() -> String {
    let samples = Trigger::ALL
        .iter()
        .map(|trigger| Value::String(event::sample(*trigger).to_string()));
    Value::Array(samples.collect()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packed_engine_is_the_one_that_the_lock_names() {
        let bytes = unpack().expect("the engine unpacks");
        assert_eq!(inputs::sha256(&bytes), hash());
    }

    #[test]
    fn what_is_damaged_is_refused() {
        let cut = &PACKED[..PACKED.len() / 2];
        assert!(unpacked(cut).is_err());
        let mut changed = PACKED.to_vec();
        changed[PACKED.len() / 2] ^= 1;
        assert!(unpacked(&changed).is_err());
        assert!(unpacked(b"not packed").is_err());
    }

    #[test]
    fn the_engine_is_not_stale() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let inputs = inputs::read(root.as_ref()).expect("the inputs are there");
        let stale = inputs.stale_against(LOCK);
        assert!(
            stale.is_empty(),
            "the engine is older than {stale:?}\nhint: run `cargo xtask build-engine`"
        );
    }

    #[test]
    fn each_sample_is_a_text() {
        let literal = samples_literal();
        let texts: Vec<String> = serde_json::from_str(&literal).expect("a list of texts");
        let parsed: Vec<Value> = texts
            .iter()
            .map(|text| serde_json::from_str(text).expect("JSON"))
            .collect();
        let samples: Vec<Value> = Trigger::ALL.iter().copied().map(event::sample).collect();
        assert_eq!(parsed, samples);
    }

    #[test]
    fn the_literal_has_every_namespace_once() {
        let literal = methods_literal();
        assert!(
            literal.starts_with("{ 'post-login': { access: [['deny', false]]"),
            "{literal}"
        );
        assert_eq!(literal.matches("idToken: [").count(), 1, "{literal}");
        assert!(literal.contains("['getUserGroups', true]"), "{literal}");
    }
}
