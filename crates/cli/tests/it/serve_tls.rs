//! `serve --tls` and `--allow-host`: what other hosts and clients that do not speak TLS get.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::Stdio,
    time::Duration,
};

use crate::{
    serve::{Serving, USERS},
    support::{folder, postlogin},
};

/// A tenant with both sockets, and their ports: that of http, then that of https.
fn start(options: &str, tls: &std::path::Path, users: &std::path::Path) -> (Serving, [u16; 2]) {
    let started = postlogin(&format!(
        "serve --ephemeral --control-token ctl --port 0 --tls --tls-port 0 {options} --users"
    ))
    .arg(users)
    .env("POSTLOGIN_TLS_DIR", tls)
    .command()
    .stdin(Stdio::null())
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn();
    let mut child = started.expect("the program starts");
    let told = child.stderr.take().expect("a pipe");
    let tenant = Serving::of(child);
    let mut told = BufReader::new(told).lines().map_while(Result::ok);
    let ports = told.find_map(|line| {
        let numbers = line.strip_prefix("https on port ")?;
        let (https, http) = numbers.split_once(", http on port ")?;
        Some([http, https].map(|port| port.parse().expect("a port")))
    });
    // Whoever writes to a pipe that nobody reads is held up.
    std::thread::spawn(move || told.for_each(drop));
    (tenant, ports.expect("it says where it listens"))
}

/// Returns the bytes that a server sends until it closes, for bytes that are sent to it.
fn exchange(port: u16, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(3)))
        .expect("a time limit");
    stream.write_all(bytes).expect("it reads");
    let mut answer = Vec::new();
    // A reset is an end, too.
    let _ = stream.read_to_end(&mut answer);
    answer
}

fn get(port: u16, path: &str, host: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    String::from_utf8_lossy(&exchange(port, request.as_bytes())).into_owned()
}

#[test]
fn https_is_the_issuer_and_http_goes_on() {
    let files = folder(&[("users.json", USERS)]);
    let (tenant, [http, https]) = start(
        "--allow-host tenant.test",
        &files.path().join("tls"),
        &files.path().join("users.json"),
    );
    assert_eq!(tenant.issuer, format!("https://127.0.0.1:{https}/"));
    let discovery = get(http, "/.well-known/openid-configuration", "localhost");
    assert!(
        discovery.contains(&format!("\"issuer\":\"{}\"", tenant.issuer)),
        "{discovery}"
    );
    // By the names that it knows, and by no other.
    for (host, status) in [
        ("localhost", "200"),
        ("127.0.0.1:1", "200"),
        ("TENANT.test:80", "200"),
        ("other.test", "421"),
        ("tenant.test.evil.example", "421"),
        ("eviltenant.test", "421"),
    ] {
        let answer = get(http, "/health", host);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{host}: {answer}"
        );
    }
    // What is no TLS gets nothing of the tenant, and keeps nobody out.
    let silent: Vec<TcpStream> = (0..200)
        .map(|_| TcpStream::connect(("127.0.0.1", https)).expect("it listens"))
        .collect();
    let plain = get(https, "/health", "localhost");
    assert!(!plain.contains("HTTP/1.1 200"), "{plain}");
    for garbage in [
        &[0_u8; 4096][..],
        &[0x16, 3, 1, 0xff, 0xff, 1][..],
        &[0x15, 3, 3, 0, 2, 2, 40][..],
    ] {
        let answer = exchange(https, garbage);
        assert!(answer.len() < 64, "{answer:?}");
    }
    assert!(get(http, "/ready", "localhost").starts_with("HTTP/1.1 200 "));
    drop(silent);
}

#[test]
fn mistakes_of_the_options_are_told_at_the_start() {
    let files = folder(&[
        ("users.json", USERS),
        ("cert.pem", "no certificate"),
        ("key.pem", "no key"),
    ]);
    let tls = files.path().join("tls");
    for (options, expected) in [
        (
            "--tls --tls-port 0 --issuer https://login.example.com/",
            "`login.example.com` is not a name of a local machine",
        ),
        (
            "--tls --tls-port 0 --allow-host auth0",
            "use a name such as auth0.test",
        ),
        (
            "--tls --tls-port 0 --tls-cert cert.pem --tls-key key.pem",
            "cert.pem: no certificate in PEM form",
        ),
        (
            "--tls --tls-port 0 --tls-cert missing.pem --tls-key key.pem",
            "missing.pem",
        ),
        ("--tls --tls-cert cert.pem", "--tls-key"),
        ("--tls-port 1", "--tls"),
    ] {
        let done = postlogin(&format!("serve --ephemeral --port 0 {options}"))
            .within(files.path())
            .env("POSTLOGIN_TLS_DIR", &tls)
            .finish();
        assert_eq!(done.code, Some(2), "{options}: {done}");
        assert!(done.printed().contains(expected), "{options}: {done}");
    }
    // Nothing was made for a host that is refused.
    assert!(!tls.exists());
}

#[test]
fn a_control_token_that_is_none_is_an_error() {
    let files = folder(&[("users.json", USERS), ("postlogin.toml", "")]);
    let state = files.path().join(".postlogin");
    fs::create_dir_all(&state).expect("a folder");
    let token = state.join("control-token");
    for content in [
        "short",
        "with a space in it",
        "caf\u{e9}-caf\u{e9}-caf\u{e9}",
        "nul\0nul\0nul",
        &"x".repeat(5_000),
    ] {
        fs::write(&token, content).expect("a file");
        let done = postlogin("serve --ephemeral --port 0")
            .within(files.path())
            .finish();
        assert_eq!(done.code, Some(2), "{content:?}: {done}");
        assert!(done.to_string().contains("control-token: "), "{done}");
    }
    // Sparse: as large as it is, it is not read whole.
    fs::File::create(&token)
        .and_then(|file| file.set_len(8 << 30))
        .expect("a sparse file");
    let done = postlogin("serve --ephemeral --port 0")
        .within(files.path())
        .finish();
    assert_eq!(done.code, Some(2), "{done}");
}
