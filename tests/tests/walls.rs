//! The walls of docs/book/src/internals/architecture.md: which crate may know which.

use postlogin_core::limits::EXECUTION_MS;
use postlogin_tests::{Package, packages, sources};

/// The crates of ours that each crate may be built from.
const EDGES: &[(&str, &[&str])] = &[
    ("postlogin-abi", &[]),
    ("postlogin-allocator", &[]),
    ("postlogin-core", &[]),
    ("postlogin-files", &[]),
    ("postlogin-generate", &["postlogin-core"]),
    ("postlogin-host", &["postlogin-core"]),
    ("postlogin-token", &[]),
    ("postlogin-page", &["postlogin-core"]),
    ("postlogin-project", &["postlogin-core", "postlogin-files"]),
    (
        "postlogin-tenant",
        &[
            "postlogin-core",
            "postlogin-page",
            "postlogin-project",
            "postlogin-token",
        ],
    ),
    ("postlogin-replay", &["postlogin-core"]),
    ("postlogin-sdk", &["postlogin-abi"]),
    ("postlogin-mcp", &[]),
    (
        "postlogin-engine",
        &["postlogin-abi", "postlogin-core", "postlogin-host"],
    ),
    (
        "postlogin-js",
        &[
            "postlogin-core",
            "postlogin-engine",
            "postlogin-files",
            "postlogin-host",
        ],
    ),
    (
        "postlogin-runner",
        &[
            "postlogin-core",
            "postlogin-engine",
            "postlogin-generate",
            "postlogin-host",
            "postlogin-js",
            "postlogin-page",
            "postlogin-project",
            "postlogin-replay",
            "postlogin-tenant",
        ],
    ),
    (
        "postlogin",
        &[
            "postlogin-allocator",
            "postlogin-core",
            "postlogin-engine",
            "postlogin-generate",
            "postlogin-host",
            "postlogin-js",
            "postlogin-mcp",
            "postlogin-page",
            "postlogin-project",
            "postlogin-replay",
            "postlogin-runner",
            "postlogin-tenant",
            "postlogin-token",
        ],
    ),
];

/// Packages that nothing is built from; they may use whatever they need.
const OUTSIDE: &[&str] = &["postlogin-benches", "postlogin-tests", "xtask"];

/// Crates of others that only some of ours may name, tests included.
const RESERVED: &[(&str, &[&str])] = &[
    ("arrow-array", &["postlogin-replay"]),
    ("arrow-buffer", &["postlogin-replay"]),
    ("arrow-ipc", &["postlogin-replay"]),
    ("arrow-schema", &["postlogin-replay"]),
    ("axum", &["postlogin-tenant"]),
    ("clap", &["postlogin"]),
    ("maud", &["postlogin-replay", "postlogin-tenant"]),
    ("mimalloc", &["postlogin-allocator"]),
    ("oxc", &["postlogin-js"]),
    ("quick-junit", &["postlogin-runner"]),
    ("rcgen", &["postlogin-tenant", "postlogin-token"]),
    // The tenant's tests sign proofs of applications with it.
    ("ring", &["postlogin-tenant", "postlogin-token"]),
    ("rmcp", &["postlogin-mcp"]),
    ("rsa", &["postlogin-token"]),
    ("rusqlite", &["postlogin-tenant"]),
    ("rustls", &["postlogin-host", "postlogin-tenant"]),
    ("serde-saphyr", &["postlogin-project"]),
    (
        "tokio",
        &["postlogin-engine", "postlogin-mcp", "postlogin-tenant"],
    ),
    ("toml", &["postlogin-project"]),
    ("ureq", &["postlogin-host"]),
    ("wasmtime", &["postlogin-engine"]),
];

/// The kinds of crates that the core is never built from: runtimes, clocks, randomness, files, networks.
const NEVER_IN_CORE: &[&str] = &[
    "chrono",
    "clap",
    "fastrand",
    "getrandom",
    "hyper",
    "jiff",
    "rand",
    "reqwest",
    "rustls",
    "tempfile",
    "time",
    "tokio",
    "ureq",
    "wasmtime",
];

fn is_ours(name: &str) -> bool {
    EDGES.iter().any(|(ours, _)| *ours == name) || OUTSIDE.contains(&name)
}

/// `wasmtime` and every crate of its family.
fn is_family(name: &str, family: &str) -> bool {
    name == family
        || name
            .strip_prefix(family)
            .is_some_and(|rest| rest.starts_with(['-', '_']))
}

#[test]
fn every_edge_between_our_crates_is_drawn_in_the_plan() {
    for Package {
        name, dependencies, ..
    } in packages()
    {
        if OUTSIDE.contains(&name.as_str()) {
            continue;
        }
        let Some((_, allowed)) = EDGES.iter().find(|(ours, _)| *ours == name) else {
            panic!(
                "{name} is new: say in EDGES and in docs/book/src/internals/architecture.md what it may know"
            );
        };
        for dependency in dependencies.iter().filter(|dependency| is_ours(dependency)) {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{name} must not know {dependency}"
            );
        }
    }
}

#[test]
fn tests_do_not_reach_up_either() {
    for package in packages() {
        // The benches build with the features of the program, so that they share its dependencies.
        if package.name == "postlogin-benches" {
            continue;
        }
        for dependency in &package.dev_dependencies {
            assert!(
                dependency != "postlogin" && !OUTSIDE.contains(&dependency.as_str()),
                "the tests of {} must not use {dependency}",
                package.name
            );
        }
    }
}

#[test]
fn some_crates_of_others_have_one_user() {
    for package in packages() {
        let all = package.dependencies.iter().chain(&package.dev_dependencies);
        for dependency in all {
            for (reserved, users) in RESERVED {
                assert!(
                    !is_family(dependency, reserved) || users.contains(&package.name.as_str()),
                    "only {users:?} name {reserved}, and {} names {dependency}",
                    package.name
                );
            }
        }
    }
}

#[test]
fn the_core_is_built_from_nothing_that_acts() {
    let core = packages()
        .into_iter()
        .find(|package| package.name == "postlogin-core");
    for dependency in core.expect("there is a core").dependencies {
        for never in NEVER_IN_CORE {
            assert!(
                !is_family(&dependency, never),
                "the core must not use {dependency}"
            );
        }
    }
}

/// The file of the core that counts how large something is when it is printed.
const COUNTS: &str = "crates/core/src/ceilings/layout.rs";

/// No line of these files holds one of these words.
#[track_caller]
fn check_absent(what: &str, words: &[&str], applies: impl Fn(&str) -> bool) {
    let mut found = Vec::new();
    for source in sources() {
        if source.is_test() || !applies(&source.path) {
            continue;
        }
        for (number, line) in source.code() {
            for word in words.iter().filter(|word| has_word(line, word)) {
                found.push(format!("{}:{number}: `{word}`: {what}", source.path));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Whether the word stands in the line and is not the end of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
    })
}

#[test]
fn the_core_reads_no_clock_no_file_and_no_environment() {
    let words = [
        "std::fs",
        "std::env",
        "std::net",
        "std::process",
        "std::thread",
        "std::io",
        "fs::",
        "env::",
        "File::",
        "SystemTime",
        "Instant",
        "RandomState",
        "DefaultHasher",
    ];
    check_absent("the core only computes", &words, |path| {
        path.starts_with("crates/core/src/") && path != COUNTS
    });
    // It implements traits of `std::io` to count what a serializer writes; all else holds for it, too.
    let but_io: Vec<&str> = words
        .into_iter()
        .filter(|word| *word != "std::io")
        .collect();
    check_absent("the core only computes", &but_io, |path| path == COUNTS);
}

#[test]
fn only_the_command_line_prints_and_exits() {
    let words = [
        "print!(",
        "println!(",
        "eprint!(",
        "eprintln!(",
        "dbg!(",
        "process::exit(",
        "io::stdout()",
        "io::stderr()",
    ];
    check_absent("only crates/cli prints and exits", &words, |path| {
        // What is compiled into the JavaScript engine prints to the sandbox, its build scripts to Cargo.
        let is_host = !path.starts_with("crates/js/engine/");
        let is_ours = path.starts_with("crates/") && path.ends_with(".rs");
        is_ours && is_host && !path.starts_with("crates/cli/")
    });
}

#[test]
fn no_type_of_wasmtime_is_public() {
    let words = [
        "wasmtime::",
        "InstancePre",
        "Component",
        "Linker",
        "Store<",
        "ResourceTable",
        "WasiCtx",
    ];
    let mut found = Vec::new();
    for source in sources() {
        if source.is_test() || !source.path.starts_with("crates/engine/src/") {
            continue;
        }
        for (number, line) in source.code() {
            let is_public = line.trim_start().starts_with("pub ");
            if is_public && words.iter().any(|word| has_word(line, word)) {
                found.push(format!("{}:{number}: {line}", source.path));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn what_is_told_by_reading_needs_no_engine() {
    let words = ["postlogin_engine", "crate::engine", "crate::action", "fs::"];
    check_absent("checks only read text", &words, |path| {
        path.starts_with("crates/js/src/check/") || path.starts_with("crates/js/src/source/")
    });
}

#[test]
fn limits_that_stand_on_both_sides_of_a_wall_agree() {
    assert_eq!(
        postlogin_host::DEFAULT_TIMEOUT.as_millis(),
        EXECUTION_MS.value as u128,
        "the sandbox's budget is the vendor's limit"
    );
}

#[test]
fn made_up_events_come_from_a_seed_alone() {
    let words = [
        "std::io",
        "std::fs",
        "std::env",
        "SystemTime",
        "Instant",
        "RandomState",
        "DefaultHasher",
        "HashMap",
        "from_os_rng",
        "getrandom",
    ];
    // What writes users down writes to what it is given, and reads nothing.
    let writes = |path: &str| path == "crates/generate/src/users/write.rs";
    check_absent("the same seed gives the same events", &words, |path| {
        path.starts_with("crates/generate/src/") && !writes(path)
    });
    check_absent("the same seed gives the same users", &words[1..], writes);
}
