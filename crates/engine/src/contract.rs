//! Whether bytes are an Action of this contract, and what they are if not.

use postlogin_abi::{VERSION, WIT_PACKAGE, is_compatible_import};
use wasmtime::component::{Component, types::ComponentItem};

/// Bytes that were offered as an Action and are none. Each message is one sentence for the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAction {
    /// Something else than WebAssembly.
    #[error("this is not WebAssembly: it does not start with the bytes \\0asm")]
    NotWasm,
    /// A core module.
    #[error("this is a core WebAssembly module, and an Action is a component")]
    CoreModule,
    /// Cut off, damaged, or beyond what this build can read.
    #[error("this WebAssembly component can't be read: {0}")]
    Unreadable(String),
    /// Another version of the contract.
    #[error(
        "this component was built for {WIT_PACKAGE}@{found}, and this postlogin runs {WIT_PACKAGE}@{VERSION}"
    )]
    OtherVersion {
        /// The version that it names.
        found: String,
    },
    /// A component for something else.
    #[error("this component does not export `{missing}`, so it is not a post-login Action")]
    MissingHandler {
        /// The export that every Action has.
        missing: &'static str,
    },
    /// It wants what no Action gets.
    #[error("this component needs what an Action can't have: {0}")]
    Unlinkable(String),
}

impl NotAnAction {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotWasm => {
                "pass a .js or .ts file, an Action's folder, or a WebAssembly component".into()
            }
            Self::CoreModule => {
                format!(
                    "build it as a component of the world {WIT_PACKAGE}/post-login: for Rust, with --target wasm32-wasip2"
                )
            }
            Self::Unreadable(_) => {
                "build it again; if it is meant to be fine, check that the file is complete".into()
            }
            Self::OtherVersion { .. } => {
                format!("build it again against {WIT_PACKAGE}@{VERSION}, or with `postlogin build`")
            }
            Self::MissingHandler { .. } => {
                format!("export the handlers of the world {WIT_PACKAGE}/post-login")
            }
            Self::Unlinkable(_) => {
                "an Action may import postlogin:actions and WASI 0.2, nothing else".into()
            }
        })
    }
}

/// The export that makes a component an Action.
pub(crate) const EXECUTE: &str = "on-execute-post-login";
/// The export that resumes one.
pub(crate) const CONTINUE: &str = "on-continue-post-login";

/// Looks at the first bytes, before anything is compiled.
pub(crate) fn check_header(bytes: &[u8]) -> Result<(), NotAnAction> {
    match bytes {
        [0, b'a', b's', b'm', 0x0d, 0, 1, 0, ..] => Ok(()),
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => Err(NotAnAction::CoreModule),
        [0, b'a', b's', b'm', ..] => Err(NotAnAction::Unreadable(
            "its header is of no known version".into(),
        )),
        _ => Err(NotAnAction::NotWasm),
    }
}

/// Looks at what a component imports and exports.
pub(crate) fn check_world(component: &Component) -> Result<(), NotAnAction> {
    let engine = component.engine();
    let world = component.component_type();
    let names = world
        .imports(engine)
        .map(|(name, _)| name)
        .chain(world.exports(engine).map(|(name, _)| name));
    for name in names {
        if let Some(found) = foreign_version(name) {
            return Err(NotAnAction::OtherVersion {
                found: found.to_owned(),
            });
        }
    }
    match world.get_export(engine, EXECUTE) {
        Some(item) if matches!(item.ty, ComponentItem::ComponentFunc(_)) => Ok(()),
        _ => Err(NotAnAction::MissingHandler { missing: EXECUTE }),
    }
}

/// The version in `postlogin:actions/<interface>@<version>` when it is not ours.
fn foreign_version(name: &str) -> Option<&str> {
    let interface = name.strip_prefix(WIT_PACKAGE)?.strip_prefix('/')?;
    let (_, version) = interface.split_once('@')?;
    (!is_compatible_import(name)).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_told_apart() {
        assert_eq!(check_header(b"\0asm\x0d\0\x01\0"), Ok(()));
        assert_eq!(
            check_header(b"\0asm\x01\0\0\0"),
            Err(NotAnAction::CoreModule)
        );
        assert_eq!(
            check_header(b"exports.onExecutePostLogin"),
            Err(NotAnAction::NotWasm)
        );
        assert_eq!(check_header(b""), Err(NotAnAction::NotWasm));
        assert!(matches!(
            check_header(b"\0asm\x07"),
            Err(NotAnAction::Unreadable(_))
        ));
    }

    #[test]
    fn only_another_version_of_our_package_is_foreign() {
        assert_eq!(
            foreign_version("postlogin:actions/user@9.0.0"),
            Some("9.0.0")
        );
        assert_eq!(
            foreign_version(&format!("postlogin:actions/user@{VERSION}")),
            None
        );
        assert_eq!(foreign_version("wasi:io/poll@0.2.6"), None);
        assert_eq!(foreign_version("postlogin:actions-too/user@9.0.0"), None);
    }
}
