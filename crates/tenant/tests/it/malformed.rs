//! Whatever comes in: never a 500, never an open redirect, never somebody's data. Four thousand requests without rhyme or
//! reason; `attacks.rs` has six thousand that know what they want.

use axum::http::Method;

use crate::support::{CONTROL, World, run};

const PATHS: &[&str] = &[
    "/",
    "/health",
    "/authorize",
    "/continue",
    "/oauth/token",
    "/oauth/revoke",
    "/oauth/device/code",
    "/activate",
    "/mfa/challenge",
    "/mfa/associate",
    "/mfa/authenticators",
    "/co/authenticate",
    "/client/spa-client.js",
    "/client/%2e%2e.js",
    "/usernamepassword/challenge",
    "/userinfo",
    "/v2/logout",
    "/oidc/logout",
    "/dbconnections/signup",
    "/dbconnections/change_password",
    "/u/login",
    "/u/signup",
    "/u/mfa",
    "/u/form",
    "/u/ticket",
    "/u/provider",
    "/login/callback",
    "/oauth/par",
    "/api/v2/users",
    "/api/v2/users/%00",
    "/api/v2/users/auth0%7C1/identities",
    "/api/v2/users/auth0%7C1/identities/auth0/2",
    "/api/v2/clients/x",
    "/api/v2//",
    "/_postlogin/users",
    "/_postlogin/clock",
    "/_postlogin/export",
    "/_postlogin/import",
    "/_postlogin/outbox",
    "/nowhere",
    "/samlp/x",
];

const BODIES: &[&str] = &[
    "",
    "{",
    "[]",
    "null",
    "\"x\"",
    "{\"grant_type\":5}",
    "client_id=machine-client&client_assertion=a.e30.c&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "{\"format\":\"postlogin.tenant/1\",\"users\":[{\"profile\":1}],\"entries\":[]}",
    "{\"provider\":\"auth0\",\"user_id\":\"\\u0000\"}",
    "{\"client_id\":{},\"state\":[]}",
    "grant_type=%ff%fe&client_id=%00",
    "state=a&state=b",
    "a\u{0}b",
    "{\"grant_type\":\"password\",\"client_id\":\"web-client\",\"client_secret\":\"web-secret\",\"username\":\"\\u0000\",\"password\":\"x\"}",
];

/// A generator of numbers that repeats: the failures of this test can be found again.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(below).unwrap()).unwrap()
    }

    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.next(from.len())]
    }
}

#[test]
fn no_request_breaks_the_server() {
    run(async {
        let mut world = World::new(vec![]);
        let machine = world.machine_token(None).await;
        let names = [
            "client_id",
            "redirect_uri",
            "response_type",
            "response_mode",
            "state",
            "scope",
            "audience",
            "prompt",
            "max_age",
            "organization",
            "q",
            "sort",
            "page",
            "per_page",
            "returnTo",
            "id_token_hint",
            "post_logout_redirect_uri",
            "user_code",
            "ticket",
            "code",
            "nonce",
            "connection",
            "login_ticket",
            "request_uri",
            "error",
        ];
        let values = [
            "",
            "spa-client",
            "web-client",
            "http://localhost:5000/callback",
            "//evil.com",
            "https://evil.com",
            "code",
            "none",
            "openid",
            "%00",
            "-1",
            "99999999999999999999",
            "a%20OR",
            "(((",
            "%F0%9F%98%80",
            "<script>",
            "auth0|1:1",
            "urn:ietf:params:oauth:request_uri:x",
        ];
        let mut numbers = Numbers(0x5eed_5eed_5eed_5eed);
        for _ in 0..4_000 {
            let path = PATHS[numbers.next(PATHS.len())];
            let pairs: Vec<String> = (0..numbers.next(5))
                .map(|_| {
                    format!(
                        "{}={}",
                        names[numbers.next(names.len())],
                        values[numbers.next(values.len())].replace(['<', '>', '|', ' '], "%3C")
                    )
                })
                .collect();
            let target = format!("{path}?{}", pairs.join("&"));
            let method = [
                Method::GET,
                Method::POST,
                Method::PATCH,
                Method::DELETE,
                Method::PUT,
                Method::OPTIONS,
            ][numbers.next(6)]
            .clone();
            let token = ["", "x", machine.as_str(), CONTROL][numbers.next(4)];
            let authorization = format!("Bearer {token}");
            let kind = [
                "application/json",
                "application/x-www-form-urlencoded",
                "text/plain",
                "multipart/form-data",
            ][numbers.next(4)];
            let body = BODIES[numbers.next(BODIES.len())];
            let headers = [
                ("authorization", authorization.as_str()),
                ("content-type", kind),
                ("cookie", "auth0=x; did=y"),
            ];
            let answer = world.send(method.clone(), &target, &headers, body).await;
            assert!(
                answer.status.as_u16() < 500 || answer.status == 501,
                "{method} {target} {body}: {} {}",
                answer.status,
                answer.text
            );
            let location = answer.header("location");
            let own = location.is_empty()
                || location.starts_with("http://localhost:5000/")
                || location.starts_with("http://localhost:3333/");
            assert!(own, "{method} {target}: {location}");
            assert!(
                !answer.text.contains("<script>"),
                "{method} {target}: {}",
                answer.text
            );
            if token.is_empty() || token == "x" {
                assert!(
                    !answer.text.contains("jane@example.com"),
                    "{method} {target}"
                );
            }
        }
    });
}

#[test]
fn a_body_has_a_limit() {
    run(async {
        let mut world = World::new(vec![]);
        let large = "x".repeat(2 * 1024 * 1024);
        for (path, expected) in [
            ("/oauth/token", 413),
            ("/dbconnections/signup", 413),
            // Nothing is read of who shows no token.
            ("/api/v2/users", 401),
            ("/_postlogin/users", 401),
        ] {
            assert_eq!(
                world
                    .send(Method::POST, path, &[], large.clone())
                    .await
                    .status,
                expected,
                "{path}"
            );
        }
        let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
        assert_eq!(
            world
                .send(
                    Method::POST,
                    "/oauth/token",
                    &[("content-type", "application/json")],
                    deep
                )
                .await
                .status,
            400
        );
    });
}
