//! No Action makes the program large: neither its memory nor what it prints.
//!
//! Linux reports the most memory that a process had as long as it lives, so it is asked again and again.
#![cfg(target_os = "linux")]

use std::{
    fs,
    io::{self, Read},
    path::Path,
    process::{Child, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::support::{folder, postlogin};

/// Bytes of memory of the process, the sandbox with its 128 MiB included.
pub(crate) const MOST_MEMORY: u64 = 400 << 20;
/// Bytes on stdout and stderr together.
const MOST_OUTPUT: usize = 20_000_000;

/// The output of a run and its peak memory.
pub(crate) struct Measured {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) memory: u64,
}

fn read_all(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut read = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut read).expect("the pipe can be read");
        }
        read
    })
}

/// The most memory that a process had so far; `None` when it has ended.
fn peak(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes << 10)
}

#[track_caller]
fn measure(arguments: &str, source: &str) -> Measured {
    let folder = folder(&[("hostile.js", source)]);
    measure_in(folder.path(), arguments, 0)
}

/// Runs a command in a folder that exits with `code`.
#[track_caller]
pub(crate) fn measure_in(folder: &Path, arguments: &str, code: i32) -> Measured {
    let mut command = postlogin(arguments).within(folder).command();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let (stdout, stderr) = (read_all(child.stdout.take()), read_all(child.stderr.take()));
    let mut memory = 0;
    let status = loop {
        memory = memory.max(peak(&child).unwrap_or(0));
        if let Some(status) = child.try_wait().expect("the program can be waited for") {
            break status;
        }
        thread::sleep(Duration::from_millis(5));
    };
    let (stdout, stderr) = (stdout.join().expect("read"), stderr.join().expect("read"));
    let said = String::from_utf8_lossy(&stderr).into_owned();
    assert_eq!(status.code(), Some(code), "{said}");
    assert!(memory > 10 << 20, "the memory was not measured");
    Measured {
        stdout,
        stderr,
        memory,
    }
}

/// The end of an attack.
enum End {
    /// At a ceiling of the host, with these words.
    Ceiling(&'static str),
    /// With its time used up.
    Timeout,
    /// As production ends it: the status of the login.
    Usual(&'static str),
}

#[track_caller]
fn check(source: &str, end: &End) -> Value {
    let mut told = Value::Null;
    // What ends as usual has the usual time; the others have to be over soon. An attack without end computes for four times as long, in
    // each of four runs.
    let time = match end {
        End::Usual(_) => "60s",
        End::Ceiling(_) => "4s",
        End::Timeout => "1500ms",
    };
    for arguments in [
        format!("run hostile.js --format json --timeout {time}"),
        format!("run hostile.js --timeout {time}"),
        format!("explain hostile.js --format json --timeout {time}"),
        format!("explain hostile.js --timeout {time}"),
    ] {
        let measured = measure(&arguments, source);
        let Measured {
            stdout,
            stderr,
            memory,
        } = measured;
        assert!(memory < MOST_MEMORY, "{arguments}: {} MiB", memory >> 20);
        let printed = stdout.len() + stderr.len();
        assert!(printed < MOST_OUTPUT, "{arguments}: {printed} bytes");
        if !arguments.contains("json") {
            continue;
        }
        let mut outcome: Value = serde_json::from_slice(&stdout).expect("the outcome is JSON");
        if let Some(inner) = outcome.get_mut("outcome") {
            outcome = inner.take();
        }
        let error = &outcome["error"];
        let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
        match end {
            // Where a machine is slow, the time may be over before.
            End::Ceiling(words) => assert!(
                (text("name") == "HostLimit" && text("message").contains(words))
                    || text("name") == "Timeout",
                "{error}"
            ),
            End::Timeout => assert_eq!(text("name"), "Timeout", "{error}"),
            End::Usual(status) => assert_eq!(&outcome["status"], status, "{error}"),
        }
        if told.is_null() {
            told = outcome;
        }
    }
    told
}

fn action(body: &str) -> String {
    format!("exports.onExecutePostLogin = async (event, api) => {{ {body} }};\n")
}

#[test]
fn large_arguments_that_are_refused() {
    let source = action(
        "const big = 'x'.repeat(1e7); for (;;) try { api.accessToken.addScope([big]); } catch {}",
    );
    let outcome = check(&source, &End::Timeout);
    let shown = outcome["commands"][0]["args"][0].to_string();
    assert!(shown.contains("more bytes]"), "{shown}");
}

#[test]
fn large_metadata_over_and_over() {
    let source =
        action("for (let i = 0; i < 20; i++) api.user.setAppMetadata('k', 'x'.repeat(5e6));");
    let outcome = check(&source, &End::Usual("failed"));
    let notices = outcome["notices"].to_string();
    assert!(notices.contains("metadata-update-failed"), "{notices}");
    let source = action("for (let i = 0;; i++) api.user.setAppMetadata('k' + i, 'x'.repeat(5e6));");
    check(&source, &End::Ceiling("MiB of claims, metadata"));
}

#[test]
fn large_bodies_of_refused_requests() {
    let source = action(
        "const body = 'x'.repeat(1e7); for (let i = 0; i < 15; i++) \
         try { await fetch('http://a.example/' + i, { method: 'POST', body }); } catch {}",
    );
    check(&source, &End::Usual("allowed"));
}

#[test]
fn modules_with_long_names() {
    let source =
        action("for (let i = 0; i < 20; i++) try { require('n'.repeat(5e6) + i); } catch {}");
    check(&source, &End::Usual("allowed"));
    let source = action("for (let i = 0;; i++) try { require('n'.repeat(1000) + i); } catch {}");
    check(&source, &End::Timeout);
}

#[test]
fn many_claims_and_scopes() {
    let source =
        action("for (let i = 0;; i++) api.idToken.setCustomClaim('https://x.example/' + i, i);");
    check(&source, &End::Ceiling("claims"));
    let source = action("for (let i = 0;; i++) api.accessToken.addScope('s' + i);");
    check(&source, &End::Ceiling("calls of api methods"));
    let source = action(
        "let deep = new Array(10000).fill(1); for (let i = 0; i < 90; i++) deep = [deep]; \
         for (const token of [api.idToken, api.accessToken]) for (let i = 0; i < 15; i++) \
         token.setCustomClaim('https://x.example/a', deep);",
    );
    check(&source, &End::Usual("allowed"));
}

#[test]
fn values_without_end_in_one_call() {
    let source = action(
        "const many = new Array(1e6).fill(0); api.idToken.setCustomClaim('https://x.example/a', many);",
    );
    check(&source, &End::Ceiling("values to one call"));
    let source = action("api.cache.set('k', 'x'.repeat(2e7));");
    check(&source, &End::Ceiling("MiB to one call"));
}

#[test]
fn long_urls_reasons_and_errors() {
    check(
        &action("api.redirect.sendUserTo('https://x.example/?q=' + 'a'.repeat(5e6));"),
        &End::Ceiling("URL"),
    );
    check(
        &action("api.access.deny('\\u0001'.repeat(2e6));"),
        &End::Usual("denied"),
    );
    let thrown = "const e = new Error('m'.repeat(2e7)); e.name = 'N'.repeat(1e6); throw e;";
    check(&action(thrown), &End::Usual("failed"));
}

#[test]
fn messages_without_end() {
    let source = action("for (let i = 0; i < 50000; i++) console.log('');");
    let outcome = check(&source, &End::Usual("allowed"));
    let notices = outcome["notices"].to_string();
    assert!(notices.contains("messages-not-kept"), "{notices}");
    check(
        &action("console.log('\\u0001'.repeat(2e7));"),
        &End::Usual("allowed"),
    );
}

#[test]
fn a_file_that_is_loaded_over_and_over_gains_no_time() {
    let data = format!("[\"{}\"]", "d".repeat(4_000_000));
    let source = action(
        "const key = require.resolve('data/d.json'); \
         for (;;) { delete require.cache[key]; require('data/d.json'); }",
    );
    let folder = folder(&[
        ("budget.js", &source),
        (
            "node_modules/data/package.json",
            r#"{"name": "data", "version": "1.0.0"}"#,
        ),
        ("node_modules/data/d.json", &data),
    ]);
    // One load grants 8 s, and no number of loads more than 20 s.
    let outcome = postlogin("run budget.js --timeout 1s")
        .within(folder.path())
        .outcome(0);
    assert_eq!(outcome["error"]["name"], "Timeout", "{}", outcome["error"]);
}

/// Each outcome is as large as it may be, and all fail: reports show the end of the run, or its sums, first.
#[test]
fn many_failing_cases_do_not_add_up_in_memory() {
    const ACTION: &str = "exports.onExecutePostLogin = async (event, api) => {
        for (let i = 0; i < 10; i++) api.user.setAppMetadata('k' + i, 'x'.repeat(100000));
        for (let i = 0; i < 10; i++) console.log('y'.repeat(100000));
        if (event.user.user_metadata.n === 0) await new Promise((done) => setTimeout(done, 1));
    };\n";
    let cases = "actions: [large.js]\nexpect: { status: denied, logs: [absent], commands: [session.revoke] }\n\
        matrix: { user.user_metadata.n: [NUMBERS] }\n";
    let numbers: Vec<String> = (0..170).map(|number| number.to_string()).collect();
    let cases = cases.replace("NUMBERS", &numbers.join(", "));
    let folder = folder(&[("large.js", ACTION), ("large.case.yaml", &cases)]);
    let done = measure_in(
        folder.path(),
        "test --jobs 4 --reporter human --reporter json=all.jsonl --reporter junit=all.xml",
        102,
    );
    let megabytes = done.memory >> 20;
    assert!(done.memory < MOST_MEMORY, "{megabytes} MiB");
    let printed = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(printed.contains("170 failed"), "{printed}");
    assert!(
        printed.contains("details are left out after 8 MiB of them; `--reporter json` has all")
    );
    let report = fs::read_to_string(folder.path().join("all.xml")).expect("it was written");
    assert!(report.contains("the report has 32 MiB already"));
    let mut lines = 0;
    let all = fs::File::open(folder.path().join("all.jsonl")).expect("it was written");
    for line in io::BufRead::lines(io::BufReader::new(all)) {
        let line: Value = serde_json::from_str(&line.expect("text")).expect("JSON");
        if line["type"] == "case-finished" {
            assert!(line["outcome"].is_object(), "{}", line["name"]);
            lines += 1;
        }
    }
    assert_eq!(lines, 170);
}

#[test]
fn imports_that_are_not_followed_are_reported() {
    let imports: String = (0..302)
        .map(|index| format!("import './lib/f{index}';\n"))
        .collect();
    let action = imports + "export const onExecutePostLogin = async () => {};\n";
    let mut files: Vec<(String, String)> = (0..302)
        .map(|index| (format!("lib/f{index}.ts"), "export {};\n".to_owned()))
        .collect();
    files.push(("a.ts".into(), action));
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    let folder = folder(&files);
    let run = postlogin("run a.ts --format json")
        .within(folder.path())
        .finish();
    let outcome: Value = serde_json::from_str(&run.stdout).expect("an outcome");
    let notices = outcome["notices"].as_array().expect("notices");
    let notice = notices
        .iter()
        .find(|it| it["code"] == "imports-not-followed");
    let message = notice.expect("the notice")["message"]
        .as_str()
        .unwrap_or_default();
    assert!(
        message.contains("a.ts lead to more than 300 files"),
        "{message}"
    );
    assert!(outcome["error"].to_string().contains("./lib/f300"), "{run}");
    let check = postlogin("check a.ts").within(folder.path()).finish();
    assert!(
        check
            .stdout
            .contains("warning[imports-not-followed]  a.ts:1:1"),
        "{check}"
    );
    assert!(!check.stdout.contains("missing-file"), "{check}");
}

/// A control character takes six bytes where JSON is printed, and one in the file.
#[test]
fn an_event_that_is_large_when_it_is_printed_is_refused() {
    let action = "exports.onExecutePostLogin = async () => {};";
    let event = |letter: &str, count: usize| {
        let user = serde_json::json!({"user": {"user_metadata": {"x": letter.repeat(count)}}});
        user.to_string()
    };
    let folder = folder(&[("a.js", action), ("b.js", action)]);
    for (letter, count, code) in [
        ("\u{7f}", 2_000_000, 2),
        ("\u{85}", 1_000_000, 0),
        ("<", 7_000_000, 0),
    ] {
        fs::write(folder.path().join("event.json"), event(letter, count)).expect("written");
        for arguments in [
            "run a.js --event event.json --format json",
            "compare a.js b.js --event event.json --format json",
        ] {
            let Measured {
                stdout,
                stderr,
                memory,
            } = measure_in(folder.path(), arguments, code);
            let stderr = String::from_utf8_lossy(&stderr);
            assert!(memory < MOST_MEMORY, "{arguments}: {memory}");
            assert!(stdout.len() < MOST_OUTPUT, "{arguments}: {}", stdout.len());
            assert_eq!(stderr.contains("MiB as JSON"), code == 2, "{stderr}");
        }
    }
}
