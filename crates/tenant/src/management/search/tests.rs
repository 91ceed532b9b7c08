//! Which users and events a query finds.

use serde_json::json;

use super::Query;

/// The cases are those of the vendor's page of the syntax.
#[test]
fn users_are_found_by_the_rules_of_the_vendor() {
    let jane = json!({
        "email": "Jane@Acme.example", "name": "Jane", "username": "jane", "app_metadata": {"plan": "Gold"},
        "user_metadata": {"lang": "german"},
    });
    let organizations = [json!("org_1"), json!("org_2")];
    for (query, expected) in [
        ("email.domain:\"acme.example\"", true),
        ("email.domain:acme.*", true),
        ("email.domain:other.example", false),
        ("organization_id:org_2", true),
        ("organization_id:\"org_3\"", false),
        ("NOT organization_id:org_1", false),
        (
            "email.domain:\"acme.example\" AND NOT organization_id:\"org_3\"",
            true,
        ),
        ("_exists_:organization_id", true),
        ("name:jane", true),
        ("username:Jane", false),
        ("app_metadata.plan:gold", false),
        ("app_metadata.plan:G*", true),
        ("user_metadata.lang:german", true),
        ("user_metadata.lang:German", false),
        ("email:*ple", true),
        ("email:*", true),
    ] {
        let parsed = Query::of_users(query).unwrap();
        assert_eq!(
            parsed.matches_user(&jane, &organizations),
            expected,
            "{query}"
        );
    }
    assert!(
        !Query::of_users("_exists_:organization_id")
            .unwrap()
            .matches_user(&jane, &[])
    );
    for (query, part) in [
        ("user_metadata.lang:ger*", "not available on user_metadata"),
        (
            "NOT (name:x OR user_metadata.age:[1 TO 5])",
            "not available on user_metadata",
        ),
        ("name:*om", "3 characters or longer"),
        ("*om", "3 characters or longer"),
    ] {
        let problem = Query::of_users(query).unwrap_err();
        assert!(problem.contains(part), "{query}: {problem}");
    }
    assert!(Query::of_users("user_metadata.lang:\"ger*\"").is_ok());
    // Logs have none of these rules.
    assert!(Query::parse("user_metadata.lang:ger*").is_ok());
}

#[test]
fn the_common_forms_find_what_they_say() {
    let jane = json!({
        "email": "Jane.Doe@example.com", "email_verified": true, "logins_count": 7, "updated_at": "2026-01-05T00:00:00.000Z",
        "user_metadata": {"hobby": "surfing the web", "tags": ["a", "b"]}, "identities": [{"connection": "db", "provider": "auth0"}],
    });
    for (query, expected) in [
        ("email:\"jane.doe@example.com\"", true),
        ("email:jane*", true),
        ("email:jane", false),
        ("user_metadata.hobby:\"surfing the web\"", true),
        ("user_metadata.tags:b", true),
        ("identities.connection:\"db\" AND email_verified:true", true),
        ("NOT email_verified:true", false),
        ("email:x* OR logins_count:[5 TO *]", true),
        ("logins_count:{7 TO 9}", false),
        ("(email:x OR email:jane*) AND -blocked:true", true),
        ("_exists_:user_metadata.hobby", true),
        ("_exists_:blocked", false),
        ("updated_at:[2026-01-01 TO 2026-02-01]", true),
        ("db", false),
        ("email:jane* user_metadata.tags:c", false),
    ] {
        assert_eq!(
            Query::parse(query).unwrap().matches_log(&jane),
            expected,
            "{query}"
        );
    }
    for broken in ["", "(", "email:", "a AND", "\"open", "x:[1 2]", "OR a", ")"] {
        assert!(Query::parse(broken).is_err(), "{broken}");
    }
    assert!(Query::parse(&"(".repeat(100_000)).is_err());
    let words = |count: usize| "zz OR ".repeat(count) + "zz";
    assert!(Query::parse(&words(99)).is_ok());
    let refused = Query::parse(&words(100)).unwrap_err();
    assert!(refused.contains("more than 200 terms"), "{refused}");
}

#[test]
fn fields_have_groups_and_ranges_with_one_end() {
    let jane = json!({
        "email": "jane@acme.example", "name": "Jane Smith", "user_id": "auth0|1", "logins_count": 3, "created_at": "2026-01-05T00:00:00.000Z",
        "app_metadata": {"n": 5},
    });
    for (query, expected) in [
        ("user_id:(\"auth0|1\" OR \"auth0|2\")", true),
        ("user_id:(auth0|2 OR auth0|3)", false),
        ("user_id:(auth0|1 AND auth0|2)", false),
        ("email:(x@y.example OR (jane@acme.example))", true),
        ("name:(NOT \"jane smith\")", false),
        ("name:(jane* -john*)", true),
        ("logins_count:>2", true),
        ("logins_count:>3", false),
        ("logins_count:>=3", true),
        ("logins_count:<3", false),
        ("logins_count:<= 3", true),
        ("logins_count:(>=3 AND <20)", true),
        ("logins_count:(>=4 OR <3)", false),
        ("created_at:>2020-01-01", true),
        ("created_at:<\"2020-01-01\"", false),
        ("app_metadata.n:>10", false),
        ("-email:jane@acme.example AND logins_count:3", false),
        ("-email:john@acme.example AND logins_count:3", true),
        ("!email:john@acme.example", true),
        ("+email:jane@acme.example +logins_count:3", true),
        ("name: \"jane smith\"", true),
        ("*:*", true),
        ("NOT *:*", false),
        ("email:jane\\@acme.example", true),
        ("(_exists_:email) AND _exists_:(name OR nickname)", true),
    ] {
        let parsed = Query::of_users(query).unwrap_or_else(|problem| panic!("{query}: {problem}"));
        assert_eq!(parsed.matches_user(&jane, &[]), expected, "{query}");
    }
    for (query, part) in [
        ("email:jan?@acme.example", "`?` is not supported"),
        ("name:jone~", "`~` is not supported"),
        ("name:\"jane smith\"~2", "`~` is not supported"),
        ("name:jane^2", "`^` is not supported"),
        ("name:/ja.e/", "Regular expressions"),
        ("_missing_:logins_count", "NOT _exists_"),
        ("created_at:[now-1d TO now]", "write the date"),
        ("app*:x", "names of fields"),
        ("user_metadata.n:>5", "not available on user_metadata"),
        ("user_metadata.n:(>5)", "not available on user_metadata"),
        (">5", "Failed to parse"),
        ("logins_count:>", "Failed to parse"),
        ("email:(", "Failed to parse"),
        ("email: )", "Failed to parse"),
    ] {
        let problem = Query::of_users(query).expect_err(query);
        assert!(problem.contains(part), "{query}: {problem}");
    }
    let event = json!({"type": "s", "user_name": "jane@acme.example", "description": "a login"});
    for (query, expected) in [
        ("type:(\"s\" OR \"f\")", true),
        ("type:(f OR fp)", false),
        ("jane@acme.example", true),
        ("\"a login\"", true),
        ("jane", false),
    ] {
        let parsed = Query::parse(query).unwrap();
        assert_eq!(parsed.matches_log(&event), expected, "{query}");
    }
}
