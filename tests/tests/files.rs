//! Where the program opens files, and on whose behalf.

use std::collections::BTreeSet;

use postlogin_tests::sources;

/// The functions that open a file, or find out where it is.
const OPENS: &[&str] = &[
    "fs::read(",
    "fs::read_to_string(",
    "fs::write(",
    "fs::copy(",
    "fs::read_link(",
    "fs::hard_link(",
    "read_dir(",
    "canonicalize(",
    "File::open(",
    "File::create(",
    "File::create_new(",
    "File::options(",
    "OpenOptions",
];

/// The doors: files that a project names, and files of packages.
const DOORS: &[&str] = &[
    "crates/project/src/door.rs",
    "crates/files/src/lib.rs",
    "crates/js/src/modules/door.rs",
];

/// Where else files are opened. None of these opens a file because a file of a project says so.
const OTHERS: &[(&str, &str)] = &[
    (
        "crates/cli/build.rs",
        "the commit that is built, in the repository of these sources",
    ),
    (
        "crates/cli/src/action.rs",
        "what the user named: whether it is there",
    ),
    (
        "crates/cli/src/commands/page.rs",
        "the first bytes of the file that the user names for a report, so that it replaces nothing else",
    ),
    (
        "crates/cli/src/commands/replay/cluster.rs",
        "the results of workers that the user named",
    ),
    (
        "crates/cli/src/commands/replay/input.rs",
        "the files of users, roles and organizations that the user named",
    ),
    (
        "crates/runner/src/replay/parts.rs",
        "the folder for results that the user named, or a temporary one",
    ),
    (
        "crates/cli/src/commands/init.rs",
        "whether the folder that the user named is their home",
    ),
    (
        "crates/cli/src/commands/init/files.rs",
        "writes files that are not there, through no link",
    ),
    (
        "crates/cli/src/commands/run/keys.rs",
        "the key that the user named",
    ),
    (
        "crates/cli/src/repository.rs",
        "where the user's repository is",
    ),
    (
        "crates/cli/src/commands/replay/git/tree.rs",
        "writes a revision into a folder that it made",
    ),
    (
        "crates/cli/src/state.rs",
        "the secret of the marks, in the user's folder for data",
    ),
    (
        "crates/cli/src/error.rs",
        "names beside a file that the user named and that is not there",
    ),
    (
        "crates/cli/src/network.rs",
        "mocks and recordings that the user named",
    ),
    (
        "crates/cli/src/project.rs",
        "whether the folder that the user named is a project's",
    ),
    (
        "crates/engine/src/cache.rs",
        "the cache of machine code, in the user's cache folder",
    ),
    (
        "crates/engine/src/cache/lock.rs",
        "the lock of a file of that cache",
    ),
    (
        "crates/engine/src/cache/trust.rs",
        "opens the files of that cache, and looks at who may write to them",
    ),
    (
        "crates/engine/src/memory/scan.rs",
        "the kernel's list of this process's pages",
    ),
    (
        "crates/js/src/engine/inputs.rs",
        "the sources of the engine, when it is built and tested",
    ),
    (
        "crates/js/engine/node/build.rs",
        "Node's library, when the engine is built",
    ),
    (
        "crates/js/engine/node/src/runner.rs",
        "scripts that a developer runs natively; no part of postlogin",
    ),
    (
        "crates/js/src/intl.rs",
        "the sources of ICU's component, when it is tested",
    ),
    (
        "crates/js/src/modules/asked.rs",
        "where a link leads that the door was asked for; opens nothing",
    ),
    (
        "crates/js/src/modules/installed.rs",
        "links of package folders; reads manifests through the door",
    ),
    (
        "crates/js/src/modules/packages.rs",
        "where packages really are; reads them through the door",
    ),
    (
        "crates/js/src/modules/places.rs",
        "where packages really are; opens nothing",
    ),
    (
        "crates/project/src/action/find.rs",
        "whether two paths are one file; opens nothing",
    ),
    (
        "crates/project/src/action/mod.rs",
        "lists sources of a Rust package for the watcher; opens nothing",
    ),
    (
        "crates/project/src/folders.rs",
        "lists the state folder, to refuse links in it; opens nothing",
    ),
    (
        "crates/project/src/files.rs",
        "lists a folder; opens nothing",
    ),
    (
        "crates/project/src/project/undescribed.rs",
        "compares where scripts really are; reads them through the door",
    ),
    (
        "crates/project/src/project/parts.rs",
        "whether two paths are one folder; opens nothing",
    ),
    (
        "crates/runner/src/fuzz/case_file.rs",
        "writes cases that are not there, inside the project",
    ),
    (
        "crates/runner/src/load/cargo.rs",
        "where a Rust package really is, for its messages",
    ),
    ("crates/runner/src/load/mod.rs", "what Cargo built"),
    (
        "crates/runner/src/output.rs",
        "writes the files that the user named, through no link",
    ),
    (
        "crates/runner/src/pipeline/saved.rs",
        "writes a case that is not there, inside the project",
    ),
    (
        "crates/tenant/src/store/owner.rs",
        "the server's own database, and its lock",
    ),
    (
        "crates/tenant/src/tls.rs",
        "the certificate that the user named, and the machine's own authority",
    ),
    (
        "crates/tenant/src/tls/files.rs",
        "writes the authority, in the user's folder for data",
    ),
    (
        "crates/token/src/store.rs",
        "the user's signing key, in the state folder",
    ),
];

#[test]
fn every_place_that_opens_a_file_is_known() {
    let opening: BTreeSet<String> = sources()
        .into_iter()
        .filter(|source| source.path.starts_with("crates/") && source.path.ends_with(".rs"))
        .filter(|source| !source.is_test())
        .filter(|source| {
            let mut code = source.code();
            code.any(|(_, line)| OPENS.iter().any(|word| line.contains(word)))
        })
        .map(|source| source.path)
        .collect();
    let known: BTreeSet<String> = OTHERS
        .iter()
        .map(|(path, _)| *path)
        .chain(DOORS.iter().copied())
        .map(str::to_owned)
        .collect();
    let new: Vec<_> = opening.difference(&known).collect();
    assert!(
        new.is_empty(),
        "{new:?}: read what a project names with `postlogin_project::Boundary`, or say here why not"
    );
    let gone: Vec<_> = known.difference(&opening).collect();
    assert!(gone.is_empty(), "{gone:?} open no files any more");
}

#[test]
fn projects_are_read_through_the_door() {
    for source in sources() {
        let reads = [
            "crates/project/src/",
            "crates/runner/src/",
            "crates/js/src/modules/",
        ];
        let is_door = DOORS.contains(&source.path.as_str());
        let is_meant = reads.iter().any(|folder| source.path.starts_with(folder));
        // What Cargo built is not the project's, and results are the user's.
        let is_built = [
            "crates/runner/src/load/mod.rs",
            "crates/runner/src/replay/parts.rs",
        ]
        .contains(&source.path.as_str());
        if !is_meant || is_door || is_built || source.is_test() {
            continue;
        }
        for (number, line) in source.code() {
            for word in [
                "fs::read(",
                "fs::read_to_string(",
                "File::open(",
                "fs::write(",
                "File::create(",
            ] {
                assert!(
                    !line.contains(word),
                    "{}:{number}: {}",
                    source.path,
                    line.trim()
                );
            }
        }
    }
}

/// The writers that follow a link of the name that they get, or cut off what is there.
#[test]
fn outputs_have_one_writer() {
    // Tools of developers; the user's cache, which looks at who owns it; and locks and logs of the state folder, which is refused
    // if there are links in it.
    const TOOLS: &[&str] = &[
        "crates/cli/build.rs",
        "crates/js/engine/",
        "crates/js/src/engine/",
        "crates/engine/src/",
        "crates/tenant/src/store/owner.rs",
    ];
    for source in sources() {
        let is_tool = TOOLS.iter().any(|tool| source.path.starts_with(tool));
        if !source.path.starts_with("crates/") || source.is_test() || is_tool {
            continue;
        }
        let code = source.code();
        for (number, line) in code.take_while(|(_, line)| line.trim() != "mod tests {") {
            for word in [
                "fs::write(",
                "File::create(",
                ".create(true)",
                ".truncate(true)",
            ] {
                assert!(
                    !line.contains(word),
                    "{}:{number}: write it with `postlogin_runner::output`: {}",
                    source.path,
                    line.trim()
                );
            }
        }
    }
}
