//! `postlogin test` with files that are wrong, odd or huge.

use std::fmt::Write;

use crate::support::{QUIET, assert_command, folder, postlogin};

#[test]
fn a_folder_without_cases() {
    let folder = folder(&[("empty.txt", "")]);
    assert_command!(postlogin("test").within(folder.path()), @"
    exit code: 4
    ----- stderr -----
    error: no case was found
    hint: cases are in files *.case.yaml; `postlogin init` writes the first ones
    ");
    assert_command!(postlogin("test nowhere").within(folder.path()), @"
    exit code: 2
    ----- stderr -----
    error: nowhere: no such file or folder
    hint: a path is relative to the working folder
    ");
}

#[test]
fn all_mistakes_are_told_before_anything_runs() {
    let folder = folder(&[
        ("quiet.js", QUIET),
        ("a.case.yaml", "actions: [quiet.js, quite.js]\n"),
        (
            "b.case.yaml",
            "actions: [quiet.js]\nexpekt: {}\nevnt: x.json\n",
        ),
        ("c.case.json", "{\"actions\": [\"quiet.js\"],}"),
        ("d.case.yaml", "description: no project here\n"),
        (
            "e.case.yaml",
            "actions: [quiet.js]\nset: { 'user.name.x': 1 }\n",
        ),
        (
            "f.case.yaml",
            "actions: [quiet.js]\nhttp: [{ request: { urll: x }, response: {} }]\n",
        ),
        (
            "g.case.yaml",
            "actions: [quiet.js]\ntenant: { rback: true, permissions: 5 }\n",
        ),
    ]);
    assert_command!(postlogin("test").within(folder.path()), @"
    exit code: 2
    ----- stderr -----
    error: a.case.yaml:1:21: no such file: `quite.js`
    hint: did you mean `quiet.js`?
    error: b.case.yaml:2:1: unknown key `expekt` in a case
    hint: did you mean `expect`?
    error: b.case.yaml:3:1: unknown key `evnt` in a case
    hint: did you mean `event`?
    error: c.case.json:1:26: trailing comma
    error: d.case.yaml:1:1: the case names no `actions`, and no project was found here
    hint: name them: `actions: [../actions/my-action/code.js]`
    error: e.case.yaml:2:8: `event.user.name` is a string; it has no key `x`
    error: f.case.yaml:2:8: an exchange of `http`: unknown key `urll`
    hint: did you mean `url`?
    error: g.case.yaml:2:11: unknown key `rback` in `tenant`
    hint: did you mean `rbac`?
    error: g.case.yaml:2:37: `permissions` of `tenant`: invalid type: integer `5`, expected a sequence
    ");
}

#[test]
fn a_broken_tenant_yaml_stops_its_cases() {
    let folder = folder(&[
        ("tenant.yaml", "actions:\n  - name: a\n   code: b\n"),
        ("tests/a.case.yaml", "snapshot: true\n"),
    ]);
    let done = postlogin("test").within(folder.path()).finish();
    assert_eq!(done.code, Some(2), "{done}");
    assert!(done.stderr.contains("tenant.yaml:3:"), "{done}");
}

#[test]
fn slips_that_stop_nothing_are_warned_about() {
    let folder = folder(&[
        ("quiet.js", QUIET),
        (
            "a.case.yaml",
            "actions: [quiet.js]\nwith: { clinet: { name: x } }\n",
        ),
    ]);
    let done = postlogin("test").within(folder.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    assert!(
        done.stderr
            .contains("warning: a.case.yaml:2:9: `event.clinet` does not exist"),
        "{done}"
    );
}

#[test]
fn an_event_of_many_megabytes_is_an_event() {
    let mut event = String::from("{\"user\": {\"user_metadata\": {");
    for n in 0..90_000 {
        let _ = write!(event, "\"key{n}\": \"a value of some more length\",");
    }
    event.push_str("\"last\": 1}}}");
    assert!(event.len() > 3_000_000);
    let folder = folder(&[
        ("quiet.js", QUIET),
        ("huge.json", &event),
        (
            "a.case.yaml",
            "actions: [quiet.js]\nevent: huge.json\nmemory: 256MiB\nexpect: { user_metadata: { last: 1 } }\n",
        ),
    ]);
    let done = postlogin("test").within(folder.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
}

#[test]
fn reporters_that_are_wrong() {
    assert_command!(postlogin("test --reporter junti=x.xml"), @"
    exit code: 2
    ----- stderr -----
    error: --reporter: there is no `junti`
    hint: did you mean `junit`?
    ");
    assert_command!(postlogin("test --reporter json --reporter tap"), @"
    exit code: 2
    ----- stderr -----
    error: several reporters write to stdout
    hint: give all but one a file: --reporter junit=report.xml
    ");
    assert_command!(postlogin("test --reporter junit=crates"), @"
    exit code: 110
    ----- stderr -----
    error: cannot write crates: it is a folder
    ");
}

/// A profile may have any property; one that is nearly Auth0's is a slip, and reported where it was written.
#[test]
fn a_slip_in_the_profile_of_a_case_is_reported_at_its_key() {
    let project = folder(&[
        ("a.js", QUIET),
        (
            "t.case.yaml",
            "actions: [a.js]\ncases:\n  - description: one\n    with:\n      usr: {}\n      user: { emial: x, company: y }\n  - description: two\n    set:\n      user.nickanme: z\n  - description: rows\n    each:\n      - { with: { user: { picure: p } } }\n",
        ),
    ]);
    let done = postlogin("test").within(project.path()).finish();
    assert_eq!(done.code, Some(0), "{done}");
    for (place, slip, meant) in [
        ("5:7", "event.usr", "event.user"),
        ("6:15", "event.user.emial", "event.user.email"),
        ("9:7", "event.user.nickanme", "event.user.nickname"),
        ("12:27", "event.user.picure", "event.user.picture"),
    ] {
        assert!(
            done.stderr
                .contains(&format!("t.case.yaml:{place}: `{slip}`")),
            "{place} {done}"
        );
        assert!(
            done.stderr.contains(&format!("did you mean `{meant}`?")),
            "{meant} {done}"
        );
    }
    assert!(!done.stderr.contains("company"), "{done}");
}
