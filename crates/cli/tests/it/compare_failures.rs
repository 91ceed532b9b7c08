//! `postlogin compare` of what fails on both sides, never ends or cannot be loaded: nothing is equal that was not compared.

use serde_json::{Value, json};

use crate::support::{Finished, folder, postlogin};

fn action(body: &str) -> String {
    format!("exports.onExecutePostLogin = async (event, api) => {{ {body} }};\n")
}

fn compare(left: &str, right: &str, arguments: &str) -> Finished {
    let project = folder(&[("a.js", left), ("b.js", right)]);
    postlogin(&format!("compare a.js b.js {arguments}"))
        .within(project.path())
        .finish()
}

#[track_caller]
fn json_of(done: &Finished) -> Value {
    serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done}"))
}

#[test]
fn logins_that_all_fail_on_both_sides_are_not_equal() {
    for (body, error) in [
        ("await nobody.knows();", "ReferenceError: "),
        ("throw new Error('no luck');", "Error: no luck"),
        ("throw 'text';", "text"),
        ("await new Promise(() => {});", "Timeout: "),
        (
            "await new Promise((done) => setTimeout(done, 60_000));",
            "Timeout: ",
        ),
    ] {
        let done = compare(&action(body), &action(body), "--generate 4");
        assert_eq!(done.code, Some(102), "{done}");
        assert!(
            done.stdout.contains(
                "Not compared: all 4 logins failed on both sides, over 4 generated events (seed 0)"
            ),
            "{done}"
        );
        assert!(
            done.stdout
                .contains("4 failed on both sides, first generated event 0: "),
            "{done}"
        );
        assert!(done.stdout.contains(error), "{error} {done}");
        assert!(!done.stdout.contains("Equal"), "{done}");
        let found = json_of(&compare(
            &action(body),
            &action(body),
            "--generate 4 --format json",
        ));
        assert_eq!(found["equal"], false, "{found}");
        assert_eq!(found["cut_short"], false, "{found}");
        assert_eq!(found["logins"]["failed_on_both"], 4, "{found}");
        assert_eq!(found["failed_on_both"][0]["logins"], 4, "{found}");
        assert_eq!(found["failed_on_both"][0]["first"], json!({"generated": 0}));
    }
}

#[test]
fn what_throws_before_the_handler_is_there_is_not_equal() {
    let throws = format!("throw new Error('at the top');\n{}", action(""));
    let done = compare(&throws, &throws, "--generate 3");
    assert_ne!(done.code, Some(0), "{done}");
    assert!(!done.stdout.contains("Equal"), "{done}");
}

#[test]
fn some_failures_of_both_sides_are_named_beside_equal() {
    let some =
        action("if (!event.user.email_verified) throw new Error('verify ' + event.secrets.KEY);");
    let arguments = "--generate 300 --secret KEY=sesame-open";
    let done = compare(&some, &some, arguments);
    assert_eq!(done.code, Some(0), "{done}");
    let line = done.stdout.lines().find(|line| line.contains("Equal"));
    let line = line.unwrap_or_default();
    assert!(
        line.contains("Equal over 300 generated events (seed 0), but "),
        "{done}"
    );
    assert!(line.ends_with(" failed on both sides"), "{done}");
    assert!(done.stdout.contains(": Error: verify ***"), "{done}");
    assert!(!done.printed().contains("sesame"), "{done}");
    let found = json_of(&compare(
        &some,
        &some,
        &format!("{arguments} --format json"),
    ));
    assert_eq!(found["equal"], true, "{found}");
    let failed = found["logins"]["failed_on_both"].as_u64().unwrap_or(0);
    assert!(failed > 0 && failed < 300, "{found}");
    assert_eq!(found["left"]["endings"]["failed"], failed, "{found}");
}

#[test]
fn other_errors_are_a_difference() {
    let done = compare(
        &action("throw new Error('one');"),
        &action("throw new Error('two');"),
        "--generate 3",
    );
    assert_eq!(done.code, Some(100), "{done}");
    assert!(done.stdout.contains("DIFF error"), "{done}");
    assert!(!done.stdout.contains("failed on both sides"), "{done}");
}

#[test]
fn many_errors_are_counted() {
    let throws = action(
        "throw new Error('user ' + event.user.user_id + event.session?.id + Math.random());",
    );
    let done = compare(&throws, &throws, "--generate 60");
    assert_eq!(done.code, Some(102), "{done}");
    assert!(done.stdout.lines().count() < 20, "{done}");
}

/// Computing that never ends is found on either side, and soon: 10 runs of a limit of 100 ms compute for 4 s.
#[test]
fn logins_that_never_end_stop_the_comparison() {
    let endless = action("for (;;) {}");
    let fine = action("api.idToken.setCustomClaim('https://x.example/a', 1);");
    for jobs in [1, 3] {
        let arguments = format!("--generate 1000 --timeout 100ms --jobs {jobs}");
        let done = compare(&endless, &endless, &arguments);
        assert_eq!(done.code, Some(102), "{done}");
        let text = &done.stdout;
        assert!(text.contains("all 5 logins failed on both sides"), "{done}");
        assert!(
            text.contains(
                "only 5 of 1000 logins were compared: some compute until their time is over"
            ),
            "{done}"
        );
        let done = compare(&fine, &endless, &arguments);
        assert_eq!(done.code, Some(100), "{done}");
        let text = &done.stdout;
        assert!(text.contains("DIFF status"), "{done}");
        assert!(
            text.contains("10 of 10, first generated event 0\n"),
            "{done}"
        );
        assert!(
            text.contains("only 10 of 1000 logins were compared"),
            "{done}"
        );
    }
    let done = compare(
        &endless,
        &endless,
        "--generate 1000 --timeout 100ms --format json",
    );
    let found = json_of(&done);
    assert_eq!(found["equal"], false, "{found}");
    assert_eq!(found["cut_short"], true, "{found}");
    assert_eq!(found["logins"]["compared"], 5, "{found}");
}

#[test]
fn some_endless_logins_of_both_sides_leave_the_rest_uncompared() {
    let some = action("if (!event.user.email_verified) for (;;) {}");
    let done = compare(&some, &some, "--generate 1000 --timeout 100ms");
    assert_eq!(done.code, Some(102), "{done}");
    assert!(done.stdout.contains("Not finished after "), "{done}");
    assert!(
        done.stdout.contains(", but 5 failed on both sides"),
        "{done}"
    );
}

#[test]
fn a_side_that_cannot_be_loaded_ends_the_comparison() {
    let fine = action("");
    for broken in [
        "exports.onExecutePostLogin = async (",
        "exports.onExecutePostLogin = (event, api) => {};",
        "exports.other = async () => {};",
        "",
    ] {
        for (left, right) in [
            (fine.as_str(), broken),
            (broken, fine.as_str()),
            (broken, broken),
        ] {
            let done = compare(left, right, "--generate 100000");
            assert_ne!(done.code, Some(0), "{broken}: {done}");
            assert_ne!(done.code, Some(1), "{broken}: {done}");
            assert!(!done.stdout.contains("Equal"), "{broken}: {done}");
        }
    }
    let done = compare(
        &fine,
        "exports.onExecutePostLogin = (event, api) => {};",
        "--generate 100000",
    );
    assert_eq!(done.code, Some(101), "{done}");
    assert!(done.stderr.contains("b.js"), "{done}");
}
