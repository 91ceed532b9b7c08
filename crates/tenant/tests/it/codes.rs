//! Authorization codes: good once, and what a second use takes back.

use axum::http::StatusCode;

use crate::support::{API, CALLBACK, SPA, VERIFIER, WEB, WEB_SECRET, World, run};

#[test]
fn a_code_is_good_once_for_one_application_and_one_verifier() {
    run(async {
        let mut world = World::new(vec![]);
        let page = world.authorize(&[]).await;
        let code = world.sign_in(&page).await.code();
        assert_eq!(world.exchange(&code).await.status, StatusCode::OK);
        assert_eq!(world.exchange(&code).await.json()["error"], "invalid_grant");
        let wrong = [
            vec![
                ("client_id", SPA),
                (
                    "code_verifier",
                    "another-verifier-that-has-at-least-forty-three-chars",
                ),
            ],
            vec![("client_id", SPA)],
            vec![
                ("client_id", WEB),
                ("client_secret", WEB_SECRET),
                ("code_verifier", VERIFIER),
            ],
            vec![
                ("client_id", SPA),
                ("code_verifier", VERIFIER),
                ("redirect_uri", "http://localhost:5000/other"),
            ],
        ];
        for more in wrong {
            let code = world.authorize(&[]).await.code();
            let mut fields = vec![
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
            ];
            fields.extend(more.clone());
            assert!(
                world.token(&fields).await.status.is_client_error(),
                "{more:?}"
            );
            // The attempt has used it up.
            assert_eq!(
                world.exchange(&code).await.json()["error"],
                "invalid_grant",
                "{more:?}"
            );
        }
        let code = world.authorize(&[]).await.code();
        world.advance(601).await;
        assert_eq!(world.exchange(&code).await.json()["error"], "invalid_grant");
    });
}

#[test]
fn a_second_use_takes_the_tokens_back() {
    run(async {
        let scope = "openid offline_access";
        let mut world = World::new(vec![]);
        let page = world.authorize(&[("scope", scope)]).await;
        let code = world.sign_in(&page).await.code();
        let body = world.exchange(&code).await.json();
        let access = body["access_token"].as_str().unwrap().to_owned();
        let refresh = body["refresh_token"].as_str().unwrap().to_owned();
        let refreshes = async |world: &mut World, token: &str| {
            let fields = [
                ("grant_type", "refresh_token"),
                ("client_id", SPA),
                ("refresh_token", token),
            ];
            world.token(&fields).await.json()
        };
        let next = refreshes(&mut world, &refresh).await["refresh_token"]
            .as_str()
            .unwrap()
            .to_owned();

        // Who cannot show the verifier, or is another application, takes nothing away.
        let wrong = "another-verifier-that-has-at-least-forty-three-chars";
        for more in [
            vec![("client_id", SPA), ("code_verifier", wrong)],
            vec![
                ("client_id", WEB),
                ("client_secret", WEB_SECRET),
                ("code_verifier", VERIFIER),
            ],
        ] {
            let mut fields = vec![
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("redirect_uri", CALLBACK),
            ];
            fields.extend(more);
            assert_eq!(world.token(&fields).await.json()["error"], "invalid_grant");
        }
        assert_eq!(
            world.get_as("/userinfo", &access).await.status,
            StatusCode::OK
        );

        assert_eq!(world.exchange(&code).await.json()["error"], "invalid_grant");
        assert_eq!(
            world.get_as("/userinfo", &access).await.status,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(
            refreshes(&mut world, &next).await["error"],
            "invalid_grant",
            "the whole family"
        );
        let log = world.log().await;
        assert_eq!(
            log.iter()
                .filter(|entry| entry["type"] == "code_reuse")
                .count(),
            1
        );

        // An access token that proves itself cannot be taken back.
        let body = world
            .log_in(&[("audience", API), ("scope", "openid")])
            .await;
        assert_eq!(
            world
                .get_as("/userinfo", body["access_token"].as_str().unwrap())
                .await
                .status,
            StatusCode::OK
        );
    });
}
