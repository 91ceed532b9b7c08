//! ES modules, TypeScript, and Actions of several files.

use super::*;

/// An Action, and files with the specifiers by which every file imports them.
fn project(action: &str, files: &[(&str, &str)]) -> Option<Vec<String>> {
    found_in("a.ts", action, &modules(files))
}

fn modules(files: &[(&str, &str)]) -> Modules {
    let names = files.iter().enumerate();
    let imports: crate::modules::Imports = names
        .map(|(index, (file, _))| {
            let stem = file.rsplit_once('.').map_or(*file, |(stem, _)| stem);
            let specifier = match file.ends_with(".json") {
                true => format!("./{file}"),
                false => format!("./{stem}"),
            };
            (specifier, index)
        })
        .collect();
    let local = files.iter().map(|(file, text)| LocalFile {
        file: (*file).to_owned(),
        text: (*text).into(),
        imports: imports.clone(),
    });
    let dependencies = Dependencies {
        local: local.collect(),
        imports: imports.clone(),
        ..Dependencies::default()
    };
    Modules::new(dependencies).expect("no Action Module")
}

fn paths(paths: &[&str]) -> Option<Vec<String>> {
    Some(paths.iter().map(|&path| path.to_owned()).collect())
}

const PLAN: &[&str] = &["?", "user?", "user.app_metadata?", "user.app_metadata.plan"];

#[test]
fn modules_and_typescript_are_read() {
    for text in [
        "export const onExecutePostLogin = async ({ user: { app_metadata: { plan } } }, api) => { api.x.y(plan); };",
        "export async function onExecutePostLogin({ user: { app_metadata: { plan } } }, api) { api.x.y(plan); }",
        "const run = async ({ user: { app_metadata: { plan } } }, api) => { api.x.y(plan); };\nexport { run as onExecutePostLogin };",
        "export { run as onExecutePostLogin };\nasync function run({ user: { app_metadata: { plan } } }, api) { api.x.y(plan); }",
        "let seen = 0; export const other = 1; export default class_;\nconst class_ = 2;\n\
         export const onExecutePostLogin = async ({ user: { app_metadata: { plan } } }, api) => { seen += 1; api.x.y(plan, seen); };",
    ] {
        let none = Modules::none();
        assert_eq!(found_in("a.mjs", text, &none), paths(PLAN), "{text}");
        assert_eq!(found_in("a.ts", text, &none), paths(PLAN), "{text}");
    }
    for text in [
        "import type { Event, PostLoginAPI } from '@auth0/actions/post-login/v3';\n\
         enum Tier { Free = 'free', Paid = 'paid' }\n\
         export interface Meta { plan?: Tier }\n\
         export type Plans = Record<string, Tier>;\n\
         export const onExecutePostLogin = async ({ user: { app_metadata: { plan } } }: Event, api: PostLoginAPI): Promise<void> => {\n\
           if ((plan as Tier) === Tier.Paid) api.x.y(plan! satisfies Tier);\n};",
        "import { Event } from '@auth0/actions/post-login/v3';\n\
         export const onExecutePostLogin: (event: Event, api: any) => Promise<void> = (async ({ user: { app_metadata: { plan } } }, api) => { api.x.y(plan); }) as any;",
        "exports.onExecutePostLogin = async ({ user: { app_metadata: { plan } } }: any, api: any) => { api.x.y(plan); };",
        "namespace Names { export const claim = 'https://example.com/plan'; }\n\
         export const onExecutePostLogin = async ({ user: { app_metadata: { plan } } }: any, api: any) => { api.x.y(Names.claim, plan); };",
    ] {
        assert_eq!(
            found_in("a.ts", text, &Modules::none()),
            paths(PLAN),
            "{text}"
        );
    }
}

#[test]
fn what_modules_may_hide_is_refused() {
    let handler =
        "export const onExecutePostLogin = async (event, api) => { api.x.y(event.user.email); };";
    for text in [
        "import axios from 'axios'; axios.get();",
        "import 'node:crypto';",
        "import { randomUUID } from 'node:crypto'; randomUUID();",
        "import * as fs from 'node:fs'; fs.x;",
        "import './gone';",
        "export * from './gone';",
        "export { a } from './gone';",
        "exports.onExecutePostLogin = async () => {};",
        "module.exports = {};",
        "Object.defineProperty(exports, 'onExecutePostLogin', { value: 1 });",
        "require('x');",
        "import('./gone');",
        "class A { x = 1; } new A();",
        "const s = String.raw`a`;",
        "globalThis.x = 1;",
    ] {
        let text = format!("{text}\n{handler}");
        assert_eq!(found_in("a.mjs", &text, &Modules::none()), None, "{text}");
    }
    for text in [
        "",
        "export default { onExecutePostLogin: async (event, api) => { api.x.y(event.user.email); } };",
        "export let onExecutePostLogin = async (event, api) => {}; onExecutePostLogin = async (event, api) => { api.x.y(event); };",
        "export const { onExecutePostLogin } = { onExecutePostLogin: async (event, api) => {} };",
        "export const onExecutePostLogin = wrap(async (event, api) => {}); function wrap(f) { return f; }",
        "export const onExecutePostLogin = async (event = {}, api) => {};",
        "export const onExecutePostLogin = async (event, api) => { api.x.y(event); };",
        "export const onExecutePostLogin = async (event, api) => { const key = 'user'; api.x.y(event[key]); };",
        "export const onExecutePostLogin = async (event, api) => { api.x.y(JSON.stringify(event)); };",
        "export const onExecutePostLogin = async (event, api) => { for (const [key, value] of Object.entries(event)) api.x.y(key, value); };",
        "export const onExecutePostLogin = async (event, api, kept = event) => {};",
        "export let kept; export const onExecutePostLogin = async (event, api) => { kept = event; };",
        "const seen = new Map(); export const onExecutePostLogin = async (event, api) => { seen.set('e', event); };",
        "export const onExecutePostLogin = async (event, api) => { throw event; };",
        "export const onExecutePostLogin = async (event, api) => { api.x.y({ get all() { return event; } }.all); };",
        "export const onExecutePostLogin = async (event, api) => { outer: for (const x of [event]) { continue outer; } };",
    ] {
        assert_eq!(found_in("a.mjs", text, &Modules::none()), None, "{text}");
    }
}

const CALLS: &str = "import { planOf } from './plan';\nexport const onExecutePostLogin = async (event: any, api: any) => { api.x.y(planOf(event)); };";

#[test]
fn imported_files_are_read() {
    let plan = "import type { E } from './types';\nconst cache = new Map();\n\
        export function planOf(e: E): string { cache.set(1, e.user.app_metadata.plan); return cache.get(1); }";
    let read = paths(&["?", "user.app_metadata.plan"]);
    assert_eq!(project(CALLS, &[("plan.ts", plan)]), read);
    // Through lists, under other names, as a default, in a circle, with values of JSON.
    let renamed = "export { own as planOf } from './own';";
    let own = "export const own = (e: any) => e.user.app_metadata.plan;";
    assert_eq!(
        project(CALLS, &[("plan.ts", renamed), ("own.ts", own)]),
        read
    );
    let all = "export * from './own';";
    let own = "export const planOf = (e: any) => e.user.app_metadata.plan;";
    assert_eq!(project(CALLS, &[("plan.ts", all), ("own.ts", own)]), read);
    let passed = "import own from './own';\nimport names from './names.json';\nexport const planOf = (e: any) => own(e, names.plan);";
    let own = "import { planOf } from './plan';\nexport default function (e: any, name: string) { return name ? e.user.app_metadata.plan : planOf(e); }";
    let names = "{ \"plan\": \"constructor\" }";
    assert_eq!(
        project(
            CALLS,
            &[("plan.ts", passed), ("own.ts", own), ("names.json", names)]
        ),
        read
    );
    let namespace = CALLS
        .replace("{ planOf }", "* as plans")
        .replace("planOf(", "plans.planOf(");
    let own = "export const planOf = (e: any) => e.user.app_metadata.plan;";
    assert_eq!(project(&namespace, &[("plan.ts", own)]), read);
    // The handler itself may be elsewhere.
    let own = "export const onExecutePostLogin = async (e: any, api: any) => { api.x.y(e.user.app_metadata.plan); };";
    for action in [
        "export * from './plan';",
        "export { onExecutePostLogin } from './plan';",
    ] {
        assert_eq!(project(action, &[("plan.ts", own)]), read, "{action}");
    }
    // What a file is given that is not followed counts as a whole.
    let action = "import { planOf } from './plan';\nexport const onExecutePostLogin = async (event: any, api: any) => { api.x.y(planOf(event.user)); };";
    let whole = paths(&["?", "user"]);
    for own in [
        "exports.planOf = (u) => u.email;",
        "export let planOf = (u: any) => 1; planOf = (u) => u.email;",
        "export const planOf = [(u: any) => u.email][0];",
        "export const { planOf } = { planOf: (u: any) => u.email };",
        "export * from './one';\nexport * from './two';",
    ] {
        let name = if own.starts_with("exports") {
            "plan.js"
        } else {
            "plan.ts"
        };
        let one = "export const planOf = null;";
        let two = "export const planOf = (u: any) => 1;";
        let files = [(name, own), ("one.ts", one), ("two.ts", two)];
        assert_eq!(project(action, &files), whole, "{own}");
    }
}

#[test]
fn an_imported_file_is_refused_for_what_an_action_is() {
    let sound = "export const planOf = (e: any) => e.user.app_metadata.plan;";
    for line in [
        "export const id = Math.random();",
        "import { randomUUID } from 'node:crypto'; export const id = randomUUID();",
        "import lodash from 'lodash'; lodash.get();",
        "setTimeout(() => {}, 1);",
        "export class Failure extends Error {}",
        "export const all = function (this: any) { return this; };",
        "export const text = `constructor`;",
        "import * as other from './other'; other.planOf = (e: any) => e.user;",
        "import * as other from './other'; [other.planOf] = [(e: any) => e.user];",
        "import * as other from './other'; ({ a: other.planOf } = { a: (e: any) => e.user });",
        "import * as other from './other'; delete other.planOf;",
        "import * as other from './other'; Object.assign(other, { planOf: (e: any) => e.user });",
        "import * as other from './other'; for (other.planOf of [1]) {}",
        "import * as other from './other'; export { other };",
        "import * as other from './other'; export const kept = { other };",
        "export * as other from './other';",
    ] {
        let text = format!("{line}\n{sound}");
        let files = [("plan.ts", text.as_str()), ("other.ts", sound)];
        assert_eq!(project(CALLS, &files), None, "{line}");
    }
    // It is the file that counts, whether or not the Action uses it.
    let action = "import { planOf } from './plan';\nplanOf;\nexport const onExecutePostLogin = async (event: any, api: any) => {};";
    assert_eq!(project(action, &[("plan.ts", sound)]), paths(&["?"]));
    assert_eq!(
        project(action, &[("plan.ts", "export const planOf = eval('1');")]),
        None
    );
}

#[test]
fn a_mock_may_be_anything() {
    let text = "export const onExecutePostLogin = async (event, api) => {};";
    let mocks = vec![ModuleMock {
        specifier: "./plan".into(),
        file: "mock.js".into(),
        text: std::sync::Arc::default(),
        is_json: false,
    }];
    let dependencies = Dependencies {
        mocks,
        ..Dependencies::default()
    };
    let modules = Modules::new(dependencies).expect("no Action Module");
    assert_eq!(found_in("a.mjs", text, &modules), None);
}
