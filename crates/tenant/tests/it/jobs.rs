//! Imports and exports of users.

use std::io::Read as _;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::support::{World, by_password, by_password_of, run};

const POST: Method = Method::POST;
const GET: Method = Method::GET;

fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut body = String::new();
    for (name, content) in fields {
        let file = if *name == "users" {
            "; filename=\"users.json\"\r\nContent-Type: application/json"
        } else {
            ""
        };
        body.push_str(&format!(
            "--B\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n"
        ));
    }
    body.push_str("--B--\r\n");
    body.into()
}

async fn send(world: &mut World, token: &str, body: Vec<u8>) -> (u16, Value) {
    let token = format!("Bearer {token}");
    let headers = [
        ("content-type", "multipart/form-data; boundary=B"),
        ("authorization", token.as_str()),
    ];
    let answer = world
        .send(POST, "/api/v2/jobs/users-imports", &headers, body)
        .await;
    (answer.status.as_u16(), answer.json())
}

async fn connection(world: &mut World, token: &str) -> String {
    let (_, connections) = world
        .api(GET, "connections?strategy=auth0", token, Value::Null)
        .await;
    connections[0]["id"].as_str().unwrap().to_owned()
}

/// The job when it is done.
async fn done(world: &mut World, token: &str, id: &str) -> Value {
    for _ in 0..1_000 {
        let (status, job) = world
            .api(GET, &format!("jobs/{id}"), token, Value::Null)
            .await;
        assert_eq!(status, 200, "{job}");
        if job["status"] != "pending" {
            return job;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("the job {id} does not end");
}

async fn imported(world: &mut World, token: &str, users: &Value, upsert: &str) -> (Value, Value) {
    let connection = connection(world, token).await;
    let users = users.to_string();
    let body = form(&[
        ("users", &users),
        ("connection_id", &connection),
        ("upsert", upsert),
        ("external_id", "mine"),
    ]);
    let (status, job) = send(world, token, body).await;
    assert_eq!(
        (status, &job["status"], &job["type"]),
        (202, &json!("pending"), &json!("users_import")),
        "{job}"
    );
    let id = job["id"].as_str().unwrap();
    let job = done(world, token, id).await;
    assert_eq!(job["external_id"], "mine");
    let (_, errors) = world
        .api(GET, &format!("jobs/{id}/errors"), token, Value::Null)
        .await;
    (job["summary"].clone(), errors)
}

#[test]
fn an_import_makes_users_who_can_sign_in() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        // SHA-256 of `imported-secret`.
        let users = json!([
            {"email": "Ann@example.com", "user_id": "a1", "custom_password_hash": {"algorithm": "sha256", "hash": {"value": "5e7dd59f16c9d006efa9ecc9072bc1760af2f7678d0003ddbbd638e518c9b14b", "encoding": "hex"}}, "app_metadata": {"plan": "pro"}},
            {"email": "bob@example.com", "email_verified": true, "user_metadata": {"lang": "fr"}},
        ]);
        let (summary, errors) = imported(&mut world, &token, &users, "false").await;
        assert_eq!(
            summary,
            json!({"failed": 0, "updated": 0, "inserted": 2, "total": 2})
        );
        assert_eq!(errors, Value::Null);
        let (_, ann) = world
            .api(GET, "users/auth0%7Ca1", &token, Value::Null)
            .await;
        assert_eq!(
            (&ann["email"], &ann["app_metadata"]["plan"]),
            (&json!("ann@example.com"), &json!("pro"))
        );
        assert_eq!(
            ann["identities"][0]["connection"],
            "Username-Password-Authentication"
        );
        assert!(!ann.to_string().contains("custom_password_hash"), "{ann}");
        let fields = by_password_of("ann@example.com", "imported-secret", &[]);
        let answer = world.token(&fields).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    });
}

#[test]
fn each_user_who_is_refused_has_errors_and_the_others_are_stored() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let users = json!([
            {"email": "new@example.com"},
            {"email": "NEW@example.com"},
            {"email": "jane@example.com", "name": "Other", "user_metadata": {"hobby": "chess"}},
            {"email": "no"},
            {"email": "x@example.com", "pasword": "p", "password_hash": "secret-hash"},
            5,
        ]);
        let (summary, errors) = imported(&mut world, &token, &users, "false").await;
        assert_eq!(
            summary,
            json!({"failed": 5, "updated": 0, "inserted": 1, "total": 6})
        );
        let codes: Vec<&Value> = errors
            .as_array()
            .unwrap()
            .iter()
            .map(|it| &it["errors"][0]["code"])
            .collect();
        assert_eq!(
            codes,
            [
                "DUPLICATED_USER",
                "CONFLICT_EMAIL",
                "INVALID_FORMAT",
                "OBJECT_ADDITIONAL_PROPERTIES",
                "INVALID_TYPE"
            ]
        );
        assert!(!errors.to_string().contains("secret-hash"), "{errors}");

        // With upsert, the user who is there is brought up to date.
        let (summary, errors) = imported(&mut world, &token, &users, "true").await;
        assert_eq!(
            summary,
            json!({"failed": 4, "updated": 2, "inserted": 0, "total": 6}),
            "{errors}"
        );
        let (_, jane) = world.api(GET, "users/auth0%7C1", &token, Value::Null).await;
        assert_eq!(
            (&jane["name"], &jane["user_metadata"]),
            (&json!("Other"), &json!({"hobby": "chess", "lang": "de"}))
        );
        let answer = world.token(&by_password(&[])).await;
        assert_eq!(answer.status, 200, "the password stays: {}", answer.text);
    });
}

#[test]
fn a_wrong_import_is_refused() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let id = connection(&mut world, &token).await;
        let id = id.as_str();
        let large = format!(
            "[{{\"email\": \"a@example.com\", \"name\": \"{}\"}}]",
            "x".repeat(500_000)
        );
        for (fields, status) in [
            (vec![("connection_id", id)], 400),
            (vec![("users", "[]")], 400),
            (vec![("users", "[]"), ("connection_id", "con_nope")], 404),
            (
                vec![
                    ("users", "[]"),
                    ("connection_id", id),
                    ("upsert", "perhaps"),
                ],
                400,
            ),
            (
                vec![("users", "[]"), ("connection_id", id), ("what", "x")],
                400,
            ),
            (vec![("users", large.as_str()), ("connection_id", id)], 413),
        ] {
            let (found, refused) = send(&mut world, &token, form(&fields)).await;
            assert_eq!(found, status, "{refused}");
            assert_eq!(refused["statusCode"], status);
        }
        assert_eq!(send(&mut world, &token, b"no form".to_vec()).await.0, 400);
        let (status, _) = world
            .api(POST, "jobs/users-imports", &token, json!({"users": []}))
            .await;
        assert_eq!(status, 400);
        // What is no list fails the job.
        let (status, job) = send(
            &mut world,
            &token,
            form(&[("users", "{\"email\""), ("connection_id", id)]),
        )
        .await;
        assert_eq!(status, 202);
        let path = format!("jobs/{}", job["id"].as_str().unwrap());
        let (_, failed) = world.api(GET, &path, &token, Value::Null).await;
        assert_eq!(failed["status"], "failed", "{failed}");
        assert!(
            failed["status_details"]
                .as_str()
                .unwrap()
                .contains("valid JSON"),
            "{failed}"
        );
        assert_eq!(
            world.api(GET, "jobs/job_nope", &token, Value::Null).await.0,
            404
        );
        let little = world.machine_token(Some("read:roles")).await;
        assert_eq!(
            send(
                &mut world,
                &little,
                form(&[("users", "[]"), ("connection_id", id)])
            )
            .await
            .0,
            403
        );
        assert_eq!(world.api(GET, &path, &little, Value::Null).await.0, 403);
    });
}

/// The text of an export, unpacked.
async fn downloaded(world: &mut World, location: &str) -> String {
    let path = location.strip_prefix(crate::support::ISSUER).unwrap();
    let request = Request::builder()
        .uri(format!("/{path}"))
        .body(Body::empty())
        .unwrap();
    let answer = world.router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/gzip");
    let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*bytes)
        .read_to_string(&mut text)
        .unwrap();
    text
}

async fn exported(world: &mut World, token: &str, body: Value) -> String {
    let (status, job) = world.api(POST, "jobs/users-exports", token, body).await;
    assert_eq!((status, &job["status"]), (200, &json!("pending")), "{job}");
    assert!(job.get("location").is_none(), "{job}");
    let job = done(world, token, job["id"].as_str().unwrap()).await;
    downloaded(world, job["location"].as_str().unwrap()).await
}

#[test]
fn an_export_has_the_asked_for_columns() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let fields = json!([
            {"name": "user_id", "export_as": "id"}, {"name": "user_metadata.hobby"}, {"name": "identities[0].connection", "export_as": "db"},
        ]);
        let text = exported(
            &mut world,
            &token,
            json!({"format": "json", "fields": fields}),
        )
        .await;
        assert_eq!(
            text,
            "{\"id\":\"auth0|1\",\"user_metadata.hobby\":\"surfing\",\"db\":\"Username-Password-Authentication\"}\n{\"id\":\"auth0|2\",\"user_metadata.hobby\":\"chess\",\"db\":\"Username-Password-Authentication\"}\n"
        );
        let text = exported(
            &mut world,
            &token,
            json!({"format": "csv", "fields": fields, "limit": 1}),
        )
        .await;
        assert_eq!(
            text,
            "\"id\",\"user_metadata.hobby\",\"db\"\r\n\"'auth0|1\",\"'surfing\",\"'Username-Password-Authentication\"\r\n"
        );
        let text = exported(&mut world, &token, json!({})).await;
        assert_eq!(text.lines().count(), 2);
        let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!(
            (&first["Id"], &first["Email Verified"]),
            (&json!("auth0|1"), &json!(true))
        );
        assert!(
            !text.contains("password") && !text.contains("surfing"),
            "{text}"
        );
        // Many users come in parts.
        let many: Vec<Value> = (0..650)
            .map(|n| json!({"email": format!("u{n}@example.com")}))
            .collect();
        world.control(POST, "users", many.into()).await;
        let text = exported(&mut world, &token, json!({"fields": [{"name": "email"}]})).await;
        assert_eq!(text.lines().count(), 652);

        for wrong in [
            json!({"format": "xml"}),
            json!({"fields": [{"export_as": "x"}]}),
            json!({"format": "csv", "fields": [{"name": "app_metadata"}]}),
            json!({"fields": vec![json!({"name": "a"}); 31]}),
            json!({"fields": [{"name": "a".repeat(257)}]}),
            json!({"fields": [{"name": "a", "export_as": "b".repeat(257)}]}),
            json!({"limit": -1}),
        ] {
            assert_eq!(
                world
                    .api(POST, "jobs/users-exports", &token, wrong.clone())
                    .await
                    .0,
                400,
                "{wrong}"
            );
        }
        for file in ["nope", "", "..%2F..", "%00"] {
            let answer = world.get(&format!("/exports/{file}")).await;
            assert_eq!(answer.status, 404, "{file}");
        }
        let little = world.machine_token(Some("read:roles")).await;
        assert_eq!(
            world
                .api(POST, "jobs/users-exports", &little, json!({}))
                .await
                .0,
            403
        );
    });
}

#[test]
fn a_job_is_known_for_a_day() {
    run(async {
        let mut world = World::new(vec![]);
        let token = world.machine_token(None).await;
        let (_, job) = world
            .api(POST, "jobs/users-exports", &token, json!({}))
            .await;
        let path = format!("jobs/{}", job["id"].as_str().unwrap());
        let (_, known) = world.api(GET, &path, &token, Value::Null).await;
        world.advance(86_401).await;
        let token = world.machine_token(None).await;
        assert_eq!(world.api(GET, &path, &token, Value::Null).await.0, 404);
        let location = known["location"].as_str().unwrap().to_owned();
        let location = location.strip_prefix(crate::support::ISSUER).unwrap();
        assert_eq!(world.get(&format!("/{location}")).await.status, 404);
    });
}
