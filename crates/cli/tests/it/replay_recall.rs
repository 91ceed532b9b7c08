//! `postlogin replay` gives the same report whether logins that read the same are recalled or each of them runs.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{Finished, folder, postlogin};

fn replay(place: &Path, arguments: &str) -> Finished {
    postlogin(&format!("replay {arguments}"))
        .within(place)
        .finish()
}

fn read(place: &Path, file: &str) -> String {
    fs::read_to_string(place.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Actions that are recalled often, seldom and never, with what an api can answer: claims, denials, metadata, a cache, a factor, a
/// redirect, prints, errors with values, changes of the event.
const ACTIONS: &[&str] = &[
    "exports.onExecutePostLogin = async (event, api) => {\n  const { plan = 'none', roles, role } = event.user.app_metadata;\n  \
     if (plan !== 'free') api.idToken.setCustomClaim('https://example.com/plan', plan);\n  \
     api.accessToken.setCustomClaim('https://example.com/roles', roles ?? [role]);\n  console.log('plan', plan);\n};\n",
    "exports.onExecutePostLogin = async (event, api) => {\n  api.idToken.setCustomClaim('https://example.com/email', event.user.email);\n  \
     api.idToken.setCustomClaim('https://example.com/chance', Math.random());\n};\n",
    "exports.onExecutePostLogin = async (event, api) => {\n  if (event.user.email_verified === false) api.access.deny(`verify: ${event.connection.name}`);\n  \
     api.user.setUserMetadata('seen', new Date().toISOString());\n  api.user.setAppMetadata('plan', 'changed');\n};\n",
    "exports.onExecutePostLogin = async (event, api) => {\n  await api.cache.set('n', event.connection.strategy);\n  \
     const known = await api.cache.get('n');\n  api.idToken.setCustomClaim('https://example.com/cached', known.value);\n  \
     api.idToken.addScope;\n  api.accessToken.addScope('read:x');\n};\n",
    "exports.onExecutePostLogin = async (event, api) => {\n  if (event.user.app_metadata.roles.includes('admin')) \
     api.multifactor.enable('any');\n  if (event.user.user_metadata?.lang === 'fr') api.redirect.sendUserTo('https://example.com/fr');\n};\n",
    "let count = 0;\nasync function run({ user: { user_metadata: { lang = 'en', ...rest } = {} } }, api) {\n  count += 1;\n  \
     api.idToken.setCustomClaim('https://example.com/rest', [count, lang, Object.keys(rest).sort()]);\n}\nexports.onExecutePostLogin = run;\n",
    "exports.onExecutePostLogin = async (event, api) => {\n  event.user.app_metadata.plan = event.user.app_metadata.plan || 'free';\n  \
     const plan = event.user.app_metadata.plan;\n  if ('role' in event.user.app_metadata) throw new Error(`old ${plan}`);\n  \
     api.authentication.recordMethod('https://example.com/m');\n  api.session.setMetadata('plan', plan);\n};\n",
];

#[test]
fn recalled_logins_are_those_that_run() {
    let made = postlogin("generate users --count 400 --seed 7").finish();
    assert_eq!(made.code, Some(0), "{made}");
    let place = folder(&[("users.ndjson", &made.stdout)]);
    let mut names = Vec::new();
    for (number, text) in ACTIONS.iter().enumerate() {
        let name = format!("a{number}.js");
        fs::write(place.path().join(&name), text).expect("a file can be written");
        names.push(name);
    }
    // Each by itself, and all together: later ones see what earlier ones changed.
    let mut versions: Vec<String> = names.clone();
    versions.push(names.join(","));
    versions.push("a2.js,a0.js".to_owned());
    for (number, after) in versions.iter().enumerate() {
        for (form, folder) in [("", "recalled"), ("--run-each", "run")] {
            let out = format!("{folder}{number}");
            let done = replay(
                place.path(),
                &format!(
                    "users.ndjson --before a0.js --after {after} --show-values --out {out} {form}"
                ),
            );
            assert!(
                done.code.is_some_and(|code| [0, 100, 102].contains(&code)),
                "{done}"
            );
        }
        for file in ["summary.json", "differences.ndjson", "report.html"] {
            let [recalled, run] =
                ["recalled", "run"].map(|out| read(place.path(), &format!("{out}{number}/{file}")));
            assert!(recalled == run, "{after}: {file} differs");
        }
    }
}

#[test]
fn a_table_without_a_column_that_is_read_is_warned_about() {
    let read = "exports.onExecutePostLogin = async (event, api) => {\n  \
        api.idToken.setCustomClaim('https://example.com/x', [event.user.app_metadata.tier, event.user.app_metadata.plan, event.user.nickname]);\n};\n";
    let users = "user_id,app_metadata.plan\n\"'auth0|1\",\"'pro\"\n";
    let place = folder(&[("a.js", read), ("users.csv", users)]);
    let done = replay(place.path(), "users.csv --after a.js");
    assert_eq!(done.code, Some(0), "{done}");
    let warning = "the Actions read what the table has no column for, so no user has it: \
                   event.user.app_metadata.tier, event.user.nickname";
    assert!(done.stdout.contains(warning), "{done}");
}

#[test]
fn lines_and_table_of_the_generator_give_the_same_logins() {
    let place = folder(&[("a.js", ACTIONS[0]), ("b.js", ACTIONS[2])]);
    let mut counts = Vec::new();
    for form in ["ndjson", "csv"] {
        let made = postlogin(&format!(
            "generate users --count 200 --seed 3 --format {form}"
        ))
        .finish();
        let file = format!("users.{form}");
        fs::write(place.path().join(&file), &made.stdout).expect("a file can be written");
        let done = replay(
            place.path(),
            &format!("{file} --before a.js --after b.js --format json"),
        );
        let report: Value =
            serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done}"));
        counts.push((
            report["status"].clone(),
            report["same"].clone(),
            report["different"].clone(),
        ));
        assert_eq!(report["lines"], 200, "{done}");
    }
    assert_eq!(counts[0], counts[1]);
}

#[test]
fn actions_of_a_revision_can_be_named() {
    let place = folder(&[
        ("actions/roles.js", ACTIONS[0]),
        ("users.ndjson", "{\"user_id\":\"auth0|1\"}\n"),
    ]);
    for arguments in [
        "init --quiet --initial-branch=main",
        "add actions",
        "-c user.name=a -c user.email=a@example.com commit --quiet --message first",
    ] {
        let done = Command::new("git")
            .args(arguments.split(' '))
            .current_dir(place.path())
            .output();
        assert!(done.is_ok_and(|done| done.status.success()), "{arguments}");
    }
    fs::write(place.path().join("actions/roles.js"), ACTIONS[2]).expect("a file can be written");
    let done = replay(
        place.path(),
        "users.ndjson --before git:main:actions/roles.js --after actions/roles.js",
    );
    assert!(
        done.code == Some(100) && done.stdout.contains("plan"),
        "{done}"
    );
    // Plain files are no project, and the message does not name a folder that is gone.
    let done = replay(
        place.path(),
        "users.ndjson --before git:main --after actions/roles.js",
    );
    assert!(
        done.code == Some(2) && done.stderr.contains("`git:main`"),
        "{done}"
    );
    assert!(
        done.stderr.contains("git:main:actions/roles.js") && !done.stderr.contains(".postlogin"),
        "{done}"
    );
    for wrong in ["actions/none.js", "../x.js", ""] {
        let done = replay(
            place.path(),
            &format!("users.ndjson --before git:main:{wrong} --after actions/roles.js"),
        );
        assert!(
            done.code == Some(2) && done.stderr.contains("at this revision"),
            "{done}"
        );
    }
}
