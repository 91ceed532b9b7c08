//! Logins that wait while the server is stopped and started again.

use std::path::PathBuf;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    Answer, Does, SPA, Script, WEB, WEB_SECRET, World, by_password_of, claim, export, run,
};

/// A file for one test, gone when the test ends.
struct Database(PathBuf);

impl Database {
    fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let file = folder.join(format!("{name}-{}.sqlite", std::process::id()));
        Self(file)
    }

    fn world(&self, script: Script, seed: u64) -> World {
        World::stored(export(), script, Some(self.0.clone()), seed)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        for end in ["", "-wal", "-shm", ".lock"] {
            let _ = std::fs::remove_file(format!("{}{end}", self.0.display()));
        }
    }
}

fn redirect(url: &str) -> Does {
    Does::Call("redirect.sendUserTo", json!([url]))
}

fn kept() -> Does {
    claim("https://e.com/kept", json!("yes"))
}

async fn token_of(world: &mut World, back: &Answer) -> Value {
    let code = back.code();
    let body = world.exchange(&code).await.json();
    Value::Object(world.claims(&body["id_token"]))
}

#[test]
fn a_redirect_a_form_and_a_challenge_go_on() {
    run(async {
        let database = Database::new("going-on");
        let script: Script = vec![
            vec![kept(), redirect("https://site.example.com/")],
            vec![Does::Call("prompt.render", json!(["ap_1"]))],
            vec![Does::Call(
                "authentication.challengeWith",
                json!([{"type": "otp"}]),
            )],
        ];
        let mut world = database.world(script.clone(), 1);
        let page = world.authorize(&[]).await;
        let away = world.sign_in(&page).await;
        let state = away.parameter("state").unwrap();

        let restarted = |world: World, seed: u64| {
            let cookies = world.cookies.clone();
            // One server at a time.
            drop(world);
            let mut next = database.world(script.clone(), seed);
            next.cookies = cookies;
            next
        };
        let mut world = restarted(world, 2);
        let form = world.get(&format!("/continue?state={state}")).await;
        let mut world = restarted(world, 3);
        let state = form.parameter("state").unwrap();
        assert!(
            world
                .get(form.location().as_str())
                .await
                .text
                .contains("ap_1")
        );
        let challenge = world
            .form("/u/form", &[("state", &state), ("field.a", "1")])
            .await;
        let mut world = restarted(world, 4);
        let state = challenge.parameter("state").unwrap();
        let page = world.get(challenge.location().as_str()).await;
        let otp = page.text.split("<code id=\"otp\">").nth(1).unwrap();
        let otp = otp.split('<').next().unwrap().to_owned();
        let back = world
            .form("/u/mfa", &[("state", &state), ("code", &otp)])
            .await;
        let claims = token_of(&mut world, &back).await;
        assert_eq!(claims["https://e.com/kept"], "yes");
        // What went on does not wait any more.
        let mut world = restarted(world, 5);
        let again = world.get(&format!("/continue?state={state}")).await;
        assert_eq!(again.status, StatusCode::BAD_REQUEST);
    });
}

#[test]
fn what_ran_before_a_restart_does_not_run_again() {
    run(async {
        let database = Database::new("once");
        let script: Script = vec![
            vec![kept()],
            vec![redirect("https://site.example.com/")],
            vec![claim("https://e.com/last", json!(1))],
        ];
        let mut world = database.world(script.clone(), 1);
        let page = world.authorize(&[]).await;
        let state = world.sign_in(&page).await.parameter("state").unwrap();
        assert_eq!(
            *world.pipeline.ran.lock().unwrap(),
            ["action-0 Execute", "action-1 Execute"]
        );
        let cookies = world.cookies.clone();
        drop(world);
        let mut next = database.world(script, 2);
        next.cookies = cookies;
        let back = next.get(&format!("/continue?state={state}")).await;
        assert_eq!(
            *next.pipeline.ran.lock().unwrap(),
            ["action-1 Continue", "action-2 Execute"]
        );
        let claims = token_of(&mut next, &back).await;
        assert_eq!(claims["https://e.com/kept"], "yes", "it was set before");
        assert_eq!(claims["https://e.com/last"], 1);
    });
}

/// Nothing of a waiting login is in memory, and none gives way to another.
#[test]
fn a_thousand_logins_wait_at_once() {
    const LOGINS: usize = 1_000;
    run(async {
        let script: Script = vec![vec![kept(), redirect("https://site.example.com/")]];
        let database = Database::new("thousand");
        let mut world = database.world(script.clone(), 1);
        let page = world.authorize(&[]).await;
        let mut states = vec![world.sign_in(&page).await.parameter("state").unwrap()];
        for _ in 1..LOGINS {
            // The session is there, so no page asks for a password again.
            let away = world.authorize(&[]).await;
            states.push(away.parameter("state").unwrap());
        }
        let cookies = world.cookies.clone();
        drop(world);
        let mut next = database.world(script, 2);
        next.cookies = cookies;
        for state in states {
            let back = next.get(&format!("/continue?state={state}")).await;
            assert!(!back.code().is_empty());
        }
        let ran = next.pipeline.ran.lock().unwrap();
        assert_eq!(ran.len(), LOGINS, "each continued, and none ran again");
    });
}

#[test]
fn other_actions_do_not_go_on() {
    run(async {
        let database = Database::new("others");
        let mut world = database.world(vec![vec![redirect("https://site.example.com/")]], 1);
        let page = world.authorize(&[]).await;
        let state = world.sign_in(&page).await.parameter("state").unwrap();
        let cookies = world.cookies.clone();
        drop(world);
        let mut next = database.world(vec![vec![kept()]], 2);
        next.cookies = cookies;
        let answer = next.get(&format!("/continue?state={state}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(
            answer.text.contains(
                "`action-0` has changed since this login began. Go back to the application"
            ),
            "{}",
            answer.text
        );
        let silent = next.authorize(&[("prompt", "none")]).await;
        assert!(silent.parameter("code").is_some(), "the session is there");
    });
}

#[test]
fn a_second_factor_at_the_token_endpoint_goes_on() {
    run(async {
        let database = Database::new("factor");
        let script: Script = vec![vec![Does::Call(
            "authentication.challengeWith",
            json!([{"type": "otp"}]),
        )]];
        let mut world = database.world(script.clone(), 1);
        let client = [("client_id", WEB), ("client_secret", WEB_SECRET)];
        let mut fields = vec![
            ("grant_type", "password"),
            ("username", "jane@example.com"),
            ("password", "jane-secret"),
            ("scope", "openid"),
        ];
        fields.extend(client);
        let required = world.token(&fields).await.json();
        let token = required["mfa_token"].as_str().unwrap().to_owned();
        let log = world.log().await;
        let shown = log.iter().rfind(|it| it["type"] == "mfa_code");
        let otp = shown.unwrap()["otp"].clone();
        drop(world);
        let mut world = database.world(script, 2);
        let mut fields = vec![
            ("grant_type", "http://auth0.com/oauth/grant-type/mfa-otp"),
            ("mfa_token", token.as_str()),
            ("otp", otp.as_str().unwrap()),
        ];
        fields.extend(client);
        let body = world.token(&fields).await.json();
        assert_eq!(world.claims(&body["id_token"])["sub"], "auth0|1", "{body}");
        assert_ne!(body["client_id"], SPA);
    });
}

#[test]
fn a_user_of_the_seed_who_was_linked_stays_linked() {
    run(async {
        let database = Database::new("seed");
        let mut world = database.world(vec![], 1);
        let token = world.machine_token(None).await;
        let link = json!({"provider": "auth0", "user_id": "1"});
        let path = "/api/v2/users/auth0%7C2/identities";
        world.json_as(Method::POST, path, &token, link).await;
        drop(world);
        let mut world = database.world(vec![], 2);
        assert_eq!(world.users().await.len(), 1);
    });
}

/// A start: the users file has these users.
fn start(database: &Database, seed: u64, users: Value) -> (World, Vec<String>) {
    World::started(&database.0, seed, users)
}

async fn signs_in(world: &mut World, email: &str, password: &str) -> bool {
    let login = world.token(&by_password_of(email, password, &[])).await;
    login.status == StatusCode::OK
}

#[test]
fn an_edit_of_the_users_file_counts_and_a_deleted_user_stays_deleted() {
    run(async {
        let database = Database::new("users-file");
        let jane = |password: &str, more: Value| {
            let mut jane = json!({"email": "jane@x.com", "password": password, "name": "Jane", "app_metadata": {"plan": "free"}});
            for (key, value) in more.as_object().into_iter().flatten() {
                jane[key] = value.clone();
            }
            jane
        };
        let bob = json!({"user_id": "bob", "email": "bob@x.com", "password": "bob-secret"});
        let users = json!([jane("jane-1", json!({})), bob]);
        let (mut world, warnings) = start(&database, 1, users);
        assert_eq!(warnings, Vec::<String>::new());
        assert!(signs_in(&mut world, "jane@x.com", "jane-1").await);
        let id = world.last_event()["user"]["user_id"].clone();
        let token = world.machine_token(None).await;
        let (status, _) = world
            .api(Method::DELETE, "users/auth0%7Cbob", &token, Value::Null)
            .await;
        assert_eq!(status, 204);
        drop(world);

        // Bob stays away, and Jane is as the file has her now, with what her login counted.
        let edited = jane(
            "jane-2",
            json!({"app_metadata": {"plan": "pro"}, "roles": ["editor"]}),
        );
        let (mut world, warnings) = start(&database, 2, json!([edited, bob]));
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(
            warnings[0].starts_with("1 user of the seed was deleted"),
            "{warnings:?}"
        );
        assert!(!signs_in(&mut world, "bob@x.com", "bob-secret").await);
        assert!(!signs_in(&mut world, "jane@x.com", "jane-1").await);
        assert!(signs_in(&mut world, "jane@x.com", "jane-2").await);
        let event = world.last_event();
        assert_eq!(event["user"]["user_id"], id);
        assert_eq!(event["user"]["app_metadata"]["plan"], "pro");
        assert_eq!(event["stats"]["logins_count"], 2);
        assert_eq!(event["authorization"]["roles"], json!(["editor"]));
        // Another hand.
        let path = format!("users/{}", id.as_str().unwrap().replace('|', "%7C"));
        let token = world.machine_token(None).await;
        let (status, _) = world
            .api(Method::PATCH, &path, &token, json!({"name": "Jane D."}))
            .await;
        assert_eq!(status, 200);
        drop(world);

        let (mut world, warnings) = start(&database, 3, json!([edited]));
        assert_eq!(warnings, Vec::<String>::new(), "the file is as it was");
        assert!(signs_in(&mut world, "jane@x.com", "jane-2").await);
        drop(world);
        let again = jane("jane-3", json!({}));
        let (mut world, warnings) = start(&database, 4, json!([again, bob]));
        assert!(
            warnings[0].contains("so was the stored user"),
            "{warnings:?}"
        );
        assert!(signs_in(&mut world, "jane@x.com", "jane-2").await);
        // A reset takes the file.
        let reset = world.control(Method::POST, "reset", json!({})).await;
        assert!(reset.status.is_success(), "{}", reset.text);
        assert!(signs_in(&mut world, "jane@x.com", "jane-3").await);
        assert!(signs_in(&mut world, "bob@x.com", "bob-secret").await);
    });
}

#[test]
fn an_organization_that_the_users_file_takes_away_is_left() {
    run(async {
        let database = Database::new("users-file-organizations");
        let jane = |organizations: Value| json!([{"user_id": "j", "email": "jane@x.com", "password": "jane-1", "organizations": organizations}]);
        for (seed, organizations, expected) in [
            (1, json!(["acme"]), 1),
            (2, json!([]), 0),
            (3, json!(["acme"]), 1),
        ] {
            let (mut world, warnings) = start(&database, seed, jane(organizations));
            assert_eq!(warnings, Vec::<String>::new());
            let token = world.machine_token(None).await;
            let (_, listed) = world
                .api(
                    Method::GET,
                    "users/auth0%7Cj/organizations",
                    &token,
                    Value::Null,
                )
                .await;
            assert_eq!(listed.as_array().unwrap().len(), expected, "{listed}");
        }
    });
}
