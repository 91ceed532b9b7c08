//! `postlogin test --watch`.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::Stdio,
    sync::mpsc,
    thread,
    time::Duration,
};

use crate::support::{QUIET, folder, postlogin};

#[test]
fn an_edit_runs_what_it_touches() {
    let folder = folder(&[
        ("a.js", QUIET),
        ("b.js", QUIET),
        ("a.case.yaml", "actions: [a.js]\n"),
        ("b.case.yaml", "actions: [b.js]\n"),
    ]);
    let mut child = postlogin("test --watch")
        .within(folder.path())
        .command()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let (sender, lines) = mpsc::channel();
    let stdout = child.stdout.take().expect("a pipe");
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    // The lines of the next run.
    let next = || {
        let mut run = Vec::new();
        loop {
            let line: String = lines
                .recv_timeout(Duration::from_secs(60))
                .unwrap_or_else(|_| panic!("no run follows: {run:?}"));
            run.push(line);
            if run.last().is_some_and(|line| line.contains("Summary")) {
                return run.join("\n");
            }
        }
    };
    let first = next();
    assert!(first.contains("Starting 2 cases"), "{first}");

    fs::write(folder.path().join("b.js"), format!("// edited\n{QUIET}")).expect("a file");
    let second = next();
    assert!(
        second.contains("Starting 1 case in") && second.contains("] b\n"),
        "{second}"
    );

    fs::write(folder.path().join("c.case.yaml"), "actions: [a.js]\n").expect("a file");
    let third = next();
    assert!(
        third.contains("Starting 1 case in") && third.contains("] c\n"),
        "{third}"
    );

    // A mistake is told and does not end it.
    fs::write(folder.path().join("a.case.yaml"), "actoins: [a.js]\n").expect("a file");
    thread::sleep(Duration::from_millis(500));
    fs::write(
        folder.path().join("a.case.yaml"),
        "actions: [a.js]\nexpect: {}\n",
    )
    .expect("a file");
    let fourth = next();
    assert!(fourth.contains("] a\n"), "{fourth}");
    child.kill().expect("it runs");
    let _ = child.wait();
}
