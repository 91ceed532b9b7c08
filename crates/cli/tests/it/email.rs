//! `postlogin email` and the mails of `serve`: rendered by LiquidJS, within limits.

use serde_json::json;

use crate::{
    serve::{Serving, USERS},
    support::{folder, postlogin},
};

/// Renders the body of `verify_email` in an export of its own.
#[track_caller]
fn check(body: &str, code: i32, expected: &str) {
    let export = "actions: []\nemailTemplates:\n  - template: verify_email\n    body: ./t.html\n    subject: S\n    enabled: true\n";
    let project = folder(&[("tenant.yaml", export), ("t.html", body)]);
    let done = postlogin("email verify_email")
        .within(project.path())
        .finish();
    let shown: String = body.chars().take(100).collect();
    assert_eq!(done.code, Some(code), "{shown}\n{done}");
    let stream = if code == 0 {
        &done.stdout
    } else {
        &done.stderr
    };
    assert!(stream.contains(expected), "{shown}\n{done}");
    assert!(!done.stderr.contains("panicked"), "{shown}\n{done}");
    if code != 0 {
        assert!(
            done.stderr.contains("hint: ") && done.stdout.is_empty(),
            "{shown}\n{done}"
        );
    }
}

#[test]
fn templates_that_ended_the_process_are_rendered_or_refused() {
    check(
        "{{ -9223372036854775808 | divided_by: -1 }}",
        0,
        "9223372036854776000",
    );
    check(
        "{% tablerow i in (1..3) cols: 0 %}{{i}}{% endtablerow %}",
        0,
        "<td class=\"col3\">3</td>",
    );
    check("{% assign n = 12345678901234567890 %}ok", 0, "ok");
    check(
        "Hi\n{% for i in (1..2000000000) %}{% for j in (1..2000000000) %}x{% endfor %}{% endfor %}",
        2,
        "error: t.html:2:1: the body of the e-mail template verify_email cannot be rendered: ",
    );
    check(
        "{% for i in (1..100000) %}{% for j in (1..1000) %}xxxxxxxxxxxxxxxxxxxx{% endfor %}{% endfor %}",
        2,
        "cannot be rendered: ",
    );
    let deep = format!(
        "{}{}",
        "{% if true %}".repeat(50_000),
        "{% endif %}".repeat(50_000)
    );
    check(&deep, 2, "t.html:");
    let doubled = "{% assign a = a | append: a %}".repeat(30);
    check(
        &format!("{{% assign a = 'aaaaaaaaaa' %}}{doubled}"),
        2,
        "t.html:1:",
    );
}

#[test]
fn a_template_that_is_not_valid_is_named_with_its_line() {
    check(
        "one\ntwo {% nosuchtag %}",
        2,
        "error: t.html:2:5: the body of the e-mail template verify_email cannot be rendered: tag \"nosuchtag\" not found",
    );
}

#[test]
fn a_mail_branches_as_liquidjs_does() {
    check(
        "{% if false and false or true %}T{% else %}F{% endif %}{% unless true %}X{% elsif user.email %}Y{% endunless %}",
        0,
        "FY",
    );
    check(
        "{{ '2024-07-04T05:06:07Z' | date: '%b %d, %Y' }}|{% if user.app_metadata.nope contains 'pro' %}P{% else %}N{% endif %}",
        0,
        "Jul 04, 2024|N",
    );
}

/// Signs a user up whose metadata drives the template of the mail. The server survives, and says what became of the mail.
#[test]
fn a_sign_up_cannot_end_the_server_through_a_template() {
    for (body, n, d, expected) in [
        (
            "{% for i in (1..user.user_metadata.n) %}x{% endfor %}",
            "20000000000",
            "",
            Err("memory alloc limit exceeded"),
        ),
        (
            "{% tablerow i in (1..3) cols: user.user_metadata.d %}{{ i }}{% endtablerow %}",
            "",
            "0",
            // A column of the text "0", not of a number: LiquidJS says so.
            Ok("<td class=\"colNaN\">1</td>"),
        ),
        (
            "{{ user.user_metadata.n | divided_by: user.user_metadata.d }}",
            "-9223372036854775808",
            "-1",
            Ok("9223372036854776000"),
        ),
    ] {
        let export = "actions: []\nemailTemplates:\n  - template: verify_email\n    body: ./t.html\n    subject: S\n    enabled: true\n";
        let project = folder(&[
            ("tenant.yaml", export),
            ("t.html", body),
            ("users.json", USERS),
        ]);
        let arguments = format!("--ephemeral --project {}", project.path().display());
        let serving = Serving::start(&arguments, &project.path().join("users.json"));
        let clients = serving.control("GET", "clients");
        let sign_up = json!({
            "client_id": clients[0]["client_id"], "connection": "Username-Password-Authentication", "email": "new@example.com",
            "password": "Long-enough-1", "user_metadata": {"n": n, "d": d},
        });
        let json = "content-type: application/json\r\n";
        let (status, answer) =
            serving.send("POST", "/dbconnections/signup", json, &sign_up.to_string());
        assert_eq!(status, 200, "{answer}");
        let mails = serving.control("GET", "emails");
        let found = |key: &str| mails[0][key].as_str().unwrap_or_default().to_owned();
        match expected {
            Ok(text) => assert!(found("body").contains(text), "{mails}"),
            Err(error) => assert!(found("error").contains(error), "{mails}"),
        }
    }
}
