//! The code that one run may keep. Each file has a limit of its own; without one for all of them, many names of one large file would
//! take gigabytes: what is loaded of a source takes one and a half times its size.

use super::{ActionKind, ActionSource};
use crate::{Error, Result};

/// Bytes of scripts that one run keeps: those of Actions with their Action Modules and mocks, however many. In production, 20 Actions
/// of a trigger have at most 2 MB.
pub const CODE_BYTES: usize = 32 << 20;
/// Bytes of components that one run keeps. One that `postlogin build` makes has some 16 MB.
pub const COMPONENT_BYTES: usize = 192 << 20;

/// The code that a run may still keep.
#[derive(Debug)]
pub struct Allowance {
    code: usize,
    components: usize,
}

impl Default for Allowance {
    fn default() -> Self {
        Self {
            code: CODE_BYTES,
            components: COMPONENT_BYTES,
        }
    }
}

impl Allowance {
    /// Takes the size of a source off.
    ///
    /// # Errors
    /// When there is not so much left. Later sources are refused as well, however small: which ones run must not depend on their sizes.
    pub fn admit(&mut self, source: &ActionSource) -> Result<()> {
        let modules = source.modules.iter().map(|module| module.text.len());
        let mocks = source.mocks.iter().map(|mock| mock.text.len());
        let beside = modules.chain(mocks).fold(0, usize::saturating_add);
        let (code, component) = match &source.kind {
            ActionKind::Script { text, .. } => (text.len().saturating_add(beside), 0),
            ActionKind::Component { bytes, .. } => (beside, bytes.len()),
            ActionKind::CargoPackage { .. } => (beside, 0),
        };
        if take(&mut self.code, code) && take(&mut self.components, component) {
            return Ok(());
        }
        self.code = 0;
        self.components = 0;
        let error = Error::new(format!(
            "this run has too much code: its Actions and their modules have more than {} MiB of scripts, or {} MiB of components",
            CODE_BYTES >> 20,
            COMPONENT_BYTES >> 20
        ));
        Err(error
            .in_file(&source.display_path)
            .with_hint("run fewer Actions at once, or fewer files of cases"))
    }
}

fn take(left: &mut usize, bytes: usize) -> bool {
    // Nothing has no bytes: where nothing is left, nothing more is admitted.
    match left.checked_sub(bytes) {
        Some(rest) if *left > 0 => {
            *left = rest;
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::Map;

    use super::*;
    use crate::Role;

    fn script(bytes: usize) -> ActionSource {
        ActionSource {
            name: "a".into(),
            kind: ActionKind::Script {
                path: PathBuf::from("a.js"),
                text: " ".repeat(bytes).into(),
            },
            display_path: "a.js".into(),
            declared: None,
            declared_in: None,
            root: PathBuf::new(),
            modules: Vec::new(),
            mocks: Vec::new(),
            role: Role::ByText,
            configuration: Map::new(),
        }
    }

    #[test]
    fn all_sources_of_a_run_count_together() {
        let mut allowance = Allowance::default();
        let quarter = script(CODE_BYTES / 4);
        for _ in 0..3 {
            allowance.admit(&quarter).expect("there is room");
        }
        let refused = allowance.admit(&script(CODE_BYTES / 4 + 1));
        let refused = refused.expect_err("it is too much").to_string();
        assert!(
            refused.starts_with("a.js: this run has too much code"),
            "{refused}"
        );
        assert!(allowance.admit(&script(1)).is_err());
    }

    #[test]
    fn components_and_modules_count() {
        let component = |bytes| ActionSource {
            kind: ActionKind::Component {
                path: PathBuf::from("a.wasm"),
                bytes: vec![0; bytes],
            },
            ..script(0)
        };
        let mut allowance = Allowance::default();
        allowance
            .admit(&component(CODE_BYTES + 1))
            .expect("there is room");
        allowance.admit(&script(1)).expect("there is room");
        let module = crate::ModuleMock {
            specifier: "m".into(),
            display_path: "m.js".into(),
            text: " ".repeat(CODE_BYTES).into(),
            is_json: false,
        };
        let mocked = ActionSource {
            mocks: vec![module],
            ..script(0)
        };
        assert!(allowance.admit(&mocked).is_err());
    }
}
