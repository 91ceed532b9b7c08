//! Which code a waiting login began with.

use std::fmt::Write as _;

use postlogin_project::{ActionKind, ActionSource, Boundary};
use sha2::{Digest as _, Sha256};

/// Identifies the code of an Action, for logins that are stored while they wait: its source and its Action Modules, not the
/// packages that it requires.
#[must_use]
pub fn fingerprint(source: &ActionSource) -> String {
    let mut hash = Sha256::new();
    match &source.kind {
        ActionKind::Script { text, .. } => hash.update(text),
        ActionKind::Component { bytes, .. } => hash.update(bytes),
        ActionKind::CargoPackage { dir, .. } => {
            let within = Boundary::around(dir);
            for file in source.files() {
                // Cargo has just read them: one that cannot be read is not one of the package's sources.
                let text = within.read_text(&file, &source.display_path);
                hash.update(text.unwrap_or_default());
            }
        }
    }
    for module in &source.modules {
        hash.update(&module.name);
        hash.update(&module.text);
    }
    let mut text = String::new();
    for byte in hash.finalize() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
