//! The checks of the server before it knows who sent a request, those of the head alone, and which origins and
//! browsers it takes for the right ones.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Method, Request, StatusCode};
use http_body::Frame;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::support::{CONTROL, Does, World, export, run};

/// A body without a declared length that counts what is read of it.
struct Endless {
    read: Arc<AtomicUsize>,
    chunks: usize,
}

const CHUNK: usize = 64 * 1024;

impl HttpBody for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.chunks == 0 {
            return Poll::Ready(None);
        }
        self.chunks -= 1;
        self.read.fetch_add(CHUNK, Ordering::SeqCst);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b' '; CHUNK])))))
    }
}

/// The status, the body of the answer, and how much was read before it came. The client waits for `100 Continue`, so what
/// is refused is not drained.
async fn sent(
    world: &World,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
) -> (u16, String, usize) {
    let read = Arc::new(AtomicUsize::new(0));
    let body = Endless {
        read: Arc::clone(&read),
        chunks: 3_000,
    };
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("expect", "100-continue");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::new(body)).unwrap();
    let response = world.router.clone().oneshot(request).await.unwrap();
    let read = read.load(Ordering::SeqCst);
    let status = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await;
    let text = String::from_utf8_lossy(&bytes.unwrap()).into_owned();
    (status, text, read)
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn without_a_token_no_body_is_read() {
    run(async {
        let mut world = World::new(vec![]);
        let control = format!("Bearer {CONTROL}");
        let machine = format!("Bearer {}", world.machine_token(None).await);
        let control = ("authorization", control.as_str());
        let machine = ("authorization", machine.as_str());
        for (path, headers, status) in [
            ("/_postlogin/import", vec![JSON], 401),
            ("/_postlogin/users", vec![JSON], 401),
            ("/_postlogin/clock", vec![JSON], 401),
            ("/_postlogin/nowhere", vec![JSON], 401),
            (
                "/_postlogin/import",
                vec![("authorization", "Bearer x"), JSON],
                401,
            ),
            // A token of another API is none.
            ("/_postlogin/import", vec![machine, JSON], 401),
            ("/api/v2/users", vec![JSON], 401),
            (
                "/api/v2/nowhere",
                vec![("authorization", "Bearer x"), JSON],
                401,
            ),
            ("/api/v2/users", vec![control, JSON], 401),
            ("/mfa/associate", vec![JSON], 401),
            (
                "/mfa/associate",
                vec![("authorization", "Bearer x"), JSON],
                401,
            ),
            ("/userinfo", vec![JSON], 401),
            // What a form of another site can send is not JSON.
            ("/_postlogin/import", vec![control], 415),
            (
                "/_postlogin/import",
                vec![control, ("content-type", "text/plain")],
                415,
            ),
            (
                "/_postlogin/reset",
                vec![
                    control,
                    ("content-type", "application/x-www-form-urlencoded"),
                ],
                415,
            ),
            // Another site, whatever token it may have found.
            (
                "/_postlogin/import",
                vec![control, JSON, ("origin", "http://evil.example")],
                403,
            ),
            (
                "/_postlogin/import",
                vec![control, JSON, ("origin", "null")],
                403,
            ),
            (
                "/_postlogin/import",
                vec![control, JSON, ("origin", "http://localhost:5000")],
                403,
            ),
            (
                "/_postlogin/import",
                vec![control, JSON, ("sec-fetch-site", "cross-site")],
                403,
            ),
            (
                "/_postlogin/import",
                vec![control, JSON, ("sec-fetch-site", "same-site")],
                403,
            ),
            (
                "/_postlogin/import",
                vec![
                    control,
                    JSON,
                    ("origin", "http://localhost:3333"),
                    ("origin", "http://evil.example"),
                ],
                403,
            ),
        ] {
            let (got, text, read) = sent(&world, Method::POST, path, &headers).await;
            assert_eq!((got, read), (status, 0), "{path} {headers:?}: {text}");
        }
        // The tenant's own pages and tools may ask.
        for headers in [
            vec![
                control,
                ("origin", "http://localhost:3333"),
                ("host", "localhost:3333"),
            ],
            vec![control, ("sec-fetch-site", "same-origin")],
            vec![control, ("sec-fetch-site", "none")],
        ] {
            let answer = world
                .send(Method::GET, "/_postlogin/clock", &headers, "")
                .await;
            assert_eq!(answer.status, 200, "{headers:?}");
        }
    });
}

#[test]
fn a_body_is_read_up_to_the_limit_of_its_route() {
    run(async {
        let mut world = World::new(vec![]);
        let control = format!("Bearer {CONTROL}");
        let machine = format!("Bearer {}", world.machine_token(None).await);
        let form = ("content-type", "application/x-www-form-urlencoded");
        let (kib, mib) = (1024, 1024 * 1024);
        for (path, headers, limit, shape) in [
            ("/oauth/token", vec![form], 128 * kib, "statusCode"),
            ("/oauth/par", vec![form], 128 * kib, "statusCode"),
            ("/oauth/token", vec![JSON], 128 * kib, "statusCode"),
            ("/co/authenticate", vec![JSON], 128 * kib, "statusCode"),
            ("/dbconnections/signup", vec![JSON], mib, "statusCode"),
            ("/userinfo", vec![form], 16 * kib, "statusCode"),
            ("/u/login", vec![form], 128 * kib, "<html"),
            ("/continue", vec![form], 128 * kib, "<html"),
            ("/authorize", vec![form], 128 * kib, "<html"),
            ("/u/provider", vec![form], mib, "<html"),
            (
                "/api/v2/users",
                vec![("authorization", machine.as_str()), JSON],
                mib,
                "statusCode",
            ),
            (
                "/_postlogin/clock",
                vec![("authorization", control.as_str()), JSON],
                mib,
                "\"error\"",
            ),
            (
                "/_postlogin/import",
                vec![("authorization", control.as_str()), JSON],
                64 * mib,
                "\"error\"",
            ),
        ] {
            let (status, text, read) = sent(&world, Method::POST, path, &headers).await;
            assert_eq!(status, 413, "{path}: {text}");
            assert!(text.contains(shape), "{path}: {text}");
            assert!(read <= limit + CHUNK, "{path}: {read} bytes were read");
            // A declared length is enough.
            let length = (limit + 1).to_string();
            let mut declared = headers.clone();
            declared.push(("content-length", length.as_str()));
            let large = vec![b' '; limit + 1];
            let answer = world.send(Method::POST, path, &declared, large).await;
            assert_eq!(answer.status, 413, "{path}");
        }
    });
}

#[test]
fn a_small_text_of_many_values_is_refused() {
    run(async {
        let mut world = World::new(vec![]);
        let many = format!("[{}{{}}]", "{},".repeat(3_000_000));
        let token = format!("Bearer {CONTROL}");
        let headers = [("authorization", token.as_str()), JSON];
        let answer = world
            .send(Method::POST, "/_postlogin/users", &headers, many)
            .await;
        assert_eq!(answer.status, 400);
        assert!(
            answer.text.contains("more than 2000000 values"),
            "{}",
            answer.text
        );
        assert_eq!(world.users().await.len(), 2);
    });
}

#[test]
fn an_opaque_origin_is_nobodys() {
    run(async {
        let mut data = export();
        data.clients[0]["cross_origin_authentication"] = json!(true);
        data.clients[0]["callbacks"] = json!([
            "com.example.app://cb",
            "custom:/cb",
            "file:///tmp/x",
            "http://localhost:5000/callback"
        ]);
        data.clients[0]["web_origins"] = json!(["null", "null/", "http://localhost:5000"]);
        let mut world = World::with(data, vec![]);
        let body = json!({
            "client_id": "spa-client", "credential_type": "http://auth0.com/oauth/grant-type/password-realm",
            "realm": "Username-Password-Authentication", "username": "jane@example.com", "password": "jane-secret",
        });
        for (origin, expected) in [
            ("null", 403),
            ("NULL", 403),
            ("null/", 403),
            ("com.example.app://cb", 403),
            ("custom:", 403),
            ("file://", 403),
            ("", 403),
            ("http://localhost:5000", 200),
        ] {
            let headers = [JSON, ("origin", origin)];
            let answer = world
                .send(Method::POST, "/co/authenticate", &headers, body.to_string())
                .await;
            assert_eq!(answer.status, expected, "{origin}: {}", answer.text);
            assert_eq!(
                answer.text.contains("login_ticket"),
                expected == 200,
                "{origin}"
            );
            for path in [
                "/co/authenticate",
                "/oauth/token",
                "/userinfo",
                "/api/v2/users",
            ] {
                let headers = [
                    ("origin", origin),
                    ("access-control-request-method", "POST"),
                ];
                let preflight = world.send(Method::OPTIONS, path, &headers, "").await;
                let shared = if expected == 200 { origin } else { "" };
                assert_eq!(
                    preflight.header("access-control-allow-origin"),
                    shared,
                    "{path} {origin}"
                );
            }
        }
        // A message to such an origin would reach every one of them.
        let asked = world
            .authorize(&[
                ("redirect_uri", "com.example.app://cb"),
                ("response_mode", "web_message"),
            ])
            .await;
        assert_eq!(asked.status, 403, "{}", asked.text);
    });
}

fn redirects() -> Vec<Vec<Does>> {
    let away = Does::Call("redirect.sendUserTo", json!(["https://site.example.com/"]));
    vec![vec![away]]
}

#[test]
fn only_the_browser_that_began_a_login_goes_on_with_it() {
    run(async {
        let mut world = World::new(redirects());
        let page = world.authorize(&[]).await;
        let away = world.sign_in(&page).await;
        let state = away.parameter("state").unwrap();
        let target = format!("/continue?state={state}");
        let own = world.cookies.clone();
        let form = ("content-type", "application/x-www-form-urlencoded");
        let other = own
            .keys()
            .map(|name| (name.clone(), "somebody-else".to_owned()))
            .collect();
        for cookies in [std::collections::BTreeMap::new(), other] {
            for (method, headers) in [
                (Method::GET, vec![]),
                (Method::POST, vec![form]),
                (
                    Method::GET,
                    vec![
                        ("sec-fetch-site", "cross-site"),
                        ("sec-fetch-mode", "navigate"),
                    ],
                ),
                (
                    Method::POST,
                    vec![
                        form,
                        ("sec-fetch-site", "same-origin"),
                        ("sec-fetch-mode", "navigate"),
                    ],
                ),
            ] {
                world.cookies = cookies.clone();
                let answer = world.send(method.clone(), &target, &headers, "a=b").await;
                assert_eq!(answer.status, 400, "{method} {headers:?}: {}", answer.text);
                assert!(answer.header("location").is_empty());
            }
            // A form of another site comes without cookies: it is sent again from here.
            world.cookies = cookies;
            let headers = [
                form,
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "navigate"),
            ];
            let again = world
                .send(
                    Method::POST,
                    &target,
                    &headers,
                    "session_token=%22%3E%3Cscript%3E",
                )
                .await;
            assert_eq!(again.status, 200);
            assert!(
                again
                    .text
                    .contains(&format!("action=\"/continue?state={state}\""))
                    && again
                        .text
                        .contains("name=\"session_token\" value=\"&quot;&gt;&lt;script&gt;\""),
                "{}",
                again.text
            );
            assert!(again.header("location").is_empty() && !again.text.contains("code="));
        }
        world.cookies = own;
        let back = world.get(&target).await;
        assert!(
            back.parameter("code").is_some(),
            "{} {}",
            back.status,
            back.text
        );
    });
}

#[test]
fn forms_lead_to_the_tenant_and_the_callback() {
    run(async {
        let mut world = World::new(redirects());
        let page = world.authorize(&[]).await;
        let shown = world.get(page.location().as_str()).await;
        let policy = shown.header("content-security-policy").to_owned();
        for part in [
            "default-src 'none'",
            "frame-ancestors 'none'",
            "form-action 'self' http://localhost:5000",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert_eq!(shown.header("x-content-type-options"), "nosniff");
        assert_eq!(shown.header("referrer-policy"), "no-referrer");
        assert_eq!(shown.header("cache-control"), "no-store");
        for path in ["/", "/activate", "/u/login", "/v2/logout", "/u/ticket"] {
            let policy = world.get(path).await;
            let policy = policy.header("content-security-policy");
            assert!(policy.ends_with("form-action 'self'"), "{path}: {policy}");
        }
        // The page of a form cannot know where an Action leads: a browser goes there by another page.
        let state = page.parameter("state").unwrap();
        let body = format!("state={state}&username=jane@example.com&password=jane-secret");
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("sec-fetch-mode", "navigate"),
        ];
        let away = world.send(Method::POST, "/u/login", &headers, body).await;
        assert_eq!(away.status, StatusCode::OK);
        assert!(
            away.text
                .contains("content=\"0;url=https://site.example.com/?state="),
            "{}",
            away.text
        );
        assert!(
            world.cookies.keys().any(|name| name.starts_with("auth0_")),
            "the session began"
        );
        // So does the application, which may redirect to another origin of its own.
        world.script(vec![]);
        let page = world.authorize(&[("prompt", "login")]).await;
        let state = page.parameter("state").unwrap();
        let body = format!("state={state}&username=jane@example.com&password=jane-secret");
        let back = world.send(Method::POST, "/u/login", &headers, body).await;
        assert_eq!(back.status, StatusCode::OK);
        let refresh = "content=\"0;url=http://localhost:5000/callback?code=";
        assert!(back.text.contains(refresh), "{}", back.text);
    });
}

#[test]
fn a_redirect_has_an_address_or_is_none() {
    run(async {
        let mut world = World::new(vec![]);
        world.log_in(&[]).await;
        for end in [
            "%0d%0a",
            "%0d%0aset-cookie:%20a=b",
            "%0a",
            "%09",
            "%00",
            "%7f",
            "%c2%85",
            "%E2%80%A8%0d",
        ] {
            for target in [
                format!(
                    "/v2/logout?client_id=spa-client&returnTo=http://localhost:5000/bye?x={end}"
                ),
                format!("/v2/logout?client_id=spa-client&returnTo=http://localhost:5000/bye{end}"),
                format!(
                    "/oidc/logout?client_id=spa-client&post_logout_redirect_uri=http://localhost:5000/bye?x={end}"
                ),
            ] {
                let answer = world.get(&target).await;
                assert_eq!(answer.status, 400, "{target}: {}", answer.text);
            }
        }
        assert!(
            world.cookies.keys().any(|name| name.starts_with("auth0_")),
            "the session is kept"
        );
        let target = "/v2/logout?client_id=spa-client&returnTo=http://localhost:5000/bye?x=%C3%BC";
        let answer = world.get(target).await;
        assert_eq!(
            answer.header("location"),
            "http://localhost:5000/bye?x=%C3%BC"
        );
        assert!(!world.cookies.keys().any(|name| name.starts_with("auth0_")));
    });
}

#[test]
fn a_login_page_shows_some_of_many_users() {
    run(async {
        let mut world = World::new(vec![]);
        let users: Vec<Value> = (0..2_000)
            .map(|n| json!({"email": format!("user{n}@example.com"), "user_id": format!("n{n}")}))
            .collect();
        let added = world.control(Method::POST, "users", json!(users)).await;
        assert_eq!(added.status, 201, "{}", added.text);
        let page = world.authorize(&[]).await;
        let shown = world.get(page.location().as_str()).await;
        let count = shown.text.matches("name=\"user_id\"").count();
        assert_eq!(count, 50);
        assert!(shown.text.len() < 20_000, "{} bytes", shown.text.len());
        let found = world
            .get(&format!("{}&find=USER1999", page.location()))
            .await;
        assert_eq!(
            found.text.matches("name=\"user_id\"").count(),
            1,
            "{}",
            found.text
        );
        // Whoever is not shown can be picked nevertheless.
        let state = page.parameter("state").unwrap();
        let back = world
            .form("/u/login", &[("state", &state), ("user_id", "auth0|n1999")])
            .await;
        assert!(back.parameter("code").is_some(), "{}", back.text);
    });
}

/// A body that arrives up to its last byte, and then stays open.
struct Unfinished {
    left: usize,
}

impl HttpBody for Unfinished {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.left == 0 {
            return Poll::Pending;
        }
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b' '; 1024])))))
    }
}

/// Of bodies that never end, only some are in memory; small ones and those of others are served meanwhile.
#[test]
fn unfinished_bodies_have_limited_room() {
    run(async {
        let mut world = World::new(vec![]);
        let read = Arc::new(AtomicUsize::new(0));
        let mut waiting = Vec::new();
        for _ in 0..500 {
            let body = Unfinished { left: 1000 };
            let request = Request::builder()
                .method(Method::POST)
                .uri("/dbconnections/signup")
                .header("content-type", "application/json")
                .body(Body::new(Counting(body, Arc::clone(&read))))
                .unwrap();
            waiting.push(tokio::spawn(world.router.clone().oneshot(request)));
        }
        // Until nothing more is read.
        let mut before = 0;
        for _ in 0..200 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            let now = read.load(Ordering::SeqCst);
            if now == before && now > 0 {
                break;
            }
            before = now;
        }
        let read = read.load(Ordering::SeqCst) >> 20;
        assert!((40..90).contains(&read), "{read} MiB were read");
        // A small body does not wait, and one with a token does not either.
        let answer = world
            .send(Method::POST, "/oauth/token", &[JSON], "{}")
            .await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        let token = format!("Bearer {CONTROL}");
        let headers = [("authorization", token.as_str()), JSON];
        let large = format!("[{}]", " ".repeat(3 << 20));
        let answer = world
            .send(Method::POST, "/_postlogin/users", &headers, large)
            .await;
        assert!(answer.status.as_u16() < 500, "{}", answer.text);
        for one in waiting {
            one.abort();
        }
    });
}

/// Counts what is read of a body.
struct Counting(Unfinished, Arc<AtomicUsize>);

impl HttpBody for Counting {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = Pin::new(&mut self.0).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &frame {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            self.1.fetch_add(bytes, Ordering::SeqCst);
        }
        frame
    }
}

#[test]
fn a_small_route_accepts_fewer_values() {
    run(async {
        let mut world = World::new(vec![]);
        let many = format!("[{}0]", "0,".repeat(250_000));
        let answer = world
            .send(Method::POST, "/dbconnections/signup", &[JSON], many)
            .await;
        assert_eq!(answer.status, 400, "{}", answer.text);
    });
}
