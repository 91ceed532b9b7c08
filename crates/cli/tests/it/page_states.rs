//! The page with logins and cases that do not go well: their names, the steps of the pipeline, what is wrong with an event.

use std::fs;

use crate::{
    browsers::chromium,
    clients::{clients, node},
    page::{data, local, start},
    support::{folder, postlogin},
};

const USERS: &str = r#"[
  {"user_id": "1", "email": "deny@example.com", "password": "secret-of-tests", "app_metadata": {"deny": true}},
  {"user_id": "2", "email": "boom@example.com", "password": "secret-of-tests", "app_metadata": {"boom": true}},
  {"user_id": "3", "email": "ask@example.com", "password": "secret-of-tests", "app_metadata": {"ask": true}},
  {"user_id": "4", "email": "mfa@example.com", "password": "secret-of-tests", "app_metadata": {"mfa": true}}
]"#;

const SCORE: &str = "exports.onExecutePostLogin = async (event, api) => {
  const answer = await fetch(`https://api.example.com/score?key=${event.secrets.API_KEY}`);
  api.idToken.setCustomClaim('https://example.com/score', (await answer.json()).score);
};
";

const ASK: &str = "exports.onExecutePostLogin = async (event, api) => {
  console.log('asked');
  const { deny, boom, ask, mfa } = event.user.app_metadata;
  if (deny) api.access.deny('not today');
  if (boom) null.x;
  if (ask) api.redirect.sendUserTo('https://ask.example/terms', { query: { a: '1' } });
  if (mfa) api.multifactor.enable('any');
};
exports.onContinuePostLogin = async (event, api) => {
  api.idToken.setCustomClaim('https://example.com/answer', event.request.body.answer);
};
";

const SIGN_UP: &str = "exports.onExecutePreUserRegistration = async (event, api) => {
  api.user.setUserMetadata('from', event.client.name);
};
";

const MOCKS: &str =
    "- request: { url: 'https://api.example.com/score*' }\n  response: { json: { score: 12 } }\n";

const CASES: &str = r#"actions: [ask]
cases:
  - description: fails twice
    with: { user: { app_metadata: { deny: true } } }
    expect: { status: allowed, id_token: { "https://example.com/tier": gold } }
  - description: is skipped
    skip: not now
"#;

const SIGN_UP_CASES: &str = "trigger: pre-user-registration
actions: [sign-up]
cases:
  - description: signs up
    expect: { status: allowed }
";

#[test]
fn logins_that_end_badly_steps_and_the_marks_of_an_event() {
    let (Some(clients), Some(chromium)) = (clients(), chromium()) else {
        return;
    };
    let project = folder(&[
        ("users.json", USERS),
        ("mocks.yaml", MOCKS),
        ("ask.case.yaml", CASES),
        ("sign-up.case.yaml", SIGN_UP_CASES),
        ("actions/score.js", SCORE),
        ("actions/ask.js", ASK),
        ("actions/sign-up.js", SIGN_UP),
        ("postlogin.toml", "binding = [\"score\", \"ask\"]\n"),
    ]);
    let options = format!(
        "serve --port 0 --ephemeral --control-token ctl --http {}",
        project.path().join("mocks.yaml").display()
    );
    let (tenant, link) = start(&options, project.path());
    let client = tenant.control("GET", "clients")[0]["client_id"].clone();
    let (link, chromium) = (local(&link), chromium.to_string_lossy());
    let mut variables = vec![
        ("LINK", link.as_str()),
        ("ISSUER", &tenant.issuer),
        ("CLIENT", client.as_str().expect("an application")),
        ("CHROMIUM", &chromium),
    ];
    // Pictures for a person to look at.
    let shots = std::env::var("PAGE_SHOTS");
    if let Ok(shots) = &shots {
        variables.push(("SHOTS", shots));
    }
    node(&clients, "page-states.mjs", &variables);
}

#[test]
fn a_report_has_the_waits_of_a_login_without_the_token_of_their_address() {
    let project = folder(&[
        ("actions/ask.js", ASK),
        ("step.json", r#"{"body": {"answer": "yes"}}"#),
    ]);
    let place = project.path().display();
    let explained = postlogin(&format!(
        "explain {place}/actions/ask.js --set user.app_metadata.ask=true --continue {place}/step.json --report {place}/out.html"
    ));
    let explained = explained.finish();
    assert_eq!(explained.code, Some(0), "{}", explained.printed());
    let data = data(&project.path().join("out.html"));
    assert_eq!(
        data["entries"][0]["explanation"]["waits"],
        serde_json::json!([{
            "handlers": 1, "commands": 1, "logs": 1, "waits_for": {"kind": "redirect", "url": "https://ask.example/terms"}, "answer": "continued",
        }])
    );
    let html = fs::read_to_string(project.path().join("out.html")).expect("a report");
    assert!(html.contains("\"answer\":\"continued\""));
}
