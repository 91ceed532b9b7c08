//! Real npm packages at the versions of tests/npm/package-lock.json: each Action of tests/npm/actions and each Rule of
//! tests/npm/rules prints what Node printed when tests/npm/record.mjs ran it.

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
    time::Duration,
};

use common::{Case, ENGINE, Ended, JAVASCRIPT, run};
use postlogin_core::{HandlerInfo, HandlerKind, Login, outcome::Outcome};
use postlogin_engine::{Allocation, BoundAction, Engine, infos, verify_images};
use postlogin_host::{Door, Request, Verdict, network::Closed};
use postlogin_js::{Dependencies, JavaScript, Modules};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/npm")
}

/// Whether the packages are there. Without them nothing can be tested, which must not go unseen.
#[expect(clippy::print_stderr, reason = "a skipped test must be loud")]
fn is_installed() -> bool {
    let installed = folder().join("node_modules/.package-lock.json").exists();
    assert!(
        installed || std::env::var_os("CI").is_none(),
        "the packages are not installed; run `npm ci --ignore-scripts` in tests/npm"
    );
    if !installed {
        eprintln!("SKIPPED: no packages; run `npm ci --ignore-scripts` in tests/npm");
    }
    installed
}

/// Answers from tests/npm/routes.json, as record.mjs does.
struct Routes(Vec<Value>);

impl Routes {
    fn read() -> Self {
        let text = fs::read_to_string(folder().join("routes.json")).expect("the routes are there");
        Self(serde_json::from_str(&text).expect("the routes are JSON"))
    }
}

impl Door for Routes {
    fn send(&self, request: &Request) -> Verdict {
        let (_, rest) = request.url.split_once("://").unwrap_or_default();
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let matches = |route: &&Value| {
            route["method"] == request.method.as_str()
                && path.starts_with(route["path"].as_str().unwrap_or_default())
        };
        let Some(route) = self
            .0
            .iter()
            .find(matches)
            .filter(|_| !host.starts_with("refused."))
        else {
            return Closed.send(request);
        };
        let headers = route["headers"].as_object().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Verdict::Answered {
            status: u16::try_from(route["status"].as_u64().unwrap_or(500)).unwrap_or(500),
            headers: headers
                .map(|(name, value)| (name.clone(), text(value)))
                .collect(),
            body: match &route["body"] {
                Value::String(body) => body.clone().into_bytes(),
                _ => request.body.clone(),
            },
            delay: Duration::from_millis(20),
        }
    }
}

fn execute(name: &str) -> Ended {
    run_with(&JAVASCRIPT, name)
}

/// Runs a Rule and gives what it printed, and how it called back: with which error, or else with which claims.
fn execute_rule(name: &str) -> (String, Outcome) {
    let text = fs::read_to_string(folder().join(format!("rules/{name}.js")));
    let dependencies = Dependencies {
        folder: Some(folder()),
        is_rule: true,
        ..Dependencies::default()
    };
    let modules = Modules::new(dependencies).expect("no module is there twice");
    let action = JAVASCRIPT
        .rule(
            HandlerKind::Rule,
            name,
            &text.expect("the Rule is there"),
            Arc::new(modules),
        )
        .unwrap_or_else(|| panic!("{name} is no Rule"))
        .unwrap_or_else(|error| panic!("{error}"));
    let info = HandlerInfo {
        name: name.to_owned(),
        kind: HandlerKind::Rule,
        ..HandlerInfo::default()
    };
    let rule = BoundAction {
        info,
        action: Some(action),
        notices: Vec::new(),
    };
    let case = Case {
        door: Arc::new(Routes::read()),
        ..Case::default()
    };
    let (input, conditions) = common::login(&case);
    let rules = [rule];
    let login = Login::new(input, infos(&rules));
    let finished = postlogin_engine::run(&rules, login, &conditions, &mut Vec::new());
    let finished = finished.expect("nothing broke");
    let outcome = finished.outcome;
    let lines = outcome.logs.iter();
    let mut printed: String = lines
        .map(|record| format!("{}\n", record.message))
        .collect();
    let ended = match &outcome.reason {
        Some(reason) => Value::from(reason.as_str()),
        None => outcome
            .ledger
            .iter()
            .map(|entry| (entry.name.clone(), entry.value.clone()))
            .collect(),
    };
    printed.push_str(&format!("called back: {ended}\n"));
    (printed, outcome)
}

fn run_with(javascript: &JavaScript, name: &str) -> Ended {
    let text = fs::read_to_string(folder().join(format!("actions/{name}.js")));
    let dependencies = Dependencies {
        folder: Some(folder()),
        ..Dependencies::default()
    };
    let modules = Modules::new(dependencies).expect("no module is there twice");
    let action = javascript
        .action_with(name, text.expect("the Action is there"), Arc::new(modules))
        .unwrap_or_else(|error| panic!("{error}"));
    let case = Case {
        door: Arc::new(Routes::read()),
        ..Case::default()
    };
    run(&action, &case)
}

#[test]
fn every_package_does_what_it_does_in_node() {
    if !is_installed() {
        return;
    }
    let only = std::env::var("POSTLOGIN_TEST_PACKAGE").ok();
    let mut failures = Vec::new();
    let mut names: Vec<String> = fs::read_dir(folder().join("expected"))
        .expect("the recordings are there")
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
        .filter(|name| only.as_ref().is_none_or(|only| name == only))
        .collect();
    names.sort();
    for name in &names {
        let expected = fs::read_to_string(folder().join(format!("expected/{name}.txt")));
        let (printed, fault, outcome) = match name.strip_prefix("rules-") {
            Some(rule) => {
                let (printed, outcome) = execute_rule(rule);
                (printed, None, outcome)
            }
            None => {
                let ended = execute(name);
                (ended.logs(), ended.fault, ended.outcome)
            }
        };
        if fault.is_some() || printed != expected.expect("a text") {
            let notices = &outcome.notices;
            failures.push(format!("{name}:\n{printed}{fault:#?}\n{notices:?}"));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} differ:\n{}",
        failures.len(),
        names.len(),
        failures.join("\n")
    );
    assert!(only.is_some() || names.len() >= 36, "only {names:?}");
}

/// The engine with an empty cache, apart from its machine code.
fn with_cache(cache: &Path) -> JavaScript {
    LazyLock::force(&JAVASCRIPT);
    let shared = ENGINE.cache().expect("tests have a cache");
    for entry in fs::read_dir(shared).expect("it is there") {
        let path = entry.expect("an entry").path();
        let kind = path.extension().and_then(|kind| kind.to_str());
        if let (Some("cwasm" | "image" | "sum"), Some(name)) = (kind, path.file_name()) {
            fs::copy(&path, cache.join(name)).expect("it is copied");
        }
    }
    let engine = Engine::new(Allocation::OnDemand, Some(cache.to_owned())).expect("an engine");
    JavaScript::new(&engine, |_| {}).unwrap_or_else(|error| panic!("the engine loads: {error}"))
}

/// Every package that Actions begin with: in the process that loads it, in the one that finds it stored, and in a second login of
/// each.
#[test]
fn kept_packages_do_the_same() {
    if !is_installed() {
        return;
    }
    verify_images();
    let cache = tempfile::tempdir().expect("a folder");
    let javascript = with_cache(cache.path());
    let mut kept = 0;
    for entry in fs::read_dir(folder().join("actions")).expect("the Actions are there") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_stem()
            .and_then(|name| name.to_str())
            .expect("a name");
        let plain = execute(name);
        for _process in 0..2 {
            let javascript = javascript.clone().with_kept_packages();
            for _login in 0..2 {
                let ended = run_with(&javascript, name);
                assert_eq!(ended.logs(), plain.logs(), "{name}");
                let (ended, plain) = (ended.outcome, &plain.outcome);
                assert_eq!(ended.commands, plain.commands, "{name}");
                assert_eq!(ended.ledger, plain.ledger, "{name}");
                assert_eq!(ended.notices, plain.notices, "{name}");
            }
            for packages in javascript.take_packages() {
                kept += usize::from(packages.is_repeatable());
                packages.store().expect("it is written");
            }
        }
    }
    assert!(kept >= 10, "only {kept} could be kept");
}
