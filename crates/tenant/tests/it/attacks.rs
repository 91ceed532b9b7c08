//! Six thousand requests of somebody who knows the protocols and wants what is not his: other people's data, a second use
//! of a code, a way out to his own site. Which attack comes next is drawn from a seed.

use axum::http::Method;
use postlogin_token::KeyPair;
use serde_json::{Value, json};

use crate::malformed::Numbers;
use crate::support::{
    API, Answer, CALLBACK, ISSUER, NOW_MS, SPA, VERIFIER, WEB, WEB_SECRET, World, by_password,
    encoded, run,
};

const ROUNDS: usize = 6_000;
const JANE: &str = "auth0|1";
const JOE: &str = "auth0%7C2";

/// Addresses that look like a listed one, or nearly.
const ELSEWHERE: &[&str] = &[
    "https://evil.example/",
    "//evil.example/callback",
    "http://localhost:5000.evil.example/callback",
    "http://localhost:5000@evil.example/callback",
    "http://localhost:5000/callback/../../evil",
    "http://localhost:5000/callback?next=https://evil.example",
    "http://localhost:5000/callback#x",
    "http://localhost:5000/Callback",
    "http://localhost:5000/callback/",
    "HTTP://LOCALHOST:5000/callback",
    "http://127.0.0.1:5000/callback",
    "http://localhost:5000/callback\r\nlocation: https://evil.example",
    "http://localhost:5000/callback\u{0}",
    "http://evil.example\\@localhost:5000/callback",
    "javascript:alert(1)//http://localhost:5000/callback",
    "data:text/html,x",
    "\u{202e}http://localhost:5000/callback",
];

/// Checks the rules for every answer.
#[track_caller]
fn is_sound(what: &str, answer: &Answer) {
    let status = answer.status.as_u16();
    assert!(
        status < 500 || status == 501,
        "{what}: {status} {}",
        answer.text
    );
    let location = answer.header("location");
    let known = ["/callback", "/bye", "/tenant"].map(|path| format!("http://localhost:5000{path}"));
    let own = location.is_empty()
        || location.starts_with(ISSUER)
        || known.iter().any(|known| {
            let rest = location.strip_prefix(known.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '#']))
        });
    assert!(own, "{what}: leads to {location}");
    assert!(
        !answer.text.contains("joe@example.com"),
        "{what}: Joe's data: {}",
        answer.text
    );
}

/// The possessions of an attacker: real tokens of Jane, and what can be made of them.
struct Loot {
    /// Whose signature, time, issuer or purpose is wrong.
    forged: Vec<String>,
    /// Jane's own token for the Management API.
    own: String,
    /// A refresh token that was used, and one of another application.
    refresh: Vec<String>,
}

async fn loot(world: &mut World) -> Loot {
    let management = format!("{ISSUER}api/v2/");
    let tokens = world
        .log_in(&[
            ("scope", "openid profile email offline_access"),
            ("audience", API),
        ])
        .await;
    let own = world
        .log_in(&[
            (
                "scope",
                "openid read:current_user update:current_user_metadata",
            ),
            ("audience", &management),
        ])
        .await;
    let access = tokens["access_token"].as_str().expect("a token").to_owned();
    let genuine = world.claims(&tokens["access_token"]);
    let with = |changes: Value| {
        let mut claims = genuine.clone();
        claims.extend(changes.as_object().expect("an object").clone());
        claims
    };
    let foreign = KeyPair::generate(postlogin_token::Randomness::Seed(b"foreign")).expect("a key");
    let everything = json!({"aud": [format!("{ISSUER}userinfo"), management], "scope": "openid email read:users read:current_user update:users"});
    let s = NOW_MS / 1000;
    let mut forged: Vec<String> = [
        (&foreign, with(everything.clone())),
        (&foreign, with(json!({"sub": "auth0|2"}))),
        (&world.key, with(json!({"exp": s - 1, "iat": s - 90_000}))),
        (&world.key, with(json!({"iss": "http://localhost:3334/"}))),
        (
            &world.key,
            with(json!({"aud": "https://elsewhere.example.com"})),
        ),
        (&world.key, with(json!({"sub": "auth0|nobody"}))),
    ]
    .into_iter()
    .map(|(key, claims)| key.sign("JWT", &claims).expect("a token"))
    .collect();
    // The ID token is none for an API, and neither is the token of another purpose.
    forged.push(tokens["id_token"].as_str().expect("a token").to_owned());
    let parts: Vec<&str> = access.split('.').collect();
    let encode = |value: &Value| base64url(value.to_string().as_bytes());
    let claims = encode(&Value::Object(with(everything)));
    for algorithm in ["none", "None", "HS256", "RS512", "RS256"] {
        let header = encode(&json!({"alg": algorithm, "typ": "JWT", "kid": world.key.kid()}));
        forged.push(format!("{header}.{claims}."));
        forged.push(format!("{header}.{claims}.{}", parts[2]));
    }
    forged.push(format!("{}.{claims}.{}", parts[0], parts[2]));
    forged.extend([
        access[..access.len() - 2].to_owned(),
        format!("{access}.{access}"),
        "..".into(),
        String::new(),
    ]);
    let used = tokens["refresh_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let other = world
        .token(&by_password(&[
            ("scope", "openid offline_access"),
            ("audience", API),
        ]))
        .await
        .json();
    let answer = refresh(world, &used).await;
    assert_eq!(answer.status, 200, "the first use is good: {}", answer.text);
    Loot {
        forged,
        own: own["access_token"].as_str().expect("a token").to_owned(),
        refresh: vec![
            used,
            other["refresh_token"].as_str().expect("a token").to_owned(),
        ],
    }
}

pub fn base64url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

async fn refresh(world: &mut World, token: &str) -> Answer {
    world
        .token(&[
            ("grant_type", "refresh_token"),
            ("client_id", SPA),
            ("refresh_token", token),
        ])
        .await
}

/// A code of Jane's session, without any page.
async fn code(world: &mut World) -> String {
    world.authorize(&[("prompt", "none")]).await.code()
}

#[track_caller]
fn gives_nothing(what: &str, answer: &Answer) {
    is_sound(what, answer);
    assert!(
        answer.status.is_client_error(),
        "{what}: {} {}",
        answer.status,
        answer.text
    );
    for secret in [
        "jane@example.com",
        "surfing",
        "access_token\":\"ey",
        "id_token\":\"ey",
    ] {
        assert!(!answer.text.contains(secret), "{what}: {}", answer.text);
    }
}

#[test]
fn whoever_knows_the_protocols_gets_nothing_either() {
    run(async {
        let mut world = World::new(vec![]);
        let loot = loot(&mut world).await;
        let mut numbers = Numbers(0x0dd5_0dd5_0dd5_0dd5);
        let mut seen = [0_usize; 7];
        for round in 0..ROUNDS {
            let kind = numbers.next(seen.len());
            seen[kind] += 1;
            let what = format!("round {round}, attack {kind}");
            match kind {
                0 => callback(&mut world, &mut numbers, &what).await,
                1 => logout(&mut world, &mut numbers, &what).await,
                2 => spoiled_code(&mut world, &mut numbers, &what).await,
                3 => {
                    let token = &loot.refresh[numbers.next(2)];
                    gives_nothing(&what, &refresh(&mut world, token).await);
                }
                4 => {
                    let token = loot.forged[numbers.next(loot.forged.len())].clone();
                    data(&mut world, &mut numbers, &what, &token).await;
                }
                5 => somebody_else(&mut world, &mut numbers, &what, &loot.own).await,
                _ => scribbled(&mut world, &mut numbers, &what).await,
            }
        }
        assert!(seen.iter().all(|count| *count > ROUNDS / 10), "{seen:?}");
        // After all this Jane still reads and changes her own profile, and nothing became of Joe's.
        let own = format!("/api/v2/users/{}", JANE.replace('|', "%7C"));
        let profile = world.get_as(&own, &loot.own).await.json();
        assert_eq!(profile["user_metadata"]["hobby"], "surfing");
        let users = world.control(Method::GET, "users", json!({})).await.json();
        let joe = users
            .as_array()
            .into_iter()
            .flatten()
            .find(|user| user["email"] == "joe@example.com");
        assert_eq!(
            joe.expect("Joe is there")["user_metadata"],
            json!({"hobby": "chess"})
        );
    });
}

/// `/authorize` with an address that is not listed: neither the code nor an error may go there.
async fn callback(world: &mut World, numbers: &mut Numbers, what: &str) {
    let address = numbers.pick(ELSEWHERE);
    let mode = numbers.pick(&["query", "fragment", "form_post", "web_message", "x"]);
    let kind = numbers.pick(&[
        "code",
        "token",
        "id_token token",
        "code id_token",
        "nonsense",
        "",
    ]);
    let prompt = numbers.pick(&["none", "login", "", "nonsense"]);
    let client = numbers.pick(&[SPA, WEB, "nobody"]);
    let fields = [
        ("client_id", client),
        ("redirect_uri", address),
        ("response_mode", mode),
        ("response_type", kind),
        ("prompt", prompt),
        ("scope", "openid"),
        ("state", "s"),
        ("nonce", "n"),
    ];
    let answer = match numbers.next(2) {
        0 => world.get(&format!("/authorize?{}", encoded(&fields))).await,
        _ => world.form("/authorize", &fields).await,
    };
    let what = format!("{what}: {address:?} {mode} {kind}");
    gives_nothing(&what, &answer);
    assert_eq!(answer.header("location"), "", "{what}");
    assert!(
        !answer.text.contains("postMessage") && !answer.text.contains("<form"),
        "{what}: {}",
        answer.text
    );
}

/// Both logouts with an address that is not listed.
async fn logout(world: &mut World, numbers: &mut Numbers, what: &str) {
    let address = numbers.pick(ELSEWHERE);
    let (path, name) = [
        ("/v2/logout", "returnTo"),
        ("/oidc/logout", "post_logout_redirect_uri"),
    ][numbers.next(2)];
    let client = numbers.pick(&[SPA, WEB, "nobody", ""]);
    // Without the session's cookie: this is about the way out.
    let cookies = std::mem::take(&mut world.cookies);
    let target = format!(
        "{path}?{}",
        encoded(&[(name, address), ("client_id", client), ("state", "s")])
    );
    let answer = world.get(&target).await;
    world.cookies = cookies;
    is_sound(&format!("{what}: {target}"), &answer);
    assert!(
        !answer.header("location").contains("evil"),
        "{what}: {target}"
    );
}

/// A fresh code, spoiled by a first attempt that is wrong in one way: afterwards it is good for nobody.
async fn spoiled_code(world: &mut World, numbers: &mut Numbers, what: &str) {
    let code = code(world).await;
    let right = [
        ("grant_type", "authorization_code"),
        ("client_id", SPA),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let wrongs: [&[(&str, &str)]; 6] = [
        &[(
            "code_verifier",
            "another-verifier-that-has-at-least-forty-three-characters",
        )],
        &[("code_verifier", "")],
        &[("redirect_uri", "https://evil.example/")],
        &[("client_id", WEB), ("client_secret", WEB_SECRET)],
        &[
            ("client_id", WEB),
            ("client_secret", WEB_SECRET),
            ("code_verifier", ""),
        ],
        &[],
    ];
    let wrong = wrongs[numbers.next(wrongs.len())];
    let mut fields = right.to_vec();
    for (name, value) in wrong {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    let first = world.token(&fields).await;
    match wrong.is_empty() {
        true => assert_eq!(first.status, 200, "{what}: {}", first.text),
        false => gives_nothing(&format!("{what}: {wrong:?}"), &first),
    }
    gives_nothing(
        &format!("{what}: again after {wrong:?}"),
        &world.token(&right).await,
    );
}

const DATA: &[&str] = &[
    "/userinfo",
    "/api/v2/users",
    "/api/v2/users?q=*",
    "/api/v2/users/auth0%7C1",
    "/api/v2/users/auth0%7C2",
    "/api/v2/users-by-email?email=joe@example.com",
    "/api/v2/users/auth0%7C2/roles",
    "/api/v2/clients",
    "/_postlogin/users",
    "/_postlogin/log",
    "/_postlogin/emails",
    "/_postlogin/clients",
];

/// A forged token anywhere that data is.
async fn data(world: &mut World, numbers: &mut Numbers, what: &str, token: &str) {
    let path = numbers.pick(DATA);
    let method =
        [Method::GET, Method::POST, Method::PATCH, Method::DELETE][numbers.next(4)].clone();
    let what = format!("{what}: {method} {path} {token}");
    let answer = world
        .json_as(
            method,
            path,
            token,
            json!({"user_metadata": {"hobby": "theft"}}),
        )
        .await;
    gives_nothing(&what, &answer);
}

/// Jane's own token where Joe's data is, and where her own may not be changed.
async fn somebody_else(world: &mut World, numbers: &mut Numbers, what: &str, token: &str) {
    let joe = format!("/api/v2/users/{JOE}");
    let rows = [
        (Method::GET, joe.clone(), json!({})),
        (Method::GET, format!("{joe}/roles"), json!({})),
        (
            Method::PATCH,
            joe.clone(),
            json!({"user_metadata": {"hobby": "theft"}}),
        ),
        (Method::DELETE, joe, json!({})),
        (
            Method::GET,
            "/api/v2/users?q=email:joe@example.com".into(),
            json!({}),
        ),
        (
            Method::GET,
            "/api/v2/users-by-email?email=joe@example.com".into(),
            json!({}),
        ),
        (
            Method::PATCH,
            "/api/v2/users/auth0%7C1".into(),
            json!({"app_metadata": {"plan": "free"}}),
        ),
        (
            Method::PATCH,
            "/api/v2/users/auth0%7C1".into(),
            json!({"email": "joe@example.com"}),
        ),
        (Method::DELETE, "/api/v2/users/auth0%7C1".into(), json!({})),
        (
            Method::POST,
            "/api/v2/users".into(),
            json!({"email": "x@example.com", "password": "x", "connection": "Username-Password-Authentication"}),
        ),
    ];
    let (method, path, body) = rows[numbers.next(rows.len())].clone();
    let what = format!("{what}: {method} {path} {body}");
    gives_nothing(&what, &world.json_as(method, &path, token, body).await);
}

/// A good request with one byte changed, doubled or cut off: whatever it now means, the answer is sound.
async fn scribbled(world: &mut World, numbers: &mut Numbers, what: &str) {
    let form = encoded(&[
        ("grant_type", "refresh_token"),
        ("client_id", SPA),
        ("refresh_token", "x"),
    ]);
    let sign_up = json!({"client_id": SPA, "email": "n@example.com", "connection": "Username-Password-Authentication", "user_metadata": {"a": "b"}}).to_string();
    let rows = [
        (
            "/oauth/token",
            "application/x-www-form-urlencoded",
            form.as_str(),
        ),
        (
            "/oauth/token",
            "application/json",
            "{\"grant_type\":\"client_credentials\",\"client_id\":\"machine-client\",\"audience\":\"x\"}",
        ),
        (
            "/dbconnections/signup",
            "application/json",
            sign_up.as_str(),
        ),
        (
            "/co/authenticate",
            "application/json",
            "{\"client_id\":\"spa-client\",\"username\":\"x\",\"password\":\"\"}",
        ),
        (
            "/api/v2/users",
            "application/json",
            "{\"email\":\"n@example.com\"}",
        ),
        (
            "/_postlogin/clock",
            "application/json",
            "{\"advance_s\":3600}",
        ),
        (
            "/u/login",
            "application/x-www-form-urlencoded",
            "state=x&username=jane@example.com&password=",
        ),
        (
            "/oauth/device/code",
            "application/x-www-form-urlencoded",
            "client_id=spa-client&scope=openid",
        ),
    ];
    let (path, kind, text) = rows[numbers.next(rows.len())];
    let mut body = text.as_bytes().to_vec();
    let place = numbers.next(body.len());
    match numbers.next(3) {
        0 => body[place] = u8::try_from(numbers.next(256)).expect("a byte"),
        1 => body.insert(place, body[place]),
        _ => body.truncate(place),
    }
    let shown = String::from_utf8_lossy(&body).into_owned();
    let answer = world
        .send(Method::POST, path, &[("content-type", kind)], body)
        .await;
    is_sound(&format!("{what}: {path} {shown}"), &answer);
    assert!(
        !answer.text.contains("jane@example.com"),
        "{what}: {path} {shown}: {}",
        answer.text
    );
}
