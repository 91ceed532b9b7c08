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

const CHALLENGE: &str = "exports.onExecutePostLogin = async (event, api) => {
  api.authentication.challengeWith({ type: 'otp' });
  api.authentication.enrollWith({ type: 'phone' });
};
";
const AFTER: &str = "exports.onExecutePostLogin = async (event, api) => {
  const factors = event.authentication.methods.filter((method) => method.name === 'mfa');
  api.idToken.setCustomClaim('https://example.com/factors', factors.map((factor) => factor.type));
};
";

#[test]
fn challenges_are_answered_and_mix_with_requests() {
    let folder = folder(&[
        ("challenge.js", CHALLENGE),
        ("redirect.js", REDIRECT),
        ("after.js", AFTER),
        ("body.json", r#"{"body": {"answer": "yes"}}"#),
    ]);
    let event = "--set user.enrolledFactors=[{\"type\":\"otp\"}] --set authentication.methods=[]";
    let run = |arguments: &str| {
        postlogin(&format!("run {arguments} {FIXED} {event}"))
            .within(folder.path())
            .outcome(0)
    };
    #[track_caller]
    fn check(outcome: &serde_json::Value, status: &str, notices: &[&str]) {
        assert_eq!(outcome["status"], status, "{outcome}");
        let codes = outcome["notices"].as_array().into_iter().flatten();
        let codes: Vec<_> = codes.map(|notice| notice["code"].clone()).collect();
        assert_eq!(codes, notices, "{outcome}");
    }
    let actions = "challenge.js redirect.js after.js";
    check(&run(actions), "challenged", &[]);
    check(
        &run(&format!("{actions} --challenge succeed")),
        "challenged",
        &[],
    );
    check(&run(&format!("{actions} --challenge fail")), "denied", &[]);
    let both = "--challenge succeed --challenge succeed";
    check(&run(&format!("{actions} {both}")), "redirected", &[]);
    // Each suspension takes the next answer of its own kind, wherever that stands.
    for answers in [
        format!("--continue body.json {both}"),
        format!("{both} --continue body.json"),
    ] {
        let outcome = run(&format!("{actions} {answers}"));
        check(&outcome, "allowed", &[]);
        let claims = &outcome["id_token"]["claims"];
        assert_eq!(claims["https://example.com/answer"], "yes");
        assert_eq!(
            claims["https://example.com/factors"],
            serde_json::json!(["otp", "phone"])
        );
    }
    check(
        &run("after.js --challenge succeed"),
        "allowed",
        &["answer-not-used"],
    );
    let refused = postlogin("run after.js --challenge maybe")
        .within(folder.path())
        .finish();
    assert_eq!(refused.code, Some(2), "{refused}");
}
