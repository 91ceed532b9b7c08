//! Redirects, and going on after them.

use crate::support::{FIXED, assert_command, folder, postlogin};

const REDIRECT: &str = "exports.onExecutePostLogin = async (event, api) => {
  api.redirect.sendUserTo('https://profile.example.com/', { query: { lang: 'en' } });
};
exports.onContinuePostLogin = async (event, api) => {
  api.idToken.setCustomClaim('https://example.com/answer', event.request.body.answer ?? event.request.query.answer);
};
";

#[test]
fn a_redirect_ends_the_run_unless_it_goes_on() {
    let folder = folder(&[
        ("redirect.js", REDIRECT),
        ("body.json", r#"{"body": {"answer": "by body"}}"#),
        ("query.yaml", "query: { answer: by query }\n"),
    ]);
    let run = |arguments: &str| {
        postlogin(&format!("run redirect.js {FIXED} {arguments}")).within(folder.path())
    };
    assert_command!(run(""), @"
    exit code: 0
    ----- stdout -----
    → redirected to
      https://profile.example.com/?lang=en&state=6dfa041bc48315f9a6d1e9fb794ebfb82d355e9dab8e3f9c

    Actions
      → redirect [time] [memory] 1 call

    time [time]  of [time]  · memory [memory]  of [memory]
    ");
    let redirected = run("").outcome(0);
    assert_eq!(redirected["status"], "redirected");
    let url = redirected["redirect"]["url"].as_str().unwrap_or_default();
    assert!(url.starts_with("https://profile.example.com/?"), "{url}");
    assert!(url.contains("lang=en") && url.contains("state="), "{url}");

    for (file, answer) in [("body.json", "by body"), ("query.yaml", "by query")] {
        let outcome = run(&format!("--continue {file}")).outcome(0);
        assert_eq!(outcome["status"], "allowed", "{outcome}");
        assert_eq!(
            outcome["id_token"]["claims"]["https://example.com/answer"],
            answer
        );
    }
}
