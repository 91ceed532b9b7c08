//! Much of everything: long sources, large failures, many of them. Each is an error with its limit, or shown in part.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Finished, folder, postlogin};

const HANDLER: &str = "exports.onExecutePostLogin = async (event, api) => {};\n";

#[track_caller]
fn check(files: &[(&str, &str)], arguments: &str) -> Finished {
    let project = folder(files);
    let began = Instant::now();
    let done = postlogin(arguments).within(project.path()).finish();
    assert!(began.elapsed() < Duration::from_secs(300), "{arguments}");
    assert_ne!(done.code, Some(1), "{arguments}");
    assert!(!done.stderr.contains("panicked"), "{arguments}");
    done
}

/// A source that is nested too deep for the engine is the source's fault.
#[test]
fn a_deep_source_is_no_bug_of_the_builder() {
    for filler in ["[", "(", "!", "x=>"] {
        let source = format!("{HANDLER}{}", filler.repeat(400_000 / filler.len()));
        let done = check(&[("a.js", &source)], "build a.js -o a.wasm");
        assert_eq!(done.code, Some(101), "{filler} {}", done.stderr);
        assert!(!done.stderr.contains("bug of postlogin"), "{filler}");
    }
}

#[test]
fn a_source_of_more_than_4_mib_is_not_parsed() {
    for filler in ["// comment\n", "x();", "'text';", "[[", "/*"] {
        let repeated = filler.repeat((4 << 20) / filler.len() + 2);
        let source = format!("{HANDLER}{repeated}");
        // Without the parser, the engine alone decides whether it runs.
        for (command, code) in [
            ("run a.js", 0),
            ("explain a.js", 0),
            ("check a.js", 100),
            ("build a.js -o a.wasm", 101),
        ] {
            let done = check(&[("a.js", &source)], command);
            assert_eq!(done.code, Some(code), "{command} {filler} {}", done.stderr);
            assert!(
                done.stderr.len() + done.stdout.len() < 20_000,
                "{command} {filler}"
            );
            if command == "check a.js" {
                assert!(done.stdout.contains("code-too-large"), "{filler} {done}");
            }
        }
    }
}

/// The Action sets something else than each case expects.
fn large_failures(sizes: &[usize]) -> Vec<(String, String)> {
    let mut files = vec![("a.js".to_owned(), HANDLER.to_owned())];
    for (number, size) in sizes.iter().enumerate() {
        let text = "x".repeat(*size);
        files.push((
            format!("{number}.case.yaml"),
            format!("actions: [a.js]\nexpect: {{ user_metadata: {{ a: {text} }} }}\n"),
        ));
    }
    files
}

#[test]
fn reports_have_at_most_4_mib_of_failures() {
    let files = large_failures(&[2_500_000, 2_500_000, 1_000]);
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let said = "1 failure is not shown: the reports of a run have at most 4 MiB of failures";
    let done = check(&files, "test . --reporter json");
    assert_eq!(done.code, Some(100));
    let events: Vec<Value> = done
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let text = serde_json::to_string(&events).expect("JSON");
    assert!(text.contains(said), "the second case says so");
    assert_eq!(text.matches("\"not-shown\"").count(), 1);
    assert_eq!(text.matches("\"expectation\"").count(), 2);
    assert!(text.len() < 4_000_000, "{} bytes", text.len());
    for reporter in ["human", "junit", "github", "tap"] {
        let done = check(&files, &format!("test . --reporter {reporter}"));
        assert_eq!(done.code, Some(100), "{reporter}");
        assert!(done.stdout.contains("not shown"), "{reporter}");
        assert!(
            done.stdout.len() < 12_000_000,
            "{reporter}: {}",
            done.stdout.len()
        );
    }
}

#[test]
fn hundreds_of_names_that_are_missing() {
    let claims = |count: usize| -> String {
        (0..count)
            .map(|number| format!("    https://x.example/{number}: {number}\n"))
            .collect()
    };
    let case = format!("actions: [a.js]\nexpect:\n  id_token:\n{}", claims(300));
    let sets = format!(
        "exports.onExecutePostLogin = async (event, api) => {{ for (let i = 1000; i < 1300; i++) \
         api.idToken.setCustomClaim('https://x.example/' + i, '{}'); }};",
        "v".repeat(100)
    );
    let files = [("a.js", sets.as_str()), ("a.case.yaml", case.as_str())];
    let done = check(&files, "test .");
    assert_eq!(done.code, Some(100), "{done}");
    assert!(
        done.stdout.lines().count() < 1_000,
        "{}",
        done.stdout.lines().count()
    );
    assert!(done.stdout.len() < 200_000, "{}", done.stdout.len());
    let done = check(&files, "test . --reporter json");
    let count = done.stdout.matches("https://x.example/299").count();
    assert!(count > 0, "JSON has all of them");
}

#[test]
fn many_unknown_keys_are_counted() {
    let keys: String = (0..120_000)
        .map(|number| format!("k{number}: v\n"))
        .collect();
    let case = format!("actions: [a.js]\n{keys}");
    let done = check(&[("a.js", HANDLER), ("t.case.yaml", &case)], "test --list");
    assert_eq!(done.code, Some(2), "{done}");
    assert!(
        done.stderr
            .contains("t.case.yaml:22:1: 119980 more unknown keys in a case, the first one here"),
        "{done}"
    );
    assert_eq!(done.stderr.matches("unknown key `k").count(), 20, "{done}");
}

#[test]
fn all_actions_of_a_run_have_room_together() {
    let large = format!("{HANDLER}//{}", "x".repeat(3_900_000));
    let names: Vec<String> = (0..12).map(|number| format!("a{number}.js")).collect();
    let case = format!("actions: [{}]\n", names.join(", "));
    let mut files: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (name.as_str(), large.as_str()))
        .collect();
    files.push(("t.case.yaml", &case));
    let message = "this run has too much code: its Actions and their modules have more than 32 MiB of scripts";
    for command in [
        "test".to_owned(),
        format!("run {}", names.join(" ")),
        format!("compare a0.js {}", names.join(",")),
    ] {
        let done = check(&files, &command);
        assert_eq!(done.code, Some(2), "{command} {done}");
        assert!(done.stderr.contains(message), "{command} {done}");
    }
}
