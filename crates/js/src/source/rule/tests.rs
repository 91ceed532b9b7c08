use super::*;

/// Returns the kind of a text: `rule`, `action`, or a message with its place.
#[track_caller]
fn check(text: &str, expected: &str) {
    let told = match prepare_rule("rules/x.js", text) {
        None => "action".to_owned(),
        Some(Ok(_)) => "rule".to_owned(),
        Some(Err(error)) => error.to_string(),
    };
    assert_eq!(told, expected, "{text}");
}

#[test]
fn a_rule_is_told_from_an_action_by_its_text() {
    for text in [
        "function (user, context, callback) { callback(null, user, context); }",
        "function addRoles(user, context, callback) {\n}",
        "async function (user, context, callback) { }",
        "async (user, context, callback) => { }",
        "(user, context, callback) => callback(null, user, context)",
        "(function (user, context, callback) { });",
        "\u{feff}/**\n * @title x\n */\n// two\nfunction (user, context, callback) { };;\n// behind\n",
        "function (u, c, cb) { }",
        "function fetchUserProfile(accessToken, context, callback) { }",
        "module.exports = function (user, context, callback) { };",
        "// @ts-check\nmodule.exports=async function name(user, context, cb) {\n}\n",
        "module.exports = (user, context, callback) => callback(null, user, context);",
    ] {
        check(text, "rule");
    }
    for text in [
        "",
        "exports.onExecutePostLogin = async (event, api) => { };",
        "function help(event) { }\nexports.onExecutePostLogin = async (event, api) => { help(event); };",
        "async function onExecutePostLogin(event, api) { }",
        "(function () { exports.onExecutePostLogin = async () => {}; })();",
        "const f = function (user, context, callback) { };",
        "asyncThing(); functional();",
        "module.exports = function (event, api) { };",
        "module.exports = { a: function (user, context, callback) { } };",
        "module.exports.rule = function (user, context, callback) { };",
        "module.exports == function (user, context, callback) { };",
    ] {
        check(text, "action");
    }
}

#[test]
fn what_is_wrong_with_a_rule_has_its_place() {
    check(
        "function (user, context, callback) {\n  const a = ;\n}",
        "rules/x.js:2:13: SyntaxError: Unexpected token ';'",
    );
    check(
        "module.exports = function (user, context, callback) {\n  const a = ;\n}",
        "rules/x.js:2:13: SyntaxError: Unexpected token ';'",
    );
    check(
        "function (user, context, callback) { callback( }",
        "rules/x.js:1:48: SyntaxError: Unexpected token '}'",
    );
    check(
        "function (user, context, callback) {\n}\nexports.onExecutePostLogin = async (event, api) => {};",
        "rules/x.js:3:1: SyntaxError: the file is a Rule and an Action: after the function of the Rule, a handler of Actions is exported",
    );
    check(
        "function rule(user, context, callback) {\n}\nfunction help() {}",
        "rules/x.js:3:1: SyntaxError: a Rule is one function, and there is code after it",
    );
    check(
        "function (user, context, callback) {\n  let a; let a;\n}",
        "rules/x.js:2:14: SyntaxError: Identifier 'a' has already been declared",
    );
}

#[test]
fn places_lead_back() {
    let text = "// a\nfunction (user, context, callback) {\n  callback();\n}";
    let prepared = prepare_rule("x.js", text).map(Result::unwrap).unwrap();
    let place = |line, column| {
        let place = prepared.map.original(line, column);
        (place.line, place.column)
    };
    let head = u32::try_from(HEAD.len()).unwrap();
    assert_eq!(place(1, head + 3), (1, 3));
    assert_eq!(place(3, 3), (3, 3));
}

/// Returns the kind of a text in TypeScript, and the place of its first `fail`.
#[track_caller]
fn check_typescript(text: &str, expected: &str) {
    let told = match prepare_rule("rules/x.ts", text) {
        None => "action".to_owned(),
        Some(Err(error)) => error.to_string(),
        Some(Ok(prepared)) => {
            let at = prepared.code.find("fail").expect("the code has it");
            let index = LineIndex::new(&prepared.code);
            let place = index.position(&prepared.code, at);
            let back = prepared.map.original(place.line, place.column);
            format!("rule {}:{}", back.line, back.column)
        }
    };
    assert_eq!(told, expected, "{text}");
    let kind = crate::text::Text::read("rules/x.ts", text, |text| text.kind());
    if told.starts_with("rule") {
        assert_eq!(kind, Some(crate::text::Kind::Rule), "{text}");
    }
}

#[test]
fn a_rule_in_typescript_is_one_function_among_types() {
    check_typescript(
        "function addRoles(user: any, context: any, callback: (e: Error | null) => void): void {\n  fail(user);\n}\n",
        "rule 2:3",
    );
    check_typescript(
        "import type { User } from './types';\nimport { Context } from './types';\ninterface More { a: string }\ntype X = More;\n\n\
         export default function (user: User & X, context: Context, callback: Function) {\n    fail(user as any);\n}\nexport {};\n",
        "rule 7:5",
    );
    check_typescript(
        "export default async (user: any, context: any, callback: any) => { fail(); };\n",
        "rule 1:68",
    );
    check_typescript(
        "/** Adds roles. */\nexport function roles(user: any, context: any, callback: any) {\n  fail();\n}\n",
        "rule 3:3",
    );
    check_typescript(
        "module.exports = function (user: any, context: any, callback: any) {\n  fail();\n};\n",
        "rule 2:3",
    );
    check_typescript(
        "export = function (user: any, context: any, callback: any) {\n  fail();\n};\n",
        "rule 2:3",
    );
    for action in [
        "export const onExecutePostLogin = async (event: any, api: any) => { fail(); };",
        "import { help } from './help';\nexport default function (user: any, context: any, callback: any) { fail(help); }",
        "const x = 1;\nexport default function (user: any, context: any, callback: any) { fail(x); }",
        "export default function (event: any, api: any) { fail(); }\nexport function b() {}",
        "interface A {}",
        "",
    ] {
        check_typescript(action, "action");
    }
}
