//! The systems that there are programs for.

use anyhow::{Context, Result};

/// A system that there are programs for.
pub(super) struct Target {
    pub(super) triple: &'static str,
    /// The name of its npm package, after `@postlogin/`.
    pub(super) npm: &'static str,
}

pub(super) const TARGETS: &[Target] = &[
    Target {
        triple: "x86_64-unknown-linux-musl",
        npm: "linux-x64",
    },
    Target {
        triple: "aarch64-unknown-linux-musl",
        npm: "linux-arm64",
    },
    Target {
        triple: "aarch64-apple-darwin",
        npm: "darwin-arm64",
    },
    Target {
        triple: "x86_64-apple-darwin",
        npm: "darwin-x64",
    },
    Target {
        triple: "x86_64-pc-windows-gnu",
        npm: "win32-x64",
    },
];

impl Target {
    pub(super) fn is_windows(&self) -> bool {
        self.triple.contains("windows")
    }

    pub(super) fn program(&self) -> &'static str {
        match self.is_windows() {
            true => "postlogin.exe",
            false => "postlogin",
        }
    }
}

/// Returns the names of all systems that there are programs for.
pub(crate) fn triples() -> impl Iterator<Item = &'static str> {
    TARGETS.iter().map(|target| target.triple)
}

/// Returns the targets of these names; without any, the two of Linux.
///
/// # Errors
/// When a name is unknown.
pub(super) fn targets(named: &[&str]) -> Result<Vec<&'static Target>> {
    if named.is_empty() {
        return Ok(TARGETS.iter().take(2).collect());
    }
    let find = |name: &&str| {
        let found = TARGETS.iter().find(|target| target.triple == *name);
        found.with_context(|| {
            let known: Vec<&str> = TARGETS.iter().map(|target| target.triple).collect();
            format!("unknown target {name}; there are {}", known.join(", "))
        })
    };
    named.iter().map(find).collect()
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::{targets, triples};

    #[test]
    fn each_target_is_checked_and_built() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for file in [
            ".ci/run",
            ".github/workflows/release.yml",
            ".github/workflows/targets.yml",
        ] {
            let text = fs::read_to_string(root.join(file)).expect(file);
            for triple in triples() {
                assert!(text.contains(triple), "{file} leaves out {triple}");
            }
        }
    }

    #[test]
    fn targets_are_found_by_name() {
        assert_eq!(targets(&[]).expect("the default").len(), 2);
        let found = targets(&["aarch64-apple-darwin"]).expect("it is known");
        assert_eq!(found.first().map(|target| target.npm), Some("darwin-arm64"));
        let error = targets(&["riscv64"])
            .err()
            .expect("it is unknown")
            .to_string();
        assert!(
            error.starts_with("unknown target riscv64; there are x86_64-unknown-linux-musl"),
            "{error}"
        );
    }
}
