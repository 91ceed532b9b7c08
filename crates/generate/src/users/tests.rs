use super::*;

fn text(seed: u64, count: u64, form: Form) -> String {
    let mut out = Vec::new();
    write(seed, count, form, &mut out).expect("memory can be written");
    String::from_utf8(out).expect("it is UTF-8")
}

#[test]
fn days_are_those_of_the_calendar() {
    for (day, expected) in [
        (0, (1970, 1, 1)),
        (11_016, (2000, 2, 29)),
        (FIRST_DAY, (2015, 1, 1)),
        (20_452, (2025, 12, 30)),
        (LAST_DAY, (2026, 10, 31)),
    ] {
        assert_eq!(date(day), expected, "{day}");
    }
}

#[test]
fn a_user_depends_on_seed_and_number_alone() {
    assert_eq!(user(7, 3), user(7, 3));
    assert_ne!(user(7, 3), user(8, 3));
    let few = text(7, 20, Form::Lines);
    assert!(text(7, 50, Form::Lines).starts_with(&few));
    assert_eq!(few.lines().count(), 20);
    assert_eq!(text(7, 0, Form::Lines), "");
    assert_eq!(text(7, 0, Form::Array), "[\n]\n");
}

/// The shares of the module's table, to a tenth of them or a user in 200.
#[test]
fn the_shares_are_as_documented() {
    let users: Vec<Map<String, Value>> = (0..20_000).map(|number| user(1, number)).collect();
    let check = |what: &str, expected: f64, is_so: &dyn Fn(&Map<String, Value>) -> bool| {
        let found = users.iter().filter(|user| is_so(user)).count() as f64 / 200.0;
        let off = (found - expected).abs();
        assert!(off < f64::max(expected * 0.1, 0.5), "{what}: {found} %");
    };
    let connection =
        |user: &Map<String, Value>, name: &str| user["identities"][0]["connection"] == name;
    for (name, expected) in [
        ("Username-Password-Authentication", 46.0),
        ("google-oauth2", 23.0),
        ("apple", 6.0),
        ("github", 4.0),
        ("legacy-db", 12.0),
        ("acme-corp", 7.0),
        ("sms", 2.0),
    ] {
        check(name, expected, &|user| connection(user, name));
    }
    check("no app_metadata", 9.0, &|user| {
        !user.contains_key("app_metadata")
    });
    check("no user_metadata", 20.0, &|user| {
        !user.contains_key("user_metadata")
    });
    check("linked", 8.0, &|user| {
        user["identities"]
            .as_array()
            .is_some_and(|all| all.len() == 2)
    });
    check("blocked", 0.6, &|user| user.contains_key("blocked"));
    let mut ids: Vec<&str> = users
        .iter()
        .filter_map(|user| user["user_id"].as_str())
        .collect();
    let mut addresses: Vec<&str> = users
        .iter()
        .filter_map(|user| user.get("email")?.as_str())
        .collect();
    for all in [&mut ids, &mut addresses] {
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count, "each user has their own");
    }
    assert!(
        users
            .iter()
            .any(|user| user["name"].as_str().is_some_and(|name| !name.is_ascii()))
    );
}

#[test]
fn a_table_is_written_as_the_vendor_does() {
    let table = text(1, 300, Form::Table);
    let mut lines = table.lines();
    let heading = lines.next().unwrap_or_default();
    assert!(
        heading.starts_with("user_id,email,email_verified,"),
        "{heading}"
    );
    assert!(heading.contains("identities[0].connection"), "{heading}");
    let rows: Vec<&str> = lines.collect();
    assert_eq!(rows.len(), 300);
    assert!(
        rows.iter().all(|row| row.starts_with("\"'")),
        "texts are guarded"
    );
    assert!(
        rows.iter().any(|row| row.contains("\"'O'Brien\"")),
        "a quote stays"
    );
    // Dates and numbers are bare.
    assert!(rows.iter().all(|row| row.contains(",20")), "{}", rows[0]);
}

#[test]
fn a_table_has_the_metadata_of_the_lines() {
    let table = text(1, 300, Form::Table);
    let lines = text(1, 300, Form::Lines);
    let rows = table.lines().skip(1);
    let mut lists = 0;
    for (row, line) in rows.zip(lines.lines()) {
        let user: Value = serde_json::from_str(line).expect("it is JSON");
        for path in [
            "/app_metadata/roles",
            "/app_metadata/groups",
            "/multifactor",
        ] {
            if let Some(list) = user.pointer(path) {
                let cell = format!("\"'{}\"", list.to_string().replace('"', "\"\""));
                assert!(row.contains(&cell), "{row} has {cell}");
                lists += 1;
            }
        }
    }
    assert!(lists > 200, "{lists}");
    let columns = table.lines().next().unwrap_or_default().split(',').count();
    assert!(
        columns <= 30,
        "the vendor's job writes 30 fields at most: {columns}"
    );
}
