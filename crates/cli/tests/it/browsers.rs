//! The sample web application (fixtures/web) in a headless Chromium: the SDKs that the vendor makes for browsers.

use std::{env, path::PathBuf};

use crate::{
    clients::{clients, free_ports, node, skipped},
    serve::Serving,
    support::repository,
};

/// Names under which systems install it.
const NAMES: &[&str] = &[
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// The browser of `CHROMIUM`, or the first one in `PATH`.
pub(crate) fn chromium() -> Option<PathBuf> {
    if let Some(named) = env::var_os("CHROMIUM") {
        return Some(named.into());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let places =
        env::split_paths(&path).flat_map(|folder| NAMES.iter().map(move |name| folder.join(name)));
    let found = places.into_iter().find(|place| place.is_file());
    if found.is_none() {
        skipped("no Chromium; install your system's package `chromium`, or name one in CHROMIUM");
    }
    found
}

#[track_caller]
fn check(script: &str) {
    let (Some(folder), Some(chromium)) = (clients(), chromium()) else {
        return;
    };
    let project = repository().join("fixtures/web");
    let [port, site] = free_ports();
    let site = format!("http://localhost:{site}/");
    let place = format!(
        "--ephemeral --project {} --port {port} --issuer http://localhost:{port}/ --callback {site} --callback {site}sign-up.html",
        project.display()
    );
    let tenant = Serving::start(&place, &project.join("users.json"));
    let variables = [
        ("ISSUER", tenant.issuer.as_str()),
        ("SITE", &site),
        ("CHROMIUM", &chromium.to_string_lossy()),
    ];
    node(&folder, script, &variables);
}

#[test]
fn auth0_spa_js_signs_in_asks_silently_rotates_and_signs_out() {
    check("spa.mjs");
}

#[test]
fn lock_signs_up_with_fields_of_our_own_and_in() {
    check("lock.mjs");
}

#[test]
fn a_login_leaves_for_the_site_of_an_action_and_comes_back() {
    let (Some(folder), Some(chromium)) = (clients(), chromium()) else {
        return;
    };
    let [port, site, away] = free_ports();
    let site = format!("http://localhost:{site}/");
    let away = format!("http://127.0.0.1:{away}/");
    let action = format!(
        "exports.onExecutePostLogin = async (event, api) => api.redirect.sendUserTo('{away}away');\nexports.onContinuePostLogin = async (event, api) => {{\n  if (event.request.body.answer !== '42') api.access.deny('no answer');\n}};\n"
    );
    let project = crate::support::folder(&[
        ("users.json", crate::serve::USERS),
        ("postlogin.toml", "binding = [\"away\"]\n"),
        ("actions/away.js", &action),
    ]);
    let place = format!(
        "--ephemeral --project {} --port {port} --issuer http://localhost:{port}/ --callback {site}",
        project.path().display()
    );
    let tenant = Serving::start(&place, &project.path().join("users.json"));
    let client = tenant.control("GET", "clients")[0]["client_id"].clone();
    let variables = [
        ("ISSUER", tenant.issuer.as_str()),
        ("SITE", &site),
        ("AWAY", &away),
        ("CLIENT", client.as_str().expect("an application")),
        ("CHROMIUM", &chromium.to_string_lossy()),
    ];
    node(&folder, "leaving.mjs", &variables);
}

#[test]
fn auth0_react_binds_its_tokens_and_oidc_client_ts_signs_in() {
    let (Some(folder), Some(chromium)) = (clients(), chromium()) else {
        return;
    };
    let [port, site] = free_ports();
    let site = format!("http://localhost:{site}/");
    let place = format!(
        "--ephemeral --project {} --port {port} --issuer http://localhost:{port}/ --callback {site}react --callback {site}oidc",
        folder.display()
    );
    let tenant = Serving::start(&place, &folder.join("users.json"));
    let variables = [
        ("ISSUER", tenant.issuer.as_str()),
        ("SITE", &site),
        ("CHROMIUM", &chromium.to_string_lossy()),
    ];
    node(&folder, "pages.mjs", &variables);
}
