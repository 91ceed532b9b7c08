//! `postlogin explain --why`: helpers that are methods, Actions that failed or did not load, handlers that did not run, empty lists.

use serde_json::json;

use crate::support::{FIXED, folder, postlogin};

const SET: &str = "api.idToken.setCustomClaim('https://x.com/c', 1);";

/// The text that `--why` prints about the claim for an Action with this source, from `Asked about` on.
fn asked(source: &str, arguments: &str) -> String {
    asked_in(&[("why.js", source)], &format!("why.js {arguments}"))
}

fn asked_in(files: &[(&str, &str)], arguments: &str) -> String {
    let folder = folder(files);
    let done = postlogin(&format!(
        "explain {FIXED} --why https://x.com/c {arguments}"
    ))
    .within(folder.path())
    .finish();
    let (_, asked) = done
        .stdout
        .split_once("Asked about")
        .unwrap_or_else(|| panic!("{done}"));
    // A sentence may be wrapped anywhere.
    asked.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check(source: &str, arguments: &str, expected: &[&str], absent: &[&str]) {
    let shown = asked(source, arguments);
    for part in expected {
        assert!(
            shown.contains(part),
            "`{part}` is not in: {shown}\n{source}"
        );
    }
    for part in absent {
        assert!(!shown.contains(part), "`{part}` is in: {shown}\n{source}");
    }
}

fn handler(body: &str) -> String {
    format!(
        "exports.onExecutePostLogin = async (event, api) => {{\n{}\n}};\n",
        body.replace("SET", SET)
    )
}

#[test]
fn methods_are_helpers() {
    let called = |name: &str, place: &str| format!("{name} is called for it at why.js:{place}");
    let cond = "✗ only if event.user.none";
    // An object, with a nested one.
    let object = format!("const helper = {{ inner: {{ set(api) {{ {SET} }} }} }};\n");
    check(
        &(object + &handler("if (event.user.none)\n  helper.inner.set(api);")),
        "",
        &[&called("helper.inner.set", "4:3"), cond],
        &[],
    );
    // A class, its constructor's argument, a field, a method that calls another one.
    let class = format!(
        "class Claims {{\n  constructor(api) {{ this.api = api; }}\n  apply(plan) {{ if (plan) this.#put(); }}\n  #put() {{ const api = this.api; {SET} }}\n}}\n"
    );
    check(
        &(class.clone() + &handler("new Claims(api).apply(event.user.none);")),
        "",
        &[
            "Claims.#put is called for it at why.js:3:27, in Claims.apply, which is called at why.js:7:1",
            "✗ only if plan line 3: not met",
        ],
        &[],
    );
    check(
        &(class
            + &handler("const claims = new Claims(api);\nif (event.user.none) claims.apply(1);")),
        "",
        &["Claims.apply, which is called at why.js:8:22", cond],
        &[],
    );
    // A getter.
    let getter = format!("const make = (api) => ({{ get claim() {{ {SET} return 1; }} }});\n");
    check(
        &(getter + &handler("const it = make(api);\nif (event.user.none) it.claim;")),
        "",
        &[&called("claim", "4:22"), cond],
        &[],
    );
}

#[test]
fn a_failed_action_tells_how_far_it_came() {
    // Before the place.
    check(
        &handler("null.x;\nSET"),
        "",
        &[
            "why.js:3:13 sets it (idToken.setCustomClaim), and was not reached: the Action failed before it",
            "it failed at why.js:2:6",
        ],
        &["not met"],
    );
    // After the place.
    check(
        &handler("SET\nnull.x;"),
        "",
        &["and was reached, but the Action failed after it"],
        &["before it", "it failed at"],
    );
    // A condition kept the call away whatever came later.
    check(
        &handler("if (event.user.none) { SET }\nnull.x;"),
        "",
        &[
            "and was not reached",
            "✗ only if event.user.none line 2: not met",
        ],
        &["failed before it"],
    );
    // Two places: one was reached, one was not.
    check(
        &handler("SET\nnull.x;\nSET"),
        "",
        &["why.js:2:13 sets it (idToken.setCustomClaim), and was reached"],
        &["why.js:4:13"],
    );
    // In a helper that was not called yet.
    check(
        &(format!("const set = (api) => {{ {SET} }};\n") + &handler("null.x;\nset(api);")),
        "",
        &["the Action failed before it", "it failed at why.js:3:6"],
        &[],
    );
}

#[test]
fn a_continue_handler_waits_for_the_user() {
    let source = format!(
        "exports.onExecutePostLogin = async () => {{}};\nexports.onContinuePostLogin = async (event, api) => {{ {SET} }};\n"
    );
    let why = "and did not run: its handler runs when the user comes back (`--continue`)";
    check(&source, "", &[why], &["not reached"]);
    // Also in a helper that only it calls.
    let helper = format!(
        "const set = (api) => {{ {SET} }};\nexports.onExecutePostLogin = async () => {{}};\nasync function back(event, api) {{ set(api); }}\nexports.onContinuePostLogin = back;\n"
    );
    check(&helper, "", &[why], &["not reached"]);
    // Once it ran, its conditions count.
    let source = format!(
        "exports.onExecutePostLogin = async (event, api) => {{ api.redirect.sendUserTo('https://a.com'); }};\nexports.onContinuePostLogin = async (event, api) => {{ if (event.user.none) {{ {SET} }} }};\n"
    );
    check(&source, "", &[why], &["not met"]);
    let shown = asked_in(
        &[("why.js", &source), ("back.json", "{\"query\":{}}")],
        "why.js --continue back.json",
    );
    assert!(
        shown.contains("and was not reached ✗ only if event.user.none"),
        "{shown}"
    );
}

#[test]
fn a_list_without_elements_is_called_so() {
    let body = |text: &str| handler(&format!("const m = event.user.user_metadata;\n{text}"));
    let empty = "--set user.user_metadata={\"list\":[]}";
    for text in [
        "for (const one of m.list) { SET }",
        "m.list.forEach((one) => { SET });",
        "m.list.map(function () { SET });",
        "for (const one of m.none ?? []) { SET }",
    ] {
        check(
            &body(text),
            empty,
            &["line 3: the list was empty"],
            &["not met"],
        );
    }
    for text in [
        "m.none?.forEach((one) => { SET });",
        "for (const key in m.none) { SET }",
    ] {
        check(
            &body(text),
            empty,
            &["line 3: there was no list"],
            &["not met"],
        );
    }
    // A promise is not a list.
    check(
        &body("await Promise.resolve().catch(() => { SET });"),
        empty,
        &["not met"],
        &["list"],
    );
}

#[test]
fn the_value_of_a_switch_is_shown() {
    let source = handler(
        "const { plan } = event.user.user_metadata;\nswitch (plan) {\n case 'basic': SET break;\n}",
    );
    check(
        &source,
        "--set user.user_metadata={\"plan\":\"pro\"}",
        &["✗ only if plan === 'basic' line 4: not met event.user.user_metadata.plan is \"pro\""],
        &[],
    );
}

#[test]
fn an_early_end_in_a_helper_that_ran_for_others_is_shown() {
    let source = handler(
        "const set = (name, value) => {\n  if (value === 0) {\n    console.log('none');\n    if (name) return;\n  }\n  api.idToken.setCustomClaim(`https://x.com/${name}`, value);\n};\nset('a', 1);\nset('c', 0);",
    );
    check(
        &source,
        "",
        &[
            "and was reached for other names: https://x.com/a",
            "set is called for it at why.js:10:1",
            "the function returned before it, at why.js:5:15",
        ],
        &[],
    );
    // A condition that was met for the others alone.
    let source = handler(
        "const set = (name, value) => {\n  if (value) api.idToken.setCustomClaim(`https://x.com/${name}`, value);\n};\nset('a', 1);\nset('c', 0);",
    );
    check(
        &source,
        "",
        &["~ only if value line 3: met at some times"],
        &["returned before it"],
    );
    // It was not called for this one.
    let source = handler(
        "const set = (name, value) => {\n  if (value) api.idToken.setCustomClaim(`https://x.com/${name}`, value);\n};\nset('a', 1);\nif (event.user.none) set('c', 1);",
    );
    check(
        &source,
        "",
        &["✗ only if event.user.none line 6: not met"],
        &["~"],
    );
}

#[test]
fn a_jump_before_the_call_is_shown() {
    let jump =
        |line: u32, column: u32| format!("it was left out by the jump at why.js:{line}:{column}");
    check(
        &handler(
            "done: {\n  for (const one of [1, 2]) {\n    if (one > 1) break done;\n  }\n  SET\n}",
        ),
        "",
        &[&jump(4, 18)],
        &[],
    );
    check(
        &handler(
            "for (const one of [1, 2]) {\n  if (one) {\n    if (one > 0) continue;\n  }\n  SET\n}",
        ),
        "",
        &[&jump(4, 18)],
        &[],
    );
    // A jump out of an inner loop leaves the outer one alone.
    check(
        &handler("for (const one of [1]) { for (;;) { break; } if (event.user.none) { SET } }"),
        "",
        &["event.user.none line 2: not met"],
        &["left out"],
    );
    // `finally` is reached after all.
    let source = handler("for (const one of [1]) { try { continue; } finally { SET } }");
    let shown = asked(&source, "");
    assert!(shown.contains("✓ https://x.com/c"), "{shown}");
}

#[test]
fn an_action_that_did_not_load_is_named_with_its_error() {
    let project = |broken: &str| {
        let triggers = json!({"post-login": [
            {"action_name": "broken", "display_name": "broken"},
            {"action_name": "fine", "display_name": "fine"},
        ]});
        let manifest = |name: &str| {
            json!({
                "name": name, "code": format!("./{name}.js"), "runtime": "node22", "deployed": true,
                "supported_triggers": [{"id": "post-login", "version": "v3"}],
            })
            .to_string()
        };
        let folder = folder(&[
            ("triggers/triggers.json", &triggers.to_string()),
            ("actions/broken.json", &manifest("broken")),
            ("actions/fine.json", &manifest("fine")),
            ("actions/broken.js", broken),
            ("actions/fine.js", &handler("")),
        ]);
        let done = postlogin(&format!("explain {FIXED} --why https://x.com/c"))
            .within(folder.path())
            .finish();
        done.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    // It does not compile: nothing is known of what it sets.
    let shown = project("exports.onExecutePostLogin = async (event, api) => {{{");
    assert!(
        shown.contains("broken was not loaded, and may set it: ") && shown.contains("SyntaxError"),
        "{shown}"
    );
    // It compiles, and what it requires is not there.
    let shown = project(&format!(
        "const it = require('not-there');\n{}",
        handler("SET")
    ));
    assert!(
        shown.contains("and did not run: the Action was not loaded")
            && shown.contains("broken was not loaded, and may set it: ")
            && shown.contains("Cannot find module 'not-there'"),
        "{shown}"
    );
}

/// Equal values are equal by chance where the value is written out.
#[test]
fn a_literal_has_no_origin() {
    let origins = |body: &str| {
        let source = handler(&format!("const m = event.user.user_metadata;\n{body}"));
        let folder = folder(&[("why.js", source.as_str())]);
        let meta = "{\"yes\":true,\"three\":3,\"plan\":\"gold\"}";
        let explained = postlogin(&format!(
            "explain why.js {FIXED} --set user.user_metadata={meta}"
        ))
        .within(folder.path())
        .outcome(0);
        let claims = explained["claims"].as_array().expect("claims");
        let origins = claims.iter().map(|claim| {
            let origins = claim["origins"].as_array().expect("origins");
            let paths = origins.iter().map(|origin| {
                let path = origin["path"].as_str().unwrap_or_default();
                format!(
                    "{} {path}",
                    origin["certainty"].as_str().unwrap_or_default()
                )
            });
            paths.collect::<Vec<_>>()
        });
        origins.collect::<Vec<_>>().concat()
    };
    let set = |value: &str| format!("api.idToken.setCustomClaim('https://x.com/c', {value});");
    let none: &[&str] = &[];
    for value in ["true", "3", "'gold'", "[true]", "!0", "`gold`"] {
        assert_eq!(
            origins(&format!("if (m.yes && m.three && m.plan) {}", set(value))),
            none,
            "{value}"
        );
    }
    assert_eq!(
        origins(&format!("const on = true;\nif (m.yes) {}", set("on"))),
        none
    );
    // Through a helper.
    let put = "const put = (name, value) => api.idToken.setCustomClaim(name, value);\n";
    assert_eq!(
        origins(&format!("{put}if (m.yes) put('https://x.com/c', true);")),
        none
    );
    // What is read and passed on is the origin.
    let yes = ["read event.user.user_metadata.yes"];
    assert_eq!(origins(&set("m.yes")), yes);
    assert_eq!(origins(&format!("const on = m.yes;\n{}", set("on"))), yes);
    assert_eq!(
        origins(&format!("{put}put('https://x.com/c', m.yes);")),
        yes
    );
    assert_eq!(
        origins(&format!(
            "const {{ yes }} = m;\n{put}put('https://x.com/c', yes);"
        )),
        yes
    );
    // Of two equal ones, the one that decides.
    assert_eq!(
        origins(&format!(
            "const on = m.yes;\nif (event.user.email_verified) {}",
            set("on")
        )),
        yes
    );
}
