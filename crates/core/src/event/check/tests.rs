use serde_json::json;

use super::*;

#[test]
fn a_slip_in_a_profile_is_found_and_the_rest_may_be_there() {
    let event =
        json!({"user": {"emial": "x", "email": "y", "company": "z", "user_metadata": {"nmae": 1}}});
    let found = check_user(Trigger::PostLogin, &event);
    let found: Vec<_> = found
        .iter()
        .map(|it| (it.message(), it.suggestion.as_deref()))
        .collect();
    let message = "`event.user.emial` is not a property that Auth0 gives to users";
    assert_eq!(found, [(message.to_owned(), Some("event.user.email"))]);
    // A machine has no profile.
    assert_eq!(check_user(Trigger::CredentialsExchange, &event), []);
    let many: Map<String, Value> = (0..1_000).map(|n| (format!("emai{n}"), json!(1))).collect();
    assert!(check_user(Trigger::PostLogin, &json!({"user": many})).len() <= MOST_UNKNOWN);
}

#[test]
fn many_unknown_properties_of_an_object_are_counted() {
    let client: Map<String, Value> = (0..50_000).map(|n| (format!("k{n}"), json!(1))).collect();
    let found = check_paths(Trigger::PostLogin, &json!({"client": client}));
    assert_eq!(found.len(), MOST_UNKNOWN + 1);
    let last = found.last().expect("a finding");
    assert_eq!(last.path, "event.client");
    assert!(
        last.message().starts_with(
            "`event.client` has 49980 more properties that do not exist in the post-login event"
        ),
        "{}",
        last.message()
    );
    let long = json!({"client": {"k".repeat(1 << 20): 1}});
    let found = check_paths(Trigger::PostLogin, &long);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].message().len() < 2 * NAME_BYTES,
        "{}",
        found[0].message().len()
    );
}

#[track_caller]
fn check(event: Value, expected: &[(&str, Option<&str>)]) {
    let findings = check_paths(Trigger::PostLogin, &event);
    let found: Vec<_> = findings
        .iter()
        .map(|finding| (finding.message(), finding.suggestion.as_deref()))
        .collect();
    let found: Vec<_> = found
        .iter()
        .map(|(message, suggestion)| (message.as_str(), *suggestion))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn unknown_properties() {
    check(
        json!({"client": {"metdata": {}}, "userr": {}, "zebra": 1}),
        &[
            (
                "`event.client.metdata` does not exist in the post-login event (v3)",
                Some("event.client.metadata"),
            ),
            (
                "`event.userr` does not exist in the post-login event (v3)",
                Some("event.user"),
            ),
            (
                "`event.zebra` does not exist in the post-login event (v3)",
                None,
            ),
        ],
    );
}

#[test]
fn wrong_types_and_values() {
    check(
        json!({
            "stats": {"logins_count": "3"},
            "authorization": {"roles": ["a", 1]},
            "secrets": {"KEY": 5},
            "user": {"identities": [1, {"isSocial": "no"}], "email_verified": null},
            "transaction": {"protocol": "oidc-basic-profil"},
        }),
        &[
            (
                "`event.stats.logins_count` must be a number, not a string",
                None,
            ),
            (
                "`event.authorization.roles[1]` must be a string, not a number",
                None,
            ),
            ("`event.secrets.KEY` must be a string, not a number", None),
            (
                "`event.user.identities[0]` must be an object, not a number",
                None,
            ),
            (
                "`event.user.identities[1].isSocial` must be a boolean, not a string",
                None,
            ),
            (
                "`event.user.email_verified` must be a boolean, not null",
                None,
            ),
            (
                "`event.transaction.protocol` is never \"oidc-basic-profil\"",
                Some("oidc-basic-profile"),
            ),
        ],
    );
    check(
        json!([1]),
        &[("`event` must be an object, not an array", None)],
    );
}

#[test]
fn open_objects_and_undocumented_properties_pass() {
    check(
        json!({
            "user": {"department": {"id": 1}, "family_name": null, "identities": [{"accessToken": "x", "userId": 1}]},
            "organization": {"branding": {}},
            "request": {"query": {"ext-a": "b"}, "body": {"x": [1]}},
            "anonymous_session": {"user_id": "a", "metadata": {"source": "b"}},
            "experiment": {"experiment_id": "e", "config": {"max": {"value": 1}}},
            "client": {"authentication": {"type": "mtls", "certificate": {}}, "external_client_id": "x",
                       "external_metadata_type": "y", "refresh_token": {"policies": [{"scope": ["a"]}]}},
            "refresh_token": {"access": "offline", "session_id": null},
            "configuration": {"a": 1},
            "session": {"actor": {"sub": "a", "level": 3}},
            "transaction": {"actor": {"sub": "a", "act": {"sub": "b"}}, "metadata": {"n": 1}},
        }),
        &[],
    );
}

#[test]
fn references() {
    for (reference, suggestion) in [
        ("client.metdata", Some(Some("event.client.metadata"))),
        ("user.app_metadata.plan", None),
        ("user.anything.at.all", None),
        ("request.query.scope", None),
        ("stats.loginsCount", Some(Some("event.stats.logins_count"))),
        ("authentication.methods.length", None),
        ("user.email.length", None),
        ("tenant.name.length", Some(None)),
    ] {
        let segments: Vec<_> = reference.split('.').collect();
        let finding = check_reference(Trigger::PostLogin, &segments);
        assert_eq!(
            finding
                .as_ref()
                .map(|finding| finding.suggestion.as_deref()),
            suggestion,
            "{reference}"
        );
    }
}
