//! Challenges: on the page, at the token endpoint, and by the tenant's own policy.

use axum::http::Method;
use serde_json::json;

use crate::support::{Does, WEB, WEB_SECRET, World, by_password, claim, run};

fn challenge() -> Vec<Does> {
    vec![Does::Call(
        "authentication.challengeWith",
        json!([{"type": "otp"}]),
    )]
}

fn code_on(page: &str) -> String {
    let (_, rest) = page.split_once("id=\"otp\">").expect("the code is shown");
    rest.split('<').next().unwrap().to_owned()
}

#[test]
fn the_next_action_runs_after_the_code() {
    run(async {
        let mut world = World::new(vec![
            challenge(),
            vec![claim("https://e.com/after", json!(true))],
        ]);
        let page = world.authorize(&[]).await;
        let mfa = world.sign_in(&page).await;
        let state = mfa.parameter("state").unwrap();
        let code = code_on(&world.get(mfa.header("location")).await.text);
        assert!(
            world
                .form("/u/mfa", &[("state", &state), ("code", "none")])
                .await
                .text
                .contains("invalid")
        );
        let back = world
            .form("/u/mfa", &[("state", &state), ("code", &code)])
            .await;
        let body = world.exchange(&back.code()).await.json();
        let id = world.claims(&body["id_token"]);
        assert_eq!(
            (&id["https://e.com/after"], &id["amr"]),
            (&json!(true), &json!(["mfa"]))
        );
        // The session remembers the factor.
        world.script(vec![]);
        world.log_in(&[("prompt", "none")]).await;
        let methods = world.last_event()["authentication"]["methods"].clone();
        assert_eq!(
            (&methods[1]["name"], &methods[1]["type"]),
            (&json!("mfa"), &json!("otp"))
        );
    });
}

#[test]
fn who_does_not_pass_is_not_let_in() {
    run(async {
        let mut world = World::new(vec![challenge()]);
        let page = world.authorize(&[]).await;
        let mfa = world.sign_in(&page).await;
        let state = mfa.parameter("state").unwrap();
        let own = std::mem::take(&mut world.cookies);
        assert_eq!(
            world.get(mfa.header("location")).await.status,
            400,
            "another browser sees no code"
        );
        world.cookies = own;
        for _ in 0..4 {
            assert!(
                world
                    .form("/u/mfa", &[("state", &state), ("code", "000")])
                    .await
                    .text
                    .contains("invalid")
            );
        }
        let back = world
            .form("/u/mfa", &[("state", &state), ("code", "000")])
            .await;
        assert_eq!(back.parameter("error").as_deref(), Some("access_denied"));
        assert_eq!(world.refusal(&[("prompt", "none")]).await, "login_required");
    });
}

#[test]
fn the_token_endpoint_asks_for_a_code_too() {
    run(async {
        let mut world = World::new(vec![
            challenge(),
            vec![claim("https://e.com/after", json!(1))],
        ]);
        let password = by_password(&[("scope", "openid")]);
        for forced in [false, true] {
            if forced {
                world.script(vec![vec![claim("https://e.com/after", json!(1))]]);
                world
                    .control(Method::POST, "mfa", json!({"force": true}))
                    .await;
            }
            let answer = world.token(&password).await;
            let body = answer.json();
            assert_eq!(
                (answer.status.as_u16(), &body["error"]),
                (403, &json!("mfa_required"))
            );
            let token = body["mfa_token"].as_str().unwrap().to_owned();
            let kind = world
                .form(
                    "/mfa/challenge",
                    &[
                        ("client_id", WEB),
                        ("client_secret", WEB_SECRET),
                        ("mfa_token", &token),
                    ],
                )
                .await
                .json();
            assert_eq!(kind, json!({"challenge_type": "otp"}));
            let log = world.control(Method::GET, "log", json!({})).await.json();
            let otp = log
                .as_array()
                .unwrap()
                .iter()
                .rev()
                .find(|entry| entry["type"] == "mfa_code")
                .unwrap()["otp"]
                .as_str()
                .unwrap()
                .to_owned();
            let exchange = async |world: &mut World, otp: &str| {
                let fields = [
                    ("grant_type", "http://auth0.com/oauth/grant-type/mfa-otp"),
                    ("client_id", WEB),
                    ("client_secret", WEB_SECRET),
                    ("mfa_token", token.as_str()),
                    ("otp", otp),
                ];
                world.token(&fields).await.json()
            };
            assert_eq!(exchange(&mut world, "x").await["error"], "invalid_grant");
            let body = exchange(&mut world, &otp).await;
            assert_eq!(world.claims(&body["id_token"])["https://e.com/after"], 1);
            assert_eq!(exchange(&mut world, &otp).await["error"], "invalid_grant");
        }
        let page = world.authorize(&[]).await;
        let mfa = world.sign_in(&page).await;
        let state = mfa.parameter("state").unwrap();
        let code = code_on(&world.get(mfa.header("location")).await.text);
        assert!(
            !world
                .form("/u/mfa", &[("state", &state), ("code", &code)])
                .await
                .code()
                .is_empty()
        );
    });
}
