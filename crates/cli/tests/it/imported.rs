//! Files that an Action imports are parts of it: what they print is printed, and their lists, errors and globals are those of the
//! Action's realm, as in the one file that a bundler makes.

use serde_json::Value;

use crate::support::{folder, postlogin};

/// Runs an Action in a folder, and returns its outcome.
#[track_caller]
fn outcome(files: &[(&str, &str)], action: &str, code: i32) -> Value {
    let folder = folder(files);
    postlogin(&format!("run {action}"))
        .within(folder.path())
        .outcome(code)
}

fn printed<'a>(outcome: &'a Value) -> Vec<(&'a str, &'a str)> {
    let logs = outcome["logs"].as_array().expect("logs");
    let part = |log: &'a Value, key: &str| log[key].as_str().unwrap_or_default();
    let lines = logs
        .iter()
        .map(|log| (part(log, "level"), part(log, "message")));
    lines.collect()
}

#[test]
fn what_an_imported_file_prints_is_printed() {
    let files = [
        (
            "lib.ts",
            "import { deep } from './deep/index';\nconsole.log('top of lib');\nexport const say = (): void => { console.warn('lib', [1], { a: 1 }); deep(); };\n",
        ),
        (
            "deep/index.ts",
            "export function deep() { console.error('deep'); setTimeout(() => console.info('later'), 1); }\n",
        ),
        (
            "one.ts",
            "import { say } from './lib';\nexport const onExecutePostLogin = async () => { console.log('entry'); say(); await new Promise((done) => setTimeout(done, 5)); };\n",
        ),
        ("star.ts", "export * from './one';\n"),
    ];
    for action in ["one.ts", "star.ts"] {
        assert_eq!(
            printed(&outcome(&files, action, 0)),
            [
                ("log", "top of lib"),
                ("log", "entry"),
                ("warn", "lib [ 1 ] { a: 1 }"),
                ("error", "deep"),
                ("info", "later"),
            ],
            "{action}"
        );
    }
}

/// Prints what differs between realms. In the vendor's layer, `[] instanceof Array` is false in an Action, and so is `instanceof Error`
/// of what the engine throws.
const REALMS: &str = "
const thrown = () => { try { return (null as any).x; } catch (error) { return error; } };
export const list = () => [1];
export const isList = (it: any) => it instanceof Array;
export const report = (other: any) => console.log(
  list() instanceof Array, isList([]), isList(list()), ({}) instanceof Object, /a/ instanceof RegExp,
  thrown() instanceof Error, new Error('x') instanceof Error, typeof require, other,
);
";

#[test]
fn an_imported_file_is_in_the_realm_of_the_action() {
    let handler = "export const onExecutePostLogin = async () => {\n  console.log(list() instanceof Array, [] instanceof Array, isList([]), isList(list()));\n  report(thing instanceof Array);\n};\n";
    let split = format!(
        "import {{ list, isList, report }} from './realms';\nimport thing from './thing.json';\n{handler}"
    );
    let whole = format!("const thing = [1, {{ \"a\": 2 }}];\n{REALMS}{handler}");
    let files = [
        ("realms.ts", REALMS),
        ("thing.json", "[1, { \"a\": 2 }]\n"),
        ("split.ts", split.as_str()),
        ("whole.ts", whole.as_str()),
    ];
    let (split, whole) = (
        outcome(&files, "split.ts", 0),
        outcome(&files, "whole.ts", 0),
    );
    assert_eq!(printed(&split), printed(&whole));
    assert_eq!(printed(&split)[0].1, "false false false false");
}

#[test]
fn json_that_is_imported_keeps_its_keys() {
    let files = [
        (
            "odd.json",
            r#"{"__proto__": {"a": 1}, "b\u2028": "</script>", "list": []}"#,
        ),
        (
            "a.ts",
            "import odd from './odd.json';\nexport const onExecutePostLogin = async () => { console.log(JSON.stringify(odd)); };\n",
        ),
    ];
    assert_eq!(
        printed(&outcome(&files, "a.ts", 0)),
        [(
            "log",
            "{\"__proto__\":{\"a\":1},\"b\u{2028}\":\"</script>\",\"list\":[]}"
        )]
    );
}

#[test]
fn errors_of_an_imported_file_name_their_own_columns() {
    let files = [
        (
            "first.ts",
            "export const first = (it: any) => it.a.b; export const later = () => { throw new RangeError('far'); };\n",
        ),
        (
            "a.ts",
            "import { first } from './first';\nexport const onExecutePostLogin = async (event: any) => { first(event.secrets); };\n",
        ),
        (
            "b.ts",
            "import { later } from './first';\nexport const onExecutePostLogin = async () => later();\n",
        ),
    ];
    let failed = outcome(&files, "a.ts", 0);
    let place = |outcome: &Value| {
        let frame = &outcome["error"]["location"];
        (
            frame["file"].clone(),
            frame["line"].clone(),
            frame["column"].clone(),
        )
    };
    assert_eq!(
        place(&failed),
        ("first.ts".into(), 1.into(), 40.into()),
        "{failed}"
    );
    let failed = outcome(&files, "b.ts", 0);
    assert_eq!(failed["error"]["name"], "RangeError");
    assert_eq!(place(&failed).0, "first.ts", "{failed}");
    assert_eq!(place(&failed).1, 1, "{failed}");
}

#[test]
fn files_that_import_each_other_see_what_is_there_by_then() {
    let files = [
        (
            "one.ts",
            "import { two } from './two';\nexport const one = () => `one ${two()}`;\nexport const name = 'one';\n",
        ),
        (
            "two.ts",
            "import { name } from './one';\nexport const two = () => `two of ${name}`;\n",
        ),
        (
            "a.ts",
            "import { one } from './one';\nexport const onExecutePostLogin = async () => { console.log(one()); };\n",
        ),
    ];
    assert_eq!(
        printed(&outcome(&files, "a.ts", 0)),
        [("log", "one two of one")]
    );
}
