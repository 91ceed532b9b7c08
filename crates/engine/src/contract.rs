//! Whether bytes are an Action of this contract, and what they are if not.

use postlogin_abi::{ACTION_WORLDS, VERSION, WIT_PACKAGE, is_compatible_import};
use postlogin_core::{EntryPoint, Trigger};
use wasmparser::{Parser, Payload};
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
    #[error("this WebAssembly component cannot be read: {0}")]
    Unreadable(String),
    /// The process that compiles it failed.
    #[error("it could not be compiled: {0}")]
    NotCompiled(String),
    /// It would keep the compiler busy for minutes or take gigabytes.
    #[error("this component has {0}, and compiling it would take too long or too much memory")]
    TooCostly(String),
    /// Another version of the contract.
    #[error(
        "this component was built for {WIT_PACKAGE}@{found}, and this postlogin runs {WIT_PACKAGE}@{VERSION}"
    )]
    OtherVersion {
        /// The version that it names.
        found: String,
    },
    /// A component for something else.
    #[error(
        "this component exports no handler of a trigger that runs here (`on-execute-post-login`, …), so it is not an Action"
    )]
    MissingHandler,
    /// It wants what no Action gets.
    #[error("this component needs what an Action cannot have: {0}")]
    Unlinkable(String),
}

impl NotAnAction {
    /// Returns the remedy, for the user.
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
            Self::NotCompiled(_) => {
                "compiling takes some 350 MB of memory and 60 MB of the disk, once for each machine"
                    .into()
            }
            Self::TooCostly(_) => {
                "build it with optimisation for size; what a component may have is in SECURITY.md"
                    .into()
            }
            Self::OtherVersion { .. } => {
                format!("build it again against {WIT_PACKAGE}@{VERSION}, or with `postlogin build`")
            }
            Self::MissingHandler => {
                format!(
                    "export the handlers of one of the worlds of {WIT_PACKAGE}: {}",
                    ACTION_WORLDS.join(", ")
                )
            }
            Self::Unlinkable(_) => {
                "an Action may import postlogin:actions and WASI 0.2, nothing else".into()
            }
        })
    }
}

/// Returns the function that a component of a trigger's world exports for one of its handlers: `on-execute-post-login`.
pub(crate) fn export_of(trigger: Trigger, entry: EntryPoint) -> Option<String> {
    let name = trigger.export(entry)?;
    let mut export = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            export.push('-');
        }
        export.push(letter.to_ascii_lowercase());
    }
    Some(export)
}

/// The entry points that a component offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Offer {
    /// Handlers of these triggers.
    Handlers(Vec<Trigger>),
    /// A language engine: the source that is loaded into it has the handlers.
    Loader,
}

/// Returns the triggers whose handlers a component exports, without compiling it. Empty for a language engine, and for bytes
/// that are not a component.
#[must_use]
pub fn handlers_of(bytes: &[u8]) -> Vec<Trigger> {
    let mut names = Vec::new();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload {
            Ok(Payload::ModuleSection { .. } | Payload::ComponentSection { .. }) => depth += 1,
            Ok(Payload::End(_)) => depth = depth.saturating_sub(1),
            Ok(Payload::ComponentExportSection(exports)) if depth == 0 => {
                let exports = exports.into_iter().flatten();
                names.extend(exports.map(|export| export.name.name.to_owned()));
            }
            Ok(_) => {}
            Err(_) => return Vec::new(),
        }
    }
    let is_exported = |trigger: &Trigger| {
        let export = export_of(*trigger, EntryPoint::Execute);
        export.is_some_and(|export| names.contains(&export))
    };
    Trigger::ALL.iter().copied().filter(is_exported).collect()
}

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

/// The beginning of the name of the interface that a language engine exports.
const LOADER: &str = "postlogin:actions/loader@";

/// Looks at what a component imports and exports, and returns what it offers.
pub(crate) fn check_world(component: &Component) -> Result<Offer, NotAnAction> {
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
    // Any compatible version will do: an engine that was built earlier loads here.
    let is_loader = |name: &str| name.starts_with(LOADER) && is_compatible_import(name);
    if world.exports(engine).any(|(name, _)| is_loader(name)) {
        return Ok(Offer::Loader);
    }
    let has_handler = |trigger: &Trigger| {
        let export = export_of(*trigger, EntryPoint::Execute);
        let item = export.and_then(|export| world.get_export(engine, &export));
        item.is_some_and(|item| matches!(item.ty, ComponentItem::ComponentFunc(_)))
    };
    let triggers: Vec<Trigger> = Trigger::ALL.iter().copied().filter(has_handler).collect();
    match triggers.is_empty() {
        true => Err(NotAnAction::MissingHandler),
        false => Ok(Offer::Handlers(triggers)),
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
    fn the_loader_has_the_name_of_the_package() {
        assert_eq!(LOADER, format!("{WIT_PACKAGE}/loader@"));
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
