//! Addresses that nearly fit a wildcard or a placeholder: as a callback, as a way out of a logout, and as an origin.

use axum::http::Method;
use postlogin_project::TenantData;
use serde_json::json;

use crate::support::{Answer, ISSUER, SPA, WEB, WEB_SECRET, World, encoded, export, run};

/// The entries of each list, with `/cb` for callbacks and logouts.
const LISTED: [&str; 2] = [
    "https://*.example.com",
    "https://{organization_name}.example.org",
];

/// The listed path, and ways to leave it.
const PATHS: &[&str] = &[
    "/cb",
    "/cb/",
    "/CB",
    "/cb/../cb",
    "/cb?x",
    "/cb#x",
    "/%63b",
    "/",
    "",
];

/// Authorities that are neither: with `/cb` behind them, none of them may be led to.
const NEARLY: &[&str] = &[
    // Another site in front of the domain.
    "https://evil.example/.example.com",
    "https://evil.example?.example.com",
    "https://evil.example#.example.com",
    "https://evil.example\\.example.com",
    "https://evil.example%2f.example.com",
    "https://evil.example%2e.example.com",
    "https://evil.example;.example.com",
    "https://evil.example:443/.example.com",
    "https://evil.example\u{ff0f}.example.com",
    "https://evil.example\u{0}.example.com",
    "https://evil.example\t.example.com",
    "https://evil.example\r\n.example.com",
    "https://evil.example .example.com",
    // Another site behind it.
    "https://a.example.com.evil.example",
    "https://a.example.com@evil.example",
    "https://a.example.com\\@evil.example",
    "https://a.example.com%40evil.example",
    "https://a.example.com:x@evil.example",
    "https://a.example.comevil.example",
    // A user of the site itself: browsers show the part before it.
    "https://bank.example@a.example.com",
    // Not one label.
    "https://a.b.example.com",
    "https://.example.com",
    "https://example.com",
    "https://aexample.com",
    "https://*.example.com",
    "https://a%2eb.example.com",
    "https://a\u{3002}b.example.com",
    "https://\u{e4}.example.com",
    "https://\u{430}.example.com",
    "https://[::1].example.com",
    "https://a..example.com",
    // Another scheme, port or spelling of the rest.
    "http://a.example.com",
    "HTTPS://a.example.com",
    "https:a.example.com",
    "https:/a.example.com",
    "https:///a.example.com",
    "//a.example.com",
    "ftp://a.example.com",
    "javascript://a.example.com",
    "https://a.example.com:443",
    "https://a.example.com:8443",
    "https://a.EXAMPLE.com",
    "https://a.example.com.",
    "https://a.example\u{3002}com",
    // The placeholder: of no organization, of itself, and of a name in another spelling.
    "https://evil.example.org",
    "https://{organization_name}.example.org",
    "https://%7Borganization_name%7D.example.org",
    "https://ACME.example.org",
    "https://acme.acme.example.org",
    "https://acme.example.org.evil.example",
    "https://*.example.org",
];

fn data() -> TenantData {
    let mut data = export();
    let with_path: Vec<String> = LISTED.iter().map(|it| format!("{it}/cb")).collect();
    for client in &mut data.clients[..2] {
        client["callbacks"] = json!(with_path);
        client["allowed_logout_urls"] = json!(with_path);
        client["web_origins"] = json!(LISTED);
        client["allowed_origins"] = json!([]);
        client["organization_usage"] = json!("allow");
    }
    data.settings
        .insert("allowed_logout_urls".to_owned(), json!(with_path));
    data
}

fn authorize(redirect: &str) -> String {
    let fields = [
        ("client_id", SPA),
        ("redirect_uri", redirect),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", "st"),
        ("prompt", "none"),
        // Whose name the placeholder stands for.
        ("organization", "acme"),
    ];
    format!("/authorize?{}", encoded(&fields))
}

#[track_caller]
fn leads_nowhere(what: &str, answer: &Answer) {
    let location = answer.header("location");
    assert!(
        location.is_empty() || location.starts_with(ISSUER),
        "{what}: leads to {location}"
    );
    assert!(
        !answer.text.contains("http-equiv=\"refresh\"") && !answer.text.contains("<form"),
        "{what}: {}",
        answer.text
    );
}

#[test]
fn no_callback_nearly_fits() {
    run(async {
        let mut world = World::with(data(), vec![]);
        for good in ["https://a.example.com/cb", "https://acme.example.org/cb"] {
            let answer = world.get(&authorize(good)).await;
            let location = answer.header("location");
            assert!(location.starts_with(good), "{good}: {}", answer.text);
            let error = answer.parameter("error");
            assert_eq!(error.as_deref(), Some("login_required"), "{good}");
        }
        // A nearly right host with the listed path and with ways to leave it, and the listed host with those.
        let hosts = NEARLY.iter().copied().chain(["https://a.example.com"]);
        for (host, path) in hosts.flat_map(|host| PATHS.iter().map(move |path| (host, path))) {
            let asked = format!("{host}{path}");
            if asked == "https://a.example.com/cb" {
                continue;
            }
            let answer = world.get(&authorize(&asked)).await;
            assert!(
                answer.status.is_client_error(),
                "{asked:?}: {}",
                answer.status
            );
            leads_nowhere(&asked, &answer);
        }
        for nearly in NEARLY {
            // Pushed by an application that proves itself: no request is kept.
            let asked = format!("{nearly}/cb");
            let fields = [
                ("client_id", WEB),
                ("client_secret", WEB_SECRET),
                ("redirect_uri", asked.as_str()),
                ("response_type", "code"),
            ];
            let pushed = world.form("/oauth/par", &fields).await;
            assert!(
                pushed.status.is_client_error(),
                "{asked:?}: {}",
                pushed.status
            );
            assert!(!pushed.text.contains("request_uri"), "{}", pushed.text);
        }
    });
}

#[test]
fn no_way_out_of_a_logout_nearly_fits() {
    run(async {
        let mut world = World::with(data(), vec![]);
        let ways = [
            ("/v2/logout", "returnTo"),
            ("/oidc/logout", "post_logout_redirect_uri"),
        ];
        for (path, name) in ways {
            for client in [SPA, ""] {
                let out = |target: &str| {
                    let fields = [(name, target), ("client_id", client), ("state", "s")];
                    format!("{path}?{}", encoded(&fields))
                };
                let good = "https://a.example.com/cb";
                let answer = world.get(&out(good)).await;
                // Without an application `/oidc/logout` knows nobody's addresses.
                if path == "/v2/logout" || client == SPA {
                    assert!(
                        answer.header("location").starts_with(good),
                        "{path} {client}"
                    );
                }
                for nearly in NEARLY {
                    let asked = format!("{nearly}/cb");
                    let answer = world.get(&out(&asked)).await;
                    leads_nowhere(&format!("{path} {asked:?}"), &answer);
                }
            }
        }
    });
}

#[test]
fn no_origin_nearly_fits() {
    run(async {
        let mut world = World::with(data(), vec![]);
        let preflight = async |world: &mut World, origin: &str| {
            let headers = [
                ("origin", origin),
                ("access-control-request-method", "POST"),
            ];
            let answer = world
                .send(Method::OPTIONS, "/oauth/token", &headers, "")
                .await;
            answer.header("access-control-allow-origin").to_owned()
        };
        let good = "https://a.example.com";
        assert_eq!(preflight(&mut world, good).await, good);
        let more = [
            "null",
            "*",
            "",
            "file://",
            "https://",
            "https://a.example.com/",
        ];
        // What no header can hold, no page can send.
        let sendable = |origin: &&&str| origin.chars().all(|it| it.is_ascii_graphic() || it == ' ');
        for origin in NEARLY.iter().filter(sendable).chain(&more) {
            let allowed = preflight(&mut world, origin).await;
            assert_eq!(allowed, "", "{origin}");
            // A page of that site gets no message with a code either.
            let fields = [
                ("client_id", SPA),
                ("redirect_uri", origin),
                ("response_type", "code"),
                ("response_mode", "web_message"),
                ("prompt", "none"),
            ];
            let target = format!("/authorize?{}", encoded(&fields));
            let answer = world.get(&target).await;
            assert!(
                answer.status.is_client_error(),
                "{origin}: {}",
                answer.status
            );
            assert!(!answer.text.contains("postMessage"), "{origin}");
        }
    });
}
