//! Limits for what all files of a run take together. Each file is within its own limit, and links to one file cost a repository nothing.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::symlink;

use tempfile::TempDir;

use crate::ceilings::{MOST_MEMORY, Measured, measure_in};
use crate::support::{folder, postlogin};

const HANDLER: &str = "exports.onExecutePostLogin = async (event, api) => {};\n";

/// Runs a command, which stays below the limit of memory, and returns all that it prints.
#[track_caller]
fn run(place: &TempDir, arguments: &str, code: i32) -> String {
    let Measured {
        stdout,
        stderr,
        memory,
    } = measure_in(place.path(), arguments, code);
    assert!(memory < MOST_MEMORY, "{arguments}: {} MiB", memory >> 20);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it is text");
    format!("{}{}", text(stdout), text(stderr))
}

/// Links so many names to a file beside them.
fn links(place: &TempDir, names: impl Iterator<Item = String>, target: &str) {
    for name in names {
        symlink(target, place.path().join(name)).expect("a link");
    }
}

#[test]
fn source_maps_of_all_actions_have_room_together() {
    let lines = "\\n".repeat(7_900_000);
    let map = format!(
        "{{\"version\":3,\"sources\":[\"a.ts\"],\"sourcesContent\":[\"{lines}\"],\"mappings\":\"AAAA\"}}"
    );
    let place = folder(&[("a.js.map", &map)]);
    for number in 0..10 {
        let text = format!("// {number}\n{HANDLER}//# sourceMappingURL=a.js.map\n");
        fs::write(place.path().join(format!("a{number}.js")), text).expect("a file");
    }
    let names: Vec<String> = (0..10).map(|number| format!("a{number}.js")).collect();
    let arguments = format!("run {} --format json", names.join(" "));
    let printed = run(&place, &arguments, 0);
    let refused =
        "its source map is not used: those of all Actions take more than 64 MiB of memory";
    assert!(!printed.contains(&format!("a0.js: {refused}")), "{printed}");
    assert!(printed.contains(&format!("a9.js: {refused}")), "{printed}");
}

#[test]
fn names_and_files_of_a_source_map_do_not_multiply() {
    let built = format!("{HANDLER}//# sourceMappingURL=a.js.map\n");
    let sources: Vec<String> = (0..10_000).map(|number| format!("\"{number}\"")).collect();
    let long = format!(
        "{{\"version\":3,\"sourceRoot\":\"{}\",\"sources\":[{}]}}",
        "x".repeat(200_000),
        sources.join(",")
    );
    // 160 GiB, if each were read.
    let again = format!(
        "{{\"version\":3,\"sources\":[{}]}}",
        vec!["\"bin.ts\""; 10_000].join(",")
    );
    for (map, message) in [
        (long, "the names of its files have more than 8 MiB"),
        (
            again,
            "names more than 1000 files that it does not contain, or 8 MiB of them",
        ),
    ] {
        let place = folder(&[("a.js", &built), ("a.js.map", &map)]);
        fs::write(place.path().join("bin.ts"), vec![0xff; 16 << 20]).expect("a file");
        assert!(
            run(&place, "run a.js --format json", 0).contains(message),
            "{message}"
        );
        assert!(run(&place, "check a.js", 0).contains(message), "{message}");
    }
}

#[test]
fn files_that_actions_require_are_kept_once() {
    let place = folder(&[("node_modules/p/package.json", "{\"name\": \"p\"}")]);
    for number in 0..3 {
        let text = format!("\"{}\"", number.to_string().repeat((16 << 20) - 9));
        fs::write(
            place.path().join(format!("node_modules/p/{number}.json")),
            text,
        )
        .expect("a file");
    }
    let action = "exports.onExecutePostLogin = async () => {\n  \
        for (let n = 0; n < 3; n++) {\n    \
        const name = `p/${n}.json`;\n    \
        console.log(require(name).length);\n    \
        delete require.cache[require.resolve(name)];\n  }\n};\n";
    let names: Vec<String> = (0..8).map(|number| format!("a{number}.js")).collect();
    for name in &names {
        fs::write(place.path().join(name), action).expect("a file");
    }
    let printed = run(&place, &format!("run {}", names.join(" ")), 0);
    assert!(printed.contains("16777207"), "{printed}");
}

#[test]
fn answers_about_long_names_are_not_all_kept() {
    let action = "exports.onExecutePostLogin = async () => {\n  \
        let missing = 0;\n  \
        for (let n = 0; n < 20000; n++) {\n    \
        try { require('n'.repeat(4050) + n); } catch { missing++; }\n  }\n  \
        console.log('missing', missing);\n};\n";
    let place = folder(&[("a.js", action)]);
    let printed = run(&place, "run a.js --timeout 60s", 0);
    assert!(printed.contains("missing 20000"), "{printed}");
}

#[test]
fn documents_of_a_project_and_of_cases_have_limits_together() {
    let big = format!("{{\"name\": \"x\", \"list\": [{}0]}}", "0,".repeat(390_000));
    let export = &[
        ("actions/a/code.js", HANDLER),
        (
            "actions/a.json",
            "{\"name\": \"a\", \"code\": \"./actions/a/code.js\", \"supported_triggers\": [{\"id\": \"post-login\", \"version\": \"v3\"}]}",
        ),
        (
            "clients/first.json",
            "{\"name\": \"first\", \"app_type\": \"spa\"}",
        ),
        ("big.json", big.as_str()),
    ];
    let place = folder(export);
    links(
        &place,
        (0..20).map(|number| format!("clients/x{number:02}.json")),
        "../big.json",
    );
    let printed = run(&place, "run a", 2);
    assert!(
        printed.contains("clients/x05.json: the files of the project are too large up to this one"),
        "{printed}"
    );

    let event = format!(
        "{{\"user\": {{\"user_metadata\": {{\"x\": [{}0]}}}}}}",
        "0,".repeat(390_000)
    );
    let place = folder(&[("a.js", HANDLER), ("big.json", &event)]);
    links(
        &place,
        (0..20).map(|number| format!("e{number:02}.json")),
        "big.json",
    );
    let cases: String = (0..20)
        .map(|number| {
            format!("- {{ description: c{number}, actions: [a.js], event: e{number:02}.json }}\n")
        })
        .collect();
    fs::write(place.path().join("t.case.yaml"), format!("cases:\n{cases}")).expect("a file");
    let printed = run(&place, "test -j1", 2);
    assert!(
        printed.contains(
            "e05.json: the events, users, clients and mocks that cases name take more than 128 MiB"
        ),
        "{printed}"
    );
}

#[test]
fn the_largest_event_fits() {
    let action = "exports.onExecutePostLogin = async (event, api) => {\n  \
        api.idToken.setCustomClaim('length', event.user.user_metadata.x.length);\n};\n";
    let place = folder(&[("a.js", action)]);
    for (item, most) in [("1", 390_000), ("[1]", 77_000), ("\"123456789\"", 197_000)] {
        for (count, code) in [(most, 0), (most * 2, 2)] {
            let items = vec![item; count].join(",");
            let event = format!("{{\"user\": {{\"user_metadata\": {{\"x\": [{items}]}}}}}}");
            fs::write(place.path().join("event.json"), event).expect("a file");
            let printed = run(&place, "run a.js --event event.json", code);
            assert_eq!(
                printed.contains("more than 400000 values"),
                code == 2,
                "{item}"
            );
        }
    }
}

/// As much code as a run may have, an event of almost as many values as one may have, ICU, and a sandbox that is full.
#[test]
fn the_limits_of_a_run_fit_together() {
    let fills = "exports.onExecutePostLogin = async (event, api) => {\n  \
        new Intl.DateTimeFormat('de', { dateStyle: 'full' }).format(new Date());\n  \
        const kept = [];\n  for (;;) kept.push(new Uint8Array(1 << 20).fill(7));\n};\n";
    let place = folder(&[("fills.js", fills)]);
    let mut names: Vec<String> = Vec::new();
    for number in 0..8 {
        let name = format!("a{number}.js");
        // Parsers need most memory for short statements; the longest text is not parsed.
        let filler = match number {
            0 => format!("() => {{ {} }};", "x();".repeat(700_000)),
            _ => format!("//{}", "x".repeat(4_000_000)),
        };
        fs::write(
            place.path().join(&name),
            format!("{HANDLER}// {number}\n{filler}\n"),
        )
        .expect("a file");
        names.push(name);
    }
    let event = format!(
        "{{\"user\": {{\"user_metadata\": {{\"x\": [{}0]}}}}}}",
        "0,".repeat(390_000)
    );
    fs::write(place.path().join("event.json"), event).expect("a file");
    let actions = names.join(" ");
    let printed = run(
        &place,
        &format!("run {actions} fills.js --event event.json --timeout 60s"),
        0,
    );
    assert!(printed.contains("more than 128 MiB of memory"), "{printed}");
}

/// A program in the place of npm prints its settings.
#[test]
fn npm_installs_packages_of_its_registry_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let tenant = "actions: [{name: a, code: ./a.js, deployed: true, dependencies: [{name: lodash, version: 4.17.21}], supported_triggers: [{id: post-login, version: v3}]}]\n";
    let place = folder(&[
        ("project/a.js", HANDLER),
        ("project/tenant.yaml", tenant),
        (
            "bin/npm",
            "#!/bin/sh\necho \"$@\"\nenv | grep -i ^npm_config_ | sort\n",
        ),
    ]);
    let npm = place.path().join("bin/npm");
    fs::set_permissions(&npm, fs::Permissions::from_mode(0o755)).expect("it is a program");
    let path = format!("{}:/usr/bin:/bin", place.path().join("bin").display());
    let done = postlogin("install")
        .within(&place.path().join("project"))
        .env("PATH", &path)
        .finish();
    assert_eq!(done.code, Some(0), "{done}");
    assert!(
        done.stdout
            .contains("install --save-exact --ignore-scripts lodash@4.17.21"),
        "{done}"
    );
    for setting in ["directory", "file", "git", "remote"] {
        let line = format!("npm_config_allow_{setting}=none\n");
        assert!(done.stdout.contains(&line), "{done}");
    }
    assert!(
        done.stdout
            .contains("npm_config_git=postlogin-starts-no-git\n"),
        "{done}"
    );
}
