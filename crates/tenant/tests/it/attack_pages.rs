//! The tenant's pages and the ways back to them, with the secrets of another browser, another user or another login.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{API, Answer, CALLBACK, Does, ISSUER, SPA, World, encoded, export, run};

fn third_party() -> World {
    let mut data = export();
    data.clients[0]["is_first_party"] = json!(false);
    data.connections[0]["is_domain_connection"] = json!(true);
    World::with(data, vec![])
}

/// Neither a code nor a way to the application.
#[track_caller]
fn stays(what: &str, answer: &Answer) {
    let location = answer.header("location");
    assert!(answer.status.is_client_error(), "{what}: {}", answer.status);
    assert_eq!(location, "", "{what}");
    assert!(!answer.text.contains("code="), "{what}: {}", answer.text);
}

/// A browser in which nothing was done before does something.
async fn elsewhere(world: &mut World, path: &str, fields: &[(&str, &str)]) -> Answer {
    let own = std::mem::take(&mut world.cookies);
    let answer = match fields {
        [] => world.get(path).await,
        fields => world.form(path, fields).await,
    };
    world.cookies = own;
    answer
}

const READ: [(&str, &str); 2] = [("audience", API), ("scope", "openid read:x")];

#[test]
fn nobody_else_consents() {
    run(async {
        let mut world = third_party();
        let page = world.authorize(&READ).await;
        let asked = world.sign_in(&page).await;
        let state = asked.parameter("state").unwrap();
        let yes = [("state", state.as_str()), ("action", "accept")];
        stays(
            "another browser",
            &elsewhere(&mut world, "/u/consent", &yes).await,
        );
        // A link, an image, a page that was opened before: a GET answers nothing.
        let target = format!("/u/consent?{}", encoded(&yes));
        let shown = world.get(&target).await;
        assert_eq!(
            (shown.status, shown.header("location")),
            (StatusCode::OK, "")
        );
        for wrong in ["", "x", "accept%00", &state[1..]] {
            let answer = world
                .form("/u/consent", &[("state", wrong), ("action", "accept")])
                .await;
            stays(wrong, &answer);
        }
        let silent = [READ[0], READ[1], ("prompt", "none")];
        assert_eq!(world.refusal(&silent).await, "consent_required");
        // Everything but the word is a refusal.
        let odd = [("state", state.as_str()), ("action", "ACCEPT")];
        let back = world.form("/u/consent", &odd).await;
        assert_eq!(back.parameter("error").as_deref(), Some("access_denied"));
        stays("used", &world.form("/u/consent", &yes).await);
    });
}

#[test]
fn a_consent_is_to_what_the_page_showed() {
    run(async {
        let mut world = third_party();
        let page = world.authorize(&READ).await;
        let asked = world.sign_in(&page).await;
        let state = asked.parameter("state").unwrap();
        // Another tab asks for more meanwhile, and so does a changed form.
        let both = [("audience", API), ("scope", "openid read:x write:x")];
        let more = world.authorize(&both).await;
        assert_eq!(more.location().path(), "/u/consent");
        let fields = [
            ("state", state.as_str()),
            ("action", "accept"),
            ("scope", "openid read:x write:x"),
            ("audience", "https://elsewhere.example"),
            ("client_id", "web-client"),
            ("user_id", "auth0|2"),
        ];
        let back = world.form("/u/consent", &fields).await;
        let body = world.exchange(&back.code()).await.json();
        let claims = world.claims(&body["access_token"]);
        assert_eq!(claims["scope"], "openid read:x");
        assert_eq!(
            (&claims["sub"], &claims["azp"]),
            (&json!("auth0|1"), &json!(SPA))
        );
        let silent = [both[0], both[1], ("prompt", "none")];
        assert_eq!(world.refusal(&silent).await, "consent_required");
        // It is the consent of one user: another one in the same browser is asked.
        let page = world
            .authorize(&[READ[0], READ[1], ("prompt", "login")])
            .await;
        let state = page.parameter("state").unwrap();
        let joe = [
            ("state", state.as_str()),
            ("username", "joe@example.com"),
            ("password", "joe-secret"),
        ];
        let asked = world.form("/u/login", &joe).await;
        assert_eq!(asked.location().path(), "/u/consent");
        // A page of hers, from before, gives nothing of his.
        let hers = more.parameter("state").unwrap();
        let yes = [("state", hers.as_str()), ("action", "accept")];
        let back = world.form("/u/consent", &yes).await;
        if back.parameter("code").is_some() {
            let body = world.exchange(&back.code()).await.json();
            assert_eq!(world.claims(&body["access_token"])["sub"], "auth0|1");
        }
    });
}

/// A profile that a provider gives opens no account that is not its own.
#[test]
fn a_provider_signs_its_own_users_in_alone() {
    run(async {
        let mut data = export();
        data.connections.extend([
            json!({"name": "github", "strategy": "github"}),
            json!({"name": "saml", "strategy": "samlp"}),
        ]);
        let mut world = World::with(data, vec![]);
        for connection in ["github", "saml"] {
            for identity in [
                json!({"user_id": "auth0|1", "email": "jane@example.com", "email_verified": true}),
                json!({"user_id": "1", "sub": "auth0|1", "email": "jane@example.com"}),
                json!({"id": "../auth0|1", "identities": [{"provider": "auth0", "user_id": "1", "connection": "Username-Password-Authentication"}]}),
                json!({"id": "x|1", "user_id": "auth0|2", "connection": "Username-Password-Authentication"}),
            ] {
                world.cookies.clear();
                let page = world.authorize(&[("connection", connection)]).await;
                let state = page.parameter("state").unwrap();
                let text = identity.to_string();
                let chosen = [
                    ("state", state.as_str()),
                    ("connection", connection),
                    ("identity", text.as_str()),
                ];
                stays(
                    "another browser",
                    &elsewhere(&mut world, "/u/provider", &chosen).await,
                );
                let back = world.form("/u/provider", &chosen).await;
                let back = world.get(back.location().as_str()).await;
                if back.parameter("code").is_none() {
                    continue;
                }
                let body = world.exchange(&back.code()).await.json();
                let sub = world.claims(&body["id_token"])["sub"].clone();
                let prefix = format!("{connection}|").replace("saml|", "samlp|");
                assert!(
                    sub.as_str().unwrap().starts_with(&prefix),
                    "{sub} {identity}"
                );
            }
        }
        let jane = world.users().await.swap_remove(0);
        assert_eq!(jane["user_id"], "auth0|1");
        assert_eq!(jane["identities"].as_array().unwrap().len(), 1, "{jane}");
    });
}

#[test]
fn a_user_is_picked_where_they_may_sign_in() {
    run(async {
        let mut data = export();
        data.connections
            .push(json!({"name": "github", "strategy": "github"}));
        let mut world = World::with(data, vec![]);
        let token = world.machine_token(None).await;
        let body =
            json!({"name": "others", "strategy": "auth0", "enabled_clients": ["web-client"]});
        let (status, made) = world.api(Method::POST, "connections", &token, body).await;
        assert_eq!(status, 201, "{made}");
        let body = json!({"email": "o@example.com", "password": "A-secret-of-1", "connection": "others", "user_id": "9"});
        assert_eq!(world.api(Method::POST, "users", &token, body).await.0, 201);
        let page = world.authorize(&[("connection", "github")]).await;
        let state = page.parameter("state").unwrap();
        for user_id in ["auth0|1", "auth0|9", "github|nobody", ""] {
            let picked = [
                ("state", state.as_str()),
                ("connection", "github"),
                ("user_id", user_id),
            ];
            stays(user_id, &world.form("/u/provider", &picked).await);
        }
        let page = world.authorize(&[]).await;
        let state = page.parameter("state").unwrap();
        for user_id in ["auth0|9", "auth0|404", ""] {
            let picked = [("state", state.as_str()), ("user_id", user_id)];
            stays(user_id, &world.form("/u/login", &picked).await);
        }
        assert_eq!(world.refusal(&[("prompt", "none")]).await, "login_required");
    });
}

/// The site that an Action redirected to knows the state, and may pass it on.
#[test]
fn only_the_browser_that_was_sent_away_comes_back() {
    run(async {
        let redirect = Does::Call("redirect.sendUserTo", json!(["https://site.example.com/"]));
        let form = Does::Call("prompt.render", json!(["ap_1"]));
        let otp = Does::Call("authentication.challengeWith", json!([{"type": "otp"}]));
        let mut world = World::new(vec![vec![redirect], vec![form], vec![otp]]);
        let page = world.authorize(&[]).await;
        let away = world.sign_in(&page).await;
        assert_eq!(away.location().host_str(), Some("site.example.com"));
        let state = away.parameter("state").unwrap();
        let target = format!("/continue?{}", encoded(&[("state", &state)]));
        let fields = [("state", state.as_str()), ("answer", "forged")];
        stays(
            "another browser",
            &elsewhere(&mut world, &target, &[]).await,
        );
        stays(
            "its form",
            &elsewhere(&mut world, "/continue", &fields).await,
        );
        // A browser of the same tenant with a login of its own is another one, too.
        let own = std::mem::take(&mut world.cookies);
        world.authorize(&[("prompt", "login")]).await;
        stays("a neighbour", &world.get(&target).await);
        world.cookies = own;
        // The state of one kind of page is nothing to another.
        for path in ["/u/form", "/u/mfa", "/u/consent", "/u/login", "/u/provider"] {
            let mixed = [
                ("state", state.as_str()),
                ("action", "accept"),
                ("code", "000000"),
                ("username", "jane@example.com"),
                ("password", "jane-secret"),
            ];
            stays(path, &world.form(path, &mixed).await);
        }
        // And after all this it is still good where it belongs, once.
        let asked = world.get(&target).await;
        assert_eq!(asked.location().path(), "/u/form", "{}", asked.text);
        stays("again", &world.get(&target).await);
        let state = asked.parameter("state").unwrap();
        let filled = [("state", state.as_str()), ("field.a", "1")];
        stays(
            "another browser",
            &elsewhere(&mut world, "/u/form", &filled).await,
        );
        stays(
            "not a redirect",
            &world.get(&format!("/continue?state={state}")).await,
        );
        let challenge = world.form("/u/form", &filled).await;
        assert_eq!(challenge.location().path(), "/u/mfa", "{}", challenge.text);
        stays("again", &world.form("/u/form", &filled).await);
    });
}

/// An invitation to `email`, and the parameters that its link brings.
async fn invitation(world: &mut World, email: &str) -> (String, Vec<(String, String)>) {
    let token = world.machine_token(None).await;
    let (_, acme) = world
        .api(Method::GET, "organizations/name/acme", &token, Value::Null)
        .await;
    let id = acme["id"].as_str().unwrap().to_owned();
    let body = json!({"inviter": {"name": "Jane"}, "invitee": {"email": email}, "client_id": SPA});
    let path = format!("organizations/{id}/invitations");
    let (status, made) = world.api(Method::POST, &path, &token, body).await;
    assert_eq!(status, 200, "{made}");
    let link = url::Url::parse(made["invitation_url"].as_str().unwrap()).unwrap();
    let pairs = link.query_pairs();
    let pairs = pairs.map(|(name, value)| (name.into_owned(), value.into_owned()));
    (id, pairs.collect())
}

#[test]
fn an_invitation_is_of_one_address_one_application_and_one_organization() {
    run(async {
        let mut data = export();
        for client in &mut data.clients[..2] {
            client["organization_usage"] = json!("allow");
            client["initiate_login_uri"] = json!("https://app.example/login");
        }
        data.organizations
            .push(json!({"name": "other", "display_name": "Other"}));
        let mut world = World::with(data, vec![]);
        let token = world.machine_token(None).await;
        let (id, link) = invitation(&mut world, "new@example.com").await;
        // Another account consumes an invitation: these two are for that.
        let (_, lost) = invitation(&mut world, "lost@example.com").await;
        let (_, signed_up) = invitation(&mut world, "two@example.com").await;
        let (_, other) = world
            .api(Method::GET, "organizations/name/other", &token, Value::Null)
            .await;
        let other = other["id"].as_str().unwrap().to_owned();
        let [link, lost, signed_up] = [&link, &lost, &signed_up].map(|link| {
            let pairs = link.iter();
            let pairs = pairs.map(|(name, value)| (name.as_str(), value.as_str()));
            pairs.collect::<Vec<(&str, &str)>>()
        });
        let ticket = link
            .iter()
            .find(|(name, _)| *name == "invitation")
            .unwrap()
            .1;
        // Joe has the link, and an account with another address: as it is, for another organization, by another application.
        let organization = ("organization", other.as_str());
        for more in [
            lost,
            vec![("invitation", ticket), organization],
            [&link[..], &[("client_id", "web-client")]].concat(),
            vec![("invitation", &ticket[1..]), ("organization", id.as_str())],
        ] {
            world.cookies.clear();
            let page = world.authorize(&more).await;
            let Some(state) = page
                .parameter("state")
                .filter(|_| page.location().as_str().starts_with(ISSUER))
            else {
                assert!(page.parameter("code").is_none(), "{more:?}");
                continue;
            };
            let joe = [
                ("state", state.as_str()),
                ("username", "joe@example.com"),
                ("password", "joe-secret"),
            ];
            let back = world.form("/u/login", &joe).await;
            assert!(back.parameter("code").is_none(), "{more:?}");
            assert!(back.parameter("error").is_some(), "{more:?}: {}", back.text);
        }
        // He cannot change the address of the page when he signs up either.
        world.cookies.clear();
        let page = world.authorize(&signed_up).await;
        let state = page.parameter("state").unwrap();
        let fields = [
            ("state", state.as_str()),
            ("email", "joe.two@example.com"),
            ("password", "A-secret-of-1"),
        ];
        let back = world.form("/u/signup", &fields).await;
        assert!(back.parameter("code").is_none(), "{}", back.text);
        for id in [&id, &other] {
            let path = format!("organizations/{id}/members");
            let (_, members) = world.api(Method::GET, &path, &token, Value::Null).await;
            let ids: Vec<&Value> = members.as_array().unwrap().iter().collect();
            let strange = ids.iter().find(|it| it["email"] != "jane@example.com");
            assert!(strange.is_none(), "{members}");
        }
        // It has not been used up by any of this: who was invited comes in.
        world.cookies.clear();
        let page = world.authorize(&link).await;
        let state = page.parameter("state").unwrap();
        let fields = [
            ("state", state.as_str()),
            ("email", "new@example.com"),
            ("password", "A-secret-of-1"),
        ];
        let back = world.form("/u/signup", &fields).await;
        assert!(
            back.header("location").starts_with(CALLBACK),
            "{}",
            back.text
        );
        let body = world.exchange(&back.code()).await.json();
        assert_eq!(world.claims(&body["id_token"])["org_id"], id);
    });
}
