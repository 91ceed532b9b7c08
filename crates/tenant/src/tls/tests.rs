use std::net::TcpListener;
use std::path::PathBuf;

use super::*;

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("postlogin-tls-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    folder
}

#[test]
fn names_of_the_internet_are_not_certified() {
    for host in [
        "localhost",
        "LOCALHOST",
        "a.localhost",
        "tenant.test",
        "host.docker.internal",
        "printer.local",
        "127.0.0.1",
        "127.255.0.1",
        "10.1.2.3",
        "172.31.0.1",
        "192.168.1.1",
        "::1",
        "[::1]",
        "fd00::1",
        "fe80::1",
    ] {
        assert!(is_local(host), "{host}");
    }
    for host in [
        "example.com",
        "auth0.com",
        "localhost.example.com",
        "nolocalhost",
        "xtest",
        "test.com",
        "",
        "auth0",
        "8.8.8.8",
        "172.32.0.1",
        "128.0.0.1",
        "2001:db8::1",
        "::2",
        "[::2]",
        "0.0.0.0",
    ] {
        assert!(!is_local(host), "{host}");
        let refused = Tls::local(&folder("refused"), &[host.to_owned()]);
        assert!(
            matches!(refused, Err(TlsError::Host(name)) if name == host),
            "{host}"
        );
    }
}

/// Connects over real sockets, with the authority as the only trusted one.
fn connects(tls: &Tls, authority: &Path, name: &str) -> Result<(), String> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let config = Arc::clone(&tls.0);
    let server = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("a client");
        let mut session = rustls::ServerConnection::new(config).expect("a session");
        // The client's refusal ends it, too.
        let _ = session.complete_io(&mut socket);
    });
    let mut roots = rustls::RootCertStore::empty();
    let pem = fs::read(authority).expect("ca.pem");
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        roots
            .add(certificate.expect("a certificate"))
            .expect("a root");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = rustls::pki_types::ServerName::try_from(name.to_owned()).expect("a name");
    let mut session = rustls::ClientConnection::new(Arc::new(client), name).expect("a session");
    let mut socket = std::net::TcpStream::connect(address).expect("it listens");
    let done = session.complete_io(&mut socket);
    drop(socket);
    server.join().expect("the server ends");
    done.map(drop).map_err(|error| error.to_string())
}

#[test]
fn whoever_trusts_the_authority_reaches_the_hosts_of_the_certificate() {
    let folder = folder("reached");
    let hosts = ["localhost", "tenant.test", "127.0.0.1", "[::1]"].map(str::to_owned);
    let (tls, authority) = Tls::local(&folder, &hosts).expect("a certificate");
    for name in ["localhost", "tenant.test", "127.0.0.1", "::1"] {
        assert_eq!(connects(&tls, &authority, name), Ok(()), "{name}");
    }
    for name in ["other.test", "127.0.0.2", "example.com"] {
        let refused = connects(&tls, &authority, name).expect_err(name);
        assert!(refused.contains("not valid for name"), "{name}: {refused}");
    }
    // The next start has another certificate of the same authority.
    let before = fs::read_to_string(&authority).expect("ca.pem");
    let (again, same) = Tls::local(&folder, &hosts).expect("a certificate");
    assert_eq!(fs::read_to_string(&same).expect("ca.pem"), before);
    assert_eq!(connects(&again, &authority, "localhost"), Ok(()));
    // Another machine's authority is not trusted.
    let elsewhere = folder.join("elsewhere");
    let (_, other) = Tls::local(&elsewhere, &hosts).expect("a certificate");
    let refused = connects(&tls, &other, "localhost").expect_err("another authority");
    assert!(refused.contains("UnknownIssuer"), "{refused}");
    let _ = fs::remove_dir_all(folder);
}

#[test]
fn the_authority_cannot_certify_a_site_of_the_internet() {
    let folder = folder("constrained");
    let authority = Authority::load_or_create(&folder, now_s()).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec!["example.com".to_owned()]).expect("a name");
    valid(&mut params, now_s(), 10).expect("a time");
    let stolen = params.signed_by(&key, &authority.issuer).expect("signed");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let tls = Tls::of(vec![stolen.der().clone()], key).expect("a server");
    let refused = connects(&tls, &authority.certificate, "example.com").expect_err("a constraint");
    assert!(refused.contains("NameConstraintViolation"), "{refused}");
    let _ = fs::remove_dir_all(folder);
}

#[cfg(unix)]
#[test]
fn the_key_of_the_authority_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder("modes");
    let (_, authority) = Tls::local(&folder, &["localhost".to_owned()]).expect("a certificate");
    let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(&folder.join("authority.pem")), 0o600);
    assert_eq!(mode(&authority) & 0o077, 0o044 & mode(&authority));
    let public = fs::read_to_string(&authority).expect("ca.pem");
    assert!(public.starts_with("-----BEGIN CERTIFICATE-----") && !public.contains("PRIVATE"));
    let _ = fs::remove_dir_all(folder);
}

#[test]
fn files_that_are_no_certificate_say_what_is_missing() {
    let folder = folder("files");
    fs::create_dir_all(&folder).expect("a folder");
    let text = folder.join("text.pem");
    fs::write(&text, "hello").expect("a file");
    let hosts = ["localhost".to_owned()];
    let (_, authority) = Tls::local(&folder.join("own"), &hosts).expect("a certificate");
    let missing = folder.join("missing.pem");
    let shown = |certificate: &Path, key: &Path| {
        Tls::from_files(certificate, key)
            .expect_err("an error")
            .to_string()
    };
    assert!(shown(&missing, &text).starts_with(&format!("{}: ", missing.display())));
    assert_eq!(
        shown(&text, &text),
        format!("{}: no certificate in PEM form", text.display())
    );
    assert_eq!(
        shown(&authority, &text),
        format!("{}: no private key in PEM form", text.display())
    );
    // A certificate of another key.
    let other = KeyPair::generate().expect("a key");
    let key = folder.join("other.pem");
    fs::write(&key, other.serialize_pem()).expect("a file");
    assert!(shown(&authority, &key).contains("cannot be used"));
    // A broken authority is an error, and is left as it is.
    fs::write(folder.join("authority.pem"), "broken").expect("a file");
    let broken = Tls::local(&folder, &hosts).expect_err("a broken authority");
    assert!(
        broken.to_string().ends_with("no private key in PEM form"),
        "{broken}"
    );
    assert_eq!(
        fs::read_to_string(folder.join("authority.pem"))
            .ok()
            .as_deref(),
        Some("broken")
    );
    let _ = fs::remove_dir_all(folder);
}
