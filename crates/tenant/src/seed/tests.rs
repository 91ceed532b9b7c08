//! A mistake of a seed is an error with its place.

use postlogin_project::TenantData;
use serde_json::{Value, json};

use super::prepare;
use crate::catalog::Catalog;
use crate::import::read_users;
use crate::randomness::Randomness;

fn catalog(databases: &[&str], settings: Value) -> Catalog {
    let data = TenantData {
        settings: settings.as_object().unwrap().clone(),
        connections: databases
            .iter()
            .map(|name| json!({"name": name, "strategy": "auth0"}))
            .chain([json!({"name": "github", "strategy": "github"})])
            .collect(),
        roles: vec![json!({"name": "editor"}), json!({"name": "viewer"})],
        organizations: vec![json!({"name": "acme", "id": "org_1"})],
        ..TenantData::default()
    };
    Catalog::new(&data, "t", b"secret", &[])
}

/// The connections of the users, or what is wrong.
fn seeded(catalog: &Catalog, text: &str) -> Result<Vec<String>, String> {
    let users = read_users("users.json", text).map_err(|error| error.to_string())?;
    let seeds = prepare(users, &mut catalog.clone(), &Randomness::seeded(1), 0);
    let seeds = seeds.map_err(|error| error.to_string())?;
    Ok(seeds.into_iter().map(|seed| seed.connection).collect())
}

#[test]
fn a_mistake_is_an_error_with_its_line() {
    let catalog = catalog(&["DB"], json!({}));
    for (text, expected) in [
        (
            "[\n {\"email\": \"a@x.com\"},\n {\"email\": \"A@X.com\"}\n]",
            "users.json:3:3: `email` is that of another user, at users.json:2",
        ),
        (
            "{\"email\": \"a@x.com\", \"username\": \"u\"}\n\n{\"email\": \"b@x.com\", \"username\": \"U\"}\n",
            "users.json:3:22: `username` is that of another user, at users.json:1",
        ),
        (
            "[{\"user_id\": \"1\", \"email\": \"a@x.com\"},\n{\"user_id\": \"auth0|1\", \"email\": \"b@x.com\"}]",
            "users.json:2:2: `user_id` is that of another user",
        ),
        (
            "[\n{\"email\": \"a@x.com\",\n  \"roles\": [\"edtor\"]}]",
            "users.json:3:3: unknown role `edtor`; the export has editor, viewer",
        ),
        (
            "[{\"email\": \"a@x.com\", \"roles\": \"editor\"}]",
            "users.json:1:23: `roles` must be a list",
        ),
        (
            "[{\"email\": \"a@x.com\", \"roles\": [1]}]",
            "`roles` must be a list",
        ),
        (
            "[{\"email\": \"a@x.com\", \"organizations\": [\"acne\"]}]",
            "unknown organization `acne`; the export has acme",
        ),
        (
            "[{\"email\": \"a@x.com\", \"connection\": \"BD\"}]",
            "users.json:1:23: unknown connection `BD`; the export has DB, github",
        ),
        (
            "[{\"email\": \"a@x.com\", \"connection\": 5}]",
            "`connection` must be a string",
        ),
        (
            "[{\"email\": \"a@x.com\", \"identities\": [{\"connection\": \"gitlab\", \"provider\": \"gitlab\"}]}]",
            "unknown connection `gitlab`",
        ),
        (
            "[{\"email\": 1}]",
            "users.json:1:3: `email` must be a string",
        ),
        ("[1]", "users.json:1:2: a user must be a JSON object"),
        ("[{]", "users.json:1:3: "),
        ("{}\n{\"a\": }", "users.json:2:7: "),
    ] {
        let error = seeded(&catalog, text).expect_err(text);
        assert!(
            error.starts_with(expected) || error.contains(expected),
            "{error}"
        );
        assert!(error.starts_with("users.json:"), "{error}");
    }
}

#[test]
fn a_user_without_a_connection_is_of_the_only_database() {
    let user = "[{\"email\": \"a@x.com\"}]";
    let check = |databases: &[&str], settings: Value, expected: Result<&str, &str>| {
        let seeded = seeded(&catalog(databases, settings), user);
        match expected {
            Ok(name) => assert_eq!(seeded, Ok(vec![name.to_owned()])),
            Err(part) => {
                let error = seeded.expect_err("several databases");
                assert!(error.contains(part), "{error}");
            }
        }
    };
    check(&["DB"], json!({}), Ok("DB"));
    check(&[], json!({}), Ok("Username-Password-Authentication"));
    check(&["A", "B"], json!({}), Err("several databases: A, B"));
    check(&["A", "B"], json!({"default_directory": "B"}), Ok("B"));
    check(
        &["A", "B"],
        json!({"default_directory": "github"}),
        Err("several databases"),
    );
}

#[test]
fn a_seed_that_takes_too_much_memory_is_refused() {
    let user = |number: usize| {
        let note = "n".repeat(1_000_000);
        format!("{{\"email\": \"u{number}@x.com\", \"user_metadata\": {{\"note\": \"{note}\"}}}}\n")
    };
    let text: String = (0..140).map(user).collect();
    let error = seeded(&catalog(&["DB"], json!({})), &text).unwrap_err();
    assert!(
        error.starts_with("users.json:135: the users up to this one take more than 128 MiB"),
        "{error}"
    );
}

/// An export of users names connections that a project without an export of its tenant knows nothing about.
#[test]
fn without_an_export_the_connections_are_those_of_the_users() {
    let text = r#"{"user_id": "google-oauth2|1", "email": "a@x.com", "identities": [{"connection": "google-oauth2", "provider": "google-oauth2", "user_id": "1"}]}
{"user_id": "samlp|acme|2", "email": "b@x.com", "identities": [{"connection": "acme-corp", "provider": "samlp", "user_id": "acme|2"}]}
{"user_id": "auth0|3", "email": "c@x.com", "identities": [{"connection": "legacy-db", "provider": "auth0", "user_id": "3"}]}
{"email": "d@x.com"}
"#;
    let mut catalog = Catalog::new(&TenantData::default(), "t", b"secret", &[]);
    let users = read_users("users.json", text).unwrap();
    let seeds = prepare(users, &mut catalog, &Randomness::seeded(1), 0).unwrap();
    let of_users: Vec<&str> = seeds.iter().map(|seed| seed.connection.as_str()).collect();
    assert_eq!(
        of_users,
        [
            "google-oauth2",
            "acme-corp",
            "legacy-db",
            "Username-Password-Authentication"
        ]
    );
    let strategies: Vec<_> = catalog
        .connections
        .iter()
        .map(|one| {
            (
                one["name"].as_str().unwrap(),
                one["strategy"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        strategies,
        [
            ("Username-Password-Authentication", "auth0"),
            ("google-oauth2", "google-oauth2"),
            ("acme-corp", "samlp"),
            ("legacy-db", "auth0"),
        ]
    );
    // A name alone may be a slip, and an export says which connections there are.
    let wrong = r#"[{"email": "e@x.com", "connection": "Username-Pasword-Authentication"}]"#;
    let error = seeded(&catalog, wrong).expect_err("a slip");
    assert!(error.contains("unknown connection"), "{error}");
    let exported = self::catalog(&["DB"], json!({}));
    let error = seeded(&exported, text).expect_err("an export");
    assert!(
        error.contains("unknown connection `google-oauth2`; the export has"),
        "{error}"
    );
}

#[test]
fn a_user_is_stored_as_it_was_prepared() {
    let text = "[{\"email\": \"a@x.com\", \"password\": \"secret\", \"user_id\": \"7\"}]";
    let users = read_users("users.json", text).unwrap();
    let seeds = prepare(
        users,
        &mut catalog(&["DB"], json!({})),
        &Randomness::seeded(1),
        0,
    );
    let seeds = seeds.unwrap();
    let [seed] = seeds.as_slice() else {
        panic!("one user");
    };
    let user = seed.user();
    assert_eq!(seed.user_id(), "auth0|7");
    assert_eq!(user.profile["user_id"], "auth0|7");
    assert_eq!(user.connection, "DB");
    assert!(
        user.password
            .is_some_and(|hash| hash.starts_with("$argon2id$"))
    );
    assert!(!seed.profile.contains("secret"));
}

#[test]
fn users_of_two_connections_may_share_an_e_mail() {
    let catalog = catalog(&["A", "B"], json!({}));
    let text = "[{\"email\": \"a@x.com\", \"connection\": \"A\"}, {\"email\": \"a@x.com\", \"connection\": \"B\", \"roles\": [\"viewer\"]}]";
    let seeded = seeded(&catalog, text).unwrap();
    assert_eq!(seeded, ["A", "B"]);
}
