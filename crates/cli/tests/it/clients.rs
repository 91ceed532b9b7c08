//! Clients that others wrote sign in at the local tenant (tests/clients, at the versions of its lock file).

use std::{
    io::{self, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::{
    serve::Serving,
    support::{postlogin, repository},
};

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
    let mut command = Command::new("node");
    command.arg(script).current_dir(folder);
    check(command.envs(variables.iter().copied()), &[script]);
}

#[test]
fn openid_client_finds_nothing_to_object_to() {
    let Some(folder) = clients() else { return };
    let place = format!("--ephemeral --project {}", folder.display());
    let tenant = Serving::start(&place, &folder.join("users.json"));
    node(&folder, "openid.mjs", &[("ISSUER", &tenant.issuer)]);
}

/// A tenant that speaks https with the authority of a folder of its own.
struct Secured {
    tenant: Serving,
    folder: TempDir,
}

impl Secured {
    fn start(clients: &Path, more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let project = clients.display();
        let started = postlogin(&format!(
            "serve --port 0 --tls --tls-port 0 --control-token ctl --ephemeral --project {project} {more} --users"
        ))
        .arg(clients.join("users.json"))
        .env("POSTLOGIN_TLS_DIR", folder.path())
        .command()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
        let tenant = Serving::of(started.expect("the program starts"));
        assert!(
            tenant.issuer.starts_with("https://127.0.0.1:"),
            "{}",
            tenant.issuer
        );
        Self { tenant, folder }
    }

    /// The variables by which clients trust the authority, and nothing else.
    fn run(&self, program: &Path, arguments: &[&str], within: &Path, more: &[(&str, &str)]) {
        let authority = self.folder.path().join("ca.pem");
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(within)
            .env("ISSUER", &self.tenant.issuer);
        for name in ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"] {
            command.env(name, &authority);
        }
        check(command.envs(more.iter().copied()), arguments);
    }

    fn node(&self, folder: &Path, script: &str, more: &[(&str, &str)]) {
        self.run(Path::new("node"), &[script], folder, more);
    }
}

/// Runs a client to its last line.
#[track_caller]
fn check(command: &mut Command, what: &[&str]) {
    let output = command.output().expect("the client starts");
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success() && shown(&output.stdout).ends_with("all well\n"),
        "{what:?}: {}{}",
        shown(&output.stdout),
        shown(&output.stderr)
    );
}

#[test]
fn the_vendors_client_for_node_finds_what_it_expects_over_https() {
    let Some(folder) = clients() else { return };
    Secured::start(&folder, "").node(&folder, "auth0.mjs", &[]);
}

#[test]
fn the_vendors_strategy_for_passport_signs_in() {
    let Some(folder) = clients() else { return };
    let [site] = free_ports();
    let site = format!("http://localhost:{site}/");
    let tenant = Secured::start(&folder, &format!("--callback {site}callback"));
    tenant.node(&folder, "passport.mjs", &[("SITE", &site)]);
}

#[test]
fn auth_js_signs_in() {
    let Some(folder) = clients() else { return };
    let [site] = free_ports();
    let site = format!("http://localhost:{site}/");
    let tenant = Secured::start(&folder, &format!("--callback {site}auth/callback/auth0"));
    tenant.node(&folder, "authjs.mjs", &[("SITE", &site)]);
}

#[test]
fn the_vendors_middleware_for_apis_takes_the_tokens_that_it_should() {
    let Some(folder) = clients() else { return };
    let [site] = free_ports();
    let site = format!("http://localhost:{site}/");
    Secured::start(&folder, "").node(&folder, "api.mjs", &[("SITE", &site)]);
}

#[test]
fn python_clients_find_what_they_expect_over_https() {
    let Some(folder) = clients() else { return };
    let python = folder.join("python/.venv/bin/python");
    if !python.is_file() {
        return skipped("no Python clients; `.ci/run packages` installs them");
    }
    let tenant = Secured::start(&folder, "");
    for script in ["python/authentication.py", "python/web.py"] {
        tenant.run(&python, &[script], &folder, &[]);
    }
}

#[test]
fn ruby_reads_the_key_out_of_its_certificate() {
    let Some(folder) = clients() else { return };
    let Some(ruby) = program("ruby") else {
        return skipped("no Ruby; install your system's package `ruby`");
    };
    Secured::start(&folder, "").run(&ruby, &["ruby/keys.rb"], &folder, &[]);
}

fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&path).map(|folder| folder.join(name));
    places.find(|place| place.is_file())
}

/// The vendor's SDK for Next has no way to name a port over https, so the tenant speaks http.
#[test]
fn a_next_server_signs_in_with_both_libraries() {
    let Some(folder) = clients() else { return };
    if !folder.join("next/node_modules").is_dir() {
        return skipped("no Next; run `npm ci --ignore-scripts` in tests/clients/next");
    }
    let [port, site] = free_ports();
    let site = format!("http://localhost:{site}");
    let place = format!(
        "--ephemeral --project {} --port {port} --issuer http://localhost:{port}/ --callback {site} --callback {site}/auth/callback --callback {site}/api/auth/callback/auth0",
        folder.display()
    );
    let tenant = Serving::start(&place, &folder.join("users.json"));
    let variables = [
        ("ISSUER", tenant.issuer.as_str()),
        ("SITE", &format!("{site}/")),
    ];
    node(&folder, "next.mjs", &variables);
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
