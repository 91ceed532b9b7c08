//! `postlogin serve` with more of everything than usual: connections, users, and a disk that is full.

use std::{
    io::{BufRead as _, BufReader, Read, Write},
    net::TcpStream,
    process::Stdio,
};

use serde_json::{Value, json};

use crate::{
    serve::{Serving, USERS},
    support::{folder, postlogin},
};

/// As somebody sends them who wants nobody else to be served: more than the system lets the tenant accept.
#[test]
#[cfg(target_os = "linux")]
fn half_sent_requests_keep_nobody_out() {
    for half in [
        "POST /oauth/token HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9",
        "POST /oauth/token HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\ngrant",
        // Bodies of this size wait for room.
        "POST /oauth/token HTTP/1.1\r\nhost: localhost\r\ncontent-length: 131072\r\n\r\ngrant",
    ] {
        let project = folder(&[("users.json", USERS), ("postlogin.toml", "")]);
        let mut child = limited("ulimit -n 800", &[], project.path());
        let stderr = child.stderr.take();
        let mut tenant = Serving::of(child);
        let address = tenant
            .issuer
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned();
        let mut halves = Vec::new();
        for _ in 0..1_200 {
            let mut stream = TcpStream::connect(&address).expect("a connection");
            // The oldest ones are ended for the others.
            let _ = stream.write_all(half.as_bytes());
            halves.push(stream);
        }
        let begin = std::time::Instant::now();
        for _ in 0..5 {
            assert_eq!(tenant.send("GET", "/health", "", "").0, 200);
        }
        tenant.log_in();
        // A body that has to wait for room as well.
        let padding = "x".repeat(40_000);
        let form = "content-type: application/x-www-form-urlencoded\r\n";
        let body = format!("grant_type=none&padding={padding}");
        let (status, answer) = tenant.send("POST", "/oauth/token", form, &body);
        assert!((400..502).contains(&status), "{status} {answer}");
        // They are given up after 15 or 30 s.
        assert!(
            begin.elapsed().as_secs() < 12,
            "{:?} {half}",
            begin.elapsed()
        );
        // 768 connections are the most, and some of them were of the others.
        assert!(ended(&halves) >= 1_200 - 768, "{half}");
        let _ = tenant.child.kill();
        let _ = tenant.child.wait();
        drop(stderr);
    }
}

/// Returns how many connections a server has ended.
#[cfg(target_os = "linux")]
fn ended(connections: &[TcpStream]) -> usize {
    let is_ended = |mut stream: &TcpStream| {
        stream.set_nonblocking(true).expect("it can be set");
        let read = stream.read(&mut [0; 16]);
        !read.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    };
    connections.iter().filter(|it| is_ended(it)).count()
}

/// A handshake that is never finished, and one that arrives byte by byte.
#[test]
#[cfg(target_os = "linux")]
fn half_made_handshakes_keep_nobody_out() {
    let project = folder(&[("users.json", USERS), ("postlogin.toml", "")]);
    let tls = project.path().join("tls").display().to_string();
    let mut child = limited(
        &format!("ulimit -n 800; export POSTLOGIN_TLS_DIR='{tls}'"),
        &["--tls", "--tls-port", "0"],
        project.path(),
    );
    let stderr = child.stderr.take().expect("a pipe");
    let mut tenant = Serving::of(child);
    let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
    let ports = lines.find_map(|line| {
        let (https, http) = line
            .strip_prefix("https on port ")?
            .split_once(", http on port ")?;
        Some([https, http].map(|port| port.parse::<u16>().expect("a port")))
    });
    let [https, http] = ports.expect("it says where it listens");
    tenant.issuer = format!("http://127.0.0.1:{http}/");
    let mut halves = Vec::new();
    for _ in 0..1_200 {
        let mut stream = TcpStream::connect(("127.0.0.1", https)).expect("a connection");
        // The type and version of a record, and not its length.
        let _ = stream.write_all(&[22, 3, 1]);
        halves.push(stream);
    }
    for round in 0..5 {
        assert_eq!(tenant.send("GET", "/health", "", "").0, 200);
        for stream in &mut halves {
            let _ = stream.write_all(&[round]);
        }
    }
    tenant.log_in();
    assert!(ended(&halves) >= 1_200 - 768);
    let _ = tenant.child.kill();
    let _ = tenant.child.wait();
}

/// Pieces of a body that is sent without a token, one each second: few are read.
#[test]
fn a_body_that_trickles_is_given_up() {
    let users = folder(&[("users.json", USERS)]);
    let tenant = Serving::start("--ephemeral", &users.path().join("users.json"));
    let address = tenant
        .issuer
        .trim_start_matches("http://")
        .trim_end_matches('/');
    let mut stream = TcpStream::connect(address).expect("a connection");
    let second = std::time::Duration::from_secs(1);
    stream
        .set_read_timeout(Some(second))
        .expect("it can be set");
    let head =
        format!("POST /oauth/token HTTP/1.1\r\nhost: {address}\r\ncontent-length: 100\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("it listens");
    let mut answer = [0; 12];
    let sent = (1..30).find(|_| {
        let _ = stream.write_all(b"x");
        stream.read_exact(&mut answer).is_ok()
    });
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 408");
    assert!((4..9).contains(&sent.expect("an answer")), "{sent:?}");
}

/// A connection keeps little of what it has read: heads that are never finished do not add up to gigabytes.
#[test]
fn a_head_is_limited() {
    let users = folder(&[("users.json", USERS)]);
    let tenant = Serving::start("--ephemeral", &users.path().join("users.json"));
    let address = tenant
        .issuer
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    for (bytes, expected) in [
        (40_000, "HTTP/1.1 200"),
        (200_000, "HTTP/1.1 431"),
        (3_000_000, "HTTP/1.1 431"),
    ] {
        let mut stream = TcpStream::connect(&address).expect("a connection");
        let head = format!(
            "GET /health HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nx-long: {}\r\n\r\n",
            "a".repeat(bytes)
        );
        // The server may have answered and gone before everything was sent.
        let _ = stream.write_all(head.as_bytes());
        let mut answer = [0; 12];
        let read = stream.read_exact(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        // What was not read when the connection ended can cost the client the answer.
        assert!(
            answer == expected || bytes > 1_000_000 && read.is_err(),
            "{bytes}: {answer}"
        );
    }
    assert_eq!(tenant.send("GET", "/health", "", "").0, 200);
}

#[test]
fn twenty_thousand_users_do_not_slow_the_login_page_down() {
    let users: Vec<Value> = (0..20_000)
        .map(|number| {
            json!({"user_id": number.to_string(), "email": format!("u{number}@example.com"), "name": "x".repeat(200)})
        })
        .collect();
    let users = folder(&[("users.json", &Value::from(users).to_string())]);
    let tenant = Serving::start("--ephemeral", &users.path().join("users.json"));
    let clients = tenant.control("GET", "clients");
    let id = clients[0]["client_id"].as_str().expect("an application");
    let callback = clients[0]["callbacks"][0].as_str().expect("a callback");
    let begin = std::time::Instant::now();
    for _ in 0..20 {
        let path = format!(
            "/authorize?client_id={id}&response_type=code&scope=openid&state=s&redirect_uri={callback}\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
        );
        let (status, head, body) = tenant.answer("GET", &path, "", "");
        assert_eq!(status, 302, "{head} {body}");
        let header = |name: &str| {
            let lines = head.lines().filter_map(|line| line.split_once(": "));
            let mut found = lines.filter(|(known, _)| *known == name);
            found
                .next()
                .map(|(_, value)| value.to_owned())
                .expect("a header")
        };
        let cookie = header("set-cookie");
        let cookie = cookie.split(';').next().unwrap_or_default();
        let location = header("location");
        let path = location.trim_start_matches(tenant.issuer.trim_end_matches('/'));
        let (status, page) = tenant.send("GET", path, &format!("cookie: {cookie}\r\n"), "");
        assert_eq!(status, 200, "{page}");
        assert!(
            page.contains("u0@example.com") && page.len() < 200_000,
            "{} bytes",
            page.len()
        );
    }
    // It was 0.3 s for each page when all users were read.
    assert!(begin.elapsed().as_secs_f64() < 3.0, "{:?}", begin.elapsed());
}

/// Starts a tenant in a folder with `users.json`, after a command of the shell that limits it.
#[cfg(target_os = "linux")]
fn limited(limit: &str, more: &[&str], folder: &std::path::Path) -> std::process::Child {
    let program = postlogin("").command();
    let mut limited = std::process::Command::new("sh");
    limited
        .args(["-c", &format!("{limit}; exec \"$0\" \"$@\"")])
        .arg(program.get_program())
        .args([
            "serve",
            "--port",
            "0",
            "--control-token",
            "ctl",
            "--users",
            "users.json",
        ])
        .args(more)
        .current_dir(folder);
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("there is a shell")
}

/// The limit of a file's size has the effect of a full disk.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_answered_and_reported() {
    let project = folder(&[("users.json", USERS), ("postlogin.toml", "")]);
    // 2,000 blocks of 512 bytes; without the signal, writing fails.
    let mut child = limited("trap '' XFSZ; ulimit -f 2000", &[], project.path());
    let mut stderr = child.stderr.take().expect("a pipe");
    let mut tenant = Serving::of(child);
    let headers = "authorization: Bearer ctl\r\ncontent-type: application/json\r\n";
    let answer = (0..40).find_map(|number| {
        let filler = "x".repeat(200_000);
        let body = json!([{"user_id": format!("f{number}"), "email": format!("f{number}@example.com"), "app_metadata": {"filler": filler}}]);
        let (status, body) = tenant.send("POST", "/_postlogin/users", headers, &body.to_string());
        (status >= 500).then_some((status, body))
    });
    let (status, body) = answer.expect("two megabytes do not fit into one");
    assert!(
        status == 500 && body.contains("database"),
        "{status} {body}"
    );
    // It goes on with what it can do.
    assert_eq!(tenant.send("GET", "/health", "", "").0, 200);
    let _ = tenant.child.kill();
    let _ = tenant.child.wait();
    let mut said = String::new();
    stderr.read_to_string(&mut said).expect("text");
    assert!(
        said.contains("the tenant's database: ") && !said.contains("panicked"),
        "{said}"
    );
}
