//! The triggers of a local tenant from a Rust test: logins that wait, and files that change.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use postlogin_core::event::sample;
use postlogin_core::outcome::Status;
use postlogin_core::{CacheEntries, ResumeStep, Suspension, Trigger};
use postlogin_engine::Engine;
use postlogin_host::{Budget, Door, Mock, Request, Verdict, network::Closed};
use postlogin_project::{Project, Secret, TenantData};
use postlogin_runner::{Compiler, Pipeline, PipelineNotice, PipelineSetup, pipeline::Network};
use postlogin_tenant::{Advanced, Answer, LoginPipeline, LoginRequest, PipelineError};
use serde_json::{Map, Value, json};

struct Offline;

impl Network for Offline {
    fn door(&self) -> Result<Arc<dyn Door>, String> {
        Ok(Arc::new(Closed))
    }

    fn without_mocks(&self) -> Result<Arc<dyn Door>, String> {
        self.door()
    }

    fn mocks(&self) -> Result<Vec<Mock>, String> {
        Ok(Vec::new())
    }
}

/// Answers every request with its own address.
#[derive(Clone)]
struct Echo;

impl Door for Echo {
    fn send(&self, request: &Request) -> Verdict {
        Verdict::Answered {
            status: 200,
            headers: Vec::new(),
            body: request.url.clone().into_bytes(),
            delay: Duration::from_millis(7),
        }
    }
}

/// A network that other machines would answer.
struct Live<D>(D);

impl<D: Door + Clone + 'static> Network for Live<D> {
    fn door(&self) -> Result<Arc<dyn Door>, String> {
        Ok(Arc::new(self.0.clone()))
    }

    fn without_mocks(&self) -> Result<Arc<dyn Door>, String> {
        self.door()
    }

    fn is_live(&self) -> bool {
        true
    }

    fn mocks(&self) -> Result<Vec<Mock>, String> {
        Ok(Vec::new())
    }
}

const REDIRECTS: &str = "exports.onExecutePostLogin = async (event, api) => {
  api.user.setAppMetadata('seen', event.secrets.WORD);
  api.redirect.sendUserTo('https://terms.example.com');
};
exports.onContinuePostLogin = async (event, api) => {
  api.idToken.setCustomClaim('https://example.com/answer', event.request.query.answer);
};
";

/// A folder with the project's configuration and one Action.
fn folder(action: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "postlogin.toml", "binding = [\"a\"]\n");
    write(folder.path(), "actions/a.js", action);
    folder
}

/// Writes a file, later than what was looked at before: file systems note times in steps of some milliseconds.
fn write(folder: &Path, name: &str, text: &str) {
    std::thread::sleep(Duration::from_millis(5));
    let file = folder.join(name);
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
    std::fs::write(file, text).expect("a file");
}

type Notices = Arc<Mutex<Vec<String>>>;

fn pipeline(folder: &Path) -> (Pipeline, Notices) {
    pipeline_with(folder, Box::new(Offline))
}

fn pipeline_with(folder: &Path, network: Box<dyn Network>) -> (Pipeline, Notices) {
    let notices = Notices::default();
    let heard = Arc::clone(&notices);
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache");
    let secret = |name: &str, value: &str| Secret {
        name: name.into(),
        value: value.into(),
    };
    let setup = PipelineSetup {
        network,
        budget: Budget::default(),
        arguments: Vec::new(),
        secrets: vec![secret("WORD", "a-hidden-word")],
        seed: TenantData::default(),
        compiler: Box::new(move |allocation| {
            let engine = Engine::new(allocation, Some(cache.clone()))?;
            Ok(Compiler::new(engine, |_| {}))
        }),
        notices: Box::new(move |notice| {
            let text = match notice {
                PipelineNotice::UnseenSecret(secret) => format!("unseen {}", secret.name),
                PipelineNotice::Reloaded(reload) => format!(
                    "reloaded {} {:?} {:?}",
                    reload.count, reload.scripts, reload.at_start
                ),
                PipelineNotice::Refused(error) => format!("refused {error}"),
                PipelineNotice::LeftOut(part) => format!("left out {}", part.error.message),
                PipelineNotice::Unloadable(error) => format!("unloadable {}", error.message),
                PipelineNotice::NoProfile { connection, .. } => format!("no profile {connection}"),
            };
            heard.lock().expect("no panic").push(text);
        }),
    };
    let project = Project::discover(folder).expect("it is read");
    let pipeline = Pipeline::new(setup, project.as_ref(), folder).expect("it loads");
    (pipeline, notices)
}

fn login() -> LoginRequest {
    LoginRequest {
        action: None,
        is_watched: false,
        asked: Instant::now(),
        trigger: Trigger::PostLogin,
        event: sample(Trigger::PostLogin),
        domain: "localhost".into(),
        issuer: "http://localhost:3333/".into(),
        configured: None,
        permissions: Vec::new(),
        access_token_lifetime_s: None,
        granted_scopes: None,
        requested_scopes: None,
        seed: 1,
        now_ms: 1_790_000_000_000,
        is_frozen: true,
        users: Vec::new(),
        cache: CacheEntries::default(),
    }
}

#[test]
fn a_login_waits_as_text_and_continues_in_another_pipeline() {
    let folder = folder(REDIRECTS);
    let (first, notices) = pipeline(folder.path());
    assert_eq!(first.count(), 1);
    let Ok(Advanced::Waits { pause, stored, .. }) = first.start(login()) else {
        panic!("it redirects");
    };
    let Suspension::Redirect { url } = &pause.suspension else {
        panic!("it redirects");
    };
    assert!(url.starts_with("https://terms.example.com"), "{url}");
    drop(first);

    let (second, _) = pipeline(folder.path());
    let answer = Answer {
        step: ResumeStep::Continue {
            query: Map::from_iter([("answer".to_owned(), "yes".into())]),
            body: Map::new(),
        },
        users: Vec::new(),
        now_ms: 1_790_000_001_000,
        is_frozen: true,
    };
    let Ok(Advanced::Ended { finished, .. }) = second.resume(&stored, answer) else {
        panic!("it ends");
    };
    let mut outcome = finished.outcome;
    assert_eq!(outcome.status, Status::Allowed);
    let claim = outcome.id_token.claims.get("https://example.com/answer");
    assert_eq!(claim, Some(&"yes".into()));
    assert_eq!(outcome.user.app_metadata["seen"], "a-hidden-word");
    second.redact(&mut outcome);
    assert_eq!(outcome.user.app_metadata["seen"], "***");
    assert!(notices.lock().expect("no panic").is_empty());
}

#[test]
fn real_requests_are_listened_to_while_the_login_makes_them() {
    let folder = folder(
        "exports.onExecutePostLogin = async (event, api) => {
  await fetch(`https://api.example.com/first?token=${event.secrets.WORD}`).catch(() => 0);
  api.redirect.sendUserTo('https://terms.example.com');
};
exports.onContinuePostLogin = async () => {
  await fetch('https://api.example.com/second', { method: 'POST', body: 'b' });
};
",
    );
    let (live, _) = pipeline_with(folder.path(), Box::new(Live(Echo)));
    let shown = |requests: &[postlogin_page::RequestEntry]| {
        let all = requests.iter();
        let line = |it: &postlogin_page::RequestEntry| {
            format!("{} {} {} {}", it.method, it.url, it.answered_by, it.ms)
        };
        all.map(line).collect::<Vec<_>>()
    };
    let Ok(Advanced::Waits {
        stored, requests, ..
    }) = live.start(login())
    else {
        panic!("it redirects");
    };
    assert_eq!(
        shown(&requests),
        ["GET https://api.example.com/first?token=*** network 7"]
    );
    let answer = Answer {
        step: ResumeStep::Continue {
            query: Map::new(),
            body: Map::new(),
        },
        users: Vec::new(),
        now_ms: 1_790_000_001_000,
        is_frozen: true,
    };
    let Ok(Advanced::Ended { finished, requests }) = live.resume(&stored, answer) else {
        panic!("it ends");
    };
    assert_eq!(finished.outcome.status, Status::Allowed);
    assert_eq!(
        shown(&requests),
        ["POST https://api.example.com/second network 7"]
    );
    assert_eq!(requests[0].body, "b");

    // Requests that can be made again are made again by who wants to see them.
    let (offline, _) = pipeline(folder.path());
    let Ok(Advanced::Waits { requests, .. }) = offline.start(login()) else {
        panic!("it redirects");
    };
    assert!(requests.is_empty());
}

/// Asks a server with a secret and a token, then waits for the user.
const ASKS_AND_WAITS: &str = "exports.onExecutePostLogin = async (event, api) => {
  await fetch(`https://a.example/${event.secrets.WORD}`, {
    method: 'POST',
    headers: { authorization: 'Bearer Zq81nmXvEw03bTtRk', 'content-type': 'application/json' },
    body: JSON.stringify({ client_secret: 'Kq72mmXvEw03bTtRz', note: 'plain' }),
  });
  api.redirect.sendUserTo('https://terms.example.com');
};
exports.onContinuePostLogin = async () => {};
";

#[test]
fn requests_of_a_login_that_waits_are_stored_without_credentials() {
    let folder = folder(ASKS_AND_WAITS);
    let (pipeline, _) = pipeline_with(folder.path(), Box::new(Live(Echo)));
    let Ok(Advanced::Waits { stored, .. }) = pipeline.start(login()) else {
        panic!("it waits");
    };
    let paused: Value = serde_json::from_str(&stored).expect("JSON");
    let login = paused["login"].as_str().expect("a login as text");
    let login: Value = serde_json::from_str(login).expect("JSON");
    // What the Action reads of its secrets is kept beside them, for the sources of claims.
    let requests = login["flow"]["requests"].to_string();
    assert!(requests.contains("https://a.example/***"), "{requests}");
    assert!(requests.contains("plain"), "{requests}");
    for hidden in ["a-hidden-word", "Zq81nmXvEw03bTtRk", "Kq72mmXvEw03bTtRz"] {
        assert!(!requests.contains(hidden), "{hidden}: {requests}");
    }
    let answer = Answer {
        step: ResumeStep::Continue {
            query: Map::new(),
            body: Map::new(),
        },
        users: Vec::new(),
        now_ms: 1_790_000_001_000,
        is_frozen: true,
    };
    let Ok(Advanced::Ended { finished, .. }) = pipeline.resume(&stored, answer) else {
        panic!("it ends");
    };
    let asked = &finished.outcome.requests[0];
    assert_eq!(asked.url, "https://a.example/***");
    assert_eq!(asked.headers["authorization"], "Bearer ***");
}

#[test]
fn an_edit_counts_from_the_next_login_on_and_a_mistake_is_reported_once() {
    let folder = folder(REDIRECTS);
    let (pipeline, notices) = pipeline(folder.path());
    let Ok(Advanced::Waits { stored, .. }) = pipeline.start(login()) else {
        panic!("it redirects");
    };
    write(
        folder.path(),
        "actions/a.js",
        "exports.onExecutePostLogin = async (event, api) => api.access.deny('edited');\n",
    );
    let Ok(Advanced::Ended { finished, .. }) = pipeline.start(login()) else {
        panic!("it ends");
    };
    assert_eq!(finished.outcome.reason.as_deref(), Some("edited"));
    // A login that waits does not continue with other Actions.
    let abandoned = pipeline.abandon(&stored, 1_790_000_002_000);
    assert!(matches!(abandoned, Err(PipelineError::Stale(_))));

    // What production reports at the first login is the outcome of one here.
    write(
        folder.path(),
        "actions/a.js",
        "exports.onExecutePostLogin = (\n",
    );
    for _ in 0..2 {
        let Ok(Advanced::Ended { finished, .. }) = pipeline.start(login()) else {
            panic!("it ends");
        };
        assert_eq!(finished.outcome.status, Status::Failed);
    }
    write(folder.path(), "postlogin.toml", "binding = [\"gone\"]\n");
    for _ in 0..2 {
        let Ok(Advanced::Ended { finished, .. }) = pipeline.start(login()) else {
            panic!("it ends");
        };
        assert_eq!(finished.outcome.status, Status::Failed);
        let missing: Vec<&str> = finished.outcome.not_loaded().collect();
        assert_eq!(missing, ["gone"]);
    }
    // What is no configuration at all refuses every login.
    write(folder.path(), "postlogin.toml", "binding = [\n");
    for _ in 0..2 {
        let refused = pipeline.start(login());
        assert!(matches!(refused, Err(PipelineError::Unloadable(_))));
    }
    let notices = notices.lock().expect("no panic");
    let expected = [
        "reloaded 1",
        "reloaded 1",
        "unloadable actions/a.js:",
        "reloaded 0",
        "left out postlogin.toml:",
        "refused postlogin.toml:",
    ];
    assert_eq!(notices.len(), expected.len(), "{notices:?}");
    for (notice, expected) in notices.iter().zip(expected) {
        assert!(notice.starts_with(expected), "{notices:?}");
    }
}

#[test]
fn an_action_that_was_missing_is_noticed_when_its_file_is_there() {
    let folder = folder(REDIRECTS);
    write(folder.path(), "postlogin.toml", "binding = [\"late\"]\n");
    write(
        folder.path(),
        "actions/late.json",
        r#"{"name": "late", "code": "./src/deep/late.js", "supported_triggers": [{"id": "post-login", "version": "v3"}]}"#,
    );
    let (pipeline, notices) = pipeline(folder.path());
    assert_eq!(pipeline.count(), 0);
    for _ in 0..2 {
        let Ok(Advanced::Ended { finished, .. }) = pipeline.start(login()) else {
            panic!("it ends");
        };
        assert_eq!(finished.outcome.status, Status::Failed);
    }
    let text = "exports.onExecutePostLogin = async (event, api) => api.access.deny('late');\n";
    std::fs::create_dir_all(folder.path().join("src/deep")).expect("a folder");
    write(folder.path(), "src/deep/late.js", text);
    let Ok(Advanced::Ended { finished, .. }) = pipeline.start(login()) else {
        panic!("it ends");
    };
    assert_eq!(finished.outcome.reason.as_deref(), Some("late"));
    let notices = notices.lock().expect("no panic");
    let kinds: Vec<&str> = notices
        .iter()
        .map(|notice| notice.split(' ').next().unwrap_or_default())
        .collect();
    // Nothing that is there declares the secret.
    assert_eq!(kinds, ["unseen", "left", "reloaded"], "{notices:?}");
}

#[test]
fn a_package_that_was_missing_is_noticed_when_it_is_installed() {
    let folder = folder(
        "const answer = require('answer-of-a-package');
exports.onExecutePostLogin = async (event, api) => api.access.deny(String(answer));
",
    );
    let (pipeline, notices) = pipeline(folder.path());
    let reason = || match pipeline.start(login()) {
        Ok(Advanced::Ended { finished, .. }) => (finished.outcome.status, finished.outcome.reason),
        _ => panic!("it ends"),
    };
    let (status, why) = reason();
    assert_eq!(status, Status::Failed);
    assert!(
        why.is_some_and(|why| why.contains("Cannot find module 'answer-of-a-package'")),
        "{notices:?}"
    );
    let package = "node_modules/answer-of-a-package";
    let manifest = r#"{"name": "answer-of-a-package", "version": "1.0.0", "main": "index.js"}"#;
    write(
        folder.path(),
        &format!("{package}/index.js"),
        "module.exports = 42;\n",
    );
    write(folder.path(), &format!("{package}/package.json"), manifest);
    assert_eq!(reason(), (Status::Denied, Some("42".to_owned())));
    let notices = notices.lock().expect("no panic");
    let last = notices.last().expect("a notice");
    assert!(last.starts_with("reloaded 1 "), "{last}");
}

/// A server that answers once so many requests are there, each with their number.
#[derive(Clone)]
struct Slow(Arc<(Mutex<usize>, Condvar)>, usize);

impl Door for Slow {
    fn send(&self, _: &Request) -> Verdict {
        let Self(shared, all) = self;
        let (count, changed) = &**shared;
        let since = Instant::now();
        let mut arrived = count.lock().expect("no panic");
        *arrived += 1;
        changed.notify_all();
        let patience = Duration::from_secs(10);
        let waited = changed.wait_timeout_while(arrived, patience, |arrived| *arrived < *all);
        let (arrived, _) = waited.expect("no panic");
        Verdict::Answered {
            status: 200,
            headers: Vec::new(),
            body: arrived.to_string().into_bytes(),
            delay: since.elapsed(),
        }
    }
}

const ASKS: &str = "exports.onExecutePostLogin = async (event, api) => {
  const answer = await fetch('https://slow.example.com/');
  api.idToken.setCustomClaim('https://example.com/arrived', await answer.text());
};
";

#[test]
fn logins_that_wait_for_a_server_keep_no_other_from_running() {
    let folder = folder(ASKS);
    // More than run at once, and as many as wait.
    let all = 16;
    let network = Slow(Arc::default(), all);
    let (pipeline, _) = pipeline_with(folder.path(), Box::new(Live(network)));
    let run = || match pipeline.start(login()) {
        Ok(Advanced::Ended { finished, .. }) => finished.outcome.id_token.claims,
        _ => panic!("it ends"),
    };
    let claims: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..all).map(|_| scope.spawn(run)).collect();
        let done = runs.into_iter().map(|run| run.join().expect("no panic"));
        done.collect()
    });
    for claims in claims {
        assert_eq!(claims["https://example.com/arrived"], all.to_string());
    }
    // They left their places in order: others have them.
    let [first, second] = std::thread::scope(|scope| {
        let runs = [scope.spawn(run), scope.spawn(run)];
        runs.map(|run| run.join().expect("no panic"))
    });
    for claims in [first, second] {
        assert!(claims.contains_key("https://example.com/arrived"));
    }
}

/// A package manager replaces a package, puts another one below it, takes it away.
#[test]
fn packages_that_change_in_place_are_noticed() {
    let folder = folder(
        "const foo = require('foo');
exports.onExecutePostLogin = async (event, api) => api.access.deny(String(foo));
",
    );
    let put = |path: &str, text: &str| write(folder.path(), path, text);
    put(
        "node_modules/foo/package.json",
        r#"{"name": "foo", "version": "1.0.0"}"#,
    );
    put(
        "node_modules/foo/index.js",
        "module.exports = require('bar');",
    );
    put("node_modules/bar/index.js", "module.exports = 'bar';");
    let (pipeline, notices) = pipeline(folder.path());
    let reason = || match pipeline.start(login()) {
        Ok(Advanced::Ended { finished, .. }) => finished.outcome.reason.unwrap_or_default(),
        _ => panic!("it ends"),
    };
    assert_eq!(reason(), "bar", "{notices:?}");
    std::fs::remove_dir_all(folder.path().join("node_modules/bar")).expect("it was there");
    let gone = reason();
    assert!(gone.contains("Cannot find module 'bar'"), "{gone}");
    // `foo` does not declare it, and no lock file says that it came.
    put(
        "node_modules/foo/node_modules/bar/index.js",
        "module.exports = 'below';",
    );
    assert_eq!(reason(), "below");
    put("node_modules/foo/index.js", "module.exports = 'two';");
    put(
        "node_modules/foo/package.json",
        r#"{"name": "foo", "version": "2.0.0-two"}"#,
    );
    assert_eq!(reason(), "two");
}

/// `git checkout` moves, removes and brings back what an Action imports.
#[test]
fn relative_imports_that_come_and_go_are_noticed() {
    let folder = folder("exports.onExecutePostLogin = async () => {};\n");
    let at = |path: &str| folder.path().join("actions").join(path);
    let put = |path: &str, text: &str| write(&folder.path().join("actions"), path, text);
    std::fs::remove_file(at("a.js")).expect("it is there");
    put(
        "a.ts",
        "import { v } from './lib/v';\nexport const onExecutePostLogin = async (event: any, api: any) => api.access.deny(v);\n",
    );
    let (pipeline, notices) = pipeline(folder.path());
    let reason = || match pipeline.start(login()) {
        Ok(Advanced::Ended { finished, .. }) => finished.outcome.reason.unwrap_or_default(),
        Ok(_) => panic!("it ends"),
        Err(_) => "failed".to_owned(),
    };
    let missing = reason();
    assert!(!missing.starts_with("one"), "{missing} {notices:?}");
    put("lib/v.ts", "export const v = 'one';");
    assert_eq!(reason(), "one", "{notices:?}");
    std::fs::remove_file(at("lib/v.ts")).expect("it is there");
    assert_ne!(reason(), "one");
    put("lib/v/index.ts", "export const v = 'index';");
    assert_eq!(reason(), "index", "{notices:?}");
    put("lib/v.ts", "export const v = 'again';");
    assert_eq!(reason(), "again", "{notices:?}");
}

#[test]
fn a_reload_names_what_changed_and_what_needs_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [
        ("actions/a/code.js", REDIRECTS),
        (
            "actions/a.json",
            r#"{"name": "a", "code": "actions/a/code.js", "deployed": true, "supported_triggers": [{"id": "post-login", "version": "v3"}]}"#,
        ),
        (
            "triggers/triggers.json",
            r#"{"post-login": [{"action_name": "a", "display_name": "a"}]}"#,
        ),
        ("roles/editor.json", r#"{"name": "editor"}"#),
    ] {
        write(folder.path(), name, text);
    }
    let (pipeline, notices) = pipeline(folder.path());
    let start = || {
        let _ = pipeline.start(login());
        let mut notices = notices.lock().expect("no panic");
        notices.drain(..).collect::<Vec<String>>()
    };
    start();
    write(
        folder.path(),
        "actions/a/code.js",
        "exports.onExecutePostLogin = async (event, api) => api.access.deny('other');\n",
    );
    assert_eq!(start(), ["reloaded 1 [\"a\"] []"]);
    // A new file beside the others.
    write(folder.path(), "roles/viewer.json", r#"{"name": "viewer"}"#);
    assert_eq!(start(), ["reloaded 1 [] [\"roles\"]"]);
    // An edit that means nothing.
    write(
        folder.path(),
        "roles/viewer.json",
        r#"{ "name":   "viewer" }"#,
    );
    assert_eq!(start(), ["reloaded 1 [] []"]);
}

/// Changes of an API and an application by requests count instead of the project's export: RBAC, dialect, lifetimes.
#[test]
fn a_changed_configuration_counts_for_the_tokens_of_users() {
    let folder = folder("exports.onExecutePostLogin = async () => {};\n");
    let (pipeline, _) = pipeline(folder.path());
    let mut event = sample(Trigger::PostLogin);
    event["resource_server"] = json!({"identifier": "https://api.example.com"});
    event["client"]["name"] = "App".into();
    event["transaction"]["requested_scopes"] = json!(["openid", "read:x", "write:x"]);
    event["authorization"] = json!({"roles": ["editor"]});
    let permission = |name: &str| json!({"permission_name": name, "resource_server_identifier": "https://api.example.com"});
    let configured = TenantData {
        resource_servers: vec![
            json!({"identifier": "https://api.example.com", "enforce_policies": true, "token_dialect": "access_token_authz", "token_lifetime": 55}),
        ],
        clients: vec![json!({"name": "App", "jwt_configuration": {"lifetime_in_seconds": 77}})],
        roles: vec![json!({"name": "editor", "permissions": [permission("read:x")]})],
        ..TenantData::default()
    };
    let run = |configured: Option<TenantData>, permissions: &[&str]| {
        let request = LoginRequest {
            event: event.clone(),
            configured: configured.map(Arc::new),
            permissions: permissions.iter().map(|it| (*it).to_owned()).collect(),
            ..login()
        };
        match pipeline.start(request) {
            Ok(Advanced::Ended { finished, .. }) => finished.outcome,
            _ => panic!("it ends"),
        }
    };
    let outcome = run(Some(configured.clone()), &[]);
    let claims = &outcome.access_token.claims;
    assert_eq!(claims["permissions"], json!(["read:x"]));
    assert_eq!(outcome.access_token.scopes, ["openid", "read:x"]);
    let life = |claims: &Map<String, Value>| {
        claims["exp"].as_i64().unwrap_or_default() - claims["iat"].as_i64().unwrap_or_default()
    };
    assert_eq!(life(claims), 55);
    assert_eq!(life(&outcome.id_token.claims), 77);
    // A permission without a role.
    let outcome = run(Some(configured), &["write:x"]);
    assert_eq!(
        outcome.access_token.claims["permissions"],
        json!(["read:x", "write:x"])
    );
    assert_eq!(outcome.access_token.scopes, ["openid", "read:x", "write:x"]);
    // The project has no export: everything as asked for.
    let outcome = run(None, &[]);
    assert!(!outcome.access_token.claims.contains_key("permissions"));
}
