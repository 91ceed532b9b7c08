//! The page of the logins: who may open it, and what it asks for.

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::support::{Does, World, claim, run};

const PAGE: [(&str, &str); 2] = [
    ("x-postlogin-page", "1"),
    ("content-type", "application/json"),
];

/// A tenant with the page open in a browser.
pub(crate) async fn opened(script: Vec<Vec<Does>>) -> World {
    let mut world = World::new(script);
    let link = world.page.clone();
    assert_eq!(world.get(&link).await.header("location"), "/_postlogin/");
    world
}

/// A request of the page.
pub(crate) async fn ask(
    world: &mut World,
    method: Method,
    what: &str,
    body: Value,
) -> crate::support::Answer {
    let body = match body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    world
        .send(method, &format!("/_postlogin/{what}"), &PAGE, body)
        .await
}

async fn last_login(world: &mut World) -> String {
    let log = world.log().await;
    let mut logins = log.iter().filter(|entry| entry["type"] == "login");
    let id = logins.next_back().expect("a login")["id"].clone();
    id.as_str().expect("an id").to_owned()
}

#[test]
fn a_link_opens_the_page_once_and_becomes_a_strict_cookie() {
    run(async {
        let mut world = World::new(vec![]);
        let link = world.page.clone();
        let answer = world.get(&link).await;
        assert_eq!(answer.status, StatusCode::FOUND);
        let cookie = answer.header("set-cookie");
        assert!(cookie.starts_with("postlogin_page_"), "{cookie}");
        for part in ["; Path=/_postlogin/", "; HttpOnly", "; SameSite=Strict"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        let page = world.get("/_postlogin/").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(
            page.text.contains("<script src=\"page.js\" defer>"),
            "{}",
            page.text
        );
        let policy = page.header("content-security-policy");
        for part in [
            "default-src 'self'",
            "script-src 'self';",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert_eq!(page.header("x-frame-options"), "DENY");
        assert_eq!(page.header("access-control-allow-origin"), "");

        // With the cookie, a used link leads to the page; without, it is worth nothing.
        assert_eq!(world.get(&link).await.header("location"), "/_postlogin/");
        world.cookies.clear();
        assert_eq!(world.get(&link).await.status, StatusCode::UNAUTHORIZED);
        for target in [
            "/_postlogin/",
            "/_postlogin/?token=",
            "/_postlogin/?token=guess",
            "/_postlogin/?token=control-token-of-the-tests",
        ] {
            let answer = world.get(target).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{target}");
            assert!(!answer.text.contains("page.js"), "{target}");
            assert_eq!(answer.header("set-cookie"), "", "{target}");
        }
    });
}

#[test]
fn other_machines_do_not_see_it_even_with_the_link() {
    run(async {
        let world = World::new(vec![]);
        let others = [
            ("192.0.2.7:1000", None),
            ("[2001:db8::1]:1000", None),
            ("127.0.0.1:1000", Some(("x-forwarded-for", "192.0.2.7"))),
            ("127.0.0.1:1000", Some(("x-real-ip", "192.0.2.7"))),
            ("127.0.0.1:1000", Some(("forwarded", "for=192.0.2.7"))),
        ];
        // The links of the outbox sign users in.
        for (place, (peer, header)) in [world.page.as_str(), "/_postlogin/outbox"]
            .iter()
            .flat_map(|place| others.map(|other| (*place, other)))
        {
            let mut request = Request::builder().uri(place);
            if let Some((name, value)) = header {
                request = request.header(name, value);
            }
            let mut request = request.body(Body::empty()).expect("a request");
            let peer: std::net::SocketAddr = peer.parse().expect("an address");
            request.extensions_mut().insert(ConnectInfo(peer));
            let answer = world
                .router
                .clone()
                .oneshot(request)
                .await
                .expect("an answer");
            let status = answer.status();
            assert_eq!(status, StatusCode::FORBIDDEN, "{place} {peer} {header:?}");
            assert!(answer.headers().get("set-cookie").is_none());
        }
        // The link is not used up by them.
        let mut world = world;
        let link = world.page.clone();
        assert_eq!(world.get(&link).await.status, StatusCode::FOUND);
    });
}

#[test]
fn the_cookie_alone_proves_nothing_and_other_origins_are_refused() {
    run(async {
        let mut world = opened(vec![]).await;
        let runs = "/_postlogin/runs";
        for (headers, status) in [
            // What a form or an image of another page could send.
            (vec![], StatusCode::UNAUTHORIZED),
            (
                vec![("content-type", "application/json")],
                StatusCode::UNAUTHORIZED,
            ),
            (
                vec![
                    ("x-postlogin-page", "1"),
                    ("content-type", "application/json"),
                    ("origin", "http://localhost:5000"),
                ],
                StatusCode::FORBIDDEN,
            ),
            (
                vec![
                    ("x-postlogin-page", "1"),
                    ("content-type", "application/json"),
                    ("origin", "null"),
                ],
                StatusCode::FORBIDDEN,
            ),
            (
                vec![
                    ("x-postlogin-page", "1"),
                    ("content-type", "application/json"),
                    ("sec-fetch-site", "same-site"),
                ],
                StatusCode::FORBIDDEN,
            ),
            (
                vec![("x-postlogin-page", "1"), ("content-type", "text/plain")],
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ),
            (
                vec![
                    ("x-postlogin-page", "1"),
                    ("content-type", "application/json"),
                    ("origin", "http://localhost:3333"),
                    ("sec-fetch-site", "same-origin"),
                ],
                StatusCode::OK,
            ),
        ] {
            let answer = world.send(Method::POST, runs, &headers, "{}").await;
            assert_eq!(answer.status, status, "{headers:?} {}", answer.text);
            assert_eq!(answer.header("access-control-allow-origin"), "");
        }
        let preflight = [
            ("origin", "http://localhost:5000"),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "x-postlogin-page"),
        ];
        let answer = world.send(Method::OPTIONS, runs, &preflight, "").await;
        assert_eq!(answer.header("access-control-allow-headers"), "");
        world.cookies.clear();
        let answer = world.send(Method::POST, runs, &PAGE, "{}").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    });
}

#[test]
fn a_login_is_explained_and_run_again_and_nothing_of_a_run_is_stored() {
    run(async {
        let script = vec![vec![
            claim("https://example.com/hobby", json!("chess")),
            claim("roles", json!([])),
            Does::Call("user.setUserMetadata", json!(["seen", true])),
        ]];
        let mut world = opened(script).await;
        world.log_in(&[]).await;
        let id = last_login(&mut world).await;
        let entry = ask(
            &mut world,
            Method::GET,
            &format!("logins/{id}"),
            Value::Null,
        )
        .await
        .json();
        assert_eq!(entry["name"], "jane@example.com");
        assert_eq!(entry["client"], "SPA");
        assert_eq!(entry["kind"], "login");
        assert_eq!(entry["coverage"][0]["lines"], json!([[1, 1], [2, 0]]));
        let claims = &entry["explanation"]["claims"];
        assert_eq!(claims[0]["name"], "https://example.com/hobby");
        // What is a secret in these tests.
        assert_eq!(entry["event"]["user"]["user_metadata"]["hobby"], "***");

        let before = (world.users().await, world.log().await.len());
        let mut event = entry["event"].clone();
        event["user"]["name"] = json!("Janet");
        let body = json!({"login": id, "event": event, "why": ["nope"]});
        let run = ask(&mut world, Method::POST, "runs", body).await.json();
        assert_eq!(run["kind"], "run");
        assert_eq!(
            run["explanation"]["outcome"]["id_token"]["claims"]["name"],
            "Janet"
        );
        assert_eq!(run["explanation"]["expected"][0]["name"], "nope");
        let token = &run["explanation"]["outcome"]["id_token"]["jwt"];
        assert_eq!(world.claims(token)["name"], "Janet");
        assert_ne!(run["id"], json!(id));
        assert_eq!((world.users().await, world.log().await.len()), before);
        // The page sent the mask back; the Actions saw what it hides.
        let seen = world.last_event();
        assert_eq!(seen["user"]["user_metadata"]["hobby"], "surfing");
        assert_eq!(seen["user"]["name"], "Janet");

        for (body, name) in [
            (
                json!({"login": id, "user_id": "auth0|2"}),
                "joe@example.com",
            ),
            (
                json!({"login": id, "patch": {"user": {"email": "p@example.com"}}}),
                "p@example.com",
            ),
            (json!({}), "jane@example.com"),
        ] {
            let run = ask(&mut world, Method::POST, "runs", body.clone()).await;
            assert_eq!(run.status, StatusCode::OK, "{body} {}", run.text);
            assert_eq!(run.json()["name"], name, "{body}");
        }
    });
}

#[test]
fn a_run_stops_at_a_redirect_and_goes_on_with_a_step() {
    run(async {
        let script = vec![vec![
            Does::Call("redirect.sendUserTo", json!(["https://ask.example/"])),
            Does::Continue("idToken.setCustomClaim", json!(["https://x.example/a", 1])),
        ]];
        let mut world = opened(script).await;
        let first = ask(&mut world, Method::POST, "runs", json!({}))
            .await
            .json();
        assert_eq!(first["explanation"]["outcome"]["status"], "redirected");
        let steps = json!([{"continue": {"query": {}, "body": {"answer": "42"}}}]);
        let body = json!({"login": first["id"], "steps": steps});
        let second = ask(&mut world, Method::POST, "runs", body).await.json();
        let outcome = &second["explanation"]["outcome"];
        assert_eq!(outcome["status"], "allowed");
        assert_eq!(outcome["id_token"]["claims"]["https://x.example/a"], 1);
        assert_eq!(second["steps"], steps);
    });
}

#[test]
fn what_is_no_run_is_refused_with_a_reason() {
    run(async {
        let mut world = opened(vec![]).await;
        for (body, status, word) in [
            (json!({"login": "nope"}), 404, "does not keep"),
            (json!({"login": 1}), 404, "does not keep"),
            (json!({"event": []}), 400, "`event` must be an object"),
            (json!({"patch": 1}), 400, "`patch` must be an object"),
            (json!({"user_id": "auth0|none"}), 404, "no user auth0|none"),
            (json!({"user_id": 1}), 404, "no user"),
            (json!({"why": "x"}), 400, "`why` must be a list"),
            (json!({"why": [1]}), 400, "`why` must be a list"),
            (json!({"steps": {}}), 400, "`steps` must be a list"),
            (json!({"steps": [{}]}), 400, "`steps` must be a list"),
            (json!({"seed": -1}), 400, "`seed`"),
            (json!({"now": "yesterday"}), 400, "`now`"),
            (json!({"now": "1969-01-01T00:00:00Z"}), 400, "`now`"),
            (json!({"evnt": {}}), 400, "unknown key `evnt`"),
            (json!([]), 400, "JSON object"),
        ] {
            let answer = ask(&mut world, Method::POST, "runs", body.clone()).await;
            assert_eq!(answer.status, status, "{body} {}", answer.text);
            assert!(answer.text.contains(word), "{body} {}", answer.text);
        }
        let huge = format!("{{\"event\":{{\"x\":\"{}\"}}}}", "x".repeat(10 << 20));
        let answer = world
            .send(Method::POST, "/_postlogin/runs", &PAGE, huge)
            .await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        // A login as any event, also of types that no event has.
        for event in [
            json!({}),
            json!({"user": null, "client": 1, "transaction": []}),
            json!({"user": {"user_id": {}, "email": ["<b>"]}}),
        ] {
            let answer = ask(&mut world, Method::POST, "runs", json!({"event": event})).await;
            assert_eq!(answer.status, StatusCode::OK, "{event} {}", answer.text);
        }
    });
}

#[test]
fn only_files_of_actions_are_sources() {
    run(async {
        let mut world = opened(vec![]).await;
        let all = ask(&mut world, Method::GET, "sources", Value::Null).await;
        assert_eq!(all.json()[0]["file"], "actions/first.js");
        let one = ask(
            &mut world,
            Method::GET,
            "source?file=actions/first.js",
            Value::Null,
        )
        .await;
        assert_eq!(one.json()["text"], "// the source");
        for file in [
            "../../etc/passwd",
            "/etc/passwd",
            "actions/../actions/first.js",
            "actions%2F..%2F..%2Fetc%2Fpasswd",
            "actions/first.js%00",
            "C:%5Cwindows%5Cwin.ini",
            "file:///etc/passwd",
        ] {
            let answer = ask(
                &mut world,
                Method::GET,
                &format!("source?file={file}"),
                Value::Null,
            )
            .await;
            assert_eq!(
                answer.status,
                StatusCode::NOT_FOUND,
                "{file} {}",
                answer.text
            );
        }
        let answer = ask(&mut world, Method::GET, "source", Value::Null).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    });
}

#[test]
fn a_case_is_shown_before_it_is_written() {
    run(async {
        let mut world = opened(vec![]).await;
        let run = ask(&mut world, Method::POST, "runs", json!({}))
            .await
            .json();
        let body = json!({"id": run["id"], "name": "a case"});
        let shown = ask(&mut world, Method::POST, "cases", body).await.json();
        assert_eq!(
            shown,
            json!({"file": "tests/x.case.yaml", "text": "a case"})
        );
        let body = json!({"id": run["id"], "name": "a case", "write": true});
        let refused = ask(&mut world, Method::POST, "cases", body).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert_eq!(refused.json(), json!({"error": "a case is there"}));
        let tests = ask(&mut world, Method::POST, "tests", json!({})).await;
        assert_eq!(tests.status, StatusCode::CONFLICT);
        assert!(tests.text.contains("no project"), "{}", tests.text);
        let unknown = ask(&mut world, Method::POST, "cases", json!({"id": "x"})).await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn tools_use_the_same_endpoints_with_the_control_token() {
    run(async {
        let mut world = World::new(vec![]);
        for (method, what) in [
            (Method::GET, "sources"),
            (Method::GET, "event-schema"),
            (Method::POST, "runs"),
        ] {
            let refused = ask(&mut world, method.clone(), what, json!({})).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{what}");
            let answer = world.control(method, what, json!({})).await;
            assert_eq!(answer.status, StatusCode::OK, "{what} {}", answer.text);
        }
        let index = world.get("/").await;
        for name in ["Logins", "Users", "Sessions", "Applications", "Outbox"] {
            let link = format!("href=\"/_postlogin/#{name}\"");
            assert!(index.text.contains(&link), "{link} {}", index.text);
        }
        let slash = world.get("/_postlogin").await;
        assert_eq!(slash.header("location"), "/_postlogin/");
    });
}

#[test]
fn sessions_are_listed_and_one_is_ended() {
    run(async {
        let mut world = opened(vec![vec![], vec![]]).await;
        let none = ask(&mut world, Method::GET, "sessions", Value::Null).await;
        assert_eq!(none.json(), json!([]));
        world.log_in(&[]).await;
        let sessions = ask(&mut world, Method::GET, "sessions", Value::Null).await;
        let sessions = sessions.json();
        let session = &sessions[0];
        assert_eq!(sessions.as_array().map(Vec::len), Some(1));
        assert_eq!(session["user"], "jane@example.com");
        assert_eq!(session["applications"], json!(["SPA"]));
        assert_eq!(session["methods"], json!(["pwd"]));
        for time in ["created_at", "last_used_at", "expires_at"] {
            let time = session[time].as_str().unwrap_or_default();
            assert!(time.ends_with('Z'), "{session}");
        }
        // Neither the cookie nor its hash is in it.
        assert!(session.get("key").is_none(), "{session}");
        let id = session["id"].as_str().expect("an id").to_owned();
        let what = format!("sessions/{id}");
        let ended = ask(&mut world, Method::DELETE, &what, Value::Null).await;
        assert_eq!(ended.status, StatusCode::NO_CONTENT, "{}", ended.text);
        let again = ask(&mut world, Method::DELETE, &what, Value::Null).await;
        assert_eq!(again.status, StatusCode::NOT_FOUND);
        let none = ask(&mut world, Method::GET, "sessions", Value::Null).await;
        assert_eq!(none.json(), json!([]));
    });
}

#[test]
fn generated_logins_are_runs_of_which_nothing_is_stored() {
    run(async {
        let mut world = opened(vec![vec![], vec![], vec![]]).await;
        let before = (world.users().await, world.log().await.len());
        let body = json!({"event": {"user": {"email": "g@example.com"}}, "count": 2, "seed": 7});
        let made = ask(&mut world, Method::POST, "generated", body).await;
        assert_eq!(made.status, StatusCode::OK, "{}", made.text);
        let made = made.json();
        assert_eq!(made["seed"], "7");
        let entries = made["entries"].as_array().expect("a list");
        let names: Vec<&str> = entries
            .iter()
            .filter_map(|it| it["name"].as_str())
            .collect();
        assert_eq!(names, ["1. 1-g@example.com", "2. 2-g@example.com"]);
        assert_eq!(entries[0]["kind"], "generated");
        // Each can be opened, and run again.
        let id = entries[1]["id"].as_str().expect("an id");
        let what = format!("logins/{id}");
        let kept = ask(&mut world, Method::GET, &what, Value::Null).await;
        assert_eq!(kept.json()["event"], entries[1]["event"]);
        assert_eq!((world.users().await, world.log().await.len()), before);
        for (body, word) in [
            (json!({"count": 0}), "`count`"),
            (json!({"count": 101}), "`count`"),
            (json!({"count": "x"}), "`count`"),
            (json!({"seed": -1}), "`seed`"),
            (json!({"patch": {}}), "unknown key `patch`"),
        ] {
            let answer = ask(&mut world, Method::POST, "generated", body.clone()).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
            assert!(answer.text.contains(word), "{body} {}", answer.text);
        }
    });
}
