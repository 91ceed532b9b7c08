//! More of the page of the logins, in a headless Chromium: requests, what ran, generated logins, sessions, mails, copied commands.

use std::{fs, path::Path};

use crate::{
    browsers::chromium,
    clients::{clients, node},
    page::{USERS, local, project, start},
};

const ACTION: &str = r"// Asks for the score of the user.
exports.onExecutePostLogin = async (event, api) => {
  const answer = await fetch(
    `https://api.example.com/score/${event.user.user_id}?token=${event.secrets.API_KEY}`,
    { headers: { authorization: `Bearer ${event.secrets.API_KEY}` } },
  );
  const { score } = await answer.json();
  api.idToken.setCustomClaim('https://example.com/score', score);
  api.idToken.setCustomClaim('https://example.com/chance', [Math.random(), Date.now()]);
  if (event.user.app_metadata.plan === 'pro') {
    api.idToken.setCustomClaim(
      'https://example.com/tier',
      event.user.user_metadata.hobby
        ?? 'gold',
    );
  }
  await fetch('https://unknown.example.com/').catch(() => 'nothing');
};
";

const MOCKS: &str = "- request: { url: 'https://api.example.com/score/*' }\n  response: { json: { score: 12 }, delay: 250ms }\n";

/// The folder of the program that is tested.
pub(crate) fn program_folder() -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_postlogin"));
    let folder = program.parent().expect("a folder");
    folder.display().to_string()
}

#[test]
fn requests_lines_generated_logins_sessions_and_commands() {
    let (Some(clients), Some(chromium)) = (clients(), chromium()) else {
        return;
    };
    let project = project("score", ACTION, USERS);
    let mocks = project.path().join("mocks.yaml");
    fs::write(&mocks, MOCKS).expect("mocks");
    let options = format!(
        "serve --port 0 --ephemeral --control-token ctl --callback http://localhost:1/cb --http {}",
        mocks.display()
    );
    let (tenant, link) = start(&options, project.path());
    let client = tenant.control("GET", "clients")[0]["client_id"].clone();
    let place = project.path().display().to_string();
    let (link, chromium, bin) = (local(&link), chromium.to_string_lossy(), program_folder());
    let mut variables = vec![
        ("LINK", link.as_str()),
        ("ISSUER", &tenant.issuer),
        ("CLIENT", client.as_str().expect("an application")),
        ("PROJECT", &place),
        ("BIN", &bin),
        ("CHROMIUM", &chromium),
    ];
    let shots = std::env::var("PAGE_SHOTS");
    if let Ok(shots) = &shots {
        variables.push(("SHOTS", shots));
    }
    node(&clients, "page-more.mjs", &variables);
}
