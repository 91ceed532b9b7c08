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

/// As [`WRAPPER`], for a file of a package: `COMMONJS_PREFIX` in the guest.
pub(crate) const PACKAGE_WRAPPER: &str =
    "(function (exports, require, module, __filename, __dirname, $import) { ";

/// The started engine, packed with zstd.
static PACKED: &[u8] = include_bytes!("../../engine/engine.wasm.zst");

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

/// Returns the bytes that zstd packed.
///
/// # Errors
/// When it is damaged.
pub(crate) fn unpacked(packed: &[u8]) -> Result<Vec<u8>, String> {
    unpacked_within(packed, u64::MAX)
}

/// As [`unpacked`], for what may have been made to fill the memory: at most `most` bytes.
///
/// # Errors
/// When it is damaged, or larger.
pub(crate) fn unpacked_within(packed: &[u8], most: u64) -> Result<Vec<u8>, String> {
    let decoder =
        ruzstd::decoding::StreamingDecoder::new(packed).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    decoder
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    match bytes.len() as u64 > most {
        true => Err(format!("it has more than {most} bytes")),
        false => Ok(bytes),
    }
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
    fn what_unpacks_to_too_much_is_refused() {
        use ruzstd::encoding::{CompressionLevel, compress_to_vec};
        let zeros = vec![0; 10 << 20];
        let packed = compress_to_vec(zeros.as_slice(), CompressionLevel::Fastest);
        assert!(packed.len() < 100_000);
        assert!(unpacked_within(&packed, 1 << 20).is_err());
        assert_eq!(unpacked_within(&packed, 10 << 20), Ok(zeros));
        assert!(unpacked_within(b"not packed", 10).is_err());
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
