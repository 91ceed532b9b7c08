//! Documents as earlier builds stored them: each is read, and nothing of it is lost when it is written.

use serde_json::{Value, json};

use super::{
    Authenticator, ClientChange, Code, ConfigChange, Consent, CustomClaims, Device, Identity,
    Invitation, Job, LinkedLogin, LoginTicket, Mail, Member, MemberRoles, OneTimeCode, OpaqueToken,
    Permissions, ProviderCode, Pushed, Record, RefreshToken, Roles, Session, Ticket, UsedAssertion,
    check,
};
use crate::oauth::run::LoginDoc;

#[track_caller]
fn kept<R: Record>(document: Value) {
    check(R::KIND, &document).unwrap();
    let record: R = serde_json::from_str(&document.to_string()).unwrap();
    let written = serde_json::to_string(&record).unwrap();
    let now: Value = serde_json::from_str(&written).unwrap();
    assert!(holds(&now, &document), "{document}\nbecame\n{now}");
    // Later builds may add keys, once.
    let again: R = serde_json::from_str(&written).unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), written);
}

/// Whether `now` has all of `before`, keys in their order.
fn holds(now: &Value, before: &Value) -> bool {
    let (Some(new), Some(old)) = (now.as_object(), before.as_object()) else {
        return now == before;
    };
    let kept: Vec<&String> = new.keys().filter(|key| old.contains_key(*key)).collect();
    kept == old.keys().collect::<Vec<_>>() && old.iter().all(|(key, value)| holds(&new[key], value))
}

fn grant() -> Value {
    json!({
        "client_id": "c", "user_id": "auth0|1", "session_id": "s", "organization": null, "audience": "https://api/",
        "scope": ["openid"], "expires_in": 86400, "requested": ["openid"], "id_claims": {"sub": "auth0|1"},
        "access_claims": {}, "is_opaque": false,
    })
}

#[test]
fn sessions_and_tokens() {
    kept::<Session>(json!({
        "id": "s", "user_id": "auth0|1", "created_at": 1, "updated_at": 2, "authenticated_at": 3, "expires_at": 4,
        "idle_expires_at": 5, "last_interacted_at": 6, "clients": [{"client_id": "c"}],
        "device": {"initial_ip": "127.0.0.1", "initial_user_agent": "", "last_ip": "::1", "last_user_agent": "x"},
        "methods": [
            {"name": "pwd", "timestamp": "2026-01-01T00:00:00.000Z"},
            {"name": "mfa", "timestamp": "2026-01-01T00:00:00.000Z", "type": "otp"},
        ],
        "connection": null,
    }));
    kept::<Code>(json!({
        "client_id": "c", "grant": grant(), "redirect_uri": "https://app/", "code_challenge": "x",
        "code_challenge_method": "S256",
    }));
    kept::<Code>(json!({
        "client_id": "c", "redirect_uri": "https://app/", "code_challenge": null, "code_challenge_method": null,
        "tokens": {"access": "hash", "refresh": null},
    }));
    kept::<RefreshToken>(json!({
        "id": "r", "family": "f", "client_id": "c", "user_id": "auth0|1", "scope": "openid offline_access",
        "audience": null, "organization": null, "session_id": null, "created_at": 1, "expires_at": null,
        "idle_expires_at": null,
    }));
    kept::<RefreshToken>(json!({
        "id": "r", "family": "f", "client_id": "c", "user_id": "auth0|1", "scope": "", "audience": "https://api/",
        "organization": "org_1", "session_id": "s", "created_at": 1, "expires_at": 2, "idle_expires_at": 3,
        "last_exchanged_at": 5, "used_at": 4,
    }));
    kept::<RefreshToken>(json!({
        "id": "r", "family": "f", "client_id": "c", "user_id": "auth0|1", "scope": "", "audience": null, "organization": null,
        "session_id": null, "created_at": 1, "expires_at": null,
        "device": {"initial_ip": "127.0.0.1", "initial_user_agent": "", "last_ip": "::1", "last_user_agent": "x"},
    }));
    kept::<OpaqueToken>(json!({"sub": "auth0|1", "client_id": "c", "scope": "openid"}));
    kept::<CustomClaims>(json!({"https://example.com/b": 1, "https://example.com/a": [1.5]}));
}

#[test]
fn logins_on_their_way() {
    kept::<Device>(
        json!({"client_id": "c", "scope": ["openid"], "audience": null, "user_code": "ABCD-EFGH"}),
    );
    kept::<Device>(json!({
        "client_id": "c", "scope": [], "audience": "https://api/", "user_code": "ABCD-EFGH", "grant": grant(),
        "asked_at": 1,
    }));
    kept::<Device>(json!({
        "client_id": "c", "scope": [], "audience": null, "user_code": "ABCD-EFGH",
        "error": {"error": "access_denied", "description": "no"},
    }));
    kept::<LoginTicket>(json!({"user_id": "auth0|1", "client_id": "c", "browser": "hash"}));
    kept::<ProviderCode>(json!({"login": "hash", "connection": "google-oauth2", "identity": null}));
    kept::<ProviderCode>(json!({"login": "hash", "connection": "x", "identity": {"sub": "1"}}));
    kept::<Pushed>(json!([["client_id", "c"], ["scope", "openid"]]));
    kept::<UsedAssertion>(json!({}));
    kept::<OneTimeCode>(json!({"code": "012345", "attempts": 2}));
    kept::<OneTimeCode>(json!({"code": "012345", "attempts": 0, "authenticator": "sms|dev_1"}));
    let login = serde_json::to_value(LoginDoc::default()).unwrap();
    kept::<LoginDoc>(login);
}

#[test]
fn users_and_mails() {
    kept::<Ticket>(
        json!({"user_id": "auth0|1", "purpose": "verify_email", "result_url": "https://app/"}),
    );
    kept::<Mail>(json!({
        "template": "verify_email", "to": "a@example.com", "from": "b@example.com", "subject": "s", "body": "<p>",
        "url": "http://localhost/u/ticket", "user_id": "auth0|1", "date": "2026-01-01T00:00:00.000Z",
    }));
    kept::<Mail>(json!({
        "template": "verify_email", "to": "a@example.com", "error": "e", "user_id": "auth0|1",
        "date": "2026-01-01T00:00:00.000Z",
    }));
    kept::<Authenticator>(
        json!({"secret": [1, 255], "active": false, "created_at": "2026-01-01T00:00:00.000Z"}),
    );
    kept::<Authenticator>(json!({
        "secret": [0], "active": true, "created_at": "2026-01-01T00:00:00.000Z", "last_step": 59000000,
    }));
    kept::<Authenticator>(json!({
        "secret": [], "active": true, "created_at": "2026-01-01T00:00:00.000Z", "kind": "sms", "to": "+4930123456",
    }));
    kept::<ClientChange>(json!({"client_metadata": {"b": "1", "a": "2"}}));
    kept::<Identity>(json!({"z": 1, "a": null}));
    kept::<LinkedLogin>(json!({"password": "$argon2id$x"}));
    kept::<Roles>(json!(["rol_1"]));
    kept::<Member>(json!({}));
    kept::<Consent>(json!({"scopes": ["openid", "read:x"]}));
    kept::<ConfigChange>(
        json!({"made": true, "removed": false, "values": {"name": "x", "callbacks": null}}),
    );
    kept::<Invitation>(json!({
        "organization_id": "org_1", "inviter": "Jane", "invitee": "joe@example.com", "client_id": "c", "connection_id": null,
        "app_metadata": {}, "user_metadata": {"a": 1}, "roles": ["rol_1"], "ticket": "t", "url": "https://app/", "created_at": 1,
        "expires_at": 2,
    }));
    kept::<MemberRoles>(json!(["rol_1"]));
    kept::<Job>(json!({"shown": {"id": "job_1", "status": "completed"}, "errors": []}));
    kept::<Permissions>(
        json!([{"resource_server_identifier": "https://api/", "permission_name": "read:x"}]),
    );
}
