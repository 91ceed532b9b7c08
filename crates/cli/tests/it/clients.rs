//! Clients that others wrote sign in at the local tenant (tests/clients, at the versions of its lock file).

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{serve::Serving, support::repository};

#[expect(clippy::print_stderr, reason = "a skipped test must be loud")]
fn clients() -> Option<PathBuf> {
    let folder = repository().join("tests/clients");
    let installed = folder.join("node_modules").is_dir();
    assert!(
        installed || std::env::var_os("CI").is_none(),
        "the clients are not installed; run `npm ci --ignore-scripts` in tests/clients"
    );
    if !installed {
        eprintln!("SKIPPED: no clients; run `npm ci --ignore-scripts` in tests/clients");
        return None;
    }
    Some(folder)
}

#[track_caller]
fn node(folder: &Path, script: &str, variable: &str, value: &str) {
    let output = Command::new("node")
        .arg(script)
        .current_dir(folder)
        .env(variable, value)
        .output()
        .expect("node starts");
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success() && shown(&output.stdout).ends_with("all well\n"),
        "{}{}",
        shown(&output.stdout),
        shown(&output.stderr)
    );
}

#[test]
fn openid_client_finds_nothing_to_object_to() {
    let Some(folder) = clients() else { return };
    let place = format!("--ephemeral --project {}", folder.display());
    let tenant = Serving::start(&place, &folder.join("users.json"));
    node(&folder, "openid.mjs", "ISSUER", &tenant.issuer);
}

#[test]
fn the_vendors_client_for_node_finds_what_it_expects() {
    let Some(folder) = clients() else { return };
    // It knows only https, so the port has to be known before the tenant starts.
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let address = free.expect("a port is free").to_string();
    let port = address.rsplit(':').next().unwrap_or_default();
    let place = format!(
        "--ephemeral --project {} --port {port} --issuer https://{address}/",
        folder.display()
    );
    let tenant = Serving::start(&place, &folder.join("users.json"));
    assert_eq!(tenant.issuer, format!("https://{address}/"));
    node(&folder, "auth0.mjs", "DOMAIN", &address);
}
