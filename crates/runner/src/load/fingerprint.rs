//! Which code a waiting login began with.

use std::fmt::Write as _;

use postlogin_js::manifests;
use postlogin_project::{ActionKind, ActionSource, Boundary};
use sha2::{Digest as _, Sha256};

use super::dependencies::named;

/// Identifies the code of an Action, for logins that are stored while they wait: its source, its Action Modules, and the
/// `package.json` of each package that it can come to load. An edit of a package's files alone is not seen: another version is.
#[must_use]
pub fn fingerprint(source: &ActionSource) -> String {
    let mut hash = Sha256::new();
    match &source.kind {
        ActionKind::Script { text, .. } => {
            hash.update(text.as_bytes());
            for (name, bytes) in manifests(&named(source), &source.display_path, text) {
                hash.update(&name);
                hash.update(&bytes);
            }
        }
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
        hash.update(module.text.as_bytes());
    }
    let mut text = String::new();
    for byte in hash.finalize() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use postlogin_project::{NamedBy, resolve_action};

    use super::fingerprint;

    const ACTION: &str =
        "const a = require('@x/a/sub');\nexports.onExecutePostLogin = async () => {};\n";

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    fn manifest(root: &Path, package: &str, version: &str, needs: &str) {
        let text = format!(r#"{{"version": "{version}", "dependencies": {{{needs}}}}}"#);
        let path = format!("{package}/package.json");
        write(root, &path, &text);
    }

    #[test]
    fn another_version_of_a_package_is_another_action() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let of = |name: &str| {
            let source = resolve_action(name, root, None, NamedBy::User).expect("an Action");
            fingerprint(&source)
        };
        write(root, "with.js", ACTION);
        write(
            root,
            "without.js",
            "exports.onExecutePostLogin = async () => {};\n",
        );
        write(
            root,
            "rule.js",
            "function (user, context, callback) { require('@x/a@1.0.0'); callback(null, user, context); }",
        );
        let own = of("with.js");
        let without = of("without.js");
        manifest(
            root,
            "node_modules/@x/a",
            "1.0.0",
            r#""b": "1", "../c": "1""#,
        );
        manifest(root, "node_modules/b", "1.0.0", r#""@x/a": "1""#);
        manifest(root, "node_modules/c", "1.0.0", "");
        let first = of("with.js");
        let rule = of("rule.js");
        assert_ne!(first, own, "a package was installed");
        assert_eq!(of("with.js"), first);

        // Of the package, of one that it needs, and of one that only this package needs in this version.
        manifest(root, "node_modules/b", "1.0.1", r#""@x/a": "1""#);
        let second = of("with.js");
        assert_ne!(second, first);
        assert_ne!(of("rule.js"), rule);
        manifest(root, "node_modules/@x/a/node_modules/b", "2.0.0", "");
        let third = of("with.js");
        assert_ne!(third, second);
        manifest(root, "node_modules/@x/a", "1.1.0", r#""b": "1""#);
        assert_ne!(of("with.js"), third);

        // What the Action does not lead to is not its matter.
        let last = of("with.js");
        manifest(root, "node_modules/c", "3.0.0", "");
        assert_eq!(of("with.js"), last);
        assert_eq!(of("without.js"), without);
    }
}
