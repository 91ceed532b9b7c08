//! Node's rules for `require` and `import` over small packages that each test writes, and what is told about them.

mod common;

use std::{fs, path::Path, sync::Arc};

use common::{Case, Ended, FILE, JAVASCRIPT, run};
use postlogin_js::{ActionModule, DeclaredPackage, Dependencies, Modules};
use serde_json::{Map, json};

/// Writes `files` below `node_modules`, runs a handler with this body, and returns how it ended.
fn execute(files: &[(&str, &str)], top_level: &str, body: &str) -> Ended {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), files);
    let dependencies = Dependencies {
        folder: Some(folder.path().to_owned()),
        ..Dependencies::default()
    };
    execute_with(dependencies, top_level, body)
}

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let file = folder.join("node_modules").join(path);
        fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
        fs::write(file, text).expect("a file");
    }
}

fn execute_with(dependencies: Dependencies, top_level: &str, body: &str) -> Ended {
    let source =
        format!("{top_level}\nexports.onExecutePostLogin = async (event, api) => {{ {body} }};");
    let modules = Modules::new(dependencies).expect("no module is there twice");
    let action = JAVASCRIPT
        .action_with(FILE, source.as_str(), Arc::new(modules))
        .unwrap_or_else(|error| panic!("{error}"))
        .with_module_secrets(Map::from_iter([(
            "actions:util".into(),
            json!({"KEY": "value"}),
        )]));
    run(&action, &Case::default())
}

#[track_caller]
fn check(files: &[(&str, &str)], body: &str, expected: &str) {
    let ended = execute(files, "", body);
    assert!(ended.fault.is_none(), "{:?}\n{body}", ended.fault);
    assert_eq!(ended.logs(), expected, "{body}");
}

#[test]
fn files_are_found_by_nodes_rules() {
    let files = [
        ("plain/index.js", "exports.name = 'index';"),
        ("main/package.json", r#"{"main": "lib/start"}"#),
        (
            "main/lib/start.js",
            "exports.data = require('./data'); exports.folder = require('..' + '/sub').name;",
        ),
        ("main/lib/data.json", "\u{feff}{\"n\": 1}"),
        (
            "main/sub/index.js",
            "exports.name = module.id + ' ' + __dirname + ' ' + typeof module.parent.filename;",
        ),
        (
            "@s/both/package.json",
            r##"{"exports": {".": {"import": "./i.mjs", "require": "./r.cjs"}, "./deep/*": "./d/*.js", "./no": null}, "imports": {"#own": "./own.js"}}"##,
        ),
        ("@s/both/i.mjs", "export default 'by import';"),
        (
            "@s/both/r.cjs",
            "module.exports = 'by require ' + require('#own') + require('@s/both/deep/x');",
        ),
        ("@s/both/own.js", "module.exports = 'own';"),
        ("@s/both/d/x.js", "module.exports = 'x';"),
        (
            "user/package.json",
            r#"{"type": "module", "main": "index.js"}"#,
        ),
        (
            "user/index.js",
            "import both from '@s/both'; import nested from 'nested'; export { both, nested };",
        ),
        (
            "user/node_modules/nested/index.js",
            "module.exports = 'nested';",
        ),
        ("punycode/index.js", "module.exports = 'package';"),
    ];
    check(
        &files,
        "console.log(require('plain').name, require('plain') === require('plain/index.js'), require('main'));
         console.log(require('@s/both'), require('@s/both/deep/x'), require('user').both, require('user').nested);
         console.log(require('punycode/'), typeof require('node:fs').readFileSync, require.resolve('plain'), require.resolve('fs'));
         for (const name of ['@s/both/no', '@s/both/d/x.js', 'nested', './x', '/etc/passwd', '', 'plain/none', 'node:none']) {
             try { require(name); } catch (error) { console.log(error.code, error.message.split('\\n')[0]); }
         }
         try { require(7); } catch (error) { console.log(error.name, error.message); }",
        "index true {\n  data: { n: 1 },\n  folder: '/home/action/node_modules/main/sub/index.js /home/action/node_modules/main/sub string'\n}\n\
         by require ownx x by import nested\n\
         package function /home/action/node_modules/plain/index.js fs\n\
         ERR_PACKAGE_PATH_NOT_EXPORTED Package subpath './no' is not defined by \"exports\" in /home/action/node_modules/@s/both/package.json\n\
         ERR_PACKAGE_PATH_NOT_EXPORTED Package subpath './d/x.js' is not defined by \"exports\" in /home/action/node_modules/@s/both/package.json\n\
         MODULE_NOT_FOUND Cannot find module 'nested'\n\
         MODULE_NOT_FOUND Cannot find module './x'\n\
         MODULE_NOT_FOUND Cannot find module '/etc/passwd'\n\
         ERR_INVALID_ARG_VALUE The argument 'id' must be a non-empty string. Received ''\n\
         MODULE_NOT_FOUND Cannot find module 'plain/none'\n\
         ERR_UNKNOWN_BUILTIN_MODULE No such built-in module: node:none\n\
         TypeError The \"id\" argument must be of type string. Received type number (7)\n",
    );
}

#[test]
fn commonjs_modules_run_once_and_see_each_other() {
    let files = [
        (
            "cycle/index.js",
            "exports.first = 1; const b = require('./b'); exports.second = b.seen; exports.b = b;",
        ),
        (
            "cycle/b.js",
            "const a = require('./index'); exports.seen = JSON.stringify(a); exports.late = () => a.second;",
        ),
        (
            "throws/index.js",
            "globalThis.tries = (globalThis.tries ?? 0) + 1; throw new Error('no ' + globalThis.tries);",
        ),
        (
            "create/index.js",
            "const { createRequire } = require('module'); module.exports = createRequire(__filename)('./other');",
        ),
        (
            "create/other.js",
            "module.exports = [this === exports, require.main === module, arguments.length > 4, typeof require.cache[__filename]].join();",
        ),
        (
            "optional/index.js",
            "try { require('absent'); } catch (error) { exports.code = error.code; exports.from = error.requireStack; exports.text = error.message; }",
        ),
        (
            "program/index.js",
            "#!/usr/bin/env node\nmodule.exports = 'program';",
        ),
        ("broken/index.js", "const = 1;"),
        ("json/bad.json", "{"),
    ];
    check(
        &files,
        "const cycle = require('cycle');
         console.log(cycle.second, cycle.b.late());
         for (let i = 0; i < 2; i++) { try { require('throws'); } catch (error) { console.log(error.message); } }
         console.log(require('create'), require('program'));
         console.log(require('optional'));
         try { require('broken'); } catch (error) { console.log(error.name); }
         try { require('json/bad.json'); } catch (error) { console.log(error.name, error.message.split(':')[0]); }",
        "{\"first\":1} {\"first\":1}\n\
         no 1\nno 2\n\
         true,false,true,object program\n\
         {\n  code: 'MODULE_NOT_FOUND',\n  from: [ '/home/action/node_modules/optional/index.js' ],\n  \
         text: \"Cannot find module 'absent'\\n\" +\n    'Require stack:\\n' +\n    '- /home/action/node_modules/optional/index.js'\n}\n\
         SyntaxError\n\
         SyntaxError /home/action/node_modules/json/bad.json\n",
    );
}

#[test]
fn es_modules_are_required_as_in_node_22() {
    let files = [
        ("m/package.json", r#"{"type": "module", "exports": "./index.js"}"#),
        ("m/index.js", "import cjs, { named } from 'c'; import * as ns from 'c'; import fs, { readFileSync } from 'node:fs'; import data from './d.json' with { type: 'json' };
            import { createRequire } from 'module'; const require = createRequire(import.meta.url);
            import { count, up } from './live.js'; export { count, up }; export * from './star.js'; export * as star from './star.js';
            export default class Thing {} export const seen = [cjs.default, named, ns.default === cjs, fs.readFileSync === readFileSync, data.d, typeof require('c').named];
            export const meta = [import.meta.filename, import.meta.dirname, import.meta.url]; const __dirname = 1; export { __dirname as dir };
            export const later = () => import('c');"),
        ("m/live.js", "export let count = 0; export function up() { count++; }"),
        ("m/star.js", "export const a = 1; export default 2; export { seen as fromIndex } from './index.js';"),
        ("m/d.json", r#"{"d": 4}"#),
        ("c/index.js", "Object.defineProperty(exports, '__esModule', { value: true }); exports.default = 'd'; exports.named = 'n';"),
        ("as/index.mjs", "export default 1; export { x as 'module.exports' }; const x = () => 'callable';"),
        ("as/package.json", r#"{"exports": "./index.mjs"}"#),
        ("waits/index.mjs", "export const value = await Promise.resolve(7);"),
        ("waits/package.json", r#"{"exports": "./index.mjs"}"#),
        ("unsaid/index.js", "import { named } from 'c';\nexport const x = named;"),
        ("imports/index.js", "exports.wait = () => import('waits').then((ns) => ns.value); exports.mod = () => import('m');"),
    ];
    check(
        &files,
        "const m = require('m');
         console.log(m.seen, m.__esModule, typeof m.default, m.a, m.star.default, m.dir, m[Symbol.toStringTag]);
         m.up(); console.log(m.count, m.fromIndex === m.seen, m.meta);
         console.log((await m.later()).default.default, require('as')(), require('unsaid').x);
         try { require('waits'); } catch (error) { console.log(error.code); }
         const { wait, mod } = require('imports');
         console.log(await wait(), (await mod()) === m);",
        "[ 'd', 'n', true, true, 4, 'string' ] true function 1 2 1 Module\n\
         1 true [\n  '/home/action/node_modules/m/index.js',\n  '/home/action/node_modules/m',\n  'file:///home/action/node_modules/m/index.js'\n]\n\
         d callable n\n\
         ERR_REQUIRE_ASYNC_MODULE\n\
         7 true\n",
    );
}

#[test]
fn what_cannot_be_had_is_refused() {
    #[track_caller]
    fn check(
        files: &[(&str, &str)],
        specifier: &str,
        name: &str,
        message: &str,
        notice: Option<&str>,
    ) {
        let ended = execute(files, "", &format!("\n  require('{specifier}');\n"));
        let fault = ended.fault.expect("it fails");
        assert_eq!(
            (fault.name.as_str(), fault.message.as_str()),
            (name, message)
        );
        let place = fault.location.expect("a place");
        assert_eq!(
            (place.file.as_str(), place.line),
            (FILE, 3),
            "{}",
            fault.stack
        );
        let told = ended
            .outcome
            .notices
            .iter()
            .find(|notice| notice.code == "module-not-found");
        assert_eq!(told.map(|notice| notice.message.as_str()), notice);
    }
    check(
        &[],
        "lodash/fp",
        "Error",
        "Cannot find module 'lodash/fp'",
        Some(
            "the Action requires `lodash/fp`, and no node_modules folder from there upwards has it: npm install lodash",
        ),
    );
    check(
        &[
            (
                "native/index.js",
                "module.exports = require('./build/Release/native.node');",
            ),
            ("native/build/Release/native.node", "\u{7f}ELF"),
        ],
        "native",
        "Error",
        "/home/action/node_modules/native/build/Release/native.node: native addons cannot be loaded",
        None,
    );
    check(
        &[(
            "half/package.json",
            r#"{"version": "1.2.3", "exports": {"./a": "./a.js"}}"#,
        )],
        "half/a",
        "Error",
        "Cannot find module 'half/a'",
        Some("the Action requires `half/a`, which half 1.2.3 does not have"),
    );
}

#[cfg(unix)]
#[test]
fn links_out_of_node_modules_are_not_followed() {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = tempfile::tempdir().expect("a folder");
    fs::write(secret.path().join("index.js"), "module.exports = 'secret';").expect("a file");
    write(
        folder.path(),
        &[("real/index.js", "module.exports = 'real';")],
    );
    let link = |target: &Path, name: &str| {
        std::os::unix::fs::symlink(target, folder.path().join("node_modules").join(name))
            .expect("a link");
    };
    link(secret.path(), "outside");
    link(Path::new("real"), "inside");
    let dependencies = Dependencies {
        folder: Some(folder.path().to_owned()),
        ..Dependencies::default()
    };
    let body = "console.log(require('inside')); try { require('outside'); } catch (error) { console.log(error.code); }";
    let ended = execute_with(dependencies, "", body);
    assert_eq!(
        ended.logs(),
        "real\nMODULE_NOT_FOUND\n",
        "{:?}",
        ended.fault
    );
}

#[test]
fn action_modules_have_packages_and_secrets_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    write(
        folder.path(),
        &[
            ("pkg/package.json", r#"{"version": "2.0.0"}"#),
            ("pkg/index.js", "module.exports = 'pkg';"),
        ],
    );
    let declared = |name: &str, version: &str| DeclaredPackage {
        name: name.into(),
        version: Some(version.into()),
    };
    let module = |name: &str, text: &str| ActionModule {
        name: name.into(),
        file: format!("action-modules/{name}/code.js"),
        text: text.into(),
        declared: Some(vec![declared("pkg", "1.0.0")]),
        is_bound: name != "free",
    };
    let dependencies = Dependencies {
        folder: Some(folder.path().to_owned()),
        declared: Some(Vec::new()),
        is_rule: false,
        modules: vec![
            module(
                "util",
                "const pkg = require('pkg');\nexports.tell = (api) => {\n  console.log(pkg, actions.secrets);\n  api.idToken.setCustomClaim('https://x.example/a', pkg);\n};\nexports.fail = () => {\n  null.x;\n};",
            ),
            module("free", "exports.x = 1;"),
            module("nested", "require('actions:util');"),
        ],
        ..Dependencies::default()
    };
    let ended = execute_with(
        dependencies,
        "const util = require('actions:util'); require('actions:free');",
        "util.tell(api); try { require('actions:nested'); } catch (error) { console.log(error.message); } util.fail();",
    );
    assert_eq!(
        ended.logs(),
        "pkg { KEY: 'value' }\nCannot find module 'actions:util'\n"
    );
    let fault = ended.fault.expect("it fails");
    assert_eq!(
        fault.message,
        "Cannot read properties of null (reading 'x')"
    );
    let place = fault.location.expect("a place");
    assert_eq!(
        (place.file.as_str(), place.line, place.column),
        ("action-modules/util/code.js", 7, 8)
    );
    assert!(fault.stack.contains(FILE), "{}", fault.stack);
    let notices: Vec<(&str, &str)> = ended
        .outcome
        .notices
        .iter()
        .map(|notice| (notice.code.as_str(), notice.message.as_str()))
        .collect();
    assert_eq!(
        notices,
        [
            (
                "dependency-version",
                "the Action Module `util` declares pkg 1.0.0, and node_modules has 2.0.0: npm install pkg@1.0.0"
            ),
            (
                "undeclared-module",
                "the Action requires `actions:free` but its configuration does not name that module: production could not find it"
            ),
            (
                "module-not-found",
                "the Action Module `nested` requires `actions:util`; modules cannot use other modules"
            ),
        ]
    );
}

/// Loading must not depend on how many files lie around.
#[test]
fn large_folders_cost_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &[("pkg/index.js", "module.exports = 1;")]);
    let many = folder.path().join("node_modules/many");
    fs::create_dir(&many).expect("a folder");
    for index in 0..20_000 {
        fs::File::create(many.join(format!("{index}.js"))).expect("a file");
    }
    let dependencies = Dependencies {
        folder: Some(folder.path().to_owned()),
        ..Dependencies::default()
    };
    let ended = execute_with(
        dependencies,
        "",
        "console.log(require('pkg'), require('many/19999.js'));",
    );
    assert_eq!(ended.logs(), "1 {}\n", "{:?}", ended.fault);
}
