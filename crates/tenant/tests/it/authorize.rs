//! `/authorize`: what comes back to the application, and what never does.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{API, CALLBACK, Does, ISSUER, SPA, WEB, World, claim, encoded, export, run};

#[test]
fn a_code_with_pkce_becomes_tokens_with_the_actions_claims() {
    run(async {
        let mut world = World::new(vec![vec![
            claim("https://example.com/hobby", json!("surfing")),
            Does::Call(
                "accessToken.setCustomClaim",
                json!(["https://example.com/plan", "pro"]),
            ),
            Does::Call("user.setUserMetadata", json!(["visits", 1])),
        ]]);
        let body = world
            .log_in(&[
                ("audience", API),
                ("scope", "openid profile email read:x admin:x"),
            ])
            .await;
        let id = world.claims(&body["id_token"]);
        assert_eq!(id["iss"], ISSUER);
        assert_eq!(
            (&id["aud"], &id["nonce"], &id["sub"]),
            (&json!(SPA), &json!("no"), &json!("auth0|1"))
        );
        assert_eq!(id["https://example.com/hobby"], "surfing");
        assert!(id.contains_key("at_hash") && id["email"] == "jane@example.com");
        let access = world.claims(&body["access_token"]);
        assert_eq!(access["aud"], json!([API, format!("{ISSUER}userinfo")]));
        // A scope that the API does not define is not granted.
        assert_eq!(
            (&access["scope"], &body["scope"]),
            (
                &json!("openid profile email read:x"),
                &json!("openid profile email read:x")
            )
        );
        assert_eq!(access["https://example.com/plan"], "pro");

        let userinfo = world
            .get_as("/userinfo", body["access_token"].as_str().unwrap())
            .await
            .json();
        assert_eq!(userinfo["https://example.com/hobby"], "surfing");
        assert_eq!(
            (&userinfo["sub"], &userinfo["email"]),
            (&json!("auth0|1"), &json!("jane@example.com"))
        );
        assert!(userinfo.get("user_metadata").is_none());

        let token = world.machine_token(None).await;
        let stored = world.get_as("/api/v2/users/auth0%7C1", &token).await.json();
        assert_eq!(
            stored["user_metadata"],
            json!({"hobby": "surfing", "lang": "de", "visits": 1})
        );
        let event = world.last_event();
        assert_eq!(event["client"]["metadata"], json!({"tier": "gold"}));
        assert_eq!(event["transaction"]["protocol"], "oidc-basic-profile");
        assert_eq!(
            (
                &event["authorization"]["roles"],
                &event["stats"]["logins_count"]
            ),
            (&json!(["editor"]), &json!(1))
        );
        assert_eq!(event["authentication"]["methods"][0]["name"], "pwd");
    });
}

#[test]
fn other_response_types_and_modes_answer_as_they_should() {
    run(async {
        let mut world = World::new(vec![]);
        let page = world
            .authorize(&[("response_type", "id_token token"), ("audience", API)])
            .await;
        let back = world.sign_in(&page).await;
        assert!(
            back.header("location").starts_with(&format!("{CALLBACK}#")),
            "{}",
            back.header("location")
        );
        assert_eq!(
            (
                back.parameter("state").as_deref(),
                back.parameter("token_type").as_deref()
            ),
            (Some("st"), Some("Bearer"))
        );
        let id = world.claims(&json!(back.parameter("id_token")));
        assert!(id.contains_key("at_hash") && !id.contains_key("c_hash"));

        let back = world.authorize(&[("response_type", "code id_token")]).await;
        let id = world.claims(&json!(back.parameter("id_token")));
        assert!(id.contains_key("c_hash") && !id.contains_key("at_hash"));
        assert_eq!(world.exchange(&back.code()).await.status, StatusCode::OK);

        let back = world
            .authorize(&[
                ("response_mode", "form_post"),
                ("state", "\"><script>x</script>"),
            ])
            .await;
        assert_eq!(back.status, StatusCode::OK);
        assert!(
            back.text.contains("name=\"code\"")
                && back.text.contains(CALLBACK)
                && !back.text.contains("<script>x"),
            "{}",
            back.text
        );

        let back = world
            .authorize(&[
                ("response_mode", "web_message"),
                ("prompt", "none"),
                ("state", "</script>"),
            ])
            .await;
        assert!(
            back.text.contains("\"http://localhost:5000\"")
                && back.text.contains("authorization_response"),
            "{}",
            back.text
        );
        assert_eq!(back.text.matches("</script>").count(), 1);
    });
}

#[test]
fn nobody_is_sent_where_the_application_did_not_say() {
    run(async {
        let mut world = World::new(vec![]);
        for (name, value, status) in [
            ("redirect_uri", "http://localhost:5000/callback/", 403),
            ("redirect_uri", "http://localhost:5000/callback?x=1", 403),
            (
                "redirect_uri",
                "http://localhost:5000.evil.com/callback",
                403,
            ),
            ("redirect_uri", "https://evil.com", 403),
            ("redirect_uri", "javascript:alert(1)", 403),
            ("client_id", "<b>nobody</b>", 400),
        ] {
            let answer = world.authorize(&[(name, value)]).await;
            assert_eq!(answer.status.as_u16(), status, "{value}");
            assert_eq!(answer.header("location"), "", "{value}");
            assert!(!answer.text.contains("<b>nobody"), "{}", answer.text);
        }
        let twice = format!(
            "/authorize?{}&client_id={WEB}",
            encoded(&[("client_id", SPA), ("response_type", "code")])
        );
        assert_eq!(world.get(&twice).await.status, StatusCode::BAD_REQUEST);
    });
}

#[test]
fn wrong_requests_come_back_as_errors() {
    run(async {
        let mut world = World::new(vec![]);
        for (more, error) in [
            (vec![("response_type", "")], "invalid_request"),
            (
                vec![("response_type", "magic")],
                "unsupported_response_type",
            ),
            (
                vec![("response_type", "id_token"), ("nonce", "")],
                "invalid_request",
            ),
            (vec![("response_mode", "carrier_pigeon")], "invalid_request"),
            (vec![("code_challenge", "short")], "invalid_request"),
            (vec![("code_challenge_method", "S512")], "invalid_request"),
            (vec![("prompt", "none login")], "invalid_request"),
            (vec![("max_age", "-1")], "invalid_request"),
            (
                vec![("audience", "https://nobody.example.com")],
                "access_denied",
            ),
            (vec![("organization", "nobody")], "invalid_request"),
            (vec![("connection", "nobody")], "invalid_request"),
            (vec![("request", "eyJ")], "request_not_supported"),
            (vec![("prompt", "none")], "login_required"),
        ] {
            let answer = world.authorize(&more).await;
            assert_eq!(answer.status, StatusCode::FOUND, "{more:?}");
            assert_eq!(
                answer.parameter("error").as_deref(),
                Some(error),
                "{more:?}"
            );
            assert_eq!(answer.parameter("state").as_deref(), Some("st"), "{more:?}");
            assert!(answer.header("location").starts_with(CALLBACK), "{more:?}");
        }
    });
}

#[test]
fn deny_throw_and_redirect_come_out_as_documented() {
    run(async {
        let mut world = World::new(vec![]);
        let check = |error: &'static str, description: &'static str| {
            (Some(error.to_owned()), Some(description.to_owned()))
        };
        for (does, expected) in [
            (
                Does::Call("access.deny", json!(["Not today"])),
                check("access_denied", "Not today"),
            ),
            (Does::Throw("it broke"), check("access_denied", "it broke")),
        ] {
            world.script(vec![vec![does]]);
            let page = world.authorize(&[("prompt", "login")]).await;
            let back = world.sign_in(&page).await;
            assert_eq!(
                (back.parameter("error"), back.parameter("error_description")),
                expected
            );
        }
        world.script(vec![vec![
            Does::Call(
                "redirect.sendUserTo",
                json!(["https://site.example.com/form?x=1"]),
            ),
            claim("https://e.com/a", json!(1)),
        ]]);
        let silent = world.authorize(&[("prompt", "none")]).await;
        assert_eq!(
            silent.parameter("error").as_deref(),
            Some("interaction_required")
        );
        let away = world.authorize(&[]).await;
        assert!(
            away.header("location")
                .starts_with("https://site.example.com/form?x=1&state=")
        );
        let state = away.parameter("state").unwrap();
        let wrong = world.get("/continue?state=wrong").await;
        assert_eq!(
            (wrong.status, wrong.header("location")),
            (StatusCode::BAD_REQUEST, "")
        );
        let back = world.get(&format!("/continue?state={state}")).await;
        let body = world.exchange(&back.code()).await.json();
        assert_eq!(world.claims(&body["id_token"])["https://e.com/a"], 1);
        // The same way back does not lead in twice.
        assert_eq!(
            world.get(&format!("/continue?state={state}")).await.status,
            StatusCode::BAD_REQUEST
        );
    });
}

#[test]
fn a_form_is_filled_in_on_a_page() {
    run(async {
        let mut world = World::new(vec![vec![Does::Call(
            "prompt.render",
            json!(["ap_abc", {"fields": {"color": "<red>"}}]),
        )]]);
        let page = world.authorize(&[]).await;
        let form = world.sign_in(&page).await;
        let state = form.parameter("state").unwrap();
        let shown = world.get(form.header("location")).await;
        assert!(
            shown.text.contains("&lt;red&gt;") && shown.text.contains("field.color"),
            "{}",
            shown.text
        );
        let back = world
            .form("/u/form", &[("state", &state), ("field.color", "blue")])
            .await;
        assert!(!back.code().is_empty());
    });
}

#[test]
fn an_organization_is_for_its_members() {
    run(async {
        let mut world = World::new(vec![]);
        let body = world.log_in(&[("organization", "acme")]).await;
        let id = world.claims(&body["id_token"]);
        assert!(id["org_id"].as_str().unwrap().starts_with("org_"));
        let page = world
            .authorize(&[("organization", "acme"), ("prompt", "login")])
            .await;
        let state = page.parameter("state").unwrap();
        let back = world
            .form("/u/login", &[("state", &state), ("user_id", "auth0|2")])
            .await;
        assert_eq!(back.parameter("error").as_deref(), Some("access_denied"));
    });
}

/// "List of allowed origins for use with Cross-Origin Authentication, Device Flow, and web message response mode": without the entry, a
/// single-page application loses its user at a reload.
#[test]
fn a_message_goes_to_an_allowed_web_origin_alone() {
    run(async {
        for (origins, expected) in [
            (json!(["http://localhost:5000"]), 200),
            (json!(["http://localhost:5000/"]), 200),
            (json!(["http://localhost:4999"]), 403),
            (json!([]), 403),
            (Value::Null, 403),
        ] {
            let mut data = export();
            data.clients[0]["web_origins"] = origins.clone();
            let mut world = World::with(data, vec![]);
            let asked = [("response_mode", "web_message"), ("prompt", "none")];
            let answer = world.authorize(&asked).await;
            assert_eq!(answer.status.as_u16(), expected, "{origins}");
            assert_eq!(
                answer.text.contains("authorization_response"),
                expected == 200
            );
            if expected == 403 {
                assert!(
                    answer.text.contains("http://localhost:5000"),
                    "{}",
                    answer.text
                );
            }
        }
    });
}
