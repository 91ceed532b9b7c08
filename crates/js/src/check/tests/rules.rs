//! Findings in Rules.

use super::super::Declared;
use super::{check_text, of, short};

#[test]
fn rules_have_findings_of_their_own() {
    let check = |text: &str, expected: &[&str]| check_text("rules/a.js", text, expected);
    let back = "callback(null, user, context);";
    check(
        &format!("function (user, context, callback) {{ {back} }}"),
        &[],
    );
    check(
        "// Waits for ever.\nfunction (user, context, callback) { context.idToken.a = 1; }",
        &["2:1 callback-not-used"],
    );
    check(
        "(user, context) => { context.x = user.y; }",
        &["1:1 callback-not-used"],
    );
    check(
        "function (user, context) { arguments[2](null, user, context); }",
        &[],
    );
    check(
        "function (user, context, ...more) { more[0](null, user, context); }",
        &[],
    );
    check(
        "function (a, b, c) { setTimeout(() => c(null, a, b), 10); }",
        &[],
    );
    check(
        &format!(
            "function (user, context, callback) {{\n  context.idToken.sub = 1; const t = context.accessToken;\n  t['https://x.auth0.com/y'] = 1; context.idToken['https://x/y'] = 1; {back} }}"
        ),
        &["2:19 restricted-claim", "3:5 auth0-namespace"],
    );
    check(
        "function (user, context, callback) {\n  const a = ;\n}",
        &["2:13 syntax-error"],
    );
    // What is right in a Rule although it is wrong in an Action.
    check(
        &format!(
            "function (user, context, callback) {{ const api = require('request'); api.get(user.x); {back} }}"
        ),
        &[],
    );
    check(
        &format!(
            "function (user, context, callback) {{ /*{}*/ {back} }}",
            "x".repeat(102_400)
        ),
        &[],
    );
    let settings = Declared {
        configuration: Some(vec!["API_KEY".to_owned(), "URL".to_owned()]),
        file: "the `rulesConfigs` of the project".to_owned(),
        ..Declared::default()
    };
    let text = format!(
        "function (user, context, callback) {{\n  configuration.URL; const {{ API_KEI }} = configuration; configuration[user.x];\n  configuration.MADE = 1; {back} }}"
    );
    let found = of("rules/a.js", &text, Some(&settings));
    assert_eq!(short(&found), ["2:30 undeclared-configuration"]);
    assert_eq!(found[0].hint.as_deref(), Some("did you mean `API_KEY`?"));
    // A variable of that name is none.
    let own = format!(
        "function (user, context, callback) {{ const configuration = {{}}; configuration.X; {back} }}"
    );
    assert_eq!(short(&of("rules/a.js", &own, Some(&settings))), [""; 0]);
}
