//! The changes of a login beside its outcome.

use serde_json::{Value, json};

use super::helpers::{Drive, NOW_MS, event, thrown};
use crate::outcome::Status;
use crate::{Changes, EntryPoint, ResumeStep, RevokedSession};

fn changes(calls: Value) -> (Status, Changes) {
    let mut drive = Drive::new(event(
        json!({"authentication": {"methods": [{"name": "pwd"}]}}),
    ));
    drive.action("a", calls);
    let finished = drive.transaction.finish(NOW_MS);
    (finished.outcome.status, finished.changes)
}

#[test]
fn what_is_revoked_is_revoked_beside_the_denial() {
    let (status, found) = changes(json!([["session.revoke", "bye"]]));
    assert_eq!(status, Status::Denied);
    assert_eq!(
        found.session.revoked,
        Some(RevokedSession {
            preserve_refresh_tokens: false
        })
    );
    assert!(!found.refresh_token.revoked);
    let kept = json!([["session.revoke", "bye", {"preserveRefreshTokens": true}]]);
    let (_, found) = changes(kept);
    assert!(found.session.revoked.unwrap().preserve_refresh_tokens);
    let (status, found) = changes(json!([["refreshToken.revoke", "bye"]]));
    assert_eq!(status, Status::Denied);
    assert!(found.refresh_token.revoked && found.session.revoked.is_none());
    let (status, found) = changes(json!([["access.deny", "bye"]]));
    assert_eq!((status, found), (Status::Denied, Changes::default()));
}

#[test]
fn sessions_and_refresh_tokens_keep_what_actions_set() {
    let (status, found) = changes(json!([
        ["session.setMetadata", "device", "phone"],
        ["refreshToken.setMetadata", "tenant", "acme"],
        ["session.setExpiresAt", NOW_MS + 1],
        ["session.setIdleExpiresAt", NOW_MS + 2],
        ["refreshToken.setExpiresAt", NOW_MS + 3],
        ["refreshToken.setIdleExpiresAt", 4.9],
        ["session.setExpiresAt", NOW_MS + 5],
        ["session.setCookieMode", "non-persistent"],
        ["authentication.recordMethod", "https://mfa.example.com"],
    ]));
    assert_eq!(status, Status::Allowed);
    let metadata = |value: Value| value.as_object().cloned();
    assert_eq!(found.session.metadata, metadata(json!({"device": "phone"})));
    assert_eq!(found.session.cookie_mode.as_deref(), Some("non-persistent"));
    assert_eq!(found.session.expires_at_ms, Some(NOW_MS + 5));
    assert_eq!(found.session.idle_expires_at_ms, Some(NOW_MS + 2));
    let token = found.refresh_token;
    assert_eq!(token.metadata, metadata(json!({"tenant": "acme"})));
    assert_eq!(
        (token.expires_at_ms, token.idle_expires_at_ms),
        (Some(NOW_MS + 3), Some(4))
    );
    assert_eq!(found.methods[0]["name"], "https://mfa.example.com");
}

#[test]
fn a_login_that_fails_changes_only_what_its_user_enrolled() {
    let user = json!({"user": {"enrolledFactors": []}});
    let mut drive = Drive::new(event(user));
    let calls =
        json!([["session.setMetadata", "k", "v"], ["authentication.enrollWith", {"type": "otp"}]]);
    drive.action("a", calls);
    assert_eq!(
        drive.transaction.pause().unwrap().changes,
        Changes::default()
    );
    drive.resume(ResumeStep::ChallengeSucceeded);
    let calls = json!([["redirect.sendUserTo", "https://example.com"]]);
    drive.action("b", calls);
    let only = Changes {
        enrolled: vec!["otp".to_owned()],
        ..Changes::default()
    };
    assert_eq!(drive.transaction.pause().unwrap().changes, only);
    drive.resume(super::helpers::back(json!({}), json!({})));
    drive.handler("b", EntryPoint::Continue, json!([]), Err(thrown("late")));
    let finished = drive.transaction.finish(NOW_MS);
    assert_eq!(finished.outcome.status, Status::Failed);
    assert_eq!(finished.changes, only);
}
