use std::time::Duration;

use serde_json::{Value, json};

use postlogin_token::Marks;

use super::{ChangeError, Entry, NewUser, Store, StoreError, Turns, UserConflict};
use crate::records::{Member, RefreshToken, Roles, Session};

fn jane() -> NewUser {
    NewUser {
        connection: "db".into(),
        password: Some("hash".into()),
        profile: json!({"user_id": "auth0|1", "email": "Jane@Example.com"}),
    }
}

#[test]
fn turns_are_taken_one_at_a_time_and_not_waited_for_in_vain() {
    let turns = Turns::default();
    let first = turns.wait(Duration::ZERO).expect("nobody else");
    for patience in [0, 1, 20] {
        assert!(turns.wait(Duration::from_millis(patience)).is_none());
    }
    let long = Duration::from_secs(60);
    std::thread::scope(|scope| {
        let others: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| (0..1_000).all(|_| turns.wait(long).is_some())))
            .collect();
        std::thread::sleep(Duration::from_millis(5));
        drop(first);
        assert!(others.into_iter().all(|other| other.join().unwrap()));
    });
    assert!(turns.wait(Duration::ZERO).is_some());
}

#[test]
fn an_entry_is_taken_once_and_runs_out() {
    let store = Store::open(None, &Marks::accept_all()).unwrap();
    let roles = Roles(vec!["a role".into()]);
    store.put(Entry::until("a", 100), &roles, 0).unwrap();
    assert!(store.get::<Roles>("a", 101).unwrap().is_none());
    assert!(store.get::<Member>("a", 0).unwrap().is_none());
    let taken = store.take::<Roles>("a", 100).unwrap();
    assert_eq!(taken.unwrap().0, ["a role"]);
    assert!(store.take::<Roles>("a", 100).unwrap().is_none());
}

#[test]
fn a_family_goes_at_once() {
    let store = Store::open(None, &Marks::accept_all()).unwrap();
    for (id, owner) in [("a", "family"), ("b", "family"), ("c", "other")] {
        let entry = Entry::lasting(id).of(owner);
        store.put(entry, &Roles(vec![id.to_owned()]), 0).unwrap();
    }
    store.remove_owned::<Roles>("family").unwrap();
    let left = store.list::<Roles>(None, 0).unwrap();
    let left: Vec<_> = left.iter().map(|(id, record)| (id, &record.0)).collect();
    assert_eq!(left, [(&"c".to_owned(), &vec!["c".to_owned()])]);
}

/// A refresh token that was used at a time, or not yet.
fn refresh(used_at: Option<i64>) -> RefreshToken {
    serde_json::from_value(json!({
        "id": "r", "family": "f", "client_id": "c", "user_id": "auth0|1", "scope": "", "audience": null, "organization": null,
        "session_id": null, "created_at": 1, "expires_at": null, "used_at": used_at,
    }))
    .unwrap()
}

#[test]
fn a_family_keeps_the_latest_used_tokens() {
    let store = Store::open(None, &Marks::accept_all()).unwrap();
    let count = |owner| store.list::<RefreshToken>(Some(owner), 0).unwrap().len();
    let trim = || {
        store
            .at_once::<_, StoreError>(0, |change| change.trim_family("f"))
            .unwrap();
    };
    for number in 0..=200 {
        let (own, other) = (format!("own-{number}"), format!("other-{number}"));
        let used = refresh((number < 200).then_some(1_000 - number));
        store.put(Entry::lasting(&own).of("f"), &used, 0).unwrap();
        store.put(Entry::lasting(&other).of("g"), &used, 0).unwrap();
    }
    // 201 of them: many at once, so the next one is not looked at again.
    trim();
    assert_eq!((count("f"), count("g")), (101, 201));
    trim();
    assert_eq!(count("f"), 101);
    // The unused one and the latest used are there.
    for (id, is_there) in [
        ("own-200", true),
        ("own-0", true),
        ("own-99", true),
        ("own-100", false),
        ("own-199", false),
    ] {
        assert_eq!(
            store.get::<RefreshToken>(id, 0).unwrap().is_some(),
            is_there,
            "{id}"
        );
    }
}

#[test]
fn two_users_of_a_connection_differ() {
    let store = Store::open(None, &Marks::accept_all()).unwrap();
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
    let store = Store::open(None, &Marks::accept_all()).unwrap();
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
    Store::open(Some(&file), &Marks::accept_all())
        .unwrap()
        .insert_user(&jane())
        .unwrap()
        .unwrap();
    let first = Store::open(Some(&file), &Marks::accept_all()).unwrap();
    assert_eq!(first.user_page(0, 9).unwrap().1, [jane().profile]);
    // A second server is refused, also by another name of the file.
    let same = folder.join("x/../tenant.sqlite");
    std::fs::create_dir_all(folder.join("x")).unwrap();
    for name in [&file, &same] {
        let refused = Store::open(Some(name), &Marks::accept_all()).unwrap_err();
        assert!(refused.to_string().contains("another server"), "{refused}");
        assert!(refused.hint().contains("stop that server"), "{refused}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    drop(first);
    let second = Store::open(Some(&file), &Marks::accept_all()).unwrap();
    assert_eq!(second.user_count().unwrap(), 1);
    drop(second);
    std::fs::remove_dir_all(folder).unwrap();
}

/// A folder for one test.
fn folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("postlogin-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Another program that holds the database, until it is dropped.
fn held(file: &std::path::Path) -> rusqlite::Connection {
    let other = rusqlite::Connection::open(file).unwrap();
    other
        .execute_batch("BEGIN IMMEDIATE; DELETE FROM entries WHERE id = 'x';")
        .unwrap();
    other
}

#[test]
fn a_foreign_lock_is_waited_for_and_then_told() {
    let folder = folder("held");
    let file = folder.join("tenant.sqlite");
    let store = Store::open(Some(&file), &Marks::accept_all()).unwrap();
    store.insert_user(&jane()).unwrap().unwrap();
    let put = |id: &str| store.put(Entry::lasting(id), &Member {}, 0);
    let change = || store.change_user::<()>("auth0|1", |_| Ok(None));
    // One that lets go in time is not noticed.
    let other = held(&file);
    std::thread::scope(|scope| {
        let written = scope.spawn(|| put("a"));
        std::thread::sleep(Duration::from_millis(300));
        drop(other);
        written.join().unwrap().unwrap();
    });
    // One that does not is an error that a later attempt may not meet; reading continues.
    let other = held(&file);
    std::thread::scope(|scope| {
        let attempts = [
            scope.spawn(|| put("b").unwrap_err()),
            scope.spawn(|| change().unwrap_err()),
        ];
        for attempt in attempts {
            let error = attempt.join().unwrap();
            assert!(
                error.passing().is_some_and(|it| it.contains("holds")),
                "{error}"
            );
        }
    });
    assert!(store.user("auth0|1").unwrap().is_some());
    drop(other);
    put("b").unwrap();
    drop(store);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_first_users_of_a_connection_are_found_by_their_beginning() {
    let store = Store::open(None, &Marks::accept_all()).unwrap();
    let user = |number: usize, connection: &str| NewUser {
        connection: connection.into(),
        password: None,
        profile: json!({"user_id": format!("auth0|{connection}{number}"), "email": format!("U{number}@example.com"), "username": format!("n{number}%")}),
    };
    let all: Vec<NewUser> = (0..30)
        .map(|n| user(n, "db"))
        .chain([user(1, "other")])
        .collect();
    store.insert_users(&all).unwrap().unwrap();
    let count = |beginning, most| store.first_users("db", beginning, most).unwrap().len();
    assert_eq!((count(None, 10), count(None, 100)), (10, 30));
    for (beginning, expected) in [
        ("u1", 11),
        ("U29@", 1),
        ("n3", 1),
        ("%", 0),
        ("x", 0),
        ("", 30),
    ] {
        assert_eq!(count(Some(beginning), 100), expected, "{beginning}");
    }
    let again = [user(99, "db"), user(3, "db")];
    assert_eq!(
        store.insert_users(&again).unwrap(),
        Err((1, UserConflict::Id))
    );
    assert_eq!(store.user_count().unwrap(), 31, "none of the two is stored");
}

#[test]
fn a_document_of_another_release_is_an_error_without_its_values() {
    let store = Store::open(None, &Marks::accept_all()).unwrap();
    for (document, expected) in [
        ("{}", "missing field `id`"),
        (
            "{\"id\":\"1\",\"user_id\":\"a secret\",\"created_at\":\"a secret\"}",
            "expected i64",
        ),
    ] {
        store
            .lock()
            .unwrap()
            .execute(
                "INSERT OR REPLACE INTO entries (kind, id, document) VALUES ('session', 'a', ?1)",
                [document],
            )
            .unwrap();
        let error = store.get::<Session>("a", 0).unwrap_err();
        assert!(error.is_unreadable());
        let message = error.to_string();
        assert!(message.contains("a `session` in the tenant's database is not of the form"));
        assert!(message.contains(expected), "{message}");
        assert!(!message.contains("a secret"), "{message}");
    }
}

#[test]
fn a_database_with_a_schema_of_others_is_refused() {
    let folder = folder("schema");
    for (name, statement) in [
        (
            "trigger",
            "CREATE TRIGGER t AFTER INSERT ON entries BEGIN \
             INSERT INTO users SELECT 1, 1, 1, 1, 1, 1, 1; END",
        ),
        ("view", "CREATE VIEW v AS SELECT 1"),
        ("table", "CREATE TABLE other (a)"),
        (
            "index",
            "CREATE INDEX i ON users (json_extract(document, '$.a'))",
        ),
        ("no-index", "DROP INDEX entries_owner"),
    ] {
        let file = folder.join(name);
        drop(Store::open(Some(&file), &Marks::accept_all()).unwrap());
        rusqlite::Connection::open(&file)
            .unwrap()
            .execute_batch(statement)
            .unwrap();
        let error = Store::open(Some(&file), &Marks::accept_all())
            .expect_err(name)
            .to_string();
        assert!(
            error.contains("that postlogin did not make"),
            "{name}: {error}"
        );
    }
    // What SQLite adds itself is no reason.
    let file = folder.join("analyzed");
    let store = Store::open(Some(&file), &Marks::accept_all()).unwrap();
    store
        .put(Entry::lasting("a"), &Roles(Vec::new()), 0)
        .unwrap();
    drop(store);
    rusqlite::Connection::open(&file)
        .unwrap()
        .execute_batch("ANALYZE")
        .unwrap();
    assert!(Store::open(Some(&file), &Marks::accept_all()).is_ok());
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Returns a rollback journal without pages, whose trailer names a file that SQLite deletes when it recovers:
/// <https://www.sqlite.org/fileformat.html#the_rollback_journal>.
fn journal_of(super_journal: &std::path::Path) -> Vec<u8> {
    let magic = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    let name = super_journal.to_str().unwrap().as_bytes();
    let number = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
    let mut journal = magic.to_vec();
    for field in [0, 0, 1, 512, 4096] {
        journal.extend(number(field));
    }
    journal.resize(512, 0);
    journal.extend(number(0x4000_0000 / 4096 + 1));
    journal.extend(name);
    journal.extend(number(name.len()));
    journal.extend(number(name.iter().map(|byte| usize::from(*byte)).sum()));
    journal.extend(magic);
    journal
}

#[test]
fn a_rollback_journal_is_not_followed() {
    let folder = folder("journal");
    let victim = folder.join("victim");
    let file = folder.join("tenant.sqlite");
    let journal = folder.join("tenant.sqlite-journal");
    let set_up = |mode: &str| {
        let _ = std::fs::remove_file(&file);
        let _ = std::fs::remove_file(&journal);
        std::fs::write(&victim, "mine").unwrap();
        drop(Store::open(Some(&file), &Marks::accept_all()).unwrap());
        rusqlite::Connection::open(&file)
            .unwrap()
            .pragma_update(None, "journal_mode", mode)
            .unwrap();
        std::fs::write(&journal, journal_of(&victim)).unwrap();
    };
    // SQLite does follow it: this is not a test of nothing.
    set_up("delete");
    let read = rusqlite::Connection::open(&file).unwrap();
    let _ = read.query_row("SELECT count(*) FROM entries", [], |row| {
        row.get::<_, i64>(0)
    });
    drop(read);
    assert!(!victim.exists());
    for mode in ["delete", "wal"] {
        set_up(mode);
        let error = Store::open(Some(&file), &Marks::accept_all()).unwrap_err();
        assert!(error.to_string().contains("was not made by"), "{error}");
        assert!(victim.exists(), "{mode}");
    }
    set_up("delete");
    std::fs::remove_file(&journal).unwrap();
    assert!(
        Store::open(Some(&file), &Marks::accept_all()).is_err(),
        "not the form of ours"
    );
    // Of a file that was being made, nothing is lost.
    std::fs::write(&file, "").unwrap();
    std::fs::write(&journal, journal_of(&victim)).unwrap();
    assert!(Store::open(Some(&file), &Marks::accept_all()).is_ok());
    assert!(victim.exists() && !journal.exists());
    std::fs::remove_dir_all(&folder).unwrap();
}

fn marks(secret: &str) -> Marks {
    Marks::new(Some(&secret.repeat(32)), false)
}

#[test]
fn only_the_users_own_database_and_log_are_opened() {
    let folder = folder("owner");
    let [made, copied] = ["made", "copied"].map(|name| folder.join(name));
    std::fs::create_dir_all(&made).unwrap();
    let file = made.join("tenant.sqlite");
    let (mine, other) = (marks("a"), marks("b"));
    let server = Store::open(Some(&file), &mine).unwrap();
    server.insert_user(&jane()).unwrap().unwrap();
    // Copies the files of a server that runs, as one leaves them that is killed.
    let copy = |names: &[&str]| {
        let _ = std::fs::remove_dir_all(&copied);
        std::fs::create_dir_all(&copied).unwrap();
        for name in names {
            std::fs::copy(made.join(name), copied.join(name)).unwrap();
        }
        copied.join("tenant.sqlite")
    };
    let users = |file: &std::path::Path, marks: &Marks| {
        Store::open(Some(file), marks).map(|store| store.user_count().unwrap())
    };
    let all = ["tenant.sqlite", "tenant.sqlite-wal", "tenant.sqlite.lock"];
    assert_eq!(users(&copy(&all), &mine).unwrap(), 1);
    // Once more, after an end in order.
    assert_eq!(users(&copied.join("tenant.sqlite"), &mine).unwrap(), 1);
    // The log of another server of the same user, under a note that is good.
    let elsewhere = folder.join("elsewhere").join("tenant.sqlite");
    std::fs::create_dir_all(elsewhere.parent().unwrap()).unwrap();
    let another = Store::open(Some(&elsewhere), &mine).unwrap();
    let foreign = copy(&all);
    let log = |file: &std::path::Path| file.with_extension("sqlite-wal");
    std::fs::copy(log(&elsewhere), log(&foreign)).unwrap();
    let error = users(&foreign, &mine).unwrap_err().to_string();
    assert!(
        error.contains("tenant.sqlite-wal` was not made by"),
        "{error}"
    );
    drop(another);
    let log = users(&copy(&all[..2]), &mine).unwrap_err().to_string();
    assert!(log.contains("tenant.sqlite-wal` was not made by"), "{log}");
    let log = users(&copy(&all[1..2]), &mine).unwrap_err().to_string();
    assert!(log.contains("tenant.sqlite-wal` was not made by"), "{log}");
    for refused in [&other, &Marks::new(None, false)] {
        assert!(users(&copy(&all), refused).is_err());
        let error = users(&copy(&all[..1]), refused).unwrap_err();
        assert!(
            error.to_string().contains("tenant.sqlite` was not made by"),
            "{error}"
        );
        assert!(error.hint().contains("POSTLOGIN_TRUST_STATE=1"));
    }
    // Who accepts it has it from then on, and its maker has not.
    let accepts = Marks::new(Some(&"b".repeat(32)), true);
    assert_eq!(users(&copy(&all), &accepts).unwrap(), 1);
    let accepted = copied.join("tenant.sqlite");
    assert_eq!(users(&accepted, &other).unwrap(), 1);
    assert!(users(&accepted, &mine).is_err());
    drop(server);
    // One that was made without a secret is everybody's.
    std::fs::remove_file(&file).unwrap();
    drop(Store::open(Some(&file), &Marks::accept_all()).unwrap());
    assert!(users(&file, &mine).is_err());
    std::fs::remove_dir_all(&folder).unwrap();
}

/// SQLite reports a database at its most pages as a full disk (`SQLITE_FULL`).
#[test]
fn a_full_disk_is_a_state_that_passes() {
    let store = Store::open(None, &Marks::accept_all()).unwrap();
    let most = |pages: u32| {
        let connection = store.lock().unwrap();
        connection
            .pragma_update(None, "max_page_count", pages)
            .unwrap();
    };
    let put = |id: &str| store.put(Entry::lasting(id), &Roles(vec!["x".repeat(100_000)]), 0);
    put("a").unwrap();
    most(1);
    let error = put("b").unwrap_err();
    let message = error.passing().unwrap_or_default();
    assert!(message.contains("is full"), "{error}");
    assert!(error.hint().contains("make room"), "{}", error.hint());
    assert!(store.get::<Roles>("a", 0).unwrap().is_some());
    most(1_000);
    put("b").unwrap();
    store.probe().unwrap();
}
