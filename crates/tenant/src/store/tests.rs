use serde_json::{Value, json};

use super::{ChangeError, Entry, Kind, NewUser, Store, UserConflict};

fn jane() -> NewUser {
    NewUser {
        connection: "db".into(),
        password: Some("hash".into()),
        profile: json!({"user_id": "auth0|1", "email": "Jane@Example.com"}),
    }
}

#[test]
fn an_entry_is_taken_once_and_runs_out() {
    let store = Store::open(None).unwrap();
    store
        .put(Kind::Code, Entry::until("a", 100), &json!(1), 0)
        .unwrap();
    assert_eq!(store.get(Kind::Code, "a", 101).unwrap(), None);
    assert_eq!(store.get(Kind::Session, "a", 0).unwrap(), None);
    assert_eq!(store.take(Kind::Code, "a", 100).unwrap(), Some(json!(1)));
    assert_eq!(store.take(Kind::Code, "a", 100).unwrap(), None);
}

#[test]
fn a_family_goes_at_once() {
    let store = Store::open(None).unwrap();
    for id in ["a", "b"] {
        store
            .put(
                Kind::Refresh,
                Entry::lasting(id).of("family"),
                &json!(id),
                0,
            )
            .unwrap();
    }
    store
        .put(
            Kind::Refresh,
            Entry::lasting("c").of("other"),
            &json!("c"),
            0,
        )
        .unwrap();
    store.remove_owned(Kind::Refresh, "family").unwrap();
    assert_eq!(
        store.list(Kind::Refresh, None, 0).unwrap(),
        [("c".to_owned(), json!("c"))]
    );
}

#[test]
fn two_users_of_a_connection_differ() {
    let store = Store::open(None).unwrap();
    assert_eq!(store.insert_user(&jane()).unwrap(), Ok(()));
    assert_eq!(store.insert_user(&jane()).unwrap(), Err(UserConflict::Id));
    let mut second = jane();
    second.profile = json!({"user_id": "auth0|2", "email": "jane@example.COM"});
    assert_eq!(
        store.insert_user(&second).unwrap(),
        Err(UserConflict::Email)
    );
    second.connection = "other".into();
    assert_eq!(store.insert_user(&second).unwrap(), Ok(()));
    let (found, hash) = store
        .user_by_login("db", "JANE@example.com")
        .unwrap()
        .unwrap();
    assert_eq!(
        (found["user_id"].as_str(), hash.as_deref()),
        (Some("auth0|1"), Some("hash"))
    );
}

#[test]
fn a_refused_change_changes_nothing() {
    let store = Store::open(None).unwrap();
    store.insert_user(&jane()).unwrap().unwrap();
    let change = |user: &mut Value| {
        user["name"] = json!("x");
        Err("no")
    };
    let result = store.change_user("auth0|1", change).unwrap();
    assert!(matches!(result, Some(Err(ChangeError::Refused("no")))));
    assert_eq!(store.user("auth0|1").unwrap(), Some(jane().profile));
    assert!(
        store
            .change_user::<()>("auth0|9", |_| Ok(None))
            .unwrap()
            .is_none()
    );
}

#[test]
fn what_was_written_is_there_after_a_start() {
    let folder = std::env::temp_dir().join(format!("postlogin-store-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("tenant.sqlite");
    Store::open(Some(&file))
        .unwrap()
        .insert_user(&jane())
        .unwrap()
        .unwrap();
    // As a second process would, while the first one has not closed its connection.
    let first = Store::open(Some(&file)).unwrap();
    let second = Store::open(Some(&file)).unwrap();
    assert_eq!(second.users().unwrap(), [jane().profile]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    drop(first);
    std::fs::remove_dir_all(folder).unwrap();
}
