//! Applications that require an organization: who names none is asked, refused, or signed in to the only one.

use axum::http::Method;
use serde_json::json;

use crate::support::{Answer, CALLBACK, World, by_password, export, run};

const ORGANIZATION: &str = "/u/organization";

/// The SPA requires an organization; Jane is a member of acme, and of beta if `both`.
async fn world(behavior: &str, both: bool) -> World {
    let mut data = export();
    for client in &mut data.clients[..2] {
        client["organization_usage"] = json!("require");
        client["organization_require_behavior"] = json!(behavior);
    }
    let connections = json!([{"name": "Username-Password-Authentication"}]);
    data.organizations.extend([
        json!({"id": "org_beta", "name": "beta", "display_name": "Beta Inc", "connections": connections}),
        json!({"id": "org_gamma", "name": "gamma", "connections": connections}),
    ]);
    let mut world = World::with(data, vec![]);
    if both {
        let token = world.machine_token(None).await;
        let members = json!({"members": ["auth0|1"]});
        let path = "organizations/org_beta/members";
        let (status, _) = world.api(Method::POST, path, &token, members).await;
        assert_eq!(status, 204);
    }
    world
}

fn is_page(answer: &Answer, path: &str) -> bool {
    answer.location().path() == path
}

async fn answer(world: &mut World, page: &Answer, organization: &str) -> Answer {
    let state = page.parameter("state").unwrap();
    let fields = [("state", state.as_str()), ("organization", organization)];
    world.form(ORGANIZATION, &fields).await
}

async fn sign_in_as_joe(world: &mut World, page: &Answer) -> Answer {
    let state = page.parameter("state").unwrap();
    let fields = [
        ("state", state.as_str()),
        ("username", "joe@example.com"),
        ("password", "joe-secret"),
    ];
    world.form("/u/login", &fields).await
}

#[test]
fn before_the_login_the_name_is_asked_for() {
    run(async {
        let mut world = world("pre_login_prompt", false).await;
        let page = world.authorize(&[]).await;
        assert!(is_page(&page, ORGANIZATION), "{}", page.location());
        let shown = world.get(page.header("location")).await;
        assert!(shown.text.contains("Enter Your Organization"));
        let wrong = answer(&mut world, &page, "<b>nope").await;
        assert_eq!(wrong.status.as_u16(), 400);
        assert!(wrong.text.contains("could not be found") && !wrong.text.contains("<b>nope"));
        // As people type it.
        let login = answer(&mut world, &page, " Acme ").await;
        assert!(is_page(&login, "/u/login"), "{}", login.location());
        let back = world.sign_in(&login).await;
        back.code();
        assert_eq!(world.last_event()["organization"]["name"], "acme");
        // Who is signed in is asked for the organization all the same.
        let page = world.authorize(&[]).await;
        assert!(is_page(&page, ORGANIZATION), "{}", page.location());
        answer(&mut world, &page, "acme").await.code();
        // And refused where the answer is an organization of others.
        let page = world.authorize(&[]).await;
        let back = answer(&mut world, &page, "beta").await;
        assert_eq!(back.parameter("error").as_deref(), Some("access_denied"));
        let silent = world.authorize(&[("prompt", "none")]).await;
        assert_eq!(
            silent.parameter("error").as_deref(),
            Some("interaction_required")
        );
    });
}

#[test]
fn after_the_login_the_users_own_are_offered() {
    run(async {
        let mut world = world("post_login_prompt", true).await;
        let login = world.authorize(&[]).await;
        let page = world.sign_in(&login).await;
        assert!(is_page(&page, ORGANIZATION), "{}", page.location());
        let shown = world.get(page.header("location")).await;
        assert!(shown.text.contains("Acme") && shown.text.contains("Beta Inc"));
        assert!(!shown.text.contains("gamma"));
        assert!(world.pipeline.events.lock().unwrap().is_empty());
        for other in ["org_gamma", "beta", ""] {
            let wrong = answer(&mut world, &page, other).await;
            assert_eq!(wrong.status.as_u16(), 400, "{other}");
        }
        let back = answer(&mut world, &page, "org_beta").await;
        let tokens = world.exchange(&back.code()).await.json();
        assert_eq!(world.last_event()["organization"]["id"], "org_beta");
        assert!(tokens["id_token"].is_string());
        // The page is used up.
        let again = answer(&mut world, &page, "org_beta").await;
        assert_eq!(again.status.as_u16(), 400);
    });
}

#[test]
fn the_only_organization_is_taken_and_none_is_a_refusal() {
    run(async {
        let mut world = world("post_login_prompt", false).await;
        let login = world.authorize(&[]).await;
        world.sign_in(&login).await.code();
        assert_eq!(world.last_event()["organization"]["name"], "acme");
        world.authorize(&[("prompt", "none")]).await.code();
        let login = world.authorize(&[("prompt", "login")]).await;
        let back = sign_in_as_joe(&mut world, &login).await;
        assert_eq!(back.parameter("error").as_deref(), Some("access_denied"));
        let description = back.parameter("error_description").unwrap();
        assert!(description.contains("does not belong to any organization"));
    });
}

#[test]
fn the_page_belongs_to_the_browser_and_to_the_session() {
    run(async {
        let mut world = world("post_login_prompt", true).await;
        let login = world.authorize(&[]).await;
        let page = world.sign_in(&login).await;
        let cookies = world.cookies.clone();
        world.cookies.clear();
        let stolen = answer(&mut world, &page, "org_beta").await;
        assert_eq!(stolen.status.as_u16(), 400);
        world.cookies = cookies;
        // Another user signs in meanwhile: the page is none of theirs.
        let login = world.authorize(&[("prompt", "login")]).await;
        sign_in_as_joe(&mut world, &login).await;
        let refused = answer(&mut world, &page, "org_beta").await;
        assert_eq!(refused.status.as_u16(), 400, "{}", refused.text);
        let cancelled = world.authorize(&[("prompt", "login")]).await;
        let page = world.sign_in(&cancelled).await;
        let state = page.parameter("state").unwrap();
        let fields = [("state", state.as_str()), ("action", "cancel")];
        let back = world.form(ORGANIZATION, &fields).await;
        assert!(back.header("location").starts_with(CALLBACK));
        assert_eq!(back.parameter("error").as_deref(), Some("access_denied"));
    });
}

#[test]
fn a_grant_without_a_browser_needs_the_parameter() {
    run(async {
        for behavior in ["no_prompt", "pre_login_prompt", "post_login_prompt"] {
            let mut world = world(behavior, false).await;
            let mut fields = by_password(&[]);
            let refused = world.token(&fields).await.json();
            assert_eq!(refused["error"], "invalid_request");
            assert_eq!(
                refused["error_description"],
                "parameter organization is required for this client"
            );
            fields.push(("organization", "acme"));
            assert_eq!(world.token(&fields).await.status.as_u16(), 200);
        }
        let mut world = world("no_prompt", false).await;
        let refused = world.authorize(&[]).await;
        assert_eq!(
            refused.parameter("error").as_deref(),
            Some("invalid_request")
        );
    });
}

#[test]
fn a_name_counts_where_the_tenant_allows_names() {
    run(async {
        let mut data = export();
        data.organizations[0]["id"] = json!("org_acme");
        data.settings.insert(
            "allow_organization_name_in_authentication_api".into(),
            json!(false),
        );
        let mut world = World::with(data, vec![]);
        let said = |answer: &Answer| answer.parameter("error_description").unwrap_or_default();
        let by_name = world.authorize(&[("organization", "acme")]).await;
        assert_eq!(
            said(&by_name),
            "authorization request parameter organization must be an organization id"
        );
        let unknown = world.authorize(&[("organization", "org_nope")]).await;
        assert_eq!(said(&unknown), "parameter organization is invalid");
        world.log_in(&[("organization", "org_acme")]).await;
        assert_eq!(world.last_event()["organization"]["id"], "org_acme");
        let grant = by_password(&[("organization", "acme")]);
        assert_eq!(world.token(&grant).await.json()["error"], "invalid_request");
    });
}
