//! Pushed authorization requests.

use serde_json::json;

use crate::support::{
    Answer, CALLBACK, CHALLENGE, SPA, VERIFIER, WEB, WEB_SECRET, World, encoded, export, run,
};

const REQUEST: &[(&str, &str)] = &[
    ("client_id", WEB),
    ("client_secret", WEB_SECRET),
    ("redirect_uri", CALLBACK),
    ("response_type", "code"),
    ("scope", "openid"),
    ("state", "pushed"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];

async fn push(world: &mut World, more: &[(&str, &str)]) -> Answer {
    let mut fields = REQUEST.to_vec();
    fields.retain(|(name, _)| !more.iter().any(|(known, _)| known == name));
    fields.extend(more);
    world.form("/oauth/par", &fields).await
}

async fn follow(world: &mut World, client_id: &str, reference: &str) -> Answer {
    let fields = [
        ("client_id", client_id),
        ("request_uri", reference),
        ("state", "other"),
    ];
    world.get(&format!("/authorize?{}", encoded(&fields))).await
}

#[test]
fn a_reference_stands_for_its_parameters_once() {
    run(async {
        let mut world = World::new(vec![]);
        let pushed = push(&mut world, &[]).await;
        assert_eq!(
            (pushed.status.as_u16(), &pushed.json()["expires_in"]),
            (201, &json!(30))
        );
        let reference = pushed.json()["request_uri"].as_str().unwrap().to_owned();
        let page = follow(&mut world, WEB, &reference).await;
        let back = world.sign_in(&page).await;
        assert_eq!(back.parameter("state").as_deref(), Some("pushed"));
        assert!(!world.last_event().to_string().contains(WEB_SECRET));
        let code = back.code();
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", WEB),
            ("client_secret", WEB_SECRET),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        assert!(world.token(&fields).await.json()["id_token"].is_string());
        let again = follow(&mut world, WEB, &reference).await;
        assert_eq!((again.status.as_u16(), again.header("location")), (400, ""));

        let foreign = push(&mut world, &[]).await.json()["request_uri"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(follow(&mut world, SPA, &foreign).await.status, 400);
        let late = push(&mut world, &[]).await.json()["request_uri"]
            .as_str()
            .unwrap()
            .to_owned();
        world.advance(31).await;
        assert_eq!(follow(&mut world, WEB, &late).await.status, 400);
    });
}

#[test]
fn a_wrong_request_is_refused_when_it_is_pushed() {
    run(async {
        let mut world = World::new(vec![]);
        for (more, status, error) in [
            (vec![("client_secret", "no")], 401, "access_denied"),
            (
                vec![("redirect_uri", "https://evil.example/")],
                403,
                "invalid_request",
            ),
            (
                vec![("response_type", "magic")],
                400,
                "unsupported_response_type",
            ),
            (
                vec![("request_uri", "urn:ietf:params:oauth:request_uri:x")],
                400,
                "invalid_request",
            ),
            (
                vec![("audience", "https://nowhere.example.com")],
                403,
                "access_denied",
            ),
        ] {
            let answer = push(&mut world, &more).await;
            assert_eq!(
                (answer.status.as_u16(), &answer.json()["error"]),
                (status, &json!(error)),
                "{more:?}"
            );
        }
        assert_eq!(world.get("/oauth/par").await.status, 405);
    });
}

#[test]
fn an_application_may_have_to_push() {
    run(async {
        let mut data = export();
        data.clients[1]["require_pushed_authorization_requests"] = json!(true);
        let mut world = World::with(data, vec![]);
        let plain = [("client_id", WEB)];
        assert_eq!(world.refusal(&plain).await, "invalid_request");
        let pushed = push(&mut world, &[]).await.json();
        let page = follow(&mut world, WEB, pushed["request_uri"].as_str().unwrap()).await;
        assert!(world.sign_in(&page).await.parameter("code").is_some());
    });
}
