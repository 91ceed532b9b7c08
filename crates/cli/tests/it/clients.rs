//! Clients that others wrote sign in at the local tenant (tests/clients, at the versions of its lock file).

use std::{
    io::{self, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{serve::Serving, support::repository};

/// Says why a test proves nothing here. Not by a macro: what those print of a test that passes is not shown.
pub(crate) fn skipped(why: &str) {
    let _ = writeln!(io::stderr(), "SKIPPED: {why}");
}

/// The folder of the clients, if they are installed.
pub(crate) fn clients() -> Option<PathBuf> {
    let folder = repository().join("tests/clients");
    let installed = folder.join("node_modules").is_dir();
    assert!(
        installed || std::env::var_os("CI").is_none(),
        "the clients are not installed; run `npm ci --ignore-scripts` in tests/clients"
    );
    if !installed {
        skipped("no clients; run `npm ci --ignore-scripts` in tests/clients");
        return None;
    }
    Some(folder)
}

/// Ports that are free at the moment: addresses that have to be known before a server starts.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    // All at once, so that no two are the same.
    let listeners = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port is free"));
    listeners.map(|listener| listener.local_addr().expect("an address").port())
}

#[track_caller]
pub(crate) fn node(folder: &Path, script: &str, variables: &[(&str, &str)]) {
    let output = Command::new("node")
        .arg(script)
        .current_dir(folder)
        .envs(variables.iter().copied())
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
    node(&folder, "openid.mjs", &[("ISSUER", &tenant.issuer)]);
}

#[test]
fn the_vendors_client_for_node_finds_what_it_expects() {
    let Some(folder) = clients() else { return };
    // It knows only https, so the port has to be known before the tenant starts.
    let [port] = free_ports();
    let address = format!("127.0.0.1:{port}");
    let place = format!(
        "--ephemeral --project {} --port {port} --issuer https://{address}/",
        folder.display()
    );
    let tenant = Serving::start(&place, &folder.join("users.json"));
    assert_eq!(tenant.issuer, format!("https://{address}/"));
    node(&folder, "auth0.mjs", &[("DOMAIN", &address)]);
}

#[test]
fn a_web_server_with_the_vendors_middleware_signs_in_and_out() {
    let Some(folder) = clients() else { return };
    let [port, site] = free_ports();
    let site = format!("http://localhost:{site}");
    let place = format!(
        "--ephemeral --project {} --port {port} --issuer http://localhost:{port}/ --callback {site} --callback {site}/callback",
        folder.display()
    );
    let tenant = Serving::start(&place, &folder.join("users.json"));
    let variables = [
        ("ISSUER", tenant.issuer.as_str()),
        ("SITE", &format!("{site}/")),
    ];
    node(&folder, "express.mjs", &variables);
}
