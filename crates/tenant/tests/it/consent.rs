//! Third-party applications ask their users first.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::support::{API, Answer, World, export, run};

fn world() -> World {
    let mut data = export();
    data.clients[0]["is_first_party"] = json!(false);
    data.connections[0]["is_domain_connection"] = json!(true);
    data.resource_servers[0]["scopes"] =
        json!([{"value": "read:x", "description": "Read your <x>"}, {"value": "write:x"}]);
    World::with(data, vec![])
}

/// Answers the consent page that a redirect leads to.
async fn answer(world: &mut World, page: &Answer, action: &str) -> Answer {
    assert_eq!(
        page.location().path(),
        "/u/consent",
        "{}",
        page.header("location")
    );
    let state = page.parameter("state").unwrap();
    world
        .form("/u/consent", &[("state", &state), ("action", action)])
        .await
}

#[test]
fn a_third_party_application_asks_once_for_each_scope() {
    run(async {
        let mut world = world();
        let read = [("audience", API), ("scope", "openid read:x")];
        let both = [("audience", API), ("scope", "openid read:x write:x")];
        let page = world.authorize(&read).await;
        let asked = world.sign_in(&page).await;
        let shown = world.get(asked.header("location")).await.text;
        assert!(
            shown.contains("Read your &lt;x&gt;") && !shown.contains("write:x"),
            "{shown}"
        );
        // Nothing is silent before that.
        let silent = world
            .authorize(&[read[0], read[1], ("prompt", "none")])
            .await;
        assert_eq!(
            silent.parameter("error").as_deref(),
            Some("consent_required")
        );
        let back = answer(&mut world, &asked, "accept").await;
        let tokens = world.exchange(&back.code()).await;
        assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.text);
        // It is used up, and remembered.
        assert_eq!(
            answer(&mut world, &asked, "accept").await.status,
            StatusCode::BAD_REQUEST
        );
        let silent = world
            .authorize(&[read[0], read[1], ("prompt", "none")])
            .await;
        assert!(
            silent.parameter("code").is_some(),
            "{}",
            silent.header("location")
        );
        // More is asked for again; less, and the same, is not.
        let more = world.authorize(&both).await;
        let denied = answer(&mut world, &more, "decline").await;
        assert_eq!(denied.parameter("error").as_deref(), Some("access_denied"));
        assert_eq!(
            denied.parameter("error_description").as_deref(),
            Some("User did not authorize the request")
        );
        let more = world.authorize(&both).await;
        answer(&mut world, &more, "accept").await.code();
        world.authorize(&read).await.code();
        world.authorize(&both).await.code();
        let again = world
            .authorize(&[read[0], read[1], ("prompt", "consent")])
            .await;
        answer(&mut world, &again, "accept").await.code();
    });
}

#[test]
fn a_page_of_a_known_user_cannot_be_skipped() {
    run(async {
        let mut world = world();
        world
            .control(Method::PUT, "mfa", json!({"force": true}))
            .await;
        let page = world.authorize(&[]).await;
        let asked = world.sign_in(&page).await;
        assert_eq!(asked.location().path(), "/u/mfa");
        let state = asked.parameter("state").unwrap();
        // The consent does not come before the code, and signing in anew skips neither.
        let early = world
            .form("/u/consent", &[("state", &state), ("action", "accept")])
            .await;
        assert_eq!(
            (early.status, early.header("location")),
            (StatusCode::BAD_REQUEST, "")
        );
        let again = world.sign_in(&asked).await;
        assert_eq!(
            (again.status, again.header("location")),
            (StatusCode::BAD_REQUEST, "")
        );
        let shown = world.get(asked.header("location")).await.text;
        let (_, code) = shown.split_once("id=\"otp\">").unwrap();
        let code = code.split('<').next().unwrap().to_owned();
        let next = world
            .form("/u/mfa", &[("state", &state), ("code", &code)])
            .await;
        assert_eq!(next.location().path(), "/u/consent");
        // Another browser has neither page.
        let own = std::mem::take(&mut world.cookies);
        let foreign = answer(&mut world, &next, "accept").await;
        assert_eq!(
            (foreign.status, foreign.header("location")),
            (StatusCode::BAD_REQUEST, "")
        );
        world.cookies = own;
        answer(&mut world, &next, "accept").await.code();
    });
}
