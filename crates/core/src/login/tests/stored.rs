//! Logins that are stored while they wait.

use serde_json::{Value, json};

use super::{HandlerKind, back, call_back, handler, input, make, play};
use crate::login::transaction::tests::helpers::NOW_MS;
use crate::login::{Finished, HandlerInfo, LOGIN_VERSION, Login, RestoreError};
use crate::reads::Watch;

fn handlers() -> Vec<HandlerInfo> {
    let mut action = handler(HandlerKind::Action, "a");
    action
        .secrets
        .insert("KEY".into(), json!("a secret of the Action"));
    vec![handler(HandlerKind::Rule, "r"), action]
}

/// A login that stops at each kind of suspension and leaves something in each part of its state, stored and restored at each
/// of them or not.
fn whole(stores: bool) -> Finished {
    let handlers = handlers();
    let mut login = Login::new(input(json!({})), handlers.clone()).watched(Watch::Places);
    let mut stops = 0;
    let ran = play(
        &mut login,
        &handlers,
        &mut |login, call| {
            if call.kind == HandlerKind::Rule {
                call_back(login, call, |user, context| {
                    user["user_metadata"]["seen"] = json!(0.1 + 0.2);
                    context["idToken"]["https://a.example/r"] = json!("é\u{2028}\"");
                    if context["protocol"] != "redirect-callback" {
                        context["redirect"] = json!({"url": "https://site.example/"});
                    }
                });
                return Ok(());
            }
            login.log("log", "hello".into());
            login.read(&["user".into(), "email".into()], true, None);
            let n = login.store().unwrap().len() % 7;
            make(
                login,
                &json!([
                    ["idToken.setCustomClaim", format!("https://a.example/{n}"), {"$": "undefined"}],
                    ["idToken.setCustomClaim", "https://a.example/x", [1e-7, -0.0, 1e300, null]],
                    ["accessToken.addScope", "read:x"],
                    ["user.setAppMetadata", "seen", 1],
                    ["session.setMetadata", "k", "v"],
                    ["cache.set", "k", "v", {"ttl": 60000}],
                ]),
            );
            if call.entry == crate::EntryPoint::Execute {
                make(
                    login,
                    &json!([
                        ["authentication.challengeWithAny", [{"type": "otp"}, {"type": "email"}]],
                        ["redirect.sendUserTo", "https://other.example/"],
                    ]),
                );
            }
            Ok(())
        },
        |login| {
            stops += 1;
            if stores {
                let stored = login.store().unwrap();
                assert!(!stored.contains("a secret of the Action"), "{stored}");
                *login = Login::restore(&stored, handlers.clone()).unwrap();
            }
            let challenged = matches!(
                login.pause().map(|pause| pause.suspension),
                Some(crate::Suspension::Challenge { .. })
            );
            Some(match challenged {
                true => crate::ResumeStep::ChallengeSucceeded,
                false => back(),
            })
        },
    );
    assert_eq!(
        ran,
        [
            "r Execute 0 0",
            "r Execute 2 0",
            "a Execute 4 0",
            "a Continue 5 0"
        ]
    );
    assert_eq!(stops, 3);
    login.finish(NOW_MS)
}

#[test]
fn a_stored_login_ends_as_one_that_was_not() {
    let kept = whole(false);
    assert_eq!(whole(true), kept);
    // What has to be in there for the comparison to mean something.
    let outcome = kept.outcome;
    assert_eq!(
        outcome.id_token.claims["https://a.example/x"][0],
        json!(1e-7)
    );
    assert_eq!(
        outcome.id_token.claims["https://a.example/r"],
        "é\u{2028}\""
    );
    assert!(outcome.access_token.scopes.contains(&"read:x".to_owned()));
    assert_eq!(outcome.user.app_metadata["seen"], 1);
    assert!(kept.changes.session.metadata.is_some());
    assert_eq!(kept.record.reads.len(), 2);
}

#[test]
fn only_the_same_program_restores_it() {
    let mut login = Login::new(input(json!({})), handlers());
    let stored = login.store().unwrap();
    let check = |stored: &str, change: &dyn Fn(&mut Vec<HandlerInfo>), expected: RestoreError| {
        let mut now = handlers();
        change(&mut now);
        let found = Login::restore(stored, now).map(|_| ()).unwrap_err();
        assert_eq!(found, expected);
        assert!(!found.to_string().is_empty());
    };
    let changed = |name: &str| RestoreError::Changed {
        handler: name.into(),
    };
    check(&stored, &|now| now[1].fingerprint.push('!'), changed("a"));
    check(&stored, &|now| drop(now.remove(0)), changed("r"));
    check(
        &stored,
        &|now| now.push(handler(HandlerKind::Action, "new")),
        changed("new"),
    );
    check(&stored, &|now| now.reverse(), RestoreError::Reordered);
    let mut other: Value = serde_json::from_str(&stored).unwrap();
    other["version"] = json!(LOGIN_VERSION + 1);
    other["flow"] = json!("whatever that version has");
    check(
        &other.to_string(),
        &|_| {},
        RestoreError::OtherVersion {
            found: LOGIN_VERSION + 1,
        },
    );
    let cut = &stored[..stored.len() / 2];
    assert!(matches!(
        Login::restore(cut, handlers()),
        Err(RestoreError::Damaged(_))
    ));
    // Its secrets may be others: they are not stored.
    let mut now = handlers();
    now[1].secrets.insert("KEY".into(), json!("another"));
    assert!(Login::restore(&stored, now).is_ok());
}

#[test]
fn other_profiles_are_not_stored() {
    let mut facts = input(json!({}));
    facts.tenant.users = vec![json!({"user_id": "auth0|other"})];
    let mut login = Login::new(facts, handlers());
    assert!(!login.store().unwrap().contains("auth0|other"));
    assert_eq!(
        login.transaction.flow().input.tenant.users.len(),
        1,
        "the login itself still has them"
    );
}
