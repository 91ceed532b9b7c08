//! The house rules, so that reviews need not repeat them.

use postlogin_core::{claim_rules::RESTRICTED_NAMES, limits::FORBIDDEN_APP_METADATA};
use postlogin_tests::{Source, sources, workspace};

/// Texts that are written into the generated runtime of the guest, with the attributes of that code. It runs in the sandbox.
const RUNTIME_EDITS: &str = "xtask/src/recipe/boundary.rs";

/// The most lines that a file may have, tests apart.
const LINES: usize = 500;

#[track_caller]
fn check(problem: impl Fn(&Source) -> Option<String>) {
    let found: Vec<String> = sources()
        .iter()
        .filter_map(|source| Some(format!("{}: {}", source.path, problem(source)?)))
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn files_are_short() {
    check(|source| {
        let lines = source.text.lines().count();
        (lines > LINES && !source.is_test()).then(|| format!("{lines} lines; split it"))
    });
}

#[test]
fn modules_say_what_they_are_for() {
    check(|source| {
        let is_module = source.path.ends_with(".rs") && !source.path.ends_with("/tests.rs");
        let silent = is_module && !source.text.starts_with("//!");
        silent.then(|| "it does not begin with `//!`".to_owned())
    });
}

#[test]
fn nothing_is_left_for_later() {
    // In pieces, so that this file does not find itself.
    let words = [
        ["todo", "!("],
        ["unimplemented", "!("],
        ["#[ig", "nore"],
        ["#[al", "low("],
        ["FIX", "ME"],
        ["XX", "X:"],
    ]
    .map(|parts| parts.concat());
    let runtime = ["#[al", "low(static_mut_refs)]"].concat();
    check(|source| {
        let is_runtime = |line: &str| source.path == RUNTIME_EDITS && line == runtime;
        let mut lines = (1..).zip(source.text.lines());
        let (number, line) = lines
            .find(|(_, line)| words.iter().any(|word| line.contains(word)) && !is_runtime(line))?;
        Some(format!("line {number}: {}", line.trim()))
    });
}

#[test]
fn unsafe_code_has_three_places() {
    // Machine code is loaded, memory of sandboxes is mapped and put back, and the allocator has an option set. What is compiled into the JavaScript engine runs in the
    // sandbox: its allocator, OpenSSL's binding, Node's.
    let known = [
        "crates/allocator/src/lib.rs",
        "crates/engine/src/cache.rs",
        "crates/engine/src/memory/",
        "crates/js/engine/",
        RUNTIME_EDITS,
    ];
    let block = ["unsafe", " {"].concat();
    check(|source| {
        let found = source.code().find(|(_, line)| line.contains(&block));
        let is_known = known.iter().any(|place| source.path.starts_with(place));
        let (number, _) = found.filter(|_| !is_known)?;
        Some(format!("line {number}: unsafe code outside of {known:?}"))
    });
}

/// Returns the number of the names that are string literals in the text.
fn quoted(text: &str, names: &[&str]) -> usize {
    let stands =
        |name: &&&str| text.contains(&format!("\"{name}\"")) || text.contains(&format!("'{name}'"));
    names.iter().filter(stands).count()
}

#[test]
fn a_list_of_the_vendor_stands_once() {
    for (names, home) in [
        (RESTRICTED_NAMES, "crates/core/src/claim_rules.rs"),
        (FORBIDDEN_APP_METADATA, "crates/core/src/limits.rs"),
    ] {
        check(|source| {
            let count = quoted(&source.text, names);
            if source.path == home {
                return (count < names.len()).then(|| "the list is no longer here".to_owned());
            }
            (count * 2 > names.len()).then(|| format!("{count} names of the list in {home}"))
        });
    }
}

#[test]
fn a_limit_of_the_vendor_stands_once_with_its_page() {
    let home = "crates/core/src/limits.rs";
    // In pieces, so that this file does not find itself.
    let page = ["auth0.com/docs/customize/actions/", "limitations\""].concat();
    let literal = ["Limit", " {"].concat();
    check(|source| {
        if source.path == home || source.is_test() {
            return None;
        }
        let found = source
            .code()
            .find(|(_, line)| line.contains(&page) || line.contains(&literal));
        found.map(|(number, _)| format!("line {number}: limits belong to {home}"))
    });
    let limits = std::fs::read_to_string(workspace().join(home)).expect("limits have a file");
    let lines: Vec<&str> = limits.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        if line.starts_with("pub const") && line.contains(": Limit =") {
            let above = index.checked_sub(1).and_then(|above| lines.get(above));
            assert!(
                above.is_some_and(|above| above.starts_with("/// ")),
                "{home}:{}: a limit says what it counts, and in which unit",
                index + 1
            );
        }
    }
}

#[test]
fn the_toolchain_is_the_one_that_the_manifest_names() {
    let read = |file: &str| std::fs::read_to_string(workspace().join(file)).expect(file);
    let toolchain = read("rust-toolchain.toml");
    let manifest = read("Cargo.toml");
    assert!(toolchain.contains("channel = \"1.95.0\""), "{toolchain}");
    assert!(
        manifest.contains("rust-version = \"1.95\""),
        "the two are raised together"
    );
    assert!(
        toolchain.contains("wasm32-wasip2"),
        "tests build an Action in Rust, and set themselves up"
    );
}
